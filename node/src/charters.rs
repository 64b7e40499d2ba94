//! The charters that a node follows: kept on disk, taken from whoever brings them, and told to other members.
//!
//! A bundle or statement proves itself by its signatures, so it does not matter who brings it: a board member over the local
//! interface, or a peer. Each is checked completely, then stored, then logged, and only then followed; whatever interrupts this leaves the
//! charter that held in force. One change is made at a time. What the node decides by is replaced as a whole ([`Rulebook`]),
//! so a question sees one state of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use policies::chain::ChainError;
use policies::dsse::EnvelopeError;
use policies::statement::{self, Fresh, Freshness, Revocation, Revoked, StatementError};
use policies::wire::LayerRef;
use policies::{Digest, HospitalCode, UnixTime};
use tokio::sync::Mutex;

use crate::keys::Key;
use crate::log::{Event, LogError};
use crate::node::Node;
use crate::rulebook::{Fault, Rulebook};

mod books;
pub mod folder;
pub mod freshen;
mod held;
mod history;
pub(crate) mod logged;
pub mod message;
pub mod open;
mod own;
mod refusals;
pub mod spread;
pub mod turns;

#[cfg(test)]
mod tests;

use folder::{Folder, FolderError};
pub use held::Held;
pub(crate) use held::revoked_in;
use message::Vouched;
use refusals::Refusals;
use turns::NodeKeys;

/// How often it is looked whether another version has begun, or a notice is over.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What takes charters in, one at a time.
#[derive(Debug)]
pub struct Charters {
    folder: Folder,
    hospital: HospitalCode,
    /// The keys that this node has.
    pub(crate) keys: NodeKeys,
    /// File name and text of the hospital's own rules, where it has any.
    own: Option<(String, String)>,
    /// The key of this hospital that vouches for charters.
    freshness: Option<Key>,
    /// The revocations that the log named at the start.
    logged: BTreeSet<Digest>,
    /// Held while something is taken in.
    turn: Mutex<Refusals>,
    /// Members whose charters are being compared with this node's.
    pub(crate) talking: spread::Busy,
    /// Members that are being told something: a bundle is large.
    pub(crate) telling: spread::Busy,
    /// Whether all charters of another member were compared with this node's since it started, and there was nothing to get.
    compared: AtomicBool,
}

/// Why a bundle or statement is not taken in.
#[derive(Debug, thiserror::Error)]
pub enum TakeError {
    /// The bundle.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// The statement.
    #[error(transparent)]
    Statement(#[from] StatementError),
    /// It cannot be stored.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It cannot be logged.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The node stops.
    #[error("the node is stopping")]
    Stopping,
}

impl TakeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Chain(error) => error.code(),
            Self::Statement(error) => error.code(),
            Self::Folder(error) => error.code(),
            Self::Log(_) => "no_log",
            Self::Stopping => "stopping",
        }
    }
}

/// A statement of one of both kinds.
#[derive(Debug)]
enum Word {
    Fresh(Box<Fresh>),
    Revoked(Box<Revoked>),
}

impl Charters {
    /// Whoever takes charters in for this hospital; `own` is the text of its own rules with the name of its file, `logged` the
    /// revocations that its log names.
    #[must_use]
    pub fn new(
        folder: Folder,
        (hospital, keys): (HospitalCode, NodeKeys),
        own: Option<(String, String)>,
        freshness: Option<Key>,
        logged: BTreeSet<Digest>,
    ) -> Self {
        Self {
            folder,
            hospital,
            keys,
            own,
            freshness,
            logged,
            turn: Mutex::default(),
            talking: spread::Busy::default(),
            telling: spread::Busy::default(),
            compared: AtomicBool::new(false),
        }
    }
}

impl Node {
    /// Takes a bundle in, from a board member or from a peer, and follows it; the version that is the newest then.
    ///
    /// A fork, which proves itself by the board's signatures, is logged; all else that is refused is counted, whoever brings
    /// it: it may be brought as often as anybody likes.
    ///
    /// # Errors
    /// `TakeError`: the charter that held is in force as before.
    pub async fn take_charter(
        &self,
        bytes: Vec<u8>,
        from: Option<&HospitalCode>,
    ) -> Result<LayerRef, TakeError> {
        let mut turn = self.charters.turn.lock().await;
        let taken = self.take_bundle(&bytes).await;
        let Err(error) = &taken else { return taken };
        match (error, from) {
            (TakeError::Chain(ChainError::Held { .. }), _) => {}
            (TakeError::Chain(ChainError::Fork { .. }), _) => {
                if turn.note_signed(&bytes) {
                    let (bundle, code) = (Digest::of(&bytes), error.code().to_owned());
                    tracing::warn!(%error, bundle = %bundle.short(), "a charter is refused");
                    self.log.append(Event::CharterRejected { bundle, code }).await?;
                }
            }
            (_, from) => {
                self.count_rejected(from.unwrap_or(&self.hospital), &bytes, error.code()).await;
            }
        }
        taken
    }

    async fn take_bundle(&self, bytes: &[u8]) -> Result<LayerRef, TakeError> {
        let held = self.held();
        let (checked, now) = (Arc::clone(&held), self.clock.now());
        let (folder, bundle) = (self.charters.folder.clone(), bytes.to_vec());
        let stored = self.tasks.spawn_blocking("charter", move || {
            let tree = &checked.tree;
            let next = tree.check(&bundle, &|network| checked.revoked_in(network))?;
            let shelf = folder.of(tree, &next.layer().network);
            shelf.store((next.layer(), next.bytes()), now)?;
            Ok::<_, TakeError>(next)
        });
        let next = stored.await.map_err(|_stopping| TakeError::Stopping)??;
        let layer = next.layer().clone();
        let event = Event::CharterAccepted { layer: layer.clone(), since: Some(now) };
        self.log.append(event).await?;
        let mut held = Held::clone(&held);
        held.tree.accept(next, now)?;
        held.tree.forget(now);
        tracing::info!(network = %layer.network, version = layer.version, "a new version of the charter is accepted");
        self.follow(Arc::new(held)).await;
        Ok(layer)
    }

    /// Takes a statement in: that the newest is the newest, or that a key is revoked. Whether it was news.
    ///
    /// # Errors
    /// `TakeError`.
    pub async fn take_statement(
        &self,
        bytes: &[u8],
        from: Option<&HospitalCode>,
    ) -> Result<bool, TakeError> {
        let _turn = self.charters.turn.lock().await;
        let held = self.held();
        let now = self.clock.now();
        let verified = self.verified(&held, bytes, now);
        match verified {
            Ok(Word::Fresh(fresh)) => self.freshened(&held, *fresh).await,
            Ok(Word::Revoked(revoked)) => self.revoked(&held, *revoked).await,
            Err(error) => {
                let from = from.unwrap_or(&self.hospital);
                self.count_rejected(from, bytes, error.code()).await;
                Err(error.into())
            }
        }
    }

    /// A statement about a network that is held, verified by what is known of it.
    fn verified(&self, held: &Held, bytes: &[u8], now: UnixTime) -> Result<Word, StatementError> {
        let network = statement::network_of(bytes)?;
        let line = held.tree.line(&network).ok_or_else(|| {
            let expected = held.tree.network().clone();
            StatementError::OtherNetwork { expected, got: network.clone() }
        })?;
        let revoked = held.revoked_in(&network);
        match Freshness::verify(bytes, line, &revoked, now) {
            // Of a network below, the charter does not say which keys its hospital's node has.
            Ok(fresh) if !held.counts(&fresh, now) => {
                Err(StatementError::RevokedKey { key: fresh.key().to_string() })
            }
            Ok(fresh) => Ok(Word::Fresh(Box::new(fresh))),
            // Of another type; a bad signature of this one is told as such.
            Err(StatementError::Envelope(EnvelopeError::WrongType { .. })) => {
                Revocation::verify(bytes, line, &revoked, now)
                    .map(|revoked| Word::Revoked(Box::new(revoked)))
            }
            Err(error) => Err(error),
        }
    }

    async fn freshened(&self, held: &Held, fresh: Fresh) -> Result<bool, TakeError> {
        let now = self.clock.now();
        let network = fresh.layer().network.clone();
        let mut said = held.said(&network).cloned().unwrap_or_default();
        let known = held.fresh(&network, now).cloned();
        let best = match known {
            // One word is enough for a while: whoever signs a longer one every second tells nothing.
            Some(known) if !Vouched::from(&fresh).is_news(&Vouched::from(&known)) => {
                return Ok(false);
            }
            Some(known) => known.newer(fresh),
            None => fresh,
        };
        if said.fresh.as_ref() == Some(&best) {
            return Ok(false);
        }
        self.charters.folder.of(&held.tree, &network).freshen(&best)?;
        said.fresh = Some(best);
        let mut held = held.clone();
        held.said.insert(network, said);
        self.follow(Arc::new(held)).await;
        Ok(true)
    }

    async fn revoked(&self, held: &Held, revoked: Revoked) -> Result<bool, TakeError> {
        let mut held = held.clone();
        let network = revoked.network().clone();
        let said = held.said.entry(network.clone()).or_default();
        if !said.revoked.insert(revoked.clone())? {
            return Ok(false);
        }
        self.charters.folder.of(&held.tree, &network).revoke(&revoked)?;
        self.log.append(logged::event(&revoked)).await?;
        tracing::warn!(subject = %revoked.what(), "a key is revoked");
        self.follow(Arc::new(held)).await;
        Ok(true)
    }

    /// What was accepted.
    pub(crate) fn held(&self) -> Arc<Held> {
        Arc::clone(&self.rulebook().held)
    }

    /// Decides by this from now on. Where no version holds, nothing is answered.
    async fn follow(&self, held: Arc<Held>) {
        let before = self.rulebook();
        let now = self.clock.now();
        let next = match self.charters.rulebook(Arc::clone(&held), now, Some(&before.turn)) {
            Ok(next) => next,
            Err(error) => {
                tracing::error!(%error, "no version of the charter holds: nothing is answered");
                before.ended(held)
            }
        };
        let moved = next.layer != before.layer
            || next.revoked.digest() != before.revoked.digest()
            || before.keys_turn(next.at);
        if next.state != before.state {
            tracing::info!(version = next.layer.version, "other versions of the charters hold");
        }
        let next = Arc::new(next);
        self.rules.send_replace(Arc::clone(&next));
        self.say_turn(&before.turn, &next.turn).await;
        if moved {
            self.meet(&next).await;
        }
    }

    /// Talks to the members of the charter, and to nobody else.
    pub(crate) async fn meet(&self, book: &Rulebook) {
        for problem in self.net.set_peers(book.peers(&self.hospital)).await {
            tracing::warn!(%problem, "a member cannot be reached");
        }
        match book.witnesses(&self.hospital) {
            Ok((logs, peers)) => {
                self.desk.set_logs(logs);
                self.own.set_peers(peers);
            }
            Err(error) => tracing::error!(%error, "the witnesses are those of the charter before"),
        }
    }

    /// Looks whether another version has begun, the notice of one is over, or other keys count.
    pub(crate) async fn look(&self) {
        let _turn = self.charters.turn.lock().await;
        let book = self.rulebook();
        let (none, now) = (book.fault == Some(Fault::NoVersion), self.clock.now());
        let tree = &book.held.tree;
        let moved = match tree.layers(tree.network(), now) {
            Ok(_) => {
                let turn = self.charters.turn(&book.held, Some(&book.turn), now);
                let turned = book.keys_turn(now) || turn.is_some_and(|turn| turn != book.turn);
                none || turned || tree.state(&self.hospital, now) != book.state
            }
            Err(_) => !none,
        };
        if moved {
            self.follow(Arc::clone(&book.held)).await;
        }
    }
}

/// Follows the clock: a version begins, a notice ends, a key comes or goes.
pub(crate) async fn follow_the_clock(node: Arc<Node>) {
    let stopping = node.tasks().shutdown();
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            () = tokio::time::sleep(LOOK_EVERY) => node.look().await,
        }
    }
}
