//! `kring charter test`: the board's own cases, each tried and told.

use std::path::{Path, PathBuf};

use policies::Footprint;
use policies::cases::{Case, Decided};
use policies::charter::Charter;
use policies::problem::Problem;
use query::pipe::Reply;

use super::above;
use super::texts::{self, Read, Texts};
use crate::command::{Exit, print};

/// Tries every case of a folder or a bundle.
pub(crate) fn test(path: &Path, above: &[PathBuf]) -> anyhow::Result<Exit> {
    let charter = above::open(path, above)?;
    let results = run(&charter, &std::env::current_exe()?)?;
    if results.is_empty() {
        print::note(format!(
            "{} has no case: write tests/*.toml, as docs/BOARD.md shows",
            path.display()
        ));
        return Ok(Exit::Done);
    }
    let failed = results.iter().filter(|(_, result)| result.is_err()).count();
    for (case, result) in &results {
        let Case { name, file, line, .. } = case;
        match result {
            Ok(()) => print::line(format!("pass  {name}")),
            Err(why) => print::line(format!("FAIL  {name} ({file}:{line}): {why}")),
        }
    }
    print::line(format!("{} case(s), {failed} failed", results.len()));
    Ok(if failed == 0 { Exit::Done } else { Exit::Failed })
}

/// The cases in words that fail, each as a problem of its file; and how many have a text, which is not read here.
pub(super) fn failing(charter: &Charter) -> (Vec<Problem>, usize) {
    let mut problems = Vec::new();
    let mut unread = 0_usize;
    for case in charter.cases() {
        let Some(decided) = case.decide(charter) else {
            unread = unread.saturating_add(1);
            continue;
        };
        if let Err(why) = case.judge(&decided) {
            let (file, line) = (case.file.clone(), Some(case.line));
            problems.push(Problem { file, line, message: format!("case `{}`: {why}", case.name) });
        }
    }
    (problems, unread)
}

/// Each case with why it fails, if it does.
type Results<'c> = Vec<(&'c Case, Result<(), String>)>;

fn run<'c>(charter: &'c Charter, program: &Path) -> anyhow::Result<Results<'c>> {
    let cases: Vec<&Case> = charter.cases().collect();
    if !cases.iter().any(|case| case.needs_a_worker()) {
        let judged = |case: &'c Case| Some((case, case.judge(&case.decide(charter)?)));
        return Ok(cases.into_iter().filter_map(judged).collect());
    }
    texts::block_on(async {
        let mut texts = Texts::start(program)?;
        let mut results = Vec::new();
        for case in cases {
            let decided = match case.decide(charter) {
                Some(decided) => decided,
                None => decide_on_text(charter, case, &mut texts).await?,
            };
            results.push((case, case.judge(&decided)));
        }
        Ok(results)
    })
}

/// Decides on a case by what a worker makes of its text.
async fn decide_on_text(
    charter: &Charter,
    case: &Case,
    texts: &mut Texts,
) -> anyhow::Result<Decided> {
    let sql = match case.text(charter) {
        Ok(Some(sql)) => sql,
        Ok(None) => return Ok(Decided::refused("no_text", &"the case has no text")),
        Err(refused) => return Ok(refused),
    };
    let Some(dataset) = charter.dataset(&case.dataset) else {
        let told = format!("there is no dataset `{}`", case.dataset);
        return Ok(Decided::refused("unknown_dataset", &told));
    };
    let reply = match texts.read(charter, &case.dataset, &sql).await? {
        Read::Replied(reply) => reply.head,
        Read::Lost(error) | Read::NoWorker(error) => {
            return Ok(Decided::refused(error.code(), &error));
        }
    };
    Ok(match reply {
        Reply::Planned(planned) => match Footprint::check(planned.footprint, dataset) {
            Ok(footprint) => case.decide_on(charter, &footprint),
            Err(error) => Decided::refused(error.code(), &error),
        },
        Reply::Failed(failure) => Decided::refused(&failure.code, &failure.message),
        Reply::Executed { .. } | Reply::Finished(_) => {
            Decided::refused("worker_fault", &"the worker answered another job")
        }
    })
}
