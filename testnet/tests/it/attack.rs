//! The attacks in short: every weak setting falls, and limits hold.

use std::path::Path;

use testnet::attack::{Scale, all, attack};

/// What takes long without optimisation, looks at the clock, or is near its limit for the noise of one run: for the command.
const LONG: [&str; 12] =
    ["A05", "A06", "A07", "A08", "A09", "A10", "A12", "A13", "A16", "A25", "A26", "A30"];
/// What is made of these all the same.
const QUICK: [&str; 4] = [
    "one difference of histograms",
    "one difference of histograms in exact answers",
    "exact less noisy bins",
    "a noisy part of an exact number",
];

#[test]
fn limits_hold_and_weak_settings_fall() {
    let program = Path::new(env!("CARGO_BIN_EXE_testnet"));
    let quick = |id: &str, name: &str| !LONG.contains(&id) || QUICK.contains(&name);
    let chosen: Vec<_> = all().into_iter().filter(|one| quick(one.id, one.name)).collect();
    let (outcomes, faults) = attack(program, &chosen, Scale::Short, |_| {}).unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(outcomes.len(), chosen.len());
    let mut wrong = Vec::new();
    for outcome in &outcomes {
        let (id, name) = (outcome.attack.id, outcome.attack.name);
        if !outcome.holds() {
            wrong.push(format!("{id} {name}: {:?}, weak {:?}", outcome.nodes, outcome.weak));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
