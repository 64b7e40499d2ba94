//! Random `kill -9` of real nodes under load: what a node acknowledged is in its log for good.
//!
//! Thirteen people ask without a pause through all of five nodes and put again what came to nothing, while nodes are killed at
//! random moments and started again: any of them, sometimes two at once, often while they start or recover, sometimes a
//! worker (`plan`). At every kill the log must continue the one that the kill before left behind (`session`). At the end
//! every log is checked in full, exported and verified, every record that was acknowledged to a client is looked up
//! (`kept`), the memory of what was released is held against the logs (`charged`), and the logs are reconciled.
//!
//! A killed process leaves the kernel's page cache: what power cuts do is tested over the log's storage, not here.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::cli::Kill;
use crate::data::Data;
use crate::differential::dice::Dice;
use crate::network::Network;
use crate::print;
use crate::reconcile::{self, Table};
use crate::topology;

mod charged;
mod kept;
mod load;
mod plan;
mod session;

pub use charged::Charged;
pub use session::Tally;

use load::Asked;
use plan::Plan;
use session::Session;

/// Hospitals of the network.
const HOSPITALS: usize = 5;

/// What the kills did.
#[derive(Debug)]
pub struct Report {
    /// What was killed.
    pub killed: Tally,
    /// Questions that clients put.
    pub questions: u64,
    /// How often they put one again.
    pub again: u64,
    /// How often nothing came back.
    pub nothing: u64,
    /// Records that were acknowledged to clients and asking nodes.
    pub acknowledged: usize,
    /// Those that no log holds, in words.
    pub lost: Vec<String>,
    /// What the nodes remember of what they released.
    pub charged: Charged,
    /// What the logs say together.
    pub table: Table,
    /// How long the kills took.
    pub took: Duration,
}

impl Report {
    /// Whether nothing was lost, run twice, or left without a reason.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.lost.is_empty() && self.charged.faults.is_empty() && self.table.holds()
    }
}

/// Runs the command.
///
/// # Errors
/// A node that does not start again, a log that is damaged or shorter, or a record that is lost.
pub fn run(options: &Kill) -> anyhow::Result<()> {
    let report = kill(&std::env::current_exe()?, options)?;
    let Report { killed, questions, again, nothing, acknowledged, lost, charged, table: _, took } =
        &report;
    let pace = f64::from(killed.kills) / took.as_secs_f64().max(0.001) * 60.0;
    let pace = format!("{pace:.0}");
    for (name, figure) in [
        ("kills", killed.kills.to_string()),
        ("  while starting", killed.starting.to_string()),
        ("  two at once, pairs", killed.pairs.to_string()),
        ("workers killed", killed.workers.to_string()),
        ("kills a minute", pace),
        ("questions of clients", questions.to_string()),
        ("  put again", again.to_string()),
        ("  nothing came back", nothing.to_string()),
        ("acknowledged records", acknowledged.to_string()),
        ("lost", lost.len().to_string()),
        ("charges", charged.charges.to_string()),
        ("  without an answer", charged.unnamed.to_string()),
        ("cells remembered", charged.cells.to_string()),
        ("forgotten, charged twice", charged.faults.len().to_string()),
    ] {
        print::line(format!("{name:<28} {figure:>8}"));
    }
    report.table.print();
    for lost in &report.lost {
        print::line(format!("  lost: {lost}"));
    }
    for fault in &charged.faults {
        print::line(format!("  memory: {fault}"));
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
    let (hospitals, people) = (topology::hospitals(HOSPITALS), load::people());
    let data = [Data::rotterdam()];
    let dir = folder.path().join("net");
    let network = Network::with_people(&dir, hospitals, program, &data, &people)?;
    let mut session = Session::start(&network)?;
    let stop = AtomicBool::new(false);
    let since = Instant::now();
    let mut took = Duration::ZERO;
    let asked = std::thread::scope(|scope| {
        let ask = |(number, person)| {
            let (network, stop, dice) = (&network, &stop, Dice::new(&[options.seed, number]));
            scope.spawn(move || load::ask_on(network, person, dice, stop))
        };
        let asking: Vec<_> = (0..).zip(&people).map(ask).collect();
        let killed = session.run(Plan::new(options.seed, HOSPITALS, options.times));
        took = since.elapsed();
        stop.store(true, Ordering::Relaxed);
        let mut all: Vec<Asked> = Vec::new();
        for asker in asking {
            all.push(asker.join().map_err(|_panic| anyhow::anyhow!("an asker died"))??);
        }
        killed.map(|()| all)
    })?;
    let killed = session.tally;
    session.stop()?;
    for hospital in &network.hospitals {
        verify_export(&network, &hospital.code)?;
    }
    let logs = reconcile::logs(&network)?;
    let sum = |of: fn(&Asked) -> u64| asked.iter().map(of).fold(0, u64::saturating_add);
    let (questions, again) = (sum(|one| one.questions), sum(|one| one.again));
    let nothing = sum(|one| one.nothing);
    let acknowledged: Vec<_> = asked.into_iter().flat_map(|one| one.acknowledged).collect();
    let lost = kept::lost(&logs, &acknowledged);
    let charged = charged::check(&network, &logs)?;
    let table = reconcile::reconcile(&logs);
    let acknowledged = acknowledged.len();
    Ok(Report { killed, questions, again, nothing, acknowledged, lost, charged, table, took })
}

/// The second verifier.
const VERIFIER: &str = include_str!("../../node/audit/verify.py");

/// Runs the second verifier; nothing where there is no Python, unless `KRING_REQUIRE_PYTHON=1` demands it.
///
/// # Errors
/// Python is there and cannot be started, or is demanded and not there.
pub fn verify_again(args: &[&str]) -> anyhow::Result<Option<Output>> {
    let required = std::env::var_os("KRING_REQUIRE_PYTHON").is_some_and(|value| value == "1");
    match Command::new("python3").args(["-I", "-c", VERIFIER]).args(args).output() {
        Ok(told) => Ok(Some(told)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(error) => Err(error).context("cannot start python3"),
    }
}

/// Exports a log and verifies the file with both verifiers, as a third party would; without Python with one.
fn verify_export(network: &Network, code: &str) -> anyhow::Result<()> {
    let config = network.node_dir(code).join("config.toml");
    let out = network.dir.join(format!("{code}.audit"));
    let (config, out) = (config.to_string_lossy(), out.to_string_lossy());
    network.run(&["audit", "export", "--config", &config, "--out", &out])?;
    network.run(&["audit", "verify", &out])?;
    let Some(told) = verify_again(&[&out])? else { return Ok(()) };
    ensure!(
        told.status.success(),
        "the export of {code} does not hold: {}",
        String::from_utf8_lossy(&told.stdout)
    );
    Ok(())
}
