//! The generator keeps what the dictionary and the indicators need.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray};
use datafusion::arrow::compute::concat_batches;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::SessionContext;
use policies::dataset::{ColumnType, Dataset};
use policies::{Digest, HospitalCode, Ident};
use query::import::{Format, ImportPlan, RecordSecret, Source, TableMapping, import};

use super::schema::SCHEMA;
use super::table::{Tables, Value};
use super::*;

const DICTIONARY: &str = include_str!("../../charter/oncology.toml");
const INDICATORS: &str = include_str!("../../domain/indicators.sql");
const SQL_SCHEMA: &str = include_str!("../../domain/schema.sql");

fn dataset() -> Dataset {
    policies::dataset::file::parse("oncology.toml", DICTIONARY).unwrap()
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Every byte follows from the seed, on every machine.
#[test]
fn the_same_seed_gives_the_same_bytes() {
    let all = Region::new(7, 3, 50).tables();
    let bytes: String =
        all.iter().flat_map(|tables| tables.tables.iter().map(super::table::Table::csv)).collect();
    assert_eq!(
        Digest::of(bytes.as_bytes()).to_string(),
        "ae8a2c9a3cdeaab713fcda4a33ce7203538e6ed4a6b9ac9ddcd864df4438d7cf",
        "the generator changed: that is fine if it was meant"
    );
    assert_eq!(Region::new(7, 3, 50).hospital(1), all[1]);
    assert_ne!(Region::new(8, 3, 50).tables(), all);
}

#[test]
fn the_tables_are_those_of_the_schema_and_the_dictionary() {
    let mut known = BTreeMap::new();
    let text: String = SQL_SCHEMA.lines().filter(|line| !line.starts_with("--")).collect();
    for statement in text.split("CREATE TABLE ").skip(1) {
        let (name, columns) = statement.split_once('(').unwrap();
        let columns = columns.rsplit_once(')').unwrap().0.split(',');
        let columns = columns.map(|column| column.split_whitespace().next().unwrap());
        known.insert(name, columns.collect::<BTreeSet<_>>());
    }
    // They lead to no patient.
    assert!(known.remove("site").is_some() && known.remove("membership").is_some());
    let dataset = dataset();
    let listed = |name: &Ident| {
        let columns = dataset.table(name.as_str()).unwrap().columns.iter();
        columns.map(|column| column.name.as_str()).collect::<BTreeSet<_>>()
    };
    let dictionary = dataset.tables.keys().map(|name| (name.as_str(), listed(name))).collect();
    assert_eq!(known, dictionary);
    let generated = SCHEMA.iter().map(|(name, columns)| (*name, columns.iter().copied().collect()));
    assert_eq!(known, generated.collect());
    for (name, columns) in SCHEMA {
        assert_eq!(dataset.table(name).unwrap().key.as_str(), columns[0]);
    }
}

#[test]
fn every_hospital_is_in_the_code_list() {
    let dataset = dataset();
    let codes = &dataset.column("treatment", "treat_agb").unwrap().codes;
    let codes: BTreeSet<_> = codes.iter().map(|code| code.value.clone()).collect();
    for hospital in crate::topology::hospitals(18) {
        assert!(codes.contains(&policies::dataset::CodeValue::Text(hospital.code.clone())));
        assert!(HospitalCode::new(&hospital.code).is_ok());
    }
}

/// Nothing is rejected, and only those who opted out are left out.
#[test]
fn a_strict_import_takes_every_row() {
    let dataset = dataset();
    let mut opted_out = 0;
    for (index, tables) in Region::new(3, 3, 50).tables().iter().enumerate() {
        let folder = tempfile::tempdir().unwrap();
        tables.write(folder.path()).unwrap();
        let report = runtime().block_on(import(&plan(&dataset, folder.path()))).unwrap();
        assert!(report.patients > 20, "hospital {index} has {} patients", report.patients);
        assert_eq!(report.rejected, 0, "{:?}", report.problems);
        assert!(report.tables.values().all(|table| table.accepted > 0), "{:?}", report.tables);
        opted_out += report.tables.values().map(|table| table.opted_out).sum::<u64>();
    }
    assert!(opted_out > 0);
}

fn plan<'a>(dataset: &'a Dataset, folder: &Path) -> ImportPlan<'a> {
    let ident = |name: &str| Ident::new(name).unwrap();
    ImportPlan {
        dataset,
        hospital: HospitalCode::new("NOORD").unwrap(),
        sources: SCHEMA
            .iter()
            .map(|(name, _)| Source {
                name: ident(name),
                path: folder.join(format!("{name}.csv")),
                format: Format::csv(),
            })
            .collect(),
        tables: SCHEMA
            .iter()
            .map(|(name, _)| TableMapping::Columns {
                table: ident(name),
                source: ident(name),
                columns: BTreeMap::new(),
            })
            .collect(),
        opt_out: Some("opt_out".to_owned()),
        numbering: folder.join("numbering"),
        new_series: policies::Digest::of(b"numbers"),
        record_secret: RecordSecret::new(&[7; 32]),
        out: folder.join("snapshots"),
        strict: true,
    }
}

#[test]
fn a_diagnosis_at_two_hospitals_counts_at_one() {
    let mut attributed: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    let mut keys: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    let all = Region::new(5, 5, 100).tables();
    for tables in &all {
        let diagnoses = tables.table("diagnosis").unwrap();
        for (key, flag) in diagnoses.column("diagnosis_key").zip(diagnoses.column("attributed")) {
            let (Value::Text(key), Value::Integer(flag)) = (key, flag) else { panic!("{key}") };
            let clinical = tables.clinical[key];
            attributed.entry(clinical).or_default().push(*flag);
            keys.entry(clinical).or_default().push(key);
        }
    }
    assert!(attributed.values().all(|flags| flags.iter().sum::<i64>() == 1));
    let at_two: Vec<_> = attributed.iter().filter(|(_, flags)| flags.len() == 2).collect();
    assert!(at_two.len() > 50, "{}", at_two.len());
    assert!(at_two.len() < attributed.len() / 2);
    assert!(keys.values().any(|keys| keys.len() == 2 && keys[0] != keys[1]), "own keys");
}

#[test]
fn an_empty_hospital_holds_headers_and_is_referred_to_by_nobody() {
    for empty in [0, 1] {
        let region = Region { empty: Some(empty), ..Region::new(5, 5, 20) };
        let all = region.tables();
        assert_eq!(all[empty], Tables::default());
        assert!(all.iter().enumerate().all(|(index, tables)| index == empty
            || tables.tables.iter().all(|table| !table.rows.is_empty())));
    }
}

/// Days stay before the last day that is known, and keys of two hospitals collide as they do in the field.
#[test]
fn nothing_happens_after_death() {
    let all = Region::new(5, 3, 100).tables();
    for tables in &all {
        let diagnoses = tables.table("diagnosis").unwrap();
        let last: BTreeMap<_, _> =
            diagnoses.column("diagnosis_key").zip(diagnoses.column("vital_days")).collect();
        for (table, day) in [
            ("treatment", "start_day"),
            ("treatment", "end_day"),
            ("treatment", "discharge_day"),
            ("care_event", "start_day"),
            ("care_event", "end_day"),
            ("mdo_meeting", "mdo_day"),
            ("followup", "fu_day"),
        ] {
            let table = tables.table(table).unwrap();
            for (key, day) in table.column("diagnosis_key").zip(table.column(day)) {
                assert!(*day == Value::Null || day <= last[key], "{}: {day}", table.name);
            }
        }
    }
    let first = |tables: &Tables| tables.table("patient").unwrap().rows[0][0].clone();
    assert_eq!(first(&all[0]), first(&all[1]));
}

/// Every indicator that the bare engine can plan has rows, and no figure that is 0 all over. The engine plans no EXISTS
/// inside CASE; there the condition is put to the proof in WHERE.
#[test]
fn no_indicator_is_empty() {
    let context = SessionContext::new();
    let dataset = dataset();
    let all = Region::new(1, 5, 200).tables();
    for (name, _) in SCHEMA {
        let batch = pooled(&dataset, name, &all);
        context.register_batch(name, batch).unwrap();
    }
    let runtime = runtime();
    let mut indicators = 0;
    for part in INDICATORS.split("-- name: ").skip(1) {
        let (name, sql) = part.split_once('\n').unwrap();
        indicators += 1;
        for sql in plannable(sql.trim().trim_end_matches(';')) {
            let batches =
                runtime.block_on(async { context.sql(&sql).await.unwrap().collect().await });
            let batches = batches.unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
            let schema = batches.first().unwrap_or_else(|| panic!("{name} has no rows")).schema();
            let answer = concat_batches(&schema, &batches).unwrap();
            assert!(answer.num_rows() > 0, "{name} has no rows: {sql}");
            for (column, field) in answer.columns().iter().zip(schema.fields()) {
                let text = |row| array_value_to_string(column, row).unwrap();
                let alive = (0..column.len()).any(|row| !["0", ""].contains(&text(row).as_str()));
                assert!(alive, "{name}: `{}` is 0 in every row: {sql}", field.name());
            }
        }
    }
    assert_eq!(indicators, 42);
}

/// The statement itself, or, for each `SUM(CASE WHEN c THEN 1 ELSE 0 END)` with EXISTS in `c`, the count of rows for which `c` holds.
fn plannable(sql: &str) -> Vec<String> {
    let (start, end) = ("SUM(CASE WHEN ", " THEN 1 ELSE 0 END)");
    let measures: Vec<&str> =
        sql.split(start).skip(1).filter_map(|rest| rest.split_once(end).map(|(c, _)| c)).collect();
    if !measures.iter().any(|condition| condition.contains("EXISTS")) {
        return vec![sql.to_owned()];
    }
    let (_, from) = sql.rsplit_once(end).unwrap();
    let from = from.split_once("FROM ").unwrap().1;
    let from = from.split(" GROUP BY ").next().unwrap();
    let joined = if from.contains(" WHERE ") { "AND" } else { "WHERE" };
    measures
        .iter()
        .map(|condition| format!("SELECT count(*) FROM {from} {joined} ({condition})"))
        .collect()
}

/// One table of all hospitals, its keys prefixed by the hospital.
fn pooled(dataset: &Dataset, name: &str, all: &[Tables]) -> RecordBatch {
    let table = dataset.table(name).unwrap();
    let column = |name: &&'static str| -> (&'static str, ArrayRef, bool) {
        let column = table.column(name).unwrap();
        let values = all.iter().enumerate().flat_map(|(index, tables)| {
            let table = tables.table(table.name.as_str()).unwrap();
            table.column(name).map(move |value| (index, value))
        });
        let number = |(_, value): (usize, &Value)| match value {
            Value::Integer(value) => Some(*value),
            Value::Decimal { units, .. } => Some(*units),
            Value::Null | Value::Text(_) => None,
        };
        let key = table.key_of(name).is_some();
        let array: ArrayRef = match column.kind {
            ColumnType::Integer => Arc::new(values.map(number).collect::<Int64Array>()),
            ColumnType::Decimal { scale } => {
                let values = values.map(number).map(|value| value.map(i128::from));
                let array = values.collect::<Decimal128Array>();
                Arc::new(array.with_precision_and_scale(18, i8::try_from(scale).unwrap()).unwrap())
            }
            ColumnType::Text => Arc::new(
                values
                    .map(|(index, value)| match value {
                        Value::Text(text) if key => Some(format!("{index}/{text}")),
                        Value::Text(text) => Some(text.clone()),
                        Value::Null | Value::Integer(_) | Value::Decimal { .. } => None,
                    })
                    .collect::<StringArray>(),
            ),
        };
        (name, array, true)
    };
    let (_, columns) = SCHEMA.iter().find(|(known, _)| *known == name).unwrap();
    RecordBatch::try_from_iter_with_nullable(columns.iter().map(column)).unwrap()
}
