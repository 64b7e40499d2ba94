//! The log that a command reads: entries, the latest checkpoint, and who cosigned it.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use policies::{Digest, HospitalCode, bundle};

use crate::cli::ConfigArg;
use crate::cli::audit::ArchiveArg;
use crate::command::print;
use crate::config::Config;
use crate::extract::Signed;
use crate::keys::{Key, KeyRole};
use crate::log::event::Event;
use crate::log::medium::Disk;
use crate::log::{Entry, Reader};
use crate::proof::checkpoint::{Checkpoint, SignedCheckpoint, witness_key};
use crate::proof::note::{Note, VerifierKey};
use crate::proof::parties::Parties;

/// Least digits of a question's digest that a person has to type.
const LEAST_DIGITS: usize = 8;

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
        let note = self.reader.checkpoint().context(
            "the log has no checkpoint yet: start the node once, it signs one at start and every few minutes",
        )?;
        let hospital = &self.config.hospital;
        let key = Key::load(&self.config.keys.log, KeyRole::Log)?.public;
        let origin = Checkpoint::parse(Note::parse(&note)?.text())?.origin;
        let log = origin.key(&key)?;
        let read = SignedCheckpoint::open(&note, &log)?;
        let mut checkpoint = read.bare(&log);
        let mut witnesses = BTreeMap::new();
        for (code, key) in self.witness_keys()? {
            let own = |line: &&crate::proof::note::SignatureLine| line.claims(&key);
            let Some(line) = read.note().signatures().iter().find(own) else { continue };
            if checkpoint.add(line.clone(), &key).is_ok() {
                witnesses.insert(code.to_string(), hex::encode(key.key_bytes()));
            }
        }
        let parties =
            Parties::new(origin.as_str(), hospital.as_str(), &key.to_string(), &witnesses)?;
        Ok(Signed { parties, checkpoint })
    }

    /// Whether the charter names nobody else who could cosign.
    pub(super) fn is_alone(&self) -> anyhow::Result<bool> {
        Ok(self.witness_keys()?.iter().all(|(code, _)| *code == self.config.hospital))
    }

    /// The witness keys of the charter's members. Whoever verifies decides whom to trust, so it is only read here.
    fn witness_keys(&self) -> anyhow::Result<Vec<(HospitalCode, VerifierKey)>> {
        let path = &self.config.charter;
        let bytes =
            std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let charter = bundle::inspect(&bytes)?.charter;
        let key = |member: &policies::charter::Member| {
            Ok((member.code.clone(), witness_key(&member.code, &member.keys.witness)?))
        };
        charter.members().map(key).collect()
    }
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
        | Event::NotAsked { question, .. } => Some(question.digest),
        Event::Outcome { question, .. }
        | Event::Received { question, .. }
        | Event::Fault { question, .. } => Some(*question),
        Event::Started { .. }
        | Event::Stopped {}
        | Event::CharterAccepted { .. }
        | Event::CharterRejected { .. }
        | Event::Configured { .. }
        | Event::KeysChanged { .. }
        | Event::SnapshotUsed { .. }
        | Event::Clock { .. }
        | Event::Rejected { .. }
        | Event::ForkEvidence { .. }
        | Event::Archived(_)
        | Event::WorkerLost { .. } => None,
    }
}
