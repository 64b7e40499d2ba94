//! `kring run`: the daemon, until SIGTERM or SIGINT.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::clock::SystemClock;
use crate::command::{Exit, print};
use crate::config::Config;
use crate::telemetry;

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
    runtime.block_on(serve(config))
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
