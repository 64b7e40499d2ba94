//! The hospital's own rules, read once against everything that it has to do with.
//!
//! A name that is in no charter stops what it was about: a forbid of that name would forbid nothing any more, and nobody would
//! notice. Where a network below took the name away, and an older charter of it shows that, that network stops, with those
//! below it; a name that no charter ever had stops everything.

use std::collections::BTreeSet;
use std::sync::Arc;

use policies::bundle::{self, Inspected};
use policies::chain::{Line, Tree};
use policies::charter::Charter;
use policies::problem::Problem;
use policies::{NetworkId, OwnRules, UnixTime};

use super::Charters;

/// Most older versions of a network in which a name is looked for.
const MAX_OLDER: usize = 32;

/// What is a hospital's own in every network.
pub(super) struct Own {
    /// Its rules, where they can be read.
    pub(super) rules: Option<Arc<OwnRules>>,
    /// Where nothing is answered because of them.
    stopped: Stopped,
    /// Whether the charters list other keys of its node.
    pub(super) other_keys: bool,
}

/// Where a hospital's own rules do not go with the charters.
enum Stopped {
    Nowhere,
    Everywhere,
    /// In these networks and those below them.
    In(BTreeSet<NetworkId>),
}

impl Own {
    /// Whether nothing is answered in a network.
    pub(super) fn stops(&self, tree: &Tree, network: &NetworkId) -> bool {
        match &self.stopped {
            Stopped::Nowhere => false,
            Stopped::Everywhere => true,
            Stopped::In(networks) => {
                tree.path(network).into_iter().any(|line| networks.contains(line.network()))
            }
        }
    }

    fn of(rules: Option<OwnRules>, stopped: Stopped) -> Self {
        Self { rules: rules.map(Arc::new), stopped, other_keys: false }
    }
}

impl Charters {
    /// The hospital's own rules, by everything that holds.
    pub(super) fn own_rules(&self, (tree, whole): (&Tree, &Charter), now: UnixTime) -> Own {
        let Some((file, text)) = &self.own else { return Own::of(None, Stopped::Nowhere) };
        let problems = match whole.own_rules(file, text) {
            Ok(rules) => return Own::of(Some(rules), Stopped::Nowhere),
            Err(problems) => problems,
        };
        for problem in &problems {
            tracing::error!(%problem, "the hospital's own rules do not go with the charters");
        }
        match self.went(tree, problems, now) {
            Some((rules, networks)) => {
                for network in &networks {
                    tracing::error!(%network, "the charter of this network has a name of the hospital's own rules no more: nothing is answered in it and below it");
                }
                Own::of(Some(rules), Stopped::In(networks))
            }
            None => {
                tracing::error!("nothing is answered until the hospital's own rules are changed");
                Own::of(None, Stopped::Everywhere)
            }
        }
    }

    /// The rules as they were read before, and the networks below that had what they name; nothing where these do not explain
    /// every problem.
    fn went(
        &self,
        tree: &Tree,
        mut problems: Vec<Problem>,
        now: UnixTime,
    ) -> Option<(OwnRules, BTreeSet<NetworkId>)> {
        let (file, text) = self.own.as_ref()?;
        let (mut older, mut networks) = (Vec::new(), BTreeSet::new());
        for line in tree.below(tree.network()) {
            for charter in self.older(tree, line, now) {
                older.push(charter);
                let whole = tree.whole_with(&self.hospital, &older, now).ok()?;
                match whole.own_rules(file, text) {
                    Ok(rules) => {
                        networks.insert(line.network().clone());
                        return Some((rules, networks));
                    }
                    Err(left) if left.len() < problems.len() => {
                        networks.insert(line.network().clone());
                        problems = left;
                        break;
                    }
                    Err(_not_by_this) => drop(older.pop()),
                }
            }
        }
        None
    }

    /// The versions of a network before the one that holds, the newest first, in which this hospital took part.
    fn older(&self, tree: &Tree, line: &Line, now: UnixTime) -> Vec<Charter> {
        let shelf = self.folder.of(tree, line.network());
        let holds = line.in_force(now).map_or(u64::MAX, |force| force.newest.version());
        let versions = line.history().rev().map(|version| version.layer().version);
        let older = versions.filter(|version| *version < holds).take(MAX_OLDER);
        let read = |version: u64| {
            let bytes = shelf.bundle(version).ok()??;
            let Inspected { charter, .. } = bundle::inspect(&bytes).ok()?;
            let takes_part = charter.joined().any(|joined| joined.code == self.hospital);
            takes_part.then_some(charter)
        };
        older.filter_map(read).collect()
    }
}
