//! What is said between two versions: revocations, and that the newest is the newest.

use node::clock::{Clock as _, SystemClock};
use node::log::Event;
use policies::dsse::PublicKey;
use policies::statement::{Freshness, Revocation, Subject};
use rustix::process::Signal;
use testnet::network::Network;
use testnet::process::{NodeProcess, wait_ready};
use testnet::topology::NETWORK;

use super::{BY_GRADE, NODES, history, publish, wait};
use crate::cut_off::{idle, send};
use crate::support::Net;

/// A revocation of a person's key, signed by these members of the board.
pub(crate) fn revocation(network: &Network, person: &str, signers: &[&str]) -> String {
    let load =
        |path: &std::path::Path| node::keys::Key::load(path, node::keys::KeyRole::Person).unwrap();
    let key = load(&network.profile(person).with_file_name("person.key"));
    let subject = Subject::Person(person.parse().unwrap());
    revocation_of(network, (subject, &key.public), signers)
}

/// A revocation of a key, signed by these members of the board.
pub(crate) fn revocation_of(
    network: &Network,
    what: (Subject, &PublicKey),
    signers: &[&str],
) -> String {
    let load =
        |path: &std::path::Path| node::keys::Key::load(path, node::keys::KeyRole::Person).unwrap();
    let now = SystemClock.now();
    let revocation = Revocation::new(NETWORK.parse().unwrap(), what, now, "laptop lost");
    let mut envelope = revocation.envelope();
    for id in signers {
        envelope.add_signature(load(&network.board_key(id)).secret());
    }
    String::from_utf8(envelope.encode()).unwrap()
}

/// A word on freshness under NOORD's key id, signed with another key.
fn stolen_word(network: &Network) -> String {
    let load = |code: &str| {
        let path = network.node_dir(code).join("keys/freshness.key");
        node::keys::Key::load(&path, node::keys::KeyRole::Freshness).unwrap()
    };
    let newest = history(network, "NOORD").versions.last().unwrap().layer.clone();
    let word = Freshness::new(&newest, "NOORD".parse().unwrap(), SystemClock.now());
    let other = load("OOST");
    let text = String::from_utf8(word.sign(other.secret()).encode()).unwrap();
    text.replace(&other.public.to_string(), &load("NOORD").public.to_string())
}

#[test]
fn a_revoked_person_is_refused_by_every_node() {
    let mut net = Net::start(3);
    let network = &net.network;
    let question = "SELECT count(*) AS n FROM patient";
    assert_eq!(net.ask("a.jansen", BY_GRADE, &[]).status.code(), Some(0));
    let one = revocation(network, "a.jansen", &["board.two"]);
    assert_eq!(publish(network, "ZUID", one).unwrap_err(), "too_few_signers");
    // A word on freshness whose signature is another's is told as that, and not as no revocation.
    let bad = stolen_word(network);
    assert_eq!(publish(network, "ZUID", bad).unwrap_err(), "bad_signature");
    assert_eq!(net.ask("a.jansen", question, &[]).status.code(), Some(0));

    // A node that is away hears of it when it is back.
    let away = net.take("OOST");
    assert_eq!(away.stop().unwrap(), 0);
    let network = &net.network;
    let both = revocation(network, "a.jansen", &["board.two", "board.three"]);
    assert!(publish(network, "ZUID", both.clone()).unwrap().news);
    assert!(!publish(network, "ZUID", both).unwrap().news);
    let mut back = NodeProcess::start(network, "OOST").unwrap();
    wait_ready(network, &mut back).unwrap();
    for code in NODES {
        wait(&format!("{code} knows"), || history(network, code).revoked.len() == 1);
        let revoked = &history(network, code).revoked[0];
        assert_eq!((&*revoked.subject, &*revoked.reason), ("person a.jansen", "laptop lost"));
        assert_eq!(revoked.by, ["board.two", "board.three"].map(str::to_owned));
        let logged =
            net.log(code).into_iter().any(|entry| matches!(entry.event, Event::Revoked { .. }));
        assert!(logged, "{code}");
    }
    assert_eq!(net.refusal("a.jansen", question)["code"], "person_revoked");
    assert_eq!(net.ask("d.visser", BY_GRADE, &[]).status.code(), Some(0));
    net.nodes.push(back);
    a_log_knows_its_revocations(&mut net);
}

/// A revocation whose file is lost is missed until another node sends it; one that was stored and not logged is logged.
fn a_log_knows_its_revocations(net: &mut Net) {
    for code in NODES {
        assert_eq!(net.take(code).stop().unwrap(), 0);
    }
    let state = net.network.node_dir("ZUID").join("state/charter").join(&net.network.root);
    let lost = std::fs::read_dir(state.join("revoked")).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(lost).unwrap();
    let unlogged = revocation(&net.network, "b.devries", &["board.two", "board.three"]);
    std::fs::write(state.join("revoked/unlogged.kring"), unlogged).unwrap();
    let start = |net: &mut Net, code: &str| {
        let mut node = NodeProcess::start(&net.network, code).unwrap();
        wait_ready(&net.network, &mut node).unwrap();
        net.nodes.push(node);
    };
    start(net, "ZUID");
    let refused = net.refusal("d.visser", BY_GRADE);
    assert_eq!(refused["code"], "revocation_missing", "{refused}");
    start(net, "OOST");
    wait("ZUID has what it missed", || history(&net.network, "ZUID").revoked.len() == 2);
    wait("ZUID answers", || net.ask("d.visser", BY_GRADE, &["--to", "ZUID"]).status.success());
    let entries = net.log("ZUID").into_iter();
    let logged = entries.filter_map(|entry| {
        if let Event::Revoked { subject, .. } = entry.event { Some(subject) } else { None }
    });
    // What it missed is logged once more: it was taken in anew.
    let logged: Vec<String> = logged.collect();
    assert_eq!(logged, ["person a.jansen", "person b.devries", "person a.jansen"]);
}

#[test]
fn a_question_that_runs_is_given_up_when_its_person_is_revoked() {
    let net = Net::start(3);
    let statement = revocation(&net.network, "a.jansen", &["board.one", "board.two"]);
    let refused = std::thread::scope(|scope| {
        let workers = idle(&net, "ZUID", |idle| idle.len() == 5);
        workers.iter().for_each(|pid| send(*pid, Signal::STOP));
        let asked = scope.spawn(|| net.ask("a.jansen", BY_GRADE, &["--to", "ZUID"]));
        // A worker that stands still has the question.
        let left = idle(&net, "ZUID", |left| left.len() < workers.len());
        assert!(publish(&net.network, "ZUID", statement).unwrap().news);
        let asked = asked.join().unwrap();
        left.iter().for_each(|pid| send(*pid, Signal::CONT));
        serde_json::from_slice::<serde_json::Value>(&asked.stdout).unwrap()
    });
    assert_eq!(refused["code"], "revoked", "{refused}");
    // The worker is not used again, and others are answered.
    idle(&net, "ZUID", |idle| idle.len() == 5);
    assert_eq!(net.ask("d.visser", BY_GRADE, &["--to", "ZUID"]).status.code(), Some(0));
}

#[test]
fn without_a_word_that_holds_nothing_is_answered() {
    let mut net = Net::create(3);
    // Nobody vouches: the keys that may are away.
    for code in NODES {
        let key = net.network.node_dir(code).join("keys/freshness.key");
        std::fs::rename(&key, key.with_extension("away")).unwrap();
    }
    net.nodes = testnet::process::Nodes::start(&net.network).unwrap().0;
    assert_eq!(net.refusal("a.jansen", BY_GRADE)["code"], "charter_stale");
    // One of the three comes back, and its word is enough for all.
    let stopped = net.take("OOST");
    assert_eq!(stopped.stop().unwrap(), 0);
    let network = &net.network;
    let key = network.node_dir("OOST").join("keys/freshness.key");
    std::fs::rename(key.with_extension("away"), &key).unwrap();
    let mut back = NodeProcess::start(network, "OOST").unwrap();
    wait_ready(network, &mut back).unwrap();
    for code in NODES {
        wait(&format!("{code} is told"), || !history(network, code).fresh_until.is_empty());
    }
    wait("all answer", || {
        let answer: serde_json::Value =
            serde_json::from_slice(&net.ask("a.jansen", BY_GRADE, &[]).stdout).unwrap();
        NODES.iter().all(|code| answer["coverage"][code]["state"] == "answered")
    });
    net.nodes.push(back);
}
