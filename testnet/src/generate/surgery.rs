//! An operation: stay, complications, pathology, readmission, and rarely death.

use crate::generate::course::{Course, Life};
use crate::generate::patient::{Cells, Place};

/// What is planned.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    procedure: &'static str,
    intent: &'static str,
    pub(super) start: i64,
    /// Whether it is done in a centre, with complications and a specimen.
    major: bool,
    /// Mean number of lymph nodes in the specimen.
    nodes: i64,
    /// Deaths within 90 days, of a thousand.
    deaths: i64,
    complications: &'static [(&'static str, i64)],
}

impl Operation {
    pub(super) fn oesophagectomy(start: i64) -> Self {
        let complications = &[
            ("anastomotic_leak", 35),
            ("pneumonia", 40),
            ("wound_infection", 15),
            ("thromboembolism", 10),
        ];
        Self {
            procedure: "oesophagectomy",
            intent: "curative",
            start,
            major: true,
            nodes: 23,
            deaths: 35,
            complications,
        }
    }

    pub(super) fn cystectomy(start: i64) -> Self {
        let complications =
            &[("ileus", 40), ("wound_infection", 35), ("thromboembolism", 15), ("pneumonia", 10)];
        Self {
            procedure: "cystectomy",
            intent: "curative",
            start,
            major: true,
            nodes: 14,
            deaths: 25,
            complications,
        }
    }

    pub(super) fn staging(start: i64) -> Self {
        let complications = &[("wound_infection", 60), ("ileus", 40)];
        Self {
            procedure: "staging",
            intent: "curative",
            start,
            major: true,
            nodes: 11,
            deaths: 5,
            complications,
        }
    }

    pub(super) fn debulking(procedure: &'static str, start: i64) -> Self {
        let complications = &[
            ("ileus", 40),
            ("wound_infection", 25),
            ("thromboembolism", 20),
            ("anastomotic_leak", 15),
        ];
        Self {
            procedure,
            intent: "curative",
            start,
            major: true,
            nodes: 8,
            deaths: 15,
            complications,
        }
    }

    /// Of the head, or of the rest.
    pub(super) fn pancreatectomy(topography: &str, start: i64) -> Self {
        let procedure =
            if topography == "C25.0" { "pancreatoduodenectomy" } else { "distal_pancreatectomy" };
        let complications =
            &[("popf", 40), ("pph", 20), ("bile_leak", 15), ("wound_infection", 25)];
        Self {
            procedure,
            intent: "curative",
            start,
            major: true,
            nodes: 17,
            deaths: 60,
            complications,
        }
    }

    pub(super) fn brain(procedure: &'static str, start: i64) -> Self {
        let complications = &[("thromboembolism", 50), ("wound_infection", 50)];
        Self {
            procedure,
            intent: "curative",
            start,
            major: true,
            nodes: 0,
            deaths: 35,
            complications,
        }
    }

    /// At the home hospital, without a stay worth the name.
    pub(super) fn small(procedure: &'static str, start: i64) -> Self {
        Self {
            procedure,
            intent: "diagnostic",
            start,
            major: false,
            nodes: 0,
            deaths: 0,
            complications: &[],
        }
    }

    fn place(&self) -> Place {
        if self.major { Place::Away } else { Place::Home }
    }
}

/// Writes down an operation that takes place; gives the day of discharge.
pub(super) fn operate(course: &mut Course<'_>, operation: &Operation, life: &mut Life) -> i64 {
    let start = operation.start;
    let troubled = operation.major && course.rng.chance(460);
    let longest = if troubled { 45 } else { 18 };
    let least = if operation.major { 4 } else { 1 };
    let mut discharge = start.saturating_add(course.rng.skewed(least, longest.max(least)));
    if course.rng.chance(operation.deaths.saturating_mul(if troubled { 2 } else { 1 })) {
        let death = start.saturating_add(course.rng.skewed(1, 90));
        // Two of three die before they leave.
        let in_hospital = course.rng.chance(650);
        life.end(death, in_hospital);
        if in_hospital && life.died && life.days >= start {
            discharge = life.days;
        }
    }
    discharge = discharge.min(life.days).max(start);
    treatment(course, operation, discharge);
    if operation.major {
        if troubled {
            complications(course, operation, life);
        }
        specimen(course, operation, life);
        readmission(course, operation, discharge, life);
    }
    discharge
}

fn treatment(course: &mut Course<'_>, operation: &Operation, discharge: i64) {
    let rng = &mut *course.rng;
    let residual = match operation.procedure {
        "primary_debulking" | "interval_debulking" => {
            rng.pick(&[("none", 66), ("lt1", 19), ("ge1", 11), ("", 4)])
        }
        _ => "",
    };
    let approaches = [("open", 40), ("laparoscopic", 38), ("robot", 22)];
    let cells = Cells::from([
        ("modality", "surgery".into()),
        ("intent", operation.intent.into()),
        ("setting", "primary".into()),
        ("procedure", operation.procedure.into()),
        ("approach", if operation.nodes > 0 { rng.pick(&approaches) } else { "" }.into()),
        ("end_day", operation.start.into()),
        (
            "asa",
            rng.pick(&[(Some(1), 12), (Some(2), 52), (Some(3), 31), (Some(4), 3), (None, 2)])
                .into(),
        ),
        ("discharge_day", rng.known(discharge, 15).into()),
        ("icu_readmission", rng.pick(&[(Some(0), 90), (Some(1), 6), (None, 4)]).into()),
        ("intraop_complication", rng.pick(&[(Some(0), 89), (Some(1), 7), (None, 4)]).into()),
        ("residual", residual.into()),
    ]);
    course.treatment(operation.place(), operation.start, cells);
}

fn complications(course: &mut Course<'_>, operation: &Operation, life: &Life) {
    let died = life.in_hospital && life.days.saturating_sub(operation.start) <= 90;
    let count = course.rng.pick(&[(1, 60), (2, 30), (3, 10)]);
    for number in 0..count {
        let rng = &mut *course.rng;
        let kind = rng.pick(operation.complications);
        let clavien = rng.pick(&[(1, 18), (2, 34), (3, 34), (4, 14)]);
        let clavien = if died && number == 0 { 5 } else { clavien };
        let graded = ["popf", "pph", "bile_leak"].contains(&kind);
        let isgps = rng.pick(&[("A", 25), ("B", 50), ("C", 22), ("", 3)]);
        let onset =
            operation.start.saturating_add(rng.skewed(1, 35)).min(life.days.max(operation.start));
        let again = rng.flag(if clavien >= 3 { 600 } else { 30 });
        let cells = Cells::from([
            ("kind", kind.into()),
            ("isgps", if graded { isgps } else { "" }.into()),
            ("clavien", rng.known(clavien, 30).into()),
            ("onset_day", rng.known(onset, 40).into()),
            ("reintervention", rng.known(again, 40).into()),
        ]);
        // Some were never linked to the operation.
        if rng.chance(970) {
            course.part("complication", operation.place(), cells);
        } else {
            course.row("complication", operation.place(), cells);
        }
    }
}

fn specimen(course: &mut Course<'_>, operation: &Operation, life: &Life) {
    let [t, n, m] = course.facts.stage.tnm;
    let rng = &mut *course.rng;
    let examined = if operation.nodes == 0 || rng.chance(60) {
        0
    } else {
        rng.bell(operation.nodes, operation.nodes.saturating_mul(2)).max(1)
    };
    let positive = if n == "0" { 0 } else { rng.skewed(0, examined.min(12)) };
    let report =
        operation.start.saturating_add(rng.skewed(5, 28)).min(life.days.max(operation.start));
    let examined = (operation.nodes > 0).then_some(examined).and_then(|nodes| rng.known(nodes, 50));
    let cells = Cells::from([
        ("report_day", rng.known(report, 20).into()),
        ("margin", rng.pick(&[("R0", 83), ("R1", 11), ("R2", 2), ("", 4)]).into()),
        ("nodes_examined", examined.into()),
        ("nodes_positive", examined.map(|_| positive).into()),
        (
            "trg",
            if operation.procedure == "oesophagectomy" {
                rng.pick(&[
                    (Some(1), 24),
                    (Some(2), 22),
                    (Some(3), 25),
                    (Some(4), 17),
                    (Some(5), 5),
                    (None, 7),
                ])
            } else {
                None
            }
            .into(),
        ),
    ]);
    if !t.is_empty() {
        let nodal = if positive > 0 { "1" } else { "0" };
        course.pathological = Cells::from([
            ("pt", rng.known(t, 60).into()),
            ("pn", rng.known(nodal, 80).into()),
            ("pm", rng.known(m, 500).into()),
            ("p_stage", rng.known(course.facts.stage.stage, 90).into()),
        ]);
    }
    course.part("pathology", operation.place(), cells);
}

fn readmission(course: &mut Course<'_>, operation: &Operation, discharge: i64, life: &Life) {
    let start = discharge.saturating_add(course.rng.range(1, 30));
    if !course.rng.chance(150) || start > life.days {
        return;
    }
    let end = start.saturating_add(course.rng.skewed(1, 14)).min(life.days);
    let agb = course.code(operation.place());
    let cells = Cells::from([
        ("agb", course.rng.known(agb, 30).into()),
        ("kind", "admission".into()),
        ("start_day", start.into()),
        ("end_day", course.rng.known(end, 30).into()),
        ("unplanned", course.rng.flag(900).into()),
    ]);
    course.row("care_event", operation.place(), cells);
}
