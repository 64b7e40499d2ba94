//! The tables of snapshots: small ones stay in memory between jobs, large ones are scanned from their files.
//!
//! The cache is keyed by the digest of a table's file, so it can never serve another snapshot's rows. No file is read before
//! it was found to be what was sealed, and its rows to come patient by patient: the engine is told so, which lets it group
//! and join a patient's rows as a stream.

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, AsArray as _, RecordBatch, UInt32Array, UInt64Array};
use arrow::datatypes::{SchemaRef, UInt32Type};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::logical_expr::SortExpr;
use datafusion::parquet::arrow::ProjectionMask;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::prelude::col;
use policies::Digest;
use policies::dataset::{Dataset, Table};

use super::RunError;
use super::hashed::Hashed;
use crate::catalog::{self, PATIENT, RECORD_KEY};
use crate::record::RecordKeys;
use crate::snapshot::{self, Snapshot};

/// Most bytes of tables kept in memory.
const MAX_CACHED_BYTES: usize = 256 * 1024 * 1024;
/// A file larger than this is scanned, not kept: it unpacks to several times its size.
const MAX_CACHED_FILE_BYTES: u64 = 48 * 1024 * 1024;

/// Tables kept between jobs.
pub(crate) struct Tables {
    kept: HashMap<Digest, Arc<MemTable>>,
    /// Record keys, by the file that they are from.
    keys: HashMap<Digest, Arc<RecordKeys>>,
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
        let (kept, keys, hashed) = (HashMap::new(), HashMap::new(), Hashed::default());
        Self { kept, keys, hashed, bytes: 0, largest_file }
    }

    /// The rows of a table of a snapshot.
    pub(super) fn provider(
        &mut self,
        snapshot: &Snapshot,
        (table, is_patient): (&Table, bool),
    ) -> Result<Arc<dyn TableProvider>, RunError> {
        let sealed = snapshot.manifest().tables.get(&table.name).ok_or(RunError::BadSnapshot)?;
        if let Some(kept) = self.kept.get(&sealed.sha256) {
            return Ok(Arc::<MemTable>::clone(kept));
        }
        let path = snapshot.file(&table.name).ok_or(RunError::BadSnapshot)?;
        let bytes = std::fs::metadata(&path).map_err(|_io| RunError::BadSnapshot)?.len();
        let schema = catalog::stored_schema(table, is_patient);
        if bytes > self.largest_file {
            self.hashed.check(&path, sealed.sha256, || patient_by_patient(&path))?;
            return scanned(&path, schema);
        }
        self.hashed.check(&path, sealed.sha256, || Ok(()))?;
        let (rows, size) = read(&path, &schema)?;
        let provider =
            MemTable::try_new(schema, vec![rows]).map_err(|_schema| RunError::BadSnapshot)?;
        let provider = Arc::new(provider.with_sort_order(by_patient()));
        if self.makes_room(size) {
            self.kept.insert(sealed.sha256, Arc::clone(&provider));
        }
        Ok(provider)
    }

    /// The record keys of a snapshot's patients.
    pub(super) fn record_keys(
        &mut self,
        snapshot: &Snapshot,
        dataset: &Dataset,
    ) -> Result<Arc<RecordKeys>, RunError> {
        let name = &dataset.patient;
        let sealed = snapshot.manifest().tables.get(name).ok_or(RunError::BadSnapshot)?.sha256;
        if let Some(kept) = self.keys.get(&sealed) {
            return Ok(Arc::clone(kept));
        }
        let path = snapshot.file(name).ok_or(RunError::BadSnapshot)?;
        self.hashed.check(&path, sealed, || patient_by_patient(&path))?;
        let read = snapshot::read_columns(snapshot.folder(), name, &[PATIENT, RECORD_KEY]);
        let read = read.map_err(|_snapshot| RunError::BadSnapshot)?;
        let mut rows: Vec<(u32, u64)> = Vec::new();
        for batch in &read {
            let patients = batch.column_by_name(PATIENT).and_then(|c| c.as_primitive_opt());
            let keys = batch.column_by_name(RECORD_KEY).and_then(|c| c.as_primitive_opt());
            let patients: &UInt32Array = patients.ok_or(RunError::BadSnapshot)?;
            let keys: &UInt64Array = keys.ok_or(RunError::BadSnapshot)?;
            rows.extend(patients.values().iter().copied().zip(keys.values().iter().copied()));
        }
        let keys = RecordKeys::new(sealed, rows.into_iter()).ok_or(RunError::BadSnapshot)?;
        let keys = Arc::new(keys);
        if self.makes_room(keys.size()) {
            self.keys.insert(sealed, Arc::clone(&keys));
        }
        Ok(keys)
    }

    /// Whether something of this size may be kept; all else is forgotten if there is no room beside it.
    fn makes_room(&mut self, size: usize) -> bool {
        if size > MAX_CACHED_BYTES {
            return false;
        }
        if self.bytes.saturating_add(size) > MAX_CACHED_BYTES {
            self.kept.clear();
            self.keys.clear();
            self.bytes = 0;
        }
        self.bytes = self.bytes.saturating_add(size);
        true
    }
}

/// The whole table in memory, in the dataset's schema, and its size.
fn read(path: &Path, schema: &SchemaRef) -> Result<(Vec<RecordBatch>, usize), RunError> {
    let file = File::open(path).map_err(|_io| RunError::BadSnapshot)?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)
        .and_then(|builder| builder.with_batch_size(8192).build())
        .map_err(|_parquet| RunError::BadSnapshot)?;
    let mut rows = Vec::new();
    let (mut size, mut order) = (0_usize, Order::default());
    for batch in reader {
        let batch = batch.map_err(|_parquet| RunError::BadSnapshot)?;
        let names = batch.schema();
        let same = names.fields().iter().zip(schema.fields()).all(|(a, b)| a.name() == b.name());
        if !same {
            return Err(RunError::BadSnapshot);
        }
        let batch = RecordBatch::try_new(Arc::clone(schema), batch.columns().to_vec());
        let batch = batch.map_err(|_arrow| RunError::BadSnapshot)?;
        order.next(batch.columns().last())?;
        size = size.saturating_add(batch.get_array_memory_size());
        rows.push(batch);
    }
    Ok((rows, size))
}

fn scanned(path: &Path, schema: SchemaRef) -> Result<Arc<dyn TableProvider>, RunError> {
    let bad = |_error| RunError::BadSnapshot;
    let url = path.to_str().ok_or(RunError::BadSnapshot)?;
    let url = ListingTableUrl::parse(url).map_err(bad)?;
    let options = ListingOptions::new(Arc::new(ParquetFormat::default()))
        .with_file_extension(".parquet")
        .with_file_sort_order(by_patient());
    let config = ListingTableConfig::new(url).with_listing_options(options).with_schema(schema);
    Ok(Arc::new(ListingTable::try_new(config).map_err(bad)?))
}

/// What the engine is told of the order of a table's rows.
fn by_patient() -> Vec<Vec<SortExpr>> {
    vec![vec![col(PATIENT).sort(true, false)]]
}

/// Checks that the patients' numbers of a file ascend.
fn patient_by_patient(path: &Path) -> Result<(), RunError> {
    let bad = |_parquet| RunError::BadSnapshot;
    let file = File::open(path).map_err(|_io| RunError::BadSnapshot)?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(bad)?;
    let mask = ProjectionMask::columns(builder.parquet_schema(), [PATIENT]);
    let mut order = Order::default();
    for batch in builder.with_projection(mask).build().map_err(bad)? {
        let batch = batch.map_err(|_parquet| RunError::BadSnapshot)?;
        order.next(batch.columns().first())?;
    }
    Ok(())
}

/// The last patient of the rows before.
#[derive(Default)]
struct Order {
    last: u32,
}

impl Order {
    /// Goes on with the patients of further rows.
    fn next(&mut self, patients: Option<&ArrayRef>) -> Result<(), RunError> {
        let patients = patients.and_then(|patients| patients.as_primitive_opt::<UInt32Type>());
        let patients = patients.filter(|patients| patients.null_count() == 0);
        for patient in patients.ok_or(RunError::BadSnapshot)?.values() {
            if *patient < self.last {
                return Err(RunError::BadSnapshot);
            }
            self.last = *patient;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
