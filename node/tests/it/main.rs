//! Integration tests of the node: one binary, because each would link the whole engine.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code"
)]

mod audit;
mod board;
mod net;
mod pool;
