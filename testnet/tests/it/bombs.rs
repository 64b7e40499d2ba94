//! SQL bombs, in short: one of every kind. The command throws all of them and looks at the clock too.

use std::path::Path;

use testnet::bombs::Target;
use testnet::bombs::list::bombs;

/// One of every kind, by name.
const KINDS: [&str; 11] = [
    "plus chain under the gate",
    "OR chains in brackets",
    "INTERVAL INTERVAL",
    "IN with 499 items",
    "8 CTEs with CASE, each twice the last",
    "self-joins on the key",
    "CUBE in CUBE",
    "repeat",
    "overflow",
    "text direction",
    "rows times rows in a running sum",
];

#[test]
fn a_bomb_costs_a_question_and_nothing_else() {
    node::command::install_tls_provider();
    let mut target = Target::start(Path::new(env!("CARGO_BIN_EXE_testnet"))).unwrap();
    for name in KINDS {
        let bomb = bombs().into_iter().find(|bomb| bomb.name == name).unwrap();
        let blow = target.throw(&bomb).unwrap();
        assert!(blow.contained(), "{name}: {blow:?}");
    }
    target.stop().unwrap();
}

#[test]
fn there_are_at_least_sixty_bombs_of_different_names() {
    let names: std::collections::BTreeSet<&str> = bombs().iter().map(|bomb| bomb.name).collect();
    assert_eq!(names.len(), bombs().len());
    assert!(names.len() >= 60, "{}", names.len());
}
