//! The command line of `kring charter simulate`. The doc comments are the help texts.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::Format;
use crate::language::Language;

/// What is replayed against which charter.
#[derive(Args, Debug)]
pub struct SimulateArgs {
    /// The draft: a charter's folder, or a bundle
    pub draft: PathBuf,
    /// What is replayed
    #[command(flatten)]
    pub source: SourceArgs,
    /// The charter to compare with: a folder, or a bundle [default: the one in force at the node of --config]
    #[arg(long, required_unless_present = "config")]
    pub against: Option<PathBuf>,
    /// Where archived entries of the node's log are
    #[arg(long, value_name = "DIR", requires = "config")]
    pub archive: Option<PathBuf>,
    /// Only questions of this day and later, e.g. 2026-07-01 (UTC)
    #[arg(long, value_name = "DATE")]
    pub since: Option<NaiveDate>,
    /// Print in this format
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Print changes in this language
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,
}

/// Where questions come from.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub struct SourceArgs {
    /// The node whose log is replayed, with its own rules; it may be running
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// An export of a log, as `kring audit export` writes it; once for each
    #[arg(long)]
    pub export: Vec<PathBuf>,
    /// Questions in words, a JSON object a line
    #[arg(long)]
    pub questions: Option<PathBuf>,
}
