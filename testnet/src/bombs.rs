//! SQL bombs against real nodes: a bad question costs one worker, never the node, and nobody waits for it.
//!
//! Each bomb is asked as a person would ask it. Meanwhile no worker of any node computes longer than its deadline. After
//! each: every daemon is the same process and its memory is back, no worker runs on, an honest question is answered at
//! once, and the log of each node that was asked holds the text. The list is in [`list`].
//!
//! A person whose questions cost three workers has to pause; the node is then started anew, so that every bomb is tried.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use node::client::ClientError;
use node::log::event::QuestionRecord;
use node::log::{Event, Reader};
use policies::wire::MAX_SQL_BYTES;

use crate::asker::Asker;
use crate::cli::Bombs;
use crate::data::Data;
use crate::generate::Region;
use crate::network::Network;
use crate::print;
use crate::process::{NodeProcess, Nodes};
use crate::topology;

pub mod list;
mod watch;

use watch::Watch;

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
/// Honest questions, one a dataset.
const HONEST_SQL: [(&str, &str); 2] = [
    ("rotterdam", "SELECT grade, count(*) AS n FROM patient GROUP BY grade"),
    ("oncology", "SELECT event, count(*) AS n FROM followup GROUP BY event"),
];
/// Patients of each hospital in the generated data.
const PATIENTS: u32 = 300;

/// What a log says about a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    /// The node refused it before it asked anyone.
    NotAsked,
    /// The node asked the hospitals.
    Asked,
    /// The node refused or permitted it as a hospital.
    Decided,
}

/// A network that bombs are thrown at.
#[derive(Debug)]
pub struct Target {
    nodes: Nodes,
    network: Network,
    /// By dataset.
    askers: BTreeMap<&'static str, Asker>,
    /// Of every daemon, when all was well.
    memory_kb: Vec<u64>,
    _folder: tempfile::TempDir,
}

/// What one bomb did.
#[derive(Clone, Debug)]
pub struct Blow {
    /// How the question ended: a refusal's code, or `answered`.
    pub ended: String,
    /// How long it took.
    pub took: Duration,
    /// The longest time that one worker of any node computed.
    pub busy: Duration,
    /// Whether every daemon is the same process as before.
    pub alive: bool,
    /// The most that one daemon's resident memory has grown since the start, in kB.
    pub grown_kb: u64,
    /// Workers that still ran half a second after.
    pub running: usize,
    /// How long the next honest question took, if it was answered.
    pub honest: Option<Duration>,
    /// Whether the log of each node that was asked holds the text, or it was so long that it was never read.
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
        let limit = Duration::from_secs(DEADLINE_S).saturating_add(GRACE);
        self.running == 0 && self.busy <= limit && self.honest.is_some_and(|took| took <= HONEST)
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
        "{:<38} {:<22} {:>8} {:>9} {:>10} {:>8} {:>8}",
        "bomb", "ended", "s", "worker s", "memory MB", "workers", "next ms"
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
            "{:<38} {:<22} {:>8.2} {:>9.2} {:>+10} {:>8} {honest:>8} {end}",
            bomb.name,
            blow.ended,
            blow.took.as_secs_f64(),
            blow.busy.as_secs_f64(),
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
        let hospitals = topology::hospitals(3);
        let region = Region::new(1, hospitals.len(), PATIENTS);
        let data = [Data::rotterdam(), Data::oncology(region, 10)];
        let network = Network::with_data(&folder.path().join("net"), hospitals, program, &data)?;
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
        let mut askers = BTreeMap::new();
        for (dataset, _) in HONEST_SQL {
            askers.insert(dataset, Asker::new(&network)?.over(dataset)?);
        }
        let mut target = Self { nodes, network, askers, memory_kb: Vec::new(), _folder: folder };
        target.warm()?;
        Ok(target)
    }

    /// Throws one.
    ///
    /// # Errors
    /// The nodes cannot be looked at.
    pub fn throw(&mut self, bomb: &Bomb) -> anyhow::Result<Blow> {
        let (mut ended, mut busy, mut took) = self.watched(bomb)?;
        if matches!(&ended, Err(code) if code == PAUSED) {
            self.renew()?;
            (ended, busy, took) = self.watched(bomb)?;
        }
        std::thread::sleep(GRACE);
        let pids = self.pids();
        let alive = pids.iter().all(|pid| {
            std::path::Path::new(&format!("/proc/{pid}/status")).exists() && !watch::is_zombie(*pid)
        });
        let running = watch::busy(&pids).len();
        let grown_kb = self.grown_kb(&pids);
        let (mut honest, mut honest_took) = self.honest();
        if matches!(&honest, Err(code) if code == PAUSED) {
            self.renew()?;
            (honest, honest_took) = self.honest();
        }
        let unread = bomb.sql.len() > MAX_SQL_BYTES
            || matches!(&ended, Err(code) if UNREAD.contains(&code.as_str()));
        let logged = unread || self.logged(&bomb.sql)?;
        let ended = ended.map_or_else(|code| code, |()| "answered".to_owned());
        let honest = honest.is_ok().then_some(honest_took);
        Ok(Blow { ended, took, busy, alive, grown_kb, running, honest, logged })
    }

    /// Asks the bomb; how it ended, the longest work of one worker, and how long it took.
    fn watched(&self, bomb: &Bomb) -> anyhow::Result<(Result<(), String>, Duration, Duration)> {
        let asker = self.askers.get(bomb.dataset).context("a dataset")?;
        let watch = Watch::start(self.pids());
        let since = now();
        let ended = ask(asker, &bomb.sql);
        let took = since.elapsed();
        Ok((ended, watch.longest()?, took))
    }

    fn honest(&self) -> (Result<(), String>, Duration) {
        let since = now();
        let ended = HONEST_SQL.iter().try_for_each(|(dataset, sql)| {
            self.askers.get(dataset).map_or(Ok(()), |asker| ask(asker, sql))
        });
        (ended, since.elapsed())
    }

    fn pids(&self) -> Vec<u32> {
        self.nodes.0.iter().map(NodeProcess::pid).collect()
    }

    /// The most that one daemon's memory has grown.
    fn grown_kb(&self, pids: &[u32]) -> u64 {
        let grown = pids
            .iter()
            .zip(&self.memory_kb)
            .map(|(pid, before)| resident_kb(*pid).unwrap_or(0).saturating_sub(*before));
        grown.max().unwrap_or(0)
    }

    /// Starts every node anew: the person has to pause at all of them.
    fn renew(&mut self) -> anyhow::Result<()> {
        std::mem::replace(&mut self.nodes, Nodes(Vec::new())).stop()?;
        self.nodes = Nodes::start(&self.network)?;
        self.warm()
    }

    /// Asks honest questions, so that memory is compared with nodes that work.
    fn warm(&mut self) -> anyhow::Result<()> {
        for (dataset, sql) in HONEST_SQL.iter().cycle().take(10) {
            let asker = self.askers.get(dataset).context("a dataset")?;
            ask(asker, sql).map_err(|code| anyhow::anyhow!("the honest question: {code}"))?;
        }
        self.memory_kb = self.pids().into_iter().map(resident_kb).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Whether the asked node's log holds the text, and each hospital's if it was asked.
    fn logged(&self, sql: &str) -> anyhow::Result<bool> {
        let mut logs = self.nodes.0.iter().map(|node| self.texts(&node.code, sql));
        let asker = logs.next().context("a node")??;
        let mut all = !asker.is_empty();
        if asker.contains(&Said::Asked) {
            all &= asker.contains(&Said::Decided);
            for hospital in logs {
                all &= hospital?.contains(&Said::Decided);
            }
        }
        Ok(all)
    }

    /// What a node's log says about a text.
    fn texts(&self, code: &str, sql: &str) -> anyhow::Result<BTreeSet<Said>> {
        let entries = Reader::open(&self.network.node_dir(code).join("state/log"))?.entries()?;
        let said = entries.iter().filter_map(|entry| match &entry.event {
            Event::NotAsked { question, .. } => Some((question, Said::NotAsked)),
            Event::Asked { question, .. } | Event::AskedV1 { question } => {
                Some((question, Said::Asked))
            }
            Event::Intent { question, .. } | Event::Refused { question, .. } => {
                Some((question, Said::Decided))
            }
            Event::Started { .. }
            | Event::Stopped {}
            | Event::Paused { .. }
            | Event::Resumed {}
            | Event::Held { .. }
            | Event::ApprovalDecided { .. }
            | Event::CharterAccepted { .. }
            | Event::CharterRejected { .. }
            | Event::Revoked { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::SnapshotUsed { .. }
            | Event::Clock { .. }
            | Event::Outcome { .. }
            | Event::Rejected { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::ForkEvidence { .. }
            | Event::Archived(_)
            | Event::GapAccepted { .. }
            | Event::MemoryLost { .. }
            | Event::WorkerLost { .. } => None,
        });
        let same = |question: &QuestionRecord| question.sql.here().is_some_and(|text| text == sql);
        Ok(said.filter(|(question, _)| same(question)).map(|(_, said)| said).collect())
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

fn now() -> Instant {
    Instant::now()
}
