//! Proofs about the log: what a third party can check without trusting the node.
//!
//! Pure: no file, clock, socket or randomness; bytes and moments are arguments. Reading order: [`merkle`] (the tree over
//! the entries), [`note`] (signed text), [`checkpoint`] (size and root, signed by the log), [`witness`] and
//! [`cosignature`] (another node's word that a log only grew).

pub mod checkpoint;
pub mod cosignature;
pub mod merkle;
pub mod note;
pub mod witness;
