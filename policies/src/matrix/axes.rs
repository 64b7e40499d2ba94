//! What is enumerated: people, purposes, groups, and what a question may touch.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;
use crate::dataset::{Dataset, Table};
use crate::indicator::Indicator;
use crate::{DatasetId, GroupId, PersonId, Profile, Purpose, capability};

use super::{About, CLASSES, Cell, USES, Who};

/// What a matrix is restricted to; nothing where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Only {
    /// This dataset.
    pub dataset: Option<DatasetId>,
    /// This purpose.
    pub purpose: Option<Purpose>,
    /// This person, and so those who are alike.
    pub person: Option<PersonId>,
}

/// The words along which charters are tried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axes {
    purposes: BTreeSet<Purpose>,
    people: BTreeSet<PersonId>,
    columns: BTreeSet<String>,
    groups: bool,
    variants: bool,
    only: Only,
}

impl Axes {
    /// Those of several charters together, so that their matrices have the same cells: every purpose that a rule names and one
    /// that none does, and everybody and every column that a rule of any of them names.
    #[must_use]
    pub fn of(charters: &[&Charter], only: Only) -> Self {
        let mut purposes = BTreeSet::new();
        let (mut people, mut columns) = (BTreeSet::new(), BTreeSet::new());
        let mut attributes = BTreeSet::new();
        for charter in charters {
            let rules = charter.rules();
            purposes.extend(rules.iter().flat_map(|rule| rule.purposes.iter().cloned()));
            let named = rules.mentions();
            people.extend(named.people);
            columns.extend(named.columns);
            attributes.extend(named.attributes);
        }
        purposes.extend(unnamed(&purposes));
        if let Some(purpose) = &only.purpose {
            purposes = BTreeSet::from([purpose.clone()]);
        }
        let looks_at = |attribute: &str| attributes.contains(attribute);
        let (groups, variants) = (looks_at("group"), looks_at("by") || looks_at("window"));
        Self { purposes, people, columns, groups, variants, only }
    }

    /// Every purpose that a rule names, and one that none does.
    pub(crate) fn purposes(&self) -> impl Iterator<Item = &Purpose> {
        self.purposes.iter()
    }

    /// Who stands for whom: the first by id.
    pub(crate) fn people(&self, charter: &Charter) -> BTreeMap<Who, PersonId> {
        let mut found = BTreeMap::new();
        for person in charter.people() {
            let who = if self.people.contains(&person.id) {
                Who::Named(person.id.clone())
            } else {
                Who::Alike {
                    groups: person.groups.iter().cloned().collect(),
                    roles: person.roles.iter().cloned().collect(),
                    hospital: person.hospital.clone(),
                }
            };
            if self.only.person.as_ref() == Some(&person.id) {
                return BTreeMap::from([(who, person.id.clone())]);
            }
            found.entry(who).or_insert_with(|| person.id.clone());
        }
        if self.only.person.is_some() { BTreeMap::new() } else { found }
    }

    /// Every cell of the charter.
    pub(super) fn places(&self, charter: &Charter, people: &BTreeMap<Who, PersonId>) -> Vec<Cell> {
        let mut cells = Vec::new();
        let wanted = |dataset: &&Dataset| {
            self.only.dataset.as_ref().is_none_or(|wanted| *wanted == dataset.id)
        };
        for dataset in charter.datasets().filter(wanted) {
            let columns = self.columns(dataset);
            let indicators = self.indicators(charter, &dataset.id);
            for (who, person) in people {
                for group in self.groups(charter, person) {
                    for purpose in &self.purposes {
                        for (profile, about) in under(&columns, &indicators) {
                            cells.push(Cell {
                                profile,
                                dataset: dataset.id.clone(),
                                who: who.clone(),
                                purpose: purpose.clone(),
                                group: group.clone(),
                                about: about.clone(),
                            });
                        }
                    }
                }
            }
        }
        cells
    }

    /// No group, and each of the person's where a rule looks at it.
    pub(crate) fn groups(&self, charter: &Charter, person: &PersonId) -> Vec<Option<GroupId>> {
        let own = charter.person(person).filter(|_| self.groups);
        let own = own.into_iter().flat_map(|person| person.groups.iter().cloned().map(Some));
        std::iter::once(None).chain(own).collect()
    }

    fn columns(&self, dataset: &Dataset) -> BTreeSet<About> {
        dataset.tables.values().flat_map(|table| self.of_table(table)).collect()
    }

    fn of_table(&self, table: &Table) -> BTreeSet<About> {
        let mut found = BTreeSet::new();
        for column in table.columns.iter().filter(|column| CLASSES.contains(&column.class)) {
            let named =
                self.names(&format!("{}.{}", table.name, column.name)).then(|| column.name.clone());
            for usage in USES.into_iter().filter(|usage| column.class.allows(*usage)) {
                found.insert(About::Columns {
                    table: table.name.clone(),
                    class: column.class.as_str(),
                    column: named.clone(),
                    usage: usage.as_str(),
                });
            }
        }
        found
    }

    /// Whether a rule names the column, as `table.column`.
    pub(super) fn names(&self, column: &str) -> bool {
        self.columns.contains(column)
    }

    fn indicators(&self, charter: &Charter, dataset: &DatasetId) -> BTreeSet<About> {
        let of = |indicator: &Indicator| -> Vec<About> {
            let most = if self.variants { usize::MAX } else { 1 };
            let about = |(by, window): (Option<&_>, Option<&_>)| About::Indicator {
                id: indicator.id.clone(),
                by: by.cloned(),
                window: window.cloned(),
            };
            indicator.variants().take(most).map(about).collect()
        };
        let own = charter.indicators().filter(|indicator| indicator.dataset == *dataset);
        own.flat_map(of).collect()
    }
}

/// Each profile that questions are answered under, with what is asked under it.
fn under<'a>(
    columns: &'a BTreeSet<About>,
    indicators: &'a BTreeSet<About>,
) -> impl Iterator<Item = (Profile, &'a About)> {
    let answered = Profile::ALL.into_iter().filter(|profile| capability::answers(*profile));
    answered.flat_map(move |profile| {
        let asked = match profile {
            Profile::Indicator => indicators,
            Profile::Members | Profile::Explore | Profile::Network | Profile::Strict => columns,
        };
        asked.iter().map(move |about| (profile, about))
    })
}

/// A purpose that no rule names.
fn unnamed(named: &BTreeSet<Purpose>) -> Option<Purpose> {
    let other = (0..=named.len()).map(|number| match number {
        0 => "another-purpose".to_owned(),
        number => format!("another-purpose-{number}"),
    });
    other.filter_map(|word| Purpose::new(&word).ok()).find(|word| !named.contains(word))
}
