//! What holds in one network at a moment: its own charter and those above it, read as one, and those below that bind a hospital.
//!
//! Every layer is asked by itself. Of each, the newest version that has begun speaks, and older ones beside it until their
//! notice is over. A network holds only while every version of its parent that holds lists it; one that is listed no more has
//! no say, above or below.

use std::sync::Arc;

use crate::charter::{Beside, Charter, Layer};
use crate::wire::LayerRef;
use crate::{HospitalCode, NetworkId, UnixTime};

use super::{InForce, Line, NotInForce, Tree};

/// Everything that decides a question of a network.
#[derive(Clone, Debug)]
pub struct Scope {
    /// The network's charter as it holds below those above it.
    pub charter: Arc<Charter>,
    /// Older versions of it, the newest first.
    pub besides: Vec<Beside>,
    /// The layers above it, the root first.
    pub above: Vec<Layer>,
    /// The layers below it that bind the hospital.
    pub below: Vec<Layer>,
    /// Why the hospital answers nothing in it: a network below that it is in does not hold.
    pub silenced: Option<Box<NotInScope>>,
}

/// Why nothing is decided in a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInScope {
    /// No charter of it is held.
    #[error("there is no network `{network}` below `{root}`")]
    Unknown {
        /// The network.
        network: NetworkId,
        /// The root's.
        root: NetworkId,
    },
    /// A version of the parent that holds does not list it.
    #[error("version {version} of `{parent}` does not list `{network}` among its children")]
    NotListed {
        /// The network.
        network: NetworkId,
        /// Its parent.
        parent: NetworkId,
        /// The parent's version.
        version: u64,
    },
    /// It goes with a version of its parent that has not begun.
    #[error(
        "the charter of `{network}` goes with version {expected} of `{parent}`, version {got} holds"
    )]
    ParentOlder {
        /// The network.
        network: NetworkId,
        /// Its parent.
        parent: NetworkId,
        /// The version that it asks for.
        expected: u64,
        /// The version that holds.
        got: u64,
    },
    /// A layer does not hold.
    #[error("network `{network}`: {source}")]
    Layer {
        /// Its network.
        network: NetworkId,
        /// Why.
        #[source]
        source: NotInForce,
    },
}

impl NotInScope {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_network",
            Self::NotListed { .. } => "not_a_child",
            Self::ParentOlder { .. } => "parent_behind",
            Self::Layer { source, .. } => source.code(),
        }
    }
}

/// Which versions of a parent must list a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// All that hold: the network is asked in.
    All,
    /// The newest: the network is counted in `network`. It follows from versions alone, not from when a node accepted them.
    Newest,
    /// One that holds: the network still binds its hospitals.
    One,
}

/// One layer of a path, as it holds.
pub(super) struct Step<'t> {
    line: &'t Line,
    pub(super) force: InForce,
}

impl Tree {
    /// Everything that decides a question of this network at `now`; with the layers below that bind the hospital.
    ///
    /// # Errors
    /// `NotInScope`.
    pub fn scope(
        &self,
        network: &NetworkId,
        hospital: &HospitalCode,
        now: UnixTime,
    ) -> Result<Scope, NotInScope> {
        let steps = self.steps(network, Listing::All, now)?;
        let newest: Vec<&Charter> = steps.iter().map(|step| &*step.force.newest).collect();
        let unknown = || self.unknown(network);
        let charter = together(&newest).ok_or_else(unknown)?;
        let begun = self.begun_below(network, now);
        let charter = charter.with_networks(begun.iter());
        let mut above = Vec::new();
        for (place, step) in steps.iter().enumerate() {
            let besides = besides(&newest, (place, step)).ok_or_else(unknown)?;
            let spoken = Arc::new(charter.spoken(&step.force.newest));
            above.push(Layer { charter: spoken, besides });
        }
        let Layer { charter, besides } = above.pop().ok_or_else(unknown)?;
        let (below, silenced) = match self.binding(network, (hospital, now)) {
            Ok(below) => (below, None),
            Err(error) => (Vec::new(), Some(Box::new(error))),
        };
        Ok(Scope { charter, besides, above, below, silenced })
    }

    /// The layers of a path, each of which holds.
    pub(super) fn steps(
        &self,
        network: &NetworkId,
        listing: Listing,
        now: UnixTime,
    ) -> Result<Vec<Step<'_>>, NotInScope> {
        let mut steps: Vec<Step<'_>> = Vec::new();
        for line in self.path(network) {
            // Whether it is listed comes first: what is listed no more has no say, over or not.
            if let Some(parent) = steps.last() {
                listed(parent, line.network(), listing)?;
            }
            let in_force = line.in_force(now);
            let network = || line.network().clone();
            let force =
                in_force.map_err(|source| NotInScope::Layer { network: network(), source })?;
            match (steps.last(), listing) {
                (Some(parent), Listing::All | Listing::Newest) => {
                    goes_with(parent, line.network(), &force)?;
                }
                (Some(_), Listing::One) | (None, _) => {}
            }
            steps.push(Step { line, force });
        }
        if steps.is_empty() { Err(self.unknown(network)) } else { Ok(steps) }
    }

    fn unknown(&self, network: &NetworkId) -> NotInScope {
        NotInScope::Unknown { network: network.clone(), root: self.network().clone() }
    }

    /// The charters of the networks below that hold, each as it holds below those above it. Which these are does not wait for
    /// a notice: nodes that hold the same versions count the same.
    fn begun_below(&self, network: &NetworkId, now: UnixTime) -> Vec<Charter> {
        let charter = |line: &Line| {
            let steps = self.steps(line.network(), Listing::Newest, now).ok()?;
            let newest: Vec<&Charter> = steps.iter().map(|step| &*step.force.newest).collect();
            together(&newest)
        };
        self.below(network).into_iter().filter_map(charter).collect()
    }

    /// The networks below that a hospital is in: they bind it whoever asks from above. One whose charter has ended binds too:
    /// nothing is answered until its board has signed the next one, or its parent lists it no more.
    fn binding(
        &self,
        network: &NetworkId,
        (hospital, now): (&HospitalCode, UnixTime),
    ) -> Result<Vec<Layer>, NotInScope> {
        let mut layers = Vec::new();
        for line in self.below(network) {
            // Most networks are not this hospital's: nothing is put together for them.
            let takes = |charter: &Arc<Charter>| charter.takes_at(hospital, now);
            let steps = match self.steps(line.network(), Listing::One, now) {
                Ok(steps) => steps,
                Err(NotInScope::Layer { source: NotInForce::NotYet { .. }, .. }) => continue,
                Err(NotInScope::NotListed { .. } | NotInScope::ParentOlder { .. }) => continue,
                Err(error @ (NotInScope::Layer { .. } | NotInScope::Unknown { .. })) => {
                    if line.newest_charter().is_some_and(takes)
                        && self.may_take(line, (hospital, now))
                    {
                        return Err(error);
                    }
                    continue;
                }
            };
            let Some(step) = steps.last().filter(|step| step.force.all().any(takes)) else {
                continue;
            };
            let newest = listing(&steps);
            let Some(charter) = together(&newest) else { continue };
            let place = steps.len().saturating_sub(1);
            let besides = besides(&newest, (place, step)).unwrap_or_default();
            let bound = |charter: &Charter| {
                charter.member(hospital).is_some_and(|member| member.valid_at(now))
            };
            if bound(&charter) || besides.iter().any(|beside| bound(&beside.charter)) {
                layers.push(Layer { charter: Arc::new(charter), besides });
            }
        }
        Ok(layers)
    }

    /// The root's charter with the people and data of every network that a hospital is in: what it imports, and what its own
    /// rules may name.
    ///
    /// # Errors
    /// `NotInScope` where the root's charter does not hold.
    pub fn whole(&self, hospital: &HospitalCode, now: UnixTime) -> Result<Charter, NotInScope> {
        let Scope { charter, .. } = self.scope(self.network(), hospital, now)?;
        let mut seen = Vec::new();
        for line in self.below(self.network()) {
            let Ok(steps) = self.steps(line.network(), Listing::All, now) else { continue };
            let newest: Vec<&Charter> = steps.iter().map(|step| &*step.force.newest).collect();
            seen.extend(together(&newest).filter(|charter| charter.member(hospital).is_some()));
        }
        Ok(charter.with_all(seen.iter()))
    }

    /// The same with the people and data that older charters of networks below had, each of which counts before what holds: to
    /// find out by which of them a name went.
    ///
    /// # Errors
    /// `NotInScope` where the root's charter does not hold.
    pub fn whole_with(
        &self,
        hospital: &HospitalCode,
        older: &[Charter],
        now: UnixTime,
    ) -> Result<Charter, NotInScope> {
        let whole = self.whole(hospital, now)?;
        let below = |charter: &Charter| {
            let above = charter.parent().map(|parent| &parent.network);
            let above = above.and_then(|above| self.scope(above, hospital, now).ok());
            charter.within(above.as_ref().map_or(&whole, |scope| &*scope.charter))
        };
        let older: Vec<Charter> = older.iter().map(below).collect();
        let Some((first, rest)) = older.split_first() else { return Ok(whole) };
        Ok(first.with_all(rest.iter().chain([&whole])))
    }

    /// The newest charter of every network that holds, each as it holds below those above it, the root's first.
    ///
    /// # Errors
    /// `NotInScope` of the first one that does not hold.
    pub fn all_in_force(&self, now: UnixTime) -> Result<Vec<Charter>, NotInScope> {
        let mut found = Vec::new();
        for line in self.lines() {
            let steps = self.steps(line.network(), Listing::All, now)?;
            let newest: Vec<&Charter> = steps.iter().map(|step| &*step.force.newest).collect();
            found.extend(together(&newest));
        }
        Ok(found)
    }

    /// What decides for a hospital at a moment, by names: where it is the same at another moment, nothing began or ended.
    #[must_use]
    pub fn state(
        &self,
        hospital: &HospitalCode,
        now: UnixTime,
    ) -> Vec<(NetworkId, Vec<LayerRef>, bool)> {
        let state = |line: &Line| {
            let network = line.network();
            let force = line.in_force(now).ok();
            let own = || force.as_ref().map(InForce::layers).unwrap_or_default();
            let layers = self.layers(network, now).unwrap_or_else(|_| own());
            let member =
                force.is_some_and(|force| force.all().any(|one| one.takes_at(hospital, now)));
            (network.clone(), layers, member)
        };
        self.lines().into_iter().map(state).collect()
    }

    /// Whether every charter above lists the hospital for the network below it on the path, and has it itself: in a version that
    /// holds, or in the newest where none does. One that is over gives nobody away that it was not given.
    fn may_take(&self, line: &Line, (hospital, now): (&HospitalCode, UnixTime)) -> bool {
        let path = self.path(line.network());
        path.iter().zip(path.iter().skip(1)).all(|(above, below)| {
            let gives = |charter: &Arc<Charter>| {
                let child = charter.child(below.network());
                child.is_some_and(|child| child.members.contains(hospital))
                    && charter.takes_at(hospital, now)
            };
            match above.in_force(now) {
                Ok(force) => force.all().any(gives),
                Err(_over) => above.newest_charter().is_some_and(gives),
            }
        })
    }

    /// What names every version that holds in a network and above it, each layer's newest first: what changes with the clock.
    ///
    /// # Errors
    /// `NotInScope`.
    pub fn layers(&self, network: &NetworkId, now: UnixTime) -> Result<Vec<LayerRef>, NotInScope> {
        let steps = self.steps(network, Listing::All, now)?;
        Ok(steps.iter().flat_map(|step| step.force.layers()).collect())
    }
}

/// Whether the parent lists the network.
fn listed(parent: &Step<'_>, network: &NetworkId, listing: Listing) -> Result<(), NotInScope> {
    let lists = |charter: &Charter| charter.child(network).is_some();
    let enough = match listing {
        Listing::All => false,
        Listing::Newest => lists(&parent.force.newest),
        Listing::One => parent.force.all().any(|charter| lists(charter)),
    };
    if enough {
        return Ok(());
    }
    match parent.force.all().find(|charter| !lists(charter)) {
        Some(other) => Err(NotInScope::NotListed {
            network: network.clone(),
            parent: parent.line.network().clone(),
            version: other.version(),
        }),
        None => Ok(()),
    }
}

/// Whether the version of the parent that holds is one that the network's charter goes with.
fn goes_with(parent: &Step<'_>, network: &NetworkId, force: &InForce) -> Result<(), NotInScope> {
    let got = parent.force.newest.version();
    match force.newest.parent().map(|parent| parent.version) {
        Some(expected) if expected > got => Err(NotInScope::ParentOlder {
            network: network.clone(),
            parent: parent.line.network().clone(),
            expected,
            got,
        }),
        Some(_) | None => Ok(()),
    }
}

/// Of each layer of a path the newest version that lists the one below it.
fn listing<'s>(steps: &'s [Step<'_>]) -> Vec<&'s Charter> {
    let next = steps.iter().skip(1).map(Some).chain([None]);
    let version = |(step, next): (&'s Step<'_>, Option<&Step<'_>>)| {
        let lists = |charter: &&'s Arc<Charter>| {
            next.is_some_and(|next| charter.child(next.line.network()).is_some())
        };
        let found = step.force.all().find(lists);
        &**found.unwrap_or(&step.force.newest)
    };
    steps.iter().zip(next).map(version).collect()
}

/// The charters of a path, from the root's, as the last one's network sees them.
pub(super) fn together(path: &[&Charter]) -> Option<Charter> {
    let (root, rest) = path.split_first()?;
    let mut seen = root.within_nothing();
    for charter in rest {
        seen = charter.within(&seen);
    }
    Some(seen)
}

/// The older versions of one layer, each in a path that is the newest otherwise, the newest first.
fn besides(newest: &[&Charter], (place, step): (usize, &Step<'_>)) -> Option<Vec<Beside>> {
    let mut found = Vec::new();
    for (older, until) in step.force.besides.iter().rev() {
        let mut path = newest.to_vec();
        *path.get_mut(place)? = older;
        let charter = Arc::new(together(&path)?.spoken(older));
        found.push(Beside { charter, until: *until });
    }
    Some(found)
}
