//! What a text may name: the dataset's tables with `hospital` and `network`, and exact lists of functions. Nothing else exists.
//!
//! The catalog is the whole world of the SQL planner: no session, no information schema, no table functions, no files,
//! no variables. The hidden columns `__patient` and `__rkey` are not in it, so no text can name them.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::common::{DataFusionError, Result as EngineResult, TableReference};
use datafusion::config::ConfigOptions;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::provider_as_source;
use datafusion::functions_aggregate::planner::AggregateFunctionPlanner;
use datafusion::functions_window::planner::WindowFunctionPlanner;
use datafusion::logical_expr::planner::{ContextProvider, ExprPlanner};
use datafusion::logical_expr::{AggregateUDF, HigherOrderUDF, ScalarUDF, TableSource, WindowUDF};
use policies::dataset::{Class, Column, ColumnType, Dataset, Table};

pub(crate) mod functions;
mod planned;
mod subqueries;
mod whole;

use subqueries::SubqueryNames;

/// The column of every table that holds the hospital's code, constant at a node.
pub(crate) const HOSPITAL: &str = "hospital";
/// The column of every table that holds the sub-networks of the hospital, constant at a node.
pub(crate) const NETWORK: &str = "network";
/// The hidden column that holds a patient's number at its hospital.
pub(crate) const PATIENT: &str = "__patient";

/// The hidden column of the patient table that holds a patient's record key.
pub(crate) const RECORD_KEY: &str = "__rkey";

/// What the catalog says of a table that it does not have.
pub(crate) const UNKNOWN_TABLE: &str = "unknown table";

/// The engine's type of a column.
pub(crate) fn data_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal { scale } => {
            DataType::Decimal128(18, i8::try_from(scale).unwrap_or(i8::MAX))
        }
        ColumnType::Text => DataType::Utf8,
    }
}

/// The columns that exist for questions: snapshots do not hold hidden ones.
pub(crate) fn columns(table: &Table) -> impl Iterator<Item = &Column> {
    table.columns.iter().filter(|column| column.class != Class::Hidden)
}

fn own_fields(table: &Table) -> Vec<Field> {
    let field =
        |column: &Column| Field::new(column.name.as_str(), data_type(column.kind), column.nullable);
    columns(table).map(field).collect()
}

/// A table as a text sees it: its columns, `hospital` and `network`.
pub(crate) fn asked_schema(table: &Table) -> SchemaRef {
    let mut fields = own_fields(table);
    fields.push(Field::new(HOSPITAL, DataType::Utf8, false));
    fields.push(Field::new(NETWORK, DataType::Utf8, false));
    Arc::new(Schema::new(fields))
}

/// A table as a fragment sees it: its columns, `hospital`, `network` and the patient.
pub(crate) fn planned_schema(table: &Table) -> SchemaRef {
    let mut fields = own_fields(table);
    fields.push(Field::new(HOSPITAL, DataType::Utf8, false));
    fields.push(Field::new(NETWORK, DataType::Utf8, false));
    fields.push(Field::new(PATIENT, DataType::UInt32, false));
    Arc::new(Schema::new(fields))
}

/// A table as a snapshot holds it: its columns, the record key if it is the patient table, and the patient.
pub(crate) fn stored_schema(table: &Table, is_patient: bool) -> SchemaRef {
    let mut fields = own_fields(table);
    if is_patient {
        fields.push(Field::new(RECORD_KEY, DataType::UInt64, false));
    }
    fields.push(Field::new(PATIENT, DataType::UInt32, false));
    Arc::new(Schema::new(fields))
}

/// A source of no rows with this schema.
pub(crate) fn empty_source(schema: SchemaRef) -> Arc<dyn TableSource> {
    provider_as_source(Arc::new(EmptyTable::new(schema)))
}

/// The name that a text used and nothing has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// No such table.
    Table(String),
    /// No such function.
    Function(String),
}

/// The planner's view of one dataset.
pub(crate) struct Catalog<'a> {
    dataset: &'a Dataset,
    options: ConfigOptions,
    planners: Vec<Arc<dyn ExprPlanner>>,
    missing: RefCell<Option<Missing>>,
}

impl<'a> Catalog<'a> {
    /// The catalog of a dataset.
    pub(crate) fn new(dataset: &'a Dataset) -> Self {
        let mut options = ConfigOptions::new();
        options.sql_parser.map_string_types_to_utf8view = false;
        options.sql_parser.enable_ident_normalization = true;
        Self {
            dataset,
            options,
            planners: vec![
                Arc::new(SubqueryNames),
                Arc::new(AggregateFunctionPlanner),
                Arc::new(WindowFunctionPlanner),
            ],
            missing: RefCell::new(None),
        }
    }

    /// The last name that was looked up in vain.
    pub(crate) fn missing(&self) -> Option<Missing> {
        self.missing.borrow().clone()
    }

    /// A function stays: after it fails, the other side of a UNION is planned all the same, and may name a WITH table.
    fn miss(&self, missing: Missing) {
        let mut known = self.missing.borrow_mut();
        if !matches!((&*known, &missing), (Some(Missing::Function(_)), Missing::Table(_))) {
            *known = Some(missing);
        }
    }
}

impl ContextProvider for Catalog<'_> {
    fn get_table_source(&self, name: TableReference) -> EngineResult<Arc<dyn TableSource>> {
        let known = match &name {
            TableReference::Bare { table } => self.dataset.table(table),
            TableReference::Partial { .. } | TableReference::Full { .. } => None,
        };
        let Some(table) = known else {
            self.miss(Missing::Table(name.to_string()));
            return Err(DataFusionError::Plan(UNKNOWN_TABLE.to_owned()));
        };
        Ok(empty_source(asked_schema(table)))
    }

    fn get_expr_planners(&self) -> &[Arc<dyn ExprPlanner>] {
        &self.planners
    }

    fn get_function_meta(&self, name: &str) -> Option<Arc<ScalarUDF>> {
        functions::scalar(name)
    }

    fn get_higher_order_meta(&self, _name: &str) -> Option<Arc<HigherOrderUDF>> {
        None
    }

    fn get_aggregate_meta(&self, name: &str) -> Option<Arc<AggregateUDF>> {
        let found = functions::aggregate(name);
        if found.is_none() && functions::scalar(name).is_none() {
            self.miss(Missing::Function(name.to_owned()));
        }
        found
    }

    fn get_window_meta(&self, name: &str) -> Option<Arc<WindowUDF>> {
        functions::window(name)
    }

    fn get_variable_type(&self, _names: &[String]) -> Option<DataType> {
        None
    }

    fn get_variable_field(&self, _names: &[String]) -> Option<FieldRef> {
        None
    }

    fn options(&self) -> &ConfigOptions {
        &self.options
    }

    fn udf_names(&self) -> Vec<String> {
        functions::scalar_names().iter().map(|name| (*name).to_owned()).collect()
    }

    fn higher_order_function_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn udaf_names(&self) -> Vec<String> {
        functions::aggregate_names().iter().map(|name| (*name).to_owned()).collect()
    }

    fn udwf_names(&self) -> Vec<String> {
        functions::window_names().iter().map(|name| (*name).to_owned()).collect()
    }
}

/// Whether the engine refused for want of something that it has but we did not list.
pub(crate) fn is_not_implemented(error: &DataFusionError) -> bool {
    matches!(error.find_root(), DataFusionError::NotImplemented(_))
}
