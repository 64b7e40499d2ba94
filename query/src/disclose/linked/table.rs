//! Cells and relations as they are gathered, and the tables that they fall into.

use std::collections::{BTreeMap, BTreeSet};

use super::alike::Alike;
use super::figures::Figures;
use super::left::Left;
use super::{Figure, TooLarge};
use crate::disclose::rules::Rule;
use crate::disclose::suppress::{Cell, Need, Relation, Standing};
use piece::pieces;

mod piece;

/// Work of all tables of one answer, as [`super::super::suppress`] counts it: some seconds. What is left then is hidden.
const MAX_WORK: u64 = 250_000_000;

/// Steps to the relations of one group of fragments: regions that are looked up or compared, and terms. A group with more is not
/// judged.
const MAX_STEPS: usize = 10_000_000;

/// Whether who asks knows that a relation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Truth {
    /// It holds whatever the data are.
    Known,
    /// It is seen in the figures: who asks may know it, or not.
    Assumed,
}

/// A table under construction.
pub(super) struct Builder<'a> {
    pub(super) figures: &'a Figures<'a>,
    alike: Alike,
    cells: Vec<Cell>,
    /// The figure that a cell is, one of this answer if any is; none of what is never told.
    shown: Vec<Option<Figure>>,
    /// Whether a cell is null for nobody being in it.
    empty: Vec<bool>,
    /// Whether a cell is null for others alone.
    company: Vec<bool>,
    places: BTreeMap<Figure, usize>,
    relations: Vec<(Relation, Truth)>,
    /// What cells leave of another, by that one and them.
    rests: BTreeMap<(usize, Vec<usize>), usize>,
    /// Cells that are one figure.
    same: Vec<(usize, usize)>,
    /// Steps that were taken.
    steps: usize,
}

impl<'a> Builder<'a> {
    pub(super) fn new(figures: &'a Figures<'a>, alike: Alike) -> Self {
        Self {
            figures,
            alike,
            cells: Vec::new(),
            shown: Vec::new(),
            empty: Vec::new(),
            company: Vec::new(),
            places: BTreeMap::new(),
            relations: Vec::new(),
            rests: BTreeMap::new(),
            same: Vec::new(),
            steps: 0,
        }
    }

    /// The cell of a figure.
    pub(super) fn figure(&mut self, figure: Figure) -> usize {
        let figure = self.alike.stands(figure);
        if let Some(place) = self.places.get(&figure) {
            return *place;
        }
        // What was told before is hidden with nothing.
        let leader = self.figures.follows(figure).filter(|_| !self.figures.is_told(figure));
        let follows = leader.map(|leader| self.figure(leader));
        let label = [figure.fragment, figure.cell, figure.sum];
        let place = self.push(
            Cell {
                label: label.iter().map(|at| u32::try_from(*at).unwrap_or(u32::MAX)).collect(),
                value: self.figures.value(figure),
                standing: self.alike.standing(self.figures, figure),
                cost: self.figures.cost(figure),
                need: self.alike.need(self.figures, figure),
                follows,
            },
            Some(figure),
        );
        self.places.insert(figure, place);
        place
    }

    /// The cell of what is never told.
    pub(super) fn untold(&mut self, value: u64, need: Need) -> usize {
        let number = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        let label = Box::new([u32::MAX, number]);
        let standing = Standing::Null;
        self.push(Cell { label, value, standing, cost: 0, need, follows: None }, None)
    }

    fn push(&mut self, cell: Cell, shown: Option<Figure>) -> usize {
        self.cells.push(cell);
        self.empty.push(shown.is_some_and(|figure| self.figures.n(figure) == 0));
        let company = shown.is_some_and(|figure| self.alike.is_company(self.figures, figure));
        self.company.push(company);
        self.shown.push(shown);
        self.cells.len().saturating_sub(1)
    }

    pub(super) fn value(&self, cell: usize) -> u64 {
        self.cells.get(cell).map_or(0, |cell| cell.value)
    }

    /// The figure that a cell is.
    pub(super) fn shown(&self, cell: usize) -> Option<Figure> {
        self.shown.get(cell).copied().flatten()
    }

    /// Whether two figures stand in one cell of one fragment.
    pub(super) fn is_inside(&self, whole: Figure, part: Figure) -> bool {
        self.alike.is_inside(whole, part)
    }

    pub(super) fn sum(&self, cells: &[usize]) -> u64 {
        cells.iter().map(|cell| self.value(*cell)).fold(0, u64::saturating_add)
    }

    /// Counts steps that are about to be taken, and the terms since.
    pub(super) fn step(&mut self, steps: usize) -> Result<(), TooLarge> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS { Err(TooLarge) } else { Ok(()) }
    }

    /// Adds a relation that the figures meet. What is one cell on both sides says nothing.
    pub(super) fn relate(&mut self, mut plus: Vec<usize>, mut minus: Vec<usize>, truth: Truth) {
        self.steps = self.steps.saturating_add(plus.len()).saturating_add(minus.len());
        let (mut open, mut both) = (BTreeMap::new(), BTreeMap::new());
        plus.iter().for_each(|cell| add(&mut open, *cell));
        minus.retain(|cell| {
            let met = take(&mut open, *cell);
            if met {
                add(&mut both, *cell);
            }
            !met
        });
        plus.retain(|cell| !take(&mut both, *cell));
        if !plus.is_empty() || !minus.is_empty() {
            self.relations.push((Relation { plus, minus }, truth));
        }
    }

    /// Adds that two cells are one figure.
    pub(super) fn same(&mut self, one: usize, other: usize) {
        self.relate(vec![one], vec![other], Truth::Known);
        if self.value(one) == self.value(other) {
            self.same.push((one, other));
        }
    }

    /// Whole and part with what is left of the whole.
    pub(super) fn part(&mut self, whole: usize, part: usize, need: Need) {
        if self.value(part) <= self.value(whole) {
            let rest = self.rest(whole, vec![part], (need, Truth::Known));
            let empty = self.empty.get(whole).copied().unwrap_or(false);
            if let Some(own) = self.empty.get_mut(rest) {
                *own = empty;
            }
        }
    }

    /// What parts leave of a whole, with what must stay unknown of it.
    pub(super) fn rest(
        &mut self,
        whole: usize,
        mut parts: Vec<usize>,
        (need, truth): (Need, Truth),
    ) -> usize {
        parts.sort_unstable();
        let place = (whole, parts);
        if let Some(rest) = self.rests.get(&place).copied() {
            if let Some(known) = self.cells.get_mut(rest) {
                known.need = known.need.and(need);
            }
            return rest;
        }
        let left = self.value(whole).saturating_sub(self.sum(&place.1));
        let rest = self.untold(left, need);
        let minus = place.1.iter().copied().chain([rest]).collect();
        self.relate(vec![whole], minus, truth);
        self.rests.insert(place, rest);
        rest
    }

    /// Every figure that is null besides those that were.
    pub(super) fn solve(mut self) -> BTreeMap<Figure, Rule> {
        let mut hidden = self.null_before();
        self.settle();
        let mut work = 0_u64;
        for piece in pieces(&self) {
            if !piece.can_change() {
                continue;
            }
            let found = if work < MAX_WORK { piece.suppress(MAX_WORK, &mut work) } else { None };
            for (at, (place, cell)) in piece.places.iter().zip(&piece.cells).enumerate() {
                let (null, rule) = match &found {
                    Some((null, rule)) => (null.get(at) != Some(&false), *rule),
                    None => (true, Rule::Unlinked),
                };
                let shown = null && cell.standing == Standing::Shown;
                let figure = self.shown(*place).filter(|_| shown);
                hidden.extend(figure.map(|figure| (figure, rule)));
            }
        }
        hidden
    }

    /// What stays unknown of nulls, where nothing more can be hidden.
    pub(super) fn left(mut self) -> Left {
        let secret: Vec<bool> = (0..self.cells.len()).map(|cell| self.is_secret(cell)).collect();
        let many = |cells: usize| u64::try_from(cells).unwrap_or(u64::MAX);
        self.settle();
        let known = secret.iter().enumerate();
        let known = known.filter(|(cell, secret)| **secret && self.is_released(*cell)).count();
        let hidden = secret.iter().filter(|secret| **secret).count();
        let mut left = Left { hidden: many(hidden), known: many(known), ..Left::default() };
        let mut work = 0_u64;
        for piece in pieces(&self) {
            let secret = |at: &usize| {
                let place = piece.places.get(*at);
                place.is_some_and(|place| self.is_secret(*place))
            };
            let all = (0..piece.places.len()).filter(secret).count();
            if all == 0 {
                continue;
            }
            match piece.exposed(MAX_WORK, &mut work) {
                Some(exposed) => {
                    let exposed = exposed.iter().filter(|at| secret(at)).count();
                    left.narrow = left.narrow.saturating_add(many(exposed));
                }
                None => left.untried = left.untried.saturating_add(many(all)),
            }
        }
        left
    }

    /// Whether a cell is a figure that is null for itself, of which something must stay unknown.
    fn is_secret(&self, cell: usize) -> bool {
        let null = self.cells.get(cell).filter(|cell| cell.standing == Standing::Null);
        let figure = self.shown(cell).is_some() && self.company.get(cell) != Some(&true);
        figure && null.is_some_and(|null| null.need != Need::Nothing)
    }

    /// Figures at the place of one that was null: they stay so.
    fn null_before(&self) -> BTreeMap<Figure, Rule> {
        let null = self.cells.iter().zip(&self.shown);
        let null = null.filter(|(cell, _)| cell.standing == Standing::Null);
        let figures = null.filter_map(|(_, figure)| *figure);
        let shown = figures.filter(|figure| self.figures.can_be_hidden(*figure));
        shown.map(|figure| (figure, Rule::Linked)).collect()
    }

    /// What follows from what was told is told: hiding it hides nothing, and as a null it has nothing left to keep.
    fn settle(&mut self) {
        let mut touching = vec![Vec::new(); self.cells.len()];
        for (at, (relation, _)) in self.relations.iter().enumerate() {
            for cell in relation.plus.iter().chain(&relation.minus) {
                touching.get_mut(*cell).into_iter().for_each(|touching| touching.push(at));
            }
        }
        let mut next: BTreeSet<usize> = (0..self.relations.len()).collect();
        while let Some(at) = next.pop_first() {
            let Some((relation, Truth::Known)) = self.relations.get(at) else { continue };
            let mut open = relation.plus.iter().chain(&relation.minus).copied();
            let mut open = open.by_ref().filter(|cell| !self.is_released(*cell));
            let (Some(known), None) = (open.next(), open.next()) else { continue };
            if let Some(cell) = self.cells.get_mut(known) {
                cell.standing = Standing::Released;
                next.extend(touching.get(known).into_iter().flatten());
            }
        }
    }

    fn is_released(&self, cell: usize) -> bool {
        self.cells.get(cell).is_some_and(|cell| cell.standing == Standing::Released)
    }
}

/// One more of a cell.
fn add(many: &mut BTreeMap<usize, usize>, cell: usize) {
    let many = many.entry(cell).or_default();
    *many = many.saturating_add(1);
}

/// One less of a cell, if there is one.
fn take(many: &mut BTreeMap<usize, usize>, cell: usize) -> bool {
    let left = many.get(&cell).and_then(|many| many.checked_sub(1));
    if let (Some(left), Some(many)) = (left, many.get_mut(&cell)) {
        *many = left;
    }
    left.is_some()
}
