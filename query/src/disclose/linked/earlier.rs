//! Fragments that earlier answers told from the same snapshot, to be linked with those of this one.
//!
//! What was told is kept with its charge as it went out: every figure, which of them were null, and by which rule. A fragment that was
//! told before under the same limits gets the nulls that it had, and nothing is decided again: whatever was asked in between, the
//! same question has the same answer. Every other fragment is linked with all that was told of the same rows, directly or through
//! others: what was shown then cannot be hidden now, what was null then must stay unknown.
//!
//! What cannot be kept is not told. Tables that cannot be read hide the whole answer.
//!
//! Not here: figures of other snapshots, of other hospitals, and what cells without sums tell.

use std::collections::BTreeSet;

use policies::footprint::{FragmentFootprint, LinkNames};
use policies::protections::Protections;
use policies::{Digest, Limits};

use super::figures::{Part, Thresholds};
use crate::disclose::CellState;
use crate::disclose::rules::{Rule, Verdict};
use crate::memory::{Charge, Memory, Name, Room, Table};
use crate::receive::RawFragment;
use kept::Kept;
pub use readable::read_tables;
use vocabulary::Vocabulary;

mod code;
mod kept;
mod readable;
mod vocabulary;

/// What a table's name begins with.
const TABLE: &[u8] = b"kring exact table/1";

/// Where an answer is given: what the memory holds of a snapshot, and what room the answer may use.
pub(in crate::disclose) type Past<'m> = (&'m Memory, &'m Digest, Room);

/// What this answer is linked with, and how its own fragments are kept.
#[derive(Default)]
pub(in crate::disclose) struct Earlier {
    /// Fragments told before, of the same rows.
    told: Vec<Kept>,
    /// This answer's fragments.
    own: Vec<Own>,
    /// Whether something that was told cannot be read.
    broken: bool,
    /// Whether this answer's new fragments can be kept.
    fits: bool,
    snapshot: Name,
}

/// A fragment of this answer.
struct Own {
    name: Name,
    /// Its account, in numbers of all that is linked.
    footprint: FragmentFootprint,
    names: LinkNames,
    /// As it was told before.
    before: Vec<Kept>,
}

impl Own {
    fn is_new(&self) -> bool {
        self.before.is_empty()
    }
}

impl Earlier {
    /// Everything that was told of the rows that an answer is about. `names` are those of its footprint.
    pub(in crate::disclose) fn new(
        (memory, snapshot, room): Past<'_>,
        (fragments, footprints, names): (&[RawFragment], &[FragmentFootprint], &LinkNames),
        (protections, limits): (&Protections, &Limits),
    ) -> Self {
        let snapshot = *snapshot.as_bytes();
        let tables = memory.tables(&snapshot);
        let mut earlier = Self { snapshot, ..Self::default() };
        let thresholds = Thresholds::new(protections, limits);
        let (mut bytes, mut many) = (0_usize, 0_usize);
        for (fragment, footprint) in fragments.iter().zip(footprints) {
            let name = name(footprint, (protections, limits));
            let same = tables.iter().filter(|table| table.name == name);
            let before: Option<Vec<Kept>> = same.map(|table| Kept::read(&table.body)).collect();
            let before = before.filter(|before| before.iter().all(|kept| kept.is_of(fragment)));
            earlier.broken |= before.is_none();
            let own = Own {
                name,
                footprint: footprint.clone(),
                names: names.clone(),
                before: before.unwrap_or_default(),
            };
            if own.is_new() {
                let size = Kept::write(thresholds, (fragment, footprint, names), &[]);
                earlier.broken |= size.is_none();
                bytes = bytes.saturating_add(size.map_or(0, |size| size.len()));
                many = many.saturating_add(1);
            }
            earlier.own.push(own);
        }
        earlier.fits = memory.has_room_for((&snapshot, room), many, bytes);
        earlier.broken |= earlier.join(tables).is_none();
        earlier
    }

    /// Reads what shares rows with the fragments that are new, directly or through others, and numbers all alike.
    fn join(&mut self, tables: &[Table]) -> Option<()> {
        let new = self.own.iter().filter(|own| own.is_new());
        let mut bases: BTreeSet<Name> = new.flat_map(|own| bases(&own.footprint)).collect();
        let mut left: Vec<&Table> = tables.iter().collect();
        loop {
            let (near, apart): (Vec<&Table>, Vec<&Table>) = left
                .into_iter()
                .partition(|table| table.bases.iter().any(|base| bases.contains(base)));
            left = apart;
            if near.is_empty() {
                break;
            }
            for table in near {
                bases.extend(&table.bases);
                self.told.push(Kept::read(&table.body)?);
            }
        }
        let mut all = Vocabulary::default();
        for Kept { head, .. } in &mut self.told {
            head.footprint.links = all.adopt(&head.footprint.links, &head.names)?;
        }
        if !self.told.is_empty() {
            for own in &mut self.own {
                own.footprint.links = all.adopt(&own.footprint.links, &own.names)?;
            }
        }
        let told = self.told.iter_mut().map(|kept| &mut kept.head.footprint);
        let own = self.own.iter_mut().map(|own| &mut own.footprint);
        if !all.is_empty() {
            let parts = all.parts();
            let links = told.chain(own).flat_map(|footprint| &mut footprint.links);
            for sum in links.flat_map(|link| &mut link.sums) {
                sum.part_of = parts.get(&sum.of).cloned().unwrap_or_default();
            }
        }
        Some(())
    }

    /// Hides what was null before, and what cannot be kept.
    pub(in crate::disclose) fn begin(&self, verdicts: &mut [Vec<Verdict>]) {
        for (own, verdicts) in self.own.iter().zip(verdicts) {
            for kept in &own.before {
                verdicts.iter_mut().zip(&kept.verdicts).for_each(|(now, then)| narrow(now, then));
            }
            let lost = match (self.broken, self.fits || !own.is_new()) {
                (true, _) => Some(Rule::Unlinked),
                (false, false) => Some(Rule::MemoryFull),
                (false, true) => None,
            };
            if let Some(rule) = lost {
                verdicts.iter_mut().for_each(|verdict| verdict.hide(rule));
            }
        }
    }

    /// The account of a fragment of this answer; none where nothing was told before.
    pub(super) fn footprint(&self, fragment: usize) -> Option<&FragmentFootprint> {
        self.own.get(fragment).map(|own| &own.footprint)
    }

    /// Whether a fragment was told before: then its nulls are known.
    pub(super) fn is_repeated(&self, fragment: usize) -> bool {
        self.own.get(fragment).is_some_and(|own| !own.is_new())
    }

    /// What was told before.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        self.told.iter().map(Kept::part)
    }

    /// Enters what is told now.
    pub(in crate::disclose) fn keep(
        &self,
        charge: &mut Charge,
        (fragments, footprints): (&[RawFragment], &[FragmentFootprint]),
        verdicts: &[Vec<Verdict>],
        (protections, limits): (&Protections, &Limits),
    ) {
        let thresholds = Thresholds::new(protections, limits);
        let told = fragments.iter().zip(footprints).zip(verdicts);
        for (own, ((fragment, footprint), verdicts)) in self.own.iter().zip(told) {
            let keeps = own.is_new() && self.fits && !self.broken && !had_no_room(verdicts);
            let body = Kept::write(thresholds, (fragment, footprint, &own.names), verdicts);
            if let Some(body) = body.filter(|_| keeps) {
                charge.keep(Table {
                    snapshot: self.snapshot,
                    name: own.name,
                    bases: bases(footprint).collect(),
                    body: body.into(),
                });
            }
        }
    }
}

/// A fragment by its text and the limits in force: whoever has other limits has other nulls.
fn name(footprint: &FragmentFootprint, (protections, limits): (&Protections, &Limits)) -> Name {
    // Both types are whole numbers and words, and print all of themselves.
    let limits = format!("{protections:?} {limits:?}");
    *Digest::of(&[TABLE, footprint.digest.as_bytes(), limits.as_bytes()].concat()).as_bytes()
}

fn bases(footprint: &FragmentFootprint) -> impl Iterator<Item = Name> {
    footprint.links.iter().map(|link| *link.base.as_bytes())
}

/// Whether nothing of a fragment is told, for want of room. Whoever has room asks it anew: it told nothing that would have to be linked.
fn had_no_room(verdicts: &[Verdict]) -> bool {
    let of = |verdict: &Verdict| verdict.sums.contains(&Some(Rule::MemoryFull));
    verdicts.iter().any(of) && verdicts.iter().all(|verdict| verdict.state != CellState::Present)
}

/// Hides what was null then.
fn narrow(now: &mut Verdict, then: &Verdict) {
    for (now, then) in now.sums.iter_mut().zip(&then.sums) {
        *now = now.or(*then);
    }
    if then.state == CellState::Hidden {
        now.state = CellState::Hidden;
    }
}
