//! Files to batches: a CSV source as text columns, a Parquet source as it is, each with a column `_line`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, Int64Builder, RecordBatch, StringBuilder};
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::prelude::SessionContext;
use policies::Ident;

use crate::import::csv::Records;
use crate::import::report::{RowProblem, SourceCounts, Tally, bump};
use crate::import::{Format, ImportError, ImportPlan, LINE_COLUMN, Source};

/// Most rows of one batch.
const BATCH_ROWS: usize = 8192;
/// Most bytes of text of one batch: far below the 2 GiB that an Arrow text column can hold.
const BATCH_BYTES: usize = 64 << 20;

/// One source in memory.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) schema: SchemaRef,
    pub(crate) batches: Vec<RecordBatch>,
}

/// Reads every source of the plan.
pub(crate) fn load(
    plan: &ImportPlan<'_>,
    tally: &mut Tally,
) -> Result<BTreeMap<Ident, Loaded>, ImportError> {
    let mut loaded = BTreeMap::new();
    for source in &plan.sources {
        let result = match &source.format {
            Format::Csv { delimiter, null } => csv(source, *delimiter, null, tally),
            Format::Parquet => parquet(source, tally),
        };
        let fault = |problem| ImportError::Source {
            name: source.name.to_string(),
            path: source.path.clone(),
            problem,
        };
        loaded.insert(source.name.clone(), result.map_err(fault)?);
    }
    Ok(loaded)
}

/// Makes each source a table of the mappings' SQL.
pub(crate) fn register(
    context: &SessionContext,
    sources: &BTreeMap<Ident, Loaded>,
) -> Result<(), ImportError> {
    for (name, source) in sources {
        let fault = |error: datafusion::error::DataFusionError| ImportError::Sql {
            table: name.to_string(),
            problem: error.strip_backtrace(),
        };
        let table = MemTable::try_new(Arc::clone(&source.schema), vec![source.batches.clone()]);
        context.register_table(name.as_str(), Arc::new(table.map_err(fault)?)).map_err(fault)?;
    }
    Ok(())
}

fn read(path: &Path) -> Result<std::fs::File, String> {
    std::fs::File::open(path)
        .map_err(|error| format!("{error}: check the path and its permissions"))
}

fn csv(source: &Source, delimiter: char, null: &str, tally: &mut Tally) -> Result<Loaded, String> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut read(&source.path)?, &mut bytes)
        .map_err(|error| error.to_string())?;
    let delimiter = u8::try_from(delimiter).map_err(|error| error.to_string())?;
    let mut records = Records::new(&bytes, delimiter);
    let header = match records.next() {
        None => return Err("it is empty: its first line must name the columns".to_owned()),
        Some(record) => record.fields.map_err(|fault| format!("in its header, {fault}"))?,
    };
    let names: Vec<&str> = header.iter().map(AsRef::as_ref).collect();
    check_names(&names)?;
    let field = |name: &&str| Field::new(*name, DataType::Utf8, true);
    let mut fields: Vec<Field> = names.iter().map(field).collect();
    fields.push(Field::new(LINE_COLUMN, DataType::Int64, false));
    let mut filler = Filler::new(Arc::new(Schema::new(fields)), names.len());
    let mut counts = SourceCounts::default();
    for record in records {
        bump(&mut counts.read);
        let rejected = match record.fields {
            Ok(fields) if fields.len() == names.len() => {
                filler.row(record.line, &fields, null).map_err(|error| error.to_string())?;
                continue;
            }
            Ok(fields) => {
                let text = format!(
                    "the row has {} fields, the header {}: quote fields that hold the delimiter",
                    fields.len(),
                    names.len()
                );
                ("field_count", text)
            }
            Err(fault) => (fault.code(), fault.to_string()),
        };
        bump(&mut counts.rejected);
        let (code, reason) = rejected;
        let source = source.name.to_string();
        let line = Some(record.line);
        tally.problem(RowProblem { source, line, table: None, column: None, code, reason });
    }
    tally.source(&source.name, counts);
    filler.finish().map_err(|error| error.to_string())
}

fn check_names(names: &[&str]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(*name) {
            return Err(format!(
                "two columns are named `{}`: rename one",
                name.escape_debug().take(80).collect::<String>()
            ));
        }
        if *name == LINE_COLUMN {
            return Err(format!("a column is named `{LINE_COLUMN}`, which is reserved: rename it"));
        }
    }
    Ok(())
}

/// Collects rows of text into batches.
struct Filler {
    schema: SchemaRef,
    columns: Vec<StringBuilder>,
    lines: Int64Builder,
    rows: usize,
    bytes: usize,
    batches: Vec<RecordBatch>,
}

impl Filler {
    fn new(schema: SchemaRef, width: usize) -> Self {
        let columns = std::iter::repeat_with(StringBuilder::new).take(width).collect();
        Self { schema, columns, lines: Int64Builder::new(), rows: 0, bytes: 0, batches: Vec::new() }
    }

    fn row(
        &mut self,
        line: u64,
        fields: &[std::borrow::Cow<'_, str>],
        null: &str,
    ) -> Result<(), datafusion::arrow::error::ArrowError> {
        for (column, field) in self.columns.iter_mut().zip(fields) {
            column.append_option((field.as_ref() != null).then_some(field));
            self.bytes = self.bytes.saturating_add(field.len());
        }
        self.lines.append_value(i64::try_from(line).unwrap_or(i64::MAX));
        self.rows = self.rows.saturating_add(1);
        if self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), datafusion::arrow::error::ArrowError> {
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(self.columns.len().saturating_add(1));
        for column in &mut self.columns {
            arrays.push(Arc::new(column.finish()));
        }
        arrays.push(Arc::new(self.lines.finish()));
        self.batches.push(RecordBatch::try_new(Arc::clone(&self.schema), arrays)?);
        self.rows = 0;
        self.bytes = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<Loaded, datafusion::arrow::error::ArrowError> {
        if self.rows > 0 {
            self.flush()?;
        }
        Ok(Loaded { schema: self.schema, batches: self.batches })
    }
}

fn parquet(source: &Source, tally: &mut Tally) -> Result<Loaded, String> {
    let not_parquet = |error: &dyn std::fmt::Display| {
        format!("it is not a readable Parquet file ({error}): export it again")
    };
    let builder = ParquetRecordBatchReaderBuilder::try_new(read(&source.path)?)
        .map_err(|error| not_parquet(&error))?;
    let schema = Arc::clone(builder.schema());
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    check_names(&names)?;
    let mut fields: Vec<Arc<Field>> = schema.fields().iter().cloned().collect();
    fields.push(Arc::new(Field::new(LINE_COLUMN, DataType::Int64, false)));
    let schema = Arc::new(Schema::new(fields));
    let reader =
        builder.with_batch_size(BATCH_ROWS).build().map_err(|error| not_parquet(&error))?;
    let mut batches = Vec::new();
    let mut row = 0_i64;
    for batch in reader {
        let batch = batch.map_err(|error| not_parquet(&error))?;
        let end = row.saturating_add(i64::try_from(batch.num_rows()).unwrap_or(i64::MAX));
        let lines = Int64Array::from_iter_values(row.saturating_add(1)..=end);
        row = end;
        let mut arrays = batch.columns().to_vec();
        arrays.push(Arc::new(lines));
        let batch = RecordBatch::try_new(Arc::clone(&schema), arrays);
        batches.push(batch.map_err(|error| not_parquet(&error))?);
    }
    let read = u64::try_from(row).unwrap_or_default();
    tally.source(&source.name, SourceCounts { read, rejected: 0 });
    Ok(Loaded { schema, batches })
}
