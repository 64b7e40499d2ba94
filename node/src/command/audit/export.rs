//! `kring audit export` and `prove`: files for somebody else.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

use super::list;
use super::source::{Chain, Signed, Source};
use crate::cli::audit::{ExportFormat, ListFormat};
use crate::command::{Exit, print};
use crate::proof::export::{self, FORMAT, Header, Marks};
use crate::proof::merkle::{frontier, inclusion, leaf_hash};
use crate::proof::receipt::{MAX_ENTRIES, ProofFile, ProvedEntry};

/// Writes an export.
pub(crate) fn export(
    config: &Path,
    out: &Path,
    from: u64,
    format: ExportFormat,
) -> anyhow::Result<Exit> {
    let source = Source::open(config)?;
    let size = source.reader.size();
    anyhow::ensure!(from <= size, "the log has {size} entries, there is none from {from} on");
    let mut file = create(out)?;
    let entries = match format {
        ExportFormat::Kring => proved(&source, &mut file, from)?,
        ExportFormat::Nen7513Csv => {
            list::records(&source, &mut file, from..size, ListFormat::Nen7513Csv)?
        }
        ExportFormat::Nen7513Json => {
            list::records(&source, &mut file, from..size, ListFormat::Nen7513Json)?
        }
    };
    finish(file, out)?;
    print::line(format!("{entries} entries written to {}", out.display()));
    Ok(Exit::Done)
}

/// Entries with header and trailer, up to the latest checkpoint.
fn proved(source: &Source, file: &mut impl Write, from: u64) -> anyhow::Result<u64> {
    let Chain { parties, checkpoints } = source.chain(from)?;
    let end = checkpoints.last().map_or(0, |latest| latest.head().size);
    let held = source.reader.size();
    anyhow::ensure!(
        from <= end,
        "the latest checkpoint covers {end} entries, the ones from {from} on are under the next one"
    );
    if end < held {
        let left = held.saturating_sub(end);
        print::note(format!("{left} entries after the latest checkpoint are left out"));
    }
    let key = |key: &crate::proof::note::VerifierKey| hex::encode(key.key_bytes());
    let before = source.reader.with_nodes(|nodes| frontier(nodes, from))?;
    let header = Header {
        format: FORMAT.to_owned(),
        origin: parties.origin().to_string(),
        hospital: parties.hospital().to_string(),
        log_key: key(parties.log()),
        witnesses: parties.witnesses().iter().map(|(c, k)| (c.to_string(), key(k))).collect(),
        first: from,
        count: end.saturating_sub(from),
        before: export::before(&before),
    };
    file.write_all(export::header_line(&header).as_bytes())?;
    let mut marks = Marks::default();
    for (_, bytes) in (from..end).zip(source.reader.bytes_from(from)) {
        let bytes = bytes?;
        marks.push(&leaf_hash(&bytes));
        file.write_all(&bytes)?;
        file.write_all(b"\n")?;
    }
    file.write_all(marks.trailer_line(&checkpoints).as_bytes())?;
    Ok(header.count)
}

/// Writes a proof file.
pub(crate) fn prove(id: &str, config: &Path, out: &Path) -> anyhow::Result<Exit> {
    let source = Source::open(config)?;
    let Signed { parties, checkpoint } = source.signed()?;
    let size = checkpoint.head().size;
    let found = source.find(id)?;
    let indexes: Vec<u64> = found.iter().copied().filter(|index| *index < size).collect();
    anyhow::ensure!(
        !indexes.is_empty(),
        "entry {} is not under a checkpoint yet; the node signs one every few minutes",
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
