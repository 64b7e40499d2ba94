//! The reference: bare DataFusion over the union of all hospitals' tables, keys prefixed by hospital.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, AsArray as _, Decimal128Array, Int64Array, RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema};
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::SessionContext;
use policies::dataset::{Class, ColumnType, Dataset, Table};

use super::network::{MEMBERSHIPS, Tables};

/// A value of an answer, so that two answers can be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Exact(String),
    Float(f64),
}

impl Value {
    /// Equal; floats within a relative 1e-9.
    pub(super) fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Float(a), Self::Float(b)) => {
                (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1e-6)
            }
            (a, b) => a == b,
        }
    }

    pub(super) fn of_json(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Number(number) => Self::Float(number.as_f64().unwrap()),
            serde_json::Value::String(text) => Self::Exact(text.clone()),
            serde_json::Value::Bool(flag) => Self::Exact(flag.to_string()),
            other => panic!("{other}"),
        }
    }
}

/// Decimal text in units of its scale.
fn units(text: &str, scale: usize) -> i128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<scale$}").parse().unwrap()
}

fn column(kind: ColumnType, values: &[Option<String>]) -> ArrayRef {
    match kind {
        ColumnType::Integer => Arc::new(
            values
                .iter()
                .map(|v| v.as_ref().map(|v| v.parse::<i64>().unwrap()))
                .collect::<Int64Array>(),
        ),
        ColumnType::Text => Arc::new(values.iter().map(Option::as_deref).collect::<StringArray>()),
        ColumnType::Decimal { scale } => {
            let values = values.iter().map(|v| v.as_ref().map(|v| units(v, usize::from(scale))));
            let type_ = DataType::Decimal128(18, i8::try_from(scale).unwrap());
            Arc::new(values.collect::<Decimal128Array>().with_data_type(type_))
        }
    }
}

fn pooled(table: &Table, hospitals: &BTreeMap<String, Tables>) -> RecordBatch {
    let name = table.name.as_str();
    let mut fields = Vec::new();
    let mut columns = Vec::new();
    for declared in &table.columns {
        let mut values = Vec::new();
        for (code, tables) in hospitals {
            let rows = &tables[name];
            let at = rows.columns.iter().position(|c| c == declared.name.as_str()).unwrap();
            values.extend(rows.rows.iter().map(|row| match row[at].as_str() {
                "" => None,
                text if declared.class == Class::Key && declared.kind == ColumnType::Text => {
                    Some(format!("{code}:{text}"))
                }
                text => Some(text.to_owned()),
            }));
        }
        let values = column(declared.kind, &values);
        fields.push(Field::new(declared.name.as_str(), values.data_type().clone(), true));
        columns.push(values);
    }
    let hospital = hospitals
        .iter()
        .flat_map(|(code, tables)| tables[name].rows.iter().map(move |_row| code.as_str()));
    fields.push(Field::new("hospital", DataType::Utf8, false));
    columns.push(Arc::new(hospital.map(Some).collect::<StringArray>()));
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Which hospital is in which network.
fn memberships() -> RecordBatch {
    let column = |values: [&str; 4]| Arc::new(StringArray::from_iter_values(values)) as ArrayRef;
    let field = |name: &str| Field::new(name, DataType::Utf8, false);
    let schema = Schema::new(vec![field("network"), field("hospital")]);
    let columns =
        vec![column(MEMBERSHIPS.map(|(id, _)| id)), column(MEMBERSHIPS.map(|(_, code)| code))];
    RecordBatch::try_new(Arc::new(schema), columns).unwrap()
}

/// The pooled tables.
pub(super) struct Pool {
    context: SessionContext,
    runtime: tokio::runtime::Runtime,
}

impl Pool {
    pub(super) fn new(dataset: &Dataset, hospitals: &BTreeMap<String, Tables>) -> Self {
        let context = SessionContext::new();
        for table in dataset.tables.values() {
            context.register_batch(table.name.as_str(), pooled(table, hospitals)).unwrap();
        }
        context.register_batch("membership", memberships()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { context, runtime }
    }

    /// The types and rows that bare DataFusion gives.
    pub(super) fn ask(&self, sql: &str) -> (Vec<String>, Vec<Vec<Value>>) {
        self.run(sql).unwrap()
    }

    /// As [`Self::ask`], if bare DataFusion can run the text.
    pub(super) fn try_ask(&self, sql: &str) -> Option<(Vec<String>, Vec<Vec<Value>>)> {
        self.run(sql).ok()
    }

    fn run(&self, sql: &str) -> datafusion::error::Result<(Vec<String>, Vec<Vec<Value>>)> {
        let run = async {
            let frame = self.context.sql(sql).await?;
            let types = frame.schema().fields().iter().map(|f| kind(f.data_type())).collect();
            Ok::<_, datafusion::error::DataFusionError>((types, frame.collect().await?))
        };
        let (types, batches) = self.runtime.block_on(run)?;
        let mut rows = Vec::new();
        for batch in &batches {
            for row in 0..batch.num_rows() {
                rows.push(batch.columns().iter().map(|column| value(column, row)).collect());
            }
        }
        Ok((types, rows))
    }
}

fn kind(data_type: &DataType) -> String {
    match data_type {
        integer if integer.is_integer() => "integer".to_owned(),
        DataType::Float64 => "float".to_owned(),
        DataType::Utf8 | DataType::Utf8View | DataType::Null => "text".to_owned(),
        DataType::Boolean => "boolean".to_owned(),
        DataType::Decimal128(precision, scale) => format!("decimal({precision},{scale})"),
        other => other.to_string(),
    }
}

fn value(column: &ArrayRef, row: usize) -> Value {
    if column.is_null(row) || *column.data_type() == DataType::Null {
        return Value::Null;
    }
    match column.as_primitive_opt::<Float64Type>() {
        Some(floats) => Value::Float(floats.value(row)),
        None => Value::Exact(array_value_to_string(column, row).unwrap()),
    }
}
