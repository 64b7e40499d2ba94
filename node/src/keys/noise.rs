//! The node's secret for noise, from its own key file: one for all networks, only in the daemon.
//!
//! Another key is a second sample of all noise that was told, and two samples together say more than one. So a missing file is made
//! only where nothing was ever told with noise, and by an import: the daemon makes none. Every lineage remembers which key its noise is of
//! (`query::explore()`), so that another file in its place is seen too.

use std::path::PathBuf;
use std::sync::Arc;

use aws_lc_rs::hkdf;
use query::NoiseKey;
use zeroize::Zeroizing;

use super::ring::Ring;
use super::{Key, KeyError, KeyRole};
use crate::config::Config;
use crate::ledger::{Charges, LedgerError};

/// What the secret is derived for.
const PURPOSE: &[u8] = b"kring noise/1";

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum NoiseError {
    /// The file is gone.
    #[error(
        "the noise key {} is missing, so nothing is answered with noise (ask.explore, noisy parts): restore the file from a backup; where \
         nothing was ever answered with noise, the next `kring import` makes one",
        path.display()
    )]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file is gone, and noise was told that was made with it.
    #[error(
        "the noise key {} is missing, and figures were told with its noise: restore the file from a backup; where it is lost, begin a new \
         lineage with another record key, patient numbers and snapshots, and move the folder of charges away",
        path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// What was told is not known, so neither is whether there was noise in it.
    #[error("the noise key {} is missing, and whether it was used cannot be read", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: LedgerError,
    },
    /// The file cannot be used or made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key cannot be derived.
    #[error("no secret can be derived from the noise key {}", path.display())]
    Derive {
        /// The file.
        path: PathBuf,
    },
}

impl NoiseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "noise_key_missing",
            Self::Lost { .. } => "noise_key_lost",
            Self::Unknown { .. } => "noise_key_use_unknown",
            Self::Key(error) => error.code(),
            Self::Derive { .. } => "noise_key_unusable",
        }
    }
}

/// Whether there is no such file.
fn is_missing(config: &Config) -> bool {
    std::fs::symlink_metadata(&config.keys.noise)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// The secret of the key file.
///
/// # Errors
/// `NoiseError`; nothing is made.
pub fn load(config: &Config) -> Result<NoiseKey, NoiseError> {
    let path = || config.keys.noise.clone();
    if is_missing(config) {
        return Err(NoiseError::Missing { path: path() });
    }
    let key = Key::load(&config.keys.noise, KeyRole::Noise)?;
    derived(&key).map_err(|_unspecified| NoiseError::Derive { path: path() })
}

/// The secret for a daemon. Without the file everything is answered that needs no noise; a file that cannot be used is no missing one.
///
/// # Errors
/// `NoiseError`.
pub fn for_daemon(config: &Config) -> Result<Option<Arc<NoiseKey>>, NoiseError> {
    match load(config) {
        Ok(key) => Ok(Some(Arc::new(key))),
        Err(error @ (NoiseError::Missing { .. } | NoiseError::Lost { .. })) => {
            tracing::error!(%error, code = error.code(), "nothing is answered with noise");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Makes the key file if it is missing and nothing was told with noise. Says whether it was made.
///
/// # Errors
/// `NoiseError`.
pub fn make(config: &Config) -> Result<bool, NoiseError> {
    if !is_missing(config) {
        return load(config).map(|_key| false);
    }
    let path = || config.keys.noise.clone();
    match was_used(config) {
        Ok(false) => {}
        Ok(true) => return Err(NoiseError::Lost { path: path() }),
        Err(source) => return Err(NoiseError::Unknown { path: path(), source }),
    }
    Key::create(&config.keys.noise, KeyRole::Noise, config.hospital.as_str())?;
    Ok(true)
}

/// Whether anything was told with noise, over any lineage.
fn was_used(config: &Config) -> Result<bool, LedgerError> {
    let folder = config.ledger_folder();
    let io = |source| LedgerError::Io { path: folder.clone(), source };
    let entries = match std::fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(io(error)),
    };
    let mut lineages = Vec::new();
    for entry in entries {
        let name = entry.map_err(io)?.file_name();
        let lineage =
            name.to_str().and_then(|name| policies::Digest::try_from(name.to_owned()).ok());
        lineages.extend(lineage);
    }
    if lineages.is_empty() {
        return Ok(false);
    }
    let unreadable = |error| io(std::io::Error::other(error));
    let keys = Ring::load(&config.keys.envelope, KeyRole::Envelope).map_err(unreadable)?;
    let charges = Charges::read_only(&folder, keys.all()).map_err(io)?;
    for lineage in lineages {
        if charges.read(&lineage, None)?.memory.has_noise() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn derived(key: &Key) -> Result<NoiseKey, aws_lc_rs::error::Unspecified> {
    let (seed, mut bytes) = (key.seed(), Zeroizing::new([0; 32]));
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&*seed);
    secret.expand(&[PURPOSE], hkdf::HKDF_SHA256)?.fill(&mut *bytes)?;
    Ok(NoiseKey::new(&mut bytes))
}
