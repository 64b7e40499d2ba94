//! What analysts ask of a network that `up` started, against PostgreSQL over the pooled tables.

use policies::dataset::ColumnType;
use query::pipe::Finished;
use serde_json::{Map, Value};
use testnet::differential::compare::{Answer, Equal};
use testnet::differential::pooled::{PooledTable, pool};
use testnet::generate::Region;
use testnet::topology::SUB_NETWORKS;

use super::Folder;
use crate::differential::cluster;
use crate::differential::indicators::{DATASET, hospitals, without_opt_outs};

/// A question, and how PostgreSQL writes it where that differs.
struct Case {
    network: &'static str,
    postgres: Option<&'static str>,
    ordered: bool,
}

const CASES: [Case; 6] = [
    // A numerator and a denominator.
    Case {
        network: "WITH den AS (SELECT t.start_year AS y, count(*) AS n FROM treatment t WHERE t.modality = 'surgery' GROUP BY t.start_year), \
                  num AS (SELECT t.start_year AS y, count(*) AS n FROM treatment t JOIN pathology p ON p.treatment_key = t.treatment_key \
                  WHERE t.modality = 'surgery' AND p.margin = 'R0' GROUP BY t.start_year) \
                  SELECT den.y, num.n AS radical, den.n AS operations, round(100.0 * num.n / den.n, 1) AS percent \
                  FROM den LEFT JOIN num ON num.y = den.y ORDER BY den.y",
        postgres: None,
        ordered: true,
    },
    // Totals by network and hospital: a hospital in two networks counts in both, and once in the total.
    Case {
        network: "SELECT network, hospital, count(*) AS n, avg(age_at_inc) AS age FROM diagnosis GROUP BY ROLLUP (network, hospital)",
        postgres: Some(
            "SELECT m.network, d.hospital, count(*) AS n, avg(CAST(age_at_inc AS DOUBLE PRECISION)) AS age FROM diagnosis d \
             JOIN membership m ON m.hospital = d.hospital GROUP BY m.network, d.hospital \
             UNION ALL SELECT m.network, NULL, count(*), avg(CAST(age_at_inc AS DOUBLE PRECISION)) FROM diagnosis d \
             JOIN membership m ON m.hospital = d.hospital GROUP BY m.network \
             UNION ALL SELECT NULL, NULL, count(*), avg(CAST(age_at_inc AS DOUBLE PRECISION)) FROM diagnosis",
        ),
        ordered: false,
    },
    // A median: the pooled one lies in the interval that the answer states.
    Case {
        network: "SELECT tumour_group, median(age_at_inc) AS m, count(*) AS n FROM diagnosis GROUP BY tumour_group",
        postgres: Some(
            "SELECT tumour_group, percentile_cont(0.5) WITHIN GROUP (ORDER BY age_at_inc) AS m, count(*) AS n FROM diagnosis GROUP BY tumour_group",
        ),
        ordered: false,
    },
    // Each patient's first treatment, then over patients.
    Case {
        network: "SELECT d.tumour_group, count(*) AS patients, sum(f.first_day) AS days, count(*) FILTER (WHERE f.first_day <= 42) AS in_time \
                  FROM (SELECT t.diagnosis_key, min(t.start_day) AS first_day FROM treatment t GROUP BY t.diagnosis_key) f \
                  JOIN diagnosis d ON d.diagnosis_key = f.diagnosis_key GROUP BY d.tumour_group",
        postgres: None,
        ordered: false,
    },
    // Complications of an operation.
    Case {
        network: "SELECT t.procedure, count(*) AS n, sum(CASE WHEN EXISTS (SELECT 1 FROM complication c WHERE c.treatment_key = t.treatment_key \
                  AND c.clavien >= 3) THEN 1 ELSE 0 END) AS serious FROM treatment t WHERE t.modality = 'surgery' GROUP BY t.procedure",
        postgres: None,
        ordered: false,
    },
    // A running total over released cells.
    Case {
        network: "SELECT inc_year, count(*) AS n, sum(count(*)) OVER (ORDER BY inc_year) AS so_far, rank() OVER (ORDER BY count(*) DESC) AS place \
                  FROM diagnosis GROUP BY inc_year ORDER BY inc_year",
        postgres: None,
        ordered: true,
    },
];

fn memberships() -> PooledTable {
    let columns = ["network", "hospital"].map(|name| (name.to_owned(), ColumnType::Text)).to_vec();
    let rows = SUB_NETWORKS.iter().flat_map(|(id, _, hospitals)| {
        hospitals.iter().map(|code| vec![Some((*id).to_owned()), Some((*code).to_owned())])
    });
    PooledTable { name: "membership".to_owned(), columns, rows: rows.collect() }
}

/// The table of an answer that the command line printed.
fn finished(answer: &Value) -> Finished {
    let of = |name: &str| (name.to_owned(), answer[name].clone());
    let fields = ["columns", "rows", "cells", "undecided", "intervals", "notes"].map(of);
    serde_json::from_value(Value::Object(Map::from_iter(fields))).unwrap()
}

#[test]
fn what_analysts_ask_is_what_postgresql_says_of_the_pooled_tables() {
    let Some(cluster) = cluster() else { return };
    let folder = Folder(tempfile::Builder::new().prefix("kring-up-").tempdir().unwrap());
    folder.good("up", &["--patients", "60", "--seed", "4", "--min-patients", "1"]);
    let dataset = policies::dataset::file::parse("oncology", DATASET).unwrap();
    let generated = without_opt_outs(&hospitals(Region::new(4, 5, 60)));
    let mut tables = pool(&dataset, &generated).unwrap();
    tables.push(memberships());
    let mut session = cluster.session().unwrap();
    session.load(&tables).unwrap();
    for Case { network, postgres, ordered } in CASES {
        let answer = folder.ask(network);
        let got = finished(&answer);
        assert!(got.cells.is_empty() && got.undecided == 0 && !got.rows.is_empty(), "{answer}");
        assert_eq!(answer["coverage"].as_object().unwrap().len(), 5);
        assert_eq!(network.contains("median"), !got.intervals.is_empty(), "{answer}");
        let expected = session.ask(postgres.unwrap_or(network)).unwrap();
        let equal = Equal { slack: 0.0, types_differ: true };
        let got = Answer::of(&got);
        assert!(
            got.matches(&expected, ordered, &equal),
            "{network}\nPostgreSQL says\n{}\nKring says\n{}",
            expected.shown(99),
            got.shown(99)
        );
    }
    folder.good("down", &[]);
}
