//! The keys of a hospital's node: for each of its jobs one, or up to three that take turns.
//!
//! In `[members.keys]` a job has a key (`envelope = "HEX"`) or a list of keys with the moments between which they are valid
//! (`[[members.keys.envelope]]`). At every moment one is valid at least; where two are, either counts, so a node goes over to
//! the next while the one before still holds. The log has one key: a log is named after it, and another key is another log.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dsse::{Envelope, EnvelopeError, PayloadType, PublicKey};
use crate::problem::Problems;
use crate::reader::Fields;
use crate::statement::Revocations;
use crate::wire::MAX_SKEW_S;
use crate::{HospitalCode, UnixTime};

use super::people::validity;

/// Most keys of one job: the one before, the present one, the next.
const MAX_KEYS: usize = 3;

/// A hospital's keys, by their jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberKeys {
    /// Authenticate connections.
    pub transport: RoleKeys,
    /// Sign requests, answers and refusals.
    pub envelope: RoleKeys,
    /// Signs the log's checkpoints.
    pub log: PublicKey,
    /// Cosign other logs' checkpoints.
    pub witness: RoleKeys,
}

impl MemberKeys {
    /// All of them, valid or not.
    pub fn all(&self) -> impl Iterator<Item = &PublicKey> {
        let Self { transport, envelope, log, witness } = self;
        let several = [transport, envelope, witness].into_iter().flat_map(RoleKeys::iter);
        several.map(|known| &known.key).chain([log])
    }

    /// The jobs that several keys may have, with the word in files.
    #[must_use]
    pub fn jobs(&self) -> [(&'static str, &RoleKeys); 3] {
        let Self { transport, envelope, log: _, witness } = self;
        [("transport", transport), ("envelope", envelope), ("witness", witness)]
    }

    /// Whether other keys count at one of two moments than at the other.
    #[must_use]
    pub fn turn_between(&self, one: UnixTime, other: UnixTime) -> bool {
        self.jobs().into_iter().any(|(_, keys)| keys.turn_between(one, other))
    }
}

/// A key with the time in which it is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoleKey {
    /// The key.
    pub key: PublicKey,
    /// Its first moment, where it has one.
    pub valid_from: Option<UnixTime>,
    /// Its last moment, where it has one.
    pub valid_until: Option<UnixTime>,
}

impl RoleKey {
    /// Whether it is valid at this moment.
    #[must_use]
    pub fn is_valid(&self, now: UnixTime) -> bool {
        validity(self.valid_from, self.valid_until, now)
    }

    /// The same for who hears of it from another clock: give or take [`MAX_SKEW_S`].
    fn is_accepted(&self, now: UnixTime) -> bool {
        let from = self.valid_from.map(|from| from.plus(-MAX_SKEW_S));
        validity(from, self.valid_until.map(|until| until.plus(MAX_SKEW_S)), now)
    }
}

/// The keys of one job, of which at every moment one is valid at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys(Arc<[RoleKey]>);

impl RoleKeys {
    /// One key, always valid.
    #[must_use]
    pub fn one(key: PublicKey) -> Self {
        Self(Arc::new([RoleKey { key, valid_from: None, valid_until: None }]))
    }

    /// All of them, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = &RoleKey> {
        self.0.iter()
    }

    /// Those that are valid at this moment: what a node works with by its own clock.
    pub fn valid_at(&self, now: UnixTime) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().filter(move |known| known.is_valid(now)).map(|known| &known.key)
    }

    /// Those that count for who checks at this moment, give or take [`MAX_SKEW_S`].
    pub fn accepted_at(&self, now: UnixTime) -> impl Iterator<Item = &PublicKey> {
        self.0.iter().filter(move |known| known.is_accepted(now)).map(|known| &known.key)
    }

    /// Whether this key is valid at this moment.
    #[must_use]
    pub fn holds(&self, key: &PublicKey, now: UnixTime) -> bool {
        self.valid_at(now).any(|known| known == key)
    }

    /// Whether this key counts at this moment, give or take [`MAX_SKEW_S`].
    #[must_use]
    pub fn accepts(&self, key: &PublicKey, now: UnixTime) -> bool {
        self.accepted_at(now).any(|known| known == key)
    }

    /// The payload, with the key that signed it as `kind`: one that counts at `now` and is not revoked.
    ///
    /// # Errors
    /// `EnvelopeError`, naming a key that would have counted.
    pub fn verify<'e>(
        &self,
        (envelope, kind): (&'e Envelope, PayloadType),
        (owner, revoked): (&HospitalCode, &Revocations),
        now: UnixTime,
    ) -> Result<(PublicKey, &'e [u8]), EnvelopeError> {
        envelope.expect_type(kind)?;
        let mut fault = None;
        for key in self.accepted_at(now).filter(|key| !revoked.node_key(owner, key)) {
            match envelope.verify(kind, key) {
                Ok(payload) => return Ok((*key, payload)),
                Err(error) => fault = Some(error),
            }
        }
        let hint = || envelope.key_hints().next().unwrap_or_default().to_owned();
        Err(fault.unwrap_or_else(|| EnvelopeError::BadSignature { key: hint() }))
    }

    /// Whether another key is valid, or counts, at one of two moments than at the other.
    #[must_use]
    pub fn turn_between(&self, one: UnixTime, other: UnixTime) -> bool {
        self.0.iter().any(|known| {
            known.is_valid(one) != known.is_valid(other)
                || known.is_accepted(one) != known.is_accepted(other)
        })
    }

    /// The first stretch in which none is valid, in words.
    fn gap(&self) -> Option<String> {
        let mut known: Vec<&RoleKey> = self.0.iter().collect();
        known.sort_by_key(|known| known.valid_from);
        let (first, rest) = known.split_first()?;
        if let Some(from) = first.valid_from {
            return Some(format!("before {from}: leave `valid_from` out of the first one"));
        }
        let mut until = first.valid_until?;
        for next in rest {
            if let Some(from) = next.valid_from.filter(|from| *from > until.plus(1)) {
                return Some(format!("between {until} and {from}: let them overlap"));
            }
            until = until.max(next.valid_until?);
        }
        Some(format!("after {until}: leave `valid_until` out of the last one"))
    }
}

/// Whose key is whose, so that each has one job.
pub(super) type Owners = BTreeMap<[u8; 32], String>;

/// Reads `[members.keys]`.
pub(super) fn read(
    mut fields: Fields<'_>,
    owner: &str,
    known: &mut Owners,
    problems: &mut Problems<'_>,
) -> Option<MemberKeys> {
    let mut reader = Reader { owner, known };
    let transport = reader.job(&mut fields, "transport", problems);
    let envelope = reader.job(&mut fields, "envelope", problems);
    let log = reader.log(&mut fields, problems);
    let witness = reader.job(&mut fields, "witness", problems);
    fields.finish(problems);
    Some(MemberKeys { transport: transport?, envelope: envelope?, log: log?, witness: witness? })
}

/// Reads the keys of one hospital.
struct Reader<'r> {
    owner: &'r str,
    known: &'r mut Owners,
}

impl Reader<'_> {
    fn job(
        &mut self,
        fields: &mut Fields<'_>,
        job: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<RoleKeys> {
        let value = fields.need(job, problems)?;
        if value.get_ref().as_array().is_none() {
            return self.key(fields, (job, job), problems).map(RoleKeys::one);
        }
        let offset = value.span().start;
        let got = value.get_ref().as_array().map_or(0, |items| items.len());
        if !(1..=MAX_KEYS).contains(&got) {
            problems.at(offset, format!("`{job}` has {got} keys: write one to {MAX_KEYS}"));
            return None;
        }
        let mut keys = Vec::new();
        for mut fields in fields.tables(job, problems) {
            let key = self.key(&mut fields, ("key", job), problems);
            let (valid_from, valid_until) = fields.validity(problems);
            fields.finish(problems);
            keys.extend(key.map(|key| RoleKey { key, valid_from, valid_until }));
        }
        if keys.len() < got {
            return None;
        }
        let keys = RoleKeys(keys.into());
        if let Some(gap) = keys.gap() {
            problems.at(offset, format!("{} has no valid `{job}` key {gap}", self.owner));
        }
        Some(keys)
    }

    fn log(&mut self, fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<PublicKey> {
        let value = fields.need("log", problems)?;
        if value.get_ref().as_array().is_some() {
            problems.at(
                value.span().start,
                "`log` is one key, not a list: a log is named after its key, so another key is another log; write log = \"..\"",
            );
            return None;
        }
        self.key(fields, ("log", "log"), problems)
    }

    /// The key in a field, which no other job has.
    fn key(
        &mut self,
        fields: &mut Fields<'_>,
        (field, job): (&'static str, &'static str),
        problems: &mut Problems<'_>,
    ) -> Option<PublicKey> {
        let found = fields.key(field, problems)?;
        let place = format!("{} {job}", self.owner);
        if let Some(other) = self.known.insert(*found.value.as_bytes(), place) {
            problems.at(found.offset, format!("this key is already the key of {other}"));
        }
        Some(found.value)
    }
}
