//! The charters that a node starts with: those that it kept, and the bundles that its configuration names.
//!
//! A bundle that is new is held against the newest that is kept, and only then stored. Whoever brings several brings them in
//! any order.

use std::path::Path;

use policies::chain::{ChainError, Line};
use policies::statement::{Fresh, Revocations};
use policies::wire::LayerRef;
use policies::{Digest, UnixTime};

use super::folder::{Folder, FolderError, Kept};

/// What a node follows.
#[derive(Debug)]
pub struct Followed {
    /// The versions.
    pub line: Line,
    /// Revoked keys.
    pub revoked: Revocations,
    /// The last word on freshness.
    pub fresh: Option<Fresh>,
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
    let begun = begun || kept.line.is_some();
    take_all(folder, kept, (root, bundles), (now, begun, mode))
}

fn take_all(
    folder: &Folder,
    Kept { line, revoked, fresh }: Kept,
    (root, bundles): (Digest, &[Vec<u8>]),
    (now, begun, mode): (UnixTime, bool, Mode),
) -> Result<Followed, FollowError> {
    let mut taking = Taking { folder, root, now, mode, begun, line, accepted: Vec::new() };
    let mut left: Vec<&Vec<u8>> = bundles.iter().collect();
    loop {
        let (before, mut later) = (left.len(), Vec::new());
        for bytes in left {
            match taking.take(bytes, &revoked)? {
                Taken::Done => {}
                Taken::Later(source) => later.push((bytes, source)),
            }
        }
        if later.len() == before {
            let Some((_, source)) = later.into_iter().next() else { break };
            return Err(FollowError::Bundle(source));
        }
        left = later.into_iter().map(|(bytes, _)| bytes).collect();
    }
    let Taking { line, accepted, .. } = taking;
    let none = || FollowError::Bundle(ChainError::Empty);
    Ok(Followed { line: line.ok_or_else(none)?, revoked, fresh, accepted })
}

/// The versions of these bundles, for who keeps none: each as if accepted when it began.
///
/// # Errors
/// `FollowError`.
pub fn line_of(root: Digest, bundles: &[Vec<u8>]) -> Result<Line, FollowError> {
    // Nothing is read of this folder in this mode, and nothing is stored.
    let folder = Folder::new(Path::new(""), root);
    take_all(&folder, Kept::default(), (root, bundles), (UnixTime(0), false, Mode::Look))
        .map(|followed| followed.line)
}

struct Taking<'f> {
    folder: &'f Folder,
    root: Digest,
    now: UnixTime,
    mode: Mode,
    /// Whether this node followed a charter before.
    begun: bool,
    line: Option<Line>,
    accepted: Vec<(LayerRef, UnixTime)>,
}

/// What became of a bundle.
enum Taken {
    /// It is taken, or was before.
    Done,
    /// A version before it is missing.
    Later(ChainError),
}

impl Taking<'_> {
    fn take(&mut self, bytes: &[u8], revoked: &Revocations) -> Result<Taken, FollowError> {
        let Some(line) = &mut self.line else {
            return match Line::first(bytes, self.root, self.now, revoked) {
                Ok(line) => {
                    self.keep(line.tip().clone(), bytes, self.now)?;
                    self.line = Some(line);
                    Ok(Taken::Done)
                }
                Err(other @ ChainError::OtherRoot { .. }) => Ok(Taken::Later(other)),
                Err(error) => Err(FollowError::Bundle(error)),
            };
        };
        let next = match line.check(bytes, revoked) {
            Ok(next) => next,
            Err(ChainError::Held { .. } | ChainError::Rollback { .. }) => return Ok(Taken::Done),
            Err(skipped @ ChainError::Skipped { .. }) => return Ok(Taken::Later(skipped)),
            Err(error) => return Err(FollowError::Bundle(error)),
        };
        // Nobody relied on an older version where there was none.
        let at = if self.begun { self.now } else { next.valid_from() };
        let layer = next.layer().clone();
        line.accept(next, at).map_err(FollowError::Bundle)?;
        self.keep(layer, bytes, at)?;
        Ok(Taken::Done)
    }

    fn keep(&mut self, layer: LayerRef, bytes: &[u8], at: UnixTime) -> Result<(), FolderError> {
        match self.mode {
            Mode::Store => self.folder.store((&layer, bytes), at)?,
            Mode::Look => {}
        }
        self.accepted.push((layer, at));
        Ok(())
    }
}
