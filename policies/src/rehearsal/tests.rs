use std::collections::BTreeSet;

use super::*;
use crate::charter;
use crate::compare::fixture;
use crate::protections::MinPatients;
use crate::sketch::Sketch;

/// A charter with these rules instead of the fixture's, and what it grants of its indicator.
fn of(rules: &str) -> (Askers, Vec<Granted>) {
    let mut files = fixture::files();
    files.insert("rules/network.cedar".to_owned(), rules.to_owned());
    files.remove("tests/board.toml");
    let charter = charter::parse(&files).unwrap();
    let indicator = charter.indicators().next().unwrap();
    let dataset = charter.dataset(&indicator.dataset).unwrap();
    let (named, _text) = indicator.refer(None, None).unwrap();
    let aggregates = BTreeSet::from(["count".to_owned()]);
    let footprint = Sketch { aggregates, ..Sketch::default() }.footprint(dataset).unwrap();
    let askers = Askers::of(&charter, 1);
    let found = granted(&charter, &askers, (&indicator.dataset, &named), &footprint);
    (askers, found)
}

const PLANNERS: &str = "@id(\"planners\") @min_patients(\"20\") permit (principal in Kring::Role::\"planner\", action == Kring::Action::\"ask.indicator\", resource)";

#[test]
fn what_nobody_is_granted_is_not_rehearsed() {
    let (askers, found) =
        of("@id(\"none\") permit (principal, action == Kring::Action::\"ask.members\", resource);");
    // Two people, and a purpose that no rule names.
    assert_eq!((askers.tried(), askers.all()), (2, 2));
    assert!(found.is_empty());
}

#[test]
fn each_set_of_protections_is_granted_once_whoever_has_it() {
    let (_, found) = of(&format!("{PLANNERS} when {{ context.purpose == \"capacity\" }};"));
    let [granted] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(granted.explained().protections.min_patients, MinPatients::new(20));
    assert_eq!((granted.first().0.as_str(), granted.first().1.as_str()), ("b.devries", "capacity"));
    let both = format!(
        "{PLANNERS};\n@id(\"analysts\") permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.indicator\", resource);"
    );
    let (_, found) = of(&both);
    let k = |granted: &Granted| granted.explained().protections.min_patients;
    assert_eq!(
        found.iter().map(k).collect::<Vec<_>>(),
        [MinPatients::new(20), MinPatients::new(10)]
    );
}

#[test]
fn its_permit_is_for_made_up_data_alone() {
    let (_, found) = of(&format!("{PLANNERS};"));
    let permit = found[0].permit();
    assert!(permit.is_rehearsed() && permit.layers().is_empty());
    assert_eq!(permit.rules(), ["noord/planners"]);
}

#[test]
fn so_many_decisions_are_made_and_no_more() {
    let charter = charter::parse(&fixture::files()).unwrap();
    let askers = Askers::of(&charter, MAX_DECISIONS / 3);
    assert_eq!((askers.tried(), askers.all()), (3, 2 * 2));
}
