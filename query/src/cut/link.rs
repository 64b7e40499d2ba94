//! Where the figures of a question's fragments lie among each other: see [`LinkFootprint`].
//!
//! The space of a plan is what is below the cut as it was rewritten, so grouping sets of one aggregate share it, and so do
//! aggregates over the same text. The space of an explore form is the table whose rows are grouped: its axes are columns with a
//! code list, and `column = code` in WHERE or FILTER fixes a place, so a question about one grade lies in one by grade. In both
//! spaces other conditions belong to what is counted, and more of them make a part of what is counted under fewer. Two texts of the
//! same rows that have neither in common stand alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::utils::split_conjunction;
use policies::Digest;
use policies::dataset::{Column, Dataset};
use policies::explore::{
    ColumnCondition, Conditions, Explore, ExploreForm, ExploreKey, ExploreSum, ExploreTerm,
    MeasureId, ValueSet,
};
use policies::footprint::{
    FragmentFootprint, LinkAxis, LinkFixed, LinkFootprint, LinkName, LinkNames, LinkQuantity,
    LinkSum, SumFootprint,
};
use policies::wire::LANGUAGE_VERSION;

use super::{Fragment, Key, Primitive, explain};
use crate::facts::domain::Domain;

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
        if let Explore::Form(form) = &footprint.explore {
            footprint.links.extend(linker.form(fragment, form, &footprint.sums));
        }
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
        let keys = fragment.keys.iter().map(|key| self.axis(key_text(key), key.size())).collect();
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
    fn form(
        &mut self,
        fragment: &Fragment,
        form: &ExploreForm,
        sums: &[SumFootprint],
    ) -> Option<LinkFootprint> {
        let keys = fragment.keys.iter().zip(&form.keys);
        let keys: Vec<LinkAxis> = keys
            .map(|(key, form)| match form {
                ExploreKey::Codes { table, column } => {
                    self.axis(format!("column {table}.{column}"), key.size())
                }
                ExploreKey::Cells(cells) => self.axis(cells_text(key, cells), key.size()),
            })
            .collect();
        let axes: BTreeSet<u32> = keys.iter().map(|key| key.axis).collect();
        let sums = form.sums.iter().zip(sums).map(|(sum, known)| self.sum(sum, known, &axes));
        let base = format!("kring table {LANGUAGE_VERSION}\n{}\n", form.rows);
        let base = Digest::of(base.as_bytes());
        (axes.len() == keys.len()).then(|| LinkFootprint { base, keys, sums: sums.collect() })
    }

    fn sum(&mut self, sum: &ExploreSum, known: &SumFootprint, keys: &BTreeSet<u32>) -> LinkSum {
        let [ExploreTerm { measure, conditions, factor }] = sum.terms.as_slice() else {
            let what = format!("{:?} scale {}", sum.terms, known.scale);
            return self.quantity(what, BTreeSet::new(), Vec::new());
        };
        let mut fixed = Vec::new();
        let mut rest: BTreeSet<String> =
            conditions.children.iter().map(ToString::to_string).collect();
        if conditions.never {
            rest.insert("never".to_owned());
        }
        for condition in &conditions.columns {
            match self.place(condition).filter(|fixed| !keys.contains(&fixed.axis.axis)) {
                Some(place) => fixed.push(place),
                None => drop(rest.insert(condition.to_string())),
            }
        }
        fixed.sort_unstable();
        // What counts is the same figure in whichever words: `sum(flag)` is a count of rows.
        let what = match measure {
            MeasureId::Count { .. } => format!("{measure:?}"),
            MeasureId::Sum { .. } | MeasureId::SumSquares { .. } => {
                format!("{measure:?} {:?} times {factor} scale {}", known.kind, known.scale)
            }
        };
        self.quantity(what, rest, fixed)
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

    /// The place that a condition fixes, if it allows one code of a column.
    fn place(&mut self, condition: &ColumnCondition) -> Option<LinkFixed> {
        let ColumnCondition { table, column, values } = condition;
        let ValueSet::Codes(codes) = values else { return None };
        let (Some(code), 1) = (codes.first(), codes.len()) else { return None };
        let known = self.dataset.column(table, column)?;
        let place = place_of(known, code.as_deref())?;
        let size = known.codes.len().checked_add(usize::from(known.nullable))?;
        let axis = self.axis(format!("column {table}.{column}"), u64::try_from(size).ok()?);
        Some(LinkFixed { axis, place })
    }

    fn axis(&mut self, text: String, size: u64) -> LinkAxis {
        let axis = self.axes.of(text);
        LinkAxis { axis, size: u32::try_from(size).unwrap_or(u32::MAX) }
    }
}

/// The place of a code among those of its column, of its absence after them.
fn place_of(column: &Column, code: Option<&str>) -> Option<u32> {
    let place = match code {
        Some(code) => column.codes.iter().position(|known| known.value.to_string() == code)?,
        None => column.codes.len(),
    };
    u32::try_from(place).ok()
}

/// A key with everything that distinguishes its values.
fn key_text(key: &Key) -> String {
    let mut text = format!("key {} {} {}", key.expr, key.data_type, key.nullable);
    if let Domain::Values(values) = &key.domain {
        let _ = write!(text, " {values:?}");
    }
    text
}

/// A key that is no column with codes: the conditions of its values; one that has none is its own axis.
fn cells_text(key: &Key, cells: &[Conditions]) -> String {
    if cells.iter().all(|cell| *cell == Conditions::default()) {
        return key_text(key);
    }
    let cells: Vec<String> = cells.iter().map(ToString::to_string).collect();
    format!("cells {}", cells.join("; "))
}

#[cfg(test)]
mod tests;
