//! The command line: every command of `kring`. The doc comments are the help texts.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use policies::{DatasetId, GroupId, HospitalCode, NetworkId, PersonId, Profile, Purpose, Root};

use crate::language::Language;

pub mod approve;
pub mod audit;
pub mod charter;
pub mod indicator;
mod key;
pub mod rehearsal;
pub mod simulate;

pub use approve::ApproveCommand;
use audit::AuditCommand;
pub use charter::CharterCommand;
use indicator::IndicatorCommand;
pub use key::FingerprintArgs;

/// Kring: ask many hospitals one question, keep every patient's data where it is.
#[derive(Debug, Parser)]
#[command(name = "kring", version, propagate_version = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a node's folder: keys, certificate, token and a commented config.toml
    Init {
        /// Folder to make
        #[arg(long)]
        dir: PathBuf,
        /// This hospital's code in the charter, e.g. EMC
        #[arg(long)]
        hospital: HospitalCode,
    },
    /// Report every problem of configuration, keys, log, data, charter and clock at once
    Check {
        /// The configuration
        #[command(flatten)]
        config: ConfigArg,
        /// First build the index over the log anew; the daemon must not run
        #[arg(long)]
        rebuild: bool,
    },
    /// Build and seal a snapshot of each dataset from the hospital's sources
    Import {
        /// The configuration
        #[command(flatten)]
        config: ConfigArg,
        /// Only this dataset
        #[arg(long)]
        dataset: Option<DatasetId>,
        /// Seal nothing when any row is rejected
        #[arg(long)]
        strict: bool,
        /// Print the report in this format
        #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
        report: ReportFormat,
    },
    /// Run the daemon
    Run(ConfigArg),
    /// Begin a session: type the passphrase once, ask for some hours
    Login(Login),
    /// End the session on this machine
    Logout {
        /// Which node and who
        #[command(flatten)]
        profile: ProfileArg,
    },
    /// Ask the network a question in SQL
    Ask(Ask),
    /// Show what a question would do: the three parts, what leaves, which rules, which protections
    Explain {
        /// The question in SQL; - reads it from standard input
        sql: String,
        /// Who asks whom, and why
        #[command(flatten)]
        context: AskContext,
        /// The profile that it is to be answered under, e.g. ask.members [default: as the rules permit]
        #[arg(long)]
        under: Option<Profile>,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Approved questions: list, show and ask them
    #[command(subcommand)]
    Indicator(IndicatorCommand),
    /// Saved answers
    #[command(subcommand)]
    Answer(AnswerCommand),
    /// The board's rules
    #[command(subcommand)]
    Charter(CharterCommand),
    /// The log: who asked what, what was answered, and that none of it was changed
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Keys of people
    #[command(subcommand)]
    Key(KeyCommand),
    /// What this hospital's node is doing
    Status {
        /// Which node and who
        #[command(flatten)]
        profile: ProfileArg,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Stop answering at once; everything else goes on
    Pause {
        /// The running node
        #[command(flatten)]
        node: OperatorArgs,
        /// Why, in a line for the log and `kring status`
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Answer again after a pause
    Resume {
        /// The running node
        #[command(flatten)]
        node: OperatorArgs,
    },
    /// Texts that people of this hospital approve before they are answered here
    #[command(subcommand)]
    Approve(ApproveCommand),
    /// Go on after the log was restored from an older copy and what it held beyond is lost; the daemon must not run
    Recover {
        /// The node whose log is continued
        #[command(flatten)]
        config: ConfigArg,
        /// Give up the lost history for good: the log goes on under another origin, and everyone who verifies it sees the gap
        #[arg(long, required = true)]
        accept_gap: bool,
    },
    /// Read and run one question after another; started by the daemon
    #[command(hide = true)]
    Worker(WorkerArgs),
}

/// What a worker may have; the daemon says it.
#[derive(Args, Debug)]
pub struct WorkerArgs {
    /// Process id of the daemon; the worker ends with it
    #[arg(long)]
    pub parent: u32,
    /// Most memory in MiB
    #[arg(long)]
    pub memory_mb: u64,
    /// Most processor time in seconds
    #[arg(long)]
    pub cpu_s: u64,
    /// The one folder that it may read [default: none]
    #[arg(long)]
    pub snapshots: Option<PathBuf>,
    /// Serve nothing; tell in JSON what the sealed process can still do
    #[arg(long)]
    pub probe: bool,
    /// A file that a probe tries to read
    #[arg(long, requires = "probe")]
    pub outside: Option<PathBuf>,
}

/// Where the configuration is.
#[derive(Args, Debug)]
pub struct ConfigArg {
    /// The node's config.toml
    #[arg(long)]
    pub config: PathBuf,
}

/// The node, for those who run it: its envelope key, which nobody else can read, lets them in.
#[derive(Args, Clone, Debug)]
pub struct OperatorArgs {
    /// The node's config.toml
    #[arg(long)]
    pub config: PathBuf,
    /// The authority that signed the certificate of its local interface [default: ca.pem beside that certificate]
    #[arg(long)]
    pub ca: Option<PathBuf>,
}

/// Which node and who.
#[derive(Args, Clone, Debug)]
pub struct ProfileArg {
    /// The person's profile.toml [default: ~/.config/kring/profile.toml]
    #[arg(long, env = "KRING_PROFILE")]
    pub profile: Option<PathBuf>,
}

/// Where the passphrase of an encrypted key file comes from.
#[derive(Args, Clone, Debug)]
pub struct PassphraseArg {
    /// Read the key file's passphrase from this file [default: ask on the terminal]
    #[arg(long, env = "KRING_PASSPHRASE_FILE")]
    pub passphrase_file: Option<PathBuf>,
}

/// A session.
#[derive(Args, Debug)]
pub struct Login {
    /// How long it holds, at most 12 hours
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(i64).range(1..=12))]
    pub hours: i64,
    /// The purposes that it is for, separated by commas [default: the profile's]
    #[arg(long, value_delimiter = ',')]
    pub purpose: Vec<Purpose>,
    /// The tumour groups that it is for, separated by commas [default: the profile's]
    #[arg(long, value_delimiter = ',')]
    pub group: Vec<GroupId>,
    /// Which node and who
    #[command(flatten)]
    pub profile: ProfileArg,
    /// The person's key file may be encrypted
    #[command(flatten)]
    pub passphrase: PassphraseArg,
}

/// A question.
#[derive(Args, Debug)]
pub struct Ask {
    /// The question in SQL; - reads it from standard input
    pub sql: String,
    /// The profile that it is to be answered under, e.g. ask.members [default: as the rules permit]
    #[arg(long)]
    pub under: Option<Profile>,
    /// Who asks whom, why, and how the answer is printed
    #[command(flatten)]
    pub options: AskOptions,
}

/// How a question is put and its answer printed.
#[derive(Args, Clone, Debug)]
pub struct AskOptions {
    /// Who asks whom, and why
    #[command(flatten)]
    pub context: AskContext,
    /// Sign with the person's own key, also where there is a session
    #[arg(long)]
    pub direct: bool,
    /// Exit with 3 when fewer hospitals answer
    #[arg(long, default_value_t = 1)]
    pub min_hospitals: usize,
    /// Print in this format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Also save the signed answer with its evidence, for `kring answer verify`
    #[arg(long)]
    pub save: Option<PathBuf>,
}

/// Who asks whom, and why; defaults come from the profile.
#[derive(Args, Clone, Debug)]
pub struct AskContext {
    /// Which node and who
    #[command(flatten)]
    pub profile: ProfileArg,
    /// The network that is asked
    #[arg(long)]
    pub scope: Option<NetworkId>,
    /// What the figures are for
    #[arg(long)]
    pub purpose: Option<Purpose>,
    /// The tumour group that asks
    #[arg(long)]
    pub group: Option<GroupId>,
    /// The dataset that is asked [default: the network's only one]
    #[arg(long)]
    pub dataset: Option<DatasetId>,
    /// The hospitals that are asked, separated by commas [default: all members]
    #[arg(long, value_delimiter = ',')]
    pub to: Vec<HospitalCode>,
    /// The language of a refusal [default: the profile's, or else English]
    #[arg(long, value_enum)]
    pub language: Option<Language>,
    /// The person's key file may be encrypted
    #[command(flatten)]
    pub passphrase: PassphraseArg,
}

/// How an answer is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Table,
    /// Comma-separated values; what is not shown is empty
    Csv,
    /// One object, with coverage and protections
    Json,
}

/// How an import's report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Text,
    /// A page
    Html,
    /// For machines
    Json,
}

/// Saved answers.
#[derive(Debug, Subcommand)]
pub enum AnswerCommand {
    /// Check a saved answer without a network: signatures, rules and arithmetic
    Verify {
        /// The file of `kring ask --save`
        file: PathBuf,
        /// The sealed charter that held, or a folder of bundles, from version 1
        #[arg(long)]
        charter: PathBuf,
        /// The pin: the digest of version 1 of the network\'s charter, as 64 digits or 24 words in quotes
        #[arg(long)]
        root: Root,
    },
}

/// Keys of people, and of a node.
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Make a key for an analyst or a board member and print its line for people.toml
    New {
        /// The person's id, e.g. a.jansen
        #[arg(long)]
        person: PersonId,
        /// The key file to write
        #[arg(long)]
        out: PathBuf,
        /// Encrypt it by a passphrase, which is asked for twice
        #[arg(long)]
        passphrase: bool,
        /// Where the passphrase comes from
        #[command(flatten)]
        source: PassphraseArg,
    },
    /// A node's keys: their files, fingerprints, and when the charter lets each count
    List {
        /// The configuration
        #[command(flatten)]
        config: ConfigArg,
    },
    /// A node's keys in words, to read to each other: what its own files hold, and what a charter lists
    Fingerprint(FingerprintArgs),
    /// Make the next key of a node's job, and print its line for members.toml
    Rotate {
        /// The job
        job: Job,
        /// The configuration
        #[command(flatten)]
        config: ConfigArg,
        /// The present key has ended: the next one takes its file, so that another next one can be made
        #[arg(long)]
        finish: bool,
    },
}

/// The jobs that a node has a key for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Job {
    /// Connections
    Transport,
    /// Requests, answers and refusals
    Envelope,
    /// The log's checkpoints
    Log,
    /// Cosignatures under other logs
    Witness,
}
