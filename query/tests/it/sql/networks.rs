//! `network`: membership below the cut, a group for each network above it, and nobody twice in a total.
//!
//! ALFA and BRAVO are in embraze, BRAVO and CHARLIE in concord, DELTA is in none (see [`super::network::MEMBERSHIPS`]).

use std::collections::BTreeMap;

use query::pipe::{CellStatus, Finished};
use serde_json::json;

use super::differential::{order, same, values};
use super::hidden::{self, sites, statuses};
use super::hospitals::{DATASET, extremes, hospitals};
use super::network::{Network, Protect, Tables, Worker, hospital};
use super::pooled::Pool;

const H: CellStatus = CellStatus::Hidden;
const I: CellStatus = CellStatus::Incomplete;
const QUESTIONS: &str = include_str!("questions_network.sql");
const BY_NETWORK: &str = "SELECT network, grade, count(*) AS n FROM patient GROUP BY network, grade ORDER BY network, grade";

#[test]
fn networks_are_as_the_pooled_tables_with_their_memberships_would_have_them() {
    equal(&hospitals());
}

#[track_caller]
fn equal(hospitals: &BTreeMap<String, Tables>) {
    let network = Network::new(DATASET, hospitals, Protect::OFF);
    let pool = Pool::new(network.dataset(), hospitals);
    let mut worker = Worker::start();
    let mut wrong = Vec::new();
    for question in QUESTIONS.lines().filter(|line| !line.starts_with("--")) {
        let (sql, reference) = question.split_once(" ~~ ").unwrap_or((question, question));
        let (types, mut expected) = pool.ask(reference);
        let finished = match network.ask(&mut worker, sql) {
            Ok(finished) => finished,
            Err(failure) => {
                wrong.push(format!("{sql}\n  {failure:?}"));
                continue;
            }
        };
        let kinds: Vec<String> = finished.columns.iter().map(|c| c.kind.clone()).collect();
        let mut got = values(&finished);
        expected.sort_by(|a, b| order(a, b));
        got.sort_by(|a, b| order(a, b));
        if !same(&expected, &got) || kinds != types || !finished.cells.is_empty() {
            wrong.push(format!(
                "{sql}\n  expected {types:?} {expected:?}\n  got      {kinds:?} {got:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_fragment_grouped_by_network_is_the_one_without() {
    let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
    let mut worker = Worker::start();
    let mut digests = |sql: &str| {
        let planned = network.plan(&mut worker, sql).unwrap();
        let fragments = planned.footprint.fragments;
        fragments.iter().map(|fragment| fragment.digest).collect::<Vec<_>>()
    };
    let plain = digests("SELECT grade, count(*) FROM diagnosis GROUP BY grade");
    assert_eq!(plain, digests("SELECT grade, count(*) FROM diagnosis GROUP BY network, grade"));
    let rollup =
        digests("SELECT network, grade, count(*) FROM diagnosis GROUP BY ROLLUP (grade, network)");
    assert_eq!(rollup.len(), 2, "with grade, and without");
    assert_eq!(rollup.first(), plain.first());
    let limited = "SELECT count(*) FROM diagnosis WHERE network IN ('embraze', 'concord')";
    let turned =
        "SELECT count(*) FROM diagnosis WHERE network IN ('concord', 'embraze', 'concord')";
    assert_eq!(digests(limited), digests(turned));
    let other = "SELECT count(*) FROM diagnosis WHERE network IN ('embraze', 'leeg')";
    assert_ne!(digests(limited), digests(other));
}

#[track_caller]
fn check(answer: &Finished, rows: serde_json::Value, cells: &[(usize, usize, CellStatus)]) {
    assert_eq!(json!(answer.rows), rows);
    assert_eq!(statuses(answer), cells);
}

#[test]
fn a_network_s_figures_are_shown_hidden_or_incomplete_as_those_of_its_hospitals() {
    let answer = hidden::ask(Protect::DEFAULT, BY_NETWORK);
    let rows = json!([
        ["concord", "1", "10"],
        ["concord", "2", null],
        ["concord", "3", null],
        ["concord", "4", null],
        ["embraze", "1", "30"],
        ["embraze", "2", null],
        ["embraze", "3", null],
        ["embraze", "4", null]
    ]);
    let hidden = [(1, 2, H), (2, 2, H), (3, 2, H), (5, 2, I), (6, 2, H), (7, 2, H)];
    check(&answer, rows, &hidden);
    let sql = "SELECT network, count(*) AS n FROM patient WHERE grade = 1 GROUP BY ROLLUP (network) ORDER BY network";
    let answer = hidden::ask(Protect::DEFAULT, sql);
    check(&answer, json!([["concord", "10"], ["embraze", "30"], [null, "30"]]), &[]);
}

#[test]
fn a_sum_of_what_is_hidden_in_a_network_is_not_shown() {
    let sql = format!(
        "SELECT network, sum(n) AS s, count(*) AS c FROM ({BY_NETWORK}) x GROUP BY network ORDER BY network"
    );
    let answer = hidden::ask(Protect::DEFAULT, &sql);
    let cells = [(0, 1, H), (0, 2, H), (1, 1, I), (1, 2, H)];
    check(&answer, json!([["concord", null, null], ["embraze", null, null]]), &cells);
}

#[test]
fn a_network_without_answering_hospitals_has_no_row() {
    let network = Network::new(hidden::DATASET, &sites(), Protect::OFF);
    let mut worker = Worker::start();
    let by = "SELECT network, count(*) AS n FROM patient GROUP BY network ORDER BY network";
    let answer = network.ask_some(&mut worker, by, &[hospital("ALFA")]).unwrap();
    check(&answer, json!([["embraze", "44"]]), &[]);
    let answer = network.ask_some(&mut worker, by, &[]).unwrap();
    check(&answer, json!([]), &[]);
    let with_total =
        "SELECT network, count(*) AS n FROM patient GROUP BY ROLLUP (network) ORDER BY network";
    let answer = network.ask_some(&mut worker, with_total, &[]).unwrap();
    check(&answer, json!([[null, "0"]]), &[]);
}

#[test]
fn hospitals_in_no_network_count_in_the_total_only() {
    let sites = BTreeMap::from([("DELTA".to_owned(), sites()["ALFA"].clone())]);
    let network = Network::new(hidden::DATASET, &sites, Protect::OFF);
    let sql =
        "SELECT network, count(*) AS n FROM patient GROUP BY ROLLUP (network) ORDER BY network";
    let answer = network.ask(&mut Worker::start(), sql).unwrap();
    check(&answer, json!([[null, "44"]]), &[]);
}

#[test]
fn empty_hospitals_and_extreme_ones_change_nothing() {
    equal(&extremes());
}

#[test]
fn explain_says_what_is_asked_of_networks_and_that_cells_are_copied() {
    let network = Network::new(DATASET, &BTreeMap::new(), Protect::OFF);
    let sql = "SELECT network, count(*) FROM diagnosis WHERE network = 'concord' GROUP BY network";
    let explained = network.plan(&mut Worker::start(), sql).unwrap().explained;
    let has = |lines: &[String], words: &str| lines.iter().any(|line| line.contains(words));
    assert!(has(&explained.per_patient, "network = 'concord'"), "{explained:?}");
    assert!(has(&explained.over_hospitals, "copied into each of its networks"), "{explained:?}");
    assert!(has(&explained.over_hospitals, "only concord"), "{explained:?}");
    assert!(!has(&explained.over_patients, "group by"), "{explained:?}");
}
