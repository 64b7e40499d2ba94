//! The command line of `kring approve`. The doc comments are the help texts.

use chrono::NaiveDate;
use clap::Subcommand;

use super::{Format, OperatorArgs};

/// Texts that people of this hospital approve before they are answered here.
#[derive(Debug, Subcommand)]
pub enum ApproveCommand {
    /// Those that wait, then those that were decided on
    List {
        /// The running node
        #[command(flatten)]
        node: OperatorArgs,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// One of them: who asks what, the text, and what will be done to the figures
    Show {
        /// The approval, or how it begins
        id: String,
        /// The running node
        #[command(flatten)]
        node: OperatorArgs,
    },
    /// Let it be answered to this person, whenever they ask exactly this
    Grant {
        /// The approval, or how it begins
        id: String,
        /// Until the end of this day, e.g. 2026-12-31 (UTC) [default: seven days from today]
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
        /// Why, in a line for the log
        #[arg(long, default_value = "")]
        reason: String,
        /// The running node
        #[command(flatten)]
        node: OperatorArgs,
    },
    /// Do not let it be answered, or no longer
    Deny {
        /// The approval, or how it begins
        id: String,
        /// Until the end of this day, e.g. 2026-12-31 (UTC) [default: 90 days from today]
        #[arg(long, value_name = "DATE")]
        until: Option<NaiveDate>,
        /// Why, in a line for the log; who asked is not told
        #[arg(long, default_value = "")]
        reason: String,
        /// The running node
        #[command(flatten)]
        node: OperatorArgs,
    },
}
