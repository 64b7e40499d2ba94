//! Scans: questions over millions of rows at nine nodes against the bare engine on the pooled table, in processor time and in
//! time on the clock.
//!
//! The rows are generated and imported as a hospital's are. The bare engine runs twice: over the sealed files, which the
//! system keeps in memory, and over tables that it has read before, as workers keep files of up to 48 MiB. All run in
//! turns, and what they say is compared before anything is printed. The nodes' processor time is that of all daemons and
//! workers, the bare engine's that of this process.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::cpu::{self, Cpu, Watched};
use super::pooled::Pooled;
use super::{Times, memory};
use crate::asker::Asker;
use crate::cli::Bench;
use crate::data::Data;
use crate::generate::lines::Lines;
use crate::network::Network;
use crate::print;
use crate::process::Nodes;
use crate::topology;

/// Hospitals.
const NODES: usize = 9;
/// Runs of each question that are measured, after one that is not: workers read and hash their files in that one.
const RUNS: u32 = 7;
/// Where the generator begins.
const SEED: u64 = 1;
/// Largest relative difference of two figures: a mean rounds otherwise than the engine's.
const CLOSE: f64 = 1e-5;

/// A question, and what the DESIGN's budget says of its processor time.
struct Scan {
    name: &'static str,
    goal: f64,
    sql: &'static str,
}

/// What the bare engine took.
#[derive(Default)]
struct Bare {
    times: Vec<Duration>,
    cpu: Duration,
}

const SCANS: [Scan; 5] = [
    Scan {
        name: "Q1, one row a patient",
        goal: 1.25,
        sql: "SELECT returnflag, linestatus, sum(quantity) AS sum_qty, sum(extendedprice) AS sum_base_price, \
              sum(extendedprice * (1 - discount)) AS sum_disc_price, \
              sum(extendedprice * (1 - discount) * (1 + tax)) AS sum_charge, avg(quantity) AS avg_qty, \
              avg(extendedprice) AS avg_price, avg(discount) AS avg_disc, count(*) AS count_order \
              FROM visit WHERE shipday <= 2435 GROUP BY returnflag, linestatus",
    },
    Scan {
        name: "Q6, one row a patient",
        goal: 1.25,
        sql: "SELECT sum(extendedprice * discount) AS revenue FROM visit WHERE shipday >= 365 AND shipday < 730 \
              AND discount BETWEEN 0.05 AND 0.07 AND quantity < 24",
    },
    Scan {
        name: "Q1, ten rows a patient",
        goal: 3.0,
        sql: "SELECT returnflag, linestatus, sum(quantity) AS sum_qty, sum(extendedprice) AS sum_base_price, \
              sum(extendedprice * (1 - discount)) AS sum_disc_price, \
              sum(extendedprice * (1 - discount) * (1 + tax)) AS sum_charge, avg(quantity) AS avg_qty, \
              avg(extendedprice) AS avg_price, avg(discount) AS avg_disc, count(*) AS count_order \
              FROM line WHERE shipday <= 2435 GROUP BY returnflag, linestatus",
    },
    Scan {
        name: "distinct patients, ten rows each",
        goal: 3.0,
        sql: "SELECT shipmode, count(DISTINCT visit_key) AS patients, count(*) AS lines FROM line GROUP BY shipmode",
    },
    Scan {
        name: "a step per patient, ten rows each",
        goal: 3.0,
        sql: "SELECT count(*) AS patients, avg(lines) AS mean_lines, avg(most) AS mean_most, \
              stddev(most) AS sd_most FROM (SELECT visit_key, count(*) AS lines, max(quantity) AS most \
              FROM line GROUP BY visit_key) AS each_patient",
    },
];

/// Generates, imports, asks and prints.
pub(super) fn run(options: &Bench) -> anyhow::Result<()> {
    let chosen = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("kring-bench-").tempdir_in(chosen)?;
    let since = now();
    let data = Data::lineitem(Lines { seed: SEED, rows: options.rows });
    let hospitals = topology::hospitals(NODES);
    let program = std::env::current_exe()?;
    let network = Network::with_data(&folder.path().join("net"), hospitals, &program, &[data])?;
    let (made, bytes) = (since.elapsed(), sealed_bytes(&network)?);
    print::line(format!(
        "{} rows of 16 columns in each of two tables over {NODES} nodes; generated and imported in {:.0} s, sealed files {} MB",
        options.rows,
        made.as_secs_f64(),
        bytes / 1_000_000
    ));
    let nodes = Nodes::start(&network)?;
    let open = |kept| Pooled::open(&network, &["visit", "line"], kept);
    let pooled = [open(false)?, open(true)?];
    let asker = Asker::new(&network)?.over("lineitem")?;
    let watched = Watched::of(&network, &nodes)?;
    for scan in &SCANS {
        measure(scan, &asker, &pooled, &watched)?;
    }
    for node in nodes.0.iter().take(1) {
        print::line(format!("a node after the scans: {}", memory::of_node(&network, node)?));
    }
    nodes.stop()
}

fn measure(
    scan: &Scan,
    asker: &Asker,
    pooled: &[Pooled; 2],
    watched: &Watched,
) -> anyhow::Result<()> {
    let ours = ask(asker, scan.sql)?.1;
    for bare in pooled {
        same(&ours, &bare.run(scan.sql)?.1).with_context(|| scan.name.to_owned())?;
    }
    let (mut asked, mut asked_cpu) = (Vec::new(), Cpu::default());
    let mut bare = [Bare::default(), Bare::default()];
    for _ in 0..RUNS {
        let before = watched.read()?;
        asked.push(ask(asker, scan.sql)?.0);
        let spent = watched.read()?.since(before);
        asked_cpu.daemons = asked_cpu.daemons.saturating_add(spent.daemons);
        asked_cpu.workers = asked_cpu.workers.saturating_add(spent.workers);
        for (bare, pooled) in bare.iter_mut().zip(pooled) {
            let before = cpu::of_this()?;
            bare.times.push(pooled.run(scan.sql)?.0);
            bare.cpu = bare.cpu.saturating_add(cpu::of_this()?.saturating_sub(before));
        }
    }
    let (asked, total) = (Times::of(asked), asked_cpu.total());
    let ms = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / f64::from(RUNS);
    print::line(format!(
        "{}: processor {:.0} ms (daemons {:.0}), clock p50 {:.0}",
        scan.name,
        ms(total),
        ms(asked_cpu.daemons),
        asked.p50
    ));
    for (bare, over) in bare.into_iter().zip(["files", "memory"]) {
        let times = Times::of(bare.times);
        print::line(format!(
            "    bare engine over {over}: processor {:.0} ms, ratio {:.2} (goal {}); clock p50 {:.0}, ratio {:.2}",
            ms(bare.cpu),
            total.as_secs_f64() / bare.cpu.as_secs_f64(),
            scan.goal,
            times.p50,
            asked.p50 / times.p50
        ));
    }
    Ok(())
}

/// Asks once; every hospital must answer.
fn ask(asker: &Asker, sql: &str) -> anyhow::Result<(Duration, Vec<Vec<String>>)> {
    let (took, document) = super::ask(asker, sql)?;
    let rows = document.pointer("/answer/rows").and_then(Value::as_array).context("no rows")?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let row = |row: &Value| row.as_array().into_iter().flatten().map(text).collect();
    Ok((took, rows.iter().map(row).collect()))
}

/// Whether two tables hold the same rows in some order.
fn same(ours: &[Vec<String>], bare: &[Vec<String>]) -> anyhow::Result<()> {
    let sorted = |rows: &[Vec<String>]| {
        let mut rows = rows.to_vec();
        rows.sort_unstable();
        rows
    };
    let close = |a: &String, b: &String| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => (a - b).abs() <= CLOSE * b.abs(),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => a == b,
    };
    let (ours, bare) = (sorted(ours), sorted(bare));
    let equal = ours.len() == bare.len()
        && ours.iter().flatten().count() == bare.iter().flatten().count()
        && ours.iter().flatten().zip(bare.iter().flatten()).all(|(a, b)| close(a, b));
    anyhow::ensure!(equal, "the nodes say {ours:?}, the bare engine {bare:?}");
    Ok(())
}

/// Bytes of all sealed tables.
fn sealed_bytes(network: &Network) -> anyhow::Result<u64> {
    let dataset = policies::DatasetId::new("lineitem")?;
    let mut bytes = 0_u64;
    for hospital in &network.hospitals {
        let out = network.node_dir(&hospital.code).join("snapshots");
        let folder = query::snapshot::current(&out, &dataset, 1)?.context("a snapshot")?;
        for file in std::fs::read_dir(folder)? {
            bytes = bytes.saturating_add(file?.metadata()?.len());
        }
    }
    Ok(bytes)
}

fn now() -> Instant {
    Instant::now()
}
