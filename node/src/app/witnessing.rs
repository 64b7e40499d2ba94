//! The daemon as a log before its witnesses, and as a witness of others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use policies::HospitalCode;

use super::StartError;
use crate::config::Config;
use crate::keys::KeyRole;
use crate::keys::ring::Ring;
use crate::log::Event;
use crate::log::gap::ROLLED_BACK;
use crate::node::Node;
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::submission::{Reply, Submission};
use crate::reply::Frames;
use crate::rulebook::Rulebook;
use crate::witness::hearsay::Said;
use crate::witness::own::{Own, Standing};
use crate::witness::{Desk, DeskError, Handled};

/// The head of the log is signed at least so often, also when nothing happens: silence must not look like a cut.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(9 * 60);
/// How long after an entry the head is signed: what came since the last one could be cut off unseen.
const CHECKPOINT_SOON: Duration = Duration::from_secs(5);
/// How often witnesses are asked until the first has answered.
const CONFIRM_EVERY: Duration = Duration::from_millis(500);

/// The witness of the other members' logs, and the members as witnesses of this one.
pub(super) fn open(
    config: &Config,
    book: &Rulebook,
    latest: Option<&SignedCheckpoint>,
) -> Result<(Desk, Own), StartError> {
    let key = Ring::load(&config.keys.witness, KeyRole::Witness)?.into_key(&book.turn.witness);
    let others = || book.charter.members().filter(|member| member.code != config.hospital);
    let logs = others().map(|member| (member.code.clone(), member.keys.log)).collect();
    let desk = Desk::open(&config.state.join("witness"), &config.hospital, key, logs)?;
    let peers = others().map(|member| book.witness(member));
    Ok((desk, Own::new(peers.collect::<Result<_, DeskError>>()?, latest)))
}

/// Asks the witnesses, then signs the head of the log now and then: what is signed cannot be taken away unseen.
pub(super) async fn checkpoints(node: Arc<Node>) {
    let stopping = node.tasks().shutdown();
    tokio::select! {
        () = stopping.wait() => {}
        () = witnessed(&node) => {}
    }
}

/// Ends only when a witness contradicts: nothing more is signed for a log that others know otherwise.
async fn witnessed(node: &Node) {
    while !node.own.is_alone() {
        match node.own.confirm(&node.log, &node.net).await {
            Ok(Standing::Confirmed) => break,
            Ok(Standing::Unconfirmed) => {}
            Ok(Standing::Contradicted { .. }) => return,
            Err(error) => tracing::error!(%error, "no checkpoint of the log"),
        }
        tokio::time::sleep(CONFIRM_EVERY).await;
    }
    loop {
        let (signed, since) = (node.log_checkpoint().await, Instant::now());
        while node.log.reader().size() == signed && since.elapsed() < CHECKPOINT_EVERY {
            tokio::time::sleep(CHECKPOINT_SOON).await;
        }
        if let Standing::Contradicted { .. } = node.own.standing() {
            return;
        }
    }
}

/// Logs the note that shows another history of this log, once.
pub(super) async fn contradiction(node: Arc<Node>) {
    let stopping = node.tasks().shutdown();
    let told = tokio::select! {
        () = stopping.wait() => return,
        told = node.own.contradicted() => told,
    };
    let Some(cosigned) = told else { return };
    let origin = node.log.signer().origin().to_string();
    let latest = node.log.latest_checkpoint();
    let offered = latest.map_or_else(String::new, |latest| latest.note().to_string());
    let event = Event::ForkEvidence { origin, shows: ROLLED_BACK.to_owned(), cosigned, offered };
    if let Err(error) = node.log.append(event).await {
        tracing::error!(%error, "evidence against the own log is not logged");
    }
}

impl Node {
    /// Signs the head of the log and lets the witnesses cosign it; how many entries are signed.
    async fn log_checkpoint(&self) -> u64 {
        let size = self.log.reader().size();
        let kept = match self.own.sign(&self.log).await {
            Ok(signed) => {
                let signed = self.own.offer(&self.log, &self.net, signed).await;
                self.log.keep_checkpoint(signed).await
            }
            Err(error) => Err(error),
        };
        match kept {
            Ok(signed) => signed.head().size,
            Err(error) => {
                tracing::error!(%error, "no checkpoint of the log");
                size
            }
        }
    }

    /// Signs the head of the log at the end, where there are no witnesses to sign with: the last cosigned head says more
    /// than a later one of this node alone.
    pub(super) async fn last_checkpoint(&self) {
        if !self.own.is_alone() {
            return;
        }
        if let Err(error) = self.log.checkpoint().await {
            tracing::error!(%error, "no checkpoint of the log");
        }
    }

    /// Answers a member's message about a log: this one, its own, or another that it witnesses.
    pub(super) async fn witness(&self, member: HospitalCode, message: Vec<u8>) -> Frames {
        match Submission::parse(&message) {
            Ok(Submission::Wanted { old, new }) => {
                return vec![self.own.continues(&self.log, old, new).await.encode()];
            }
            Ok(Submission::Heard { note }) if self.log.signer().open_any(&note).is_ok() => {
                self.own.shown(&self.log, &member, &note).await;
                let signed = self.own.signed().map(|note| note.to_string());
                return vec![Reply::Stands(signed).encode()];
            }
            Ok(_) | Err(_) => {}
        }
        let (desk, now) = (Arc::clone(&self.desk), self.clock.now());
        let judging =
            self.tasks.spawn_blocking("witness", move || desk.handle(&member, &message, now));
        // A panic in it ends the daemon; nothing is answered then.
        let Ok(Handled { reply, evidence, heard }) = judging.await else { return Frames::new() };
        if let Some(evidence) = evidence {
            self.log_evidence(*evidence).await;
        }
        if let Some(signed) = heard
            && let Some(owner) = self.desk.owner_of(&signed.checkpoint().origin)
        {
            let cosigned = matches!(reply, Reply::Cosigned(_));
            let said = if cosigned { Said::Cosigned(signed) } else { Said::Newer(signed) };
            self.hearsay.say(&owner, said);
        }
        vec![reply.encode()]
    }
}
