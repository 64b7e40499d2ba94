//! The first oracle: bare DataFusion over the union of all hospitals' tables, keys prefixed by hospital.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use datafusion::arrow::array::{
    ArrayRef, AsArray as _, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema as Fields};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::physical_plan::collect;
use datafusion::prelude::{SessionConfig, SessionContext};
use policies::dataset::{Class, ColumnType, Dataset, Table};

use super::compare::{Answer, Value};
use super::grammar::network::{MEMBERSHIP, networks_of};
use super::rows::Tables;

/// Rows of each hospital that one offset of numeric keys leaves room for.
const KEY_ROOM: i64 = 1_000_000;

/// One table of every hospital: names, types, and the values with keys prefixed; `hospital` is the last column.
#[derive(Debug)]
pub struct PooledTable {
    /// Its name.
    pub name: String,
    /// Column names and types; `hospital` last.
    pub columns: Vec<(String, ColumnType)>,
    /// Rows; `None` is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// Every table of the dataset, pooled.
///
/// # Errors
/// A table or column that a hospital lacks: a fault of the generator.
pub fn pool(
    dataset: &Dataset,
    hospitals: &BTreeMap<String, Tables>,
) -> anyhow::Result<Vec<PooledTable>> {
    let tables = dataset.tables.values().map(|table| pooled(table, hospitals));
    tables.chain([Ok(memberships(hospitals))]).collect()
}

/// Which hospital is in which sub-network.
fn memberships(hospitals: &BTreeMap<String, Tables>) -> PooledTable {
    let columns = ["network", "hospital"].map(|name| (name.to_owned(), ColumnType::Text)).to_vec();
    let mut rows = Vec::new();
    for code in hospitals.keys() {
        let own = networks_of(code).iter();
        rows.extend(own.map(|id| vec![Some((*id).to_owned()), Some(code.clone())]));
    }
    PooledTable { name: MEMBERSHIP.to_owned(), columns, rows }
}

fn pooled(table: &Table, hospitals: &BTreeMap<String, Tables>) -> anyhow::Result<PooledTable> {
    let name = table.name.as_str().to_owned();
    let mut columns: Vec<(String, ColumnType)> =
        table.columns.iter().map(|c| (c.name.as_str().to_owned(), c.kind)).collect();
    columns.push(("hospital".to_owned(), ColumnType::Text));
    let mut pooled = PooledTable { name, columns, rows: Vec::new() };
    for (number, (code, tables)) in hospitals.iter().enumerate() {
        let rows = tables.get(&pooled.name).context("every hospital has every table")?;
        let offset = i64::try_from(number)?.saturating_mul(KEY_ROOM);
        for row in &rows.rows {
            let mut values = Vec::new();
            for column in &table.columns {
                let at = rows.columns.iter().position(|c| c == column.name.as_str());
                let text = at.and_then(|at| row.get(at)).context("every row has every column")?;
                values.push(match (text.as_str(), column.class, column.kind) {
                    ("", _, _) => None,
                    (key, Class::Key, ColumnType::Text) => Some(format!("{code}:{key}")),
                    (key, Class::Key, _) => {
                        Some(key.parse::<i64>()?.saturating_add(offset).to_string())
                    }
                    (text, _, _) => Some(text.to_owned()),
                });
            }
            values.push(Some(code.clone()));
            pooled.rows.push(values);
        }
    }
    Ok(pooled)
}

/// Decimal text in units of its scale.
fn units(text: &str, scale: usize) -> anyhow::Result<i128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    Ok(format!("{whole}{fraction:0<scale$}").parse()?)
}

fn column(kind: ColumnType, values: &[Option<&str>]) -> anyhow::Result<ArrayRef> {
    Ok(match kind {
        ColumnType::Integer => {
            let values = values.iter().map(|v| v.map(str::parse::<i64>).transpose());
            Arc::new(values.collect::<Result<Int64Array, _>>()?)
        }
        ColumnType::Text => Arc::new(values.iter().copied().collect::<StringArray>()),
        ColumnType::Decimal { scale } => {
            let values = values.iter().map(|v| v.map(|v| units(v, usize::from(scale))).transpose());
            let type_ = DataType::Decimal128(18, i8::try_from(scale)?);
            let values = values.collect::<anyhow::Result<Decimal128Array>>()?;
            Arc::new(values.with_data_type(type_))
        }
    })
}

fn batch(table: &PooledTable) -> anyhow::Result<RecordBatch> {
    let (mut fields, mut columns) = (Vec::new(), Vec::new());
    for (at, (name, kind)) in table.columns.iter().enumerate() {
        let values: Vec<Option<&str>> =
            table.rows.iter().map(|row| row.get(at).and_then(Option::as_deref)).collect();
        let values = column(*kind, &values)?;
        fields.push(Field::new(name, values.data_type().clone(), true));
        columns.push(values);
    }
    Ok(RecordBatch::try_new(Arc::new(Fields::new(fields)), columns)?)
}

/// The pooled tables in an engine of their own.
pub struct Pool {
    context: SessionContext,
    runtime: tokio::runtime::Runtime,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

impl Pool {
    /// Registers the tables.
    ///
    /// # Errors
    /// Values that are not of their type: a fault of the generator.
    pub fn new(tables: &[PooledTable]) -> anyhow::Result<Self> {
        let mut config = SessionConfig::new().with_target_partitions(1);
        config.options_mut().sql_parser.map_string_types_to_utf8view = false;
        let context = SessionContext::new_with_config(config);
        for table in tables {
            context.register_batch(&table.name, batch(table)?)?;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { context, runtime })
    }

    /// What the engine gives.
    ///
    /// # Errors
    /// The engine's words: the question cannot be planned, or fails on these data.
    pub fn ask(&self, sql: &str) -> anyhow::Result<Answer> {
        let run = async {
            let plan = self.context.sql(sql).await?.create_physical_plan().await?;
            // Of the plan that runs: before its types are settled, the text's own plan names others than the values have.
            let kinds = plan.schema().fields().iter().map(|f| kind(f.data_type())).collect();
            let batches = collect(plan, self.context.task_ctx()).await?;
            anyhow::Ok((kinds, batches))
        };
        let (kinds, batches): (Vec<String>, Vec<RecordBatch>) = self.runtime.block_on(run)?;
        let mut rows = Vec::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                let values = batch.columns().iter().map(|column| value(column, row));
                rows.push(values.collect::<anyhow::Result<_>>()?);
            }
        }
        Ok(Answer { kinds, rows })
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the engine's enum: other types show by name")]
fn kind(data_type: &DataType) -> String {
    match data_type {
        whole if whole.is_integer() => "integer".to_owned(),
        DataType::Float64 => "float".to_owned(),
        DataType::Utf8 | DataType::Utf8View | DataType::Null => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => other.to_string(),
    }
}

fn value(column: &ArrayRef, row: usize) -> anyhow::Result<Value> {
    if column.is_null(row) {
        return Ok(Value::Null);
    }
    Ok(match column.as_primitive_opt::<Float64Type>() {
        Some(floats) => Value::Float(floats.value(row)),
        None => Value::Exact(array_value_to_string(column, row)?),
    })
}
