//! The charters that a request named, found again by who verifies its answer later: those of its path by their digests, those
//! below by the digest of who is in which of their networks.

use std::collections::BTreeMap;

use crate::charter::Charter;
use crate::wire::{LayerRef, MAX_SKEW_S};
use crate::{Digest, NetworkId, UnixTime};

use super::scope::{Listing, together};
use super::{Line, Tree, Version};

/// Most versions of one network below that are tried beside the one that holds: a node is behind by a minute, seldom by days.
const MAX_TRIED: usize = 8;

/// A version of each network below the one that was asked in; none of one that did not hold.
type Chosen<'t> = BTreeMap<&'t NetworkId, &'t Charter>;

impl Tree {
    /// The charter that these layers name, from the root's to the one that was asked in, with the networks below it as the
    /// sender counted them: by their digest for a question of this moment.
    ///
    /// Those below are the ones that held then; where the sender was behind, or ahead, in one of them, another version of that.
    #[must_use]
    pub fn named(
        &self,
        path: &[LayerRef],
        (networks, asked_at): (Option<Digest>, UnixTime),
    ) -> Option<Charter> {
        let known = self.path(&path.last()?.network).into_iter().map(Line::network);
        if !known.eq(path.iter().map(|layer| &layer.network)) {
            return None;
        }
        let mut named = Vec::new();
        for layer in path {
            let version = self.line(&layer.network)?.version(layer.version)?;
            named.push(&**version.charter().filter(|_| version.layer() == layer)?);
        }
        let charter = together(&named).filter(|charter| charter.path() == path)?;
        let lines = self.below(charter.network());
        let counted = |chosen: &Chosen<'_>| {
            let below: Vec<Charter> =
                lines.iter().filter_map(|line| self.chosen(line, &named, chosen)).collect();
            let charter = charter.with_networks(below.iter());
            (charter.networks_digest(asked_at) == networks).then_some(charter)
        };
        let held = self.held_then(&lines, asked_at);
        counted(&held).or_else(|| {
            let mut others = lines.iter().flat_map(|line| others(line, &held, asked_at));
            others.find_map(|chosen| counted(&chosen))
        })
    }

    /// Whether who names these layers may hold a charter that this tree lacks, or lack one of it: one of them is not the newest
    /// here, or is of a network that has not begun here. Where every one is, there is no other network below for them either.
    #[must_use]
    pub fn differs_from(&self, path: &[LayerRef], now: UnixTime) -> bool {
        for layer in path {
            let Some(line) = self.line(&layer.network) else { return self.awaits(&layer.network) };
            let newest = line.in_force(now).ok().and_then(|force| force.newest.layer());
            if newest.as_ref() != Some(layer) {
                return true;
            }
        }
        false
    }

    /// The networks below that held at a moment, each in its newest version.
    fn held_then<'t>(&'t self, lines: &[&'t Line], at: UnixTime) -> Chosen<'t> {
        let held = |line: &&'t Line| {
            let steps = self.steps(line.network(), Listing::Newest, at).ok()?;
            let number = steps.last()?.force.newest.version();
            Some((line.network(), &**line.version(number)?.charter()?))
        };
        lines.iter().filter_map(held).collect()
    }

    /// A network below as it holds below the named path and the chosen networks between; nothing where one does not list it.
    fn chosen(&self, line: &Line, named: &[&Charter], chosen: &Chosen<'_>) -> Option<Charter> {
        let mut path = named.to_vec();
        for line in self.path(line.network()).into_iter().skip(named.len()) {
            let (above, charter) = (path.last()?, *chosen.get(line.network())?);
            above.child(line.network())?;
            let expected = charter.parent().map_or(0, |parent| parent.version);
            if expected > above.version() {
                return None;
            }
            path.push(charter);
        }
        together(&path)
    }
}

/// The same choice with another version of one network, or without it.
fn others<'t>(
    line: &'t Line,
    held: &Chosen<'t>,
    at: UnixTime,
) -> impl Iterator<Item = Chosen<'t>> + use<'t> {
    let (network, held) = (line.network(), held.clone());
    let now = held.get(network).map(|charter| charter.version());
    let begun = move |version: &&Version| version.valid_from() <= at.plus(MAX_SKEW_S);
    let versions = line.history().rev().filter(begun).take(MAX_TRIED);
    let charters = versions.filter_map(|version| version.charter().map(|charter| &**charter));
    let other = charters.map(Some).chain([None]);
    other.filter(move |charter| charter.map(Charter::version) != now).map(move |charter| {
        let mut chosen = held.clone();
        match charter {
            Some(charter) => chosen.insert(network, charter),
            None => chosen.remove(network),
        };
        chosen
    })
}
