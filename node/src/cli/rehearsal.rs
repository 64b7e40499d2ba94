//! Over which generated data indicators are tried out. The doc comments are the help texts.

use clap::{Args, ValueEnum};

use crate::language::Language;

/// How what all indicators together would tell is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Report {
    /// Not at all: nothing is run
    None,
    /// For people
    Text,
    /// One object
    Json,
}

/// Over which generated data.
#[derive(Args, Clone, Copy, Debug)]
pub struct RehearsalArgs {
    /// Patients that are made up for each hospital
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    pub patients: u32,
    /// Hospitals that they are made up for: the first of members.toml
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub hospitals: u32,
    /// Most variants of indicators that are run, in the order of the charter
    #[arg(long, default_value_t = 600)]
    pub variants: usize,
    /// Print in this language
    #[arg(long, value_enum, default_value_t = Language::En)]
    pub language: Language,
}
