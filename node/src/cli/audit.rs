//! `kring audit`: its commands.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Subcommand, ValueEnum};
use policies::{HospitalCode, Root};

use super::ConfigArg;

/// The log: who asked what, what was answered, and that none of it was changed
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List entries of the log, the latest last
    List {
        /// The node whose log is read; it may be running
        #[command(flatten)]
        config: ConfigArg,
        /// Where archived entries are
        #[command(flatten)]
        archive: ArchiveArg,
        /// Index of the first entry to list [default: the last 20]
        #[arg(long)]
        from: Option<u64>,
        /// Most entries to list
        #[arg(long, default_value_t = 20)]
        limit: u64,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Print the entries of one question, or one entry, in full
    Show {
        /// An entry's index, or the first 8 or more digits of a question's digest
        id: String,
        /// The node whose log is read; it may be running
        #[command(flatten)]
        config: ConfigArg,
        /// Where archived entries are
        #[command(flatten)]
        archive: ArchiveArg,
    },
    /// Write the entries under the latest checkpoint to a file that anybody can verify
    Export {
        /// The node whose log is read; it may be running
        #[command(flatten)]
        config: ConfigArg,
        /// Where archived entries are
        #[command(flatten)]
        archive: ArchiveArg,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
        /// Index of the first entry
        #[arg(long, default_value_t = 0)]
        from: u64,
        /// What to write; the NEN 7513 formats are for reading and cannot be verified
        #[arg(long, value_enum, default_value_t = ExportFormat::Kring)]
        format: ExportFormat,
    },
    /// Check an export or a proof file without a network; exit code 2 and the place when it does not hold
    Verify {
        /// The file
        file: PathBuf,
        /// Whom to trust
        #[command(flatten)]
        trust: TrustArgs,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = VerdictFormat::Text)]
        format: VerdictFormat,
    },
    /// Write a proof file of the entries of one question, or of one entry
    Prove {
        /// An entry's index, or the first 8 or more digits of a question's digest
        id: String,
        /// The node whose log is read; it may be running
        #[command(flatten)]
        config: ConfigArg,
        /// Where archived entries are
        #[command(flatten)]
        archive: ArchiveArg,
        /// The file to write
        #[arg(long)]
        out: PathBuf,
    },
    /// Move old entries to a folder, with their proofs; the node must not run
    Archive {
        /// The node whose log is archived
        #[command(flatten)]
        config: ConfigArg,
        /// The folder to move them to, of this node alone
        #[arg(long)]
        to: PathBuf,
        /// Which entries
        #[command(flatten)]
        limit: LimitArgs,
    },
    /// Print a trust policy with the keys of a charter, for this or any other C2SP verifier
    Policy {
        /// The sealed charter
        #[arg(long)]
        charter: PathBuf,
        /// The pin: the digest of version 1 of the network\'s charter, as 64 digits or 24 words in quotes
        #[arg(long)]
        root: Root,
        /// The hospital whose log is to be verified
        #[arg(long)]
        hospital: HospitalCode,
        /// How many of the other hospitals must have cosigned
        #[arg(long)]
        witnesses: usize,
        /// How many gaps of that log you accept: its origin ends with their number
        #[arg(long, default_value_t = 0)]
        gaps: u32,
    },
}

/// Where archived entries are read.
#[derive(Args, Debug)]
pub struct ArchiveArg {
    /// The folder that old entries were moved to [default: only what is on the node is read]
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
}

/// Which entries are old.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct LimitArgs {
    /// Entries of days before this one, e.g. 2026-01-31 (UTC); they are moved by whole segments of up to 16 MiB
    #[arg(long, value_name = "DATE")]
    pub before: Option<NaiveDate>,
    /// Entries older than so many days
    #[arg(long, value_name = "N")]
    pub keep_days: Option<u32>,
}

/// Whom a verifier trusts.
#[derive(Args, Debug)]
pub struct TrustArgs {
    /// A C2SP trust policy, as `kring audit policy` prints one [default: the keys that the file names]
    #[arg(long)]
    pub policy: Option<PathBuf>,
}

/// How entries are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people
    Table,
    /// The entries as they are in the log, one a line
    Json,
    /// Records with the fields of NEN 7513, comma-separated
    Nen7513Csv,
    /// Records with the fields of NEN 7513, one JSON object a line
    Nen7513Json,
}

/// What an export holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// Entries with their proof
    Kring,
    /// Records with the fields of NEN 7513, comma-separated
    Nen7513Csv,
    /// Records with the fields of NEN 7513, one JSON object a line
    Nen7513Json,
}

/// How a verdict is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VerdictFormat {
    /// For people
    Text,
    /// One object
    Json,
}
