//! Many hospitals on one machine: networks of real `kring` processes for the demo, tests and benchmarks.
//!
//! Reading order: [`topology`] (who is in the network), [`generate`] and [`data`] (what it holds), [`network`] (its folder:
//! keys, charter, data, configurations), [`process`] (start, wait, stop), then what uses them: [`demo`], [`up`], [`mod@bench`],
//! [`bombs`], [`attack`], [`kill`] and [`reconcile`]. Without processes: [`differential`] compares answers with the pooled tables.
//!
//! What is real: processes, sockets, keys, charters, snapshots, logs. What is not: the hospitals, people and the split
//! of the data over them.

pub mod asker;
pub mod attack;
pub mod bench;
pub mod bombs;
pub mod cli;
pub mod data;
pub mod demo;
pub mod differential;
pub mod generate;
pub mod kill;
pub mod network;
pub mod print;
pub mod process;
pub mod reconcile;
pub mod topology;
pub mod up;
pub mod utility;
