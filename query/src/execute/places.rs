//! Which cell of the declared domain each row belongs to, by the values of its group keys.
//!
//! Domains are known before any row is read, so there is nothing to group: integers and short lists of texts are looked up in
//! tables, others in maps. A value outside its domain is an error: no sealed row has one.

use std::collections::HashMap;

use arrow::array::{Array as _, ArrayRef, AsArray as _};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::ScalarValue;

use super::{RunError, failed, text};
use crate::cut::{Fragment, Key};
use crate::facts::domain::Domain;

/// Integers further apart than this are not in a table.
const MAX_SPAN: usize = 65_536;
/// Texts with one first letter are compared one by one if they are no more than this.
const FEW: usize = 8;
/// No place.
const NONE: usize = usize::MAX;

/// The cells of a fragment's domain.
pub(super) struct Places {
    keys: Vec<Place>,
    cells: usize,
    /// Cells that the text alone leaves empty.
    pub(super) ruled_out: Vec<bool>,
}

/// The values of one group key; NULL is one of them where the key is nullable.
struct Place {
    of: Lookup,
    null: Option<usize>,
    count: usize,
}

/// How places are found.
enum Lookup {
    Integers { first: i64, places: Vec<usize> },
    Texts(Texts),
    Any(HashMap<ScalarValue, usize>),
}

impl Places {
    /// The cells of a fragment at a hospital.
    pub(super) fn new(fragment: &Fragment, own: &text::Own) -> Result<Self, RunError> {
        let mut keys = Vec::with_capacity(fragment.keys.len());
        let mut ruled_out = vec![false];
        for key in &fragment.keys {
            let (place, out) = Place::new(fragment, key, own)?;
            keys.push(place);
            // The last key is the fastest.
            let wider = ruled_out.iter().map(|cell| out.iter().map(move |out| *cell || *out));
            ruled_out = wider.flatten().collect();
        }
        let cells = usize::try_from(fragment.cells).map_err(|_too_many| RunError::Failed)?;
        if ruled_out.len() != cells {
            return Err(RunError::Failed);
        }
        Ok(Self { keys, cells, ruled_out })
    }

    /// How many cells there are.
    pub(super) fn cells(&self) -> usize {
        self.cells
    }

    /// How many group keys there are.
    pub(super) fn keys(&self) -> usize {
        self.keys.len()
    }

    /// The cell of each row, by its keys.
    pub(super) fn of_rows(&self, keys: &[ArrayRef], rows: usize) -> Result<Vec<usize>, RunError> {
        let mut cells = vec![0_usize; rows];
        if keys.len() != self.keys.len() {
            return Err(RunError::Failed);
        }
        for (key, column) in self.keys.iter().zip(keys) {
            if column.len() != rows {
                return Err(RunError::Failed);
            }
            key.add(column, &mut cells)?;
        }
        Ok(cells)
    }
}

impl Place {
    fn new(fragment: &Fragment, key: &Key, own: &text::Own) -> Result<(Self, Vec<bool>), RunError> {
        let mut values = match &key.domain {
            Domain::Values(values) => values.clone(),
            Domain::Hospital => vec![own.hospital.clone()],
        };
        let of = Lookup::new(&values, &key.data_type);
        let null = key.nullable.then_some(values.len());
        if key.nullable {
            values.push(ScalarValue::try_from(&key.data_type).map_err(failed)?);
        }
        let ruled_out = text::ruled_out(fragment, own, key, &values);
        Ok((Self { of, null, count: values.len() }, ruled_out))
    }

    /// Goes on to the cells of the rows' values of this key.
    fn add(&self, column: &ArrayRef, cells: &mut [usize]) -> Result<(), RunError> {
        let nulls = column.logical_nulls().filter(|nulls| nulls.null_count() > 0);
        let mut outside = false;
        let mut put = |cell: &mut usize, row: usize, place: Option<usize>| {
            let null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
            let place = if null { self.null } else { place };
            outside |= place.is_none();
            *cell = cell.wrapping_mul(self.count).wrapping_add(place.unwrap_or_default());
        };
        match &self.of {
            Lookup::Integers { first, places } => {
                let values = column.as_primitive_opt::<Int64Type>().ok_or(RunError::BadData)?;
                for (row, (cell, value)) in cells.iter_mut().zip(values.values()).enumerate() {
                    let at = usize::try_from(value.wrapping_sub(*first)).ok();
                    let place = at.and_then(|at| places.get(at)).copied();
                    put(cell, row, place.filter(|place| *place != NONE));
                }
            }
            Lookup::Texts(texts) => {
                let column = column.as_string_opt::<i32>().ok_or(RunError::BadData)?;
                let ends = column.value_offsets();
                let bytes = column.value_data();
                let starts = ends.iter().zip(ends.iter().skip(1));
                for (row, (cell, (from, to))) in cells.iter_mut().zip(starts).enumerate() {
                    let (from, to) = (usize::try_from(*from), usize::try_from(*to));
                    let (Ok(from), Ok(to)) = (from, to) else { return Err(RunError::Failed) };
                    put(cell, row, bytes.get(from..to).and_then(|text| texts.place(text)));
                }
            }
            Lookup::Any(places) => {
                for (row, cell) in cells.iter_mut().enumerate() {
                    let value = ScalarValue::try_from_array(column, row).map_err(failed)?;
                    put(cell, row, places.get(&value).copied());
                }
            }
        }
        if outside { Err(RunError::BadData) } else { Ok(()) }
    }
}

impl Lookup {
    fn new(values: &[ScalarValue], data_type: &DataType) -> Self {
        let known = match *data_type == DataType::Utf8 {
            true => Texts::new(values).map(Self::Texts),
            false => Self::integers(values),
        };
        known.unwrap_or_else(|| {
            let places = values.iter().cloned().enumerate();
            Self::Any(places.map(|(place, value)| (value, place)).collect())
        })
    }

    fn integers(values: &[ScalarValue]) -> Option<Self> {
        let value = |value: &ScalarValue| {
            let ScalarValue::Int64(value) = value else { return None };
            *value
        };
        let values: Vec<i64> = values.iter().map(value).collect::<Option<_>>()?;
        let first = values.iter().copied().min()?;
        let mut places = Vec::new();
        for (place, value) in values.iter().enumerate() {
            let at = usize::try_from(value.checked_sub(first)?).ok()?;
            if at >= MAX_SPAN {
                return None;
            }
            if places.len() <= at {
                places.resize(at.saturating_add(1), NONE);
            }
            *places.get_mut(at)? = place;
        }
        Some(Self::Integers { first, places })
    }
}

/// Texts by their first letter.
struct Texts {
    empty: Option<usize>,
    /// The text of one byte.
    letters: Vec<Option<usize>>,
    /// Longer ones.
    longer: Vec<Longer>,
}

/// Texts of more than one letter, with the same first one.
#[derive(Clone)]
enum Longer {
    Few(Vec<(Box<[u8]>, usize)>),
    Many(HashMap<Box<[u8]>, usize>),
}

impl Texts {
    fn new(values: &[ScalarValue]) -> Option<Self> {
        let mut texts = Self {
            empty: None,
            letters: vec![None; 256],
            longer: vec![Longer::Few(Vec::new()); 256],
        };
        for (place, value) in values.iter().enumerate() {
            let ScalarValue::Utf8(Some(text)) = value else { return None };
            match text.as_bytes() {
                [] => texts.empty = Some(place),
                [letter] => *texts.letters.get_mut(usize::from(*letter))? = Some(place),
                text @ [first, ..] => {
                    texts.longer.get_mut(usize::from(*first))?.insert(text, place);
                }
            }
        }
        Some(texts)
    }

    #[inline]
    fn place(&self, text: &[u8]) -> Option<usize> {
        match text {
            [] => self.empty,
            [letter] => self.letters.get(usize::from(*letter)).copied().flatten(),
            [first, ..] => self.longer.get(usize::from(*first))?.place(text),
        }
    }
}

impl Longer {
    fn insert(&mut self, text: &[u8], place: usize) {
        match self {
            Self::Few(few) if few.len() < FEW => few.push((text.into(), place)),
            Self::Few(few) => {
                let mut many: HashMap<Box<[u8]>, usize> = few.drain(..).collect();
                many.insert(text.into(), place);
                *self = Self::Many(many);
            }
            Self::Many(many) => {
                many.insert(text.into(), place);
            }
        }
    }

    fn place(&self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Few(few) => {
                let found = few.iter().find(|(known, _place)| known.as_ref() == text);
                found.map(|(_known, place)| *place)
            }
            Self::Many(many) => many.get(text).copied(),
        }
    }
}

#[cfg(test)]
mod tests;
