//! Texts read by a worker, as a node would read them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use policies::DatasetId;
use policies::charter::Charter;
use query::pipe::frame::Message;
use query::pipe::{Reply, Work};

use crate::clock::{Clock as _, SystemClock};
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
    held: Option<Lease>,
}

/// What became of a text.
pub(super) enum Read {
    /// What the worker says of it.
    Replied(Box<Reply>),
    /// The worker ended with it.
    Lost(PoolError),
    /// There is no worker for it.
    NoWorker(PoolError),
}

impl Texts {
    /// Starts a worker of this program; it needs a runtime.
    pub(super) fn start(program: &Path) -> anyhow::Result<Self> {
        let pool = Pool::start(Setup {
            program: program.to_owned(),
            snapshots: None,
            workers: WORKERS,
            clock: Arc::new(SystemClock),
            tasks: Tasks::new(),
        })?;
        Ok(Self { pool, held: None })
    }

    /// Has a text about a dataset of the charter planned.
    pub(super) async fn read(
        &mut self,
        charter: &Charter,
        dataset: &DatasetId,
        sql: &str,
    ) -> anyhow::Result<Read> {
        let mut worker = match self.held.take() {
            Some(worker) => worker,
            None => match leased(&self.pool).await {
                Ok(worker) => worker,
                Err(error) => return Ok(Read::NoWorker(error)),
            },
        };
        let text = charter.dataset_text(dataset).context("a dataset has a text")?;
        let head = job(charter, (text, sql), SystemClock.now(), Work::Plan);
        match worker.run(Message { head, blobs: Vec::new() }).await {
            Ok(reply) => {
                self.held = Some(worker);
                Ok(Read::Replied(Box::new(reply.head)))
            }
            Err(error) => Ok(Read::Lost(error)),
        }
    }
}

/// A worker that is ready; one that a text ended is replaced by then.
async fn leased(pool: &Pool) -> Result<Lease, PoolError> {
    pool.warm().await?;
    pool.lease(Access::Nothing, Who::Operator).await
}

/// Runs work that has texts read, to its end.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(work)
}
