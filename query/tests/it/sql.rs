//! From SQL text to finished tables through the real worker, over several hospitals with real permits.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::expect_used,
    clippy::wildcard_enum_match_arm,
    reason = "test code"
)]

mod above;
mod attacked;
mod bins;
mod differential;
mod explored;
mod figures;
mod figures_hidden;
mod hidden;
mod hospitals;
mod indicators;
pub(crate) mod network;
mod networks;
mod pooled;
mod protected;
mod rotterdam;
mod shows;
mod told;
mod walks;
mod worker;
