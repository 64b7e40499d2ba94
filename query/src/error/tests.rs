//! Every refusal of a text is in both languages, and names the same things in both.

use std::collections::BTreeSet;

use super::*;

/// One of each; a variant more does not compile before it stands here.
fn place(error: &PlanError) -> usize {
    match error {
        PlanError::TooLong { .. } => 0,
        PlanError::TooManyTokens { .. } => 1,
        PlanError::TooDeep { .. } => 2,
        PlanError::ChainTooLong { .. } => 3,
        PlanError::ListTooLong { .. } => 4,
        PlanError::ReservedName { .. } => 5,
        PlanError::BadSql { .. } => 6,
        PlanError::NotOneStatement { .. } => 7,
        PlanError::NotASelect { .. } => 8,
        PlanError::UnknownTable { .. } => 9,
        PlanError::UnknownColumn { .. } => 10,
        PlanError::AmbiguousColumn { .. } => 11,
        PlanError::UnknownFunction { .. } => 12,
        PlanError::ColumnClass { .. } => 13,
        PlanError::NotAnAggregate => 14,
        PlanError::NotSupported { .. } => 15,
        PlanError::CrossesPatients { .. } => 16,
        PlanError::Unbounded { .. } => 17,
        PlanError::NoDomain { .. } => 18,
        PlanError::NetworkColumn { .. } => 19,
        PlanError::SumOverNetwork { .. } => 20,
        PlanError::UnknownNetwork { .. } => 21,
        PlanError::TooManyCells { .. } => 22,
        PlanError::TooManyFragments { .. } => 23,
        PlanError::TooManyFigures { .. } => 24,
        PlanError::CannotPlan => 25,
    }
}

fn all() -> Vec<PlanError> {
    let name = || "a_name".to_owned();
    let known = || "one_name, two_names".to_owned();
    let (what, instead) = (|| Both::from(("what", "wat")), || Both::from(("write", "schrijf")));
    vec![
        PlanError::TooLong { got: 99, limit: 17 },
        PlanError::TooManyTokens { limit: 17 },
        PlanError::TooDeep { limit: 17 },
        PlanError::ChainTooLong { limit: 17 },
        PlanError::ListTooLong { limit: 17 },
        PlanError::ReservedName { name: name() },
        PlanError::BadSql { line: 17, near: " (Expected: an expression)".to_owned() },
        PlanError::NotOneStatement { found: 17 },
        PlanError::NotASelect { found: "UPDATE".to_owned() },
        PlanError::UnknownTable { name: name(), known: known() },
        PlanError::UnknownColumn { name: name(), known: known() },
        PlanError::AmbiguousColumn { name: name() },
        PlanError::UnknownFunction { name: name(), known: known() },
        PlanError::ColumnClass { column: name(), class: "hidden", usage: "filter" },
        PlanError::NotAnAggregate,
        PlanError::NotSupported { what: what(), instead: instead() },
        PlanError::CrossesPatients { clause: what(), instead: instead() },
        PlanError::Unbounded { expression: name(), instead: instead() },
        PlanError::NoDomain { key: name(), instead: instead() },
        PlanError::NetworkColumn { what: what(), instead: instead() },
        PlanError::SumOverNetwork { call: name() },
        PlanError::UnknownNetwork { name: name(), known: Both::names(known()) },
        PlanError::TooManyCells { cells: 1_234_567 },
        PlanError::TooManyFragments { got: 17 },
        PlanError::TooManyFigures { figures: 1_234_567, limit: 17 },
        PlanError::CannotPlan,
    ]
}

#[test]
fn every_refusal_is_in_english_and_dutch() {
    let places: BTreeSet<usize> = all().iter().map(place).collect();
    assert_eq!(places, (0..26).collect(), "one of each variant");
    for error in all() {
        let (english, dutch) = (error.to_string(), error.dutch());
        assert_ne!(english, dutch);
        let parts = [
            "a_name",
            "one_name, two_names",
            "17",
            "99",
            "1234567",
            "UPDATE",
            "(Expected: an expression)",
        ];
        for part in parts {
            assert_eq!(english.contains(part), dutch.contains(part), "{part}: {dutch}");
        }
        // What stands in it in both languages is in the language of the text.
        assert!(!dutch.contains("what") && !dutch.contains("write"), "{dutch}");
        assert!(!english.contains(" wat ") && !english.contains("schrijf"), "{english}");
        let told = Failure::from(error.clone());
        assert_eq!((told.code.as_str(), told.message), (error.code(), english));
        assert_eq!(told.message_nl, dutch);
    }
}

#[test]
fn every_class_has_advice_in_dutch() {
    let told = |class: &'static str| {
        PlanError::ColumnClass { column: "a.b".to_owned(), class, usage: "filter" }.dutch()
    };
    let all: BTreeSet<String> =
        ["key", "category", "quasi", "hidden", "measure"].into_iter().map(told).collect();
    assert_eq!(all.len(), 5);
}

#[test]
fn no_names_are_none_in_both() {
    assert_eq!(Both::names(String::new()), ("none", "geen").into());
    assert_eq!(Both::names("x, y".to_owned()), Both::same("x, y"));
}
