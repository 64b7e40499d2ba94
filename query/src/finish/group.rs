//! Aggregates of finished figures, and rows without repetition.
//!
//! A row whose group is not shown may be of any group: it is undecided, and no figure of any group is shown. A figure of a
//! group inherits the worst status of what it is made of, and whether the group's rows exist.

use std::collections::HashMap;

use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::Expr;

use super::frame::{Column, Frame, Rows, worst};
use super::{FinishError, engine};
use crate::pipe::CellStatus;

/// Most comparisons for rows with hidden values; beyond that they are undecided.
const MAX_COMPARISONS: usize = 4_000_000;

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// The rows of a table by the values of some columns.
pub(super) struct Groups {
    /// The group of each row; `None` where a value is not shown.
    pub(super) of: Vec<Option<usize>>,
    /// The first row of each group.
    pub(super) first: Vec<usize>,
    /// Why rows have no group.
    pub(super) hidden: CellStatus,
}

impl Groups {
    /// Groups `rows` rows by these columns.
    pub(super) fn new(columns: &[Column], rows: usize) -> Result<Self, FinishError> {
        let mut groups =
            Self { of: Vec::with_capacity(rows), first: Vec::new(), hidden: CellStatus::Shown };
        let mut known: HashMap<Vec<ScalarValue>, usize> = HashMap::new();
        for row in 0..rows {
            let status = columns.iter().map(|column| column.status.get(row).copied());
            let status = worst(status.collect::<Option<Vec<_>>>().ok_or(FinishError::Failed)?);
            if status != CellStatus::Shown {
                groups.hidden = groups.hidden.max(status);
                groups.of.push(None);
                continue;
            }
            let values =
                columns.iter().map(|column| ScalarValue::try_from_array(&column.values, row));
            let values = values.collect::<Result<Vec<_>, _>>().map_err(failed)?;
            let next = groups.first.len();
            let group = *known.entry(values).or_insert(next);
            if group == next {
                groups.first.push(row);
            }
            groups.of.push(Some(group));
        }
        Ok(groups)
    }

    /// The worst status in each group.
    pub(super) fn worst(&self, status: &[CellStatus]) -> Vec<CellStatus> {
        let mut all = vec![CellStatus::Shown; self.first.len()];
        for (group, status) in self.of.iter().zip(status) {
            if let Some(own) = group.and_then(|group| all.get_mut(group)) {
                *own = (*own).max(*status);
            }
        }
        all
    }

    /// The best status in each group.
    fn best(&self, status: &[CellStatus]) -> Vec<CellStatus> {
        let mut all = vec![CellStatus::Incomplete; self.first.len()];
        for (group, status) in self.of.iter().zip(status) {
            if let Some(own) = group.and_then(|group| all.get_mut(group)) {
                *own = (*own).min(*status);
            }
        }
        all
    }

    fn without(&self) -> usize {
        self.of.iter().filter(|group| group.is_none()).count()
    }
}

/// Aggregates a table of figures.
pub(super) fn aggregate(
    state: &SessionState,
    schema: &DFSchema,
    frame: &Frame,
    (keys, calls): (&[Expr], &[Expr]),
) -> Result<Frame, FinishError> {
    let columns = keys.iter().map(|key| frame.evaluate(state, key));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let mut groups = Groups::new(&columns, frame.rows.len())?;
    let whole = keys.is_empty();
    if whole && groups.first.is_empty() {
        // Without GROUP BY there is one row, even of nothing.
        groups.first.push(0);
    }
    let mut rows = Rows::from([&frame.rows]);
    rows.presence = groups.best(&frame.rows.presence);
    let by_quantile = keys.iter().any(|key| frame.is_of_quantiles(key));
    rows.by_quantile |= by_quantile;
    if whole {
        rows.presence = vec![CellStatus::Shown];
    }
    rows.leave_out(groups.without(), groups.hidden);
    let first: Vec<Option<usize>> = groups.first.iter().copied().map(Some).collect();
    let taken = columns.iter().map(|column| column.take(&first));
    let mut finished = taken.collect::<Result<Vec<_>, _>>()?;
    let values = engine::aggregates(state, frame, &groups, calls)?;
    for (call, values) in calls.iter().zip(values) {
        let mut status = frame.status(call)?;
        for (own, presence) in status.iter_mut().zip(&frame.rows.presence) {
            *own = (*own).max(*presence);
        }
        let mut status = groups.worst(&status);
        status.iter_mut().for_each(|own| *own = (*own).max(rows.missing));
        let bounds = frame.made_of(keys.iter().chain([call]), status.len());
        finished.push(Column::shown(values).bounded(bounds).raised(&status)?);
    }
    if whole {
        // The one row is certain, and no row is missing beside it.
        rows.missing = CellStatus::Shown;
    }
    Frame::new(schema, finished, rows)
}

/// Keeps one of equal rows. A row with a value that is not shown stays if no other could equal it, and is undecided else.
pub(super) fn distinct(frame: Frame) -> Result<Frame, FinishError> {
    let groups = Groups::new(&frame.columns, frame.rows.len())?;
    let hidden: Vec<usize> = groups
        .of
        .iter()
        .enumerate()
        .filter(|(_, group)| group.is_none())
        .map(|(at, _)| at)
        .collect();
    let feasible = hidden.len().saturating_mul(frame.rows.len()) <= MAX_COMPARISONS;
    let mut kept = groups.first.clone();
    let mut presence = groups.best(&frame.rows.presence);
    let mut out = Vec::new();
    for row in hidden {
        let own = frame.rows.presence.get(row).copied().ok_or(FinishError::Failed)?;
        if feasible && !may_equal_another(&frame, row)? {
            kept.push(row);
            presence.push(own);
        } else {
            out.push(row);
        }
    }
    let mut frame = frame.pick(&kept)?;
    frame.rows.by_quantile |= frame.columns.iter().any(|column| !column.bounds.is_exact());
    frame.rows.presence = presence;
    frame.rows.leave_out(out.len(), if out.is_empty() { CellStatus::Shown } else { groups.hidden });
    Ok(frame)
}

fn may_equal_another(frame: &Frame, row: usize) -> Result<bool, FinishError> {
    let mut own = Vec::with_capacity(frame.columns.len());
    for column in &frame.columns {
        if column.status.get(row) == Some(&CellStatus::Shown) {
            let value = ScalarValue::try_from_array(&column.values, row).map_err(failed)?;
            own.push((column, value));
        }
    }
    for other in (0..frame.rows.len()).filter(|other| *other != row) {
        let mut may = true;
        for (column, value) in &own {
            if column.status.get(other) == Some(&CellStatus::Shown) {
                may &=
                    ScalarValue::try_from_array(&column.values, other).map_err(failed)? == *value;
            }
        }
        if may {
            return Ok(true);
        }
    }
    Ok(false)
}
