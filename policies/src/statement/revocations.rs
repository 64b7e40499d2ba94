//! The add-only set of revoked keys of a network.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::{MemberKeys, RoleKeys};
use crate::dsse::PublicKey;
use crate::{Digest, HospitalCode, PersonId, UnixTime};

use super::{Revoked, StatementError, Subject};

/// Most revocations of one network.
pub const MAX_REVOCATIONS: usize = 4096;

/// Every key that is revoked. Nothing takes one out.
#[derive(Clone, Debug, Default)]
pub struct Revocations {
    found: BTreeMap<Digest, Revoked>,
    people: BTreeSet<(PersonId, [u8; 32])>,
    members: BTreeSet<(HospitalCode, [u8; 32])>,
    signers: BTreeSet<[u8; 32]>,
    freshness: BTreeSet<[u8; 32]>,
}

/// Nothing is revoked.
static NONE: Revocations = Revocations {
    found: BTreeMap::new(),
    people: BTreeSet::new(),
    members: BTreeSet::new(),
    signers: BTreeSet::new(),
    freshness: BTreeSet::new(),
};

impl Revocations {
    /// The empty set, for who verifies what was signed before anything was revoked.
    #[must_use]
    pub fn none() -> &'static Self {
        &NONE
    }

    /// Adds one; whether it says something that the set did not.
    ///
    /// # Errors
    /// `StatementError::Full`.
    pub fn insert(&mut self, revoked: Revoked) -> Result<bool, StatementError> {
        let id = revoked.id();
        if self.found.contains_key(&id) {
            return Ok(false);
        }
        if self.found.len() >= MAX_REVOCATIONS {
            return Err(StatementError::Full);
        }
        self.add(id, revoked);
        Ok(true)
    }

    fn add(&mut self, id: Digest, revoked: Revoked) {
        let key = *revoked.key().as_bytes();
        match revoked.what() {
            Subject::Person(id) => self.people.insert((id.clone(), key)),
            Subject::Member(code) => self.members.insert((code.clone(), key)),
            Subject::Signer => self.signers.insert(key),
            Subject::Freshness => self.freshness.insert(key),
        };
        self.found.insert(id, revoked);
    }

    /// Adds all of another network's set; whether it said something that this one did not. Each network's own set is bounded,
    /// and what is revoked in one of them is never left out of what they say together.
    pub fn union(&mut self, other: &Self) -> bool {
        let before = self.found.len();
        for (id, revoked) in &other.found {
            if !self.found.contains_key(id) {
                self.add(*id, revoked.clone());
            }
        }
        self.found.len() > before
    }

    /// The digest of what is revoked: equal sets have equal digests, whoever signed them.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let ids: Vec<u8> = self.found.keys().flat_map(|id| *id.as_bytes()).collect();
        Digest::of(&ids)
    }

    /// Every one, in the order of their ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Revoked> {
        self.found.values()
    }

    /// Whether this id ([`Revoked::id`]) is in the set.
    #[must_use]
    pub fn contains(&self, id: &Digest) -> bool {
        self.found.contains_key(id)
    }

    /// Whether this person's key is revoked.
    #[must_use]
    pub fn person(&self, id: &PersonId, key: &PublicKey) -> bool {
        self.people.contains(&(id.clone(), *key.as_bytes()))
    }

    /// Whether this key of the hospital's node is revoked.
    #[must_use]
    pub fn node_key(&self, code: &HospitalCode, key: &PublicKey) -> bool {
        !self.members.is_empty() && self.members.contains(&(code.clone(), *key.as_bytes()))
    }

    /// Whether the hospital's node is revoked, with all its keys: one of its jobs has no key at this moment but revoked
    /// ones. Where another key of the job is valid too, the revoked one alone is worth nothing.
    #[must_use]
    pub fn member(&self, code: &HospitalCode, keys: &MemberKeys, now: UnixTime) -> bool {
        if self.members.is_empty() {
            return false;
        }
        let worthless =
            |(_, keys): (&str, &RoleKeys)| !keys.valid_at(now).any(|key| !self.node_key(code, key));
        self.node_key(code, &keys.log) || keys.jobs().into_iter().any(worthless)
    }

    /// Whether a key of the hospital's node is revoked here that was not in an earlier set.
    #[must_use]
    pub fn node_key_since(&self, code: &HospitalCode, keys: &MemberKeys, before: &Self) -> bool {
        keys.all().any(|key| self.node_key(code, key) && !before.node_key(code, key))
    }

    /// Whether this signer's key is revoked.
    #[must_use]
    pub fn signer(&self, key: &PublicKey) -> bool {
        self.signers.contains(key.as_bytes())
    }

    /// Whether this freshness key is revoked.
    #[must_use]
    pub fn freshness(&self, key: &PublicKey) -> bool {
        self.freshness.contains(key.as_bytes())
    }
}
