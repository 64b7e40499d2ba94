//! This node's own log before its witnesses: the fork guard at start, and the cosignatures afterwards.
//!
//! A log that was copied back from a snapshot or backup looks whole to itself. Its witnesses know better: until one of them
//! has said where it stands, the node answers nothing, and if one stands beyond this log, or at another root, the node
//! refuses for good. Only a note that carries this log's own signature counts, so a lying witness can neither stop a
//! node nor be counted. A node without other members in its charter has nobody to ask and is exempt.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use policies::HospitalCode;
use tokio::sync::watch;

use crate::log::{Log, Reader};
use crate::net::{NetHandle, PeerKey};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::merkle::{self, Head};
use crate::proof::note::VerifierKey;
use crate::proof::submission::{Reply, Submission};

/// A question waits so long for the first witness: after a start the connections are being made.
const PATIENCE: Duration = Duration::from_secs(5);
/// A witness has so long to answer.
const DEADLINE: Duration = Duration::from_secs(10);

/// Another member as a witness of this log.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its code.
    pub hospital: HospitalCode,
    /// Its transport key.
    pub transport: PeerKey,
    /// Its witness key.
    pub witness: VerifierKey,
}

/// What the witnesses say of this log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has answered yet.
    Unconfirmed,
    /// At least one has, and none saw anything else.
    Confirmed,
    /// One saw another history.
    Contradicted {
        /// Who.
        witness: HospitalCode,
        /// What it cosigned.
        seen: Head,
        /// Entries that this log holds.
        held: u64,
    },
}

/// Why a node may not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwitnessed {
    /// No witness could be reached.
    #[error(
        "no other hospital has confirmed this node's log since it started; it answers once one of them is reached"
    )]
    NoWitness,
    /// The log is not the one that was cosigned.
    #[error(
        "{witness} cosigned this node's log at {} entries, the log here holds {held} and another history: it was restored from an \
         older copy; put the latest copy back, nothing is answered until then",
        .seen.size
    )]
    RolledBack {
        /// The witness.
        witness: HospitalCode,
        /// What it cosigned.
        seen: Head,
        /// Entries that this log holds.
        held: u64,
    },
}

impl Unwitnessed {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoWitness => "no_witness",
            Self::RolledBack { .. } => "log_rolled_back",
        }
    }
}

/// The own log and its witnesses.
#[derive(Debug)]
pub struct Own {
    peers: Vec<Peer>,
    standing: watch::Sender<Standing>,
    /// Where each witness stands.
    sizes: Mutex<BTreeMap<HospitalCode, u64>>,
}

impl Own {
    /// The witnesses of a log that nobody has confirmed yet.
    #[must_use]
    pub fn new(peers: Vec<Peer>) -> Self {
        let standing = if peers.is_empty() { Standing::Confirmed } else { Standing::Unconfirmed };
        Self { peers, standing: watch::Sender::new(standing), sizes: Mutex::default() }
    }

    /// Whether there is nobody to ask.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.peers.is_empty()
    }

    /// What the witnesses say.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Waits a little for the first witness.
    ///
    /// # Errors
    /// `Unwitnessed`: nothing may be answered.
    pub async fn confirmed(&self) -> Result<(), Unwitnessed> {
        let mut standing = self.standing.subscribe();
        let said = standing.wait_for(|standing| *standing != Standing::Unconfirmed);
        match tokio::time::timeout(PATIENCE, said).await {
            Ok(Ok(standing)) => match &*standing {
                Standing::Confirmed => Ok(()),
                Standing::Unconfirmed => Err(Unwitnessed::NoWitness),
                Standing::Contradicted { witness, seen, held } => Err(Unwitnessed::RolledBack {
                    witness: witness.clone(),
                    seen: *seen,
                    held: *held,
                }),
            },
            Ok(Err(_)) | Err(_) => Err(Unwitnessed::NoWitness),
        }
    }

    /// Asks every witness where it stands; returns what they say together.
    pub async fn confirm(&self, log: &Log, net: &NetHandle) -> Standing {
        let message = Submission::Latest { origin: log.signer().origin().clone() }.encode();
        // Each word counts as soon as it is heard: one silent witness must not hold up the others.
        let asking = self.peers.iter().map(|peer| async {
            if let Some(Reply::Stands(note)) = self.send(net, peer, message.clone()).await {
                self.stands(log, peer, note.as_deref());
            }
        });
        futures::future::join_all(asking).await;
        self.standing()
    }

    /// Offers a checkpoint to every witness and returns it with the lines of those that cosigned.
    pub async fn offer(
        &self,
        log: &Log,
        net: &NetHandle,
        checkpoint: SignedCheckpoint,
    ) -> SignedCheckpoint {
        let asking = self.peers.iter().map(|peer| self.offer_one(log, net, &checkpoint, peer));
        let replies = futures::future::join_all(asking).await;
        let mut signed = checkpoint.clone();
        for (peer, line) in self.peers.iter().zip(replies) {
            let Some(line) = line else { continue };
            match signed.add(line, &peer.witness) {
                Ok(_at) => self.remember(&peer.hospital, checkpoint.head().size),
                Err(error) => {
                    tracing::warn!(witness = %peer.hospital, %error, "not a cosignature");
                }
            }
        }
        signed
    }

    /// One witness's cosignature; where it stands elsewhere than remembered, the offer is made once more from there.
    async fn offer_one(
        &self,
        log: &Log,
        net: &NetHandle,
        checkpoint: &SignedCheckpoint,
        peer: &Peer,
    ) -> Option<crate::proof::note::SignatureLine> {
        let new = checkpoint.head().size;
        for _ in 0..2 {
            let old = self.remembered(&peer.hospital).min(new);
            let proof = log.reader().with_nodes(|nodes| merkle::consistency(nodes, old, new));
            let proof = proof
                .inspect_err(|error| tracing::error!(%error, "no proof of the own log can be made"))
                .ok()?;
            let note = checkpoint.note().to_string();
            let offer = Submission::Offer { old, path: proof.path, note };
            match self.send(net, peer, offer.encode()).await? {
                Reply::Cosigned(line) => return Some(line),
                Reply::Stands(note) => self.stands(log, peer, note.as_deref()),
                Reply::Refused { code } => {
                    tracing::warn!(witness = %peer.hospital, code, "a witness does not cosign");
                    return None;
                }
            }
        }
        None
    }

    async fn send(&self, net: &NetHandle, peer: &Peer, message: Vec<u8>) -> Option<Reply> {
        let frames = net
            .submit(peer.transport, message, DEADLINE)
            .await
            .inspect_err(|error| {
                tracing::debug!(witness = %peer.hospital, %error, "a witness is not reached");
            })
            .ok()?;
        let reply = frames.first().map(|frame| Reply::parse(frame));
        match reply {
            Some(Ok(reply)) if frames.len() == 1 => Some(reply),
            Some(_) | None => {
                tracing::warn!(witness = %peer.hospital, "not a reply of a witness");
                None
            }
        }
    }

    /// Takes over where a witness says that it stands.
    fn stands(&self, log: &Log, peer: &Peer, note: Option<&str>) {
        let heard = match note.map(|note| log.signer().open(note)).transpose() {
            Ok(signed) => judge(log.reader(), signed.as_ref(), &peer.hospital),
            Err(error) => {
                tracing::warn!(witness = %peer.hospital, %error, "a note that this log never signed");
                return;
            }
        };
        let Some(heard) = heard else { return };
        if let Some(signed) = note.and_then(|note| log.signer().open(note).ok()) {
            self.remember(&peer.hospital, signed.head().size);
        }
        self.standing.send_if_modified(|known| {
            let worse = matches!(heard, Standing::Contradicted { .. });
            let changes = worse || *known == Standing::Unconfirmed;
            // Once contradicted, nothing but another start with another log helps.
            let final_word = matches!(known, Standing::Contradicted { .. });
            if changes && !final_word {
                if worse {
                    tracing::error!(witness = %peer.hospital, "a witness cosigned another history of this log");
                }
                *known = heard;
            }
            changes && !final_word
        });
    }

    fn remembered(&self, witness: &HospitalCode) -> u64 {
        let sizes = self.sizes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sizes.get(witness).copied().unwrap_or(0)
    }

    fn remember(&self, witness: &HospitalCode, size: u64) {
        let mut sizes = self.sizes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        sizes.insert(witness.clone(), size);
    }
}

/// What a witness's last cosigned checkpoint says of the log here; nothing if the log cannot be read.
fn judge(
    log: &Reader,
    signed: Option<&SignedCheckpoint>,
    witness: &HospitalCode,
) -> Option<Standing> {
    let Some(seen) = signed.map(SignedCheckpoint::head) else { return Some(Standing::Confirmed) };
    let held = log.size();
    let contradicted = Standing::Contradicted { witness: witness.clone(), seen, held };
    if seen.size > held {
        return Some(contradicted);
    }
    let own = log
        .with_nodes(|nodes| merkle::frontier(nodes, seen.size))
        .inspect_err(|error| tracing::error!(%error, "the own log cannot be read"))
        .ok()?;
    Some(if own.root() == seen.root { Standing::Confirmed } else { contradicted })
}
