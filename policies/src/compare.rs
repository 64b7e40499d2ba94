//! What changes between two charters, in words of rules and people, not of lines.
//!
//! Both are read first, so spacing, comments and the order of entries are no change. Every [`Change`] says of what, what
//! about it, and from what to what, as a sentence in English and in Dutch. Whether a change
//! allows more or less is not judged here: [`crate::matrix`] shows that, cell by cell.

use std::collections::{BTreeMap, BTreeSet};

use crate::charter::Charter;

mod change;
mod datasets;
#[cfg(test)]
pub(crate) mod fixture;
mod head;
mod indicators;
mod layers;
mod members;
mod people;
mod rules;
#[cfg(test)]
mod tests;
mod words;

pub use change::{Change, Moved, Part, Subject, What};

/// Everything that changes from one charter to another, part by part.
#[must_use]
pub fn between(old: &Charter, new: &Charter) -> Vec<Change> {
    let mut found = Found::default();
    head::compare(old, new, &mut found);
    layers::compare(old, new, &mut found);
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

    /// A list whose order means something: what comes and goes, and else another order.
    fn list<T: Ord + Clone + std::fmt::Display>(
        &mut self,
        subject: &Subject,
        what: &What,
        from: &[T],
        to: &[T],
    ) {
        let (old, new) = (set_of(from), set_of(to));
        if old == new {
            self.value(subject, what.clone(), listed(from), listed(to));
        }
        self.set(subject, what, &old, &new);
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
