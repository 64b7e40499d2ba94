//! What of an answer's figures is told, read from the frames as they would leave.

use arrow::array::{Array as _, AsArray as _};
use arrow::datatypes::UInt8Type;
use arrow::ipc::reader::StreamReader;
use policies::footprint::{FragmentFootprint, SumKind};

use crate::disclose::{CellState, FramesHead, PartsHead, SafeAnswer, parts};

/// How a figure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// As it is.
    Exact,
    /// With noise.
    Noisy,
    /// As a band.
    Band,
}

/// The figures of one fragment.
pub(super) struct Told {
    how: Vec<How>,
    /// Of each sum, cell by cell.
    shown: Vec<Vec<bool>>,
}

impl Told {
    /// How a figure is told, if it is.
    pub(super) fn of(&self, cell: usize, sum: usize) -> Option<How> {
        let shown = self.shown.get(sum)?.get(cell)?;
        self.how.get(sum).copied().filter(|_how| *shown)
    }
}

/// The figures of every fragment; none where the frames cannot be read.
pub(super) fn read(safe: &SafeAnswer) -> Option<Vec<Told>> {
    let (head, fragments) = safe.frames().split_first()?;
    let head: FramesHead = serde_json::from_slice(head).ok()?;
    let footprints = &safe.permit().footprint().draft().fragments;
    let told = fragments.iter().zip(footprints);
    told.map(|(bytes, footprint)| fragment(bytes, footprint, head.parts)).collect()
}

fn fragment(bytes: &[u8], footprint: &FragmentFootprint, apart: Option<PartsHead>) -> Option<Told> {
    let batch = StreamReader::try_new(bytes, None).ok()?.next()?.ok()?;
    let states = batch.column(0).as_primitive_opt::<UInt8Type>()?;
    let hidden = Some(CellState::Hidden.code());
    let told: Vec<bool> = states.iter().map(|state| state != hidden).collect();
    let sums = batch.columns().iter().skip(1).map(|column| {
        let of_cell = |(cell, told): (usize, &bool)| *told && column.is_valid(cell);
        told.iter().enumerate().map(of_cell).collect()
    });
    let how = footprint.sums.iter().zip(parts(footprint)).map(|(sum, part)| {
        if sum.kind == SumKind::Bin {
            return How::Noisy;
        }
        match apart.filter(|_apart| part) {
            Some(PartsHead::Noisy) => How::Noisy,
            Some(PartsHead::Banded) => How::Band,
            None => How::Exact,
        }
    });
    Some(Told { how: how.collect(), shown: sums.collect() })
}
