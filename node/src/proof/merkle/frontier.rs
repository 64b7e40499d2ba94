//! The compact range of a growing tree: its size and the roots of its complete subtrees, at most 63 hashes.
//!
//! It is all that appending needs. Its bytes are not secret and not trusted: whoever reads them back compares the root
//! with a signed checkpoint.

use super::{Head, TreeHash, empty_root, node_hash};

/// The right edge of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One root for each set bit of `size`, the largest subtree first.
    peaks: Vec<TreeHash>,
}

/// A frontier that does not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frontier of a tree of {size} leaves has {expected} hashes, got {got} bytes of them")]
pub struct BadFrontier {
    /// The size as given.
    pub size: u64,
    /// Hashes that a tree of this size has.
    pub expected: u32,
    /// Bytes given.
    pub got: usize,
}

/// The complete subtrees that lead from a tree of `from` leaves to one of `to`, from left to right: each the largest that
/// fits, as level and index at that level.
pub fn following(from: u64, to: u64) -> impl Iterator<Item = (u32, u64)> {
    let mut at = from;
    std::iter::from_fn(move || {
        let level = to.checked_sub(at)?.checked_ilog2()?.min(at.trailing_zeros());
        let found = (level, at >> level);
        at = at.saturating_add(1 << level);
        Some(found)
    })
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A tree of `size` leaves with the given complete subtrees, the largest first.
    ///
    /// # Errors
    /// `BadFrontier` when the number of hashes is not the one of this size.
    pub fn from_parts(size: u64, peaks: Vec<TreeHash>) -> Result<Self, BadFrontier> {
        let expected = size.count_ones();
        if usize::try_from(expected) != Ok(peaks.len()) || size > i64::MAX.unsigned_abs() {
            return Err(BadFrontier { size, expected, got: peaks.len().saturating_mul(32) });
        }
        Ok(Self { size, peaks })
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: TreeHash) {
        let mut hash = leaf;
        let mut merged = self.size;
        while merged & 1 == 1 {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
            merged >>= 1;
        }
        self.peaks.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// Appends the complete subtrees that follow, as [`following`] lists them up to a tree of `size` leaves.
    ///
    /// # Errors
    /// `BadFrontier` when their number is not the one of these sizes.
    pub fn extend(&mut self, size: u64, roots: &[TreeHash]) -> Result<(), BadFrontier> {
        let levels: Vec<u32> = following(self.size, size).map(|(level, _)| level).collect();
        if levels.len() != roots.len() || size < self.size {
            let expected = u32::try_from(levels.len()).unwrap_or(u32::MAX);
            return Err(BadFrontier { size, expected, got: roots.len().saturating_mul(32) });
        }
        for (level, root) in levels.into_iter().zip(roots) {
            let (mut hash, mut merged) = (*root, self.size >> level);
            while merged & 1 == 1 {
                if let Some(left) = self.peaks.pop() {
                    hash = node_hash(&left, &hash);
                }
                merged >>= 1;
            }
            self.peaks.push(hash);
            self.size = self.size.saturating_add(1 << level);
        }
        Ok(())
    }

    /// Leaves so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the complete subtrees, the largest first.
    #[must_use]
    pub fn peaks(&self) -> &[TreeHash] {
        &self.peaks
    }

    /// The root of the tree.
    #[must_use]
    pub fn root(&self) -> TreeHash {
        let mut smallest_first = self.peaks.iter().rev();
        let Some(first) = smallest_first.next() else { return empty_root() };
        smallest_first.fold(*first, |right, left| node_hash(left, &right))
    }

    /// Size and root.
    #[must_use]
    pub fn head(&self) -> Head {
        Head { size: self.size, root: self.root() }
    }

    /// The frontier as bytes: the size (8 bytes, big endian), then the hashes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.size.to_be_bytes().to_vec();
        for peak in &self.peaks {
            bytes.extend_from_slice(peak.as_bytes());
        }
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// `BadFrontier` when bytes are missing or left over.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadFrontier> {
        let (size, hashes) = bytes.split_first_chunk::<8>().ok_or(BadFrontier {
            size: 0,
            expected: 0,
            got: bytes.len(),
        })?;
        let size = u64::from_be_bytes(*size);
        let (peaks, rest) = hashes.as_chunks::<32>();
        if !rest.is_empty() {
            return Err(BadFrontier { size, expected: size.count_ones(), got: hashes.len() });
        }
        Self::from_parts(size, peaks.iter().map(|bytes| TreeHash::from_bytes(*bytes)).collect())
    }
}
