//! A segment in memory: its entries one after the other.

use super::super::OpenError;
use super::super::contents::{damaged, name};
use super::super::record::{Kind, Place};
use super::super::scan::record;
use super::Reader;

/// One segment in memory.
pub(super) struct Loaded {
    pub(super) first: u64,
    pub(super) places: Vec<Place>,
    pub(super) bytes: Vec<u8>,
}

impl Loaded {
    pub(super) fn holds(&self, index: u64) -> bool {
        index.checked_sub(self.first).is_some_and(|number| number < self.places.len() as u64)
    }

    pub(super) fn bytes(&self, reader: &Reader, index: u64) -> Result<Vec<u8>, OpenError> {
        let name = name(self.first);
        let number = usize::try_from(index.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let place = self.places.get(number);
        let at = place.map_or(0, |place| u64::from(place.offset));
        let wrong = |reason: &str| damaged(&*reader.medium, &name, at, reason);
        let place = place.ok_or_else(|| wrong("an entry that is not there"))?;
        let rest = usize::try_from(at).ok().and_then(|at| self.bytes.get(at..));
        let (header, body) = record(rest.unwrap_or_default(), at, index).map_err(wrong)?;
        if header.kind != Kind::Entry || header.hash != place.hash {
            return Err(wrong("another record than the tree holds"));
        }
        Ok(body.to_vec())
    }
}
