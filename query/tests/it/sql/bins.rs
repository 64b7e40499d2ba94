//! Quantiles of protected hospitals, from signed questions to the frames that leave and the table that is made of them.

use std::collections::BTreeMap;

use policies::wire::NoiseReceipt;
use policies::{Digest, UnixTime};
use query::pipe::{CellStatus, Finished, Work};
use query::{ExploreError, Explorer, Memory, Moment, NoiseKey, SafeAnswer, disclose, receive};
use serde_json::Value as Json;

use super::hidden::statuses;
use super::hospitals::Dice;
use super::network::{Network, Protect, Rows, Tables, Worker, hospital, noise};
use super::pooled::{Pool, Value};

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "age", type = "integer", class = "measure", min = 0, max = 119, nullable = true, edges = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110] },
  { name = "days", type = "integer", class = "measure", min = 0, max = 99, edges = [5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70, 75, 80, 85, 90, 95] },
]
"#;

/// A patient's grade, age and days.
type Patient = (u64, Option<u64>, u64);

fn tables(patients: &[Patient]) -> Tables {
    let of = |(at, (grade, age, days)): (usize, &Patient)| {
        let age = age.map_or(String::new(), |age| age.to_string());
        vec![(at + 1).to_string(), grade.to_string(), age, days.to_string()]
    };
    let columns = ["patient_key", "grade", "age", "days"].map(str::to_owned).to_vec();
    let rows = patients.iter().enumerate().map(of).collect();
    BTreeMap::from([("patient".to_owned(), Rows { columns, rows })])
}

/// So many patients, of three grades of other ages.
fn patients(seed: u64, count: u64) -> Vec<Patient> {
    let mut dice = Dice(seed);
    let patient = |_| {
        let grade = 1 + dice.roll(3);
        let age = 10 + 15 * grade + dice.roll(30) + dice.roll(30);
        (grade, (dice.roll(12) > 0).then_some(age), dice.roll(100))
    };
    (0..count).map(patient).collect()
}

fn network(sites: &[Vec<Patient>], protect: Protect) -> Network {
    let codes = ["ALFA", "BRAVO", "CHARLIE"].map(str::to_owned).into_iter();
    let sites = codes.zip(sites.iter().map(|patients| tables(patients))).collect();
    Network::new(DATASET, &sites, protect)
}

/// One hospital.
struct Site {
    network: Network,
    worker: Worker,
    memory: Memory,
    snapshot: Digest,
}

impl Site {
    fn of(patients: &[Patient]) -> Self {
        let network = network(&[patients.to_vec()], Protect::DEFAULT);
        let (memory, snapshot) = (Memory::new([0; 32]), Digest::of(b"snapshot"));
        Self { network, worker: Worker::start(), memory, snapshot }
    }

    fn ask(&mut self, sql: &str, key: Option<&NoiseKey>) -> Result<SafeAnswer, ExploreError> {
        let (code, network) = (hospital("ALFA"), &self.network);
        let planned =
            network.plan(&mut self.worker, sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let permit = network.permit(sql, &planned, &code);
        assert_eq!(query::needs_noise(&permit), sql.contains("age"), "{sql}");
        let wanted = query::wanted(&permit);
        let work = Work::Execute {
            snapshot: network.snapshots[&code].clone(),
            hospital: code,
            fragments: permit.footprint().fragment_digests(),
            wanted,
            not_given: Vec::new(),
        };
        let reply = self.worker.send(network.job(sql, work), Vec::new());
        let raw = receive(permit, wanted, &reply).unwrap();
        assert_eq!(raw.fault(), None);
        let moment = Moment { now: UnixTime(1_782_900_000), snapshot: self.snapshot };
        let explorer = key.map(|key| Explorer { key, dataset: network.dataset(), patients: 0 });
        let disclosed = disclose(raw, &self.memory, moment, explorer)?;
        Ok(disclosed.charged(&mut self.memory).unwrap())
    }
}

const MEDIANS: &str = "SELECT grade, count(*) AS n, median(age) AS m FROM patient GROUP BY grade";

#[test]
fn asked_again_a_quantile_is_the_same_to_the_byte() {
    let (own, other) = (noise(), NoiseKey::new(&mut [8; 32]));
    let patients = patients(1, 200);
    let mut site = Site::of(&patients);
    let first = site.ask(MEDIANS, Some(&own)).unwrap();
    let charges = site.memory.charges();
    let again = site.ask(MEDIANS, Some(&own)).unwrap();
    assert_eq!((first.frames(), first.receipt()), (again.frames(), again.receipt()));
    assert_eq!((site.memory.charges(), again.stands()), (charges, 0));
    let receipt = NoiseReceipt { mechanism: 1, variance: 5, left_out_percent: 0, only_bins: true };
    assert_eq!(first.receipt().noise, Some(receipt));
    assert_eq!(first.receipt().nulls, [0]);
    // Another memory of the same key gives the same, and another key never.
    let mut elsewhere = Site::of(&patients);
    assert_eq!(elsewhere.ask(MEDIANS, Some(&own)).unwrap().frames(), first.frames());
    let refused = site.ask(MEDIANS, Some(&other)).map(|_safe| ());
    assert_eq!(refused.unwrap_err().code(), "other_noise_key");
    let told = Site::of(&patients).ask(MEDIANS, Some(&other)).unwrap();
    assert_ne!(told.frames(), first.frames());
    // Counts need no key; without one, bins are null and counts are not.
    let counts = "SELECT grade, count(*) FROM patient GROUP BY grade";
    assert_eq!(site.ask(counts, None).unwrap().receipt().noise, None);
    let without = Site::of(&patients).ask(MEDIANS, None).unwrap();
    assert_eq!((without.receipt().noise, without.receipt().figures), (None, vec![36]));
}

#[test]
fn where_a_cells_old_figures_stand_its_old_bins_do() {
    let key = noise();
    let mut before = patients(2, 120);
    let mut site = Site::of(&before);
    let first = site.ask(MEDIANS, Some(&key)).unwrap();
    before.push((1, Some(30), 5));
    let snapshot = Digest::of(b"the next");
    let mut after = Site { memory: site.memory, snapshot, ..Site::of(&before) };
    let second = after.ask(MEDIANS, Some(&key)).unwrap();
    assert_eq!((first.frames(), second.stands()), (second.frames(), 1));
    let mut alone = Site::of(&before);
    assert_ne!(alone.ask(MEDIANS, Some(&key)).unwrap().frames(), first.frames());
}

#[test]
fn a_quantile_is_told_of_as_many_patients_as_it_leaves_enough_of_on_each_side() {
    let mut worker = Worker::start();
    let hidden = |sql: &str, at: usize, answer: &Finished| {
        let all = statuses(answer);
        assert!(all.iter().all(|(_, _, status)| *status == CellStatus::Hidden), "{sql}");
        all.iter().any(|(_, column, _)| *column == at)
    };
    for (count, median, quarter, tenth) in [
        (19, true, true, true),
        (24, false, true, true),
        (39, false, true, true),
        (44, false, false, true),
        (104, false, false, false),
    ] {
        let all: Vec<Patient> = (0..count).map(|at| (1, Some(at % 90), at % 100)).collect();
        let network = network(&[all], Protect::DEFAULT);
        let sql = "SELECT count(*) AS n, median(age) AS a, quantile(age, 0.75) AS b, quantile(age, 0.1) AS c, quantile(age, 0) AS d, \
                   quantile(age, 0.999) AS e, histogram(age) AS f FROM patient";
        let answer = network.ask(&mut worker, sql).unwrap();
        assert_eq!(answer.rows[0][0], count.to_string());
        let found: Vec<bool> = (1..7).map(|at| hidden(sql, at, &answer)).collect();
        assert_eq!(found, [median, quarter, tenth, true, true, false], "{count}");
    }
}

#[test]
fn the_pooled_quantile_lies_in_the_interval_that_is_told() {
    let mut worker = Worker::start();
    let (mut inside, mut all, mut bounded, mut exact) = (0, 0, 0, 0);
    for seed in 0..4 {
        let sites: Vec<Vec<Patient>> =
            (0..3).map(|site| patients(10 * seed + site, 180 + 40 * site)).collect();
        let network = network(&sites, Protect::DEFAULT);
        let hospitals = ["ALFA", "BRAVO", "CHARLIE"].map(str::to_owned).into_iter();
        let hospitals = hospitals.zip(sites.iter().map(|patients| tables(patients))).collect();
        let pool = Pool::new(network.dataset(), &hospitals);
        for (column, parts) in [("age", ["0.25", "0.5", "0.75"]), ("days", ["0.3", "0.5", "0.6"])] {
            for part in parts {
                let by = "FROM patient GROUP BY grade ORDER BY grade";
                let asked = format!("SELECT quantile({column}, {part}) {by}");
                let answer = network.ask(&mut worker, &asked).unwrap();
                let pooled =
                    format!("SELECT percentile_cont(CAST({column} AS DOUBLE), {part}) {by}");
                let (_, expected) = pool.ask(&pooled);
                assert_eq!((answer.rows.len(), answer.noisy.len()), (3, 3), "{asked}");
                for (row, expected) in answer.intervals.iter().zip(expected) {
                    let Value::Float(expected) = expected[0] else { panic!("{expected:?}") };
                    let (low, high) = (row.low.unwrap(), row.high.unwrap());
                    let value = answer.rows[row.row][0].as_f64().unwrap();
                    assert!(low <= value && value <= high, "{low} {value} {high}");
                    inside += usize::from(low <= expected && expected <= high);
                    // Bins are 10 wide, or 5 and 10 where 19 edges became 11.
                    bounded += usize::from(high - low <= 30.0);
                    exact += usize::from((value - expected).abs() < 1e-9);
                    assert!((value - expected).abs() <= 20.0, "{value} {expected}");
                    all += 1;
                }
            }
        }
    }
    assert!(
        all == 72 && inside >= 68 && bounded >= 65 && exact <= 3,
        "{inside} {bounded} {exact} of {all}"
    );
}

#[test]
fn what_is_made_of_noisy_quantiles_has_noise_and_an_interval_where_one_is_known() {
    let network = network(&[patients(3, 300)], Protect::DEFAULT);
    let mut worker = Worker::start();
    let mut of = |sql: &str| {
        let answer = network.ask(&mut worker, sql).unwrap();
        let interval = answer.intervals.first().map(|own| own.low.is_some());
        let variance = answer.noisy.first().map(|own| own.variance.is_some());
        (interval, variance, answer)
    };
    for (figure, interval, variance) in [
        ("median(age)", Some(true), Some(true)),
        ("2 * median(age) + 1", Some(true), Some(false)),
        ("median(age) - quantile(age, 0.25)", Some(true), Some(false)),
        ("round(median(age))", Some(true), Some(false)),
        ("median(age) * median(age)", None, Some(false)),
        ("median(age) > 50", None, Some(false)),
        ("histogram(age)", None, Some(true)),
        ("count(*)", None, None),
    ] {
        let (found, noise, answer) = of(&format!("SELECT {figure} AS x FROM patient"));
        assert_eq!((found, noise), (interval, variance), "{figure}: {answer:?}");
    }
    let (_, _, answer) = of("SELECT grade FROM patient GROUP BY grade HAVING median(age) > 50");
    assert!(answer.notes.len() == 1 && answer.noisy.is_empty(), "{answer:?}");
}

#[test]
fn of_more_declared_edges_the_declaration_alone_takes_twelve_bins() {
    let network = network(&[patients(4, 50)], Protect::OFF);
    let mut worker = Worker::start();
    let answer = network.ask(&mut worker, "SELECT histogram(days) AS h FROM patient").unwrap();
    let Json::String(histogram) = &answer.rows[0][0] else { panic!("{answer:?}") };
    let starts: Vec<&str> =
        histogram.split(", ").map(|bin| bin.split_once("..").unwrap().0).collect();
    assert_eq!(starts, ["0", "5", "15", "25", "30", "40", "50", "55", "65", "75", "80", "90"]);
    let counts = histogram.split(", ").map(|bin| bin.split_once(": ").unwrap().1);
    assert_eq!(counts.map(|count| count.parse::<u32>().unwrap()).sum::<u32>(), 50);
    // Where nothing is protected it is exact.
    assert!(answer.noisy.is_empty());
}
