//! A question to one peer: one stream, one request, frames until the other side closes.
//!
//! A stream that ends before the first frame was most likely dropped by a busy acceptor, so it is tried again with jitter: the
//! responder treats the same bytes as a retry and never runs them twice. After the first frame nothing is tried again. While
//! the other side computes, only the deadline of the question runs; once it writes, it must keep writing.

use std::sync::Arc;
use std::time::Duration;

use libp2p::{PeerId, Stream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::time::Instant;

use super::frame::{self, FrameError};
use super::limits::NetLimits;
use super::streams::{OpenError, Wanted};
use super::swarm::Command;
use super::{Lane, PeerKey};

/// Tries after the first one.
const RETRIES: u32 = 3;
/// The pause before the first retry is up to this long, before the second up to twice as long, and so on.
const RETRY_PAUSE: Duration = Duration::from_millis(50);
/// Bytes of one unit of the budget for answers.
const UNIT: usize = 1 << 10;

/// Why a question got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// The key is not in the list of members.
    #[error("{peer} is not a peer of this node")]
    NotAPeer {
        /// Who was asked.
        peer: PeerKey,
    },
    /// The request is empty or over the limit; nothing was sent.
    #[error("a request of {got} bytes, between 1 and {limit} are allowed")]
    RequestSize {
        /// Its length.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// There was no connection in time.
    #[error("no connection to peer {peer}: {reason}")]
    Unreachable {
        /// Who was asked.
        peer: PeerKey,
        /// The last reason known.
        reason: String,
    },
    /// The deadline passed.
    #[error("peer {peer} did not answer within {deadline:?}")]
    Deadline {
        /// Who was asked.
        peer: PeerKey,
        /// How long it had.
        deadline: Duration,
    },
    /// The peer began to answer and then stopped.
    #[error("peer {peer} stopped in the middle of its answer")]
    Stalled {
        /// Who was asked.
        peer: PeerKey,
    },
    /// The peer closed every stream without an answer.
    #[error("peer {peer} closed the stream without an answer, also after retries: {reason}")]
    NoAnswer {
        /// Who was asked.
        peer: PeerKey,
        /// How the last stream ended.
        reason: String,
    },
    /// The peer does not speak this version of the protocol, or is stopping.
    #[error("peer {peer} does not speak `{}`; it may run another version or be stopping", .lane.protocol())]
    Unsupported {
        /// Who was asked.
        peer: PeerKey,
        /// What for.
        lane: Lane,
    },
    /// The answer broke off.
    #[error("the answer of peer {peer} broke off: {reason}")]
    Broken {
        /// Who was asked.
        peer: PeerKey,
        /// How.
        reason: String,
    },
    /// A frame claims more bytes than allowed.
    #[error("peer {peer} sent a frame of {got} bytes, at most {limit} are allowed")]
    OversizeFrame {
        /// Who was asked.
        peer: PeerKey,
        /// The claimed length.
        got: usize,
        /// The limit.
        limit: usize,
    },
    /// More frames than allowed.
    #[error("peer {peer} sent more than {limit} frames")]
    TooManyFrames {
        /// Who was asked.
        peer: PeerKey,
        /// The limit.
        limit: usize,
    },
    /// The frames together are longer than allowed.
    #[error("peer {peer} sent an answer of more than {limit} bytes")]
    OversizeAnswer {
        /// Who was asked.
        peer: PeerKey,
        /// The limit.
        limit: usize,
    },
    /// This node reads too many large answers at once.
    #[error("this node is reading too many answers at once; ask again later")]
    Busy,
    /// The network has stopped.
    #[error("this node is stopping")]
    Stopped,
}

impl AskError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAPeer { .. } => "not_a_peer",
            Self::RequestSize { .. } => "request_size",
            Self::Unreachable { .. } => "unreachable",
            Self::Deadline { .. } => "deadline",
            Self::Stalled { .. } => "stalled",
            Self::NoAnswer { .. } => "no_answer",
            Self::Unsupported { .. } => "unsupported_protocol",
            Self::Broken { .. } => "answer_broken",
            Self::OversizeFrame { .. } => "oversize_frame",
            Self::TooManyFrames { .. } => "too_many_frames",
            Self::OversizeAnswer { .. } => "oversize_answer",
            Self::Busy => "busy",
            Self::Stopped => "stopped",
        }
    }
}

/// One question to one peer, with the connection there.
pub(super) struct Question<'a> {
    pub(super) peer: PeerKey,
    pub(super) peer_id: PeerId,
    pub(super) lane: Lane,
    pub(super) request: &'a [u8],
    pub(super) limits: &'a NetLimits,
    pub(super) commands: &'a mpsc::Sender<Command>,
    /// What is left for the bytes of all answers, in units of 1 KiB.
    pub(super) budget: &'a Arc<Semaphore>,
}

/// How one try ended, when not with an answer.
pub(super) enum Try {
    /// Before the first frame: the same bytes may be sent again.
    Again(String),
    Final(AskError),
}

/// Room for the answers that are being read at once.
pub(super) fn budget(limits: &NetLimits) -> Arc<Semaphore> {
    Arc::new(Semaphore::new((limits.answers_bytes / UNIT).min(Semaphore::MAX_PERMITS)))
}

/// The pause before retry number `retry` (from 0), or nothing if it is enough.
pub(super) fn retry_pause(retry: u32, random: u32) -> Option<Duration> {
    let share = f64::from(random) / f64::from(u32::MAX);
    (retry < RETRIES).then(|| RETRY_PAUSE.saturating_mul(retry + 1).mul_f64(share))
}

impl Question<'_> {
    /// Tries once, until the deadline at most.
    pub(super) async fn attempt(&self, until: Instant) -> Result<Vec<Vec<u8>>, Try> {
        let (peer, stall) = (self.peer, self.limits.stall);
        let mut stream = self.open().await?;
        let sent = async {
            frame::write(&mut stream, self.request, stall).await?;
            frame::close(&mut stream, stall).await
        };
        sent.await.map_err(|error| Try::Again(error.to_string()))?;
        // The other side computes: no stall timer before the first byte, only the deadline.
        let patience = until.saturating_duration_since(Instant::now()) + stall;
        match frame::read_length(&mut stream, patience).await {
            Ok(Some(length)) => self.answer(stream, length).await.map_err(Try::Final),
            Ok(None) => Err(Try::Again("it ended before the first frame".to_owned())),
            Err(FrameError::Stalled(_)) => Err(Try::Final(AskError::Stalled { peer })),
            Err(
                error @ (FrameError::Truncated | FrameError::Io(_) | FrameError::Oversize { .. }),
            ) => Err(Try::Again(error.to_string())),
        }
    }

    async fn open(&self) -> Result<Stream, Try> {
        let again = |reason: &str| Try::Again(reason.to_owned());
        let (opening, opened) = oneshot::channel();
        let command = Command::Open(self.peer_id, Wanted { lane: self.lane, opening });
        let sent = self.commands.send(command).await;
        sent.map_err(|_stopped| Try::Final(AskError::Stopped))?;
        match tokio::time::timeout(self.limits.connect_wait, opened).await {
            Ok(Ok(Ok(stream))) => Ok(stream),
            Ok(Ok(Err(OpenError::Unsupported))) => {
                Err(Try::Final(AskError::Unsupported { peer: self.peer, lane: self.lane }))
            }
            Ok(Ok(Err(OpenError::Failed(reason)))) => Err(Try::Again(reason)),
            Ok(Err(_dropped)) => Err(again("the connection was lost")),
            Err(_elapsed) => Err(again("the stream could not be opened in time")),
        }
    }

    async fn answer(&self, mut stream: Stream, first: usize) -> Result<Vec<Vec<u8>>, AskError> {
        let (peer, limits) = (self.peer, self.limits);
        let mut frames = Vec::new();
        let mut room = Room { question: self, left: limits.answer_bytes, permit: None };
        let mut next = Some(first);
        while let Some(length) = next {
            if frames.len() >= limits.frames {
                return Err(AskError::TooManyFrames { peer, limit: limits.frames });
            }
            if length > limits.frame_bytes {
                return Err(AskError::OversizeFrame {
                    peer,
                    got: length,
                    limit: limits.frame_bytes,
                });
            }
            let body = frame::read_body::<_, Stop>(&mut stream, length, limits.stall, |more| {
                room.take(more)
            })
            .await;
            frames.push(body.map_err(|stop| self.stopped(stop))?);
            next = frame::read_length(&mut stream, limits.stall)
                .await
                .map_err(|error| self.stopped(Stop::Frame(error)))?;
        }
        Ok(frames)
    }

    fn stopped(&self, stop: Stop) -> AskError {
        let peer = self.peer;
        match stop {
            Stop::Refused(error) => error,
            Stop::Frame(FrameError::Stalled(_)) => AskError::Stalled { peer },
            Stop::Frame(
                error @ (FrameError::Truncated | FrameError::Io(_) | FrameError::Oversize { .. }),
            ) => AskError::Broken { peer, reason: error.to_string() },
        }
    }
}

/// Why reading an answer ended early.
enum Stop {
    Frame(FrameError),
    Refused(AskError),
}

impl From<FrameError> for Stop {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

/// Bytes that the answer may still have, from its own limit and from the budget of all answers.
struct Room<'a> {
    question: &'a Question<'a>,
    left: usize,
    permit: Option<OwnedSemaphorePermit>,
}

impl Room<'_> {
    fn take(&mut self, more: usize) -> Result<(), Stop> {
        let (peer, limit) = (self.question.peer, self.question.limits.answer_bytes);
        self.left = self
            .left
            .checked_sub(more)
            .ok_or(Stop::Refused(AskError::OversizeAnswer { peer, limit }))?;
        let units = u32::try_from(more.div_ceil(UNIT))
            .map_err(|_too_many| Stop::Refused(AskError::Busy))?;
        let taken = Arc::clone(self.question.budget).try_acquire_many_owned(units);
        let taken = taken.map_err(|_none_left| Stop::Refused(AskError::Busy))?;
        match &mut self.permit {
            Some(permit) => permit.merge(taken),
            None => self.permit = Some(taken),
        }
        Ok(())
    }
}
