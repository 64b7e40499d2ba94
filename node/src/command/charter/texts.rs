//! Texts read by a worker, as a node would read them, at the first moment of the charter; and run, over data that are made up.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use policies::DatasetId;
use policies::charter::Charter;
use query::pipe::frame::Message;
use query::pipe::{Job, Reply, Work};

use crate::clock::SystemClock;
use crate::config::Workers;
use crate::node::job;
use crate::pool::{Access, Lease, Pool, PoolError, Setup, Who};
use crate::tasks::Tasks;

/// The worker that reads: the spare one alone.
const WORKERS: Workers =
    Workers { count: 0, asker_count: 0, deadline: Duration::from_secs(60), memory_mb: 1024 };

/// A worker that reads one text after another; one that a text ended is replaced.
pub(super) struct Texts {
    pool: Pool,
    access: Access,
    held: Option<Lease>,
}

/// What became of a text.
pub(super) enum Read {
    /// What the worker says of it.
    Replied(Box<Message<Reply>>),
    /// The worker ended with it.
    Lost(PoolError),
    /// There is no worker for it.
    NoWorker(PoolError),
}

impl Texts {
    /// Starts a worker of this program; it needs a runtime.
    pub(super) fn start(program: &Path) -> anyhow::Result<Self> {
        Self::of(program, None)
    }

    /// Starts a worker that also reads what is in this folder.
    pub(super) fn start_over(program: &Path, snapshots: PathBuf) -> anyhow::Result<Self> {
        Self::of(program, Some(snapshots))
    }

    fn of(program: &Path, snapshots: Option<PathBuf>) -> anyhow::Result<Self> {
        let access = if snapshots.is_some() { Access::Snapshots } else { Access::Nothing };
        let pool = Pool::start(Setup {
            program: program.to_owned(),
            snapshots,
            workers: WORKERS,
            clock: Arc::new(SystemClock),
            tasks: Tasks::new(),
        })?;
        Ok(Self { pool, access, held: None })
    }

    /// Has a text about a dataset of the charter planned.
    pub(super) async fn read(
        &mut self,
        charter: &Charter,
        dataset: &DatasetId,
        sql: &str,
    ) -> anyhow::Result<Read> {
        self.work(charter, (dataset, sql), Work::Plan).await
    }

    /// Has something done with a text.
    pub(super) async fn work(
        &mut self,
        charter: &Charter,
        (dataset, sql): (&DatasetId, &str),
        work: Work,
    ) -> anyhow::Result<Read> {
        let text = charter.dataset_text(dataset).context("a dataset has a text")?;
        Ok(self.done(job(charter, (text, sql), charter.valid_from(), work)).await)
    }

    async fn done(&mut self, head: Job) -> Read {
        let mut worker = match self.held.take() {
            Some(worker) => worker,
            None => match leased(&self.pool, self.access).await {
                Ok(worker) => worker,
                Err(error) => return Read::NoWorker(error),
            },
        };
        match worker.run(Message { head, blobs: Vec::new() }).await {
            Ok(reply) => {
                self.held = Some(worker);
                Read::Replied(Box::new(reply))
            }
            Err(error) => Read::Lost(error),
        }
    }
}

/// A worker that is ready; one that a text ended is replaced by then.
async fn leased(pool: &Pool, access: Access) -> Result<Lease, PoolError> {
    pool.warm().await?;
    pool.lease(access, Who::Operator).await
}

/// Runs work that has texts read, to its end.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work)
}
