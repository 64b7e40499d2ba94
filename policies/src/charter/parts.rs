//! What a charter declares, or, of one that is read below others, what is declared by all of them for it.
//!
//! Every part is shared: the charters of many networks below one root are put together often.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::dataset::Dataset;
use crate::indicator::Indicator;
use crate::{DatasetId, HospitalCode, IndicatorId, NetworkId, PersonId};

use super::joined::Joined;
use super::{Member, Person};

/// Everything that has a name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// The hospitals; none in a charter with a parent that is read by itself.
    pub(crate) members: Arc<BTreeMap<HospitalCode, Member>>,
    /// Which of the parent's members take part, in a charter with a parent.
    pub(crate) joined: Arc<BTreeMap<HospitalCode, Joined>>,
    /// Networks strictly below, with the names that people know.
    pub(crate) networks: Arc<BTreeMap<NetworkId, String>>,
    /// The people.
    pub(crate) people: Arc<BTreeMap<PersonId, Person>>,
    /// The datasets.
    pub(crate) datasets: Arc<BTreeMap<DatasetId, Dataset>>,
    /// The exact text of each dataset's file.
    pub(crate) texts: Arc<BTreeMap<DatasetId, String>>,
    /// The indicators.
    pub(crate) indicators: Arc<BTreeMap<IndicatorId, Indicator>>,
    /// The exact text of each indicator's file.
    pub(crate) indicator_texts: Arc<BTreeMap<IndicatorId, String>>,
}

impl Parts {
    /// The codes of the hospitals that take part, whether or not it is known who they are.
    pub(crate) fn codes(&self) -> BTreeSet<&HospitalCode> {
        self.members.keys().chain(self.joined.keys()).collect()
    }

    /// What holds for a network below another one: everything of both. What is declared above counts, whatever is declared
    /// below by the same name, and of hospitals only those that are members above and `may` take part.
    pub(crate) fn below(&self, above: &Self, may: &BTreeSet<HospitalCode>) -> Self {
        let taken = self.joined.values().filter(|joined| may.contains(&joined.code));
        let members = taken.filter_map(|joined| {
            let known = above.members.get(&joined.code)?;
            Some((joined.code.clone(), taking_part(known, joined)))
        });
        let members: BTreeMap<HospitalCode, Member> = members.collect();
        let people = self
            .people
            .values()
            .filter(|person| members.contains_key(&person.hospital) && !above.has_key_of(person));
        let people = people.map(|person| (person.id.clone(), person.clone()));
        let datasets = merged(&above.datasets, &self.datasets);
        let own_text = |id: &DatasetId| !above.datasets.contains_key(id);
        let mut texts = BTreeMap::clone(&above.texts);
        texts.extend(self.texts.iter().filter(|(id, _)| own_text(id)).map(owned));
        let indicators = merged(&above.indicators, &self.indicators);
        let own_text = |id: &IndicatorId| !above.indicators.contains_key(id);
        let mut indicator_texts = BTreeMap::clone(&above.indicator_texts);
        indicator_texts
            .extend(self.indicator_texts.iter().filter(|(id, _)| own_text(id)).map(owned));
        Self {
            people: merged(&above.people, &people.collect()),
            members: Arc::new(members),
            joined: Arc::clone(&self.joined),
            networks: Arc::clone(&self.networks),
            datasets,
            texts: Arc::new(texts),
            indicators,
            indicator_texts: Arc::new(indicator_texts),
        }
    }

    /// Every name that is declared here and above too, as the file where it stands and what is wrong with it.
    pub(crate) fn conflicts(
        &self,
        above: &Self,
        may: &BTreeSet<HospitalCode>,
    ) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let member =
            |code: &&HospitalCode| above.members.contains_key(*code) && may.contains(*code);
        for code in self.joined.keys().filter(|code| !member(code)) {
            let message = format!(
                "hospital `{code}` is not a member of the network above that it lists for this one"
            );
            found.push(("members.toml".to_owned(), message));
        }
        let twice = "is declared in a charter above: give this one another name";
        for person in self.people.values() {
            let Person { id, .. } = person;
            if above.people.contains_key(id) {
                found.push(("people.toml".to_owned(), format!("person `{id}` {twice}")));
            } else if above.has_key_of(person) {
                let message = format!("the key of `{id}` is a key of a charter above already");
                found.push(("people.toml".to_owned(), message));
            }
        }
        for id in self.datasets.keys().filter(|id| above.datasets.contains_key(*id)) {
            found.push((format!("datasets/{id}.toml"), format!("dataset `{id}` {twice}")));
        }
        for id in self.indicators.keys().filter(|id| above.indicators.contains_key(*id)) {
            found.push((format!("indicators/{id}.sql"), format!("indicator `{id}` {twice}")));
        }
        found
    }

    /// The same with the networks below it, at any depth, and which hospitals are in them.
    pub(crate) fn with_networks<'b>(
        &self,
        below: impl Iterator<Item = (&'b NetworkId, String, &'b Self)>,
    ) -> Self {
        let mut networks = BTreeMap::clone(&self.networks);
        let mut members = BTreeMap::clone(&self.members);
        for (id, title, parts) in below {
            // A name that stands above is not another network's below.
            if networks.contains_key(id) {
                continue;
            }
            networks.insert(id.clone(), title);
            let known: BTreeSet<NetworkId> = networks.keys().cloned().collect();
            let own = parts.networks.iter().filter(|(id, _)| !known.contains(*id));
            networks.extend(own.map(owned));
            for inner in parts.members.values() {
                let Some(member) = members.get_mut(&inner.code) else { continue };
                let span = super::Membership {
                    valid_from: inner.valid_from,
                    valid_until: inner.valid_until,
                };
                member.networks.insert(id.clone(), span);
                let own = inner.networks.iter().filter(|(id, _)| !known.contains(*id));
                member.networks.extend(own.map(owned));
            }
        }
        Self { networks: Arc::new(networks), members: Arc::new(members), ..self.clone() }
    }

    /// The same with everything that another network of the same root declares.
    pub(crate) fn beside(&self, other: &Self) -> Self {
        let mut texts = BTreeMap::clone(&other.texts);
        texts.extend(self.texts.iter().map(owned));
        let mut indicator_texts = BTreeMap::clone(&other.indicator_texts);
        indicator_texts.extend(self.indicator_texts.iter().map(owned));
        Self {
            people: merged(&self.people, &other.people),
            datasets: merged(&self.datasets, &other.datasets),
            texts: Arc::new(texts),
            indicators: merged(&self.indicators, &other.indicators),
            indicator_texts: Arc::new(indicator_texts),
            ..self.clone()
        }
    }

    /// Whether the person's key is somebody's already.
    fn has_key_of(&self, person: &Person) -> bool {
        let key = &person.key;
        self.people.values().any(|known| known.key == *key)
            || self.members.values().any(|member| member.keys.all().any(|known| known == key))
    }
}

/// A member of the network above as a member of this one.
fn taking_part(known: &Member, joined: &Joined) -> Member {
    let later = |one: Option<crate::UnixTime>, other| one.max(other);
    let earlier = |one: Option<crate::UnixTime>, other: Option<crate::UnixTime>| match (one, other)
    {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    let not_given = known.not_given.iter().chain(&joined.not_given).cloned().collect();
    Member {
        networks: joined.networks.clone(),
        not_given,
        valid_from: later(known.valid_from, joined.valid_from),
        valid_until: earlier(known.valid_until, joined.valid_until),
        ..known.clone()
    }
}

/// Both maps; of a name in both, what stands above.
fn merged<K: Clone + Ord, V: Clone>(
    above: &Arc<BTreeMap<K, V>>,
    own: &BTreeMap<K, V>,
) -> Arc<BTreeMap<K, V>> {
    if own.is_empty() {
        return Arc::clone(above);
    }
    let mut both = own.clone();
    both.extend(above.iter().map(owned));
    Arc::new(both)
}

fn owned<K: Clone, V: Clone>((key, value): (&K, &V)) -> (K, V) {
    (key.clone(), value.clone())
}
