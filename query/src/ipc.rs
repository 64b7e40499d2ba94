//! One record batch as an Arrow IPC stream, and back without believing anything.
//!
//! A batch of known schema and size has one encoding but for its values. Who decodes builds a *template*, a batch of
//! zeros of the same shape, and encodes it: everything around the values must be the template's bytes. So neither the
//! engine's schema parser nor its message parser ever works on lengths that a stranger chose: these panic on some. Bodies
//! are not compressed.

use arrow::array::RecordBatch;
use arrow::buffer::Buffer;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::root_as_message;
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
    /// Not the one encoding of so many cells.
    #[error("not the expected number of cells in their one encoding")]
    Malformed,
}

/// Most bytes of one frame: 10,000 cells of some fifty sums.
pub const MAX_FRAME_BYTES: usize = 16 * 1024 * 1024;
/// Bytes before a message's metadata: a continuation mark and a length.
const PREFIX_BYTES: usize = 8;
/// Bytes of the end of a stream: a continuation mark and the length 0.
const END_BYTES: usize = 8;

/// A batch as a stream.
pub(crate) fn encode(batch: &RecordBatch) -> Result<Vec<u8>, ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), &batch.schema())?;
    writer.write(batch)?;
    writer.finish()?;
    writer.into_inner()
}

/// Number of bytes that every stream of this schema begins with.
fn preamble(schema: &SchemaRef) -> Option<usize> {
    let writer = StreamWriter::try_new(Vec::new(), schema).ok()?;
    Some(writer.get_ref().len())
}

/// The metadata of the message at `at`, without its prefix.
fn metadata(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let prefix = bytes.get(at..at.checked_add(PREFIX_BYTES)?)?;
    let (_mark, len) = prefix.split_last_chunk::<4>()?;
    let len = usize::try_from(i32::from_le_bytes(*len)).ok()?;
    let start = at.checked_add(PREFIX_BYTES)?;
    bytes.get(start..start.checked_add(len)?)
}

/// The nulls of each column, as the stream says.
fn nulls(bytes: &[u8], at: usize) -> Option<Vec<usize>> {
    let message = root_as_message(metadata(bytes, at)?).ok()?;
    let nodes = message.header_as_record_batch()?.nodes()?;
    nodes.iter().map(|node| usize::try_from(node.null_count()).ok()).collect()
}

/// Reads a stream of at most `limit` bytes that must be the one encoding of a batch of a template's shape. `template` gives the template for
/// numbers of nulls in each column, or `None` where there cannot be so many; without numbers it is one without nulls.
pub(crate) fn decode(
    (bytes, limit): (&[u8], usize),
    schema: &SchemaRef,
    template: impl Fn(&[usize]) -> Option<RecordBatch>,
) -> Result<RecordBatch, IpcError> {
    if bytes.len() > limit {
        return Err(IpcError::TooLarge { got: bytes.len(), limit });
    }
    let at = preamble(schema).ok_or(IpcError::OtherSchema)?;
    let plain = template(&[]).ok_or(IpcError::OtherSchema)?;
    let plain = encode(&plain).map_err(|_arrow| IpcError::OtherSchema)?;
    if bytes.get(..at) != plain.get(..at) {
        return Err(IpcError::OtherSchema);
    }
    let nulls = nulls(bytes, at).ok_or(IpcError::Malformed)?;
    let template = template(&nulls).ok_or(IpcError::Malformed)?;
    let template = encode(&template).map_err(|_arrow| IpcError::Malformed)?;
    if !same_frame(bytes, &template, at) {
        return Err(IpcError::Malformed);
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
    found.filter(|batch| batch.schema() == *schema).ok_or(IpcError::Malformed)
}

/// Whether two streams are equal but for the body of their one batch.
fn same_frame(bytes: &[u8], template: &[u8], at: usize) -> bool {
    let body = metadata(template, at).and_then(|metadata| {
        let start = at.checked_add(PREFIX_BYTES)?.checked_add(metadata.len())?;
        Some((start, template.len().checked_sub(END_BYTES)?))
    });
    let Some((start, end)) = body else { return false };
    bytes.len() == template.len()
        && bytes.get(..start) == template.get(..start)
        && bytes.get(end..) == template.get(end..)
}
