//! From SQL text to safe figures.
//!
//! Reading order: the pipe's messages ([`pipe`]), the worker's side (gate, plan, cut, execute, finish: [`worker`]),
//! the daemon's side: [`receive()`] makes a [`RawAnswer`] of a worker's reply, [`disclose()`] makes the [`SafeAnswer`], the
//! only thing that may leave. [`rehearse`] counts what would leave of data that are made up.
//!
//! Nothing here reads a clock, a key or the environment, or makes a random number.

pub mod import;
pub mod pipe;
pub mod rehearse;
pub mod snapshot;
pub mod worker;

mod catalog;
mod cell;
mod cut;
mod disclose;
mod error;
mod execute;
mod facts;
mod finish;
mod gate;
mod ipc;
mod memory;
mod network;
mod plan;
mod receive;
mod record;
mod sets;
mod written;

pub use disclose::{
    DiscloseError, Disclosed, ExploreError, Explorer, Moment, NoiseKey, SafeAnswer, Told, Turn,
    asked, disclose, explore, needs_noise, read_tables, remembers, remembers_under, wanted,
};
pub use ipc::{IpcError, MAX_FRAME_BYTES};
pub use memory::{ApplyError, Asker, Charge, CodeError, Memory, OverQuota, Retiring, Scope};
pub use receive::{RawAnswer, ReceiveError, receive};
