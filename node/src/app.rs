//! The daemon: build everything that may fail, then spawn what cannot.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use policies::{Digest, HospitalCode};
use tokio::sync::{mpsc, watch};

use crate::approvals::Approvals;
use crate::charters::{self, Charters};
use crate::clock::Clock;
use crate::config::Config;
use crate::consumed::Consumed;
use crate::http::HttpServer;
use crate::index::Index;
use crate::keys::ring::Ring;
use crate::keys::{Key, KeyRole, noise};
use crate::ledger::{self, Charges, Ledger};
use crate::log::checkpoint::Signer;
use crate::log::{Event, Log, Store};
use crate::nen7513::Source;
use crate::net::{Inbound, Lane, NetConfig, NetLimits, Network};
use crate::node::Node;
use crate::notices::Notices;
use crate::operator;
use crate::pause::Pause;
use crate::pool::{Pool, Setup};
use crate::rejections::Rejections;
use crate::replies::Replies;
use crate::rulebook::Rulebook;
use crate::syslog::{Forwarder, Target};
use crate::tasks::Tasks;
use crate::witness::Desk;
use crate::witness::hearsay::Hearsay;
use crate::witness::own::Own;

mod hearsay;
mod keys;
mod noticing;
mod start;
mod witnessing;

pub use start::{StartError, exposed, held, newest_charter, open_charter, open_log, own_rules};

/// Requests that wait for a handler; the network holds further ones back.
const INBOUND_QUEUE: usize = 64;
/// Members that wait to be compared charters with; who finds no room has the minute's round.
const NUDGES: usize = 64;
/// How often counts are logged and expired replies deleted.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// Running questions get this long to end when the daemon stops.
const DRAIN: Duration = Duration::from_secs(20);

/// Everything that a daemon needs, opened and bound.
#[derive(Debug)]
pub struct App {
    config: Config,
    clock: Arc<dyn Clock>,
    book: Rulebook,
    envelope_keys: Ring,
    store: Store,
    signer: Signer,
    consumed: Consumed,
    ledger: Ledger,
    charters: Charters,
    notices: Notices,
    pause: Pause,
    approvals: Approvals,
    /// What this start is to log of itself.
    at_start: Vec<Event>,
    desk: Desk,
    own: Own,
    replies: Replies,
    pool: Pool,
    network: Network,
    http: HttpServer,
    syslog: Option<Target>,
    tasks: Tasks,
}

/// A running daemon.
#[derive(Debug)]
pub struct Running {
    node: Arc<Node>,
    tasks: Tasks,
    log_tasks: Tasks,
}

impl App {
    /// Opens and binds everything; nothing runs yet but idle workers.
    ///
    /// # Errors
    /// `StartError`.
    #[expect(clippy::too_many_lines, reason = "one list of what is opened, in order")]
    pub async fn build(
        config: Config,
        program: PathBuf,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, StartError> {
        if std::env::var_os("SSLKEYLOGFILE").is_some() {
            return Err(StartError::KeyLog);
        }
        let folder = |path: &PathBuf| {
            query::snapshot::durable::create_folder(path)
                .map_err(|source| StartError::Folder { path: path.clone(), source })
        };
        folder(&config.state)?;
        folder(&config.snapshots)?;
        folder(&config.ledger_folder())?;
        let found = exposed(&config);
        if !found.is_empty() {
            return Err(StartError::Exposed(found));
        }
        let store = open_log(&config)?;
        let log = store.reader();
        let index = Index::open(&config.index(), &log)?;
        let logged = (held(&log, &index)?, index.revocations()?);
        let (charters, book) = match noticing::charters(&config, &*clock, logged) {
            Ok(opened) => opened,
            Err(error) => {
                noticing::log_rejection(store, &config, clock, &error).await;
                return Err(error);
            }
        };
        let prints = book.turn.prints(&charters.keys.log);
        let found = (&*book.datasets(), book.own_digest(), prints);
        let (notices, mut at_start) = noticing::at_start(&config, found, (&log, &index), &*clock)?;
        at_start.extend(noticing::accepted(&book.held, (&log, &index))?);
        at_start.extend(charters.unlogged(&book.held));
        let pause = Pause::open(&log, &index)?;
        let approvals = Approvals::open(&log, &index, clock.now())?;
        let log_key = Key::load(&config.keys.log, KeyRole::Log)?;
        let signer = Signer::new(&config.hospital, log_key, log.checkpoint().as_deref())?;
        let latest = log.checkpoint().and_then(|note| signer.open(&note).ok());
        let (desk, own) = witnessing::open(&config, &book, latest.as_ref())?;
        start::check_snapshots(&config, &book.datasets())?;
        let replies_folder = config.state.join("replies");
        let folder = |source| StartError::Folder { path: replies_folder.clone(), source };
        let envelope_keys = Ring::load(&config.keys.envelope, KeyRole::Envelope)?;
        let replies = Replies::open(&replies_folder, envelope_keys.all()).map_err(&folder)?;
        let charges = Charges::new(&config.ledger_folder(), envelope_keys.all());
        let charges = charges
            .map_err(|source| StartError::Folder { path: config.ledger_folder(), source })?;
        let tasks = Tasks::new();
        let noise = noise::for_daemon(&config)?;
        let ledger = Ledger::new(charges, index.heads()?, config.patients_folder(), tasks.clone());
        let ledger = ledger.with_noise(noise);
        let consumed = Consumed::new(index, replies.list().map_err(&folder)?)?;
        let http = {
            let operator = operator::token(envelope_keys.present()).map_err(StartError::Http)?;
            HttpServer::build(&config.http, operator).await.map_err(StartError::Http)?
        };
        let syslog = Target::open(&config)?;
        let transport = Ring::load(&config.keys.transport, KeyRole::Transport)?;
        let transport = transport.into_key(&book.turn.transport);
        let limits = NetLimits::default();
        let listen = config.listen.clone();
        let network =
            Network::build(NetConfig { keypair_seed: transport.seed(), listen, limits }).await?;
        let pool = Pool::start(Setup::daemon(&config, program, Arc::clone(&clock), tasks.clone()))?;
        pool.warm().await?;
        Ok(Self {
            config,
            clock,
            book,
            envelope_keys,
            store,
            signer,
            consumed,
            ledger,
            charters,
            notices,
            pause,
            approvals,
            at_start,
            desk,
            own,
            replies,
            pool,
            network,
            http,
            syslog,
            tasks,
        })
    }

    /// Starts every task. The first entry of this run is durable when it returns.
    ///
    /// # Errors
    /// `StartError::Http` when the listener cannot be handed over.
    #[expect(clippy::too_many_lines, reason = "one list of what is started, in order")]
    pub async fn spawn(self) -> Result<Running, StartError> {
        let Self {
            config,
            clock,
            book,
            envelope_keys,
            store,
            signer,
            consumed,
            ledger,
            charters,
            notices,
            pause,
            approvals,
            at_start,
            desk,
            own,
            replies,
            pool,
            network,
            http,
            syslog,
            tasks,
        } = self;
        let log_tasks = Tasks::new();
        let log = Log::start(store, signer, Arc::clone(&clock), &log_tasks)
            .map_err(StartError::LogFolder)?;
        let forwarder = syslog.map(|target| forwarder(target, &log, &config.hospital));
        let (inbound, requests) = mpsc::channel(INBOUND_QUEUE);
        let net = network.spawn(&tasks, inbound);
        let (nudges, nudged) = mpsc::channel(NUDGES);
        let node = Arc::new(Node {
            hospital: config.hospital,
            clock,
            charters,
            nudges,
            rules: watch::Sender::new(Arc::new(book)),
            envelope_keys,
            log,
            own,
            desk: Arc::new(desk),
            hearsay: Hearsay::new(),
            consumed,
            ledger,
            replies,
            rejections: Rejections::default(),
            notices,
            pause,
            approvals,
            pool,
            net,
            snapshots: config.snapshots,
            tasks: tasks.clone(),
            syslog: forwarder.as_ref().map(Forwarder::watch),
        });
        node.meet(&node.rulebook()).await;
        node.log_start(at_start).await;
        tasks.spawn("ledgers", ledger::read_all(Arc::clone(&node)));
        http.spawn(Arc::clone(&node), &tasks).map_err(StartError::Http)?;
        tasks.spawn("charter clock", charters::follow_the_clock(Arc::clone(&node)));
        tasks.spawn("charter freshness", charters::freshen::freshen(Arc::clone(&node)));
        tasks.spawn("charter spread", charters::spread::spread(Arc::clone(&node), nudged));
        tasks.spawn("requests", serve(Arc::clone(&node), requests));
        tasks.spawn("tidy", tidy(Arc::clone(&node)));
        tasks.spawn("checkpoints", witnessing::checkpoints(Arc::clone(&node)));
        if let Some(forwarder) = forwarder {
            // With the log's own tasks: it ends after the last entry of this run.
            let stop = log_tasks.shutdown();
            log_tasks.spawn_blocking("syslog", move || forwarder.run(&stop));
        }
        tasks.spawn("contradiction", witnessing::contradiction(Arc::clone(&node)));
        tasks.spawn("hearsay", hearsay::compare(Arc::clone(&node)));
        Ok(Running { node, tasks, log_tasks })
    }
}

impl Running {
    /// The node.
    #[must_use]
    pub fn node(&self) -> &Arc<Node> {
        &self.node
    }

    /// Resolves when a task panicked: the daemon must end.
    pub async fn failed(&self) -> &'static str {
        tokio::select! {
            failure = self.tasks.failed() => failure.task,
            failure = self.log_tasks.failed() => failure.task,
        }
    }

    /// Ends the daemon in order; returns the tasks that had to be cut off.
    pub async fn stop(self) -> Vec<&'static str> {
        let Self { node, tasks, log_tasks } = self;
        // 1. No new requests: the network and the local interface stop accepting.
        tasks.stop();
        // 2. Running questions end and their replies leave.
        let mut cut_off = tasks.drain(DRAIN).await;
        // 3. The log says so.
        node.log_tidy().await;
        if let Err(error) = node.log.append(Event::Stopped {}).await {
            tracing::error!(%error, "the end is not logged");
        }
        node.last_checkpoint().await;
        // 4. What is forwarded ends with that, as far as the receiver takes it.
        log_tasks.stop();
        // 5. The log closes when its last handle is gone.
        drop(node);
        cut_off.extend(log_tasks.drain(DRAIN).await);
        cut_off
    }
}

/// What forwards the log.
fn forwarder(target: Target, log: &Log, hospital: &HospitalCode) -> Forwarder {
    let source = Source { hospital: hospital.clone(), origin: log.signer().origin().to_string() };
    Forwarder::new(target, log.reader().clone(), source)
}

/// Hands every request of a member to its own task.
async fn serve(node: Arc<Node>, mut requests: mpsc::Receiver<Inbound>) {
    while let Some(Inbound { peer, lane, request, reply }) = requests.recv().await {
        let node = Arc::clone(&node);
        let tasks = node.tasks().clone();
        tasks.spawn("answer", async move {
            let Some(hospital) = node.member_of(peer) else { return };
            // One reply about charters at a time: it can be large, and a member needs no second one.
            let turn = match lane {
                Lane::Charters => node.charters.telling.begin(peer),
                Lane::Question | Lane::Witness => None,
            };
            if lane == Lane::Charters && turn.is_none() {
                return;
            }
            let frames = match lane {
                Lane::Question => node.answer(&request, &hospital).await,
                Lane::Witness => node.witness(hospital.clone(), request).await,
                Lane::Charters => node.tell_charters((peer, &hospital), &request).await,
            };
            if let Err(error) = reply.send(frames).await {
                tracing::info!(peer = %hospital, %error, "a reply did not leave; a retry gets the same bytes");
            }
        });
    }
}

/// Logs counts and deletes expired replies every minute.
async fn tidy(node: Arc<Node>) {
    let stopping = node.tasks().shutdown();
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            () = tokio::time::sleep(TIDY_EVERY) => {
                node.log_tidy().await;
                let node = Arc::clone(&node);
                let tasks = node.tasks().clone();
                // It reads what was logged since; a panic in it ends the daemon like any other.
                drop(tasks.spawn_blocking("index", move || node.catch_up()).await);
            }
        }
    }
}

impl Node {
    fn catch_up(&self) {
        if let Err(error) = self.consumed.catch_up(self.log.reader()) {
            tracing::error!(%error, "the index falls behind; the next start builds it anew");
        }
    }

    async fn log_start(&self, mut events: Vec<Event>) {
        let snapshots: BTreeMap<_, _> = self.status().snapshots;
        let (version, hospital) = (env!("CARGO_PKG_VERSION").to_owned(), self.hospital.clone());
        events.push(Event::Started { version, hospital, snapshots });
        self.log_all(events).await;
        // The first look at the clock says nothing; it is what the next is compared with.
        self.log_notices().await;
    }

    async fn log_tidy(&self) {
        let mut events = self.rejections.end_minute();
        for rejected in self.net.take_rejected() {
            let peer = rejected.peer.and_then(|peer| self.member_of(peer));
            let peer = peer.map_or_else(|| "unknown".to_owned(), |code| code.to_string());
            let (code, count) = (rejected.code.code().to_owned(), rejected.count);
            events.push(Event::Rejected { peer, code, count, first: Digest::of(b"") });
        }
        self.log_all(events).await;
        self.log_notices().await;
        for request in self.consumed.expired_replies(self.clock.now()) {
            if let Err(error) = self.replies.delete(&request) {
                tracing::warn!(%error, "an expired reply stays");
            }
        }
    }

    async fn log_all(&self, events: Vec<Event>) {
        for event in events {
            if let Err(error) = self.log.append(event).await {
                tracing::error!(%error, "an event is not logged");
            }
        }
    }
}
