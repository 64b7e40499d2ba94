//! A small population with planted targets, and the truth about it.
//!
//! Every hospital has *blocks*: groups that are attacked side by side, each with one target whom the attacker knows all about
//! but one bit (`positive`). The target alone has `mark` 9, and 95 in `m1` to `m4`, where nobody else has 90 or more: so many ways
//! there are to name the target. Further planted: a patient with forty visits, one with a single visit of
//! kind 3 whose dose is secret, and in every block one whose `x` is large. `others` are patients outside the blocks (`side` 2).

use std::collections::BTreeMap;
use std::path::Path;

use crate::differential::dice::Dice;

mod files;

pub use files::TARGET_MARK;

/// How a population is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Blocks of each hospital.
    pub blocks: i64,
    /// Patients of a block.
    pub size: i64,
    /// Patients beside the blocks.
    pub others: i64,
    /// Whether all hospitals have the same patients, the second one without the target of block 1.
    pub twins: bool,
}

/// One patient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patient {
    /// Its number.
    pub key: i64,
    /// Its block; 0 outside.
    pub block: i64,
    /// What only targets have 9 of.
    pub mark: i64,
    /// Categories.
    pub a: i64,
    /// Categories.
    pub b: i64,
    /// Categories.
    pub c: i64,
    /// The bit that the attacker wants.
    pub positive: bool,
    /// The same for everybody in two blocks of five.
    pub died: bool,
    /// Year.
    pub year: i64,
    /// Four measures; 95 for targets, less than 90 for others.
    pub m: [i64; 4],
    /// An amount; large for one of each block.
    pub x: i64,
    /// A value.
    pub y: i64,
    /// Flags: all 1 in blocks.
    pub z: [bool; 8],
    /// Kind and dose of each visit.
    pub visits: Vec<(i64, i64)>,
}

impl Patient {
    /// What it has in a column; none of a column that is not its own.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<i64> {
        Some(match column {
            "block" => self.block,
            "mark" => self.mark,
            "a" => self.a,
            "b" => self.b,
            "c" => self.c,
            "positive" => i64::from(self.positive),
            "died" => i64::from(self.died),
            "year" => self.year,
            "x" => self.x,
            "y" => self.y,
            _ => return None,
        })
    }

    /// Whether it is a block's target.
    #[must_use]
    pub fn is_target(&self) -> bool {
        self.mark == TARGET_MARK
    }
}

/// An indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// Lines of its head besides those that each has.
    pub head: String,
    /// The text.
    pub sql: String,
}

/// The hospitals' patients.
#[derive(Clone, Debug)]
pub struct World {
    /// The dataset's id.
    pub id: String,
    /// How it was made.
    pub shape: Shape,
    /// Patients by hospital, in the order of the network.
    pub hospitals: Vec<(String, Vec<Patient>)>,
    /// Indicators.
    pub asked: Vec<Asked>,
    /// The patients of the next snapshot.
    pub later: Option<Box<World>>,
    /// Most questions of one person over the lineage, where there is a limit.
    pub quota: Option<u32>,
}

impl World {
    /// Makes the patients of these hospitals.
    #[must_use]
    pub fn new(id: &str, codes: &[String], shape: Shape, seed: u64) -> Self {
        let hospital = |(number, code): (u64, &String)| {
            let path = if shape.twins { 0 } else { number };
            let mut dice = Dice::new(&[seed, path]);
            let mut patients = patients(&mut dice, shape);
            if shape.twins && number == 1 {
                patients.retain(|patient| !(patient.is_target() && patient.block == 1));
            }
            (code.clone(), patients)
        };
        let hospitals = (0..).zip(codes).map(hospital).collect();
        Self { id: id.to_owned(), shape, hospitals, asked: Vec::new(), later: None, quota: None }
    }

    /// With these indicators: id and SQL, under the same lines of a head.
    #[must_use]
    pub fn with(self, head: &str, asked: &[(&str, &str)]) -> Self {
        let asked = asked.iter().map(|(id, sql)| Asked {
            id: (*id).to_owned(),
            head: head.to_owned(),
            sql: (*sql).to_owned(),
        });
        Self { asked: asked.collect(), ..self }
    }

    /// Every block of every hospital, with its patients, by what `GROUP BY hospital, block` calls it.
    #[must_use]
    pub fn blocks(&self) -> BTreeMap<Vec<String>, Vec<&Patient>> {
        let mut blocks: BTreeMap<Vec<String>, Vec<&Patient>> = BTreeMap::new();
        for (code, patients) in &self.hospitals {
            for patient in patients.iter().filter(|patient| patient.block > 0) {
                let name = vec![code.clone(), patient.block.to_string()];
                blocks.entry(name).or_default().push(patient);
            }
        }
        blocks
    }

    /// Every block's target.
    #[must_use]
    pub fn targets(&self) -> BTreeMap<Vec<String>, &Patient> {
        let mut targets = BTreeMap::new();
        for (name, patients) in self.blocks() {
            targets.extend(patients.into_iter().find(|one| one.is_target()).map(|one| (name, one)));
        }
        targets
    }

    /// Writes the files of a hospital.
    ///
    /// # Errors
    /// The system's reason.
    pub fn write(&self, number: usize, folder: &Path) -> anyhow::Result<()> {
        files::write(self, number, folder)
    }
}

/// Large amounts, about evenly by their logarithm.
const WEIGHTS: [i64; 9] = [300, 450, 675, 1_000, 1_500, 2_250, 3_400, 5_000, 7_500];

fn patients(dice: &mut Dice, shape: Shape) -> Vec<Patient> {
    let mut all = Vec::new();
    let mut key = 1;
    for block in 1..=shape.blocks {
        // Half of the targets are positive, in an order that nobody knows.
        let positive = dice.one_in(2);
        let whale = dice.pick(&WEIGHTS).copied().unwrap_or(300) * dice.between(85, 125) / 100;
        for place in 0..shape.size {
            let mut patient = ordinary(dice, key, block);
            match place {
                0 => {
                    patient.mark = TARGET_MARK;
                    patient.m = [95; 4];
                    patient.positive = positive;
                }
                1 => patient.x = whale,
                2 => patient.x = 200,
                3 => patient.visits.extend((0..40).map(|_| (4, dice.between(100, 200)))),
                4 => patient.visits.push((3, dice.between(1, 1_000))),
                _ => {}
            }
            match block % 5 {
                0 => patient.died = true,
                1 => patient.died = false,
                _ => {}
            }
            all.push(patient);
            key += 1;
        }
    }
    for _ in 0..shape.others {
        let mut patient = ordinary(dice, key, 0);
        patient.z = patient.z.map(|_| dice.one_in(2));
        all.push(patient);
        key += 1;
    }
    all
}

fn ordinary(dice: &mut Dice, key: i64, block: i64) -> Patient {
    let mut coded = |of: &[i64]| dice.pick(of).copied().unwrap_or(1);
    Patient {
        key,
        block,
        mark: coded(&[0, 0, 0, 0, 1, 1, 2, 3]),
        a: coded(&[1, 1, 1, 1, 2, 2, 2, 3]),
        b: coded(&[1, 1, 1, 1, 2, 2, 2, 3, 3, 4]),
        c: coded(&[1, 2]),
        positive: coded(&[0, 0, 1, 1, 1]) == 1,
        died: coded(&[0, 0, 1]) == 1,
        year: dice.between(2018, 2024),
        m: [0; 4].map(|_| dice.between(10, 89)),
        x: dice.between(1, 20),
        y: dice.between(0, 99),
        z: [true; 8],
        visits: vec![(1, dice.between(100, 200))],
    }
}
