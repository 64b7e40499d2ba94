//! What keeps a daemon from starting, and the charter that it starts with.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policies::chain::{ChainError, Line, Tree};
use policies::charter::Charter;
use policies::dataset::Dataset;
use policies::problem::Problem;
use policies::wire::LayerRef;
use policies::{OwnRules, UnixTime};

use super::keys;
use crate::charters;
use crate::charters::folder::FolderError;
use crate::charters::open::{FollowError, Followed, Mode};
use crate::clock::Clock;
use crate::config::Config;
use crate::files;
use crate::index::Index;
use crate::keys::noise::NoiseError;
use crate::keys::{KeyError, KeyRole};
use crate::log::{Event, OpenError, Reader, Store};
use crate::net::NetError;
use crate::pool::PoolError;
use crate::syslog::TlsError;
use crate::witness::DeskError;

#[cfg(test)]
mod tests;

/// Why the daemon does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The TLS library would write session keys to disk.
    #[error(
        "SSLKEYLOGFILE is set: it makes the TLS library write session keys to disk; unset it and start again"
    )]
    KeyLog,
    /// A key file.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The noise key.
    #[error(transparent)]
    Noise(#[from] NoiseError),
    /// The bundles that the configuration names.
    #[error("cannot read the charter {path}; ask the board for the sealed bundles, from version 1")]
    CharterFile {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<FolderError>,
    },
    /// The charters that the node keeps.
    #[error(transparent)]
    Charters(Box<FolderError>),
    /// The charter does not hold.
    #[error("the charter {path} is refused ({})", .source.code())]
    Charter {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<ChainError>,
    },
    /// A version's file says that it was accepted before the moment in the log.
    #[error(
        "the name of the file of version {version} in the folder of charters says that it was accepted at {named}, the log says at {logged}: give the file its name back, {version:010}-{}.kring",
        .logged.0
    )]
    AcceptedEarlier {
        /// The version.
        version: u64,
        /// What the name says.
        named: UnixTime,
        /// What the log says.
        logged: UnixTime,
    },
    /// This hospital is not in it.
    #[error(
        "{hospital} is not a member in version {version} of the charter; ask the board to add it"
    )]
    NotAMember {
        /// This hospital.
        hospital: policies::HospitalCode,
        /// The charter's version.
        version: u64,
    },
    /// Another key than the charter names.
    #[error(
        "the {role:?} key of this node is {own}, the charter names {named} at this moment; ask the board to change it, or use the right key file"
    )]
    OtherKey {
        /// Which key.
        role: KeyRole,
        /// This node's.
        own: Box<policies::dsse::PublicKey>,
        /// The charter's that are valid.
        named: String,
    },
    /// The file of the hospital's own rules.
    #[error("cannot read the hospital's own rules {path}; see `own_rules` in the configuration")]
    OwnRulesFile {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// What is wrong in it, all of it.
    #[error("{} problem(s) in the hospital's own rules:\n{}", .0.len(), crate::config::list(.0))]
    OwnRules(Vec<Problem>),
    /// The log.
    #[error(transparent)]
    Log(#[from] OpenError),
    /// The folder of texts beside the log.
    #[error("the folder of large texts beside the log cannot be made")]
    LogFolder(#[source] std::io::Error),
    /// The records of what this node cosigned.
    #[error(transparent)]
    Witness(#[from] DeskError),
    /// Files or folders that others may read or change.
    #[error("{}", .0.join("; "))]
    Exposed(Vec<String>),
    /// A folder.
    #[error("cannot make or open {path}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A snapshot that is damaged.
    #[error("the snapshot of dataset {dataset} cannot be used: run `kring import` again")]
    Snapshot {
        /// The dataset.
        dataset: policies::DatasetId,
        /// Why.
        #[source]
        source: query::snapshot::SnapshotError,
    },
    /// The workers.
    #[error(transparent)]
    Workers(#[from] PoolError),
    /// The network.
    #[error(transparent)]
    Net(#[from] NetError),
    /// The local interface.
    #[error("the local interface cannot start")]
    Http(#[source] std::io::Error),
    /// Forwarding of the log.
    #[error(transparent)]
    Syslog(#[from] TlsError),
}

impl StartError {
    /// The stable code of a charter that is refused; `None` for everything else.
    pub(super) fn charter_code(&self) -> Option<&'static str> {
        match self {
            Self::Charter { source, .. } => Some(source.code()),
            Self::Charters(error) => Some(error.code()),
            Self::NotAMember { .. } => Some("charter_not_a_member"),
            Self::OtherKey { .. } => Some("charter_other_key"),
            Self::AcceptedEarlier { .. } => Some("charter_accepted_earlier"),
            Self::KeyLog
            | Self::Key(_)
            | Self::Noise(_)
            | Self::CharterFile { .. }
            | Self::OwnRulesFile { .. }
            | Self::OwnRules(_)
            | Self::Log(_)
            | Self::LogFolder(_)
            | Self::Witness(_)
            | Self::Exposed(_)
            | Self::Folder { .. }
            | Self::Snapshot { .. }
            | Self::Workers(_)
            | Self::Net(_)
            | Self::Http(_)
            | Self::Syslog(_) => None,
        }
    }
}

/// Secrets that others may read, and folders that others may write to. Key files are checked where they are loaded.
#[must_use]
pub fn exposed(config: &Config) -> Vec<String> {
    let mode = |path: &Path| {
        std::fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777)
    };
    let mut found = Vec::new();
    for (what, path) in
        [("token", &config.http.token), ("key of the local interface", &config.http.key)]
    {
        let mode = mode(path);
        if mode & 0o077 != 0 {
            found.push(format!(
                "{what} {0} has mode {mode:03o}, others may have read it: make a new one and run `chmod 600 {0}`",
                path.display()
            ));
        }
    }
    if let Some(path) = &config.own_rules {
        let mode = mode(path);
        if mode & 0o022 != 0 {
            found.push(format!(
                "own rules {0} have mode {mode:03o}, others may write them: run `chmod 600 {0}`",
                path.display()
            ));
        }
    }
    let keys = config.keys.envelope.parent().unwrap_or(Path::new("."));
    for path in [config.state.as_path(), config.snapshots.as_path(), keys] {
        let mode = mode(path);
        if mode & 0o022 != 0 {
            found.push(format!(
                "folder {0} has mode {mode:03o}, others may write to it: run `chmod 700 {0}`",
                path.display()
            ));
        }
    }
    found
}

/// Opens the node's log, for this process alone.
///
/// # Errors
/// `OpenError`, also for a log of an older format: it is never passed over.
pub fn open_log(config: &Config) -> Result<Store, OpenError> {
    let old = config.state.join("events.log");
    if old.exists() {
        return Err(OpenError::OldFormat { path: old });
    }
    Store::open_folder(&config.log_folder())
}

/// The charter of each network that the node held last, by its log.
///
/// # Errors
/// `OpenError`.
pub fn held(log: &Reader, index: &Index) -> Result<Vec<LayerRef>, OpenError> {
    let mut held = Vec::new();
    for place in index.last_charters()? {
        let Event::CharterAccepted { layer, since: _ } = log.entry(place)?.event else {
            // Taking no charter for the last one would allow an older one.
            return Err(index.wrong("an entry that it names for a charter is none"));
        };
        held.push(layer);
    }
    Ok(held)
}

/// Checks that every snapshot is whole.
///
/// # Errors
/// `StartError::Snapshot`.
pub(super) fn check_snapshots(config: &Config, datasets: &[&Dataset]) -> Result<(), StartError> {
    for dataset in datasets {
        query::snapshot::current(&config.snapshots, &dataset.id, dataset.version)
            .and_then(|folder| {
                folder.map(|folder| query::snapshot::verify(&folder, false)).transpose()
            })
            .map_err(|source| StartError::Snapshot { dataset: dataset.id.clone(), source })?;
    }
    Ok(())
}

/// Name and text of the hospital's own rules, where the configuration names any.
///
/// # Errors
/// `StartError::OwnRulesFile`.
pub(super) fn own_text(config: &Config) -> Result<Option<(String, String)>, StartError> {
    let Some(path) = &config.own_rules else { return Ok(None) };
    let unreadable = |source| StartError::OwnRulesFile { path: path.clone(), source };
    files::own_text(path).map(Some).map_err(unreadable)
}

/// Reads the hospital's own rules, where the configuration names any, against the charter.
///
/// # Errors
/// `StartError::OwnRulesFile` or `StartError::OwnRules`.
pub fn own_rules(config: &Config, charter: &Charter) -> Result<Option<OwnRules>, StartError> {
    let Some((name, text)) = own_text(config)? else { return Ok(None) };
    charter.own_rules(&name, &text).map(Some).map_err(StartError::OwnRules)
}

/// The charters that the node kept, and those of the bundles that its configuration names; never fewer than `held`.
///
/// # Errors
/// `StartError`.
pub(super) fn follow(
    config: &Config,
    now: UnixTime,
    (held, mode): (&[LayerRef], Mode),
) -> Result<Followed, StartError> {
    let (path, folder) = (&config.charter, config.charters());
    let refused = |source| StartError::Charter { path: path.clone(), source: Box::new(source) };
    let bundles = match charters::folder::bundles(path) {
        Ok(bundles) => bundles,
        // What is kept is enough.
        Err(error) if error.is_not_found() && folder.is_begun() => Vec::new(),
        Err(error) => {
            let (path, source) = (path.clone(), Box::new(error));
            return Err(StartError::CharterFile { path, source });
        }
    };
    let begun = !held.is_empty();
    let take = |mode| {
        let followed = charters::open::follow(&folder, (config.root, &bundles), (now, begun), mode);
        followed.map_err(|error| match error {
            FollowError::Folder(error) => StartError::Charters(Box::new(error)),
            FollowError::Bundle(source) => refused(source),
        })
    };
    // Nothing is stored before it is held against what the log names.
    let followed = take(Mode::Look)?;
    held.iter().try_for_each(|held| goes_on(&followed.tree, held)).map_err(refused)?;
    match mode {
        Mode::Store if !followed.accepted.is_empty() => take(Mode::Store),
        Mode::Store | Mode::Look => Ok(followed),
    }
}

/// Whether the chain goes on from what the log says that the node followed.
fn goes_on(tree: &Tree, held: &LayerRef) -> Result<(), ChainError> {
    let Some(line) = tree.line(&held.network) else {
        // One that its parent lists no more has no say, and may be gone.
        if *tree.network() != held.network && !tree.awaits(&held.network) {
            return Ok(());
        }
        let (expected, got) = (held.network.clone(), tree.network().clone());
        return Err(ChainError::OtherNetwork { expected, got });
    };
    let tip = line.tip();
    match line.version(held.version) {
        None => Err(ChainError::Rollback { held: held.version, got: tip.version }),
        Some(version) if version.layer().digest != held.digest => {
            Err(ChainError::Fork { version: held.version })
        }
        Some(_) => Ok(()),
    }
}

/// The newest charter that the node has, in force or not, for a command that looks.
///
/// # Errors
/// `StartError`.
pub fn newest_charter(config: &Config, now: UnixTime) -> Result<Arc<Charter>, StartError> {
    let followed = follow(config, now, (&[], Mode::Look))?;
    let none = || StartError::Charter {
        path: config.charter.clone(),
        source: Box::new(ChainError::Empty),
    };
    followed.tree.root().and_then(Line::newest_charter).cloned().ok_or_else(none)
}

/// The charters in force, with the people and data of every network that the hospital is in, for a command that looks.
///
/// # Errors
/// `StartError`.
pub fn open_charter(
    config: &Config,
    clock: &dyn Clock,
    held: &[LayerRef],
) -> Result<Arc<Charter>, StartError> {
    let now = clock.now();
    let followed = follow(config, now, (held, Mode::Look))?;
    let whole = followed.tree.whole(&config.hospital, now);
    let whole = whole.map_err(|error| StartError::Charter {
        path: config.charter.clone(),
        source: Box::new(error.into()),
    })?;
    keys::belongs(config, &whole, now)?;
    Ok(Arc::new(whole))
}
