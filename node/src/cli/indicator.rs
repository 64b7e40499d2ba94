//! `kring indicator`: the commands for what a board has approved.

use clap::Subcommand;
use policies::{IndicatorId, VariantName};

use super::{AskOptions, Format, ProfileArg};

/// Approved questions.
#[derive(Debug, Subcommand)]
pub enum IndicatorCommand {
    /// List the indicators of the charter
    List {
        /// Which node and who
        #[command(flatten)]
        profile: ProfileArg,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Show one indicator: what it is, where it comes from, and the SQL that is run
    Show {
        /// The indicator
        id: IndicatorId,
        /// What it is counted by, e.g. hospital [default: the first that it lists]
        #[arg(long)]
        by: Option<VariantName>,
        /// Its years, e.g. 2022-2024 [default: the first that it lists]
        #[arg(long)]
        window: Option<VariantName>,
        /// Which node and who
        #[command(flatten)]
        profile: ProfileArg,
        /// Print in this format
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Ask the network an indicator
    Run {
        /// The indicator
        id: IndicatorId,
        /// What it is counted by, e.g. hospital [default: the first that it lists]
        #[arg(long)]
        by: Option<VariantName>,
        /// Its years, e.g. 2022-2024 [default: the first that it lists]
        #[arg(long)]
        window: Option<VariantName>,
        /// Who asks whom, why, and how the answer is printed
        #[command(flatten)]
        options: AskOptions,
    },
}
