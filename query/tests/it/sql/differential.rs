//! Pooled semantics at the extremes: the questions of the `.slt` files over hospitals whose tables are empty or very full,
//! against bare DataFusion on the pooled tables.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::hospitals::{DATASET, extremes};
use super::network::{Network, Protect, Tables, Worker};
use super::pooled::{Pool, Value};
use crate::slt;
use crate::slt::file::Expect;
use query::pipe::Finished;

pub(super) fn order(a: &[Value], b: &[Value]) -> Ordering {
    let text = |row: &[Value]| {
        row.iter()
            .map(|value| match value {
                Value::Null => "~".to_owned(),
                Value::Exact(text) => text.clone(),
                Value::Float(float) => format!("{float:.6e}"),
            })
            .collect::<Vec<_>>()
    };
    text(a).cmp(&text(b))
}

/// Hospitals with empty tables, and patients with very many; where the reference cannot run a text, PostgreSQL judges it.
#[test]
fn empty_tables_and_patients_with_many_children_change_nothing() {
    let cases = ["steps", "sources"].into_iter().flat_map(slt::read);
    let texts = cases.filter(|case| matches!(case.expect, Expect::Rows { .. }));
    compare(&extremes(), |pool| {
        texts.filter_map(|case| Some((case.sql.clone(), pool.try_ask(&case.sql)?))).collect()
    });
}

/// The values of an answer.
pub(super) fn values(finished: &Finished) -> Vec<Vec<Value>> {
    finished.rows.iter().map(|row| row.iter().map(Value::of_json).collect()).collect()
}

/// Whether two tables hold the same values.
pub(super) fn same(expected: &[Vec<Value>], got: &[Vec<Value>]) -> bool {
    expected.len() == got.len()
        && expected.iter().zip(got).all(|(a, b)| a.iter().zip(b).all(|(a, b)| a.same(b)))
}

/// Whether ORDER BY stands outside all parentheses.
fn is_ordered(sql: &str) -> bool {
    let mut depth = 0;
    let outside = sql.chars().filter(|sign| {
        depth += i32::from(*sign == '(') - i32::from(*sign == ')');
        depth == 0
    });
    outside.collect::<String>().to_lowercase().contains("order by")
}

/// A question, and the types and rows that it must give.
type Expected = (String, (Vec<String>, Vec<Vec<Value>>));

/// One question a line, ` ~~ `, and what bare DataFusion is asked for it.
#[track_caller]
pub(super) fn check(questions: &str, hospitals: &BTreeMap<String, Tables>) {
    let lines = questions.lines().filter(|line| !line.is_empty() && !line.starts_with("--"));
    let pairs = lines.map(|line| line.split_once(" ~~ ").unwrap_or((line, line)));
    compare(hospitals, |pool| {
        pairs.map(|(sql, reference)| (sql.to_owned(), pool.ask(reference))).collect()
    });
}

#[track_caller]
fn compare(hospitals: &BTreeMap<String, Tables>, ask: impl FnOnce(&Pool) -> Vec<Expected>) {
    let network = Network::new(DATASET, hospitals, Protect::OFF);
    let questions = ask(&Pool::new(network.dataset(), hospitals));
    assert!(questions.len() >= 30, "{} questions", questions.len());
    let mut worker = Worker::start();
    let mut wrong = Vec::new();
    for (sql, (types, mut expected)) in questions {
        let finished = match network.ask(&mut worker, &sql) {
            Ok(finished) => finished,
            Err(failure) => {
                wrong.push(format!("{sql}\n  {failure:?}"));
                continue;
            }
        };
        let kinds: Vec<String> = finished.columns.iter().map(|c| c.kind.clone()).collect();
        let mut got = values(&finished);
        if !is_ordered(&sql) {
            expected.sort_by(|a, b| order(a, b));
            got.sort_by(|a, b| order(a, b));
        }
        let same = same(&expected, &got);
        if !same || kinds != types || !finished.cells.is_empty() || finished.undecided > 0 {
            wrong.push(format!(
                "{sql}\n  expected {types:?} {expected:?}\n  got      {kinds:?} {got:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
