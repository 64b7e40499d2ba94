//! What goes wrong with listeners is said before the node starts.

use node::net::{NetError, NetLimits, Network};

use super::support::{Node, QUIC, TCP, config, on};

#[tokio::test]
async fn a_port_in_use_is_named() {
    let node = Node::echo(1, &on(&[TCP, QUIC])).await;
    for address in node.handle.listen_addresses() {
        let error = Network::build(config(2, std::slice::from_ref(&address), NetLimits::default()))
            .await
            .expect_err("in use");
        assert!(matches!(error, NetError::AddressInUse { .. }), "{error:?}");
        assert!(error.to_string().contains(&address), "{error}");
    }
    node.stop().await;
}

#[tokio::test]
async fn bad_listen_addresses_are_explained() {
    for address in
        ["7480", "/ip4/127.0.0.1/tcp/0/ws", "/dns4/localhost/tcp/0", "/ip4/127.0.0.1/udp/0"]
    {
        let error = Network::build(config(1, &on(&[address]), NetLimits::default()))
            .await
            .expect_err(address);
        assert_eq!(error.code(), "bad_listen_address");
        assert!(error.to_string().contains(address), "{error}");
    }
    // An address of documentation, which is nobody's.
    let error =
        Network::build(config(1, &on(&["/ip4/192.0.2.1/tcp/7480"]), NetLimits::default())).await;
    assert_eq!(error.expect_err("not ours").code(), "bind");
}
