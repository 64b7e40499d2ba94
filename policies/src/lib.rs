//! Who may ask what, for which purpose, under which protections: pure functions over signed files.
//!
//! Reading order: names and digests ([`ids`]), signed bytes ([`dsse`]), what is signed ([`wire`]), the data dictionary
//! ([`dataset`]), approved questions ([`indicator`]), the charter, then the stages of a question's life: envelope, admit,
//! footprint, decide, permit.
//!
//! Nothing here reads a clock, a file or a socket, or makes a random number: `now` and state are arguments.

pub mod admit;
pub mod ask;
pub mod band;
pub mod bundle;
pub mod capability;
pub mod cases;
pub mod chain;
pub mod charter;
pub mod compare;
pub mod dataset;
pub mod decide;
pub mod delegation;
pub mod denial;
pub mod dsse;
pub mod envelope;
pub mod explore;
pub mod footprint;
pub mod ids;
pub mod indicator;
pub mod kind;
pub mod limits;
pub mod matrix;
pub mod permit;
pub mod problem;
pub mod protections;
pub mod question;
mod reader;
pub mod rehearsal;
pub mod replay;
pub mod reveal;
mod sketch;
pub mod statement;
pub mod wire;
pub mod words;

pub use admit::{Admission, admit};
pub use ask::Ask;
pub use bundle::{BundleError, Trust};
pub use chain::{ChainError, Line};
pub use charter::{Beside, Books, Charter, NotGiven, OwnRules};
pub use decide::{Explained, decide, explain};
pub use delegation::SignedDelegation;
pub use denial::Denial;
pub use envelope::{
    DecodeError, SeenQuestions, SignedRequest, Verdict, VerifiedRequest, VerifyContext, VerifyError,
};
pub use footprint::Footprint;
pub use ids::{
    BadName, DatasetId, Digest, GroupId, HospitalCode, Ident, IndicatorId, NetworkId, PersonId,
    Purpose, Role, UnixTime, VariantName,
};
pub use kind::Volume;
pub use limits::Limits;
pub use permit::{Permit, Profile};
pub use statement::Revocations;
pub use words::Root;
