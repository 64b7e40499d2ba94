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
    nothing_is_answered_until_a_new_lineage_begins(&mut net);
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

/// What NOORD says of a question of its own people.
fn of_noord(net: &Net, sql: &str) -> (Value, Value) {
    let answer = net.answer("a.jansen", sql);
    let said = answer["coverage"]["NOORD"].clone();
    assert_eq!(answer["coverage"]["OOST"]["state"], "answered", "{answer}");
    (said["state"].clone(), said["code"].clone())
}

/// Both the lost answers and those from before the copy count: nobody knows what the lost ones were.
fn nothing_is_answered_until_a_new_lineage_begins(net: &mut Net) {
    let over_60 = "SELECT count(*) FROM patient WHERE age > 60";
    for sql in [over_60, COUNT] {
        assert_eq!(of_noord(net, sql).1, "no_ledger");
    }
    let status = testnet::process::client(&net.network, "NOORD").unwrap().status().unwrap();
    let problems: Vec<_> = status.memories.into_values().map(|memory| memory.problem).collect();
    assert_eq!(problems, [Some("ledger_lost".to_owned())]);
    let lost = net.log("NOORD").into_iter().find_map(|entry| {
        let Event::MemoryLost { lineages } = entry.event else { return None };
        Some(lineages.len())
    });
    assert_eq!(lost, Some(1));
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let noord = |args: &[&str]| {
        let output = net.network.kring().args(args).arg(config(net, "NOORD")).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(said).unwrap())
    };
    let (code, said) = noord(&["check", "--config"]);
    assert!(code == Some(64) && said.contains("ledger_lost"), "{said}");
    // The same snapshots again do not make it another lineage; what was said in OPERATING.md does.
    let import = ["import", "--strict", "--config"];
    assert_eq!(noord(&import).0, Some(0));
    assert!(noord(&["check", "--config"]).1.contains("ledger_lost"));
    let (dir, aside) = (net.network.node_dir("NOORD"), net.network.dir.join("aside"));
    std::fs::create_dir(&aside).unwrap();
    for (path, name) in [
        ("keys/record.key", "record.key"),
        ("snapshots", "snapshots"),
        ("state/patients", "patients"),
    ] {
        std::fs::rename(dir.join(path), aside.join(name)).unwrap();
    }
    let (code, said) = noord(&import);
    assert_eq!(code, Some(0), "{said}");
    start(net, "NOORD");
    assert_eq!(of_noord(net, over_60).0, "answered");
}
