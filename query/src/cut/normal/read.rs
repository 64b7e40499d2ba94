//! Reads expressions as terms.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{BinaryExpr, Case, Expr, Operator, binary_expr};

use super::{
    Atom, Exact, MAX_TERMS, Reader, Term, case_of, collected, constant, is_declared, joined,
    multiplied, placed, with,
};
use crate::facts::range::Range;
use crate::facts::safe::rounded;

/// Floats no further from 0 than this hold nine digits behind the point, also after a few steps.
const CERTAIN: f64 = 1e6;
/// Digits of a constant that a float of nine digits can be.
const CERTAIN_DIGITS: u8 = 9;

/// An expression without its name and the casts that change no value.
pub(in crate::cut) fn bare(expr: &Expr) -> &Expr {
    if let Expr::Alias(alias) = expr {
        return bare(&alias.expr);
    }
    if let Expr::Cast(cast) = expr
        && matches!(*cast.expr, Expr::Case(_))
    {
        return &cast.expr;
    }
    expr
}

/// The results of a CASE, each under its conditions; none is NULL.
pub(in crate::cut) fn branches(case: &Case) -> Vec<(Vec<Expr>, Option<Expr>)> {
    let mut all = Vec::new();
    let mut before: Vec<Expr> = Vec::new();
    for (when, then) in &case.when_then_expr {
        let when = match &case.expr {
            Some(operand) => operand.as_ref().clone().eq(when.as_ref().clone()),
            None => when.as_ref().clone(),
        };
        let own = joined(&before, std::slice::from_ref(&when));
        all.push((own, some(then)));
        with(&mut before, when.is_not_true());
    }
    all.push((before, case.else_expr.as_ref().and_then(|otherwise| some(otherwise))));
    all
}

/// An expression that is not the constant NULL.
fn some(expr: &Expr) -> Option<Expr> {
    let mut inner = expr;
    while let Expr::Cast(cast) = inner {
        inner = &cast.expr;
    }
    let null = matches!(inner, Expr::Literal(value, _) if value.is_null());
    (!null).then(|| expr.clone())
}

/// The CASE that a function is which chooses among its arguments.
pub(super) fn chosen(expr: &Expr, reader: &Reader<'_>) -> Option<Case> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let args = call.args.as_slice();
    match (call.name(), args) {
        ("coalesce", [others @ .., last]) => {
            let choice = |arg: &Expr| (arg.clone().is_not_null(), arg.clone());
            Some(case_of(others.iter().map(choice).collect(), Some(last.clone())))
        }
        ("nullif", [value, compared]) => {
            let null = ScalarValue::try_from(&reader.facts(value)?.data_type).ok()?;
            let equal = value.clone().eq(compared.clone());
            Some(case_of(vec![(equal, Expr::Literal(null, None))], Some(value.clone())))
        }
        ("greatest" | "least", [first, rest @ ..]) => {
            let op = if call.name() == "greatest" { Operator::GtEq } else { Operator::LtEq };
            let choose = |one: Expr, other: &Expr| {
                let better = binary_expr(one.clone(), op, other.clone());
                let better = match reader.facts(other) {
                    Some(facts) if !facts.nullable => better,
                    Some(_) | None => better.or(other.clone().is_null()),
                };
                Expr::Case(case_of(vec![(better, one)], Some(other.clone())))
            };
            let Expr::Case(case) = rest.iter().fold(first.clone(), choose) else { return None };
            Some(case)
        }
        ("abs", [value]) => {
            let zero = ScalarValue::new_zero(&reader.facts(value)?.data_type).ok()?;
            let positive = value.clone().gt_eq(Expr::Literal(zero, None));
            let negative = Expr::Negative(Box::new(value.clone()));
            Some(case_of(vec![(positive, value.clone())], Some(negative)))
        }
        _ => None,
    }
}

impl Reader<'_> {
    /// The terms of an expression.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is not taken apart"
    )]
    pub(super) fn terms(&mut self, expr: &Expr) -> Option<Vec<Term>> {
        match expr {
            Expr::Alias(alias) => self.terms(&alias.expr),
            Expr::Literal(value, _) => self.literal(value),
            Expr::Column(_) => self.atom(expr),
            Expr::Cast(cast) => self.cast(expr, &cast.expr, cast.field.data_type()),
            Expr::TryCast(cast) => self.cast(expr, &cast.expr, cast.field.data_type()),
            Expr::Negative(inner) => scaled(self.terms(inner)?, Some(Exact::MINUS_ONE)),
            Expr::BinaryExpr(binary) => self.binary(expr, binary),
            Expr::Case(case) => self.case(case),
            Expr::ScalarFunction(call) => self.call(expr, call),
            _ => None,
        }
    }

    fn literal(&mut self, value: &ScalarValue) -> Option<Vec<Term>> {
        if value.is_null() {
            self.branches = true;
            return Some(Vec::new());
        }
        let factor = if let ScalarValue::Float64(Some(float)) = value {
            of_float(*float)
        } else {
            Some(Exact::of(value)?)
        };
        self.is_exact &= factor.is_some();
        Some(vec![constant(factor)])
    }

    fn atom(&mut self, expr: &Expr) -> Option<Vec<Term>> {
        let facts = self.facts(expr)?;
        if facts.data_type == DataType::Boolean {
            self.branches |= facts.nullable;
            let mut term = constant(Some(Exact::ONE));
            term.conditions.push(expr.clone());
            return Some(vec![term]);
        }
        self.is_exact &= !matches!(facts.range, Range::Float { .. });
        let is_column = is_declared(&facts);
        let atom = Atom { expr: expr.clone(), facts, is_column, tells: Vec::new() };
        let place = placed(&mut self.atoms, &atom);
        Some(vec![Term { atoms: vec![place], ..constant(Some(Exact::ONE)) }])
    }

    fn cast(&mut self, expr: &Expr, inner: &Expr, to: &DataType) -> Option<Vec<Term>> {
        let facts = self.facts(inner)?;
        if facts.data_type == DataType::Boolean {
            // Not true is 0 where it is not NULL.
            self.branches |= facts.nullable;
            let mut term = constant(Some(Exact::ONE));
            term.conditions.push(inner.clone());
            return Some(vec![term]);
        }
        let keeps = match (facts.range, to) {
            (Range::Exact { .. }, DataType::Float64) => facts.range.most() < CERTAIN,
            (Range::Exact { scale, .. }, DataType::Decimal128(_, wanted)) => *wanted >= scale,
            (Range::Exact { scale, .. }, to) => scale == 0 && to.is_signed_integer(),
            (Range::Float { .. }, to) => *to == DataType::Float64,
            (Range::Other, _) => return None,
        };
        if !keeps && *to == DataType::Float64 {
            self.is_exact = false;
            return self.terms(inner);
        }
        if keeps && facts.range.fits_rounded(to) { self.terms(inner) } else { self.atom(expr) }
    }

    fn binary(&mut self, expr: &Expr, binary: &BinaryExpr) -> Option<Vec<Term>> {
        let BinaryExpr { left, op, right } = binary;
        if matches!(op, Operator::Divide) {
            return self.quotient(expr, left, right);
        }
        if !matches!(op, Operator::Plus | Operator::Minus | Operator::Multiply) {
            return self.atom(expr);
        }
        let (left, right) = (self.terms(left)?, self.terms(right)?);
        self.is_certain(expr)?;
        if *op == Operator::Plus {
            return added(left, right);
        }
        if *op == Operator::Minus {
            return added(left, scaled(right, Some(Exact::MINUS_ONE))?);
        }
        multiplied(&left, &right, &self.atoms)
    }

    /// Notes whether a float is still what its decimal would be.
    pub(super) fn is_certain(&mut self, expr: &Expr) -> Option<()> {
        if let Range::Float { most, .. } = self.facts(expr)?.range {
            self.is_exact &= most < CERTAIN;
        }
        Some(())
    }

    /// Something by a constant is a multiple, whole numbers apart; by anything else it is an atom.
    fn quotient(&mut self, expr: &Expr, left: &Expr, right: &Expr) -> Option<Vec<Term>> {
        let mut divisor = right;
        while let Expr::Cast(cast) = divisor {
            divisor = &cast.expr;
        }
        let whole = self.facts(expr)?.data_type.is_integer();
        let Expr::Literal(divisor, _) = divisor else { return self.atom(expr) };
        if whole || divisor.is_null() {
            return self.atom(expr);
        }
        let terms = self.terms(left)?;
        self.is_certain(expr)?;
        let divisor = if let ScalarValue::Float64(Some(float)) = divisor {
            of_float(*float)
        } else {
            Exact::of(divisor)
        };
        let inverse = divisor.and_then(Exact::inverse);
        // A decimal keeps so many digits of a quotient, and a float nine in a sum.
        let digits = match self.facts(expr)?.range {
            Range::Exact { scale, .. } => u8::try_from(scale).ok()?,
            Range::Float { .. } | Range::Other => CERTAIN_DIGITS,
        };
        let terms = scaled(terms, inverse)?;
        let own = |term: &Term| {
            let of = term.atoms.iter().filter_map(|at| self.atoms.get(*at));
            of.map(scale).fold(term.factor.map_or(u8::MAX, Exact::scale), u8::saturating_add)
        };
        self.is_exact &= terms.iter().all(|term| own(term) <= digits);
        Some(terms)
    }

    fn case(&mut self, case: &Case) -> Option<Vec<Term>> {
        let all = branches(case);
        let optional = |result: &Option<Expr>| {
            result.as_ref().is_none_or(|expr| self.facts(expr).is_none_or(|facts| facts.nullable))
        };
        let nullable = all.iter().any(|(_, result)| optional(result));
        self.branches |= nullable;
        let mut terms = Vec::new();
        // Where every result has a value, the others are what they add to the last.
        let last = match all.last() {
            Some((_, Some(last))) if !nullable => Some(self.terms(last)?),
            Some(_) | None => None,
        };
        let (many, end) = (all.len().saturating_sub(1), last.clone().unwrap_or_default());
        for (at, (conditions, result)) in all.iter().enumerate() {
            let Some(result) = result else { continue };
            if last.is_some() && at == many {
                continue;
            }
            let own = added(self.terms(result)?, scaled(end.clone(), Some(Exact::MINUS_ONE))?)?;
            terms.extend(
                own.into_iter()
                    .map(|term| Term { conditions: joined(conditions, &term.conditions), ..term }),
            );
        }
        added(end, terms)
    }

    fn call(&mut self, expr: &Expr, call: &ScalarFunction) -> Option<Vec<Term>> {
        if let Some(inner) = rounded::of(call) {
            let to = self.facts(expr)?.data_type;
            return match self.facts(inner)?.range {
                Range::Float { .. } => self.atom(expr),
                Range::Exact { .. } | Range::Other => self.cast(expr, inner, &to),
            };
        }
        match chosen(&Expr::ScalarFunction(call.clone()), self) {
            Some(case) => self.case(&case),
            None => self.atom(expr),
        }
    }
}

/// Digits behind the point of an atom.
fn scale(atom: &Atom) -> u8 {
    match atom.facts.range {
        Range::Exact { scale, .. } => u8::try_from(scale).unwrap_or_default(),
        Range::Float { .. } | Range::Other => CERTAIN_DIGITS,
    }
}

/// A float as it is written, if it has few digits behind the point.
fn of_float(float: f64) -> Option<Exact> {
    let text = format!("{float}");
    if float.abs() >= CERTAIN {
        return None;
    }
    let (whole, digits) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let scale = u8::try_from(digits.len()).ok().filter(|scale| *scale <= CERTAIN_DIGITS)?;
    let units: i128 = format!("{whole}{digits}").parse().ok()?;
    Exact::of(&ScalarValue::Decimal128(Some(units), 38, i8::try_from(scale).ok()?))
}

fn added(left: Vec<Term>, right: Vec<Term>) -> Option<Vec<Term>> {
    let all = collected(left.into_iter().chain(right).collect());
    (all.len() <= MAX_TERMS).then_some(all)
}

fn scaled(terms: Vec<Term>, factor: Option<Exact>) -> Option<Vec<Term>> {
    let one = |term: Term| {
        let factor = match term.factor.zip(factor) {
            Some((own, factor)) => Some(own.times(factor)?),
            None => None,
        };
        Some(Term { factor, ..term })
    };
    terms.into_iter().map(one).collect()
}
