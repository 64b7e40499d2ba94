//! A clinical patient: the person, their diagnoses, and everything that happens, before any hospital writes it down.

use std::collections::BTreeMap;

use crate::generate::course::{self, Life};
use crate::generate::rng::Rng;
use crate::generate::table::Value;
use crate::generate::tumour::{NEURO, OVARIUM, SLOKDARM, Stage, TUMOURS, Tumour};
use crate::generate::{Region, wide};

/// First and last year of a first diagnosis.
const YEARS: [(i64, i64); 6] =
    [(2019, 15), (2020, 14), (2021, 16), (2022, 18), (2023, 18), (2024, 19)];
/// The year in which the last follow-up was.
const LAST_YEAR: i64 = 2025;

/// Who writes a row down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The home hospital.
    Home,
    /// The hospital that the patient was referred to; the home hospital if to none.
    Away,
    /// Both.
    Both,
}

/// Cells by column.
pub(super) type Cells = BTreeMap<&'static str, Value>;

/// A row of a table below diagnosis, without its keys.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) table: &'static str,
    pub(super) place: Place,
    /// Which of the patient's diagnoses it belongs to.
    pub(super) diagnosis: usize,
    /// The treatment that it is, or belongs to.
    pub(super) treatment: Option<usize>,
    pub(super) cells: Cells,
}

/// A diagnosis, without its keys.
#[derive(Clone, Debug)]
pub(super) struct Diagnosis {
    /// Whether the hospital that the patient was referred to knows it.
    pub(super) shared: bool,
    pub(super) cells: Cells,
}

/// A clinical patient.
#[derive(Clone, Debug)]
pub(super) struct Patient {
    pub(super) home: usize,
    pub(super) number: u64,
    pub(super) second: Option<usize>,
    pub(super) person: Cells,
    pub(super) diagnoses: Vec<Diagnosis>,
    pub(super) rows: Vec<Row>,
}

/// What the parts of a diagnosis share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) tumour: &'static Tumour,
    pub(super) stage: Stage,
    pub(super) topography: &'static str,
    pub(super) morphology: &'static str,
    pub(super) karnofsky: Option<i64>,
    pub(super) year: i64,
    /// Day of that year, from 0.
    pub(super) day: i64,
}

impl Patient {
    /// The patient with this number of a home hospital.
    pub(super) fn make(region: &Region, home: usize, number: u64) -> Self {
        let mut rng = Rng::of(region.seed, &[wide(home), number.saturating_add(1)]);
        let second = region.centre(home).filter(|_| rng.chance(450));
        let tumour = rng.pick(&TUMOURS.map(|(tumour, weight)| (Some(tumour), weight)));
        let tumour = tumour.unwrap_or(&SLOKDARM);
        let sex = if rng.chance(tumour.men) { 1 } else { 2 };
        let year = rng.pick(&YEARS);
        let age = rng.bell(tumour.age, 30).clamp(18, 100);
        let area =
            rng.range(0, 7).saturating_add(10).saturating_add(as_i64(home).saturating_mul(5));
        let area = rng.known(area.min(99), 30).map(|area| area.to_string());
        let person = Cells::from([
            ("sex", if tumour.men > 0 { rng.known(sex, 2).unwrap_or(3) } else { sex }.into()),
            ("birth_year", year.saturating_sub(age).saturating_sub(rng.range(0, 1)).into()),
            ("pc2", area.as_deref().into()),
            ("opt_out", rng.pick(&[(Some(0), 960), (Some(1), 25), (None, 15)]).into()),
        ]);
        let mut patient =
            Self { home, number, second, person, diagnoses: Vec::new(), rows: Vec::new() };
        patient.diagnosis(region, &mut rng, tumour, (year, age));
        // A second primary tumour, which only the home hospital knows.
        if rng.chance(40) {
            let others = TUMOURS.iter().map(|(other, weight)| (Some(*other), *weight));
            let fits = |other: &Tumour| other.name != tumour.name && other.name != OVARIUM.name;
            let others: Vec<_> = others.filter(|(other, _)| other.is_some_and(fits)).collect();
            let later = rng.range(0, 1);
            let when = (year.saturating_add(later), age.saturating_add(later));
            let other = rng.pick(&others).unwrap_or(&SLOKDARM);
            patient.diagnosis(region, &mut rng, other, when);
        }
        patient
    }

    fn diagnosis(
        &mut self,
        region: &Region,
        rng: &mut Rng,
        tumour: &'static Tumour,
        (year, age): (i64, i64),
    ) {
        let index = self.diagnoses.len();
        let shared = index == 0 && self.second.is_some();
        let karnofsky = karnofsky(rng, tumour);
        let facts = Facts {
            tumour,
            stage: rng.pick(tumour.stages),
            topography: rng.pick(tumour.topography),
            morphology: rng.pick(tumour.morphology),
            karnofsky,
            year,
            day: rng.range(0, 364),
        };
        let hazard = match (tumour.name == NEURO.name, facts.morphology) {
            (true, "9440") => 55,
            (true, _) => 12,
            (false, _) => facts.stage.hazard,
        };
        let years = LAST_YEAR.saturating_sub(year).saturating_mul(365);
        let until = years.saturating_add(rng.range(30, 365));
        let mut life = Life::draw(rng, hazard, until);
        let home = region.code(self.home);
        let away = self.second.filter(|_| shared).map_or(home, |second| region.code(second));
        let course = course::Course::new(rng, &facts, index, (home, away));
        let (rows, pathological) = course.run(&mut life);
        self.rows.extend(rows);
        let mut cells = cells(rng, &facts, age);
        cells.extend(pathological);
        cells.extend([
            ("diag_agb", home.into()),
            ("vital_status", i64::from(life.died).into()),
            ("vital_days", life.days.into()),
            ("death_place", life.death_place(rng).into()),
        ]);
        self.diagnoses.push(Diagnosis { shared, cells });
    }
}

fn karnofsky(rng: &mut Rng, tumour: &Tumour) -> Option<i64> {
    let value =
        rng.pick(&[(100, 10), (90, 25), (80, 25), (70, 18), (60, 12), (50, 6), (40, 3), (30, 1)]);
    rng.known(value, if tumour.name == NEURO.name { 60 } else { 900 })
}

fn cells(rng: &mut Rng, facts: &Facts, age: i64) -> Cells {
    let neuro = facts.tumour.name == NEURO.name;
    let behaviour = match (facts.morphology, facts.stage.tnm) {
        ("8442", _) => 1,
        (_, ["is", ..]) => 2,
        (_, _) => 3,
    };
    let icd10 = match behaviour {
        1 => "D39",
        2 => "D09",
        _ => facts.topography.split('.').next().unwrap_or_default(),
    };
    let side = rng.pick(&[(1, 46), (2, 48), (3, 3), (9, 3)]);
    let grade = rng.pick(&[("1", 12), ("2", 32), ("3", 38), ("4", 3), ("9", 10), ("", 5)]);
    let mut cells = Cells::from([
        ("tumour_group", facts.tumour.name.into()),
        ("inc_year", facts.year.into()),
        ("inc_quarter", facts.day.min(363).saturating_div(91).saturating_add(1).into()),
        ("age_at_inc", age.into()),
        ("topography", facts.topography.into()),
        ("morphology", facts.morphology.into()),
        ("behaviour", behaviour.into()),
        ("icd10", icd10.into()),
        ("laterality", if neuro { side } else { 9 }.into()),
        ("grade", grade.into()),
        ("basis", rng.pick(&[(7, 88), (6, 4), (5, 4), (2, 3), (1, 1)]).into()),
    ]);
    cells.extend(extent(rng, facts));
    cells.extend(condition(rng, facts));
    cells
}

/// How far the tumour has come, and its markers.
fn extent(rng: &mut Rng, facts: &Facts) -> Cells {
    let neuro = facts.tumour.name == NEURO.name;
    let Stage { tnm: [t, n, m], stage, figo, .. } = facts.stage;
    let idh = match facts.morphology {
        "9440" => rng.pick(&[("wildtype", 95), ("mutant", 5)]),
        _ => rng.pick(&[("wildtype", 20), ("mutant", 80)]),
    };
    let mgmt = rng.pick(&[("methylated", 42), ("unmethylated", 58)]);
    Cells::from([
        ("ct", rng.known(t, 40).into()),
        ("cn", rng.known(n, 50).into()),
        ("cm", rng.known(m, 30).into()),
        ("c_stage", rng.known(stage, 30).into()),
        ("tnm_edition", (!neuro).then(|| rng.pick(&[(8, 95), (7, 5)])).into()),
        ("figo", figo.into()),
        ("idh", if neuro { rng.known(idh, 80) } else { None }.into()),
        ("mgmt", if neuro { rng.known(mgmt, 250) } else { None }.into()),
    ])
}

/// How the patient is.
fn condition(rng: &mut Rng, facts: &Facts) -> Cells {
    let ecog = rng.pick(&[(0, 34), (1, 41), (2, 15), (3, 7), (4, 3)]);
    let points = rng.skewed(0, 9);
    let bmi = Value::Decimal { units: rng.bell(258, 130).clamp(140, 600), scale: 1 };
    Cells::from([
        ("ecog", rng.known(ecog, 130).into()),
        ("karnofsky", facts.karnofsky.into()),
        ("charlson", rng.known(points, 100).into()),
        ("bmi", rng.known(bmi, 150).into()),
    ])
}

fn as_i64(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
