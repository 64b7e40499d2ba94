//! Every variant of every indicator, read by a worker as a node would: what cannot be asked is told before it is sealed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use policies::Footprint;
use policies::VariantName;
use policies::charter::Charter;
use policies::indicator::Indicator;
use policies::problem::Problem;
use query::pipe::frame::Message;
use query::pipe::{Reply, Work};

use crate::clock::{Clock as _, SystemClock};
use crate::config::Workers;
use crate::node::job;
use crate::pool::{Access, Lease, Pool, Setup, Who};
use crate::tasks::Tasks;

/// The worker that reads: the spare one alone.
const WORKERS: Workers =
    Workers { count: 0, asker_count: 0, deadline: Duration::from_secs(60), memory_mb: 1024 };

/// The variants that a node would refuse, each as a problem of its file.
pub(super) fn refused(charter: &Charter, program: &Path) -> anyhow::Result<Vec<Problem>> {
    if charter.indicators().next().is_none() {
        return Ok(Vec::new());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let pool = Pool::start(Setup {
            program: program.to_owned(),
            snapshots: None,
            workers: WORKERS,
            clock: Arc::new(SystemClock),
            tasks: Tasks::new(),
        })?;
        let mut worker = pool.lease(Access::Nothing, Who::Operator).await?;
        let mut problems = Vec::new();
        for indicator in charter.indicators() {
            let file = format!("indicators/{}.sql", indicator.id);
            for (by, window) in indicator.variants() {
                let names = [by, window].into_iter().flatten().map(VariantName::as_str);
                let names = names.collect::<Vec<_>>().join(" ");
                let sql = indicator.expand(by, window)?;
                if let Some(told) = read(charter, &mut worker, indicator, &sql).await? {
                    let message = format!("variant `{names}` is refused {told}");
                    problems.push(Problem { file: file.clone(), line: None, message });
                }
            }
        }
        Ok(problems)
    })
}

/// Why the text is refused, if it is.
async fn read(
    charter: &Charter,
    worker: &mut Lease,
    indicator: &Indicator,
    sql: &str,
) -> anyhow::Result<Option<String>> {
    let id = &indicator.dataset;
    let dataset = charter.dataset(id).context("an indicator's dataset is in the charter")?;
    let text = charter.dataset_text(id).context("a dataset has a text")?;
    let head = job(charter, (text, sql), SystemClock.now(), Work::Plan);
    let reply = worker.run(Message { head, blobs: Vec::new() }).await?;
    Ok(match reply.head {
        Reply::Planned(planned) => Footprint::check(planned.footprint, dataset)
            .err()
            .map(|error| format!("({}): {error}", error.code())),
        Reply::Failed(failure) => Some(format!("({}): {}", failure.code, failure.message)),
        Reply::Executed { .. } | Reply::Finished(_) => {
            anyhow::bail!("the worker answered another job")
        }
    })
}
