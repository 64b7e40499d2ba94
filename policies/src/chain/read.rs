//! A stored chain, read at a start: whole charters only of the versions that can still hold.

use std::sync::Arc;

use crate::bundle;
use crate::statement::Revocations;
use crate::{Digest, UnixTime};

use super::check::Read;
use super::{ChainError, Line, Version};

impl Line {
    /// Reads the versions that a node accepted and stored, from the first, with the moments when it did.
    ///
    /// Of each, encoding, head, digest, predecessor and both thresholds are checked again; the other files only of those that
    /// can hold at `now` or later. Revocations are not asked: what was accepted before one stays.
    ///
    /// # Errors
    /// `ChainError` of the first version that is not good.
    pub fn read<B: AsRef<[u8]>>(
        stored: impl IntoIterator<Item = (B, UnixTime)>,
        root: Digest,
        now: UnixTime,
    ) -> Result<Self, ChainError> {
        Self::read_from(stored, now, |first, none| first.begins(root, none))
    }

    /// The same of a network below another one, whose versions are read already; any of them may list it.
    ///
    /// # Errors
    /// `ChainError` of the first version that is not good.
    pub(super) fn read_below<B: AsRef<[u8]>>(
        stored: impl IntoIterator<Item = (B, UnixTime)>,
        parent: &Self,
        now: UnixTime,
    ) -> Result<Self, ChainError> {
        Self::read_from(stored, now, |first, none| {
            let network = &first.head.network;
            let versions = parent.history().rev();
            let listing: Vec<_> = versions.filter_map(|version| version.lists(network)).collect();
            first.begins_below(&listing, none)
        })
    }

    fn read_from<B: AsRef<[u8]>>(
        stored: impl IntoIterator<Item = (B, UnixTime)>,
        now: UnixTime,
        begins: impl Fn(&Read, &Revocations) -> Result<Vec<super::SignedBy>, ChainError>,
    ) -> Result<Self, ChainError> {
        let none = Revocations::default();
        let mut stored = stored.into_iter();
        let (bytes, accepted_at) = stored.next().ok_or(ChainError::Empty)?;
        let read = read_head(bytes.as_ref())?;
        let signed = begins(&read, &none)?;
        let mut line = Self::of(version(&read, signed, accepted_at));
        let mut whole = vec![read];
        for (bytes, accepted_at) in stored {
            let read = read_head(bytes.as_ref())?;
            let signed = read.follows(&line, &none)?;
            line.push(version(&read, signed, accepted_at));
            whole.push(read);
            whole.retain(|read| {
                line.version(read.head.version).is_some_and(|version| !version.is_over(now))
            });
        }
        for read in whole {
            let charter = read.charter()?;
            if let Some(version) = line.version_mut(read.head.version) {
                version.charter = Some(Arc::new(charter));
            }
        }
        Ok(line)
    }

    fn version_mut(&mut self, number: u64) -> Option<&mut Version> {
        match number.checked_sub(2) {
            None => (number == 1).then_some(&mut self.first),
            Some(place) => self.later.get_mut(usize::try_from(place).ok()?),
        }
    }
}

fn read_head(bytes: &[u8]) -> Result<Read, ChainError> {
    Read::of(bundle::decode(bytes)?)
}

fn version(read: &Read, signed: Vec<super::SignedBy>, accepted_at: UnixTime) -> Version {
    let starts = read.head.valid_from;
    Version {
        layer: read.layer(),
        head: read.head.clone(),
        signed,
        accepted_at,
        starts,
        until: None,
        charter: None,
    }
}
