//! Random histories of a tree: boards publish, list, revoke and sign twice; nodes hear it all, each in an order of its own.
//!
//! Every step goes as the model says, and in the end nodes agree: all hold the same of every network, but of one whose board
//! signed two versions of one number, or which the one above lists no more.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::boards::DAY;
use crate::chain::model::Offer;
use crate::dice::Dice;

use super::model::child;

mod node;
mod world;

use node::Node;
use world::{NETWORKS, ROOT, World, above, offer};

/// Histories: of one world, as one node hears it.
const HISTORIES: u64 = 1_500;
/// Nodes of one world.
const NODES: u64 = 3;

/// What histories were made of, and how often: each must happen, or the test tests nothing.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<String, u64>);

impl Seen {
    fn count(&mut self, what: &str, happens: bool) {
        if happens {
            *self.0.entry(what.to_owned()).or_default() += 1;
        }
    }
}

fn run(seed: u64, seen: &mut Seen) {
    let mut dice = Dice(seed);
    let world = World::new(&mut dice);
    let mut nodes: Vec<Node> = Vec::new();
    let first = Node::new(&world.root);
    for number in 0..NODES {
        let mut node = first.clone();
        node.forgets = number == 0;
        node.hear(&world, &mut dice, seen);
        node.compare(&mut dice, seen);
        if seed % 12 == number {
            node.restart();
        }
        nodes.push(node);
    }
    let taken = taken(&nodes);
    signed_once_more(&mut nodes, &taken, seen);
    let apart = apart(&nodes, &taken);
    for network in NETWORKS.into_iter().filter(|network| !apart.contains(network)) {
        agree(&nodes, network, seen);
    }
    seen.count("apart", !apart.is_empty());
}

/// Every version of a network that a node took, by digest.
type Taken = BTreeMap<String, BTreeMap<policies::Digest, Offer>>;

fn taken(nodes: &[Node]) -> Taken {
    let mut taken = Taken::new();
    for (network, line) in nodes.iter().flat_map(|node| &node.model.lines) {
        let offers = line.taken.iter().map(|(offer, _)| (offer.digest, offer.clone()));
        taken.entry(network.clone()).or_default().extend(offers);
    }
    taken
}

/// Who is revoked at any node.
fn revoked(nodes: &[Node]) -> BTreeSet<String> {
    let lines = nodes.iter().flat_map(|node| node.model.lines.values());
    lines.flat_map(|line| line.revoked.iter().cloned()).collect()
}

/// Whoever may sign the versions that were taken anywhere signs the same bytes once more, and every node hears it: a signature
/// that is worth nothing since is made good by others.
fn signed_once_more(nodes: &mut [Node], taken: &Taken, seen: &mut Seen) {
    if revoked(nodes).is_empty() {
        return;
    }
    let again = taken.values().flat_map(BTreeMap::values).map(|version| {
        let network = &version.draft.network;
        let all = ["ann", "ben", "cas", "dov"].map(|name| format!("{network} {name}"));
        offer(version.draft.clone(), all.into_iter().collect())
    });
    let again: Vec<_> = again.collect();
    for node in nodes {
        while again
            .iter()
            .fold(false, |news, (offer, bytes)| node.offered(offer, bytes, seen) || news)
        {}
    }
}

/// The networks of which nodes may hold different versions, each for a reason that CHARTER.md gives.
fn apart(nodes: &[Node], taken: &Taken) -> BTreeSet<&'static str> {
    let revoked = revoked(nodes);
    let mut apart = BTreeSet::new();
    for network in NETWORKS {
        let parent = above(network);
        let numbers = |offers: &BTreeMap<_, Offer>| {
            let numbers: BTreeSet<u64> = offers.values().map(|one| one.draft.version).collect();
            numbers.len() < offers.len()
        };
        // Two versions of one number were taken, here or there.
        let forked = taken.get(network).is_some_and(numbers);
        // The charter above it that all hold does not list it.
        let unlisted = parent.is_some_and(|parent| {
            let line = nodes[0].model.lines.get(parent);
            line.is_none_or(|line| child(&line.tip().draft, network).is_none())
        });
        // Another network lists it too: who came first counts.
        let listed_by = |one: &&&str| {
            taken.get(**one).is_some_and(|offers| {
                offers.values().any(|offer| child(&offer.draft, network).is_some())
            })
        };
        let squatted = NETWORKS.iter().filter(listed_by).count() > 1;
        // Too few are left who could sign it once more.
        let unsigned = taken.get(network).is_some_and(|offers| {
            let parents = parent.and_then(|parent| taken.get(parent));
            let listed = parents.into_iter().flatten();
            let listed = listed.filter_map(|(_, offer)| child(&offer.draft, network));
            let boards = offers.values().map(|one| (&one.draft.signers, one.draft.threshold));
            let listed = listed.map(|listed| (&listed.signers, listed.threshold));
            boards.chain(listed).any(|(signers, threshold)| {
                signers.iter().filter(|name| !revoked.contains(*name)).count() < threshold
            })
        });
        let above = parent.is_some_and(|parent| apart.contains(parent));
        if forked || unlisted || squatted || unsigned || above {
            apart.insert(network);
        }
    }
    apart
}

/// All nodes hold the same, and when every notice is over the same holds.
fn agree(nodes: &[Node], network: &str, seen: &mut Seen) {
    let first = &nodes[0];
    let digests = |node: &Node| -> Vec<policies::Digest> {
        let line = node.model.lines.get(network);
        line.into_iter().flat_map(|line| &line.taken).map(|(offer, _)| offer.digest).collect()
    };
    let versions = nodes.iter().flat_map(|node| node.model.lines.values());
    let begins = versions.flat_map(|line| &line.taken).map(|(offer, at)| offer.draft.from.max(*at));
    let later = begins.max().unwrap().plus(31 * DAY);
    for other in &nodes[1..] {
        assert_eq!(digests(other), digests(first), "{network}");
        assert_eq!(other.at(network, later), first.at(network, later), "{network} {later}");
    }
    seen.count("agreed below", network != ROOT && digests(first).len() > 1);
}

#[test]
fn random_histories_of_a_tree_go_as_the_model_says() {
    let half = |half: u64| {
        let mut seen = Seen::default();
        for seed in (half..HISTORIES / NODES).step_by(2) {
            let told = AssertUnwindSafe(|| run(seed, &mut seen));
            if let Err(panic) = catch_unwind(told) {
                eprintln!("the history of seed {seed}");
                resume_unwind(panic);
            }
        }
        seen
    };
    let halves: Vec<Seen> = std::thread::scope(|scope| {
        let running = [scope.spawn(|| half(0)), scope.spawn(|| half(1))];
        running.into_iter().map(|half| half.join().unwrap()).collect()
    });
    let mut all = Seen::default();
    for (what, times) in halves.into_iter().flat_map(|seen| seen.0) {
        *all.0.entry(what).or_default() += times;
    }
    for what in EXPECTED {
        assert!(all.0.get(what).is_some_and(|times| *times >= 10), "{what}: {all:?}");
    }
}

/// What histories must be made of.
const EXPECTED: [&str; 24] = [
    "taken",
    "already_held",
    "rollback",
    "fork",
    "skipped_version",
    "other_previous",
    "other_network",
    "other_parent",
    "older_parent",
    "parent_behind",
    "not_a_child",
    "begins_too_early",
    "too_few_signers",
    "too_few_old_signers",
    "too_few_first_signers",
    "unknown_network",
    "not_yet_valid",
    "expired",
    "revoked",
    "several versions",
    "below",
    "bound",
    "silenced",
    "agreed below",
];
