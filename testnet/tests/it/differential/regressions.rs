//! Every question that was ever answered wrongly, by name. They run over a fixed dataset of many rows.

use std::collections::BTreeMap;

use testnet::differential::dice::Dice;
use testnet::differential::grammar::Oracles;
use testnet::differential::judge::{Asked, Bench, Outcome};
use testnet::differential::rows;
use testnet::differential::schema::Schema;

/// `name | SQL` a line.
const CASES: &str = include_str!("regressions.txt");

#[test]
fn what_was_once_wrong_is_right() {
    let schema = Schema::fixed();
    let mut dice = Dice::new(&[3]);
    let codes = ["ALFA", "BRAVO", "CHARLIE"].into_iter().zip([40, 0, 12]);
    let hospitals: BTreeMap<_, _> = codes
        .map(|(code, size)| (code.to_owned(), rows::hospital(&mut dice, &schema, size)))
        .collect();
    let cluster = super::cluster();
    let mut session = cluster.as_ref().map(|cluster| cluster.session().unwrap());
    let mut bench = Bench::new(&schema.text(), &hospitals, session.as_mut()).unwrap();
    for line in CASES.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, sql) = line.split_once(" | ").unwrap();
        let oracles = Oracles { datafusion: !name.ends_with("_pg"), postgres: true };
        let ordered = sql.contains("ORDER BY") && !sql.contains("OVER");
        let asked =
            Asked { network: sql, pooled: sql, ordered, oracles, question: None, sampled: true };
        let outcome = bench.judge(&asked, session.as_mut());
        let judged = matches!(outcome, Outcome::Same { .. });
        let alone = session.is_none() && matches!(outcome, Outcome::Unjudged { .. });
        assert!(judged || alone, "{name}: {sql}\n{outcome:?}");
    }
}
