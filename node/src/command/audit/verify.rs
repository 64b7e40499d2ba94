//! `kring audit verify` and `policy`: for somebody who has a file, and nothing to do with the node.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::Context as _;
use policies::charter::Member;
use policies::{Digest, HospitalCode};
use serde_json::{Value, json};

use crate::charters;
use crate::cli::audit::VerdictFormat;
use crate::clock::{Clock as _, SystemClock};
use crate::command::{Exit, print};
use crate::proof::checkpoint::{Origin, witness_key};
use crate::proof::export::verify::{Verdict, Verifier};
use crate::proof::export::{MAX_ENTRY_BYTES, MAX_HEADER_BYTES, MAX_TRAILER_BYTES};
use crate::proof::fault::{Fault, FaultKind};
use crate::proof::gap::Gap;
use crate::proof::policy::Policy;
use crate::proof::receipt::{self, Shown};
use crate::proof::story::Notes;

/// How much of a file is read at once.
const CHUNK: usize = 1 << 20;
/// What a proof file begins with.
const PROOF: &[u8] = b"{\"format\":\"kring-proof/";

/// Checks a file and says what it shows or where it does not hold.
pub(crate) fn verify(
    file: &Path,
    policy: Option<&Path>,
    format: VerdictFormat,
) -> anyhow::Result<Exit> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    let policy = policy.map(read).transpose()?;
    let policy = match policy.as_deref().map(Policy::parse).transpose() {
        Ok(policy) => policy,
        Err(error) => {
            print::note(format!("kring: {error}"));
            return Ok(Exit::Usage);
        }
    };
    let trusted = policy.is_some();
    let verdict =
        check(file, policy.as_ref()).with_context(|| format!("cannot read {}", file.display()))?;
    match (format, &verdict) {
        (VerdictFormat::Json, verdict) => print::line(as_json(verdict, trusted)),
        (VerdictFormat::Text, Ok(held)) => print::line(as_text(held, trusted)),
        (VerdictFormat::Text, Err(fault)) => {
            print::note(format!(
                "kring: {} does not hold: {fault} ({})",
                file.display(),
                fault.kind.code()
            ));
        }
    }
    Ok(if verdict.is_ok() { Exit::Done } else { Exit::Refused })
}

/// What held.
enum Held {
    Export(Verdict),
    Proof(Shown),
}

fn check(path: &Path, policy: Option<&Policy>) -> std::io::Result<Result<Held, Fault>> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    file.by_ref().take(PROOF.len() as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(0))?;
    if start == PROOF {
        let mut bytes = Vec::new();
        file.take(receipt::MAX_BYTES as u64 + 2).read_to_end(&mut bytes)?;
        return Ok(receipt::verify(&bytes, policy).map(Held::Proof));
    }
    Ok(export(file, policy)?.map(Held::Export))
}

/// Checks an export without a trust policy; how many entries it has.
pub(crate) fn holds(path: &Path) -> std::io::Result<Result<u64, Fault>> {
    Ok(export(File::open(path)?, None)?.map(|verdict| verdict.count))
}

/// Checks an export line by line: the last line first, then everything once.
fn export(mut file: File, policy: Option<&Policy>) -> std::io::Result<Result<Verdict, Fault>> {
    let lines = count_lines(&mut file)?;
    let cut_off = |reason| Ok(Err(FaultKind::CutOff { reason }.at(lines.saturating_add(1))));
    let Some(trailer) = last_line(&mut file)? else {
        return cut_off("a newline at the end");
    };
    if lines < 2 {
        return cut_off("a header and a trailer");
    }
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::with_capacity(CHUNK, file);
    let mut line = Vec::new();
    read_line(&mut reader, &mut line, MAX_HEADER_BYTES)?;
    let mut verifier = match Verifier::begin(&line, &trailer, lines, policy) {
        Ok(verifier) => verifier,
        Err(fault) => return Ok(Err(fault)),
    };
    for _ in 2..lines {
        read_line(&mut reader, &mut line, MAX_ENTRY_BYTES)?;
        if let Err(fault) = verifier.entry(&line) {
            return Ok(Err(fault));
        }
    }
    Ok(verifier.finish())
}

fn count_lines(file: &mut File) -> std::io::Result<u64> {
    let (mut lines, mut chunk) = (0_u64, vec![0; CHUNK]);
    loop {
        let read = file.read(&mut chunk)?;
        let part = chunk.get(..read).unwrap_or_default();
        if part.is_empty() {
            return Ok(lines);
        }
        let ends = part.iter().filter(|byte| **byte == b'\n').count();
        lines = lines.saturating_add(ends as u64);
    }
}

/// The last line without its newline, up to one byte more than a trailer may have; nothing if there is no newline.
fn last_line(file: &mut File) -> std::io::Result<Option<Vec<u8>>> {
    let end = file.seek(SeekFrom::End(0))?;
    let (mut at, mut tail) = (end, Vec::new());
    loop {
        let step = at.min(CHUNK as u64);
        at = at.saturating_sub(step);
        file.seek(SeekFrom::Start(at))?;
        let mut part = Vec::new();
        file.by_ref().take(step).read_to_end(&mut part)?;
        part.append(&mut tail);
        tail = part;
        let Some(body) = tail.strip_suffix(b"\n") else { return Ok(None) };
        if let Some(newline) = body.iter().rposition(|byte| *byte == b'\n') {
            let start = newline.saturating_add(1);
            return Ok(Some(body.get(start..).unwrap_or_default().to_vec()));
        }
        if at == 0 || body.len() > MAX_TRAILER_BYTES {
            return Ok(Some(body.to_vec()));
        }
    }
}

/// Reads a line without its newline; of a longer one than `limit`, a little more than that, and skips the rest.
fn read_line(
    reader: &mut BufReader<File>,
    line: &mut Vec<u8>,
    limit: usize,
) -> std::io::Result<()> {
    line.clear();
    reader.by_ref().take(limit as u64 + 1).read_until(b'\n', line)?;
    if line.pop_if(|last| *last == b'\n').is_none() {
        reader.skip_until(b'\n')?;
    }
    Ok(())
}

fn as_text(held: &Held, trusted: bool) -> String {
    let (origin, log_key, head, cosigned, what) = match held {
        Held::Export(Verdict { origin, log_key, head, cosigned, first, count, .. }) => {
            let what = format!("{count} entries from {first} on");
            (origin, log_key, head, cosigned, what)
        }
        Held::Proof(Shown { origin, log_key, head, cosigned, entries, .. }) => {
            let indexes: Vec<_> = entries.keys().map(ToString::to_string).collect();
            (origin, log_key, head, cosigned, format!("entry {}", indexes.join(", ")))
        }
    };
    let names: Vec<_> = cosigned.iter().map(|(code, at)| format!("{code} at {at}")).collect();
    let names = if names.is_empty() { "nobody".to_owned() } else { names.join(", ") };
    let keys = if trusted {
        "the keys are those of the trust policy".to_owned()
    } else {
        format!("no trust policy was given: compare the log's key yourself: {log_key}")
    };
    let gaps: String = match held {
        Held::Export(verdict) => verdict.gaps.iter().map(gap_text).collect(),
        Held::Proof(_) => String::new(),
    };
    format!(
        "holds: {what} of log {origin}\nroot {} over {} entries, cosigned by {names}\n{gaps}{keys}{}",
        head.root,
        head.size,
        noted(held)
    )
}

/// What is legal and worth a look, a line each.
fn noted(held: &Held) -> String {
    let Held::Export(Verdict { notes, .. }) = held else { return String::new() };
    let Notes { cut_off, unanswered, under_way, steps_back } = *notes;
    let lines = [
        (cut_off, "questions were cut off here by the end of the node's process"),
        (unanswered, "replies were cut off by the end of the node's process"),
        (under_way, "questions or replies were open at the end"),
        (steps_back, "times the clock went back without a `clock` entry"),
    ];
    let lines = lines.iter().filter(|(count, _)| *count > 0);
    lines.map(|(count, what)| format!("\nnote: {count} {what}")).collect()
}

fn gap_text(gap: &Gap) -> String {
    let Gap { origin: _, before, head, seen } = gap;
    let at = head.size;
    format!(
        "gap before entry {at}: what {before} held beyond it was lost and given up; a witness had seen {seen} entries\n"
    )
}

fn gap_json(gap: &Gap) -> Value {
    let Gap { origin, before, head, seen } = gap;
    let root = head.root.to_string();
    json!({"index": head.size, "origin": origin, "before": before, "root": root, "seen": seen})
}

fn as_json(verdict: &Result<Held, Fault>, trusted: bool) -> Value {
    match verdict {
        Ok(Held::Export(Verdict {
            origin,
            hospital,
            log_key,
            first,
            count,
            head,
            checkpoints,
            gaps,
            cosigned,
            notes,
        })) => json!({
            "holds": true, "origin": origin, "hospital": hospital, "log_key": log_key, "first": first,
            "count": count, "size": head.size, "root": head.root.to_string(),
            "checkpoints": checkpoints, "gaps": gaps.iter().map(gap_json).collect::<Vec<_>>(),
            "cosigned": cosigned, "trusted": trusted, "notes": notes,
        }),
        Ok(Held::Proof(Shown { origin, hospital, log_key, head, cosigned, entries })) => json!({
            "holds": true, "origin": origin, "hospital": hospital, "log_key": log_key,
            "size": head.size, "root": head.root.to_string(), "cosigned": cosigned,
            "entries": entries, "trusted": trusted,
        }),
        Err(fault) => json!({
            "holds": false, "code": fault.kind.code(), "line": fault.line, "index": fault.index,
            "message": fault.kind.to_string(),
        }),
    }
}

/// The lines of a member as a witness: its key, or any of those that its charter lists.
fn witness(member: &Member) -> anyhow::Result<String> {
    let code = &member.code;
    let keys: Vec<_> = member.keys.witness.iter().map(|known| known.key).collect();
    if let [key] = keys.as_slice() {
        return Ok(format!("witness {code} {}\n", witness_key(code, key)?));
    }
    let (mut text, mut names) = (String::new(), String::new());
    for (number, key) in (1..).zip(&keys) {
        text.push_str(&format!("witness {code}/{number} {}\n", witness_key(code, key)?));
        names.push_str(&format!(" {code}/{number}"));
    }
    Ok(format!("{text}group {code} any{names}\n"))
}

/// Prints a trust policy: the log of one member after so many gaps, and so many of the other members as its witnesses.
pub(crate) fn policy(
    path: &Path,
    root: Digest,
    hospital: &HospitalCode,
    (witnesses, gaps): (usize, u32),
) -> anyhow::Result<Exit> {
    let tree = charters::open::tree_of(root, &charters::folder::bundles(path)?)?;
    let line = tree.root().context("no charter is given")?;
    let charter = line.in_force(SystemClock.now())?.newest;
    let member = charter
        .member(hospital)
        .with_context(|| format!("{hospital} is not a member of {}", charter.network()))?;
    let origin = Origin::of(hospital, &member.keys.log, gaps)?;
    let mut text = format!(
        "# charter of {}, version {}\nlog {}\n",
        charter.network(),
        charter.version(),
        origin.key(&member.keys.log)?
    );
    let mut names = Vec::new();
    for other in charter.members().filter(|other| other.code != *hospital) {
        text.push_str(&witness(other)?);
        names.push(other.code.as_str());
    }
    anyhow::ensure!(
        witnesses <= names.len(),
        "{hospital} has {} possible witnesses, fewer than {witnesses}",
        names.len()
    );
    text.push_str(&match witnesses {
        0 => "quorum none".to_owned(),
        least => format!("group witnesses {least} {}\nquorum witnesses", names.join(" ")),
    });
    print::line(text);
    Ok(Exit::Done)
}
