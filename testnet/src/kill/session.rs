//! The nodes while they are killed: what each log held at the last kill, and that it goes on from there.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use node::log::{Event, Reader};
use node::proof::merkle::{Head, empty_root, frontier};
use rustix::process::{Pid, Signal, kill_process};

use super::plan::{Deed, Plan, Step};
use crate::network::Network;
use crate::process::{NodeProcess, Nodes, client, wait_connected, wait_ready};

/// A network that is being killed.
#[derive(Debug)]
pub(super) struct Session<'a> {
    network: &'a Network,
    /// In the order of the hospitals.
    seats: Vec<Seat>,
    pub(super) tally: Tally,
}

/// What the session did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Nodes that were killed.
    pub kills: u32,
    /// Of these, those that had not said yet that they began: opening, recovering, indexing, connecting.
    pub starting: u32,
    /// Kills of two nodes at once.
    pub pairs: u32,
    /// Workers that were killed besides.
    pub workers: u32,
}

/// One node.
#[derive(Debug)]
struct Seat {
    code: String,
    node: Option<NodeProcess>,
    /// What the log held when the process before this one was dead.
    before: Head,
}

impl<'a> Session<'a> {
    /// Starts every node.
    pub(super) fn start(network: &'a Network) -> anyhow::Result<Self> {
        let seat = |node: NodeProcess| {
            let before = Head { size: 0, root: empty_root() };
            Seat { code: node.code.clone(), node: Some(node), before }
        };
        let seats = Nodes::start(network)?.0.into_iter().map(seat).collect();
        Ok(Self { network, seats, tally: Tally::default() })
    }

    /// Does all steps, then waits until every node is ready and connected.
    ///
    /// # Errors
    /// A node that ended by itself, or a log that does not continue what it held.
    pub(super) fn run(&mut self, plan: Plan) -> anyhow::Result<()> {
        for Step { pause, deed } in plan {
            std::thread::sleep(pause);
            match deed {
                Deed::Kill { nodes, down } => self.kill_all(&nodes, down)?,
                Deed::Worker(at) => self.kill_worker(at)?,
            }
        }
        for wait in [wait_until_ready, wait_connected] {
            for seat in &mut self.seats {
                let node = seat.node.as_mut().context("a node")?;
                wait(self.network, node).context("a start was refused")?;
            }
        }
        self.seats.iter().try_for_each(|seat| {
            seat.check(&reader(self.network, &seat.code)?)?;
            Ok(())
        })
    }

    /// Ends every node in order.
    pub(super) fn stop(self) -> anyhow::Result<()> {
        Nodes(self.seats.into_iter().filter_map(|seat| seat.node).collect()).stop()
    }

    /// Kills these nodes, all before any log is looked at, and starts them again.
    fn kill_all(&mut self, nodes: &[usize], down: Duration) -> anyhow::Result<()> {
        for at in nodes {
            let seat = self.seats.get_mut(*at).context("a node")?;
            let mut node = seat.node.take().context("a running node")?;
            if let Some(status) = node.ended()? {
                let said = node.said();
                anyhow::bail!("{} ended, nobody killed it ({status}):\n{said}", seat.code);
            }
            node.kill()?;
        }
        if nodes.len() > 1 {
            self.tally.pairs = self.tally.pairs.saturating_add(1);
        }
        for at in nodes {
            let seat = self.seats.get_mut(*at).context("a node")?;
            let log = reader(self.network, &seat.code)?;
            let started = seat.check(&log)?;
            seat.before = log.head();
            self.tally.kills = self.tally.kills.saturating_add(1);
            self.tally.starting = self.tally.starting.saturating_add(u32::from(!started));
        }
        std::thread::sleep(down);
        for at in nodes {
            let seat = self.seats.get_mut(*at).context("a node")?;
            seat.node = Some(NodeProcess::start(self.network, &seat.code)?);
        }
        Ok(())
    }

    /// Kills an idle worker, if the node has one at this moment.
    fn kill_worker(&mut self, at: usize) -> anyhow::Result<()> {
        let seat = self.seats.get(at).context("a node")?;
        let Ok(status) = client(self.network, &seat.code)?.status() else { return Ok(()) };
        let first = status.idle_workers.first().and_then(|pid| i32::try_from(*pid).ok());
        if let Some(pid) = first.and_then(Pid::from_raw)
            && kill_process(pid, Signal::KILL).is_ok()
        {
            self.tally.workers = self.tally.workers.saturating_add(1);
        }
        Ok(())
    }
}

impl Seat {
    /// Whether the log continues what it held at the kill before; true if a process has said since that it began.
    fn check(&self, log: &Reader) -> anyhow::Result<bool> {
        let (code, size, before) = (&self.code, log.size(), &self.before);
        ensure!(size >= before.size, "{code} held {} entries, now {size}", before.size);
        let same = log.with_nodes(|nodes| frontier(nodes, before.size))?.head();
        ensure!(same == *before, "{code} has another beginning of {} entries", before.size);
        for index in before.size..size {
            if matches!(log.entry(index)?.event, Event::Started { .. }) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn wait_until_ready(network: &Network, node: &mut NodeProcess) -> anyhow::Result<()> {
    wait_ready(network, node).map(|_status| ())
}

fn reader(network: &Network, code: &str) -> anyhow::Result<Reader> {
    Reader::open(&network.node_dir(code).join("state/log"))
        .with_context(|| format!("the log of {code}"))
}
