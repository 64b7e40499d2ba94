//! What a sealed worker can still do: it tries, and tells. `kring check` and tests read this.
//!
//! Where a wall is missing an attempt succeeds, so each is harmless and undone.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Report, Sealed};

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Attempt {
    /// It was done.
    Done,
    /// The system refused it.
    Refused {
        /// The system's reason.
        reason: String,
    },
}

/// The walls, and what came of trying them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// Which walls stand.
    pub sandbox: Report,
    /// Every attempt, by name.
    pub attempts: BTreeMap<String, Attempt>,
}

/// More than a worker may fill, whatever its limit.
const TOO_MUCH: usize = 1 << 40;

/// Tries everything that a worker must not do, and what it must be able to do.
#[must_use]
pub fn run(sealed: &Sealed, snapshots: Option<&Path>, outside: &Path) -> Probe {
    let mut attempts = BTreeMap::new();
    let mut attempt = |name: &str, result: std::io::Result<()>| {
        let attempt = match result {
            Ok(()) => Attempt::Done,
            Err(error) => Attempt::Refused { reason: error.to_string() },
        };
        attempts.insert(name.to_owned(), attempt);
    };
    attempt("read_file_outside", read(outside));
    attempt("read_own_environment", read(Path::new("/proc/self/environ")));
    attempt("list_root", std::fs::read_dir("/").map(drop));
    attempt("write_file_outside", write(&outside.with_extension("probe")));
    attempt("make_folder", make_folder(&outside.with_extension("probe-folder")));
    attempt("connect_tcp", std::net::TcpStream::connect("127.0.0.1:9").map(drop));
    attempt("listen_tcp", std::net::TcpListener::bind("127.0.0.1:0").map(drop));
    attempt("open_udp", std::net::UdpSocket::bind("127.0.0.1:0").map(drop));
    attempt("open_unix", std::os::unix::net::UnixDatagram::unbound().map(drop));
    attempt("start_program", std::process::Command::new("/bin/true").status().map(drop));
    attempt("signal_daemon", signal_parent());
    attempt("raise_limit", raise_limit());
    attempt("fill_memory", fill_memory());
    attempt("start_thread", start_thread());
    if let Some(folder) = snapshots {
        attempt("list_snapshots", list(folder));
        attempt("write_snapshots", write(&folder.join("probe")));
    }
    Probe { sandbox: sealed.report().clone(), attempts }
}

fn read(path: &Path) -> std::io::Result<()> {
    let mut byte = [0; 1];
    std::fs::File::open(path)?.read(&mut byte).map(drop)
}

fn list(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_file() {
            read(&path)?;
        }
    }
    Ok(())
}

fn write(path: &Path) -> std::io::Result<()> {
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    made.and_then(|_file| std::fs::remove_file(path))
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir(path)?;
    std::fs::remove_dir(path)
}

/// Asks whether a signal could be sent; none is.
fn signal_parent() -> std::io::Result<()> {
    let parent = rustix::process::getppid().ok_or(std::io::ErrorKind::NotFound)?;
    Ok(rustix::process::test_kill_process(parent)?)
}

fn raise_limit() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    Ok(setrlimit(Resource::Nofile, Rlimit { current: Some(1), maximum: Some(4096) })?)
}

fn fill_memory() -> std::io::Result<()> {
    let mut bytes: Vec<u8> = Vec::new();
    bytes.try_reserve_exact(TOO_MUCH).map_err(std::io::Error::other)
}

fn start_thread() -> std::io::Result<()> {
    let thread = std::thread::Builder::new().spawn(|| ())?;
    thread.join().map_err(|_panic| std::io::Error::other("it died"))
}
