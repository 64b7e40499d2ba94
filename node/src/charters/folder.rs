//! What a node keeps of its networks' charters on disk: every version that it accepted, revocations, and the last word that
//! the newest is the newest.
//!
//! What is of the root's network lies in `charter/ROOT`, what is of one below it in `charter/ROOT/below/NETWORK`.
//! `VERSION-MOMENT.kring` holds the exact bytes of a version, and its name the moment when it was accepted, in
//! seconds since 1970. A file is whole or not there. What is read is checked again as if a peer had sent it, but for the rules
//! of versions that hold no more.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use policies::chain::{ChainError, Line, Tree};
use policies::statement::{Fresh, Freshness, Revocation, Revocations, Revoked, StatementError};
use policies::wire::LayerRef;
use policies::{Digest, NetworkId, UnixTime, bundle};
use query::snapshot::durable;

/// What ends the name of a bundle and of a statement.
const ENDING: &str = "kring";
/// The file of the last word on freshness.
const FRESH: &str = "fresh.kring";
/// The folder of revocations.
const REVOKED: &str = "revoked";
/// The folder of networks below the root's.
const BELOW: &str = "below";
/// Most bytes that are read of a file.
const MAX_FILE_BYTES: usize = bundle::MAX_BUNDLE_BYTES;

/// The folder of the charters under one root.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    root: Digest,
}

/// The folder of one network's charters.
#[derive(Clone, Debug)]
pub struct Shelf {
    path: PathBuf,
}

/// What is kept under one root.
#[derive(Debug, Default)]
pub struct Kept {
    /// The accepted versions, if any.
    pub tree: Option<Tree>,
    /// What was said of each network.
    pub said: BTreeMap<NetworkId, Said>,
}

/// What was said of a network between two versions.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Revoked keys.
    pub revoked: Revocations,
    /// The last word on freshness.
    pub fresh: Option<Fresh>,
}

/// Why what is kept cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// The file system.
    #[error("{path}: {doing} failed")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// The system's reason.
        #[source]
        source: std::io::Error,
    },
    /// A name that this node does not give.
    #[error("{path} is not a file of this folder: remove it")]
    Name {
        /// The file.
        path: PathBuf,
    },
    /// A version that is not what it was.
    #[error("the charters in {path} are not what this node accepted ({}): put the board's bundles of every version into the folder that `bundle` names, and remove this one", .source.code())]
    Chain {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: ChainError,
    },
    /// A statement that is not what it was.
    #[error("{path} is not what this node accepted ({}): remove it, other nodes send it again", .source.code())]
    Statement {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: StatementError,
    },
}

impl FolderError {
    /// Whether a file is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Io { source, .. } => source.kind() == std::io::ErrorKind::NotFound,
            Self::Name { .. } | Self::Chain { .. } | Self::Statement { .. } => false,
        }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "charter_folder",
            Self::Name { .. } => "charter_folder_name",
            Self::Chain { source, .. } => source.code(),
            Self::Statement { source, .. } => source.code(),
        }
    }
}

fn io(path: &Path, doing: &'static str) -> impl FnOnce(std::io::Error) -> FolderError {
    move |source| FolderError::Io { path: path.to_owned(), doing, source }
}

impl Folder {
    /// The folder below a node's state for the networks under this pin.
    #[must_use]
    pub fn new(charters: &Path, root: Digest) -> Self {
        Self { path: charters.join(root.to_string()), root }
    }

    /// Whether a version was ever accepted.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.root().versions().is_ok_and(|versions| !versions.is_empty())
    }

    /// Where the root's network is kept.
    #[must_use]
    pub fn root(&self) -> Shelf {
        Shelf { path: self.path.clone() }
    }

    /// Where a network of the tree is kept.
    #[must_use]
    pub fn of(&self, tree: &Tree, network: &NetworkId) -> Shelf {
        if tree.network() == network { self.root() } else { self.below(network.as_str()) }
    }

    fn below(&self, network: &str) -> Shelf {
        Shelf { path: self.path.join(BELOW).join(network) }
    }

    /// Reads all of it; nothing where it is not there.
    ///
    /// # Errors
    /// `FolderError`.
    pub fn read(&self, now: UnixTime) -> Result<Kept, FolderError> {
        let mut kept = Kept::default();
        let shelf = self.root();
        let stored = shelf.stored()?;
        if stored.is_empty() {
            return Ok(kept);
        }
        let line = Line::read(stored, self.root, now).map_err(|source| shelf.chain(source))?;
        kept.said.insert(line.network().clone(), shelf.said(&line, now)?);
        let mut tree = Tree::from(line);
        let mut left = self.shelves()?;
        // A network is read after the one above it, whatever their names.
        while !left.is_empty() {
            let (before, mut later) = (left.len(), Vec::new());
            for (network, shelf) in left {
                match tree.read_below(shelf.stored()?, now) {
                    Ok(()) => {
                        if let Some(line) = tree.line(&network) {
                            let said = shelf.said(line, now)?;
                            kept.said.insert(network, said);
                        }
                    }
                    Err(source @ ChainError::NotAChild { .. }) => {
                        later.push((network, shelf, source));
                    }
                    Err(source) => return Err(shelf.chain(source)),
                }
            }
            if later.len() == before {
                let Some((_, shelf, source)) = later.into_iter().next() else { break };
                return Err(shelf.chain(source));
            }
            left = later.into_iter().map(|(network, shelf, _)| (network, shelf)).collect();
        }
        kept.tree = Some(tree);
        Ok(kept)
    }

    /// The networks below the root's of which a version is kept.
    fn shelves(&self) -> Result<Vec<(NetworkId, Shelf)>, FolderError> {
        let folder = self.path.join(BELOW);
        let mut shelves = Vec::new();
        for path in entries(&folder)? {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let network =
                NetworkId::new(name).map_err(|_other| FolderError::Name { path: path.clone() })?;
            let shelf = self.below(name);
            // One that was made before a crash holds nothing yet.
            if !shelf.versions()?.is_empty() {
                shelves.push((network, shelf));
            }
        }
        Ok(shelves)
    }
}

impl Shelf {
    fn chain(&self, source: ChainError) -> FolderError {
        FolderError::Chain { path: self.path.clone(), source }
    }

    /// The bytes of every version in order, with the moment when it was accepted.
    fn stored(&self) -> Result<Vec<(Vec<u8>, UnixTime)>, FolderError> {
        let versions = self.versions()?.into_iter();
        versions.map(|(_, accepted_at, path)| Ok((read(&path)?, accepted_at))).collect()
    }

    fn said(&self, line: &Line, now: UnixTime) -> Result<Said, FolderError> {
        let mut said = Said::default();
        for path in files(&self.path.join(REVOKED))? {
            let statement = |source| FolderError::Statement { path: path.clone(), source };
            let revoked = Revocation::stored(&read(&path)?, line).map_err(statement)?;
            said.revoked.insert(revoked).map_err(statement)?;
        }
        let fresh = self.path.join(FRESH);
        if fresh.exists() {
            // One that has ended, or that a later version is after, is as good as none.
            said.fresh = Freshness::verify(&read(&fresh)?, line, &said.revoked, now).ok();
        }
        Ok(said)
    }

    /// The exact bytes of a version, if it is kept.
    ///
    /// # Errors
    /// `FolderError`.
    pub fn bundle(&self, version: u64) -> Result<Option<Vec<u8>>, FolderError> {
        let found = self.versions()?.into_iter().find(|(number, ..)| *number == version);
        found.map(|(_, _, path)| read(&path)).transpose()
    }

    /// Stores a checked version, so that it is whole after a crash or not there.
    ///
    /// # Errors
    /// `FolderError::Io`.
    pub fn store(
        &self,
        (layer, bytes): (&LayerRef, &[u8]),
        accepted_at: UnixTime,
    ) -> Result<(), FolderError> {
        let name = format!("{:010}-{}.{ENDING}", layer.version, accepted_at.0);
        // One of the same version was stored before a crash and never accepted.
        for (version, _, path) in self.versions()? {
            if version == layer.version {
                std::fs::remove_file(&path).map_err(io(&path, "removing"))?;
            }
        }
        self.replace(&self.path.join(name), bytes)
    }

    /// Stores a revocation.
    ///
    /// # Errors
    /// `FolderError::Io`.
    pub fn revoke(&self, revoked: &Revoked) -> Result<(), FolderError> {
        let name = format!("{}.{ENDING}", revoked.id());
        self.replace(&self.path.join(REVOKED).join(name), revoked.bytes())
    }

    /// Stores the last word on freshness.
    ///
    /// # Errors
    /// `FolderError::Io`.
    pub fn freshen(&self, fresh: &Fresh) -> Result<(), FolderError> {
        self.replace(&self.path.join(FRESH), fresh.bytes())
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
        let folder = path.parent().unwrap_or(&self.path);
        durable::create_folder(folder).map_err(io(folder, "making the folder"))?;
        durable::replace(path, bytes).map_err(io(path, "writing"))
    }

    /// Every stored version with the moment when it was accepted, in order.
    fn versions(&self) -> Result<Vec<(u64, UnixTime, PathBuf)>, FolderError> {
        let mut versions = Vec::new();
        for path in files(&self.path)? {
            if path.file_name().is_some_and(|name| name == FRESH) {
                continue;
            }
            let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            let parts = stem.split_once('-').and_then(|(version, moment)| {
                Some((version.parse().ok()?, UnixTime(moment.parse().ok()?)))
            });
            let (version, accepted_at) =
                parts.ok_or_else(|| FolderError::Name { path: path.clone() })?;
            versions.push((version, accepted_at, path));
        }
        versions.sort();
        Ok(versions)
    }
}

/// The bundles and statements of a folder, in order of their names; none where it is not there.
fn files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == ENDING));
    Ok(files)
}

/// Everything in a folder, in order of names; nothing where it is not there.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(folder, "reading the folder")(error)),
    };
    let path = |entry: std::io::Result<std::fs::DirEntry>| entry.map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries
        .map(|entry| path(entry).map_err(io(folder, "reading the folder")))
        .collect::<Result<_, _>>()?;
    found.sort();
    Ok(found)
}

/// The bytes of a bundle, or of every bundle of a folder.
///
/// # Errors
/// `FolderError::Io`.
pub fn bundles(path: &Path) -> Result<Vec<Vec<u8>>, FolderError> {
    if path.is_dir() {
        return files(path)?.iter().map(|path| read(path)).collect();
    }
    Ok(vec![read(path)?])
}

/// A file's bytes; no more is read of it than shows that it is larger than any bundle.
fn read(path: &Path) -> Result<Vec<u8>, FolderError> {
    crate::files::read_some(path, MAX_FILE_BYTES).map_err(io(path, "reading"))
}
