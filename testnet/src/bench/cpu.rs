//! Processor time, as the kernel counts it.

use std::time::Duration;

use anyhow::Context as _;

use super::status;
use crate::network::Network;
use crate::process::Nodes;

/// The kernel's unit in `/proc/PID/stat`, a hundredth of a second on every Linux.
const TICK: Duration = Duration::from_millis(10);

/// The processes of a network.
pub(super) struct Watched {
    daemons: Vec<u32>,
    workers: Vec<u32>,
}

/// Processor time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cpu {
    pub(super) daemons: Duration,
    pub(super) workers: Duration,
}

impl Cpu {
    /// What was spent since an earlier reading.
    pub(super) fn since(self, before: Self) -> Self {
        Self {
            daemons: self.daemons.saturating_sub(before.daemons),
            workers: self.workers.saturating_sub(before.workers),
        }
    }

    /// Both together.
    pub(super) fn total(self) -> Duration {
        self.daemons.saturating_add(self.workers)
    }
}

impl Watched {
    /// Every daemon and its workers, all of which must be idle.
    pub(super) fn of(network: &Network, nodes: &Nodes) -> anyhow::Result<Self> {
        let (mut daemons, mut workers) = (Vec::new(), Vec::new());
        for node in &nodes.0 {
            daemons.push(node.pid());
            workers.extend(status(network, &node.code)?.idle_workers);
        }
        Ok(Self { daemons, workers })
    }

    /// The time of all of them so far.
    ///
    /// # Errors
    /// One has ended meanwhile: its time would be missing.
    pub(super) fn read(&self) -> anyhow::Result<Cpu> {
        Ok(Cpu { daemons: sum(&self.daemons)?, workers: sum(&self.workers)? })
    }
}

/// This process so far.
pub(super) fn of_this() -> anyhow::Result<Duration> {
    of_process(std::process::id())
}

fn sum(pids: &[u32]) -> anyhow::Result<Duration> {
    pids.iter().map(|pid| of_process(*pid)).sum()
}

/// All threads of a process, those that ended too.
fn of_process(pid: u32) -> anyhow::Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .with_context(|| format!("process {pid} ended while it was measured"))?;
    // The program's name may hold anything; what follows it begins with the state, the third field.
    let (_, fields) = text.rsplit_once(')').context("no name")?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || Ok::<u32, anyhow::Error>(fields.next().context("no time")?.parse()?);
    let (user, system) = (ticks()?, ticks()?);
    Ok(TICK.saturating_mul(user.saturating_add(system)))
}
