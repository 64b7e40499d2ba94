//! Whether a form holds against the signed dataset: names, codes, edges, places and limits.
//!
//! The worker asks the same of what it makes, so a form that is refused here is one that no honest worker sends.

use std::collections::BTreeSet;

use super::{
    ChildCondition, ColumnCondition, Conditions, ExploreForm, ExploreKey, ExploreReason,
    ExploreRefusal, ExploreTerm, MAX_CONDITIONS, MAX_FORM_BYTES, MAX_QUASI, MeasureId, ValueSet,
};
use crate::dataset::{Class, Dataset};
use crate::footprint::{FragmentFootprint, SumKind};

type Checked = Result<(), ExploreRefusal>;

impl ExploreForm {
    /// Holds it against the dataset, and against the keys and sums of its fragment.
    ///
    /// # Errors
    /// The first clause that is not in the form.
    pub fn check(&self, fragment: &FragmentFootprint, dataset: &Dataset) -> Checked {
        if self.text_bytes() > MAX_FORM_BYTES {
            let keys = fragment.group_keys.join(", ");
            return Err(ExploreRefusal::new(ExploreReason::Key, keys));
        }
        let refused = |reason, clause: &str| ExploreRefusal::new(reason, clause);
        if !leads(dataset, &self.rows, dataset.patient.as_str()) {
            return Err(refused(ExploreReason::Rows, &self.rows));
        }
        let cells: Vec<Vec<Conditions>> = self.keys.iter().map(|key| key.cells(dataset)).collect();
        for (key, cells) in self.keys.iter().zip(&cells) {
            self.key(key, cells, dataset)?;
        }
        let keys: Vec<Keyed<'_>> = cells.iter().map(|cells| Keyed::of(cells)).collect();
        let sizes = cells.iter().map(|cells| u64::try_from(cells.len()).unwrap_or(u64::MAX));
        if sizes.fold(1, u64::saturating_mul) != fragment.cells {
            return Err(refused(ExploreReason::Key, &fragment.group_keys.join(", ")));
        }
        if self.sums.len() != fragment.sums.len() {
            return Err(refused(ExploreReason::Measure, &self.rows));
        }
        for (sum, known) in self.sums.iter().zip(&fragment.sums) {
            let counted = |term: &ExploreTerm| {
                term.factor == 1 && matches!(term.measure, MeasureId::Count { .. })
            };
            if known.kind.is_count() && (sum.terms.len() > 1 || !sum.terms.iter().all(counted)) {
                return Err(refused(ExploreReason::Measure, &known.text));
            }
            for term in &sum.terms {
                self.measure(&term.measure, dataset)?;
                let bin = usize::from(known.kind == SumKind::Bin);
                self.conditions(&term.conditions, bin, dataset)?;
                self.cells(term, &keys, dataset)?;
            }
        }
        // That there are enough of them tells of these rows, whatever else is asked.
        let rows = self.all_rows();
        self.conditions(&rows.conditions, 0, dataset)?;
        self.cells(&rows, &keys, dataset)?;
        self.quasi(&keys, dataset)
    }

    fn key(&self, key: &ExploreKey, cells: &[Conditions], dataset: &Dataset) -> Checked {
        let columns: BTreeSet<(&str, &str)> = cells.iter().flat_map(named).collect();
        let children = cells.iter().any(|cell| !cell.children.is_empty());
        let one = columns.len().saturating_add(usize::from(children)) <= 1
            || children
                && cells.iter().all(|cell| cell.columns.is_empty() && cell.children.len() <= 1);
        let text = match key {
            ExploreKey::Codes { table, column } => format!("{table}.{column}"),
            ExploreKey::Cells(cells) => cells.first().map(ToString::to_string).unwrap_or_default(),
        };
        if cells.is_empty() || !one {
            return Err(ExploreRefusal::new(ExploreReason::Key, text));
        }
        match key {
            // Each code of a column is a condition: to look at one is to look at all.
            ExploreKey::Codes { .. } => {
                cells.iter().take(1).try_for_each(|cell| self.conditions(cell, 0, dataset))
            }
            ExploreKey::Cells(cells) => {
                cells.iter().try_for_each(|cell| self.conditions(cell, 0, dataset))
            }
        }
    }

    fn measure(&self, measure: &MeasureId, dataset: &Dataset) -> Checked {
        let right = match measure {
            MeasureId::Count { of } => leads(dataset, &self.rows, of),
            MeasureId::Sum { table, column } | MeasureId::SumSquares { table, column } => {
                let known = dataset.column(table, column);
                leads(dataset, &self.rows, table)
                    && known.is_some_and(|column| column.class == Class::Measure)
            }
        };
        if right { Ok(()) } else { Err(ExploreRefusal::new(ExploreReason::Measure, &self.rows)) }
    }

    /// An AND in its one form, of columns and children that the rows have, each registered; `bin` is 1 where one of them is.
    fn conditions(&self, conditions: &Conditions, bin: usize, dataset: &Dataset) -> Checked {
        for condition in &conditions.columns {
            registered(condition, &self.rows, dataset)?;
        }
        for child in &conditions.children {
            self.child(child, dataset)?;
        }
        // That the column which is added has a value, or lies in a bin, is no condition of the analyst's.
        let valued = conditions.columns.iter().any(|condition| has_value(condition, dataset));
        let own = bin.max(usize::from(valued));
        if conditions.count() > MAX_CONDITIONS.saturating_add(own) {
            return Err(ExploreRefusal::new(ExploreReason::TooManyConditions, conditions));
        }
        if conditions.and(&Conditions::default()).reduced(&self.rows, dataset) != *conditions {
            return Err(ExploreRefusal::new(ExploreReason::Condition, conditions));
        }
        Ok(())
    }

    fn child(&self, child: &ChildCondition, dataset: &Dataset) -> Checked {
        let below = child.of != child.table && leads(dataset, &child.table, &child.of);
        let own = child.columns.iter().all(|column| !leads(dataset, &child.of, &column.table));
        let sorted = child
            .columns
            .is_sorted_by(|one, other| (&one.table, &one.column) < (&other.table, &other.column));
        if !below || !own || !sorted || !leads(dataset, &self.rows, &child.of) {
            return Err(ExploreRefusal::new(ExploreReason::Exists, child));
        }
        child.columns.iter().try_for_each(|column| registered(column, &child.table, dataset))
    }

    /// What becomes of a term in the cells: its conditions with those of the keys.
    fn cells(&self, term: &ExploreTerm, keys: &[Keyed<'_>], dataset: &Dataset) -> Checked {
        let counted = match &term.measure {
            MeasureId::Count { of } => of,
            MeasureId::Sum { .. } | MeasureId::SumSquares { .. } => &self.rows,
        };
        let own = std::slice::from_ref(&term.conditions);
        let own = Keyed::of(own);
        let between =
            |keyed: &&Keyed<'_>| keyed.children.iter().any(|of| !leads(dataset, counted, of));
        if keys.iter().chain([&own]).filter(between).count() > 1 {
            return Err(ExploreRefusal::new(ExploreReason::Exists, &term.conditions));
        }
        self.together(&Conditions::default(), (&term.conditions, counted), dataset)?;
        for key in keys {
            // Cells of other columns than the term's say nothing that was not looked at before.
            let alike = key.columns.is_disjoint(&own.columns) && key.children.is_empty();
            let looked_at = if alike { 1 } else { key.cells.len() };
            for cell in key.cells.iter().take(looked_at) {
                self.together(cell, (&term.conditions, counted), dataset)?;
            }
        }
        Ok(())
    }

    fn together(
        &self,
        cell: &Conditions,
        (own, counted): (&Conditions, &str),
        dataset: &Dataset,
    ) -> Checked {
        let both = cell.and(own);
        for condition in &both.columns {
            registered(condition, &self.rows, dataset)?;
        }
        let lifted = both.lifted(&self.rows, counted, dataset);
        lifted.map(|_| ()).map_err(|reason| ExploreRefusal::new(reason, &both))
    }

    /// Quasi-identifying columns of the whole fragment; a column is grouped by once.
    fn quasi(&self, keys: &[Keyed<'_>], dataset: &Dataset) -> Checked {
        let mut grouped = BTreeSet::new();
        for key in keys {
            for &(table, column) in &key.columns {
                if !grouped.insert((table, column)) {
                    let text = format!("{table}.{column}");
                    return Err(ExploreRefusal::new(ExploreReason::Key, text));
                }
            }
        }
        let terms = self.sums.iter().flat_map(|sum| &sum.terms);
        let conditions = terms.map(|term| &term.conditions).chain([&self.conditions]);
        let all = conditions.flat_map(named).chain(grouped);
        let quasi = all.filter(|(table, column)| {
            let known = dataset.column(table, column);
            known.is_some_and(|column| column.class == Class::Quasi)
        });
        let quasi: BTreeSet<(&str, &str)> = quasi.collect();
        if quasi.len() > MAX_QUASI {
            let names: Vec<String> =
                quasi.iter().map(|(table, column)| format!("{table}.{column}")).collect();
            return Err(ExploreRefusal::new(ExploreReason::TooManyQuasi, names.join(", ")));
        }
        Ok(())
    }
}

/// The cells of a key, and what they look at.
struct Keyed<'c> {
    cells: &'c [Conditions],
    columns: BTreeSet<(&'c str, &'c str)>,
    /// The tables whose rows their children belong to.
    children: BTreeSet<&'c str>,
}

impl<'c> Keyed<'c> {
    fn of(cells: &'c [Conditions]) -> Self {
        let children = cells.iter().flat_map(|cell| &cell.children);
        let children = children.map(|child| child.of.as_str()).collect();
        Self { cells, columns: cells.iter().flat_map(named).collect(), children }
    }
}

fn named(conditions: &Conditions) -> BTreeSet<(&str, &str)> {
    conditions.all_columns().map(|one| (one.table.as_str(), one.column.as_str())).collect()
}

fn registered(condition: &ColumnCondition, rows: &str, dataset: &Dataset) -> Checked {
    let known = dataset.column(&condition.table, &condition.column);
    let reason = match known.filter(|_| leads(dataset, rows, &condition.table)) {
        Some(column) => condition.values.registered(column).err(),
        None => Some(ExploreReason::Condition),
    };
    reason.map_or(Ok(()), |reason| Err(ExploreRefusal::new(reason, condition)))
}

/// Whether a condition says only that a measure has a value.
fn has_value(condition: &ColumnCondition, dataset: &Dataset) -> bool {
    let known = dataset.column(&condition.table, &condition.column);
    let bounds =
        known.filter(|column| column.class == Class::Measure).and_then(|known| known.bounds);
    bounds.is_some_and(|bounds| {
        let (low, high) = (bounds.min, bounds.max.saturating_add(1));
        condition.values == ValueSet::Between { low, high }
    })
}

/// Whether the rows of a table each belong to one of another, or are those.
fn leads(dataset: &Dataset, from: &str, to: &str) -> bool {
    dataset.chain(from).any(|table| table.name.as_str() == to)
}
