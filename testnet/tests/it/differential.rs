//! Pooled semantics at random: two thousand questions, and every one that was ever answered wrongly.
//!
//! PostgreSQL judges a sample where it is installed. Without it the test says so; with KRING_REQUIRE_POSTGRES=1, as CI
//! sets it, that is a failure.

use testnet::differential::postgres::{Cluster, installed};
use testnet::differential::{Campaign, dataset, judge::Bench};

pub(crate) mod indicators;
mod regressions;

/// A cluster, if there is PostgreSQL.
pub(crate) fn cluster() -> Option<Cluster> {
    let required = std::env::var_os("KRING_REQUIRE_POSTGRES").is_some_and(|value| value == "1");
    if installed().is_none() && !required {
        // Past the test's capture, so that it is seen.
        testnet::print::note("skipped: no PostgreSQL; install it (Debian: postgresql)");
        return None;
    }
    Some(Cluster::start().unwrap())
}

#[test]
fn two_thousand_questions_are_answered_as_the_pooled_tables_would() {
    let cluster = cluster();
    let campaign =
        Campaign { seed: 20, queries: 2_000, per_dataset: 80, threads: 2, sample: 5, only: None };
    let tally = campaign.run(cluster.as_ref()).unwrap();
    assert_eq!(tally.wrong_count, 0, "{}", tally.wrong.join("\n"));
    assert_eq!(tally.questions, 2_000);
    assert!(cluster.is_none() || tally.unjudged == 0, "{}", tally.lines().join("\n"));
    // The test would say nothing if most questions were refused.
    assert!(tally.same > 1_000, "{}", tally.lines().join("\n"));
    assert!(cluster.is_none() || tally.postgres > 50, "{}", tally.lines().join("\n"));
}

#[test]
fn a_wrong_answer_would_be_seen() {
    use testnet::differential::grammar::Oracles;
    use testnet::differential::judge::{Asked, Outcome};
    let (schema, hospitals) = dataset(7, 1);
    let mut bench = Bench::new(&schema.text(), &hospitals, None).unwrap();
    let oracles = Oracles { datafusion: true, postgres: false };
    let mut judge = |network, pooled| {
        bench.judge(
            &Asked { network, pooled, ordered: false, oracles, question: None, sampled: true },
            None,
        )
    };
    let same = judge("SELECT count(*) FROM patient", "SELECT count(*) FROM patient");
    assert_eq!(same, Outcome::Same { datafusion: true, postgres: false, overruled: false });
    let other = judge("SELECT count(*) FROM patient", "SELECT count(*) + 1 FROM patient");
    assert!(matches!(other, Outcome::Wrong { .. }), "{other:?}");
    let null = judge("SELECT count(*) FROM patient", "SELECT CAST(NULL AS BIGINT)");
    assert!(matches!(null, Outcome::Wrong { .. }), "{null:?}");
    let fault = judge("SELECT count(* FROM patient", "SELECT 1");
    assert!(matches!(fault, Outcome::Wrong { .. }), "{fault:?}");
}

#[test]
fn where_no_hospital_has_patients_answers_are_those_of_empty_tables() {
    use testnet::differential::grammar::Oracles;
    use testnet::differential::judge::{Asked, Outcome};
    use testnet::differential::rows::hospital;
    let schema = testnet::differential::schema::Schema::fixed();
    let mut dice = testnet::differential::dice::Dice::new(&[1]);
    let codes = ["ALFA", "BRAVO"].map(str::to_owned).into_iter();
    let hospitals = codes.map(|code| (code, hospital(&mut dice, &schema, 0))).collect();
    let mut bench = Bench::new(&schema.text(), &hospitals, None).unwrap();
    let oracles = Oracles { datafusion: true, postgres: false };
    for sql in [
        "SELECT count(*) AS n, sum(t_num) AS s, avg(t_dec) AS a, stddev(t_num) AS d FROM tumour",
        "SELECT t_flag AS g, count(*) AS n FROM tumour GROUP BY t_flag",
        "SELECT hospital AS g, count(*) AS n FROM tumour GROUP BY hospital",
        "SELECT t_cat AS g, count(*) AS n FROM tumour GROUP BY ROLLUP (t_cat)",
        "SELECT * FROM (SELECT t_flag AS g, count(*) AS n FROM tumour GROUP BY t_flag) y WHERE y.n > 3",
        "SELECT * FROM (SELECT count(*) AS n FROM tumour) y WHERE y.n < 3",
        "SELECT max(y.n) AS m, count(*) AS c FROM (SELECT t_cat, count(*) AS n FROM tumour GROUP BY t_cat) y",
        "WITH a AS (SELECT (d.x BETWEEN 56.9 AND 54.0) AS g, count(*) AS n FROM (SELECT patient_key AS k, sum(t_dec) AS x FROM tumour GROUP BY patient_key) d GROUP BY (d.x BETWEEN 56.9 AND 54.0)), b AS (SELECT * FROM a WHERE a.n > 3) SELECT * FROM b",
        "SELECT t_flag AS g, count(*) AS n FROM tumour GROUP BY t_flag HAVING count(*) > 1 ORDER BY g LIMIT 2",
    ] {
        let asked = Asked {
            network: sql,
            pooled: sql,
            ordered: false,
            oracles,
            question: None,
            sampled: false,
        };
        let outcome = bench.judge(&asked, None);
        assert!(matches!(outcome, Outcome::Same { .. }), "{sql}\n{outcome:?}");
    }
}
