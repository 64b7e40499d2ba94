//! A node that starts, and a network that is listed for its hospital and of which it holds no charter: it may have begun, or not.

use testnet::process::{NodeProcess, wait_ready};

use super::{COUNT, LAYERS, wait};
use crate::support::{Net, RawPeer, hospital, question, refused};

#[test]
fn a_node_that_has_heard_of_nobody_waits_for_a_network_that_may_bind_it_and_no_longer() {
    let mut net = Net::create(3);
    net.network.add_layers(&LAYERS[..1]).unwrap();
    let start = |net: &mut Net, code: &str| {
        let mut node = NodeProcess::start(&net.network, code).unwrap();
        wait_ready(&net.network, &mut node).unwrap();
        net.nodes.push(node);
    };
    start(&mut net, "ZUID");
    // The only member that it reaches says nothing of charters.
    let noord = RawPeer::start(&net, "NOORD");
    let asked = question(&net, "a.jansen", COUNT, |_| {});
    let request = noord.request(&net, &asked, |request| request.audience = hospital("ZUID"));
    refused(&noord.send(&net, "ZUID", &request.encode()).unwrap(), "charter_mismatch");
    drop(noord);
    // The others hold no charter of it either: it has not begun, and silences nobody.
    start(&mut net, "NOORD");
    start(&mut net, "OOST");
    wait("all three answer", || {
        let output = net.ask("a.jansen", COUNT, &[]);
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let state = |code: &str| answer["coverage"][code]["state"] == "answered";
        ["NOORD", "OOST", "ZUID"].into_iter().all(state)
    });
}
