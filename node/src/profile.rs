//! A person's profile: which node, which key, and defaults for questions.

use std::path::{Path, PathBuf};

use policies::{GroupId, NetworkId, Purpose};
use serde::{Deserialize, Serialize};

use crate::language::Language;

/// A profile with absolute paths.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The node's local interface, e.g. `https://127.0.0.1:8443`.
    pub node_url: String,
    /// The certificate that the node's must be signed by, PEM.
    pub ca: PathBuf,
    /// The token to show.
    pub token_file: PathBuf,
    /// The person's key; signing stays with the client.
    pub key_file: PathBuf,
    /// Where `kring login` keeps the session: beside the profile, by its name.
    pub session_file: PathBuf,
    /// Default scope.
    pub scope: Option<NetworkId>,
    /// Default purpose.
    pub purpose: Option<Purpose>,
    /// Default tumour group.
    pub group: Option<GroupId>,
    /// The language of refusals.
    pub language: Language,
}

/// The shape of `profile.toml`; relative paths are relative to its folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// See [`Profile`].
    pub node_url: String,
    /// See [`Profile`].
    pub ca: PathBuf,
    /// See [`Profile`].
    pub token_file: PathBuf,
    /// See [`Profile`].
    pub key_file: PathBuf,
    /// See [`Profile`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<NetworkId>,
    /// See [`Profile`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
    /// See [`Profile`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<GroupId>,
    /// See [`Profile`].
    #[serde(default)]
    pub language: Language,
}

/// Why a profile cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// None named and no home folder.
    #[error("name a profile with --profile FILE or in KRING_PROFILE")]
    None,
    /// It cannot be read.
    #[error("cannot read profile {path}; name one with --profile FILE or in KRING_PROFILE")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// It has another shape.
    #[error("profile {path}: {message}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

impl Profile {
    /// Reads the named profile, or the person's own.
    ///
    /// # Errors
    /// `ProfileError`.
    pub fn load(named: Option<&Path>) -> Result<Self, ProfileError> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => {
                let home = std::env::home_dir().ok_or(ProfileError::None)?;
                home.join(".config/kring/profile.toml")
            }
        };
        let unreadable = |source| ProfileError::Unreadable { path: path.clone(), source };
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        let file: ProfileFile = toml::from_str(&text).map_err(|error| ProfileError::Malformed {
            path: path.clone(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let ProfileFile { node_url, ca, token_file, key_file, scope, purpose, group, language } =
            file;
        Ok(Self {
            node_url: node_url.trim_end_matches('/').to_owned(),
            ca: folder.join(ca),
            token_file: folder.join(token_file),
            key_file: folder.join(key_file),
            session_file: path.with_extension("session"),
            scope,
            purpose,
            group,
            language,
        })
    }
}
