//! Additive sums as whole multiples of measures: constants and CASE come out of a sum, and stay in front of it.

use std::collections::BTreeMap;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Case, Expr, Operator};
use policies::dataset::Class;
use policies::explore::{
    Conditions, ExploreReason, ExploreRefusal, ExploreSum, ExploreTerm, MeasureId,
};
use policies::footprint::SumKind;

use super::present::present;
use super::rows::Rows;
use super::{Formed, Reader, names, refused};
use crate::cut::Primitive;
use exact::Exact;

pub(super) mod exact;
mod placed;

/// A multiple of a column, or of 1, in the rows that meet conditions.
#[derive(Clone)]
struct Term {
    factor: Exact,
    /// Table, column and its scale.
    column: Option<(String, String, u8)>,
    conditions: Vec<Expr>,
}

impl Reader<'_> {
    /// What a sum is made of.
    pub(super) fn sum(&self, primitive: &Primitive, rows: &Rows) -> Formed<ExploreSum> {
        let mut all = rows.conditions.clone();
        if let Some(filter) = &primitive.filter {
            all.push(rows.inward(filter)?);
        }
        let value = primitive.value.as_ref().map(|value| rows.inward(value)).transpose()?;
        let plain = value.clone();
        let count = |of: &str| MeasureId::Count { of: of.to_owned() };
        let counted = |measure, conditions| ExploreTerm { measure, conditions, factor: 1 };
        let terms = match (primitive.kind, value) {
            (SumKind::Rows | SumKind::Bin, _) | (SumKind::NonNull, None) => {
                vec![counted(count(&rows.base), self.reduced(&all, &rows.base)?)]
            }
            (SumKind::NonNull, Some(value)) => {
                all.push(present(&value, self.dataset));
                vec![counted(count(&rows.base), self.reduced(&all, &rows.base)?)]
            }
            (SumKind::Distinct, Some(Expr::Column(name))) => {
                let of = names::entity(&name, self.dataset);
                let of = of.filter(|of| names::leads(self.dataset, &rows.base, of));
                let of =
                    of.ok_or_else(|| refused(ExploreReason::Measure, &Expr::Column(name.clone())))?;
                vec![counted(count(of), self.reduced(&all, &rows.base)?)]
            }
            (kind @ (SumKind::Sum | SumKind::SumSquares), Some(value)) => {
                all.push(present(&value, self.dataset));
                let under = (all.as_slice(), primitive.scale);
                if kind == SumKind::SumSquares {
                    self.squares(&value, &rows.base, under)?
                } else {
                    self.terms(&value, self.linear(&value)?, &rows.base, under)?
                }
            }
            (SumKind::Distinct | SumKind::Sum | SumKind::SumSquares | SumKind::SumProducts, _) => {
                return Err(ExploreRefusal::new(ExploreReason::Measure, &rows.base));
            }
        };
        let plain = match primitive.kind {
            SumKind::Rows | SumKind::NonNull | SumKind::Distinct | SumKind::Bin => true,
            SumKind::Sum | SumKind::SumSquares | SumKind::SumProducts => {
                plain.is_some_and(|value| self.is_plain(&value))
            }
        };
        Ok(ExploreSum { terms: added(terms), plain })
    }

    /// Whether what a patient contributes to a sum of a value is what the sum's form says: a flag, 0 or 1 as conditions say, or a
    /// column in the rows that meet conditions. A column that is 0 in the other rows has more contributors than its form.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is not the form's own"
    )]
    fn is_plain(&self, value: &Expr) -> bool {
        match value {
            Expr::Column(_) => true,
            Expr::Cast(cast) => self.is_plain(&cast.expr),
            Expr::Alias(alias) => self.is_plain(&alias.expr),
            Expr::Case(case) => {
                let results = || case.when_then_expr.iter().map(|(_, then)| then.as_ref());
                let otherwise = case.else_expr.as_deref();
                let all: Vec<&Expr> = results().chain(otherwise).map(bare).collect();
                let null =
                    |expr: &&Expr| matches!(expr, Expr::Literal(value, _) if value.is_null());
                let bits = |expr: &&Expr| {
                    constant_of(expr).is_some_and(|bit| bit == Exact::ZERO || bit == Exact::ONE)
                };
                let flags = all.iter().all(|one| null(one) || bits(one));
                let columns = all.iter().all(|one| null(one) || matches!(one, Expr::Column(_)));
                flags || columns
            }
            _ => false,
        }
    }

    /// Whether a value is a sum of multiples of one column and of constants.
    pub(super) fn addable(&self, value: &Expr) -> Formed<()> {
        self.linear(value).map(|_terms| ())
    }

    pub(super) fn reduced(&self, conditions: &[Expr], rows: &str) -> Formed<Conditions> {
        Ok(self.conditions(conditions)?.reduced(rows, self.dataset))
    }

    /// The terms of a sum of a value, each under the conditions of all.
    fn terms(
        &self,
        value: &Expr,
        terms: Vec<Term>,
        rows: &str,
        (all, scale): (&[Expr], u8),
    ) -> Formed<Vec<ExploreTerm>> {
        let mut made = Vec::with_capacity(terms.len());
        for term in terms {
            let (measure, own) = match term.column {
                Some((table, column, own)) => (MeasureId::Sum { table, column }, own),
                None => (MeasureId::Count { of: rows.to_owned() }, 0),
            };
            let factor = term.factor.units(scale, own);
            let factor = factor.ok_or_else(|| refused(ExploreReason::Measure, value))?;
            let conditions: Vec<Expr> = all.iter().cloned().chain(term.conditions).collect();
            made.push(ExploreTerm {
                measure,
                conditions: self.reduced(&conditions, rows)?,
                factor,
            });
        }
        Ok(made)
    }

    /// The terms of a sum of squares: of a x + b, a² times the squares, 2ab times the sum and b² times the count.
    fn squares(
        &self,
        value: &Expr,
        rows: &str,
        (all, scale): (&[Expr], u8),
    ) -> Formed<Vec<ExploreTerm>> {
        let wrong = || refused(ExploreReason::Measure, value);
        let (constants, mut others): (Vec<Term>, Vec<Term>) = self
            .linear(value)?
            .into_iter()
            .partition(|term| term.column.is_none() && term.conditions.is_empty());
        let mut constant = Exact::ZERO;
        for term in &constants {
            constant = constant.plus(term.factor).ok_or_else(wrong)?;
        }
        let last = others.pop();
        if !others.is_empty() {
            return Err(wrong());
        }
        let square = constant.times(constant).ok_or_else(wrong)?;
        let mut sums = vec![Term { factor: square, column: None, conditions: Vec::new() }];
        let mut made = Vec::new();
        if let Some(Term { factor, column, conditions }) = last {
            let mixed = constant.times(factor).and_then(|mixed| mixed.plus(mixed));
            let factor_square = factor.times(factor).ok_or_else(wrong)?;
            sums.push(Term {
                factor: mixed.ok_or_else(wrong)?,
                column: column.clone(),
                conditions: conditions.clone(),
            });
            match column {
                None => sums.push(Term { factor: factor_square, column, conditions }),
                Some((table, column, own)) => {
                    let units = factor_square.units(scale, own.saturating_mul(2));
                    let all: Vec<Expr> = all.iter().cloned().chain(conditions).collect();
                    made.push(ExploreTerm {
                        measure: MeasureId::SumSquares { table, column },
                        conditions: self.reduced(&all, rows)?,
                        factor: units.ok_or_else(wrong)?,
                    });
                }
            }
        }
        sums.retain(|term| term.factor != Exact::ZERO);
        made.extend(self.terms(value, sums, rows, (all, scale))?);
        Ok(made)
    }

    /// A value as a sum of terms, of one column at most.
    fn linear(&self, value: &Expr) -> Formed<Vec<Term>> {
        let terms = self.parts(value).ok_or_else(|| refused(ExploreReason::Measure, value))?;
        let mut columns = terms.iter().filter_map(|term| term.column.as_ref());
        let first = columns.next();
        if columns.any(|column| Some(column) != first) {
            return Err(refused(ExploreReason::Measure, value));
        }
        Ok(terms)
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is not in the form"
    )]
    fn parts(&self, value: &Expr) -> Option<Vec<Term>> {
        match value {
            Expr::Literal(value, _) => {
                let factor = Exact::of(value)?;
                Some(vec![Term { factor, column: None, conditions: Vec::new() }])
            }
            Expr::Column(name) => {
                let table = name.relation.as_ref()?.table();
                let column = self.dataset.column(table, &name.name)?;
                let factor = Exact::ONE;
                match column.class {
                    Class::Flag => {
                        let set =
                            value.clone().eq(Expr::Literal(ScalarValue::Int64(Some(1)), None));
                        Some(vec![Term { factor, column: None, conditions: vec![set] }])
                    }
                    Class::Measure => {
                        let column =
                            Some((table.to_owned(), name.name.clone(), column.kind.scale()));
                        Some(vec![Term { factor, column, conditions: Vec::new() }])
                    }
                    Class::Key | Class::Category | Class::Quasi | Class::Hidden => None,
                }
            }
            Expr::Cast(cast) => {
                let inner = self.parts(&cast.expr)?;
                exactly(&inner, cast.field.data_type()).then_some(inner)
            }
            Expr::Negative(inner) => scaled(self.parts(inner)?, Exact::MINUS_ONE),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (left, right) = (self.parts(left)?, self.parts(right)?);
                match op {
                    Operator::Plus => Some(left.into_iter().chain(right).collect()),
                    Operator::Minus => {
                        let right = scaled(right, Exact::MINUS_ONE)?;
                        Some(left.into_iter().chain(right).collect())
                    }
                    Operator::Multiply => match (constant(&left), constant(&right)) {
                        (Some(left), _) => scaled(right, left),
                        (None, Some(right)) => scaled(left, right),
                        (None, None) => None,
                    },
                    _ => None,
                }
            }
            Expr::Case(case) => self.cases(case),
            _ => None,
        }
    }

    /// Each result where its condition is the first that holds.
    fn cases(&self, case: &Case) -> Option<Vec<Term>> {
        let mut terms = Vec::new();
        let mut before: Vec<Expr> = Vec::new();
        for (when, then) in &case.when_then_expr {
            let when = match &case.expr {
                Some(operand) => operand.as_ref().clone().eq(when.as_ref().clone()),
                None => when.as_ref().clone(),
            };
            let own = before.iter().cloned().chain([when.clone().is_true()]).collect();
            self.result(then, own, &mut terms)?;
            before.push(when.is_not_true());
        }
        if let Some(otherwise) = &case.else_expr {
            self.result(otherwise, before, &mut terms)?;
        }
        Some(terms)
    }

    fn result(&self, then: &Expr, conditions: Vec<Expr>, terms: &mut Vec<Term>) -> Option<()> {
        if matches!(bare(then), Expr::Literal(value, _) if value.is_null()) {
            return Some(());
        }
        for mut term in self.parts(then)? {
            term.conditions.extend(conditions.iter().cloned());
            if term.factor != Exact::ZERO {
                terms.push(term);
            }
        }
        Some(())
    }
}

/// A value without casts around it.
fn bare(value: &Expr) -> &Expr {
    let mut bare = value;
    while let Expr::Cast(cast) = bare {
        bare = &cast.expr;
    }
    bare
}

/// The exact constant that a value is.
fn constant_of(value: &Expr) -> Option<Exact> {
    let Expr::Literal(value, _) = value else { return None };
    Exact::of(value)
}

/// The constant that terms are.
fn constant(terms: &[Term]) -> Option<Exact> {
    let [Term { factor, column: None, conditions }] = terms else { return None };
    conditions.is_empty().then_some(*factor)
}

fn scaled(terms: Vec<Term>, factor: Exact) -> Option<Vec<Term>> {
    let one = |term: Term| Some(Term { factor: term.factor.times(factor)?, ..term });
    terms.into_iter().map(one).collect()
}

/// Whether a type holds every digit of the terms.
fn exactly(terms: &[Term], to: &DataType) -> bool {
    let scale = if let DataType::Decimal128(_, scale) = to { *scale } else { 0 };
    if scale == 0 && !to.is_decimal() && *to != DataType::Int64 {
        return false;
    }
    let digits = |term: &Term| {
        let own = term.column.as_ref().map_or(0, |(_, _, scale)| *scale);
        i8::try_from(term.factor.scale().saturating_add(own)).unwrap_or(i8::MAX)
    };
    terms.iter().all(|term| digits(term) <= scale)
}

/// Equal measures once, those that are always 0 left out, sorted.
fn added(terms: Vec<ExploreTerm>) -> Vec<ExploreTerm> {
    let mut sums: BTreeMap<(MeasureId, Conditions), i64> = BTreeMap::new();
    for term in terms {
        let sum = sums.entry((term.measure, term.conditions)).or_default();
        *sum = sum.saturating_add(term.factor);
    }
    let kept = sums.into_iter().filter(|(_, factor)| *factor != 0);
    kept.map(|((measure, conditions), factor)| ExploreTerm { measure, conditions, factor })
        .collect()
}
