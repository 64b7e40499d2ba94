//! Imports from a hospital's files to a sealed snapshot: what the tests share.

mod files;
mod keys;
mod mappings;
mod numbers;
mod rows;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::arrow::array::{AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Int64Type, UInt32Type};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use policies::dataset::{
    Bounds, Class, Code, CodeValue, Column, ColumnType, Dataset, DatasetStatus, ForeignKey, Table,
};
use policies::{DatasetId, Digest, HospitalCode, Ident};
use query::import::{
    Format, ImportError, ImportPlan, ImportReport, RecordSecret, Source, TableMapping, import,
};
use query::snapshot;

const PATIENTS: &str = "patient_key,age,sex,bmi\n10,54,m,22.5\n7,61,f,\n30,70,f,31.25\n";
const TREATMENTS: &str = "treatment_key,patient_key,day,chemo\na,30,5,1\nb,10,3,0\nc,10,-1,1\n";

fn ident(name: &str) -> Ident {
    Ident::new(name).unwrap()
}

fn column(name: &str, kind: ColumnType, class: Class) -> Column {
    Column {
        name: ident(name),
        kind,
        class,
        nullable: false,
        sensitive: false,
        bounds: None,
        codes: Vec::new(),
        groups: Vec::new(),
        step: None,
        edges: Vec::new(),
        unit: None,
        title: BTreeMap::new(),
    }
}

fn bounded(column: Column, min: i64, max: i64) -> Column {
    Column { bounds: Some(Bounds { min, max }), ..column }
}

fn table(name: &str, key: &str, parents: &[(&str, &str)], columns: Vec<Column>) -> (Ident, Table) {
    let foreign_keys = parents
        .iter()
        .map(|(column, table)| ForeignKey { column: ident(column), table: ident(table) })
        .collect();
    (ident(name), Table { name: ident(name), key: ident(key), foreign_keys, columns })
}

/// Patients and their treatments.
fn dataset() -> Dataset {
    let text = |value: &str| Code { value: CodeValue::Text(value.into()), title: BTreeMap::new() };
    let bmi = bounded(column("bmi", ColumnType::Decimal { scale: 1 }, Class::Measure), 100, 800);
    let patient = vec![
        column("patient_key", ColumnType::Integer, Class::Key),
        bounded(column("age", ColumnType::Integer, Class::Quasi), 0, 120),
        Column {
            codes: vec![text("f"), text("m")],
            ..column("sex", ColumnType::Text, Class::Category)
        },
        Column { nullable: true, ..bmi },
        Column { nullable: true, ..column("name", ColumnType::Text, Class::Hidden) },
    ];
    let treatment = vec![
        column("treatment_key", ColumnType::Text, Class::Key),
        column("patient_key", ColumnType::Integer, Class::Key),
        bounded(column("day", ColumnType::Integer, Class::Measure), -30, 3650),
        column("chemo", ColumnType::Integer, Class::Flag),
    ];
    Dataset {
        id: DatasetId::new("tumours").unwrap(),
        version: 2,
        status: DatasetStatus::Synthetic,
        title: BTreeMap::new(),
        patient: ident("patient"),
        attribution: None,
        tables: BTreeMap::from([
            table("patient", "patient_key", &[], patient),
            table("treatment", "treatment_key", &[("patient_key", "patient")], treatment),
        ]),
        digest: Digest::of(b"the dataset's file"),
    }
}

/// A hospital's folder.
struct Site {
    temp: tempfile::TempDir,
    dataset: Dataset,
}

impl Site {
    fn new() -> Self {
        Self { temp: tempfile::tempdir().unwrap(), dataset: dataset() }
    }

    /// A site whose two sources hold these texts.
    fn with(patients: impl AsRef<[u8]>, treatments: impl AsRef<[u8]>) -> Self {
        let site = Self::new();
        site.write("patients.csv", patients);
        site.write("treatments.csv", treatments);
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    fn source(&self, name: &str, file: &str, format: Format) -> Source {
        Source { name: ident(name), path: self.path(file), format }
    }

    fn plan(&self) -> ImportPlan<'_> {
        ImportPlan {
            dataset: &self.dataset,
            hospital: HospitalCode::new("EMC").unwrap(),
            sources: vec![
                self.source("patients", "patients.csv", Format::csv()),
                self.source("treatments", "treatments.csv", Format::csv()),
            ],
            tables: vec![columns("patient", "patients"), columns("treatment", "treatments")],
            opt_out: None,
            numbering: self.path("numbers"),
            new_series: policies::Digest::of(b"numbers"),
            record_secret: RecordSecret::new(&[7; 32]),
            out: self.path("snapshots"),
            strict: false,
        }
    }

    async fn import(&self) -> Result<ImportReport, ImportError> {
        import(&self.plan()).await
    }

    fn current(&self) -> Option<PathBuf> {
        snapshot::current(&self.path("snapshots"), &self.dataset.id, 2).unwrap()
    }
}

fn columns(table: &str, source: &str) -> TableMapping {
    TableMapping::Columns { table: ident(table), source: ident(source), columns: BTreeMap::new() }
}

fn sql(table: &str, sql: &str) -> TableMapping {
    TableMapping::Sql { table: ident(table), sql: sql.to_owned() }
}

fn sealed(report: &ImportReport, table: &str) -> RecordBatch {
    let file = report.folder.as_ref().unwrap().join(format!("{table}.parquet"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    datafusion::arrow::compute::concat_batches(&schema, &batches).unwrap()
}

fn integers(batch: &RecordBatch, column: &str) -> Vec<i64> {
    batch.column_by_name(column).unwrap().as_primitive::<Int64Type>().values().to_vec()
}

fn numbers(batch: &RecordBatch) -> Vec<u32> {
    batch.column_by_name("__patient").unwrap().as_primitive::<UInt32Type>().values().to_vec()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let array = batch.column_by_name(column).unwrap().as_string::<i32>().clone();
    array.iter().map(|text| text.unwrap().to_owned()).collect()
}

/// Source, line, column and code of every problem.
fn found(report: &ImportReport) -> Vec<(&str, u64, &str, &str)> {
    let problem = |problem: &'static str| problem;
    report
        .problems
        .iter()
        .map(|row| {
            let column = row.column.as_ref().map_or("", |name| name.as_str());
            (row.source.as_str(), row.line.unwrap_or(0), column, problem(row.code))
        })
        .collect()
}
