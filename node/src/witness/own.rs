//! This node's own log before its witnesses: the fork guard at start, and the cosignatures afterwards.
//!
//! A log that was copied back from a snapshot or backup, or that a second instance writes to as well, looks whole to itself. Its
//! witnesses know better: the node answers nothing until one of them has cosigned a head of this very run, and if one stands
//! beyond this log, or at another root, the node refuses for good. Only a note that carries this log's own signature counts, so
//! a lying witness can neither stop a node nor be counted; at a start all that can be reached are heard, not only the first. A
//! node without other members in its charter has nobody to ask and is exempt.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use policies::HospitalCode;
use tokio::sync::{OnceCell, watch};

use crate::log::{Log, LogError, OpenError, Reader};
use crate::net::{NetHandle, PeerKey};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::merkle::{self, Consistency, ProveError};
use crate::proof::note::{SignatureLine, VerifierKey};
use crate::proof::submission::{Reply, Submission};

mod first;
mod seat;
mod standing;
mod weigh;

pub use seat::Word;
pub use standing::{Standing, Unwitnessed};

use first::first_words;
use seat::Seat;
use weigh::Weighed;

/// A question waits so long for the first witness: after a start the connections are being made.
const PATIENCE: Duration = Duration::from_secs(5);
/// A witness has so long to answer.
const DEADLINE: Duration = Duration::from_secs(10);
/// Offers of one checkpoint to one witness: as remembered, from where it stands, with the gap.
const OFFERS: usize = 3;

/// What a member is told that asks for a proof which this log cannot have.
const NO_SUCH_PROOF: &str = "proof_sizes";

/// What it is told where this log cannot be read.
const UNREADABLE: &str = "log_unreadable";

/// Another member as a witness of this log.
#[derive(Clone, Debug)]
pub struct Peer {
    /// Its code.
    pub hospital: HospitalCode,
    /// Its transport keys.
    pub transports: Vec<PeerKey>,
    /// Its witness keys.
    pub witness: Vec<VerifierKey>,
}

/// The own log and its witnesses.
#[derive(Debug)]
pub struct Own {
    peers: RwLock<Arc<[Peer]>>,
    standing: watch::Sender<Standing>,
    seats: Mutex<BTreeMap<HospitalCode, Seat>>,
    /// The latest head that this run signed, without lines of witnesses: what questions carry.
    signed: Mutex<Option<Arc<str>>>,
    /// The entry that this log's origin begins with, once it was needed.
    gap: OnceCell<Option<(u64, String)>>,
}

impl Own {
    /// The witnesses of a log that nobody has confirmed yet; `latest` is the last checkpoint on disk.
    #[must_use]
    pub fn new(peers: Vec<Peer>, latest: Option<&SignedCheckpoint>) -> Self {
        let standing = if peers.is_empty() { Standing::Confirmed } else { Standing::Unconfirmed };
        let seat = |peer: &Peer| {
            let by = |one: &SignedCheckpoint, key| matches!(one.cosigned_by(key), Ok(Some(_)));
            let signed = latest.filter(|one| peer.witness.iter().any(|key| by(one, key)));
            (peer.hospital.clone(), Seat::at(signed.map_or(0, |signed| signed.head().size)))
        };
        let seats = Mutex::new(peers.iter().map(seat).collect());
        let (signed, gap) = (Mutex::default(), OnceCell::new());
        let peers = RwLock::new(peers.into());
        Self { peers, standing: watch::Sender::new(standing), seats, signed, gap }
    }

    /// Whether there is nobody to ask.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.peers().is_empty()
    }

    /// The other members.
    #[must_use]
    pub fn peers(&self) -> Arc<[Peer]> {
        Arc::clone(&self.peers.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows a charter with other members: who has left is asked no more, who has come has cosigned nothing yet.
    pub fn set_peers(&self, peers: Vec<Peer>) {
        let mut seats = self.seats();
        seats.retain(|code, _| peers.iter().any(|peer| peer.hospital == *code));
        for peer in &peers {
            seats.entry(peer.hospital.clone()).or_insert_with(|| Seat::at(0));
        }
        drop(seats);
        *self.peers.write().unwrap_or_else(PoisonError::into_inner) = peers.into();
    }

    /// What the witnesses say.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// The last word of each witness.
    #[must_use]
    pub fn words(&self) -> BTreeMap<HospitalCode, Word> {
        self.seats().iter().map(|(code, seat)| (code.clone(), seat.word.clone())).collect()
    }

    /// The note of the latest head that this run signed, with the log's line alone.
    #[must_use]
    pub fn signed(&self) -> Option<Arc<str>> {
        self.signed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits a little for the first witness.
    ///
    /// # Errors
    /// `Unwitnessed`: nothing may be answered.
    pub async fn confirmed(&self) -> Result<(), Unwitnessed> {
        let mut standing = self.standing.subscribe();
        let said = standing.wait_for(|standing| *standing != Standing::Unconfirmed);
        match tokio::time::timeout(PATIENCE, said).await {
            Ok(Ok(standing)) => standing.allows(),
            Ok(Err(_)) | Err(_) => Err(Unwitnessed::NoWitness),
        }
    }

    /// Waits until a witness contradicts; the note that it showed.
    pub async fn contradicted(&self) -> Option<String> {
        let mut standing = self.standing.subscribe();
        let told = standing.wait_for(|one| matches!(one, Standing::Contradicted { .. })).await;
        match told.as_deref() {
            Ok(Standing::Contradicted { note, .. }) => Some(note.clone()),
            Ok(Standing::Unconfirmed | Standing::Confirmed) | Err(_) => None,
        }
    }

    /// Asks every witness where it stands, then lets them cosign the head as it is; returns what they say together. One word
    /// is enough, but whoever is about to speak is heard.
    ///
    /// # Errors
    /// `LogError` when the head cannot be signed or kept.
    pub async fn confirm(&self, log: &Log, net: &NetHandle) -> Result<Standing, LogError> {
        let message = Submission::Latest { origin: log.signer().origin().clone() }.encode();
        let message = &message;
        let peers = self.peers();
        let asking = peers.iter().map(|peer| async move {
            match self.send(net, peer, message.clone()).await? {
                Reply::Stands(note) => {
                    self.stands(log, peer, note.as_deref()).await.then_some(peer)
                }
                Reply::Refused { code } => self.ignore(peer, &code),
                Reply::Cosigned(_) | Reply::Continues(_) => self.ignore(peer, "witness_reply"),
            }
        });
        let willing = first_words(asking).await;
        if willing.is_empty() || self.standing() != Standing::Unconfirmed {
            return Ok(self.standing());
        }
        let signed = self.sign(log).await?;
        let head = &signed;
        let asking = willing
            .into_iter()
            .map(|peer| async move { Some((peer, self.offer_one(log, net, head, peer).await?)) });
        let lines = first_words(asking).await;
        let (signed, cosigned) = self.gather(signed, lines);
        // Without a cosignature it is on disk already, and this is tried again soon.
        if cosigned {
            log.keep_checkpoint(signed).await?;
        }
        self.standing.send_if_modified(|standing| {
            let first = cosigned && *standing == Standing::Unconfirmed;
            if first {
                *standing = Standing::Confirmed;
            }
            first
        });
        Ok(self.standing())
    }

    /// Signs the head of the log; questions carry it from then on.
    ///
    /// # Errors
    /// `LogError`.
    pub async fn sign(&self, log: &Log) -> Result<SignedCheckpoint, LogError> {
        let signed = log.checkpoint().await?;
        let note = signed.bare(log.signer().verifier()).note().to_string();
        *self.signed.lock().unwrap_or_else(PoisonError::into_inner) = Some(note.into());
        Ok(signed)
    }

    /// Offers a checkpoint to every witness and returns it with the lines of those that cosigned.
    pub async fn offer(
        &self,
        log: &Log,
        net: &NetHandle,
        checkpoint: SignedCheckpoint,
    ) -> SignedCheckpoint {
        let head = &checkpoint;
        let peers = self.peers();
        let asking = peers
            .iter()
            .map(|peer| async move { Some((peer, self.offer_one(log, net, head, peer).await?)) });
        let lines = futures::future::join_all(asking).await;
        self.gather(checkpoint, lines.into_iter().flatten().collect()).0
    }

    /// The checkpoint with the lines that verify, and whether there is one.
    fn gather(
        &self,
        mut signed: SignedCheckpoint,
        lines: Vec<(&Peer, SignatureLine)>,
    ) -> (SignedCheckpoint, bool) {
        let mut any = false;
        for (peer, line) in lines {
            // The line names its key; of one that names none of these, what is wrong is told by any.
            let key = peer.witness.iter().find(|key| line.claims(key));
            let Some(key) = key.or(peer.witness.first()) else { continue };
            match signed.add(line, key) {
                Ok(_at) => {
                    any = true;
                    self.seat(peer, |seat| seat.cosigned(signed.head().size));
                }
                Err(error) => {
                    tracing::warn!(witness = %peer.hospital, %error, "not a cosignature");
                    self.ignore::<()>(peer, "not_a_cosignature");
                }
            }
        }
        (signed, any)
    }

    /// One witness's cosignature; where it stands elsewhere than remembered, the offer is made once more from there.
    async fn offer_one(
        &self,
        log: &Log,
        net: &NetHandle,
        checkpoint: &SignedCheckpoint,
        peer: &Peer,
    ) -> Option<SignatureLine> {
        for _ in 0..OFFERS {
            let old = self.remembered(peer).min(checkpoint.head().size);
            let offer = self.offer_from(log, checkpoint, old).await?;
            match self.send(net, peer, offer.encode()).await? {
                Reply::Cosigned(line) => return Some(line),
                Reply::Stands(note) => {
                    if !self.stands(log, peer, note.as_deref()).await {
                        return None;
                    }
                }
                Reply::Refused { code } if code == "witness_gap" && old > 0 => {
                    self.seat(peer, |seat| seat.stands(0));
                }
                Reply::Refused { code } => return self.ignore(peer, &code),
                Reply::Continues(_) => return self.ignore(peer, "witness_reply"),
            }
        }
        None
    }

    /// The message that offers a checkpoint to a witness that stands at `old`.
    async fn offer_from(
        &self,
        log: &Log,
        checkpoint: &SignedCheckpoint,
        old: u64,
    ) -> Option<Submission> {
        let (new, note) = (checkpoint.head().size, checkpoint.note().to_string());
        if old > 0 || log.signer().origin().gaps() == 0 {
            let prove =
                move |log: &Reader| log.with_nodes(|all| merkle::consistency(all, old, new));
            let path = log.read(prove).await?.inspect_err(|error| no_proof(error)).ok()?.path;
            return Some(Submission::Offer { old, path, note });
        }
        let (index, entry) = self.gap_entry(log).await?;
        let prove = move |log: &Reader| log.with_nodes(|all| merkle::inclusion(all, index, new));
        let path = log.read(prove).await?.inspect_err(|error| no_proof(error)).ok()?.path;
        Some(Submission::Gap { index, path, entry, note })
    }

    /// The entry that this log's origin begins with; looked for once, unless the log cannot be read.
    async fn gap_entry(&self, log: &Log) -> Option<(u64, String)> {
        let find = || async {
            let origin = log.signer().origin().clone();
            let found = log.read(move |log| log.gap_of(&origin)).await.ok_or(())?;
            let found = found.map_err(|error| no_proof(&error))?;
            Ok::<_, ()>(found.and_then(|(at, entry)| Some((at, String::from_utf8(entry).ok()?))))
        };
        self.gap.get_or_try_init(find).await.ok()?.clone()
    }

    /// Sends a message to a member and reads its reply; what is none is remembered against it.
    pub async fn send(&self, net: &NetHandle, peer: &Peer, message: Vec<u8>) -> Option<Reply> {
        let key = net.reach(&peer.transports, DEADLINE).await?;
        let frames = net
            .submit(key, message, DEADLINE)
            .await
            .inspect_err(|error| {
                tracing::debug!(witness = %peer.hospital, %error, "a witness is not reached");
            })
            .ok()?;
        let reply = frames.first().map(|frame| Reply::parse(frame));
        match reply {
            Some(Ok(reply)) if frames.len() == 1 => Some(reply),
            Some(_) | None => self.ignore(peer, "not_a_reply"),
        }
    }

    /// The proof that a head of this log continues an older one.
    pub async fn continues(&self, log: &Log, old: u64, new: u64) -> Reply {
        if new > log.reader().size() {
            return refused(NO_SUCH_PROOF);
        }
        let made =
            log.read(move |log| log.with_nodes(|nodes| merkle::consistency(nodes, old, new)));
        made.await.map_or_else(|| refused(UNREADABLE), answer)
    }

    /// Takes over where a witness says that it stands; whether its word counts.
    async fn stands(&self, log: &Log, peer: &Peer, note: Option<&str>) -> bool {
        match self.weigh(log, peer, note).await {
            Weighed::Stands(size) => {
                self.seat(peer, |seat| {
                    seat.stands(size);
                    if let Word::Forgot { size, before } = seat.word {
                        tracing::warn!(witness = %peer.hospital, size, before, "a witness forgot what it had cosigned of this log");
                    }
                });
                true
            }
            Weighed::Contradicts | Weighed::Foreign | Weighed::Unread => false,
        }
    }

    /// Takes a note that a member says it cosigned, without having been asked; whether it is one of this log.
    pub async fn shown(&self, log: &Log, member: &HospitalCode, note: &str) -> bool {
        let peers = self.peers();
        let Some(peer) = peers.iter().find(|peer| peer.hospital == *member) else {
            return true;
        };
        if self.seats().get(member).is_some_and(|seat| seat.shown.as_deref() == Some(note)) {
            return true;
        }
        let weighed = self.weigh(log, peer, Some(note)).await;
        if matches!(weighed, Weighed::Stands(_)) {
            self.seat(peer, |seat| seat.shown = Some(note.to_owned()));
        }
        weighed != Weighed::Foreign
    }
}

/// What a log is told that was asked for a proof: that it has none, or that it could not read itself.
fn answer(made: Result<Consistency, ProveError<OpenError>>) -> Reply {
    match made {
        Ok(proof) => Reply::Continues(proof.path),
        Err(
            ProveError::NoSuchEntry { .. }
            | ProveError::Shrunk { .. }
            | ProveError::TooLarge { .. },
        ) => refused(NO_SUCH_PROOF),
        Err(error @ ProveError::Read(_)) => {
            no_proof(&error);
            refused(UNREADABLE)
        }
    }
}

fn refused(code: &str) -> Reply {
    Reply::Refused { code: code.to_owned() }
}

fn no_proof(error: &dyn std::fmt::Display) {
    tracing::error!(%error, "no proof of the own log can be made");
}

#[cfg(test)]
mod tests;
