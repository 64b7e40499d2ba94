//! From SQL text to safe figures.
//!
//! Reading order: the pipe's messages ([`pipe`]), the worker's side (gate, plan, cut, execute, finish: [`worker`]),
//! the daemon's side: [`receive`] makes a [`RawAnswer`] of a worker's reply, [`disclose`] makes the [`SafeAnswer`], the
//! only thing that may leave.
//!
//! Nothing here reads a clock, a key or the environment, or makes a random number.

pub mod import;
pub mod pipe;
pub mod snapshot;

mod catalog;
mod cut;
mod error;
mod facts;
mod gate;
mod plan;
