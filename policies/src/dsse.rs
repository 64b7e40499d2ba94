//! DSSE envelopes: who signed exactly which bytes, as what.
//!
//! The payload type is a separate signature domain: a signature over a question never verifies as one over an
//! answer. Verification uses `verify_strict` and keys that the caller names; a signature counts only under its own
//! key's id, so no byte of a signed envelope can change unseen. One envelope has one encoding: bytes that decode but re-encode differently are refused, so
//! equal envelopes are equal bytes. Source: DSSE 1.0.2, `PAE = "DSSEv1" SP len SP type SP len SP body`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use crate::Digest;

mod detached;

pub use detached::{Detached, DetachedError, MAX_DETACHED_BYTES};

/// What a payload is: a versioned signature domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadType {
    /// A person's question.
    Question,
    /// A person's word that a session key signs for them.
    Delegation,
    /// An asking node's request, which holds a question.
    Request,
    /// A responder's answer.
    Answer,
    /// A responder's refusal.
    Refusal,
    /// What the asking node hands to its person: the finished answer with its evidence.
    Finished,
    /// A sealed charter.
    Charter,
    /// A member's word that it knows no newer charter.
    Freshness,
    /// A key that is worth nothing any more.
    Revocation,
}

impl PayloadType {
    /// The text that is signed with the payload.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "application/vnd.kring.question.v1+json",
            Self::Delegation => "application/vnd.kring.delegation.v1+json",
            Self::Request => "application/vnd.kring.request.v1+json",
            Self::Answer => "application/vnd.kring.answer.v1+json",
            Self::Refusal => "application/vnd.kring.refusal.v1+json",
            Self::Finished => "application/vnd.kring.finished.v1+json",
            Self::Charter => "application/vnd.kring.charter.v1+json",
            Self::Freshness => "application/vnd.kring.freshness.v1+json",
            Self::Revocation => "application/vnd.kring.revocation.v1+json",
        }
    }
}

/// An Ed25519 public key that is not weak.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads 32 bytes as a key.
    ///
    /// # Errors
    /// `BadKey` for bytes that are no point of the curve or a weak key (of small order).
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, BadKey> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_no_point| BadKey::NotAKey)?;
        if key.is_weak() {
            return Err(BadKey::Weak);
        }
        Ok(Self(key))
    }

    /// Reads a key as 64 hexadecimal digits.
    ///
    /// # Errors
    /// `BadKey`.
    pub fn from_hex(text: &str) -> Result<Self, BadKey> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_not_hex| BadKey::NotHex)?;
        Self::from_bytes(&bytes)
    }

    /// The public half of a signing key.
    ///
    /// # Errors
    /// `BadKey::Weak`, which no generated key is.
    pub fn of(key: &SigningKey) -> Result<Self, BadKey> {
        Self::from_bytes(key.verifying_key().as_bytes())
    }

    /// The key's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The fingerprint that people compare: the SHA-256 of the key.
    #[must_use]
    pub fn fingerprint(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl std::fmt::Display for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex::encode(self.0.as_bytes()))
    }
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// A public key that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// Not 64 hexadecimal digits.
    #[error("a key is 64 hexadecimal digits, as `kring key new` prints it")]
    NotHex,
    /// Not a point of the curve.
    #[error("these 32 bytes are not an Ed25519 public key")]
    NotAKey,
    /// A key of small order, which verifies signatures that nobody made.
    #[error("this is a weak Ed25519 key, use one made by `kring key new`")]
    Weak,
}

/// Signed bytes, not trusted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    signatures: Vec<(String, [u8; 64])>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeFile {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<SignatureFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureFile {
    keyid: String,
    sig: String,
}

/// Why an envelope is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// Larger than the caller allows.
    #[error("the envelope has {got} bytes, at most {limit} are read")]
    TooLarge {
        /// Most bytes allowed.
        limit: usize,
        /// Bytes given.
        got: usize,
    },
    /// Not the one encoding of an envelope.
    #[error("these bytes are not a DSSE envelope in its one encoding: {reason}")]
    Malformed {
        /// What was expected.
        reason: &'static str,
    },
    /// Another kind of payload.
    #[error("the envelope holds `{got}`, expected `{expected}`")]
    WrongType {
        /// The type asked for.
        expected: &'static str,
        /// The type found.
        got: String,
    },
    /// No signature by the key that must have signed.
    #[error("no valid signature by key {key}")]
    BadSignature {
        /// The key in hexadecimal digits.
        key: String,
    },
}

/// The bytes that a signature covers.
fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len().saturating_add(96));
    out.extend_from_slice(
        format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).as_bytes(),
    );
    out.extend_from_slice(payload);
    out
}

impl EnvelopeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed_envelope",
            Self::WrongType { .. } => "wrong_type",
            Self::BadSignature { .. } => "bad_signature",
        }
    }
}

impl Envelope {
    /// Wraps a payload without signatures.
    #[must_use]
    pub fn unsigned(kind: PayloadType, payload: Vec<u8>) -> Self {
        Self { payload_type: kind.as_str().to_owned(), payload, signatures: Vec::new() }
    }

    /// Wraps and signs a payload with one key.
    #[must_use]
    pub fn signed(kind: PayloadType, payload: Vec<u8>, key: &SigningKey) -> Self {
        let mut envelope = Self::unsigned(kind, payload);
        envelope.add_signature(key);
        envelope
    }

    /// Adds the signature of `key`; a second one by the same key replaces the first.
    pub fn add_signature(&mut self, key: &SigningKey) {
        let keyid = hex::encode(key.verifying_key().as_bytes());
        let signature = key.sign(&pae(&self.payload_type, &self.payload)).to_bytes();
        self.signatures.retain(|(id, _)| *id != keyid);
        self.signatures.push((keyid, signature));
        self.signatures.sort();
    }

    /// Reads an envelope of at most `limit` bytes.
    ///
    /// # Errors
    /// `TooLarge` or `Malformed`.
    pub fn decode(bytes: &[u8], limit: usize) -> Result<Self, EnvelopeError> {
        if bytes.len() > limit {
            return Err(EnvelopeError::TooLarge { limit, got: bytes.len() });
        }
        let malformed = |reason| EnvelopeError::Malformed { reason };
        let file: EnvelopeFile =
            serde_json::from_slice(bytes).map_err(|_error| malformed("its JSON fields"))?;
        let EnvelopeFile { payload_type, payload, signatures } = file;
        let payload = BASE64.decode(payload).map_err(|_error| malformed("base64 payload"))?;
        let mut read = Vec::new();
        for SignatureFile { keyid, sig } in signatures {
            let sig = BASE64.decode(sig).map_err(|_error| malformed("base64 signature"))?;
            let sig = sig.try_into().map_err(|_length| malformed("a 64-byte signature"))?;
            read.push((keyid, sig));
        }
        let envelope = Self { payload_type, payload, signatures: read };
        if envelope.encode() != bytes {
            return Err(malformed("no other spacing, order or escapes"));
        }
        Ok(envelope)
    }

    /// The one encoding: compact JSON, fields in the order of the DSSE specification.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let file = EnvelopeFile {
            payload_type: self.payload_type.clone(),
            payload: BASE64.encode(&self.payload),
            signatures: self
                .signatures
                .iter()
                .map(|(keyid, sig)| SignatureFile { keyid: keyid.clone(), sig: BASE64.encode(sig) })
                .collect(),
        };
        serde_json::to_vec(&file).unwrap_or_default()
    }

    /// The digest that names the signed bytes: SHA-256 of the pre-authentication encoding, so it does not depend on
    /// who signed.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&pae(&self.payload_type, &self.payload))
    }

    /// The payload, if `key` signed it as `kind`.
    ///
    /// # Errors
    /// `WrongType` or `BadSignature`.
    pub fn verify(&self, kind: PayloadType, key: &PublicKey) -> Result<&[u8], EnvelopeError> {
        self.expect_type(kind)?;
        let message = pae(&self.payload_type, &self.payload);
        let keyid = key.to_string();
        let signed = self.signatures.iter().any(|(id, bytes)| {
            *id == keyid && key.0.verify_strict(&message, &Signature::from_bytes(bytes)).is_ok()
        });
        if signed {
            return Ok(&self.payload);
        }
        Err(EnvelopeError::BadSignature { key: key.to_string() })
    }

    /// Which of `keys` signed the payload as `kind`, each distinct key once.
    ///
    /// # Errors
    /// `WrongType`.
    pub fn signers<'k>(
        &self,
        kind: PayloadType,
        keys: &'k [PublicKey],
    ) -> Result<Vec<&'k PublicKey>, EnvelopeError> {
        self.expect_type(kind)?;
        let mut found: Vec<&PublicKey> = Vec::new();
        for key in keys {
            if !found.contains(&key) && self.verify(kind, key).is_ok() {
                found.push(key);
            }
        }
        Ok(found)
    }

    /// The key ids as written: hints for finding a key to verify with, believed by nobody.
    pub fn key_hints(&self) -> impl ExactSizeIterator<Item = &str> {
        self.signatures.iter().map(|(keyid, _)| keyid.as_str())
    }

    /// The payload before verification: only to find out which keys to verify with.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Checks the payload type.
    ///
    /// # Errors
    /// `WrongType`.
    pub fn expect_type(&self, kind: PayloadType) -> Result<(), EnvelopeError> {
        if self.payload_type == kind.as_str() {
            return Ok(());
        }
        let got = self.payload_type.chars().take(80).collect();
        Err(EnvelopeError::WrongType { expected: kind.as_str(), got })
    }
}
