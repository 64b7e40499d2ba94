//! Walks around the rules by arithmetic: what a figure tells is looked at, not the words around it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::hidden::statuses;
use super::network::{Network, Protect, Rows, Tables, Worker};
use query::pipe::CellStatus::Hidden;

const DATASET: &str = r#"id = "walks"
version = 1
status = "synthetic"
title = { en = "Walks" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }]

[code_lists.kind]
codes = [{ code = "s" }, { code = "r" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "dead", type = "integer", class = "flag" },
  { name = "side", type = "integer", class = "measure", min = 1, max = 2 },
  { name = "stay", type = "integer", class = "measure", min = 0, max = 90 },
  { name = "bmi", type = "decimal", scale = 1, class = "measure", min = "10.0", max = "60.0" },
]

[[tables]]
name = "treatment"
key = "treatment_key"
foreign_keys = [{ column = "patient_key", table = "patient" }]
columns = [
  { name = "treatment_key", type = "integer", class = "key" },
  { name = "patient_key", type = "integer", class = "key" },
  { name = "kind", type = "text", class = "category", codes = "kind" },
  { name = "dose", type = "integer", class = "measure", min = 0, max = 90 },
]
"#;

/// So many patients of each grade with two operations each; in the second grade one of them with a radiotherapy too.
fn treatments(patients: u32) -> Rows {
    let mut rows = Vec::new();
    for grade in 1..=2 {
        for at in 0..patients {
            let patient = grade * 100 + at;
            let others = if grade == 1 { u32::from(at < 10) } else { u32::from(at == 0) };
            for number in 0..2 + others {
                let kind = if number < 2 { "s" } else { "r" };
                let row = [patient * 10 + number, patient].map(|key| key.to_string());
                rows.push([row.to_vec(), vec![kind.to_owned(), (5 + at % 7).to_string()]].concat());
            }
        }
    }
    let columns = ["treatment_key", "patient_key", "kind", "dose"].map(str::to_owned).to_vec();
    Rows { columns, rows }
}

/// So many patients of each of two grades, half of them dead in the first and two in the second; these two stayed longest.
fn site(patients: u32) -> Tables {
    let mut rows = Vec::new();
    for grade in 1..=2 {
        for at in 0..patients {
            let dead = if grade == 1 { at < patients / 2 } else { at < 2 };
            let stay = if dead { 61 + at % 20 } else { 21 + at % 20 };
            let row = [
                (grade * 100 + at).to_string(),
                grade.to_string(),
                u32::from(dead).to_string(),
                (1 + u32::from(dead)).to_string(),
                stay.to_string(),
                format!("{}.5", 20 + at),
            ];
            rows.push(row.to_vec());
        }
    }
    let columns = ["patient_key", "grade", "dead", "side", "stay", "bmi"];
    let columns = columns.map(str::to_owned).to_vec();
    let of = Rows { columns, rows };
    BTreeMap::from([("patient".to_owned(), of), ("treatment".to_owned(), treatments(patients))])
}

/// One hospital with such a site.
struct Walks {
    network: Network,
    worker: Worker,
}

impl Walks {
    fn new(patients: u32) -> Self {
        let sites = BTreeMap::from([("ALFA".to_owned(), site(patients))]);
        Self { network: Network::new(DATASET, &sites, Protect::DEFAULT), worker: Worker::start() }
    }

    /// The figure of both grades, and in which of them it is hidden.
    #[track_caller]
    fn ask(&mut self, figure: &str, from: &str) -> (Vec<Value>, Vec<usize>) {
        let sql = format!(
            "SELECT {figure} AS x, count(*) AS n FROM {from} GROUP BY grade ORDER BY grade"
        );
        let answer = self.network.ask(&mut self.worker, &sql);
        let answer = answer.unwrap_or_else(|failure| panic!("{sql}: {failure:?}"));
        let hidden = statuses(&answer);
        assert!(
            hidden.iter().all(|(_, column, status)| (*column, *status) == (0, Hidden)),
            "{sql}"
        );
        let values = answer.rows.iter().map(|row| json!(row[0])).collect();
        (values, hidden.into_iter().map(|(row, ..)| row).collect())
    }

    /// Checks that the figure is shown where twenty died, and null where two did.
    #[track_caller]
    fn check(&mut self, figure: &str, first: Value) {
        assert_eq!(self.ask(figure, "patient"), (vec![first, Value::Null], vec![1]), "{figure}");
    }
}

#[test]
fn a_count_of_few_is_hidden_in_any_words() {
    let mut walks = Walks::new(40);
    walks.check("sum(dead)", json!("20"));
    for (figure, shown) in [
        ("sum(dead + 1)", "60"),
        ("sum(2 - dead)", "60"),
        ("sum(dead * 2)", "40"),
        ("sum(1000 * dead + 7)", "20280"),
        ("sum(dead * dead)", "20"),
        ("sum(CASE WHEN dead = 1 THEN 2 ELSE 1 END)", "60"),
        ("sum(CASE WHEN stay > 60 THEN 1 ELSE 2 END)", "60"),
        ("sum(CASE dead WHEN 1 THEN 3 WHEN 0 THEN 3 ELSE 4 END - 2 * dead)", "80"),
        ("sum(CAST(dead = 1 AS INTEGER))", "20"),
        ("sum(coalesce(nullif(dead, 0), 5))", "120"),
        ("sum(greatest(dead, 0))", "20"),
        ("sum(abs(dead - 1))", "20"),
        ("sum(side)", "60"),
        ("sum(stay / 61)", "20"),
    ] {
        walks.check(figure, json!(shown));
    }
    // One patient stayed for 61 days, so the remainder tells of one in the first group too.
    assert_eq!(walks.ask("sum(stay % 61)", "patient").1, [0, 1]);
    for figure in ["avg(dead + 1)", "avg(dead * 1.0)", "sum(dead / 3.0)", "stddev(dead + 1)"] {
        let (shown, hidden) = walks.ask(figure, "patient");
        assert!(!shown[0].is_null() && hidden == [1], "{figure}: {shown:?}");
    }
}

#[test]
fn a_sum_of_few_is_hidden_in_any_words() {
    let mut walks = Walks::new(40);
    for figure in [
        "sum(stay) FILTER (WHERE dead = 1)",
        "sum(CASE WHEN dead = 1 THEN stay END)",
        "sum(CASE WHEN dead = 1 THEN stay ELSE 0 END)",
        "sum(CASE WHEN dead = 1 THEN stay ELSE 7 END)",
        "sum(stay * dead)",
        "sum(stay + 1000 * dead)",
        "avg(bmi + 10 * dead)",
        "avg((stay + 3 * dead) / 7.0)",
        "sum(greatest(stay, 60))",
        "sum(least(stay, 60) - stay)",
        "sum(abs(stay - 60))",
        "regr_avgx(stay, dead + 1)",
        "regr_slope(stay, dead + 1)",
        "corr(stay, 2 * dead)",
        "covar_pop(stay, CASE WHEN dead = 1 THEN 30 ELSE 1 END)",
    ] {
        let (shown, hidden) = walks.ask(figure, "patient");
        assert!(!shown[0].is_null() && hidden == [1], "{figure}: {shown:?}");
    }
}

/// Ten power sums of ten patients would be ten equations in as many unknowns.
#[test]
fn products_and_powers_are_spreads() {
    let (mut ten, mut many) = (Walks::new(10), Walks::new(40));
    for figure in [
        "avg(bmi * bmi)",
        "sum((bmi - 35.0) * (bmi - 35.0))",
        "avg(bmi * bmi * bmi)",
        "sum(bmi * stay)",
        "sum(bmi / stay)",
        "stddev(bmi)",
        "avg(CAST(bmi AS DOUBLE) * CAST(bmi AS DOUBLE))",
    ] {
        let (_, hidden) = ten.ask(figure, "patient");
        assert_eq!(hidden, [0, 1], "{figure}");
        let (shown, hidden) = many.ask(figure, "patient");
        assert!(!shown[0].is_null() && hidden.is_empty(), "{figure}: {shown:?}");
    }
    assert_eq!(ten.ask("avg(bmi)", "patient").1, [0_usize; 0]);
    // Two values are too few for a product.
    assert_eq!(many.ask("sum(bmi * side)", "patient").1, [0, 1]);
}

#[test]
fn arithmetic_of_a_derived_table_is_looked_at_too() {
    let mut walks = Walks::new(40);
    let made = |y: &str| format!("(SELECT grade, {y} AS y FROM patient) AS made");
    for y in
        ["dead + 1", "2 - dead", "CASE WHEN dead = 1 THEN 2 ELSE 1 END", "dead * 3", "stay / 61"]
    {
        let (shown, hidden) = walks.ask("sum(y)", &made(y));
        assert!(!shown[0].is_null() && hidden == [1], "{y}: {shown:?}");
    }
    let ten = Walks::new(10).ask("sum(y)", &made("bmi * bmi"));
    assert_eq!(ten.1, [0, 1]);
}

/// Every patient has operations, and one of the second grade one row more: the difference to the whole is that row.
#[test]
fn a_part_with_all_patients_is_hidden_if_it_leaves_rows_of_a_few() {
    let mut walks = Walks::new(30);
    let from = "patient p JOIN treatment t ON p.patient_key = t.patient_key";
    for figure in [
        "count(*) FILTER (WHERE kind = 's')",
        "sum(dose) FILTER (WHERE kind = 's')",
        "avg(CASE WHEN kind = 's' THEN dose END)",
        "sum(CASE WHEN kind = 's' THEN 1 ELSE 0 END)",
    ] {
        let (shown, hidden) = walks.ask(figure, from);
        assert!(!shown[0].is_null() && hidden == [1], "{figure}: {shown:?}");
    }
}
