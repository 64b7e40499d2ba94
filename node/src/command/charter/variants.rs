//! Every variant of every indicator, read by a worker as a node would: what cannot be asked is told before it is sealed.

use std::path::Path;

use anyhow::Context as _;
use policies::Footprint;
use policies::VariantName;
use policies::charter::Charter;
use policies::dataset::Dataset;
use policies::indicator::Indicator;
use policies::kind;
use policies::problem::Problem;
use policies::protections::Kind;
use query::pipe::Reply;

use super::texts::{self, Read, Texts};

#[cfg(test)]
mod tests;

/// The variants that a node would refuse, or that end the worker that reads them, each as a problem of its file.
pub(super) fn refused(charter: &Charter, program: &Path) -> anyhow::Result<Vec<Problem>> {
    if charter.indicators().next().is_none() {
        return Ok(Vec::new());
    }
    texts::block_on(async {
        let mut texts = Texts::start(program)?;
        read_all(charter, &mut texts).await
    })
}

/// Reads every variant; what was found is told also where the workers give out before the last.
async fn read_all(charter: &Charter, texts: &mut Texts) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let variants =
        |indicator| Indicator::variants(indicator).map(move |variant| (indicator, variant));
    for (indicator, (by, window)) in charter.indicators().flat_map(variants) {
        let names = [by, window].into_iter().flatten().map(VariantName::as_str);
        let names = names.collect::<Vec<_>>().join(" ");
        let problem = |told: String| {
            let file = format!("indicators/{}.sql", indicator.id);
            Problem { file, line: None, message: format!("variant `{names}` {told}") }
        };
        let id = &indicator.dataset;
        let dataset = charter.dataset(id).context("an indicator's dataset is in the charter")?;
        let sql = indicator.expand(by, window)?;
        match texts.read(charter, id, &sql).await? {
            Read::Replied(reply) => {
                problems.extend(why_not(*reply, (indicator, dataset)).map(problem));
            }
            Read::Lost(error) => {
                problems.push(problem(format!("cannot be read ({}): {error}", error.code())));
            }
            Read::NoWorker(error) if problems.is_empty() => return Err(error.into()),
            Read::NoWorker(error) => {
                let code = error.code();
                problems.push(problem(format!("and what comes after it are not read ({code}): repair the others and check again")));
                break;
            }
        }
    }
    Ok(problems)
}

/// Why the text is refused, if it is.
fn why_not(reply: Reply, (indicator, dataset): (&Indicator, &Dataset)) -> Option<String> {
    let refused = |code: &str, told: &dyn std::fmt::Display| format!("is refused ({code}): {told}");
    match reply {
        Reply::Planned(planned) => match Footprint::check(planned.footprint, dataset) {
            Ok(footprint) => {
                let kind = indicator.opinions.kind.unwrap_or(Kind::Quality);
                let fault = kind::check(kind, indicator, (&footprint, dataset)).err()?;
                Some(refused(fault.code(), &fault))
            }
            Err(error) => Some(refused(error.code(), &error)),
        },
        Reply::Failed(failure) => Some(refused(&failure.code, &failure.message)),
        Reply::Executed { .. } | Reply::Finished(_) => {
            Some("cannot be read (worker_fault): the worker answered another job".to_owned())
        }
    }
}
