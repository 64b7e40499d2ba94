//! SQL bombs against real nodes: a bad question costs one worker, never the node, and nobody waits for it.
//!
//! Each bomb is asked as a person would ask it. After each: the daemon is the same process and its memory is back, no
//! worker runs on, an honest question is answered at once, and the log holds the text. The list is in [`list`].
//!
//! A person whose questions cost three workers has to pause; the node is then started anew, so that every bomb is tried.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use node::client::ClientError;
use node::log::Event;
use node::log::Reader;
use policies::wire::MAX_SQL_BYTES;

use crate::asker::Asker;
use crate::cli::Bombs;
use crate::network::Network;
use crate::print;
use crate::process::{NodeProcess, Nodes};
use crate::topology;

pub mod list;

use list::{Bomb, bombs};

/// Seconds that a worker may take; short, so that bombs that run to it end soon.
pub const DEADLINE_S: u64 = 4;
/// What the worker has besides.
const GRACE: Duration = Duration::from_millis(500);
/// Most that the daemon's memory may have grown, in kB.
const MEMORY_KB: u64 = 64 * 1024;
/// The refusal of a text that is longer than any question: nobody reads it, so nobody knows who asked.
const UNREAD: [&str; 2] = ["sql_too_large", "too_large"];
/// The refusal of a person whose questions cost too many workers.
const PAUSED: &str = "too_many_lost_workers";
/// Longest honest answer after a bomb.
const HONEST: Duration = Duration::from_secs(1);
/// How often a question can be split and run on its way: the asker plans, responders plan and run, the asker merges.
const STEPS: u32 = 4;
/// The honest question.
const SQL: &str = "SELECT grade, count(*) AS n FROM patient GROUP BY grade";

/// A network that bombs are thrown at.
#[derive(Debug)]
pub struct Target {
    nodes: Nodes,
    network: Network,
    asker: Asker,
    memory_kb: u64,
    _folder: tempfile::TempDir,
}

/// What one bomb did.
#[derive(Clone, Debug)]
pub struct Blow {
    /// How the question ended: a refusal's code, or `answered`.
    pub ended: String,
    /// How long it took.
    pub took: Duration,
    /// Whether the asked node's daemon is the same process as before.
    pub alive: bool,
    /// Growth of that daemon's resident memory since the start, in kB.
    pub grown_kb: u64,
    /// Workers that still ran half a second after.
    pub running: usize,
    /// How long the next honest question took, if it was answered.
    pub honest: Option<Duration>,
    /// Whether the node's log holds the text, or it was so long that it was never read.
    pub logged: bool,
}

impl Blow {
    /// Whether the promises hold that do not depend on the machine's speed.
    #[must_use]
    pub fn contained(&self) -> bool {
        self.alive && self.grown_kb <= MEMORY_KB && self.honest.is_some() && self.logged
    }

    /// Whether the promises about time hold too.
    #[must_use]
    pub fn in_time(&self) -> bool {
        let limit = Duration::from_secs(DEADLINE_S).saturating_mul(STEPS).saturating_add(GRACE);
        self.running == 0 && self.took <= limit && self.honest.is_some_and(|took| took <= HONEST)
    }
}

/// Runs the command.
///
/// # Errors
/// A bomb that was not contained, or a network that does not start.
pub fn run(_options: &Bombs) -> anyhow::Result<()> {
    let mut target = Target::start(&std::env::current_exe()?)?;
    let bombs = bombs();
    print::line(format!("{} bombs; a worker's deadline is {DEADLINE_S} s", bombs.len()));
    print::line(format!(
        "{:<38} {:<22} {:>8} {:>10} {:>8} {:>8} {:>7}",
        "bomb", "ended", "s", "memory MB", "workers", "next ms", ""
    ));
    let mut open = 0_usize;
    for bomb in &bombs {
        let blow = target.throw(bomb)?;
        let contained = blow.contained() && blow.in_time();
        open = open.saturating_add(usize::from(!contained));
        let honest = blow.honest.map_or("none".to_owned(), |took| took.as_millis().to_string());
        let end = match (contained, blow.logged) {
            (true, _) => "contained",
            (false, true) => "NOT CONTAINED",
            (false, false) => "NOT LOGGED",
        };
        print::line(format!(
            "{:<38} {:<22} {:>8.2} {:>+10} {:>8} {honest:>8} {end}",
            bomb.name,
            blow.ended,
            blow.took.as_secs_f64(),
            blow.grown_kb / 1024,
            blow.running,
        ));
    }
    target.stop()?;
    anyhow::ensure!(open == 0, "{open} of {} bombs are not contained", bombs.len());
    print::line(format!("all {} bombs contained", bombs.len()));
    Ok(())
}

impl Target {
    /// Starts three nodes with a short deadline.
    ///
    /// # Errors
    /// A network that does not start.
    pub fn start(program: &std::path::Path) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("kring-bombs-").tempdir()?;
        let network = Network::create(&folder.path().join("net"), topology::hospitals(3), program)?;
        for hospital in &network.hospitals {
            let path = network.node_dir(&hospital.code).join("config.toml");
            let config = std::fs::read_to_string(&path)?;
            let config =
                config.replacen("deadline_s = 30", &format!("deadline_s = {DEADLINE_S}"), 1);
            let short = config.contains(&format!("deadline_s = {DEADLINE_S}"));
            anyhow::ensure!(short, "{} has no deadline", path.display());
            std::fs::write(&path, config)?;
        }
        let nodes = Nodes::start(&network)?;
        let asker = Asker::new(&network)?;
        // Warm, so that memory is compared with a node that works.
        for _ in 0..5 {
            ask(&asker, SQL).map_err(|code| anyhow::anyhow!("the honest question: {code}"))?;
        }
        let first = nodes.0.first().context("a node")?;
        let memory_kb = resident_kb(first.pid())?;
        Ok(Self { nodes, network, asker, memory_kb, _folder: folder })
    }

    fn first(&mut self) -> anyhow::Result<&mut NodeProcess> {
        self.nodes.0.first_mut().context("a node")
    }

    /// Throws one.
    ///
    /// # Errors
    /// The node cannot be looked at.
    pub fn throw(&mut self, bomb: &Bomb) -> anyhow::Result<Blow> {
        let since = now();
        let mut ended = ask(&self.asker, &bomb.sql);
        let mut took = since.elapsed();
        if matches!(&ended, Err(code) if code == PAUSED) {
            self.renew()?;
            let since = now();
            ended = ask(&self.asker, &bomb.sql);
            took = since.elapsed();
        }
        std::thread::sleep(GRACE);
        let pid = self.first()?.pid();
        let alive = std::path::Path::new(&format!("/proc/{pid}/status")).exists() && !zombie(pid);
        let running = if alive { running_workers(pid)? } else { 0 };
        let grown_kb = resident_kb(pid).unwrap_or(0).saturating_sub(self.memory_kb);
        let since = now();
        let mut honest = ask(&self.asker, SQL);
        let mut honest_took = since.elapsed();
        if matches!(&honest, Err(code) if code == PAUSED) {
            self.renew()?;
            let since = now();
            honest = ask(&self.asker, SQL);
            honest_took = since.elapsed();
        }
        let unread = bomb.sql.len() > MAX_SQL_BYTES
            || matches!(&ended, Err(code) if UNREAD.contains(&code.as_str()));
        let logged = unread || self.logged(&bomb.sql)?;
        let ended = ended.map_or_else(|code| code, |()| "answered".to_owned());
        let honest = honest.is_ok().then_some(honest_took);
        Ok(Blow { ended, took, alive, grown_kb, running, honest, logged })
    }

    /// Starts every node anew: the person has to pause at all of them.
    fn renew(&mut self) -> anyhow::Result<()> {
        std::mem::replace(&mut self.nodes, Nodes(Vec::new())).stop()?;
        self.nodes = Nodes::start(&self.network)?;
        ask(&self.asker, SQL).map_err(|code| anyhow::anyhow!("the honest question: {code}"))?;
        let pid = self.first()?.pid();
        self.memory_kb = resident_kb(pid)?;
        Ok(())
    }

    fn logged(&self, sql: &str) -> anyhow::Result<bool> {
        let code = &self.nodes.0.first().context("a node")?.code;
        let entries = Reader::open(&self.network.node_dir(code).join("state/log"))?.entries()?;
        Ok(entries.iter().rev().any(|entry| match &entry.event {
            Event::NotAsked { question, .. }
            | Event::Asked { question }
            | Event::Intent { question, .. }
            | Event::Refused { question, .. } => {
                question.sql.here().is_some_and(|text| text == sql)
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::CharterAccepted { .. }
            | Event::Outcome { .. }
            | Event::Rejected { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::WorkerLost { .. } => false,
        }))
    }

    /// Ends every node in order.
    ///
    /// # Errors
    /// One that does not end well.
    pub fn stop(self) -> anyhow::Result<()> {
        self.nodes.stop()
    }
}

/// Asks; the code of what went wrong.
fn ask(asker: &Asker, sql: &str) -> Result<(), String> {
    let question = asker.sign(sql).map_err(|error| error.to_string())?;
    match asker.put(&question) {
        Ok(_) => Ok(()),
        Err(ClientError::Refused(refusal)) => Err(refusal.code),
        Err(error) => Err(error.to_string()),
    }
}

/// Resident memory, in kB.
fn resident_kb(pid: u32) -> anyhow::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse()?)
}

fn state_of(pid: u32) -> Option<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(text.rsplit_once(')')?.1.trim().to_owned())
}

fn zombie(pid: u32) -> bool {
    state_of(pid).is_some_and(|state| state.starts_with('Z'))
}

/// Children of the daemon that are computing: an idle worker waits for its pipe.
fn running_workers(daemon: u32) -> anyhow::Result<usize> {
    let mut running = 0_usize;
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let Some(state) = state_of(pid) else { continue };
        let mut fields = state.split(' ');
        let (state, parent) = (fields.next(), fields.next());
        if state == Some("R") && parent == Some(daemon.to_string().as_str()) {
            running = running.saturating_add(1);
        }
    }
    Ok(running)
}

fn now() -> Instant {
    Instant::now()
}
