//! Windows and aggregates of figures, computed by the engine over a materialised table.
//!
//! The engine sees nulls where figures are not shown; what it makes of them is not shown either, so it does not matter. Its
//! own sums wrap, so the numbers that are added are measured before.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, UInt64Array};
use arrow::compute::{cast, concat_batches, take};
use arrow::datatypes::{DataType, Decimal128Type, Field, Int64Type, Schema, UInt64Type};
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column as Name, DFSchema, DataFusionError};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, ExprSchemable as _, LogicalPlan, LogicalPlanBuilder, Window};
use datafusion::physical_plan::collect;

use super::FinishError;
use super::frame::{Column, Frame, worst};
use super::group::Groups;
use crate::pipe::CellStatus;

/// The column with a row's number, or the number of its group.
const NUMBER: &str = "__number";
/// Decimals have 38 digits at most.
const DECIMAL_LIMIT: u128 = 100_000_000_000_000_000_000_000_000_000_000_000_000;

fn failed<E>(_engine: E) -> FinishError {
    FinishError::Failed
}

/// Adds window functions to a table; a partition's values inherit the worst status in it.
pub(super) fn windows(
    state: &SessionState,
    schema: &DFSchema,
    frame: Frame,
    calls: &[Expr],
) -> Result<Frame, FinishError> {
    let rows = frame.rows.len();
    let width = schema.fields().len().saturating_sub(calls.len());
    let numbers: UInt64Array = (0..u64::try_from(rows).map_err(failed)?).collect();
    let (input, over) = prepared(state, &frame, &numbers, calls)?;
    let first = input.schema().fields().len();
    let window = Window::try_new(over, Arc::new(input)).map_err(failed)?;
    let batch = run(state, &LogicalPlan::Window(window))?;
    let values = numbered(&batch, first, rows)?;
    let mut columns = Vec::with_capacity(schema.fields().len());
    for (call, values) in calls.iter().zip(values) {
        let Expr::WindowFunction(function) = call else { return Err(FinishError::Failed) };
        let parts = function.params.partition_by.iter();
        let parts = parts.map(|part| frame.evaluate(state, part)).collect::<Result<Vec<_>, _>>()?;
        let groups = Groups::new(&parts, rows)?;
        let mut status = frame.status(call)?;
        for (own, presence) in status.iter_mut().zip(&frame.rows.presence) {
            *own = (*own).max(*presence);
        }
        let all = groups.hidden.max(frame.rows.missing);
        // A row whose partition is not shown may be in any.
        let loose = groups.of.iter().zip(&status).filter(|(group, _)| group.is_none());
        let all = worst(loose.map(|(_, status)| *status)).max(all);
        let worst = groups.worst(&status);
        let of = |group: &Option<usize>| group.and_then(|group| worst.get(group).copied());
        let raised: Vec<CellStatus> =
            groups.of.iter().map(|group| of(group).map_or(all, |own| own.max(all))).collect();
        let bounds = frame.made_of([call], rows);
        columns.push(Column::shown(values).bounded(bounds).raised(&raised)?);
    }
    let mut kept = frame.columns;
    kept.truncate(width);
    kept.extend(columns);
    Frame::new(schema, kept, frame.rows)
}

/// The aggregates of each group, in the order of groups.
pub(super) fn aggregates(
    state: &SessionState,
    frame: &Frame,
    groups: &Groups,
    calls: &[Expr],
) -> Result<Vec<ArrayRef>, FinishError> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<usize> = groups
        .of
        .iter()
        .enumerate()
        .filter(|(_, group)| group.is_some())
        .map(|(at, _)| at)
        .collect();
    let numbers = groups.of.iter().flatten().map(|group| u64::try_from(*group).map_err(failed));
    let numbers = UInt64Array::from(numbers.collect::<Result<Vec<_>, _>>()?);
    let nobody = rows.is_empty() && !groups.first.is_empty();
    let frame = frame.clone().pick(&rows)?;
    let (input, over) = prepared(state, &frame, &numbers, calls)?;
    let names = over.into_iter().enumerate().map(|(at, call)| call.alias(format!("__call{at}")));
    // Without GROUP BY the engine gives one row of nothing, as SQL says.
    let keys = if nobody { Vec::new() } else { vec![Expr::Column(Name::new_unqualified(NUMBER))] };
    let first = keys.len();
    let plan = LogicalPlanBuilder::from(input)
        .aggregate(keys, names)
        .and_then(LogicalPlanBuilder::build)
        .map_err(failed)?;
    let batch = run(state, &plan)?;
    if nobody {
        return Ok(batch.columns().to_vec());
    }
    numbered(&batch, first, groups.first.len())
}

/// The numbers and what the calls are of as a plan, and the calls over it. What they are of is computed before: a value that
/// does not exist is NULL in its row.
fn prepared(
    state: &SessionState,
    frame: &Frame,
    numbers: &UInt64Array,
    calls: &[Expr],
) -> Result<(LogicalPlan, Vec<Expr>), FinishError> {
    let mut fields = vec![Field::new(NUMBER, DataType::UInt64, false)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(numbers.clone())];
    let mut over = Vec::with_capacity(calls.len());
    let mut known: Vec<Expr> = Vec::new();
    for call in calls {
        bounded(state, frame, call)?;
        let replaced = call.clone().map_children(|part| {
            if part.column_refs().is_empty() {
                return Ok(Transformed::no(part));
            }
            // Equal parts are one column, so equal orders stay equal.
            let place = known.iter().position(|known| *known == part);
            let name = format!("c{}", place.unwrap_or(known.len()));
            if place.is_none() {
                let data_type = part.get_type(&frame.schema)?;
                let values = frame.evaluate(state, &part);
                let values = values.map_err(|error| DataFusionError::External(Box::new(error)))?;
                fields.push(Field::new(&name, data_type.clone(), true));
                columns.push(cast(&values.values, &data_type)?);
                known.push(part);
            }
            Ok(Transformed::yes(Expr::Column(Name::new_unqualified(name))))
        });
        over.push(replaced.map_err(failed)?.data);
    }
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(failed)?;
    let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(failed)?;
    let plan = LogicalPlanBuilder::scan("figures", provider_as_source(Arc::new(table)), None)
        .and_then(LogicalPlanBuilder::build)
        .map_err(failed)?;
    Ok((plan, over))
}

fn run(state: &SessionState, plan: &LogicalPlan) -> Result<RecordBatch, FinishError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(failed)?;
    let batches = runtime.block_on(async {
        let plan = state.create_physical_plan(plan).await?;
        let schema = plan.schema();
        let batches = collect(plan, state.task_ctx()).await?;
        Ok::<_, datafusion::common::DataFusionError>((schema, batches))
    });
    let (schema, batches) = batches.map_err(failed)?;
    concat_batches(&schema, &batches).map_err(failed)
}

/// The columns from `first` on, each row at the place that its number in the first column says.
fn numbered(batch: &RecordBatch, first: usize, rows: usize) -> Result<Vec<ArrayRef>, FinishError> {
    let numbers = batch.columns().first().and_then(|c| c.as_primitive_opt::<UInt64Type>());
    let numbers = numbers.ok_or(FinishError::Failed)?;
    let places: BTreeMap<u64, u64> = numbers.values().iter().copied().zip(0_u64..).collect();
    let indices: UInt64Array = places.values().copied().collect();
    if indices.len() != rows || batch.num_rows() != rows {
        return Err(FinishError::Failed);
    }
    let columns = batch.columns().iter().skip(first);
    columns.map(|column| take(column, &indices, None).map_err(failed)).collect()
}

/// Refuses to add numbers whose sum could leave the range of their type.
#[expect(clippy::wildcard_enum_match_arm, reason = "the engine's enum: other calls add nothing up")]
fn bounded(state: &SessionState, frame: &Frame, call: &Expr) -> Result<(), FinishError> {
    let (name, args) = match call {
        Expr::AggregateFunction(call) => (call.func.name(), &call.params.args),
        Expr::WindowFunction(call) => (call.fun.name(), &call.params.args),
        _ => return Err(FinishError::Failed),
    };
    let ("sum" | "avg", [argument]) = (name, args.as_slice()) else { return Ok(()) };
    let values = frame.evaluate(state, argument)?.values;
    let sum = |values: &mut dyn Iterator<Item = u128>| values.fold(0_u128, u128::saturating_add);
    let fits = if let Some(integers) = values.as_primitive_opt::<Int64Type>() {
        let all = &mut integers.iter().flatten().map(|value| u128::from(value.unsigned_abs()));
        i64::try_from(sum(all)).is_ok()
    } else if let Some(decimals) = values.as_primitive_opt::<Decimal128Type>() {
        let all = &mut decimals.iter().flatten().map(|value| value.unsigned_abs());
        sum(all).saturating_mul(10_000) < DECIMAL_LIMIT
    } else {
        true
    };
    if fits { Ok(()) } else { Err(FinishError::Overflow) }
}
