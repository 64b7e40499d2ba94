//! Promises of the network, tested with real processes.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test code")]

mod answers;
mod approvals;
mod archive;
mod attack;
mod audit;
mod bad_starts;
mod bombs;
mod charters;
mod cut_off;
mod differential;
mod explore;
mod indicators;
mod keys;
mod kill;
mod languages;
mod layers;
mod liar;
mod local;
mod memory;
mod noisy;
mod pause;
mod reconcile;
mod rehearsal;
mod replay;
mod reveal;
mod sessions;
mod simulate;
mod slt;
mod support;
mod syslog;
mod tidy;
mod up;
mod utility;
mod witnesses;
