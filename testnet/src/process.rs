//! Node processes: started, waited for, stopped. Dropping one kills it.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use node::api::Status;
use node::client::Client;
use node::profile::Profile;
use rustix::process::{Pid, Signal, kill_process};

use crate::network::Network;
use crate::topology::PEOPLE;

/// Longest time until a node is ready and its peers are connected; generous, machines are noisy.
const PATIENCE: Duration = Duration::from_secs(120);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// A running `kring run`.
#[derive(Debug)]
pub struct NodeProcess {
    /// The hospital's code.
    pub code: String,
    /// Where its messages go.
    pub messages: PathBuf,
    child: Child,
}

impl NodeProcess {
    /// Starts the node of a hospital.
    ///
    /// # Errors
    /// The system's reason.
    pub fn start(network: &Network, code: &str) -> anyhow::Result<Self> {
        let child = command(network, code)?.spawn().context("cannot start kring run")?;
        Ok(Self { code: code.to_owned(), messages: messages(network, code), child })
    }

    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Kills the process at once.
    ///
    /// # Errors
    /// The system's reason.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks the process to end and returns its exit code.
    ///
    /// # Errors
    /// When it does not end in time or by a signal.
    pub fn stop(mut self) -> anyhow::Result<i32> {
        self.terminate()?;
        let since = now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return status.code().context("ended by a signal");
            }
            if since.elapsed() > PATIENCE {
                bail!("{} does not stop", self.code);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Sends SIGTERM.
    ///
    /// # Errors
    /// The system's reason.
    pub fn terminate(&self) -> anyhow::Result<()> {
        let pid =
            i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).context("a process id")?;
        kill_process(pid, Signal::TERM)?;
        Ok(())
    }

    /// How the process ended, once it has.
    ///
    /// # Errors
    /// The system's reason.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// What the node said.
    #[must_use]
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.messages).unwrap_or_default()
    }
}

impl Drop for NodeProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// `kring run` of a hospital, its messages appended to a file.
///
/// # Errors
/// That file cannot be opened.
pub fn command(network: &Network, code: &str) -> anyhow::Result<Command> {
    let stderr = File::options().create(true).append(true).open(messages(network, code))?;
    network.release(code);
    let mut command = network.kring();
    command
        .args(["run", "--config"])
        .arg(network.node_dir(code).join("config.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(stderr);
    Ok(command)
}

fn messages(network: &Network, code: &str) -> PathBuf {
    network.node_dir(code).join("state/messages.log")
}

/// Every node of a network.
#[derive(Debug)]
pub struct Nodes(pub Vec<NodeProcess>);

impl Nodes {
    /// Starts every node and waits until each is ready and connected to every other one.
    ///
    /// # Errors
    /// What a node said when it ended, or that it is late.
    pub fn start(network: &Network) -> anyhow::Result<Self> {
        let start =
            |hospital: &crate::topology::Hospital| NodeProcess::start(network, &hospital.code);
        let mut nodes = Self(network.hospitals.iter().map(start).collect::<anyhow::Result<_>>()?);
        // One that cannot start says so before the others are waited for.
        for node in &mut nodes.0 {
            wait_ready(network, node)?;
        }
        for node in &mut nodes.0 {
            wait_connected(network, node)?;
        }
        Ok(nodes)
    }

    /// Ends every node in order.
    ///
    /// # Errors
    /// The first that did not end with 0.
    pub fn stop(self) -> anyhow::Result<()> {
        for node in &self.0 {
            node.terminate()?;
        }
        for node in self.0 {
            let code = node.code.clone();
            let exit = node.stop()?;
            anyhow::ensure!(exit == 0, "{code} ended with {exit}");
        }
        Ok(())
    }
}

/// Waits until the node answers on its local interface.
///
/// # Errors
/// What it said when it ended, or that it is late.
pub fn wait_ready(network: &Network, node: &mut NodeProcess) -> anyhow::Result<Status> {
    let code = node.code.clone();
    wait(network, &code, &mut || Ok(node.ended()?.map(how)), |_| true)
}

/// Waits until the node is connected to every other one.
///
/// # Errors
/// As [`wait_ready`].
pub fn wait_connected(network: &Network, node: &mut NodeProcess) -> anyhow::Result<()> {
    let code = node.code.clone();
    wait(network, &code, &mut || Ok(node.ended()?.map(how)), is_connected)?;
    Ok(())
}

/// Whether the node is connected to every other one.
#[must_use]
pub fn is_connected(status: &Status) -> bool {
    status.peers.values().all(|peer| peer.connected)
}

/// Waits until the node's status is good enough; `ended` says how the process ended, once it has.
///
/// # Errors
/// What it said when it ended, or that it is late.
pub fn wait(
    network: &Network,
    code: &str,
    ended: &mut dyn FnMut() -> anyhow::Result<Option<String>>,
    enough: fn(&Status) -> bool,
) -> anyhow::Result<Status> {
    let client = client(network, code)?;
    let since = now();
    loop {
        // First, because another program on the node's port may take its time to answer.
        if let Some(how) = ended()? {
            let said = std::fs::read_to_string(messages(network, code)).unwrap_or_default();
            bail!("{code} ended{how}:\n{said}");
        }
        let status = client.status();
        if let Some(status) = status.as_ref().ok().filter(|status| enough(status)) {
            return Ok(status.clone());
        }
        if since.elapsed() > PATIENCE {
            match status {
                Ok(status) => bail!("{code} is not connected: {:?}", status.peers),
                Err(error) => bail!("{code} is not ready: {error}"),
            }
        }
        std::thread::sleep(PAUSE);
    }
}

/// A client of the node's local interface that signs nothing.
///
/// # Errors
/// The node's files cannot be read.
pub fn client(network: &Network, code: &str) -> anyhow::Result<Client> {
    let dir = network.node_dir(code);
    let config = node::config::Config::load(&dir.join("config.toml"))?;
    let profile = Profile {
        node_url: format!("https://{}", config.http.listen),
        ca: dir.join("tls/ca.pem"),
        token_file: dir.join("token"),
        key_file: network.dir.join("people").join(PEOPLE[0].id).join("person.key"),
        session_file: dir.join("no.session"),
        scope: None,
        purpose: None,
        group: None,
        language: node::language::Language::default(),
    };
    Ok(Client::new(&profile)?)
}

fn how(status: ExitStatus) -> String {
    format!(" with {status}")
}

fn now() -> Instant {
    Instant::now()
}
