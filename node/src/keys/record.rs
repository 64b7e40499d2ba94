//! The node's secret for record keys, from its own key file.
//!
//! Whoever loses the file ends the lineage of every dataset: record keys, and with them noise and the memory of what was
//! answered, begin anew. So a missing file is made only where no snapshot needs it.

use std::path::PathBuf;

use aws_lc_rs::hkdf;
use policies::charter::Charter;
use query::import::RecordSecret;
use query::snapshot;
use zeroize::Zeroizing;

use super::{Key, KeyError, KeyRole};
use crate::config::Config;

/// What the secret is derived for.
const PURPOSE: &[u8] = b"kring record keys/1";

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file is gone, and snapshots were made with it.
    #[error(
        "the record key {} is missing, and there are snapshots that were made with it or cannot be read: restore the file from a backup; to begin a new \
         lineage, in which nothing that was answered before is remembered, move the folders of snapshots and of patient numbers away first",
        path.display()
    )]
    Lost {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be used or made.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The key cannot be derived.
    #[error("no secret can be derived from the record key {}", path.display())]
    Derive {
        /// The file.
        path: PathBuf,
    },
}

impl RecordError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Lost { .. } => "record_key_lost",
            Self::Key(error) => error.code(),
            Self::Derive { .. } => "record_key_unusable",
        }
    }
}

/// Whether there are snapshots that were made with the key, or may have been: one that cannot be read counts.
fn needed(config: &Config, charter: &Charter) -> bool {
    charter.datasets().any(|dataset| {
        match snapshot::sealed(&config.snapshots, &dataset.id, dataset.version) {
            Ok(folders) => {
                folders.iter().any(|folder| !matches!(snapshot::lineage_of(folder), Ok(None)))
            }
            Err(_unreadable) => true,
        }
    })
}

/// Reads the key file, unless it is missing and needed by no snapshot.
fn existing(config: &Config, charter: &Charter) -> Result<Option<Key>, RecordError> {
    let path = &config.keys.record;
    let missing = std::fs::symlink_metadata(path)
        .is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if !missing {
        return Ok(Some(Key::load(path, KeyRole::Record)?));
    }
    if needed(config, charter) {
        return Err(RecordError::Lost { path: path.clone() });
    }
    Ok(None)
}

/// Checks that imports will have their secret. Changes nothing.
///
/// # Errors
/// `RecordError`.
pub fn check(config: &Config, charter: &Charter) -> Result<(), RecordError> {
    existing(config, charter).map(|_key| ())
}

/// The secret, of a key file that is made if it is missing and no snapshot needs it. Says whether it was made.
///
/// # Errors
/// `RecordError`.
pub fn secret(config: &Config, charter: &Charter) -> Result<(RecordSecret, bool), RecordError> {
    let path = &config.keys.record;
    let found = existing(config, charter)?;
    let made = found.is_none();
    let key = match found {
        Some(key) => key,
        None => Key::create(path, KeyRole::Record, config.hospital.as_str())?,
    };
    let secret = derived(&key);
    let secret = secret.map_err(|_unspecified| RecordError::Derive { path: path.clone() })?;
    Ok((secret, made))
}

fn derived(key: &Key) -> Result<RecordSecret, aws_lc_rs::error::Unspecified> {
    let (seed, mut bytes) = (key.seed(), Zeroizing::new([0; 32]));
    let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&*seed);
    secret.expand(&[PURPOSE], hkdf::HKDF_SHA256)?.fill(&mut *bytes)?;
    Ok(RecordSecret::new(&bytes))
}
