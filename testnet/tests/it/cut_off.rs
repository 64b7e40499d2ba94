//! What is lost with a worker, and what is not.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Net;

/// Longest wait for something that must happen; machines are noisy.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn send(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

/// The idle workers of a node, once they are as `wanted`.
#[track_caller]
pub(crate) fn idle(net: &Net, code: &str, wanted: impl Fn(&[u32]) -> bool) -> Vec<u32> {
    let client = testnet::process::client(&net.network, code).unwrap();
    let since = Instant::now();
    loop {
        let idle = client.status().unwrap().idle_workers;
        if wanted(&idle) {
            return idle;
        }
        assert!(since.elapsed() < PATIENCE, "idle workers of {code}: {idle:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `kill -9` of every idle worker costs nothing: the next question finds new ones.
#[test]
fn dead_workers_are_replaced() {
    let net = Net::start(3);
    for code in ["NOORD", "OOST", "ZUID"] {
        let status = testnet::process::client(&net.network, code).unwrap().status().unwrap();
        assert_eq!(
            status.idle_workers.len(),
            5,
            "two for a person and one spare, one for asking and one spare"
        );
        for pid in status.idle_workers {
            send(pid, Signal::KILL);
        }
    }
    let answer = net.answer("a.jansen", "SELECT count(*) FROM patient");
    assert_eq!(answer["rows"], serde_json::json!([["2982"]]));
}

/// `kill -9` of a daemon ends its workers too, also one that stands still and so cannot see its pipe close.
#[test]
fn no_worker_outlives_its_daemon() {
    let mut net = Net::start(3);
    let status = testnet::process::client(&net.network, "ZUID").unwrap().status().unwrap();
    let pids = status.idle_workers;
    send(pids[0], Signal::STOP);
    send(pids[pids.len() - 1], Signal::STOP);
    net.take("ZUID").kill().unwrap();
    let lives = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
        status.is_ok_and(|status| !status.lines().any(|line| line.starts_with("State:\tZ")))
    };
    let since = Instant::now();
    while pids.iter().any(lives) {
        assert!(since.elapsed() < PATIENCE, "workers are left: {pids:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// `kill -9` of a worker during a question fails that question with a code; the next is answered. Who loses three pauses.
#[test]
fn a_question_that_loses_its_worker_fails_alone() {
    let net = Net::start(3);
    let sql = "SELECT count(*) FROM patient";
    let ask = |person| {
        let asked = net.ask(person, sql, &["--to", "ZUID"]);
        let body: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
        (asked.status.code(), body["code"].as_str().map(str::to_owned))
    };
    for _ in 0..3 {
        let lost = std::thread::scope(|scope| {
            let idle = idle(&net, "ZUID", |idle| idle.len() == 5);
            idle.iter().for_each(|pid| send(*pid, Signal::STOP));
            let asked = scope.spawn(|| ask("a.jansen"));
            // The question is with the worker that is not idle any more.
            let left = self::idle(&net, "ZUID", |left| left.len() < idle.len());
            let busy = idle.iter().filter(|pid| !left.contains(pid));
            busy.for_each(|pid| send(*pid, Signal::KILL));
            left.iter().for_each(|pid| send(*pid, Signal::CONT));
            asked.join().unwrap()
        });
        assert_eq!(lost, (Some(2), Some("worker_lost".to_owned())));
    }
    assert_eq!(ask("a.jansen"), (Some(2), Some("too_many_lost_workers".to_owned())));
    // Elsewhere nobody noticed.
    let answer = net.ask("a.jansen", sql, &["--to", "NOORD"]);
    assert_eq!(answer.status.code(), Some(0));
    idle(&net, "ZUID", |idle| idle.len() == 5);
    let log = net.log("ZUID");
    let losses = log.iter().filter(|entry| {
        matches!(&entry.event, node::log::Event::WorkerLost { reason } if reason == "worker_lost")
    });
    assert_eq!(losses.count(), 3);
}
