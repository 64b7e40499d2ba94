//! One record batch as an Arrow IPC stream, and back without believing anything.
//!
//! Who decodes knows the schema beforehand: the stream must begin with exactly the bytes that this schema encodes to, so
//! the schema parser never sees a stranger's bytes. Bodies are not compressed, and the decoder buffers only what it was
//! given, so a lie about a length costs nothing.

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;

/// Why bytes are not the batch that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IpcError {
    /// More bytes than a frame may have.
    #[error("{got} bytes, at most {limit} are read")]
    TooLarge {
        /// Bytes given.
        got: usize,
        /// Most bytes.
        limit: usize,
    },
    /// Another schema.
    #[error("not of the expected schema")]
    OtherSchema,
    /// No stream of one batch.
    #[error("not a stream of one batch")]
    Malformed,
    /// Another number of rows.
    #[error("{got} rows, expected {expected}")]
    Rows {
        /// Rows expected.
        expected: usize,
        /// Rows found.
        got: usize,
    },
}

/// Most bytes of one frame: 10,000 cells of some hundred sums.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;

/// A batch as a stream.
pub(crate) fn encode(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    writer.into_inner()
}

/// The bytes that every stream of this schema begins with.
fn preamble(schema: &SchemaRef) -> Result<Vec<u8>, IpcError> {
    let writer = StreamWriter::try_new(Vec::new(), schema);
    writer.map(|writer| writer.get_ref().clone()).map_err(|_arrow| IpcError::OtherSchema)
}

/// Reads a stream that must hold one batch of this schema and number of rows.
pub(crate) fn decode(
    bytes: &[u8],
    schema: &SchemaRef,
    rows: usize,
) -> Result<RecordBatch, IpcError> {
    if bytes.len() > MAX_FRAME_BYTES {
        return Err(IpcError::TooLarge { got: bytes.len(), limit: MAX_FRAME_BYTES });
    }
    if !bytes.starts_with(&preamble(schema)?) {
        return Err(IpcError::OtherSchema);
    }
    let mut decoder = StreamDecoder::new();
    let mut buffer = Buffer::from(bytes.to_vec());
    let mut found: Option<RecordBatch> = None;
    while !buffer.is_empty() {
        match decoder.decode(&mut buffer) {
            Ok(Some(batch)) if found.is_none() => found = Some(batch),
            Ok(None) => {}
            Ok(Some(_)) | Err(_) => return Err(IpcError::Malformed),
        }
    }
    decoder.finish().map_err(|_arrow| IpcError::Malformed)?;
    let batch = found.ok_or(IpcError::Malformed)?;
    if batch.schema() != *schema {
        return Err(IpcError::OtherSchema);
    }
    if batch.num_rows() != rows {
        return Err(IpcError::Rows { expected: rows, got: batch.num_rows() });
    }
    Ok(batch)
}
