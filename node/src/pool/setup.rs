//! What a pool is made of.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;

use super::process::Recipe;
use crate::clock::Clock;
use crate::config::{Config, Workers};
use crate::sandbox::probe::Probe;
use crate::tasks::Tasks;

/// What a worker may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// The hospital's snapshots: it runs questions.
    Snapshots,
    /// No file at all: it splits, merges, finishes and explains for the asker.
    Nothing,
}

/// What a pool is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The binary that knows the command `worker`.
    pub program: PathBuf,
    /// The folder of snapshots. Without one there are no workers with [`Access::Snapshots`].
    pub snapshots: Option<PathBuf>,
    /// How many, and their limits.
    pub workers: Workers,
    /// For the pauses.
    pub clock: Arc<dyn Clock>,
    /// What attends to the workers runs here.
    pub tasks: Tasks,
}

impl Setup {
    /// A daemon's pool, as configured.
    #[must_use]
    pub fn daemon(config: &Config, program: PathBuf, clock: Arc<dyn Clock>, tasks: Tasks) -> Self {
        let (snapshots, workers) = (Some(config.snapshots.clone()), config.workers);
        Self { program, snapshots, workers, clock, tasks }
    }

    /// Starts a worker for the asker's work that only tells which walls stand, and waits for it.
    ///
    /// # Errors
    /// It cannot be started, or does not tell.
    pub fn probe(config: &Config, program: PathBuf) -> std::io::Result<Probe> {
        let recipe = Recipe::new(program, None, &config.workers);
        let told = recipe.command().arg("--probe").stdin(Stdio::null()).output()?;
        if !told.status.success() {
            let last_words = String::from_utf8_lossy(&told.stderr).trim().to_owned();
            return Err(std::io::Error::other(format!("{}: {last_words}", told.status)));
        }
        Ok(serde_json::from_slice(&told.stdout)?)
    }

    pub(super) fn recipe(&self, access: Access) -> Recipe {
        let snapshots = match access {
            Access::Snapshots => self.snapshots.clone(),
            Access::Nothing => None,
        };
        Recipe::new(self.program.clone(), snapshots, &self.workers)
    }
}
