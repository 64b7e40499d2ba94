//! The log with a million entries: written by the real writer with copies of what a real question left in it, then started
//! from, exported, verified and indexed anew by the commands that people use.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use node::clock::SystemClock;
use node::keys::{Key, KeyRole};
use node::log::checkpoint::Signer;
use node::log::{Event, Log, Reader, Store};
use node::proof::merkle::inclusion;
use node::tasks::Tasks;
use policies::{Digest, HospitalCode};

use super::{SQL, Times, ask, now};
use crate::asker::Asker;
use crate::cli::Bench;
use crate::network::Network;
use crate::process::{NodeProcess, Nodes, wait_ready};
use crate::{print, topology};

/// Questions that are written at once.
const AT_ONCE: u64 = 128;
/// Pairs of appends, one after the other.
const PAIRS: u64 = 2_000;
/// Proofs that are timed.
const PROOFS: u64 = 1_000;
/// Starts that are timed.
const STARTS: usize = 5;

/// What a question leaves in the log of a node that asks and answers it.
#[derive(Clone, Debug)]
struct Trail(Vec<Event>);

/// Measures over one folder and prints.
///
/// # Errors
/// What failed.
pub(super) fn run(options: &Bench, name: &str, folder: &Path) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("kring-bench-").tempdir_in(folder)?;
    let dir = folder.path().join("net");
    let network = Network::create(&dir, topology::hospitals(3), &std::env::current_exe()?)?;
    let code = network.hospitals.first().context("a hospital")?.code.clone();
    let nodes = Nodes::start(&network)?;
    ask(&Asker::new(&network)?, SQL)?;
    nodes.stop()?;
    let table = Table { name };
    write(&network, &code, options.entries, &table)?;
    let config = network.node_dir(&code).join("config.toml");
    let (config, out) = (config.to_string_lossy(), dir.join("log.audit"));
    let out = out.to_string_lossy();
    for (what, goal) in [("start to ready, index to be built", ""), ("start to ready", "under 2 s")]
    {
        let starts = starts(&network, &code, if goal.is_empty() { 1 } else { STARTS })?;
        table.line(what, format!("{:.0} ms", starts.p50), goal);
    }
    for (what, command, goal) in [
        ("`kring audit export`", &["export", "--config", &config, "--out", &out][..], ""),
        ("`kring audit verify`", &["verify", &out][..], "under 10 s"),
    ] {
        let since = now();
        network.run(&[&["audit"][..], command].concat())?;
        table.line(what, seconds(since.elapsed()), goal);
    }
    table.line("the export", format!("{} MB", std::fs::metadata(&*out)?.len() >> 20), "");
    for (what, more) in [("`kring check`", &[][..]), ("the same with `--rebuild`", &["--rebuild"])]
    {
        let since = now();
        network.run(&[&["check", "--config", &config][..], more].concat())?;
        table.line(what, seconds(since.elapsed()), "");
    }
    let index = network.node_dir(&code).join("state/index.redb");
    table.line("the index", format!("{} MB", std::fs::metadata(index)?.len() >> 20), "");
    Ok(())
}

/// A line for each figure.
struct Table<'a> {
    name: &'a str,
}

impl Table<'_> {
    fn line(&self, what: &str, figure: String, goal: &str) {
        print::line(format!("| {} | {what} | {figure} | {goal} |", self.name));
    }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Fills the log of a stopped node up to so many entries.
fn write(network: &Network, code: &str, entries: u64, table: &Table<'_>) -> anyhow::Result<()> {
    let dir = network.node_dir(code);
    let store = Store::open_folder(&dir.join("state/log"))?;
    let trail = Trail::of(&store.reader())?;
    let key = Key::load(&dir.join("keys/log.key"), KeyRole::Log)?;
    let note = store.reader().checkpoint();
    let signer = Signer::new(&HospitalCode::new(code)?, key, note.as_deref())?;
    let missing = entries.saturating_sub(store.size());
    let questions = missing / u64::try_from(trail.0.len())?.max(1);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let (tasks, log_tasks) = (Tasks::new(), Tasks::new());
    runtime.block_on(async {
        let log = Log::start(store, signer, Arc::new(SystemClock), &log_tasks)?;
        let since = now();
        fill(&log, &trail, questions, &tasks).await?;
        let took = since.elapsed().as_secs_f64();
        let appended = questions.saturating_mul(u64::try_from(trail.0.len())?);
        let rate = f64::from(u32::try_from(appended)?) / took;
        table.line(&format!("appends a second, {AT_ONCE} at once"), format!("{rate:.0}"), "5,000");
        let pairs = pairs(&log, &trail, questions).await?;
        let figure = format!("{:.2} / {:.2} ms", pairs.p50, pairs.p95);
        table.line("two appends, one after the other, p50 / p95", figure, "p50 under 2 ms");
        log.checkpoint().await?;
        table.line("entries", log.reader().size().to_string(), "");
        let figure = format!("{:.2} ms", proofs(log.reader())?.p50);
        table.line("a proof of inclusion, p50", figure, "");
        drop(log);
        let cut_off = log_tasks.drain(Duration::from_secs(60)).await;
        ensure!(cut_off.is_empty(), "the log does not close");
        Ok(())
    })
}

/// Many questions at once, each entry of one after the other.
async fn fill(log: &Log, trail: &Trail, questions: u64, tasks: &Tasks) -> anyhow::Result<()> {
    let appenders = (0..AT_ONCE).map(|appender| {
        let (log, trail) = (log.clone(), trail.clone());
        tasks.spawn("appender", async move {
            let mut number = appender;
            while number < questions {
                for event in trail.about(number) {
                    log.append(event).await?;
                }
                number = number.saturating_add(AT_ONCE);
            }
            Ok::<_, node::log::LogError>(())
        })
    });
    for appender in appenders.collect::<Vec<_>>() {
        appender.await??;
    }
    Ok(())
}

/// Intent and outcome of one question at a time, as a responder waits for them.
async fn pairs(log: &Log, trail: &Trail, from: u64) -> anyhow::Result<Times> {
    let mut times = Vec::new();
    for number in from..from.saturating_add(PAIRS) {
        let both = trail
            .about(number)
            .filter(|event| matches!(event, Event::Intent { .. } | Event::Outcome { .. }));
        let both: Vec<_> = both.collect();
        ensure!(both.len() == 2, "the question left no intent and outcome");
        let since = now();
        for event in both {
            log.append(event).await?;
        }
        times.push(since.elapsed());
    }
    Ok(Times::of(times))
}

/// Proofs of entries all over the log.
fn proofs(log: &Reader) -> anyhow::Result<Times> {
    let (size, mut times) = (log.size(), Vec::new());
    for number in 0..PROOFS {
        let index = size.saturating_mul(number) / PROOFS;
        let since = now();
        log.with_nodes(|nodes| inclusion(nodes, index, size))?;
        times.push(since.elapsed());
    }
    Ok(Times::of(times))
}

fn starts(network: &Network, code: &str, times: usize) -> anyhow::Result<Times> {
    let mut all = Vec::new();
    for _ in 0..times {
        let since = now();
        let mut node = NodeProcess::start(network, code)?;
        wait_ready(network, &mut node)?;
        all.push(since.elapsed());
        node.stop()?;
    }
    Ok(Times::of(all))
}

impl Trail {
    /// What the one question in this log left.
    fn of(log: &Reader) -> anyhow::Result<Self> {
        let of_a_question = |event: &Event| {
            matches!(
                event,
                Event::Asked { .. }
                    | Event::Intent { .. }
                    | Event::Outcome { .. }
                    | Event::Received { .. }
            )
        };
        let events = log.entries()?.into_iter().map(|entry| entry.event);
        let events: Vec<_> = events.filter(of_a_question).collect();
        // To three hospitals, one of which is this one.
        ensure!(events.len() == 6, "the question left {} entries", events.len());
        Ok(Self(events))
    }

    /// The same of another question.
    fn about(&self, number: u64) -> impl Iterator<Item = Event> {
        let id = Digest::of(&number.to_be_bytes());
        self.0.iter().cloned().map(move |mut event| {
            if let Event::Asked { question, .. } = &mut event {
                question.digest = id;
            } else if let Event::Intent { question, request, .. } = &mut event {
                (question.digest, *request) = (id, id);
            } else if let Event::Outcome { question, request, .. }
            | Event::Received { question, request, .. } = &mut event
            {
                (*question, *request) = (id, id);
            }
            event
        })
    }
}
