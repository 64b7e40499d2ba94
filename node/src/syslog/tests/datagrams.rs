//! UDP and local sockets: one datagram a message, without framing.

use std::net::UdpSocket;
use std::os::unix::net::UnixDatagram;

use super::*;

#[track_caller]
fn check(target: &Target, store: &Store, receive: impl Fn(&mut [u8]) -> std::io::Result<usize>) {
    let running = Running::start(target, store);
    let mut bytes = [0; 65_536];
    for expected in 0..30 {
        let length = receive(&mut bytes).unwrap();
        let message = std::str::from_utf8(&bytes[..length]).unwrap();
        assert!(message.starts_with("<107>1 2023-11-14T22:13:20Z NOORD kring - worker_lost "));
        assert_eq!(index_of(message), expected);
    }
    running.stop();
    assert_eq!(Cursor::load(&target.cursor).unwrap(), Cursor::at(&store.reader(), 30).unwrap());
}

#[test]
fn a_local_socket_gets_one_datagram_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let store = log_of(&folder.path().join("log"), "a", 30);
    let path = folder.path().join("dev-log");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    check(&target(Destination::Unix(path), folder.path()), &store, |bytes| socket.recv(bytes));
}

#[test]
fn udp_carries_one_datagram_a_message() {
    let folder = tempfile::tempdir().unwrap();
    let store = log_of(&folder.path().join("log"), "a", 30);
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let port = socket.local_addr().unwrap().port();
    let to = Destination::Udp(HostPort { host: "127.0.0.1".to_owned(), port });
    check(&target(to, folder.path()), &store, |bytes| socket.recv(bytes));
}

#[test]
fn a_local_socket_that_nobody_holds_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = log_of(&folder.path().join("log"), "a", 30);
    let path = folder.path().join("dev-log");
    let target = target(Destination::Unix(path.clone()), folder.path());
    let running = Running::start(&target, &store);
    wait_until("nobody is found", || running.error().is_some_and(|e| e.contains("dev-log")));
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut bytes = [0; 65_536];
    for expected in 0..30 {
        let length = socket.recv(&mut bytes).unwrap();
        assert_eq!(index_of(std::str::from_utf8(&bytes[..length]).unwrap()), expected);
    }
    running.stop();
}
