//! Who is treated how, tumour group by tumour group.

use super::{Course, Life};
use crate::generate::patient::{Cells, Place};
use crate::generate::surgery::{self, Operation};
use crate::generate::table::Value;
use crate::generate::tumour::{BLAAS, NEURO, OVARIUM, PANCREAS, SLOKDARM};

/// Latest start of a treatment, as the dataset bounds it.
const LAST_START: i64 = 1200;

/// A treatment other than surgery.
#[derive(Clone, Copy, Debug)]
struct Therapy {
    modality: &'static str,
    intent: &'static str,
    setting: &'static str,
    start: i64,
    days: i64,
    atc: &'static str,
    /// Hundredths of Gy and fractions.
    dose: Option<(i64, i64)>,
}

impl Course<'_> {
    pub(super) fn treat(&mut self, life: &mut Life) {
        let [t, _, m] = self.facts.stage.tnm;
        let curable = m != "1";
        match self.facts.tumour.name {
            name if name == BLAAS.name => self.bladder(t, curable, life),
            name if name == OVARIUM.name => self.ovary(life),
            name if name == PANCREAS.name && curable && self.rng.chance(550) => {
                self.pancreas(life);
            }
            name if name == SLOKDARM.name && curable && self.rng.chance(800) => {
                self.oesophagus(life);
            }
            name if name == NEURO.name => self.brain(life),
            _ => {}
        }
        // Whoever had nothing, or a relapse, may have palliative treatment.
        if self.rng.chance(if self.treatments == 0 { 650 } else { 220 }) {
            self.palliative(life);
        }
    }

    fn oesophagus(&mut self, life: &mut Life) {
        let start = self.rng.skewed(14, 70);
        if !self.rng.chance(720) {
            self.operate(Operation::oesophagectomy(start.saturating_add(10)), life);
            return;
        }
        let operated = self.rng.chance(820);
        let setting = if operated { "neoadjuvant" } else { "primary" };
        let dose = Some(if operated { (4140, 23) } else { (5040, 28) });
        self.therapy(
            Therapy {
                modality: "chemoradiation",
                intent: "curative",
                setting,
                start,
                days: 35,
                atc: "L01XA02",
                dose,
            },
            life,
        );
        if operated {
            let day = start.saturating_add(35).saturating_add(self.rng.skewed(40, 90));
            self.operate(Operation::oesophagectomy(day), life);
        }
    }

    fn bladder(&mut self, t: &str, curable: bool, life: &mut Life) {
        let day = self.rng.range(-14, 3);
        self.operate(Operation::small("turbt", day), life);
        if !curable || !["2", "3", "4"].contains(&t) {
            return;
        }
        let start = self.rng.skewed(14, 80);
        if self.rng.chance(620) {
            let mut day = start.saturating_add(14);
            if self.rng.chance(300) {
                self.systemic("neoadjuvant", (start, 84), "L01XA01", life);
                day = start.saturating_add(84).saturating_add(self.rng.range(21, 50));
            }
            self.operate(Operation::cystectomy(day), life);
        } else if self.rng.chance(650) {
            self.therapy(
                Therapy {
                    modality: "chemoradiation",
                    intent: "curative",
                    setting: "primary",
                    start,
                    days: 42,
                    atc: "L01BC02",
                    dose: Some((6000, 25)),
                },
                life,
            );
        }
    }

    fn ovary(&mut self, life: &mut Life) {
        let start = self.rng.skewed(7, 60);
        if ["IA", "IB", "IC", "IIA"].contains(&self.facts.stage.figo) {
            if self.rng.chance(900) {
                self.operate(Operation::staging(start), life);
            }
        } else if self.rng.chance(450) {
            let end = self.operate(Operation::debulking("primary_debulking", start), life);
            let start = end.saturating_add(self.rng.range(18, 45));
            self.systemic("adjuvant", (start, 110), "L01XA02", life);
        } else if self.rng.chance(800) {
            self.systemic("neoadjuvant", (start, 63), "L01XA02", life);
            let day = start.saturating_add(63).saturating_add(self.rng.range(18, 40));
            let end = self.operate(Operation::debulking("interval_debulking", day), life);
            self.systemic("adjuvant", (end.saturating_add(25), 63), "L01CD01", life);
        }
    }

    fn pancreas(&mut self, life: &mut Life) {
        let day = self.rng.skewed(14, 75);
        let end = self.operate(Operation::pancreatectomy(self.facts.topography, day), life);
        if self.rng.chance(650) {
            let start = end.saturating_add(self.rng.skewed(25, 90));
            self.systemic("adjuvant", (start, 168), "L01BC05", life);
        }
    }

    fn brain(&mut self, life: &mut Life) {
        if !self.rng.chance(920) {
            return;
        }
        let day = self.rng.skewed(0, 35);
        let procedure = if self.rng.chance(680) { "craniotomy" } else { "biopsy" };
        let end = self.operate(Operation::brain(procedure, day), life);
        if self.rng.chance(650) {
            let start = end.saturating_add(self.rng.range(18, 45));
            self.therapy(
                Therapy {
                    modality: "chemoradiation",
                    intent: "curative",
                    setting: "adjuvant",
                    start,
                    days: 42,
                    atc: "L01AX03",
                    dose: Some((6000, 30)),
                },
                life,
            );
            self.systemic("adjuvant", (start.saturating_add(70), 168), "L01AX03", life);
        }
    }

    fn palliative(&mut self, life: &Life) {
        let start = self.rng.skewed(21, 500);
        if self.rng.chance(300) {
            self.therapy(
                Therapy {
                    modality: "radiotherapy",
                    intent: "palliative",
                    setting: "palliative",
                    start,
                    days: 5,
                    atc: "",
                    dose: Some((2000, 5)),
                },
                life,
            );
        } else {
            let days = self.rng.range(40, 400);
            self.systemic("palliative", (start, days), "L01XA02", life);
        }
    }

    /// Drugs from a day for some days.
    fn systemic(
        &mut self,
        setting: &'static str,
        (start, days): (i64, i64),
        atc: &'static str,
        life: &Life,
    ) {
        let intent = if setting == "palliative" { "palliative" } else { "curative" };
        self.therapy(
            Therapy { modality: "systemic", intent, setting, start, days, atc, dose: None },
            life,
        );
    }

    fn therapy(&mut self, therapy: Therapy, life: &Life) {
        let Therapy { modality, intent, setting, start, days, atc, dose } = therapy;
        if start >= life.days || start > LAST_START {
            return;
        }
        let last =
            if life.died { life.days.saturating_sub(self.rng.skewed(2, 60)) } else { life.days };
        let end = start.saturating_add(days).min(last).max(start);
        let planned = days.saturating_div(21).clamp(1, 20);
        let given = planned.saturating_sub(self.rng.skewed(0, 4)).max(1);
        let cells = Cells::from([
            ("modality", modality.into()),
            ("intent", self.rng.known(intent, 20).into()),
            ("setting", setting.into()),
            ("atc", atc.into()),
            ("end_day", self.rng.known(end, 40).into()),
            ("dose_gy", dose.map(|(units, _)| Value::Decimal { units, scale: 2 }).into()),
            ("fractions", dose.map(|(_, fractions)| fractions).into()),
            ("cycles_planned", (!atc.is_empty()).then_some(planned).into()),
            ("cycles_given", if atc.is_empty() { None } else { self.rng.known(given, 70) }.into()),
        ]);
        let place = if dose.is_some() || self.rng.chance(300) { Place::Away } else { Place::Home };
        self.treatment(place, start, cells);
    }

    fn operate(&mut self, operation: Operation, life: &mut Life) -> i64 {
        if operation.start >= life.days || operation.start > LAST_START {
            return operation.start;
        }
        surgery::operate(self, &operation, life)
    }
}
