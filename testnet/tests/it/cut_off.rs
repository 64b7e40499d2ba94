//! What is lost with a worker, and what is not.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Net;

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
            let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
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
    assert_eq!(status.worker_notes, Vec::<String>::new());
    let pids = status.idle_workers;
    let raw = |pid: u32| Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    kill_process(raw(pids[0]), Signal::STOP).unwrap();
    kill_process(raw(pids[pids.len() - 1]), Signal::STOP).unwrap();
    net.take("ZUID").kill().unwrap();
    let lives = |pid: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
        status.is_ok_and(|status| !status.lines().any(|line| line.starts_with("State:\tZ")))
    };
    let since = std::time::Instant::now();
    while pids.iter().any(lives) {
        assert!(since.elapsed().as_secs() < 60, "workers are left: {pids:?}");
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}
