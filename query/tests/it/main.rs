//! The crate's integration tests in one binary: each binary would link the whole engine.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "test code")]

mod explore;
mod import;
mod rehearse;
mod slt;
mod sql;
