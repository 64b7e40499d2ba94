//! Adding the hospitals' cells: one group for each combination of group keys, hospitals apart where they are a key.

use datafusion::common::ScalarValue;

use super::FinishError;
use super::parts::HospitalPart;
use crate::cut::{Fragment, Key};
use crate::disclose::CellState;
use crate::facts::domain::Domain;
use crate::pipe::CellStatus;

/// One group of the merged table.
pub(super) struct Group {
    /// Its key values.
    pub(super) keys: Vec<ScalarValue>,
    /// Its sums, in the fragment's order; 0 where not shown.
    pub(super) sums: Vec<i128>,
    /// Whether they are shown.
    pub(super) status: CellStatus,
    /// *Shown* if there is such a group for certain; else why that is not known.
    pub(super) presence: CellStatus,
}

/// Merges the cells of fragment `index`, in canonical order.
pub(super) fn merge(
    fragment: &Fragment,
    parts: &[HospitalPart],
    index: usize,
) -> Result<Vec<Group>, FinishError> {
    let mut groups = Vec::new();
    let radices: Vec<usize> = fragment.keys.iter().map(|key| radix(key, parts)).collect();
    if radices.contains(&0) {
        return Ok(groups);
    }
    let mut places = vec![0_usize; radices.len()];
    loop {
        if let Some(group) = group(fragment, parts, index, &places)? {
            groups.push(group);
        }
        if !advance(&mut places, &radices) {
            return Ok(groups);
        }
    }
}

/// Number of values of a key, all hospitals together.
fn radix(key: &Key, parts: &[HospitalPart]) -> usize {
    match &key.domain {
        Domain::Values(values) => values.len().saturating_add(usize::from(key.nullable)),
        Domain::Hospital => parts.len(),
    }
}

/// The next combination, last key fastest; `false` after the last one.
fn advance(places: &mut [usize], radices: &[usize]) -> bool {
    for (place, radix) in places.iter_mut().zip(radices).rev() {
        *place = place.saturating_add(1);
        if *place < *radix {
            return true;
        }
        *place = 0;
    }
    false
}

/// A group, unless it is empty at every hospital or its hospital keys name different ones.
fn group(
    fragment: &Fragment,
    parts: &[HospitalPart],
    index: usize,
    places: &[usize],
) -> Result<Option<Group>, FinishError> {
    let mut keys = Vec::with_capacity(places.len());
    let mut cell = 0_usize;
    let mut only: Option<usize> = None;
    for (key, place) in fragment.keys.iter().zip(places) {
        match &key.domain {
            Domain::Values(values) => {
                let size = values.len().saturating_add(usize::from(key.nullable));
                cell = cell.saturating_mul(size).saturating_add(*place);
                let value = match values.get(*place) {
                    Some(value) => value.clone(),
                    None => ScalarValue::try_from(&key.data_type)
                        .map_err(|_engine| FinishError::Failed)?,
                };
                keys.push(value);
            }
            Domain::Hospital => {
                if only.replace(*place).is_some_and(|before| before != *place) {
                    return Ok(None);
                }
                let part = parts.get(*place).ok_or(FinishError::Failed)?;
                keys.push(ScalarValue::Utf8(Some(part.hospital.as_str().to_owned())));
            }
        }
    }
    let contributors =
        parts.iter().enumerate().filter(|(at, _)| only.is_none_or(|only| only == *at));
    let mut total = Total::new(fragment.primitives.len());
    for (_, part) in contributors {
        total.add(part, index, cell)?;
    }
    let Total { sums, empty, hidden, shown } = total;
    if !shown && !hidden && !(fragment.keys.is_empty()) {
        debug_assert!(empty || parts.is_empty(), "a cell is empty, shown or hidden");
        return Ok(None);
    }
    let status = match (hidden, shown || empty) {
        (false, _) => CellStatus::Shown,
        (true, false) => CellStatus::Hidden,
        (true, true) => CellStatus::Incomplete,
    };
    let certain = shown || fragment.keys.is_empty();
    let presence = if certain { CellStatus::Shown } else { status };
    Ok(Some(Group { keys, sums, status, presence }))
}

/// Sums of several hospitals and what kinds of cells they were of.
struct Total {
    sums: Vec<i128>,
    empty: bool,
    hidden: bool,
    shown: bool,
}

impl Total {
    fn new(sums: usize) -> Self {
        Self { sums: vec![0; sums], empty: false, hidden: false, shown: false }
    }

    fn add(&mut self, part: &HospitalPart, index: usize, cell: usize) -> Result<(), FinishError> {
        let cells = part.fragments.get(index).ok_or(FinishError::Failed)?;
        match cells.states.get(cell).ok_or(FinishError::Failed)? {
            CellState::Empty => self.empty = true,
            CellState::Present => self.shown = true,
            CellState::Hidden => self.hidden = true,
        }
        for (sum, column) in self.sums.iter_mut().zip(&cells.sums) {
            let value = column.get(cell).ok_or(FinishError::Failed)?;
            *sum = sum.checked_add(*value).ok_or(FinishError::Overflow)?;
        }
        Ok(())
    }
}
