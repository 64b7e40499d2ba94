//! Length-prefixed bytes on a stream: a big-endian u32, then that many bytes.
//!
//! A length is a claim by the other side: it is compared with the limit before anything is kept, and memory grows only with
//! the bytes that arrived. Every read and write of one chunk has a stall timer.

#[cfg(test)]
mod tests;

use std::io;
use std::time::Duration;

use futures::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of one read or write under one stall timer, and the step in which a buffer grows.
const CHUNK: usize = 64 << 10;
/// Bytes of a length.
const LENGTH: usize = 4;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum FrameError {
    /// Nothing moved for the length of the stall timer.
    #[error("nothing moved for {0:?}")]
    Stalled(Duration),
    /// The stream ended inside a frame.
    #[error("the stream ended inside a frame")]
    Truncated,
    /// The length is over the limit.
    #[error("a frame of {got} bytes, at most {limit} are allowed")]
    Oversize {
        /// The claimed length.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// The connection or stream broke.
    #[error("the stream broke: {0}")]
    Io(io::Error),
}

/// Writes one frame. It is on its way only after a flush or a close.
pub(super) async fn write<W>(to: &mut W, bytes: &[u8], stall: Duration) -> Result<(), FrameError>
where
    W: AsyncWrite + Unpin,
{
    let length = u32::try_from(bytes.len()).map_err(|_too_long| FrameError::Oversize {
        got: bytes.len(),
        limit: usize::try_from(u32::MAX).unwrap_or(usize::MAX),
    })?;
    timed(stall, to.write_all(&length.to_be_bytes())).await?;
    for chunk in bytes.chunks(CHUNK) {
        timed(stall, to.write_all(chunk)).await?;
    }
    Ok(())
}

/// Sends what is buffered and closes the write half.
pub(super) async fn close<W>(to: &mut W, stall: Duration) -> Result<(), FrameError>
where
    W: AsyncWrite + Unpin,
{
    timed(stall, to.flush()).await?;
    timed(stall, to.close()).await
}

/// Reads a length. `None`: the stream ended at a frame boundary.
pub(super) async fn read_length<R>(
    from: &mut R,
    stall: Duration,
) -> Result<Option<usize>, FrameError>
where
    R: AsyncRead + Unpin,
{
    let mut length = [0_u8; LENGTH];
    let mut have = 0;
    while let Some(rest) = length.get_mut(have..).filter(|rest| !rest.is_empty()) {
        match timed(stall, from.read(rest)).await? {
            0 if have == 0 => return Ok(None),
            0 => return Err(FrameError::Truncated),
            got => have += got,
        }
    }
    Ok(Some(usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX)))
}

/// Reads the bytes behind a length. `grow` is told how many bytes more are about to be kept and may refuse.
pub(super) async fn read_body<R, E>(
    from: &mut R,
    length: usize,
    stall: Duration,
    mut grow: impl FnMut(usize) -> Result<(), E>,
) -> Result<Vec<u8>, E>
where
    R: AsyncRead + Unpin,
    E: From<FrameError>,
{
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let have = bytes.len();
        let step = CHUNK.min(length - have);
        grow(step)?;
        bytes.resize(have + step, 0);
        if let Some(rest) = bytes.get_mut(have..) {
            timed(stall, from.read_exact(rest)).await?;
        }
    }
    Ok(bytes)
}

/// Whether the other side closed its half with nothing more to say.
pub(super) async fn at_end<R>(from: &mut R, stall: Duration) -> Result<bool, FrameError>
where
    R: AsyncRead + Unpin,
{
    let mut byte = [0_u8; 1];
    Ok(timed(stall, from.read(&mut byte)).await? == 0)
}

async fn timed<T>(
    stall: Duration,
    io: impl Future<Output = io::Result<T>>,
) -> Result<T, FrameError> {
    match tokio::time::timeout(stall, io).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(FrameError::Truncated)
        }
        Ok(Err(error)) => Err(FrameError::Io(error)),
        Err(_elapsed) => Err(FrameError::Stalled(stall)),
    }
}
