use std::collections::BTreeSet;

use super::*;
use crate::Digest;
use crate::explore::{Explore, ExploreReason, ExploreRefusal};
use crate::footprint::{
    ColumnUse, FragmentFootprint, HospitalUse, LinkAxis, LinkFootprint, LinkName, LinkNames,
    LinkQuantity, LinkSum, Sensitive, Shows, SumFootprint, SumKind, Units,
};

const DATASET: &str = r#"id = "small"
version = 1
status = "real"
title = { en = "Small" }
patient = "patient"

[code_lists.site]
codes = [{ code = "A" }, { code = "B" }]

[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "text", class = "key" },
  { name = "year", type = "integer", class = "quasi", min = 2020, max = 2030, step = 1 },
  { name = "birth", type = "integer", class = "quasi", min = 1900, max = 2020, step = 5 },
  { name = "site", type = "text", class = "category", codes = "site" },
]
"#;

/// What is changed, and how.
type Case = (&'static str, fn(&mut FootprintDraft));

fn dataset() -> Dataset {
    crate::dataset::file::parse("small", DATASET).unwrap()
}

/// An indicator with these lines in its head.
fn indicator(head: &str) -> Indicator {
    let by = head.lines().find_map(|line| line.strip_prefix("-- by: ")).unwrap_or_default();
    let lines = by.split(", ").skip(1).map(|name| format!(", {name} -- by {name}\n"));
    let lines: String = lines.collect();
    let text = format!(
        "-- id: v1_volume\n-- version: 1\n-- dataset: small\n-- title_en: Volume\n-- source: test\n{head}\nSELECT 1\n{lines}"
    );
    crate::indicator::parse("v1_volume.sql", &text).unwrap()
}

fn measure(kind: MeasureKind, condition: Option<u32>, argument: Option<u32>) -> MeasureFootprint {
    let (least, most) = (Units::new(0), Units::new(1));
    let sensitive = Sensitive::default();
    MeasureFootprint {
        condition,
        argument,
        kind,
        scale: 0,
        least,
        most,
        made: None,
        whole: false,
        sensitive,
    }
}

/// `SELECT year, count(*) ... GROUP BY year`, changed.
fn footprint(change: impl FnOnce(&mut FootprintDraft)) -> FootprintDraft {
    let used = |column: &str, usage| ColumnUse {
        table: "patient".to_owned(),
        column: column.to_owned(),
        usage,
    };
    let mut draft = FootprintDraft {
        tables: BTreeSet::from(["patient".to_owned()]),
        uses: BTreeSet::from([used("year", Use::Group), used("site", Use::Filter)]),
        functions: BTreeSet::new(),
        aggregates: BTreeSet::from(["count".to_owned()]),
        fragments: vec![FragmentFootprint {
            digest: Digest::of(b"fragment"),
            group_keys: vec!["hospital".to_owned(), "p.year".to_owned()],
            cells: 11,
            sums: vec![SumFootprint {
                text: "count(*)".to_owned(),
                kind: SumKind::Rows,
                scale: 0,
                measure: 0,
            }],
            measures: vec![measure(MeasureKind::Rows, None, None)],
            explore: Explore::Refused(ExploreRefusal::new(ExploreReason::Rows, "patient")),
            links: vec![LinkFootprint {
                base: Digest::of(b"base"),
                keys: vec![
                    LinkAxis { axis: 0, size: 1 }.into(),
                    LinkAxis { axis: 1, size: 11 }.into(),
                ],
                sums: vec![LinkSum { of: 0, fixed: Vec::new(), part_of: Vec::new() }],
            }],
            vectors: Vec::new(),
            sensitive: false,
        }],
        shows: Shows { hospital: HospitalUse::Grouped, network: false },
        names: LinkNames {
            axes: ["hospital", "year"].map(LinkName::of).to_vec(),
            sums: vec![LinkQuantity { what: LinkName::of("rows"), conditions: BTreeSet::new() }],
        },
    };
    change(&mut draft);
    draft
}

fn volume(change: impl FnOnce(&mut FootprintDraft)) -> Result<Option<Volume>, KindFault> {
    let indicator = indicator("-- kind: volume\n-- year: patient.year");
    of_draft(Kind::Volume, &indicator, (&footprint(change), &dataset()))
}

#[test]
fn a_volume_is_a_count_of_everybody_by_hospital_and_year() {
    assert_eq!(volume(|_| {}), Ok(Some(Volume { first: 2020, years: 11 })));
    let keys = measure(MeasureKind::Keys, None, Some(0));
    assert!(volume(|draft| draft.fragments[0].measures = vec![keys]).is_ok());
    let group = |column: &str| ColumnUse {
        table: "patient".to_owned(),
        column: column.to_owned(),
        usage: Use::Group,
    };
    let refused: [Case; 7] = [
        ("condition", |draft| draft.fragments[0].measures[0].condition = Some(0)),
        ("values", |draft| {
            draft.fragments[0].measures = vec![measure(MeasureKind::Value, None, Some(0))];
        }),
        ("a column", |draft| {
            draft.fragments[0].measures = vec![measure(MeasureKind::Rows, None, Some(0))];
        }),
        ("sensitive", |draft| draft.fragments[0].sensitive = true),
        ("bins", |draft| draft.fragments[0].cells = 3),
        ("two groupings", |draft| draft.fragments.push(draft.fragments[0].clone())),
        ("no year", |draft| draft.fragments[0].group_keys = vec!["hospital".to_owned()]),
    ];
    for (case, change) in refused {
        assert!(matches!(volume(change), Err(KindFault::Volume { .. })), "{case}");
    }
    assert!(volume(|draft| draft.uses.extend([group("site")])).is_err());
    // Of an indicator whose head names another year.
    let other = indicator("-- kind: volume\n-- year: patient.birth");
    assert!(of_draft(Kind::Volume, &other, (&footprint(|_| {}), &dataset())).is_err());
}

#[test]
fn a_year_is_closed_when_the_next_one_has_begun() {
    let volume = Volume { first: 2020, years: 11 };
    // 2026-07-01; 2026-12-31 23:59:59; 2027-01-01.
    for (now, closed) in [(1_782_864_000, 6), (1_798_761_599, 6), (1_798_761_600, 7)] {
        let now = UnixTime(now);
        let is: Vec<bool> = (0..13).map(|cell| volume.is_closed(cell, now)).collect();
        assert_eq!(is.iter().filter(|closed| **closed).count(), closed);
        assert!(is[..closed].iter().all(|closed| *closed));
    }
    // Beyond the last year there is the cell of rows without one.
    assert!(!volume.is_closed(11, UnixTime(4_000_000_000)));
    assert!(volume.is_closed(10, UnixTime(4_000_000_000)));
}

#[test]
fn a_completeness_counts_values_that_are_there() {
    let completeness = indicator("-- kind: completeness");
    let is = |of: MeasureFootprint| {
        let footprint = footprint(|draft| draft.fragments[0].measures.push(of));
        of_draft(Kind::Completeness, &completeness, (&footprint, &dataset()))
    };
    assert_eq!(is(measure(MeasureKind::Rows, None, Some(0))), Ok(None));
    for of in [
        measure(MeasureKind::Rows, Some(0), None),
        measure(MeasureKind::Rows, Some(0), Some(0)),
        measure(MeasureKind::Flag, None, Some(0)),
        measure(MeasureKind::Value, None, Some(0)),
        measure(MeasureKind::Keys, None, Some(0)),
    ] {
        assert_eq!(is(of), Err(KindFault::Completeness));
    }
}

#[test]
fn heads_that_contradict_their_kind_are_told() {
    let told = |head: &str| problems(&indicator(head), Some(&dataset()));
    assert!(told("").is_empty());
    assert!(
        told("-- kind: volume\n-- year: patient.year\n-- by: total, hospital, network").is_empty()
    );
    assert!(told("-- kind: completeness\n-- min_patients: 20").is_empty());
    for (head, expected) in [
        ("-- year: patient.year", "`year` is for a volume: write `kind: volume` too"),
        ("-- kind: volume", "a volume names its year: write `year: TABLE.COLUMN`"),
        (
            "-- kind: completeness\n-- year: patient.year",
            "`year` is for a volume, not for a completeness",
        ),
        (
            "-- kind: completeness\n-- parts: members",
            "`parts` contradicts `kind: completeness`: remove one",
        ),
        (
            "-- kind: volume\n-- year: patient.year\n-- min_patients: 20",
            "`min_patients` contradicts `kind: volume`: remove one",
        ),
        (
            "-- kind: volume\n-- year: patient.year\n-- by: total, men",
            "a volume is by total, hospital, network, not by `men`",
        ),
        (
            "-- kind: volume\n-- year: patient.birth",
            "`year` is a quasi column with step 1; `patient.birth` is not",
        ),
        (
            "-- kind: volume\n-- year: patient.jaar",
            "`year` is no column of dataset `small`: `patient.jaar`",
        ),
    ] {
        assert_eq!(told(head), [expected]);
    }
}

#[test]
fn no_other_profile_has_a_kind() {
    for profile in Profile::ALL {
        let own = under(profile, Kind::Volume);
        assert_eq!(own == Kind::Volume, profile == Profile::Indicator);
    }
}
