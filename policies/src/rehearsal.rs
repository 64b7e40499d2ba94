//! What the rules would let be answered if the indicators of a charter were asked, before it is sealed.
//!
//! Nobody asks: everybody whom the rules tell apart is tried with every purpose that they know ([`Askers`]), each decided as a node
//! would ([`decide::explain`]). Each set of protections under which a variant would be answered is one [`Granted`], whoever has
//! it. Its permit is for data that are made up: `query` runs nothing else under it, and makes no answer of it.
//!
//! Tried are those whom the charter names, whenever their time is; hospitals' own rules only take away and are not in a charter.

use std::collections::BTreeMap;

use crate::ask::Ask;
use crate::charter::Charter;
use crate::decide::{self, Explained};
use crate::matrix::{Axes, Only};
use crate::permit::Permit;
use crate::wire::IndicatorRef;
use crate::{DatasetId, Footprint, GroupId, HospitalCode, PersonId, Purpose, matrix};

#[cfg(test)]
mod tests;

/// Most decisions on all variants together: each takes some tenths of a millisecond.
pub const MAX_DECISIONS: usize = 100_000;

/// Everybody who is tried, with what for.
#[derive(Clone, Debug)]
pub struct Askers {
    tried: Vec<Asker>,
    all: usize,
}

#[derive(Clone, Debug)]
struct Asker {
    person: PersonId,
    hospital: HospitalCode,
    purpose: Purpose,
    group: Option<GroupId>,
}

impl Askers {
    /// Everybody whom the rules tell apart, with every purpose and group that they know; the first of them where so many variants
    /// would take too many decisions.
    #[must_use]
    pub fn of(charter: &Charter, variants: usize) -> Self {
        let axes = Axes::of(&[charter], Only::default());
        let mut tried = Vec::new();
        for person in axes.people(charter).values() {
            let Some(known) = charter.person(person) else { continue };
            let (person, hospital) = (&known.id, &known.hospital);
            for group in axes.groups(charter, person) {
                tried.extend(axes.purposes().map(|purpose| Asker {
                    person: person.clone(),
                    hospital: hospital.clone(),
                    purpose: purpose.clone(),
                    group: group.clone(),
                }));
            }
        }
        let all = tried.len();
        tried.truncate(MAX_DECISIONS.checked_div(variants).unwrap_or(all).max(1));
        Self { tried, all }
    }

    /// How many are tried.
    #[must_use]
    pub fn tried(&self) -> usize {
        self.tried.len()
    }

    /// How many there are.
    #[must_use]
    pub fn all(&self) -> usize {
        self.all
    }
}

/// A variant of an indicator that somebody would be answered.
#[derive(Debug)]
pub struct Granted {
    explained: Explained,
    footprint: Footprint,
    person: PersonId,
    purpose: Purpose,
}

impl Granted {
    /// Under what it would be answered.
    #[must_use]
    pub fn explained(&self) -> &Explained {
        &self.explained
    }

    /// What would be done to the answer, as files write it.
    #[must_use]
    pub fn protections(&self) -> BTreeMap<&'static str, String> {
        matrix::applied(&self.explained)
    }

    /// The first who would be, and for which purpose.
    #[must_use]
    pub fn first(&self) -> (&PersonId, &Purpose) {
        (&self.person, &self.purpose)
    }

    /// A permit for data that are made up.
    #[must_use]
    pub fn permit(&self) -> Permit {
        Permit::rehearse(self.footprint.again(), self.explained.clone())
    }
}

/// Every set of protections under which the rules would let somebody be answered on a variant, in the order of the askers.
#[must_use]
pub fn granted(
    charter: &Charter,
    askers: &Askers,
    (dataset, named): (&DatasetId, &IndicatorRef),
    footprint: &Footprint,
) -> Vec<Granted> {
    let mut found: Vec<Granted> = Vec::new();
    for Asker { person, hospital, purpose, group } in &askers.tried {
        let ask = Ask {
            network: charter.network().clone(),
            person: person.clone(),
            purpose: purpose.clone(),
            group: group.clone(),
            dataset: dataset.clone(),
            asking_node: hospital.clone(),
            direct_signature: true,
            hospitals: charter.members().count(),
            named: None,
            at: charter.valid_from(),
            to_itself: false,
            indicator: Some(named.clone()),
            profile: None,
        };
        let Ok(explained) = decide::explain(charter, &ask, footprint) else { continue };
        let same = |known: &Granted| {
            let known = known.explained();
            (known.profile, known.protections, &known.volume, known.band)
                == (explained.profile, explained.protections, &explained.volume, explained.band)
        };
        if !found.iter().any(same) {
            let (person, purpose) = (person.clone(), purpose.clone());
            found.push(Granted { explained, footprint: footprint.again(), person, purpose });
        }
    }
    found
}
