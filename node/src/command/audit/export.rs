//! `kring audit export` and `prove`: files for somebody else.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use super::list;
use super::source::Source;
use crate::cli::audit::{ExportFormat, ListFormat};
use crate::command::{Exit, print};
use crate::extract::{Signed, extract};
use crate::proof::merkle::inclusion;
use crate::proof::receipt::{MAX_ENTRIES, ProofFile, ProvedEntry};

/// Writes an export.
pub(crate) fn export(
    source: &Source,
    out: &Path,
    from: u64,
    format: ExportFormat,
) -> anyhow::Result<Exit> {
    let size = source.reader.size();
    anyhow::ensure!(from <= size, "the log has {size} entries, there is none from {from} on");
    source.reader.readable(from)?;
    let mut file = create(out)?;
    let entries = match format {
        ExportFormat::Kring => proved(source, &mut file, from)?,
        ExportFormat::Nen7513Csv => {
            list::records(source, &mut file, from..size, ListFormat::Nen7513Csv)?
        }
        ExportFormat::Nen7513Json => {
            list::records(source, &mut file, from..size, ListFormat::Nen7513Json)?
        }
    };
    finish(file, out)?;
    print::line(format!("{entries} entries written to {}", out.display()));
    Ok(Exit::Done)
}

/// Entries with header and trailer, up to the latest checkpoint.
fn proved(source: &Source, file: &mut impl Write, from: u64) -> anyhow::Result<u64> {
    let chain = source.chain(from)?;
    let end = chain.checkpoints.last().map_or(0, |latest| latest.head().size);
    let held = source.reader.size();
    anyhow::ensure!(
        from <= end,
        "the latest checkpoint covers {end} entries, the ones from {from} on are under the next one"
    );
    if end < held {
        let left = held.saturating_sub(end);
        print::note(format!(
            "{left} entries after the latest checkpoint are left out; a running node signs one within ten seconds"
        ));
    }
    Ok(extract(&source.reader, &chain, from..end, file)?)
}

/// Writes a proof file.
pub(crate) fn prove(id: &str, source: &Source, out: &Path) -> anyhow::Result<Exit> {
    let Signed { parties, checkpoint } = source.signed()?;
    let size = checkpoint.head().size;
    let found = source.find(id)?;
    let indexes: Vec<u64> = found.iter().copied().filter(|index| *index < size).collect();
    anyhow::ensure!(
        !indexes.is_empty(),
        "entry {} is not under a checkpoint yet; a running node signs one within ten seconds, try again then",
        found.first().copied().unwrap_or_default()
    );
    anyhow::ensure!(indexes.len() <= MAX_ENTRIES, "more than {MAX_ENTRIES} entries, give an index");
    let mut entries = Vec::new();
    for index in &indexes {
        let text = String::from_utf8(source.reader.bytes(*index)?)?;
        let proof = source.reader.with_nodes(|nodes| inclusion(nodes, *index, size))?;
        entries.push(ProvedEntry::new(text, &proof));
    }
    let mut file = create(out)?;
    file.write_all(ProofFile::new(&parties, &checkpoint, entries).encode().as_bytes())?;
    finish(file, out)?;
    let listed: Vec<String> = indexes.iter().map(ToString::to_string).collect();
    print::line(format!("proof of entry {} written to {}", listed.join(", "), out.display()));
    Ok(Exit::Done)
}

fn create(out: &Path) -> anyhow::Result<BufWriter<File>> {
    let file = File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    Ok(BufWriter::new(file))
}

fn finish(mut file: BufWriter<File>, out: &Path) -> anyhow::Result<()> {
    file.flush().with_context(|| format!("cannot write {}", out.display()))
}
