//! Cells made by hand, for tests of those who take fragments.

use std::sync::Arc;

use policies::footprint::MeasureFootprint;
use roaring::RoaringBitmap;

use super::{RawFragment, RawMeasure};
use crate::cell::has_set;
use crate::record::RecordKey;

impl RawFragment {
    /// Cells without summaries, for tests of those who take fragments.
    pub(crate) fn of_figures(n: &[u64], ruled_out: bool, sums: Vec<(u8, Vec<i128>)>) -> Self {
        let (n, ruled_out) = (n.to_vec(), vec![ruled_out; n.len()]);
        Self { n, ruled_out, sums, ..Self::default() }
    }

    /// Cells of these patients, each with a part that a second measure counts: two counts a cell, with sets and keys.
    pub(crate) fn of_parts(
        cells: &[(RoaringBitmap, RoaringBitmap)],
        part: &MeasureFootprint,
    ) -> Self {
        let sets = |of: fn(&(RoaringBitmap, RoaringBitmap)) -> &RoaringBitmap| {
            let sets: Vec<RoaringBitmap> = cells.iter().map(|cell| of(cell).clone()).collect();
            let n: Vec<u64> = sets.iter().map(RoaringBitmap::len).collect();
            let keys: Vec<RecordKey> = sets.iter().map(key_of).collect();
            (n, keys, sets)
        };
        let figures = |n: &[u64]| (0, n.iter().map(|n| i128::from(*n)).collect());
        let ((n, keys, patients), (m, part_keys, parts)) =
            (sets(|cell| &cell.0), sets(|cell| &cell.1));
        let one = |footprint, n: &[u64], key: &[RecordKey], patients| RawMeasure {
            footprint,
            n: n.to_vec(),
            key: Some(key.to_vec()),
            mark: Some(key.to_vec()),
            rest: None,
            tops: None,
            patients,
        };
        let shared = |sets: Vec<RoaringBitmap>| sets.into_iter().map(Arc::new).collect();
        let all = MeasureFootprint { condition: None, ..part.clone() };
        Self {
            ruled_out: vec![false; n.len()],
            sums: vec![figures(&n), figures(&m)],
            measures: vec![
                one(all, &n, &keys, None),
                one(part.clone(), &m, &part_keys, Some(shared(parts))),
            ],
            key: Some(keys),
            patients: Some(shared(patients)),
            n,
        }
    }

    /// The cells of fragments of the same sums and measures.
    pub(crate) fn joined(fragments: Vec<Self>) -> Self {
        let add = |mut all: Self, next: Self| {
            all.n.extend(next.n);
            all.ruled_out.extend(next.ruled_out);
            for ((_, all), (_, next)) in all.sums.iter_mut().zip(next.sums) {
                all.extend(next);
            }
            for (all, next) in all.patients.iter_mut().zip(next.patients) {
                all.extend(next);
            }
            for (all, next) in all.measures.iter_mut().zip(next.measures) {
                all.n.extend(next.n);
                for (all, next) in
                    all.tops.iter_mut().flatten().zip(next.tops.into_iter().flatten())
                {
                    all.extend(next);
                }
                for (all, next) in all.patients.iter_mut().zip(next.patients) {
                    all.extend(next);
                }
            }
            all
        };
        fragments.into_iter().reduce(add).unwrap_or_default()
    }

    /// With so many patients in each cell who have a row that a measure does not count.
    pub(crate) fn with_rest(mut self, measure: usize, rest: u64) -> Self {
        if let Some(of) = self.measures.get_mut(measure) {
            of.rest = Some(vec![rest; self.n.len()]);
        }
        self
    }

    /// One cell of these patients, with sums and what each patient contributes to each measure.
    pub(crate) fn of_contributions(
        patients: u32,
        sums: Vec<(u8, i128)>,
        measures: Vec<(MeasureFootprint, Vec<(u32, i128)>)>,
    ) -> Self {
        let measures = measures.into_iter().map(|(footprint, contributions)| {
            let mut sizes: Vec<i128> = contributions.iter().map(|(_, x)| x.abs()).collect();
            sizes.sort_unstable_by(|a, b| b.cmp(a));
            let top = |at: usize| vec![sizes.get(at).copied().unwrap_or_default()];
            let set = contributions.iter().map(|(patient, _)| *patient).collect();
            RawMeasure {
                n: vec![contributions.len() as u64],
                key: None,
                mark: None,
                rest: None,
                tops: Some([top(0), top(1), vec![sizes.iter().sum()]]),
                patients: has_set(&footprint).then(|| vec![Arc::new(set)]),
                footprint,
            }
        });
        Self {
            n: vec![u64::from(patients)],
            ruled_out: vec![false],
            sums: sums.into_iter().map(|(scale, value)| (scale, vec![value])).collect(),
            key: None,
            patients: Some(vec![Arc::new((0..patients).collect())]),
            measures: measures.collect(),
        }
    }

    /// One cell of patients with one row each, and measures of sets of them, each with a count.
    pub(crate) fn of_sets(
        patients: &RoaringBitmap,
        measures: &[(MeasureFootprint, RoaringBitmap)],
    ) -> Self {
        let figure = |set: &RoaringBitmap| (0, vec![i128::from(set.len())]);
        let of = |(footprint, set): &(MeasureFootprint, RoaringBitmap)| RawMeasure {
            footprint: footprint.clone(),
            n: vec![set.len()],
            key: Some(vec![key_of(set)]),
            mark: Some(vec![key_of(set)]),
            rest: None,
            tops: None,
            patients: has_set(footprint).then(|| vec![Arc::new(set.clone())]),
        };
        Self {
            n: vec![patients.len()],
            ruled_out: vec![false],
            sums: measures.iter().map(|(_, set)| figure(set)).collect(),
            key: Some(vec![key_of(patients)]),
            patients: Some(vec![Arc::new(patients.clone())]),
            measures: measures.iter().map(of).collect(),
        }
    }
}

/// The sum of the record keys that patients have in tests.
fn key_of(set: &RoaringBitmap) -> RecordKey {
    let number = |patient: u32| RecordKey::new(u64::from(patient) << 24 | 1);
    let keys = set.iter().map(|patient| number(patient).unwrap());
    keys.fold(RecordKey::default(), RecordKey::plus)
}
