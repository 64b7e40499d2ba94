//! Cells that hang together: what is known already joins nothing.

use std::collections::BTreeMap;

use super::{Builder, Truth};
use crate::disclose::linked::roots::{join, root};
use crate::disclose::rules::Rule;
use crate::disclose::suppress::{Cell, LinkedTable, Need, Proofs, Relation, Standing};

/// Cells that hang together.
#[derive(Default)]
pub(super) struct Piece {
    /// Their places in the builder.
    pub(super) places: Vec<usize>,
    pub(super) cells: Vec<Cell>,
    /// Which of them are of cells without patients.
    empty: Vec<bool>,
    /// Which of them are null for others alone.
    company: Vec<bool>,
    relations: Vec<Relation>,
    /// Those of the relations that who asks knows.
    known: Vec<Relation>,
    /// Where cells of the builder are here.
    within: BTreeMap<usize, usize>,
}

/// What may be spent on a piece, and what was found out on the way.
struct Effort<'w> {
    limit: u64,
    work: &'w mut u64,
    proofs: Proofs,
}

impl Effort<'_> {
    fn left(&self) -> u64 {
        self.limit.saturating_sub(*self.work)
    }
}

/// Cells that relations or followers join, each piece a table of its own. What was told before stands in each that it is near.
pub(super) fn pieces(builder: &Builder<'_>) -> Vec<Piece> {
    let mut roots: Vec<usize> = (0..builder.cells.len()).collect();
    let open = |cell: &usize| !builder.is_released(*cell);
    for (Relation { plus, minus }, _) in &builder.relations {
        let mut all = plus.iter().chain(minus).copied().filter(open);
        if let Some(first) = all.next() {
            all.for_each(|other| join(&mut roots, first, other));
        }
    }
    for (at, cell) in builder.cells.iter().enumerate() {
        if let Some(leader) = cell.follows.filter(|leader| open(leader) && open(&at)) {
            join(&mut roots, at, leader);
        }
    }
    let mut pieces: BTreeMap<usize, Piece> = BTreeMap::new();
    for at in (0..builder.cells.len()).filter(open) {
        pieces.entry(root(&mut roots, at)).or_default().place(builder, at);
    }
    for (Relation { plus, minus }, truth) in &builder.relations {
        let first = plus.iter().chain(minus).find(|cell| open(cell));
        let piece = first.map(|first| root(&mut roots, *first));
        if let Some(piece) = piece.and_then(|piece| pieces.get_mut(&piece)) {
            let plus = plus.iter().map(|cell| piece.place(builder, *cell)).collect();
            let minus = minus.iter().map(|cell| piece.place(builder, *cell)).collect();
            let relation = Relation { plus, minus };
            piece.known.extend((*truth == Truth::Known).then(|| relation.clone()));
            piece.relations.push(relation);
        }
    }
    let mut pieces: Vec<Piece> = pieces.into_values().collect();
    for Piece { cells, within, .. } in &mut pieces {
        for cell in cells {
            cell.follows = cell.follows.and_then(|leader| within.get(&leader).copied());
        }
    }
    pieces
}

impl Piece {
    /// The place of a cell of the builder.
    fn place(&mut self, builder: &Builder<'_>, cell: usize) -> usize {
        if let Some(place) = self.within.get(&cell) {
            return *place;
        }
        let place = self.places.len();
        self.within.insert(cell, place);
        self.places.push(cell);
        self.cells.extend(builder.cells.get(cell).cloned());
        self.empty.push(builder.empty.get(cell).copied().unwrap_or(false));
        self.company.push(builder.company.get(cell).copied().unwrap_or(false));
        place
    }

    /// Whether anything must stay unknown, and anything can be hidden for it.
    pub(super) fn can_change(&self) -> bool {
        let is = |cell: &Cell, standing| cell.standing == standing;
        let secret = |cell: &Cell| is(cell, Standing::Null) && cell.need != Need::Nothing;
        self.cells.iter().any(secret) && self.cells.iter().any(|cell| is(cell, Standing::Shown))
    }

    /// Which cells are null, and by which rule those are that were not; none where that is not found out.
    ///
    /// Once against those who know nothing of empty cells, then against those who know that they are: groups that nobody is in
    /// are often no secret, and small ones must not be safe by them alone. What was hidden for either is none itself.
    pub(super) fn suppress(&self, limit: u64, work: &mut u64) -> Option<(Vec<bool>, Rule)> {
        let mut effort = Effort { limit, work, proofs: Proofs::default() };
        let mut cells = self.cells.clone();
        let mut limited = self.step(&mut cells, &mut effort)?;
        if self.empty.contains(&true) {
            let of = self.empty.iter().zip(&self.company).zip(&self.cells);
            for (cell, ((empty, company), before)) in cells.iter_mut().zip(of) {
                let known = *empty && cell.standing == Standing::Null;
                cell.standing = if known { Standing::Released } else { cell.standing };
                let other = *company || before.standing == Standing::Shown;
                cell.need = if other { Need::Nothing } else { before.need };
            }
            limited |= self.step(&mut cells, &mut effort)?;
        }
        let null = cells.iter().zip(&self.cells).map(|(cell, before)| {
            cell.standing == Standing::Null || before.standing == Standing::Null
        });
        Some((null.collect(), if limited { Rule::Unlinked } else { Rule::Linked }))
    }

    /// Nulls that can be known more closely than they may be, by those who know nothing of empty cells; none where that is not
    /// found out. Nothing is hidden for them: what is shown counts as told.
    pub(super) fn exposed(&self, limit: u64, work: &mut u64) -> Option<Vec<usize>> {
        let mut cells = self.cells.clone();
        for cell in cells.iter_mut().filter(|cell| cell.standing == Standing::Shown) {
            cell.standing = Standing::Released;
        }
        let effort = Effort { limit, work, proofs: Proofs::default() };
        let table = LinkedTable::new(cells, &self.relations).ok()?;
        let found = table.suppress_with(effort.left(), &mut Proofs::default());
        *effort.work = effort.work.saturating_add(found.work);
        (!found.limited).then_some(found.exposed)
    }

    /// Makes null what must be; whether a limit was reached. None where nulls stay exposed.
    ///
    /// What is null for others alone was chosen for them: if it can be known too closely for what the figures seem to say, it has
    /// only to stay unknown, and if it can be known, only they have to.
    fn step(&self, cells: &mut [Cell], effort: &mut Effort<'_>) -> Option<bool> {
        self.leave(cells, effort)?;
        for need in [Need::Wide(1), Need::Nothing, Need::Nothing] {
            let table = LinkedTable::new(cells.to_vec(), &self.relations).ok()?;
            let found = table.suppress_with(effort.left(), &mut effort.proofs);
            *effort.work = effort.work.saturating_add(found.work);
            let company = |cell: &&usize| self.company.get(**cell) == Some(&true);
            if found.exposed.iter().all(|cell| company(&cell)) && !found.exposed.is_empty() {
                for cell in &found.exposed {
                    if let Some(cell) = cells.get_mut(*cell) {
                        cell.need = need;
                    }
                }
                continue;
            }
            for (cell, null) in cells.iter_mut().zip(&found.null) {
                cell.standing = if *null { Standing::Null } else { cell.standing };
            }
            return found.exposed.is_empty().then_some(found.limited);
        }
        None
    }

    /// Lowers needs to what earlier answers left: of what they gave away nothing more is to be kept than there is.
    fn leave(&self, cells: &mut [Cell], effort: &mut Effort<'_>) -> Option<()> {
        if cells.iter().all(|cell| cell.standing != Standing::Released) {
            return Some(());
        }
        let mut hidden = cells.to_vec();
        for cell in hidden.iter_mut().filter(|cell| cell.standing == Standing::Shown) {
            cell.standing = Standing::Null;
        }
        let left = LinkedTable::new(hidden, &self.known).ok()?;
        let left = left.left(effort.left(), effort.work, &mut effort.proofs)?;
        for (cell, need) in left {
            if let Some(cell) = cells.get_mut(cell) {
                cell.need = need;
            }
        }
        Some(())
    }
}
