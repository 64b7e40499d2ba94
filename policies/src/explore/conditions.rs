//! An AND of conditions in its one form: a set of values for each column, each child once, nothing that follows from the rest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ExploreReason, ValueSet};
use crate::dataset::Dataset;

/// An AND of conditions on a row and on what it belongs to. Equal conditions are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditions {
    /// Whether they contradict one another: nobody meets them.
    pub never: bool,
    /// At most one for each column, sorted.
    pub columns: Vec<ColumnCondition>,
    /// Sorted.
    pub children: Vec<ChildCondition>,
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnCondition {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The values that it allows.
    pub values: ValueSet,
}

/// A condition on whether there is a row of a child table under such conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChildCondition {
    /// The table whose row it belongs to.
    pub of: String,
    /// The child table.
    pub table: String,
    /// Whether there is none instead.
    pub negated: bool,
    /// Conditions on the child and on what is between; sorted, at most one for each column.
    pub columns: Vec<ColumnCondition>,
}

impl ChildCondition {
    /// How many conditions it counts as.
    #[must_use]
    pub fn count(&self) -> usize {
        self.columns.len().max(1)
    }

    /// Whether a row that meets `rows` and leads to a row of `under` shows that there is such a child.
    fn follows(
        &self,
        (table, under, rows): (&str, &str, &[ColumnCondition]),
        dataset: &Dataset,
    ) -> bool {
        let leads =
            |from: &str, to: &str| dataset.chain(from).any(|table| table.name.as_str() == to);
        let met = |wanted: &ColumnCondition| {
            let same = |row: &&ColumnCondition| {
                (&row.table, &row.column) == (&wanted.table, &wanted.column)
            };
            rows.iter().find(same).is_some_and(|row| row.values.within(&wanted.values))
        };
        leads(under, &self.of) && leads(table, &self.table) && self.columns.iter().all(met)
    }
}

impl Conditions {
    /// One condition on a column.
    #[must_use]
    pub fn of(table: &str, column: &str, values: ValueSet) -> Self {
        let never = values.is_empty();
        let (table, column) = (table.to_owned(), column.to_owned());
        let columns =
            if never { Vec::new() } else { vec![ColumnCondition { table, column, values }] };
        Self { never, columns, children: Vec::new() }
    }

    /// One condition on children.
    #[must_use]
    pub fn child(child: ChildCondition) -> Self {
        Self { children: vec![child], ..Self::default() }
    }

    /// What nobody meets.
    #[must_use]
    pub fn nobody() -> Self {
        Self { never: true, ..Self::default() }
    }

    /// Both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut columns: BTreeMap<(&str, &str), ValueSet> = BTreeMap::new();
        for condition in self.columns.iter().chain(&other.columns) {
            let values = columns
                .entry((&condition.table, &condition.column))
                .or_insert_with(|| condition.values.clone());
            *values = values.and(&condition.values);
        }
        if self.never || other.never || columns.values().any(ValueSet::is_empty) {
            return Self::nobody();
        }
        let columns = columns.into_iter().map(|((table, column), values)| ColumnCondition {
            table: table.to_owned(),
            column: column.to_owned(),
            values,
        });
        let columns = columns.collect();
        let mut children: Vec<ChildCondition> =
            self.children.iter().chain(&other.children).cloned().collect();
        children.sort();
        children.dedup();
        Self { never: false, columns, children }
    }

    /// Whether everybody meets them.
    #[must_use]
    pub fn is_of_all(&self) -> bool {
        *self == Self::default()
    }

    /// Without what follows from the rest, for rows of a table.
    #[must_use]
    pub fn reduced(&self, rows: &str, dataset: &Dataset) -> Self {
        if self.never {
            return Self::nobody();
        }
        let (none, some): (Vec<&ChildCondition>, Vec<&ChildCondition>) =
            self.children.iter().partition(|child| child.negated);
        let by_row = |child: &ChildCondition| child.follows((rows, rows, &self.columns), dataset);
        let shows = |one: &ChildCondition, other: &ChildCondition| {
            let above =
                |table: &str| dataset.chain(&one.of).any(|known| known.name.as_str() == table);
            let shared = self.columns.iter().filter(|condition| above(&condition.table));
            let all: Vec<ColumnCondition> = one.columns.iter().chain(shared).cloned().collect();
            other.follows((&one.table, &one.of, &all), dataset)
        };
        if none.iter().any(|none| by_row(none) || some.iter().any(|some| shows(some, none))) {
            return Self::nobody();
        }
        let mut kept: Vec<ChildCondition> = Vec::new();
        for (at, child) in some.iter().enumerate() {
            let others = some.iter().enumerate().filter(|(other, _)| *other != at);
            let mut others = others.filter(|(other, one)| !shows(child, one) || *other < at);
            if !by_row(child) && !others.any(|(_, other)| shows(other, child)) {
                kept.push((*child).clone());
            }
        }
        for (at, child) in none.iter().enumerate() {
            let others = none.iter().enumerate().filter(|(other, _)| *other != at);
            let mut others = others.filter(|(other, one)| !shows(one, child) || *other < at);
            if !others.any(|(_, other)| shows(child, other)) {
                kept.push((*child).clone());
            }
        }
        kept.sort();
        Self { never: false, columns: self.columns.clone(), children: kept }
    }

    /// As conditions on the rows of `to` that have such a row of `from`.
    ///
    /// # Errors
    /// Conditions on several children of which one lies between.
    pub fn lifted(&self, from: &str, to: &str, dataset: &Dataset) -> Result<Self, ExploreReason> {
        if from == to || self.never {
            return Ok(self.reduced(to, dataset));
        }
        let above = |table: &str| dataset.chain(to).any(|known| known.name.as_str() == table);
        let (columns, mut inner): (Vec<ColumnCondition>, Vec<ColumnCondition>) =
            self.columns.iter().cloned().partition(|condition| above(&condition.table));
        let (children, below): (Vec<ChildCondition>, Vec<ChildCondition>) =
            self.children.iter().cloned().partition(|child| above(&child.of));
        let table = match below.as_slice() {
            [] => from.to_owned(),
            [child] if !child.negated && child.of == from => {
                inner.extend(child.columns.iter().cloned());
                child.table.clone()
            }
            [..] => return Err(ExploreReason::Exists),
        };
        inner.sort();
        let child = ChildCondition { of: to.to_owned(), table, negated: false, columns: inner };
        let all = Self { never: false, columns, children };
        Ok(all.and(&Self::child(child)).reduced(to, dataset))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.children
            .iter()
            .map(ChildCondition::count)
            .fold(self.columns.len(), usize::saturating_add)
    }

    /// Every condition on a column, those on children with them.
    pub fn all_columns(&self) -> impl Iterator<Item = &ColumnCondition> {
        self.columns.iter().chain(self.children.iter().flat_map(|child| &child.columns))
    }

    /// Bytes of its texts, about.
    pub(super) fn text_bytes(&self) -> usize {
        let columns = self.all_columns().map(|condition| {
            let names = condition.table.len().saturating_add(condition.column.len());
            names.saturating_add(condition.values.text_bytes())
        });
        columns.fold(16, usize::saturating_add)
    }
}
