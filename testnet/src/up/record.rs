//! Which processes are the nodes of a network: `run.json` in its folder.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::os::unix::ffi::OsStrExt as _;

use anyhow::{Context as _, bail};
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// The file.
const FILE: &str = "run.json";

/// A node that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its hospital's code.
    pub code: String,
    /// Its process id, which may belong to another program once the node has ended.
    pub pid: u32,
}

impl Node {
    /// Whether the process is this node: its command line is the one that `up` gave it. A process that ended has none.
    #[must_use]
    pub fn is_alive(&self, network: &Network) -> bool {
        let Ok(found) = std::fs::read(format!("/proc/{}/cmdline", self.pid)) else { return false };
        let config = network.node_dir(&self.code).join("config.toml");
        let program = network.dir.join("bin/kring");
        let wanted =
            [program.as_os_str().as_bytes(), b"run", b"--config", config.as_os_str().as_bytes()];
        let mut given = found.split(|byte| *byte == 0);
        wanted.into_iter().all(|part| given.next() == Some(part))
    }

    /// Sends SIGTERM if the process is this node.
    ///
    /// # Errors
    /// The system's reason.
    pub fn terminate(&self, network: &Network) -> anyhow::Result<()> {
        let pid = i32::try_from(self.pid).ok().and_then(Pid::from_raw).context("a process id")?;
        // The descriptor holds on to one process: what is checked is what is signalled.
        let process = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(process) => process,
            Err(Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error).context("cannot hold the node's process"),
        };
        if !self.is_alive(network) {
            return Ok(());
        }
        match pidfd_send_signal(&process, Signal::TERM) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error).context("cannot end the node"),
        }
    }
}

/// The file's content.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Process ids by hospital.
    nodes: BTreeMap<String, u32>,
}

impl Record {
    /// Reads the file; without one, nothing runs.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(network: &Network) -> anyhow::Result<Self> {
        let path = network.dir.join(FILE);
        match std::fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| {
                format!("{} is damaged; end its processes yourself and remove it", path.display())
            }),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Every node that was started and not ended by `down`.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        self.nodes.iter().map(|(code, pid)| Node { code: code.clone(), pid: *pid }).collect()
    }

    /// The hospital's node, if it runs.
    #[must_use]
    pub fn running(&self, network: &Network, code: &str) -> Option<Node> {
        let node = Node { code: code.to_owned(), pid: *self.nodes.get(code)? };
        node.is_alive(network).then_some(node)
    }

    /// Notes a node, durable before it returns.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn add(&mut self, network: &Network, node: &Node) -> anyhow::Result<()> {
        self.nodes.insert(node.code.clone(), node.pid);
        self.save(network)
    }

    /// Forgets a node; without any, the file goes.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn remove(&mut self, network: &Network, code: &str) -> anyhow::Result<()> {
        self.nodes.remove(code);
        self.save(network)
    }

    fn save(&self, network: &Network) -> anyhow::Result<()> {
        let path = network.dir.join(FILE);
        if self.nodes.is_empty() {
            return match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                Ok(()) | Err(_) => Ok(()),
            };
        }
        let half = network.dir.join("run.json.part");
        std::fs::write(&half, serde_json::to_string_pretty(self)?)?;
        std::fs::rename(&half, &path)?;
        Ok(())
    }
}

/// Holds the network against another `up` or `down` until it is dropped.
///
/// # Errors
/// Another one is at work.
pub fn lock(network: &Network) -> anyhow::Result<File> {
    let path = network.dir.join("run.lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another `up` or `down` works on {}; wait for it", network.dir.display())
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}
