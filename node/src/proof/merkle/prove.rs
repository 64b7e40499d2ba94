//! Making proofs: which complete subtrees, in which order.
//!
//! RFC 9162 sections 2.1.3.1 and 2.1.4.1, over the node reader of [`Nodes`]. A proof reads each hash once; the number of
//! reads is in the order of the logarithm of the size.

use super::frontier::following;
use super::verify::{Consistency, Inclusion};
use super::{Frontier, Nodes, TreeHash, empty_root, node_hash, split};

/// Why no proof can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E> {
    /// The entry is not in the tree.
    #[error("the tree of {size} entries has no entry {index}")]
    NoSuchEntry {
        /// The entry asked for.
        index: u64,
        /// Leaves of the tree.
        size: u64,
    },
    /// The older tree is larger than the younger.
    #[error("a tree of {new} entries cannot continue one of {old}")]
    Shrunk {
        /// Size of the older tree.
        old: u64,
        /// Size of the younger tree.
        new: u64,
    },
    /// More entries than a tree can have.
    #[error("no tree has {size} entries")]
    TooLarge {
        /// Leaves asked for.
        size: u64,
    },
    /// A hash cannot be read.
    #[error("reading a hash of the tree failed")]
    Read(#[source] E),
}

/// The proof that leaf `index` is in the tree of the first `size` leaves.
///
/// # Errors
/// `NoSuchEntry` or the reader's reason.
pub fn inclusion<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Inclusion, ProveError<N::Error>> {
    if index >= size {
        return Err(ProveError::NoSuchEntry { index, size });
    }
    let (mut first, mut leaves) = (0_u64, size);
    let mut siblings = Vec::new();
    while leaves > 1 {
        let left = split(leaves);
        let middle = first.saturating_add(left);
        let right = leaves.saturating_sub(left);
        if index < middle {
            siblings.push((middle, right));
            leaves = left;
        } else {
            siblings.push((first, left));
            (first, leaves) = (middle, right);
        }
    }
    Ok(Inclusion { index, size, path: hashes(nodes, siblings)? })
}

/// The proof that the tree of the first `new` leaves continues the tree of the first `old`.
///
/// # Errors
/// `Shrunk` or the reader's reason.
pub fn consistency<N: Nodes>(
    nodes: &mut N,
    old: u64,
    new: u64,
) -> Result<Consistency, ProveError<N::Error>> {
    if old > new {
        return Err(ProveError::Shrunk { old, new });
    }
    // Every tree continues the empty one and itself without a proof.
    if old == 0 || old == new {
        return Ok(Consistency { old, new, path: Vec::new() });
    }
    let mut parts = Vec::new();
    let (mut first, mut leaves) = (0_u64, new);
    loop {
        let end = first.saturating_add(leaves);
        if old == end {
            // A subtree that is the whole old tree is known to the verifier.
            if first != 0 {
                parts.push((first, leaves));
            }
            break;
        }
        let left = split(leaves);
        let middle = first.saturating_add(left);
        let right = leaves.saturating_sub(left);
        if old <= middle {
            parts.push((middle, right));
            leaves = left;
        } else {
            parts.push((first, left));
            (first, leaves) = (middle, right);
        }
    }
    Ok(Consistency { old, new, path: hashes(nodes, parts)? })
}

/// The frontier of the tree of the first `size` leaves.
///
/// # Errors
/// The reader's reason.
pub fn frontier<N: Nodes>(nodes: &mut N, size: u64) -> Result<Frontier, ProveError<N::Error>> {
    let peaks = complete(nodes, 0, size).map_err(ProveError::Read)?;
    Frontier::from_parts(size, peaks).map_err(|_too_large| ProveError::TooLarge { size })
}

/// The complete subtrees after the first `from` leaves, up to `size`: what [`Frontier::extend`] takes.
///
/// # Errors
/// `Shrunk` or the reader's reason.
pub fn after<N: Nodes>(
    nodes: &mut N,
    from: u64,
    size: u64,
) -> Result<Vec<TreeHash>, ProveError<N::Error>> {
    if from > size {
        return Err(ProveError::Shrunk { old: from, new: size });
    }
    let read = |(level, index)| nodes.node(level, index).map_err(ProveError::Read);
    following(from, size).map(read).collect()
}

/// The hashes of the ranges, found from the root down, in the order of a proof: from the leaf up.
fn hashes<N: Nodes>(
    nodes: &mut N,
    ranges: Vec<(u64, u64)>,
) -> Result<Vec<TreeHash>, ProveError<N::Error>> {
    ranges
        .into_iter()
        .rev()
        .map(|(first, leaves)| range(nodes, first, leaves).map_err(ProveError::Read))
        .collect()
}

/// The root over the leaves from `first`, where `first` is a multiple of the power of two at or above `leaves`.
fn range<N: Nodes>(nodes: &mut N, first: u64, leaves: u64) -> Result<TreeHash, N::Error> {
    let mut smallest_first = complete(nodes, first, leaves)?.into_iter().rev();
    let Some(first) = smallest_first.next() else { return Ok(empty_root()) };
    Ok(smallest_first.fold(first, |right, left| node_hash(&left, &right)))
}

/// The roots of the complete subtrees of a range, the largest first.
fn complete<N: Nodes>(nodes: &mut N, first: u64, leaves: u64) -> Result<Vec<TreeHash>, N::Error> {
    let mut roots = Vec::new();
    let (mut at, mut left) = (first, leaves);
    while let Some(level) = left.checked_ilog2() {
        roots.push(nodes.node(level, at >> level)?);
        let size = 1_u64 << level;
        (at, left) = (at.saturating_add(size), left.saturating_sub(size));
    }
    Ok(roots)
}
