//! Requests of others: from an accepted stream to the daemon and back.
//!
//! The queue of inbound streams is bounded, so the accept loop only takes a slot and starts a task. The task
//! reads one request, checks that nothing follows it and hands it over with a [`Responder`]. Anything else is counted and the
//! stream is closed without a word: an asker that meant well tries again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use libp2p::{PeerId, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::frame::{self, FrameError};
use super::limits::NetLimits;
use super::rejected::{Counters, RejectCode};
use super::streams::Accepted;
use super::{Lane, PeerKey};
use crate::tasks::{Shutdown, Tasks};

/// Peers whose slots are remembered before unused ones are dropped: more than any network has members.
const PEERS: usize = 1024;

/// A request by a member.
#[derive(Debug)]
pub struct Inbound {
    /// The member whose connection it came over.
    pub peer: PeerKey,
    /// What it is.
    pub lane: Lane,
    /// Its bytes: at most `request_bytes`, otherwise unchecked.
    pub request: Vec<u8>,
    /// Where the answer goes.
    pub reply: Responder,
}

/// The way back to the asker. Dropping it closes the stream without an answer; the asker then tries again a few times.
pub struct Responder {
    stream: Stream,
    peer: PeerKey,
    limits: Arc<NetLimits>,
    _slots: Slots,
}

/// Why an answer did not reach the asker.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// No frames, or more than the asker would read.
    #[error("an answer of {got} frames, between 1 and {limit} are allowed")]
    Frames {
        /// How many there are.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// A frame or the whole answer is larger than the asker would read.
    #[error("an answer with {got} bytes where {limit} are allowed")]
    Bytes {
        /// How many there are.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// The asker did not read in time.
    #[error("peer {peer} did not read the answer in time")]
    Stalled {
        /// The asker.
        peer: PeerKey,
    },
    /// The asker or the connection went away.
    #[error("the stream to peer {peer} broke: {reason}")]
    Broken {
        /// The asker.
        peer: PeerKey,
        /// What the library said.
        reason: String,
    },
}

/// Room for one stream: in all, and of its peer.
struct Slots {
    _all: OwnedSemaphorePermit,
    _peer: OwnedSemaphorePermit,
}

/// Accepts streams until shutdown.
pub(super) struct Server {
    pub(super) tasks: Tasks,
    pub(super) inbound: mpsc::Sender<Inbound>,
    pub(super) limits: Arc<NetLimits>,
    pub(super) counters: Counters,
    /// Room for all streams; the swarm's task waits at the end until all of it is free again.
    pub(super) slots: Arc<Semaphore>,
}

impl Server {
    /// The accept loop: it never waits for anything but the next stream.
    pub(super) async fn run(self, mut incoming: mpsc::Receiver<Accepted>) {
        let shutdown = self.tasks.shutdown();
        let mut per_peer: BTreeMap<PeerId, Arc<Semaphore>> = BTreeMap::new();
        loop {
            let next = tokio::select! {
                biased;
                () = shutdown.wait() => None,
                next = incoming.recv() => next,
            };
            let Some(Accepted { peer, lane, stream }) = next else { return };
            let Some(key) = PeerKey::of(&peer) else {
                continue;
            };
            if per_peer.len() >= PEERS {
                let free = self.limits.inbound_streams_per_peer;
                per_peer.retain(|_, slots| slots.available_permits() < free);
            }
            let slots = per_peer
                .entry(peer)
                .or_insert_with(|| Arc::new(Semaphore::new(self.limits.inbound_streams_per_peer)));
            let all = Arc::clone(&self.slots).try_acquire_owned();
            let (Ok(all), Ok(peer)) = (all, Arc::clone(slots).try_acquire_owned()) else {
                self.counters.add(Some(key), RejectCode::Busy);
                continue;
            };
            let slots = Slots { _all: all, _peer: peer };
            let limits = Arc::clone(&self.limits);
            self.start(lane, Responder { stream, peer: key, limits, _slots: slots });
        }
    }

    fn start(&self, lane: Lane, reply: Responder) {
        let peer = reply.peer;
        let shutdown = self.tasks.shutdown();
        let inbound = self.inbound.clone();
        let counters = self.counters.clone();
        drop(self.tasks.spawn("net-request", async move {
            if let Err(code) = take(lane, reply, &inbound, &shutdown).await {
                tracing::debug!(%peer, code = code.code(), "request rejected");
                counters.add(Some(peer), code);
            }
        }));
    }
}

/// Reads one request and hands it over; whatever goes wrong closes the stream.
async fn take(
    lane: Lane,
    mut reply: Responder,
    inbound: &mpsc::Sender<Inbound>,
    shutdown: &Shutdown,
) -> Result<(), RejectCode> {
    let (limit, patience, handover) =
        (reply.limits.request_bytes, reply.limits.request_read, reply.limits.handover);
    let request = tokio::select! {
        biased;
        () = shutdown.wait() => return Ok(()),
        read = tokio::time::timeout(patience, read(&mut reply.stream, limit, patience)) => match read {
            Ok(request) => request?,
            Err(_elapsed) => return Err(RejectCode::StalledRequest),
        },
    };
    let peer = reply.peer;
    let waiting =
        tokio::time::timeout(handover, inbound.send(Inbound { peer, lane, request, reply }));
    tokio::select! {
        biased;
        () = shutdown.wait() => Ok(()),
        sent = waiting => match sent {
            Ok(Ok(())) => Ok(()),
            // Either the daemon is too busy or it does not answer any more.
            Ok(Err(_)) | Err(_) => Err(RejectCode::Busy),
        },
    }
}

async fn read(stream: &mut Stream, limit: usize, stall: Duration) -> Result<Vec<u8>, RejectCode> {
    let length = frame::read_length(stream, stall).await?.unwrap_or(0);
    if length == 0 {
        return Err(RejectCode::EmptyRequest);
    }
    if length > limit {
        return Err(RejectCode::OversizeRequest);
    }
    let request = frame::read_body::<_, FrameError>(stream, length, stall, |_| Ok(())).await?;
    if !frame::at_end(stream, stall).await? {
        return Err(RejectCode::TrailingBytes);
    }
    Ok(request)
}

impl From<FrameError> for RejectCode {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::Stalled(_) => Self::StalledRequest,
            FrameError::Truncated | FrameError::Io(_) => Self::TruncatedRequest,
            FrameError::Oversize { .. } => Self::OversizeRequest,
        }
    }
}

impl Responder {
    /// Writes the frames and closes. The asker reads at most so many frames and bytes, so more are not sent.
    ///
    /// # Errors
    ///
    /// [`SendError`]; the stream is then closed and the asker sees that the answer is incomplete.
    pub async fn send(mut self, frames: Vec<Vec<u8>>) -> Result<(), SendError> {
        within(&self.limits, &frames)?;
        let (peer, stall) = (self.peer, self.limits.stall);
        let stream = &mut self.stream;
        let writing = async {
            for frame in &frames {
                frame::write(stream, frame, stall).await?;
            }
            frame::close(stream, stall).await
        };
        match tokio::time::timeout(self.limits.answer_write, writing).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(FrameError::Stalled(_))) | Err(_) => Err(SendError::Stalled { peer }),
            Ok(Err(
                error @ (FrameError::Truncated | FrameError::Io(_) | FrameError::Oversize { .. }),
            )) => Err(SendError::Broken { peer, reason: error.to_string() }),
        }
    }
}

fn within(limits: &NetLimits, frames: &[Vec<u8>]) -> Result<(), SendError> {
    if frames.is_empty() || frames.len() > limits.frames {
        return Err(SendError::Frames { got: frames.len(), limit: limits.frames });
    }
    let longest = frames.iter().map(Vec::len).max().unwrap_or(0);
    let all = frames.iter().fold(0, |sum: usize, frame| sum.saturating_add(frame.len()));
    for (got, limit) in [(longest, limits.frame_bytes), (all, limits.answer_bytes)] {
        if got > limit {
            return Err(SendError::Bytes { got, limit });
        }
    }
    Ok(())
}

impl SendError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Frames { .. } => "answer_frames",
            Self::Bytes { .. } => "answer_bytes",
            Self::Stalled { .. } => "asker_stalled",
            Self::Broken { .. } => "asker_gone",
        }
    }
}

impl std::fmt::Debug for Responder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Responder").field("peer", &self.peer).finish_non_exhaustive()
    }
}
