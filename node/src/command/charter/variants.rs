//! Every variant of every indicator, read by a worker as a node would: what cannot be asked is told before it is sealed.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use policies::Footprint;
use policies::VariantName;
use policies::charter::Charter;
use policies::dataset::Dataset;
use policies::indicator::Indicator;
use policies::kind;
use policies::problem::Problem;
use policies::protections::Kind;
use query::pipe::frame::Message;
use query::pipe::{Reply, Work};

use crate::clock::{Clock as _, SystemClock};
use crate::config::Workers;
use crate::node::job;
use crate::pool::{Access, Lease, Pool, PoolError, Setup, Who};
use crate::tasks::Tasks;

#[cfg(test)]
mod tests;

/// The worker that reads: the spare one alone.
const WORKERS: Workers =
    Workers { count: 0, asker_count: 0, deadline: Duration::from_secs(60), memory_mb: 1024 };

/// The variants that a node would refuse, or that end the worker that reads them, each as a problem of its file.
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
        read_all(charter, &pool).await
    })
}

/// Reads every variant; what was found is told also where the workers give out before the last.
async fn read_all(charter: &Charter, pool: &Pool) -> anyhow::Result<Vec<Problem>> {
    let mut problems = Vec::new();
    let mut held = None;
    let variants =
        |indicator| Indicator::variants(indicator).map(move |variant| (indicator, variant));
    for (indicator, (by, window)) in charter.indicators().flat_map(variants) {
        let names = [by, window].into_iter().flatten().map(VariantName::as_str);
        let names = names.collect::<Vec<_>>().join(" ");
        let problem = |told: String| {
            let file = format!("indicators/{}.sql", indicator.id);
            Problem { file, line: None, message: format!("variant `{names}` {told}") }
        };
        let mut worker = match held.take() {
            Some(worker) => worker,
            None => match leased(pool).await {
                Ok(worker) => worker,
                Err(error) if problems.is_empty() => return Err(error.into()),
                Err(error) => {
                    let code = error.code();
                    problems.push(problem(format!("and what comes after it are not read ({code}): repair the others and check again")));
                    break;
                }
            },
        };
        let id = &indicator.dataset;
        let dataset = charter.dataset(id).context("an indicator's dataset is in the charter")?;
        let text = charter.dataset_text(id).context("a dataset has a text")?;
        let sql = indicator.expand(by, window)?;
        let head = job(charter, (text, &sql), SystemClock.now(), Work::Plan);
        match worker.run(Message { head, blobs: Vec::new() }).await {
            Ok(reply) => {
                problems.extend(why_not(reply.head, (indicator, dataset)).map(problem));
                held = Some(worker);
            }
            Err(error) => {
                problems.push(problem(format!("cannot be read ({}): {error}", error.code())));
            }
        }
    }
    Ok(problems)
}

/// A worker that is ready; one that a text ended is replaced by then.
async fn leased(pool: &Pool) -> Result<Lease, PoolError> {
    pool.warm().await?;
    pool.lease(Access::Nothing, Who::Operator).await
}

/// Why the text is refused, if it is.
fn why_not(reply: Reply, (indicator, dataset): (&Indicator, &Dataset)) -> Option<String> {
    let refused = |code: &str, told: &dyn std::fmt::Display| format!("is refused ({code}): {told}");
    match reply {
        Reply::Planned(planned) => match Footprint::check(planned.footprint, dataset) {
            Ok(footprint) => {
                let kind = indicator.opinions.kind.unwrap_or(Kind::Quality);
                let fault = kind::check(kind, indicator, (&footprint, dataset)).err()?;
                Some(refused(fault.code(), &fault))
            }
            Err(error) => Some(refused(error.code(), &error)),
        },
        Reply::Failed(failure) => Some(refused(&failure.code, &failure.message)),
        Reply::Executed { .. } | Reply::Finished(_) => {
            Some("cannot be read (worker_fault): the worker answered another job".to_owned())
        }
    }
}
