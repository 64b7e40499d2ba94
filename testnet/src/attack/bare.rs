//! The engine alone over the files of the snapshots: no gate, no cut, no protection. It must fall where channels beside the figures are attacked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::Context as _;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::prelude::{ParquetReadOptions, SessionConfig, SessionContext};
use serde_json::Value;

use super::ask::{Answer, Ask, Told};

/// One context for each hospital.
pub(super) struct Bare {
    runtime: tokio::runtime::Runtime,
    parts: BTreeMap<String, SessionContext>,
}

impl Bare {
    /// Reads the first snapshots.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn open(snapshots: &BTreeMap<String, Vec<PathBuf>>) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut parts = BTreeMap::new();
        for (code, folders) in snapshots {
            let folder = folders.first().context("a snapshot")?;
            let config = SessionConfig::new().with_target_partitions(1);
            let context = SessionContext::new_with_config(config);
            for table in ["patient", "visit"] {
                let file = folder.join(format!("{table}.parquet"));
                let path = file.to_string_lossy();
                runtime.block_on(async {
                    let read = context.read_parquet(path.as_ref(), ParquetReadOptions::default());
                    let hospital = datafusion::prelude::lit(code.as_str());
                    let read = read.await?.with_column("hospital", hospital)?;
                    let kept = read.cache().await?;
                    context.register_table(table, kept.into_view())
                })?;
            }
            parts.insert(code.clone(), context);
        }
        Ok(Self { runtime, parts })
    }
}

impl Ask for Bare {
    fn ask(&mut self, sql: &str, _who: usize) -> anyhow::Result<Told> {
        let mut told =
            Told { answer: Some(Answer::default()), refused: None, hospitals: BTreeMap::new() };
        for (code, context) in &self.parts {
            let run = async { context.sql(sql).await?.collect().await };
            let said = told.hospitals.entry(code.clone()).or_default();
            let batches = match self.runtime.block_on(run) {
                Ok(batches) => batches,
                // As a naive interface does: the engine's own words.
                Err(error) => {
                    said.code = Some(error.to_string());
                    continue;
                }
            };
            for batch in batches {
                for row in 0..batch.num_rows() {
                    let value = |column: &datafusion::arrow::array::ArrayRef| {
                        let text =
                            array_value_to_string(column, row).ok().filter(|text| !text.is_empty());
                        text.map_or(Value::Null, Value::String)
                    };
                    let row: Vec<Value> = batch.columns().iter().map(value).collect();
                    said.counts[0] += 1;
                    said.bytes.push(serde_json::to_vec(&row)?.len());
                    told.answer.get_or_insert_default().rows.push(row);
                }
            }
        }
        Ok(told)
    }

    fn exact(&mut self, sql: &str, who: usize) -> anyhow::Result<Told> {
        self.ask(sql, who)
    }

    fn indicator(&mut self, _id: &str, _who: usize) -> anyhow::Result<Told> {
        Ok(Told::refusal("no_indicators"))
    }

    fn next_snapshot(&mut self) -> anyhow::Result<()> {
        Ok(())
    }
}
