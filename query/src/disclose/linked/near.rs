//! Which of the fragments that were told before can matter to those that are new.
//!
//! A new figure is linked with nulls of earlier answers, and with what is known of them, only where relations join it to them: figures
//! of one quantity, of one that is part of the other, or of one fragment. What is known joins nothing. So it is enough to follow the
//! quantities of which something is null or new, from those of which something is new: what they and their wholes and parts are made
//! of is linked, whatever else was told is left out. Of fragments that show the same figures of these the first is enough.
//!
//! This looks at whole quantities, not at cells: what is left out cannot matter, and not all that is kept does. Nothing is decided
//! here, and an answer is the same without it (`tests::near`).

use std::collections::{HashMap, HashSet};

use policies::Digest;
use policies::footprint::{LinkFixed, LinkFootprint, LinkKey, LinkSum, MeasureKind};

use super::Figure;
use super::figures::Figures;
use super::roots::{join, root};
use crate::disclose::suppress::Standing;

/// A sum of a fragment, over all its cells.
pub(super) struct Sum {
    /// Whether an earlier answer showed it in every cell.
    shown: bool,
    kind: MeasureKind,
    /// The sum of the rows that it adds, which stand for it where it is too large.
    counter: Option<usize>,
    /// The sum that counts its cells' rows.
    leader: Option<usize>,
    /// Whether it counts all of its cells, and whether it is known how many contribute to it.
    known: (bool, bool),
}

/// A fragment, by its links in the numbers of all that is linked.
#[derive(Clone, Copy)]
pub(super) struct Fragment<'l> {
    pub(super) links: &'l [LinkFootprint],
    /// Its sums; none of one that is not told exactly.
    pub(super) sums: &'l [Option<Sum>],
    pub(super) told: bool,
}

/// What is counted or added, in its space.
type Space<'l> = (&'l Digest, u32);
/// Where a sum's figures lie: its keys, and its fixed places.
type Grain<'l> = (&'l [LinkKey], &'l [LinkFixed]);
/// What another sum of the fragment is, and where it lies beside the keys.
type Other<'l> = Option<(u32, &'l [LinkFixed])>;
/// All that linking can see of a sum that was shown: whatever is the same in all of it is the same figures.
type Place<'l> = (Space<'l>, Grain<'l>, [Other<'l>; 2], MeasureKind, (bool, bool));

/// One thing that is counted or added.
struct Quantity<'l> {
    of: Space<'l>,
    /// Its wholes, in the same space.
    part_of: &'l [u32],
    kind: MeasureKind,
    first: (Grain<'l>, Other<'l>),
    /// Whether figures lie otherwise than the first, and whether they have other rows.
    several: (bool, bool),
    /// Whether something of it is null, or new.
    open: bool,
    /// Whether something of it is new.
    new: bool,
}

/// A sum of a fragment in one space.
struct Entry {
    quantity: usize,
    /// The number of its figures: those of the same places have the same.
    place: usize,
    /// Whether something of it is null, or was not shown yet.
    open: bool,
}

/// Everything that is linked.
#[derive(Default)]
struct Near<'l> {
    quantities: Vec<Quantity<'l>>,
    by_space: HashMap<Space<'l>, usize>,
    /// Of each place whether an earlier answer showed its figures.
    shown: Vec<bool>,
    /// The entries of each fragment.
    entries: Vec<Vec<Entry>>,
}

impl Sum {
    pub(super) fn of(figures: &Figures<'_>, fragment: usize, sum: usize) -> Option<Self> {
        let figure = |cell| Figure { fragment, cell, sum };
        let exact = figures.is_told_exactly(fragment, sum);
        let kind = figures.measure(figure(0)).filter(|_| exact)?.kind;
        let mut cells = figures.cells(fragment);
        let shown = cells.all(|cell| figures.standing(figure(cell)) == Standing::Released);
        let (counter, leader) = (figures.counter(fragment, sum), figures.leader(fragment));
        let known = (figures.is_whole(figure(0)), figures.has_contributors(figure(0)));
        Some(Self { shown, kind, counter, leader, known })
    }
}

/// Which of these fragments are to be linked: those that are new, and what can matter to them.
pub(super) fn needed(fragments: &[Fragment<'_>]) -> Vec<bool> {
    let mut near = Near::new(fragments);
    near.open(fragments);
    let live = near.live(fragments);
    near.kept(fragments, &live)
}

impl<'l> Near<'l> {
    fn new(fragments: &[Fragment<'l>]) -> Self {
        let (mut near, mut places) = (Self::default(), HashMap::<Place<'l>, usize>::new());
        for Fragment { links, sums, told } in fragments {
            let mut entries = Vec::new();
            for link in *links {
                for (place, sum) in link.sums.iter().zip(*sums) {
                    let Some(sum) = sum else { continue };
                    let grain = (link.keys.as_slice(), place.fixed.as_slice());
                    let others = [sum.counter, sum.leader].map(|other| {
                        let other = link.sums.get(other?)?;
                        Some((other.of, other.fixed.as_slice()))
                    });
                    let of = (&link.base, place.of);
                    let [counter, _] = others;
                    let quantity = near.quantity(of, place, sum, (grain, counter));
                    let next = places.len();
                    let place = (of, grain, others, sum.kind, sum.known);
                    let place = *places.entry(place).or_insert(next);
                    if place == next {
                        near.shown.push(false);
                    }
                    let shown = *told && sum.shown;
                    near.shown.get_mut(place).into_iter().for_each(|known| *known |= shown);
                    entries.push(Entry { quantity, place, open: !shown });
                }
            }
            near.entries.push(entries);
        }
        near
    }

    /// The number of a quantity of which a sum is.
    fn quantity(
        &mut self,
        of: Space<'l>,
        place: &'l LinkSum,
        sum: &Sum,
        first: (Grain<'l>, Other<'l>),
    ) -> usize {
        let next = self.quantities.len();
        let number = *self.by_space.entry(of).or_insert(next);
        if let Some(known) = self.quantities.get_mut(number) {
            let (grain, counter) = known.first;
            // Single places on one axis lie side by side, other sets of places over each other.
            let side = |fixed: &'l LinkFixed| {
                (fixed.axis, Some(&fixed.places).filter(|places| places.len() > 1))
            };
            let axes = |(keys, fixed): Grain<'l>| (keys, fixed.iter().map(side));
            let ((keys, fixed), (known_keys, known_fixed)) = (axes(first.0), axes(grain));
            known.several.0 |= keys != known_keys || !fixed.eq(known_fixed);
            known.several.1 |= first.1 != counter;
            // Of what is both rows and keys no more is known than of keys.
            known.kind = if sum.kind == MeasureKind::Keys { sum.kind } else { known.kind };
        } else {
            let (part_of, kind, several) = (place.part_of.as_slice(), sum.kind, (false, false));
            let quantity = Quantity { of, part_of, kind, first, several, open: false, new: false };
            self.quantities.push(quantity);
        }
        number
    }

    /// Finds out of which quantities something is null or new.
    ///
    /// What several groupings of one quantity show has common margins that nobody asked for. They are known as well, unless who asks
    /// only assumes that keys are in one group each, or the figures may not add up.
    fn open(&mut self, fragments: &[Fragment<'_>]) {
        for (entries, fragment) in self.entries.iter_mut().zip(fragments) {
            for entry in entries {
                let shown = self.shown.get(entry.place).copied().unwrap_or(false);
                entry.open &= fragment.told || !shown;
                if let Some(quantity) = self.quantities.get_mut(entry.quantity) {
                    quantity.open |= entry.open;
                    quantity.new |= entry.open && !fragment.told;
                }
            }
        }
        for quantity in &mut self.quantities {
            let assumed = quantity.kind == MeasureKind::Keys;
            let mixed = quantity.several.1 && !quantity.kind.is_count_like();
            quantity.open |= quantity.several.0 && (assumed || mixed);
        }
    }

    /// Quantities and wholes of them.
    fn wholes(&self) -> impl Iterator<Item = (usize, usize)> {
        self.quantities.iter().enumerate().flat_map(|(part, quantity)| {
            let wholes = quantity.part_of.iter().map(|whole| (quantity.of.0, *whole));
            let wholes = wholes.filter_map(|whole| self.by_space.get(&whole));
            wholes.map(move |whole| (part, *whole))
        })
    }

    fn is_open(&self, quantity: usize) -> bool {
        self.quantities.get(quantity).is_some_and(|quantity| quantity.open)
    }

    /// Quantities that new figures hang together with, what is beside them, and all that is asked for.
    fn live(&self, fragments: &[Fragment<'_>]) -> Vec<bool> {
        let mut roots: Vec<usize> = (0..self.quantities.len()).collect();
        for entries in &self.entries {
            let mut open = entries.iter().filter(|entry| entry.open).map(|entry| entry.quantity);
            if let Some(first) = open.next() {
                open.for_each(|other| join(&mut roots, first, other));
            }
        }
        for (part, whole) in self.wholes() {
            if self.is_open(part) && self.is_open(whole) {
                join(&mut roots, part, whole);
            }
        }
        let new = self.quantities.iter().enumerate().filter(|(_, quantity)| quantity.new);
        let new: HashSet<usize> = new.map(|(at, _)| root(&mut roots, at)).collect();
        let all = 0..self.quantities.len();
        let touched: Vec<bool> = all.map(|at| new.contains(&root(&mut roots, at))).collect();
        let mut live = touched.clone();
        for (part, whole) in self.wholes() {
            for (one, other) in [(part, whole), (whole, part)] {
                let beside = touched.get(one).copied().unwrap_or(true);
                live.get_mut(other).into_iter().for_each(|live| *live |= beside);
            }
        }
        for (entries, _) in self.entries.iter().zip(fragments).filter(|(_, of)| !of.told) {
            for entry in entries {
                live.get_mut(entry.quantity).into_iter().for_each(|live| *live = true);
            }
        }
        live
    }

    /// Fragments with a null of what is live, or with figures of it that no other one shows together. Of each space that is asked
    /// for one is kept in any case, so that who asks does not stand alone.
    fn kept(&self, fragments: &[Fragment<'l>], live: &[bool]) -> Vec<bool> {
        let bases = |fragment: &Fragment<'l>| fragment.links.iter().map(|link| &link.base);
        let new = fragments.iter().filter(|fragment| !fragment.told);
        let mut apart: HashSet<&Digest> = new.flat_map(bases).collect();
        let (mut sets, mut with) = (Vec::new(), vec![Vec::new(); self.shown.len()]);
        let mut kept = Vec::with_capacity(fragments.len());
        for (fragment, entries) in fragments.iter().zip(&self.entries) {
            let is_live = |entry: &&Entry| live.get(entry.quantity) == Some(&true);
            let entries: Vec<&Entry> = entries.iter().filter(is_live).collect();
            let shown = entries.iter().filter(|entry| !entry.open).map(|entry| entry.place);
            let mut shown: Vec<usize> = shown.collect();
            shown.sort_unstable();
            let again = |set: &usize| {
                let set: Option<&Vec<usize>> = sets.get(*set);
                set.is_some_and(|set| shown.iter().all(|at| set.binary_search(at).is_ok()))
            };
            let known = |first: &usize| with.get(*first).is_some_and(|of| of.iter().any(again));
            let own = shown.first().is_some_and(|first| !known(first));
            let open = entries.iter().any(|entry| entry.open);
            let is_kept =
                !fragment.told || open || own || bases(fragment).any(|base| apart.contains(base));
            if is_kept && fragment.told {
                bases(fragment).for_each(|base| _ = apart.remove(base));
                for place in &shown {
                    with.get_mut(*place).into_iter().for_each(|of| of.push(sets.len()));
                }
                sets.push(shown);
            }
            kept.push(is_kept);
        }
        kept
    }
}
