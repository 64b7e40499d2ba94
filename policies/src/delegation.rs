//! A delegation: for some hours a session key signs a person's questions, from one node, for named purposes and groups.
//!
//! It is signed by the person's own key and travels beside every question that its session key signs, so nobody has to hold
//! it beforehand, and it ends with the person's key. It permits nothing that the person may not ask; rules may still demand
//! the person's own signature.

use ed25519_dalek::SigningKey;

use crate::charter::{Charter, Person};
use crate::dsse::{Envelope, PayloadType, PublicKey};
use crate::envelope::{DecodeError, one_signature};
use crate::question::{FormError, encode, parse};
use crate::wire::{Delegation, MAX_SKEW_S, Question};
use crate::{Digest, UnixTime};

mod error;

pub use error::DelegationError;

/// Version of the payload's form.
pub const FORMAT: u32 = 1;
/// Most bytes of a delegation's envelope: the names at their longest, twice encoded.
pub const MAX_DELEGATION_BYTES: usize = 8 * 1024;
/// Most purposes of one delegation: a person's work of a day.
pub const MAX_PURPOSES: usize = 16;
/// Most tumour groups of one delegation.
pub const MAX_GROUPS: usize = 32;

/// A well-formed delegation with its envelope. Nothing in it is trusted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedDelegation {
    envelope: Envelope,
    delegation: Delegation,
    key: PublicKey,
}

impl SignedDelegation {
    /// Signs a delegation with the person's key; who receives it checks its form.
    #[must_use]
    pub fn sign(delegation: &Delegation, key: &SigningKey) -> Envelope {
        Envelope::signed(PayloadType::Delegation, encode(delegation), key)
    }

    /// Reads an envelope of at most [`MAX_DELEGATION_BYTES`].
    ///
    /// # Errors
    /// `DecodeError`, the first problem found.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let envelope = Envelope::decode(text.as_bytes(), MAX_DELEGATION_BYTES)
            .map_err(DecodeError::Delegation)?;
        envelope.expect_type(PayloadType::Delegation).map_err(DecodeError::Delegation)?;
        one_signature("delegation", &envelope)?;
        let delegation: Delegation = parse("delegation", envelope.unverified_payload())?;
        let refused = |reason| FormError::Delegation { reason };
        if delegation.format != FORMAT {
            return Err(refused("another version of its form").into());
        }
        let Delegation { purposes, groups, .. } = &delegation;
        let sorted = purposes.is_sorted_by(|one, next| one < next);
        if !(1..=MAX_PURPOSES).contains(&purposes.len()) || !sorted {
            return Err(refused("1 to 16 purposes, each once, in order").into());
        }
        if groups.len() > MAX_GROUPS || !groups.is_sorted_by(|one, next| one < next) {
            return Err(refused("at most 32 tumour groups, each once, in order").into());
        }
        let key = PublicKey::from_hex(&delegation.key)
            .map_err(|_no_key| refused("a public key that is not weak"))?;
        if key.to_string() != delegation.key {
            return Err(refused("the key in lower-case digits").into());
        }
        Ok(Self { envelope, delegation, key })
    }

    /// The digest that names it in logs.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.envelope.digest()
    }

    /// The envelope, exactly as it was signed.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.envelope.encode()).unwrap_or_default()
    }

    /// What it says.
    #[must_use]
    pub fn delegation(&self) -> &Delegation {
        &self.delegation
    }

    /// The session's public key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Whether it is for this question: what the client asks itself before it signs, and every node after.
    ///
    /// # Errors
    /// `DelegationError`, the first that does not fit.
    pub fn covers(&self, question: &Question) -> Result<(), DelegationError> {
        let Delegation { network, person, node, purposes, groups, .. } = &self.delegation;
        let Delegation { issued_at, expires_at, .. } = &self.delegation;
        if *network != question.network {
            let (expected, got) = (network.clone(), question.network.clone());
            return Err(DelegationError::Network { expected, got });
        }
        if *person != question.person {
            let (expected, got) = (person.clone(), question.person.clone());
            return Err(DelegationError::Person { expected, got });
        }
        if *node != question.asking_node {
            let (expected, got) = (node.clone(), question.asking_node.clone());
            return Err(DelegationError::Node { expected, got });
        }
        if !purposes.contains(&question.purpose) {
            return Err(DelegationError::Purpose { got: question.purpose.clone() });
        }
        if let Some(got) = question.group.as_ref().filter(|group| !groups.contains(group)) {
            return Err(DelegationError::Group { got: got.clone() });
        }
        let issued = question.issued_at;
        if issued < *issued_at || *expires_at < issued {
            let (from, until) = (*issued_at, *expires_at);
            return Err(DelegationError::OtherTime { issued, from, until });
        }
        Ok(())
    }

    /// The session key that may sign this question of this person now.
    ///
    /// # Errors
    /// `DelegationError`, the first rule that it breaks.
    pub(crate) fn verify(
        &self,
        question: &Question,
        person: &Person,
        (charter, now): (&Charter, UnixTime),
    ) -> Result<&PublicKey, DelegationError> {
        if self.envelope.verify(PayloadType::Delegation, &person.key).is_err() {
            return Err(DelegationError::Signature { person: person.id.clone() });
        }
        self.covers(question)?;
        self.holds(now)?;
        if let Some(owner) = charter.owner_of(&self.key) {
            return Err(DelegationError::KeyInUse { owner });
        }
        Ok(&self.key)
    }

    /// Whether it holds at a moment; clocks may differ by [`MAX_SKEW_S`] in both directions.
    ///
    /// # Errors
    /// `DelegationError`: it lives too long, or not at that moment.
    pub fn holds(&self, now: UnixTime) -> Result<(), DelegationError> {
        let Delegation { issued_at, expires_at, .. } = self.delegation;
        let got = expires_at.since(issued_at);
        if !(1..=crate::wire::MAX_DELEGATION_S).contains(&got) {
            return Err(DelegationError::Lifetime { got });
        }
        if issued_at > now.plus(MAX_SKEW_S) {
            return Err(DelegationError::FromTheFuture { issued: issued_at, now });
        }
        if now > expires_at.plus(MAX_SKEW_S) {
            return Err(DelegationError::Expired { expired: expires_at, now });
        }
        Ok(())
    }
}
