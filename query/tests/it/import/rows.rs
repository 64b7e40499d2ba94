//! Rows that are taken, rejected and left out.

use datafusion::arrow::array::{Array as _, AsArray as _};
use datafusion::arrow::datatypes::Decimal128Type;
use policies::dataset::{Class, Column, ColumnType};
use query::import::{Format, ImportPlan, import};

use super::*;

#[tokio::test]
async fn good_rows_are_sealed_in_order() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let report = site.import().await.unwrap();
    assert_eq!((report.patients, report.rejected, report.problems_total), (3, 0, 0));
    let patient = sealed(&report, "patient");
    let names: Vec<_> = patient.schema().fields().iter().map(|f| f.name().clone()).collect();
    assert_eq!(names, ["patient_key", "age", "sex", "bmi", "__rkey", "__patient"]);
    assert_eq!(integers(&patient, "patient_key"), [7, 10, 30]);
    assert_eq!(numbers(&patient), [0, 1, 2]);
    let bmi = patient.column_by_name("bmi").unwrap().as_primitive::<Decimal128Type>();
    assert_eq!((bmi.precision(), bmi.scale()), (18, 1));
    assert_eq!(bmi.iter().collect::<Vec<_>>(), [None, Some(225), Some(312)]);
    assert_eq!(report.tables[&ident("patient")].rounded, 1);
    let treatment = sealed(&report, "treatment");
    assert_eq!(texts(&treatment, "treatment_key"), ["b", "c", "a"]);
    assert_eq!(numbers(&treatment), [1, 1, 2]);
    assert_eq!(integers(&treatment, "day"), [3, -1, 5]);
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
    assert_eq!(
        report.problems[1].to_string(),
        "patients, line 4, patient.age: `121` is out of bounds: at least 0, at most 120"
    );
    assert_eq!(report.reasons["out_of_bounds"], 2);
    assert_eq!((report.rejected, report.problems_total), (14, 15));
    let patient = &report.tables[&ident("patient")];
    assert_eq!((patient.read, patient.accepted, patient.rejected), (11, 2, 9));
    assert_eq!(report.problems[1].reason, "`121` is out of bounds: at least 0, at most 120");
    assert_eq!(report.problems[6].reason, "the key was used before, on line 2");
}

#[tokio::test]
async fn a_measure_beyond_its_bounds_is_clamped_and_counted_by_column() {
    let patients =
        "patient_key,age,sex,bmi\n1,54,m,9.9\n2,54,m,80.1\n3,54,m,800\n4,54,m,10\n5,54,m,\n";
    let site = Site::with(patients, "treatment_key,patient_key,day,chemo\na,1,-31,0\n");
    let report = import(&ImportPlan { strict: true, ..site.plan() }).await.unwrap();
    let bmi = sealed(&report, "patient");
    let bmi = bmi.column_by_name("bmi").unwrap().as_primitive::<Decimal128Type>();
    let expected = [Some(100), Some(800), Some(800), Some(100), None];
    assert_eq!(bmi.iter().collect::<Vec<_>>(), expected);
    assert_eq!(integers(&sealed(&report, "treatment"), "day"), [-30]);
    let clamped = |table: &str, column: &str| {
        report.tables[&ident(table)].clamped.get(&ident(column)).copied()
    };
    assert_eq!(clamped("patient", "bmi"), Some(3));
    assert_eq!(clamped("treatment", "day"), Some(1));
    assert_eq!(clamped("treatment", "chemo"), None);
    assert!(report.to_html().contains("<td>patient.bmi</td><td class=\"n\">3</td>"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["tables"]["treatment"]["clamped"], serde_json::json!({"day": 1}));
}

#[tokio::test]
async fn a_strict_import_seals_nothing_when_a_row_is_rejected() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let strict = || ImportPlan { strict: true, ..site.plan() };
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
async fn where_every_patient_is_rejected_nothing_is_sealed() {
    let site =
        Site::with("patient_key,age,sex,bmi\n1,x,m,20\n", "treatment_key,patient_key,day,chemo\n");
    assert_eq!(site.import().await.unwrap_err().code(), "import_no_patients");
    assert_eq!(site.current(), None);
    assert!(!site.path("numbers").exists());
}

#[tokio::test]
async fn a_hospital_without_patients_has_a_snapshot() {
    let (patients, treatments) =
        ("patient_key,age,sex,bmi\n", "treatment_key,patient_key,day,chemo\n");
    let site = Site::with(patients, treatments);
    let empty = site.import().await.unwrap();
    assert_eq!((empty.patients, empty.rejected), (0, 0));
    assert_eq!(site.current(), empty.folder);
    assert!(integers(&sealed(&empty, "patient"), "patient_key").is_empty());
    assert!(empty.to_html().contains("There is no patient in it."));
    // Patients come, and go again.
    site.write("patients.csv", PATIENTS);
    site.write("treatments.csv", TREATMENTS);
    let filled = site.import().await.unwrap();
    assert!(filled.patients > 0);
    site.write("patients.csv", patients);
    site.write("treatments.csv", treatments);
    assert_eq!(site.import().await.unwrap().snapshot, empty.snapshot);
    assert_eq!(site.current(), empty.folder);
}

#[tokio::test]
async fn opted_out_patients_are_left_out_with_their_rows() {
    let patients = "patient_key,age,sex,bmi,bezwaar\n\
        10,54,m,22.5,ja\n7,61,f,,nee\n30,bad,f,31.2,1\n31,50,f,31.2,?\n8,50,m,20,\n9,50,m,20,0\n\
        9,50,m,20,yes\n";
    let site = Site::with(patients, format!("{TREATMENTS}d,7,1,1\n"));
    let plan = ImportPlan { opt_out: Some("bezwaar".to_owned()), ..site.plan() };
    let report = import(&plan).await.unwrap();
    assert_eq!(found(&report), [("patients", 5, "", "opt_out_unreadable")]);
    assert_eq!(integers(&sealed(&report, "patient"), "patient_key"), [7, 8]);
    assert_eq!(texts(&sealed(&report, "treatment"), "treatment_key"), ["d"]);
    let patient = &report.tables[&ident("patient")];
    assert_eq!((patient.read, patient.accepted, patient.rejected), (7, 2, 1));
    assert_eq!((patient.opted_out, report.tables[&ident("treatment")].opted_out), (4, 3));
    assert!(!fs::read_to_string(site.path("numbers")).unwrap().contains("\n10\n"));
    let plan = ImportPlan { opt_out: Some("optout".to_owned()), ..site.plan() };
    assert_eq!(import(&plan).await.unwrap_err().code(), "import_mapping_invalid");
}

#[tokio::test]
async fn rows_never_cross_patients() {
    let mut site = Site::with(PATIENTS, TREATMENTS);
    let cycle = vec![
        column("cycle_key", ColumnType::Integer, Class::Key),
        column("treatment_key", ColumnType::Text, Class::Key),
        Column { nullable: true, ..column("patient_key", ColumnType::Integer, Class::Key) },
    ];
    let parents = [("treatment_key", "treatment"), ("patient_key", "patient")];
    // Its name sorts before its parents'.
    let (name, cycles) = table("cycle", "cycle_key", &parents, cycle);
    site.dataset.tables.insert(name, cycles);
    site.write("cycles.csv", "cycle_key,treatment_key,patient_key\n1,a,30\n2,b,30\n3,b,\n4,z,10\n");
    let mut plan = site.plan();
    plan.sources.push(site.source("cycles", "cycles.csv", Format::csv()));
    plan.tables.push(columns("cycle", "cycles"));
    let report = import(&plan).await.unwrap();
    let expected = [
        ("cycles", 3, "patient_key", "foreign_keys_disagree"),
        ("cycles", 5, "treatment_key", "foreign_key_unknown"),
    ];
    assert_eq!(found(&report), expected);
    let cycles = sealed(&report, "cycle");
    assert_eq!((integers(&cycles, "cycle_key"), numbers(&cycles)), (vec![3, 1], vec![1, 2]));
    assert_eq!(cycles.column_by_name("patient_key").unwrap().null_count(), 1);
}

#[tokio::test]
async fn the_report_is_bounded_and_its_page_escaped() {
    let mut patients = PATIENTS.to_owned();
    for key in 0..1500 {
        patients.push_str(&format!("{},<script>alert({key})</script>,m,20\n", 1000 + key));
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
