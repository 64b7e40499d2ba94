//! Every rule that a delegation can break, with its stable code.

use crate::wire::MAX_DELEGATION_S;
use crate::{GroupId, HospitalCode, NetworkId, PersonId, Purpose, UnixTime};

/// The rule that a delegation breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelegationError {
    /// Not signed by the person's key.
    #[error("the delegation is not signed by the key of `{person}`")]
    Signature {
        /// The person who asks.
        person: PersonId,
    },
    /// For another network.
    #[error(
        "the session is for network `{expected}`, the question for `{got}`: `kring login` again"
    )]
    Network {
        /// The delegation's.
        expected: NetworkId,
        /// The question's.
        got: NetworkId,
    },
    /// Of another person.
    #[error("the session is of `{expected}`, the question of `{got}`")]
    Person {
        /// The delegation's.
        expected: PersonId,
        /// The question's.
        got: PersonId,
    },
    /// For another node.
    #[error("the session is for the node of `{expected}`, the question is put by `{got}`")]
    Node {
        /// The delegation's.
        expected: HospitalCode,
        /// The question's.
        got: HospitalCode,
    },
    /// For other purposes.
    #[error("the session is not for purpose `{got}`: `kring login --purpose {got}`")]
    Purpose {
        /// The question's.
        got: Purpose,
    },
    /// For other tumour groups.
    #[error("the session is not for tumour group `{got}`: `kring login --group {got}`")]
    Group {
        /// The question's.
        got: GroupId,
    },
    /// The question was signed before it began or after it ended.
    #[error(
        "the question was signed at {issued}, the session holds from {from} to {until}: `kring login` again"
    )]
    OtherTime {
        /// When the question was signed.
        issued: UnixTime,
        /// First moment.
        from: UnixTime,
        /// Last moment.
        until: UnixTime,
    },
    /// Ends before it begins, or lives too long.
    #[error("a session lives 1 to {MAX_DELEGATION_S} seconds, not {got}")]
    Lifetime {
        /// Seconds from issue to expiry.
        got: i64,
    },
    /// Issued later than clocks may differ.
    #[error("the session was begun at {issued}, it is {now}: check the clocks")]
    FromTheFuture {
        /// When it was signed.
        issued: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// Past its end.
    #[error("the session ended at {expired}, it is {now}: `kring login` again")]
    Expired {
        /// When it ended.
        expired: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// The session key has another job.
    #[error("the session key is the key of {owner}: a session has a key of its own")]
    KeyInUse {
        /// Whose it is.
        owner: String,
    },
}

impl DelegationError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Signature { .. } => "bad_delegation_signature",
            Self::Network { .. } => "delegation_other_network",
            Self::Person { .. } => "delegation_other_person",
            Self::Node { .. } => "delegation_other_node",
            Self::Purpose { .. } => "delegation_other_purpose",
            Self::Group { .. } => "delegation_other_group",
            Self::OtherTime { .. } => "delegation_other_time",
            Self::Lifetime { .. } => "delegation_lifetime",
            Self::FromTheFuture { .. } => "delegation_from_the_future",
            Self::Expired { .. } => "delegation_expired",
            Self::KeyInUse { .. } => "delegation_key_in_use",
        }
    }
}
