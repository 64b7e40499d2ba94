//! What changes between two charters, in words of rules and people, not of lines.
//!
//! Both are read first, so spacing, comments and the order of entries are no change. Every [`Change`] says of what, what
//! about it, and from what to what; its sentences are made in `words`, in English and in Dutch. Whether a change
//! allows more or less is not judged here: [`crate::matrix`] shows that, cell by cell.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::charter::Charter;
use crate::{DatasetId, HospitalCode, Ident, IndicatorId, NetworkId, PersonId};

mod datasets;
#[cfg(test)]
pub(crate) mod fixture;
mod head;
mod indicators;
mod members;
mod people;
mod rules;
#[cfg(test)]
mod tests;
mod words;

/// A part of the charter, in the order of printing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// charter.toml.
    Charter,
    /// Who signs, and who vouches that a version is the newest.
    Signers,
    /// Sub-networks.
    Networks,
    /// Hospitals.
    Members,
    /// People.
    People,
    /// The data dictionary.
    Datasets,
    /// Approved questions.
    Indicators,
    /// Rules.
    Rules,
    /// The board's own cases.
    Cases,
}

/// What a change is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The charter itself.
    Charter,
    /// A signer, by name.
    Signer(String),
    /// A hospital's key that vouches for a version being the newest.
    Freshness(HospitalCode),
    /// A sub-network.
    Network(NetworkId),
    /// A hospital.
    Member(HospitalCode),
    /// A person.
    Person(PersonId),
    /// A dataset.
    Dataset(DatasetId),
    /// A table of a dataset.
    Table(DatasetId, Ident),
    /// A column of a table of a dataset.
    Column(DatasetId, Ident, Ident),
    /// An indicator.
    Indicator(IndicatorId),
    /// A rule, by its `@id`.
    Rule(String),
    /// A case of the board, by its name.
    Case(String),
}

/// What about it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// All of it.
    Whole,
    /// The network's id.
    Network,
    /// The version.
    Version,
    /// The digest of the version before.
    Previous,
    /// Days for which an older version holds beside it.
    Notice,
    /// The title in a language.
    Title(String),
    /// First moment.
    ValidFrom,
    /// Last moment.
    ValidUntil,
    /// How many must sign.
    Threshold,
    /// A name.
    Name,
    /// What kind it is.
    Kind,
    /// A key, by its job; empty where there is one only.
    Key(String),
    /// An address.
    Address,
    /// Membership in a sub-network.
    Membership(NetworkId),
    /// Care that is not given, in a column.
    NotGiven(String),
    /// The hospital of a person.
    Hospital,
    /// A tumour group.
    Group,
    /// A role.
    Role,
    /// Real or synthetic.
    Status,
    /// The table of patients.
    Patient,
    /// The column that attributes rows to one hospital.
    Attribution,
    /// The key of a table.
    TableKey,
    /// A foreign key.
    ForeignKey,
    /// A column's type.
    Type,
    /// A column's class.
    Class,
    /// Whether a row may lack it.
    Nullable,
    /// Whether it is sensitive.
    Sensitive,
    /// Bounds.
    Bounds,
    /// A code.
    Code,
    /// A group of codes.
    CodeGroup(String),
    /// The step of a generalisation.
    Step,
    /// Edges of quantiles.
    Edges,
    /// The unit.
    Unit,
    /// The dataset of an indicator.
    Dataset,
    /// The norm.
    Norm,
    /// Where a definition comes from.
    Source,
    /// A variant by which it is counted.
    By,
    /// A window of years.
    Window,
    /// The rate in the middle of a band.
    Band,
    /// The year of a volume.
    Year,
    /// The SQL text, of so many variants.
    Text,
    /// Notes and layout of a file, and nothing that is read of it.
    Notes,
    /// What a rule does.
    Effect,
    /// Who and what a rule is about.
    Scope,
    /// When a rule holds.
    Conditions,
    /// What a refused person is told, in a language.
    Explanation(String),
    /// A protection, by its word.
    Protection(String),
}

/// From what to what.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Moved {
    /// It is there now; in short, what it is.
    Added(String),
    /// It is there no more; in short, what it was.
    Removed(String),
    /// It is another one, or said for the first time, or said no more.
    Changed {
        /// What it was.
        from: Option<String>,
        /// What it is.
        to: Option<String>,
    },
    /// It has one more.
    Gains(String),
    /// It has one less.
    Loses(String),
    /// Its text is another one under the same version; whose, in short.
    Unnumbered(String),
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Of what.
    pub subject: Subject,
    /// What about it.
    pub what: What,
    /// From what to what.
    pub moved: Moved,
}

impl Subject {
    /// The part of the charter that it belongs to.
    #[must_use]
    pub fn part(&self) -> Part {
        match self {
            Self::Charter => Part::Charter,
            Self::Signer(_) | Self::Freshness(_) => Part::Signers,
            Self::Network(_) => Part::Networks,
            Self::Member(_) => Part::Members,
            Self::Person(_) => Part::People,
            Self::Dataset(_) | Self::Table(_, _) | Self::Column(_, _, _) => Part::Datasets,
            Self::Indicator(_) => Part::Indicators,
            Self::Rule(_) => Part::Rules,
            Self::Case(_) => Part::Cases,
        }
    }
}

/// Everything that changes from one charter to another, part by part.
#[must_use]
pub fn between(old: &Charter, new: &Charter) -> Vec<Change> {
    let mut found = Found::default();
    head::compare(old, new, &mut found);
    members::compare(old, new, &mut found);
    people::compare(old, new, &mut found);
    datasets::compare(old, new, &mut found);
    indicators::compare(old, new, &mut found);
    rules::compare(old, new, &mut found);
    found.cases(old, new);
    let mut changes = found.0;
    changes.sort_by_key(|change| change.subject.part());
    changes
}

/// Collects changes.
#[derive(Debug, Default)]
struct Found(Vec<Change>);

impl Found {
    fn add(&mut self, subject: &Subject, what: What, moved: Moved) {
        self.0.push(Change { subject: subject.clone(), what, moved });
    }

    /// One value.
    fn value<T: PartialEq + ToString>(&mut self, subject: &Subject, what: What, from: T, to: T) {
        self.maybe(subject, what, Some(from), Some(to));
    }

    /// A value that may be absent.
    fn maybe<T: PartialEq + ToString>(
        &mut self,
        subject: &Subject,
        what: What,
        from: Option<T>,
        to: Option<T>,
    ) {
        if from != to {
            let text = |value: Option<T>| value.map(|value| value.to_string());
            self.add(subject, what, Moved::Changed { from: text(from), to: text(to) });
        }
    }

    /// A set of values.
    fn set<T: Ord + ToString>(
        &mut self,
        subject: &Subject,
        what: &What,
        from: &BTreeSet<T>,
        to: &BTreeSet<T>,
    ) {
        for lost in from.difference(to) {
            self.add(subject, what.clone(), Moved::Loses(lost.to_string()));
        }
        for gained in to.difference(from) {
            self.add(subject, what.clone(), Moved::Gains(gained.to_string()));
        }
    }

    /// Named values, each of which may be absent.
    fn named<K: Ord + ToString, V: PartialEq + std::fmt::Display>(
        &mut self,
        subject: &Subject,
        what: impl Fn(String) -> What,
        from: &BTreeMap<K, V>,
        to: &BTreeMap<K, V>,
    ) {
        for name in from.keys().chain(to.keys()).collect::<BTreeSet<_>>() {
            self.maybe(subject, what(name.to_string()), from.get(name), to.get(name));
        }
    }

    /// Things with names: those that come, those that go, and the pairs that stay.
    fn things<'t, K: Ord, V>(
        &mut self,
        (from, to): (&BTreeMap<K, &'t V>, &BTreeMap<K, &'t V>),
        subject: impl Fn(&K) -> Subject,
        short: impl Fn(&V) -> String,
    ) -> Vec<(Subject, &'t V, &'t V)> {
        for (name, thing) in from.iter().filter(|(name, _)| !to.contains_key(name)) {
            self.add(&subject(name), What::Whole, Moved::Removed(short(thing)));
        }
        for (name, thing) in to.iter().filter(|(name, _)| !from.contains_key(name)) {
            self.add(&subject(name), What::Whole, Moved::Added(short(thing)));
        }
        let both = |(name, old): (&K, &&'t V)| Some((subject(name), *old, *to.get(name)?));
        from.iter().filter_map(both).collect()
    }

    fn cases(&mut self, old: &Charter, new: &Charter) {
        let of = |charter: &'_ Charter| -> BTreeMap<String, crate::cases::Case> {
            charter.cases().map(|case| (case.name.clone(), case.clone())).collect()
        };
        let (from, to) = (of(old), of(new));
        let of = (
            &from.iter().map(|(name, case)| (name.clone(), case)).collect(),
            &to.iter().map(|(name, case)| (name.clone(), case)).collect(),
        );
        let both = self.things(
            of,
            |name| Subject::Case(name.clone()),
            |case| case.expect.as_str().to_owned(),
        );
        for (subject, from, to) in both {
            if !from.is_same(to) {
                let (from, to) = (Some(from.short()), Some(to.short()));
                // What it touches does not stand in the short form.
                let (from, to) = if from == to { (None, None) } else { (from, to) };
                self.add(&subject, What::Whole, Moved::Changed { from, to });
            }
        }
    }
}

/// A list that is read as a set.
fn set_of<T: Ord + Clone>(items: &[T]) -> BTreeSet<T> {
    items.iter().cloned().collect()
}

/// Names, separated by commas; a dash for none.
fn listed(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "-".to_owned() } else { items.join(", ") }
}
