//! The bare engine over the pooled table: DataFusion in this process, on two cores, over every hospital's sealed file at once,
//! read anew for each question or kept in memory.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};

use crate::network::Network;

/// Cores of the machine that the figures are for.
const CORES: usize = 2;

/// The pooled tables.
pub(super) struct Pooled {
    runtime: tokio::runtime::Runtime,
    context: SessionContext,
}

impl Pooled {
    /// Makes each table the union of the hospitals' files; `kept` reads them once, as a worker does with a small snapshot.
    pub(super) fn open(network: &Network, tables: &[&str], kept: bool) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(CORES)
            .enable_all()
            .build()?;
        let config = SessionConfig::new().with_target_partitions(CORES);
        let context = SessionContext::new_with_config(config);
        let dataset = policies::DatasetId::new("lineitem")?;
        for table in tables {
            let mut files = Vec::new();
            for hospital in &network.hospitals {
                let out = network.node_dir(&hospital.code).join("snapshots");
                let folder = query::snapshot::current(&out, &dataset, 1)?.context("a snapshot")?;
                files.push(folder.join(format!("{table}.parquet")).to_string_lossy().into_owned());
            }
            let pooled = runtime.block_on(async {
                let pooled = context.read_parquet(files, ParquetReadOptions::default()).await?;
                if kept { pooled.cache().await } else { Ok(pooled) }
            })?;
            context.register_table(*table, pooled.into_view())?;
        }
        Ok(Self { runtime, context })
    }

    /// Plans and runs a text; how long that took, and its rows as text.
    pub(super) fn run(&self, sql: &str) -> anyhow::Result<(Duration, Vec<Vec<String>>)> {
        let since = Instant::now();
        let batches =
            self.runtime.block_on(async { self.context.sql(sql).await?.collect().await })?;
        let took = since.elapsed();
        let mut rows = Vec::new();
        let options = FormatOptions::default();
        for batch in &batches {
            let columns = batch.columns().iter();
            let columns = columns.map(|column| ArrayFormatter::try_new(column.as_ref(), &options));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            for row in 0..batch.num_rows() {
                rows.push(columns.iter().map(|column| column.value(row).to_string()).collect());
            }
        }
        Ok((took, rows))
    }
}
