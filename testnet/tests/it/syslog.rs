//! The log at a hospital's own logging system, with real processes.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use testnet::process::{NodeProcess, Nodes, wait_connected, wait_ready};

use crate::support::Net;

/// Longest wait for something that must happen; machines are noisy.
const PATIENCE: Duration = Duration::from_secs(60);
const COUNT: &str = "SELECT count(*) FROM patient";

#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}: does not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A receiver of octet-counted messages; dropping it kills it.
struct Receiver {
    address: String,
    messages: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    fn start(address: &str) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (messages, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let (to, stopped) = (Arc::clone(&messages), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                if let Ok((tcp, _)) = listener.accept() {
                    receive(tcp, &to, &stopped);
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        Self { address, messages, stop, thread: Some(thread) }
    }

    fn messages(&self) -> Vec<String> {
        self.messages.lock().unwrap().clone()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn receive(mut tcp: std::net::TcpStream, to: &Mutex<Vec<String>>, stop: &AtomicBool) {
    tcp.set_nonblocking(false).unwrap();
    tcp.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    while !stop.load(Ordering::SeqCst) {
        match tcp.read(&mut chunk) {
            Ok(0) => return,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_broken) => return,
        }
        while let Some(space) = bytes.iter().position(|byte| *byte == b' ') {
            let length: usize = std::str::from_utf8(&bytes[..space]).unwrap().parse().unwrap();
            let end = space + 1 + length;
            if bytes.len() < end {
                break;
            }
            let message = String::from_utf8(bytes[space + 1..end].to_vec()).unwrap();
            bytes.drain(..end);
            to.lock().unwrap().push(message);
        }
    }
}

fn index_of(message: &str) -> u64 {
    let (_, rest) = message.split_once("logIndex=\"").unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

fn indexes(messages: &[String]) -> BTreeSet<u64> {
    messages.iter().map(|message| index_of(message)).collect()
}

/// Sends the log of NOORD to an address.
fn forward(net: &Net, section: &str) {
    let path = net.network.node_dir("NOORD").join("config.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.split("\n[log.syslog]\n").next().unwrap().to_owned();
    std::fs::write(&path, format!("{text}\n[log.syslog]\n{section}\n")).unwrap();
}

#[track_caller]
fn check(net: &Net, code: i32, expected: &str) {
    let mut kring = net.network.kring();
    kring.args(["check", "--config"]).arg(net.network.node_dir("NOORD").join("config.toml"));
    let output = kring.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(expected), "no `{expected}` in: {stderr}");
}

fn start(net: &Net) -> NodeProcess {
    let mut node = NodeProcess::start(&net.network, "NOORD").unwrap();
    wait_ready(&net.network, &mut node).unwrap();
    wait_connected(&net.network, &mut node).unwrap();
    node
}

#[test]
fn every_entry_reaches_the_receiver_whatever_is_killed() {
    let mut net = Net::create(3);
    let first = Receiver::start("127.0.0.1:0");
    let address = first.address.clone();
    forward(&net, &format!("to = \"tcp://{address}\""));
    check(&net, 0, "");
    net.nodes = Nodes::start(&net.network).unwrap().0;
    net.answer("a.jansen", COUNT);
    wait_until("the question arrives", || {
        indexes(&first.messages()).len() == net.log("NOORD").len()
    });
    let messages = first.messages();
    let outcome = messages.iter().find(|message| message.contains(" kring - outcome ")).unwrap();
    assert!(outcome.starts_with("<110>1 2"), "{outcome}");
    for part in ["Z NOORD kring - outcome [nen7513@32473 logIndex=\"", " userID=\"a.jansen\""] {
        assert!(outcome.contains(part), "{outcome}");
    }
    assert!(messages.iter().any(|message| message.contains(&format!("\"{COUNT}\""))));

    // The receiver is killed; questions are answered as before. Then the node is killed.
    let mut arrived = indexes(&messages);
    drop(first);
    net.answer("a.jansen", "SELECT grade, count(*) FROM patient GROUP BY grade");
    net.take("NOORD").kill().unwrap();
    let second = Receiver::start(&address);
    let node = start(&net);
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE grade = 3");
    wait_until("everything arrives", || {
        arrived.extend(indexes(&second.messages()));
        arrived.len() == net.log("NOORD").len()
    });
    let status: serde_json::Value = {
        let mut kring = net.network.kring();
        kring.args(["status", "--format", "json", "--profile"]);
        let output = kring.arg(net.network.profile("a.jansen")).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(status["syslog"]["to"], format!("tcp://{address}"));

    // An end in order: its entry leaves too, and nothing is sent twice after it.
    assert_eq!(node.stop().unwrap(), 0);
    let size = net.log("NOORD").len() as u64;
    assert_eq!(index_of(second.messages().last().unwrap()), size - 1);
    check(&net, 0, &format!("{size} of {size} entries count as received by syslog"));
    let before = second.messages().len();
    let node = start(&net);
    wait_until("the start arrives", || second.messages().len() > before);
    assert_eq!(index_of(&second.messages()[before]), size);

    // One that takes a connection and never reads.
    assert_eq!(node.stop().unwrap(), 0);
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    forward(&net, &format!("to = \"tcp://{}\"", deaf.local_addr().unwrap()));
    let node = start(&net);
    net.answer("a.jansen", "SELECT count(*) FROM patient WHERE grade = 2");
    assert_eq!(node.stop().unwrap(), 0);
    bad_settings_are_said(&net);
}

fn bad_settings_are_said(net: &Net) {
    let cursor = net.network.node_dir("NOORD").join("state/syslog.cursor");
    std::fs::write(&cursor, "17").unwrap();
    check(net, 64, "is damaged");
    std::fs::remove_file(&cursor).unwrap();
    forward(net, "to = \"tls://localhost:6514\"\nca = \"tls/siem.pem\"");
    check(net, 64, "tls/siem.pem");
    let started = net
        .network
        .kring()
        .args(["run", "--config"])
        .arg(net.network.node_dir("NOORD").join("config.toml"))
        .output()
        .unwrap();
    assert_eq!(started.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&started.stderr).contains("tls/siem.pem"));
    forward(net, "to = \"siem.example:6514\"");
    check(net, 64, "is not a syslog receiver");
}
