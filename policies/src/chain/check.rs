//! The checks of one version against the line before it. Cheap ones first, files last, and all of them before anything
//! is kept.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::bundle::{self, BundleError};
use crate::charter::{self, Charter, Head, Signer};
use crate::dsse::Envelope;
use crate::statement::Revocations;
use crate::wire::LayerRef;
use crate::{Digest, UnixTime};

use super::{ChainError, Line, MAX_VERSIONS, SignedBy, Version};
use crate::charter::{Child, Parent};

/// A version that passed every check and may be stored.
///
/// ```compile_fail
/// fn forge(charter: policies::Charter) -> policies::chain::Next {
///     policies::chain::Next { bytes: Vec::new(), charter }
/// }
/// ```
#[derive(Debug)]
pub struct Next {
    bytes: Vec<u8>,
    layer: LayerRef,
    head: Head,
    signed: Vec<SignedBy>,
    charter: Charter,
}

impl Next {
    /// The exact bytes to store.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its charter.
    #[must_use]
    pub fn charter(&self) -> &Charter {
        &self.charter
    }

    /// What names it.
    #[must_use]
    pub fn layer(&self) -> &LayerRef {
        &self.layer
    }

    /// When it begins to hold, as it says.
    #[must_use]
    pub fn valid_from(&self) -> UnixTime {
        self.head.valid_from
    }

    /// Whose signatures count for it.
    #[must_use]
    pub fn signed_by(&self) -> &[SignedBy] {
        &self.signed
    }

    pub(super) fn after(&self) -> Option<Digest> {
        self.head.previous
    }

    pub(super) fn parent(&self) -> Option<&Parent> {
        self.head.parent.as_ref()
    }

    pub(super) fn into_charter(self) -> Charter {
        self.charter
    }

    pub(super) fn into_version(self, accepted_at: UnixTime) -> Version {
        let Self { bytes: _, layer, head, signed, charter } = self;
        let charter = Some(Arc::new(charter));
        let starts = head.valid_from;
        Version { layer, head, signed, accepted_at, starts, until: None, charter }
    }
}

/// A bundle whose envelope, encoding and head are good, and no more.
pub(super) struct Read {
    pub(super) envelope: Envelope,
    pub(super) digest: Digest,
    pub(super) files: BTreeMap<String, String>,
    pub(super) head: Head,
}

impl Read {
    pub(super) fn of(envelope: Envelope) -> Result<Self, ChainError> {
        let files = bundle::files(envelope.unverified_payload())?;
        let head = charter::head_alone(&files).map_err(BundleError::Problems)?;
        let digest = envelope.digest();
        Ok(Self { envelope, digest, files, head })
    }

    pub(super) fn layer(&self) -> LayerRef {
        let Head { network, version, .. } = &self.head;
        LayerRef { network: network.clone(), version: *version, digest: self.digest }
    }

    /// The signers of `version` whose signature counts; those of `known` were verified already.
    fn signed(
        &self,
        (version, signers): (u64, &[Signer]),
        known: &[SignedBy],
        revoked: &Revocations,
    ) -> Vec<SignedBy> {
        let is_known = |signer: &Signer| known.iter().any(|by| by.signer.key == signer.key);
        let counts = |signer: &&Signer| {
            !revoked.signer(&signer.key)
                && (is_known(signer) || bundle::is_signed_by(&self.envelope, &signer.key))
        };
        let signed = signers.iter().filter(counts).cloned();
        signed.map(|signer| SignedBy { version, signer }).collect()
    }

    /// Its own signers who signed, at least its threshold.
    fn own(&self, known: &[SignedBy], revoked: &Revocations) -> Result<Vec<SignedBy>, ChainError> {
        let Head { version, threshold: expected, signers, .. } = &self.head;
        let (version, expected) = (*version, *expected);
        let signed = self.signed((version, signers), known, revoked);
        let got = signed.len();
        if got < expected {
            return Err(ChainError::TooFewSigners { version, expected, got });
        }
        Ok(signed)
    }

    /// The signers of `before` who signed, at least its threshold.
    fn old(&self, before: &Version, revoked: &Revocations) -> Result<Vec<SignedBy>, ChainError> {
        let version = before.layer.version;
        let expected = before.head.threshold;
        let signed = self.signed((version, &before.head.signers), &[], revoked);
        let got = signed.len();
        if got < expected {
            return Err(ChainError::TooFewOldSigners { version, expected, got });
        }
        Ok(signed)
    }

    /// Everything about a first version but its other files.
    pub(super) fn begins(
        &self,
        root: Digest,
        revoked: &Revocations,
    ) -> Result<Vec<SignedBy>, ChainError> {
        let got = self.head.version;
        if self.digest != root {
            return Err(ChainError::OtherRoot { root, got: self.digest });
        }
        if got != 1 {
            return Err(ChainError::NotFirst { got });
        }
        if let Some(Parent { network, .. }) = &self.head.parent {
            return Err(ChainError::NotTheRoot { parent: network.clone() });
        }
        self.own(&[], revoked)
    }

    /// Everything about the first version of a network that another one lists among its children, but its other files.
    pub(super) fn begins_below(
        &self,
        listing: &[(u64, &Child)],
        revoked: &Revocations,
    ) -> Result<Vec<SignedBy>, ChainError> {
        let (network, got) = (&self.head.network, self.head.version);
        if got != 1 {
            return Err(ChainError::Skipped { expected: 1, got });
        }
        let mut fault = ChainError::NotAChild { network: network.clone() };
        for (version, Child { signers, threshold, .. }) in listing {
            let mut signed = self.signed((*version, signers), &[], revoked);
            if signed.len() < *threshold {
                let (expected, got) = (*threshold, signed.len());
                let network = network.clone();
                fault = ChainError::TooFewFirstSigners { network, expected, got };
                continue;
            }
            let own = self.own(&signed, revoked)?;
            // Signers of the version above are told as that: the digits of both versions may be the same.
            signed.retain(|by| !own.iter().any(|own| own.signer.key == by.signer.key));
            signed.extend(own);
            return Ok(signed);
        }
        Err(fault)
    }

    /// Everything about a version after the line's newest but its other files.
    pub(super) fn follows(
        &self,
        line: &Line,
        revoked: &Revocations,
    ) -> Result<Vec<SignedBy>, ChainError> {
        let tip = line.newest();
        let (expected, got) = (&tip.layer.network, &self.head.network);
        if got != expected {
            let (expected, got) = (expected.clone(), got.clone());
            return Err(ChainError::OtherNetwork { expected, got });
        }
        let (held, got) = (tip.layer.version, self.head.version);
        if got <= held {
            return Err(self.forks(line, revoked));
        }
        let expected = held.saturating_add(1);
        if got != expected {
            return Err(ChainError::Skipped { expected, got });
        }
        let (expected, previous) = (tip.layer.digest, self.head.previous);
        if previous != Some(expected) {
            let got = previous.unwrap_or(self.digest);
            return Err(ChainError::OtherPrevious { version: self.head.version, expected, got });
        }
        let mut signed = self.old(tip, revoked)?;
        stays_below(tip.head.parent.as_ref(), &self.head)?;
        signed.extend(self.own(&signed, revoked)?);
        let (from, got) = (tip.head.valid_from, self.head.valid_from);
        if got < from {
            return Err(ChainError::Backwards { version: self.head.version, from, got });
        }
        if line.len() >= MAX_VERSIONS {
            return Err(ChainError::TooLong);
        }
        Ok(signed)
    }

    /// What a bundle is that says a version of the line: proof that the board signed two, or of nothing.
    fn forks(&self, line: &Line, revoked: &Revocations) -> ChainError {
        let version = self.head.version;
        let signed = match version.checked_sub(1).and_then(|before| line.version(before)) {
            Some(before) => self.old(before, revoked),
            None => self.old(&line.first, revoked),
        };
        match signed {
            Ok(_signers) => ChainError::Fork { version },
            Err(error) => error,
        }
    }

    /// The whole charter, with its other files.
    pub(super) fn charter(&self) -> Result<Charter, ChainError> {
        let charter = charter::parse(&self.files).map_err(BundleError::Problems)?;
        Ok(charter.seal(self.digest))
    }

    fn whole(self, bytes: &[u8], signed: Vec<SignedBy>) -> Result<Next, ChainError> {
        let charter = self.charter()?;
        let layer = self.layer();
        Ok(Next { bytes: bytes.to_vec(), layer, head: self.head, signed, charter })
    }
}

/// Whether a version has the parent of the one before it, in no older version.
fn stays_below(before: Option<&Parent>, head: &Head) -> Result<(), ChainError> {
    let version = head.version;
    let moved = |expected: Option<&Parent>| ChainError::OtherParent {
        version,
        expected: expected.map(|parent| parent.network.clone()),
        got: head.parent.as_ref().map(|parent| parent.network.clone()),
    };
    match (before, &head.parent) {
        (None, None) => Ok(()),
        (Some(before), Some(got)) if before.network == got.network => {
            if got.version < before.version {
                let (parent, held) = (before.network.clone(), before.version);
                return Err(ChainError::OlderParent { parent, held, got: got.version });
            }
            Ok(())
        }
        (_, _) => Err(moved(before)),
    }
}

/// Version 1 of a network below another one.
pub(super) fn first_below(
    read: Read,
    (bytes, listing): (&[u8], &[(u64, &Child)]),
    revoked: &Revocations,
) -> Result<Next, ChainError> {
    let signed = read.begins_below(listing, revoked)?;
    read.whole(bytes, signed)
}

/// Version 1, against the pin.
pub(super) fn first(bytes: &[u8], root: Digest, revoked: &Revocations) -> Result<Next, ChainError> {
    let envelope = bundle::decode(bytes)?;
    let got = envelope.digest();
    if got != root {
        return Err(ChainError::OtherRoot { root, got });
    }
    let read = Read::of(envelope)?;
    let signed = read.begins(root, revoked)?;
    read.whole(bytes, signed)
}

/// The version after the line's newest.
pub(super) fn next(line: &Line, bytes: &[u8], revoked: &Revocations) -> Result<Next, ChainError> {
    let envelope = bundle::decode(bytes)?;
    is_not_held(line, envelope.digest())?;
    next_read(line, (Read::of(envelope)?, bytes), revoked)
}

/// The same of a bundle whose head is read already.
pub(super) fn next_read(
    line: &Line,
    (read, bytes): (Read, &[u8]),
    revoked: &Revocations,
) -> Result<Next, ChainError> {
    is_not_held(line, read.digest)?;
    let signed = read.follows(line, revoked)?;
    read.whole(bytes, signed)
}

/// Whether it is none of the line's versions.
fn is_not_held(line: &Line, digest: Digest) -> Result<(), ChainError> {
    if let Some(known) = line.history().find(|version| version.layer.digest == digest) {
        let (held, got) = (line.tip().version, known.layer.version);
        let error = if got == held {
            ChainError::Held { version: got }
        } else {
            ChainError::Rollback { held, got }
        };
        return Err(error);
    }
    Ok(())
}
