//! Letters, meetings, visits and questionnaires around the treatment.

use super::{Course, Life};
use crate::generate::patient::{Cells, Place};
use crate::generate::table::Value;
use crate::generate::tumour::{BLAAS, NEURO};

impl Course<'_> {
    /// The general practitioner's letter, which goes along, and the referral to another hospital. Gives the first visit's day.
    pub(super) fn referrals(&mut self) -> i64 {
        let visit = -self.rng.skewed(0, 60);
        let letter = visit.saturating_sub(self.rng.skewed(1, 30));
        let own = self.rng.chance(890);
        let (kind, from) = if own { ("huisarts", "") } else { ("hospital", "ELDERS") };
        let (home, away) = (self.home, self.away);
        let cells = Cells::from([
            ("from_kind", kind.into()),
            ("from_agb", from.into()),
            ("to_agb", home.into()),
            (
                "reason",
                self.rng.pick(&[("diagnostics", 85), ("second_opinion", 5), ("", 10)]).into(),
            ),
            ("referral_day", self.rng.known(letter, 60).into()),
            ("first_visit_day", self.rng.known(visit, 30).into()),
        ]);
        self.row("referral", Place::Both, cells);
        if home != away {
            let asked = self.rng.skewed(3, 40);
            let seen = asked.saturating_add(self.rng.range(2, 16));
            let cells = Cells::from([
                ("from_kind", "hospital".into()),
                ("from_agb", home.into()),
                ("to_agb", away.into()),
                ("reason", self.rng.pick(&[("treatment", 90), ("second_opinion", 10)]).into()),
                ("referral_day", self.rng.known(asked, 40).into()),
                ("first_visit_day", self.rng.known(seen, 30).into()),
            ]);
            self.row("referral", Place::Away, cells);
        }
        visit
    }

    pub(super) fn biopsy(&mut self) {
        if self.rng.chance(850) {
            let day = self.rng.range(-10, 4);
            let cells = Cells::from([("report_day", self.rng.known(day, 20).into())]);
            self.row("pathology", Place::Home, cells);
        }
    }

    pub(super) fn meetings(&mut self, visit: i64, life: &Life) {
        let first = visit.saturating_add(self.rng.skewed(7, 50)).max(-50);
        let level = self.rng.pick(&[("local", 46), ("regional", 44), ("expert", 10)]);
        if self.rng.chance(930) && first <= life.days {
            self.meeting(Place::Home, level, "pre", first);
        }
        let second = first.max(0).saturating_add(self.rng.range(7, 20));
        if self.home != self.away && second <= life.days {
            let level = self.rng.pick(&[("regional", 60), ("expert", 40)]);
            self.meeting(Place::Away, level, "pre", second);
        }
        for (phase, chance, day) in
            [("post", 520, 130), ("recurrence", 130, 420), ("palliative", 150, 300)]
        {
            let day = self.rng.bell(day, 90);
            if self.rng.chance(chance) && day <= life.days {
                self.meeting(Place::Away, "regional", phase, day);
            }
        }
    }

    fn meeting(&mut self, place: Place, level: &'static str, phase: &'static str, day: i64) {
        let rng = &mut *self.rng;
        let advice = [
            ("surgery", 40),
            ("chemoradiation", 20),
            ("radiotherapy", 6),
            ("systemic", 20),
            ("surveillance", 6),
            ("best_supportive_care", 6),
            ("", 2),
        ];
        let mut flag = |chance, missing| {
            let flag = rng.flag(chance);
            rng.known(flag, missing).into()
        };
        let cells = Cells::from([
            ("level", level.into()),
            ("phase", phase.into()),
            ("mdo_day", day.into()),
            ("expert_opinion", flag(220, 50)),
            ("goals_recorded", flag(540, 90)),
            ("case_manager", flag(710, 60)),
            ("advice_followed", flag(900, 120)),
            ("advice", rng.pick(&advice).into()),
        ]);
        self.row("mdo_meeting", place, cells);
    }

    pub(super) fn follow_up(&mut self, life: &Life) {
        let neuro = self.facts.tumour.name == NEURO.name;
        let mut day = self.rng.range(28, 70);
        let mut points = self.facts.karnofsky;
        for visit in 0..6 {
            if day > life.days || !self.rng.chance(if neuro { 900 } else { 750 }) {
                return;
            }
            let drop = self.rng.pick(&[(-10, 15), (0, 45), (10, 25), (20, 12), (30, 3)]);
            points = points.map(|points| points.saturating_sub(drop).clamp(10, 100));
            let events = [
                ("", 86),
                ("recurrence_local", 4),
                ("recurrence_regional", 2),
                ("recurrence_distant", 5),
                ("progression", 3),
            ];
            let event = if visit == 0 { "" } else { self.rng.pick(&events) };
            let cells = Cells::from([
                ("fu_day", day.into()),
                ("event", event.into()),
                ("karnofsky", points.and_then(|points| self.rng.known(points, 120)).into()),
            ]);
            self.row("followup", Place::Home, cells);
            day = day.saturating_add(self.rng.range(90, 240));
        }
    }

    pub(super) fn questionnaires(&mut self, life: &Life) {
        if !self.rng.chance(560) {
            return;
        }
        let mut level = self.rng.bell(8, 5);
        let bladder = self.facts.tumour.name == BLAAS.name;
        for (timepoint, day) in [("baseline", 0), ("m06", 183), ("m12", 365), ("m24", 731)] {
            let day = self.rng.bell(day, 25).max(-30);
            if day > life.days || !self.rng.chance(780) {
                return;
            }
            level = level.saturating_add(self.rng.range(-2, 2)).clamp(0, 12);
            let mut asked = vec![
                ("QLQ-C30", "QL2", level),
                ("QLQ-C30", "PF2", level.saturating_add(1)),
                ("QLQ-C30", "FA", 12_i64.saturating_sub(level)),
            ];
            if bladder {
                asked.push(("QLQ-BLM30", "US", 11_i64.saturating_sub(level)));
            }
            if self.rng.chance(400) {
                asked.push(("EQ-5D-5L", "VAS", level));
            }
            for (instrument, scale, twelfths) in asked {
                let units = twelfths.clamp(0, 12).saturating_mul(10_000) / 12;
                let score = Value::Decimal { units, scale: 2 };
                let cells = Cells::from([
                    ("instrument", instrument.into()),
                    ("scale", scale.into()),
                    ("timepoint", timepoint.into()),
                    ("prom_day", self.rng.known(day, 30).into()),
                    ("score", self.rng.known(score, 40).into()),
                ]);
                self.row("prom", Place::Home, cells);
            }
        }
    }

    pub(super) fn last_month(&mut self, life: &Life) {
        if !life.died {
            return;
        }
        for (kind, chance, reach) in [
            ("ed", 300, 29),
            ("admission", 400, 45),
            ("icu", 80, 20),
            ("palliative_team", 480, 160),
        ] {
            let start = life.days.saturating_sub(self.rng.skewed(0, reach)).max(0);
            let end = start.saturating_add(self.rng.skewed(0, 14)).min(life.days);
            if !self.rng.chance(chance) {
                continue;
            }
            let home = self.home;
            let cells = Cells::from([
                ("agb", self.rng.known(home, 30).into()),
                ("kind", kind.into()),
                ("start_day", start.into()),
                ("end_day", self.rng.known(end, 30).into()),
                (
                    "unplanned",
                    self.rng.flag(if kind == "palliative_team" { 0 } else { 850 }).into(),
                ),
            ]);
            self.row("care_event", Place::Home, cells);
        }
    }
}
