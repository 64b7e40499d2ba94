//! TCP and TLS.

use std::io::{Read as _, Write as _};

use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::*;
use crate::syslog::link::Link;

#[test]
fn a_receiver_that_is_killed_and_a_restart_leave_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = log_of(&folder.path().join("log"), "a", 300);
    let first = Receiver::start("127.0.0.1:0", None);
    let address = first.address.to_string();
    let target = tcp(&first, folder.path());
    let running = Running::start(&target, &store);
    wait_until("the first arrive", || first.count() >= 100);
    let mut connections = first.connections();
    drop(first);
    append(&mut store, "b", 100);
    wait_until("the failure is seen", || running.error().is_some());
    append(&mut store, "c", 100);
    let second = Receiver::start(&address, None);
    wait_until("all arrive", || second.last() == Some(499));
    connections.extend(second.connections());
    assert_whole(&connections, 500);

    running.stop();
    assert_eq!(Cursor::load(&target.cursor).unwrap(), Cursor::at(&store.reader(), 500).unwrap());
    let before = second.connections().len();
    append(&mut store, "d", 50);
    let running = Running::start(&target, &store);
    wait_until("the rest arrives", || second.last() == Some(549));
    let last = second.connections()[before..].concat();
    let indexes: Vec<_> = last.iter().map(|message| index_of(message)).collect();
    assert!(indexes.into_iter().eq(500..550), "an end in order leads to no duplicates");
    wait_until("it is shown", || running.watch.state(550).sent == 550);
    running.stop();
}

#[test]
fn what_just_left_does_not_count_as_received() {
    let folder = tempfile::tempdir().unwrap();
    let store = log_of(&folder.path().join("log"), "a", 40);
    let receiver = Receiver::start("127.0.0.1:0", None);
    let target = tcp(&receiver, folder.path());
    Cursor::at(&store.reader(), 10).unwrap().store(&target.cursor).unwrap();
    let running = Running::start(&target, &store);
    wait_until("all arrive", || receiver.last() == Some(39));
    assert_eq!(running.watch.state(40).received, 10);
    assert_eq!(Cursor::load(&target.cursor).unwrap(), Cursor::at(&store.reader(), 10).unwrap());
    let indexes: Vec<_> = receiver.connections().concat().iter().map(|m| index_of(m)).collect();
    assert!(indexes.into_iter().eq(10..40), "it goes on at the cursor");
    running.stop();
}

#[test]
fn what_left_on_a_whole_connection_counts_as_received_after_a_while() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = log_of(&folder.path().join("log"), "a", 5);
    let receiver = Receiver::start("127.0.0.1:0", None);
    let mut target = tcp(&receiver, folder.path());
    target.pace.settle = Duration::from_millis(50);
    let running = Running::start(&target, &store);
    wait_until("the cursor follows", || {
        Cursor::load(&target.cursor).unwrap() == Cursor::at(&store.reader(), 5).unwrap()
    });
    append(&mut store, "b", 1);
    wait_until("the last counts too", || running.watch.state(6).received == 6);
    assert_eq!(running.error(), None);
    running.stop();
    assert_whole(&receiver.connections(), 6);
}

#[test]
fn a_cursor_that_does_not_hold_is_said_and_everything_is_sent() {
    let folder = tempfile::tempdir().unwrap();
    let store = log_of(&folder.path().join("log"), "a", 20);
    let receiver = Receiver::start("127.0.0.1:0", None);
    let target = tcp(&receiver, folder.path());
    let longer = log_of(&folder.path().join("longer"), "a", 21);
    Cursor::at(&longer.reader(), 21).unwrap().store(&target.cursor).unwrap();
    let running = Running::start(&target, &store);
    let error = running.error().unwrap();
    assert!(error.contains("is at entry 21, the log has 20"), "{error}");
    wait_until("all arrive", || receiver.last() == Some(19));
    assert_whole(&receiver.connections(), 20);
    running.stop();
}

#[test]
fn an_entry_that_cannot_be_read_is_never_skipped() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = log_of(&folder.path().join("log"), "a", 2);
    let tomorrow = br#"{"version":1,"index":2,"at":1700000000,"event":{"kind":"tomorrow"}}"#;
    store.append(&[tomorrow.to_vec()]).unwrap();
    append(&mut store, "b", 2);
    let receiver = Receiver::start("127.0.0.1:0", None);
    let running = Running::start(&tcp(&receiver, folder.path()), &store);
    wait_until("the fault is said", || {
        running.error().is_some_and(|error| error.contains("unknown variant `tomorrow`"))
    });
    running.stop();
    let indexes: Vec<_> = receiver.connections().concat().iter().map(|m| index_of(m)).collect();
    assert_eq!(indexes, [0, 1], "what comes before it is sent, once");
}

#[tokio::test]
async fn a_receiver_that_never_reads_holds_up_neither_the_log_nor_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut store = Store::open_folder(&path).unwrap();
    append(&mut store, "a", 2000);
    // Nobody accepts, and little fits.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(1).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    let to = Destination::Tcp(HostPort { host: "127.0.0.1".to_owned(), port });
    let running = Running::start(&target(to, folder.path()), &store);
    let tasks = Tasks::new();
    let clock = Arc::new(crate::clock::SystemClock);
    let signer = crate::log::store::tests::signer();
    let log = crate::log::Log::start(store, signer, clock, &tasks).unwrap();
    for number in 0..50 {
        log.append(Event::WorkerLost { reason: number.to_string() }).await.unwrap();
    }
    wait_until("something is sent", || running.watch.state(0).sent > 0);
    let state = running.watch.state(log.reader().size());
    assert!(state.sent < 2000, "{state:?}");
    assert_eq!(state.received, 0);
    tokio::task::spawn_blocking(|| running.stop()).await.unwrap();
    drop(log);
    assert!(tasks.drain(PATIENCE).await.is_empty());
}

#[test]
fn only_a_receiver_that_reads_to_the_end_confirms_it() {
    for reads_to_the_end in [true, false] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (ended, wait_for_end) = std::sync::mpsc::channel();
        let receiver = std::thread::spawn(move || {
            let (mut tcp, _) = listener.accept().unwrap();
            let mut bytes = [0; 3];
            tcp.read_exact(&mut bytes).unwrap();
            if reads_to_the_end {
                ended.send(()).unwrap();
                let mut rest = Vec::new();
                tcp.read_to_end(&mut rest).unwrap();
                assert_eq!(rest, b"1 b");
            } else {
                drop(tcp);
                ended.send(()).unwrap();
            }
        });
        let to = Destination::Tcp(HostPort { host: "127.0.0.1".to_owned(), port });
        let never = || false;
        let mut link = Link::open(&to, None, &never).unwrap();
        link.send(&["a".to_owned()], &never).unwrap();
        wait_for_end.recv().unwrap();
        // It goes to nobody where the receiver is gone, and the system does not say so yet.
        link.send(&["b".to_owned()], &never).unwrap();
        assert_eq!(link.close(PATIENCE), reads_to_the_end);
        receiver.join().unwrap();
    }
}

/// An authority's certificate in a file, and a server's settings with a certificate of it for `localhost`.
fn authority(path: &Path) -> Arc<ServerConfig> {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut authority = rcgen::CertificateParams::default();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let authority = authority.self_signed(&key).unwrap();
    std::fs::write(path, authority.pem()).unwrap();
    let own = rcgen::KeyPair::generate().unwrap();
    let names = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = names.signed_by(&own, &authority, &key).unwrap();
    let own = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(own.serialize_der()));
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], own)
        .unwrap();
    Arc::new(config)
}

fn tls(receiver: &Receiver, host: &str, authority: &Path, folder: &Path) -> Target {
    let address = HostPort { host: host.to_owned(), port: receiver.address.port() };
    let to = Destination::Tls { address, authority: authority.to_owned() };
    Target { tls: Some(tls::client(authority).unwrap()), ..target(to, folder) }
}

#[test]
fn tls_reaches_the_receiver_whose_authority_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let store = log_of(&folder.path().join("log"), "a", 300);
    let receiver = Receiver::start("127.0.0.1:0", Some(authority(&ca)));
    let target = tls(&receiver, "localhost", &ca, folder.path());
    let running = Running::start(&target, &store);
    wait_until("all arrive", || receiver.last() == Some(299));
    running.stop();
    assert_whole(&receiver.connections(), 300);
    assert_eq!(Cursor::load(&target.cursor).unwrap(), Cursor::at(&store.reader(), 300).unwrap());
}

#[test]
fn over_tls_an_end_that_anyone_on_the_line_can_make_confirms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ca = folder.path().join("ca.pem");
    let server = authority(&ca);
    for says_so in [true, false] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let config = Arc::clone(&server);
        let receiver = std::thread::spawn(move || {
            let (tcp, _) = listener.accept().unwrap();
            let connection = rustls::ServerConnection::new(config).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, tcp);
            let mut bytes = Vec::new();
            stream.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes, b"1 a");
            if says_so {
                stream.conn.send_close_notify();
                stream.flush().unwrap();
            }
        });
        let address = HostPort { host: "localhost".to_owned(), port };
        let to = Destination::Tls { address, authority: ca.clone() };
        let never = || false;
        let mut link = Link::open(&to, Some(&tls::client(&ca).unwrap()), &never).unwrap();
        link.send(&["a".to_owned()], &never).unwrap();
        assert_eq!(link.close(PATIENCE), says_so);
        receiver.join().unwrap();
    }
}

#[test]
fn nothing_is_sent_to_another_name_or_under_another_authority() {
    let folder = tempfile::tempdir().unwrap();
    let (ca, other) = (folder.path().join("ca.pem"), folder.path().join("other.pem"));
    let store = log_of(&folder.path().join("log"), "a", 3);
    let receiver = Receiver::start("127.0.0.1:0", Some(authority(&ca)));
    authority(&other);
    for (host, authority) in [("127.0.0.1", &ca), ("localhost", &other)] {
        let running = Running::start(&tls(&receiver, host, authority, folder.path()), &store);
        wait_until("it is refused", || {
            running.error().is_some_and(|error| error.contains("invalid peer certificate"))
        });
        running.stop();
    }
    assert_eq!(receiver.count(), 0);
    for text in ["", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&other, text).unwrap();
        assert!(matches!(tls::client(&other), Err(TlsError::Authority { .. })), "{text}");
    }
}
