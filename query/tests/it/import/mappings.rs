//! Mappings by column and by SQL.

use std::collections::BTreeMap;

use query::import::{Format, ImportError, TableMapping, import};

use super::*;

#[tokio::test]
async fn sql_mappings_keep_lines() {
    let site = Site::with(
        "PID;Leeftijd;geslacht\n10;54;M\n7;oud;F\n30;70;F\n",
        "id,pid,van,tot\na,30,2020-01-01,2020-01-06\nb,10,2020-03-01,1999-01-01\nc,7,2020-01-01,2020-01-02\n",
    );
    let mut plan = site.plan();
    plan.sources[0].format = Format::Csv { delimiter: ';', null: "oud".to_owned() };
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
    ];
    assert_eq!(found(&report), expected);
    assert_eq!(texts(&sealed(&report, "patient"), "sex"), ["m", "f"]);
    assert_eq!(integers(&sealed(&report, "treatment"), "day"), [-30, 5]);
    assert_eq!(report.tables[&ident("treatment")].clamped[&ident("day")], 1);
    assert_eq!(integers(&sealed(&report, "treatment"), "chemo"), [1, 1]);
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
        ("SELECT CAST(sex AS INT) AS age FROM patients", "import_mapping_invalid"),
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

#[tokio::test]
async fn a_plan_that_does_not_fit_names_every_problem() {
    let site = Site::with(PATIENTS, TREATMENTS);
    let mut plan = site.plan();
    plan.sources[1].name = ident("patients");
    plan.sources[0].format = Format::Csv { delimiter: '"', null: String::new() };
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
    let ImportError::Plan { problems } = error else { panic!("{error}") };
    for part in [
        "two sources are named `patients`",
        "has the delimiter",
        "`elsewhere`, which is not configured",
        "table `patient` is mapped twice",
        "the dataset has no table `doctor`",
        "no column `height`",
        "table `treatment` is not mapped",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
    }
}
