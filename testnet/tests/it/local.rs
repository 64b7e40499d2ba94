//! What the local interface turns away.

use node::log::Event;
use testnet::process::{NodeProcess, wait_ready};

use crate::support::Net;

#[test]
fn a_request_without_the_token_is_counted_in_the_log() {
    let net = Net::create(3);
    let mut node = NodeProcess::start(&net.network, "NOORD").unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    let dir = net.network.dir.clone();
    std::fs::write(dir.join("wrong-token"), "0".repeat(64)).unwrap();
    let own = net.network.profile("a.jansen");
    let profile = std::fs::read_to_string(&own).unwrap();
    let mut profile: toml::Table = profile.parse().unwrap();
    profile["token_file"] = dir.join("wrong-token").to_string_lossy().into_owned().into();
    let wrong = own.with_file_name("wrong.toml");
    std::fs::write(&wrong, profile.to_string()).unwrap();
    for _ in 0..3 {
        let output =
            net.network.kring().args(["status", "--profile"]).arg(&wrong).output().unwrap();
        assert!(String::from_utf8_lossy(&output.stderr).contains("no_token"), "{output:?}");
    }
    let counted = || {
        let counts = net.log("NOORD").into_iter().filter_map(|entry| {
            if let Event::Rejected { peer, code, count, .. } = entry.event
                && (peer.as_str(), code.as_str()) == ("local", "no_token")
            {
                return Some(count);
            }
            None
        });
        counts.collect::<Vec<u64>>()
    };
    assert_eq!(counted().first(), Some(&1), "the first is logged at once");
    node.stop().unwrap();
    assert_eq!(counted().iter().sum::<u64>(), 3);
}
