//! The bare engine: the same SQL over every hospital's part, in one process, without signatures, network, log or workers.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

use crate::network::Network;

/// One context for each hospital's snapshot.
pub(super) struct Bare {
    runtime: tokio::runtime::Runtime,
    parts: Vec<SessionContext>,
}

impl Bare {
    pub(super) fn open(network: &Network) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        let dataset = policies::DatasetId::new("rotterdam")?;
        let open = |code: &str| {
            let out = network.node_dir(code).join("snapshots");
            let folder = query::snapshot::current(&out, &dataset, 1)?.context("a snapshot")?;
            let context =
                SessionContext::new_with_config(SessionConfig::new().with_target_partitions(1));
            let file = folder.join("patient.parquet");
            let path = file.to_string_lossy();
            runtime.block_on(async {
                // Read once and kept, as a worker keeps a small snapshot.
                let table =
                    context.read_parquet(path.as_ref(), ParquetReadOptions::default()).await?;
                let table = table.cache().await?;
                context.register_table("patient", table.into_view())
            })?;
            anyhow::Ok(context)
        };
        let parts = network
            .hospitals
            .iter()
            .map(|hospital| open(&hospital.code))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { runtime, parts })
    }

    /// Plans and runs the text over every part, all at once.
    pub(super) fn run(&self, sql: &str) -> anyhow::Result<Duration> {
        let since = Instant::now();
        let rows: usize = self.runtime.block_on(async {
            let running: Vec<_> = self
                .parts
                .iter()
                .map(|context| {
                    let (context, sql) = (context.clone(), sql.to_owned());
                    #[expect(clippy::disallowed_methods, reason = "joined below; no daemon to end")]
                    tokio::spawn(async move { context.sql(&sql).await?.collect().await })
                })
                .collect();
            let mut rows = 0;
            for part in running {
                rows += part.await??.iter().map(|batch| batch.num_rows()).sum::<usize>();
            }
            anyhow::Ok(rows)
        })?;
        anyhow::ensure!(rows == 2 * self.parts.len(), "{rows} rows");
        Ok(since.elapsed())
    }
}
