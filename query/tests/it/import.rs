//! Imports from a hospital's files to a sealed snapshot.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray,
};
use datafusion::arrow::datatypes::{Decimal128Type, Int64Type, UInt32Type};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use policies::dataset::{
    Bounds, Class, Code, CodeValue, Column, ColumnType, Dataset, DatasetStatus, ForeignKey, Table,
};
use policies::{DatasetId, Digest, HospitalCode, Ident};
use query::import::{Format, ImportError, ImportPlan, ImportReport, Source, TableMapping, import};
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
        bounds: None,
        codes: Vec::new(),
        step: None,
        edges: Vec::new(),
        unit: None,
        title: BTreeMap::new(),
    }
}

fn bounded(column: Column, min: i64, max: i64) -> Column {
    Column {
        bounds: Some(Bounds { min, max }),
        ..column
    }
}

fn table(name: &str, key: &str, parents: &[(&str, &str)], columns: Vec<Column>) -> (Ident, Table) {
    let foreign_keys = parents
        .iter()
        .map(|(column, table)| ForeignKey {
            column: ident(column),
            table: ident(table),
        })
        .collect();
    (
        ident(name),
        Table {
            name: ident(name),
            key: ident(key),
            foreign_keys,
            columns,
        },
    )
}

/// Patients and their treatments.
fn dataset() -> Dataset {
    let text = |value: &str| Code {
        value: CodeValue::Text(value.into()),
        title: BTreeMap::new(),
    };
    let bmi = bounded(
        column("bmi", ColumnType::Decimal { scale: 1 }, Class::Measure),
        100,
        800,
    );
    let patient = vec![
        column("patient_key", ColumnType::Integer, Class::Key),
        bounded(column("age", ColumnType::Integer, Class::Quasi), 0, 120),
        Column {
            codes: vec![text("f"), text("m")],
            ..column("sex", ColumnType::Text, Class::Category)
        },
        Column {
            nullable: true,
            ..bmi
        },
        Column {
            nullable: true,
            ..column("name", ColumnType::Text, Class::Hidden)
        },
    ];
    let treatment = vec![
        column("treatment_key", ColumnType::Text, Class::Key),
        column("patient_key", ColumnType::Integer, Class::Key),
        bounded(
            column("day", ColumnType::Integer, Class::Measure),
            -30,
            3650,
        ),
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
            table(
                "treatment",
                "treatment_key",
                &[("patient_key", "patient")],
                treatment,
            ),
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
        Self {
            temp: tempfile::tempdir().unwrap(),
            dataset: dataset(),
        }
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
        Source {
            name: ident(name),
            path: self.path(file),
            format,
        }
    }

    fn plan(&self) -> ImportPlan<'_> {
        ImportPlan {
            dataset: &self.dataset,
            hospital: HospitalCode::new("EMC").unwrap(),
            sources: vec![
                self.source("patients", "patients.csv", Format::csv()),
                self.source("treatments", "treatments.csv", Format::csv()),
            ],
            tables: vec![
                columns("patient", "patients"),
                columns("treatment", "treatments"),
            ],
            opt_out: None,
            numbering: self.path("numbers"),
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
    TableMapping::Columns {
        table: ident(table),
        source: ident(source),
        columns: BTreeMap::new(),
    }
}

fn sql(table: &str, sql: &str) -> TableMapping {
    TableMapping::Sql {
        table: ident(table),
        sql: sql.to_owned(),
    }
}

fn sealed(report: &ImportReport, table: &str) -> RecordBatch {
    let file = report
        .folder
        .as_ref()
        .unwrap()
        .join(format!("{table}.parquet"));
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap()).unwrap();
    let schema = Arc::clone(reader.schema());
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    datafusion::arrow::compute::concat_batches(&schema, &batches).unwrap()
}

fn integers(batch: &RecordBatch, column: &str) -> Vec<i64> {
    batch
        .column_by_name(column)
        .unwrap()
        .as_primitive::<Int64Type>()
        .values()
        .to_vec()
}

fn numbers(batch: &RecordBatch) -> Vec<u32> {
    batch
        .column_by_name("__patient")
        .unwrap()
        .as_primitive::<UInt32Type>()
        .values()
        .to_vec()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<String> {
    let array = batch
        .column_by_name(column)
        .unwrap()
        .as_string::<i32>()
        .clone();
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
            (
                row.source.as_str(),
                row.line.unwrap_or(0),
                column,
                problem(row.code),
            )
        })
        .collect()
}

#[tokio::test]
async fn good_rows_are_sealed_in_order() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let report = site.import().await.unwrap();
    assert_eq!(
        (report.patients, report.rejected, report.problems_total),
        (3, 0, 0)
    );
    let patient = sealed(&report, "patient");
    let names: Vec<_> = patient
        .schema()
        .fields()
        .iter()
        .map(|f| f.name().clone())
        .collect();
    assert_eq!(names, ["patient_key", "age", "sex", "bmi", "__patient"]);
    assert_eq!(integers(&patient, "patient_key"), [7, 10, 30]);
    assert_eq!(numbers(&patient), [0, 1, 2]);
    let bmi = patient
        .column_by_name("bmi")
        .unwrap()
        .as_primitive::<Decimal128Type>();
    assert_eq!((bmi.precision(), bmi.scale()), (18, 1));
    assert_eq!(bmi.iter().collect::<Vec<_>>(), [None, Some(225), Some(312)]);
    assert_eq!(report.tables[&ident("patient")].rounded, 1);
    let treatment = sealed(&report, "treatment");
    assert_eq!(texts(&treatment, "treatment_key"), ["b", "c", "a"]);
    assert_eq!(numbers(&treatment), [1, 1, 2]);
    assert_eq!(integers(&treatment, "day"), [3, -1, 5]);
}

#[tokio::test]
async fn the_sealed_folder_is_a_snapshot_and_current() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let report = site.import().await.unwrap();
    let folder = report.folder.clone().unwrap();
    assert_eq!(site.current(), Some(folder.clone()));
    let snapshot = snapshot::open(&folder).unwrap();
    snapshot.is_of(&site.dataset).unwrap();
    assert_eq!(Some(snapshot.id()), report.snapshot);
    assert_eq!(snapshot.manifest().tables[&ident("treatment")].rows, 3);
    let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap();
    assert!(manifest.starts_with("{\"format\":1,\"dataset\":\"tumours\",\"version\":2,"));
    let mut other = dataset();
    other.digest = Digest::of(b"another file");
    assert_eq!(
        snapshot.is_of(&other).unwrap_err().code(),
        "snapshot_of_another_dataset"
    );
    use std::os::unix::fs::PermissionsExt as _;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&folder), mode(&folder.join("patient.parquet"))),
        (0o700, 0o600)
    );
}

#[tokio::test]
async fn the_same_rows_give_the_same_snapshot() {
    let first = Site::with(PATIENTS, TREATMENTS);
    let again = Site::with(PATIENTS, TREATMENTS);
    let mut lines: Vec<&str> = PATIENTS.lines().collect();
    lines[1..].reverse();
    let shuffled = Site::with(lines.join("\r\n"), TREATMENTS);
    let id = first.import().await.unwrap().snapshot;
    assert_eq!(first.import().await.unwrap().snapshot, id);
    assert_eq!(again.import().await.unwrap().snapshot, id);
    assert_eq!(shuffled.import().await.unwrap().snapshot, id);
}

#[tokio::test]
async fn every_bad_value_is_reported_with_its_line() {
    let patients = "patient_key,age,sex,bmi\n\
        1,54,m,20\n\
        2,x,m,20\n\
        3,121,m,20\n\
        4,,m,20\n\
        5,50,x,20\n\
        6,50,m,9.9\n\
        7,50,m,1e1\n\
        ,50,m,20\n\
        1,51,f,21\n\
        nine,50,m,20\n\
        11,-1,q,20\n";
    let treatments = "treatment_key,patient_key,day,chemo\n\
        a,1,0,0\n\
        b,2,0,0\n\
        c,99,0,0\n\
        d,1,0,2\n\
        a,1,0,0\n\
        e,,0,0\n";
    let site = Site::with(patients, treatments);
    let report = site.import().await.unwrap();
    let expected = [
        ("patients", 3, "age", "not_an_integer"),
        ("patients", 4, "age", "out_of_bounds"),
        ("patients", 5, "age", "value_missing"),
        ("patients", 6, "sex", "not_in_code_list"),
        ("patients", 7, "bmi", "out_of_bounds"),
        ("patients", 8, "bmi", "not_a_decimal"),
        ("patients", 9, "patient_key", "value_missing"),
        ("patients", 10, "patient_key", "duplicate_key"),
        ("patients", 11, "patient_key", "not_an_integer"),
        ("patients", 12, "age", "out_of_bounds"),
        ("patients", 12, "sex", "not_in_code_list"),
        ("treatments", 3, "patient_key", "parent_rejected"),
        ("treatments", 4, "patient_key", "foreign_key_unknown"),
        ("treatments", 5, "chemo", "not_a_flag"),
        ("treatments", 6, "treatment_key", "duplicate_key"),
        ("treatments", 7, "patient_key", "value_missing"),
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(report.reasons["out_of_bounds"], 3);
    assert_eq!((report.rejected, report.problems_total), (15, 16));
    let patient = report.tables[&ident("patient")];
    assert_eq!(
        (patient.read, patient.accepted, patient.rejected),
        (11, 1, 10)
    );
    assert_eq!(
        report.problems[1].reason,
        "`121` is out of bounds: at least 0, at most 120"
    );
    assert_eq!(
        report.problems[7].reason,
        "the key was used before, on line 2"
    );
}

#[tokio::test]
async fn broken_lines_are_rejected_and_the_rest_is_read() {
    let mut patients = b"\xef\xbb\xbfpatient_key,age,sex,bmi,note\r\n\
        1,54,m,20,\"two\nlines\"\r\n\
        2,54,m,20\r\n\
        3,54,m,20,a\"b\r\n\
        4,54,m,20,\"open\r\n\
        5,54,m,20,\"a\"b\r\n\
        6,54,m,20,nul\0\r\n\
        7,54,m,20,\xff\r\n\
        8,54,\"m\",20,\r\n\
        9,54,m,20,"
        .to_vec();
    patients.resize(patients.len() + (2 << 20), b'x');
    patients.extend_from_slice(b"\r\n10,55,f,21,\"say \"\"hi\"\"\"\r\n");
    let site = Site::with(patients, "treatment_key,patient_key,day,chemo\n");
    let report = site.import().await.unwrap();
    let expected = [
        ("patients", 4, "", "field_count"),
        ("patients", 5, "", "quotes"),
        ("patients", 6, "", "quotes"),
        ("patients", 7, "", "quotes"),
        ("patients", 8, "", "nul_byte"),
        ("patients", 9, "", "not_utf8"),
        ("patients", 11, "", "record_too_long"),
    ];
    assert_eq!(found(&report), expected);
    let counts = report.sources[&ident("patients")];
    assert_eq!((counts.read, counts.rejected), (10, 7));
    assert_eq!(
        integers(&sealed(&report, "patient"), "patient_key"),
        [1, 8, 10]
    );
    assert_eq!(sealed(&report, "treatment").num_rows(), 0);
}

#[tokio::test]
async fn a_strict_import_seals_nothing_when_a_row_is_rejected() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let strict = || ImportPlan {
        strict: true,
        ..site.plan()
    };
    let good = import(&strict()).await.unwrap();
    for bad in ["40,x,m,20\n", "40,50,m\n"] {
        site.write("patients.csv", format!("{PATIENTS}{bad}"));
        let numbering = fs::read(site.path("numbers")).unwrap();
        let error = import(&strict()).await.unwrap_err();
        assert_eq!(error.code(), "import_rows_rejected");
        assert_eq!(error.report().unwrap().problems[0].line, Some(5));
        assert_eq!(error.report().unwrap().snapshot, None);
        assert_eq!(site.current(), good.folder);
        assert_eq!(fs::read(site.path("numbers")).unwrap(), numbering);
    }
}

#[tokio::test]
async fn an_import_without_patients_seals_nothing() {
    for patients in [
        "patient_key,age,sex,bmi\n",
        "patient_key,age,sex,bmi\n1,x,m,20\n",
    ] {
        let site = Site::with(patients, "treatment_key,patient_key,day,chemo\n");
        assert_eq!(
            site.import().await.unwrap_err().code(),
            "import_no_patients"
        );
        assert_eq!(site.current(), None);
        assert!(!site.path("numbers").exists());
    }
}

#[tokio::test]
async fn patients_keep_their_numbers() {
    let site = Site::with(PATIENTS, TREATMENTS);
    site.import().await.unwrap();
    site.write(
        "patients.csv",
        "patient_key,age,sex,bmi\n30,70,f,\n1,40,f,\n10,54,m,\n2,41,m,\n",
    );
    let second = sealed(&site.import().await.unwrap(), "patient");
    assert_eq!(integers(&second, "patient_key"), [10, 30, 1, 2]);
    assert_eq!(numbers(&second), [1, 2, 3, 4]);
    site.write("patients.csv", PATIENTS);
    let third = sealed(&site.import().await.unwrap(), "patient");
    assert_eq!(integers(&third, "patient_key"), [7, 10, 30]);
    assert_eq!(numbers(&third), [0, 1, 2]);
}

#[tokio::test]
async fn numbers_are_never_given_anew() {
    let site = Site::with(PATIENTS, TREATMENTS);
    site.import().await.unwrap();
    let path = site.path("numbers");
    let good = fs::read_to_string(&path).unwrap();
    assert!(good.starts_with("kring patient numbers 1 tumours EMC\n7\n10\n30\nsha256 "));
    let cases: [(String, &str); 6] = [
        (String::new(), "numbering_damaged"),
        (good.replace("\n10\n", "\n11\n"), "numbering_damaged"),
        (good.replace("\n30\n", "\n"), "numbering_damaged"),
        (good[..good.len() - 5].to_owned(), "numbering_damaged"),
        (
            numbering("tumours UMCU", &["7", "10", "30"]),
            "numbering_of_another",
        ),
        (numbering("tumours EMC", &["7", "10"]), "numbering_stale"),
    ];
    for (text, code) in cases {
        fs::write(&path, &text).unwrap();
        assert_eq!(site.import().await.unwrap_err().code(), code, "{text}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    fs::write(&path, numbering("tumours EMC", &["7", "10", "30", "7"])).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "numbering_damaged");
    fs::remove_file(&path).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "numbering_missing");
    fs::write(&path, &good).unwrap();
    site.import().await.unwrap();
}

fn numbering(owner: &str, keys: &[&str]) -> String {
    let text = format!("kring patient numbers 1 {owner}\n{}\n", keys.join("\n"));
    format!("{text}sha256 {}\n", Digest::of(text.as_bytes()))
}

#[tokio::test]
async fn one_import_at_a_time() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let lock = fs::File::create(site.path("numbers.lock")).unwrap();
    lock.lock().unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "import_running");
    drop(lock);
    site.import().await.unwrap();
}

#[tokio::test]
async fn an_import_that_was_cut_short_leaves_no_trace() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let parent = site.path("snapshots").join("tumours-v2");
    fs::create_dir_all(parent.join(".sealing")).unwrap();
    fs::write(parent.join(".sealing").join("patient.parquet"), b"half").unwrap();
    fs::write(parent.join("current.tmp"), b"half").unwrap();
    fs::write(site.path("numbers.tmp"), b"half").unwrap();
    assert_eq!(site.current(), None);
    let report = site.import().await.unwrap();
    snapshot::open(&report.folder.unwrap()).unwrap();
    let mut names: Vec<_> = fs::read_dir(&parent)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [".lock", &report.snapshot.unwrap().to_string(), "current"]
    );
    assert!(!site.path("numbers.tmp").exists());
}

#[tokio::test]
async fn a_damaged_snapshot_is_not_sealed_over() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let folder = site.import().await.unwrap().folder.unwrap();
    let mut bytes = fs::read(folder.join("treatment.parquet")).unwrap();
    bytes[10] ^= 1;
    fs::write(folder.join("treatment.parquet"), bytes).unwrap();
    assert_eq!(site.import().await.unwrap_err().code(), "snapshot_damaged");
}

#[tokio::test]
async fn opted_out_patients_are_left_out_with_their_rows() {
    let patients = "patient_key,age,sex,bmi,bezwaar\n\
        10,54,m,22.5,ja\n7,61,f,,nee\n30,bad,f,31.2,1\n31,50,f,31.2,?\n8,50,m,20,\n9,50,m,20,0\n\
        9,50,m,20,yes\n";
    let site = Site::with(patients, format!("{TREATMENTS}d,7,1,1\n"));
    let plan = ImportPlan {
        opt_out: Some("bezwaar".to_owned()),
        ..site.plan()
    };
    let report = import(&plan).await.unwrap();
    assert_eq!(found(&report), [("patients", 5, "", "opt_out_unreadable")]);
    assert_eq!(integers(&sealed(&report, "patient"), "patient_key"), [7, 8]);
    assert_eq!(texts(&sealed(&report, "treatment"), "treatment_key"), ["d"]);
    let patient = report.tables[&ident("patient")];
    assert_eq!(
        (patient.read, patient.accepted, patient.rejected),
        (7, 2, 1)
    );
    assert_eq!(
        (
            patient.opted_out,
            report.tables[&ident("treatment")].opted_out
        ),
        (4, 3)
    );
    assert!(
        !fs::read_to_string(site.path("numbers"))
            .unwrap()
            .contains("\n10\n")
    );
    let plan = ImportPlan {
        opt_out: Some("optout".to_owned()),
        ..site.plan()
    };
    assert_eq!(
        import(&plan).await.unwrap_err().code(),
        "import_mapping_invalid"
    );
}

#[tokio::test]
async fn sql_mappings_keep_lines() {
    let site = Site::with(
        "PID;Leeftijd;geslacht\n10;54;M\n7;oud;F\n30;70;F\n",
        "id,pid,van,tot\na,30,2020-01-01,2020-01-06\nb,10,2020-03-01,1999-01-01\nc,7,2020-01-01,2020-01-02\n",
    );
    let mut plan = site.plan();
    plan.sources[0].format = Format::Csv {
        delimiter: ';',
        null: "oud".to_owned(),
    };
    plan.tables = vec![
        sql(
            "patient",
            r#"SELECT "PID" AS patient_key, "Leeftijd" AS age, lower(geslacht) AS sex, 20.0 AS bmi, _line FROM patients"#,
        ),
        sql(
            "treatment",
            "SELECT id AS treatment_key, pid AS patient_key, CAST(tot AS DATE) - CAST(van AS DATE) AS day, \
             true AS chemo, _line FROM treatments ORDER BY _line DESC",
        ),
    ];
    let report = import(&plan).await.unwrap();
    let expected = [
        ("patients", 3, "age", "value_missing"),
        ("treatments", 4, "patient_key", "parent_rejected"),
        ("treatments", 3, "day", "out_of_bounds"),
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(texts(&sealed(&report, "patient"), "sex"), ["m", "f"]);
    assert_eq!(integers(&sealed(&report, "treatment"), "day"), [5]);
    assert_eq!(integers(&sealed(&report, "treatment"), "chemo"), [1]);
}

#[tokio::test]
async fn sql_over_several_sources_names_no_line() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let mut plan = site.plan();
    plan.tables[0] = sql(
        "patient",
        "SELECT p.patient_key, -1 AS age, sex, NULL AS bmi FROM patients p \
         WHERE EXISTS (SELECT 1 FROM treatments t WHERE t.patient_key = p.patient_key)",
    );
    let error = import(&plan).await.unwrap_err();
    let report = error.report().unwrap();
    assert_eq!(report.tables[&ident("patient")].read, 2);
    let problem = &report.problems[0];
    assert_eq!(
        (problem.source.as_str(), problem.line, problem.code),
        ("sql", None, "out_of_bounds")
    );
}

#[tokio::test]
async fn bad_sql_fails_the_import() {
    let site = Site::with(PATIENTS, TREATMENTS);
    for (text, code) in [
        ("SELECT * FROM nothing", "import_sql_failed"),
        ("SELECT", "import_sql_failed"),
        ("SELECT 1; SELECT 2", "import_sql_failed"),
        ("DROP TABLE patients", "import_sql_failed"),
        ("COPY patients TO 'x.csv'", "import_sql_failed"),
        (
            "SELECT CAST(sex AS INT) AS age FROM patients",
            "import_mapping_invalid",
        ),
        (
            "SELECT patient_key, CAST(sex AS INT) AS age, sex, bmi FROM patients",
            "import_sql_failed",
        ),
        (
            "SELECT *, 'x' AS _line FROM (SELECT patient_key, age, sex, bmi FROM patients)",
            "import_mapping_invalid",
        ),
    ] {
        let mut plan = site.plan();
        plan.tables[0] = sql("patient", text);
        assert_eq!(import(&plan).await.unwrap_err().code(), code, "{text}");
    }
}

fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

#[tokio::test]
async fn parquet_sources_give_the_same_snapshot() {
    let csv = Site::with(PATIENTS, TREATMENTS).import().await.unwrap();
    let site = Site::new();
    write_parquet(
        &site.path("patients.parquet"),
        vec![
            (
                "pid",
                Arc::new(Int32Array::from(vec![10, 7, 30])) as ArrayRef,
            ),
            ("age", Arc::new(Float64Array::from(vec![54.0, 61.0, 70.0]))),
            ("sex", Arc::new(StringArray::from(vec!["m", "f", "f"]))),
            (
                "bmi",
                Arc::new(Float64Array::from(vec![Some(22.5), None, Some(31.25)])),
            ),
        ],
    );
    write_parquet(
        &site.path("treatments.parquet"),
        vec![
            (
                "treatment_key",
                Arc::new(StringArray::from(vec!["a", "b", "c"])) as ArrayRef,
            ),
            ("patient_key", Arc::new(Int64Array::from(vec![30, 10, 10]))),
            ("day", Arc::new(Int64Array::from(vec![5, 3, -1]))),
            (
                "chemo",
                Arc::new(BooleanArray::from(vec![true, false, true])),
            ),
        ],
    );
    let mut plan = site.plan();
    plan.sources = vec![
        site.source("patients", "patients.parquet", Format::Parquet),
        site.source("treatments", "treatments.parquet", Format::Parquet),
    ];
    plan.tables[0] = TableMapping::Columns {
        table: ident("patient"),
        source: ident("patients"),
        columns: BTreeMap::from([(ident("patient_key"), "pid".to_owned())]),
    };
    let report = import(&plan).await.unwrap();
    assert_eq!(report.snapshot, csv.snapshot);
}

#[tokio::test]
async fn bad_parquet_is_refused_or_reported_by_row() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let patients = |age: ArrayRef| {
        let columns: Vec<(&str, ArrayRef)> = vec![
            ("patient_key", Arc::new(Int64Array::from(vec![1, 2]))),
            ("age", age),
            ("sex", Arc::new(StringArray::from(vec!["m", "f"]))),
            ("bmi", Arc::new(Float64Array::from(vec![20.0, f64::NAN]))),
        ];
        write_parquet(&site.path("patients.parquet"), columns);
    };
    let mut plan = site.plan();
    plan.sources[0] = site.source("patients", "patients.parquet", Format::Parquet);
    patients(Arc::new(Float64Array::from(vec![54.0, 54.5])));
    site.write("treatments.csv", "treatment_key,patient_key,day,chemo\n");
    let report = import(&plan).await.unwrap();
    let expected = [
        ("patients", 2, "age", "not_an_integer"),
        ("patients", 2, "bmi", "not_a_decimal"),
    ];
    assert_eq!(found(&report), expected);
    patients(Arc::new(Date32Array::from(vec![1, 2])));
    let error = import(&plan).await.unwrap_err();
    assert_eq!(error.code(), "import_mapping_invalid");
    assert!(error.to_string().contains("calendar dates"), "{error}");
    site.write("patients.parquet", b"PAR1 nothing PAR1");
    assert_eq!(
        import(&plan).await.unwrap_err().code(),
        "import_source_unreadable"
    );
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_named() {
    let site = Site::with(PATIENTS, TREATMENTS);
    for (bytes, part) in [
        (&b""[..], "it is empty"),
        (b"\xef\xbb\xbf\r\n", "it is empty"),
        (b"a,a\n", "two columns are named `a`"),
        (b"a,\"b\n", "in its header, a quote is opened"),
        (b"\xff\xfea\0\n", "in its header, "),
        (b"a,_line\n", "reserved"),
        (b"a\rb\rc", "a carriage return stands alone"),
    ] {
        site.write("patients.csv", bytes);
        let error = site.import().await.unwrap_err();
        assert_eq!(error.code(), "import_source_unreadable");
        assert!(error.to_string().contains(part), "{error}");
    }
    site.write("patients.csv", "patient_key,sex\n");
    let error = site.import().await.unwrap_err();
    assert_eq!(error.code(), "import_mapping_invalid");
    assert!(error.to_string().contains("`age` is missing"), "{error}");
    assert!(error.to_string().contains("`bmi` is missing"), "{error}");
    fs::remove_file(site.path("patients.csv")).unwrap();
    let error = site.import().await.unwrap_err();
    assert_eq!(error.code(), "import_source_unreadable");
    assert!(error.to_string().contains("patients.csv"), "{error}");
}

#[tokio::test]
async fn a_plan_that_does_not_fit_names_every_problem() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let mut plan = site.plan();
    plan.sources[1].name = ident("patients");
    plan.sources[0].format = Format::Csv {
        delimiter: '"',
        null: String::new(),
    };
    plan.tables = vec![
        columns("patient", "elsewhere"),
        columns("patient", "patients"),
        columns("doctor", "patients"),
        TableMapping::Columns {
            table: ident("patient"),
            source: ident("patients"),
            columns: BTreeMap::from([(ident("height"), "lengte".to_owned())]),
        },
    ];
    let error = import(&plan).await.unwrap_err();
    let ImportError::Plan { problems } = error else {
        panic!("{error}")
    };
    for part in [
        "two sources are named `patients`",
        "has the delimiter",
        "`elsewhere`, which is not configured",
        "table `patient` is mapped twice",
        "the dataset has no table `doctor`",
        "no column `height`",
        "table `treatment` is not mapped",
    ] {
        assert!(
            problems.iter().any(|problem| problem.contains(part)),
            "{part}: {problems:?}"
        );
    }
}

#[tokio::test]
async fn rows_never_cross_patients() {
    let mut site = Site::with(PATIENTS, TREATMENTS);
    let cycle = vec![
        column("cycle_key", ColumnType::Integer, Class::Key),
        column("treatment_key", ColumnType::Text, Class::Key),
        Column {
            nullable: true,
            ..column("patient_key", ColumnType::Integer, Class::Key)
        },
    ];
    let parents = [("treatment_key", "treatment"), ("patient_key", "patient")];
    // Its name sorts before its parents'.
    let (name, cycles) = table("cycle", "cycle_key", &parents, cycle);
    site.dataset.tables.insert(name, cycles);
    site.write(
        "cycles.csv",
        "cycle_key,treatment_key,patient_key\n1,a,30\n2,b,30\n3,b,\n4,z,10\n",
    );
    let mut plan = site.plan();
    plan.sources
        .push(site.source("cycles", "cycles.csv", Format::csv()));
    plan.tables.push(columns("cycle", "cycles"));
    let report = import(&plan).await.unwrap();
    let expected = [
        ("cycles", 3, "patient_key", "foreign_keys_disagree"),
        ("cycles", 5, "treatment_key", "foreign_key_unknown"),
    ];
    assert_eq!(found(&report), expected);
    let cycles = sealed(&report, "cycle");
    assert_eq!(
        (integers(&cycles, "cycle_key"), numbers(&cycles)),
        (vec![3, 1], vec![1, 2])
    );
    assert_eq!(
        cycles.column_by_name("patient_key").unwrap().null_count(),
        1
    );
}

#[tokio::test]
async fn the_report_is_bounded_and_its_page_escaped() {
    let mut patients = PATIENTS.to_owned();
    for key in 0..1500 {
        patients.push_str(&format!(
            "{},<script>alert({key})</script>,m,20\n",
            1000 + key
        ));
    }
    let site = Site::with(patients, TREATMENTS);
    let report = site.import().await.unwrap();
    assert_eq!((report.problems.len(), report.problems_total), (1000, 1500));
    assert_eq!(report.reasons["not_an_integer"], 1500);
    let page = report.to_html();
    assert!(page.contains("&lt;script&gt;alert(0)"));
    assert!(!page.contains("<script"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["tables"]["patient"]["accepted"], 3);
    assert_eq!(json["problems"][0]["line"], 5);
    assert_eq!(json["problems"][0]["code"], "not_an_integer");
}
