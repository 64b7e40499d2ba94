use std::collections::BTreeMap;

use arrow::array::AsArray as _;
use arrow::datatypes::UInt64Type;
use policies::Ident;

use super::*;
use crate::cut;
use crate::import::{Format, ImportPlan, RecordSecret, Source, TableMapping, import};

mod absent;
mod summaries;

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.region]
codes = [{ code = "north" }, { code = "south" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "region", type = "text", class = "category", codes = "region", nullable = true },
  { name = "bmi", type = "decimal", scale = 1, class = "measure", min = "10.0", max = "60.0", nullable = true },
]
"#;
const ROWS: &str =
    "patient_key,region,bmi\na,north,20.5\nb,north,\nc,south,31.0\nd,,25.5\ne,south,19.0\n";

fn sealed(folder: &Path, dataset: &Dataset) -> std::path::PathBuf {
    let name = Ident::new("patient").unwrap();
    let path = folder.join("patient.csv");
    std::fs::write(&path, ROWS).unwrap();
    let columns = BTreeMap::new();
    let plan = ImportPlan {
        dataset,
        hospital: HospitalCode::new("ALFA").unwrap(),
        sources: vec![Source { name: name.clone(), path, format: Format::csv() }],
        tables: vec![TableMapping::Columns { table: name.clone(), source: name, columns }],
        opt_out: None,
        numbering: folder.join("numbering"),
        new_series: policies::Digest::of(b"numbers"),
        record_secret: RecordSecret::new(&[7; 32]),
        out: folder.join("out"),
        strict: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(import(&plan)).unwrap().folder.unwrap()
}

#[test]
fn kept_and_scanned_tables_give_the_same_cells() {
    let temp = tempfile::tempdir().unwrap();
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let snapshot = sealed(temp.path(), &dataset);
    let hospital = HospitalCode::new("ALFA").unwrap();
    let networks = Networks::new();
    let place = Place {
        dataset: &dataset,
        snapshot: &snapshot,
        hospital: &hospital,
        networks: &networks,
        not_given: &[],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for sql in [
        "SELECT region, count(*), sum(bmi), count(distinct patient_key) FROM patient GROUP BY region",
        "SELECT count(*), avg(a.bmi) FROM patient a JOIN patient b ON a.patient_key = b.patient_key WHERE a.bmi > 20 AND b.region = 'north'",
    ] {
        let split = cut::split(&dataset, &networks, sql).unwrap();
        let digests: Vec<Digest> = split.fragments.iter().map(|fragment| fragment.digest).collect();
        let run = |tables: &mut Tables| {
            let mut cells = runtime
                .block_on(execute(&split.fragments, &place, (&digests, Wanted::ALL, None), tables))
                .unwrap();
            let Executed { cells, sets } = cells.remove(0);
            (cells, sets.unwrap())
        };
        let mut kept = Tables::default();
        let first = run(&mut kept);
        assert_eq!(run(&mut kept), first, "from the cache");
        assert_eq!(run(&mut Tables::keeping_files_to(0)), first, "scanned");
        let n = first.0.column(0).as_primitive::<UInt64Type>().values().to_vec();
        assert!(n == [2, 2, 1] || n == [1], "{n:?}");
    }
}

#[test]
fn a_large_file_that_is_changed_in_place_is_found_when_it_is_scanned() {
    let temp = tempfile::tempdir().unwrap();
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let snapshot = sealed(temp.path(), &dataset);
    let hospital = HospitalCode::new("ALFA").unwrap();
    let networks = Networks::new();
    let place = Place {
        dataset: &dataset,
        snapshot: &snapshot,
        hospital: &hospital,
        networks: &networks,
        not_given: &[],
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let split = cut::split(&dataset, &networks, "SELECT count(*) FROM patient").unwrap();
    let digests: Vec<Digest> = split.fragments.iter().map(|fragment| fragment.digest).collect();
    let mut tables = Tables::keeping_files_to(0);
    let mut run = || {
        runtime
            .block_on(execute(&split.fragments, &place, (&digests, Wanted::ALL, None), &mut tables))
            .map(|_| ())
    };
    assert!(run().is_ok() && run().is_ok());

    let file = snapshot.join("patient.parquet");
    let modified = std::fs::metadata(&file).unwrap().modified().unwrap();
    let good = std::fs::read(&file).unwrap();
    let mut bad = good.clone();
    let middle = bad.len() / 2;
    bad[middle] ^= 1;
    let write = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let opened = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
        opened.set_modified(modified).unwrap();
    };
    write(&bad);
    assert!(matches!(run(), Err(RunError::BadSnapshot)), "of the old size and time");
    assert!(matches!(run(), Err(RunError::BadSnapshot)), "and again");
    write(&good);
    assert!(run().is_ok());
}

/// The plan that runs the first fragment.
fn physical(place: &Place<'_>, sql: &str, tables: &mut Tables) -> String {
    let split = cut::split(place.dataset, place.networks, sql).unwrap();
    let snapshot = snapshot::verify(place.snapshot, false).unwrap();
    let rows = bind::bind(&split.fragments[0], place, &snapshot, tables).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let plan = runtime.block_on(session().unwrap().create_physical_plan(&rows)).unwrap();
    datafusion::physical_plan::displayable(plan.as_ref()).indent(true).to_string()
}

#[test]
fn a_step_per_patient_streams_over_rows_that_come_patient_by_patient() {
    let temp = tempfile::tempdir().unwrap();
    let dataset = policies::dataset::file::parse("small", DATASET).unwrap();
    let snapshot = sealed(temp.path(), &dataset);
    let hospital = HospitalCode::new("ALFA").unwrap();
    let networks = Networks::new();
    let place = Place {
        dataset: &dataset,
        snapshot: &snapshot,
        hospital: &hospital,
        networks: &networks,
        not_given: &[],
    };
    for tables in [&mut Tables::default(), &mut Tables::keeping_files_to(0)] {
        for sql in [
            "SELECT avg(most) FROM (SELECT patient_key, max(bmi) AS most FROM patient GROUP BY patient_key) t",
            "SELECT count(*) FROM (SELECT patient_key, min(bmi) AS least FROM patient WHERE bmi > 20 \
             GROUP BY patient_key HAVING count(*) > 0) t",
        ] {
            let plan = physical(&place, sql, tables);
            assert!(plan.contains("ordering_mode=PartiallySorted"), "{plan}");
            assert!(!plan.contains("SortExec"), "{plan}");
        }
    }
}
