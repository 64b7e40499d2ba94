//! Cells that an earlier answer told of, made again of what the memory keeps: figures and sizes, without anybody in them.

use policies::footprint::MeasureFootprint;

use super::{RawFragment, RawMeasure};

/// How many contribute to a measure, cell by cell, and the largest contribution.
pub(crate) struct Counted {
    footprint: MeasureFootprint,
    /// Patients who contribute.
    pub(crate) n: Vec<u64>,
    /// The largest absolute contribution.
    pub(crate) first: Vec<i128>,
}

impl Counted {
    /// A measure without cells.
    pub(crate) fn new(footprint: MeasureFootprint) -> Self {
        Self { footprint, n: Vec::new(), first: Vec::new() }
    }
}

impl RawFragment {
    /// Cells of so many patients, with which of them the text leaves empty, their sums and their measures. Of the largest
    /// contributions only the first is known.
    pub(crate) fn of_told(
        (n, ruled_out): (Vec<u64>, Vec<bool>),
        sums: Vec<(u8, Vec<i128>)>,
        measures: Vec<Counted>,
    ) -> Self {
        let measures = measures.into_iter().map(|Counted { footprint, n, first }| {
            let tops = Some([first.clone(), vec![0; first.len()], first]);
            RawMeasure { footprint, n, key: None, mark: None, rest: None, tops, patients: None }
        });
        Self { n, ruled_out, sums, key: None, patients: None, measures: measures.collect() }
    }
}
