//! What the rest of the daemon holds of the network.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libp2p::PeerId;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::address::Address;
use super::ask::{Question, Try, retry_pause};
use super::limits::NetLimits;
use super::peers::{PeerStatus, Wanted};
use super::rejected::{Counters, Rejected};
use super::swarm::{Command, Members, Status, random};
use super::{AskError, Lane, Peer, PeerKey, PeerProblem};

/// Talks to the network's tasks. Clones talk to the same network; it ends when the last one is dropped or at shutdown.
#[derive(Clone)]
pub struct NetHandle {
    shared: Arc<Shared>,
    turns: Arc<Mutex<BTreeMap<PeerKey, Arc<Semaphore>>>>,
}

pub(super) struct Shared {
    pub(super) own: PeerKey,
    pub(super) limits: Arc<NetLimits>,
    pub(super) commands: mpsc::Sender<Command>,
    pub(super) status: watch::Receiver<Status>,
    pub(super) listening: watch::Receiver<Vec<String>>,
    pub(super) counters: Counters,
    pub(super) budget: Arc<Semaphore>,
}

impl NetHandle {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), turns: Arc::default() }
    }

    /// The public part of the node's transport key.
    #[must_use]
    pub fn own_key(&self) -> PeerKey {
        self.shared.own
    }

    /// The addresses that are listened on, with the ports that were given.
    #[must_use]
    pub fn listen_addresses(&self) -> Vec<String> {
        self.shared.listening.borrow().clone()
    }

    /// Sets who may connect and who is kept connected. Whoever is not in the list is disconnected before this returns an
    /// answer. The node's own key is left out. Entries with a bad key or address are reported; the rest is in force.
    pub async fn set_peers(&self, peers: Vec<Peer>) -> Vec<PeerProblem> {
        let mut problems = Vec::new();
        let mut members = Members::new();
        for peer in peers {
            self.read(peer, &mut members, &mut problems);
        }
        let (done, heard) = oneshot::channel();
        if self.shared.commands.send(Command::Members(members, done)).await.is_ok() {
            // An error means that the network stops; then nobody is connected either.
            let _ = heard.await;
        }
        problems
    }

    /// One member, under each of its keys.
    fn read(
        &self,
        Peer { keys, addresses }: Peer,
        members: &mut Members,
        problems: &mut Vec<PeerProblem>,
    ) {
        if keys.contains(&self.shared.own) {
            return;
        }
        let Some(first) = keys.first().copied() else { return };
        let mut known = Vec::new();
        for text in addresses {
            let read =
                Address::parse(&text).and_then(|address| address.dialable().map(|()| address));
            match read {
                Ok(address) => known.push(address),
                Err(reason) => {
                    let problem = format!("address `{text}` is left out: {reason}");
                    problems.push(PeerProblem { key: first, problem });
                }
            }
        }
        let all: Vec<PeerId> = keys.iter().filter_map(|key| key.peer_id()).collect();
        for key in keys {
            let Some(peer) = key.peer_id() else {
                let problem = "the key is no Ed25519 public key; the peer is left out".to_owned();
                problems.push(PeerProblem { key, problem });
                continue;
            };
            let others = all.iter().filter(|other| **other != peer).copied();
            let entry = members.entry(peer).or_insert_with(|| Wanted::new(key));
            entry.addresses.extend(known.iter().cloned());
            entry.others.extend(others);
        }
    }

    /// Of the keys that a member may have, the one by which it is connected; where by none yet, a connection by any is
    /// waited for, within half of the time that there is.
    pub async fn reach(&self, keys: &[PeerKey], within: Duration) -> Option<PeerKey> {
        let first = keys.first().copied()?;
        if keys.len() == 1 {
            return Some(first);
        }
        let mut status = self.shared.status.clone();
        let by = |status: &Status| {
            let connected = |key: &PeerKey| status.get(key).is_some_and(|peer| peer.connected);
            keys.iter().copied().find(connected)
        };
        let met = by(&status.borrow_and_update());
        if met.is_some() {
            return met;
        }
        for peer in keys.iter().filter_map(|key| key.peer_id()) {
            // A full channel means that the swarm's task is busy; it dials when it is due anyway.
            let _ = self.shared.commands.try_send(Command::Wanted(peer));
        }
        let wait = self.shared.limits.connect_wait.min(within / 2);
        let met = tokio::time::timeout(wait, status.wait_for(|status| by(status).is_some())).await;
        // Asking by the first one says why nobody is reached.
        met.ok().and_then(|status| by(&*status.ok()?)).or(Some(first))
    }

    /// The peers that can be asked without waiting for a connection, in the order of their keys.
    #[must_use]
    pub fn connected(&self) -> Vec<PeerKey> {
        let status = self.shared.status.borrow();
        status.values().filter(|peer| peer.connected).map(|peer| peer.key).collect()
    }

    /// What is known of each peer, in the order of their keys.
    #[must_use]
    pub fn status(&self) -> Vec<PeerStatus> {
        self.shared.status.borrow().values().cloned().collect()
    }

    /// What was rejected since the last call.
    #[must_use]
    pub fn take_rejected(&self) -> Vec<Rejected> {
        self.shared.counters.take()
    }

    /// Sends a request and returns the frames of the answer. The same bytes may be sent more than once.
    ///
    /// # Errors
    ///
    /// [`AskError`]; nothing of an incomplete answer is returned.
    pub async fn ask(
        &self,
        peer: PeerKey,
        request: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<Vec<u8>>, AskError> {
        self.exchange(Lane::Question, peer, request, deadline).await
    }

    /// Sends a message about a log to a witness and returns the frames of its reply.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn submit(
        &self,
        witness: PeerKey,
        message: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<Vec<u8>>, AskError> {
        self.exchange(Lane::Witness, witness, message, deadline).await
    }

    /// Compares charters with a member: says what is held, and returns the frames of its reply.
    ///
    /// # Errors
    ///
    /// [`AskError`].
    pub async fn compare(
        &self,
        member: PeerKey,
        message: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<Vec<u8>>, AskError> {
        self.exchange(Lane::Charters, member, message, deadline).await
    }

    async fn exchange(
        &self,
        lane: Lane,
        peer: PeerKey,
        request: Vec<u8>,
        deadline: Duration,
    ) -> Result<Vec<Vec<u8>>, AskError> {
        let limit = self.shared.limits.request_bytes;
        if request.is_empty() || request.len() > limit {
            let got = request.len();
            return Err(AskError::RequestSize { got, limit });
        }
        let Some(until) = Instant::now().checked_add(deadline) else {
            return Err(AskError::Deadline { peer, deadline });
        };
        match tokio::time::timeout_at(until, self.ask_until(lane, peer, &request, until)).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(AskError::Deadline { peer, deadline }),
        }
    }

    async fn ask_until(
        &self,
        lane: Lane,
        peer: PeerKey,
        request: &[u8],
        until: Instant,
    ) -> Result<Vec<Vec<u8>>, AskError> {
        let peer_id = peer.peer_id().ok_or(AskError::NotAPeer { peer })?;
        let half = until.saturating_duration_since(Instant::now()) / 2;
        let wait = self.shared.limits.connect_wait.min(half);
        self.connection(peer, peer_id, wait).await?;
        let turn = self.turn(peer);
        let _turn = turn.acquire().await.map_err(|_closed| AskError::Stopped)?;
        let question = Question {
            peer,
            peer_id,
            lane,
            request,
            limits: &self.shared.limits,
            commands: &self.shared.commands,
            budget: &self.shared.budget,
        };
        let mut retry = 0;
        loop {
            self.connection(peer, peer_id, wait).await?;
            let reason = match question.attempt(until).await {
                Ok(frames) => return Ok(frames),
                Err(Try::Final(error)) => return Err(error),
                Err(Try::Again(reason)) => reason,
            };
            let pause = retry_pause(retry, random()).ok_or(AskError::NoAnswer { peer, reason })?;
            tokio::time::sleep(pause).await;
            retry += 1;
        }
    }

    /// Waits for a connection to a member; a dial is brought forward.
    async fn connection(
        &self,
        peer: PeerKey,
        peer_id: PeerId,
        wait: Duration,
    ) -> Result<(), AskError> {
        let mut status = self.shared.status.clone();
        if self.shared.commands.is_closed() {
            return Err(AskError::Stopped);
        }
        let known = |status: &Status| status.get(&peer).is_none_or(|peer| peer.connected);
        if !known(&status.borrow_and_update()) {
            // A full channel means that the swarm's task is busy; it dials when it is due anyway.
            let _ = self.shared.commands.try_send(Command::Wanted(peer_id));
        }
        let outcome = tokio::time::timeout(wait, status.wait_for(known)).await;
        let member = match outcome {
            Ok(Ok(status)) => status.contains_key(&peer),
            Ok(Err(_stopped)) => return Err(AskError::Stopped),
            Err(_elapsed) => {
                let reason = self.last_error(peer);
                return Err(AskError::Unreachable { peer, reason });
            }
        };
        if member { Ok(()) } else { Err(AskError::NotAPeer { peer }) }
    }

    fn last_error(&self, peer: PeerKey) -> String {
        let status = self.shared.status.borrow();
        let error = status.get(&peer).and_then(|peer| peer.last_error.clone());
        error.unwrap_or_else(|| "no connection has been made".to_owned())
    }

    /// The queue of questions for one peer. Only members get one, and one that nobody uses is forgotten.
    fn turn(&self, peer: PeerKey) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|key, turn| *key == peer || Arc::strong_count(turn) > 1);
        let fresh = || Arc::new(Semaphore::new(self.shared.limits.asks_per_peer));
        Arc::clone(turns.entry(peer).or_insert_with(fresh))
    }
}

impl std::fmt::Debug for NetHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NetHandle").field("own", &self.shared.own).finish_non_exhaustive()
    }
}
