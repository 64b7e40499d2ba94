//! What is refused, with which code, and that the message helps.

use super::hospitals::{DATASET, hospitals};
use super::network::{Network, Protect, Worker};

/// `code | words of the message | SQL`, one a line.
const REFUSED: &str = include_str!("refused.txt");

#[test]
fn what_cannot_be_answered_is_refused_with_a_code_and_a_way_out() {
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let mut worker = Worker::start();
    let mut wrong = Vec::new();
    let cases: Vec<&str> =
        REFUSED.lines().filter(|line| !line.is_empty() && !line.starts_with("--")).collect();
    assert!(cases.len() > 60, "{}", cases.len());
    for case in cases {
        let mut parts = case.splitn(3, " | ");
        let (code, words, sql) =
            (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
        match network.plan(&mut worker, sql) {
            Ok(planned) => wrong.push(format!("{sql}\n  accepted: {:?}", planned.explained)),
            Err(failure) => {
                if failure.code != code || !failure.message.contains(words) {
                    wrong.push(format!("{sql}\n  {}: {}", failure.code, failure.message));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

#[track_caller]
fn check(sql: &str, code: &str) {
    let network = Network::new(DATASET, &Default::default(), Protect::OFF);
    let mut worker = Worker::start();
    let failure = network.plan(&mut worker, sql).expect_err("it must be refused");
    assert_eq!(failure.code, code, "{failure}");
    let again = network.plan(&mut worker, "SELECT count(*) FROM patient");
    assert!(again.is_ok(), "the worker goes on: {again:?}");
}

#[test]
fn a_megabyte_of_sql_is_refused() {
    check(&format!("SELECT count(*) FROM patient -- {}", "x".repeat(1 << 20)), "sql_too_long");
}

#[test]
fn deep_nesting_is_refused_before_the_parser() {
    let deep = |open: &str, close: &str, n: usize| {
        format!("SELECT count(*) FROM patient WHERE {}sex{} = 1", open.repeat(n), close.repeat(n))
    };
    check(&deep("(", ")", 33), "too_deep");
    check(&deep("abs(", ")", 40), "too_deep");
    check(&deep("case when sex = 1 then ", " end", 40), "too_deep");
    let subqueries = format!("{}SELECT 1{}", "SELECT * FROM (".repeat(40), ") x".repeat(40));
    check(&subqueries, "too_deep");
}

#[test]
fn long_chains_are_refused_before_the_parser() {
    let chain = |part: &str, n: usize| {
        format!("SELECT count(*) FROM patient WHERE {} sex = 1", part.repeat(n))
    };
    check(&chain("NOT ", 300), "chain_too_long");
    check(&chain("- ", 300), "chain_too_long");
    check(&chain("sex = 1 AND ", 150), "chain_too_long");
    check(&chain("1 + ", 300), "chain_too_long");
    check(
        "SELECT count(*) FROM patient WHERE sex = 1::int::int"
            .replace("::int", &"::int".repeat(150))
            .as_str(),
        "chain_too_long",
    );
    let unions = "SELECT count(*) FROM patient UNION ALL ".repeat(201);
    check(&format!("{unions} SELECT count(*) FROM patient"), "chain_too_long");
}

#[test]
fn long_lists_and_many_tokens_are_refused() {
    let list: Vec<String> = (0..600).map(|item| item.to_string()).collect();
    check(
        &format!("SELECT count(*) FROM patient WHERE sex IN ({})", list.join(",")),
        "in_list_too_long",
    );
    let many = "(1),".repeat(499);
    check(
        &format!("SELECT count(*) FROM patient WHERE sex IN ({many}(1)) OR sex IN (1,2)"),
        "too_many_tokens",
    );
}

#[test]
fn the_widest_text_that_passes_the_gate_is_planned_or_refused_but_survived() {
    let network = Network::new(DATASET, &Default::default(), Protect::OFF);
    let mut worker = Worker::start();
    let nested = format!(
        "SELECT count(*) FROM patient WHERE {}sex = 1{}",
        "(sex = 1 AND NOT ".repeat(30),
        ")".repeat(30)
    );
    let chained = format!("SELECT count(*) FROM patient WHERE {}sex = 1", "sex = 1 OR ".repeat(99));
    let cases = format!(
        "SELECT sum({}1{}) FROM patient",
        "CASE WHEN sex = 1 THEN 1 ELSE ".repeat(30),
        " END".repeat(30)
    );
    for sql in [nested, chained, cases] {
        assert!(network.plan(&mut worker, &sql).is_ok(), "{sql}");
    }
}
