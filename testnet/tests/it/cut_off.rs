//! What is lost with a worker, and what is not.

use rustix::process::{Pid, Signal, kill_process};

use crate::support::Net;

/// `kill -9` of every idle worker costs nothing: the next question finds new ones.
#[test]
fn dead_workers_are_replaced() {
    let net = Net::start(3);
    for code in ["NOORD", "OOST", "ZUID"] {
        let status = testnet::process::client(&net.network, code).unwrap().status().unwrap();
        assert_eq!(status.idle_workers.len(), 5, "two for a person and one spare, one for asking and one spare");
        for pid in status.idle_workers {
            let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
    let answer = net.answer("a.jansen", "SELECT count(*) FROM patient");
    assert_eq!(answer["rows"], serde_json::json!([["2982"]]));
}
