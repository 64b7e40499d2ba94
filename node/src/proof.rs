//! Proofs about the log: what a third party can check without trusting the node.
//!
//! Pure: no file, clock, socket or randomness; bytes and moments are arguments. Reading order: [`merkle`] (the tree over
//! the entries).

pub mod merkle;
