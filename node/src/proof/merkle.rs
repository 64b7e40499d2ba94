//! The Merkle tree of RFC 6962 section 2 (RFC 9162 section 2.1) over the bytes of the log's entries, with SHA-256.
//!
//! A leaf is `SHA-256(0x00 || entry)`, a node `SHA-256(0x01 || left || right)`, the empty tree `SHA-256("")`; a tree of
//! `n` leaves splits at the largest power of two below `n`. [`Frontier`] grows with the log and gives its root;
//! [`prove`] makes proofs from stored hashes, [`verify`] checks them without any. Where hashes are stored is the
//! caller's concern: [`nodes`] has the seam.

use sha2::Digest as _;

pub mod frontier;
pub mod nodes;
pub mod prove;
pub mod verify;

pub use frontier::{BadFrontier, Frontier};
pub use nodes::{Inner, Kept, Leaves, Nodes};
pub use prove::{ProveError, after, consistency, frontier, inclusion};
pub use verify::{BadProof, Consistency, Inclusion};

/// Most hashes of one side of a proof: a tree has fewer than 2^63 leaves.
pub const MAX_PATH: usize = 63;

/// A hash of the tree: a leaf, a node or a root.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash([u8; 32]);

impl TreeHash {
    /// Wraps the bytes of a hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 lower-case hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return None;
        }
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Self(bytes))
    }

    /// The hash's bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Display for TreeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl std::fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TreeHash({self})")
    }
}

/// The head of a tree: what a checkpoint states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Leaves.
    pub size: u64,
    /// The root over them.
    pub root: TreeHash,
}

/// The hash of an entry, given its exact bytes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> TreeHash {
    TreeHash(sha2::Sha256::new().chain_update([0]).chain_update(entry).finalize().into())
}

/// The hash of a node over its two children.
#[must_use]
pub fn node_hash(left: &TreeHash, right: &TreeHash) -> TreeHash {
    let hash = sha2::Sha256::new().chain_update([1]).chain_update(left.0).chain_update(right.0);
    TreeHash(hash.finalize().into())
}

/// The root of the tree without leaves.
#[must_use]
pub fn empty_root() -> TreeHash {
    TreeHash(sha2::Sha256::digest(b"").into())
}

/// The largest power of two below `size`, where a tree of `size > 1` leaves splits.
fn split(size: u64) -> u64 {
    let last = size.saturating_sub(1);
    1_u64.checked_shl(63_u32.saturating_sub(last.leading_zeros())).unwrap_or(0)
}

#[cfg(test)]
mod tests;
