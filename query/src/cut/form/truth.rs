//! Which values of its columns meet a condition: asked for each, so the words of the condition do not matter.
//!
//! A condition on several columns is in the form only if it is an AND of conditions on each, whatever it looks like.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as Name, ScalarValue};
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{BinaryExpr, Case, Expr, Operator, lit};
use policies::dataset::Class as ColumnClass;
use policies::explore::{ChildCondition, Conditions, ExploreReason, ValueSet};

use super::{Formed, Reader, names, refused};
use classes::{Class, Span};

mod classes;
mod evaluate;

/// Most combinations of values that one condition is asked for.
const MAX_COMBINATIONS: usize = 65_536;

/// Conditions as far as they can be told apart.
#[derive(Default)]
pub(super) struct Loose {
    /// Those that have the one form.
    pub(super) conditions: Conditions,
    /// Values of columns that are no code set, interval or absence: all of these.
    pub(super) pieces: Vec<(Name, Vec<ValueSet>)>,
    /// Anything else, as text of canonical names.
    pub(super) others: BTreeSet<String>,
}

impl Reader<'_> {
    /// The one form of an AND of conditions.
    pub(super) fn conditions(&self, exprs: &[Expr]) -> Formed<Conditions> {
        let mut all = Conditions::default();
        for part in self.by_column(exprs)? {
            all = all.and(&self.condition(&part)?);
        }
        Ok(all)
    }

    /// Conditions that all must hold, those on one column together; none that says nothing of patients.
    fn by_column(&self, exprs: &[Expr]) -> Formed<Vec<Expr>> {
        let mut parts = Vec::new();
        for expr in exprs {
            split(self.without_keys(expr)?, &mut parts);
        }
        // What is on one column is asked at once: of x < 4 OR x > 6 and x > 5 an interval is left.
        let mut by_columns: BTreeMap<BTreeSet<Name>, Vec<Expr>> = BTreeMap::new();
        for part in parts {
            let names: BTreeSet<Name> = part.column_refs().into_iter().cloned().collect();
            by_columns.entry(names).or_default().push(part);
        }
        let mut all = Vec::new();
        for (columns, parts) in by_columns {
            let of_hospital = columns.iter().filter(|name| names::is_of_hospital(name)).count();
            if of_hospital > 0 && of_hospital == columns.len() {
                continue;
            }
            if columns.len() == 1 {
                all.extend(conjunction(parts));
            } else {
                all.extend(parts);
            }
        }
        Ok(all)
    }

    /// An AND of conditions whatever they are: those in their one form, values of one column that are none, and the rest as text.
    pub(super) fn loose(&self, exprs: &[Expr]) -> Loose {
        let mut loose = Loose::default();
        let Ok(parts) = self.by_column(exprs) else {
            loose.others = exprs.iter().map(ToString::to_string).collect();
            return loose;
        };
        for part in parts {
            if let Ok(one) = self.condition(&part) {
                loose.conditions = loose.conditions.and(&one);
            } else if let Some((name, pieces)) = self.pieces(&part) {
                loose.pieces.push((name, pieces));
            } else {
                loose.others.insert(part.to_string());
            }
        }
        loose
    }

    /// The values of one column that meet a condition, whatever they are.
    fn pieces(&self, part: &Expr) -> Option<(Name, Vec<ValueSet>)> {
        let columns = self.domains(part).ok()?;
        let [(name, classes)] = columns.as_slice() else { return None };
        let truth = evaluate::truth(part, &columns)?;
        let met = classes.iter().zip(truth).filter(|(_, met)| *met);
        let pieces = met.map(|(class, _)| match &class.span {
            Span::Code(code) => Some(ValueSet::Codes([code.clone()].into())),
            Span::Numbers { low, high } => Some(ValueSet::Between { low: *low, high: *high }),
            Span::Missing => Some(ValueSet::Missing),
            Span::Child(_) => None,
        });
        Some((name.clone(), pieces.collect::<Option<_>>()?))
    }

    /// A key has a value, and equals itself.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed stays as it is"
    )]
    fn without_keys(&self, expr: &Expr) -> Formed<Expr> {
        let is_key = |expr: &Expr| matches!(expr, Expr::Column(name) if names::entity(name, self.dataset).is_some());
        let known = expr.clone().transform(|expr| {
            let truth = match &expr {
                Expr::IsNotNull(inner) if is_key(inner) => true,
                Expr::IsNull(inner) if is_key(inner) => false,
                Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => {
                    if !is_key(left) || left != right {
                        return Ok(Transformed::no(expr));
                    }
                    true
                }
                _ => return Ok(Transformed::no(expr)),
            };
            Ok(Transformed::yes(lit(truth)))
        });
        known.map(|known| known.data).map_err(|_engine| refused(ExploreReason::Condition, expr))
    }

    /// One condition.
    fn condition(&self, part: &Expr) -> Formed<Conditions> {
        let columns = self.domains(part)?;
        let truth = evaluate::truth(part, &columns);
        let truth = truth.ok_or_else(|| refused(ExploreReason::Condition, part))?;
        let met = truth.iter().filter(|met| **met).count();
        let mut chosen: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); columns.len()];
        for (at, _) in truth.iter().enumerate().filter(|(_, met)| **met) {
            for (column, place) in chosen.iter_mut().zip(evaluate::places(at, &columns)) {
                column.insert(place);
            }
        }
        if met == 0 {
            return Ok(Conditions::nobody());
        }
        if chosen.iter().map(BTreeSet::len).fold(1, usize::saturating_mul) != met {
            return Err(refused(ExploreReason::Condition, part));
        }
        let mut all = Conditions::default();
        for ((name, classes), chosen) in columns.iter().zip(&chosen) {
            let one = self.chosen(name, classes, chosen);
            all = all.and(&one.ok_or_else(|| refused(self.numbers(name), part))?);
        }
        Ok(all)
    }

    /// Which part of the form numbers leave that are no interval.
    fn numbers(&self, name: &Name) -> ExploreReason {
        match self.column(name).map(|column| column.class) {
            Some(ColumnClass::Quasi) => ExploreReason::Bins,
            Some(
                ColumnClass::Measure
                | ColumnClass::Category
                | ColumnClass::Flag
                | ColumnClass::Key
                | ColumnClass::Hidden,
            )
            | None => ExploreReason::Edges,
        }
    }

    /// For each value, the conditions under which an expression of one column has it; `None` if they are not one.
    pub(super) fn grouped(
        &self,
        expr: &Expr,
        values: &[ScalarValue],
    ) -> Formed<Vec<Option<Conditions>>> {
        let columns = self.domains(expr)?;
        let [(name, classes)] = columns.as_slice() else {
            return Err(refused(ExploreReason::Key, expr));
        };
        let found = evaluate::values(expr, &columns);
        let found = found.ok_or_else(|| refused(ExploreReason::Key, expr))?;
        let plain = |value: &ScalarValue| (!value.is_null()).then(|| value.clone());
        let mut places: HashMap<Option<ScalarValue>, BTreeSet<usize>> = HashMap::new();
        for (place, value) in found.iter().enumerate() {
            places.entry(plain(value)).or_default().insert(place);
        }
        let none = BTreeSet::new();
        let set = |value| self.chosen(name, classes, places.get(&plain(value)).unwrap_or(&none));
        Ok(values.iter().map(set).collect())
    }

    /// Every value that the columns of an expression can have.
    fn domains(&self, expr: &Expr) -> Formed<Vec<(Name, Vec<Class>)>> {
        let names: BTreeSet<&Name> = expr.column_refs().into_iter().collect();
        let mut columns = Vec::with_capacity(names.len());
        let mut combinations = 1_usize;
        for name in names {
            let classes = match self.child(name) {
                Some(_) => Some(classes::of_child()),
                None => self.column(name).and_then(|column| classes::of_column(column, name, expr)),
            };
            let classes = classes.ok_or_else(|| refused(ExploreReason::Condition, expr))?;
            combinations = combinations.saturating_mul(classes.len());
            columns.push((name.clone(), classes));
        }
        if combinations > MAX_COMBINATIONS {
            return Err(refused(ExploreReason::Condition, expr));
        }
        Ok(columns)
    }

    fn column(&self, name: &Name) -> Option<&policies::dataset::Column> {
        self.dataset.column(name.relation.as_ref()?.table(), &name.name)
    }

    /// The condition that a column has one of the chosen values; `None` if that is no code set, interval or absence.
    fn chosen(
        &self,
        name: &Name,
        classes: &[Class],
        chosen: &BTreeSet<usize>,
    ) -> Option<Conditions> {
        let some = chosen.iter().filter_map(|place| classes.get(*place));
        let spans: Vec<&Span> = some.map(|class| &class.span).collect();
        if spans.len() == classes.len() {
            return Some(Conditions::default());
        }
        let Some(first) = spans.first() else { return Some(Conditions::nobody()) };
        let table = name.relation.as_ref()?.table();
        let values = match first {
            Span::Child(is) => {
                let child = self.child(name)?;
                return Some(Conditions::child(ChildCondition { negated: !is, ..child.clone() }));
            }
            Span::Code(_) => ValueSet::Codes(spans.iter().filter_map(|span| span.code()).collect()),
            Span::Missing if spans.len() == 1 => ValueSet::Missing,
            Span::Missing => return None,
            Span::Numbers { low, .. } => {
                let mut end = *low;
                for span in &spans {
                    let Span::Numbers { low, high } = span else { return None };
                    if *low != end {
                        return None;
                    }
                    end = *high;
                }
                ValueSet::Between { low: *low, high: end }
            }
        };
        Some(Conditions::of(table, &name.name, values))
    }
}

/// Takes a condition that must be true apart: each part must be true.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed stays whole"
)]
fn split(expr: Expr, parts: &mut Vec<Expr>) {
    match expr {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            split(*left, parts);
            split(*right, parts);
        }
        Expr::IsTrue(inner) => split(*inner, parts),
        Expr::Not(inner) => match *inner {
            Expr::Not(inner) => split(*inner, parts),
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                split(Expr::Not(left), parts);
                split(Expr::Not(right), parts);
            }
            other => parts.push(Expr::Not(Box::new(other))),
        },
        Expr::Literal(ScalarValue::Boolean(Some(true)), _) => {}
        Expr::Case(Case { expr: None, mut when_then_expr, else_expr })
            if when_then_expr.len() == 1 && else_expr.as_deref().is_none_or(is_not_true) =>
        {
            for (when, then) in when_then_expr.drain(..) {
                split(*when, parts);
                split(*then, parts);
            }
        }
        other => parts.push(other),
    }
}

/// Whether a constant is false or unknown.
fn is_not_true(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(value, _) if value.is_null() || *value == ScalarValue::Boolean(Some(false)))
}
