//! Whose keys are read aloud.

use std::path::PathBuf;

use clap::Args;
use policies::HospitalCode;

/// A node's keys, from its own files or from what a charter says of it.
#[derive(Args, Debug)]
pub struct FingerprintArgs {
    /// The node's config.toml: its own keys, read from its key files
    #[arg(long, required_unless_present = "charter", conflicts_with_all = ["charter", "hospital"])]
    pub config: Option<PathBuf>,
    /// A charter, as a bundle or a board's folder: the keys that it lists for a hospital
    #[arg(long, requires = "hospital")]
    pub charter: Option<PathBuf>,
    /// The hospital whose keys the charter lists
    #[arg(long, requires = "charter")]
    pub hospital: Option<HospitalCode>,
}
