//! What protections cost: the same questions over two networks of the same rows, one with the protections that a charter has by
//! default and one that has switched them off, as a synthetic dataset may.
//!
//! A text that was never asked before is held against the memory, and what it tells is added to it; the same text again is known.
//! Both networks are asked in turns. Times are those of the client, processor time that of all daemons and workers.

use std::time::Duration;

use anyhow::Context as _;

use super::cpu::{Cpu, Watched};
use super::{Times, ask};
use crate::asker::Asker;
use crate::cli::Bench;
use crate::data::Data;
use crate::generate::lines::Lines;
use crate::network::Network;
use crate::print;
use crate::process::Nodes;
use crate::topology;

/// Hospitals.
const NODES: usize = 5;
/// Rows of each of the two tables, over all hospitals: as many patients.
const ROWS: u64 = 1_000_000;
/// Where the generator begins.
const SEED: u64 = 1;
/// Texts of each question that were never asked before, and as many repetitions.
const RUNS: u32 = 5;
/// What differs between two texts; whoever it leaves out is nobody or a few.
const DIFFERS: &str = "{N}";

const QUESTIONS: [(&str, &str); 3] = [
    (
        "10 cells",
        "SELECT priority, linestatus, count(*), avg(quantity), count(*) FILTER (WHERE returnflag = 'A') \
         FROM visit WHERE shipday < {N} GROUP BY priority, linestatus",
    ),
    (
        "1,066 cells: a table of 25 x 40 with its margins",
        "SELECT shipday / 102, partkey / 5128, count(*) FROM visit WHERE commitday < {N} AND shipmode = 'AIR' \
         AND priority = '1-URGENT' GROUP BY CUBE (shipday / 102, partkey / 5128)",
    ),
    (
        "9,240 cells",
        "SELECT priority, shipmode, shipinstruct, returnflag, shipday / 115, count(*), avg(quantity) \
         FROM visit WHERE commitday < {N} GROUP BY priority, shipmode, shipinstruct, returnflag, shipday / 115",
    ),
];

/// One of the two networks.
struct Side {
    asker: Asker,
    watched: Watched,
    nodes: Nodes,
}

/// What one side took for some questions.
#[derive(Default)]
struct Taken {
    times: Vec<Duration>,
    cpu: Duration,
    nulls: u64,
}

/// Makes both networks, asks and prints.
pub(super) fn run(options: &Bench) -> anyhow::Result<()> {
    let chosen = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("kring-bench-").tempdir_in(chosen)?;
    let protected = Data::lineitem(Lines { seed: SEED, rows: ROWS });
    let mut open = protected.clone();
    open.rules.1 = open.rules.1.replace("@min_patients(\"10\")", "@min_patients(\"0\")");
    anyhow::ensure!(open.rules != protected.rules, "the rule says no threshold of 10");
    let program = std::env::current_exe()?;
    let side = |name: &str, data: Data| -> anyhow::Result<Side> {
        let hospitals = topology::hospitals(NODES);
        let network = Network::with_data(&folder.path().join(name), hospitals, &program, &[data])?;
        let nodes = Nodes::start(&network)?;
        let asker = Asker::new(&network)?.over("lineitem")?;
        let watched = Watched::of(&network, &nodes)?;
        Ok(Side { asker, watched, nodes })
    };
    let sides = [side("protected", protected)?, side("open", open)?];
    print::line(format!(
        "{} patients at each of {NODES} nodes; {RUNS} texts of each question, each asked twice",
        ROWS / u64::try_from(NODES)?
    ));
    for (name, sql) in QUESTIONS {
        measure(name, sql, &sides)?;
    }
    for side in sides {
        side.nodes.stop()?;
    }
    Ok(())
}

fn measure(name: &str, sql: &str, sides: &[Side; 2]) -> anyhow::Result<()> {
    let text = |number: u32| sql.replace(DIFFERS, &number.to_string());
    // Workers read and hash their files before the first figure.
    for side in sides {
        ask(&side.asker, &text(2_600))?;
    }
    let mut taken: [[Taken; 2]; 2] = Default::default();
    for number in 0..RUNS {
        let text = text(2_500_u32.saturating_sub(number.saturating_mul(37)));
        for of_text in &mut taken {
            for (of_side, side) in of_text.iter_mut().zip(sides) {
                of_side.ask(side, &text)?;
            }
        }
    }
    for (kind, [protected, open]) in ["never asked before", "asked again"].into_iter().zip(taken) {
        let (nulls, runs) = (protected.nulls / u64::from(RUNS), f64::from(RUNS));
        let ms = |cpu: Duration| cpu.as_secs_f64() * 1000.0 / runs;
        let (with, without) = (Times::of(protected.times), Times::of(open.times));
        print::line(format!(
            "{name}, {kind}: p50 {:.1} ms, without protections {:.1}, ratio {:.2}; processor {:.1} ms, {:.1}, ratio {:.2}; nulls of all nodes {nulls}",
            with.p50,
            without.p50,
            with.p50 / without.p50,
            ms(protected.cpu),
            ms(open.cpu),
            protected.cpu.as_secs_f64() / open.cpu.as_secs_f64()
        ));
    }
    Ok(())
}

impl Taken {
    fn ask(&mut self, side: &Side, text: &str) -> anyhow::Result<()> {
        let before: Cpu = side.watched.read()?;
        let (took, document) = ask(&side.asker, text)?;
        self.cpu = self.cpu.saturating_add(side.watched.read()?.since(before).total());
        self.times.push(took);
        let parts = document.pointer("/answer/protections").and_then(serde_json::Value::as_object);
        let parts = parts.context("no protections")?.values();
        let nulls = parts.filter_map(|part| part.pointer("/nulls")?.as_u64());
        self.nulls = self.nulls.saturating_add(nulls.sum());
        Ok(())
    }
}
