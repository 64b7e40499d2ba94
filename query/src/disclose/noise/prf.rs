//! From a key and named inputs to uniform bits.

use hmac::digest::KeyInit as _;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroize as _;

/// What every draw begins with; the number is the mechanism's version.
const DOMAIN: &[u8] = b"kring/noise/1";

/// What a key's name is the code of; no draw's bytes begin like it, for those begin with a length.
const NAME: &[u8] = b"kring/noise/name/1";

/// A block of SHA-256: HMAC pads a shorter key with zeros to it.
const BLOCK: usize = 64;

/// A node's secret for noise: one for all networks, never outside the daemon.
///
/// Is not `Serialize`, prints nothing of itself, and is wiped when dropped.
///
/// A new key is a second sample of all noise: it comes only with a new lineage.
pub struct NoiseKey([u8; BLOCK]);

impl std::fmt::Debug for NoiseKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("<redacted>")
    }
}

impl Drop for NoiseKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl NoiseKey {
    /// Takes the secret, and wipes where it came from.
    #[must_use]
    pub fn new(secret: &mut [u8; 32]) -> Self {
        let mut key = [0; BLOCK];
        for (to, from) in key.iter_mut().zip(secret.iter()) {
            *to = *from;
        }
        secret.zeroize();
        Self(key)
    }

    /// What tells this key from another, and nothing else about it.
    pub(crate) fn name(&self) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new((&self.0).into());
        mac.update(NAME);
        mac.finalize().into_bytes().into()
    }

    /// Uniform bits for a layer and inputs. Each input goes in behind its length: no two lists of inputs are the same bytes.
    pub(super) fn draw(&self, layer: Layer, inputs: &[&[u8]]) -> Draw {
        let mut mac = Hmac::<Sha256>::new((&self.0).into());
        for part in [DOMAIN, layer.label()].iter().chain(inputs) {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
            mac.update(part);
        }
        let digest = mac.finalize().into_bytes();
        let mut words = digest.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word));
        Draw { high: words.next().unwrap_or(0), low: words.next().unwrap_or(0) }
    }
}

/// 128 uniform bits.
#[derive(Clone, Copy)]
pub(super) struct Draw {
    /// Chooses the step.
    pub(super) high: u64,
    /// Chooses the place within a step.
    pub(super) low: u64,
}

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    /// Depends on the set and its contributions.
    Set,
    /// Depends on the form too.
    Form,
    /// As `Form`, under rules that ask for more.
    FormMore,
    /// Raises a threshold.
    Threshold,
}

impl Layer {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Set => b"set",
            Self::Form => b"form",
            Self::FormMore => b"form more",
            Self::Threshold => b"threshold",
        }
    }
}
