use std::collections::BTreeMap;

use super::*;
use crate::charter;
use crate::compare::fixture;

fn with(edits: &[(&str, &str, &str)]) -> Charter {
    let mut files = fixture::files();
    for (path, find, put) in edits {
        let text = files.get_mut(*path).unwrap();
        assert_eq!(text.matches(find).count(), 1, "{find} in {text}");
        *text = text.replace(find, put);
    }
    charter::parse(&files).unwrap()
}

fn matrix(charter: &Charter) -> Matrix {
    Matrix::of(charter, &Axes::of(&[charter], Only::default())).unwrap()
}

/// The cells as short lines.
fn lines(cells: impl Iterator<Item = (Cell, Verdict)>) -> Vec<String> {
    let line = |(cell, verdict): (Cell, Verdict)| {
        let who = match &cell.who {
            Who::Named(person) => person.to_string(),
            Who::Alike { roles, hospital, .. } => format!("{}@{hospital}", roles[0]),
        };
        let about = match &cell.about {
            About::Columns { table, class, column, usage } => match column {
                Some(column) => format!("{table}.{column}:{usage}"),
                None => format!("{table} {class}:{usage}"),
            },
            About::Indicator { id, by, .. } => {
                format!("{id} {}", by.as_ref().map_or("-", VariantName::as_str))
            }
        };
        let said = match verdict {
            Verdict::Allow { rules, protections } => {
                format!("{} k={}", rules.join(" "), protections["min_patients"])
            }
            Verdict::Deny { code, rule } => format!("{code} {}", rule.unwrap_or_default()),
            Verdict::Absent => "absent".to_owned(),
        };
        format!("{} {who} {} {about}: {said}", cell.profile.as_str(), cell.purpose)
    };
    cells.map(line).collect()
}

fn allowed(matrix: &Matrix) -> Vec<String> {
    let allowed = matrix.cells().filter(|(_, verdict)| verdict.allows());
    lines(allowed.map(|(cell, verdict)| (cell.clone(), verdict.clone())))
}

#[test]
fn every_cell_is_decided_by_the_rules() {
    let charter = with(&[]);
    let matrix = matrix(&charter);
    // Two people, two purposes; key 2, measure 4 and category 3 uses under two profiles, and one variant of an indicator.
    assert_eq!(matrix.cells().len(), 2 * 2 * (2 * 9 + 1));
    let expected = [
        "ask.indicator planner@BRAVO another-purpose count total: noord/planners k=10",
        "ask.indicator planner@BRAVO quality count total: noord/planners k=10",
        "ask.members analyst@ALFA quality patient category:count_values: noord/exact k=10",
        "ask.members analyst@ALFA quality patient category:filter: noord/exact k=10",
        "ask.members analyst@ALFA quality patient category:group: noord/exact k=10",
        "ask.members analyst@ALFA quality patient key:count_distinct: noord/exact k=10",
        "ask.members analyst@ALFA quality patient key:join: noord/exact k=10",
        "ask.members analyst@ALFA quality patient measure:aggregate: noord/exact k=10",
        "ask.members analyst@ALFA quality patient measure:count_values: noord/exact k=10",
        "ask.members analyst@ALFA quality patient measure:filter: noord/exact k=10",
        "ask.members analyst@ALFA quality patient measure:group: noord/exact k=10",
    ];
    assert_eq!(allowed(&matrix), expected);
}

const NO_AGE: &str = "@id(\"no-age\") forbid (principal == Kring::Person::\"a.jansen\", action == Kring::Action::\"ask.members\", resource)\n\
    when { context.uses.contains(\"patient.age:group\") };\n@id(\"planners\")";

#[test]
fn whom_and_which_column_a_rule_names_stand_for_themselves() {
    let charter = with(&[("rules/network.cedar", "@id(\"planners\")", NO_AGE)]);
    let denied = matrix(&charter);
    let forbidden = denied
        .cells()
        .filter(|(_, verdict)| matches!(verdict, Verdict::Deny { code: "forbidden", .. }));
    let forbidden = lines(forbidden.map(|(cell, verdict)| (cell.clone(), verdict.clone())));
    let expected = ["another-purpose", "quality"].map(|purpose| {
        format!("ask.members a.jansen {purpose} patient.age:group: forbidden noord/no-age")
    });
    assert_eq!(forbidden, expected);
}

fn differences(old: &Charter, new: &Charter) -> Vec<String> {
    let axes = Axes::of(&[old, new], Only::default());
    let (from, to) = (Matrix::of(old, &axes).unwrap(), Matrix::of(new, &axes).unwrap());
    let differences = from.against(&to);
    let (before, after): (Vec<_>, Vec<_>) = differences
        .into_iter()
        .map(|Difference { cell, from, to }| ((cell.clone(), from), (cell, to)))
        .unzip();
    let (before, after) = (lines(before.into_iter()), lines(after.into_iter()));
    let both = before
        .iter()
        .zip(&after)
        .map(|(before, after)| format!("{before} -> {}", after.rsplit(": ").next().unwrap()));
    both.collect()
}

#[test]
fn two_versions_differ_where_they_decide_differently() {
    let old = with(&[]);
    assert_eq!(differences(&old, &old), Vec::<String>::new());
    let new = with(&[("rules/network.cedar", "@id(\"planners\")", NO_AGE)]);
    assert_eq!(
        differences(&old, &new),
        [
            "ask.members a.jansen quality patient.age:group: noord/exact k=10 -> forbidden noord/no-age"
        ]
    );
    // Another rule that says the same is no difference.
    let renamed = with(&[("rules/network.cedar", "@id(\"exact\")", "@id(\"exactly\")")]);
    assert_eq!(differences(&old, &renamed), Vec::<String>::new());
    let stricter =
        with(&[("rules/network.cedar", "@min_patients(\"10\")", "@min_patients(\"20\")")]);
    let found = differences(&old, &stricter);
    assert_eq!(found.len(), 9);
    assert!(
        found.iter().all(|line| line.ends_with(": noord/exact k=10 -> noord/exact k=20")),
        "{found:?}"
    );
    let gone = with(&[
        ("people.toml", "id = \"b.devries\"", "id = \"e.other\""),
        ("people.toml", "roles = [\"planner\"]", "roles = [\"planner\", \"other\"]"),
    ]);
    let found = differences(&old, &gone);
    assert_eq!(found.len(), 4, "two purposes go, and come for somebody else: {found:?}");
}

#[test]
fn what_is_asked_for_may_be_one_dataset_purpose_or_person() {
    let charter = with(&[]);
    let count =
        |only: Only| Matrix::of(&charter, &Axes::of(&[&charter], only)).unwrap().cells().len();
    assert_eq!(
        count(Only { person: Some(PersonId::new("a.jansen").unwrap()), ..Only::default() }),
        2 * 19
    );
    assert_eq!(
        count(Only { purpose: Some(Purpose::new("quality").unwrap()), ..Only::default() }),
        2 * 19
    );
    assert_eq!(
        count(Only { dataset: Some(DatasetId::new("other").unwrap()), ..Only::default() }),
        0
    );
    assert_eq!(
        count(Only { person: Some(PersonId::new("x.gone").unwrap()), ..Only::default() }),
        0
    );
}

#[test]
fn too_many_cells_are_told_before_any_is_tried() {
    let mut files = fixture::files();
    let people = files.get_mut("people.toml").unwrap();
    for number in 0..3_000_u32 {
        let mut secret = [7; 32];
        secret[..4].copy_from_slice(&number.to_le_bytes());
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        let key = crate::dsse::PublicKey::of(&key).unwrap();
        people.push_str(&format!(
            "[[people]]\nid = \"p{number}\"\nname = \"P\"\nhospital = \"ALFA\"\nkey = \"{key}\"\ngroups = [\"g{number}\"]\n"
        ));
    }
    let charter = charter::parse(&files).unwrap();
    let error = Matrix::of(&charter, &Axes::of(&[&charter], Only::default())).unwrap_err();
    assert_eq!(error.cells, 3_002 * 2 * 19);
    assert_eq!(error.code(), "too_many_matrix_cells");
    assert_eq!(
        error.to_string(),
        "the matrix has 114076 cells, at most 100000 are tried; name a dataset, a purpose or a person"
    );
}

#[test]
fn groups_and_variants_are_tried_where_a_rule_looks_at_them() {
    let charter = with(&[(
        "rules/network.cedar",
        "@id(\"planners\") permit (principal in Kring::Role::\"planner\", action == Kring::Action::\"ask.indicator\", resource);",
        "@id(\"planners\") permit (principal in Kring::Role::\"planner\", action == Kring::Action::\"ask.indicator\", resource)\n\
         when { context has by && context.by == \"grade\" };\n\
         @id(\"group\") forbid (principal, action == Kring::Action::\"ask.members\", resource) unless { context has group };",
    )]);
    let matrix = matrix(&charter);
    let groups: BTreeMap<_, usize> = matrix.cells().fold(BTreeMap::new(), |mut all, (cell, _)| {
        *all.entry(cell.group.clone()).or_default() += 1;
        all
    });
    assert_eq!(groups.len(), 2, "without a group, and for borst: {groups:?}");
    let found = allowed(&matrix);
    assert_eq!(
        found.iter().filter(|line| line.starts_with("ask.indicator")).count(),
        2,
        "{found:?}"
    );
    assert!(found.iter().any(|line| line.contains("count grade: noord/planners")), "{found:?}");
    let without = |line: &&String| line.starts_with("ask.members");
    assert_eq!(found.iter().filter(without).count(), 9, "{found:?}");
}

const YEAR: &str = "[[tables.columns]]\nname = \"year\"\ntype = \"integer\"\nclass = \"quasi\"\nmin = 2020\nmax = 2024\nstep = 1\n";

#[track_caller]
fn indicator(head: &str, text: &str, expected: &[(&str, &str)]) {
    let mut files = fixture::files();
    files.get_mut("datasets/made.toml").unwrap().push_str(YEAR);
    let head = format!(
        "-- id: tried\n-- version: 1\n-- dataset: made\n-- title_en: T\n-- source: the board\n{head}\n"
    );
    files.insert("indicators/tried.sql".to_owned(), format!("{head}{text}\n"));
    let charter = charter::parse(&files).unwrap();
    let matrix = matrix(&charter);
    let tried =
        |cell: &Cell| matches!(&cell.about, About::Indicator { id, .. } if id.as_str() == "tried");
    let mut verdicts = matrix.cells().filter(|(cell, verdict)| tried(cell) && verdict.allows());
    let (_, Verdict::Allow { protections, .. }) = verdicts.next().unwrap() else {
        panic!("it is allowed to planners")
    };
    let found: Vec<(&str, &str)> = expected
        .iter()
        .map(|(word, _)| (*word, protections.get(word).map_or("-", String::as_str)))
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn an_indicator_is_tried_as_its_head_says() {
    indicator("-- min_patients: 20", "SELECT 1", &[("min_patients", "20"), ("kind", "-")]);
    indicator("-- kind: volume\n-- year: patient.year", "SELECT 1", &[("kind", "volume")]);
    indicator("-- kind: completeness", "SELECT 1", &[("kind", "completeness")]);
    let windows = "SELECT 1 -- window 2022-2024\nSELECT 2 -- window 2024";
    indicator(
        "-- parts: band\n-- band: 2.5 %\n-- window: 2022-2024, 2024",
        windows,
        &[("parts", "band")],
    );
}
