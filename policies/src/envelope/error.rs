//! Every rule that a request can break, with its stable code.

use crate::delegation::DelegationError;
use crate::wire::{LANGUAGE_VERSION, MAX_QUESTION_LIFE_S};
use crate::{Digest, HospitalCode, NetworkId, PersonId, UnixTime};

/// The rule that a request breaks. None of them consumes the question's id: only a question that runs does.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// This node's charter is not sealed, so it names no layer.
    #[error("this node's charter is not sealed")]
    CharterNotSealed,
    /// This node's charter does not hold at this moment.
    #[error("this node's charter holds from {from} until {until}")]
    CharterNotInForce {
        /// First moment.
        from: UnixTime,
        /// Last moment.
        until: UnixTime,
    },
    /// Request or question of another network.
    #[error("this is for network `{got}`, expected `{expected}`")]
    WrongNetwork {
        /// This node's network.
        expected: NetworkId,
        /// The network named.
        got: NetworkId,
    },
    /// For another node.
    #[error("this request is for `{got}`, this is `{expected}`")]
    WrongAudience {
        /// This node's hospital.
        expected: HospitalCode,
        /// The audience named.
        got: HospitalCode,
    },
    /// Sent by another member than it says.
    #[error("this request is from `{got}`, the connection is of `{expected}`")]
    SenderIsNotPeer {
        /// The peer.
        expected: HospitalCode,
        /// The sender named.
        got: HospitalCode,
    },
    /// Sent by another member than the question allows.
    #[error("this question may be put by `{expected}`, not by `{got}`")]
    NotTheAskingNode {
        /// The asking node that the person signed.
        expected: HospitalCode,
        /// The sender.
        got: HospitalCode,
    },
    /// The sender is not a member at this moment.
    #[error("`{got}` is not a member of the network at this moment")]
    SenderNotAMember {
        /// The sender.
        got: HospitalCode,
    },
    /// A key of the sender's node is revoked.
    #[error("a key of the node of `{got}` is revoked")]
    SenderRevoked {
        /// The sender.
        got: HospitalCode,
    },
    /// The person's key is revoked.
    #[error("the key of `{got}` is revoked: the board signs a charter with a new one")]
    PersonRevoked {
        /// The person.
        got: PersonId,
    },
    /// The person is not in the charter.
    #[error("`{got}` is not in people.toml")]
    UnknownPerson {
        /// The person named.
        got: PersonId,
    },
    /// The person may not act at this moment.
    #[error("`{got}` may not ask at this moment: see the validity in people.toml")]
    PersonNotValid {
        /// The person.
        got: PersonId,
    },
    /// A person asks from their own hospital's node.
    #[error("`{person}` asks from the node of `{expected}`, not of `{got}`")]
    PersonOfAnotherHospital {
        /// The person.
        person: PersonId,
        /// The person's hospital.
        expected: HospitalCode,
        /// The asking node.
        got: HospitalCode,
    },
    /// Not signed by the sender's envelope key.
    #[error("the request is not signed by the envelope key of `{from}`")]
    RequestSignature {
        /// The sender.
        from: HospitalCode,
    },
    /// The delegation under which it is signed.
    #[error(transparent)]
    Delegation(#[from] DelegationError),
    /// Not signed by the person's key, nor by the session key of a delegation beside it.
    #[error(
        "the question is not signed by the key of `{person}`, nor by the session key of a delegation that was sent with it"
    )]
    QuestionSignature {
        /// The person.
        person: PersonId,
    },
    /// The question does not name this hospital.
    #[error("the question does not ask `{own}`")]
    NotAsked {
        /// This node's hospital.
        own: HospitalCode,
    },
    /// Ends before it begins, or lives too long.
    #[error("a question lives 1 to {MAX_QUESTION_LIFE_S} seconds, not {got}")]
    Lifetime {
        /// Seconds from issue to expiry.
        got: i64,
    },
    /// Issued later than clocks may differ.
    #[error("the question was signed at {issued}, it is {now}: check the clocks")]
    FromTheFuture {
        /// When it was signed.
        issued: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// Past its expiry.
    #[error("the question ended at {expired}, it is {now}")]
    Expired {
        /// When it ended.
        expired: UnixTime,
        /// The moment.
        now: UnixTime,
    },
    /// Sent before it was asked, or later than clocks may differ.
    #[error("the request was sent at {sent}, outside {from} to {until}: check the clocks")]
    SentAt {
        /// When it was sent.
        sent: UnixTime,
        /// Earliest moment.
        from: UnixTime,
        /// Latest moment.
        until: UnixTime,
    },
    /// The sender holds other layers.
    #[error("the sender holds another charter than this node, which holds version {held}")]
    CharterMismatch {
        /// The version that this node holds.
        held: u64,
    },
    /// The sender takes other hospitals to be in the networks below.
    #[error("the sender holds another charter of a network below than this node")]
    NetworksMismatch,
    /// Another version of the language.
    #[error("the request speaks language version {got}, expected {LANGUAGE_VERSION}")]
    Language {
        /// The version named.
        got: u32,
    },
    /// The question ran already, for another request.
    #[error("this question was answered already; ask it anew")]
    Replayed {
        /// The request that ran it.
        first: Digest,
    },
}

impl VerifyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::CharterNotSealed => "charter_not_sealed",
            Self::CharterNotInForce { .. } => "charter_not_in_force",
            Self::WrongNetwork { .. } => "wrong_network",
            Self::WrongAudience { .. } => "wrong_audience",
            Self::SenderIsNotPeer { .. } => "sender_is_not_peer",
            Self::NotTheAskingNode { .. } => "not_the_asking_node",
            Self::SenderNotAMember { .. } => "sender_not_a_member",
            Self::SenderRevoked { .. } => "sender_revoked",
            Self::PersonRevoked { .. } => "person_revoked",
            Self::UnknownPerson { .. } => "unknown_person",
            Self::PersonNotValid { .. } => "person_not_valid",
            Self::PersonOfAnotherHospital { .. } => "person_of_another_hospital",
            Self::RequestSignature { .. } => "bad_request_signature",
            Self::Delegation(error) => error.code(),
            Self::QuestionSignature { .. } => "bad_question_signature",
            Self::NotAsked { .. } => "hospital_not_asked",
            Self::Lifetime { .. } => "question_lifetime",
            Self::FromTheFuture { .. } => "question_from_the_future",
            Self::Expired { .. } => "question_expired",
            Self::SentAt { .. } => "request_sent_at",
            Self::CharterMismatch { .. } | Self::NetworksMismatch => "charter_mismatch",
            Self::Language { .. } => "language_version",
            Self::Replayed { .. } => "replayed",
        }
    }

    /// Whether both signatures held: such a refusal is logged singly; the others are counted by peer.
    #[must_use]
    pub fn is_authenticated(&self) -> bool {
        match self {
            Self::CharterNotSealed
            | Self::CharterNotInForce { .. }
            | Self::WrongNetwork { .. }
            | Self::WrongAudience { .. }
            | Self::SenderIsNotPeer { .. }
            | Self::NotTheAskingNode { .. }
            | Self::SenderNotAMember { .. }
            | Self::SenderRevoked { .. }
            | Self::PersonRevoked { .. }
            | Self::UnknownPerson { .. }
            | Self::PersonNotValid { .. }
            | Self::PersonOfAnotherHospital { .. }
            | Self::RequestSignature { .. }
            | Self::Delegation(_)
            | Self::QuestionSignature { .. } => false,
            Self::NotAsked { .. }
            | Self::Lifetime { .. }
            | Self::FromTheFuture { .. }
            | Self::Expired { .. }
            | Self::SentAt { .. }
            | Self::CharterMismatch { .. }
            | Self::NetworksMismatch
            | Self::Language { .. }
            | Self::Replayed { .. } => true,
        }
    }
}
