//! A table's mapping run: batches whose columns stand in the order in which the dataset's columns are checked.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{Array, AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::{DataFrame, SessionContext};
use policies::Ident;
use policies::dataset::Table;

use crate::import::order::read_columns;
use crate::import::raw::RawColumn;
use crate::import::source::Loaded;
use crate::import::{ImportError, ImportPlan, LINE_COLUMN, TableMapping};

/// Rows of one table, not yet checked.
#[derive(Debug)]
pub(crate) struct Input {
    /// What problems name as their source.
    pub(crate) source: String,
    pub(crate) batches: Vec<InputBatch>,
}

/// Some of its rows.
#[derive(Debug)]
pub(crate) struct InputBatch {
    pub(crate) rows: usize,
    pub(crate) lines: Option<Int64Array>,
    /// One for each of [`read_columns`], in its order.
    pub(crate) columns: Vec<RawColumn>,
    pub(crate) opt_out: Option<RawColumn>,
}

impl InputBatch {
    /// The line of a row, where known.
    pub(crate) fn line(&self, row: usize) -> Option<u64> {
        let lines = self.lines.as_ref()?;
        let known = row < lines.len() && lines.is_valid(row);
        if known { u64::try_from(lines.value(row)).ok() } else { None }
    }
}

/// Runs the mapping of `table`.
pub(crate) async fn input(
    plan: &ImportPlan<'_>,
    table: &Table,
    mapping: &TableMapping,
    sources: &BTreeMap<Ident, Loaded>,
    context: &SessionContext,
) -> Result<Input, ImportError> {
    let opt_out = plan.opt_out.as_deref().filter(|_| table.name == plan.dataset.patient);
    match mapping {
        TableMapping::Columns { source, columns, .. } => {
            let batches = sources.get(source).map(|loaded| loaded.batches.as_slice());
            let names = sources.get(source).map(|loaded| field_names(&loaded.schema));
            let name =
                |column: &Ident| columns.get(column).cloned().unwrap_or_else(|| column.to_string());
            let found = Found::new(table, opt_out, &names.unwrap_or_default(), &name)?;
            found.input(table, source.to_string(), batches.unwrap_or_default())
        }
        TableMapping::Sql { sql, .. } => {
            let fault = |error: DataFusionError| {
                let problem = error.strip_backtrace();
                ImportError::Sql { table: table.name.to_string(), problem }
            };
            let (source, frame) = planned(context, sql).await.map_err(fault)?;
            let names = field_names(frame.schema().as_arrow());
            let found = Found::new(table, opt_out, &names, &|column| column.to_string())?;
            let batches = frame.collect().await.map_err(fault)?;
            found.input(table, source, &batches)
        }
    }
}

/// Plans the SQL; with the source's name if it reads one.
async fn planned(
    context: &SessionContext,
    sql: &str,
) -> Result<(String, DataFrame), DataFusionError> {
    let options =
        SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let frame = context.sql_with_options(sql, options).await?;
    let mut scanned = BTreeSet::new();
    frame.logical_plan().apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            scanned.insert(scan.table_name.table().to_owned());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    let one = if scanned.len() == 1 { scanned.pop_first() } else { None };
    Ok((one.unwrap_or_else(|| "sql".to_owned()), frame))
}

fn field_names(schema: &datafusion::arrow::datatypes::Schema) -> Vec<String> {
    schema.fields().iter().map(|field| field.name().clone()).collect()
}

/// Where a mapping's columns stand.
struct Found {
    columns: Vec<usize>,
    opt_out: Option<usize>,
    line: Option<usize>,
}

impl Found {
    fn new(
        table: &Table,
        opt_out: Option<&str>,
        names: &[String],
        name: &dyn Fn(&Ident) -> String,
    ) -> Result<Self, ImportError> {
        let mut problems = Vec::new();
        let mut find = |wanted: &str| {
            let mut places = names.iter().enumerate().filter(|(_, known)| known.as_str() == wanted);
            let place = places.next().map(|(place, _)| place);
            if place.is_none() {
                problems.push(format!(
                    "column `{wanted}` is missing: add it to the source or name the column that holds it (there are: {})",
                    names.join(", ").escape_debug().take(400).collect::<String>()
                ));
            }
            if places.next().is_some() {
                problems.push(format!("column `{wanted}` is given twice: keep one"));
            }
            place
        };
        let columns = read_columns(table);
        let columns: Vec<_> =
            columns.iter().filter_map(|column| find(&name(&column.name))).collect();
        let opt_out = opt_out.and_then(&mut find);
        let line = names.iter().position(|known| known == LINE_COLUMN);
        if problems.is_empty() {
            return Ok(Self { columns, opt_out, line });
        }
        Err(ImportError::Mapping { table: table.name.to_string(), problems })
    }

    fn input(
        &self,
        table: &Table,
        source: String,
        batches: &[RecordBatch],
    ) -> Result<Input, ImportError> {
        let fault = |problem: String| ImportError::Mapping {
            table: table.name.to_string(),
            problems: vec![problem],
        };
        let mut input = Input { source, batches: Vec::with_capacity(batches.len()) };
        for batch in batches {
            let column = |place: &usize| {
                let array = batch.columns().get(*place).ok_or("a batch lacks a column".to_owned());
                RawColumn::new(array.map_err(fault)?).map_err(|problem| {
                    let schema = batch.schema();
                    let name = schema.fields().get(*place).map(|field| field.name().clone());
                    fault(format!(
                        "column `{}` cannot be used, {problem}",
                        name.unwrap_or_default()
                    ))
                })
            };
            input.batches.push(InputBatch {
                rows: batch.num_rows(),
                lines: self.line.map(|place| lines(batch, place)).transpose().map_err(fault)?,
                columns: self.columns.iter().map(column).collect::<Result<_, _>>()?,
                opt_out: self.opt_out.as_ref().map(column).transpose()?,
            });
        }
        Ok(input)
    }
}

fn lines(batch: &RecordBatch, place: usize) -> Result<Int64Array, String> {
    let array = batch.columns().get(place).ok_or("a batch lacks a column")?;
    if !array.data_type().is_integer() {
        return Err(format!(
            "column `{LINE_COLUMN}` is not an integer: keep it as the source gives it"
        ));
    }
    let cast = cast(array, &DataType::Int64).map_err(|error| error.to_string())?;
    Ok(cast.as_primitive::<Int64Type>().clone())
}
