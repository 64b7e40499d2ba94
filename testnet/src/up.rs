//! `testnet up|status|down`: a network that outlives the command that started it.
//!
//! `up` makes the folder or takes the one that is there, and starts every node that is not running, each in a process group of its
//! own. [`record`] holds their process ids; a process counts as a node only while its command line says so, so an id that the
//! system gave to another program is never signalled. Nothing here watches the nodes: one that ends stays ended until the next `up`.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use node::api::Status;
use serde::{Deserialize, Serialize};

use crate::cli::{Folder, Topology, Up};
use crate::data::Data;
use crate::generate::Region;
use crate::network::Network;
use crate::process::{client, command, is_connected, wait};
use crate::up::record::{Node, Record};
use crate::{print, topology};

pub mod record;

/// Longest time from SIGTERM to the end of a node; it drains its questions first.
const PATIENCE: Duration = Duration::from_secs(90);
/// Pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);
/// What the network was made from.
const MADE: &str = "up.json";

/// What a network was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Made {
    topology: Topology,
    patients: u32,
    seed: u64,
    min_patients: u32,
    rotterdam: bool,
}

impl Made {
    fn new(options: &Up) -> Self {
        Self {
            topology: options.topology.unwrap_or(Topology::Single),
            patients: options.patients.unwrap_or(200),
            seed: options.seed.unwrap_or(1),
            min_patients: options.min_patients.unwrap_or(10),
            rotterdam: options.rotterdam,
        }
    }

    /// The network that is there, with what was asked for this time.
    fn changed(&self, options: &Up) -> Self {
        Self {
            topology: options.topology.unwrap_or(self.topology),
            patients: options.patients.unwrap_or(self.patients),
            seed: options.seed.unwrap_or(self.seed),
            min_patients: options.min_patients.unwrap_or(self.min_patients),
            rotterdam: options.rotterdam || self.rotterdam,
        }
    }
}

/// Makes or takes the network, starts what is not running, and waits until all are ready and connected.
///
/// # Errors
/// What failed; nodes that this call started are stopped again.
pub fn up(options: &Up) -> anyhow::Result<()> {
    let (network, made) = match Network::open(&options.dir)? {
        Some(network) => {
            let made = reuse(&network, options)?;
            (network, made)
        }
        None => create(options)?,
    };
    let _lock = record::lock(&network)?;
    let mut record = Record::load(&network)?;
    let mut started = Vec::new();
    let ready = start(&network, &mut record, &mut started);
    if let Err(error) = ready {
        stop(&network, &mut record, &started)?;
        return Err(error);
    }
    let running = network.hospitals.len().saturating_sub(started.len());
    print::note(format!("{} node(s) started, {running} were running.", started.len()));
    how_to_ask(&network, &made);
    Ok(())
}

fn create(options: &Up) -> anyhow::Result<(Network, Made)> {
    let made = Made::new(options);
    let hospitals = topology::hospitals(made.topology.size());
    print::note(format!(
        "Making a network of {} fictional hospitals in {} ...",
        hospitals.len(),
        options.dir.display()
    ));
    let region = Region::new(made.seed, hospitals.len(), made.patients);
    let mut data = vec![Data::oncology(region, made.min_patients)];
    if made.rotterdam {
        data.push(Data::rotterdam());
    }
    let program = std::env::current_exe()?;
    let network = Network::with_data(&options.dir, hospitals, &program, &data)?;
    std::fs::write(network.dir.join(MADE), serde_json::to_string_pretty(&made)?)?;
    Ok((network, made))
}

fn reuse(network: &Network, options: &Up) -> anyhow::Result<Made> {
    let dir = network.dir.display();
    let Ok(text) = std::fs::read_to_string(network.dir.join(MADE)) else {
        bail!("{dir} holds a network that `up` did not finish making; name a new folder");
    };
    let made: Made =
        serde_json::from_str(&text).with_context(|| format!("{dir}/{MADE} is damaged"))?;
    ensure!(
        made.changed(options) == made,
        "{dir} holds another network ({made:?}); leave those options out to start it, or name a new folder"
    );
    print::note(format!("Taking the network in {dir} ..."));
    Ok(made)
}

/// Starts every node that is not running; `started` says which, also when it fails.
fn start(network: &Network, record: &mut Record, started: &mut Vec<Node>) -> anyhow::Result<()> {
    let mut running = Vec::new();
    for hospital in &network.hospitals {
        let node = match record.running(network, &hospital.code) {
            Some(node) => node,
            None => {
                let mut command = command(network, &hospital.code)?;
                // Not in the terminal's group: Ctrl-C there does not reach it.
                let child = command.process_group(0).spawn().context("cannot start kring run")?;
                let node = Node { code: hospital.code.clone(), pid: child.id() };
                started.push(node.clone());
                record.add(network, &node)?;
                node
            }
        };
        running.push(node);
    }
    // All ready before any is waited for to connect: one that cannot start is reported by its own words, and at once.
    let ready: fn(&Status) -> bool = |_| true;
    for enough in [ready, is_connected] {
        for node in &running {
            let mut ended = || Ok((!node.is_alive(network)).then(String::new));
            wait(network, &node.code, &mut ended, enough)?;
        }
    }
    Ok(())
}

fn how_to_ask(network: &Network, made: &Made) {
    let kring = network.dir.join("bin/kring");
    let dataset = if made.rotterdam { " --dataset oncology" } else { "" };
    let dir = network.dir.display();
    print::note(format!(
        "\nThe network serves until `testnet down --dir {dir}`. Ask:\n  \
         export KRING_PROFILE={}\n  \
         {} ask{dataset} \"SELECT t.procedure, count(*) FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key \
         WHERE d.tumour_group = 'blaas' GROUP BY t.procedure\"\n  \
         {} status",
        network.profile("a.jansen").display(),
        kring.display(),
        kring.display()
    ));
}

/// Prints a line for every node.
///
/// # Errors
/// There is no network, or not every node is ready and connected.
pub fn status(options: &Folder) -> anyhow::Result<()> {
    let network = opened(&options.dir)?;
    let record = Record::load(&network)?;
    let mut good = 0_usize;
    for hospital in &network.hospitals {
        let code = &hospital.code;
        let running = record.running(&network, code);
        let line = match &running {
            None => "not running".to_owned(),
            Some(node) => match client(&network, code)?.status() {
                Ok(status) => {
                    good = good.saturating_add(usize::from(is_connected(&status)));
                    describe(node, &status)
                }
                Err(error) => format!("process {}, does not answer: {error}", node.pid),
            },
        };
        print::line(format!("{code:8} {line}"));
    }
    let all = network.hospitals.len();
    ensure!(good == all, "{good} of {all} nodes are ready and connected");
    Ok(())
}

fn describe(node: &Node, status: &Status) -> String {
    let connected = status.peers.values().filter(|peer| peer.connected).count();
    let mut line =
        format!("process {}, {connected} of {} peers connected", node.pid, status.peers.len());
    for (dataset, digest) in &status.snapshots {
        let digest: String = digest.to_string().chars().take(12).collect();
        line.push_str(&format!(", {dataset} {digest}"));
    }
    line
}

/// Ends every node and waits until each is gone. The folder stays.
///
/// # Errors
/// There is no network, or a node does not end.
pub fn down(options: &Folder) -> anyhow::Result<()> {
    let network = opened(&options.dir)?;
    let _lock = record::lock(&network)?;
    let mut record = Record::load(&network)?;
    let recorded = record.nodes();
    let alive: Vec<Node> =
        recorded.iter().filter(|node| node.is_alive(&network)).cloned().collect();
    for node in recorded.iter().filter(|node| !alive.contains(node)) {
        print::note(format!("{}: process {} ended before.", node.code, node.pid));
        record.remove(&network, &node.code)?;
    }
    stop(&network, &mut record, &alive)?;
    print::note(format!(
        "{} node(s) stopped; `testnet up --dir {}` starts them again.",
        alive.len(),
        network.dir.display()
    ));
    Ok(())
}

fn opened(dir: &Path) -> anyhow::Result<Network> {
    Network::open(dir)?
        .with_context(|| format!("{} holds no network; `testnet up` makes one", dir.display()))
}

/// Ends these nodes and forgets each that is gone.
fn stop(network: &Network, record: &mut Record, nodes: &[Node]) -> anyhow::Result<()> {
    for node in nodes {
        node.terminate(network)?;
    }
    let since = Instant::now();
    for node in nodes {
        while node.is_alive(network) {
            ensure!(
                since.elapsed() < PATIENCE,
                "{} does not end; its process is {}",
                node.code,
                node.pid
            );
            std::thread::sleep(PAUSE);
        }
        record.remove(network, &node.code)?;
    }
    Ok(())
}
