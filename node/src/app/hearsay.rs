//! The daemon compares checkpoints with other witnesses, away from every question.
//!
//! One at a time, each log in its turn: a member that sends any number of checkpoints and then does not answer costs the
//! others a few waits for its answers between two of theirs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use policies::{Digest, HospitalCode};

use crate::log::Event;
use crate::node::Node;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::submission::{Reply, Submission};
use crate::proof::witness::Evidence;
use crate::witness::Overheard;
use crate::witness::hearsay::Said;
use crate::witness::own::Peer;

/// A checkpoint that a question carried is offered at the same time: mostly it is known after this.
const OFFER_COMES: Duration = Duration::from_millis(250);

/// How many times the head of each log was told: whose turn it is to hear the next one.
type Told = BTreeMap<HospitalCode, usize>;

/// Compares until the daemon stops.
pub(super) async fn compare(node: Arc<Node>) {
    let stopping = node.tasks().shutdown();
    let mut told = Told::new();
    tokio::select! {
        () = stopping.wait() => return,
        () = node.log_what_is_not() => {}
    }
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            () = node.take_up_next(&mut told) => {}
        }
    }
}

impl Node {
    async fn take_up_next(&self, told: &mut Told) {
        let (owner, said) = self.hearsay.next().await;
        match said {
            Said::InRequest { note, at } => {
                let first = Digest::of(note.as_bytes());
                match self.overhear(owner.clone(), note, Some(at)).await {
                    Overheard::Known => {}
                    Overheard::Bad => self.count_foreign(&owner, first).await,
                    Overheard::Newer(signed) => self.ask_for_proof(&owner, *signed).await,
                    Overheard::Behind(note) => self.show(&owner, note).await,
                    Overheard::Evidence(evidence) => {
                        let note = evidence.cosigned.note().to_string();
                        self.log_evidence(*evidence).await;
                        self.show(&owner, note).await;
                    }
                }
            }
            Said::Cosigned(signed) => {
                // Counted per log: what one log says must not decide who hears of another.
                let turn = told.entry(owner.clone()).or_default();
                *turn = turn.wrapping_add(1);
                let turn = *turn;
                self.tell_another(owner, *signed, turn).await;
            }
            Said::Newer(signed) => self.ask_for_proof(&owner, *signed).await,
        }
    }

    async fn overhear(
        &self,
        member: HospitalCode,
        note: String,
        at: Option<policies::UnixTime>,
    ) -> Overheard {
        let desk = Arc::clone(&self.desk);
        let judged =
            self.tasks.spawn_blocking("witness", move || desk.overhear(&member, &note, at)).await;
        // A panic in it ends the daemon.
        judged.unwrap_or(Overheard::Known)
    }

    /// Tells one other witness what was cosigned here, each in its turn, and hears what it cosigned.
    async fn tell_another(&self, owner: HospitalCode, signed: SignedCheckpoint, turn: usize) {
        let peers = self.own.peers();
        let others: Vec<&Peer> = peers.iter().filter(|peer| peer.hospital != owner).collect();
        let Some(other) = turn.checked_rem(others.len()).and_then(|turn| others.get(turn)) else {
            return;
        };
        let told = Submission::Heard { note: signed.note().to_string() }.encode();
        let Some(Reply::Stands(Some(note))) = self.own.send(&self.net, other, told).await else {
            return;
        };
        match self.overhear(owner.clone(), note, None).await {
            Overheard::Known | Overheard::Behind(_) | Overheard::Bad => {}
            Overheard::Newer(signed) => self.ask_for_proof(&owner, *signed).await,
            Overheard::Evidence(evidence) => self.log_evidence(*evidence).await,
        }
    }

    /// Shows a log what was cosigned of it.
    async fn show(&self, member: &HospitalCode, note: String) {
        let peers = self.own.peers();
        let peer = peers.iter().find(|peer| peer.hospital == *member);
        if let Some(peer) = peer {
            drop(self.own.send(&self.net, peer, Submission::Heard { note }.encode()).await);
        }
    }

    /// Asks a log to prove that a head, which it signed, continues the one that was cosigned here.
    async fn ask_for_proof(&self, owner: &HospitalCode, signed: SignedCheckpoint) {
        tokio::time::sleep(OFFER_COMES).await;
        let Some(old) = self.desk.smaller_than(owner, &signed) else { return };
        let peers = self.own.peers();
        let peer = peers.iter().find(|peer| peer.hospital == *owner);
        let Some(peer) = peer else { return };
        let wanted = Submission::Wanted { old, new: signed.head().size };
        // A log that is not reached proves nothing and disproves nothing, nor does one that fails; it is asked again with its next
        // checkpoint.
        let disproved = match self.own.send(&self.net, peer, wanted.encode()).await {
            None => return,
            Some(Reply::Continues(path)) => {
                let note = signed.note().to_string();
                let offer = Submission::Offer { old, path, note }.encode();
                self.disproved(owner.clone(), offer).await
            }
            Some(refused @ Reply::Refused { .. }) => refused.denies_proof(),
            Some(Reply::Cosigned(_) | Reply::Stands(_)) => true,
        };
        if !disproved {
            return;
        }
        let (desk, owner) = (Arc::clone(&self.desk), owner.clone());
        let keeping =
            self.tasks.spawn_blocking("witness", move || desk.not_proved(&owner, &signed));
        if let Ok(Some(evidence)) = keeping.await {
            self.log_evidence(*evidence).await;
        }
    }

    /// Whether the proof in an offer does not hold.
    async fn disproved(&self, owner: HospitalCode, offer: Vec<u8>) -> bool {
        let (desk, now) = (Arc::clone(&self.desk), self.clock.now());
        let judging =
            self.tasks.spawn_blocking("witness", move || desk.handle(&owner, &offer, now));
        let Ok(handled) = judging.await else { return false };
        if let Some(evidence) = handled.evidence {
            self.log_evidence(*evidence).await;
        }
        handled.reply.denies_proof()
    }

    /// Logs the evidence that an earlier run kept and did not come to log.
    async fn log_what_is_not(&self) {
        let desk = Arc::clone(&self.desk);
        let found = self.tasks.spawn_blocking("witness", move || desk.unlogged()).await;
        for evidence in found.unwrap_or_default() {
            self.log_evidence(evidence).await;
        }
    }

    /// Logs two heads of a log that do not go together.
    pub(super) async fn log_evidence(&self, evidence: Evidence) {
        let Evidence { kind, cosigned, offered } = &evidence;
        let origin = offered.checkpoint().origin.to_string();
        let shows = kind.code().to_owned();
        tracing::error!(log = origin, shows, "a log shows two heads that do not go together");
        let (cosigned, offered) = (cosigned.note().to_string(), offered.note().to_string());
        let event = Event::ForkEvidence { origin, shows, cosigned, offered };
        let logged = self.log.append(event).await;
        if let Err(error) = &logged {
            tracing::error!(%error, "evidence against a log is not logged");
        }
        let desk = Arc::clone(&self.desk);
        let done = move || desk.logged(&evidence, logged.is_ok());
        // A panic in it ends the daemon.
        drop(self.tasks.spawn_blocking("witness", done).await);
    }

    /// Counts a note that is not of the log that it should be of; the question goes on.
    pub(crate) async fn count_foreign(&self, member: &HospitalCode, first: Digest) {
        let event = self.rejections.count(member.as_str(), "foreign_checkpoint", first, 1);
        if let Some(event) = event
            && let Err(error) = self.log.append(event).await
        {
            tracing::error!(%error, "a rejection is not logged");
        }
    }
}
