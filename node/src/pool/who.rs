//! For whom a worker works.

use policies::{HospitalCode, PersonId};

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
