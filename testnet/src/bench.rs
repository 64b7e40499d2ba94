//! Benchmarks: a grouped question over networks of 5 and 18 nodes against the bare engine on the same fragments, memory of
//! an idle node, and time from start to ready.
//!
//! Everything is measured in one run, so that ratios hold on a noisy machine. A question is timed at the client: signing,
//! the local interface, planning, the network, every node's execution and log, merging, finishing, the answer's
//! signature. Run it in release mode.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::asker::Asker;
use crate::cli::Bench;
use crate::network::Network;
use crate::print;
use crate::process::{NodeProcess, Nodes, client, wait_ready};
use crate::topology;

mod bare;
mod charter;
mod cpu;
mod decide;
mod log;
mod memory;
mod pooled;
mod protection;
mod scan;
mod steps;

use cpu::Watched;

/// The question: what the demo asks first.
const SQL: &str = "SELECT grade, count(*) AS patients, avg(age) AS mean_age, stddev(age) AS sd_age, \
    count(*) FILTER (WHERE death = 1 AND dtime < 1826.25) AS deaths_5y FROM patient GROUP BY grade";
/// What differs between two texts that are not the same.
const LIMIT: &str = "dtime < 1826.25";
/// Columns of which another text asks for what lies below a limit: the first limit, and how far the next is.
const COLUMNS: [(&str, u32, u32); 5] =
    [("age", 30, 1), ("nodes", 1, 1), ("pgr", 5, 10), ("er", 5, 10), ("dtime", 365, 60)];
/// Nodes of the networks.
const SIZES: [usize; 2] = [5, 18];
/// Questions before measuring.
const WARM: usize = 20;
/// Starts that are timed.
const STARTS: usize = 10;

/// Measures and prints.
///
/// # Errors
/// What failed.
pub fn run(options: &Bench) -> anyhow::Result<()> {
    if cfg!(debug_assertions) {
        print::note(
            "This is a debug build: its figures say nothing. Use `cargo run --release -p testnet -- bench`.",
        );
    }
    if options.scan {
        return scan::run(options);
    }
    if options.protection {
        return protection::run(options);
    }
    if options.charter {
        return charter::run(options);
    }
    if options.log {
        print::line("| where | what | measured | goal |\n|---|---|---|---|");
    } else {
        let questions = options.questions;
        print::line(format!("{questions} questions a measurement, {WARM} before; times in ms"));
    }
    let chosen;
    let folders: Vec<(&str, &Path)> = match &options.dir {
        Some(dir) => vec![("chosen folder", dir.as_path())],
        None => {
            chosen = std::env::temp_dir();
            let memory = Path::new("/dev/shm");
            let disk = ("disk", chosen.as_path());
            if memory.is_dir() { vec![("tmpfs", memory), disk] } else { vec![disk] }
        }
    };
    for (name, folder) in folders {
        if options.log {
            log::run(options, name, folder)?;
            continue;
        }
        for size in SIZES {
            measure(options, name, folder, size)?;
        }
    }
    Ok(())
}

fn measure(options: &Bench, name: &str, folder: &Path, size: usize) -> anyhow::Result<()> {
    let folder = tempfile::Builder::new().prefix("kring-bench-").tempdir_in(folder)?;
    let dir = folder.path().join("net");
    let network = Network::create(&dir, topology::hospitals(size), &std::env::current_exe()?)?;
    let nodes = Nodes::start(&network)?;
    let bare = bare::Bare::open(&network)?;
    let asker = Asker::new(&network)?;
    for _ in 0..WARM {
        ask(&asker, SQL)?;
        bare.run(SQL)?;
    }
    let watched = Watched::of(&network, &nodes)?;
    for (kind, text) in [
        ("one text", same as fn(u32) -> String),
        ("a text never asked before", other),
        ("the same limit a day later each time", later),
    ] {
        let turns = Turns::of(options.questions, text, (&asker, &bare, &watched))?;
        turns.print(&format!("{name}, {size} nodes, {kind}"));
    }
    if size == SIZES[0] {
        idle_and_start(&network, nodes, name)?;
        steps::run(&network, usize::try_from(options.questions)?)?;
    } else {
        nodes.stop()?;
    }
    Ok(())
}

/// The same text every time.
fn same(_number: u32) -> String {
    SQL.to_owned()
}

/// Another text every time, so that nobody has planned it before: of one column after the other.
fn other(number: u32) -> String {
    let columns = u32::try_from(COLUMNS.len()).unwrap_or(1);
    let at = usize::try_from(number.checked_rem(columns).unwrap_or(0)).unwrap_or(0);
    let (column, first, step) = COLUMNS.get(at).copied().unwrap_or(("age", 30, 1));
    let steps = number.checked_div(columns).unwrap_or(0);
    let limit = steps.saturating_mul(step).saturating_add(first);
    SQL.replace(LIMIT, &format!("{column} < {limit}"))
}

/// Another text every time as who attacks would ask it: each tells a day of the one before.
fn later(number: u32) -> String {
    SQL.replace(LIMIT, &format!("dtime < {}.25", number.saturating_add(500)))
}

/// Questions and runs of the bare engine in turns, so that what else the machine does meets both.
struct Turns {
    asked: Times,
    run: Times,
    /// A question's processor time, in milliseconds.
    daemons: f64,
    workers: f64,
    bare: f64,
}

impl Turns {
    fn of(
        count: u32,
        text: fn(u32) -> String,
        (asker, bare, watched): (&Asker, &bare::Bare, &Watched),
    ) -> anyhow::Result<Self> {
        let (mut asked, mut run) = (Vec::new(), Vec::new());
        let (before, mut bare_cpu) = (watched.read()?, Duration::ZERO);
        for number in 0..count {
            let text = text(number);
            asked.push(ask(asker, &text)?.0);
            let before = cpu::of_this()?;
            run.push(bare.run(&text)?);
            bare_cpu = bare_cpu.saturating_add(cpu::of_this()?.saturating_sub(before));
        }
        let cpu = watched.read()?.since(before);
        let each = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / f64::from(count);
        let (daemons, workers, bare) = (each(cpu.daemons), each(cpu.workers), each(bare_cpu));
        Ok(Self { asked: Times::of(asked), run: Times::of(run), daemons, workers, bare })
    }

    fn print(&self, what: &str) {
        let Self { asked, run, daemons, workers, bare } = self;
        print::line(format!(
            "{what}: question p50 {:.1}, p95 {:.1}; bare engine, the same fragments in one process: p50 {:.1}, p95 {:.1}; ratio of p50 {:.2}",
            asked.p50,
            asked.p95,
            run.p50,
            run.p95,
            asked.p50 / run.p50
        ));
        print::line(format!(
            "    processor time a question {:.1} (daemons {daemons:.1}, workers {workers:.1}); bare engine {bare:.1}; ratio {:.2}",
            daemons + workers,
            (daemons + workers) / bare
        ));
    }
}

/// Memory of the asking node after the questions and of one that was never asked; time from start to ready.
fn idle_and_start(network: &Network, nodes: Nodes, name: &str) -> anyhow::Result<()> {
    let node = nodes.0.first().context("a node")?;
    let used = memory::of_node(network, node)?;
    print::line(format!("{name}: node after the questions: {used}"));
    nodes.stop()?;
    let code = &network.hospitals.first().context("a hospital")?.code;
    let mut starts = Vec::new();
    for number in 0..STARTS {
        let since = now();
        let mut node = NodeProcess::start(network, code)?;
        wait_ready(network, &mut node)?;
        starts.push(since.elapsed());
        if number == 0 {
            let fresh = memory::of_node(network, &node)?;
            print::line(format!("{name}: idle node with its idle workers: {fresh}"));
        }
        node.stop()?;
    }
    let starts = Times::of(starts);
    print::line(format!(
        "{name}: start to ready: p50 {:.0}, worst of {STARTS} {:.0}",
        starts.p50, starts.worst
    ));
    Ok(())
}

/// Asks once, and checks that every hospital answered.
fn ask(asker: &Asker, sql: &str) -> anyhow::Result<(Duration, serde_json::Value)> {
    let since = now();
    let question = asker.sign(sql)?;
    let reply = asker.put(&question)?;
    let took = since.elapsed();
    let finished = policies::dsse::Envelope::decode(reply.finished.as_bytes(), usize::MAX)?;
    let document: serde_json::Value = serde_json::from_slice(finished.unverified_payload())?;
    let coverage = document.pointer("/answer/coverage").and_then(serde_json::Value::as_object);
    let answered = coverage.into_iter().flat_map(serde_json::Map::values);
    let answered = answered
        .filter(|part| part.pointer("/state").is_some_and(|state| state == "answered"))
        .count();
    anyhow::ensure!(answered == asker.hospitals(), "{answered} of {} answered", asker.hospitals());
    Ok((took, document))
}

/// Percentiles, in milliseconds.
struct Times {
    p50: f64,
    p95: f64,
    worst: f64,
}

impl Times {
    fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let at = |part: usize| {
            let place = times.len().saturating_sub(1).saturating_mul(part) / 100;
            times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1000.0)
        };
        Self { p50: at(50), p95: at(95), worst: at(100) }
    }
}

impl std::fmt::Display for Times {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { p50, p95, worst } = self;
        write!(f, "p50 {p50:.2} ms, p95 {p95:.2}, worst {worst:.2}")
    }
}

fn now() -> Instant {
    Instant::now()
}

/// What a node says of itself.
fn status(network: &Network, code: &str) -> anyhow::Result<node::api::Status> {
    Ok(client(network, code)?.status()?)
}
