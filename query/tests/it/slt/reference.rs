//! `docs/SQL.md`: its examples run, its lists are those of the code.

use std::collections::BTreeSet;

use super::file::{self, Case, Expect};
use super::{DATASET, Network, Protect, Worker, codes, hospitals};

const PAGE: &str = include_str!("../../../../docs/SQL.md");
const FUNCTIONS: &str = include_str!("../../../src/catalog/functions.rs");

/// The blocks of the page: `accepted` or `refused CODE`, and the text; those of `ask.explore` are put to the test elsewhere.
fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = PAGE.lines();
    while let Some(line) = lines.next() {
        let Some(fence) = line.strip_prefix("```sql ") else { continue };
        if fence.starts_with("explore") {
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        found.push((fence.to_owned(), body.join("\n")));
    }
    found
}

/// The words in backticks of the row of a table that begins with `| name |`.
#[track_caller]
fn row(name: &str) -> BTreeSet<String> {
    let start = format!("| {name} | ");
    let mut rows = PAGE.lines().filter_map(|line| line.strip_prefix(&start));
    let row = rows.next().unwrap_or_else(|| panic!("no row `{name}`"));
    assert!(rows.next().is_none(), "two rows `{name}`");
    quoted(row)
}

fn quoted(text: &str) -> BTreeSet<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The names of a list of the code.
#[track_caller]
fn list(name: &str) -> BTreeSet<String> {
    let start = format!("const {name}: &[&str] =");
    let (_, rest) = FUNCTIONS.split_once(&start).unwrap_or_else(|| panic!("no list {name}"));
    let (list, _) = rest.split_once(';').unwrap();
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_example_of_the_page_is_what_it_says() {
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let mut worker = Worker::start();
    let examples = examples();
    assert!(examples.len() >= 25, "{}", examples.len());
    let mut wrong = Vec::new();
    for (fence, sql) in &examples {
        let answer = network.ask(&mut worker, sql);
        let right = match (fence.as_str(), &answer) {
            ("accepted", Ok(finished)) => !finished.rows.is_empty(),
            (refused, Err(failure)) => refused.strip_prefix("refused ") == Some(&*failure.code),
            _ => false,
        };
        if !right {
            wrong.push(format!("{fence}: {sql}\n  {answer:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_functions_of_the_page_are_those_of_the_code() {
    for (shown, known) in [
        ("anywhere", "BELOW"),
        ("of figures only", "ABOVE"),
        ("sums", "AGGREGATES"),
        ("pairs", "PAIRS"),
        ("shares", "SHARES"),
        ("quantiles", "QUANTILES"),
        ("inside a patient", "INSIDE"),
        ("of figures", "AGGREGATES_ABOVE"),
        ("pairs of figures", "PAIRS_ABOVE"),
        ("windows", "WINDOWS"),
    ] {
        assert_eq!(row(shown), list(known), "{shown}");
    }
    // Every list of the code is on the page.
    assert_eq!(FUNCTIONS.matches(": &[&str] =").count(), 10);
    // What else has a function behind it is another name of one.
    let (_, arms) = FUNCTIONS.split_once("pub(crate) fn scalar(").unwrap();
    let (arms, _) = arms.split_once("pub(crate) fn window(").unwrap();
    let arms = arms.lines().filter_map(|line| line.split_once("\" =>"));
    let names = arms.flat_map(|(names, _)| names.split('"').skip(1).step_by(2));
    let names: BTreeSet<String> = names.map(str::to_owned).collect();
    let listed = ["BELOW", "ABOVE", "AGGREGATES", "PAIRS", "SHARES", "QUANTILES", "INSIDE"];
    let mut listed: BTreeSet<String> = listed.into_iter().flat_map(list).collect();
    listed.insert("grouping".to_owned());
    let others = PAGE.lines().find(|line| line.ends_with("are other names.")).unwrap();
    assert_eq!(quoted(others), names.difference(&listed).cloned().collect());
}

#[test]
fn every_function_of_the_code_is_asked_in_a_case() {
    let accepted: Vec<String> = super::FILES
        .iter()
        .flat_map(|(name, _)| super::read(name))
        .filter(|case: &Case| matches!(case.expect, Expect::Rows { .. }))
        .map(|case| case.sql.to_lowercase())
        .collect();
    let lists =
        ["BELOW", "ABOVE", "AGGREGATES", "PAIRS", "SHARES", "QUANTILES", "INSIDE", "WINDOWS"];
    for name in lists.into_iter().flat_map(list) {
        let call = format!("{name}(");
        let is_called = |sql: &String| {
            sql.match_indices(&call)
                .any(|(at, _)| !sql[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        };
        assert!(accepted.iter().any(is_called), "no case asks {name}");
    }
}

#[test]
fn the_codes_of_the_page_are_those_of_the_code() {
    let (_, table) = PAGE.split_once("## Refusals of the text").unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let shown: BTreeSet<String> =
        rows.filter_map(|row| row.split('|').nth(1)).flat_map(quoted).collect();
    assert_eq!(shown, codes());
}

#[test]
fn the_limits_of_the_page_are_those_of_the_code() {
    let sources = [
        include_str!("../../../src/gate.rs"),
        include_str!("../../../src/cut.rs"),
        include_str!("../../../src/cut/below.rs"),
        include_str!("../../../src/finish.rs"),
        include_str!("../../../../policies/src/footprint.rs"),
        include_str!("../../../../policies/src/wire.rs"),
    ];
    let (_, table) = PAGE.split_once("## Limits").unwrap();
    let (table, _) = table.split_once("##").unwrap();
    for (name, shown) in [
        ("MAX_SQL_BYTES", "16,384"),
        ("MAX_TOKENS", "2,000"),
        ("MAX_DEPTH", "32"),
        ("MAX_CHAIN", "200"),
        ("MAX_ITEMS", "500"),
        ("MAX_SCANS", "12"),
        ("MAX_FRAGMENTS", "8"),
        ("MAX_CELLS", "10,000"),
        ("MAX_FIGURES", "500,000"),
        ("MAX_ROWS", "1,000,000"),
    ] {
        let start = format!("const {name}: ");
        let found = sources
            .iter()
            .find_map(|text| text.split_once(&start))
            .unwrap_or_else(|| panic!("{name}"));
        let (value, _) = found.1.split_once(';').unwrap();
        let (_, value) = value.split_once("= ").unwrap();
        let parts = value.split(" * ").map(|part| part.replace('_', "").parse::<u64>().unwrap());
        let value: u64 = parts.product();
        assert_eq!(value.to_string(), shown.replace(',', ""), "{name}");
        assert!(table.contains(&format!(" {shown} |")), "{name} is not on the page");
    }
    assert_eq!(
        table.lines().filter(|line| line.starts_with("| ")).count(),
        11,
        "a head and ten limits"
    );
}

#[test]
fn a_file_that_is_not_one_is_an_error() {
    for bad in
        ["SELECT 1", "query X\nSELECT 1\n----\n", "query I\nSELECT 1", "query error code\nSELECT 1"]
    {
        assert!(std::panic::catch_unwind(|| file::parse(bad)).is_err(), "{bad}");
    }
    let rows = |text: &str| vec![text.to_owned()];
    assert!(file::same(&rows("1 2.0000000001"), &rows("1 2"), false, false));
    assert!(!file::same(&rows("1 2.00001"), &rows("1 2"), false, false));
    assert!(!file::same(&rows("9007199254740993"), &rows("9007199254740992"), false, false));
    assert!(!file::same(&rows("hidden"), &rows("NULL"), false, false));
    assert!(!file::same(&rows("5[1..9]"), &rows("5[1..10]"), false, false));
    assert!(file::same(&rows("5[1..9]"), &rows("8.5"), false, true));
    assert!(!file::same(&rows("5[1..9]"), &rows("9.5"), false, true));
}
