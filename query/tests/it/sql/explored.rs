//! Questions that are answered with noise, run again without those who are left out, and the last run of one.

use std::collections::BTreeMap;

use policies::{HospitalCode, Profile};
use query::pipe::Work;
use query::{Explorer, Memory, NoiseKey, Retiring, SafeAnswer, Told, Turn, explore, receive};

use super::network::{Network, Protect, Rows, Worker, hospital, noise};

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
  { name = "days", type = "integer", class = "measure", min = 0, max = 99, edges = [50, 60, 70, 80, 90] },
]
"#;

const PATIENTS: u64 = 400;
/// Patients of grade 1, and of grade 2.
const OF_A_GRADE: u64 = 20;

/// One hospital, what it told, and who asks.
struct Site {
    network: Network,
    worker: Worker,
    memory: Memory,
    code: HospitalCode,
    key: NoiseKey,
}

impl Site {
    /// All stayed fewer than 50 days, so that a condition on days chooses nobody and makes another form of the same patients.
    fn new() -> Self {
        let grade = |patient: u64| 1 + (patient / OF_A_GRADE).min(2);
        let row = |patient: u64| {
            vec![(patient + 1).to_string(), grade(patient).to_string(), (patient % 50).to_string()]
        };
        let columns = ["patient_key", "grade", "days"].map(str::to_owned).to_vec();
        let rows = Rows { columns, rows: (0..PATIENTS).map(row).collect() };
        let tables = BTreeMap::from([("patient".to_owned(), rows)]);
        let sites = BTreeMap::from([("ALFA".to_owned(), tables)]);
        let network = Network::new(DATASET, &sites, Protect::DEFAULT);
        let (worker, memory) = (Worker::start(), Memory::new([0; 32]));
        Self { network, worker, memory, code: hospital("ALFA"), key: noise() }
    }

    /// One run of a question without those who are left out and who retire with it.
    fn run(&mut self, sql: &str, turn: Turn<'_>) -> Told {
        let Self { network, worker, memory, code, key } = self;
        let planned = network.plan(worker, sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let permit = network.permit_under(Some(Profile::Explore), (sql, &planned), code);
        let wanted = query::wanted(&permit);
        let work = Work::Execute {
            snapshot: network.snapshots[code].clone(),
            hospital: code.clone(),
            fragments: permit.footprint().fragment_digests(),
            wanted,
            not_given: Vec::new(),
        };
        let left_out = memory.retired_set(turn.retiring);
        let reply = worker.send(network.job(sql, work), vec![left_out]);
        let raw = receive(permit, wanted, &reply).unwrap();
        assert_eq!(raw.fault(), None, "{sql}");
        let explorer = Explorer { key, dataset: network.dataset(), patients: PATIENTS };
        explore(raw, memory, (explorer, turn)).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The only run of a question that brings nobody over a limit.
    fn told(&mut self, sql: &str) -> SafeAnswer {
        let retiring = Retiring::default();
        match self.run(sql, Turn { retiring: &retiring, last: false }) {
            Told::Disclosed(disclosed) => disclosed.charged(&mut self.memory).unwrap(),
            Told::Again(..) => panic!("{sql}: patients retire"),
        }
    }

    /// Who retires with a question that is not told.
    fn over(&mut self, sql: &str, retiring: &Retiring) -> Retiring {
        match self.run(sql, Turn { retiring, last: false }) {
            Told::Again(_permit, others) => others,
            Told::Disclosed(_) => panic!("{sql}: nobody retires"),
        }
    }

    /// An answer, and the memory that it makes of the site's, which stays as it is.
    fn charged(&self, told: Told) -> (Memory, SafeAnswer) {
        let Told::Disclosed(disclosed) = told else { panic!("it is told") };
        let mut memory = self.memory.clone();
        let safe = disclosed.charged(&mut memory).unwrap();
        (memory, safe)
    }
}

/// A form of the patients of a grade.
fn form(grade: u64, days: u64) -> String {
    format!("SELECT count(*) FROM patient WHERE grade = {grade} AND days < {days}")
}

/// As many forms of the patients of grades 1 and 2 as are told.
fn used_up() -> Site {
    let mut site = Site::new();
    for grade in [1, 2] {
        for days in [50, 60, 70, 80] {
            assert_eq!(site.told(&form(grade, days)).receipt().nulls, [0], "{grade} {days}");
        }
    }
    assert_eq!(site.memory.retired_count(), 0);
    site
}

const FIFTH: &str = "SELECT grade, count(*) FROM patient WHERE days < 90 GROUP BY grade";

#[test]
fn who_is_brought_over_a_limit_is_left_out_and_retires_with_the_answer() {
    let mut site = used_up();
    let before = site.memory.clone();
    let retiring = site.over(FIFTH, &Retiring::default());
    assert_eq!(site.memory, before, "nothing is entered for a run that is not told");
    // Without them two groups are of nobody, and the third is told.
    let turn = Turn { retiring: &retiring, last: false };
    let told = site.run(FIFTH, turn);
    let (memory, safe) = site.charged(told);
    assert_eq!(memory.retired_count(), 2 * OF_A_GRADE);
    assert_eq!((safe.receipt().cells, safe.receipt().nulls), (vec![3], vec![2]));
}

#[test]
fn in_the_last_run_every_cell_is_null_and_all_who_were_brought_over_a_limit_retire() {
    let mut site = used_up();
    // The run before left the patients of grade 1 out; this one would have to leave out those of grade 2.
    let first = site.over(&form(1, 90), &Retiring::default());
    let both = site.over(FIFTH, &first);
    let told = site.run(FIFTH, Turn { retiring: &first, last: true });
    let (memory, safe) = site.charged(told);
    assert_eq!((safe.receipt().cells, safe.receipt().nulls), (vec![3], vec![3]));
    assert_eq!(memory.retired_count(), 2 * OF_A_GRADE);
    assert_eq!(memory.retired_set(&Retiring::default()), site.memory.retired_set(&both));
    assert_eq!(safe.receipt().noise.unwrap().left_out_percent, 5);
    // Nothing else is entered: the third group, which could have been told, is charged when it is.
    let entered = memory.clone();
    site.memory = memory;
    assert_eq!(site.told(&form(1, 50)).receipt().nulls, [1], "nobody comes back");
    assert_eq!(site.memory, entered);
    assert_eq!(site.told(FIFTH).receipt().nulls, [2]);
    assert_ne!(site.memory, entered);
    let told = site.told(FIFTH).receipt();
    assert_eq!((told.nulls, told.noise.unwrap().left_out_percent), (vec![2], 10));
}

#[test]
fn a_last_run_that_brings_nobody_over_a_limit_is_told() {
    let mut site = used_up();
    let retiring = site.over(FIFTH, &Retiring::default());
    let turn = |last| Turn { retiring: &retiring, last };
    let (told, last) = (site.run(FIFTH, turn(false)), site.run(FIFTH, turn(true)));
    let ((memory, one), (other, last)) = (site.charged(told), site.charged(last));
    assert!(memory == other && one.frames() == last.frames());
    assert_eq!(last.receipt().nulls, [2]);
}
