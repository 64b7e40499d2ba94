//! Forwards the log to a hospital's own logging system, as syslog messages of RFC 5424.
//!
//! One thread reads what is durable, behind the writer, and sends it in order; nothing waits for it. What the receiver got is
//! kept in a cursor on disk, so that a restart goes on there. Every entry is sent at least once: no protocol of syslog
//! acknowledges, so an entry counts as received only when the connection that it left on was still whole some time later
//! (`progress`), and whatever is younger when a connection breaks is sent again. `docs/AUDIT.md` says what can be lost all the same.
//!
//! Reading order: `message` (one entry as one message), `cursor`, `progress`, `link` (connections), `forward` (the
//! thread). This module decides nothing about what is logged, and a receiver that is gone changes nothing else in the node.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::syslog::Destination;

mod message;

mod cursor;
mod progress;

mod forward;
mod link;
mod tls;

pub use cursor::{Cursor, CursorError};
pub use forward::{Forwarder, Watch};
pub use tls::TlsError;

/// Where messages go, and how: what can be wrong with it was found when it was opened.
#[derive(Clone, Debug)]
pub struct Target {
    to: Destination,
    tls: Option<Arc<rustls::ClientConfig>>,
    style: message::Style,
    cursor: PathBuf,
    pace: forward::Pace,
}

impl Target {
    /// Reads what the configuration names; `None` where nothing is forwarded.
    ///
    /// # Errors
    /// `TlsError`: the file of the receiver's authority.
    pub fn open(config: &crate::config::Config) -> Result<Option<Self>, TlsError> {
        let Some(syslog) = &config.syslog else { return Ok(None) };
        let crate::config::syslog::Syslog { to, enterprise } = syslog.clone();
        let tls = match &to {
            Destination::Tls { authority, .. } => Some(tls::client(authority)?),
            Destination::Tcp(_) | Destination::Udp(_) | Destination::Unix(_) => None,
        };
        let limit =
            if to.is_stream() { message::MAX_STREAM_BYTES } else { message::MAX_DATAGRAM_BYTES };
        let style = message::Style { enterprise, limit };
        let cursor = config.syslog_cursor();
        Ok(Some(Self { to, tls, style, cursor, pace: forward::Pace::DEFAULT }))
    }
}

#[cfg(test)]
mod tests;
