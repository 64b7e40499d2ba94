//! `kring login`: a session key asks for its person, every node sees that it does, and it ends with the person's key.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Output;

use node::api::AskBody;
use node::client::ClientError;
use node::log::Event;
use node::log::event::QuestionRecord;
use node::session::Session;
use policies::question::sign_question;
use serde_json::Value;
use testnet::process::client;

use crate::charters::publish;
use crate::charters::statements::revocation;
use crate::support::{Net, not_asked, question};

const EXPLORER: &str = "d.visser";
const COUNT: &str = "SELECT count(*) AS n FROM patient";
const NODES: [&str; 3] = ["NOORD", "OOST", "ZUID"];

fn kring(net: &Net, person: &str, args: &[&str]) -> Output {
    let mut kring = net.network.kring();
    kring.args(args).arg("--profile").arg(net.network.profile(person));
    kring.output().unwrap()
}

fn login(net: &Net, person: &str, more: &[&str]) -> String {
    let output = kring(net, person, &[&["login"], more].concat());
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The questions that a node ran, the last one last.
fn ran(net: &Net, code: &str) -> Vec<QuestionRecord> {
    let run = |event| {
        if let Event::Intent { question, .. } = event { Some(question) } else { None }
    };
    net.log(code).into_iter().filter_map(|entry| run(entry.event)).collect()
}

fn session(net: &Net, person: &str) -> PathBuf {
    net.network.profile(person).with_extension("session")
}

#[test]
fn a_session_asks_until_it_is_ended_and_every_log_says_so() {
    let net = Net::start(3);
    for hours in ["0", "13", "-1"] {
        let output = kring(&net, EXPLORER, &["login", &format!("--hours={hours}")]);
        assert_eq!(output.status.code(), Some(64), "{output:?}");
    }
    assert!(!session(&net, EXPLORER).exists());
    let told = login(&net, EXPLORER, &["--hours", "2"]);
    assert!(told.contains("d.visser has a session at the node of ZUID until "), "{told}");
    assert!(told.contains("for research; no tumour group"), "{told}");
    let mode = std::fs::metadata(session(&net, EXPLORER)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let saved = net.network.dir.join("answer.kring").to_string_lossy().into_owned();
    let output = net.ask(EXPLORER, COUNT, &["--save", &saved]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let delegation = ran(&net, "ZUID")[0].delegation.expect("the log says so");
    for code in NODES {
        assert_eq!(ran(&net, code)[0].delegation, Some(delegation), "{code}");
    }
    let sent = net.log("ZUID").into_iter().any(|entry| {
        matches!(entry.event, Event::Asked { question, .. } if question.delegation == Some(delegation))
    });
    assert!(sent);
    said_by_the_commands(&net, &saved, &delegation.short());

    // Their own key signs where they say so, and where the session is for something else.
    assert_eq!(net.ask(EXPLORER, COUNT, &["--direct"]).status.code(), Some(0));
    assert_eq!(ran(&net, "NOORD").pop().unwrap().delegation, None);
    let other = net.ask(EXPLORER, COUNT, &["--purpose", "quality"]);
    let told = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(told.contains("the session is not for purpose `quality`"), "{told}");
    assert!(told.contains("your own key signs this one"), "{told}");
    not_asked(&net, "ZUID", EXPLORER, "no_rule_permits");

    let output = kring(&net, EXPLORER, &["logout"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("is ended"), "{output:?}");
    assert!(!session(&net, EXPLORER).exists());
    assert_eq!(net.ask(EXPLORER, COUNT, &[]).status.code(), Some(0));
    assert_eq!(ran(&net, "NOORD").pop().unwrap().delegation, None);
}

/// What `answer verify` and `audit` say of a question that a session asked.
#[track_caller]
fn said_by_the_commands(net: &Net, saved: &str, delegation: &str) {
    let network = &net.network;
    let charter = network.charter().to_string_lossy().into_owned();
    let verify = ["answer", "verify", saved, "--charter", &charter, "--root", &network.root];
    let told = network.run(&verify).unwrap();
    assert!(told.contains("by d.visser (signed in a session until "), "{told}");
    assert!(told.contains(&format!("delegation {delegation}) at ZUID")), "{told}");
    let config = network.node_dir("NOORD").join("config.toml").to_string_lossy().into_owned();
    let listed = network.run(&["audit", "list", "--config", &config]).unwrap();
    assert!(listed.contains("signed in a session"), "{listed}");
    let records =
        network.run(&["audit", "list", "--config", &config, "--format", "nen7513-json"]).unwrap();
    assert!(records.contains("charter, by delegation"), "{records}");
}

#[test]
fn what_asks_for_the_own_signature_is_not_answered_to_a_session() {
    let net = Net::start(3);
    let told = login(&net, "a.jansen", &[]);
    assert!(told.contains("for quality; tumour group borst"), "{told}");
    let refused = net.refusal("a.jansen", COUNT);
    assert_eq!(refused["code"], "direct_signature_required", "{refused}");
    assert!(refused["message"].as_str().unwrap().contains("--direct"), "{refused}");
    assert_eq!(net.ask("a.jansen", COUNT, &["--direct"]).status.code(), Some(0));
    // A file that others could read is not used.
    let path = session(&net, "a.jansen");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = net.ask("a.jansen", COUNT, &[]);
    assert_eq!(output.status.code(), Some(64), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("others may have read it"));
}

#[test]
fn a_session_is_nothing_without_its_delegation_and_ends_with_its_persons_key() {
    let net = Net::start(3);
    login(&net, EXPLORER, &[]);
    let stolen = Session::load(&session(&net, EXPLORER)).unwrap().unwrap();
    let put = |question: String, delegation: Option<String>| match client(&net.network, "ZUID")
        .unwrap()
        .ask(&AskBody { question, delegation })
    {
        Ok(_) => "answered".to_owned(),
        Err(ClientError::Refused(refusal)) => refusal.code,
        Err(error) => panic!("{error}"),
    };
    let fresh = || -> policies::wire::Question {
        let envelope = question(&net, EXPLORER, COUNT, |_| {});
        serde_json::from_slice(envelope.unverified_payload()).unwrap()
    };
    let signed = |question: &policies::wire::Question| {
        let (envelope, text) = stolen.sign(question, question.issued_at).unwrap();
        (String::from_utf8(envelope.encode()).unwrap(), text)
    };
    let asked = fresh();
    let (envelope, delegation) = signed(&asked);
    assert_eq!(put(envelope.clone(), None), "bad_question_signature");
    // Signed by their own key, under the session's delegation.
    let load = |person: &str| {
        let path = net.network.profile(person).with_file_name("person.key");
        node::keys::Key::load(&path, node::keys::KeyRole::Person).unwrap()
    };
    let own = sign_question(&asked, load(EXPLORER).secret());
    let own = String::from_utf8(own.encode()).unwrap();
    assert_eq!(put(own, Some(delegation.clone())), "bad_question_signature");
    // A delegation that the session key signed for itself.
    let mut wider = stolen.delegation().clone();
    wider.purposes = vec!["quality".parse().unwrap(), "research".parse().unwrap()];
    let forged = policies::SignedDelegation::sign(&wider, load("a.jansen").secret());
    let forged = String::from_utf8(forged.encode()).unwrap();
    assert_eq!(put(envelope.clone(), Some(forged)), "bad_delegation_signature");
    // The question was spent by none of these.
    assert_eq!(put(envelope, Some(delegation)), "answered");

    let statement = revocation(&net.network, EXPLORER, &["board.one", "board.two"]);
    assert!(publish(&net.network, "ZUID", statement).unwrap().news);
    let (envelope, delegation) = signed(&fresh());
    assert_eq!(put(envelope, Some(delegation)), "person_revoked");
    let refused: Value = net.refusal(EXPLORER, COUNT);
    assert_eq!(refused["code"], "person_revoked");
}
