//! Why the memory of a lineage is not whole.

use std::path::PathBuf;

use query::{ApplyError, CodeError};

/// Why nothing is answered over a lineage.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// A charge is gone.
    #[error("the charge {} is missing: bring the file back from a backup, with the node stopped", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// A charge is not what was written.
    #[error(
        "the charge {} is damaged, or this is not the envelope key that it was written with ({reason}): bring the file's own \
         bytes back from a backup, with the node stopped",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// A charge is whole, and another than the log or the next charge names.
    #[error(
        "the charge {} is another than the one that was answered by: bring the folder and the log back from the same moment, \
         with the node stopped",
        path.display()
    )]
    Another {
        /// The file.
        path: PathBuf,
    },
    /// Protected answers were given by a version without a memory.
    #[error(
        "protected answers were given that no memory holds, by a version without one ({what}): begin a new lineage, with another record \
         key, patient numbers and snapshots"
    )]
    Forgotten {
        /// The snapshot, or where the answers may be.
        what: String,
    },
    /// Answers were given that were lost with the end of a log.
    #[error(
        "answers were given that no log and no memory holds, because a lost history of the log was given up: begin a new lineage, with \
         another record key, patient numbers and snapshots"
    )]
    Lost,
    /// Fewer patient numbers were given out than the memory knows of.
    #[error(
        "the patient numbers in {} end before patient {greatest}, of whom figures were told: they are an older copy, so put the latest one \
         back, with the snapshots that belong to it",
        path.display()
    )]
    Numbers {
        /// The file of patient numbers.
        path: PathBuf,
        /// The greatest patient of the memory.
        greatest: u32,
    },
    /// The folder cannot be read.
    #[error("the charges in {} cannot be read", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A charge could not be written, and nobody knows what of it is on the disk.
    #[error("a charge cannot be written: repair the disk and start the node again")]
    Unwritten {
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A charge that cannot be kept.
    #[error("what an answer adds to the memory cannot be kept")]
    Code(#[from] CodeError),
    /// A charge that was not made on the memory as it is.
    #[error("what an answer adds does not follow the memory")]
    Apply(#[from] ApplyError),
    /// Nobody has read the memory.
    #[error("the memory was not read")]
    Unread,
}

impl LedgerError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "ledger_missing",
            Self::Damaged { .. } => "ledger_damaged",
            Self::Another { .. } => "ledger_of_another_log",
            Self::Forgotten { .. } => "ledger_without_history",
            Self::Lost => "ledger_lost",
            Self::Numbers { .. } => "ledger_of_other_numbers",
            Self::Io { .. } => "ledger_io",
            Self::Unwritten { .. } => "ledger_unwritten",
            Self::Code(error) => error.code(),
            Self::Apply(error) => error.code(),
            Self::Unread => "ledger_unread",
        }
    }
}
