//! The form of a message on the pipe: one length-prefixed frame of a JSON head and binary blobs.
//!
//! `u32 total | u32 len, head | u32 count | (u32 len, blob)*`, little-endian; `total` counts the bytes after itself.
//! Lengths are checked before anything is allocated, and a frame has no bytes left over. The functions on bytes do no
//! input or output, so a daemon may read and write frames asynchronously.

use std::io::{self, Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{MAX_BLOBS, MAX_MESSAGE_BYTES};

/// A head and its blobs.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<T> {
    /// The typed part.
    pub head: T,
    /// Binary parts, whose meaning the head gives.
    pub blobs: Vec<Vec<u8>>,
}

/// Why a frame cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_MESSAGE_BYTES`].
    #[error("a message of {got} bytes, at most {MAX_MESSAGE_BYTES} are read")]
    TooLarge {
        /// Its length.
        got: usize,
    },
    /// More blobs than [`MAX_BLOBS`].
    #[error("a message with {got} blobs, at most {MAX_BLOBS} are read")]
    TooManyBlobs {
        /// Their number.
        got: usize,
    },
    /// The lengths inside do not add up.
    #[error("a message whose parts do not fill its {got} bytes exactly")]
    BadLengths {
        /// Bytes of the frame.
        got: usize,
    },
    /// The head is not what was expected.
    #[error("the head of a message is not of the expected form")]
    BadHead(#[source] serde_json::Error),
    /// The pipe broke.
    #[error("the pipe broke")]
    Io(#[from] io::Error),
}

impl FrameError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "frame_too_large",
            Self::TooManyBlobs { .. } => "frame_blobs",
            Self::BadLengths { .. } => "frame_lengths",
            Self::BadHead(_) => "frame_head",
            Self::Io(_) => "frame_io",
        }
    }
}

/// Writes a whole frame, its length in front.
///
/// # Errors
/// `FrameError::TooLarge`, `TooManyBlobs` or a head that is no JSON.
pub fn encode<T: Serialize>(message: &Message<T>) -> Result<Vec<u8>, FrameError> {
    let head = serde_json::to_vec(&message.head).map_err(FrameError::BadHead)?;
    if message.blobs.len() > MAX_BLOBS {
        return Err(FrameError::TooManyBlobs { got: message.blobs.len() });
    }
    let parts = message.blobs.iter().map(|blob| blob.len().saturating_add(4));
    let total = parts.fold(head.len().saturating_add(8), usize::saturating_add);
    if total > MAX_MESSAGE_BYTES {
        return Err(FrameError::TooLarge { got: total });
    }
    let mut out = Vec::with_capacity(total.saturating_add(4));
    put_len(&mut out, total)?;
    put_len(&mut out, head.len())?;
    out.extend_from_slice(&head);
    put_len(&mut out, message.blobs.len())?;
    for blob in &message.blobs {
        put_len(&mut out, blob.len())?;
        out.extend_from_slice(blob);
    }
    Ok(out)
}

/// The number of bytes that follow a frame's first four.
///
/// # Errors
/// `FrameError::TooLarge`.
pub fn body_len(prefix: [u8; 4]) -> Result<usize, FrameError> {
    let got = usize::try_from(u32::from_le_bytes(prefix)).unwrap_or(usize::MAX);
    if got > MAX_MESSAGE_BYTES {
        return Err(FrameError::TooLarge { got });
    }
    Ok(got)
}

/// Reads what follows a frame's first four bytes.
///
/// # Errors
/// `FrameError::BadLengths`, `TooManyBlobs` or `BadHead`.
pub fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<Message<T>, FrameError> {
    let bad = || FrameError::BadLengths { got: body.len() };
    let (head, rest) = take_part(body).ok_or_else(bad)?;
    let (count, mut rest) = take_len(rest).ok_or_else(bad)?;
    if count > MAX_BLOBS {
        return Err(FrameError::TooManyBlobs { got: count });
    }
    let mut blobs = Vec::with_capacity(count);
    for _ in 0..count {
        let (blob, after) = take_part(rest).ok_or_else(bad)?;
        blobs.push(blob.to_vec());
        rest = after;
    }
    if !rest.is_empty() {
        return Err(bad());
    }
    let head = serde_json::from_slice(head).map_err(FrameError::BadHead)?;
    Ok(Message { head, blobs })
}

/// Reads one message; `None` when the other end closed between messages.
///
/// # Errors
/// Any `FrameError`.
pub fn read_message<T: DeserializeOwned>(
    input: &mut impl Read,
) -> Result<Option<Message<T>>, FrameError> {
    let mut prefix = [0; 4];
    let (first, others) = prefix.split_at_mut(1);
    loop {
        match input.read(first) {
            Ok(0) => return Ok(None),
            Ok(_) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(FrameError::Io(error)),
        }
    }
    input.read_exact(others)?;
    let len = body_len(prefix)?;
    let mut body = Vec::new();
    let limit = u64::try_from(len).unwrap_or(u64::MAX);
    let got = input.by_ref().take(limit).read_to_end(&mut body)?;
    if got != len {
        return Err(FrameError::Io(io::ErrorKind::UnexpectedEof.into()));
    }
    decode(&body).map(Some)
}

/// Writes one message and flushes.
///
/// # Errors
/// Any `FrameError`.
pub fn write_message<T: Serialize>(
    output: &mut impl Write,
    message: &Message<T>,
) -> Result<(), FrameError> {
    output.write_all(&encode(message)?)?;
    output.flush()?;
    Ok(())
}

fn put_len(out: &mut Vec<u8>, len: usize) -> Result<(), FrameError> {
    let len = u32::try_from(len).map_err(|_too_long| FrameError::TooLarge { got: len })?;
    out.extend_from_slice(&len.to_le_bytes());
    Ok(())
}

fn take_len(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<4>()?;
    Some((usize::try_from(u32::from_le_bytes(*len)).ok()?, rest))
}

fn take_part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = take_len(bytes)?;
    rest.split_at_checked(len)
}

#[cfg(test)]
mod tests;
