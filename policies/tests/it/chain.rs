//! Chains of charters: what is taken, what holds when, and every bad input that somebody has thought of.

use std::collections::BTreeSet;

mod flips;
mod force;
mod freshness;
mod good;
pub(crate) mod model;
mod payloads;
mod pin;
mod random;
mod revocations;
mod versions;

/// A bad input by its name, the code with which it must be refused, and what came of it.
#[derive(Clone, Debug)]
struct Case {
    name: String,
    expected: &'static str,
    got: &'static str,
}

#[test]
fn every_bad_input_is_refused_with_its_code() {
    let cases = [
        versions::cases(),
        payloads::cases(),
        pin::cases(),
        freshness::cases(),
        revocations::cases(),
    ]
    .concat();
    let wrong: Vec<String> = cases
        .iter()
        .filter(|case| case.got != case.expected)
        .map(|case| format!("{}: expected {}, got {}", case.name, case.expected, case.got))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let names: BTreeSet<&str> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    assert!(names.len() >= 120, "{} cases", names.len());
}
