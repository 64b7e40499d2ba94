//! What a node keeps of a segment that was archived: every leaf of the tree, and what a start needs of its entries.
//!
//! With the leaves every proof can be made as before. Entries that are looked up by place stay word for word, and are held
//! by their leaves; the table of consumed questions is held by the digest of the stub in the entry that says what was
//! archived. A checksum over the whole tells damage from change.

use std::collections::{BTreeMap, BTreeSet};

use policies::{Digest, UnixTime};
use serde::{Deserialize, Serialize};

use super::Entry;
use super::record::{Fields, seal, sealed};
use super::remembered::Heads;
use super::used::Use;
use crate::proof::merkle::{TreeHash, leaf_hash};

/// End of a stub's name; before it stands the index of the segment's first entry.
pub(super) const STUB: &str = ".stub";
/// What a stub begins with: name and version.
const MAGIC: [u8; 8] = *b"KRINGST1";
/// Bytes of a leaf.
pub(super) const LEAF_BYTES: usize = 32;
/// Bytes of a row of the table of questions.
const USE_BYTES: usize = 80;
/// Bytes before the description: the magic and its length.
const START: usize = 16;

/// What a stub says of its segment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Index of the first entry.
    pub first: u64,
    /// Entries.
    pub count: u64,
    /// The earliest moment of an entry.
    pub earliest: UnixTime,
    /// The latest.
    pub latest: UnixTime,
    /// SHA-256 of the file in the archive.
    pub file: Digest,
    /// The folder that it was moved to.
    pub folder: String,
    /// The exact bytes of entries that stay, by index.
    pub kept: BTreeMap<u64, String>,
    /// Texts beside the log that its entries name.
    pub blobs: BTreeSet<Digest>,
    /// Rows of the table of questions.
    pub questions: u64,
    /// What its entries say of the memory of what was answered; none where a version without one archived them. The charges
    /// stay on the node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Heads>,
}

/// A stub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stub {
    /// What it says of its segment.
    pub about: About,
    /// What its entries say of questions.
    pub uses: Vec<Use>,
    /// Every leaf, in order.
    pub leaves: Vec<TreeHash>,
}

impl About {
    /// Index after the last entry.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.first.saturating_add(self.count)
    }
}

/// The name of a stub.
pub(super) fn name(first: u64) -> String {
    format!("{first:020}{STUB}")
}

impl Stub {
    /// The stub of a segment whose entries are these, with their exact bytes; the file and folder are those of the archive.
    #[must_use]
    pub fn of(entries: &[(Entry, Vec<u8>)], file: Digest, folder: &str) -> Option<Self> {
        let first = entries.first()?.0.index;
        let moments = || entries.iter().map(|(entry, _)| entry.at);
        let (mut kept, mut blobs) = (BTreeMap::new(), BTreeSet::new());
        let mut uses = BTreeMap::<Digest, Use>::new();
        let mut memory = Heads::default();
        for (entry, bytes) in entries {
            if entry.event.stays() {
                kept.insert(entry.index, String::from_utf8(bytes.clone()).ok()?);
            }
            entry.event.blobs(&mut blobs);
            memory.take(&entry.event);
            if let Some(used) = Use::of(entry) {
                uses.entry(used.question).or_insert(used).last = used.last;
            }
        }
        let about = About {
            first,
            count: entries.len() as u64,
            earliest: moments().min()?,
            latest: moments().max()?,
            file,
            folder: folder.to_owned(),
            kept,
            blobs,
            questions: uses.len() as u64,
            memory: Some(memory),
        };
        let leaves = entries.iter().map(|(_, bytes)| leaf_hash(bytes)).collect();
        Some(Self { about, uses: uses.into_values().collect(), leaves })
    }

    /// Its bytes.
    ///
    /// # Errors
    /// None for stubs that [`Self::of`] makes.
    pub fn encode(&self) -> serde_json::Result<Vec<u8>> {
        let about = serde_json::to_vec(&self.about)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(about.len() as u64).to_be_bytes());
        bytes.extend_from_slice(&about);
        for Use { question, request, expires_at, last } in &self.uses {
            bytes.extend_from_slice(question.as_bytes());
            bytes.extend_from_slice(request.as_bytes());
            bytes.extend_from_slice(&expires_at.0.to_be_bytes());
            bytes.extend_from_slice(&last.to_be_bytes());
        }
        for leaf in &self.leaves {
            bytes.extend_from_slice(leaf.as_bytes());
        }
        seal(&mut bytes);
        Ok(bytes)
    }

    /// Reads a stub; with it, where its leaves begin.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, u64), &'static str> {
        let body = sealed(bytes).ok_or("the checksum of the stub does not hold")?;
        let mut fields = Fields(body);
        if fields.take() != Some(MAGIC) {
            return Err("not a stub that this version reads");
        }
        let cut = "the stub has another length than it says";
        let length = fields.take().map(u64::from_be_bytes).ok_or(cut)?;
        let length = usize::try_from(length).map_err(|_large| cut)?;
        let (about, tables) = fields.0.split_at_checked(length).ok_or(cut)?;
        let about: About = serde_json::from_slice(about)
            .map_err(|_error| "the description in the stub cannot be read")?;
        let rows = usize::try_from(about.questions).ok();
        let rows = rows.and_then(|rows| rows.checked_mul(USE_BYTES)).ok_or(cut)?;
        let (uses, leaves) = tables.split_at_checked(rows).ok_or(cut)?;
        let (uses, _) = uses.as_chunks::<USE_BYTES>();
        let uses = uses.iter().map(used).collect::<Option<_>>().ok_or(cut)?;
        let (leaves, rest) = leaves.as_chunks::<LEAF_BYTES>();
        if !rest.is_empty() || leaves.is_empty() || leaves.len() as u64 != about.count {
            return Err(cut);
        }
        let leaves: Vec<_> = leaves.iter().map(|leaf| TreeHash::from_bytes(*leaf)).collect();
        let at = START.saturating_add(length).saturating_add(rows) as u64;
        let stub = Self { about, uses, leaves };
        if stub.holds_what_stays() { Ok((stub, at)) } else { Err("an entry that stays is another") }
    }

    /// Whether every entry that stays has its leaf.
    fn holds_what_stays(&self) -> bool {
        let leaf = |index: u64| {
            let number = usize::try_from(index.checked_sub(self.about.first)?).ok()?;
            self.leaves.get(number)
        };
        let same =
            |(index, text): (&u64, &String)| leaf(*index) == Some(&leaf_hash(text.as_bytes()));
        self.about.kept.iter().all(same)
    }
}

fn used(row: &[u8; USE_BYTES]) -> Option<Use> {
    let mut fields = Fields(row);
    Some(Use {
        question: Digest::from_bytes(fields.take()?),
        request: Digest::from_bytes(fields.take()?),
        expires_at: UnixTime(i64::from_be_bytes(fields.take()?)),
        last: u64::from_be_bytes(fields.take()?),
    })
}

#[cfg(test)]
mod tests;
