//! Where a fragment's figures lie among the rows of a table, in the explore form or not.
//!
//! A fragment whose rows are those of a table is placed whatever else is asked: each figure is of some values of some columns, and
//! under further conditions as text. What is in the explore form is read off it.

use std::collections::BTreeSet;

use policies::dataset::Dataset;
use policies::explore::{
    ColumnCondition, Conditions, Explore, ExploreForm, ExploreKey, ExploreSum, ExploreTerm,
    MeasureId, ValueSet,
};
use policies::footprint::{FragmentFootprint, SumFootprint, SumKind};

use super::Reader;
use crate::cut::Fragment;
use crate::facts::domain::Domain;

/// A fragment among the rows of a table.
pub(in crate::cut) struct Placed {
    /// The table.
    pub(in crate::cut) rows: String,
    pub(in crate::cut) keys: Vec<PlacedKey>,
    pub(in crate::cut) sums: Vec<PlacedSum>,
}

/// A group key.
pub(in crate::cut) enum PlacedKey {
    /// The conditions of each value.
    Form(ExploreKey),
    /// Anything else, as text that tells its values apart from those of other keys.
    Other(String),
}

/// A sum: what is added, of which values of columns, under which other conditions.
pub(in crate::cut) struct PlacedSum {
    pub(in crate::cut) what: String,
    /// Columns, and the values that are allowed of each: any of these.
    pub(in crate::cut) columns: Vec<(String, String, Vec<ValueSet>)>,
    pub(in crate::cut) others: BTreeSet<String>,
}

/// Where a fragment lies; nowhere if its rows are not those of one table.
pub(in crate::cut) fn placed(
    fragment: &Fragment,
    footprint: &FragmentFootprint,
    dataset: &Dataset,
) -> Option<Placed> {
    match &footprint.explore {
        Explore::Form(form) => Some(Placed::of_form(form, &footprint.sums)),
        Explore::Refused(_) => {
            Reader { dataset, children: super::BTreeMap::new() }.placed(fragment)
        }
    }
}

impl Placed {
    fn of_form(form: &ExploreForm, sums: &[SumFootprint]) -> Self {
        let sum = |(sum, known): (&ExploreSum, &SumFootprint)| {
            PlacedSum::of(&sum.terms, known.kind, known.scale)
        };
        Self {
            rows: form.rows.clone(),
            keys: form.keys.iter().cloned().map(PlacedKey::Form).collect(),
            sums: form.sums.iter().zip(sums).map(sum).collect(),
        }
    }
}

impl PlacedSum {
    /// A sum of measures; conditions that all of them have are its own.
    pub(super) fn of(terms: &[ExploreTerm], kind: SumKind, scale: u8) -> Self {
        if let [ExploreTerm { measure, conditions, factor }] = terms {
            // What counts is the same figure in whichever words: `sum(flag)` is a count of rows.
            let what = match measure {
                MeasureId::Count { .. } if *factor == 1 => format!("{measure:?}"),
                MeasureId::Count { .. } | MeasureId::Sum { .. } | MeasureId::SumSquares { .. } => {
                    format!("{measure:?} {kind:?} times {factor} scale {scale}")
                }
            };
            return Self::under(what, conditions);
        }
        let of_all = |condition: &&ColumnCondition| {
            terms.iter().all(|term| term.conditions.columns.contains(condition))
        };
        let first = terms.iter().take(1).flat_map(|term| &term.conditions.columns);
        let columns: Vec<ColumnCondition> = first.filter(of_all).cloned().collect();
        let mut own = terms.to_vec();
        for term in &mut own {
            term.conditions.columns.retain(|condition| !columns.contains(condition));
        }
        Self::under(
            format!("{own:?} scale {scale}"),
            &Conditions { columns, ..Conditions::default() },
        )
    }

    /// What is added, under conditions.
    pub(super) fn under(what: String, conditions: &Conditions) -> Self {
        let mut others: BTreeSet<String> =
            conditions.children.iter().map(ToString::to_string).collect();
        if conditions.never {
            others.insert("never".to_owned());
        }
        let columns = conditions.columns.iter().map(|ColumnCondition { table, column, values }| {
            (table.clone(), column.clone(), vec![values.clone()])
        });
        Self { what, columns: columns.collect(), others }
    }
}

impl Reader<'_> {
    fn placed(&mut self, fragment: &Fragment) -> Option<Placed> {
        let rows = self.rows(&fragment.input, false).ok()?;
        let mut keys = Vec::with_capacity(fragment.keys.len());
        for key in &fragment.keys {
            let expr = rows.inward(&key.expr).ok()?;
            keys.push(self.key(key, &expr).map_or_else(
                |_refusal| {
                    let mut text = format!("key {expr} {} {}", key.data_type, key.nullable);
                    if let Domain::Values(values) = &key.domain {
                        text = format!("{text} {values:?}");
                    }
                    PlacedKey::Other(text)
                },
                PlacedKey::Form,
            ));
        }
        let sums = fragment.primitives.iter().map(|primitive| self.placed_sum(primitive, &rows));
        let sums = sums.collect::<Option<_>>()?;
        Some(Placed { rows: rows.base, keys, sums })
    }
}
