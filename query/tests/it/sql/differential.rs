//! Pooled semantics: with thresholds off, the network answers what bare DataFusion answers on the pooled tables.

use std::cmp::Ordering;

use super::hospitals::{DATASET, hospitals};
use super::network::{Network, Protect, Worker};
use super::pooled::{Pool, Value};

/// One question a line; `\` at the end of a line continues it.
const QUESTIONS: &str = include_str!("questions.sql");

fn order(a: &[Value], b: &[Value]) -> Ordering {
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
    check(QUESTIONS, 60);
}

#[test]
fn what_stands_above_the_cut_is_as_the_pooled_tables_would_have_it() {
    check(include_str!("questions_above.sql"), 60);
}

/// Every question of a list, one a line.
fn check(list: &str, least: usize) {
    let hospitals = hospitals();
    let network = Network::new(DATASET, &hospitals, Protect::OFF);
    let pool = Pool::new(network.dataset(), &hospitals);
    let mut worker = Worker::start();
    let joined = list.replace("\\\n", " ");
    let questions: Vec<&str> =
        joined.lines().filter(|line| !line.is_empty() && !line.starts_with("--")).collect();
    assert!(questions.len() >= least, "{} questions", questions.len());
    let mut wrong = Vec::new();
    for sql in questions {
        let (types, mut expected) = pool.ask(sql);
        let finished = match network.ask(&mut worker, sql) {
            Ok(finished) => finished,
            Err(failure) => {
                wrong.push(format!("{sql}\n  {failure:?}"));
                continue;
            }
        };
        let kinds: Vec<String> = finished.columns.iter().map(|c| c.kind.clone()).collect();
        let mut got: Vec<Vec<Value>> =
            finished.rows.iter().map(|row| row.iter().map(Value::of_json).collect()).collect();
        let outside = sql.rsplit(')').next().unwrap_or(sql).to_lowercase();
        let plain = !sql.contains("OVER") && sql.to_lowercase().contains("order by");
        if !plain && !outside.contains("order by") {
            expected.sort_by(|a, b| order(a, b));
            got.sort_by(|a, b| order(a, b));
        }
        let same = expected.len() == got.len()
            && expected.iter().zip(&got).all(|(a, b)| a.iter().zip(b).all(|(a, b)| a.same(b)));
        if !same || kinds != types || !finished.cells.is_empty() || finished.undecided > 0 {
            wrong.push(format!(
                "{sql}\n  expected {types:?} {expected:?}\n  got      {kinds:?} {got:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}
