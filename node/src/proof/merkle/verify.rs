//! Checking proofs with nothing but hashes: RFC 9162 sections 2.1.3.2 and 2.1.4.2.
//!
//! A proof is only as good as the head that it is compared with; where that comes from is not decided here. A root alone
//! does not fix the size of its tree, so heads are compared whole.

use super::{Head, TreeHash, node_hash};

/// A proof that one entry is in a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// The entry's index.
    pub index: u64,
    /// Leaves of the tree.
    pub size: u64,
    /// Hashes from the leaf up.
    pub path: Vec<TreeHash>,
}

/// A proof that a tree continues an older one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consistency {
    /// Leaves of the older tree.
    pub old: u64,
    /// Leaves of the younger tree.
    pub new: u64,
    /// Hashes from the older tree's edge up.
    pub path: Vec<TreeHash>,
}

/// Why a proof proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// The sizes do not go together.
    #[error(
        "the proof speaks of place {at} in a tree of {size} entries, which are not the sizes asked for"
    )]
    Sizes {
        /// The index, or the older size.
        at: u64,
        /// The size of the tree.
        size: u64,
    },
    /// Hashes are missing or left over.
    #[error("the proof has {got} hashes, which is not the number that its sizes ask for")]
    Length {
        /// Hashes given.
        got: usize,
    },
    /// The hashes lead to another root.
    #[error("the proof leads to root {got}, expected {expected}")]
    Root {
        /// The root it must lead to.
        expected: TreeHash,
        /// The root it leads to.
        got: TreeHash,
    },
}

impl BadProof {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Sizes { .. } => "proof_sizes",
            Self::Length { .. } => "proof_length",
            Self::Root { .. } => "proof_root",
        }
    }
}

impl Inclusion {
    /// Checks that the entry with hash `leaf` is at this index of the tree with this head.
    ///
    /// # Errors
    /// `BadProof`.
    pub fn verify(&self, leaf: &TreeHash, head: &Head) -> Result<(), BadProof> {
        let Self { index, size, path } = self;
        if index >= size || *size != head.size {
            return Err(BadProof::Sizes { at: *index, size: *size });
        }
        let length = BadProof::Length { got: path.len() };
        let (mut place, mut last) = (*index, size.saturating_sub(1));
        let mut hash = *leaf;
        for sibling in path {
            if last == 0 {
                return Err(length);
            }
            if place & 1 == 1 || place == last {
                hash = node_hash(sibling, &hash);
                skip_missing(&mut place, &mut last);
            } else {
                hash = node_hash(&hash, sibling);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        if last != 0 {
            return Err(length);
        }
        expect(&head.root, hash)
    }
}

impl Consistency {
    /// Checks that the tree with head `younger` continues the one with head `older`.
    ///
    /// # Errors
    /// `BadProof`.
    pub fn verify(&self, older: &Head, younger: &Head) -> Result<(), BadProof> {
        let Self { old, new, path } = self;
        let length = BadProof::Length { got: path.len() };
        if old > new || *old != older.size || *new != younger.size {
            return Err(BadProof::Sizes { at: *old, size: *new });
        }
        if *old == 0 || old == new {
            let expected_old = if *old == 0 { super::empty_root() } else { younger.root };
            if !path.is_empty() {
                return Err(length);
            }
            return expect(&older.root, expected_old);
        }
        let (mut place, mut last) = (old.saturating_sub(1), new.saturating_sub(1));
        // The old tree's edge: what lies under complete nodes only is in the proof as one hash.
        let shift = place.trailing_ones();
        (place, last) = (place >> shift, last >> shift);
        let mut hashes = path.iter();
        let seed = if place == 0 { Some(&older.root) } else { hashes.next() };
        let Some(seed) = seed else { return Err(length) };
        let (mut old_hash, mut new_hash) = (*seed, *seed);
        for sibling in hashes {
            if last == 0 {
                return Err(length);
            }
            if place & 1 == 1 || place == last {
                old_hash = node_hash(sibling, &old_hash);
                new_hash = node_hash(sibling, &new_hash);
                skip_missing(&mut place, &mut last);
            } else {
                new_hash = node_hash(&new_hash, sibling);
            }
            (place, last) = (place >> 1, last >> 1);
        }
        if last != 0 {
            return Err(length);
        }
        expect(&older.root, old_hash)?;
        expect(&younger.root, new_hash)
    }
}

/// A node at the right edge that is a left child has no sibling: it is its own parent until it is a right child.
fn skip_missing(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        (*place, *last) = (*place >> 1, *last >> 1);
    }
}

fn expect(expected: &TreeHash, got: TreeHash) -> Result<(), BadProof> {
    if *expected == got {
        return Ok(());
    }
    Err(BadProof::Root { expected: *expected, got })
}
