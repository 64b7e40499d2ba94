//! What the witnesses say together, and why a node may not answer.

use policies::HospitalCode;

use crate::proof::merkle::Head;

/// What the witnesses say of this log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has cosigned a head of this run yet.
    Unconfirmed,
    /// At least one has, and none that was heard saw anything else.
    Confirmed,
    /// One saw another history.
    Contradicted {
        /// Who.
        witness: HospitalCode,
        /// What it cosigned.
        seen: Head,
        /// Entries that this log held then.
        held: u64,
        /// The note, signed by this log.
        note: String,
    },
}

impl Standing {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Unconfirmed => "no_witness",
            Self::Contradicted { .. } => "log_rolled_back",
        }
    }

    /// Whether questions may be answered.
    ///
    /// # Errors
    /// `Unwitnessed`.
    pub fn allows(&self) -> Result<(), Unwitnessed> {
        match self {
            Self::Confirmed => Ok(()),
            Self::Unconfirmed => Err(Unwitnessed::NoWitness),
            Self::Contradicted { witness, seen, held, note: _ } => {
                Err(Unwitnessed::RolledBack { witness: witness.clone(), seen: *seen, held: *held })
            }
        }
    }
}

/// Why a node may not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwitnessed {
    /// No witness could be reached.
    #[error(
        "no other hospital has confirmed this node's log since it started; it answers once one of them is reached and cosigns"
    )]
    NoWitness,
    /// The log is not the one that was cosigned.
    #[error(
        "{witness} cosigned this node's log at {} entries, the log here held {held} and another history: it was restored from an older \
         copy, or a second instance runs on one; put the latest copy back and run it once, or, where that is lost, run `kring \
         recover --accept-gap`; nothing is answered until then",
        .seen.size
    )]
    RolledBack {
        /// The witness.
        witness: HospitalCode,
        /// What it cosigned.
        seen: Head,
        /// Entries that this log held then.
        held: u64,
    },
}

impl Unwitnessed {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoWitness => "no_witness",
            Self::RolledBack { .. } => "log_rolled_back",
        }
    }
}
