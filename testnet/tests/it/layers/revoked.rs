//! The country revokes the node of a hospital that vouches for a region's charter too.

use policies::statement::Subject;
use testnet::network::Network;
use testnet::process::{NodeProcess, Nodes, wait_ready};

use super::{COUNT, LAYERS, ask, history, wait};
use crate::charters::publish;
use crate::charters::statements::revocation_of;
use crate::support::{Net, hospital};

/// The freshness key of a node, where it is looked for or put away.
fn freshness_key(network: &Network, code: &str) -> std::path::PathBuf {
    network.node_dir(code).join("keys/freshness.key")
}

#[test]
fn a_word_on_a_region_ends_with_its_hospital_in_the_country_and_another_one_vouches_at_once() {
    let mut net = Net::create(3);
    let bundles = net.network.add_layers(&LAYERS[..1]).unwrap();
    for code in ["OOST", "ZUID"] {
        let key = freshness_key(&net.network, code);
        std::fs::rename(&key, key.with_extension("away")).unwrap();
    }
    net.nodes = Nodes::start(&net.network).unwrap().0;
    let network = &net.network;
    let profile = network.profile("a.jansen").to_string_lossy().into_owned();
    let bundle = bundles[0].to_string_lossy().into_owned();
    network.run(&["charter", "publish", &bundle, "--profile", &profile]).unwrap();
    let vouched = |network: &Network, code: &str| history(network, code).fresh_until.len();
    for code in ["OOST", "ZUID"] {
        wait(&format!("{code} hears NOORD's words"), || vouched(network, code) == 2);
    }
    let (code, answer) = ask(&net, "c.bakker", "noordwest", COUNT);
    assert_eq!(code, Some(0), "{answer}");

    let key = net.charter().member(&hospital("NOORD")).unwrap().keys.log;
    let subject = (Subject::Member(hospital("NOORD")), &key);
    let statement = revocation_of(network, subject, &["board.one", "board.two"]);
    assert!(publish(network, "ZUID", statement).unwrap().news);
    for code in ["OOST", "ZUID"] {
        wait(&format!("{code} has no word"), || vouched(network, code) == 0);
    }
    let (code, refusal) = ask(&net, "c.bakker", "noordwest", COUNT);
    assert_eq!((code, refusal["code"].as_str()), (Some(2), Some("charter_stale")), "{refusal}");

    // Who has a key says a word of its own, although one by NOORD would last for days.
    assert_eq!(net.take("OOST").stop().unwrap(), 0);
    let network = &net.network;
    let key = freshness_key(network, "OOST");
    std::fs::rename(key.with_extension("away"), &key).unwrap();
    let mut back = NodeProcess::start(network, "OOST").unwrap();
    wait_ready(network, &mut back).unwrap();
    wait("ZUID hears OOST's words", || vouched(network, "ZUID") == 2);
    net.nodes.push(back);
    let (code, answer) = ask(&net, "c.bakker", "noordwest", COUNT);
    assert_eq!(code, Some(0), "{answer}");
    assert_eq!(answer["coverage"]["OOST"]["state"], "answered", "{answer}");
    assert_ne!(answer["coverage"]["NOORD"]["state"], "answered", "{answer}");
}
