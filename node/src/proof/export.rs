//! The audit export: entries as they are in the log, with what is needed to check them anywhere.
//!
//! UTF-8 text, every line ended by a newline. First a header ([`Header`]), then the exact bytes of each entry, one a line,
//! then a trailer ([`Trailer`]) whose last checkpoint covers these entries: exactly ([`FORMAT`]), or more than these
//! ([`PART`]), where the header has what follows them up to there. Header and trailer have one encoding each (compact JSON, fields in order, names sorted). *Marks* are the first four bytes of every leaf hash: they prove
//! nothing and say which entry was changed. [`verify`] checks an export; this file makes one, without reading a log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::checkpoint::SignedCheckpoint;
use super::merkle::{Frontier, TreeHash};

pub mod verify;

/// The name of the format whose last checkpoint covers exactly its entries.
pub const FORMAT: &str = "kring-audit/1";
/// The name of the format of a part that ends before its last checkpoint.
pub const PART: &str = "kring-audit/2";
/// Most bytes of a header.
pub const MAX_HEADER_BYTES: usize = 256 * 1024;
/// Most bytes of an entry.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;
/// Most bytes of a trailer: the marks of 30 million entries.
pub const MAX_TRAILER_BYTES: usize = 256 * 1024 * 1024;
/// Most checkpoints of an export: each costs signatures to verify.
pub const MAX_CHECKPOINTS: usize = 1024;
/// Digits of a mark.
pub(super) const MARK_DIGITS: usize = 8;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// [`FORMAT`] or [`PART`].
    pub format: String,
    /// The log's name.
    pub origin: String,
    /// The hospital's code.
    pub hospital: String,
    /// The log's key in hexadecimal digits.
    pub log_key: String,
    /// Keys of the witnesses that cosigned a checkpoint of this export, by hospital.
    pub witnesses: BTreeMap<String, String>,
    /// Index of the first entry.
    pub first: u64,
    /// Entries.
    pub count: u64,
    /// The compact range of the tree before the first entry: roots of its complete subtrees, the largest first.
    pub before: Vec<String>,
    /// In a [`PART`] alone: roots of the complete subtrees from the last entry up to the last checkpoint, from left to right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<String>>,
}

/// The last line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trailer {
    /// Notes of checkpoints, sizes rising; the last covers every entry of the export.
    pub checkpoints: Vec<String>,
    /// The first eight digits of every entry's leaf hash.
    pub marks: String,
}

/// Text whose first line is `header`.
#[must_use]
pub fn header_line(header: &Header) -> String {
    line(header)
}

/// The compact range as the header writes it.
#[must_use]
pub fn before(frontier: &Frontier) -> Vec<String> {
    frontier.peaks().iter().map(ToString::to_string).collect()
}

/// Roots of subtrees as the header writes them.
#[must_use]
pub fn after(roots: &[TreeHash]) -> Vec<String> {
    roots.iter().map(ToString::to_string).collect()
}

/// Gathers what the trailer says while entries are written.
#[derive(Debug, Default)]
pub struct Marks(String);

impl Marks {
    /// Notes an entry.
    pub fn push(&mut self, leaf: &TreeHash) {
        self.0.extend(leaf.to_string().chars().take(MARK_DIGITS));
    }

    /// The last line, with the checkpoints in rising order of size.
    #[must_use]
    pub fn trailer_line(self, checkpoints: &[SignedCheckpoint]) -> String {
        let checkpoints = checkpoints.iter().map(|one| one.note().to_string()).collect();
        line(&Trailer { checkpoints, marks: self.0 })
    }
}

fn line(value: &impl Serialize) -> String {
    // Strings, numbers and maps with text keys always have a JSON form.
    let mut text = serde_json::to_string(value).unwrap_or_default();
    text.push('\n');
    text
}
