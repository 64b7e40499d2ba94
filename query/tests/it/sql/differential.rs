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
    let texts: Vec<String> = ["steps", "sources"]
        .into_iter()
        .flat_map(slt::read)
        .filter(|case| matches!(case.expect, Expect::Rows { .. }))
        .map(|case| case.sql)
        .collect();
    check(&texts, &extremes());
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
fn check(questions: &[String], hospitals: &BTreeMap<String, Tables>) {
    let network = Network::new(DATASET, hospitals, Protect::OFF);
    let pool = Pool::new(network.dataset(), hospitals);
    let mut worker = Worker::start();
    let (mut wrong, mut judged) = (Vec::new(), 0);
    for sql in questions {
        let Some((types, mut expected)) = pool.try_ask(sql) else { continue };
        judged += 1;
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
    assert!(judged > 100, "{judged} are judged");
}
