//! The task that owns the swarm.
//!
//! It does what the table of members says: dial, take note, close. Commands come over a bounded channel, what it knows goes out
//! through watches. Nothing here waits for a peer, and nothing is written to a stream here.

mod events;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{Multiaddr, PeerId, Swarm, ping};
use libp2p_allow_block_list::AllowedPeers;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::PeerKey;
use super::address;
use super::limits::NetLimits;
use super::peers::{self, PeerStatus, Table};
use super::rejected::Counters;
use super::streams::Wanted;
use crate::tasks::{Shutdown, Tasks};

/// A written answer may still be on its way, and closing a QUIC connection throws away what has not arrived: this is a round
/// trip across a country and the 1 MiB that a stream may have under way.
const LINGER: Duration = Duration::from_millis(250);
/// Closing every connection in good order at the end may take this long.
const CLOSING: Duration = Duration::from_millis(500);

/// The order matters: the gate counts before and after each handshake, then strangers are turned away before any later part allots something to them.
#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
pub(super) struct Behaviour {
    pub(super) gate: super::gate::Behaviour,
    pub(super) members: libp2p_allow_block_list::Behaviour<AllowedPeers>,
    pub(super) limits: libp2p_connection_limits::Behaviour,
    pub(super) ping: ping::Behaviour,
    pub(super) streams: super::streams::Behaviour,
}

/// What is known of each member, by key.
pub(super) type Status = Arc<BTreeMap<PeerKey, PeerStatus>>;

/// Members and where to find them.
pub(super) type Members = BTreeMap<PeerId, peers::Wanted>;

/// What handles ask of the task.
pub(super) enum Command {
    /// These are the members from now on; answered once nobody else is allowed in.
    Members(Members, oneshot::Sender<()>),
    /// Somebody has a question for this one.
    Wanted(PeerId),
    /// Open a stream to this one.
    Open(PeerId, Wanted),
}

/// The swarm with everything that its task needs.
pub(super) struct Driver {
    pub(super) swarm: Swarm<Behaviour>,
    pub(super) table: Table,
    pub(super) limits: Arc<NetLimits>,
    pub(super) counters: Counters,
    pub(super) slots: Arc<Semaphore>,
    pub(super) commands: mpsc::Receiver<Command>,
    pub(super) status: watch::Sender<Status>,
    pub(super) listening: watch::Sender<Vec<String>>,
    pub(super) tasks: Tasks,
}

type Resolved = (PeerId, Result<Vec<Multiaddr>, String>);

impl Driver {
    pub(super) async fn run(mut self) {
        let shutdown = self.tasks.shutdown();
        self.serve(&shutdown).await;
        self.finish().await;
    }

    async fn serve(&mut self, shutdown: &Shutdown) {
        // One place for each dial under way, so that sending never waits.
        let (resolved, mut lookups) = mpsc::channel::<Resolved>(self.limits.dials.max(1));
        loop {
            let wake = self.table.wake();
            tokio::select! {
                biased;
                () = shutdown.wait() => return,
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command),
                    // Every handle is gone: nobody can set members or ask.
                    None => return,
                },
                Some((peer, addresses)) = lookups.recv() => self.dial(peer, addresses),
                event = self.swarm.select_next_some() => self.note(event),
                () = sleep_until(wake) => self.look_up(&resolved),
            }
            if self.table.take_changed() {
                self.publish();
            }
        }
    }

    /// Answers under way are finished, then the connections are closed so that the other side knows at once.
    async fn finish(mut self) {
        // Questions that wait for the task end here.
        self.commands.close();
        let all = u32::try_from(self.limits.inbound_streams).unwrap_or(u32::MAX);
        let slots = Arc::clone(&self.slots);
        let idle = tokio::time::timeout(self.limits.grace, slots.acquire_many(all));
        tokio::pin!(idle);
        loop {
            tokio::select! {
                biased;
                _ = &mut idle => break,
                event = self.swarm.select_next_some() => self.note(event),
            }
        }
        self.run_down(LINGER).await;
        let peers: Vec<PeerId> = self.swarm.connected_peers().copied().collect();
        for peer in peers {
            // An error means that it is not connected any more.
            let _ = self.swarm.disconnect_peer_id(peer);
        }
        self.run_down(CLOSING).await;
    }

    /// Drives the swarm until nobody is connected, and no longer than `patience`.
    async fn run_down(&mut self, patience: Duration) {
        let connected = async {
            while self.swarm.network_info().num_peers() > 0 {
                self.swarm.select_next_some().await;
            }
        };
        // Running out of patience is as good an end.
        let _ = tokio::time::timeout(patience, connected).await;
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Members(wanted, done) => {
                let allowed: Vec<PeerId> = wanted.keys().copied().collect();
                let gone = self.table.set(wanted, Instant::now());
                let members = &mut self.swarm.behaviour_mut().members;
                for peer in gone {
                    members.disallow_peer(peer);
                }
                for peer in allowed {
                    members.allow_peer(peer);
                }
                self.publish();
                // An error means that the caller does not wait.
                let _ = done.send(());
            }
            Command::Wanted(peer) => self.table.wanted(&peer, Instant::now()),
            Command::Open(peer, wanted) => {
                self.swarm.behaviour_mut().streams.open(peer, wanted);
            }
        }
    }

    fn look_up(&mut self, resolved: &mpsc::Sender<Resolved>) {
        for (peer, addresses) in self.table.due(Instant::now()) {
            let resolved = resolved.clone();
            drop(self.tasks.spawn("net-lookup", async move {
                let found = address::resolve(&addresses).await;
                // An error means that the swarm's task has ended.
                let _ = resolved.send((peer, found)).await;
            }));
        }
    }

    fn dial(&mut self, peer: PeerId, addresses: Result<Vec<Multiaddr>, String>) {
        if self.swarm.is_connected(&peer) {
            return self.dialled(&peer, Ok(()));
        }
        let started = addresses.and_then(|addresses| {
            // A port of its own: a socket bound to the listening port would get in the way of a restart.
            let options = DialOpts::peer_id(peer).addresses(addresses).allocate_new_port().build();
            self.swarm.dial(options).map_err(|error| error.to_string())
        });
        if let Err(problem) = started {
            self.dialled(&peer, Err(&problem));
        }
    }

    fn dialled(&mut self, peer: &PeerId, result: Result<(), &str>) {
        self.table.dialled(peer, result, Instant::now(), random());
    }

    fn publish(&self) {
        let status = self.table.status();
        self.status.send_if_modified(|known| {
            let changed = **known != status;
            if changed {
                *known = Arc::new(status);
            }
            changed
        });
    }
}

pub(super) fn add(listening: &watch::Sender<Vec<String>>, address: &Multiaddr) {
    let address = address.to_string();
    listening.send_if_modified(|known| {
        let fresh = !known.contains(&address);
        if fresh {
            known.push(address);
        }
        fresh
    });
}

async fn sleep_until(wake: Option<Instant>) {
    match wake {
        Some(wake) => tokio::time::sleep_until(wake.into()).await,
        None => std::future::pending().await,
    }
}

/// For jitter only: without randomness the pauses are the shortest ones.
pub(super) fn random() -> u32 {
    getrandom::u32().unwrap_or(0)
}
