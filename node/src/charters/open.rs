//! The charters that a node starts with: those that it kept, and the bundles that its configuration names.
//!
//! A bundle that is new is held against the newest that is kept, and only then stored. Whoever brings several brings them in
//! any order.

use std::collections::BTreeMap;
use std::path::Path;

use policies::bundle::{self, Inspected};
use policies::chain::{ChainError, Line, Tree};
use policies::statement::Revocations;
use policies::wire::LayerRef;
use policies::{Digest, NetworkId, UnixTime};

use super::folder::{Folder, FolderError, Kept, Said};
use super::revoked_in;

/// What a node follows.
#[derive(Debug)]
pub struct Followed {
    /// The versions of every network.
    pub tree: Tree,
    /// What was said of each.
    pub said: BTreeMap<NetworkId, Said>,
    /// What was accepted just now, with the moment from which it counts as accepted.
    pub accepted: Vec<(LayerRef, UnixTime)>,
}

/// Why a node does not follow what it is given.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// What it kept.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A bundle that its configuration names.
    #[error("a bundle of the configuration is refused ({})", .0.code())]
    Bundle(#[source] ChainError),
}

impl FollowError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Folder(error) => error.code(),
            Self::Bundle(source) => source.code(),
        }
    }
}

/// Whether what is new is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is: by the daemon.
    Store,
    /// It is not: by commands that look.
    Look,
}

/// Reads what is kept and takes the bundles that are new; `begun` where this node followed a charter before, whatever is kept of it.
///
/// # Errors
/// `FollowError`; what was refused is not stored.
pub fn follow(
    folder: &Folder,
    (root, bundles): (Digest, &[Vec<u8>]),
    (now, begun): (UnixTime, bool),
    mode: Mode,
) -> Result<Followed, FollowError> {
    let kept = folder.read(now)?;
    let begun = begun || kept.tree.is_some();
    take_all(folder, kept, (root, bundles), (now, begun, mode)).map(|(followed, _left)| followed)
}

/// Takes what can be taken; the bundles that are left, of networks that no newest charter lists.
fn take_all<'b>(
    folder: &Folder,
    Kept { tree, said }: Kept,
    (root, bundles): (Digest, &'b [Vec<u8>]),
    (now, begun, mode): (UnixTime, bool, Mode),
) -> Result<(Followed, Vec<&'b [u8]>), FollowError> {
    let mut taking =
        Taking { folder, root, now, mode, begun, said: &said, tree, accepted: Vec::new() };
    let mut left: Vec<&'b [u8]> = bundles.iter().map(Vec::as_slice).collect();
    let unlisted = loop {
        let (before, mut later) = (left.len(), Vec::new());
        for bytes in left {
            match taking.take(bytes)? {
                Taken::Done => {}
                Taken::Later(source) => later.push((bytes, source)),
            }
        }
        if later.len() == before {
            // What nobody lists any more, or not yet, is no reason to follow nothing.
            let fatal = later.iter().find(|(_, source)| !is_unlisted(source));
            let Some((_, source)) = fatal else {
                break later.into_iter().map(|(bytes, _)| bytes).collect();
            };
            return Err(FollowError::Bundle(source.clone()));
        }
        left = later.into_iter().map(|(bytes, _)| bytes).collect();
    };
    let Taking { tree, accepted, .. } = taking;
    let none = || FollowError::Bundle(ChainError::Empty);
    Ok((Followed { tree: tree.ok_or_else(none)?, said, accepted }, unlisted))
}

/// Whether a bundle is of a network that no charter lists, or ahead of the one above it: told, and left.
fn is_unlisted(source: &ChainError) -> bool {
    let left = matches!(source, ChainError::NotAChild { .. } | ChainError::ParentBehind { .. });
    if left {
        tracing::warn!(%source, "a bundle of the configuration is left out");
    }
    left
}

/// The versions of these bundles, for who keeps none: each as if accepted when it began.
///
/// # Errors
/// `FollowError`.
pub fn tree_of(root: Digest, bundles: &[Vec<u8>]) -> Result<Tree, FollowError> {
    // Nothing is read of this folder in this mode, and nothing is stored.
    let folder = Folder::new(Path::new(""), root);
    take_all(&folder, Kept::default(), (root, bundles), (UnixTime(0), false, Mode::Look))
        .map(|(followed, _left)| followed.tree)
}

/// The same for who looks back: with the networks that an older charter lists and the newest does not.
///
/// # Errors
/// `FollowError`.
pub fn tree_that_was(root: Digest, bundles: &[Vec<u8>]) -> Result<Tree, FollowError> {
    let folder = Folder::new(Path::new(""), root);
    let nothing = (UnixTime(0), false, Mode::Look);
    let (Followed { mut tree, .. }, left) =
        take_all(&folder, Kept::default(), (root, bundles), nothing)?;
    // Each as if accepted when it began, in order of their numbers.
    let mut networks: BTreeMap<NetworkId, BTreeMap<u64, (&[u8], UnixTime)>> = BTreeMap::new();
    for bytes in left {
        if let Ok(Inspected { charter, .. }) = bundle::inspect(bytes) {
            let versions = networks.entry(charter.network().clone()).or_default();
            versions.insert(charter.version(), (bytes, charter.valid_from()));
        }
    }
    loop {
        let before = networks.len();
        networks.retain(|_, versions| {
            let stored: Vec<(&[u8], UnixTime)> = versions.values().copied().collect();
            tree.read_below(stored, UnixTime(0)).is_err()
        });
        if networks.len() == before {
            return Ok(tree);
        }
    }
}

struct Taking<'f> {
    folder: &'f Folder,
    root: Digest,
    now: UnixTime,
    mode: Mode,
    /// Whether this node followed a charter before.
    begun: bool,
    said: &'f BTreeMap<NetworkId, Said>,
    tree: Option<Tree>,
    accepted: Vec<(LayerRef, UnixTime)>,
}

/// What became of a bundle.
enum Taken {
    /// It is taken, or was before.
    Done,
    /// A version before it, or one above it, is missing.
    Later(ChainError),
}

impl Taking<'_> {
    fn take(&mut self, bytes: &[u8]) -> Result<Taken, FollowError> {
        let Some(tree) = &mut self.tree else {
            return match Line::first(bytes, self.root, self.now, Revocations::none()) {
                Ok(line) => {
                    self.keep(line.tip().clone(), bytes, self.now)?;
                    self.tree = Some(Tree::from(line));
                    Ok(Taken::Done)
                }
                Err(other @ ChainError::OtherRoot { .. }) => Ok(Taken::Later(other)),
                Err(error) => Err(FollowError::Bundle(error)),
            };
        };
        let said = self.said;
        let next = match tree.check(bytes, &|network| revoked_in(tree, said, network)) {
            Ok(next) => next,
            Err(ChainError::Held { .. } | ChainError::Rollback { .. }) => return Ok(Taken::Done),
            Err(
                missing @ (ChainError::Skipped { .. }
                | ChainError::NotAChild { .. }
                | ChainError::ParentBehind { .. }),
            ) => return Ok(Taken::Later(missing)),
            Err(error) => return Err(FollowError::Bundle(error)),
        };
        // Nobody relied on an older version where there was none.
        let at = if self.begun { self.now } else { next.valid_from() };
        let layer = next.layer().clone();
        tree.accept(next, at).map_err(FollowError::Bundle)?;
        self.keep(layer, bytes, at)?;
        Ok(Taken::Done)
    }

    fn keep(&mut self, layer: LayerRef, bytes: &[u8], at: UnixTime) -> Result<(), FolderError> {
        let shelf = match &self.tree {
            Some(tree) => self.folder.of(tree, &layer.network),
            None => self.folder.root(),
        };
        match self.mode {
            Mode::Store => shelf.store((&layer, bytes), at)?,
            Mode::Look => {}
        }
        self.accepted.push((layer, at));
        Ok(())
    }
}
