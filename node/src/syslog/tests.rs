//! Forwarding to receivers on this machine. `settle` is long here: what is tested is what a broken connection does.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use policies::{HospitalCode, UnixTime};

use super::forward::Pace;
use super::*;
use crate::config::syslog::HostPort;
use crate::log::{Entry, Event, Store};
use crate::nen7513::Source;
use crate::tasks::Tasks;

mod receiver;

mod datagrams;
mod streams;

use receiver::Receiver;

/// Longest wait for what must happen; nothing is asserted about how long it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A log with so many entries that say `word`.
pub(super) fn log_of(folder: &Path, word: &str, count: u64) -> Store {
    let mut store = Store::open_folder(folder).unwrap();
    append(&mut store, word, count);
    store
}

fn append(store: &mut Store, word: &str, count: u64) {
    let first = store.size();
    let entry = |index| {
        let event = Event::WorkerLost { reason: format!("{word} {index}") };
        Entry::new(index, UnixTime(1_700_000_000), event).encode().unwrap()
    };
    let entries: Vec<_> = (first..first + count).map(entry).collect();
    store.append(&entries).unwrap();
}

#[track_caller]
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < PATIENCE, "{what}: does not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A forwarder at work.
struct Running {
    tasks: Tasks,
    watch: Watch,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(target: &Target, store: &Store) -> Self {
        let hospital = HospitalCode::new("NOORD").unwrap();
        let source = Source { hospital, origin: "kring/NOORD/0123456789abcdef".to_owned() };
        let forwarder = Forwarder::new(target.clone(), store.reader(), source);
        let (tasks, watch) = (Tasks::new(), forwarder.watch());
        let stop = tasks.shutdown();
        Self { tasks, watch, thread: std::thread::spawn(move || forwarder.run(&stop)) }
    }

    fn error(&self) -> Option<String> {
        self.watch.state(0).last_error
    }

    fn stop(self) {
        self.tasks.stop();
        self.thread.join().unwrap();
    }
}

fn target(to: Destination, folder: &Path) -> Target {
    let limit =
        if to.is_stream() { message::MAX_STREAM_BYTES } else { message::MAX_DATAGRAM_BYTES };
    let pace = Pace {
        settle: PATIENCE,
        settle_at_end: Duration::from_millis(20),
        first_pause: Duration::from_millis(2),
        longest_pause: Duration::from_millis(20),
        goodbye: PATIENCE,
    };
    let style = message::Style { enterprise: 32_473, limit };
    Target { to, tls: None, style, cursor: folder.join("cursor"), pace }
}

fn tcp(receiver: &Receiver, folder: &Path) -> Target {
    let port = receiver.address.port();
    target(Destination::Tcp(HostPort { host: "127.0.0.1".to_owned(), port }), folder)
}

/// The number of an entry, out of its message.
#[track_caller]
fn index_of(message: &str) -> u64 {
    let (_, rest) = message.split_once("logIndex=\"").unwrap();
    rest.split_once('"').unwrap().0.parse().unwrap()
}

/// Every connection is without a gap in itself, and together they hold every entry.
#[track_caller]
fn assert_whole(connections: &[Vec<String>], count: u64) {
    let mut all = std::collections::BTreeSet::new();
    for messages in connections {
        let indexes: Vec<u64> = messages.iter().map(|message| index_of(message)).collect();
        assert!(indexes.windows(2).all(|pair| pair[1] == pair[0] + 1), "{indexes:?}");
        all.extend(indexes);
    }
    assert!(all.iter().copied().eq(0..count), "{} of {count}", all.len());
}
