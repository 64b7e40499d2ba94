//! The Rotterdam tumour bank over five hospitals equals R on the pooled table.

use std::collections::BTreeMap;

use super::network::{Network, Protect, Rows, Tables, Worker};

const DATASET: &str = r#"id = "rotterdam"
version = 1
status = "synthetic"
title = { en = "Rotterdam tumour bank" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 2 }, { code = 3 }]

[[tables]]
name = "patient"
key = "pid"
columns = [
  { name = "pid", type = "integer", class = "key" },
  { name = "age", type = "integer", class = "measure", min = 18, max = 100 },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "dtime", type = "integer", class = "measure", min = 0, max = 10000 },
  { name = "death", type = "integer", class = "flag" },
]
"#;

/// `pid % 5` hospitals, from the file that lies beside the tests.
fn hospitals() -> BTreeMap<String, Tables> {
    let columns = ["pid", "age", "grade", "dtime", "death"];
    let mut lines = include_str!("rotterdam.csv").lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').map(|c| c.trim_matches('"')).collect();
    let at = columns.map(|column| header.iter().position(|c| *c == column).unwrap());
    let mut hospitals: BTreeMap<String, Tables> = BTreeMap::new();
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let row: Vec<String> = at.iter().map(|at| fields[*at].to_owned()).collect();
        let code = format!("HOSP{}", row[0].parse::<u32>().unwrap() % 5);
        let tables = hospitals.entry(code).or_default();
        let rows = tables.entry("patient".to_owned()).or_insert_with(|| Rows {
            columns: columns.map(str::to_owned).to_vec(),
            rows: Vec::new(),
        });
        rows.rows.push(row);
    }
    hospitals
}

#[track_caller]
fn close(value: &serde_json::Value, expected: f64) {
    let value = value.as_f64().unwrap();
    assert!((value - expected).abs() < 5e-6, "{value}, R says {expected}");
}

#[test]
fn counts_means_spreads_and_deaths_by_grade_equal_r() {
    let network = Network::new(DATASET, &hospitals(), Protect::DEFAULT);
    let mut worker = Worker::start();
    let sql = "SELECT grade, count(*) AS n, avg(age) AS mean_age, stddev(age) AS sd_age, \
               count(*) FILTER (WHERE death = 1 AND dtime < 1826.25) AS deaths \
               FROM patient GROUP BY grade ORDER BY grade";
    let answer = network.ask(&mut worker, sql).unwrap();
    assert_eq!(answer.rows.len(), 2);
    for (row, grade, n, mean, sd, deaths) in
        [(0, "2", "794", 54.38161, 12.66243, "140"), (1, "3", "2188", 55.30393, 13.05100, "613")]
    {
        let row = &answer.rows[row];
        assert_eq!(
            (row[0].as_str(), row[1].as_str(), row[4].as_str()),
            (Some(grade), Some(n), Some(deaths))
        );
        close(&row[2], mean);
        close(&row[3], sd);
    }
    let answer = network.ask(&mut worker, "SELECT avg(age), stddev(age) FROM patient").unwrap();
    close(&answer.rows[0][0], 55.05835);
    close(&answer.rows[0][1], 12.95299);
}
