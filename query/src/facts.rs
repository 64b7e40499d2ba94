//! What is known of an expression before any data is read: where it comes from, which values it can have.
//!
//! The positive list of expressions is here: what has no arm is refused. Facts are about the *safe* form of an
//! expression ([`safe`]): the one that cannot fail whatever the data are.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::logical_expr::{BinaryExpr, Case, Expr, ExprSchemable, Operator};

use crate::catalog::functions::Place;
use crate::error::PlanError;
use crate::written::written;

mod call;
pub(crate) mod domain;
pub(crate) mod range;
mod refused;
pub(crate) mod safe;

use domain::Domain;
use range::Range;
use refused::{never_null, refused};

/// A column of a table of the dataset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    /// The table.
    pub(crate) table: String,
    /// The column.
    pub(crate) column: String,
}

/// An expression that is a column and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Plain {
    /// Of the dataset.
    Column(Origin),
    /// The hospital's code.
    Hospital,
    /// The hospital's networks: only [`crate::network`] reads it.
    Network,
}

/// What is known of an expression.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    /// The column that it is, unchanged.
    pub(crate) plain: Option<Plain>,
    /// Columns whose values reach it.
    pub(crate) values: BTreeSet<Origin>,
    /// Columns that decide it by a condition.
    pub(crate) conditions: BTreeSet<Origin>,
    /// The values that it can have, if a number.
    pub(crate) range: Range,
    /// The values that it can have, each.
    pub(crate) domain: Option<Domain>,
    /// Integer steps that a quasi-identifier may be generalised to; a plain numeric column otherwise gives 1.
    pub(crate) step: Option<i64>,
    /// Its type.
    pub(crate) data_type: DataType,
    /// Whether it can be NULL.
    pub(crate) nullable: bool,
    /// The number of the key that it is unchanged, where that key names rows.
    pub(crate) row: Option<usize>,
}

/// The columns that an expression may use.
pub(crate) struct Scope<'a> {
    /// The schema that names them.
    pub(crate) schema: &'a DFSchema,
    /// What is known of each, in the schema's order.
    pub(crate) columns: &'a [Facts],
    /// Below or above the cut.
    pub(crate) place: Place,
}

impl Facts {
    /// Every value of a type and NULL, of no column.
    pub(crate) fn of_type(data_type: DataType) -> Self {
        let range = Range::full(&data_type);
        let (plain, domain, step, row) = (None, None, None, None);
        let (values, conditions) = (BTreeSet::new(), BTreeSet::new());
        let nullable = true;
        Self { plain, values, conditions, range, domain, step, data_type, nullable, row }
    }

    /// Takes the values of another one.
    pub(crate) fn same_values(&mut self, other: &Self) {
        self.merge_sources(other);
        self.range = other.range;
        self.domain = other.domain.clone().filter(|domain| *domain != Domain::Hospital);
        self.step = other.step;
    }

    /// Adds the values of another one of the same type.
    pub(crate) fn or_values(&mut self, other: &Self) {
        self.merge_sources(other);
        self.range = self.range.or(other.range.cast(&self.data_type));
        let domains = [self.domain.as_ref(), other.domain.as_ref()];
        self.domain = domain::union(domains.into_iter(), &self.data_type);
        self.step = self.step.filter(|_| other.step == self.step);
    }

    /// Adds where another one comes from.
    pub(crate) fn merge_sources(&mut self, other: &Self) {
        self.values.extend(other.values.iter().cloned());
        self.conditions.extend(other.conditions.iter().cloned());
        self.nullable |= other.nullable;
    }

    /// Adds what another one looks at, as a condition.
    pub(crate) fn decided_by(&mut self, other: &Self) {
        self.conditions.extend(other.values.iter().cloned());
        self.conditions.extend(other.conditions.iter().cloned());
    }
}

impl Scope<'_> {
    /// What is known of a safe expression, or why it is refused.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    pub(crate) fn facts(&self, expr: &Expr) -> Result<Facts, PlanError> {
        match expr {
            Expr::Alias(alias) => self.facts(&alias.expr),
            Expr::Column(column) => {
                let index = self.schema.maybe_index_of_column(column);
                let known = index.and_then(|index| self.columns.get(index));
                known.cloned().ok_or(PlanError::CannotPlan)
            }
            Expr::Literal(value, _) => {
                if !finite(value) {
                    return Err(PlanError::unsupported(
                        (
                            "a constant that is not a finite number",
                            "een constante die geen eindig getal is",
                        ),
                        ("write a number, or NULL", "schrijf een getal, of NULL"),
                    ));
                }
                let mut facts = self.blank(expr)?;
                facts.range = Range::literal(value);
                facts.domain = Domain::literal(value);
                facts.nullable = value.is_null();
                Ok(facts)
            }
            Expr::BinaryExpr(binary) => self.binary(expr, binary),
            Expr::Negative(inner) => {
                let inner = self.facts(inner)?;
                let range = inner.range.negated();
                let mut facts = self.blank(expr)?;
                facts.merge_sources(&inner);
                facts.domain = inner.domain.as_ref().and_then(Domain::negated);
                self.bounded(expr, facts, range)
            }
            Expr::Case(case) => self.case(expr, case),
            Expr::Cast(cast) => self.cast(expr, &cast.expr),
            Expr::TryCast(cast) => self.cast(expr, &cast.expr),
            Expr::ScalarFunction(call) => match safe::rounded::of(call) {
                Some(inner) => self.cast(expr, inner),
                None => self.function(expr, call),
            },
            other => self.condition(other),
        }
    }

    /// The type and nothing else. Nullability is ours, not the engine's: the safe form gives NULL where the original
    /// would fail.
    fn blank(&self, expr: &Expr) -> Result<Facts, PlanError> {
        let data_type = expr.get_type(self.schema).map_err(|_engine| PlanError::CannotPlan)?;
        let nullable = false;
        let range = Range::full(&data_type);
        Ok(Facts { range, nullable, ..Facts::of_type(data_type) })
    }

    /// Keeps the range if it fits the type.
    fn bounded(
        &self,
        expr: &Expr,
        mut facts: Facts,
        range: Option<Range>,
    ) -> Result<Facts, PlanError> {
        let Some(range) = range.filter(|range| range.fits(&facts.data_type)) else {
            return Err(PlanError::Unbounded {
                expression: written(expr),
                instead: (
                    "cast an operand: CAST(x AS DOUBLE), or compare instead of computing",
                    "zet een operand om: CAST(x AS DOUBLE), of vergelijk in plaats van te rekenen",
                )
                    .into(),
            });
        };
        facts.range = range;
        Ok(facts)
    }

    /// Expressions that give true, false or NULL: what they look at becomes a condition.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    fn condition(&self, expr: &Expr) -> Result<Facts, PlanError> {
        let operands: Vec<&Expr> = match expr {
            Expr::Not(inner)
            | Expr::IsNull(inner)
            | Expr::IsNotNull(inner)
            | Expr::IsTrue(inner)
            | Expr::IsFalse(inner)
            | Expr::IsUnknown(inner)
            | Expr::IsNotTrue(inner)
            | Expr::IsNotFalse(inner)
            | Expr::IsNotUnknown(inner) => vec![inner],
            Expr::Between(between) => vec![&between.expr, &between.low, &between.high],
            Expr::InList(list) => std::iter::once(&*list.expr).chain(&list.list).collect(),
            Expr::Like(like)
                if like.escape_char.is_none() && matches!(*like.pattern, Expr::Literal(..)) =>
            {
                vec![&like.expr, &like.pattern]
            }
            other => return Err(refused(other)),
        };
        self.boolean(expr, &operands)
    }

    fn boolean(&self, expr: &Expr, operands: &[&Expr]) -> Result<Facts, PlanError> {
        let mut facts = self.blank(expr)?;
        for operand in operands {
            let operand = self.facts(operand)?;
            facts.decided_by(&operand);
            facts.nullable |= operand.nullable && !never_null(expr);
        }
        facts.domain = Some(Domain::booleans());
        Ok(facts)
    }

    fn binary(&self, expr: &Expr, binary: &BinaryExpr) -> Result<Facts, PlanError> {
        let BinaryExpr { left, op, right } = binary;
        let compares = matches!(
            op,
            Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
                | Operator::And
                | Operator::Or
                | Operator::IsDistinctFrom
                | Operator::IsNotDistinctFrom
        );
        if compares {
            return self.boolean(expr, &[left, right]);
        }
        if let Some(facts) = self.grouping_bits(expr, binary)? {
            return Ok(facts);
        }
        let computes = matches!(
            op,
            Operator::Plus
                | Operator::Minus
                | Operator::Multiply
                | Operator::Divide
                | Operator::Modulo
        );
        if !computes {
            return Err(PlanError::unsupported(
                (format!("the operator `{op}`"), format!("de operator `{op}`")),
                (
                    "use + - * / %, comparisons, AND, OR and NOT",
                    "gebruik + - * / %, vergelijkingen, AND, OR en NOT",
                ),
            ));
        }
        let (left, right) = (self.facts(left)?, self.facts(right)?);
        let mut facts = self.blank(expr)?;
        facts.merge_sources(&left);
        facts.merge_sources(&right);
        facts.domain = domain::arithmetic(&left, *op, &right);
        facts.step = domain::shifted(&left, *op, &right);
        let range =
            if let (DataType::Decimal128(_, scale), Operator::Divide) = (&facts.data_type, op) {
                left.range.quotient(right.range, *scale)
            } else {
                left.range.arithmetic(*op, right.range)
            };
        let divides = matches!(op, Operator::Divide | Operator::Modulo);
        let decimal = matches!(facts.data_type, DataType::Decimal128(..));
        if self.place == Place::Above && divides && decimal {
            return Ok(facts);
        }
        self.bounded(expr, facts, range)
    }

    /// `grouping(...)` becomes bit operations on the engine's unsigned number of a grouping set; there are no others.
    fn grouping_bits(&self, expr: &Expr, binary: &BinaryExpr) -> Result<Option<Facts>, PlanError> {
        let bits = matches!(
            binary.op,
            Operator::BitwiseAnd
                | Operator::BitwiseOr
                | Operator::BitwiseShiftLeft
                | Operator::BitwiseShiftRight
        );
        if !bits || self.place == Place::Below {
            return Ok(None);
        }
        let unsigned = |expr: &Expr| Ok(self.facts(expr)?.data_type.is_unsigned_integer());
        let both = unsigned(&binary.left)? && unsigned(&binary.right)?;
        both.then(|| self.blank(expr)).transpose()
    }

    fn case(&self, expr: &Expr, case: &Case) -> Result<Facts, PlanError> {
        let mut facts = self.blank(expr)?;
        if let Some(operand) = &case.expr {
            facts.decided_by(&self.facts(operand)?);
        }
        let mut results = Vec::new();
        for (when, then) in &case.when_then_expr {
            facts.decided_by(&self.facts(when)?);
            results.push(self.facts(then)?);
        }
        match &case.else_expr {
            Some(otherwise) => results.push(self.facts(otherwise)?),
            None => facts.nullable = true,
        }
        self.one_of(facts, &results)
    }

    /// An expression whose value is that of one of several.
    fn one_of(&self, mut facts: Facts, results: &[Facts]) -> Result<Facts, PlanError> {
        for result in results {
            facts.merge_sources(result);
        }
        let ranges = results.iter().map(|result| result.range.cast(&facts.data_type));
        facts.range = ranges.reduce(Range::or).unwrap_or(facts.range);
        let domains = results.iter().map(|result| result.domain.as_ref());
        facts.domain = domain::union(domains, &facts.data_type);
        Ok(facts)
    }

    fn cast(&self, expr: &Expr, inner: &Expr) -> Result<Facts, PlanError> {
        let inner = self.facts(inner)?;
        let mut facts = self.blank(expr)?;
        let known = matches!(
            facts.data_type,
            DataType::Int16
                | DataType::Int32
                | DataType::Int64
                | DataType::Float64
                | DataType::Decimal128(_, 0..)
                | DataType::Utf8
                | DataType::Boolean
        );
        if !known {
            return Err(PlanError::unsupported(
                (
                    format!("the type of `{}`", written(expr)),
                    format!("het type van `{}`", written(expr)),
                ),
                (
                    "cast to BIGINT, DOUBLE, DECIMAL(p, s), TEXT or BOOLEAN",
                    "zet het om met CAST naar BIGINT, DOUBLE, DECIMAL(p, s), TEXT of BOOLEAN",
                ),
            ));
        }
        // The engine drops a narrowing cast from a comparison, and with it the NULL of what does not fit.
        if self.place == Place::Below && !inner.range.fits_rounded(&facts.data_type) {
            return Err(PlanError::Unbounded {
                expression: written(expr),
                instead: (
                    "cast to a type that holds every value",
                    "zet het om met CAST naar een type waarin elke waarde past",
                )
                    .into(),
            });
        }
        facts.merge_sources(&inner);
        facts.nullable |= matches!(expr, Expr::TryCast(_) | Expr::ScalarFunction(_));
        facts.range = inner.range.cast(&facts.data_type);
        facts.domain = inner.domain.and_then(|domain| domain.cast(&facts.data_type));
        Ok(facts)
    }
}

/// Whether a constant is no NaN and no infinity.
fn finite(value: &ScalarValue) -> bool {
    if let ScalarValue::Float64(Some(float)) = value {
        return float.is_finite();
    }
    if let ScalarValue::Float32(Some(float)) = value {
        return float.is_finite();
    }
    true
}
