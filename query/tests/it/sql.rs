//! From SQL text to finished tables through the real worker, over several hospitals with real permits.

mod differential;
mod hidden;
mod hospitals;
mod network;
mod pooled;
mod refused;
mod rotterdam;
mod worker;
