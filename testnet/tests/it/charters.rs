//! A running network follows its board: changes come to every node, and nothing else does.

use std::time::{Duration, Instant};

use node::api::{History, PublishBody, Published};
use node::client::ClientError;
use node::log::Event;
use testnet::network::{Network, Sealed};
use testnet::process::{NodeProcess, client, wait_ready};

use crate::support::Net;

mod liar;
pub(crate) mod statements;

const NODES: [&str; 3] = ["NOORD", "OOST", "ZUID"];
const TWO: [&str; 2] = ["board.one", "board.three"];
/// Longest time for something that has to come about by itself.
const PATIENCE: Duration = Duration::from_secs(60);
const BY_GRADE: &str = "SELECT grade, count(*) AS n FROM patient GROUP BY grade";

/// Waits until something is so.
#[track_caller]
fn wait(what: &str, mut so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !so() {
        assert!(since.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn publish(
    network: &Network,
    code: &str,
    envelope: String,
) -> Result<Published, String> {
    match client(network, code).unwrap().publish(&PublishBody { envelope }) {
        Ok(published) => Ok(published),
        Err(ClientError::Refused(refusal)) => Err(refusal.code.clone()),
        Err(error) => panic!("{error}"),
    }
}

fn bring(network: &Network, code: &str, sealed: &Sealed) -> Result<u64, String> {
    let published = publish(network, code, sealed.read().unwrap())?;
    Ok(published.layer.unwrap().version)
}

fn history(network: &Network, code: &str) -> History {
    client(network, code).unwrap().history().unwrap()
}

#[track_caller]
fn all_follow(network: &Network, version: u64) {
    for code in NODES {
        wait(&format!("{code} follows version {version}"), || {
            history(network, code).in_force.first().unwrap().version == version
        });
    }
}

/// What was refused that was brought to this node itself: forks singly, all else counted.
fn rejected(net: &Net, at: &str) -> Vec<String> {
    let entries = net.log(at).into_iter();
    let rejected = entries.filter_map(|entry| {
        if let Event::CharterRejected { code, .. } = &entry.event {
            return Some(code.clone());
        }
        let Event::Rejected { peer, code, count, .. } = entry.event else { return None };
        (peer == at && count > 0).then_some(code)
    });
    rejected.collect()
}

/// k from 10 to 20, and C. Bakker is withdrawn.
fn stricter(net: &Net, signers: &[&str]) -> Sealed {
    let amendment = net.network.amend(&net.network.first_version(), "stricter").unwrap();
    let rules = "rules/demo.cedar";
    amendment.replace(rules, "@min_patients(\"10\")", "@min_patients(\"20\")").unwrap();
    let name = "name = \"C. Bakker (counts for planning)\"";
    let withdrawn = format!("{name}\nvalid_until = 2026-01-02T00:00:00Z");
    amendment.replace("people.toml", name, &withdrawn).unwrap();
    amendment.signed_by(signers).unwrap()
}

#[test]
fn two_of_three_change_the_rules_of_every_node_at_once() {
    let mut net = Net::start(3);
    let network = &net.network;
    let before = net.answer("a.jansen", BY_GRADE);
    let protections = |answer: &serde_json::Value| answer["protections"].to_string();
    assert!(protections(&before).contains("\"min_patients\":10"), "{before}");
    assert_eq!(net.ask("c.bakker", "SELECT count(*) FROM patient", &[]).status.code(), Some(0));

    // One of three is not enough, and nothing changes.
    let sealed = stricter(&net, &["board.one"]);
    assert_eq!(bring(network, "OOST", &sealed), Err("too_few_old_signers".to_owned()));
    assert_eq!(history(network, "OOST").versions.len(), 1);
    // The same member twice is one member.
    sealed.sign(network, &network.board_key("board.one")).unwrap();
    assert_eq!(bring(network, "OOST", &sealed), Err("too_few_old_signers".to_owned()));

    // Meanwhile a node is away.
    let away = net.take("ZUID");
    assert_eq!(away.stop().unwrap(), 0);
    let network = &net.network;
    sealed.sign(network, &network.board_key("board.three")).unwrap();
    // As a member of the board does it.
    let profile = network.profile("b.devries").to_string_lossy().into_owned();
    let bundle = sealed.bundle.to_string_lossy().into_owned();
    // Whoever brings every version that there is brings the new ones too.
    let first = network.charter().to_string_lossy().into_owned();
    for expected in ["accepted: version 2 of demo, digest ", "known already: "] {
        let publish = ["charter", "publish", &first, &bundle, "--profile", &profile];
        let told = network.run(&publish).unwrap();
        let (known, told) = told.split_once('\n').unwrap();
        assert_eq!(known, format!("known already: {first}"));
        assert!(told.starts_with(expected), "{told}");
    }
    wait("NOORD follows", || history(network, "NOORD").in_force[0].version == 2);
    let mut back = NodeProcess::start(network, "ZUID").unwrap();
    wait_ready(network, &mut back).unwrap();
    all_follow(network, 2);

    let after = net.answer("a.jansen", BY_GRADE);
    assert!(protections(&after).contains("\"min_patients\":20"), "{after}");
    assert_eq!(after["layers"][0]["version"], 2);
    // The version before holds beside it for its notice, and is named.
    assert_eq!(after["layers"][1]["version"], 1);
    let refused = net.refusal("c.bakker", "SELECT count(*) FROM patient");
    assert!(refused["code"].as_str().unwrap().contains("person_not_valid"), "{refused}");

    // Who signed what when; an update outlives the process, a start takes no older one.
    let said = history(network, "NOORD");
    assert_eq!(said.versions.len(), 2);
    let signed: Vec<_> =
        said.versions[1].signed_by.iter().map(|by| (by.version, &*by.name)).collect();
    let expected = [(1, "board.one"), (1, "board.three"), (2, "board.one"), (2, "board.three")];
    assert_eq!(signed, expected);
    assert!(said.versions[0].holds_until.is_some() && said.versions[1].holds_until.is_none());
    let profile = network.profile("a.jansen").to_string_lossy().into_owned();
    let shown = network.run(&["charter", "show", "--history", "--profile", &profile]).unwrap();
    for line in [
        "version 1 of demo (holds beside it until ",
        "version 2 of demo (in force)",
        "  signed by board.three of the board of version 1, key ",
        "  signed by board.one of the board of version 2, key ",
        "vouched for until ",
    ] {
        assert!(shown.contains(line), "no `{line}` in {shown}");
    }
    let stopped = net.take("NOORD");
    assert_eq!(stopped.stop().unwrap(), 0);
    let mut again = NodeProcess::start(&net.network, "NOORD").unwrap();
    wait_ready(&net.network, &mut again).unwrap();
    let kept = history(&net.network, "NOORD");
    assert_eq!((kept.versions, kept.in_force), (said.versions, said.in_force));
    net.nodes.extend([back, again]);
}

#[test]
fn an_old_charter_a_fork_and_old_keys_alone_are_refused_by_every_node_and_logged() {
    let net = Net::start(3);
    let network = &net.network;
    let first = network.first_version();
    // Version 2 has another board, signed by both.
    let amendment = network.amend(&first, "second").unwrap();
    let text = std::fs::read_to_string(amendment.folder.join("charter.toml")).unwrap();
    let mut newer = text.clone();
    let people = network.dir.join("people");
    for (old, new) in [("board.one", "a.jansen"), ("board.two", "b.devries")] {
        let public = |path: &std::path::Path| {
            node::keys::Key::load(path, node::keys::KeyRole::Person).unwrap().public.to_string()
        };
        let spare = network.dir.join("board").join(format!("{new}.key"));
        let spare_text = spare.to_string_lossy().into_owned();
        network.run(&["key", "new", "--person", new, "--out", &spare_text]).unwrap();
        newer = newer.replace(&public(&network.board_key(old)), &public(&spare));
    }
    assert!(people.exists() && newer != text);
    std::fs::write(amendment.folder.join("charter.toml"), &newer).unwrap();
    // The old board alone cannot give its powers to somebody who does not take them.
    let sealed = amendment.seal().unwrap();
    let old_alone = amendment.signed_by(&[]).unwrap();
    for id in ["board.one", "board.two", "board.three"] {
        // `kring charter sign` refuses who is no signer of it; an old one signs with --against or by hand.
        sign_by_hand(&old_alone, &network.board_key(id));
    }
    for code in NODES {
        assert_eq!(bring(network, code, &old_alone), Err("too_few_signers".to_owned()));
    }
    let second = amendment.seal().unwrap();
    assert_eq!(second.digest, sealed.digest);
    for key in
        ["board/a.jansen.key", "board/b.devries.key", "board/board.one.key", "board/board.two.key"]
    {
        sign_by_hand(&second, &network.dir.join(key));
    }
    assert_eq!(bring(network, "ZUID", &second), Ok(2));
    all_follow(network, 2);

    // Another version 2, by the same boards.
    let fork = network.amend(&first, "fork").unwrap();
    fork.replace("charter.toml", "Demo network", "Another network").unwrap();
    let fork = fork.signed_by(&TWO).unwrap();
    let again = signed_again(network, &fork);
    // A version 3 by the keys of version 1 alone.
    let third = network.amend(&second, "third").unwrap();
    let third = third.signed_by(&["board.one", "board.two"]).unwrap();
    for code in NODES {
        assert_eq!(bring(network, code, &first), Err("rollback".to_owned()));
        assert_eq!(bring(network, code, &fork), Err("fork".to_owned()));
        assert_eq!(bring(network, code, &third), Err("too_few_old_signers".to_owned()));
        let said = history(network, code);
        assert_eq!(said.versions.len(), 2);
        let codes = rejected(&net, code);
        for expected in ["too_few_signers", "rollback", "fork", "too_few_old_signers"] {
            assert!(codes.iter().any(|code| code == expected), "{expected} in {codes:?}");
        }
        again_and_again(&net, code, (&first, &again));
    }
}

/// The same bundle with one signature more.
fn signed_again(network: &Network, sealed: &Sealed) -> Sealed {
    let again = Sealed { bundle: sealed.bundle.with_extension("again"), ..sealed.clone() };
    std::fs::copy(&sealed.bundle, &again.bundle).unwrap();
    again.sign(network, &network.board_key("board.two")).unwrap();
    again
}

/// However often a version is refused, the log has one number a minute, and one fork.
fn again_and_again(net: &Net, code: &str, (first, fork): (&Sealed, &Sealed)) {
    for _ in 0..20 {
        assert_eq!(bring(&net.network, code, first), Err("rollback".to_owned()));
    }
    assert_eq!(bring(&net.network, code, fork), Err("fork".to_owned()));
    let codes = rejected(net, code);
    let many = |wanted: &str| codes.iter().filter(|code| *code == wanted).count();
    assert!(many("fork") == 1 && many("rollback") < 10, "{codes:?}");
}

/// Adds a signature without asking whether the key is a signer's.
fn sign_by_hand(sealed: &Sealed, key: &std::path::Path) {
    let bytes = std::fs::read(&sealed.bundle).unwrap();
    let limit = policies::bundle::MAX_BUNDLE_BYTES;
    let mut envelope = policies::dsse::Envelope::decode(&bytes, limit).unwrap();
    let key = node::keys::Key::load(key, node::keys::KeyRole::Person).unwrap();
    envelope.add_signature(key.secret());
    std::fs::write(&sealed.bundle, envelope.encode()).unwrap();
}

#[test]
fn an_added_permission_waits_for_its_notice_and_a_removed_one_does_not() {
    let net = Net::start(3);
    let network = &net.network;
    let amendment = network.amend(&network.first_version(), "wider").unwrap();
    // B. de Vries may ask like A. Jansen; nobody explores any more.
    let rules = "rules/demo.cedar";
    let from = "principal == Kring::Person::\"a.jansen\"";
    amendment.replace(rules, from, "principal in Kring::Role::\"analyst\"").unwrap();
    let explore = "context.purpose == \"research\"";
    amendment.replace(rules, explore, "context.purpose == \"nothing\"").unwrap();
    assert_eq!(net.refusal("b.devries", BY_GRADE)["code"], "no_rule_permits");
    assert_eq!(net.ask("d.visser", BY_GRADE, &[]).status.code(), Some(0));
    assert_eq!(bring(network, "ZUID", &amendment.signed_by(&TWO).unwrap()), Ok(2));
    all_follow(network, 2);
    let refused = net.refusal("b.devries", BY_GRADE);
    assert_eq!(refused["code"], "waits_for_notice", "{refused}");
    let told = refused["message"].as_str().unwrap();
    assert!(told.contains("version 1 holds beside it"), "{told}");
    assert_eq!(net.refusal("d.visser", BY_GRADE)["code"], "no_rule_permits");
    assert_eq!(net.ask("a.jansen", BY_GRADE, &[]).status.code(), Some(0));
}

#[test]
fn an_asking_node_that_is_behind_catches_up_and_its_question_is_not_spent() {
    let net = Net::start(3);
    let network = &net.network;
    let zuid = net.nodes.iter().find(|node| node.code == "ZUID").unwrap();
    let signal = |signal| {
        let pid = rustix::process::Pid::from_raw(i32::try_from(zuid.pid()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    };
    signal(rustix::process::Signal::STOP);
    let sealed = stricter(&net, &TWO);
    let second = bring(network, "NOORD", &sealed);
    signal(rustix::process::Signal::CONT);
    assert_eq!(second, Ok(2));
    let answer = net.answer("d.visser", BY_GRADE);
    for code in NODES {
        assert_eq!(answer["coverage"][code]["state"], "answered", "{answer}");
    }
    all_follow(network, 2);
}

#[test]
fn a_node_that_is_killed_while_it_takes_a_version_follows_the_old_or_the_new_one() {
    let net = Net::create(3);
    let network = &net.network;
    let mut newest = network.first_version();
    let mut follows = 1;
    for turn in 0_u32..6 {
        let mut node = NodeProcess::start(network, "NOORD").unwrap();
        wait_ready(network, &mut node).unwrap();
        let said = history(network, "NOORD");
        assert_eq!(said.in_force[0].version, follows, "turn {turn}: {said:?}");
        let amendment = network.amend(&newest, &format!("turn-{turn}")).unwrap();
        amendment.replace("charter.toml", "Demo network", &format!("Turn {turn}")).unwrap();
        let sealed = amendment.signed_by(&TWO).unwrap();
        let envelope = sealed.read().unwrap();
        let client = client(network, "NOORD").unwrap();
        let brought = std::thread::spawn(move || client.publish(&PublishBody { envelope }).is_ok());
        std::thread::sleep(Duration::from_millis(u64::from(turn * 7)));
        node.kill().unwrap();
        let acknowledged = brought.join().unwrap();
        let mut node = NodeProcess::start(network, "NOORD").unwrap();
        wait_ready(network, &mut node).unwrap();
        follows = history(network, "NOORD").in_force[0].version;
        assert!(follows == newest.version || follows == sealed.version, "turn {turn}: {follows}");
        assert!(
            !acknowledged || follows == sealed.version,
            "turn {turn}: what was acknowledged is lost"
        );
        if follows == sealed.version {
            newest = sealed;
        }
        assert_eq!(node.stop().unwrap(), 0);
    }
    let accepted = net.log("NOORD").into_iter().filter_map(|entry| {
        if let Event::CharterAccepted { layer, .. } = entry.event {
            Some(layer.version)
        } else {
            None
        }
    });
    let expected: Vec<u64> = (1..=follows).collect();
    assert_eq!(accepted.collect::<Vec<_>>(), expected, "each version is logged once, in order");
}
