//! Cosignatures: a witness's statement that a checkpoint continues all that it saw of a log, at a time.
//!
//! C2SP `cosignature/v1`: Ed25519 over `cosignature/v1\ntime <seconds>\n` and the checkpoint's text. One can only be made
//! of a [`Persisted`] checkpoint: a witness that forgets what it signed is no witness.

use ed25519_dalek::{Signer as _, SigningKey};
use policies::UnixTime;

use super::note::{NoteError, SignatureKind, SignatureLine, VerifierKey, cosigned_text};
use super::witness::Persisted;

/// Cosigns a checkpoint that this witness has durably recorded as the latest of its log.
///
/// # Errors
/// `NoteError::Malformed` when `signer` is not the secret half of the witness's `key`, or the time is before 1970.
pub fn cosign(
    persisted: &Persisted,
    key: &VerifierKey,
    signer: &SigningKey,
    now: UnixTime,
) -> Result<SignatureLine, NoteError> {
    if key.kind() != SignatureKind::Cosignature || !key.is_of(signer) {
        return Err(NoteError::Malformed { reason: "the secret half of the witness's key" });
    }
    let time = u64::try_from(now.0)
        .map_err(|_negative| NoteError::Malformed { reason: "a time after 1970" })?;
    let text = cosigned_text(time, persisted.checkpoint().note().text());
    let mut signature = time.to_be_bytes().to_vec();
    signature.extend_from_slice(&signer.sign(text.as_bytes()).to_bytes());
    Ok(SignatureLine::new(key, signature))
}

#[cfg(test)]
mod tests;
