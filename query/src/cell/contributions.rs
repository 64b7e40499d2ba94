//! What patients contribute to a measure, group by group.
//!
//! A contribution is the sum of a patient's rows in the cell that meet the condition and have a value, each clamped to the
//! declared bounds. It is added up in the patient's slot and folded when the slot is closed, because keys and tops need whole
//! contributions. A count of rows has the contributions of *everyone*'s rows as long as every row counted, which it is
//! spared to add up again.

use arrow::array::ArrayRef;
use arrow::buffer::BooleanBuffer;
use datafusion::common::{Result as EngineResult, exec_err};
use policies::footprint::MeasureKind;

use super::grouped::Folded;
use super::keys::Keys;
use super::marks::Marks;
use super::slots::{Closed, Slots};
use super::sums::{Batch, Numbers, Rows, fixed_point};
use super::{Bounds, Spec};
use crate::record::{RecordKey, RecordKeys};

mod fold;
mod store;

pub(super) use store::Tally;
use store::{Added, Has, Number, Part, Store, Width};

/// A measure, and where its inputs are among the arguments.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct MeasureSpec {
    /// What a row adds.
    pub(crate) kind: MeasureKind,
    /// Its rows, as of a sum of it.
    pub(crate) rows: Spec,
    /// Least and greatest value of a row.
    pub(crate) bounds: Bounds,
    /// Whether the set of contributors is asked for.
    pub(crate) has_set: bool,
}

impl MeasureSpec {
    /// Whether the patients with a row that does not count are asked for.
    pub(super) fn has_rest(&self) -> bool {
        self.has_set && counts_rows(self.kind)
    }
}

/// Whether a contribution is a number of the patient's rows, of which others may be left: nobody looks at what a bin leaves.
pub(super) fn counts_rows(kind: MeasureKind) -> bool {
    match kind {
        MeasureKind::Rows | MeasureKind::Flag => true,
        MeasureKind::Keys | MeasureKind::Bin | MeasureKind::Value => false,
    }
}

/// The contributions to one measure.
#[derive(Clone, Debug)]
pub(super) struct Contributions {
    store: Store,
    /// For each open slot whether it holds a value; without it all do.
    has_value: Option<Vec<bool>>,
    /// Whether slots with 0 hold no contribution.
    is_counted: bool,
    /// Sum of the contributions' keys, of each group, where keys are wanted.
    keys: Vec<RecordKey>,
    /// Sum of the contributions' marks, of each group, where marks are wanted.
    marks: Vec<Marks>,
    /// Contributors of each group, each once, where they are wanted.
    sets: Vec<Vec<u32>>,
    in_sets: usize,
    /// Patients of each group with a row that does not count, where they are wanted.
    rest: Vec<u64>,
}

/// Which of the sums are wanted that tell contributions from others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Named {
    /// Of their keys.
    pub(super) keys: bool,
    /// Of their marks.
    pub(super) marks: bool,
}

impl Contributions {
    /// Of so many groups, with keys, marks and sets where they are wanted.
    pub(super) fn new(groups: usize, is_counted: bool, (named, sets): (Named, bool)) -> Self {
        Self {
            store: Store::new(groups),
            has_value: None,
            is_counted,
            keys: if named.keys { vec![RecordKey::default(); groups] } else { Vec::new() },
            marks: if named.marks { vec![Marks::default(); groups] } else { Vec::new() },
            sets: if sets { vec![Vec::new(); groups] } else { Vec::new() },
            in_sets: 0,
            rest: Vec::new(),
        }
    }

    /// Counts the rows that are chosen; without a choice, all.
    pub(super) fn count(&mut self, slots: &Slots, rows: usize, chosen: Option<&BooleanBuffer>) {
        self.store.make_room(rows, 1);
        let added = Added { places: slots.places(), slots: slots.open(), chosen };
        match &mut self.store.width {
            Width::Short(part) => part.count(&added),
            Width::Long(part) => part.count(&added),
        }
    }

    /// Adds the values of the rows that are chosen.
    fn add(&mut self, slots: &Slots, rows: &Rows<'_>, bounds: Bounds) -> EngineResult<()> {
        let numbers = rows.numbers()?;
        let chosen = rows.chosen();
        self.store.make_room(rows.len(), bounds.size());
        let added = Added { places: slots.places(), slots: slots.open(), chosen };
        self.note(&added);
        match &mut self.store.width {
            Width::Short(part) => add(part, &added, &numbers, bounds),
            Width::Long(part) => add(part, &added, &numbers, bounds),
        }
        Ok(())
    }

    /// Notes the slots that hold a value, once there is one that does not.
    fn note(&mut self, added: &Added<'_>) {
        if added.chosen.is_some() && self.has_value.is_none() {
            self.has_value = Some(vec![true; self.store.slots()]);
        }
        let Some(has_value) = &mut self.has_value else { return };
        has_value.resize(added.slots, false);
        added.visit(|_row, slot| {
            if let Some(has) = has_value.get_mut(slot) {
                *has = true;
            }
        });
    }

    /// Counts the patients of the closed slots who have a row that does not count; `everyone` has the rows of each.
    fn leave(&mut self, closed: Closed<'_>, everyone: &Self) {
        if self.rest.is_empty() {
            return;
        }
        for (slot, group) in closed.groups.iter().enumerate() {
            if self.store.open(slot) < everyone.store.open(slot)
                && let Some(rest) = self.rest.get_mut(*group)
            {
                *rest = rest.saturating_add(1);
            }
        }
    }

    /// Folds the slots that are closed.
    pub(super) fn close(&mut self, folded: Folded<'_>) {
        let has = match (&self.has_value, self.is_counted) {
            (Some(flags), _) => Has::Flagged(flags),
            (None, true) => Has::Counted,
            (None, false) => Has::All,
        };
        let Closed { patients, groups } = folded.closed;
        if !self.keys.is_empty() {
            for (slot, (group, key)) in groups.iter().zip(folded.record).enumerate() {
                let contribution = self.store.open(slot);
                if has.at(slot, contribution)
                    && let Some(sum) = self.keys.get_mut(*group)
                {
                    *sum = sum.plus(key.of_contribution(contribution));
                }
            }
        }
        if !self.sets.is_empty() {
            let all = matches!(has, Has::All);
            folded.visit(|slot, group| {
                if (all || has.at(slot, self.store.open(slot)))
                    && let (Some(set), Some(patient)) =
                        (self.sets.get_mut(group), patients.get(slot))
                {
                    set.push(*patient);
                    self.in_sets = self.in_sets.saturating_add(1);
                }
            });
        }
        self.store.close(folded, has, &mut self.marks);
        if let Some(flags) = &mut self.has_value {
            flags.drain(..groups.len().min(flags.len()));
        }
    }

    /// What is kept of each group.
    pub(super) fn tallies(&self) -> Vec<Tally<i128>> {
        self.store.tallies()
    }

    /// Sums of the keys of contributions, of each group.
    pub(super) fn keys(&self) -> Vec<u64> {
        self.keys.iter().map(|key| key.get()).collect()
    }

    /// Sums of the marks of contributions, of each group.
    pub(super) fn marks(&self) -> Vec<u64> {
        self.marks.iter().map(|marks| marks.sum().get()).collect()
    }

    /// Patients of each group with a row that does not count.
    pub(super) fn rest(&self) -> &[u64] {
        &self.rest
    }

    /// Contributors of each group, each once, in any order.
    pub(super) fn sets(&self) -> &[Vec<u32>] {
        &self.sets
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        // A list that grows has up to twice what it holds.
        let sets = self.in_sets.saturating_mul(size_of::<u32>().saturating_mul(2));
        let flags = self.has_value.as_ref().map_or(0, Vec::capacity);
        let keys = self.keys.len().saturating_mul(size_of::<RecordKey>());
        let groups = self.sets.len().saturating_mul(size_of::<Vec<u32>>());
        let rest = self.rest.len().saturating_mul(size_of::<u64>());
        let marks = self.marks.len().saturating_mul(size_of::<Marks>());
        let held = [sets, flags, keys, marks, groups, rest, self.store.size()];
        held.into_iter().fold(0, usize::saturating_add)
    }
}

/// Adds values of any type.
fn add<N: Number>(part: &mut Part<N>, added: &Added<'_>, numbers: &Numbers<'_>, bounds: Bounds) {
    // There is room for the bounds.
    let (least, most) = (N::of(bounds.least), N::of(bounds.most));
    let clamped = |value| N::nearest(value).max(least).min(most);
    match numbers {
        Numbers::Integers(column) => {
            part.add(added, column.values(), |value| clamped(i128::from(value)));
        }
        Numbers::Decimals(column) => part.add(added, column.values(), clamped),
        Numbers::Floats(column) => part.add(added, column.values(), |value| {
            N::of(fixed_point(value).map_or(0, |value| bounds.clamp(value)))
        }),
    }
}

/// A measure's contributions while rows come.
#[derive(Debug)]
pub(super) struct Measured {
    /// None while they are those of everyone's rows.
    own: Option<Contributions>,
    /// Keys seen of each group, where keys are counted.
    seen: Vec<Keys>,
}

impl Measured {
    /// Of so many groups.
    pub(super) fn new(spec: &MeasureSpec, groups: usize, named: Named) -> Self {
        let (is_counted, wanted) = (spec.kind != MeasureKind::Value, (named, spec.has_set));
        let own = || {
            let rest = if spec.has_rest() { vec![0; groups] } else { Vec::new() };
            Contributions { rest, ..Contributions::new(groups, is_counted, wanted) }
        };
        Self {
            own: (!matches!(spec.kind, MeasureKind::Rows | MeasureKind::Bin)).then(own),
            seen: match spec.kind {
                MeasureKind::Keys => std::iter::repeat_with(Keys::default).take(groups).collect(),
                MeasureKind::Rows | MeasureKind::Flag | MeasureKind::Bin | MeasureKind::Value => {
                    Vec::new()
                }
            },
        }
    }

    /// Adds the rows of a batch; `everyone` has those of the batches before.
    pub(super) fn update(
        &mut self,
        spec: &MeasureSpec,
        values: &[ArrayRef],
        (slots, batch): (&Slots, &Batch<'_>),
        everyone: &Contributions,
    ) -> EngineResult<()> {
        let rows = Rows::new(&spec.rows, values, batch)?;
        let chosen = match spec.kind {
            MeasureKind::Rows | MeasureKind::Bin => {
                if rows.chosen().is_some() && self.own.is_none() {
                    let mut own = Contributions { is_counted: true, ..everyone.clone() };
                    if !spec.has_set {
                        (own.sets, own.in_sets) = (Vec::new(), 0);
                    }
                    if spec.has_rest() {
                        own.rest = vec![0; batch.total()];
                    }
                    self.own = Some(own);
                }
                rows.chosen().cloned()
            }
            MeasureKind::Keys => Some(first_seen(&rows, &mut self.seen)?),
            MeasureKind::Flag => Some(ones(&rows, spec.bounds)?),
            MeasureKind::Value => {
                return match &mut self.own {
                    Some(own) => own.add(slots, &rows, spec.bounds),
                    None => exec_err!("kring_cell: values without contributions"),
                };
            }
        };
        if let Some(own) = &mut self.own {
            own.count(slots, rows.len(), chosen.as_ref());
        }
        Ok(())
    }

    /// Folds the slots that are closed, which are open in `everyone`.
    pub(super) fn close(&mut self, folded: Folded<'_>, everyone: &Contributions) {
        if let Some(own) = &mut self.own {
            own.leave(folded.closed, everyone);
            own.close(folded);
        }
    }

    /// Its own contributions, if they are not everyone's.
    pub(super) fn own(&self) -> Option<&Contributions> {
        self.own.as_ref()
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let own = self.own.as_ref().map_or(0, Contributions::size);
        self.seen.iter().map(Keys::size).fold(own, usize::saturating_add)
    }
}

/// The rows that count whose key was not seen in their group.
fn first_seen(rows: &Rows<'_>, seen: &mut [Keys]) -> EngineResult<BooleanBuffer> {
    let keys = rows.key_column()?;
    let mut first = vec![false; rows.len()];
    rows.visit(|row, group| {
        if let (Some(seen), Some(first)) = (seen.get_mut(group), first.get_mut(row)) {
            *first = keys.see(row, seen);
        }
    });
    Ok(BooleanBuffer::from(first))
}

/// The rows that count whose flag is 1.
fn ones(rows: &Rows<'_>, bounds: Bounds) -> EngineResult<BooleanBuffer> {
    let numbers = rows.numbers()?;
    let one = |row| bounds.clamp(numbers.get(row)) == 1;
    let ones = BooleanBuffer::collect_bool(rows.len(), one);
    Ok(match rows.chosen() {
        Some(chosen) => &ones & chosen,
        None => ones,
    })
}

/// The record keys of patients: every patient of a sealed snapshot has one.
pub(super) fn of_patients(keys: &RecordKeys, patients: &[u32]) -> EngineResult<Vec<RecordKey>> {
    let found = patients.iter().map(|patient| match keys.of(*patient) {
        Some(key) => Ok(key),
        None => exec_err!("kring_cell: a patient without a record key"),
    });
    found.collect()
}
