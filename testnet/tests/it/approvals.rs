//! `kring approve`: a text waits at the hospital until its own people have looked at it, and nothing of data is in what they see.

use std::process::Output;

use node::api::{ApprovalState, ApprovalText};
use node::client::ClientError;
use node::log::Event;
use testnet::network::Network;
use testnet::process::{NodeProcess, Nodes, client, wait_ready};

use crate::support::{Net, RawPeer, Said, hospital, question, refused, said};

const BY_GRADE: &str = "SELECT grade, count(*) AS n FROM patient GROUP BY grade";
const OWN: &str = r#"@id("look-first") @approval("required")
permit (principal, action == Kring::Action::"ask.members", resource == Kring::Dataset::"rotterdam");
"#;

/// ZUID approves what is asked under `ask.members`; the board has every hospital approve what is explored.
fn net() -> Net {
    let mut net = Net::create(3);
    let rules = net.network.dir.join("charter/rules/demo.cedar");
    let text = std::fs::read_to_string(&rules).unwrap();
    let held = text.replace("@variance(\"4\")", "@variance(\"4\")\n@approval(\"required\")");
    assert_ne!(text, held);
    std::fs::write(&rules, held).unwrap();
    net.network.seal().unwrap();
    Net::own_rules(&net.network, "ZUID", OWN);
    net.nodes = Nodes::start(&net.network).unwrap().0;
    net
}

fn approve(network: &Network, code: &str, args: &[&str]) -> Output {
    let mut kring = network.kring();
    kring.arg("approve").args(args);
    kring.arg("--config").arg(network.node_dir(code).join("config.toml"));
    kring.output().unwrap()
}

#[track_caller]
fn done(network: &Network, code: &str, args: &[&str]) -> String {
    let Output { status, stdout, stderr } = approve(network, code, args);
    assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn listed(network: &Network, code: &str) -> Vec<ApprovalText> {
    serde_json::from_str(&done(network, code, &["list", "--format", "json"])).unwrap()
}

fn held(net: &Net, code: &str) -> usize {
    net.log(code).iter().filter(|entry| matches!(entry.event, Event::Held { .. })).count()
}

#[test]
fn a_text_waits_until_it_is_granted_and_is_answered_from_then_on() {
    let mut net = net();
    let first = net.answer("a.jansen", BY_GRADE);
    assert_eq!(first["coverage"]["ZUID"]["code"], "awaiting_approval", "{first}");
    assert_eq!(first["coverage"]["OOST"]["state"], "answered", "{first}");
    let one = net.ask("a.jansen", BY_GRADE, &["--to", "ZUID"]);
    let refusal: serde_json::Value = serde_json::from_slice(&one.stdout).unwrap();
    assert_eq!(refusal["code"], "awaiting_approval", "{refusal}");
    assert_eq!(refusal["rule"], "own/look-first", "{refusal}");
    // Asked again and again it waits once.
    let waiting = listed(&net.network, "ZUID");
    assert_eq!((waiting.len(), held(&net, "ZUID")), (1, 1));
    let text = &waiting[0];
    assert_eq!((text.person.as_str(), text.asking_node.as_str()), ("a.jansen", "NOORD"));
    assert_eq!(text.sql.as_deref(), Some(BY_GRADE));
    assert_eq!(text.state, ApprovalState::Waiting {});
    let id = text.approval.short();
    let shown = done(&net.network, "ZUID", &["show", &id]);
    for line in ["a.jansen at the node of NOORD, for quality", BY_GRADE, "own/look-first"] {
        assert!(shown.contains(line), "no `{line}` in {shown}");
    }

    // The very same request is answered after the grant: it was not spent.
    net.take("NOORD").stop().unwrap();
    let noord = RawPeer::start(&net, "NOORD");
    let asked = question(&net, "a.jansen", BY_GRADE, |_| {});
    let request = noord.request(&net, &asked, |request| request.audience = hospital("ZUID"));
    let send = || noord.send(&net, "ZUID", &request.encode()).unwrap();
    refused(&send(), "awaiting_approval");
    let told = done(&net.network, "ZUID", &["grant", &id, "--reason", "seen by the team"]);
    assert!(told.contains("granted until "), "{told}");
    let first = send();
    let Said::Answer(answer) = said(&first) else { panic!("{:?}", said(&first)) };
    let protections = serde_json::to_value(answer.receipt.protections).unwrap();
    assert_eq!(protections["approval"], "required");
    // Another text of the same person waits by itself.
    let other = question(&net, "a.jansen", "SELECT count(*) AS n FROM patient", |_| {});
    let other = noord.request(&net, &other, |request| request.audience = hospital("ZUID"));
    refused(&noord.send(&net, "ZUID", &other.encode()).unwrap(), "awaiting_approval");

    // Both outlive the process.
    net.take("ZUID").kill().unwrap();
    let mut zuid = NodeProcess::start(&net.network, "ZUID").unwrap();
    wait_ready(&net.network, &mut zuid).unwrap();
    let again = question(&net, "a.jansen", BY_GRADE, |_| {});
    let again = noord.request(&net, &again, |request| request.audience = hospital("ZUID"));
    let told = noord.send(&net, "ZUID", &again.encode()).unwrap();
    assert!(matches!(said(&told), Said::Answer(_)), "{:?}", said(&told));
    let kept = listed(&net.network, "ZUID");
    let states: Vec<_> = kept.iter().map(|text| &text.state).collect();
    assert!(matches!(states[..], [ApprovalState::Waiting {}, ApprovalState::Granted { .. }]));
    withdrawn(&net, &noord, &id);
    assert_eq!(zuid.stop().unwrap(), 0);
}

/// A grant can be taken back, and the log has all of it.
#[track_caller]
fn withdrawn(net: &Net, noord: &RawPeer, id: &str) {
    done(&net.network, "ZUID", &["deny", id, "--reason", "not any more"]);
    let asked = question(net, "a.jansen", BY_GRADE, |_| {});
    let request = noord.request(net, &asked, |request| request.audience = hospital("ZUID"));
    let told = noord.send(net, "ZUID", &request.encode()).unwrap();
    match said(&told) {
        Said::Refusal(refusal) => {
            assert_eq!(refusal.code, "approval_denied");
            assert!(!refusal.message.contains("not any more"), "{refusal:?}");
            assert!(refusal.log_index.is_some(), "it is spent");
        }
        Said::Answer(answer) => panic!("answered: {answer:?}"),
    }
    let decision = |event| {
        if let Event::ApprovalDecided { granted, reason, question, .. } = event {
            return Some((granted, reason, question.person.to_string()));
        }
        None
    };
    let entries = net.log("ZUID").into_iter();
    let decisions: Vec<_> = entries.filter_map(|entry| decision(entry.event)).collect();
    let person = "a.jansen".to_owned();
    let expected = [(true, "seen by the team"), (false, "not any more")];
    let expected = expected.map(|(granted, why)| (granted, why.to_owned(), person.clone()));
    assert_eq!(decisions, expected);
    let config = net.network.node_dir("ZUID").join("config.toml").to_string_lossy().into_owned();
    let listed = net.network.run(&["audit", "list", "--config", &config]).unwrap();
    for words in ["question held for approval", "text approved", "text not approved"] {
        assert!(listed.contains(words), "no `{words}` in {listed}");
    }
}

#[test]
fn a_board_has_every_hospital_approve_and_the_list_is_bounded() {
    let net = net();
    let count = "SELECT count(*) AS n FROM patient";
    let refusal = net.refusal("d.visser", count);
    assert_eq!(refusal["code"], "awaiting_approval", "{refusal}");
    assert_eq!(refusal["rule"], "demo/noise-for-everyone-else", "{refusal}");
    assert_eq!(refusal["layer"]["network"], "demo", "{refusal}");
    let profile = net.network.profile("d.visser").to_string_lossy().into_owned();
    let explained = net.network.run(&["explain", count, "--profile", &profile]).unwrap();
    assert!(explained.contains("people of each hospital approve the text"), "{explained}");
    // One hospital decides for itself alone.
    let id = listed(&net.network, "OOST")[0].approval.to_string();
    done(&net.network, "OOST", &["grant", &id]);
    let answer = net.answer("d.visser", count);
    assert_eq!(answer["coverage"]["OOST"]["state"], "answered", "{answer}");
    assert_eq!(answer["coverage"]["NOORD"]["code"], "awaiting_approval", "{answer}");

    // Nobody fills the list alone.
    let asked = |number: u8| {
        let text = format!("SELECT count(*) AS n{number} FROM patient");
        let asked = net.ask("d.visser", &text, &["--to", "OOST"]);
        serde_json::from_slice::<serde_json::Value>(&asked.stdout).unwrap()["code"].clone()
    };
    for number in 0..10 {
        assert_eq!(asked(number), "awaiting_approval", "{number}");
    }
    assert_eq!(asked(10), "approval_queue_full");
    assert_eq!(asked(3), "awaiting_approval", "it waits already");
    let waiting = listed(&net.network, "OOST").into_iter();
    assert_eq!(waiting.filter(|text| text.state == ApprovalState::Waiting {}).count(), 10);

    // Only who runs the node decides, on texts that there are, and not for ever.
    let refused = client(&net.network, "OOST").unwrap().approvals().unwrap_err();
    assert!(matches!(refused, ClientError::Refused(ref body) if body.code == "not_an_operator"));
    for (args, why) in [
        (vec!["grant", "00000000"], "begins with"),
        (vec!["grant", ""], "too short"),
        (vec!["grant", &id, "--until", "2099-01-01"], "bad_until"),
        (vec!["grant", &id, "--until", "2020-01-01"], "bad_until"),
    ] {
        let Output { status, stderr, .. } = approve(&net.network, "OOST", &args);
        let told = String::from_utf8_lossy(&stderr).into_owned();
        assert_eq!(status.code(), Some(64), "{args:?} {told}");
        assert!(told.contains(why), "{args:?} {told}");
    }
}
