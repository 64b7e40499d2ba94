//! One running node: its keys, rules, log and handles to everything that it works with.
//!
//! The stages of a question are in [`crate::answer`] (as responder) and [`crate::ask`] (as asker); what they share is here.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use policies::charter::Charter;
use policies::dataset::Dataset;
use policies::{Digest, HospitalCode, NetworkId, UnixTime};
use query::pipe::frame::Message;
use query::pipe::{Job, PIPE_VERSION, Planned, Reply, Work};
use tokio::sync::{mpsc, watch};

use crate::api::{Indicators, Info, LogState, PeerState, ScopeInfo, Status};
use crate::approvals::Approvals;
use crate::ask::finish::other_job;
use crate::charters::Charters;
use crate::clock::Clock;
use crate::consumed::Consumed;
use crate::keys::ring::Ring;
use crate::ledger::Ledger;
use crate::log::Log;
use crate::net::{NetHandle, PeerKey};
use crate::notices::Notices;
use crate::pause::Pause;
use crate::pool::{Lease, Pool};
use crate::refused::Refused;
use crate::rejections::Rejections;
use crate::replies::Replies;
use crate::reply::Signer;
use crate::rulebook::{Fault, Rulebook};
use crate::tasks::Tasks;
use crate::witness::Desk;
use crate::witness::hearsay::Hearsay;
use crate::witness::own::Own;

/// A running node.
#[derive(Debug)]
pub struct Node {
    pub(crate) hospital: HospitalCode,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) charters: Charters,
    /// Members to compare charters with soon.
    pub(crate) nudges: mpsc::Sender<PeerKey>,
    pub(crate) rules: watch::Sender<Arc<Rulebook>>,
    pub(crate) envelope_keys: Ring,
    pub(crate) log: Log,
    pub(crate) own: Own,
    pub(crate) desk: Arc<Desk>,
    pub(crate) hearsay: Hearsay,
    pub(crate) consumed: Consumed,
    pub(crate) ledger: Ledger,
    pub(crate) replies: Replies,
    pub(crate) rejections: Rejections,
    pub(crate) notices: Notices,
    pub(crate) pause: Pause,
    pub(crate) approvals: Approvals,
    pub(crate) pool: Pool,
    pub(crate) net: NetHandle,
    pub(crate) snapshots: PathBuf,
    pub(crate) tasks: Tasks,
    pub(crate) syslog: Option<crate::syslog::Watch>,
}

/// A sealed snapshot on disk.
#[derive(Clone, Debug)]
pub(crate) struct SnapshotRef {
    pub(crate) id: Digest,
    pub(crate) folder: PathBuf,
}

impl Node {
    /// The tasks of the daemon.
    #[must_use]
    pub fn tasks(&self) -> &Tasks {
        &self.tasks
    }

    /// What it decides by now; a question keeps what it began with.
    pub(crate) fn rulebook(&self) -> Arc<Rulebook> {
        Arc::clone(&self.rules.borrow())
    }

    /// The same of the network that is asked in. Of one that nobody knows here, the root's: it is refused by that.
    pub(crate) fn book_in(&self, network: &NetworkId) -> Result<Arc<Rulebook>, Refused> {
        let root = self.rulebook();
        match root.scope(network) {
            Some(book) => Ok(book),
            None if root.held.tree.line(network).is_some() => {
                Err(Refused::Charter(Fault::NoVersion))
            }
            None => Ok(root),
        }
    }

    /// The member whose connections this key authenticates, unless its node is revoked.
    pub(crate) fn member_of(&self, peer: PeerKey) -> Option<HospitalCode> {
        let key = policies::dsse::PublicKey::from_bytes(&peer.0).ok()?;
        let book = self.rulebook();
        let now = self.clock.now();
        let member = book.charter.member_by_transport(&key, now)?;
        let revoked = &book.revoked;
        let revoked =
            revoked.member(&member.code, &member.keys, now) || revoked.node_key(&member.code, &key);
        (!revoked).then(|| member.code.clone())
    }

    pub(crate) fn signer(&self) -> Signer<'_> {
        let key = self.envelope_keys.of(&self.rulebook().turn.envelope);
        Signer { hospital: &self.hospital, key }
    }

    /// The current snapshot of the dataset.
    pub(crate) fn snapshot(&self, dataset: &Dataset) -> Result<SnapshotRef, Refused> {
        let none = || Refused::NoSnapshot(dataset.id.clone());
        let folder = query::snapshot::current(&self.snapshots, &dataset.id, dataset.version)
            .inspect_err(
                |error| tracing::error!(%error, dataset = %dataset.id, "no usable snapshot"),
            )
            .ok()
            .flatten()
            .ok_or_else(none)?;
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let id = Digest::try_from(name.to_owned()).map_err(|_not_sealed_here| none())?;
        Ok(SnapshotRef { id, folder })
    }

    /// Lets a worker split the text of a question that was asked at this moment.
    pub(crate) async fn plan(
        &self,
        (book, lease): (&Rulebook, &mut Lease),
        (dataset, sql): (&str, &str),
        asked_at: UnixTime,
    ) -> Result<Planned, Refused> {
        let head = job(&book.charter, (dataset, sql), asked_at, Work::Plan);
        let reply = self.work(lease, head, Vec::new()).await?;
        match reply.head {
            Reply::Planned(planned) => Ok(planned),
            Reply::Failed(failure) => Err(Refused::Text(failure)),
            Reply::Executed { .. } | Reply::Finished(_) => Err(Refused::Text(other_job())),
        }
    }

    /// Runs one job; a lost worker is logged.
    pub(crate) async fn work(
        &self,
        lease: &mut Lease,
        head: Job,
        blobs: Vec<Vec<u8>>,
    ) -> Result<Message<Reply>, Refused> {
        match lease.run(Message { head, blobs }).await {
            Ok(reply) => Ok(reply),
            Err(error) => {
                if error.lost_a_worker() {
                    let reason = error.code().to_owned();
                    tracing::warn!(%error, "a worker was lost");
                    self.log.append(crate::log::Event::WorkerLost { reason }).await?;
                }
                Err(error.into())
            }
        }
    }

    /// What a client needs to compose a question.
    #[must_use]
    pub fn info(&self) -> Info {
        let book = self.rulebook();
        let charter = &book.charter;
        Info {
            hospital: self.hospital.clone(),
            network: charter.network().clone(),
            layer: book.layer.clone(),
            scopes: book.all().map(|book| (book.charter.network().clone(), scope(book))).collect(),
            now: self.clock.now(),
        }
    }

    /// The indicators of a network, the root's where none is named, for a client to make questions of.
    #[must_use]
    pub fn indicators(&self, network: Option<&NetworkId>) -> Indicators {
        let root = self.rulebook();
        let named = network.and_then(|network| root.scope(network));
        let book = named.unwrap_or(root);
        let texts = book.charter.indicator_texts();
        Indicators { files: texts.map(|(id, text)| (id.clone(), text.to_owned())).collect() }
    }

    /// What the node is doing.
    #[must_use]
    pub fn status(&self) -> Status {
        let book = self.rulebook();
        let charter = &book.charter;
        let peers = self.net.status();
        let state = |keys: &[PeerKey]| {
            let mut found = peers.iter().filter(|peer| keys.contains(&peer.key));
            let connected = found.clone().any(|peer| peer.connected);
            let last_error = found.find_map(|peer| peer.last_error.clone());
            // Of a member that is connected by one key, the others are dialled in vain.
            PeerState { connected, last_error: last_error.filter(|_| !connected) }
        };
        let others = charter.members().filter(|member| member.code != self.hospital);
        let peers =
            others.map(|member| (member.code.clone(), state(&book.transports(member)))).collect();
        let snapshots: BTreeMap<_, _> = book
            .datasets()
            .into_iter()
            .filter_map(|dataset| Some((dataset.id.clone(), self.snapshot(dataset).ok()?.id)))
            .collect();
        let memory = |dataset: &Dataset| {
            let snapshot = self.snapshot(dataset).ok()?;
            let lineage = self.ledger.lineage(&dataset.id, &snapshot.folder)?;
            Some((dataset.id.clone(), self.ledger.state(&lineage)?))
        };
        let memories = book.datasets().into_iter().filter_map(memory).collect();
        Status {
            hospital: self.hospital.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            layer: book.layer.clone(),
            valid_until: charter.valid_until(),
            listen: self.net.listen_addresses(),
            snapshots,
            memories,
            peers,
            log: self.log_state(),
            paused: self.pause.state(),
            idle_workers: self.pool.idle_pids(),
            worker_notes: self.pool.notes(),
            pid: std::process::id(),
            syslog: self.syslog.as_ref().map(|watch| watch.state(self.log.reader().size())),
        }
    }
}

impl Node {
    fn log_state(&self) -> LogState {
        let standing = self.own.standing();
        let reason = standing.allows().err().map(|error| error.to_string());
        let words = self.own.words().into_iter();
        LogState {
            origin: self.log.signer().origin().to_string(),
            entries: self.log.reader().size(),
            standing: standing.code().to_owned(),
            reason,
            witnesses: words.map(|(code, word)| (code, word.to_string())).collect(),
        }
    }
}

/// What a client needs to compose a question in a network.
fn scope(book: &Rulebook) -> ScopeInfo {
    let charter = &book.charter;
    ScopeInfo {
        title: charter.title().clone(),
        layer: book.layer.clone(),
        members: charter.members().map(|m| (m.code.clone(), m.name.clone())).collect(),
        datasets: charter.datasets().map(|d| (d.id.clone(), d.title.clone())).collect(),
    }
}

/// A job over a dataset and a text. Asker and responders must see the same networks, so they take those of the moment that
/// the signed question names; the lease says for whom it is.
pub(crate) fn job(
    charter: &Charter,
    (dataset, sql): (&str, &str),
    asked_at: UnixTime,
    work: Work,
) -> Job {
    let (dataset, sql) = (dataset.to_owned(), sql.to_owned());
    let networks = charter.networks_at(asked_at);
    Job { version: PIPE_VERSION, whom: None, dataset, sql, networks, work }
}
