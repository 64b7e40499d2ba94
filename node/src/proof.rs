//! Proofs about the log: what a third party can check without trusting the node.
//!
//! Pure: no file, clock, socket or randomness; bytes and moments are arguments. Reading order: [`merkle`] (the tree over
//! the entries), [`note`] (signed text), [`checkpoint`] (size and root, signed by the log), [`witness`],
//! [`cosignature`] and [`submission`] (another node's word that a log only grew), [`export`] and [`receipt`] (files that anybody can check,
//! here or with `node/audit/verify.py`), with [`parties`], [`policy`], [`gap`] and [`fault`] below them, and [`story`]
//! for what the entries say together.

pub mod checkpoint;
pub mod cosignature;
pub mod export;
pub mod fault;
pub mod gap;
pub mod merkle;
pub mod note;
pub mod parties;
pub mod policy;
pub mod receipt;
pub mod story;
pub mod submission;
pub mod witness;
