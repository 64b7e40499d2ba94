//! Accepted rows as Parquet: the dataset's columns in its order, in the patient table the record key, then the patient's
//! number; sorted by number and key.
//!
//! The bytes depend on the rows alone: no compression whose output changes with a library, no time, no writer's version.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::file::properties::WriterProperties;
use policies::dataset::{Class, Column, ColumnType, Table};

use crate::import::check::{Accepted, Checker, Store};
use crate::import::{PATIENT_COLUMN, RECORD_KEY_COLUMN};
use crate::record::RecordKey;
use crate::snapshot::{SnapshotError, durable};

/// Digits of a decimal column, both sides of the point together.
const DECIMAL_DIGITS: u8 = 18;
/// Rows that are made into one batch.
const BATCH_ROWS: usize = 65_536;

/// What every patient has that no source holds, by row of the patient table.
#[derive(Clone, Copy)]
pub(crate) struct Hidden<'a> {
    /// Lasting numbers.
    pub(crate) numbers: &'a [u32],
    /// Record keys.
    pub(crate) keys: &'a [RecordKey],
}

/// The schema of a table's sealed file. Columns of class hidden are not in it.
fn schema(table: &Table, is_patient: bool) -> SchemaRef {
    let sealed = table.columns.iter().filter(|column| is_sealed(column));
    let mut fields: Vec<Field> = sealed
        .map(|column| Field::new(column.name.as_str(), data_type(column), column.nullable))
        .collect();
    if is_patient {
        fields.push(Field::new(RECORD_KEY_COLUMN, DataType::UInt64, false));
    }
    fields.push(Field::new(PATIENT_COLUMN, DataType::UInt32, false));
    Arc::new(Schema::new(fields))
}

fn is_sealed(column: &Column) -> bool {
    column.class != Class::Hidden
}

fn data_type(column: &Column) -> DataType {
    match column.kind {
        ColumnType::Integer => DataType::Int64,
        ColumnType::Decimal { scale } => {
            DataType::Decimal128(DECIMAL_DIGITS, i8::try_from(scale).unwrap_or(i8::MAX))
        }
        ColumnType::Text => DataType::Utf8,
    }
}

/// Writes the table's accepted rows to `path`; says how many.
pub(crate) fn table(
    (checker, hidden): (&Checker<'_>, Hidden<'_>),
    (table, is_patient): (&Table, bool),
    path: &Path,
) -> Result<u64, SnapshotError> {
    let fault = |problem: String| SnapshotError::Write { path: path.to_owned(), problem };
    let accepted = checker
        .accepted(&table.name)
        .ok_or_else(|| fault(format!("table `{}` was not checked", table.name)))?;
    let number = |row: usize| {
        let patient = accepted.patients.get(row).copied();
        patient.and_then(|patient| hidden.numbers.get(patient).copied())
    };
    let mut rows: Vec<usize> = (0..accepted.keys.len()).collect();
    rows.sort_by(|a, b| {
        (number(*a), accepted.keys.get(*a)).cmp(&(number(*b), accepted.keys.get(*b)))
    });
    let schema = schema(table, is_patient);
    let properties = WriterProperties::builder()
        .set_created_by("kring".to_owned())
        .set_compression(Compression::UNCOMPRESSED)
        .build();
    let file = durable::create_file(path)
        .map_err(|source| SnapshotError::Io { path: path.to_owned(), source })?;
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
        .map_err(|error| fault(error.to_string()))?;
    for rows in rows.chunks(BATCH_ROWS) {
        let mut arrays = arrays(accepted, rows).map_err(fault)?;
        if is_patient {
            let keys = rows.iter().map(|row| hidden.keys.get(*row).copied().map(RecordKey::get));
            arrays.push(Arc::new(keys.collect::<UInt64Array>()));
        }
        let patients: UInt32Array = rows.iter().map(|row| number(*row)).collect();
        arrays.push(Arc::new(patients));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays);
        let batch = batch.map_err(|error| fault(error.to_string()))?;
        writer.write(&batch).map_err(|error| fault(error.to_string()))?;
    }
    writer.close().map_err(|error| fault(error.to_string()))?;
    u64::try_from(rows.len()).map_err(|error| fault(error.to_string()))
}

fn arrays(accepted: &Accepted<'_>, rows: &[usize]) -> Result<Vec<ArrayRef>, String> {
    let sealed = accepted.columns.iter().filter(|(column, _)| is_sealed(column));
    sealed.map(|(column, store)| array(column, store, rows)).collect()
}

fn array(column: &Column, store: &Store, rows: &[usize]) -> Result<ArrayRef, String> {
    let units = match store {
        Store::Text(values) => {
            let values = rows.iter().map(|row| values.get(*row).and_then(Option::as_deref));
            return Ok(Arc::new(values.collect::<StringArray>()));
        }
        Store::Units(values) => rows.iter().map(|row| values.get(*row).copied().flatten()),
    };
    if let DataType::Decimal128(digits, scale) = data_type(column) {
        let array: Decimal128Array = units.map(|units| units.map(i128::from)).collect();
        let array = array.with_precision_and_scale(digits, scale);
        return Ok(Arc::new(array.map_err(|error| error.to_string())?));
    }
    Ok(Arc::new(units.collect::<Int64Array>()))
}
