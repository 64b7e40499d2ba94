//! A worker's raw cells, and released ones as a worker reads them.

use std::io::Cursor;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use datafusion::arrow::array::{ArrayRef, AsArray as _, Decimal128Array, RecordBatch, UInt8Array};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Field, Schema, UInt64Type};
use datafusion::arrow::ipc::reader::StreamReader;
use datafusion::arrow::ipc::writer::StreamWriter;
use policies::footprint::FragmentFootprint;

/// The raw cells of one fragment.
#[derive(Debug)]
pub(super) struct Raw {
    /// Patients.
    pub(super) n: Vec<u64>,
    /// Sums of record keys.
    pub(super) keys: Vec<u64>,
    /// The same of each measure.
    pub(super) measure_keys: Vec<Vec<u64>>,
    /// Sums with their digits behind the point.
    pub(super) sums: Vec<(i8, Vec<i128>)>,
}

/// What is released: nothing of a cell, or its sums.
pub(super) type Released = Vec<Option<Vec<i128>>>;

impl Raw {
    pub(super) fn read(blob: &[u8], fragment: &FragmentFootprint) -> anyhow::Result<Self> {
        let mut reader = StreamReader::try_new(Cursor::new(blob), None)?;
        let batch = reader.next().context("one batch")??;
        let column = |name: &str| batch.column_by_name(name).with_context(|| name.to_owned());
        let counts = |name: &str| -> anyhow::Result<Vec<u64>> {
            let column = column(name)?.as_primitive_opt::<UInt64Type>().context("a count")?;
            Ok(column.values().to_vec())
        };
        let sum = |(at, sum): (usize, &policies::footprint::SumFootprint)| {
            let column = column(&format!("p{at}"))?;
            let column = column.as_primitive_opt::<Decimal128Type>().context("a sum")?;
            anyhow::Ok((i8::try_from(sum.scale)?, column.values().to_vec()))
        };
        let measures = 0..fragment.measures.len();
        Ok(Self {
            n: counts("n")?,
            keys: counts("key")?,
            measure_keys: measures
                .map(|at| counts(&format!("m{at}_key")))
                .collect::<anyhow::Result<_>>()?,
            sums: fragment.sums.iter().enumerate().map(sum).collect::<anyhow::Result<_>>()?,
        })
    }
}

/// The first frame.
pub(super) fn head(fragments: usize) -> anyhow::Result<Vec<u8>> {
    // In the order of the worker's own type.
    Ok(format!("{{\"version\":1,\"fragments\":{fragments}}}").into_bytes())
}

/// Released cells as a frame.
pub(super) fn write(raw: &Raw, released: &Released) -> anyhow::Result<Vec<u8>> {
    ensure!(released.len() == raw.n.len(), "every cell is released or not");
    let states: Vec<u8> = released.iter().map(|cell| if cell.is_some() { 1 } else { 2 }).collect();
    let mut fields = vec![Field::new("state", DataType::UInt8, false)];
    let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt8Array::from(states))];
    for (at, (scale, _)) in raw.sums.iter().enumerate() {
        let kind = DataType::Decimal128(38, *scale);
        let values = released.iter().map(|cell| cell.as_ref()?.get(at).copied());
        let values: Decimal128Array = values.collect();
        fields.push(Field::new(format!("p{at}"), kind.clone(), true));
        columns.push(Arc::new(values.with_data_type(kind)));
    }
    let batch = RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)?;
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(&batch)?;
    writer.finish()?;
    Ok(writer.into_inner()?)
}
