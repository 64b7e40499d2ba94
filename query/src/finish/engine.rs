//! Windows and aggregates of figures, computed by the engine over a materialised table.
//!
//! The engine sees nulls where figures are not shown; what it makes of them is not shown either, so it does not matter. Its
//! own sums wrap, so the numbers that are added are measured before.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray as _, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{DataType, Decimal128Type, Field, Int64Type, Schema, UInt64Type};
use datafusion::common::{Column as Name, DFSchema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, Window};
use datafusion::physical_plan::collect;

use super::FinishError;
use super::frame::{Column, Frame, worst};
use super::group::Groups;
use crate::facts::safe;
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
    let (input, safe) = prepared(state, &frame, &numbers, calls)?;
    let window = Window::try_new(safe, Arc::new(input)).map_err(failed)?;
    let batch = run(state, &LogicalPlan::Window(window))?;
    let number = frame.columns.len();
    let values = numbered(&batch, number, number.saturating_add(1), rows)?;
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
        columns.push(Column::shown(values).raised(&raised)?);
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
    let (input, safe) = prepared(state, &frame, &numbers, calls)?;
    let names = safe.into_iter().enumerate().map(|(at, call)| call.alias(format!("__call{at}")));
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
    numbered(&batch, 0, first, groups.first.len())
}

/// The table as a plan with its own names, the numbers behind; the calls in their safe form.
fn prepared(
    state: &SessionState,
    frame: &Frame,
    numbers: &UInt64Array,
    calls: &[Expr],
) -> Result<(LogicalPlan, Vec<Expr>), FinishError> {
    let mut safe = Vec::with_capacity(calls.len());
    for call in calls {
        bounded(state, frame, call)?;
        safe.push(safe::rewrite(call, &frame.schema).map_err(failed)?);
    }
    let mut fields = Vec::with_capacity(frame.columns.len());
    let mut names = Vec::with_capacity(frame.columns.len());
    for (index, (qualifier, field)) in frame.schema.iter().enumerate() {
        let plain = format!("c{index}");
        fields.push(Field::new(&plain, field.data_type().clone(), true));
        let column = Expr::Column(Name::new_unqualified(plain));
        names.push(column.alias_qualified(qualifier.cloned(), field.name()));
    }
    fields.push(Field::new(NUMBER, DataType::UInt64, false));
    names.push(Expr::Column(Name::new_unqualified(NUMBER)).alias(NUMBER));
    let mut columns: Vec<ArrayRef> =
        frame.columns.iter().map(|column| Arc::clone(&column.values)).collect();
    columns.push(Arc::new(numbers.clone()));
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(failed)?;
    let table = MemTable::try_new(schema, vec![vec![batch]]).map_err(failed)?;
    let plan = LogicalPlanBuilder::scan("__figures", provider_as_source(Arc::new(table)), None)
        .and_then(|builder| builder.project(names))
        .and_then(LogicalPlanBuilder::build)
        .map_err(failed)?;
    Ok((plan, safe))
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

/// The columns from `first` on, each row at the place that its number says.
fn numbered(
    batch: &RecordBatch,
    number: usize,
    first: usize,
    rows: usize,
) -> Result<Vec<ArrayRef>, FinishError> {
    let numbers = batch.columns().get(number).and_then(|c| c.as_primitive_opt::<UInt64Type>());
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
