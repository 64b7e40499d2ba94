//! The steps above the cuts, one after the other, over merged figures.
//!
//! A HAVING or a LIMIT that would have to know a value that is not shown keeps the row out and counts it as undecided.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, UInt64Array, new_empty_array};
use arrow::compute::{SortColumn, SortOptions, cast, concat, lexsort_to_indices};
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, SortExpr};

use super::bounds::{Bound, Bounds};
use super::frame::{Column, Frame, Rows, worst};
use super::merge::{Cells, Group, Merged};
use super::{FinishError, engine, group, join, outputs};
use crate::cut::tree::{Cut, Node, Set, Step};
use crate::execute;
use crate::pipe::CellStatus;

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// What a LIMIT further up keeps: how many rows to skip, how many to keep.
type Kept = Option<(usize, Option<usize>)>;

/// Runs the steps down to the cuts, which are merged.
pub(super) fn run(step: &Step, hospitals: Cells<'_>) -> Result<Frame, FinishError> {
    let state = execute::session().map_err(failed)?;
    Above { state, hospitals }.step(step, None)
}

struct Above<'a> {
    state: SessionState,
    hospitals: Cells<'a>,
}

impl Above<'_> {
    /// Runs one step, whose rows a LIMIT further up may cut.
    fn step(&self, step: &Step, limit: Kept) -> Result<Frame, FinishError> {
        let schema = &step.schema;
        // How many rows remain is not known yet, so a LIMIT further up may need any of them.
        let unknown = limit.map(|_unknown| (usize::MAX, None));
        match &step.node {
            Node::Cut(cut) => self.cut(schema, cut),
            Node::OneRow => Frame::new(schema, Vec::new(), Rows::certain(1)),
            Node::Renamed(input) => self.step(input, limit)?.renamed(schema),
            Node::Projection { input, exprs } => {
                let frame = self.step(input, limit)?;
                let columns = exprs.iter().map(|expr| frame.evaluate(&self.state, expr));
                let columns = columns.collect::<Result<Vec<_>, _>>()?;
                Frame::new(schema, columns, frame.rows)
            }
            Node::Filter { input, predicate } => {
                filter(&self.state, self.step(input, unknown)?, predicate)?.renamed(schema)
            }
            Node::Join(join) => {
                let (left, right) = (self.whole(&join.left)?, self.whole(&join.right)?);
                join::join(&self.state, schema, join, (&left, &right))
            }
            Node::Union(inputs) => {
                let frames = inputs.iter().map(|input| self.whole(input));
                union(schema, &frames.collect::<Result<Vec<_>, _>>()?)
            }
            Node::Distinct(input) => group::distinct(self.whole(input)?)?.renamed(schema),
            Node::Aggregate { input, keys, calls } => {
                let frame = self.whole(input)?;
                group::aggregate(&self.state, schema, &frame, (keys, calls))
            }
            Node::Window { input, calls } => {
                let frame = self.whole(input)?;
                engine::windows(&self.state, schema, frame, calls)
            }
            Node::Sort { input, keys } => {
                self.sort(self.step(input, None)?, keys, limit)?.renamed(schema)
            }
            Node::Limit { input, skip, fetch } => {
                limited(self.step(input, Some((*skip, *fetch)))?, *skip, *fetch)
            }
            Node::Scalar { input, value } => {
                let mut frame = self.step(input, limit)?;
                let value = self.whole(value)?;
                frame.rows.by_quantile |= value.rows.by_quantile;
                let value = scalar(&value, frame.rows.len())?;
                frame.columns.push(value);
                frame.renamed(schema)
            }
        }
    }

    /// Every row of a step, in the types that its plan says.
    fn whole(&self, step: &Step) -> Result<Frame, FinishError> {
        self.step(step, None)?.conformed(&step.schema)
    }

    /// The merged cells as a table: the grouping sets under one another.
    fn cut(&self, schema: &DFSchema, cut: &Cut) -> Result<Frame, FinishError> {
        let mut frames = Vec::with_capacity(cut.sets.len());
        for set in &cut.sets {
            let (_fragment, merged) = self.hospitals.of(set)?;
            frames.push(cells(schema, cut, set, &merged)?);
        }
        match <[Frame; 1]>::try_from(frames) {
            Ok([frame]) => Ok(frame),
            Err(frames) => union(schema, &frames),
        }
    }

    fn sort(&self, frame: Frame, by: &[SortExpr], limit: Kept) -> Result<Frame, FinishError> {
        let rows = frame.rows.len();
        let mut hidden = vec![CellStatus::Shown; rows];
        let mut keys = Vec::with_capacity(by.len());
        let mut by_quantile = false;
        for key in by {
            let column = frame.evaluate(&self.state, &key.expr)?;
            by_quantile |= !column.bounds.is_exact();
            for (hidden, status) in hidden.iter_mut().zip(&column.status) {
                *hidden = (*hidden).max(*status);
            }
            let options = SortOptions { descending: !key.asc, nulls_first: key.nulls_first };
            keys.push(SortColumn { values: column.values, options: Some(options) });
        }
        let everything =
            limit.is_none_or(|(skip, fetch)| skip == 0 && fetch.is_none_or(|fetch| fetch >= rows));
        let order = order(keys, &hidden)?;
        let mut frame = frame;
        frame.rows.by_quantile |= by_quantile;
        if everything {
            return frame.pick(&order);
        }
        let is_hidden =
            |row: &usize| hidden.get(*row).is_none_or(|status| *status != CellStatus::Shown);
        let (kept, out): (Vec<usize>, Vec<usize>) =
            order.into_iter().partition(|row| !is_hidden(row));
        let mut frame = frame.pick(&kept)?;
        frame.rows.leave_out(out.len(), worst(hidden));
        Ok(frame)
    }
}

/// One grouping set's cells under the columns of the whole table.
fn cells(
    schema: &DFSchema,
    cut: &Cut,
    set: &Set,
    Merged { groups, networks }: &Merged,
) -> Result<Frame, FinishError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (index, field) in schema.fields().iter().enumerate() {
        let null = outputs::null(field.data_type())?;
        let mut values = Vec::with_capacity(groups.len());
        let mut status = Vec::with_capacity(groups.len());
        let mut bounds = Vec::with_capacity(groups.len());
        let of = set.networks.as_ref().is_some_and(|of| of.column == index);
        for (at, group) in groups.iter().enumerate() {
            let sure = |value| (value, CellStatus::Shown, Bound::Exact);
            let (value, own, bound) = match (set.keys.get(index), index.checked_sub(set.keys.len()))
            {
                (Some(Some(key)), _) => sure(group.keys.get(*key).cloned()),
                (Some(None), _) if of => sure(networks.get(at).cloned()),
                (Some(None), _) => sure(None),
                (None, Some(at)) => measure(cut, set, at, group)?,
                (None, None) => return Err(FinishError::Failed),
            };
            values.push(value.unwrap_or_else(|| null.clone()));
            status.push(own);
            bounds.push(bound);
        }
        let values = if values.is_empty() {
            new_empty_array(field.data_type())
        } else {
            ScalarValue::iter_to_array(values).map_err(failed)?
        };
        let values = cast(&values, field.data_type()).map_err(failed)?;
        columns.push(Column { values, status, bounds: Bounds::new(bounds) });
    }
    let presence = groups.iter().map(|group| group.presence).collect();
    Frame::new(schema, columns, Rows::of(presence))
}

/// The value of column `at` behind the group columns, `None` where it is not shown, and what is known of it.
fn measure(
    cut: &Cut,
    set: &Set,
    at: usize,
    group: &Group,
) -> Result<(Option<ScalarValue>, CellStatus, Bound), FinishError> {
    let at = match (&set.id, at) {
        (Some(id), 0) => return Ok((Some(id.clone()), CellStatus::Shown, Bound::Exact)),
        (Some(_), at) => at.saturating_sub(1),
        (None, at) => at,
    };
    let output = cut.outputs.get(at).ok_or(FinishError::Failed)?;
    match worst(outputs::places(output).map(|place| group.status(place))) {
        CellStatus::Shown => {
            let value = outputs::value(output, &group.sums);
            match outputs::noise::bound(output, group) {
                None => Ok((Some(value?), CellStatus::Shown, outputs::bound(output, &group.sums)?)),
                // Noise can make a spread of less than nothing, or a mean that its type has no room for: it has no value then.
                Some(noisy) => Ok((value.ok(), CellStatus::Shown, noisy)),
            }
        }
        status @ (CellStatus::Hidden | CellStatus::Incomplete) => {
            let band = outputs::band(output, group);
            Ok((None, status, band.map_or(Bound::Exact, Bound::Band)))
        }
    }
}

/// For each row whether a condition rules it out, and else why it cannot be decided.
pub(super) fn decide<'e>(
    state: &SessionState,
    frame: &Frame,
    conditions: impl IntoIterator<Item = &'e Expr>,
) -> Result<Vec<Option<CellStatus>>, FinishError> {
    let mut decided = vec![Some(CellStatus::Shown); frame.rows.len()];
    for condition in conditions {
        let column = frame.evaluate(state, condition)?;
        let values = column.values.as_boolean_opt().ok_or(FinishError::Failed)?;
        for (row, (value, status)) in decided.iter_mut().zip(values.iter().zip(&column.status)) {
            *row = match (*row, status) {
                (Some(_), CellStatus::Shown) if value != Some(true) => None,
                (row, CellStatus::Shown) => row,
                (row, status) => row.map(|row| row.max(*status)),
            };
        }
    }
    Ok(decided)
}

/// Keeps rows whose every condition is true. A row is out for certain if one condition that is shown is not true;
/// else it is undecided if one is not shown.
fn filter(state: &SessionState, frame: Frame, predicate: &Expr) -> Result<Frame, FinishError> {
    let decided = decide(state, &frame, split_conjunction(predicate))?;
    let by_quantile = frame.is_of_quantiles(predicate);
    let with = |wanted: fn(CellStatus) -> bool| {
        let rows = decided.iter().enumerate();
        rows.filter(move |(_, row)| row.is_some_and(wanted)).map(|(at, _)| at)
    };
    let kept: Vec<usize> = with(|status| status == CellStatus::Shown).collect();
    let out = with(|status| status != CellStatus::Shown).count();
    let why = worst(decided.iter().copied().flatten());
    let mut frame = frame.pick(&kept)?;
    frame.rows.leave_out(out, why);
    frame.rows.by_quantile |= by_quantile;
    Ok(frame)
}

/// Some of the rows. Where it is not known which rows there are, neither is it which of them are kept.
fn limited(frame: Frame, skip: usize, fetch: Option<usize>) -> Result<Frame, FinishError> {
    let rows = frame.rows.len();
    let doubt = frame.rows.doubt();
    let missing = frame.rows.missing != CellStatus::Shown;
    let everything =
        skip == 0 && fetch.is_none_or(|fetch| fetch > rows || (fetch == rows && !missing));
    let kept: Vec<usize> = (0..rows).skip(skip).take(fetch.unwrap_or(usize::MAX)).collect();
    let mut frame = frame.pick(&kept)?;
    if !everything {
        frame.rows.missing = frame.rows.missing.max(doubt);
        frame.rows.presence.iter_mut().for_each(|presence| *presence = (*presence).max(doubt));
    }
    Ok(frame)
}

/// Tables under one another.
fn union(schema: &DFSchema, frames: &[Frame]) -> Result<Frame, FinishError> {
    let mut rows = Rows::from(frames.iter().map(|frame| &frame.rows));
    rows.presence = frames.iter().flat_map(|frame| frame.rows.presence.iter().copied()).collect();
    let mut columns = Vec::with_capacity(schema.fields().len());
    for index in 0..schema.fields().len() {
        let parts = frames.iter().map(|frame| frame.columns.get(index));
        let parts = parts.collect::<Option<Vec<_>>>().ok_or(FinishError::Failed)?;
        let values: Vec<_> = parts.iter().map(|column| column.values.as_ref()).collect();
        let values = concat(&values).map_err(failed)?;
        let status = parts.iter().flat_map(|column| column.status.iter().copied()).collect();
        let bounds = parts.iter().map(|column| (&column.bounds, column.values.len()));
        let bounds = Bounds::concat(bounds);
        columns.push(Column { values, status, bounds });
    }
    Frame::new(schema, columns, rows)
}

/// The value of a subquery of one row at most, beside each of `rows` rows.
fn scalar(frame: &Frame, rows: usize) -> Result<Column, FinishError> {
    let [column] = frame.columns.as_slice() else { return Err(FinishError::Failed) };
    if frame.rows.len() > 1 {
        return Err(FinishError::Failed);
    }
    let first = (frame.rows.len() == 1).then_some(0);
    let status = worst(column.status.iter().copied()).max(frame.rows.doubt());
    column.take(&vec![first; rows])?.raised(&vec![status; rows])
}

/// Rows in sorted order: those with a hidden key last, ties in the order they came.
fn order(mut keys: Vec<SortColumn>, hidden: &[CellStatus]) -> Result<Vec<usize>, FinishError> {
    let hidden_last = hidden.iter().map(|hidden| Some(*hidden != CellStatus::Shown));
    let hidden_last: ArrayRef = Arc::new(hidden_last.collect::<arrow::array::BooleanArray>());
    keys.insert(0, SortColumn { values: hidden_last, options: None });
    let rows = 0..u64::try_from(hidden.len()).map_err(failed)?;
    let tie: ArrayRef = Arc::new(UInt64Array::from_iter_values(rows));
    keys.push(SortColumn { values: tie, options: None });
    let order = lexsort_to_indices(&keys, None).map_err(failed)?;
    order.values().iter().map(|row| usize::try_from(*row).map_err(failed)).collect()
}
