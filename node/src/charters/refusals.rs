//! What was refused lately, so that nothing is fetched or logged over and over.

use std::collections::BTreeSet;

use policies::Digest;
use policies::bundle::MAX_BUNDLE_BYTES;
use policies::dsse::Envelope;

/// Most digests that are remembered.
const MAX_REFUSED: usize = 1024;

/// What was refused lately.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    seen: BTreeSet<Digest>,
}

impl Refusals {
    /// Whether these bytes were refused lately.
    pub(super) fn knows(&self, bytes: &[u8]) -> bool {
        self.seen.contains(&Digest::of(bytes))
    }

    /// Whether these bytes are refused for the first time since long.
    pub(super) fn note(&mut self, bytes: &[u8]) -> bool {
        self.add(Digest::of(bytes))
    }

    /// The same of what the bundle says, version and all: the same with other signatures is the same.
    pub(super) fn note_signed(&mut self, bundle: &[u8]) -> bool {
        let envelope = Envelope::decode(bundle, MAX_BUNDLE_BYTES);
        self.add(envelope.map_or_else(|_none| Digest::of(bundle), |envelope| envelope.digest()))
    }

    fn add(&mut self, digest: Digest) -> bool {
        if self.seen.len() >= MAX_REFUSED {
            self.seen.clear();
        }
        self.seen.insert(digest)
    }
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use policies::dsse::PayloadType;

    use super::*;

    #[test]
    fn what_was_refused_is_remembered_within_a_limit() {
        let mut refusals = Refusals::default();
        assert!(refusals.note(b"one") && !refusals.note(b"one") && refusals.knows(b"one"));
        for number in 0..MAX_REFUSED {
            refusals.note(&number.to_le_bytes());
        }
        assert!(refusals.seen.len() <= MAX_REFUSED);
    }

    #[test]
    fn a_bundle_with_other_signatures_is_the_same() {
        let mut refusals = Refusals::default();
        let signed = |text: &str, keys: &[u8]| {
            let mut envelope = Envelope::unsigned(PayloadType::Charter, text.as_bytes().to_vec());
            for key in keys {
                envelope.add_signature(&SigningKey::from_bytes(&[*key; 32]));
            }
            envelope.encode()
        };
        assert!(refusals.note_signed(&signed("fork", &[1, 2])));
        assert!(!refusals.note_signed(&signed("fork", &[1, 3])));
        assert!(!refusals.note_signed(&signed("fork", &[1, 2, 3])));
        assert!(refusals.note_signed(&signed("another fork", &[1, 2])));
        assert!(refusals.note_signed(b"no envelope") && !refusals.note_signed(b"no envelope"));
    }
}
