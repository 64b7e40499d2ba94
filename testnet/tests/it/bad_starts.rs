//! What keeps a node from starting or importing says so, and what to do.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use crate::support::Net;

struct Node {
    net: Net,
}

impl Node {
    fn create() -> Self {
        let net = Net::create(3);
        net.network.release("NOORD");
        Self { net }
    }

    fn config(&self) -> std::path::PathBuf {
        self.net.network.node_dir("NOORD").join("config.toml")
    }

    fn kring(&self, command: &str, more: &[&str], env: &[(&str, &str)]) -> Output {
        let mut kring = self.net.network.kring();
        kring.args([command, "--config"]).arg(self.config()).args(more).envs(env.iter().copied());
        kring.output().unwrap()
    }

    #[track_caller]
    fn refuses_to_start(&self, env: &[(&str, &str)], expected: &str) {
        let output = self.kring("run", &[], env);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(64), "{stderr}");
        assert!(stderr.contains(expected), "no `{expected}` in: {stderr}");
    }

    /// Changes a file for as long as `then` runs.
    fn with(&self, file: &str, change: impl Fn(&str) -> String, then: impl FnOnce(&Self)) {
        let path = self.net.network.node_dir("NOORD").join(file);
        let before = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(&before)).unwrap();
        then(self);
        std::fs::write(&path, before).unwrap();
    }

    fn without(&self, file: &Path, then: impl FnOnce(&Self)) {
        let aside = file.with_extension("aside");
        std::fs::rename(file, &aside).unwrap();
        then(self);
        std::fs::rename(&aside, file).unwrap();
    }
}

#[test]
fn a_node_that_cannot_be_trusted_does_not_start() {
    let mut node = Node::create();
    let dir = node.net.network.node_dir("NOORD");
    assert_eq!(node.kring("check", &[], &[]).status.code(), Some(0));

    node.refuses_to_start(&[("SSLKEYLOGFILE", "/dev/null")], "SSLKEYLOGFILE");
    let key = dir.join("keys/envelope.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    node.refuses_to_start(&[], "chmod 600");
    let output = node.kring("check", &[], &[("SSLKEYLOGFILE", "/dev/null")]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("2 problem(s)")
            && stderr.contains("SSLKEYLOGFILE")
            && stderr.contains("chmod"),
        "{stderr}"
    );
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();

    let token = dir.join("token");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    std::fs::set_permissions(dir.join("state"), std::fs::Permissions::from_mode(0o777)).unwrap();
    node.refuses_to_start(&[], "token");
    node.refuses_to_start(&[], "chmod 700");
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::set_permissions(dir.join("state"), std::fs::Permissions::from_mode(0o700)).unwrap();

    node.without(&key, |node| node.refuses_to_start(&[], "envelope.key"));
    // What a failed start kept of the charter would be enough.
    std::fs::remove_dir_all(dir.join("state/charter")).unwrap();
    node.without(&dir.join("charter.kring"), |node| node.refuses_to_start(&[], "charter.kring"));
    node.without(&dir.join("token"), |node| node.refuses_to_start(&[], "token"));
    let other_root = "2".repeat(64);
    node.with(
        "config.toml",
        |text| text.replace(&node.net.network.root, &other_root),
        |node| {
            node.refuses_to_start(&[], "is refused (other_root)");
        },
    );
    node.with(
        "config.toml",
        |text| text.replace("count = 2", "count = 2\nspeed = 9"),
        |node| {
            node.refuses_to_start(&[], "unknown field `speed`");
        },
    );
    node.with(
        "charter.kring",
        |text| text.replacen("eyJ", "eyK", 1),
        |node| {
            node.refuses_to_start(&[], "is refused");
        },
    );
    a_port_in_use(&node);
    // Nothing of this was left behind: the node starts.
    let mut running = testnet::process::NodeProcess::start(&node.net.network, "NOORD").unwrap();
    testnet::process::wait_ready(&node.net.network, &mut running).unwrap();
    node.refuses_to_start(&[], "in use");
    assert_eq!(running.stop().unwrap(), 0);
    an_earlier_moment(&node);
    another_charter(&mut node);
}

/// A file's name says when its version was accepted, and a notice runs from then: the log knows better.
fn an_earlier_moment(node: &Node) {
    let kept =
        node.net.network.node_dir("NOORD").join("state/charter").join(&node.net.network.root);
    let find = || {
        let mut entries = std::fs::read_dir(&kept).unwrap().map(|entry| entry.unwrap().path());
        entries.find(|path| path.to_string_lossy().contains("/0000000001-")).unwrap()
    };
    let file = find();
    let earlier = kept.join("0000000001-1767225600.kring");
    std::fs::rename(&file, &earlier).unwrap();
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    node.refuses_to_start(&[], &format!("give the file its name back, {name}"));
    std::fs::rename(&earlier, &file).unwrap();
}

fn a_port_in_use(node: &Node) {
    let config = node::config::Config::load(&node.config()).unwrap();
    let held = std::net::TcpListener::bind(config.http.listen).unwrap();
    node.refuses_to_start(&[], &format!("cannot listen on {}", config.http.listen));
    drop(held);
    let port: u16 = config.listen[0].rsplit('/').next().unwrap().parse().unwrap();
    let held = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    node.refuses_to_start(&[], &port.to_string());
    drop(held);
}

/// Another version 1 is refused, pinned or not, and one that is over.
fn another_charter(node: &mut Node) {
    let network = &mut node.net.network;
    let head = network.dir.join("charter/charter.toml");
    let own = network.node_dir("NOORD").join("charter.kring");
    let text = std::fs::read_to_string(&head).unwrap();
    std::fs::write(&head, text.replace("Demo network", "Fork")).unwrap();
    network.seal_to(&own).unwrap();
    node.refuses_to_start(&[], "is refused (fork)");
    let network = &mut node.net.network;
    network.seal().unwrap();
    node.refuses_to_start(&[], "is refused (fork)");
    let network = &mut node.net.network;
    std::fs::write(&head, text.replace("2036-01-01", "2026-02-01")).unwrap();
    network.seal().unwrap();
    // A node that never held another one.
    std::fs::remove_dir_all(network.node_dir("NOORD").join("state/log")).unwrap();
    node.refuses_to_start(&[], "is refused (expired)");
}

#[test]
fn a_broken_row_is_rejected_with_its_line_or_fails_a_strict_import() {
    let node = Node::create();
    let path = node.net.network.node_dir("NOORD").join("data/patients.csv");
    let mut text = std::fs::read_to_string(&path).unwrap();
    let lines = text.lines().count();
    text.push_str("9001,1992,74,1,\"<=20\",7,0,35,291,0,0,1799,0,1799,0,1\n9002,1992\n");
    std::fs::write(&path, text).unwrap();
    let strict = node.kring("import", &["--strict"], &[]);
    let stderr = String::from_utf8_lossy(&strict.stderr);
    assert_eq!(strict.status.code(), Some(64), "{stderr}");
    assert!(
        stderr.contains(&format!("line {}", lines + 1)) && stderr.contains("grade"),
        "{stderr}"
    );
    assert!(stderr.contains(&format!("line {}", lines + 2)), "{stderr}");
    let lenient = node.kring("import", &["--report", "json"], &[]);
    let report: serde_json::Value = serde_json::from_slice(&lenient.stdout).unwrap();
    assert_eq!(lenient.status.code(), Some(0));
    assert_eq!(report["rejected"], 2, "{report}");
    assert_eq!(report["patients"].as_u64().unwrap(), lines as u64 - 1);
    let gone = node.net.network.node_dir("NOORD").join("data/patients.csv");
    std::fs::remove_file(&gone).unwrap();
    let missing = node.kring("import", &[], &[]);
    let stderr = String::from_utf8_lossy(&missing.stderr);
    assert_eq!(missing.status.code(), Some(64), "{stderr}");
    assert!(stderr.contains("patients.csv"), "{stderr}");
}

impl Node {
    #[track_caller]
    fn says(&self, command: &str, code: i32, expected: &str) {
        let output = self.kring(command, &[], &[]);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{command}: {stderr}");
        assert!(stderr.contains(expected), "{command}: no `{expected}` in: {stderr}");
    }

    /// Puts a snapshot without record keys, as an older version sealed it, in the place of the current one.
    fn age_snapshot(&self) {
        let dataset = policies::DatasetId::new("rotterdam").unwrap();
        let out = self.net.network.node_dir("NOORD").join("snapshots");
        let current = query::snapshot::current(&out, &dataset, 1).unwrap().unwrap();
        let bytes = std::fs::read(current.join("manifest.json")).unwrap();
        let mut manifest: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        manifest["format"] = 1.into();
        manifest.as_object_mut().unwrap().remove("lineage").unwrap();
        let bytes = serde_json::to_vec(&manifest).unwrap();
        let id = policies::Digest::of(&bytes).to_string();
        let old = current.with_file_name(&id);
        std::fs::rename(&current, &old).unwrap();
        std::fs::write(old.join("manifest.json"), bytes).unwrap();
        std::fs::write(old.with_file_name("current"), format!("{id}\n")).unwrap();
    }
}

#[test]
fn a_record_key_is_never_replaced_in_silence() {
    let node = Node::create();
    let key = node.net.network.node_dir("NOORD").join("keys/record.key");
    node.without(&key, |node| {
        node.says("check", 64, "restore the file from a backup");
        node.says("import", 64, "record_key_lost");
        assert!(!key.exists(), "no other key was made");
    });
    node.without(&key, |node| {
        let role = node::keys::KeyRole::Record;
        node::keys::Key::create(&key, role, "NOORD").unwrap();
        node.says("import", 64, "other_lineage");
        std::fs::remove_file(&key).unwrap();
    });
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    node.says("check", 64, "chmod 600");
    node.says("import", 64, "chmod 600");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(node.kring("import", &[], &[]).status.code(), Some(0));

    // A snapshot of before record keys is not answered from; an import replaces it, and makes the key if there never was one.
    node.age_snapshot();
    node.says("check", 64, "has no record keys");
    node.refuses_to_start(&[], "run `kring import` again");
    std::fs::remove_file(&key).unwrap();
    node.says("import", 0, "back it up");
    assert_eq!(node.kring("check", &[], &[]).status.code(), Some(0));
}
