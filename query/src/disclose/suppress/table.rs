//! The cells and what is known of their sums.

use std::collections::{BTreeMap, BTreeSet};

/// Cells of a table: those of the largest answer with as many again of margins, measures and earlier figures.
pub(super) const MAX_CELLS: usize = 65_536;
/// Largest figure: whole numbers and their sums stay exact in the solver's floats.
pub(super) const MAX_VALUE: u64 = 1 << 40;

/// What the attacker's interval of a null must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Holds all from `low` to `high`.
    Range {
        /// The low end.
        low: u64,
        /// The high end.
        high: u64,
    },
    /// At least this wide, wherever it lies.
    Wide(u64),
    /// Anything: the figure may be known.
    Nothing,
}

impl Need {
    /// A null of a figure that fewer than `k` make small: the interval holds [0, k - 1].
    pub(crate) fn small(k: u32) -> Self {
        Self::Range { low: 0, high: u64::from(k).saturating_sub(1) }
    }

    /// What meets both.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, need) | (need, Self::Nothing) => need,
            (Self::Wide(one), Self::Wide(other)) => Self::Wide(one.max(other)),
            (Self::Range { low, high }, Self::Wide(width))
            | (Self::Wide(width), Self::Range { low, high }) => {
                Self::Range { low, high: high.max(low.saturating_add(width)) }
            }
            (Self::Range { low, high }, Self::Range { low: least, high: most }) => {
                Self::Range { low: low.min(least), high: high.max(most) }
            }
        }
    }
}

/// Whether a cell is shown before anything further is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// A primary rule hides it, or it is never told. It stays null.
    Null,
    /// It is shown unless another needs it hidden.
    Shown,
    /// It was told earlier: it cannot be hidden.
    Released,
}

/// One figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    /// Names the figure within the table, whatever the order: coordinates, then the measure.
    pub(crate) label: Box<[u32]>,
    /// The figure.
    pub(crate) value: u64,
    /// Whether it is shown.
    pub(crate) standing: Standing,
    /// What hiding it costs: its patients, more for a margin or what an indicator needs.
    pub(crate) cost: u64,
    /// What holds of it when it is null, for whichever reason.
    pub(crate) need: Need,
    /// The cell with which it is null too: of a measure, the cell's count of patients. One level only.
    pub(crate) follows: Option<usize>,
}

/// A sum of cells that is 0 whatever the data are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Relation {
    /// Cells that are added.
    pub(crate) plus: Vec<usize>,
    /// Cells that are taken off.
    pub(crate) minus: Vec<usize>,
}

/// Why a table cannot be linked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TableError {
    /// Too many cells.
    #[error("{cells} cells are more than the {MAX_CELLS} that are linked at once")]
    Cells {
        /// How many there are.
        cells: usize,
    },
    /// Two cells of one label.
    #[error("cell {cell} has a label that another has")]
    Label {
        /// The later one.
        cell: usize,
    },
    /// A figure or need that the solver cannot hold exactly.
    #[error("cell {cell} is larger than {MAX_VALUE}")]
    Value {
        /// The cell.
        cell: usize,
    },
    /// A cell follows what is not there, itself, or a follower.
    #[error("cell {cell} follows a cell that it cannot follow")]
    Follows {
        /// The follower.
        cell: usize,
    },
    /// A relation of cells that are not there, or of one twice.
    #[error("relation {relation} names a cell twice or one that is not there")]
    Relation {
        /// Where it stands.
        relation: usize,
    },
    /// A relation that the figures do not meet.
    #[error("relation {relation} is not 0 over the cells")]
    Unequal {
        /// Where it stands.
        relation: usize,
    },
}

impl TableError {
    /// The stable code.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "a table that does not hold is hidden, and told to nobody")
    )]
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Cells { .. } => "table_cells",
            Self::Label { .. } => "table_label",
            Self::Value { .. } => "table_value",
            Self::Follows { .. } => "table_follows",
            Self::Relation { .. } => "table_relation",
            Self::Unequal { .. } => "table_unequal",
        }
    }
}

/// A term of a row: a cell and whether it is added (1) or taken off (-1). Of a cell: a row and the same.
pub(super) type Term = (usize, i64);

/// Cells and relations that agree, in an order of their own.
#[derive(Clone, Debug)]
pub(crate) struct LinkedTable {
    /// By label; `follows` is a place in this order.
    pub(super) cells: Vec<Cell>,
    /// For each cell, its place in the order given.
    pub(super) given: Vec<usize>,
    /// Terms by cell; each row once.
    pub(super) rows: Vec<Vec<Term>>,
    /// For each cell, the rows that touch it, with its sign in each.
    pub(super) touching: Vec<Vec<Term>>,
    /// For each cell, those that follow it.
    pub(super) followers: Vec<Vec<usize>>,
}

impl LinkedTable {
    /// Checks and orders.
    ///
    /// # Errors
    /// `TableError` for what does not fit together.
    pub(crate) fn new(cells: Vec<Cell>, relations: &[Relation]) -> Result<Self, TableError> {
        let places = places(&cells)?;
        let mut ordered: Vec<(usize, Cell)> = cells.into_iter().enumerate().collect();
        ordered.sort_by(|(_, a), (_, b)| a.label.cmp(&b.label));
        let mut rows = BTreeSet::new();
        for (at, relation) in relations.iter().enumerate() {
            let row = row(relation, &places).ok_or(TableError::Relation { relation: at })?;
            let sum = row.iter().map(|(cell, sign)| {
                ordered
                    .get(*cell)
                    .map_or(0, |(_, found)| i128::from(found.value) * i128::from(*sign))
            });
            if sum.sum::<i128>() != 0 {
                return Err(TableError::Unequal { relation: at });
            }
            if !row.is_empty() {
                rows.insert(row);
            }
        }
        let mut table = Self {
            touching: vec![Vec::new(); ordered.len()],
            followers: vec![Vec::new(); ordered.len()],
            given: ordered.iter().map(|(given, _)| *given).collect(),
            cells: ordered.into_iter().map(|(_, cell)| cell).collect(),
            rows: rows.into_iter().collect(),
        };
        table.link(&places);
        Ok(table)
    }

    fn link(&mut self, places: &[usize]) {
        for (at, row) in self.rows.iter().enumerate() {
            for (cell, sign) in row {
                if let Some(touching) = self.touching.get_mut(*cell) {
                    touching.push((at, *sign));
                }
            }
        }
        for (at, cell) in self.cells.iter_mut().enumerate() {
            cell.follows = cell.follows.and_then(|leader| places.get(leader).copied());
            if let Some(followers) = cell.follows.and_then(|leader| self.followers.get_mut(leader))
            {
                followers.push(at);
            }
        }
    }

    /// The rows that touch a cell.
    pub(super) fn rows_of(&self, cell: usize) -> impl Iterator<Item = &Vec<Term>> {
        let at = self.touching.get(cell).into_iter().flatten();
        at.filter_map(|(row, _)| self.rows.get(*row))
    }
}

/// Checks cells; the place by label of each.
fn places(cells: &[Cell]) -> Result<Vec<usize>, TableError> {
    if cells.len() > MAX_CELLS {
        return Err(TableError::Cells { cells: cells.len() });
    }
    let mut labels = BTreeMap::new();
    for (at, cell) in cells.iter().enumerate() {
        if labels.insert(&cell.label, at).is_some() {
            return Err(TableError::Label { cell: at });
        }
        let need = match cell.need {
            Need::Range { low, high } => low.max(high),
            Need::Wide(width) => width,
            Need::Nothing => 0,
        };
        if cell.value.max(need) > MAX_VALUE {
            return Err(TableError::Value { cell: at });
        }
        if let Some(leader) = cell.follows {
            let leads = cells.get(leader).is_some_and(|leader| leader.follows.is_none());
            if !leads {
                return Err(TableError::Follows { cell: at });
            }
        }
    }
    let mut places = vec![0; cells.len()];
    for (place, given) in labels.into_values().enumerate() {
        if let Some(at) = places.get_mut(given) {
            *at = place;
        }
    }
    Ok(places)
}

/// A relation as terms in the order of cells, the first of them added.
fn row(relation: &Relation, places: &[usize]) -> Option<Vec<Term>> {
    let Relation { plus, minus } = relation;
    let term = |sign: i64| move |cell: &usize| Some((*places.get(*cell)?, sign));
    let terms = plus.iter().map(term(1)).chain(minus.iter().map(term(-1)));
    let mut terms: Vec<Term> = terms.collect::<Option<_>>()?;
    terms.sort_unstable();
    if terms.windows(2).any(|pair| matches!(pair, [(a, _), (b, _)] if a == b)) {
        return None;
    }
    if terms.first().is_some_and(|(_, sign)| *sign < 0) {
        terms.iter_mut().for_each(|(_, sign)| *sign = sign.saturating_neg());
    }
    Some(terms)
}
