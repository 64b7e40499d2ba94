//! The log before a third party and before its witnesses, with real processes.

use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;
use testnet::process::{NodeProcess, wait_connected, wait_ready};

use crate::support::{Net, not_asked};

/// Longest wait for something that must happen; machines are noisy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
pub(crate) const COUNT: &str = "SELECT count(*) FROM patient";

pub(crate) fn kring(net: &Net, args: &[&str], paths: &[(&str, &Path)]) -> Output {
    let mut kring = net.network.kring();
    kring.arg("audit").args(args);
    for (option, path) in paths {
        if !option.is_empty() {
            kring.arg(option);
        }
        kring.arg(path);
    }
    kring.output().unwrap()
}

#[track_caller]
pub(crate) fn done(output: &Output) -> String {
    let Output { status, stdout, stderr } = output;
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(stderr));
    String::from_utf8(stdout.clone()).unwrap()
}

pub(crate) fn config(net: &Net, code: &str) -> PathBuf {
    net.network.node_dir(code).join("config.toml")
}

pub(crate) fn verdict(net: &Net, file: &Path, policy: &Path) -> Value {
    let output = kring(net, &["verify", "--format", "json"], &[("", file), ("--policy", policy)]);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(if json["holds"] == true { 0 } else { 2 }), "{json}");
    json
}

/// Exports NOORD's log until a witness has cosigned all that it held when this began.
#[track_caller]
pub(crate) fn cosigned(net: &Net, export: &Path, policy: &Path) -> Value {
    let held = net.log("NOORD").len() as u64;
    let since = Instant::now();
    loop {
        let made =
            kring(net, &["export"], &[("--config", &config(net, "NOORD")), ("--out", export)]);
        if made.status.success() {
            let verdict = verdict(net, export, policy);
            if verdict["holds"] == true && verdict["size"].as_u64() >= Some(held) {
                return verdict;
            }
        }
        assert!(since.elapsed() < PATIENCE, "{}", String::from_utf8_lossy(&made.stderr));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Restarting, restoring an older copy, and having nobody to ask: what the node then answers.
#[test]
fn the_log_is_proved_to_others_and_an_older_copy_of_it_answers_nothing() {
    let mut net = Net::start(3);
    let dir = net.network.dir.clone();
    let (export, policy, proof) = (dir.join("a.audit"), dir.join("policy"), dir.join("a.proof"));
    let charter = net.network.charter();
    let args = ["policy", "--root", &net.network.root, "--hospital", "NOORD", "--witnesses", "1"];
    let text = done(&kring(&net, &args, &[("--charter", &charter)]));
    std::fs::write(&policy, text).unwrap();
    net.answer("a.jansen", COUNT);
    cosigned(&net, &export, &policy);
    a_changed_byte_is_found(&net, &export, &policy);
    a_question_is_proved(&net, &proof, &policy);

    let (node_dir, aside, older) =
        (net.network.node_dir("NOORD"), dir.join("new"), dir.join("old"));
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    copy(&node_dir, &older);
    start(&mut net, "NOORD");
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 50");
    cosigned(&net, &export, &policy);
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);

    std::fs::rename(&node_dir, &aside).unwrap();
    copy(&older, &node_dir);
    start(&mut net, "NOORD");
    let refusal = net.refusal("a.jansen", COUNT);
    assert_eq!(refusal["code"], "log_rolled_back", "{refusal}");
    not_asked(&net, "NOORD", "a.jansen", "log_rolled_back");
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);

    std::fs::remove_dir_all(&node_dir).unwrap();
    std::fs::rename(&aside, &node_dir).unwrap();
    start(&mut net, "NOORD");
    net.answer("a.jansen", COUNT);
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);

    for witness in ["OOST", "ZUID"] {
        assert_eq!(net.take(witness).stop().unwrap(), 0);
    }
    let mut alone = NodeProcess::start(&net.network, "NOORD").unwrap();
    wait_ready(&net.network, &mut alone).unwrap();
    let refusal = net.refusal("a.jansen", COUNT);
    assert_eq!(refusal["code"], "no_witness", "{refusal}");
    not_asked(&net, "NOORD", "a.jansen", "no_witness");
    assert_eq!(alone.stop().unwrap(), 0);
}

fn a_changed_byte_is_found(net: &Net, export: &Path, policy: &Path) {
    let whole = std::fs::read(export).unwrap();
    let second = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let mut changed = whole.clone();
    changed[second + 60] ^= 1;
    std::fs::write(export, &changed).unwrap();
    let found = verdict(net, export, policy);
    assert_eq!(
        (&found["code"], &found["line"], &found["index"]),
        (&"entry_changed".into(), &2.into(), &0.into())
    );
    std::fs::write(export, &whole).unwrap();
}

fn a_question_is_proved(net: &Net, proof: &Path, policy: &Path) {
    let config = config(net, "NOORD");
    let listed = done(&kring(net, &["list", "--format", "nen7513-json"], &[("--config", &config)]));
    let mut records = listed.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let outcome = records.rfind(|record| record["EventTypeCode"] == "outcome").unwrap();
    assert_eq!(outcome["userID"], "a.jansen");
    let digest = outcome["participantObjectID"].as_str().unwrap();
    let (index, id) = (outcome["logIndex"].to_string(), digest.get(..12).unwrap());
    done(&kring(net, &["prove", id], &[("--config", &config), ("--out", proof)]));
    let shown = verdict(net, proof, policy);
    assert!(shown["entries"][&index].as_str().unwrap().contains(digest), "{shown}");
    let unknown = kring(net, &["prove", "zz"], &[("--config", &config), ("--out", proof)]);
    assert_eq!(unknown.status.code(), Some(64));
}

pub(crate) fn start(net: &mut Net, code: &str) {
    let mut node = NodeProcess::start(&net.network, code).unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    wait_connected(&net.network, &mut node).unwrap();
    net.nodes.push(node);
}

/// Copies a folder with the modes of its files.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
