//! One fragment's cells as a worker gave them, not protected: columns for those who go over all cells, and a view of each.
//!
//! What rules look at is in [`RawCell`] and [`Contribution`]. A summary that was not wanted is `None`; without any there are no
//! measures. Nothing here is printed or stored.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, BooleanArray, Decimal128Array, RecordBatch, UInt64Array,
};
use arrow::datatypes::{Decimal128Type, UInt64Type};
use policies::footprint::{FragmentFootprint, MeasureFootprint};
use roaring::RoaringBitmap;

use crate::cell::{self, Layout, has_rest, has_set};
use crate::ipc::{self, IpcError};
use crate::pipe::Wanted;
use crate::record::RecordKey;
use crate::sets;

#[cfg(test)]
mod made;
mod told;

pub(crate) use told::Counted;

/// Most bytes of one fragment's counts and sums: half a million figures that leave, and what their measures have beside them.
const MAX_RAW_BYTES: usize = 64 * 1024 * 1024;

/// One fragment's cells, not protected.
#[derive(Default)]
pub(crate) struct RawFragment {
    /// Patients of each cell.
    pub(crate) n: Vec<u64>,
    /// Cells that the text alone leaves empty, whatever the data are.
    pub(crate) ruled_out: Vec<bool>,
    /// Each sum: its digits behind the point, and its value cell by cell.
    pub(crate) sums: Vec<(u8, Vec<i128>)>,
    key: Option<Vec<RecordKey>>,
    patients: Option<sets::Column>,
    measures: Vec<RawMeasure>,
}

/// One measure, cell by cell.
struct RawMeasure {
    footprint: MeasureFootprint,
    n: Vec<u64>,
    key: Option<Vec<RecordKey>>,
    mark: Option<Vec<RecordKey>>,
    rest: Option<Vec<u64>>,
    tops: Option<[Vec<i128>; 3]>,
    patients: Option<sets::Column>,
}

/// One cell.
#[derive(Clone, Copy)]
pub(crate) struct RawCell<'a> {
    fragment: &'a RawFragment,
    at: usize,
}

/// What the patients of one cell contribute to one measure.
#[derive(Clone, Copy)]
pub(crate) struct Contribution<'a> {
    /// The measure.
    pub(crate) measure: &'a MeasureFootprint,
    /// Patients who contribute.
    pub(crate) n: u64,
    /// Sum of the keys of their contributions.
    pub(crate) key: Option<RecordKey>,
    /// Sum of the marks of their contributions.
    pub(crate) mark: Option<RecordKey>,
    /// Patients of the cell with a row that does not count.
    pub(crate) rest: Option<u64>,
    /// The largest contributions.
    pub(crate) tops: Option<Tops>,
    /// Who they are, for a measure that counts.
    pub(crate) patients: Option<&'a RoaringBitmap>,
}

/// Absolute contributions, in units of the measure's scale.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tops {
    /// The largest.
    pub(crate) first: i128,
    /// The largest but one.
    pub(crate) second: i128,
    /// The sum of all.
    pub(crate) all: i128,
}

impl RawFragment {
    /// Every cell, in the order of the domain.
    pub(crate) fn cells(&self) -> impl Iterator<Item = RawCell<'_>> {
        (0..self.n.len()).map(|at| RawCell { fragment: self, at })
    }

    /// One cell; without patients if there is none.
    pub(crate) fn cell(&self, at: usize) -> RawCell<'_> {
        RawCell { fragment: self, at }
    }

    /// The fragment's cells without any patient: what stands for a run that failed.
    pub(crate) fn of_nobody(footprint: &FragmentFootprint, wanted: Wanted) -> Self {
        let cells = usize::try_from(footprint.cells).unwrap_or(usize::MAX);
        let no_sets = Layout::of(footprint, wanted).sets().len();
        let no_sets = wanted.bitmaps.then(|| vec![vec![Arc::default(); cells]; no_sets]);
        let zeros = zeros(footprint, wanted);
        let nobody = zeros.and_then(|zeros| Self::new(footprint, wanted, (&zeros, no_sets)));
        nobody.unwrap_or_default()
    }

    /// The figures of a batch of the expected schema, none of them null, and its sets by column.
    pub(super) fn new(
        footprint: &FragmentFootprint,
        wanted: Wanted,
        (batch, sets): (&RecordBatch, Option<Vec<sets::Column>>),
    ) -> Option<Self> {
        if batch.columns().iter().any(|column| column.null_count() > 0) {
            return None;
        }
        let mut columns = Columns::new(batch, footprint, wanted, sets)?;
        let (n, ruled_out) = (columns.count()?, batch.columns().get(1)?.as_boolean_opt()?);
        // A cell with patients is not empty, whatever the worker read in the text: its threshold applies.
        let ruled_out = ruled_out.values().iter().zip(&n);
        let ruled_out = ruled_out.map(|(ruled_out, n)| ruled_out && *n == 0).collect();
        let key = columns.keys(wanted.record_keys())?;
        let sums = footprint.sums.iter().map(|sum| Some((sum.scale, columns.sum()?)));
        let sums = sums.collect::<Option<Vec<_>>>()?;
        let patients = if wanted.bitmaps { Some(columns.sets.next()?) } else { None };
        let mut measures = Vec::new();
        for measure in footprint.measures.iter().filter(|_measure| wanted.any()) {
            let n = columns.count()?;
            let (key, mark) = (columns.keys(wanted.keys)?, columns.keys(wanted.marks)?);
            let left = wanted.bitmaps && has_rest(measure);
            let rest = if left { Some(columns.count()?) } else { None };
            let tops = match wanted.tops {
                true => Some([columns.sum()?, columns.sum()?, columns.sum()?]),
                false => None,
            };
            let own = wanted.bitmaps && has_set(measure);
            let patients = if own { Some(columns.sets.next()?) } else { None };
            let footprint = measure.clone();
            measures.push(RawMeasure { footprint, n, key, mark, rest, tops, patients });
        }
        Some(Self { n, ruled_out, sums, key, patients, measures })
    }
}

impl<'a> RawCell<'a> {
    /// Its patients, how many.
    pub(crate) fn n(self) -> u64 {
        self.fragment.n.get(self.at).copied().unwrap_or_default()
    }

    /// Whether the text alone leaves it empty.
    pub(crate) fn is_ruled_out(self) -> bool {
        self.fragment.ruled_out.get(self.at).copied().unwrap_or_default()
    }

    /// The sum of their record keys.
    pub(crate) fn key(self) -> Option<RecordKey> {
        self.fragment.key.as_ref().and_then(|key| key.get(self.at)).copied()
    }

    /// Who they are.
    pub(crate) fn patients(self) -> Option<&'a RoaringBitmap> {
        self.fragment.patients.as_ref()?.get(self.at).map(Arc::as_ref)
    }

    /// Its sums, in the order of the footprint.
    pub(crate) fn sums(self) -> impl Iterator<Item = i128> {
        let at = self.at;
        self.fragment.sums.iter().map(move |(_, sum)| sum.get(at).copied().unwrap_or_default())
    }

    /// What its patients contribute to each measure, in the order of the footprint.
    pub(crate) fn contributions(self) -> impl Iterator<Item = Contribution<'a>> {
        self.fragment.measures.iter().map(move |measure| self.contribution(measure))
    }

    fn contribution(self, measure: &'a RawMeasure) -> Contribution<'a> {
        let RawMeasure { footprint, n, key, mark, rest, tops, patients } = measure;
        let top = |column: &Vec<i128>| column.get(self.at).copied().unwrap_or_default();
        let tops = tops.as_ref().map(|[first, second, all]| Tops {
            first: top(first),
            second: top(second),
            all: top(all),
        });
        Contribution {
            measure: footprint,
            n: n.get(self.at).copied().unwrap_or_default(),
            key: key.as_ref().and_then(|key| key.get(self.at)).copied(),
            mark: mark.as_ref().and_then(|mark| mark.get(self.at)).copied(),
            rest: rest.as_ref().and_then(|rest| rest.get(self.at)).copied(),
            tops,
            patients: match footprint.is_of_everyone() {
                true => self.patients(),
                false => patients.as_ref().and_then(|all| all.get(self.at)).map(Arc::as_ref),
            },
        }
    }
}

/// The columns of a batch, taken in the order of the layout.
struct Columns<'b> {
    counts: std::vec::IntoIter<&'b UInt64Array>,
    sums: std::vec::IntoIter<&'b Decimal128Array>,
    sets: std::vec::IntoIter<sets::Column>,
}

impl<'b> Columns<'b> {
    fn new(
        batch: &'b RecordBatch,
        footprint: &FragmentFootprint,
        wanted: Wanted,
        sets: Option<Vec<sets::Column>>,
    ) -> Option<Self> {
        let counts = Layout::of(footprint, wanted).counts().len();
        let (n, rest) = batch.columns().split_first()?;
        let (_ruled_out, rest) = rest.split_first()?;
        let (counts, sums) = rest.split_at_checked(counts.checked_sub(1)?)?;
        let counts = std::iter::once(n).chain(counts);
        let counts = counts.map(|column| column.as_primitive_opt::<UInt64Type>());
        let sums = sums.iter().map(|column| column.as_primitive_opt::<Decimal128Type>());
        Some(Self {
            counts: counts.collect::<Option<Vec<_>>>()?.into_iter(),
            sums: sums.collect::<Option<Vec<_>>>()?.into_iter(),
            sets: sets.unwrap_or_default().into_iter(),
        })
    }

    fn count(&mut self) -> Option<Vec<u64>> {
        Some(self.counts.next()?.values().to_vec())
    }

    /// Keys, if they are wanted; each must be an element of the field. Without a column it is `None`, without a wish `Some(None)`.
    fn keys(&mut self, wanted: bool) -> Option<Option<Vec<RecordKey>>> {
        if !wanted {
            return Some(None);
        }
        let keys = self.counts.next()?.values().iter().map(|number| RecordKey::new(*number));
        Some(Some(keys.collect::<Option<Vec<_>>>()?))
    }

    fn sum(&mut self) -> Option<Vec<i128>> {
        let sums = self.sums.next()?;
        sums.validate_decimal_precision(cell::SUM_PRECISION).ok()?;
        Some(sums.values().to_vec())
    }
}

/// The counts and sums of a blob.
pub(super) fn decode(
    footprint: &FragmentFootprint,
    wanted: Wanted,
    blob: &[u8],
) -> Result<RecordBatch, IpcError> {
    let schema = Layout::of(footprint, wanted).raw_schema();
    ipc::decode((blob, MAX_RAW_BYTES), &schema, |nulls| {
        nulls.iter().all(|nulls| *nulls == 0).then(|| zeros(footprint, wanted)).flatten()
    })
}

/// The sets of a blob.
pub(super) fn sets(
    footprint: &FragmentFootprint,
    wanted: Wanted,
    blob: &[u8],
) -> Option<Vec<sets::Column>> {
    let columns = Layout::of(footprint, wanted).sets().len();
    sets::decode(blob, usize::try_from(footprint.cells).ok()?, columns)
}

/// The fragment's cells, all of them empty.
pub(super) fn zeros(footprint: &FragmentFootprint, wanted: Wanted) -> Option<RecordBatch> {
    let layout = Layout::of(footprint, wanted);
    let cells = usize::try_from(footprint.cells).ok()?;
    let count = |_name| -> ArrayRef { Arc::new(UInt64Array::from(vec![0; cells])) };
    let mut columns: Vec<ArrayRef> = layout.counts().into_iter().map(count).collect();
    columns.insert(1, Arc::new(BooleanArray::from(vec![false; cells])));
    columns.extend(layout.sums().into_iter().map(|(_, scale)| -> ArrayRef {
        Arc::new(Decimal128Array::from(vec![0; cells]).with_data_type(cell::sum_type(scale)))
    }));
    RecordBatch::try_new(layout.raw_schema(), columns).ok()
}
