//! The tables of snapshots: small ones stay in memory between jobs, large ones are scanned from their files.
//!
//! The cache is keyed by the digest of a table's file, so it can never serve another snapshot's rows. No file is read before
//! it was found to be what was sealed.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use policies::Digest;
use policies::dataset::Table;

use super::RunError;
use super::hashed::Hashed;
use crate::catalog;
use crate::snapshot::Snapshot;

/// Most bytes of tables kept in memory.
const MAX_CACHED_BYTES: usize = 256 * 1024 * 1024;
/// A file larger than this is scanned, not kept: it unpacks to several times its size.
const MAX_CACHED_FILE_BYTES: u64 = 48 * 1024 * 1024;

/// Tables kept between jobs.
pub(crate) struct Tables {
    kept: HashMap<Digest, Arc<MemTable>>,
    hashed: Hashed,
    bytes: usize,
    largest_file: u64,
}

impl Default for Tables {
    fn default() -> Self {
        Self::keeping_files_to(MAX_CACHED_FILE_BYTES)
    }
}

impl Tables {
    /// A cache that scans files of more than so many bytes.
    pub(crate) fn keeping_files_to(largest_file: u64) -> Self {
        Self { kept: HashMap::new(), hashed: Hashed::default(), bytes: 0, largest_file }
    }

    /// The rows of a table of a snapshot.
    pub(super) fn provider(
        &mut self,
        snapshot: &Snapshot,
        table: &Table,
    ) -> Result<Arc<dyn TableProvider>, RunError> {
        let sealed = snapshot.manifest().tables.get(&table.name).ok_or(RunError::BadSnapshot)?;
        if let Some(kept) = self.kept.get(&sealed.sha256) {
            return Ok(Arc::<MemTable>::clone(kept));
        }
        let path = snapshot.file(&table.name).ok_or(RunError::BadSnapshot)?;
        let bytes = std::fs::metadata(&path).map_err(|_io| RunError::BadSnapshot)?.len();
        let schema = catalog::stored_schema(table);
        self.hashed.check(&path, sealed.sha256)?;
        if bytes > self.largest_file {
            return scanned(&path, schema);
        }
        let (rows, size) = read(&path, &schema)?;
        let provider =
            MemTable::try_new(schema, vec![rows]).map_err(|_schema| RunError::BadSnapshot)?;
        let provider = Arc::new(provider);
        self.keep(sealed.sha256, &provider, size);
        Ok(provider)
    }

    fn keep(&mut self, digest: Digest, provider: &Arc<MemTable>, size: usize) {
        if size > MAX_CACHED_BYTES {
            return;
        }
        if self.bytes.saturating_add(size) > MAX_CACHED_BYTES {
            self.kept.clear();
            self.bytes = 0;
        }
        self.kept.insert(digest, Arc::clone(provider));
        self.bytes = self.bytes.saturating_add(size);
    }
}

/// The whole table in memory, in the dataset's schema, and its size.
fn read(path: &Path, schema: &SchemaRef) -> Result<(Vec<RecordBatch>, usize), RunError> {
    let file = File::open(path).map_err(|_io| RunError::BadSnapshot)?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(8192).build())
        .map_err(|_parquet| RunError::BadSnapshot)?;
    let mut rows = Vec::new();
    let mut size = 0_usize;
    for batch in reader {
        let batch = batch.map_err(|_parquet| RunError::BadSnapshot)?;
        let names = batch.schema();
        let same = names.fields().iter().zip(schema.fields()).all(|(a, b)| a.name() == b.name());
        if !same {
            return Err(RunError::BadSnapshot);
        }
        let batch = RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec());
        let batch = batch.map_err(|_arrow| RunError::BadSnapshot)?;
        size = size.saturating_add(batch.get_array_memory_size());
        rows.push(batch);
    }
    Ok((rows, size))
}

fn scanned(path: &Path, schema: SchemaRef) -> Result<Arc<dyn TableProvider>, RunError> {
    let bad = |_error| RunError::BadSnapshot;
    let url = path.to_str().ok_or(RunError::BadSnapshot)?;
    let url = ListingTableUrl::parse(url).map_err(bad)?;
    let options =
        ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
    let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config).map_err(bad)?))
}
