//! Where the figures of a question's fragments lie among each other: see [`LinkFootprint`].
//!
//! The space of a plan is what is below the cut as it was rewritten, so grouping sets of one aggregate share it, and so do
//! aggregates over the same text. The space of rows is the table whose rows are grouped, whether the fragment is in the explore
//! form or not: its axes are columns with all their values, in their order, and keys and conditions on one column are places on its
//! axis, so a window of years lies over the years, and a question about one grade in one by grade. In both
//! spaces other conditions belong to what is counted, and more of them make a part of what is counted under fewer. Two texts of the
//! same rows that have neither in common stand alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::utils::split_conjunction;
use policies::Digest;
use policies::dataset::Dataset;
use policies::explore::{Conditions, ExploreKey};
use policies::footprint::{
    FragmentFootprint, LinkAxis, LinkFixed, LinkFootprint, LinkKey, LinkName, LinkNames,
    LinkQuantity, LinkSet, LinkSum,
};
use policies::wire::LANGUAGE_VERSION;

use super::form::{Placed, PlacedKey, PlacedSum, placed};
use super::{Fragment, Key, Primitive, explain};
use crate::facts::domain::Domain;
use columns::Places;

mod columns;

/// Numbers of texts, in the order in which they are seen.
#[derive(Default)]
struct Numbers(Vec<String>);

impl Numbers {
    fn of(&mut self, text: String) -> u32 {
        let known = self.0.iter().position(|known| *known == text);
        let place = known.unwrap_or_else(|| {
            self.0.push(text);
            self.0.len().saturating_sub(1)
        });
        u32::try_from(place).unwrap_or(u32::MAX)
    }
}

/// What is counted or added, and under which conditions.
struct Quantity {
    of: u32,
    what: String,
    conditions: BTreeSet<String>,
}

/// Numbers axes and sums over a whole question.
struct Linker<'d> {
    dataset: &'d Dataset,
    axes: Numbers,
    sums: Numbers,
    quantities: Vec<Quantity>,
}

/// Gives every footprint its places; what the numbers in them stand for.
pub(super) fn link(
    fragments: &[Fragment],
    footprints: &mut [FragmentFootprint],
    dataset: &Dataset,
) -> LinkNames {
    let (axes, sums) = (Numbers::default(), Numbers::default());
    let mut linker = Linker { dataset, axes, sums, quantities: Vec::new() };
    for (fragment, footprint) in fragments.iter().zip(footprints.iter_mut()) {
        footprint.links = vec![linker.plan(fragment)];
        let placed = placed(fragment, footprint, dataset);
        footprint.links.extend(placed.and_then(|placed| linker.rows(fragment, &placed)));
    }
    let links = footprints.iter_mut().flat_map(|footprint| &mut footprint.links);
    for sum in links.flat_map(|link| &mut link.sums) {
        sum.part_of = linker.part_of(sum.of);
    }
    linker.names()
}

impl Linker<'_> {
    /// The space of the rows as they are planned.
    fn plan(&mut self, fragment: &Fragment) -> LinkFootprint {
        let mut kept = BTreeSet::new();
        let mut rows = &fragment.input;
        while let LogicalPlan::Filter(filter) = rows {
            kept.extend(split_conjunction(&filter.predicate).into_iter().map(ToString::to_string));
            rows = &filter.input;
        }
        let mut base = format!("kring rows {LANGUAGE_VERSION}\ndataset {}\n", self.dataset.digest);
        let _ = write!(base, "patient {}\n{}\n", fragment.patient, rows.display_indent());
        let base = Digest::of(base.as_bytes());
        let keys = fragment.keys.iter().map(|key| self.axis(key_text(key), key.size()).into());
        let keys = keys.collect();
        let sums = fragment.primitives.iter().map(|primitive| {
            let filter = primitive.filter.iter().flat_map(split_conjunction);
            let conditions = filter.map(ToString::to_string).chain(kept.iter().cloned());
            let all = explain::exact(&Primitive { filter: None, ..primitive.clone() });
            let what = format!("{all} scale {}", primitive.scale);
            self.quantity(what, conditions.collect(), Vec::new())
        });
        LinkFootprint { base, keys, sums: sums.collect() }
    }

    /// The space of the rows of a table; none where two keys are one axis.
    fn rows(&mut self, fragment: &Fragment, placed: &Placed) -> Option<LinkFootprint> {
        let keys = fragment.keys.iter().zip(&placed.keys);
        let mut keys: Vec<LinkKey> = keys.map(|(key, placed)| self.key(key, placed)).collect();
        self.one_axis_each(fragment, &mut keys);
        let axes: BTreeSet<u32> = keys.iter().map(|key| key.axis.axis).collect();
        let sums = placed.sums.iter().map(|sum| self.sum(sum)).collect();
        let base = format!("kring table {LANGUAGE_VERSION}\n{}\n", placed.rows);
        let base = Digest::of(base.as_bytes());
        (axes.len() == keys.len()).then_some(LinkFootprint { base, keys, sums })
    }

    /// Of several keys of one column the finest lies on its axis; each other one is an axis of its own, as a column of its groups.
    fn one_axis_each(&mut self, fragment: &Fragment, keys: &mut [LinkKey]) {
        let axes: BTreeSet<u32> = keys.iter().map(|key| key.axis.axis).collect();
        for axis in axes {
            let of = keys.iter().enumerate().filter(|(_, key)| key.axis.axis == axis);
            let mut of: Vec<(usize, u64)> = of.map(|(at, key)| (at, key.size())).collect();
            of.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
            for (at, size) in of.into_iter().skip(1) {
                let text = fragment.keys.get(at).map(key_text).unwrap_or_default();
                let own = self.axis(format!("groups of a column {text}"), size);
                keys.get_mut(at).into_iter().for_each(|key| *key = own.into());
            }
        }
    }

    fn key(&mut self, key: &Key, placed: &PlacedKey) -> LinkKey {
        let cells = match placed {
            PlacedKey::Other(text) => return self.axis(text.clone(), key.size()).into(),
            PlacedKey::Form(ExploreKey::Codes { table, column }) => {
                return self.axis(column_text(table, column), key.size()).into();
            }
            PlacedKey::Form(ExploreKey::Cells(cells)) => cells,
        };
        let Some((places, cells)) = self.cells(cells) else {
            return self.axis(cells_text(key, cells), key.size()).into();
        };
        let axis = self.axis(places.text(), u64::from(places.size()));
        let each = (0..axis.size).map(LinkSet::one).eq(cells.iter().cloned());
        LinkKey { axis, cells: if each { Vec::new() } else { cells } }
    }

    /// The places of each group of a key on the axis of the one column that it looks at.
    fn cells(&self, cells: &[Conditions]) -> Option<(Places<'_>, Vec<LinkSet>)> {
        let column = cells.iter().find_map(|cell| cell.columns.first())?;
        let places = Places::of(self.dataset, &column.table, &column.column)?;
        let set = |cell: &Conditions| match (cell.columns.as_slice(), cell.children.as_slice()) {
            ([], []) if cell.never => Some(LinkSet::default()),
            ([one], []) if (&one.table, &one.column) == (&column.table, &column.column) => {
                places.set(&one.values)
            }
            _ => None,
        };
        let cells = cells.iter().map(set).collect::<Option<_>>()?;
        Some((places, cells))
    }

    fn sum(&mut self, PlacedSum { what, columns, others }: &PlacedSum) -> LinkSum {
        let mut fixed: BTreeMap<LinkAxis, LinkSet> = BTreeMap::new();
        let mut others = others.clone();
        for (table, column, values) in columns {
            let places = Places::of(self.dataset, table, column);
            let sets = places.as_ref().and_then(|places| {
                values.iter().map(|values| places.set(values)).collect::<Option<Vec<_>>>()
            });
            let (Some(places), Some(sets)) = (places, sets) else {
                others.insert(format!("{table}.{column} in {values:?}"));
                continue;
            };
            let axis = (places.text(), u64::from(places.size()));
            let axis = self.axis(axis.0, axis.1);
            let all = LinkSet::all(&sets);
            let left = fixed.get(&axis).map(|known| known.and(&all));
            fixed.insert(axis, left.unwrap_or(all));
        }
        if fixed.values().any(LinkSet::is_empty) {
            others.insert("never".to_owned());
            fixed.clear();
        }
        fixed.retain(|axis, places| places.len() < u64::from(axis.size));
        let fixed = fixed.into_iter().map(|(axis, places)| LinkFixed { axis, places });
        self.quantity(what.clone(), others, fixed.collect())
    }

    fn quantity(
        &mut self,
        what: String,
        conditions: BTreeSet<String>,
        fixed: Vec<LinkFixed>,
    ) -> LinkSum {
        let of = self.sums.of(format!("{what} where {conditions:?}"));
        if !self.quantities.iter().any(|known| known.of == of) {
            self.quantities.push(Quantity { of, what, conditions });
        }
        LinkSum { of, fixed, part_of: Vec::new() }
    }

    /// What every number stands for.
    fn names(&self) -> LinkNames {
        let sum = |Quantity { what, conditions, of: _ }: &Quantity| LinkQuantity {
            what: LinkName::of(what),
            conditions: conditions.iter().map(|condition| LinkName::of(condition)).collect(),
        };
        LinkNames {
            axes: self.axes.0.iter().map(|axis| LinkName::of(axis)).collect(),
            sums: self.quantities.iter().map(sum).collect(),
        }
    }

    /// What is the same under some of the conditions.
    fn part_of(&self, of: u32) -> Vec<u32> {
        let Some(part) = self.quantities.iter().find(|known| known.of == of) else {
            return Vec::new();
        };
        let wholes = self.quantities.iter().filter(|whole| {
            let fewer = whole.conditions.len() < part.conditions.len();
            fewer && whole.what == part.what && whole.conditions.is_subset(&part.conditions)
        });
        let mut wholes: Vec<u32> = wholes.map(|whole| whole.of).collect();
        wholes.sort_unstable();
        wholes
    }

    fn axis(&mut self, text: String, size: u64) -> LinkAxis {
        let axis = self.axes.of(text);
        LinkAxis { axis, size: u32::try_from(size).unwrap_or(u32::MAX) }
    }
}

/// The axis of a column.
fn column_text(table: &str, column: &str) -> String {
    format!("column {table}.{column}")
}

/// A key with everything that distinguishes its values.
fn key_text(key: &Key) -> String {
    let mut text = format!("key {} {} {}", key.expr, key.data_type, key.nullable);
    if let Domain::Values(values) = &key.domain {
        let _ = write!(text, " {values:?}");
    }
    text
}

/// A key that is not of one column: the conditions of its values; one that has none is its own axis.
fn cells_text(key: &Key, cells: &[Conditions]) -> String {
    if cells.iter().all(|cell| *cell == Conditions::default()) {
        return key_text(key);
    }
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    format!("cells {}", cells.join("; "))
}

#[cfg(test)]
mod tests;
