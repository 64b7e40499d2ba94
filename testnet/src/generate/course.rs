//! What happens after a diagnosis: referral, meetings, treatment, follow-up, questionnaires, the last month.
//!
//! Nothing happens after the last day that is known of a patient.

mod contacts;
mod plans;

use crate::generate::patient::{Cells, Facts, Place, Row};
use crate::generate::rng::Rng;

/// How long a patient is followed, and how it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Life {
    pub(super) days: i64,
    pub(super) died: bool,
    pub(super) in_hospital: bool,
}

impl Life {
    /// A life with this many deaths a month of a thousand, watched until a day.
    pub(super) fn draw(rng: &mut Rng, hazard: i64, until: i64) -> Self {
        let death = (0..120).find(|_| rng.chance(hazard));
        let death =
            death.map(|month: i64| month.saturating_mul(30).saturating_add(rng.range(1, 30)));
        let died = death.is_some_and(|day| day <= until);
        let days = death.filter(|_| died).unwrap_or(until).clamp(0, 3650);
        Self { days, died, in_hospital: false }
    }

    /// The patient dies on this day, if nothing was earlier.
    pub(super) fn end(&mut self, day: i64, in_hospital: bool) {
        if day <= self.days {
            *self = Self { days: day.max(0), died: true, in_hospital };
        }
    }

    pub(super) fn death_place(self, rng: &mut Rng) -> &'static str {
        let place = rng.pick(&[
            ("home", 52),
            ("hospital", 18),
            ("hospice", 17),
            ("nursing_home", 9),
            ("", 4),
        ]);
        match (self.died, self.in_hospital) {
            (false, _) => "",
            (true, true) => "hospital",
            (true, false) => place,
        }
    }
}

/// A diagnosis while its rows are made.
#[derive(Debug)]
pub(super) struct Course<'a> {
    pub(super) rng: &'a mut Rng,
    pub(super) facts: &'a Facts,
    diagnosis: usize,
    home: &'a str,
    away: &'a str,
    treatments: usize,
    rows: Vec<Row>,
    /// What pathology adds to the diagnosis.
    pub(super) pathological: Cells,
}

impl<'a> Course<'a> {
    pub(super) fn new(
        rng: &'a mut Rng,
        facts: &'a Facts,
        diagnosis: usize,
        (home, away): (&'a str, &'a str),
    ) -> Self {
        let (treatments, rows, pathological) = (0, Vec::new(), Cells::new());
        Self { rng, facts, diagnosis, home, away, treatments, rows, pathological }
    }

    /// Everything that happens, and what pathology says of the diagnosis. `life` may end earlier than it was drawn.
    pub(super) fn run(mut self, life: &mut Life) -> (Vec<Row>, Cells) {
        let visit = self.referrals();
        self.biopsy();
        self.treat(life);
        self.meetings(visit, life);
        self.follow_up(life);
        self.questionnaires(life);
        self.last_month(life);
        (self.rows, self.pathological)
    }

    pub(super) fn row(&mut self, table: &'static str, place: Place, cells: Cells) {
        let diagnosis = self.diagnosis;
        self.rows.push(Row { table, place, diagnosis, treatment: None, cells });
    }

    /// A row that belongs to the last treatment.
    pub(super) fn part(&mut self, table: &'static str, place: Place, cells: Cells) {
        let (diagnosis, treatment) = (self.diagnosis, Some(self.treatments));
        self.rows.push(Row { table, place, diagnosis, treatment, cells });
    }

    /// A treatment; `cells` holds its start.
    pub(super) fn treatment(&mut self, place: Place, start: i64, mut cells: Cells) {
        self.treatments = self.treatments.saturating_add(1);
        let year = self.facts.day.saturating_add(start).div_euclid(365);
        cells.insert("start_day", start.into());
        cells.insert("start_year", self.facts.year.saturating_add(year).into());
        cells.insert("treat_agb", self.code(place).into());
        self.part("treatment", place, cells);
    }

    pub(super) fn code(&self, place: Place) -> &'a str {
        match place {
            Place::Home | Place::Both => self.home,
            Place::Away => self.away,
        }
    }
}
