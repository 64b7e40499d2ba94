//! Where the hashes of complete subtrees come from.
//!
//! [`Leaves`] computes every node from stored leaf hashes: right, and slow for large trees. [`Inner`] keeps the nodes
//! from level 8 up (one 32-byte hash for each 256 leaves, and as many again above), so a proof over a million entries
//! reads at most 256 leaves and about thirty kept nodes.

use super::{Frontier, TreeHash, node_hash};

/// The lowest level that [`Inner`] keeps: below it, 256 leaf hashes are read again.
const KEPT_FROM: u32 = 8;

/// Gives the roots of complete, aligned subtrees.
pub trait Nodes {
    /// Why a hash cannot be read.
    type Error;

    /// The root of the subtree over the leaves `index * 2^level` up to, not including, `(index + 1) * 2^level`.
    ///
    /// # Errors
    /// The reader's reason, or that the tree is smaller than this.
    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, Self::Error>;
}

/// Every node computed from leaf hashes that `read` gives by index.
#[derive(Debug)]
pub struct Leaves<R> {
    read: R,
}

impl<R, E> Leaves<R>
where
    R: FnMut(u64) -> Result<TreeHash, E>,
{
    /// Nodes over the leaves that `read` gives.
    pub fn new(read: R) -> Self {
        Self { read }
    }
}

impl<R, E> Nodes for Leaves<R>
where
    R: FnMut(u64) -> Result<TreeHash, E>,
{
    type Error = E;

    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, E> {
        let first = index.checked_shl(level).unwrap_or(u64::MAX);
        let leaves = 1_u64.checked_shl(level).unwrap_or(u64::MAX);
        let mut subtree = Frontier::new();
        for leaf in first..first.saturating_add(leaves) {
            subtree.push((self.read)(leaf)?);
        }
        Ok(subtree.root())
    }
}

/// The upper nodes of a growing tree, kept in memory.
#[derive(Clone, Debug, Default)]
pub struct Inner {
    frontier: Frontier,
    /// The leaves since the last complete node of level `KEPT_FROM`.
    open: Frontier,
    /// `levels[k]` holds every complete node of level `KEPT_FROM + k`, in order.
    levels: Vec<Vec<TreeHash>>,
}

impl Inner {
    /// The nodes of the empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: TreeHash) {
        self.frontier.push(leaf);
        self.open.push(leaf);
        if self.open.size() < 1 << KEPT_FROM {
            return;
        }
        let mut hash = std::mem::take(&mut self.open).root();
        let mut level = 0;
        loop {
            if self.levels.len() <= level {
                self.levels.push(Vec::new());
            }
            let Some(nodes) = self.levels.get_mut(level) else { return };
            let left = nodes.last().copied();
            nodes.push(hash);
            match left {
                Some(left) if nodes.len().is_multiple_of(2) => hash = node_hash(&left, &hash),
                Some(_) | None => return,
            }
            level = level.saturating_add(1);
        }
    }

    /// The tree's frontier.
    #[must_use]
    pub fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    /// The nodes of the tree, those that are not kept computed from the leaves that `read` gives by index.
    pub fn over<R, E>(&self, read: R) -> Kept<'_, R>
    where
        R: FnMut(u64) -> Result<TreeHash, E>,
    {
        Kept { inner: self, leaves: Leaves::new(read) }
    }

    fn kept(&self, level: u32, index: u64) -> Option<TreeHash> {
        let level = usize::try_from(level.checked_sub(KEPT_FROM)?).ok()?;
        self.levels.get(level)?.get(usize::try_from(index).ok()?).copied()
    }
}

/// [`Inner`] with a reader of leaves.
#[derive(Debug)]
pub struct Kept<'i, R> {
    inner: &'i Inner,
    leaves: Leaves<R>,
}

impl<R, E> Nodes for Kept<'_, R>
where
    R: FnMut(u64) -> Result<TreeHash, E>,
{
    type Error = E;

    fn node(&mut self, level: u32, index: u64) -> Result<TreeHash, E> {
        match self.inner.kept(level, index) {
            Some(hash) => Ok(hash),
            None => self.leaves.node(level, index),
        }
    }
}
