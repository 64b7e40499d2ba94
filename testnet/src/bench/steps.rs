//! A worker's part of a question: what handing a job over takes, and what planning and running the question take, with a
//! text that the worker split before for the same person and with one that it did not.
//!
//! One pool in this process over the first hospital's snapshot, one job at a time. The hand-over is a turn, a lease, the whole
//! job through the pipe, and a reply to it that says no more than that the version is wrong.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use node::clock::SystemClock;
use node::config::Workers;
use node::pool::{Access, Pool, Setup, Who};
use node::tasks::Tasks;
use policies::{Digest, HospitalCode};
use query::pipe::frame::Message;
use query::pipe::{Job, Networks, PIPE_VERSION, Reply, Wanted, Work};

use super::{SQL, Times, WARM, now, other, same};
use crate::network::Network;
use crate::print;

/// No job here takes long.
const DEADLINE: Duration = Duration::from_secs(30);
/// The least that a worker is given.
const MEMORY_MB: u64 = 1024;

struct Bench<'a> {
    runtime: &'a tokio::runtime::Runtime,
    pool: Pool,
    dataset: String,
    questions: usize,
}

/// Measures and prints.
pub(super) fn run(network: &Network, questions: usize) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let hospital = &network.hospitals.first().context("a hospital")?.code;
    let snapshots = network.node_dir(hospital).join("snapshots");
    let dataset = policies::DatasetId::new("rotterdam")?;
    let folder = query::snapshot::current(&snapshots, &dataset, 1)?.context("a snapshot")?;
    let setup = Setup {
        program: std::env::current_exe()?,
        snapshots: Some(snapshots),
        workers: Workers { count: 1, asker_count: 1, deadline: DEADLINE, memory_mb: MEMORY_MB },
        clock: Arc::new(SystemClock),
        tasks: Tasks::new(),
    };
    let pool = {
        let _inside = runtime.enter();
        Pool::start(setup)?
    };
    runtime.block_on(pool.warm())?;
    let dataset = std::fs::read_to_string(network.dir.join("charter/datasets/rotterdam.toml"))?;
    let bench = Bench { runtime: &runtime, pool, dataset, questions };
    let workers = bench.workers();
    let handed = bench.times(Access::Snapshots, |_| (0, SQL.to_owned(), Work::Plan))?;
    print::line(format!(
        "hand-over to a worker and back: p50 {:.2}, p95 {:.2}",
        handed.p50, handed.p95
    ));
    let execute = Work::Execute {
        snapshot: folder,
        hospital: HospitalCode::new(hospital)?,
        fragments: Vec::new(),
        wanted: Wanted::NONE,
        not_given: Vec::new(),
    };
    for (name, access, work) in
        [("plan", Access::Nothing, Work::Plan), ("execute", Access::Snapshots, execute)]
    {
        let again = bench.steps(access, same, &work)?;
        let first = bench.steps(access, other, &work)?;
        print::line(format!(
            "a worker's {name}: p50 {:.2} of a text that it does not know, {:.2} of one that it does",
            first.p50, again.p50
        ));
    }
    anyhow::ensure!(bench.workers() == workers, "a worker was replaced");
    Ok(())
}

impl Bench<'_> {
    fn workers(&self) -> Vec<u32> {
        let mut pids = self.pool.idle_pids();
        pids.sort_unstable();
        pids
    }

    fn steps(&self, access: Access, text: fn(u32) -> String, work: &Work) -> anyhow::Result<Times> {
        let mut jobs = Vec::new();
        for number in 0..WARM.saturating_add(self.questions) {
            let (sql, mut work) = (text(u32::try_from(number)?), work.clone());
            if let Work::Execute { fragments, .. } = &mut work {
                *fragments = self.fragments(&sql)?;
            }
            jobs.push((PIPE_VERSION, sql, work));
        }
        let none = || (0, String::new(), Work::Plan);
        self.times(access, |number| jobs.get(number).cloned().unwrap_or_else(none))
    }

    /// What the text is cut into.
    fn fragments(&self, sql: &str) -> anyhow::Result<Vec<Digest>> {
        match self.run(Access::Nothing, (PIPE_VERSION, sql.to_owned(), Work::Plan))?.head {
            Reply::Planned(planned) => {
                Ok(planned.footprint.fragments.iter().map(|fragment| fragment.digest).collect())
            }
            reply @ (Reply::Executed { .. } | Reply::Finished(_) | Reply::Failed(_)) => {
                bail!("{reply:?}")
            }
        }
    }

    fn times(
        &self,
        access: Access,
        job: impl Fn(usize) -> (u32, String, Work),
    ) -> anyhow::Result<Times> {
        let mut times = Vec::new();
        for number in 0..WARM.saturating_add(self.questions) {
            let job = job(number);
            let (refused, since) = (job.0 != PIPE_VERSION, now());
            let reply = self.run(access, job)?;
            let took = since.elapsed();
            let failed = matches!(reply.head, Reply::Failed(_));
            anyhow::ensure!(failed == refused, "the worker says {:?}", reply.head);
            if number >= WARM {
                times.push(took);
            }
        }
        Ok(Times::of(times))
    }

    fn run(
        &self,
        access: Access,
        (version, sql, work): (u32, String, Work),
    ) -> anyhow::Result<Message<Reply>> {
        let (dataset, networks) = (self.dataset.clone(), Networks::new());
        let head = Job { version, whom: None, dataset, sql, networks, work };
        self.runtime.block_on(async {
            let mut lease = self.pool.lease(access, Who::Operator).await?;
            Ok(lease.run(Message { head, blobs: Vec::new() }).await?)
        })
    }
}
