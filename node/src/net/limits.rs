//! Every bound of the network, with one line of reason each.
//!
//! The defaults are for 100 hospitals on one small machine; tests narrow them. No bound is a wish: each is enforced at one
//! place, before the memory it bounds is taken.

use std::time::Duration;

/// The bounds of everything that peers can cause.
#[derive(Clone, Debug)]
pub struct NetLimits {
    /// Bytes of a request: a signed question with 16 KiB of SQL fits four times.
    pub request_bytes: usize,
    /// Bytes of one frame of an answer: a batch of 2,000 cells is far smaller.
    pub frame_bytes: usize,
    /// Bytes of all frames of an answer.
    pub answer_bytes: usize,
    /// Frames of an answer: header, 8 fragments of a few batches, trailer.
    pub frames: usize,
    /// Bytes of all answers that are being read at once, over all peers.
    pub answers_bytes: usize,
    /// One read or write of at most 64 KiB must be done in this time.
    pub stall: Duration,
    /// A request must have arrived completely in this time: it is small, and a slow sender holds a slot.
    pub request_read: Duration,
    /// A read request waits this long for the daemon to take it; then the stream is closed as busy.
    pub handover: Duration,
    /// An answer must be written completely in this time, however steadily the asker drinks.
    pub answer_write: Duration,
    /// Streams from others at once: each holds a request of at most `request_bytes`.
    pub inbound_streams: usize,
    /// Streams from one peer at once: one hostile member cannot take every slot.
    pub inbound_streams_per_peer: usize,
    /// Questions to one peer at once; lower than the other side's `inbound_streams_per_peer`, the rest waits its turn.
    pub asks_per_peer: usize,
    /// Handshakes of others that are not finished: a flood by strangers holds no more than this.
    pub pending_incoming: u32,
    /// Of these, from one IPv4 address or IPv6 /64.
    pub pending_per_source: usize,
    /// Connections with one peer: both sides may dial at once, over TCP and QUIC.
    pub connections_per_peer: u32,
    /// Connections that others made, in all.
    pub incoming_connections: u32,
    /// Handshakes that take longer are given up.
    pub handshake: Duration,
    /// Dials at once: a restart with 100 members is spread over a few rounds.
    pub dials: usize,
    /// A question to a peer without a connection waits this long for one, and at most half of its own deadline.
    pub connect_wait: Duration,
    /// First pause after a failed dial; doubles with each failure.
    pub redial_first: Duration,
    /// Longest pause between dials.
    pub redial_longest: Duration,
    /// A connection is asked this often whether it is alive.
    pub ping: Duration,
    /// At the end, answers that are being written get this long before the connections close.
    pub grace: Duration,
}

impl Default for NetLimits {
    fn default() -> Self {
        Self {
            request_bytes: 64 << 10,
            frame_bytes: 16 << 20,
            answer_bytes: 64 << 20,
            frames: 64,
            answers_bytes: 512 << 20,
            stall: Duration::from_secs(20),
            request_read: Duration::from_secs(10),
            handover: Duration::from_secs(5),
            answer_write: Duration::from_secs(300),
            inbound_streams: 512,
            inbound_streams_per_peer: 64,
            asks_per_peer: 32,
            pending_incoming: 64,
            pending_per_source: 16,
            connections_per_peer: 4,
            incoming_connections: 512,
            handshake: Duration::from_secs(5),
            dials: 16,
            connect_wait: Duration::from_secs(5),
            redial_first: Duration::from_millis(250),
            redial_longest: Duration::from_secs(30),
            ping: Duration::from_secs(15),
            grace: Duration::from_secs(5),
        }
    }
}
