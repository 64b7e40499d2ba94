//! Files that are read, in part or not at all.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray,
};
use datafusion::parquet::arrow::ArrowWriter;
use query::import::{Format, TableMapping, import};

use super::*;

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
    assert_eq!(integers(&sealed(&report, "patient"), "patient_key"), [1, 8, 10]);
    assert_eq!(sealed(&report, "treatment").num_rows(), 0);
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
            ("pid", Arc::new(Int32Array::from(vec![10, 7, 30])) as ArrayRef),
            ("age", Arc::new(Float64Array::from(vec![54.0, 61.0, 70.0]))),
            ("sex", Arc::new(StringArray::from(vec!["m", "f", "f"]))),
            ("bmi", Arc::new(Float64Array::from(vec![Some(22.5), None, Some(31.25)]))),
        ],
    );
    write_parquet(
        &site.path("treatments.parquet"),
        vec![
            ("treatment_key", Arc::new(StringArray::from(vec!["a", "b", "c"])) as ArrayRef),
            ("patient_key", Arc::new(Int64Array::from(vec![30, 10, 10]))),
            ("day", Arc::new(Int64Array::from(vec![5, 3, -1]))),
            ("chemo", Arc::new(BooleanArray::from(vec![true, false, true]))),
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
    let expected =
        [("patients", 2, "age", "not_an_integer"), ("patients", 2, "bmi", "not_a_decimal")];
    assert_eq!(found(&report), expected);
    patients(Arc::new(Date32Array::from(vec![1, 2])));
    let error = import(&plan).await.unwrap_err();
    assert_eq!(error.code(), "import_mapping_invalid");
    assert!(error.to_string().contains("calendar dates"), "{error}");
    site.write("patients.parquet", b"PAR1 nothing PAR1");
    assert_eq!(import(&plan).await.unwrap_err().code(), "import_source_unreadable");
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
