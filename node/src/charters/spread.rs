//! How a new version, a revocation and a word on freshness come to every node: each member tells others what it holds, on
//! connecting, when that changed, and every minute, and pulls what is newer.
//!
//! Nobody pushes bytes at anybody: who hears of something newer fetches it, one bounded reply at a time, and checks it like
//! anything else. A node that was away gets every version in order. What was refused is not fetched again for a while.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use policies::chain::ChainError;
use policies::{HospitalCode, NetworkId};
use tokio::sync::mpsc;

use super::message::{self, Holding, Message, STATEMENTS, Statements, Wanted};
use super::{Held, TakeError};
use crate::net::PeerKey;
use crate::node::Node;
use crate::reply::Frames;
use crate::rulebook::Rulebook;

/// How often every connected member is told.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked whether somebody has connected.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A member has so long to reply: a bundle has at most 16 MiB.
const DEADLINE: Duration = Duration::from_secs(60);
/// How many members are told at once of something new; they tell others.
const FIRST_TOLD: usize = 8;
/// Most exchanges with one member in a row: versions and pages of statements that a node missed.
const MAX_STEPS: usize = 512;

/// Most pages of one member's statements.
const PAGES: u64 = 5;
/// Most statements of one member that are refused before the others are left: both know other versions, or it says anything.
const MAX_REFUSED_STATEMENTS: u32 = 16;

/// How one member was synchronised with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// There may be more.
    Again,
    /// There is nothing more to get.
    Done,
}

/// Tells members what this node holds, and pulls what is newer.
pub(crate) async fn spread(node: Arc<Node>, mut nudges: mpsc::Receiver<PeerKey>) {
    let stopping = node.tasks().shutdown();
    let mut changed = node.rules.subscribe();
    let mut met: BTreeSet<PeerKey> = BTreeSet::new();
    let mut told = node.held();
    let mut everybody = tokio::time::interval(TELL_EVERY);
    everybody.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.wait() => return,
            _ = everybody.tick() => tell(&node, node.net.connected()),
            () = tokio::time::sleep(LOOK_EVERY) => {}
            Some(peer) = nudges.recv() => tell(&node, vec![peer]),
            _ = changed.changed() => {}
        }
        let held = node.held();
        if Holding::of(&held, node.clock.now()) != Holding::of(&told, node.clock.now()) {
            told = held;
            tell(&node, some(node.net.connected()));
        }
        let connected: BTreeSet<PeerKey> = node.net.connected().into_iter().collect();
        tell(&node, connected.difference(&met).copied().collect());
        met = connected;
    }
}

/// Synchronises with each of them, in tasks of their own; with none twice at the same time.
fn tell(node: &Arc<Node>, peers: Vec<PeerKey>) {
    for peer in peers {
        let this = Arc::clone(node);
        drop(node.tasks().spawn("charters", async move { this.synchronise(peer).await }));
    }
}

/// Members that one thing is done with at a time.
#[derive(Debug, Default)]
pub struct Busy(Mutex<BTreeSet<PeerKey>>);

/// One member's turn; dropping it ends that.
pub(crate) struct Turn<'b> {
    busy: &'b Busy,
    peer: PeerKey,
}

impl Busy {
    /// The member's turn, if it has none already.
    pub(crate) fn begin(&self, peer: PeerKey) -> Option<Turn<'_>> {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Made only where there is none: dropping one ends the turn.
        busy.insert(peer).then(|| Turn { busy: self, peer })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.busy.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.peer);
    }
}

/// A few of them, others each time.
fn some(mut peers: Vec<PeerKey>) -> Vec<PeerKey> {
    if peers.len() > FIRST_TOLD {
        let mut order = [0; 8];
        // Without randomness the first ones are told; the minute's round reaches the rest.
        if getrandom::fill(&mut order).is_ok() {
            let turn = u64::from_le_bytes(order) % u64::try_from(peers.len()).unwrap_or(1);
            peers.rotate_left(usize::try_from(turn).unwrap_or(0));
        }
        peers.truncate(FIRST_TOLD);
    }
    peers
}

/// The version of a network to get from a member that holds this.
fn wanted(held: &Held, known: Option<&Holding>, theirs: &Holding) -> Option<u64> {
    let Some(known) = known else {
        return held.tree.awaits(theirs.network()).then_some(1);
    };
    if theirs.contradicts(known) {
        // Only its bundle proves that the board signed two.
        return Some(known.tip.version);
    }
    theirs.is_ahead_of(known).then(|| known.tip.version.saturating_add(1))
}

/// Whether a member may have something that is not held here.
fn is_news(held: &Held, own: &[Holding], theirs: &Holding) -> bool {
    let known = own.iter().find(|own| own.network() == theirs.network());
    match known {
        Some(known) => theirs.is_ahead_of(known) || theirs.says_more_than(known),
        None => held.tree.awaits(theirs.network()),
    }
}

impl Node {
    /// Whether a network may have begun that binds this hospital, and this node has not heard of it yet: one is listed for it,
    /// and since the start no other member said what it holds. One that has not begun is waited for no longer than that.
    pub(crate) fn may_be_bound(&self, book: &Rulebook) -> bool {
        book.held.tree.awaits_for(&self.hospital)
            && !self.charters.compared.load(Ordering::Relaxed)
            && book.others(&self.hospital).next().is_some()
    }

    /// Tells a member what this node holds, and gets what that one holds more.
    pub(crate) async fn synchronise(&self, peer: PeerKey) {
        let Some(_turn) = self.charters.talking.begin(peer) else { return };
        let Some(hospital) = self.member_of(peer) else { return };
        for _step in 0..MAX_STEPS {
            match self.step(peer, &hospital).await {
                Ok(Step::Again) => {}
                Ok(Step::Done) => return,
                Err(why) => {
                    tracing::debug!(%peer, why, "charters are not compared");
                    return;
                }
            }
        }
    }

    /// Gets one thing that the member holds more, of any network.
    async fn step(&self, peer: PeerKey, hospital: &HospitalCode) -> Result<Step, &'static str> {
        let held = self.held();
        let own = Holding::of(&held, self.clock.now());
        let (theirs, _) = self.say(peer, own.clone(), Wanted::Nothing).await?;
        let (mut step, mut whole) = (Step::Done, true);
        for theirs in theirs {
            let known = own.iter().find(|own| own.network() == theirs.network());
            let got = match (wanted(&held, known, &theirs), known) {
                (Some(version), _) => self.fetch((peer, hospital), &theirs, version).await,
                (None, Some(known)) if theirs.says_more_than(known) => {
                    self.hear((peer, hospital), known).await
                }
                (None, Some(_) | None) => Ok(Step::Done),
            };
            match got {
                Ok(Step::Again) => step = Step::Again,
                Ok(Step::Done) => {}
                // One network that a member has something wrong of keeps nothing of others back.
                Err(why) => {
                    whole = false;
                    tracing::debug!(%peer, why, network = %theirs.network(), "charters are not compared");
                }
            }
        }
        if whole && step == Step::Done {
            self.charters.compared.store(true, Ordering::Relaxed);
        }
        Ok(step)
    }

    /// Gets a version of a network.
    async fn fetch(
        &self,
        (peer, hospital): (PeerKey, &HospitalCode),
        theirs: &Holding,
        version: u64,
    ) -> Result<Step, &'static str> {
        // Under its own name, so that nobody can keep a version from this node by offering rubbish for it.
        let offer = [peer.0.as_slice(), theirs.tip.digest.as_bytes()].concat();
        if self.charters.turn.lock().await.knows(&offer) {
            return Err("refused_before");
        }
        let wants = Wanted::Bundle(theirs.network().clone(), version);
        let (_, bundle) = self.say(peer, Vec::new(), wants).await?;
        let bundle = bundle.ok_or("it does not have the version that it named")?;
        match self.take_charter(bundle, Some(hospital)).await {
            Ok(_) | Err(TakeError::Chain(ChainError::Held { .. })) => Ok(Step::Again),
            // The charter above comes with another round.
            Err(TakeError::Chain(ChainError::ParentBehind { .. })) => Ok(Step::Done),
            Err(error) => {
                if let TakeError::Chain(_) = &error {
                    self.charters.turn.lock().await.note(&offer);
                }
                Err(error.code())
            }
        }
    }

    /// Gets what the member says of a network.
    async fn hear(
        &self,
        (peer, hospital): (PeerKey, &HospitalCode),
        known: &Holding,
    ) -> Result<Step, &'static str> {
        let (mut news, mut refused) = (false, 0);
        for page in 0..PAGES {
            let from = page.saturating_mul(u64::try_from(STATEMENTS).unwrap_or(u64::MAX));
            let wants = Wanted::Statements(known.network().clone(), from);
            let (_, page) = self.say(peer, Vec::new(), wants).await?;
            let page: Statements = serde_json::from_slice(&page.unwrap_or_default())
                .map_err(|_form| "its statements are none")?;
            let many = page.revocations.len();
            if many > STATEMENTS {
                return Err("more statements than a page has");
            }
            for statement in page.revocations.iter().chain(&page.fresh) {
                match self.take_statement(statement.as_bytes(), Some(hospital)).await {
                    Ok(new) => news |= new,
                    Err(_counted) => refused += 1,
                }
                if refused > MAX_REFUSED_STATEMENTS {
                    return Err("too many statements that are refused");
                }
            }
            if many < STATEMENTS {
                break;
            }
        }
        Ok(if news { Step::Again } else { Step::Done })
    }

    async fn say(
        &self,
        peer: PeerKey,
        holds: Vec<Holding>,
        wants: Wanted,
    ) -> Result<(Vec<Holding>, Option<Vec<u8>>), &'static str> {
        let message = Message { holds, wants }.encode();
        let frames = self.net.compare(peer, message, DEADLINE).await;
        let frames = frames.map_err(|error| error.code())?;
        message::read(frames).map_err(|message::BadReply(what)| what)
    }

    /// Replies to a member; where it holds more, it is asked in turn.
    pub(crate) async fn tell_charters(
        self: &Arc<Self>,
        (peer, hospital): (PeerKey, &HospitalCode),
        request: &[u8],
    ) -> Frames {
        let Some(Message { holds, wants }) = Message::decode(request) else {
            self.count_rejected(hospital, request, "charter_message").await;
            return Frames::new();
        };
        let held = self.held();
        let own = Holding::of(&held, self.clock.now());
        let rest = match wants {
            Wanted::Nothing => {
                if holds.iter().any(|theirs| is_news(&held, &own, theirs)) {
                    tell(self, vec![peer]);
                }
                None
            }
            Wanted::Bundle(network, version) => self.bundle(&held, (&network, version)).await,
            Wanted::Statements(network, from) => {
                let now = self.clock.now();
                serde_json::to_vec(&Statements::of(&held, (&network, from), now)).ok()
            }
        };
        message::reply(&own, rest)
    }

    /// The exact bytes of an accepted version.
    async fn bundle(&self, held: &Held, (network, version): (&NetworkId, u64)) -> Option<Vec<u8>> {
        let digest = held.tree.line(network)?.version(version)?.layer().digest;
        let shelf = self.charters.folder.of(&held.tree, network);
        let read = self.tasks.spawn_blocking("charter", move || shelf.bundle(version));
        let bytes = read.await.ok()?;
        match bytes {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::error!(%error, digest = %digest.short(), "a version of the charter cannot be read");
                None
            }
        }
    }
}
