//! Figures with noise: how often what is nearly the same set may be asked in another form, and how much one patient may be in.
//!
//! No figure is hidden here, for what is hidden would tell, again and again. A patient whom a figure would bring over a limit
//! retires: is left out of that answer, which is run again, and of all later ones.

use roaring::RoaringBitmap;

use super::Name;
use super::bounds::{Amounts, Claim, Room};
use super::charge::{Charge, Event};
use super::sets::{self, SetName};
use super::state::Memory;

/// Forms of a set and of the sets around it that are answered; before a further one its patients retire.
pub(super) const MAX_FORMS: usize = 4;
/// What a patient's meter holds for one column: a cell costs 15 / V of it, so that it lasts for M = 7 V / 2 cells.
pub(super) const METER: u8 = 52;
/// Per cent of patients retired over which explore closes.
const MAX_RETIRED: u64 = 15;
/// Left-out shares are told in steps of this many per cent.
const SHARE_STEP: u64 = 5;

/// Limits of explored cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExploreRules {
    /// Sets that differ in fewer patients are neighbours: k.
    pub(crate) gap: u32,
    /// V: total variance of a count, 1 to 15.
    pub(crate) variance: u8,
}

/// A cell that is told with noise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExploredCell {
    /// Its patients.
    pub(crate) set: RoaringBitmap,
    /// The canonical form, cell included.
    pub(crate) form: Name,
    /// Category and measure columns that the form and the figures use.
    pub(crate) columns: Vec<Name>,
}

/// Whether an explored cell was told before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Novelty {
    /// The same form of the same set with the same columns: nothing is charged.
    Known,
    /// Charged.
    New,
    /// Not to be told: these of its patients are over a limit and retire first.
    Over(RoaringBitmap),
}

/// Patients who retire with an answer that was run without them. It prints nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Retiring(pub(crate) RoaringBitmap);

impl std::fmt::Debug for Retiring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Retiring")
    }
}

/// How many patients are left out of explore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    /// Up to this many per cent. Nobody is told as a few are: whether somebody was retired would tell what somebody asked.
    UpTo(u64),
    /// So many that explore is closed until the next lineage, or the memory has no room for the answer.
    Closed,
}

impl Memory {
    /// How many of `patients` are left out of an answer with which others retire, and which adds so much at most. That these are
    /// many closes nothing yet: a refusal would enter nothing, and could be had again and again.
    pub(crate) fn left_out(&self, patients: u64, adds: Amounts, retiring: &Retiring) -> LeftOut {
        let retired = self.retired().len().saturating_mul(100);
        let claim = Claim { room: Room::Shared, adds };
        if self.is_full(claim) || retired > patients.saturating_mul(MAX_RETIRED) {
            return LeftOut::Closed;
        }
        let share = self.retired().union_len(&retiring.0).saturating_mul(100);
        let steps = share.div_ceil(patients.max(1)).div_ceil(SHARE_STEP).max(1);
        LeftOut::UpTo(steps.saturating_mul(SHARE_STEP))
    }

    /// Whether nothing more is told of `patients` with noise.
    #[must_use]
    pub fn is_closed(&self, patients: u64) -> bool {
        self.left_out(patients, Amounts::ONE, &Retiring::default()) == LeftOut::Closed
    }

    /// The patients who are left out, as a worker is told.
    #[must_use]
    pub fn retired_set(&self, retiring: &Retiring) -> Vec<u8> {
        sets::bytes_of(&(self.retired() | &retiring.0))
    }

    /// How many they are; nobody ever comes back.
    #[must_use]
    pub fn retired_count(&self) -> u64 {
        self.retired().len()
    }

    /// Enters who retires with an answer.
    pub(crate) fn retire(&self, charge: &mut Charge, retiring: &Retiring) {
        if !retiring.0.is_subset(self.retired()) {
            charge.draft(Event::Retired(retiring.0.clone()));
        }
    }

    /// Whether noise of this key goes with the noise that the lineage has. The first key is entered in the charge.
    pub(crate) fn keyed(&self, charge: &mut Charge, key: Name) -> bool {
        match self.key() {
            Some(known) => known == key,
            None => {
                charge.draft(Event::Keyed(key));
                true
            }
        }
    }

    /// Enters an explored cell in the charge, unless patients of it have to retire first.
    pub(crate) fn explore(
        &self,
        charge: &mut Charge,
        cell: ExploredCell,
        rules: ExploreRules,
    ) -> Novelty {
        let ExploredCell { set, form, mut columns } = cell;
        columns.sort_unstable();
        columns.dedup();
        let states = [self, charge.drafted()];
        let name = sets::name_of(&set);
        // Columns that this form of this set was charged for are free.
        columns
            .retain(|column| !states.iter().any(|state| state.is_explored(&name, &form, column)));
        let known = states.iter().any(|state| state.form(&name, &form).is_some());
        if known && columns.is_empty() {
            return Novelty::Known;
        }
        let cost = 15_u8.checked_div(rules.variance).unwrap_or(15).max(1);
        let mut retired = RoaringBitmap::new();
        if !known {
            let near = states.map(|state| state.explored_near(&set, u64::from(rules.gap)));
            let forms: usize = near.iter().flatten().map(|(_, forms)| *forms).sum();
            // All of them: to retire those in whom the neighbours differ would tell that there are such.
            if forms >= MAX_FORMS {
                retired |= &set;
            }
        }
        for column in &columns {
            let over = set.iter().filter(|patient| {
                let used = states.iter().map(|state| u32::from(state.meter(column, *patient)));
                used.sum::<u32>().saturating_add(u32::from(cost)) > u32::from(METER)
            });
            retired.extend(over);
        }
        if !retired.is_empty() {
            return Novelty::Over(retired);
        }
        charge.draft(Event::Explored { set, form, columns, cost });
        Novelty::New
    }

    /// Neighbours with how many forms each has. Small sets without a common patient are near each other by number alone: no two of
    /// their figures say anything of the same patient.
    fn explored_near(&self, set: &RoaringBitmap, gap: u64) -> Vec<(RoaringBitmap, usize)> {
        let near = self.explored_sets().near(set, gap);
        let near = near.iter().filter_map(|(place, _)| self.explored_at(*place));
        near.filter(|(other, _)| other == set || !other.is_disjoint(set)).collect()
    }

    fn is_explored(&self, set: &SetName, form: &Name, column: &Name) -> bool {
        self.form(set, form).is_some_and(|columns| columns.contains(column))
    }

    fn form(&self, set: &SetName, form: &Name) -> Option<&std::collections::BTreeSet<Name>> {
        let place = self.explored_sets().find(set)?;
        self.forms_at(place)?.get(form)
    }
}
