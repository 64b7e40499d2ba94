//! A history that is lost for good: `kring recover --accept-gap`, and what everyone sees of it.

use super::*;

/// Runs `recover` on NOORD: exit code and what it said.
fn recover(net: &Net) -> (Option<i32>, String) {
    let mut kring = net.network.kring();
    let output = kring.args(["recover", "--accept-gap", "--config"]).arg(config(net, "NOORD"));
    let output = output.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

/// The verdict of the second verifier.
fn python(file: &Path, policy: &Path) -> Option<Value> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../node/audit/verify.py");
    let mut command = std::process::Command::new("python3");
    command.args(["-I", "-B", script, "--json", "--policy"]).arg(policy).arg(file);
    match command.output() {
        Ok(output) => Some(serde_json::from_slice(&output.stdout).unwrap()),
        Err(error) => {
            assert!(std::env::var_os("KRING_REQUIRE_PYTHON").is_none_or(|v| v != "1"), "{error}");
            None
        }
    }
}

#[test]
fn a_lost_history_is_given_up_openly_and_the_node_answers_again() {
    let mut net = Net::start(3);
    let dir = net.network.dir.clone();
    let (export, policy, old_policy) = (dir.join("a.audit"), dir.join("new"), dir.join("old"));
    trust(&net, &old_policy, 0);
    net.answer("a.jansen", COUNT);
    cosigned(&net, &export, &old_policy);
    let (code, said) = recover(&net);
    assert_eq!(code, Some(1), "a running node is left alone: {said}");
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let (code, said) = recover(&net);
    assert_eq!(code, Some(64), "nothing was lost: {said}");
    let (node_dir, older, newest) =
        (net.network.node_dir("NOORD"), dir.join("older"), dir.join("newest"));
    copy(&node_dir, &older);
    start(&mut net, "NOORD");
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 50");
    cosigned(&net, &export, &old_policy);
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    std::fs::rename(&node_dir, &newest).unwrap();
    copy(&older, &node_dir);
    start(&mut net, "NOORD");
    assert_eq!(net.refusal("a.jansen", COUNT)["code"], "log_rolled_back");
    evidence(&net, "NOORD", "log_rolled_back");
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);

    let (code, said) = recover(&net);
    assert_eq!(code, Some(0), "{said}");
    start(&mut net, "NOORD");
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 60");
    let args = ["policy", "--root", &net.network.root, "--hospital", "NOORD"];
    let charter = net.network.charter();
    let args = [&args[..], &["--witnesses", "2", "--gaps", "1"]].concat();
    std::fs::write(&policy, done(&kring(&net, &args, &[("--charter", &charter)]))).unwrap();
    let shown = cosigned(&net, &export, &policy);
    let gaps = shown["gaps"].as_array().unwrap();
    assert_eq!(gaps.len(), 1, "{shown}");
    assert!(gaps[0]["seen"].as_u64() > gaps[0]["index"].as_u64().map(|at| at - 10), "{shown}");
    assert!(shown["checkpoints"].as_u64().unwrap() > 2, "of both origins: {shown}");
    if let Some(other) = python(&export, &policy) {
        assert_eq!(
            (&other["holds"], &other["gaps"]),
            (&Value::Bool(true), &shown["gaps"]),
            "{other}"
        );
    }
    // Whoever does not know of the gap does not trust the log.
    assert_eq!(verdict(&net, &export, &old_policy)["code"], "log_not_trusted");
    for witness in ["OOST", "ZUID"] {
        evidence(&net, witness, "gap_accepted");
    }
    // The latest copy is found after all, too late: its history was given up.
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    std::fs::remove_dir_all(&node_dir).unwrap();
    std::fs::rename(&newest, &node_dir).unwrap();
    start(&mut net, "NOORD");
    assert_eq!(net.refusal("a.jansen", COUNT)["code"], "log_rolled_back");
}
