//! Cells and relations as they are gathered, and the tables that they fall into.

use std::collections::{BTreeMap, BTreeSet};

use super::Figure;
use super::figures::Figures;
use crate::disclose::rules::Rule;
use crate::disclose::suppress::{Cell, LinkedTable, Need, Relation, Standing};

/// Work of all tables of one answer, as [`super::super::suppress`] counts it: some seconds. What is left then is hidden.
const MAX_WORK: u64 = 250_000_000;

/// A table under construction.
pub(super) struct Builder<'a> {
    pub(super) figures: &'a Figures<'a>,
    cells: Vec<Cell>,
    /// The figure that a cell is; none of what is never told.
    shown: Vec<Option<Figure>>,
    /// Whether a cell is null for nobody being in it.
    empty: Vec<bool>,
    /// Whether a cell is null for others alone.
    company: Vec<bool>,
    places: BTreeMap<Figure, usize>,
    relations: Vec<Relation>,
    /// Cells that are one figure.
    same: Vec<(usize, usize)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(figures: &'a Figures<'a>) -> Self {
        Self {
            figures,
            cells: Vec::new(),
            shown: Vec::new(),
            empty: Vec::new(),
            company: Vec::new(),
            places: BTreeMap::new(),
            relations: Vec::new(),
            same: Vec::new(),
        }
    }

    /// The cell of a figure.
    pub(super) fn figure(&mut self, figure: Figure) -> usize {
        if let Some(place) = self.places.get(&figure) {
            return *place;
        }
        let follows = self.figures.follows(figure).map(|leader| self.figure(leader));
        let label = [figure.fragment, figure.cell, figure.sum];
        let place = self.push(
            Cell {
                label: label.iter().map(|at| u32::try_from(*at).unwrap_or(u32::MAX)).collect(),
                value: self.figures.value(figure),
                standing: self.figures.standing(figure),
                cost: self.figures.cost(figure),
                need: self.figures.need(figure),
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
        self.company.push(shown.is_some_and(|figure| self.figures.is_company(figure)));
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

    pub(super) fn sum(&self, cells: &[usize]) -> u64 {
        cells.iter().map(|cell| self.value(*cell)).fold(0, u64::saturating_add)
    }

    /// Adds a relation that the figures meet.
    pub(super) fn relate(&mut self, plus: Vec<usize>, minus: Vec<usize>) {
        self.relations.push(Relation { plus, minus });
    }

    /// Adds that two cells are one figure.
    pub(super) fn same(&mut self, one: usize, other: usize) {
        self.relate(vec![one], vec![other]);
        if self.value(one) == self.value(other) {
            self.same.push((one, other));
        }
    }

    /// What is the same as a figure that was told is told: hiding it hides nothing, and as a null it has nothing left to keep.
    fn settle(&mut self) {
        let mut roots: Vec<usize> = (0..self.cells.len()).collect();
        self.same.iter().for_each(|(one, other)| join(&mut roots, *one, *other));
        let places = || 0..self.cells.len();
        let is = |at: &usize, standing: Standing| {
            self.cells.get(*at).is_some_and(|cell| cell.standing == standing)
        };
        let told: BTreeSet<usize> = places()
            .filter(|at| is(at, Standing::Released))
            .map(|at| root(&mut roots, at))
            .collect();
        for (at, cell) in self.cells.iter_mut().enumerate() {
            if told.contains(&root(&mut roots, at)) {
                match cell.standing {
                    Standing::Null => cell.need = Need::Nothing,
                    Standing::Shown | Standing::Released => cell.standing = Standing::Released,
                }
            }
        }
    }

    /// Whole and part with what is left of the whole.
    pub(super) fn part(&mut self, whole: usize, part: usize, need: Need) {
        if let Some(rest) = self.value(whole).checked_sub(self.value(part)) {
            let empty = self.empty.get(whole).copied().unwrap_or(false);
            let rest = self.untold(rest, need);
            if let Some(own) = self.empty.get_mut(rest) {
                *own = empty;
            }
            self.relate(vec![whole], vec![part, rest]);
        }
    }

    /// Every figure that is null besides those that were.
    pub(super) fn solve(mut self) -> BTreeMap<Figure, Rule> {
        self.settle();
        let mut hidden = BTreeMap::new();
        let mut work = 0_u64;
        for piece in self.pieces() {
            if !piece.has_secret() {
                continue;
            }
            let found = if work < MAX_WORK { piece.suppress(&mut work) } else { None };
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

    /// Cells that relations or followers join, each piece a table of its own.
    fn pieces(&self) -> Vec<Piece> {
        let mut roots: Vec<usize> = (0..self.cells.len()).collect();
        for Relation { plus, minus } in &self.relations {
            let mut all = plus.iter().chain(minus).copied();
            if let Some(first) = all.next() {
                all.for_each(|other| join(&mut roots, first, other));
            }
        }
        for (at, cell) in self.cells.iter().enumerate() {
            if let Some(leader) = cell.follows {
                join(&mut roots, at, leader);
            }
        }
        let mut pieces: BTreeMap<usize, Piece> = BTreeMap::new();
        let mut within = Vec::with_capacity(self.cells.len());
        for (at, cell) in self.cells.iter().enumerate() {
            let piece = pieces.entry(root(&mut roots, at)).or_default();
            within.push(piece.places.len());
            piece.places.push(at);
            piece.cells.push(cell.clone());
            piece.empty.push(self.empty.get(at).copied().unwrap_or(false));
            piece.company.push(self.company.get(at).copied().unwrap_or(false));
        }
        let inside = |cell: &usize| within.get(*cell).copied().unwrap_or(usize::MAX);
        for Relation { plus, minus } in &self.relations {
            let first = plus.iter().chain(minus).next();
            let piece = first.map(|first| root(&mut roots, *first));
            if let Some(piece) = piece.and_then(|piece| pieces.get_mut(&piece)) {
                let plus = plus.iter().map(inside).collect();
                piece.relations.push(Relation { plus, minus: minus.iter().map(inside).collect() });
            }
        }
        let mut pieces: Vec<Piece> = pieces.into_values().collect();
        for cell in pieces.iter_mut().flat_map(|piece| &mut piece.cells) {
            cell.follows = cell.follows.as_ref().map(inside);
        }
        pieces
    }
}

/// Cells that hang together.
#[derive(Default)]
struct Piece {
    /// Their places in the builder.
    places: Vec<usize>,
    cells: Vec<Cell>,
    /// Which of them are of cells without patients.
    empty: Vec<bool>,
    /// Which of them are null for others alone.
    company: Vec<bool>,
    relations: Vec<Relation>,
}

impl Piece {
    /// Whether anything must stay unknown.
    fn has_secret(&self) -> bool {
        let mut cells = self.cells.iter();
        cells.any(|cell| cell.standing == Standing::Null && cell.need != Need::Nothing)
    }

    /// Which cells are null, and by which rule those are that were not; none where that is not found out.
    ///
    /// Once against those who know nothing of empty cells, then against those who know that they are: groups that nobody is in
    /// are often no secret, and small ones must not be safe by them alone. What was hidden for either is none itself.
    fn suppress(&self, work: &mut u64) -> Option<(Vec<bool>, Rule)> {
        let mut cells = self.cells.clone();
        let mut limited = self.step(&mut cells, work)?;
        if self.empty.contains(&true) {
            for (cell, (empty, before)) in cells.iter_mut().zip(self.empty.iter().zip(&self.cells))
            {
                let known = *empty && cell.standing == Standing::Null;
                cell.standing = if known { Standing::Released } else { cell.standing };
                if before.standing == Standing::Shown {
                    cell.need = Need::Nothing;
                }
            }
            for (cell, company) in cells.iter_mut().zip(&self.company) {
                if *company {
                    cell.need = Need::Nothing;
                }
            }
            limited |= self.step(&mut cells, work)?;
        }
        let null = cells.iter().zip(&self.cells).map(|(cell, before)| {
            cell.standing == Standing::Null || before.standing == Standing::Null
        });
        Some((null.collect(), if limited { Rule::Unlinked } else { Rule::Linked }))
    }

    /// Makes null what must be; whether a limit was reached. None where nulls stay exposed.
    ///
    /// What is null for others alone was chosen for them: if it can be known too closely it has only to stay unknown, and if it
    /// can be known, only they have to.
    fn step(&self, cells: &mut [Cell], work: &mut u64) -> Option<bool> {
        for need in [Need::Wide(1), Need::Nothing, Need::Nothing] {
            let table = LinkedTable::new(cells.to_vec(), &self.relations).ok()?;
            let found = table.suppress(MAX_WORK.saturating_sub(*work));
            *work = work.saturating_add(found.work);
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
}

/// The root of a cell's tree; shortens the way there.
fn root(roots: &mut [usize], mut at: usize) -> usize {
    while let Some(up) = roots.get(at).copied().filter(|up| *up != at) {
        let above = roots.get(up).copied().unwrap_or(up);
        if let Some(own) = roots.get_mut(at) {
            *own = above;
        }
        at = above;
    }
    at
}

fn join(roots: &mut [usize], one: usize, other: usize) {
    let (one, other) = (root(roots, one), root(roots, other));
    if let Some(root) = roots.get_mut(one.max(other)) {
        *root = one.min(other);
    }
}
