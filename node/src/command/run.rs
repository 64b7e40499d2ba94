//! `kring run`: the daemon, until SIGTERM or SIGINT.

use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Runtime;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::clock::SystemClock;
use crate::command::{Exit, print};
use crate::config::Config;
use crate::telemetry;

/// Threads that nothing can end get this long when all else has ended: the system's resolver takes minutes where nobody
/// answers it. What they would have written is as after a kill.
const LINGER: Duration = Duration::from_secs(2);

/// Runs the daemon. Whatever keeps it from starting is bad configuration or input.
pub(crate) fn run(path: &Path) -> anyhow::Result<Exit> {
    let config = match Config::load(path) {
        Ok(config) => config,
        Err(error) => {
            print::error(&error.into());
            return Ok(Exit::Usage);
        }
    };
    telemetry::install(config.log_format);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    to_its_end(runtime, LINGER, serve(config))
}

/// Runs the work, then ends the runtime without waiting for a thread that does not come back.
fn to_its_end<T>(runtime: Runtime, linger: Duration, work: impl Future<Output = T>) -> T {
    let end = runtime.block_on(work);
    runtime.shutdown_timeout(linger);
    end
}

async fn serve(config: Config) -> anyhow::Result<Exit> {
    let mut terminate = signal(SignalKind::terminate()).context("no signals")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("no signals")?;
    let program =
        std::env::current_exe().context("cannot find the own binary, which is the worker's too")?;
    let app = match App::build(config, program, Arc::new(SystemClock)).await {
        Ok(app) => app,
        Err(error) => {
            print::error(&error.into());
            return Ok(Exit::Usage);
        }
    };
    let running = app.spawn().await?;
    tracing::info!(hospital = %running.node().info().hospital, "ready");
    let failed = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        task = running.failed() => Some(task),
    };
    tracing::info!("stopping");
    let cut_off = running.stop().await;
    if !cut_off.is_empty() {
        tracing::warn!(?cut_off, "tasks were cut off");
    }
    match failed {
        Some(task) => anyhow::bail!("task `{task}` failed"),
        None => Ok(Exit::Done),
    }
}

#[cfg(test)]
mod tests;
