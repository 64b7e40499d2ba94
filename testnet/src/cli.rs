//! The command line of `testnet`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};
use serde::{Deserialize, Serialize};

/// Networks of real Kring nodes on this machine.
#[derive(Debug, Parser)]
#[command(name = "testnet", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start five hospitals on public data, ask several questions, then keep serving until Ctrl-C
    Demo(Demo),
    /// Make a network of generated oncology patients, or take the one that is there, and start it
    Up(Up),
    /// Ask every node of a network how it is
    Status(Folder),
    /// End every node of a network
    Down(Folder),
    /// Measure questions over 5 and 18 nodes against the bare engine, memory, and start (use --release)
    Bench(Bench),
    /// Compare random questions over random networks with the pooled tables (use --release for many)
    Differential(Differential),
    /// Throw SQL bombs at real nodes and measure what they break (use --release)
    Bombs(Bombs),
    /// Attack what nodes release, and weak settings that must fall (use --release)
    Attack(Attack),
    /// Kill nodes under load, again and again, and look for what they acknowledged (use --release)
    Kill(Kill),
    /// Measure how many figures each `@parts` leaves boards, over generated patients (use --release)
    Utility(Utility),
    /// Match what askers sent and received with what hospitals decided and released
    Reconcile(Folder),
}

/// Options of the attacks.
#[derive(Args, Debug)]
pub struct Attack {
    /// Only these attacks, e.g. A06
    #[arg(long, value_delimiter = ',')]
    pub only: Option<Vec<String>>,
    /// Few targets: whether the attacks run and bite, not how well
    #[arg(long)]
    pub short: bool,
    /// Write docs/ATTACKS.md here, whatever was chosen; all of the full form write it where it is
    #[arg(long)]
    pub write: bool,
}

/// Options of the kills.
#[derive(Args, Debug)]
pub struct Kill {
    /// How many kills of nodes
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub times: u32,
    /// Where all choices begin
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// Options of the utility gate.
#[derive(Args, Debug)]
pub struct Utility {
    /// Mean numbers of patients of a hospital
    #[arg(long, value_delimiter = ',', default_values_t = [20, 50, 100, 200], value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub patients: Vec<u32>,
    /// Generated regions of each size
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub regions: u64,
    /// Hospitals of a region
    #[arg(long, default_value_t = 5, value_parser = hospitals)]
    pub hospitals: usize,
    /// Regions at the same time [default: one a processor]
    #[arg(long)]
    pub threads: Option<usize>,
    /// Where the tables are written too, e.g. docs/UTILITY.md
    #[arg(long)]
    pub write: Option<PathBuf>,
}

fn hospitals(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| (1..=18).contains(number));
    number.ok_or_else(|| "a number from 1 to 18".to_owned())
}

/// Options of the bombs.
#[derive(Args, Debug)]
pub struct Bombs {}

/// Options of the differential harness.
#[derive(Args, Debug)]
pub struct Differential {
    /// How many questions
    #[arg(long, default_value_t = 2_000)]
    pub queries: usize,
    /// Where all choices begin
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Fail without PostgreSQL; it is asked wherever it is installed, in a private cluster that goes at the end
    #[arg(long)]
    pub postgres: bool,
    /// Do without PostgreSQL; what it alone can judge stays unjudged, and the run fails for it
    #[arg(long, conflicts_with = "postgres")]
    pub no_postgres: bool,
    /// One question in so many is put to PostgreSQL; those that DataFusion cannot answer always are
    #[arg(long, default_value_t = 5)]
    pub sample: usize,
    /// Datasets at the same time [default: one a processor]
    #[arg(long)]
    pub threads: Option<usize>,
    /// Only this dataset and question, as a mismatch names them, e.g. 3.17
    #[arg(long, value_parser = place)]
    pub only: Option<(usize, usize)>,
    /// Show some questions of every kind of refusal
    #[arg(long)]
    pub examples: bool,
}

fn place(text: &str) -> Result<(usize, usize), String> {
    let wrong = || "write dataset.question, e.g. 3.17".to_owned();
    let (dataset, question) = text.split_once('.').ok_or_else(wrong)?;
    let number = |text: &str| text.parse().map_err(|_no_number: std::num::ParseIntError| wrong());
    Ok((number(dataset)?, number(question)?))
}

/// Options of the demo.
#[derive(Args, Debug)]
pub struct Demo {
    /// Folder to make and keep [default: a temporary one]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Exit after the questions
    #[arg(long)]
    pub once: bool,
    /// How answers are printed
    #[arg(long, value_enum, default_value_t = DemoFormat::Table)]
    pub format: DemoFormat,
}

/// How the demo's answers are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DemoFormat {
    /// Tables and words
    Table,
    /// One object a line, as `kring ask --format json` prints it
    Json,
}

/// Options of `up`.
#[derive(Args, Debug)]
pub struct Up {
    /// How many hospitals [default: single]
    #[arg(long, value_enum)]
    pub topology: Option<Topology>,
    /// Mean number of patients of a hospital [default: 200]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub patients: Option<u32>,
    /// Folder of the network; made if it is not there, taken if it is
    #[arg(long)]
    pub dir: PathBuf,
    /// Another seed, other patients [default: 1]
    #[arg(long)]
    pub seed: Option<u64>,
    /// Fewest patients of a group that A. Jansen is shown: 1 shows every group [default: 10]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub min_patients: Option<u32>,
    /// Add the Rotterdam tumour bank as a second dataset
    #[arg(long)]
    pub rotterdam: bool,
}

/// The size of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Topology {
    /// Three hospitals, the least
    Three,
    /// One region of five hospitals
    #[value(alias = "five")]
    Single,
    /// Nine hospitals
    Nine,
    /// Eighteen hospitals, as many as the largest region
    Eighteen,
}

impl Topology {
    /// Its number of hospitals.
    #[must_use]
    pub fn size(self) -> usize {
        match self {
            Self::Three => 3,
            Self::Single => 5,
            Self::Nine => 9,
            Self::Eighteen => 18,
        }
    }
}

/// The network of `status`, `down` and `reconcile`.
#[derive(Args, Debug)]
pub struct Folder {
    /// Folder of the network
    #[arg(long)]
    pub dir: PathBuf,
}

/// Options of the benchmark.
#[derive(Args, Debug)]
pub struct Bench {
    /// Questions a measurement
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=9_999))]
    pub questions: u32,
    /// Where the networks' folders are made, e.g. a tmpfs [default: the system's temporary folder]
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Instead of all that: questions over millions of generated rows at nine nodes against the pooled table
    #[arg(long)]
    pub scan: bool,
    /// Instead of all that: a log of many entries: appends, start, verification, index
    #[arg(long, conflicts_with = "scan")]
    pub log: bool,
    /// Instead of all that: the same questions with protections and without
    #[arg(long, conflicts_with_all = ["scan", "log"])]
    pub protection: bool,
    /// Instead of all that: decisions, a large charter, and a new version that comes to many nodes
    #[arg(long, conflicts_with_all = ["scan", "log", "protection"])]
    pub charter: bool,
    /// Nodes of --charter; with many more, a node may find its port taken by another one's connection
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u16).range(3..=200))]
    pub nodes: u16,
    /// Entries of --log
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1_000..=100_000_000))]
    pub entries: u64,
    /// Rows of each of the two tables of --scan, over all nodes
    #[arg(long, default_value_t = 6_000_000, value_parser = clap::value_parser!(u64).range(9_000..=100_000_000))]
    pub rows: u64,
}

/// Runs the command line.
#[must_use]
pub fn main() -> ExitCode {
    // Two TLS providers are in the dependency tree: name one before anything speaks TLS.
    node::command::install_tls_provider();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    let done = match cli.command {
        Command::Demo(demo) => crate::demo::run(&demo),
        Command::Up(options) => crate::up::up(&options),
        Command::Status(folder) => crate::up::status(&folder),
        Command::Down(folder) => crate::up::down(&folder),
        Command::Bench(bench) => crate::bench::run(&bench),
        Command::Bombs(bombs) => crate::bombs::run(&bombs),
        Command::Attack(options) => crate::attack::run(&options),
        Command::Kill(kill) => crate::kill::run(&kill),
        Command::Utility(options) => crate::utility::run(&options),
        Command::Reconcile(folder) => crate::reconcile::run(&folder),
        Command::Differential(differential) => crate::differential::run(&differential),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            crate::print::note(format!("testnet: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
