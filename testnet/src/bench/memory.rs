//! Proportional memory (PSS) of a node and its workers, as the kernel counts it.

use std::fmt;

use anyhow::Context as _;

use super::status;
use crate::network::Network;
use crate::process::NodeProcess;

/// Proportional set size, in kB.
pub(super) struct Pss {
    daemon: u64,
    workers: Vec<u64>,
}

impl fmt::Display for Pss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let workers: u64 = self.workers.iter().sum();
        write!(
            f,
            "PSS {} MB (daemon {}, {} workers {})",
            (self.daemon + workers) / 1024,
            self.daemon / 1024,
            self.workers.len(),
            workers / 1024
        )
    }
}

/// The memory of a node's daemon and idle workers.
pub(super) fn of_node(network: &Network, node: &NodeProcess) -> anyhow::Result<Pss> {
    let status = status(network, &node.code)?;
    let workers =
        status.idle_workers.iter().map(|pid| of_process(*pid)).collect::<anyhow::Result<_>>()?;
    Ok(Pss { daemon: of_process(node.pid())?, workers })
}

fn of_process(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:")).context("no Pss")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}
