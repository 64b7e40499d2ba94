//! Sets of patients that figures were told of, and which of them are close to another.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use sha2::{Digest as _, Sha256};

mod index;

use index::Index;

/// 64-bit words of a sketch. Sets that have nothing to do with each other differ in about 128 of its 256 bits, so gaps up to some
/// sixty patients are told apart without the sets.
const WORDS: usize = 4;
/// Bytes of patients that are hashed at a time.
const HASHED_BYTES: usize = 4096;

/// The parity of how many patients of a set fall on each bit: sets that differ in d patients differ in at most d bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sketch([u64; WORDS]);

impl Sketch {
    fn of(set: &RoaringBitmap) -> Self {
        let mut words = [0_u64; WORDS];
        for patient in set {
            // Odd multiplier (2^32 / golden ratio): neighbours fall far apart.
            let place = patient.wrapping_mul(0x9e37_79b9) >> 24;
            let word = usize::try_from(place >> 6).ok().and_then(|at| words.get_mut(at));
            if let Some(word) = word {
                *word ^= 1 << (place & 63);
            }
        }
        Self(words)
    }

    fn distance(self, other: Self) -> u32 {
        self.0.iter().zip(other.0).map(|(a, b)| (a ^ b).count_ones()).sum()
    }
}

/// Names a set: the digest of its bytes.
pub(super) type SetName = [u8; 32];

/// The bytes of a set, always the same for the same set.
pub(super) fn bytes_of(set: &RoaringBitmap) -> Vec<u8> {
    // Where most of a run of patients is in the set, runs are shorter; the choice depends on the set alone.
    let mut set: RoaringBitmap = set.iter().collect();
    set.optimize();
    let mut bytes = Vec::with_capacity(set.serialized_size());
    if set.serialize_into(&mut bytes).is_err() {
        bytes.clear();
    }
    bytes
}

/// The name of a set.
pub(super) fn name_of(set: &RoaringBitmap) -> SetName {
    let mut digest = Sha256::new();
    let mut bytes = Vec::with_capacity(HASHED_BYTES);
    for patient in set {
        bytes.extend_from_slice(&patient.to_le_bytes());
        if bytes.len() >= HASHED_BYTES {
            digest.update(&bytes);
            bytes.clear();
        }
    }
    digest.update(&bytes);
    digest.finalize().into()
}

/// A set with how it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Kept {
    name: SetName,
    patients: u64,
    sketch: Sketch,
    bytes: Box<[u8]>,
}

/// Sets by name and by size.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sets {
    kept: Vec<Kept>,
    by_name: BTreeMap<SetName, usize>,
    by_size: BTreeMap<u64, Vec<usize>>,
    by_first: Index,
    greatest: Option<u32>,
    bytes: usize,
}

impl Sets {
    /// How many sets.
    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// The greatest patient of any set.
    pub(super) fn greatest(&self) -> Option<u32> {
        self.greatest
    }

    /// Bytes of all sets.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The place of a set that is kept.
    pub(super) fn find(&self, name: &SetName) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Keeps a set once; its place.
    pub(super) fn keep(&mut self, set: &RoaringBitmap) -> usize {
        let name = name_of(set);
        if let Some(place) = self.find(&name) {
            return place;
        }
        let place = self.kept.len();
        let bytes = bytes_of(set).into_boxed_slice();
        self.bytes = self.bytes.saturating_add(bytes.len());
        self.kept.push(Kept { name, patients: set.len(), sketch: Sketch::of(set), bytes });
        self.by_name.insert(name, place);
        self.by_size.entry(set.len()).or_default().push(place);
        self.by_first.add(set, place);
        self.greatest = self.greatest.max(set.max());
        place
    }

    /// The set at a place.
    pub(super) fn at(&self, place: usize) -> Option<RoaringBitmap> {
        self.kept.get(place).map(Kept::set)
    }

    /// The places of sets that differ from `set` in fewer than `gap` patients, with the distance; the same set has 0.
    pub(super) fn near(&self, set: &RoaringBitmap, gap: u64) -> Vec<(usize, u64)> {
        let Some(reach) = gap.checked_sub(1) else { return Vec::new() };
        let sketch = Sketch::of(set);
        let sizes = set.len().saturating_sub(reach)..=set.len().saturating_add(reach);
        let alike = self.by_size.range(sizes.clone()).map(|(_, places)| places.len());
        let alike = alike.fold(0, usize::saturating_add);
        let places = match self.by_first.candidates(set, reach, alike) {
            Some(places) => places,
            None => {
                self.by_size.range(sizes.clone()).flat_map(|(_, places)| places).copied().collect()
            }
        };
        let near = places.into_iter().filter_map(|place| {
            let kept = self.kept.get(place).filter(|kept| sizes.contains(&kept.patients))?;
            if u64::from(kept.sketch.distance(sketch)) >= gap {
                return None;
            }
            let distance = kept.set().symmetric_difference_len(set);
            (distance < gap).then_some((place, distance))
        });
        let mut near: Vec<(usize, u64)> = near.collect();
        near.sort_unstable();
        near
    }
}

impl Kept {
    fn set(&self) -> RoaringBitmap {
        RoaringBitmap::deserialize_from(&*self.bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
