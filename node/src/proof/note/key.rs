//! Keys that sign notes: a name, a kind of signature, an Ed25519 key, and the key id over all three.
//!
//! The same key under another name or kind has another id, so a log's signature never passes as a witness's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_dalek::{Signature, SigningKey, VerifyingKey};
use policies::dsse::{BadKey, PublicKey};
use sha2::Digest as _;

/// Most bytes of a key name.
const MAX_NAME_BYTES: usize = 256;

/// The name of a key: neither empty nor with spaces, `+` or control characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyName(String);

impl KeyName {
    /// Checks a name.
    ///
    /// # Errors
    /// `BadVerifierKey::Name`.
    pub fn new(name: &str) -> Result<Self, BadVerifierKey> {
        let bad = |c: char| c.is_whitespace() || c.is_control() || c == '+';
        if name.is_empty() || name.len() > MAX_NAME_BYTES || name.contains(bad) {
            return Err(BadVerifierKey::Name);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a signature over a note looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureKind {
    /// 64 bytes of Ed25519 over the text: a log's.
    Ed25519,
    /// `cosignature/v1`: a time, then 64 bytes of Ed25519 over time and text: a witness's.
    Cosignature,
}

impl SignatureKind {
    /// The byte that C2SP assigned.
    fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
        }
    }
}

/// A key that somebody trusts to sign notes, under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    kind: SignatureKind,
    id: [u8; 4],
    key: VerifyingKey,
}

/// A key that cannot verify notes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadVerifierKey {
    /// Not a key name.
    #[error(
        "a key name is 1 to {MAX_NAME_BYTES} characters without spaces, `+` or control characters"
    )]
    Name,
    /// Not `name+id+key`.
    #[error("a verifier key is `name+id+key`, the id in 8 hexadecimal digits, the key in base64")]
    Form,
    /// Neither an Ed25519 nor a cosignature key.
    #[error("only Ed25519 keys of logs (0x01) and witnesses (0x04) are read")]
    Kind,
    /// The id is not that of name and key.
    #[error("the key id does not belong to this name and key")]
    Id,
    /// Not a usable Ed25519 key.
    #[error(transparent)]
    Key(#[from] BadKey),
}

/// The text that a witness signs: time, then the note's text.
pub(in crate::proof) fn cosigned_text(time: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{text}")
}

impl VerifierKey {
    /// A key under its name.
    ///
    /// # Errors
    /// `BadVerifierKey::Key` for bytes that are not the one encoding of a point.
    pub fn new(
        name: KeyName,
        kind: SignatureKind,
        key: &PublicKey,
    ) -> Result<Self, BadVerifierKey> {
        let bytes = key.as_bytes();
        // y is below the field's prime 2^255 - 19: other verifiers refuse a second encoding of the same point.
        let [first, middle @ .., last] = bytes;
        let high = last & 0x7f == 0x7f && middle.iter().all(|byte| *byte == 0xff);
        if high && *first >= 0xed {
            return Err(BadVerifierKey::Key(BadKey::NotAKey));
        }
        let point = VerifyingKey::from_bytes(bytes).map_err(|_no_point| BadKey::NotAKey)?;
        let hash = sha2::Sha256::new()
            .chain_update(name.as_str())
            .chain_update([b'\n', kind.byte()])
            .chain_update(bytes)
            .finalize();
        let mut id = [0; 4];
        id.iter_mut().zip(hash.iter()).for_each(|(to, from)| *to = *from);
        Ok(Self { name, kind, id, key: point })
    }

    /// Reads `name+id+key`, the C2SP encoding of a verifier key.
    ///
    /// # Errors
    /// `BadVerifierKey`.
    pub fn parse(text: &str) -> Result<Self, BadVerifierKey> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(BadVerifierKey::Form);
        };
        let bytes = BASE64.decode(key).map_err(|_bad| BadVerifierKey::Form)?;
        let (kind, key) = bytes.split_first().ok_or(BadVerifierKey::Form)?;
        let kind = match kind {
            0x01 => SignatureKind::Ed25519,
            0x04 => SignatureKind::Cosignature,
            _other => return Err(BadVerifierKey::Kind),
        };
        let key = <[u8; 32]>::try_from(key).map_err(|_length| BadVerifierKey::Form)?;
        let read = Self::new(KeyName::new(name)?, kind, &PublicKey::from_bytes(&key)?)?;
        if hex::encode(read.id) != id {
            return Err(BadVerifierKey::Id);
        }
        Ok(read)
    }

    /// The key's name.
    #[must_use]
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// What its signatures look like.
    #[must_use]
    pub fn kind(&self) -> SignatureKind {
        self.kind
    }

    /// The key id: four bytes of a hash over name, kind and key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The key's 32 bytes.
    #[must_use]
    pub fn key_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// Whether `signer` is the secret half.
    #[must_use]
    pub fn is_of(&self, signer: &SigningKey) -> bool {
        signer.verifying_key() == self.key
    }

    /// The time stated in a signature over `text` (0 if its kind states none), or nothing if it does not verify.
    pub(super) fn verify(&self, text: &str, signature: &[u8]) -> Option<u64> {
        match self.kind {
            SignatureKind::Ed25519 => {
                let signature = Signature::from_slice(signature).ok()?;
                self.key.verify_strict(text.as_bytes(), &signature).ok()?;
                Some(0)
            }
            SignatureKind::Cosignature => {
                let (time, signature) = signature.split_first_chunk::<8>()?;
                let time = u64::from_be_bytes(*time);
                let signature = Signature::from_slice(signature).ok()?;
                i64::try_from(time).ok()?;
                let signed = cosigned_text(time, text);
                self.key.verify_strict(signed.as_bytes(), &signature).ok()?;
                Some(time)
            }
        }
    }
}

impl std::fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let bytes: Vec<u8> =
            std::iter::once(self.kind.byte()).chain(*self.key.as_bytes()).collect();
        write!(f, "{}+{}+{}", self.name, hex::encode(self.id), BASE64.encode(bytes))
    }
}
