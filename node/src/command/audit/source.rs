//! The log that a command reads: entries, the latest checkpoint, and who cosigned it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use policies::{Digest, HospitalCode};

use crate::cli::ConfigArg;
use crate::cli::audit::ArchiveArg;
use crate::clock::{Clock as _, SystemClock};
use crate::command::print;
use crate::config::Config;
use crate::extract::{Chain, Signed};
use crate::keys::{Key, KeyRole};
use crate::log::event::Event;
use crate::log::medium::Disk;
use crate::log::{Entry, Reader};
use crate::proof::checkpoint::{Checkpoint, SignedCheckpoint, witness_key};
use crate::proof::note::{Note, VerifierKey};
use crate::proof::parties::Parties;

/// Least digits of a question's digest that a person has to type.
const LEAST_DIGITS: usize = 8;

/// Most checkpoints of an export that this program writes; of more, every n-th and the latest.
const MAX_CHAIN: usize = 256;

/// What a person typed names no entry.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NoSuchEntry(String);

/// A log, opened for reading.
pub(super) struct Source {
    pub(super) config: Config,
    pub(super) reader: Reader,
}

impl Source {
    pub(super) fn open(config: &ConfigArg, archive: &ArchiveArg) -> anyhow::Result<Self> {
        let config = Config::load(&config.config)?;
        let reader = Reader::open(&config.log_folder())?;
        let reader = match &archive.archive {
            Some(folder) => reader.with_archive(Arc::new(Disk::read_only(folder))),
            None => reader,
        };
        Ok(Self { config, reader })
    }

    /// The indexes of the entries that an id names: an index, or digits of a question's digest.
    pub(super) fn find(&self, id: &str) -> anyhow::Result<Vec<u64>> {
        let size = self.reader.size();
        if let Some(index) = id.parse().ok().filter(|index| *index < size) {
            return Ok(vec![index]);
        }
        let digits = id.to_ascii_lowercase();
        let hexadecimal = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        if digits.len() < LEAST_DIGITS || !hexadecimal {
            return Err(no_entry(format!(
                "`{id}` is neither the index of one of the {size} entries nor the first {LEAST_DIGITS} or more digits of a \
                 question's digest; `kring audit list` prints both"
            )));
        }
        let mut found = Vec::new();
        let mut digests = std::collections::BTreeSet::new();
        let from = self.reader.readable_from();
        if from > 0 {
            print::note(format!(
                "note: entries 0 to {} are in an archive and were not searched; name it with `--archive DIR`",
                from.saturating_sub(1)
            ));
        }
        for (index, bytes) in (from..).zip(self.reader.bytes_from(from)) {
            let entry = self.reader.parse(index, &bytes?)?;
            let named =
                question_of(&entry.event).filter(|one| one.to_string().starts_with(&digits));
            if let Some(question) = named {
                digests.insert(question);
                found.push(index);
            }
        }
        if found.is_empty() {
            return Err(no_entry(format!("no entry is about a question `{id}`")));
        }
        if digests.len() > 1 {
            let many = digests.len();
            return Err(no_entry(format!("`{id}` begins {many} digests, give more digits")));
        }
        Ok(found)
    }

    pub(super) fn entry(&self, index: u64) -> anyhow::Result<Entry> {
        Ok(self.reader.entry(index)?)
    }

    /// The latest checkpoint with the cosignatures of members of the held charter; other lines are left out.
    pub(super) fn signed(&self) -> anyhow::Result<Signed> {
        let note = self.latest()?;
        let signed = self.cosigned(&[note])?;
        let checkpoint = signed.checkpoints.into_iter().next_back();
        let checkpoint = checkpoint.context("the latest checkpoint is not one of this log")?;
        Ok(Signed { parties: signed.parties, checkpoint })
    }

    /// The checkpoints over `from` and more entries, up to the latest: all, or as many as an export has room for.
    pub(super) fn chain(&self, from: u64) -> anyhow::Result<Chain> {
        let latest = self.latest()?;
        let end = Checkpoint::parse(Note::parse(&latest)?.text())?.head.size;
        // Of one size, the note that was written last has the most cosignatures.
        let mut notes = BTreeMap::new();
        for note in self.reader.notes(from)? {
            let size = Checkpoint::parse(Note::parse(&note)?.text())?.head.size;
            if (from..end).contains(&size) {
                notes.insert(size, note);
            }
        }
        let earlier = MAX_CHAIN.saturating_sub(1);
        let every = notes.len().div_ceil(earlier).max(1);
        let mut notes: Vec<String> = notes.into_values().step_by(every).collect();
        notes.push(latest);
        self.cosigned(&notes)
    }

    fn latest(&self) -> anyhow::Result<String> {
        let note = self.reader.checkpoint().context(
            "the log has no checkpoint yet: start the node once, it signs one at start and some seconds after an entry",
        )?;
        Ok(note.to_string())
    }

    /// Notes in rising order, each with its log's line and those of known witnesses that verify. A file names one key of each
    /// hospital: of one whose witness key changed, the later; lines of the one before are left out.
    fn cosigned(&self, notes: &[String]) -> anyhow::Result<Chain> {
        let hospital = &self.config.hospital;
        let key = Key::load(&self.config.keys.log, KeyRole::Log)?.public;
        let (known, mut witnesses) = (latest_keys(self.witness_keys()?, notes)?, BTreeMap::new());
        let (mut checkpoints, mut origin) = (Vec::new(), String::new());
        for note in notes {
            let stated = Checkpoint::parse(Note::parse(note)?.text())?.origin;
            let log = stated.key(&key)?;
            let read = SignedCheckpoint::open(note, &log)?;
            let mut checkpoint = read.bare(&log);
            for (code, key) in &known {
                let own = |line: &&crate::proof::note::SignatureLine| line.claims(key);
                let Some(line) = read.note().signatures().iter().find(own) else { continue };
                if checkpoint.add(line.clone(), key).is_ok() {
                    witnesses.insert(code.to_string(), hex::encode(key.key_bytes()));
                }
            }
            checkpoints.push(checkpoint);
            stated.as_str().clone_into(&mut origin);
        }
        let parties = Parties::new(&origin, hospital.as_str(), &key.to_string(), &witnesses)?;
        Ok(Chain { parties, checkpoints })
    }

    /// Whether the charter names nobody else who could cosign.
    pub(super) fn is_alone(&self) -> anyhow::Result<bool> {
        Ok(self.witness_keys()?.iter().all(|(code, _)| *code == self.config.hospital))
    }

    /// The witness keys of the charter's members. Whoever verifies decides whom to trust, so it is only read here.
    fn witness_keys(&self) -> anyhow::Result<Vec<(HospitalCode, VerifierKey)>> {
        let charter = crate::app::newest_charter(&self.config, SystemClock.now())?;
        let mut found = Vec::new();
        for member in charter.members() {
            for known in member.keys.witness.iter() {
                found.push((member.code.clone(), witness_key(&member.code, &known.key)?));
            }
        }
        Ok(found)
    }
}

/// Of each hospital one key: that of the last note which any of them claims to have cosigned.
fn latest_keys(
    known: Vec<(HospitalCode, VerifierKey)>,
    notes: &[String],
) -> anyhow::Result<BTreeMap<HospitalCode, VerifierKey>> {
    let mut latest: BTreeMap<HospitalCode, (usize, VerifierKey)> = BTreeMap::new();
    let notes = notes.iter().map(|note| Note::parse(note)).collect::<Result<Vec<_>, _>>()?;
    for (code, key) in known {
        let claims = |note: &Note| note.signatures().iter().any(|line| line.claims(&key));
        let last = notes.iter().rposition(claims).map_or(0, |place| place.saturating_add(1));
        if latest.get(&code).is_none_or(|(before, _)| *before < last) {
            latest.insert(code, (last, key));
        }
    }
    Ok(latest.into_iter().map(|(code, (_, key))| (code, key)).collect())
}

fn no_entry(reason: String) -> anyhow::Error {
    NoSuchEntry(reason).into()
}

/// The question that an event is about.
pub(super) fn question_of(event: &Event) -> Option<Digest> {
    match event {
        Event::Intent { question, .. }
        | Event::Refused { question, .. }
        | Event::Asked { question, .. }
        | Event::AskedV1 { question }
        | Event::Held { question, .. }
        | Event::ApprovalDecided { question, .. }
        | Event::NotAsked { question, .. } => Some(question.digest),
        Event::Outcome { question, .. }
        | Event::Received { question, .. }
        | Event::Fault { question, .. } => Some(*question),
        Event::Started { .. }
        | Event::Stopped {}
        | Event::Paused { .. }
        | Event::Resumed {}
        | Event::CharterAccepted { .. }
        | Event::CharterRejected { .. }
        | Event::Revoked { .. }
        | Event::Configured { .. }
        | Event::KeysChanged { .. }
        | Event::SnapshotUsed { .. }
        | Event::Clock { .. }
        | Event::Rejected { .. }
        | Event::ForkEvidence { .. }
        | Event::Archived(_)
        | Event::GapAccepted { .. }
        | Event::MemoryLost { .. }
        | Event::WorkerLost { .. } => None,
    }
}
