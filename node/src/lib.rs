//! The node: daemon, network, log, worker pool, local interface and command line.
//!
//! Reading order: [`cli`] and [`command`] (what a person types), [`config`], [`app`] (build, then spawn), [`node`],
//! [`answer`] (the responder's chain of proofs), [`ask`] (the asker), then what they stand on: [`reply`], [`log`],
//! [`consumed`] and [`index`], [`replies`], [`extract`] and [`archive`] (entries as files), [`proof`] (what a third party checks),
//! [`syslog`] (forwards the log), [`pool`] and [`sandbox`] (workers), [`net`], [`http`].

pub mod answer;
pub mod api;
pub mod app;
mod approvals;
pub mod archive;
pub mod ask;
mod at_rest;
pub mod charters;
pub mod cli;
pub mod client;
pub mod clock;
pub mod command;
pub mod config;
pub mod consumed;
pub mod extract;
mod files;
pub mod http;
pub mod index;
pub mod keys;
pub mod language;
pub mod ledger;
pub mod log;
pub mod nen7513;
pub mod net;
pub mod node;
mod notices;
mod operator;
mod pause;
pub mod pool;
pub mod profile;
pub mod proof;
pub(crate) mod refused;
pub(crate) mod rejections;
pub mod replies;
pub mod reply;
pub mod rulebook;
pub mod sandbox;
pub mod session;
pub mod syslog;
pub mod tasks;
pub mod telemetry;
pub mod witness;
