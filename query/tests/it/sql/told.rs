//! What must hold of answers that a memory is behind, and of linked tables, over random small hospitals: the whole chain from
//! signed questions to the frames that leave. What must hold of single cells is in `sql::protected`.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::arrow::array::{Array as _, AsArray as _, RecordBatch};
use datafusion::arrow::datatypes::{Decimal128Type, UInt8Type};
use datafusion::arrow::ipc::reader::StreamReader;
use policies::{Digest, UnixTime};
use query::pipe::{Wanted, Work};
use query::{Memory, Moment, SafeAnswer, disclose, receive};

use super::hospitals::Dice;
use super::network::{Network, Protect, Rows, Tables, Worker, hospital};

const DATASET: &str = r#"id = "small"
version = 1
status = "synthetic"
title = { en = "Small" }
patient = "patient"

[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]

[code_lists.side]
codes = [{ code = "l" }, { code = "r" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "side", type = "text", class = "category", codes = "side" },
  { name = "died", type = "integer", class = "flag" },
  { name = "age", type = "integer", class = "measure", min = 0, max = 120 },
]
"#;

#[derive(Clone, Debug, PartialEq)]
struct Patient {
    key: u64,
    grade: u64,
    side: &'static str,
    died: bool,
    age: u64,
}

/// A hospital of up to a hundred patients, unevenly spread.
fn random(dice: &mut Dice) -> Vec<Patient> {
    let (count, rare) = (dice.roll(90) + 10, dice.roll(30) + 2);
    let patient = |number: u64| Patient {
        key: 1000 + number * 7,
        grade: if dice.roll(rare) == 0 { 3 } else { dice.roll(2) + 1 },
        side: if dice.roll(4) == 0 { "r" } else { "l" },
        died: dice.roll(6) == 0,
        age: if dice.roll(40) == 0 { 0 } else { 40 + dice.roll(60) },
    };
    (0..count).map(patient).collect()
}

fn tables(patients: &[Patient]) -> Tables {
    let of = |p: &Patient| {
        let died = u8::from(p.died).to_string();
        vec![p.key.to_string(), p.grade.to_string(), p.side.to_owned(), died, p.age.to_string()]
    };
    let columns = ["patient_key", "grade", "side", "died", "age"].map(str::to_owned).to_vec();
    let rows = patients.iter().map(of).collect();
    BTreeMap::from([("patient".to_owned(), Rows { columns, rows })])
}

/// One hospital with its worker and its memory.
struct Site {
    network: Network,
    worker: Worker,
    memory: Memory,
}

impl Site {
    fn of(patients: &[Patient], k: u32) -> Self {
        let sites = BTreeMap::from([("ALFA".to_owned(), tables(patients))]);
        let protect = Protect { min_patients: k, zeros_shown: false };
        let network = Network::new(DATASET, &sites, protect);
        Self { network, worker: Worker::start(), memory: Memory::new([0; 32]) }
    }

    fn ask(&mut self, sql: &str) -> SafeAnswer {
        let (code, network) = (hospital("ALFA"), &self.network);
        let planned =
            network.plan(&mut self.worker, sql).unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        let permit = network.permit(sql, &planned, &code);
        let work = Work::Execute {
            snapshot: network.snapshots[&code].clone(),
            hospital: code,
            fragments: permit.footprint().fragment_digests(),
            wanted: Wanted::ALL,
            not_given: Vec::new(),
        };
        let reply = self.worker.send(network.job(sql, work), Vec::new());
        let raw = receive(permit, Wanted::ALL, &reply).unwrap();
        let moment = Moment { now: UnixTime(1_782_900_000), snapshot: Digest::of(b"snapshot") };
        disclose(raw, &self.memory, moment).unwrap().charged(&mut self.memory).unwrap()
    }

    /// The figures of the only fragment, cell by cell; none for a null.
    fn cells(&mut self, sql: &str) -> Vec<Vec<Option<i128>>> {
        figures(&self.ask(sql)).into_iter().next().unwrap()
    }
}

/// What the first question of a hospital's lineage gives, as the bytes that leave.
fn frames(patients: &[Patient], k: u32, sql: &str) -> Vec<Vec<u8>> {
    Site::of(patients, k).ask(sql).frames().to_vec()
}

/// The figures of each fragment, cell by cell.
fn figures(safe: &SafeAnswer) -> Vec<Vec<Vec<Option<i128>>>> {
    let fragment = |frame: &Vec<u8>| {
        let batch: RecordBatch =
            StreamReader::try_new(frame.as_slice(), None).unwrap().next().unwrap().unwrap();
        let states = batch.column(0).as_primitive::<UInt8Type>().clone();
        let cell = |at: usize| {
            let sums = batch.columns()[1..].iter().map(|sums| {
                let sums = sums.as_primitive::<Decimal128Type>();
                (states.value(at) != 2 && sums.is_valid(at)).then(|| sums.value(at))
            });
            sums.collect()
        };
        (0..batch.num_rows()).map(cell).collect()
    };
    safe.frames()[1..].iter().map(fragment).collect()
}

/// A table by grade and side with a part: its cells are in the order of the code lists.
const TABLE: &str = "SELECT grade, side, count(*), count(*) FILTER (WHERE died = 1) FROM patient GROUP BY grade, side";
/// One with sums.
const SUMS: &str = "SELECT grade, count(*), sum(age), avg(age) FILTER (WHERE died = 1) FROM patient GROUP BY grade";

fn rounds(seed: u64, count: usize) -> impl Iterator<Item = (Dice, Vec<Patient>)> {
    (0..count).map(move |round| {
        let mut dice = Dice(seed.wrapping_mul(1_000_003).wrapping_add(round as u64));
        let patients = random(&mut dice);
        (dice, patients)
    })
}

const K: u32 = 10;

#[test]
fn asked_again_the_answer_is_the_same_to_the_byte() {
    for (_, patients) in rounds(8, 12) {
        let mut site = Site::of(&patients, K);
        for sql in [TABLE, SUMS, TABLE, SUMS] {
            let first = site.ask(sql);
            let again = site.ask(sql);
            assert_eq!((first.frames(), again.stands()), (again.frames(), 0));
            assert_eq!(first.receipt(), again.receipt());
        }
    }
}

#[test]
fn a_total_does_not_give_back_its_one_null() {
    let sql = "SELECT grade, count(*) FROM patient GROUP BY ROLLUP (grade)";
    let mut nulls = 0;
    for (_, patients) in rounds(10, 25) {
        let fragments = figures(&Site::of(&patients, K).ask(sql));
        let cells: Vec<Option<i128>> = fragments.iter().flatten().map(|cell| cell[0]).collect();
        let total = patients.len() as i128;
        let (margin, groups): (Vec<_>, Vec<_>) =
            (0..cells.len()).partition(|at| fragments_of(&fragments, *at) == 1);
        let hidden = groups.iter().filter(|at| cells[**at].is_none()).count();
        let margin = cells[margin[0]];
        assert!(margin.is_none() || (margin == Some(total) && hidden != 1), "{cells:?}");
        nulls += hidden;
    }
    assert!(nulls > 10, "{nulls}");
}

/// How many cells the fragment of a cell has, by the cell's place in all of them.
fn fragments_of(fragments: &[Vec<Vec<Option<i128>>>], mut at: usize) -> usize {
    for fragment in fragments {
        if at < fragment.len() {
            return fragment.len();
        }
        at -= fragment.len();
    }
    0
}

#[test]
fn two_questions_never_tell_a_few_patients_apart() {
    let mut withheld = 0;
    for (mut dice, patients) in rounds(11, 12) {
        let mut site = Site::of(&patients, K);
        let ages: Vec<u64> = (0..6).map(|_| 40 + dice.roll(60)).collect();
        let mut told: Vec<u64> = Vec::new();
        for age in ages {
            let sql = format!("SELECT count(*) FROM patient WHERE age < {age}");
            let n = patients.iter().filter(|p| p.age < age).count() as u64;
            match site.cells(&sql)[0][0] {
                Some(count) => {
                    assert_eq!(count, i128::from(n));
                    let close = |other: &u64| (1..u64::from(K)).contains(&n.abs_diff(*other));
                    assert!(!told.iter().any(close), "{n} after {told:?}");
                    told.push(n);
                }
                None => withheld += usize::from(n >= u64::from(K)),
            }
        }
    }
    assert!(withheld > 10, "{withheld}");
}

#[test]
fn one_value_beyond_its_bounds_makes_no_question_fail() {
    for (_, mut patients) in rounds(12, 6) {
        let questions = [
            TABLE,
            SUMS,
            "SELECT grade, stddev(age), max(age / nullif(died, 0)) FROM patient GROUP BY grade",
        ];
        let answered = |patients: &[Patient]| {
            let mut site = Site::of(patients, K);
            questions.map(|sql| {
                let planned = site.network.plan(&mut site.worker, sql);
                planned.map(|_| site.ask(sql).frames().len()).map_err(|failure| failure.code)
            })
        };
        let before = answered(&patients);
        patients[0].age = 100_000;
        patients[0].died = false;
        assert_eq!(answered(&patients), before);
    }
}

#[test]
fn what_is_released_is_as_long_whoever_is_in_it() {
    let length = |frames: Vec<Vec<u8>>| frames.iter().map(Vec::len).collect::<Vec<_>>();
    let mut lengths = BTreeSet::new();
    for (_, patients) in rounds(13, 12) {
        lengths.insert(length(frames(&patients, K, TABLE)));
    }
    assert_eq!(lengths.len(), 1, "{lengths:?}");
}

/// A hundred patients of different ages from 1: 57 on the left, three of whom have grade 3.
fn hundred() -> Vec<Patient> {
    let patient = |number: u64| Patient {
        key: number,
        grade: if number <= 3 { 3 } else { 1 + number % 2 },
        side: if number <= 57 { "l" } else { "r" },
        died: false,
        age: number,
    };
    (1..=100).map(patient).collect()
}

#[test]
fn a_sum_whose_count_is_null_is_held_against_the_memory_too() {
    let question = |left: &str| {
        format!(
            "SELECT count(age), sum(age) FILTER (WHERE {left}), count(*) FILTER (WHERE grade = 3), \
             count(age) FILTER (WHERE NOT ({left})) FROM patient"
        )
    };
    let mut site = Site::of(&hundred(), K);
    let first = site.cells(&question("side = 'l'"));
    let second = site.cells(&question("side = 'l' AND NOT age = 43"));
    let differ = first.iter().flatten().zip(second.iter().flatten());
    let differ = differ.filter_map(|(one, other)| Some(((*one)? - (*other)?).abs()));
    assert!(!differ.into_iter().any(|by| by == 43), "{first:?} {second:?}");
}

#[test]
fn what_a_part_leaves_of_its_cell_is_held_against_the_memory_too() {
    let mut site = Site::of(&hundred(), K);
    let cell = site.cells("SELECT count(*), count(*) FILTER (WHERE age <= 60) FROM patient");
    assert_eq!(cell, [[Some(100), Some(60)]]);
    // Forty are older than 60, one of them is 61.
    assert_eq!(site.cells("SELECT count(*) FROM patient WHERE age > 61"), [[None]]);
    assert_eq!(site.cells("SELECT count(*) FROM patient WHERE age > 60"), [[Some(40)]]);
}
