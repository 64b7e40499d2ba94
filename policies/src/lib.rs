//! Who may ask what, for which purpose, under which protections: pure functions over signed files.
//!
//! Reading order: names and digests ([`ids`]), signed bytes ([`dsse`]), what is signed ([`wire`]), the data dictionary
//! ([`dataset`]), the charter, then the stages of a question's life: envelope, admit, footprint, decide, permit.
//!
//! Nothing here reads a clock, a file or a socket, or makes a random number: `now` and state are arguments.

pub mod dataset;
pub mod dsse;
pub mod footprint;
pub mod ids;
pub mod permit;
pub mod problem;
pub mod protections;
pub mod wire;

pub use footprint::Footprint;
pub use ids::{
    BadName, DatasetId, Digest, GroupId, HospitalCode, Ident, NetworkId, PersonId, Purpose, Role,
    UnixTime,
};
pub use permit::{Permit, Profile};
