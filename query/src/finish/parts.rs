//! A hospital's frames, checked against the schema that the own split expects.

use arrow::array::{Array as _, AsArray as _, RecordBatch};
use arrow::datatypes::{Decimal128Type, UInt8Type};
use policies::HospitalCode;
use policies::footprint::SumKind;

use super::FinishError;
use crate::cell::SUM_PRECISION;
use crate::cut::{Fragment, Primitive, Split};
use crate::disclose::{
    self, Band, CellState, FRAMES_VERSION, FramesHead, PartsHead, safe_batch, safe_schema,
};
use crate::ipc::{self, MAX_FRAME_BYTES};
use crate::pipe::Part;

/// Variances that noisy counts can have.
const NOISE: [u32; 2] = [3, 5];
/// Most bytes of frame 0.
const MAX_HEAD_BYTES: usize = 1024;

/// One hospital's released cells.
pub(super) struct HospitalPart {
    /// The hospital.
    pub(super) hospital: HospitalCode,
    /// What it is called in the table.
    pub(super) shown: String,
    /// Its cells, a fragment each.
    pub(super) fragments: Vec<SafeCells>,
}

/// How a sum was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// As it is.
    Exact,
    /// With noise, of this variance where it is a count.
    Noisy(u32),
    /// As the number of a band, where the cell has patients: that is no figure.
    Band,
}

/// The released cells of one fragment.
pub(super) struct SafeCells {
    /// What each cell is.
    pub(super) states: Vec<CellState>,
    /// Each sum, cell by cell; none where it is hidden.
    pub(super) sums: Vec<Vec<Option<i128>>>,
    /// How each sum was told.
    pub(super) told: Vec<Told>,
}

/// Reads every hospital's frames, in order of hospitals.
pub(super) fn read(
    split: &Split,
    hospitals: &[Part],
    blobs: &[Vec<u8>],
) -> Result<Vec<HospitalPart>, FinishError> {
    let expected = hospitals.iter().map(|part| part.frames).fold(0, usize::saturating_add);
    if expected != blobs.len() {
        return Err(FinishError::FrameCount { expected, got: blobs.len() });
    }
    let mut rest = blobs;
    let mut parts: Vec<HospitalPart> = Vec::with_capacity(hospitals.len());
    for Part { hospital, frames, shown } in hospitals {
        let Some((own, after)) = rest.split_at_checked(*frames) else {
            return Err(FinishError::FrameCount { expected, got: blobs.len() });
        };
        rest = after;
        let bad = |problem| FinishError::BadAnswer { hospital: hospital.clone(), problem };
        let shown = shown.as_deref().unwrap_or(hospital.as_str()).to_owned();
        if parts.iter().any(|part| part.hospital == *hospital || part.shown == shown) {
            return Err(bad("the hospital is named twice"));
        }
        let fragments = fragments(split, own).map_err(bad)?;
        parts.push(HospitalPart { hospital: hospital.clone(), shown, fragments });
    }
    // In the order of what is shown: another order would tell whose a letter is.
    parts.sort_by(|a, b| a.shown.cmp(&b.shown));
    Ok(parts)
}

fn fragments(split: &Split, frames: &[Vec<u8>]) -> Result<Vec<SafeCells>, &'static str> {
    let (head, frames) = frames.split_first().ok_or("there are no frames")?;
    if head.len() > MAX_HEAD_BYTES {
        return Err("the first frame is too large");
    }
    let head: FramesHead =
        serde_json::from_slice(head).map_err(|_json| "the first frame is no head")?;
    let FramesHead { version, fragments, noise, bins, parts } = head;
    if version != FRAMES_VERSION {
        return Err("the frames are of another version");
    }
    if fragments != split.fragments.len() || frames.len() != fragments {
        return Err("the number of fragments differs");
    }
    if noise.iter().chain(&bins).any(|variance| !NOISE.contains(variance)) {
        return Err("the noise has another variance than there is");
    }
    if parts == Some(PartsHead::Noisy) && noise.is_none() {
        return Err("parts have noise of no variance");
    }
    if parts == Some(PartsHead::Banded) && noise.is_some() {
        return Err("bands have no noise");
    }
    let both = split.fragments.iter().zip(&split.footprint.fragments).zip(frames);
    let cells = both.map(|((fragment, footprint), frame)| {
        // Which sums are of parts follows from the own text.
        let of_parts = disclose::parts(footprint);
        let told = of_parts.into_iter().zip(&fragment.primitives).map(|(part, sum)| {
            match (parts, noise) {
                (None, Some(variance)) => Told::Noisy(variance),
                _ if sum.kind == SumKind::Bin => bins.map_or(Told::Exact, Told::Noisy),
                (Some(PartsHead::Banded), _) if part => Told::Band,
                (Some(PartsHead::Noisy), Some(variance)) if part => Told::Noisy(variance),
                (Some(_) | None, _) => Told::Exact,
            }
        });
        cells(fragment, frame, told.collect())
    });
    cells.collect()
}

fn cells(fragment: &Fragment, frame: &[u8], told: Vec<Told>) -> Result<SafeCells, &'static str> {
    let schema = safe_schema(fragment.primitives.iter().map(|sum| sum.scale));
    let rows = usize::try_from(fragment.cells).unwrap_or(usize::MAX);
    let batch =
        ipc::decode((frame, MAX_FRAME_BYTES), &schema, |nulls| template(fragment, rows, nulls));
    let batch = batch.map_err(|error| match error {
        ipc::IpcError::TooLarge { .. } => "a frame is too large",
        ipc::IpcError::OtherSchema => "a frame has another schema",
        ipc::IpcError::Malformed => "a frame does not hold the expected cells",
    })?;
    let states = states(&batch).ok_or("a cell has an unknown state")?;
    let columns = batch.columns().iter().skip(1).zip(&fragment.primitives).zip(&told);
    let sums = columns.map(|((column, primitive), told)| {
        let column = column.as_primitive_opt::<Decimal128Type>().ok_or("a sum has another type")?;
        if column.validate_decimal_precision(SUM_PRECISION).is_err() {
            return Err("a sum leaves its range");
        }
        let values = column.iter().zip(&states);
        values.map(|(value, state)| checked(value, *state, (primitive, *told))).collect()
    });
    let sums = sums.collect::<Result<Vec<Vec<Option<i128>>>, _>>()?;
    let bare = |at: usize| {
        let mut own = sums.iter().map(|values| values.get(at).copied().flatten());
        !sums.is_empty() && own.all(|value| value.is_none())
    };
    let mut shown = states.iter().enumerate().filter(|(_, state)| **state == CellState::Present);
    if shown.any(|(at, _)| bare(at)) {
        return Err("a shown cell has no value");
    }
    Ok(SafeCells { states, sums, told })
}

/// Cells of zeros, in each column so many of them null.
fn template(fragment: &Fragment, rows: usize, nulls: &[usize]) -> Option<RecordBatch> {
    let states = vec![CellState::Empty; rows];
    let columns = fragment.primitives.iter().enumerate().map(|(at, sum)| {
        // The first column is the states.
        let nulls = nulls.get(at.checked_add(1)?).copied().unwrap_or_default();
        // The number is the stranger's: nothing is made of it before it is known to be of these rows.
        let shown = rows.checked_sub(nulls)?;
        let mut values = vec![None; nulls];
        values.extend(std::iter::repeat_n(Some(0), shown));
        Some((sum.scale, values))
    });
    safe_batch(&states, &columns.collect::<Option<Vec<_>>>()?)
}

fn states(batch: &RecordBatch) -> Option<Vec<CellState>> {
    let column = batch.columns().first()?.as_primitive_opt::<UInt8Type>()?;
    if column.null_count() > 0 {
        return None;
    }
    column.values().iter().map(|code| CellState::of(*code)).collect()
}

/// A value that its state and kind allow.
fn checked(
    value: Option<i128>,
    state: CellState,
    (primitive, told): (&Primitive, Told),
) -> Result<Option<i128>, &'static str> {
    match (state, value) {
        (CellState::Hidden, Some(_)) => Err("a hidden cell has a value"),
        (CellState::Empty, None) => Err("an empty cell has no value"),
        (CellState::Empty, Some(value)) if value != 0 => Err("an empty cell has a value"),
        (CellState::Present, Some(value)) if told == Told::Band => match Band::of(value) {
            Some(_band) => Ok(Some(value)),
            None => Err("a band is unknown"),
        },
        (CellState::Empty | CellState::Present, Some(value))
            if primitive.kind.is_count() && value < 0 && told == Told::Exact =>
        {
            Err("a count is negative")
        }
        (CellState::Hidden | CellState::Present, None)
        | (CellState::Empty | CellState::Present, Some(_)) => Ok(value),
    }
}
