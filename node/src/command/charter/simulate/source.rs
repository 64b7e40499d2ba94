//! Where questions come from: the log of a node, exports of logs, or a file of questions in words. One entry at a time.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use chrono::{NaiveDate, NaiveTime};
use policies::UnixTime;

use super::form::Form;
use super::question::{Known, Parts};
use super::sides::Sides;
use super::tally::Tally;
use crate::command::{audit, print};
use crate::config::Config;
use crate::log::blobs::Blobs;
use crate::log::medium::{Disk, Medium};
use crate::log::{Entry, MAX_ENTRY_BYTES, Reader};

/// Most bytes of a question in words, a whole footprint in it.
const MAX_QUESTION_BYTES: usize = 1 << 20;
/// Most problems of a file of questions that are told.
const MAX_PROBLEMS: usize = 50;

/// A file of questions that cannot be read as such.
#[derive(Debug, thiserror::Error)]
#[error("problems in {file}:{}", listed(problems))]
pub(super) struct BadQuestions {
    /// The file.
    file: String,
    /// What is wrong, with the line.
    problems: Vec<(usize, String)>,
}

fn listed(problems: &[(usize, String)]) -> String {
    problems.iter().map(|(line, problem)| format!("\n  line {line}: {problem}")).collect()
}

/// The first moment of a day.
pub(super) fn since(day: Option<NaiveDate>) -> UnixTime {
    day.map_or(UnixTime(i64::MIN), |day| {
        UnixTime(day.and_time(NaiveTime::MIN).and_utc().timestamp())
    })
}

/// The log of a node, which may be running.
pub(super) fn log(
    config: &Config,
    archive: Option<&Path>,
    since: UnixTime,
    tally: &mut Tally<'_>,
) -> anyhow::Result<()> {
    let folder = config.log_folder();
    let mut reader = Reader::open(&folder)?;
    let mut media: Vec<Arc<dyn Medium>> = vec![Arc::new(Disk::read_only(&folder))];
    if let Some(folder) = archive {
        let disk: Arc<dyn Medium> = Arc::new(Disk::read_only(folder));
        reader = reader.with_archive(Arc::clone(&disk));
        media.push(disk);
    }
    let parts = Parts {
        folders: media.into_iter().map(Blobs::read_only).collect(),
        hospitals: tally.hospitals(),
    };
    let from = reader.readable_from();
    if from > 0 {
        print::note(format!(
            "note: entries 0 to {} are in an archive and were not replayed; name it with `--archive DIR`",
            from.saturating_sub(1)
        ));
    }
    for (index, bytes) in (from..).zip(reader.bytes_from(from)) {
        take(reader.parse(index, &bytes?)?, &parts, since, tally);
    }
    Ok(())
}

/// An export of a log. It must hold; whose key signed it is for `kring audit verify`.
pub(super) fn export(path: &Path, since: UnixTime, tally: &mut Tally<'_>) -> anyhow::Result<()> {
    let failed = || format!("cannot read {}", path.display());
    let count = match audit::holds(path).with_context(failed)? {
        Ok(count) => count,
        Err(fault) => anyhow::bail!("{} does not hold: {fault}", path.display()),
    };
    let parts = Parts { folders: Vec::new(), hospitals: tally.hospitals() };
    let mut lines = BufReader::new(File::open(path).with_context(failed)?);
    let mut line = Vec::new();
    lines.skip_until(b'\n').with_context(failed)?;
    for _ in 0..count {
        line.clear();
        let limit = MAX_ENTRY_BYTES.saturating_add(1);
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        lines.by_ref().take(limit).read_until(b'\n', &mut line).with_context(failed)?;
        match serde_json::from_slice::<Entry>(&line) {
            Ok(entry) => take(entry, &parts, since, tally),
            // Of a later version, which writes kinds that are not known here.
            Err(_) => tally.skip("other_entry"),
        }
    }
    Ok(())
}

fn take(entry: Entry, parts: &Parts, since: UnixTime, tally: &mut Tally<'_>) {
    if entry.at < since {
        return;
    }
    if let Some((asked, known)) = parts.question(entry) {
        tally.add(asked, known);
    }
}

/// Questions in words, a JSON object a line; every line that cannot be read is told, and then nothing is replayed.
pub(super) fn questions(
    path: &Path,
    sides: &Sides,
    since: UnixTime,
    tally: &mut Tally<'_>,
) -> anyhow::Result<()> {
    let failed = || format!("cannot read {}", path.display());
    let mut lines = BufReader::new(File::open(path).with_context(failed)?);
    let (mut line, mut problems) = (Vec::new(), Vec::new());
    for number in 1_usize.. {
        line.clear();
        let limit = u64::try_from(MAX_QUESTION_BYTES.saturating_add(1)).unwrap_or(u64::MAX);
        let read = lines.by_ref().take(limit).read_until(b'\n', &mut line).with_context(failed)?;
        if read == 0 || problems.len() >= MAX_PROBLEMS {
            break;
        }
        if line.len() > MAX_QUESTION_BYTES {
            problems.push((number, format!("it has more than {MAX_QUESTION_BYTES} bytes")));
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let form = serde_json::from_slice::<Form>(&line).map_err(|error| error.to_string());
        match form.and_then(|form| form.read(sides)) {
            Ok((asked, touched)) if asked.at >= since => {
                tally.add(asked, Known::Permitted(touched));
            }
            Ok(_) => {}
            Err(problem) => problems.push((number, problem)),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(BadQuestions { file: path.display().to_string(), problems }.into())
}
