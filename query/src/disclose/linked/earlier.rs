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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policies::footprint::{FragmentFootprint, LinkFootprint, LinkNames, SumKind};
use policies::protections::Protections;
use policies::{Digest, Limits};

use super::figures::{Figures, Part, Thresholds};
use super::near::{self, Sum};
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
    told: Vec<Told>,
    /// Of which kinds of sums every value of what is not linked is small enough for the solver.
    exact: BTreeMap<SumKind, bool>,
    /// This answer's fragments.
    own: Vec<Own>,
    /// Whether something that was told cannot be read.
    broken: bool,
    /// Whether this answer's new fragments can be kept.
    fits: bool,
    snapshot: Name,
}

/// A fragment told before.
struct Told {
    kept: Arc<Kept>,
    /// Its links, in numbers of all that is linked.
    links: Vec<LinkFootprint>,
    /// Whether it can matter to what is new.
    is_near: bool,
}

/// A fragment of this answer.
struct Own {
    name: Name,
    /// Its links, in numbers of all that is linked.
    links: Vec<LinkFootprint>,
    names: LinkNames,
    /// As it was told before.
    before: Vec<Arc<Kept>>,
    sums: Vec<Option<Sum>>,
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
            let before: Option<Vec<Arc<Kept>>> = same.map(read).collect();
            let before = before.filter(|before| before.iter().all(|kept| kept.is_of(fragment)));
            earlier.broken |= before.is_none();
            let own = Own {
                name,
                links: footprint.links.clone(),
                names: names.clone(),
                before: before.unwrap_or_default(),
                sums: sums(fragment, footprint, thresholds),
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
        earlier.leave_out();
        earlier
    }

    /// All that was told of a snapshot, beside nothing new; none where it cannot be read.
    pub(super) fn all((memory, snapshot): (&Memory, &Digest)) -> Option<Self> {
        let told = memory.tables(snapshot.as_bytes()).iter().map(|table| {
            let kept = read(table)?;
            Some(Told { is_near: kept.shows(), links: Vec::new(), kept })
        });
        let mut earlier = Self { told: told.collect::<Option<_>>()?, ..Self::default() };
        earlier.number()?;
        Some(earlier)
    }

    /// The thresholds of what was told first.
    pub(super) fn thresholds(&self) -> Option<Thresholds> {
        self.told.first().map(|told| told.kept.head.thresholds)
    }

    /// Reads what shares rows with the fragments that are new, directly or through others, and numbers all alike.
    fn join(&mut self, tables: &[Table]) -> Option<()> {
        let new = self.own.iter().filter(|own| own.is_new());
        let mut bases: BTreeSet<Name> = new.flat_map(|own| bases(&own.links)).collect();
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
                self.told.push(Told { kept: read(table)?, links: Vec::new(), is_near: true });
            }
        }
        self.number()
    }

    /// Numbers all that is linked alike.
    fn number(&mut self) -> Option<()> {
        if self.told.is_empty() {
            return Some(());
        }
        let mut all = Vocabulary::default();
        for Told { kept, links, .. } in &mut self.told {
            *links = all.adopt(&kept.head.footprint.links, &kept.head.names)?;
        }
        for own in &mut self.own {
            own.links = all.adopt(&own.links, &own.names)?;
        }
        let parts = all.parts();
        let told = self.told.iter_mut().map(|told| &mut told.links);
        let links = told.chain(self.own.iter_mut().map(|own| &mut own.links)).flatten();
        for sum in links.flat_map(|link| &mut link.sums) {
            sum.part_of = parts.get(&sum.of).cloned().unwrap_or_default();
        }
        Some(())
    }

    /// Leaves out what was told and cannot matter to what is new.
    fn leave_out(&mut self) {
        let told = self.told.iter().map(|Told { kept, links, .. }| near::Fragment {
            links,
            sums: &kept.sums,
            told: true,
        });
        let new = self.own.iter().filter(|own| own.is_new());
        let new = new.map(|Own { links, sums, .. }| near::Fragment { links, sums, told: false });
        let needed = near::needed(&told.chain(new).collect::<Vec<_>>());
        for (told, is_near) in self.told.iter_mut().zip(needed) {
            told.is_near = is_near;
        }
        for told in self.told.iter().filter(|told| !told.is_near) {
            for (kind, fits) in &told.kept.exact {
                *self.exact.entry(*kind).or_insert(true) &= fits;
            }
        }
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

    /// The links of a fragment of this answer; none where nothing can have been told before.
    pub(super) fn links(&self, fragment: usize) -> Option<&[LinkFootprint]> {
        self.own.get(fragment).map(|own| own.links.as_slice())
    }

    /// Whether a fragment was told before: then its nulls are known.
    pub(super) fn is_repeated(&self, fragment: usize) -> bool {
        self.own.get(fragment).is_some_and(|own| !own.is_new())
    }

    /// What was told before and can matter.
    pub(super) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let near = self.told.iter().filter(|told| told.is_near);
        near.map(|told| told.kept.part(&told.links))
    }

    /// Of which kinds of sums every value of what else was told is small enough for the solver.
    pub(super) fn exact(&self) -> &BTreeMap<SumKind, bool> {
        &self.exact
    }

    /// The same with all that was told.
    #[cfg(test)]
    pub(super) fn whole(mut self) -> Self {
        self.told.iter_mut().for_each(|told| told.is_near = true);
        self
    }

    /// How many of the fragments that were told before are linked, and of how many.
    #[cfg(test)]
    pub(super) fn linked(&self) -> (usize, usize) {
        (self.parts().count(), self.told.len())
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
            if !keeps {
                continue;
            }
            if let Some(body) = Kept::write(thresholds, (fragment, footprint, &own.names), verdicts)
            {
                charge.keep(Table {
                    snapshot: self.snapshot,
                    name: own.name,
                    bases: bases(&footprint.links).collect(),
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

fn bases(links: &[LinkFootprint]) -> impl Iterator<Item = Name> {
    links.iter().map(|link| *link.base.as_bytes())
}

fn read(table: &Table) -> Option<Arc<Kept>> {
    table.body.read(Kept::read)
}

/// The sums of a fragment of this answer.
fn sums(
    fragment: &RawFragment,
    footprint: &FragmentFootprint,
    thresholds: Thresholds,
) -> Vec<Option<Sum>> {
    let part = Part { fragment, footprint, links: &[], verdicts: &[], thresholds, told: false };
    let figures = Figures::new(vec![part], thresholds);
    (0..footprint.sums.len()).map(|sum| Sum::of(&figures, 0, sum)).collect()
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
