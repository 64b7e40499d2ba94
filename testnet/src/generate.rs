//! Generated patients of an oncology network: every table of `domain/schema.sql`, the same on every machine.
//!
//! A seed, a number of hospitals and a mean number of patients make a [`Region`]; all numbers are integers and come from a
//! generator of our own, so no library or processor changes them. What is made like the field: tumour groups with their stages,
//! procedures and complications, concentration of surgery in centres, skewed lead times, values that nobody filled in, patients
//! who opted out. A patient who is referred stands at two hospitals, under each one's own keys; the diagnosis counts
//! (`attributed = 1`) at exactly one of them. What is not: any figure. No rate here says anything about care.
//!
//! Reading order: [`table`], then a patient's life (`patient`: person and diagnosis; `tumour`: what differs between tumour groups;
//! `course` and `surgery`: what happens), then `place`: which hospital writes what down.

pub mod lines;
mod rng;
pub mod schema;
pub mod table;

mod course;
mod patient;
mod place;
mod surgery;
#[cfg(test)]
mod tests;
mod tumour;

use crate::generate::rng::Rng;
use crate::generate::table::Tables;

/// Every how manieth hospital is a centre that others refer to.
const CENTRE: usize = 4;

/// What is generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Another seed, other patients.
    pub seed: u64,
    /// Codes of the hospitals; they are the codes in `treat_agb` and its like too.
    pub hospitals: Vec<String>,
    /// Mean number of patients whose home is a hospital; a centre holds the referred ones besides.
    pub patients: u32,
    /// Index of a hospital without any row.
    pub empty: Option<usize>,
}

impl Region {
    /// A region of the fictional hospitals of [`crate::topology`].
    #[must_use]
    pub fn new(seed: u64, hospitals: usize, patients: u32) -> Self {
        let hospitals = crate::topology::hospitals(hospitals);
        let hospitals = hospitals.into_iter().map(|hospital| hospital.code).collect();
        Self { seed, hospitals, patients, empty: None }
    }

    /// The tables of every hospital, in order.
    #[must_use]
    pub fn tables(&self) -> Vec<Tables> {
        let every: Vec<usize> = (0..self.hospitals.len()).collect();
        self.of(&every)
    }

    /// The tables of one hospital; those of an index outside the region are empty.
    #[must_use]
    pub fn hospital(&self, index: usize) -> Tables {
        self.of(&[index]).pop().unwrap_or_default()
    }

    fn of(&self, wanted: &[usize]) -> Vec<Tables> {
        let mut books: Vec<_> = wanted.iter().map(|_| place::Book::default()).collect();
        for home in 0..self.hospitals.len() {
            for number in 0..self.count(home) {
                let patient = patient::Patient::make(self, home, number);
                for (at, book) in wanted.iter().zip(&mut books) {
                    book.write(&patient, *at);
                }
            }
        }
        books.into_iter().map(place::Book::close).collect()
    }

    /// How many patients call the hospital their home: the mean, give or take 40 %.
    fn count(&self, home: usize) -> u64 {
        if self.empty == Some(home) || self.patients == 0 {
            return 0;
        }
        let percent = Rng::of(self.seed, &[wide(home)]).range(60, 140);
        let patients = u64::from(self.patients).saturating_mul(percent.unsigned_abs()) / 100;
        patients.max(1)
    }

    /// Where a hospital refers to; none from a centre, and none to the empty hospital.
    fn centre(&self, home: usize) -> Option<usize> {
        let centre = home.saturating_sub(home % CENTRE);
        (centre != home && self.empty != Some(centre)).then_some(centre)
    }

    fn code(&self, index: usize) -> &str {
        self.hospitals.get(index).map_or("ELDERS", String::as_str)
    }
}

/// An index as a number to draw from.
fn wide(index: usize) -> u64 {
    u64::try_from(index).unwrap_or(u64::MAX)
}
