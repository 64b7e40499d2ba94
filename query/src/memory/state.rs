//! The state of a lineage.

use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap;

use super::Name;
use super::bounds::{Amounts, Claim, Room};
use super::charge::{Charge, Event};
use super::exact::{ExactCell, Measure, Standing};
use super::quota::{Scope, Used};
use super::sets::Sets;
use super::tables::Tables;

/// Patients of a dataset whose meters are kept; one past them counts as over every limit.
const MAX_PATIENTS: u32 = 1 << 22;
/// Persons, purposes and organisations of one lineage; one more is over its quota.
const MAX_ASKERS: usize = 100_000;

/// Forms of a set, each with the columns it was charged for.
type Forms = BTreeMap<Name, BTreeSet<Name>>;

/// Contributions that were told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct ToldKey {
    /// The place of the measure's set, where it is count-like.
    pub(super) part: Option<usize>,
    /// The key of its contributions.
    pub(super) key: u64,
    /// The snapshot that they were told from first.
    pub(super) snapshot: u64,
}

/// A charge that does not follow the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Of another lineage.
    #[error("the charge is of another lineage")]
    Lineage,
    /// Made on an older or newer state.
    #[error("the charge follows {expected} charges, the memory has {got}")]
    Order {
        /// Charges of the state that it was made on.
        expected: u64,
        /// Charges of this state.
        got: u64,
    },
}

impl ApplyError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Lineage => "charge_lineage",
            Self::Order { .. } => "charge_order",
        }
    }
}

/// What was answered over one lineage, by everyone. It holds sets of patients, so it prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Memory {
    lineage: Name,
    /// How much it may hold.
    most: Amounts,
    charges: u64,
    used: BTreeMap<(Scope, Name), Used>,
    exact: Sets,
    /// Sets that are of cells, and that are of parts, by place.
    of_cells: BTreeSet<usize>,
    of_parts: BTreeSet<usize>,
    told: BTreeMap<Name, Standing>,
    /// By the place of the cell's set and the measure: the places of its sets and its keys.
    keys: BTreeMap<(usize, Name), Vec<ToldKey>>,
    tables: Tables,
    explored: Sets,
    forms: BTreeMap<usize, Forms>,
    /// By column, then by patient.
    meters: BTreeMap<Name, Vec<u8>>,
    retired: RoaringBitmap,
    /// The name of the key of the noise.
    key: Option<Name>,
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory").field("charges", &self.charges).finish_non_exhaustive()
    }
}

impl Memory {
    /// Nothing was answered yet.
    #[must_use]
    pub fn new(lineage: Name) -> Self {
        Self {
            lineage,
            most: Amounts::MOST,
            charges: 0,
            used: BTreeMap::new(),
            exact: Sets::default(),
            of_cells: BTreeSet::new(),
            of_parts: BTreeSet::new(),
            told: BTreeMap::new(),
            keys: BTreeMap::new(),
            tables: Tables::default(),
            explored: Sets::default(),
            forms: BTreeMap::new(),
            meters: BTreeMap::new(),
            retired: RoaringBitmap::new(),
            key: None,
        }
    }

    /// The same that may hold so much.
    #[cfg(test)]
    pub(crate) fn bounded(lineage: Name, most: Amounts) -> Self {
        Self { most, ..Self::new(lineage) }
    }

    /// How many charges made it.
    #[must_use]
    pub fn charges(&self) -> u64 {
        self.charges
    }

    /// An empty charge, in the room that is anybody's.
    pub(crate) fn charge(&self) -> Charge {
        self.charge_of(Claim { room: Room::Shared, adds: Amounts::ONE })
    }

    /// An empty charge of an answer that adds so much at most.
    pub(crate) fn charge_of(&self, claim: Claim) -> Charge {
        Charge::new((self.lineage, self.charges), !self.is_full(claim))
    }

    /// Makes the next state; all of the charge, or nothing.
    ///
    /// # Errors
    /// `ApplyError` for a charge that was not made on this state.
    pub fn apply(&mut self, charge: &Charge) -> Result<(), ApplyError> {
        if charge.lineage != self.lineage {
            return Err(ApplyError::Lineage);
        }
        if charge.base != self.charges {
            return Err(ApplyError::Order { expected: charge.base, got: self.charges });
        }
        charge.events.iter().for_each(|event| self.happen(event));
        self.charges = self.charges.saturating_add(1);
        Ok(())
    }

    /// Patients left out below the cut of explore.
    pub(crate) fn retired(&self) -> &RoaringBitmap {
        &self.retired
    }

    /// The name of the key that the lineage's noise is made with, once there is any.
    pub(super) fn key(&self) -> Option<Name> {
        self.key
    }

    /// Whether anything was told with noise.
    #[must_use]
    pub fn has_noise(&self) -> bool {
        self.key.is_some()
    }

    /// Bytes of the sets.
    pub(crate) fn bytes(&self) -> usize {
        self.exact.bytes().saturating_add(self.explored.bytes())
    }

    /// How full it is, in percent of the nearest limit. At 80 nothing new is told but indicators, at 100 nothing.
    #[must_use]
    pub fn filled(&self) -> u8 {
        self.amounts().percent(self.most)
    }

    /// The greatest number of a patient that it knows of.
    #[must_use]
    pub fn greatest_patient(&self) -> Option<u32> {
        self.exact.greatest().max(self.explored.greatest()).max(self.retired.max())
    }

    /// How many sets it has.
    #[cfg(test)]
    pub(crate) fn sets(&self) -> usize {
        self.amounts().sets
    }

    /// Whether there is no room for what is claimed.
    pub(super) fn is_full(&self, claim: Claim) -> bool {
        self.amounts().fill(self.most, claim)
    }

    fn amounts(&self) -> Amounts {
        let sets = self.exact.len().saturating_add(self.explored.len());
        Amounts { sets, told: self.told.len(), bytes: self.bytes() }
    }

    pub(super) fn happen(&mut self, event: &Event) {
        match event {
            Event::Asked { asker, day, units } => {
                for scope in asker.scopes() {
                    if self.used.contains_key(&scope) || self.used.len() < MAX_ASKERS {
                        self.used.entry(scope).or_default().add(*day, *units);
                    }
                }
            }
            Event::Exact(cell) => self.tell(cell),
            Event::Explored { set, form, columns, cost } => {
                let place = self.explored.keep(set);
                let forms = self.forms.entry(place).or_default();
                forms.entry(*form).or_default().extend(columns);
                for column in columns {
                    let meter = self.meters.entry(*column).or_default();
                    for patient in set {
                        count(meter, patient, *cost);
                    }
                }
            }
            Event::Retired(set) => self.retired |= set,
            Event::Keyed(key) => self.key = self.key.or(Some(*key)),
            Event::Table(table) => self.tables.keep(table),
        }
    }

    fn tell(&mut self, cell: &ExactCell) {
        let ExactCell { name, set, measures, figures, day, snapshot } = cell;
        let place = self.exact.keep(set);
        self.of_cells.insert(place);
        for Measure { name, set, key } in measures {
            let part = set.as_ref().map(|set| self.exact.keep(set));
            self.of_parts.extend(part);
            let keys = self.keys.entry((place, *name)).or_default();
            if !keys.iter().any(|told| (told.part, told.key) == (part, *key)) {
                keys.push(ToldKey { part, key: *key, snapshot: *snapshot });
            }
        }
        let standing = Standing { figures: figures.clone(), day: *day };
        self.told.insert(*name, standing);
    }

    /// None where no more are counted.
    pub(super) fn used(&self, scope: Scope, name: &Name) -> Option<Used> {
        match self.used.get(&(scope, *name)) {
            Some(used) => Some(*used),
            None => (self.used.len().saturating_add(3) <= MAX_ASKERS).then(Used::default),
        }
    }

    pub(super) fn told(&self, name: &Name) -> Option<&Standing> {
        self.told.get(name)
    }

    pub(super) fn exact_sets(&self) -> &Sets {
        &self.exact
    }

    pub(super) fn is_kind(&self, place: usize, of_parts: bool) -> bool {
        if of_parts { self.of_parts.contains(&place) } else { self.of_cells.contains(&place) }
    }

    pub(super) fn told_keys(&self, place: usize, measure: &Name) -> &[ToldKey] {
        self.keys.get(&(place, *measure)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn kept_tables(&self) -> &Tables {
        &self.tables
    }

    pub(super) fn explored_sets(&self) -> &Sets {
        &self.explored
    }

    pub(super) fn forms_at(&self, place: usize) -> Option<&Forms> {
        self.forms.get(&place)
    }

    pub(super) fn explored_at(&self, place: usize) -> Option<(RoaringBitmap, usize)> {
        Some((self.explored.at(place)?, self.forms_at(place)?.len()))
    }

    pub(super) fn meter(&self, column: &Name, patient: u32) -> u8 {
        if patient >= MAX_PATIENTS {
            return u8::MAX;
        }
        let place = usize::try_from(patient).ok();
        let meter = self.meters.get(column);
        place.and_then(|place| meter?.get(place)).copied().unwrap_or(0)
    }
}

fn count(meter: &mut Vec<u8>, patient: u32, cost: u8) {
    let place = usize::try_from(patient).ok().filter(|_| patient < MAX_PATIENTS);
    let Some(place) = place else { return };
    if meter.len() <= place {
        meter.resize(place.saturating_add(1), 0);
    }
    if let Some(used) = meter.get_mut(place) {
        *used = used.saturating_add(cost);
    }
}
