//! Random `kill -9` of real nodes under load: what a node acknowledged is in its log for good.
//!
//! Three people ask without a pause through three of five nodes, while one node after another is killed at a random moment
//! and started again; sometimes two at once, sometimes a worker. After every
//! restart the log must continue the one that was seen before the kill. At the end every log is checked in full, exported and
//! verified, every acknowledged record is looked up, and the logs are reconciled.
//!
//! A killed process leaves the kernel's page cache: what power cuts do is tested over the log's storage, not here.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use node::log::Reader;
use node::proof::merkle::{Head, frontier};
use rustix::process::{Pid, Signal, kill_process};

use crate::cli::Kill;
use crate::differential::dice::Dice;
use crate::network::Network;
use crate::print;
use crate::process::{NodeProcess, Nodes, client, wait_connected, wait_ready};
use crate::reconcile::{self, Table};
use crate::topology::{self, PEOPLE};

mod kept;
mod load;

use load::Acknowledged;

/// Hospitals of the network.
const HOSPITALS: usize = 5;
/// Longest pause before a kill, in milliseconds.
const LONGEST_MS: i64 = 250;

/// What the kills did.
#[derive(Debug)]
pub struct Report {
    /// Nodes that were killed.
    pub kills: u32,
    /// Workers that were killed besides.
    pub workers: u32,
    /// Records that were acknowledged to clients and asking nodes.
    pub acknowledged: usize,
    /// Those that no log holds, in words.
    pub lost: Vec<String>,
    /// What the logs say together.
    pub table: Table,
    /// How long the kills took.
    pub took: Duration,
}

impl Report {
    /// Whether nothing was lost, run twice, or left without a reason.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lost.is_empty() && self.table.holds()
    }
}

/// Runs the command.
///
/// # Errors
/// A node that does not start again, a log that is damaged or shorter, or a record that is lost.
pub fn run(options: &Kill) -> anyhow::Result<()> {
    let report = kill(&std::env::current_exe()?, options)?;
    let pace = f64::from(report.kills) / report.took.as_secs_f64().max(0.001) * 60.0;
    print::line(format!("kills                  {:>8}", report.kills));
    print::line(format!("workers killed         {:>8}", report.workers));
    print::line(format!("kills a minute         {pace:>8.0}"));
    print::line("refused starts                0");
    print::line(format!("acknowledged records   {:>8}", report.acknowledged));
    print::line(format!("lost                   {:>8}", report.lost.len()));
    report.table.print();
    for lost in &report.lost {
        print::line(format!("  lost: {lost}"));
    }
    ensure!(report.holds(), "the logs do not keep what was acknowledged");
    Ok(())
}

/// Kills nodes of a new network; `program` is this binary.
///
/// # Errors
/// A node that does not start again, or a log that is damaged or shorter than before.
pub fn kill(program: &Path, options: &Kill) -> anyhow::Result<Report> {
    let folder = tempfile::Builder::new().prefix("kring-kill-").tempdir()?;
    let hospitals = topology::hospitals(HOSPITALS);
    let network = Network::create(&folder.path().join("net"), hospitals, program)?;
    let mut session =
        Session { nodes: Nodes::start(&network)?, network: &network, kills: 0, workers: 0 };
    let stop = AtomicBool::new(false);
    let since = Instant::now();
    let acknowledged = std::thread::scope(|scope| {
        let ask = |person| {
            let (network, stop) = (&network, &stop);
            scope.spawn(move || load::ask_on(network, person, options.seed, stop))
        };
        let asking: Vec<_> = PEOPLE.iter().map(ask).collect();
        let killed = session.kill_until(options);
        stop.store(true, Ordering::Relaxed);
        let mut all: Vec<Acknowledged> = Vec::new();
        for asker in asking {
            all.extend(asker.join().map_err(|_panic| anyhow::anyhow!("an asker died"))??);
        }
        killed.map(|()| all)
    })?;
    let took = since.elapsed();
    let Session { nodes, kills, workers, .. } = session;
    nodes.stop()?;
    for hospital in &network.hospitals {
        verify_export(&network, &hospital.code)?;
    }
    let logs = reconcile::logs(&network)?;
    let lost = kept::lost(&logs, &acknowledged);
    let table = reconcile::reconcile(&logs);
    Ok(Report { kills, workers, acknowledged: acknowledged.len(), lost, table, took })
}

/// A network that is being killed.
struct Session<'a> {
    network: &'a Network,
    nodes: Nodes,
    kills: u32,
    workers: u32,
}

impl Session<'_> {
    fn kill_until(&mut self, options: &Kill) -> anyhow::Result<()> {
        let mut dice = Dice::new(&[options.seed, u64::MAX]);
        while self.kills < options.times {
            let pause = u64::try_from(dice.between(0, LONGEST_MS)).unwrap_or(0);
            std::thread::sleep(Duration::from_millis(pause));
            if dice.one_in(8) {
                self.kill_worker(&mut dice)?;
                continue;
            }
            let both = dice.one_in(6) && options.times.saturating_sub(self.kills) > 1;
            let mut down = vec![self.kill_one(&mut dice)?];
            if both {
                down.push(self.kill_one(&mut dice)?);
            }
            for (code, before) in down {
                let node = self.start(&code, &before)?;
                self.nodes.0.push(node);
            }
        }
        for node in &mut self.nodes.0 {
            wait_connected(self.network, node)?;
        }
        Ok(())
    }

    /// Kills a node: its hospital, and what its log held just before.
    fn kill_one(&mut self, dice: &mut Dice) -> anyhow::Result<(String, Head)> {
        let at = dice.roll(self.nodes.0.len());
        let node = self.nodes.0.swap_remove(at);
        let code = node.code.clone();
        let before = reader(self.network, &code)?.head();
        node.kill()?;
        self.kills = self.kills.saturating_add(1);
        Ok((code, before))
    }

    /// Starts a node again; its log must continue the one from before.
    fn start(&self, code: &str, before: &Head) -> anyhow::Result<NodeProcess> {
        let mut node = NodeProcess::start(self.network, code)?;
        wait_ready(self.network, &mut node).context("a start was refused")?;
        let log = reader(self.network, code)?;
        let size = log.size();
        ensure!(size >= before.size, "{code} held {} entries, now {size}", before.size);
        let same = log.with_nodes(|nodes| frontier(nodes, before.size))?.head();
        ensure!(same == *before, "{code} has another beginning of {} entries", before.size);
        Ok(node)
    }

    /// Kills an idle worker, if the node has one at this moment.
    fn kill_worker(&mut self, dice: &mut Dice) -> anyhow::Result<()> {
        let at = dice.roll(self.nodes.0.len());
        let node = self.nodes.0.get(at).context("a node")?;
        let workers = client(self.network, &node.code)?.status()?.idle_workers;
        let Some(pid) = workers.first().and_then(|pid| Pid::from_raw(i32::try_from(*pid).ok()?))
        else {
            return Ok(());
        };
        if kill_process(pid, Signal::KILL).is_ok() {
            self.workers = self.workers.saturating_add(1);
        }
        Ok(())
    }
}

fn reader(network: &Network, code: &str) -> anyhow::Result<Reader> {
    Reader::open(&network.node_dir(code).join("state/log"))
        .with_context(|| format!("the log of {code}"))
}

/// Exports a log and verifies the file, as a third party would.
fn verify_export(network: &Network, code: &str) -> anyhow::Result<()> {
    let config = network.node_dir(code).join("config.toml");
    let out = network.dir.join(format!("{code}.audit"));
    let (config, out) = (config.to_string_lossy(), out.to_string_lossy());
    network.run(&["audit", "export", "--config", &config, "--out", &out])?;
    network.run(&["audit", "verify", &out])?;
    Ok(())
}
