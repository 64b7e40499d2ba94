//! Which contribution a row belongs to: a *slot* for each patient of a cell.
//!
//! Tables are sealed patient by patient, so rows mostly come in that order: when the next patient's rows begin, the slots of those
//! before are *closed*, what they hold is whole and is folded. A batch in which every row is another patient's needs no look-up
//! at all. Where they may come in another order, [`Order::Any`] finds slots in a map and closes them at the end. Both give the
//! same; who promises an order and does not keep it is [`OutOfOrder`], because what is folded cannot be taken back.

use std::collections::HashMap;

/// No slot.
const NONE: u32 = u32::MAX;
/// Bytes of a slot in the map, roughly.
const KNOWN_BYTES: usize = 32;

/// The order in which rows come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Patients ascend.
    ByPatient,
    /// Any.
    Any,
}

/// A patient came after a greater one, where patients ascend.
#[derive(Debug)]
pub(super) struct OutOfOrder;

/// The slots that are open, and those of a batch's rows.
#[derive(Debug)]
pub(super) struct Slots {
    patients: Vec<u32>,
    groups: Vec<usize>,
    /// The slot of each group's last row.
    recent: Vec<Recent>,
    last: Option<u32>,
    /// Slots by patient and group, where rows come in any order.
    known: Option<HashMap<(u32, usize), u32>>,
    rows: Vec<u32>,
    /// Where the slots of a batch begin whose every row has its own.
    each_its_own: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Recent {
    patient: u32,
    slot: u32,
}

/// The slots of a batch's rows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Places<'a> {
    /// One after the other, from here.
    From(usize),
    /// These.
    Of(&'a [u32]),
}

/// Slots that no further row belongs to: the first ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed<'a> {
    /// The patient of each.
    pub(super) patients: &'a [u32],
    /// The group of each.
    pub(super) groups: &'a [usize],
}

impl Slots {
    /// Of so many groups.
    pub(super) fn new(groups: usize, order: Order) -> Self {
        Self {
            patients: Vec::new(),
            groups: Vec::new(),
            recent: vec![Recent { patient: 0, slot: NONE }; groups],
            last: None,
            known: (order == Order::Any).then(HashMap::new),
            rows: Vec::new(),
            each_its_own: None,
        }
    }

    /// Finds the slots of a batch's rows.
    pub(super) fn update(&mut self, patients: &[u32], groups: &[usize]) -> Result<(), OutOfOrder> {
        self.each_its_own = None;
        if self.known.is_none() {
            let (ascend, differ) = ordered(self.last, patients);
            if !ascend {
                return Err(OutOfOrder);
            }
            self.last = patients.last().copied().or(self.last);
            if differ {
                self.append(patients, groups);
                return Ok(());
            }
        }
        let mut rows = std::mem::take(&mut self.rows);
        rows.clear();
        rows.extend(
            patients.iter().zip(groups).map(|(patient, group)| self.slot(*patient, *group)),
        );
        self.rows = rows;
        Ok(())
    }

    /// A slot for each row.
    fn append(&mut self, patients: &[u32], groups: &[usize]) {
        self.each_its_own = Some(self.patients.len());
        self.patients.extend_from_slice(patients);
        self.groups.extend_from_slice(groups);
        self.find_again();
    }

    fn slot(&mut self, patient: u32, group: usize) -> u32 {
        let Some(recent) = self.recent.get_mut(group) else { return NONE };
        if recent.patient == patient && recent.slot != NONE {
            return recent.slot;
        }
        let next = u32::try_from(self.patients.len()).unwrap_or(NONE);
        let slot = match &mut self.known {
            Some(known) => *known.entry((patient, group)).or_insert(next),
            None => next,
        };
        *recent = Recent { patient, slot };
        if slot == next {
            self.patients.push(patient);
            self.groups.push(group);
        }
        slot
    }

    /// The slots of the batch.
    pub(super) fn places(&self) -> Places<'_> {
        self.each_its_own.map_or(Places::Of(&self.rows), Places::From)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.patients.len()
    }

    /// Those that no row can come for, unless this is the end: then none can for any.
    pub(super) fn closed(&self, end: bool) -> Closed<'_> {
        let open = match (end, &self.known, self.last) {
            (true, _, _) => 0,
            (false, Some(_), _) => self.open(),
            (false, None, last) => {
                let of_last = self.patients.iter().rev();
                of_last.take_while(|patient| Some(**patient) == last).count()
            }
        };
        let closed = self.open().saturating_sub(open);
        let patients = self.patients.get(..closed).unwrap_or_default();
        Closed { patients, groups: self.groups.get(..closed).unwrap_or_default() }
    }

    /// Forgets the first so many.
    pub(super) fn forget(&mut self, closed: usize) {
        if closed > 0 {
            self.patients.drain(..closed);
            self.groups.drain(..closed);
            self.find_again();
        }
    }

    /// Notes where the slots of the last patient are, whose rows may go on.
    fn find_again(&mut self) {
        let slots = self.patients.iter().zip(&self.groups).enumerate().rev();
        for (slot, (patient, group)) in slots.take_while(|(_, (p, _))| Some(**p) == self.last) {
            if let Some(recent) = self.recent.get_mut(*group) {
                *recent = Recent { patient: *patient, slot: u32::try_from(slot).unwrap_or(NONE) };
            }
        }
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let groups = self.groups.capacity().saturating_mul(size_of::<usize>());
        let numbers = self.patients.capacity().saturating_add(self.rows.capacity());
        let recent = self.recent.len().saturating_mul(size_of::<Recent>());
        let known = self.known.as_ref().map_or(0, HashMap::capacity).saturating_mul(KNOWN_BYTES);
        let held = groups.saturating_add(numbers.saturating_mul(size_of::<u32>()));
        held.saturating_add(recent).saturating_add(known)
    }
}

/// Whether patients ascend after the last one, and whether no two are the same.
pub(super) fn ordered(last: Option<u32>, patients: &[u32]) -> (bool, bool) {
    let (mut ascend, mut differ) = match (last, patients.first()) {
        (Some(last), Some(first)) => (last <= *first, last < *first),
        (None, _) | (_, None) => (true, true),
    };
    for (before, after) in patients.iter().zip(patients.iter().skip(1)) {
        ascend &= before <= after;
        differ &= before < after;
    }
    (ascend, differ)
}
