//! Two instances on copies of one state, both alive.

use super::*;

/// Where the second instance of NOORD lives.
const TWIN: &str = "TWIN";

/// Makes a copy of NOORD's folder that runs on ports of its own, and a profile of a.jansen that asks it.
fn twin(net: &Net) -> std::path::PathBuf {
    let dir = net.network.node_dir(TWIN);
    copy(&net.network.node_dir("NOORD"), &dir);
    let text = std::fs::read_to_string(dir.join("config.toml")).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut changed = String::new();
    for line in text.lines() {
        let line = match line {
            line if line.starts_with("listen = [") => {
                "listen = [\"/ip4/127.0.0.1/tcp/0\", \"/ip4/127.0.0.1/udp/0/quic-v1\"]".to_owned()
            }
            line if line.starts_with("listen = \"127.0.0.1:") => {
                format!("listen = \"127.0.0.1:{port}\"")
            }
            line => line.to_owned(),
        };
        changed.push_str(&line);
        changed.push('\n');
    }
    assert_ne!(changed, text);
    std::fs::write(dir.join("config.toml"), changed).unwrap();
    let profile = std::fs::read_to_string(net.network.profile("a.jansen")).unwrap();
    let own = profile.lines().find(|line| line.starts_with("node_url")).unwrap();
    let url = format!("node_url = \"https://127.0.0.1:{port}\"");
    let path = net.network.profile("a.jansen").with_file_name("twin.toml");
    std::fs::write(&path, profile.replace(own, &url)).unwrap();
    path
}

#[test]
fn of_two_instances_the_second_answers_nothing() {
    let mut net = Net::start(3);
    net.answer("a.jansen", COUNT);
    assert_eq!(net.take("NOORD").stop().unwrap(), 0);
    let profile = twin(&net);
    start(&mut net, "NOORD");
    net.answer("a.jansen", COUNT);
    start_alone(&mut net, TWIN);
    let mut ask = net.network.kring();
    ask.args(["ask", COUNT, "--format", "json", "--profile"]).arg(&profile);
    let output = ask.output().unwrap();
    let refusal: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(refusal["code"], "log_rolled_back", "{refusal}");
    assert_eq!(log_state(&net, TWIN).standing, "log_rolled_back");
    evidence(&net, TWIN, "log_rolled_back");
    // The first one goes on.
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE age > 50");
    assert_eq!(net.take(TWIN).stop().unwrap(), 0);
    let check = net.network.kring().args(["check", "--config"]).arg(config(&net, TWIN)).output();
    let said = String::from_utf8(check.unwrap().stderr).unwrap();
    assert!(said.contains("recover --accept-gap"), "{said}");
}

/// The copy is of a node that rests and starts from its latest state, so its witnesses follow the copy; the first instance hears of it in
/// the next question, before it releases.
#[test]
fn an_instance_that_was_overtaken_hears_it_with_the_question() {
    let mut net = Net::start(3);
    let (export, policy) = (net.network.dir.join("a.audit"), net.network.dir.join("policy"));
    trust(&net, &policy, 2);
    net.answer("a.jansen", COUNT);
    cosigned(&net, &export, &policy);
    let profile = twin(&net);
    start_alone(&mut net, TWIN);
    let mut ask = net.network.kring();
    ask.args(["ask", COUNT, "--format", "json", "--profile"]).arg(&profile);
    assert_eq!(ask.output().unwrap().status.code(), Some(0));
    let cosigned_of_twin = net.network.node_dir("OOST").join("state/witness");
    let newest = std::fs::read_dir(cosigned_of_twin)
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .find(|note| note.starts_with("kring/NOORD/"))
        .unwrap();
    // OOST puts its question to the first instance: a peer that listens nowhere is reached by nobody else.
    for code in ["OOST", TWIN] {
        assert_eq!(net.take(code).stop().unwrap(), 0);
    }
    let oost = RawPeer::start(&net, "OOST");
    let before = net.log("NOORD").len();
    let asked = question(&net, "b.devries", COUNT, |_| {});
    let request = oost.request(&net, &asked, |request| {
        request.audience = hospital("NOORD");
        request.cosigned = Some(newest);
    });
    refused(&oost.send(&net, "NOORD", &request.encode()).unwrap(), "log_rolled_back");
    evidence(&net, "NOORD", "log_rolled_back");
    let log = net.log("NOORD");
    let released = |entry: &node::log::Entry| matches!(entry.event, Event::Outcome { .. });
    assert!(!log.iter().skip(before).any(released), "nothing was released");
}
