//! What was answered before, at real nodes: two people learn no more together than one, and nothing that was told is forgotten.

use std::collections::BTreeMap;
use std::path::PathBuf;

use node::log::Event;
use serde_json::Value;
use testnet::process::{NodeProcess, wait_ready};

use crate::support::Net;

/// Who asks in turn: exact figures of at least 10 patients, and counts of at least 50.
const PEOPLE: [&str; 2] = ["a.jansen", "c.bakker"];

fn older_than(age: u32) -> String {
    format!("SELECT hospital, count(*) AS n FROM patient WHERE age > {age} GROUP BY hospital")
}

/// The figures by hospital, null where they are hidden.
fn figures(answer: &Value) -> BTreeMap<String, Option<i64>> {
    let figure = |row: &Value| {
        let n = row[1].as_str().map(|n| n.parse().unwrap());
        (row[0].as_str().unwrap().to_owned(), n)
    };
    answer["rows"].as_array().unwrap().iter().map(figure).collect()
}

/// Starts a node again over what it left.
fn restart(net: &mut Net, code: &str) {
    let mut node = NodeProcess::start(&net.network, code).unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    net.nodes.push(node);
}

/// How many figures of a hospital are null because of what was told before.
fn told_before(net: &Net, code: &str) -> u64 {
    let of = |event: &Event| {
        let Event::Outcome { hidden_by, .. } = event else { return None };
        hidden_by.get("told_before").copied()
    };
    net.log(code).iter().filter_map(|entry| of(&entry.event)).sum()
}

/// The files of what a node remembers.
fn charges(net: &Net, code: &str) -> Vec<PathBuf> {
    let ledger = net.network.node_dir(code).join("state/ledger");
    let lineage = std::fs::read_dir(&ledger).unwrap().next().unwrap().unwrap().path();
    let mut files: Vec<_> =
        std::fs::read_dir(lineage).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn check(net: &Net, code: &str) -> (Option<i32>, String) {
    let config = net.network.node_dir(code).join("config.toml");
    let output = net.network.kring().args(["check", "--config"]).arg(config).output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn two_people_learn_no_difference_of_a_few_patients() {
    let mut net = Net::start(3);
    let mut told: BTreeMap<(String, u32), i64> = BTreeMap::new();
    let mut asked = vec![];
    // Everyone; then ever fewer, so that each group is in the one before and the difference of figures is one of patients.
    for (turn, age) in (40..64).enumerate() {
        let person = PEOPLE[turn % 2];
        let answer = figures(&net.answer(person, &older_than(age)));
        for (hospital, n) in &answer {
            told.extend(n.map(|n| ((hospital.clone(), age), n)));
        }
        asked.push((person, age, answer));
    }
    for ((hospital, age), n) in &told {
        for ((other, younger), m) in &told {
            let few = hospital == other && n != m && (n - m).abs() < 10;
            assert!(!few, "{hospital}: {n} over {age}, {m} over {younger}");
        }
    }
    assert!(told.len() > 4, "{told:?}");
    assert!(told_before(&net, "NOORD") > 0 && told_before(&net, "OOST") > 0);
    // The same again, by the same person, after a crash: the same figures, and nothing is charged.
    let before = charges(&net, "NOORD").len();
    net.take("NOORD").kill().unwrap();
    restart(&mut net, "NOORD");
    for (person, age, answer) in asked.iter().rev().take(8) {
        assert_eq!(figures(&net.answer(person, &older_than(*age))), *answer, "{age}");
    }
    assert_eq!(charges(&net, "NOORD").len(), before);
    nothing_is_answered_without_its_memory(&mut net);
}

/// Four people's questions at once, each of a few patients fewer than the one before.
#[test]
fn questions_at_the_same_time_are_held_against_each_other() {
    let net = Net::start(3);
    let ages = [44, 45, 46, 47];
    let told: Vec<BTreeMap<String, Option<i64>>> = std::thread::scope(|scope| {
        let ask = |(turn, age): (usize, &u32)| {
            let (person, sql, net) = (PEOPLE[turn / 2], older_than(*age), &net);
            scope.spawn(move || figures(&net.answer(person, &sql)))
        };
        let asked: Vec<_> = ages.iter().enumerate().map(ask).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    for (at, some) in told.iter().enumerate() {
        for (hospital, n) in some {
            let others = told.iter().skip(at + 1).filter_map(|other| other[hospital]);
            for m in others {
                let few = n.is_some_and(|n| n != m && (n - m).abs() < 10);
                assert!(!few, "{hospital}: {n:?} and {m}");
            }
        }
    }
    // Every charge follows the one before it, and is there.
    for code in ["NOORD", "OOST", "ZUID"] {
        let (_, said) = check(&net, code);
        assert!(!said.contains("ledger"), "{said}");
    }
    // The two that are asked for at least 50 differ by fewer everywhere: whichever came second is null.
    assert!(told.iter().flat_map(BTreeMap::values).any(Option::is_none), "{told:?}");
}

/// A file that is missing or damaged stops answers over the dataset until it is back.
fn nothing_is_answered_without_its_memory(net: &mut Net) {
    let sql = older_than(40);
    let first = charges(net, "OOST").remove(0);
    let bytes = std::fs::read(&first).unwrap();
    let mut damaged = bytes.clone();
    damaged[40] ^= 1;
    for code in ["ledger_missing", "ledger_damaged"] {
        assert_eq!(net.take("OOST").stop().unwrap(), 0);
        match code {
            "ledger_missing" => std::fs::remove_file(&first).unwrap(),
            _ => std::fs::write(&first, &damaged).unwrap(),
        }
        let (exit, said) = check(net, "OOST");
        assert_eq!(exit, Some(64), "{said}");
        assert!(said.contains(code) && said.contains(first.to_str().unwrap()), "{said}");
        restart(net, "OOST");
        let answer = net.answer("a.jansen", &sql);
        assert_eq!(answer["coverage"]["OOST"]["code"], "no_ledger", "{answer}");
        assert_eq!(answer["coverage"]["NOORD"]["state"], "answered", "{answer}");
        assert_eq!(net.take("OOST").stop().unwrap(), 0);
        std::fs::write(&first, &bytes).unwrap();
        restart(net, "OOST");
        let answer = net.answer("a.jansen", &sql);
        assert_eq!(answer["coverage"]["OOST"]["state"], "answered", "{answer}");
    }
}
