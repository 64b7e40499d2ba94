//! For whom a worker works.

use policies::{Digest, HospitalCode, PersonId};

/// A person, as far as proven.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Signed the question, which came from this hospital's node.
    Signed {
        /// The asking node.
        hospital: HospitalCode,
        /// The person.
        person: PersonId,
    },
    /// Is named by a client that shows the node's token, without a signature: `kring explain`. Counted apart, so that
    /// nobody's questions pause because another used the name.
    Named {
        /// The person.
        person: PersonId,
    },
    /// Whoever runs this command on this machine.
    Operator,
}

impl Who {
    /// What stands for the person in a job: workers need not know who it is.
    #[must_use]
    pub fn digest(&self) -> Digest {
        // No code or id holds a space.
        let text = match self {
            Self::Signed { hospital, person } => format!("signed {hospital} {person}"),
            Self::Named { person } => format!("named {person}"),
            Self::Operator => "operator".to_owned(),
        };
        Digest::of(text.as_bytes())
    }
}

#[cfg(test)]
mod tests;
