//! The daemon as a log before its witnesses, and as a witness of others.

use std::sync::Arc;
use std::time::{Duration, Instant};

use policies::HospitalCode;
use policies::charter::Charter;

use super::StartError;
use crate::config::Config;
use crate::keys::{Key, KeyRole};
use crate::log::Event;
use crate::net::PeerKey;
use crate::node::Node;
use crate::proof::checkpoint::witness_key;
use crate::proof::witness::Evidence;
use crate::reply::Frames;
use crate::witness::own::{Own, Peer, Standing};
use crate::witness::{Desk, DeskError, Handled};

/// The head of the log is signed at least so often, also when nothing happens: silence must not look like a cut.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(9 * 60);
/// How long after an entry the head is signed: what came since the last one could be cut off unseen.
const CHECKPOINT_SOON: Duration = Duration::from_secs(5);
/// How often witnesses are asked until the first has answered.
const CONFIRM_EVERY: Duration = Duration::from_millis(500);

/// The witness of the other members' logs, and the members as witnesses of this one.
pub(super) fn open(config: &Config, charter: &Charter) -> Result<(Desk, Own), StartError> {
    let key = Key::load(&config.keys.witness, KeyRole::Witness)?;
    let others = || charter.members().filter(|member| member.code != config.hospital);
    let logs = others().map(|member| (member.code.clone(), member.keys.log)).collect();
    let desk = Desk::open(&config.state.join("witness"), &config.hospital, key, logs)?;
    let peers = others().map(|member| {
        let witness = witness_key(&member.code, &member.keys.witness).map_err(DeskError::Key)?;
        let transport = PeerKey(*member.keys.transport.as_bytes());
        Ok(Peer { hospital: member.code.clone(), transport, witness })
    });
    Ok((desk, Own::new(peers.collect::<Result<_, DeskError>>()?)))
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
    loop {
        match node.own.confirm(&node.log, &node.net).await {
            Standing::Confirmed => break,
            Standing::Unconfirmed => tokio::time::sleep(CONFIRM_EVERY).await,
            Standing::Contradicted { .. } => return,
        }
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

impl Node {
    /// Signs the head of the log and lets the witnesses cosign it; how many entries are signed.
    async fn log_checkpoint(&self) -> u64 {
        let size = self.log.reader().size();
        let kept = match self.log.checkpoint().await {
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

    /// Answers a member's message about its log.
    pub(super) async fn witness(&self, member: HospitalCode, message: Vec<u8>) -> Frames {
        let (desk, now) = (Arc::clone(&self.desk), self.clock.now());
        let judging =
            self.tasks.spawn_blocking("witness", move || desk.handle(&member, &message, now));
        // A panic in it ends the daemon; nothing is answered then.
        let Ok(Handled { reply, evidence }) = judging.await else { return Frames::new() };
        if let Some(evidence) = evidence {
            let Evidence { kind, cosigned, offered } = *evidence;
            let origin = offered.checkpoint().origin.to_string();
            let shows = kind.code().to_owned();
            tracing::error!(log = origin, shows, "a log shows two heads that do not go together");
            let (cosigned, offered) = (cosigned.note().to_string(), offered.note().to_string());
            let event = Event::ForkEvidence { origin, shows, cosigned, offered };
            if let Err(error) = self.log.append(event).await {
                tracing::error!(%error, "evidence against a log is not logged");
            }
        }
        vec![reply.encode()]
    }
}
