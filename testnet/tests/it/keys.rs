//! A node's keys change in a running network, and no question is refused for it.

use std::time::{Duration, Instant};

use node::api::PublishBody;
use node::clock::{Clock as _, SystemClock};
use node::keys::{Key, KeyRole};
use node::log::Event;
use policies::dsse::{Envelope, PublicKey};
use testnet::network::Sealed;
use testnet::process::{NodeProcess, Nodes, client, wait_connected, wait_ready};

use crate::support::Net;

const TWO: [&str; 2] = ["board.one", "board.three"];
const COUNT: &str = "SELECT count(*) AS n FROM patient";
/// Longest time for something that has to come about by itself.
const PATIENCE: Duration = Duration::from_secs(120);
/// From the making of the charter until its next keys are settled: long enough for three nodes to start.
const SETTLES_IN: i64 = 30;

const JOBS: [(&str, KeyRole); 2] =
    [("envelope", KeyRole::Envelope), ("transport", KeyRole::Transport)];

/// How `kring key ..` ends for NOORD.
fn exit(net: &Net, args: &[&str]) -> Option<i32> {
    let mut kring = net.network.kring();
    kring.arg("key").args(args).arg("--config").arg(config(net));
    kring.output().unwrap().status.code()
}

fn config(net: &Net) -> String {
    net.network.node_dir("NOORD").join("config.toml").to_string_lossy().into_owned()
}

fn key(net: &Net, file: &str, role: KeyRole) -> PublicKey {
    Key::load(&net.network.node_dir("NOORD").join("keys").join(file), role).unwrap().public
}

/// Makes NOORD's next key of a job; the line in members.toml that the board puts it in place of, and the new line.
fn rotate(net: &Net, (job, role): (&str, KeyRole)) -> (String, String) {
    let line = net.network.run(&["key", "rotate", job, "--config", &config(net)]).unwrap();
    let present = key(net, &format!("{job}.key"), role);
    let next = key(net, &format!("{job}.next.key"), role);
    let line = line.trim().to_owned();
    assert_eq!(line, format!("{job} = [{{ key = \"{present}\" }}, {{ key = \"{next}\" }}]"));
    (format!("{job} = \"{present}\""), line)
}

/// Version 2 lists both keys of each job; its notice was over an hour ago in [`SETTLES_IN`] seconds.
fn both_keys(net: &Net, lines: &[(String, String)]) -> Sealed {
    let amendment = net.network.amend(&net.network.first_version(), "both").unwrap();
    for (from, to) in lines {
        amendment.replace("members.toml", from, to).unwrap();
    }
    let begins = SystemClock.now().plus(SETTLES_IN - 60 * 60 - 14 * 24 * 60 * 60);
    let from = format!("valid_from = {begins}");
    amendment.replace("charter.toml", "valid_from = 2026-01-01T00:00:00Z", &from).unwrap();
    amendment.signed_by(&TWO).unwrap()
}

/// Every node begins with these versions.
fn give(net: &Net, versions: &[&Sealed]) {
    for hospital in &net.network.hospitals {
        let dir = net.network.node_dir(&hospital.code);
        std::fs::create_dir_all(dir.join("versions")).unwrap();
        for sealed in versions {
            let name = format!("versions/{}.kring", sealed.version);
            std::fs::copy(&sealed.bundle, dir.join(name)).unwrap();
        }
        let path = dir.join("config.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("bundle = \"charter.kring\""));
        let text = text.replace("bundle = \"charter.kring\"", "bundle = \"versions\"");
        std::fs::write(&path, text).unwrap();
    }
}

/// A question that every hospital must answer; by which envelope key NOORD signed what its person got.
#[track_caller]
fn answered(net: &Net, person: &str) -> String {
    let file = net.network.dir.join("saved.json");
    drop(std::fs::remove_file(&file));
    let output = net.ask(person, COUNT, &["--save", &file.to_string_lossy()]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for code in ["NOORD", "OOST", "ZUID"] {
        assert_eq!(answer["coverage"][code]["state"], "answered", "{answer}");
    }
    // Every signature, those of requests and replies too, holds for whoever has the charters.
    let mut verify = net.network.kring();
    verify.args(["answer", "verify"]).arg(&file).args(["--root", &net.network.root]);
    verify.arg("--charter").arg(net.network.node_dir("NOORD").join("versions"));
    let verified = verify.output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
    let bytes = std::fs::read(&file).unwrap();
    let envelope = Envelope::decode(&bytes, bytes.len()).unwrap();
    envelope.key_hints().next().unwrap().to_owned()
}

/// The envelope keys that NOORD's log says it worked with, in order.
fn logged(net: &Net) -> Vec<(String, String)> {
    let entries = net.log("NOORD").into_iter();
    let changed = entries.filter_map(|entry| {
        let Event::KeysChanged { keys, .. } = entry.event else { return None };
        Some((keys.envelope.to_string(), keys.transport.to_string()))
    });
    changed.collect()
}

fn restart(net: &mut Net) {
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let mut node = NodeProcess::start(&net.network, "NOORD").unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    net.nodes.push(node);
    for node in &mut net.nodes {
        wait_connected(&net.network, node).unwrap();
    }
}

#[test]
fn a_node_goes_over_to_its_next_keys_and_no_question_is_refused() {
    let mut net = Net::create(3);
    let lines = JOBS.map(|job| rotate(&net, job));
    assert_eq!(exit(&net, &["rotate", "envelope"]), Some(64), "one next key at a time");
    assert_eq!(exit(&net, &["rotate", "log"]), Some(64), "a log has one key");
    let second = both_keys(&net, &lines);
    give(&net, &[&net.network.first_version(), &second]);
    net.nodes = Nodes::start(&net.network).unwrap().0;
    let envelope = |file: &str| key(&net, file, KeyRole::Envelope);
    let (old, new) = (envelope("envelope.key"), envelope("envelope.next.key"));
    let transport = |file: &str| key(&net, file, KeyRole::Transport).fingerprint().to_string();
    let (old_transport, new_transport) =
        (transport("transport.key"), transport("transport.next.key"));

    // NOORD asks and answers all the time; from some moment on it signs with its next key.
    let since = Instant::now();
    let mut keys = Vec::new();
    while keys.last() != Some(&new.to_string()) {
        assert!(since.elapsed() < PATIENCE, "NOORD still signs with {:?}", keys.last());
        let key = answered(&net, "a.jansen");
        if keys.last() != Some(&key) {
            keys.push(key);
        }
        answered(&net, "c.bakker");
    }
    assert_eq!(keys, [old.to_string(), new.to_string()]);
    let (old, new) = (old.fingerprint().to_string(), new.fingerprint().to_string());
    let expected = [(old.clone(), old_transport.clone()), (new.clone(), old_transport.clone())];
    assert_eq!(logged(&net), expected);

    // Connections go over at a start.
    restart(&mut net);
    assert_eq!(logged(&net).last(), Some(&(new.clone(), new_transport.clone())));
    answered(&net, "a.jansen");
    answered(&net, "c.bakker");

    the_keys_before_are_ended(&mut net, &lines, &second);
}

/// The board leaves the keys before out, and the next ones take their files.
fn the_keys_before_are_ended(net: &mut Net, lines: &[(String, String)], second: &Sealed) {
    // They still count, so they stay.
    for (job, _) in JOBS {
        assert_eq!(exit(net, &["rotate", job, "--finish"]), Some(64), "{job}");
    }
    let third = net.network.amend(second, "new").unwrap();
    for ((from, _), (job, role)) in lines.iter().zip(JOBS) {
        let next = key(net, &format!("{job}.next.key"), role);
        third.replace("members.toml", from, &format!("{job} = \"{next}\"")).unwrap();
    }
    let head = std::fs::read_to_string(net.network.dir.join("amended/both/charter.toml")).unwrap();
    let begins = head.lines().find(|line| line.starts_with("valid_from")).unwrap();
    third.replace("charter.toml", "valid_from = 2026-01-01T00:00:00Z", begins).unwrap();
    let third = third.signed_by(&TWO).unwrap();
    let body = PublishBody { envelope: third.read().unwrap() };
    client(&net.network, "OOST").unwrap().publish(&body).unwrap();
    for hospital in &net.network.hospitals {
        let dir = net.network.node_dir(&hospital.code);
        std::fs::copy(&third.bundle, dir.join("versions/3.kring")).unwrap();
    }
    let since = Instant::now();
    let newest =
        |code: &str| client(&net.network, code).unwrap().history().unwrap().in_force[0].version;
    while ["NOORD", "OOST", "ZUID"].iter().any(|code| newest(code) != 3) {
        assert!(since.elapsed() < PATIENCE, "not every node follows version 3");
        std::thread::sleep(Duration::from_millis(100));
    }
    answered(net, "a.jansen");
    for (job, _) in JOBS {
        assert_eq!(exit(net, &["rotate", job, "--finish"]), Some(0), "{job}");
    }
    // What it remembers was encrypted under the key before, which stays beside the present one.
    restart(net);
    assert_eq!(answered(net, "a.jansen"), key(net, "envelope.key", KeyRole::Envelope).to_string());
    answered(net, "c.bakker");
    assert_eq!(logged(net).len(), 3, "the keys are the same in other files");
    let listed = net.network.run(&["key", "list", "--config", &config(net)]).unwrap();
    for line in ["envelope present: ", "envelope retired: ", "transport retired: ", "log present: "]
    {
        assert!(listed.contains(line), "no `{line}` in {listed}");
    }
    // Both sides of a telephone call read the same words.
    let charter = net.network.charter();
    let charter = charter.to_str().unwrap();
    let spoken = |args: &[&str]| {
        let words = net.network.run(&[&["key", "fingerprint"], args].concat()).unwrap();
        assert_eq!(words.lines().next(), Some("ZUID, all keys together:"));
        words
    };
    let zuid = net.network.node_dir("ZUID").join("config.toml");
    let own = spoken(&["--config", zuid.to_str().unwrap()]);
    assert_eq!(own, spoken(&["--charter", charter, "--hospital", "ZUID"]));
}
