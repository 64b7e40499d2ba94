//! Signed checkpoints of this log: who signs them, and what the store reads of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::proof::merkle::{Head, TreeHash};

/// Signs the heads of the log.
pub trait Signer: Send + std::fmt::Debug {
    /// A signed note over the head: origin, size and root, a line each, then an empty line and signatures.
    fn sign(&self, head: &Head) -> String;
}

/// Size and root of a checkpoint's note, its signatures not looked at.
pub(super) fn stated(note: &str) -> Option<Head> {
    let mut lines = note.lines().skip(1);
    let size = lines.next()?.parse().ok()?;
    let root = STANDARD.decode(lines.next()?).ok()?;
    Some(Head { size, root: TreeHash::from_bytes(root.try_into().ok()?) })
}
