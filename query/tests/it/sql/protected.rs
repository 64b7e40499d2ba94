//! Properties of what one hospital releases, over random small databases: an independent recount finds nothing shown that the
//! rules hide, and bytes depend on nothing that is hidden, nor on order or names.

use std::collections::{BTreeMap, BTreeSet};

use query::pipe::Finished;

use super::hospitals::Dice;
use super::network::{Network, Protect, Rows, Tables, Worker, hospital};

const DATASET: &str = r#"id = "parts"
version = 1
status = "synthetic"
title = { en = "Parts" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "event", type = "integer", class = "flag" },
  { name = "age", type = "integer", class = "measure", min = 0, max = 120 },
  { name = "size", type = "integer", class = "measure", min = 0, max = 5000, nullable = true },
]

[[tables]]
name = "visit"
key = "visit_key"
foreign_keys = [{ column = "patient_key", table = "patient" }]
columns = [
  { name = "visit_key", type = "text", class = "key" },
  { name = "patient_key", type = "text", class = "key" },
  { name = "cost", type = "integer", class = "measure", min = 0, max = 5000 },
]
"#;

const GRADES: u64 = 3;
const DATABASES: u64 = 14;
/// R1 and R2 of these tests' charter.
const K: usize = 10;
const PART: usize = 5;

/// One patient and the costs of its visits.
#[derive(Clone, Debug)]
struct Patient {
    key: String,
    grade: u64,
    event: u64,
    age: u64,
    size: Option<u64>,
    costs: Vec<u64>,
}

/// Grades of very different numbers of patients, few events or nearly all, few gaps, and some patients who outweigh all.
fn database(seed: u64) -> Vec<Patient> {
    let mut dice = Dice(seed.wrapping_mul(7919) + 17);
    let mut patients = Vec::new();
    for grade in 1..=GRADES {
        let many = [3, 9, 10, 11, 12, 15, 20, 30, 45][usize::try_from(dice.roll(9)).unwrap()];
        let (events, gaps, large) = (dice.roll(11), dice.roll(4) * 4, dice.roll(3));
        for _ in 0..many {
            let whale = large > 0 && dice.roll(12) == 0;
            let most = if whale { 5000 } else { 40 };
            let key = format!("p{:03}", patients.len());
            patients.push(Patient {
                key,
                grade,
                event: u64::from(dice.roll(10) < events),
                age: 30 + dice.roll(60),
                size: (gaps == 0 || dice.roll(gaps) > 0).then(|| dice.roll(most)),
                costs: (0..dice.roll(4)).map(|_visit| dice.roll(most)).collect(),
            });
        }
    }
    patients
}

fn tables(patients: &[Patient]) -> Tables {
    let names = |text: &str| text.split(' ').map(str::to_owned).collect();
    let mut patient = Rows { columns: names("patient_key grade event age size"), rows: Vec::new() };
    let mut visit = Rows { columns: names("visit_key patient_key cost"), rows: Vec::new() };
    for of in patients {
        let size = of.size.map(|size| size.to_string()).unwrap_or_default();
        let numbers = [of.grade, of.event, of.age].map(|number| number.to_string());
        let row = std::iter::once(of.key.clone()).chain(numbers).chain([size]);
        patient.rows.push(row.collect());
        for (at, cost) in of.costs.iter().enumerate() {
            visit.rows.push(vec![format!("{}-{at}", of.key), of.key.clone(), cost.to_string()]);
        }
    }
    BTreeMap::from([("patient".to_owned(), patient), ("visit".to_owned(), visit)])
}

fn network(patients: &[Patient], min_patients: u32) -> Network {
    let sites = BTreeMap::from([("ALFA".to_owned(), tables(patients))]);
    Network::new(DATASET, &sites, Protect { min_patients, zeros_shown: false })
}

/// What ALFA releases, to the byte.
fn frames(patients: &[Patient], sql: &str) -> Vec<Vec<u8>> {
    let network = network(patients, 10);
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, sql).unwrap();
    network.answer(&mut worker, sql, &planned, &hospital("ALFA")).frames().to_vec()
}

/// What a patient adds to a figure; none if it has no part in it.
type Adds = fn(&Patient) -> Option<u64>;

/// A column of the question, in SQL and in Rust.
struct Figure {
    sql: &'static str,
    adds: Adds,
    counts: bool,
}

const FIGURES: [Figure; 8] = [
    Figure { sql: "count(*)", adds: |_| Some(1), counts: true },
    Figure {
        sql: "count(*) FILTER (WHERE event = 1)",
        adds: |p| (p.event == 1).then_some(1),
        counts: true,
    },
    Figure { sql: "sum(event)", adds: |p| (p.event == 1).then_some(1), counts: true },
    Figure {
        sql: "count(*) FILTER (WHERE age >= 60)",
        adds: |p| (p.age >= 60).then_some(1),
        counts: true,
    },
    Figure {
        sql: "count(*) FILTER (WHERE age >= 64)",
        adds: |p| (p.age >= 64).then_some(1),
        counts: true,
    },
    Figure { sql: "count(size)", adds: |p| p.size.map(|_| 1), counts: true },
    Figure { sql: "sum(size)", adds: |p| p.size, counts: false },
    Figure {
        sql: "sum(size) FILTER (WHERE event = 0)",
        adds: |p| p.size.filter(|_| p.event == 0),
        counts: false,
    },
];

/// The question over all figures, spread last.
fn question() -> String {
    let figures = FIGURES.map(|figure| figure.sql).join(", ");
    format!("SELECT grade, {figures}, stddev(size) FROM patient GROUP BY grade ORDER BY grade")
}

fn ask(network: &Network, sql: &str) -> Finished {
    network.ask(&mut Worker::start(), sql).unwrap()
}

/// Which cells of the table are not shown.
fn hidden(finished: &Finished) -> BTreeSet<(usize, usize)> {
    finished.cells.iter().map(|cell| (cell.row, cell.column)).collect()
}

fn few(patients: usize) -> bool {
    (1..PART).contains(&patients)
}

/// Whether a figure of these contributions may be shown in a cell of `n` patients.
fn may_be_shown(n: usize, adds: &[u64], counts: bool) -> bool {
    let mut sorted = adds.to_vec();
    sorted.sort_unstable_by(|a, b| b.cmp(a));
    let (first, two): (u64, u64) =
        (sorted.first().copied().unwrap_or(0), sorted.iter().take(2).sum());
    let all: u64 = sorted.iter().sum();
    let part = adds.len() == n || !few(adds.len()) && !few(n - adds.len());
    let concentrated = !counts && (two * 100 > all * 85 || (all - two) * 100 < first * 10);
    n >= K && part && !concentrated
}

#[test]
fn a_recount_finds_nothing_shown_that_the_rules_hide() {
    let (mut shown, mut nulls) = ([0; 10], [0; 10]);
    for seed in 0..DATABASES {
        let patients = database(seed);
        let answer = ask(&network(&patients, 10), &question());
        let hidden = hidden(&answer);
        assert_eq!(answer.rows.len(), 3);
        for row in 0..3 {
            let cell: Vec<&Patient> =
                patients.iter().filter(|p| p.grade == row as u64 + 1).collect();
            let mut parts: Vec<(usize, BTreeSet<&str>)> = Vec::new();
            for (at, Figure { sql, adds, counts }) in FIGURES.iter().enumerate() {
                let own: Vec<(&str, u64)> =
                    cell.iter().filter_map(|p| Some((p.key.as_str(), adds(p)?))).collect();
                let x: Vec<u64> = own.iter().map(|(_, x)| *x).collect();
                if hidden.contains(&(row, at + 1)) {
                    nulls[at] += 1;
                    continue;
                }
                shown[at] += 1;
                assert!(may_be_shown(cell.len(), &x, *counts), "{seed} {row} {sql}: {x:?}");
                let total: u64 = x.iter().sum();
                let told = answer.rows[row][at + 1].as_str().map(str::to_owned);
                assert_eq!(told.unwrap_or_else(|| "0".to_owned()), total.to_string(), "{sql}");
                if *counts && x.len() < cell.len() {
                    parts.push((at, own.iter().map(|(key, _)| *key).collect()));
                }
            }
            for (a, one) in &parts {
                for (b, other) in &parts {
                    assert!(!few(one.difference(other).count()), "{seed} {row}: {a} less {b}");
                }
            }
            let valued = cell.iter().filter(|p| p.size.is_some()).count();
            if hidden.contains(&(row, 9)) {
                nulls[9] += 1;
            } else {
                shown[9] += 1;
                assert!(valued > 10, "{seed} {row}: spread of {valued}");
            }
        }
    }
    // Both happen to every figure but the count of everyone, which is hidden with the cell alone.
    for at in [0, 1, 2, 3, 4, 5, 6, 7, 9] {
        assert!(shown[at] > 0 && nulls[at] > 0, "{at}: {shown:?} {nulls:?}");
    }
}

#[test]
fn nothing_that_is_hidden_changes_a_byte() {
    let sql = "SELECT grade, count(*), sum(age) FILTER (WHERE event = 1), sum(size) FROM patient GROUP BY grade";
    let mut changed = (0, 0);
    for seed in 0..DATABASES {
        let patients = database(seed);
        let before = frames(&patients, sql);
        let mut other = patients.clone();
        for grade in 1..=GRADES {
            let of = |p: &&Patient| p.grade == grade;
            let (n, events) = (
                patients.iter().filter(of).count(),
                patients.iter().filter(of).filter(|p| p.event == 1).count(),
            );
            let mut cell = other.iter_mut().filter(|p| p.grade == grade);
            if n < K {
                // Inside a null cell anything may change.
                let patient = cell.next().unwrap();
                (patient.age, patient.event, patient.size) = (77, 1 - patient.event, Some(4999));
                changed.0 += 1;
            } else if few(events) || few(n - events) {
                // Inside a null part what is added may.
                cell.find(|p| p.event == 1).unwrap().age = 33;
                changed.1 += 1;
            }
        }
        assert_eq!(frames(&other, sql), before, "{seed}");
    }
    assert!(changed.0 > 0 && changed.1 > 0, "{changed:?}");
}

#[test]
fn a_null_stands_for_any_number_of_patients_and_visible_figures_do_change() {
    let sql = "SELECT grade, count(*) FROM patient GROUP BY grade";
    let of = |grades: &[(u64, u64)]| -> Vec<Patient> {
        let all = grades.iter().flat_map(|(grade, many)| (0..*many).map(move |at| (*grade, at)));
        all.map(|(grade, at)| Patient {
            key: format!("g{grade}-{at}"),
            grade,
            event: 0,
            age: 50,
            size: None,
            costs: Vec::new(),
        })
        .collect()
    };
    let one = frames(&of(&[(1, 20), (2, 1)]), sql);
    assert_eq!(frames(&of(&[(1, 20), (2, 9)]), sql), one);
    assert_eq!(frames(&of(&[(1, 20), (3, 4)]), sql), one);
    assert_ne!(frames(&of(&[(1, 20), (2, 10)]), sql), one);
    assert_ne!(frames(&of(&[(1, 21), (2, 1)]), sql), one);
}

#[test]
fn order_names_and_repetition_change_no_byte() {
    for seed in 0..DATABASES {
        let patients = database(seed);
        let before = frames(&patients, &question());
        assert_eq!(frames(&patients, &question()), before, "{seed}");
        let mut dice = Dice(seed);
        let mut other = patients;
        for at in (1..other.len()).rev() {
            other.swap(at, usize::try_from(dice.roll(at as u64 + 1)).unwrap());
        }
        for (at, patient) in other.iter_mut().enumerate() {
            patient.key = format!("x{}", 9000 - at);
        }
        assert_eq!(frames(&other, &question()), before, "{seed}");
    }
}

#[test]
fn padding_lifts_no_cell_and_no_part() {
    let plain = "SELECT grade, count(distinct p.patient_key), count(distinct p.patient_key) FILTER (WHERE event = 1) FROM patient p JOIN visit v ON v.patient_key = p.patient_key GROUP BY grade ORDER BY grade";
    let padded = "SELECT p.grade, count(distinct p.patient_key), count(distinct p.patient_key) FILTER (WHERE p.event = 1) FROM patient p JOIN visit v ON v.patient_key = p.patient_key JOIN visit w ON w.patient_key = p.patient_key JOIN patient q ON q.patient_key = p.patient_key LEFT JOIN visit u ON u.patient_key = q.patient_key GROUP BY p.grade ORDER BY p.grade";
    let mut nulls = 0;
    for seed in 0..DATABASES {
        let network = network(&database(seed), 10);
        let (plain, padded) = (ask(&network, plain), ask(&network, padded));
        assert_eq!(hidden(&plain), hidden(&padded), "{seed}");
        assert_eq!(plain.rows, padded.rows, "{seed}");
        nulls += plain.cells.len();
    }
    assert!(nulls > 0);
}

#[test]
fn a_higher_threshold_shows_nothing_more() {
    let mut more = 0;
    for seed in 0..5 {
        let patients = database(seed);
        let mut before = BTreeSet::new();
        for k in [0, 2, 10, 12, 40] {
            let hidden = hidden(&ask(&network(&patients, k), &question()));
            assert!(hidden.is_superset(&before), "{seed}: {k}");
            more += usize::from(hidden.len() > before.len());
            before = hidden;
        }
    }
    assert!(more > 5, "{more}");
}
