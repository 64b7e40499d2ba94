//! A tree of networks as docs/CHARTER.md and decisions 32 and 33 say it: names in place of keys, nothing kept in advance.
//!
//! Each network's versions are a [`Model`] of a chain; here is what one network has to do with another: who begins it, what
//! holds in it, and which hospitals it binds. It shares nothing with the code under test but the drafts.

use std::collections::{BTreeMap, BTreeSet};

use policies::UnixTime;

use crate::boards::{Draft, Listed};
use crate::chain::model::{Model, Offer};

/// Why something is refused: every reason that there is, by its code.
pub(super) type Faults = BTreeSet<&'static str>;

/// A network and its versions that hold, the newest first.
pub(super) type Held = (String, Vec<u64>);

/// What a node knows.
#[derive(Clone, Debug)]
pub(super) struct Networks {
    pub(super) root: String,
    pub(super) lines: BTreeMap<String, Model>,
}

impl Networks {
    pub(super) fn of(root: Offer, at: UnixTime) -> Self {
        let network = root.draft.network.clone();
        let line = Model { taken: vec![(root, at)], revoked: BTreeSet::new() };
        Self { root: network.clone(), lines: BTreeMap::from([(network, line)]) }
    }

    fn newest(&self, network: &str) -> Option<&Draft> {
        self.lines.get(network).map(|line| &line.tip().draft)
    }

    /// The networks from the root to this one; none of one that is not held.
    pub(super) fn path(&self, network: &str) -> Vec<String> {
        let mut path = Vec::new();
        let mut next = self.newest(network);
        while let Some(draft) = next {
            path.insert(0, draft.network.clone());
            next = draft.parent.as_ref().and_then(|(parent, _)| self.newest(parent));
        }
        path
    }

    /// Networks strictly below, each after the one above it.
    fn below(&self, network: &str) -> Vec<String> {
        let mut all: Vec<String> = self.lines.keys().cloned().collect();
        all.retain(|other| other != network && self.path(other).iter().any(|one| one == network));
        all.sort_by_key(|other| (self.path(other).len(), other.clone()));
        all
    }

    /// Who is revoked for this network: by its own board, or one above.
    fn revoked_in(&self, network: &str) -> BTreeSet<String> {
        let path = self.path(network);
        path.iter().flat_map(|one| self.lines[one].revoked.iter().cloned()).collect()
    }

    /// Whether a network that is not held could begin.
    pub(super) fn awaits(&self, network: &str) -> bool {
        let mut held = self.lines.values();
        !self.lines.contains_key(network)
            && held.any(|line| child(&line.tip().draft, network).is_some())
    }

    /// Every reason to refuse an offer; none where it must be taken.
    pub(super) fn faults(&self, offer: &Offer) -> Faults {
        match self.lines.get(&offer.draft.network) {
            Some(line) => self.faults_of_next(line, offer),
            None => self.faults_of_first(offer),
        }
    }

    fn faults_of_next(&self, line: &Model, offer: &Offer) -> Faults {
        let next = &offer.draft;
        let revoked = self.revoked_in(&next.network);
        let enough = |draft: &Draft| signed(&draft.signers, offer, &revoked) >= draft.threshold;
        let tip = &line.tip().draft;
        if line.tip().digest == offer.digest {
            return Faults::from(["already_held"]);
        }
        if line.taken.iter().any(|(taken, _)| taken.digest == offer.digest) {
            return Faults::from(["rollback"]);
        }
        if next.version <= tip.version {
            // Two of one number prove something only if the board signed both.
            let place = usize::try_from(next.version.max(2) - 2).unwrap();
            let proven = enough(&line.taken[place].0.draft);
            return Faults::from([if proven { "fork" } else { "too_few_old_signers" }]);
        }
        let mut faults = Faults::new();
        let mut fault = |is: bool, code| {
            if is {
                faults.insert(code);
            }
        };
        fault(next.version > tip.version + 1, "skipped_version");
        fault(next.previous != Some(line.tip().digest), "other_previous");
        fault(!enough(tip), "too_few_old_signers");
        fault(!enough(next), "too_few_signers");
        fault(next.from < tip.from, "begins_too_early");
        match (&tip.parent, &next.parent) {
            (None, None) => {}
            (Some((before, version)), Some((parent, got))) if before == parent => {
                fault(got < version, "older_parent");
                fault(self.is_ahead(next), "parent_behind");
            }
            (_, _) => fault(true, "other_parent"),
        }
        faults
    }

    /// Whether a charter goes with a version of its parent that is not held.
    fn is_ahead(&self, draft: &Draft) -> bool {
        draft.parent.as_ref().is_some_and(|(parent, version)| {
            self.newest(parent).is_none_or(|held| *version > held.version)
        })
    }

    fn faults_of_first(&self, offer: &Offer) -> Faults {
        let first = &offer.draft;
        let Some((above, _)) = &first.parent else { return Faults::from(["other_network"]) };
        let Some(parent) = self.lines.get(above) else { return Faults::from(["not_a_child"]) };
        let depth = self.path(above).len();
        let nearer = self.lines.iter().any(|(network, line)| {
            child(&line.tip().draft, &first.network).is_some() && self.path(network).len() < depth
        });
        if nearer || child(&parent.tip().draft, &first.network).is_none() {
            return Faults::from(["not_a_child"]);
        }
        let revoked = self.revoked_in(above);
        let mut faults = Faults::new();
        let begins = |(taken, _): &(Offer, UnixTime)| {
            child(&taken.draft, &first.network)
                .is_some_and(|listed| signed(&listed.signers, offer, &revoked) >= listed.threshold)
        };
        if first.version != 1 {
            faults.insert("skipped_version");
        }
        if !parent.taken.iter().any(begins) {
            faults.insert("too_few_first_signers");
        }
        if signed(&first.signers, offer, &revoked) < first.threshold {
            faults.insert("too_few_signers");
        }
        if self.is_ahead(first) {
            faults.insert("parent_behind");
        }
        faults
    }

    pub(super) fn take(&mut self, offer: Offer, at: UnixTime) {
        let network = offer.draft.network.clone();
        let none = || Model { taken: Vec::new(), revoked: BTreeSet::new() };
        self.lines.entry(network).or_insert_with(none).taken.push((offer, at));
    }

    /// What one network says of itself: the versions that hold, or why none does.
    fn own(&self, network: &str, now: UnixTime) -> Result<Vec<u64>, &'static str> {
        let line = &self.lines[network];
        let none = if line.begun(now) == 0 { "not_yet_valid" } else { "expired" };
        line.in_force(now).ok_or(none)
    }

    /// Which of a network's versions list another one.
    fn listing(&self, network: &str, versions: &[u64], below: &str) -> Vec<&Listed> {
        let of = |number: &u64| {
            let place = usize::try_from(number - 1).unwrap();
            child(&self.lines[network].taken[place].0.draft, below)
        };
        versions.iter().filter_map(of).collect()
    }

    fn draft(&self, network: &str, version: u64) -> &Draft {
        &self.lines[network].taken[usize::try_from(version - 1).unwrap()].0.draft
    }

    /// The layers of a question in this network, or every reason why nothing is asked in it.
    pub(super) fn in_scope(&self, network: &str, now: UnixTime) -> Result<Vec<Held>, Faults> {
        let mut held: Vec<Held> = Vec::new();
        for one in self.path(network) {
            let mut faults = Faults::new();
            if let Some((above, versions)) = held.last()
                && self.listing(above, versions, &one).len() < versions.len()
            {
                faults.insert("not_a_child");
            }
            match self.own(&one, now) {
                Ok(versions) => {
                    let goes_with = self.draft(&one, versions[0]).parent.as_ref();
                    let above = held.last().map_or(u64::MAX, |(_, versions)| versions[0]);
                    if goes_with.is_some_and(|(_, version)| *version > above) {
                        faults.insert("parent_behind");
                    }
                    held.push((one, versions));
                }
                Err(code) => {
                    faults.insert(code);
                }
            }
            if !faults.is_empty() {
                return Err(faults);
            }
        }
        if held.is_empty() { Err(Faults::from(["unknown_network"])) } else { Ok(held) }
    }

    /// The layers below that bind a hospital; or the network whose end silences it.
    pub(super) fn binding(
        &self,
        network: &str,
        hospital: &str,
        now: UnixTime,
    ) -> Result<Vec<Held>, String> {
        let mut layers = Vec::new();
        for one in self.below(network) {
            let path = self.path(&one);
            let Some(above) = self.still_listed(&path, hospital, now) else { continue };
            let joined = |version: u64| self.draft(&one, version).joined.contains(&hospital);
            match self.own(&one, now) {
                _ if !above => {}
                Ok(versions) if versions.iter().any(|version| joined(*version)) => {
                    layers.push((one, versions));
                }
                Err("expired") if joined(self.lines[&one].tip().draft.version) => return Err(one),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(layers)
    }

    /// Whether the hospital is one of those that the charters above the last network of a path give it; nothing where one of
    /// them holds in no version, or the last is listed by no version that holds.
    fn still_listed(&self, path: &[String], hospital: &str, now: UnixTime) -> Option<bool> {
        let mut given = true;
        for pair in path.windows(2) {
            let versions = self.own(&pair[0], now).ok()?;
            let listing = self.listing(&pair[0], &versions, &pair[1]);
            given &= listing.first()?.given.contains(&hospital);
            let joined = &self.draft(&pair[0], versions[0]).joined;
            given &= pair[0] == self.root || joined.contains(&hospital);
        }
        Some(given)
    }

    /// The hospitals whose keys vouch for a network's newest version.
    pub(super) fn vouchers(&self, network: &str, now: UnixTime) -> BTreeSet<&'static str> {
        let line = &self.lines[network];
        let tip = line.tip().draft.version;
        let begun = line.begun(now);
        let holds = |place: &usize| {
            place + 1 == begun || (*place < begun && line.ends(*place).is_some_and(|end| now < end))
        };
        let holding = (0..line.taken.len()).filter(holds);
        let numbers = holding.map(|place| line.taken[place].0.draft.version).chain([tip]);
        numbers.flat_map(|number| self.draft(network, number).freshness.iter().copied()).collect()
    }
}

/// What a charter says of a network directly below.
pub(super) fn child<'d>(draft: &'d Draft, network: &str) -> Option<&'d Listed> {
    draft.children.iter().find(|listed| listed.network == network)
}

/// How many of these signed, without those who are revoked.
fn signed(signers: &[String], offer: &Offer, revoked: &BTreeSet<String>) -> usize {
    let distinct: BTreeSet<&String> = signers.iter().collect();
    distinct.iter().filter(|name| offer.by.contains(**name) && !revoked.contains(**name)).count()
}
