//! Pooled semantics: with thresholds off, the network answers what bare DataFusion answers on the pooled tables.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::hospitals::{DATASET, extremes, hospitals};
use super::network::{Network, Protect, Tables, Worker};
use super::pooled::{Pool, Value};
use query::pipe::Finished;

/// One question a line; `\` at the end of a line continues it.
const QUESTIONS: &str = include_str!("questions.sql");

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

#[test]
fn the_network_answers_as_the_pooled_tables_would() {
    check(QUESTIONS, &hospitals());
}

#[test]
fn what_stands_above_the_cut_is_as_the_pooled_tables_would_have_it() {
    check(include_str!("questions_above.sql"), &hospitals());
}

/// Subqueries, windows and aggregates inside a patient; ` ~~ ` parts a question from a reference that the engine can run.
#[test]
fn what_stays_inside_a_patient_is_as_in_the_pooled_tables() {
    check(include_str!("questions_below.sql"), &hospitals());
}

/// Hospitals with empty tables, and patients with very many.
#[test]
fn empty_tables_and_patients_with_many_children_change_nothing() {
    check(include_str!("questions_below.sql"), &extremes());
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

#[track_caller]
pub(super) fn check(questions: &str, hospitals: &BTreeMap<String, Tables>) {
    let network = Network::new(DATASET, hospitals, Protect::OFF);
    let pool = Pool::new(network.dataset(), hospitals);
    let mut worker = Worker::start();
    let joined = questions.replace("\\\n", " ");
    let questions: Vec<&str> =
        joined.lines().filter(|line| !line.is_empty() && !line.starts_with("--")).collect();
    assert!(questions.len() >= 30, "{} questions", questions.len());
    let mut wrong = Vec::new();
    for question in questions {
        let (sql, reference) = question.split_once(" ~~ ").unwrap_or((question, question));
        let (types, mut expected) = pool.ask(reference);
        let finished = match network.ask(&mut worker, sql) {
            Ok(finished) => finished,
            Err(failure) => {
                wrong.push(format!("{sql}\n  {failure:?}"));
                continue;
            }
        };
        let kinds: Vec<String> = finished.columns.iter().map(|c| c.kind.clone()).collect();
        let mut got = values(&finished);
        if !is_ordered(sql) {
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
