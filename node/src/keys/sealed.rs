//! Key files of people that are encrypted by a passphrase.
//!
//! The secret stands in PEM as PKCS#8's `ENCRYPTED PRIVATE KEY` (RFC 5958; PBES2 with scrypt and AES-256-CBC, RFC 7914), so
//! other software can read it; id, role and public key stand beside it in the clear. What is decrypted is believed only if
//! its public half is the one of the file: that also tells a wrong passphrase, which CBC alone does not always.

use std::path::Path;

use ed25519_dalek::SigningKey;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::pkcs5::pbes2::{AES_256_CBC_OID, Parameters};
use pkcs8::pkcs5::scrypt;
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier,
    PrivateKeyInfoRef, SecretDocument,
};
use policies::dsse::PublicKey;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::passphrase::{Passphrase, PassphraseError};
use super::{Key, KeyError, KeyRole, random_bytes, write_private};

/// The word at the beginning of such a file.
pub(super) const FORMAT: &str = "kring-key-sealed-v1";
/// The label of the PEM text.
const LABEL: &str = "ENCRYPTED PRIVATE KEY";
/// Ed25519 (RFC 8410).
const ALGORITHM: AlgorithmIdentifierRef<'static> =
    AlgorithmIdentifierRef { oid: ObjectIdentifier::new_unwrap("1.3.101.112"), parameters: None };
/// What stands before the 32 bytes of a secret: an octet string in the octet string (RFC 8410, section 7).
const INNER: [u8; 2] = [0x04, 0x20];
/// Logarithm of scrypt's cost. With the next two it is as hard to guess as OWASP recommends, in 16 MiB: of more, OpenSSL reads
/// no key.
const LOG_N: u8 = 14;
/// Scrypt's block size.
const R: u32 = 8;
/// Scrypt's parallelism.
const P: u32 = 5;
/// Most that a file may ask for, as cost times block size: 1 GiB of memory.
const MAX_N_R: u64 = 1 << 23;
/// Most parallelism that a file may ask for: it multiplies the time.
const MAX_P: u16 = 16;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedFile {
    format: String,
    role: KeyRole,
    id: String,
    public: String,
    encrypted: String,
}

impl Key {
    /// Makes a person's key and writes it to `path`, which must not exist, encrypted.
    ///
    /// # Errors
    /// `KeyError::Io`, `KeyError::Random` or `KeyError::Malformed`.
    pub fn create_sealed(path: &Path, id: &str, passphrase: &Passphrase) -> Result<Self, KeyError> {
        let malformed = |error: &dyn std::fmt::Display| KeyError::Malformed {
            path: path.to_owned(),
            reason: error.to_string(),
        };
        let secret = SigningKey::from_bytes(&*random_bytes().map_err(KeyError::Random)?);
        let public = PublicKey::of(&secret).map_err(|error| malformed(&error))?;
        let random = random_bytes().map_err(KeyError::Random)?;
        let (salt, iv) = random.split_at(16);
        let iv = iv.try_into().map_err(|error| malformed(&error))?;
        let params = scrypt::Params::new(LOG_N, R, P).map_err(|error| malformed(&error))?;
        let params = Parameters::generate_scrypt_aes256cbc(params, salt, iv);
        let params = params.map_err(|error| malformed(&error))?;
        let encrypted = encrypt(&secret, params, passphrase).map_err(|error| malformed(&error))?;
        let file = SealedFile {
            format: FORMAT.to_owned(),
            role: KeyRole::Person,
            id: id.to_owned(),
            public: public.to_string(),
            encrypted,
        };
        let text = toml::to_string(&file).map_err(|error| malformed(&error))?;
        let io = |source| KeyError::Io { path: path.to_owned(), doing: "writing", source };
        write_private(path, text.as_bytes()).map_err(io)?;
        Ok(Self { id: id.to_owned(), public, secret })
    }
}

fn encrypt(
    secret: &SigningKey,
    params: Parameters,
    passphrase: &Passphrase,
) -> Result<String, pkcs8::Error> {
    let mut inner = Zeroizing::new(Vec::with_capacity(34));
    inner.extend_from_slice(&INNER);
    inner.extend_from_slice(secret.as_bytes());
    let info = PrivateKeyInfoRef::new(ALGORITHM, OctetStringRef::new(&inner)?);
    let encrypted = info.encrypt_with_params(params, passphrase.as_bytes())?;
    Ok(encrypted.to_pem(LABEL, LineEnding::LF)?.to_string())
}

/// The id that the file names; it needs no passphrase.
pub(super) fn id(path: &Path, text: &str) -> Result<String, KeyError> {
    Ok(read(path, text)?.id)
}

/// Reads the key of a file whose text is at hand; the passphrase is asked for once the file itself is found good.
pub(super) fn open(
    path: &Path,
    text: &str,
    passphrase: impl FnOnce() -> Result<Passphrase, PassphraseError>,
) -> Result<Key, KeyError> {
    let malformed =
        |reason: &str| KeyError::Malformed { path: path.to_owned(), reason: reason.to_owned() };
    let file = read(path, text)?;
    let (label, document) = SecretDocument::from_pem(&file.encrypted)
        .map_err(|_error| malformed("its secret is not PEM"))?;
    if label != LABEL {
        return Err(malformed("its secret is no ENCRYPTED PRIVATE KEY"));
    }
    let info = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
        .map_err(|_error| malformed("its secret is no ENCRYPTED PRIVATE KEY"))?;
    let bounded = info.encryption_algorithm.pbes2().is_some_and(is_bounded);
    if !bounded {
        return Err(malformed(
            "its secret is not encrypted with scrypt (at most 1 GiB) and AES-256-CBC",
        ));
    }
    let wrong = || KeyError::WrongPassphrase { path: path.to_owned() };
    let passphrase = passphrase()?;
    let plain = info.decrypt(passphrase.as_bytes()).map_err(|_error| wrong())?;
    let plain = PrivateKeyInfoRef::try_from(plain.as_bytes()).map_err(|_error| wrong())?;
    let secret = secret_of(&plain).ok_or_else(wrong)?;
    let public = PublicKey::of(&secret).map_err(|error| malformed(&error.to_string()))?;
    if public.to_string() != file.public {
        return Err(malformed("its public half does not belong to its secret"));
    }
    Ok(Key { id: file.id, public, secret })
}

/// The Ed25519 key that was encrypted.
fn secret_of(plain: &PrivateKeyInfoRef<'_>) -> Option<SigningKey> {
    let seed = plain.private_key.as_bytes().strip_prefix(&INNER)?;
    let seed: &[u8; 32] = seed.try_into().ok()?;
    (plain.algorithm == ALGORITHM).then(|| SigningKey::from_bytes(seed))
}

fn read(path: &Path, text: &str) -> Result<SealedFile, KeyError> {
    let malformed =
        |reason: &str| KeyError::Malformed { path: path.to_owned(), reason: reason.to_owned() };
    let file: SealedFile =
        toml::from_str(text).map_err(|_error| malformed("not a key file of `kring key new`"))?;
    match file.role {
        KeyRole::Person => Ok(file),
        KeyRole::Transport
        | KeyRole::Envelope
        | KeyRole::Log
        | KeyRole::Witness
        | KeyRole::Record
        | KeyRole::Noise
        | KeyRole::Freshness => Err(malformed("only keys of people are encrypted by a passphrase")),
    }
}

/// Whether decrypting takes what this program would ask for, or not much more.
fn is_bounded(params: &Parameters) -> bool {
    let cost = params.kdf.scrypt().is_some_and(|scrypt| {
        let memory = scrypt.cost_parameter.checked_mul(u64::from(scrypt.block_size));
        memory.is_some_and(|memory| memory <= MAX_N_R) && scrypt.parallelization <= MAX_P
    });
    cost && params.encryption.oid() == AES_256_CBC_OID
}

#[cfg(test)]
mod tests;
