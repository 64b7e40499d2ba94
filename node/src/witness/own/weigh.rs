//! What a note that a witness shows says of the own log. Whatever does not carry the log's own signature says nothing.

use super::seat::Word;
use super::{Own, Peer, Standing};
use crate::log::Log;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::merkle;

/// What a note is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weighed {
    /// The witness stands at so many entries of this log.
    Stands(u64),
    /// Another history of this log; the node knows now.
    Contradicts,
    /// Not signed by this log.
    Foreign,
    /// The own log cannot be read.
    Unread,
}

impl Own {
    pub(super) async fn weigh(&self, log: &Log, peer: &Peer, note: Option<&str>) -> Weighed {
        let Some(note) = note else { return Weighed::Stands(0) };
        let signed = match log.signer().open_any(note) {
            Ok(signed) => signed,
            Err(error) => {
                tracing::debug!(witness = %peer.hospital, %error, "a note that this log never signed");
                self.ignore::<()>(peer, "not_signed_by_this_log");
                return Weighed::Foreign;
            }
        };
        let (own, origin) = (log.signer().origin().gaps(), &signed.checkpoint().origin);
        // Of the origin before a gap it says nothing about this one.
        if origin.gaps() < own {
            return Weighed::Stands(0);
        }
        match same(log, &signed).await {
            _ if origin.gaps() > own => self.contradict(log, peer, &signed),
            Some(true) => Weighed::Stands(signed.head().size),
            Some(false) => self.contradict(log, peer, &signed),
            None => Weighed::Unread,
        }
    }

    fn contradict(&self, log: &Log, peer: &Peer, signed: &SignedCheckpoint) -> Weighed {
        self.seat(peer, |seat| seat.word = Word::Contradicts);
        self.standing.send_if_modified(|known| {
            // Nothing but another start with another log helps, so the first contradiction stays.
            if matches!(known, Standing::Contradicted { .. }) {
                return false;
            }
            tracing::error!(witness = %peer.hospital, "a witness shows another history of this log");
            *known = Standing::Contradicted {
                witness: peer.hospital.clone(),
                seen: signed.head(),
                held: log.reader().size(),
                note: signed.note().to_string(),
            };
            true
        });
        Weighed::Contradicts
    }
}

/// Whether a head is one of the log here; nothing if the log cannot be read.
async fn same(log: &Log, signed: &SignedCheckpoint) -> Option<bool> {
    let seen = signed.head();
    if seen.size > log.reader().size() {
        return Some(false);
    }
    let own = log
        .read(move |log| log.with_nodes(|nodes| merkle::frontier(nodes, seen.size)))
        .await?
        .inspect_err(|error| tracing::error!(%error, "the own log cannot be read"))
        .ok()?;
    Some(own.root() == seen.root)
}
