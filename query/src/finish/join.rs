//! Joins of figures, where some of the values that decide are not shown.
//!
//! A pair of rows meets the condition, does not, or it cannot be known. A row of an outer side without a partner is padded
//! with nulls only if it has none for certain; else its other side is not shown.

use std::collections::{BTreeMap, HashMap};

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, JoinType, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::split_conjunction;

use super::above::decide;
use super::frame::{Column, Frame, Rows, worst};
use super::{FinishError, MAX_ROWS};
use crate::cut::tree::Join;
use crate::pipe::CellStatus;

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// Joins two tables.
pub(super) fn join(
    state: &SessionState,
    schema: &DFSchema,
    join: &Join,
    (left, right): (&Frame, &Frame),
) -> Result<Frame, FinishError> {
    let pairs = candidates(state, join, left, right)?;
    let both: Vec<(Option<usize>, Option<usize>)> =
        pairs.iter().map(|(left, right)| (Some(*left), Some(*right))).collect();
    let all = beside(schema, (left, right), &both)?;
    let equal: Vec<Expr> =
        join.on.iter().map(|(left, right)| left.clone().eq(right.clone())).collect();
    let conditions = equal.iter().chain(join.filter.iter().flat_map(split_conjunction));
    let conditions: Vec<&Expr> = conditions.collect();
    let by_quantile = conditions.iter().any(|condition| all.is_of_quantiles(condition));
    let decided = decide(state, &all, conditions)?;
    let mut result = Joined::new(join.kind, left, right);
    for (pair, decided) in pairs.iter().zip(decided) {
        match decided {
            Some(CellStatus::Shown) => result.matched.push(*pair),
            Some(why) => result.unknown.push((*pair, why)),
            None => {}
        }
    }
    let mut joined = result.finish(schema)?;
    joined.rows.by_quantile |= by_quantile;
    Ok(joined)
}

/// Rows of both sides, side by side.
fn beside(
    schema: &DFSchema,
    (left, right): (&Frame, &Frame),
    pairs: &[(Option<usize>, Option<usize>)],
) -> Result<Frame, FinishError> {
    let lefts: Vec<Option<usize>> = pairs.iter().map(|(left, _)| *left).collect();
    let rights: Vec<Option<usize>> = pairs.iter().map(|(_, right)| *right).collect();
    let columns = left.columns.iter().map(|column| column.take(&lefts));
    let columns = columns.chain(right.columns.iter().map(|column| column.take(&rights)));
    let columns = columns.collect::<Result<Vec<Column>, _>>()?;
    Frame::new(schema, columns, Rows::certain(pairs.len()))
}

/// What the equalities say of one row.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    /// It has no partner: a value is null.
    Never,
    /// It may have any: a value is not shown.
    Any,
    /// It has those of the same values.
    Is(Vec<ScalarValue>),
}

/// The pairs that the equalities do not rule out.
fn candidates(
    state: &SessionState,
    join: &Join,
    left: &Frame,
    right: &Frame,
) -> Result<Vec<(usize, usize)>, FinishError> {
    let lefts = keys(state, left, join.on.iter().map(|(left, _)| left))?;
    let rights = keys(state, right, join.on.iter().map(|(_, right)| right))?;
    let mut index: HashMap<&Key, Vec<usize>> = HashMap::new();
    for (row, key) in rights.iter().enumerate() {
        index.entry(key).or_default().push(row);
    }
    let any = index.get(&Key::Any).cloned().unwrap_or_default();
    let possible: Vec<usize> = rights
        .iter()
        .enumerate()
        .filter(|(_, key)| **key != Key::Never)
        .map(|(at, _)| at)
        .collect();
    let mut pairs = Vec::new();
    for (row, key) in lefts.iter().enumerate() {
        match key {
            Key::Never => {}
            Key::Any => pairs.extend(possible.iter().map(|other| (row, *other))),
            Key::Is(_) => {
                let same = index.get(key).into_iter().flatten().chain(&any);
                pairs.extend(same.map(|other| (row, *other)));
            }
        }
        if pairs.len() > MAX_ROWS {
            return Err(FinishError::TooManyRows);
        }
    }
    Ok(pairs)
}

/// The keys of each row. Floats are left to the conditions: equal ones may differ in their bits.
fn keys<'e>(
    state: &SessionState,
    frame: &Frame,
    exprs: impl Iterator<Item = &'e Expr>,
) -> Result<Vec<Key>, FinishError> {
    let mut keys = vec![Key::Is(Vec::new()); frame.rows.len()];
    for expr in exprs {
        let column = frame.evaluate(state, expr)?;
        let shown = !column.values.data_type().is_floating();
        let null = column.values.data_type() == &DataType::Null;
        for (row, (key, status)) in keys.iter_mut().zip(&column.status).enumerate() {
            if *status != CellStatus::Shown {
                if *key != Key::Never {
                    *key = Key::Any;
                }
            } else if null || column.values.is_null(row) {
                *key = Key::Never;
            } else if let (Key::Is(values), true) = (key, shown) {
                values.push(ScalarValue::try_from_array(&column.values, row).map_err(failed)?);
            }
        }
    }
    Ok(keys)
}

/// The pairs of a join.
struct Joined<'a> {
    left: &'a Frame,
    right: &'a Frame,
    keep_left: bool,
    keep_right: bool,
    matched: Vec<(usize, usize)>,
    unknown: Vec<((usize, usize), CellStatus)>,
}

/// One row of the result.
struct Row {
    pair: (Option<usize>, Option<usize>),
    presence: CellStatus,
    /// The least status of the values of each side.
    raise: (CellStatus, CellStatus),
}

/// What one row of a side is paired with.
#[derive(Default)]
struct Partners {
    matched: Vec<usize>,
    unknown: Option<CellStatus>,
}

impl<'a> Joined<'a> {
    fn new(kind: JoinType, left: &'a Frame, right: &'a Frame) -> Self {
        let keep_left = matches!(kind, JoinType::Left | JoinType::Full);
        let keep_right = matches!(kind, JoinType::Right | JoinType::Full);
        Self { left, right, keep_left, keep_right, matched: Vec::new(), unknown: Vec::new() }
    }

    fn partners(
        &self,
        side: impl Fn(&(usize, usize)) -> (usize, usize),
    ) -> BTreeMap<usize, Partners> {
        let mut partners: BTreeMap<usize, Partners> = BTreeMap::new();
        for pair in &self.matched {
            let (own, other) = side(pair);
            partners.entry(own).or_default().matched.push(other);
        }
        for (pair, why) in &self.unknown {
            let unknown = &mut partners.entry(side(pair).0).or_default().unknown;
            *unknown = Some(unknown.map_or(*why, |known| known.max(*why)));
        }
        partners
    }

    fn finish(self, schema: &DFSchema) -> Result<Frame, FinishError> {
        let shown = CellStatus::Shown;
        let lefts = self.partners(|pair| *pair);
        let rights = self.partners(|(left, right)| (*right, *left));
        let presence = |frame: &Frame, row: usize| {
            frame.rows.presence.get(row).copied().ok_or(FinishError::Failed)
        };
        let alone = |partners: &BTreeMap<usize, Partners>, row: usize| {
            let own = partners.get(&row);
            own.is_some_and(|own| own.matched.len() == 1 && own.unknown.is_none())
        };
        let mut known = Rows::from([&self.left.rows, &self.right.rows]);
        let mut rows = Vec::with_capacity(self.matched.len());
        for (left, right) in &self.matched {
            let (pl, pr) = (presence(self.left, *left)?, presence(self.right, *right)?);
            // A partner that may not exist leaves the row of an outer side with nulls instead.
            let raise =
                (if self.keep_right { pl } else { shown }, if self.keep_left { pr } else { shown });
            let presence = match (self.keep_left, self.keep_right) {
                (true, false) if alone(&lefts, *left) => pl,
                (false, true) if alone(&rights, *right) => pr,
                (true | false, true | false) => pl.max(pr),
            };
            if self.keep_left || self.keep_right {
                known.missing = known.missing.max(if presence == shown { shown } else { presence });
            }
            rows.push(Row { pair: (Some(*left), Some(*right)), presence, raise });
        }
        for ((left, right), why) in &self.unknown {
            let has = |partners: &BTreeMap<usize, Partners>, row: &usize| {
                partners.get(row).is_some_and(|own| !own.matched.is_empty())
            };
            let stands =
                (self.keep_left && !has(&lefts, left)) || (self.keep_right && !has(&rights, right));
            known.leave_out(usize::from(!stands), *why);
        }
        if self.keep_left {
            for row in 0..self.left.rows.len() {
                let own = presence(self.left, row)?;
                if let Some(why) = unmatched(&lefts, row, &self.right.rows) {
                    let presence = if self.keep_right { own.max(why) } else { own };
                    rows.push(Row { pair: (Some(row), None), presence, raise: (shown, why) });
                }
            }
        }
        if self.keep_right {
            for row in 0..self.right.rows.len() {
                let own = presence(self.right, row)?;
                if let Some(why) = unmatched(&rights, row, &self.left.rows) {
                    let presence = if self.keep_left { own.max(why) } else { own };
                    rows.push(Row { pair: (None, Some(row)), presence, raise: (why, shown) });
                }
            }
        }
        known.presence = rows.iter().map(|row| row.presence).collect();
        self.table(schema, &rows, known)
    }

    fn table(&self, schema: &DFSchema, rows: &[Row], known: Rows) -> Result<Frame, FinishError> {
        let pairs: Vec<_> = rows.iter().map(|row| row.pair).collect();
        let mut frame = beside(schema, (self.left, self.right), &pairs)?;
        let lefts: Vec<CellStatus> = rows.iter().map(|row| row.raise.0).collect();
        let rights: Vec<CellStatus> = rows.iter().map(|row| row.raise.1).collect();
        let width = self.left.columns.len();
        let columns = frame.columns.into_iter().enumerate();
        let columns =
            columns.map(|(at, column)| column.raised(if at < width { &lefts } else { &rights }));
        frame.columns = columns.collect::<Result<Vec<_>, _>>()?;
        frame.rows = known;
        Ok(frame)
    }
}

/// Whether a row of an outer side stands without a partner, and why that is not certain.
fn unmatched(
    partners: &BTreeMap<usize, Partners>,
    row: usize,
    others: &Rows,
) -> Option<CellStatus> {
    match partners.get(&row) {
        Some(own) if !own.matched.is_empty() => None,
        Some(own) => Some(worst(own.unknown).max(others.missing)),
        None => Some(others.missing),
    }
}
