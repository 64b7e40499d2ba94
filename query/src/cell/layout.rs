//! The columns of a cell: counts first, then sums, then sets of patients.
//!
//! Worker and daemon make the same layout of a fragment's footprint and of what is wanted. Names are for readers: columns
//! are found by place.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use policies::footprint::{FragmentFootprint, MeasureFootprint};

use super::contributions::counts_rows;
use super::sum_type;
use crate::pipe::Wanted;

/// Which columns there are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Layout {
    /// Digits behind the point of each sum.
    sums: Vec<u8>,
    measures: Vec<MeasureLayout>,
    wanted: Wanted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct MeasureLayout {
    scale: u8,
    has_set: bool,
    has_rest: bool,
}

/// Whether the number of patients with a row that a measure does not count is a column of its own.
pub(crate) fn has_rest(measure: &MeasureFootprint) -> bool {
    has_set(measure) && counts_rows(measure.kind)
}

/// Whether the set of a measure's contributors is a column of its own: it is for what counts, and the whole cell's has one.
pub(crate) fn has_set(measure: &MeasureFootprint) -> bool {
    measure.kind.is_count_like() && !measure.is_of_everyone()
}

impl Layout {
    /// The columns of a fragment with these sums and measures.
    pub(crate) fn new<'m>(
        sums: impl Iterator<Item = u8>,
        measures: impl Iterator<Item = &'m MeasureFootprint>,
        wanted: Wanted,
    ) -> Self {
        let measures = measures.filter(|_measure| wanted.any());
        let measures = measures.map(|measure| MeasureLayout {
            scale: measure.scale,
            has_set: has_set(measure) && wanted.bitmaps,
            has_rest: has_rest(measure) && wanted.bitmaps,
        });
        Self { sums: sums.collect(), measures: measures.collect(), wanted }
    }

    /// The columns of a fragment.
    pub(crate) fn of(fragment: &FragmentFootprint, wanted: Wanted) -> Self {
        let sums = fragment.sums.iter().map(|sum| sum.scale);
        Self::new(sums, fragment.measures.iter(), wanted)
    }

    /// What is wanted.
    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// Names of the counts: patients of the cell first.
    pub(crate) fn counts(&self) -> Vec<String> {
        let mut names = vec!["n".to_owned()];
        names.extend(self.wanted.record_keys().then(|| "key".to_owned()));
        for (at, measure) in self.measures.iter().enumerate() {
            names.push(format!("m{at}_n"));
            names.extend(self.wanted.keys.then(|| format!("m{at}_key")));
            names.extend(self.wanted.marks.then(|| format!("m{at}_mark")));
            names.extend(measure.has_rest.then(|| format!("m{at}_rest")));
        }
        names
    }

    /// Names and digits of the sums: those that leave first.
    pub(crate) fn sums(&self) -> Vec<(String, u8)> {
        let leave = self.sums.iter().enumerate().map(|(at, scale)| (format!("p{at}"), *scale));
        let mut sums: Vec<(String, u8)> = leave.collect();
        if self.wanted.tops {
            for (at, measure) in self.measures.iter().enumerate() {
                let tops = ["top1", "top2", "all"].map(|name| format!("m{at}_{name}"));
                sums.extend(tops.map(|name| (name, measure.scale)));
            }
        }
        sums
    }

    /// Names of the sets: the patients of the cell first.
    pub(crate) fn sets(&self) -> Vec<String> {
        if !self.wanted.bitmaps {
            return Vec::new();
        }
        let own = self.measures.iter().enumerate().filter(|(_at, measure)| measure.has_set);
        let own = own.map(|(at, _measure)| format!("m{at}_patients"));
        std::iter::once("patients".to_owned()).chain(own).collect()
    }

    /// The fields of the struct that `kring_cell` gives.
    pub(crate) fn fields(&self) -> Fields {
        let field = |name, data_type| Field::new(name, data_type, false);
        let counts = self.counts().into_iter().map(|name| field(name, DataType::UInt64));
        let sums = self.sums().into_iter().map(|(name, scale)| field(name, sum_type(scale)));
        let sets = self.sets().into_iter().map(|name| field(name, DataType::Binary));
        counts.chain(sums).chain(sets).collect::<Vec<_>>().into()
    }

    /// The schema of a fragment's raw cells: as in the struct, whether the text rules the cell out after the patients, and
    /// without sets, which have no fixed width and travel apart.
    pub(crate) fn raw_schema(&self) -> SchemaRef {
        let mut fields: Vec<_> = self.fields().iter().map(Arc::clone).collect();
        fields.truncate(self.counts().len().saturating_add(self.sums().len()));
        fields.insert(1, Arc::new(Field::new("ruled_out", DataType::Boolean, false)));
        Arc::new(Schema::new(fields))
    }
}
