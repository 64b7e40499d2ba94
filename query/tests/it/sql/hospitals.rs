//! Generated hospitals: nulls, patients without children and with many, skewed sizes, one with a single patient.

use std::collections::BTreeMap;

use super::network::{Rows, Tables};

pub(super) const DATASET: &str = include_str!("../../slt/data/oncology.toml");

/// A small generator; the same figures in every run.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// From 0 to `sides` - 1.
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.roll(of.len() as u64)).unwrap()]
    }

    /// A text, or NULL one time in `nulls`.
    fn maybe(&mut self, nulls: u64, text: String) -> String {
        if self.roll(nulls) == 0 { String::new() } else { text }
    }
}

fn rows(columns: &str) -> Rows {
    Rows { columns: columns.split(' ').map(str::to_owned).collect(), rows: Vec::new() }
}

fn texts(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

/// A hospital of so many patients.
fn generated(seed: u64, patients: u64) -> Tables {
    with_children(seed, patients, (3, 5))
}

/// A hospital whose patients have fewer than so many diagnoses, and those fewer than so many treatments.
fn with_children(seed: u64, patients: u64, (diagnoses, treatments): (u64, u64)) -> Tables {
    let mut dice = Dice(seed);
    let mut patient = rows("patient_key sex birth_year region note");
    let mut diagnosis = rows("diagnosis_key patient_key tumour grade year age bmi day dead");
    let mut treatment = rows("treatment_key diagnosis_key modality start_day dose cycles");
    for p in 0..patients {
        let key = format!("p{p}");
        let sex = (1 + dice.roll(2)).to_string();
        let born = (1920 + dice.roll(85)).to_string();
        let region = dice.one(&["north", "south", "west", "west", ""]).to_owned();
        patient.rows.push(texts(&[&key, &sex, &born, &region, "secret"]));
        for d in 0..dice.roll(diagnoses) {
            let diagnosis_key = format!("d{p}-{d}");
            let tumour = dice.one(&["bladder", "bladder", "brain", "ovary", "pancreas"]);
            let grade = (1 + dice.roll(3)).to_string();
            let grade = dice.maybe(6, grade);
            let year = (2018 + dice.roll(6)).to_string();
            let age = (18 + dice.roll(83)).to_string();
            let bmi = format!("{}.{}", 15 + dice.roll(30), dice.roll(10));
            let bmi = dice.maybe(4, bmi);
            let day = (i64::try_from(dice.roll(4000)).unwrap() - 30).to_string();
            let day = dice.maybe(5, day);
            let dead = dice.roll(2).to_string();
            let row = [&*diagnosis_key, &key, tumour, &grade, &year, &age, &bmi, &day, &dead];
            diagnosis.rows.push(texts(&row));
            for t in 0..dice.roll(treatments).saturating_sub(1) {
                let treatment_key = format!("t{p}-{d}-{t}");
                let modality = dice.one(&["surgery", "surgery", "systemic", "radiotherapy"]);
                let start = (i64::try_from(dice.roll(400)).unwrap() - 30).to_string();
                let dose = format!("{}.{:02}", dice.roll(80), dice.roll(100));
                let dose = dice.maybe(3, dose);
                let cycles = dice.roll(13).to_string();
                let cycles = dice.maybe(3, cycles);
                let row = [&*treatment_key, &diagnosis_key, modality, &start, &dose, &cycles];
                treatment.rows.push(texts(&row));
            }
        }
    }
    BTreeMap::from([
        ("patient".to_owned(), patient),
        ("diagnosis".to_owned(), diagnosis),
        ("treatment".to_owned(), treatment),
    ])
}

/// Four hospitals, the last with a single patient.
pub(super) fn hospitals() -> BTreeMap<String, Tables> {
    BTreeMap::from([
        ("ALFA".to_owned(), generated(1, 180)),
        ("BRAVO".to_owned(), generated(2, 60)),
        ("CHARLIE".to_owned(), generated(3, 17)),
        ("DELTA".to_owned(), generated(4, 1)),
    ])
}

/// Patients with very many children, a hospital of patients only, and one of a single one.
pub(super) fn extremes() -> BTreeMap<String, Tables> {
    BTreeMap::from([
        ("ALFA".to_owned(), with_children(5, 6, (12, 40))),
        ("BRAVO".to_owned(), with_children(6, 9, (1, 1))),
        ("CHARLIE".to_owned(), with_children(7, 1, (1, 1))),
    ])
}
