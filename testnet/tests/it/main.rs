//! Promises of the network, tested with real processes.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod answers;
mod audit;
mod bad_starts;
mod bombs;
mod cut_off;
mod differential;
mod indicators;
mod kill;
mod liar;
mod replay;

mod slt;
mod support;
mod tidy;
mod up;
