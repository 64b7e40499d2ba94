//! The nodes above the cut, one after the other, over merged figures.
//!
//! A HAVING or a LIMIT that would have to know a value that is not shown keeps the row out and counts it as undecided.

use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, UInt64Array, new_empty_array};
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices};
use datafusion::common::ScalarValue;
use datafusion::execution::SessionState;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, Limit, LogicalPlan, Projection, Sort};

use super::frame::{Column, Frame};
use super::merge::Group;
use super::{FinishError, outputs};
use crate::cut::{self, Fragment};
use crate::execute;
use crate::pipe::CellStatus;

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// Runs a plan down to its cuts, which are merged.
pub(super) fn run(
    plan: &LogicalPlan,
    cuts: &[(&Fragment, Vec<Group>)],
) -> Result<Frame, FinishError> {
    let state = execute::session().map_err(failed)?;
    Above { state, cuts }.node(plan, None)
}

struct Above<'a> {
    state: SessionState,
    cuts: &'a [(&'a Fragment, Vec<Group>)],
}

impl Above<'_> {
    /// Runs one node. `limit` is what a LIMIT further up keeps of its rows: how many to skip, how many to keep.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    fn node(
        &self,
        plan: &LogicalPlan,
        limit: Option<(usize, Option<usize>)>,
    ) -> Result<Frame, FinishError> {
        match plan {
            LogicalPlan::Aggregate(aggregate) => self.cut(aggregate),
            LogicalPlan::SubqueryAlias(alias) => {
                self.node(&alias.input, limit)?.renamed(plan.schema())
            }
            LogicalPlan::Projection(node) => self.projection(plan, node, limit),
            LogicalPlan::Filter(filter) => {
                // How many rows remain is not known yet, so a LIMIT further up may need any of them.
                let frame = self.node(&filter.input, limit.map(|_unknown| (usize::MAX, None)))?;
                self.filter(frame, &filter.predicate)
            }
            LogicalPlan::Sort(sort) => self.sort(sort, limit),
            LogicalPlan::Limit(limit) => self.limit(limit),
            _ => Err(FinishError::Failed),
        }
    }

    /// The merged cells as a table.
    fn cut(&self, aggregate: &Aggregate) -> Result<Frame, FinishError> {
        let [(fragment, groups)] = self.cuts else { return Err(FinishError::Failed) };
        let mut columns = Vec::with_capacity(aggregate.schema.fields().len());
        for (index, field) in aggregate.schema.fields().iter().enumerate() {
            let mut values = Vec::with_capacity(groups.len());
            let mut status = Vec::with_capacity(groups.len());
            for group in groups {
                let (value, own) = cell(fragment, group, index)?;
                let value = value.map_or_else(|| outputs::null(field.data_type()), Ok)?;
                values.push(value);
                status.push(own);
            }
            let values = if values.is_empty() {
                new_empty_array(field.data_type())
            } else {
                ScalarValue::iter_to_array(values).map_err(failed)?
            };
            if values.data_type() != field.data_type() {
                return Err(FinishError::Failed);
            }
            columns.push(Column { values, status });
        }
        Frame::new(&aggregate.schema, columns, groups.len(), 0)
    }

    fn projection(
        &self,
        plan: &LogicalPlan,
        node: &Projection,
        limit: Option<(usize, Option<usize>)>,
    ) -> Result<Frame, FinishError> {
        let frame = self.node(&node.input, limit)?;
        let columns = node.expr.iter().map(|expr| frame.evaluate(&self.state, expr));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        Frame::new(plan.schema(), columns, frame.rows, frame.undecided)
    }

    /// Keeps rows whose every condition is true. A row is out for certain if one condition that is shown is not true;
    /// else it is undecided if one is not shown.
    fn filter(
        &self,
        frame: Frame,
        predicate: &datafusion::logical_expr::Expr,
    ) -> Result<Frame, FinishError> {
        let mut out = vec![false; frame.rows];
        let mut unknown = vec![false; frame.rows];
        for condition in split_conjunction(predicate) {
            let column = frame.evaluate(&self.state, condition)?;
            let values = column.values.as_boolean_opt().ok_or(FinishError::Failed)?;
            let rows = out.iter_mut().zip(&mut unknown).zip(values.iter().zip(&column.status));
            for ((out, unknown), (value, status)) in rows {
                match status {
                    CellStatus::Shown => *out |= value != Some(true),
                    CellStatus::Hidden | CellStatus::Incomplete => *unknown = true,
                }
            }
        }
        let kept = |row: &usize| {
            let flag = |flags: &[bool]| flags.get(*row).copied().unwrap_or(true);
            !flag(&out) && !flag(&unknown)
        };
        let rows: Vec<usize> = (0..frame.rows).filter(kept).collect();
        let undecided = out.iter().zip(&unknown).filter(|(out, unknown)| !**out && **unknown);
        let undecided = u64::try_from(undecided.count()).map_err(failed)?;
        frame.pick(&rows, undecided)
    }

    fn sort(
        &self,
        sort: &Sort,
        limit: Option<(usize, Option<usize>)>,
    ) -> Result<Frame, FinishError> {
        let frame = self.node(&sort.input, None)?;
        let mut hidden = vec![false; frame.rows];
        let mut keys = Vec::with_capacity(sort.expr.len());
        for key in &sort.expr {
            let column = frame.evaluate(&self.state, &key.expr)?;
            for (hidden, status) in hidden.iter_mut().zip(&column.status) {
                *hidden |= *status != CellStatus::Shown;
            }
            let options = SortOptions { descending: !key.asc, nulls_first: key.nulls_first };
            keys.push(SortColumn { values: column.values, options: Some(options) });
        }
        let everything = limit
            .is_none_or(|(skip, fetch)| skip == 0 && fetch.is_none_or(|fetch| fetch >= frame.rows));
        let order = order(keys, &hidden)?;
        if everything {
            return frame.pick(&order, 0);
        }
        let is_hidden = |row: &usize| hidden.get(*row).copied().unwrap_or(true);
        let (kept, out): (Vec<usize>, Vec<usize>) =
            order.into_iter().partition(|row| !is_hidden(row));
        frame.pick(&kept, u64::try_from(out.len()).map_err(failed)?)
    }

    fn limit(&self, limit: &Limit) -> Result<Frame, FinishError> {
        let (skip, fetch) = cut::bounds(limit).map_err(failed)?;
        let frame = self.node(&limit.input, Some((skip, fetch)))?;
        let rows: Vec<usize> =
            (0..frame.rows).skip(skip).take(fetch.unwrap_or(usize::MAX)).collect();
        frame.pick(&rows, 0)
    }
}

/// The value of one column of a group: `None` where it is not shown.
fn cell(
    fragment: &Fragment,
    group: &Group,
    index: usize,
) -> Result<(Option<ScalarValue>, CellStatus), FinishError> {
    if let Some(key) = group.keys.get(index) {
        return Ok((Some(key.clone()), CellStatus::Shown));
    }
    let at = index.checked_sub(group.keys.len()).ok_or(FinishError::Failed)?;
    let output = fragment.outputs.get(at).ok_or(FinishError::Failed)?;
    match group.status {
        CellStatus::Shown => {
            let value = outputs::value(output, &fragment.primitives, &group.sums)?;
            Ok((Some(value), CellStatus::Shown))
        }
        status @ (CellStatus::Hidden | CellStatus::Incomplete) => Ok((None, status)),
    }
}

/// Rows in sorted order: those with a hidden key last, ties in the order they came.
fn order(mut keys: Vec<SortColumn>, hidden: &[bool]) -> Result<Vec<usize>, FinishError> {
    let hidden_last: ArrayRef =
        Arc::new(hidden.iter().map(|hidden| Some(*hidden)).collect::<arrow::array::BooleanArray>());
    keys.insert(0, SortColumn { values: hidden_last, options: None });
    let rows = 0..u64::try_from(hidden.len()).map_err(failed)?;
    let tie: ArrayRef = Arc::new(UInt64Array::from_iter_values(rows));
    keys.push(SortColumn { values: tie, options: None });
    let order = lexsort_to_indices(&keys, None).map_err(failed)?;
    order.values().iter().map(|row| usize::try_from(*row).map_err(failed)).collect()
}
