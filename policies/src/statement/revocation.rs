//! A key that is worth nothing any more, said by two of the board or by the key itself.
//!
//! It holds for the key, not for the name: a person with another key in the next version is that person again.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::chain::Line;
use crate::charter::{Charter, Signer};
use crate::dsse::{Envelope, PayloadType, PublicKey};
use crate::reader::{MAX_LABEL_CHARS, is_shown};
use crate::wire::MAX_SKEW_S;
use crate::{Digest, HospitalCode, NetworkId, PersonId, UnixTime};

use super::{FORMAT, Revocations, StatementError, payload};

/// Signers that a revocation takes, where the board has as many.
const SIGNERS: usize = 2;
/// Most signatures on a revocation: each costs a verification.
const MAX_SIGNATURES: usize = 16;

/// Whose key is revoked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Subject {
    /// A person's.
    Person(PersonId),
    /// One of a hospital's node. Where its job has no other key, the node's other keys are worth nothing either.
    Member(HospitalCode),
    /// A signer's.
    Signer,
    /// A freshness key.
    Freshness,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(id) => write!(f, "person {id}"),
            Self::Member(code) => write!(f, "the node of {code}"),
            Self::Signer => f.write_str("a signer"),
            Self::Freshness => f.write_str("a freshness key"),
        }
    }
}

/// What is revoked and why. Payload of the statement, and nothing is checked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revocation {
    format: u32,
    network: NetworkId,
    what: Subject,
    key: String,
    issued_at: UnixTime,
    reason: String,
}

impl Revocation {
    /// That this key is worth nothing; `reason` is one line that people are shown.
    #[must_use]
    pub fn new(
        network: NetworkId,
        (what, key): (Subject, &PublicKey),
        issued_at: UnixTime,
        reason: &str,
    ) -> Self {
        let (key, reason) = (key.to_string(), reason.to_owned());
        Self { format: FORMAT, network, what, key, issued_at, reason }
    }

    /// The envelope that signers add their signatures to.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        payload::envelope(PayloadType::Revocation, self)
    }

    /// Reads a revocation without trusting it: to show it, or to sign it.
    ///
    /// # Errors
    /// `StatementError` for another form.
    pub fn inspect(bytes: &[u8]) -> Result<(Self, Envelope), StatementError> {
        let (envelope, payload) =
            payload::decode::<Self>(bytes, PayloadType::Revocation, (0, MAX_SIGNATURES))?;
        payload.formed()?;
        Ok((payload, envelope))
    }

    /// Whose key it revokes.
    #[must_use]
    pub fn what(&self) -> &Subject {
        &self.what
    }

    /// The one line that people are shown.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Verifies a revocation by the board of a version in force at `now`, or by the key itself.
    ///
    /// # Errors
    /// `StatementError`.
    pub fn verify(
        bytes: &[u8],
        line: &Line,
        revoked: &Revocations,
        now: UnixTime,
    ) -> Result<Revoked, StatementError> {
        let (this, envelope, key) = Self::read(bytes, line)?;
        if this.issued_at > now.plus(MAX_SKEW_S) {
            return Err(StatementError::FromTheFuture { issued_at: this.issued_at, now });
        }
        if !names(line, &this.what, &key) {
            let (subject, key) = (this.what.to_string(), this.key);
            return Err(StatementError::UnknownSubject { subject, key });
        }
        let mut fault = StatementError::TooFewSigners { expected: SIGNERS, got: 0 };
        if envelope.verify(PayloadType::Revocation, &key).is_ok() {
            return Ok(this.revoked(key, Vec::new(), bytes));
        }
        for version in line.holding(now) {
            match counted(&envelope, version.signers(), revoked) {
                Ok(by) => return Ok(this.revoked(key, by, bytes)),
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }

    /// Reads a revocation that this node verified and stored: its signers may have been those of any version.
    ///
    /// # Errors
    /// `StatementError`.
    pub fn stored(bytes: &[u8], line: &Line) -> Result<Revoked, StatementError> {
        let (this, envelope, key) = Self::read(bytes, line)?;
        if envelope.verify(PayloadType::Revocation, &key).is_ok() {
            return Ok(this.revoked(key, Vec::new(), bytes));
        }
        let mut fault = StatementError::TooFewSigners { expected: SIGNERS, got: 0 };
        for version in line.history() {
            match counted(&envelope, version.signers(), &Revocations::default()) {
                Ok(by) => return Ok(this.revoked(key, by, bytes)),
                Err(error) => fault = error,
            }
        }
        Err(fault)
    }

    fn read(bytes: &[u8], line: &Line) -> Result<(Self, Envelope, PublicKey), StatementError> {
        let (envelope, this) =
            payload::decode::<Self>(bytes, PayloadType::Revocation, (1, MAX_SIGNATURES))?;
        let key = this.formed()?;
        if this.network != *line.network() {
            let (expected, got) = (line.network().clone(), this.network);
            return Err(StatementError::OtherNetwork { expected, got });
        }
        Ok((this, envelope, key))
    }

    /// What the types of its fields do not say.
    fn formed(&self) -> Result<PublicKey, StatementError> {
        let refused = |reason| StatementError::Payload { reason };
        if self.format != FORMAT {
            return Err(refused("format 1"));
        }
        let characters = self.reason.chars().count();
        if self.reason.trim().is_empty() || characters > MAX_LABEL_CHARS || !is_shown(&self.reason)
        {
            return Err(refused("a reason in one line of 1 to 200 visible characters"));
        }
        let key = PublicKey::from_hex(&self.key).map_err(|_bad| refused("a public key"))?;
        if key.to_string() != self.key {
            return Err(refused("a key in lower-case digits"));
        }
        Ok(key)
    }

    fn revoked(self, key: PublicKey, by: Vec<Signer>, bytes: &[u8]) -> Revoked {
        let Self { format: _, network, what, key: _, issued_at, reason } = self;
        let bytes = bytes.to_vec();
        Revoked { network, what, key, issued_at, reason, by, bytes }
    }
}

/// Whether a charter of the chain names this subject with this key; of people and hospitals, one that can still hold.
fn names(line: &Line, what: &Subject, key: &PublicKey) -> bool {
    let in_charter = |named: &dyn Fn(&Charter) -> bool| {
        line.history().filter_map(|version| version.charter()).any(|charter| named(charter))
    };
    match what {
        Subject::Person(id) => {
            in_charter(&|charter| charter.person(id).is_some_and(|person| person.key == *key))
        }
        Subject::Member(code) => in_charter(&|charter| {
            charter.member(code).is_some_and(|member| member.keys.all().any(|known| known == key))
        }),
        Subject::Signer => line.history().any(|version| version.lists_signer(key)),
        Subject::Freshness => {
            line.history().any(|version| version.freshness().iter().any(|fresh| fresh.key == *key))
        }
    }
}

/// The signers who count, if they are enough: two, or the only one that a board has.
fn counted(
    envelope: &Envelope,
    signers: &[Signer],
    revoked: &Revocations,
) -> Result<Vec<Signer>, StatementError> {
    let signed = signers.iter().filter(|signer| {
        !revoked.signer(&signer.key)
            && envelope.verify(PayloadType::Revocation, &signer.key).is_ok()
    });
    let by: Vec<Signer> = signed.cloned().collect();
    let expected = SIGNERS.min(signers.len());
    if by.len() < expected {
        return Err(StatementError::TooFewSigners { expected, got: by.len() });
    }
    Ok(by)
}

/// A verified revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    network: NetworkId,
    what: Subject,
    key: PublicKey,
    issued_at: UnixTime,
    reason: String,
    by: Vec<Signer>,
    bytes: Vec<u8>,
}

impl Revoked {
    /// The network.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.network
    }

    /// Whose key.
    #[must_use]
    pub fn what(&self) -> &Subject {
        &self.what
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// When it was signed, as it says.
    #[must_use]
    pub fn issued_at(&self) -> UnixTime {
        self.issued_at
    }

    /// The one line that people are shown.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The signers who revoked it; none where the key revoked itself.
    #[must_use]
    pub fn by(&self) -> &[Signer] {
        &self.by
    }

    /// The exact bytes, to store and to pass on.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What names it among revocations: network, subject and key, and not who signed.
    #[must_use]
    pub fn id(&self) -> Digest {
        Digest::of(format!("{}\n{}\n{}", self.network, self.what, self.key).as_bytes())
    }
}
