//! The charter and a question's life up to its permit, through the public interface.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod beside;
mod boards;
mod bundle;
mod chain;
mod charter_problems;
mod decide;
mod decode;
mod delegated;
mod dice;
mod fixture;
mod golden;
mod indicators;
mod keys;
mod lattice;
mod layers;
mod names;
mod networks;
mod own;
mod replay;
mod reply;
mod request;
mod reveal;
