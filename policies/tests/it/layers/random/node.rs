//! One node that is told everything in an order of its own, and the model of what it must make of it.

use std::collections::{BTreeMap, BTreeSet};

use policies::chain::{Line, Scope, Tree};
use policies::statement::{Revocation, Revocations};
use policies::wire::LayerRef;
use policies::{NetworkId, UnixTime};

use crate::boards::{DAY, T0};
use crate::chain::model::Offer;
use crate::dice::Dice;
use crate::fixture::hospital;
use crate::layers::model::{Faults, Held, Networks};
use crate::layers::tips;

use super::Seen;
use super::world::{HOSPITALS, Message, NETWORKS, ROOT, World};

/// What a node has, and what the model says that it must have.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) tree: Tree,
    pub(super) model: Networks,
    revoked: BTreeMap<&'static str, Revocations>,
    /// What it stores: the bytes of what it took, and when.
    stored: BTreeMap<String, Vec<(Vec<u8>, UnixTime)>>,
    pub(super) now: UnixTime,
    /// Whether it lets go of what is over, as a daemon does.
    pub(super) forgets: bool,
}

fn id(network: &str) -> NetworkId {
    NetworkId::new(network).unwrap()
}

impl Node {
    pub(super) fn new((offer, bytes): &(Offer, Vec<u8>)) -> Self {
        let line = Line::first(bytes, offer.digest, T0, Revocations::none()).unwrap();
        Self {
            tree: Tree::from(line),
            model: Networks::of(offer.clone(), T0),
            revoked: BTreeMap::new(),
            stored: BTreeMap::from([(ROOT.to_owned(), vec![(bytes.clone(), T0)])]),
            now: T0,
            forgets: false,
        }
    }

    /// Tells it everything in one order, then in others until it takes nothing more.
    pub(super) fn hear(&mut self, world: &World, dice: &mut Dice, seen: &mut Seen) {
        let mut order: Vec<&Message> = world.said.iter().collect();
        let mut first = true;
        loop {
            dice.shuffle(&mut order);
            let mut news = false;
            for message in &order {
                if first {
                    self.now = self.now.plus(dice.days(6) * DAY / 2);
                }
                if !first && !self.wants(message) && !dice.once_in(12) {
                    continue;
                }
                let taken = self.told(message, seen);
                if taken && dice.once_in(4) {
                    self.compare(dice, seen);
                }
                news |= taken;
            }
            if !news {
                return;
            }
            first = false;
        }
    }

    /// Whether peers bring it again: it may be what the node lacks.
    fn wants(&self, message: &Message) -> bool {
        match message {
            Message::Charter(offer, _) => match self.model.lines.get(&offer.draft.network) {
                Some(line) => offer.draft.version == line.tip().draft.version + 1,
                None => self.model.awaits(&offer.draft.network),
            },
            Message::Revocation { network, signer, .. } => {
                let line = self.model.lines.get(*network);
                line.is_some_and(|line| !line.revoked.contains(signer))
            }
        }
    }

    /// Whether the message was taken.
    fn told(&mut self, message: &Message, seen: &mut Seen) -> bool {
        match message {
            Message::Charter(offer, bytes) => self.offered(offer, bytes, seen),
            Message::Revocation { network, signer, by, bytes } => {
                let Some(line) = self.tree.line(&id(network)) else { return false };
                let revoked = revoked_in(&self.tree, &self.revoked, &id(network));
                let model = self.model.lines.get_mut(*network).unwrap();
                let expected = model.revokes(signer, by, self.now);
                let verified = Revocation::verify(bytes, line, &revoked, self.now);
                assert_eq!(verified.is_ok(), expected, "{signer} by {by:?}: {verified:?}");
                let Ok(verified) = verified else { return false };
                let news = self.revoked.entry(network).or_default().insert(verified).unwrap();
                assert_eq!(news, model.revoked.insert(signer.clone()));
                seen.count("revoked", news);
                news
            }
        }
    }

    pub(super) fn offered(&mut self, offer: &Offer, bytes: &[u8], seen: &mut Seen) -> bool {
        let network = &offer.draft.network;
        for one in NETWORKS {
            assert_eq!(self.tree.awaits(&id(one)), self.model.awaits(one), "{one}");
        }
        let expected = self.model.faults(offer);
        let revoked = |network: &NetworkId| revoked_in(&self.tree, &self.revoked, network);
        let checked = self.tree.check(bytes, &revoked);
        let next = match checked {
            Ok(next) => next,
            Err(error) => {
                let code = error.code();
                assert!(expected.contains(code), "{code} ({error}), not {expected:?}: {offer:?}");
                seen.count(code, true);
                return false;
            }
        };
        assert_eq!(expected, Faults::new(), "is taken: {offer:?}");
        self.tree.accept(next, self.now).unwrap();
        if self.forgets {
            self.tree.forget(self.now);
        }
        self.model.take(offer.clone(), self.now);
        self.stored.entry(network.clone()).or_default().push((bytes.to_vec(), self.now));
        seen.count("taken", true);
        true
    }

    /// What holds at this moment and at another one.
    pub(super) fn compare(&self, dice: &mut Dice, seen: &mut Seen) {
        let back = if self.forgets { 0 } else { 20 };
        for moment in [0, dice.days(60) - back] {
            let moment = self.now.plus(moment * DAY);
            for network in NETWORKS {
                let got = self.tree.layers(&id(network), moment);
                let got = got.map(|layers| layers.iter().map(named).collect());
                self.same(network, moment, got.map_err(|error| error.code()), seen);
            }
        }
        let moment = self.now.plus((dice.days(60) - back) * DAY);
        let network = dice.one(&NETWORKS);
        self.same_scope(network, dice.one(&HOSPITALS), moment, seen);
        let keys = self.tree.root().unwrap().vouchers(moment);
        let got: BTreeSet<&str> = keys.map(|fresh| fresh.hospital.as_str()).collect();
        assert_eq!(got, self.model.vouchers(ROOT, moment), "{moment}");
    }

    fn same(
        &self,
        network: &str,
        moment: UnixTime,
        got: Result<Vec<(String, u64)>, &str>,
        seen: &mut Seen,
    ) {
        match (got, self.model.in_scope(network, moment)) {
            (Ok(got), Ok(expected)) => {
                seen.count("several versions", expected.iter().any(|(_, held)| held.len() > 1));
                seen.count("below", expected.len() > 1);
                let flat = expected.into_iter().flat_map(|(network, versions)| {
                    versions.into_iter().map(move |version| (network.clone(), version))
                });
                assert_eq!(got, flat.collect::<Vec<_>>(), "{network} {moment}");
            }
            (Err(got), Err(expected)) => {
                assert!(expected.contains(got), "{network} {moment}: {got}, not {expected:?}");
                seen.count(got, true);
            }
            (got, expected) => panic!("{network} {moment}: {got:?}, not {expected:?}"),
        }
    }

    /// What decides at one hospital: the layers from the root, and those below that bind it.
    fn same_scope(&self, network: &str, code: &str, moment: UnixTime, seen: &mut Seen) {
        let told = || format!("{network} at {code}, {moment}");
        let got = self.tree.scope(&id(network), &hospital(code), moment);
        let (got, mut expected) = match (got, self.model.in_scope(network, moment)) {
            (Ok(got), Ok(expected)) => (got, expected),
            (Err(_), Err(_)) => return,
            (got, expected) => panic!("{}: {got:?}, not {expected:?}", told()),
        };
        let Scope { charter, besides, above, below, silenced } = got;
        let layer = |charter: &policies::Charter, besides: &[policies::Beside]| -> Held {
            let besides = besides.iter().map(|beside| beside.charter.version());
            let versions = std::iter::once(charter.version()).chain(besides).collect();
            (charter.network().to_string(), versions)
        };
        let own = expected.pop().unwrap();
        assert_eq!(layer(&charter, &besides), own, "{}", told());
        let layers = |layers: &[policies::charter::Layer]| -> Vec<Held> {
            layers.iter().map(|one| layer(&one.charter, &one.besides)).collect()
        };
        assert_eq!(layers(&above), expected, "{}", told());
        match self.model.binding(network, code, moment) {
            Ok(expected) => {
                seen.count("bound", !expected.is_empty());
                assert_eq!(silenced, None, "{}", told());
                assert_eq!(layers(&below), expected, "{}", told());
            }
            Err(over) => {
                seen.count("silenced", true);
                let silenced = silenced.unwrap_or_else(|| panic!("{}: not silenced", told()));
                assert_eq!(silenced.code(), "expired", "{}", told());
                assert!(silenced.to_string().contains(&over), "{}: {silenced}", told());
            }
        }
    }

    /// Starts again from what is stored: the same is held, and holds.
    pub(super) fn restart(&self) {
        let stored = |network: &str| {
            let stored = self.stored[network].iter();
            stored.map(|(bytes, at)| (bytes.clone(), *at)).collect::<Vec<_>>()
        };
        let root = self.tree.root().unwrap().root();
        let mut tree = Tree::from(Line::read(stored(ROOT), root, self.now).unwrap());
        for line in self.tree.lines().into_iter().skip(1) {
            tree.read_below(stored(line.network().as_str()), self.now).unwrap();
        }
        assert_eq!(tips(&tree), tips(&self.tree));
        for (network, days) in NETWORKS.into_iter().flat_map(|one| [(one, 0), (one, 9)]) {
            let moment = self.now.plus(days * DAY);
            let layers = |tree: &Tree| tree.layers(&id(network), moment);
            assert_eq!(layers(&tree), layers(&self.tree), "{network} {moment}");
        }
    }

    /// What holds in a network at a moment, or why nothing does.
    pub(super) fn at(&self, network: &str, now: UnixTime) -> Result<Vec<(String, u64)>, &str> {
        let layers = self.tree.layers(&id(network), now);
        layers.map(|layers| layers.iter().map(named).collect()).map_err(|error| error.code())
    }
}

fn named(layer: &LayerRef) -> (String, u64) {
    (layer.network.to_string(), layer.version)
}

/// What is revoked in a network: by its own board, and by those above it.
fn revoked_in(
    tree: &Tree,
    revoked: &BTreeMap<&'static str, Revocations>,
    network: &NetworkId,
) -> Revocations {
    let mut all = Revocations::default();
    for line in tree.path(network) {
        if let Some(revoked) = revoked.get(line.network().as_str()) {
            all.union(revoked);
        }
    }
    all
}
