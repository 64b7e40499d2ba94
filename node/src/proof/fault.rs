//! What is wrong with an export or a proof file, and where: the same codes and places as `node/audit/verify.py`.

use super::story::Contradiction;

/// The first fault of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {kind}", .index.map(|index| format!(", entry {index}")).unwrap_or_default())]
pub struct Fault {
    /// Line of the file, from 1.
    pub line: u64,
    /// The entry, where the fault is one entry's.
    pub index: Option<u64>,
    /// What is wrong.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultKind {
    /// The file does not end with a newline, or has too few lines.
    #[error("the file is cut off: {reason}")]
    CutOff {
        /// What was expected.
        reason: &'static str,
    },
    /// The first line is not a header in its one encoding.
    #[error("not a header: {reason}")]
    Header {
        /// What was expected.
        reason: String,
    },
    /// The origin is not one of this hospital and key.
    #[error("the origin is not one of this hospital's log under this key")]
    Origin,
    /// A key in the header cannot be used.
    #[error("the key of {whose} cannot be used")]
    Key {
        /// The log or a witness.
        whose: String,
    },
    /// The policy does not trust this log.
    #[error("the trust policy does not name the log `{origin}` with this key")]
    LogNotTrusted {
        /// The log's origin.
        origin: String,
    },
    /// The last line is not a trailer in its one encoding.
    #[error("not the last line of an export: {reason}")]
    Trailer {
        /// What was expected.
        reason: String,
    },
    /// A checkpoint does not hold.
    #[error("checkpoint {number}: {reason}")]
    Checkpoint {
        /// Which one, from 1.
        number: usize,
        /// What is wrong.
        reason: String,
    },
    /// A checkpoint carries a signature of nobody that the header names.
    #[error("checkpoint {number} has a signature line of `{name}`, which is no key of the header")]
    UnknownSignature {
        /// Which one, from 1.
        number: usize,
        /// The name in the line.
        name: String,
    },
    /// The header names a witness that signed nothing.
    #[error("the header names witness {witness}, which cosigned no checkpoint")]
    UnusedWitness {
        /// The witness.
        witness: String,
    },
    /// The last checkpoint is not of exactly the entries that the header counts.
    #[error("the last checkpoint is of {covered} entries, the header counts up to {counted}")]
    NotCovered {
        /// Size of the last checkpoint.
        covered: u64,
        /// First index plus count.
        counted: u64,
    },
    /// Too few of the trusted witnesses cosigned.
    #[error("the last checkpoint has not the cosignatures that the trust policy asks for")]
    Quorum,
    /// Entries are missing before this line.
    #[error("entries {from} to {to} are missing here")]
    Missing {
        /// The first missing one.
        from: u64,
        /// The last missing one.
        to: u64,
    },
    /// Another entry than the one that belongs here.
    #[error("entry {got} stands here")]
    OutOfPlace {
        /// The index that the line states.
        got: u64,
    },
    /// Not an entry.
    #[error("not an entry: {reason}")]
    Unreadable {
        /// What was expected.
        reason: &'static str,
    },
    /// The entry is not the one that the log signed.
    #[error("the entry was changed")]
    Changed,
    /// A line more than the header counts.
    #[error("a line that the log does not have")]
    Added,
    /// Fewer lines than the header counts.
    #[error("the entries from {from} on are missing")]
    Missed {
        /// The first missing one.
        from: u64,
    },
    /// The entries are right, the mark that helps to find faults is not.
    #[error("the mark of this entry was changed; the entry itself is right")]
    Mark,
    /// The entries do not lead to a signed root, and nothing tells which one was changed.
    #[error(
        "the entries from {from} up to {to} are not those that the log signed; which of them was changed cannot be told"
    )]
    Root {
        /// First entry that may be wrong.
        from: u64,
        /// The entry after the last that may be wrong.
        to: u64,
    },
    /// The entry is the one that was signed, and contradicts the ones before it.
    #[error(transparent)]
    Story(#[from] Contradiction),
    /// An origin of the log does not begin with the entry of its gap, or that entry does not fit.
    #[error(
        "the log changes its origin without the entry that names the one before: expected {reason}"
    )]
    Gap {
        /// What was expected.
        reason: &'static str,
    },
    /// A proof does not lead to the signed root.
    #[error("the proof does not lead from this entry to the signed root")]
    NotInLog,
}

impl FaultKind {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CutOff { .. } => "cut_off",
            Self::Header { .. } => "header",
            Self::Origin => "origin",
            Self::Key { .. } => "key",
            Self::LogNotTrusted { .. } => "log_not_trusted",
            Self::Trailer { .. } => "trailer",
            Self::Checkpoint { .. } => "checkpoint",
            Self::UnknownSignature { .. } => "unknown_signature",
            Self::UnusedWitness { .. } => "unused_witness",
            Self::NotCovered { .. } => "not_covered",
            Self::Quorum => "quorum",
            Self::Missing { .. } => "entries_missing",
            Self::OutOfPlace { .. } => "entry_out_of_place",
            Self::Unreadable { .. } => "entry_unreadable",
            Self::Changed => "entry_changed",
            Self::Added => "entry_added",
            Self::Missed { .. } => "entries_cut",
            Self::Mark => "mark_changed",
            Self::Root { .. } => "root",
            Self::Story(contradiction) => contradiction.code(),
            Self::Gap { .. } => "gap",
            Self::NotInLog => "not_in_log",
        }
    }

    /// The fault at a line of its own.
    #[must_use]
    pub fn at(self, line: u64) -> Fault {
        Fault { line, index: None, kind: self }
    }

    /// The fault of an entry.
    #[must_use]
    pub fn of_entry(self, line: u64, index: u64) -> Fault {
        Fault { line, index: Some(index), kind: self }
    }
}
