//! Calls of scalar functions: those on the list, with arguments that no value can make fail.

use arrow::datatypes::DataType;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::ScalarFunction;

use super::range::Range;
use super::{Facts, Scope};
use crate::catalog::functions::{self, Place};
use crate::error::PlanError;
use crate::network::IN_NETWORK;

impl Scope<'_> {
    /// What is known of a call.
    pub(super) fn function(&self, expr: &Expr, call: &ScalarFunction) -> Result<Facts, PlanError> {
        if call.name() == IN_NETWORK {
            return self.boolean(expr, &call.args.iter().collect::<Vec<_>>());
        }
        self.listed(expr, call)
    }

    /// What is known of a call that a text can write.
    fn listed(&self, expr: &Expr, call: &ScalarFunction) -> Result<Facts, PlanError> {
        let name = call.name();
        if !functions::allowed(name, self.place) {
            return Err(above_only(name));
        }
        let arguments: Vec<Facts> =
            call.args.iter().map(|arg| self.facts(arg)).collect::<Result<_, _>>()?;
        let mut facts = self.blank(expr)?;
        match (name, arguments.as_slice()) {
            ("coalesce", _) => {
                let mut facts = self.one_of(facts, &arguments)?;
                facts.nullable = arguments.iter().all(|argument| argument.nullable);
                Ok(facts)
            }
            ("greatest" | "least", _) => {
                let mut facts = self.one_of(facts, &arguments)?;
                arguments.iter().for_each(|argument| facts.decided_by(argument));
                Ok(facts)
            }
            ("nullif", [value, compared]) => {
                facts.decided_by(compared);
                facts.decided_by(value);
                facts.nullable = true;
                self.one_of(facts, std::slice::from_ref(value))
            }
            ("round", [_, _]) if !constant_digits(call, self.place) => Err(PlanError::unsupported(
                (
                    "round to a number of digits that is not a constant from 0 to 9",
                    "round op een aantal cijfers dat geen constante van 0 tot 9 is",
                ),
                ("write round(x, 1)", "schrijf round(x, 1)"),
            )),
            ("round" | "floor" | "ceil", [value, ..])
                if matches!(facts.data_type, DataType::Decimal128(..)) =>
            {
                facts.merge_sources(value);
                if self.place == Place::Above {
                    return Ok(facts);
                }
                let scale =
                    if let DataType::Decimal128(_, scale) = facts.data_type { scale } else { 0 };
                let rounded = value.range.rounded(if name == "round" { scale } else { 0 });
                let range = rounded.and_then(|range| range.rounded(scale));
                self.bounded(expr, facts, range)
            }
            ("abs", [value]) => {
                facts.merge_sources(value);
                self.bounded(expr, facts, value.range.absolute())
            }
            _ => {
                arguments.iter().for_each(|argument| facts.merge_sources(argument));
                if let (Some(value), true) = (arguments.first(), facts.data_type.is_floating())
                    && matches!(name, "round" | "floor" | "ceil")
                {
                    facts.range = Range::Float { most: value.range.most() + 1.0, least: 0.0 };
                }
                Ok(facts)
            }
        }
    }
}

/// A function of finished figures alone.
fn above_only(name: &str) -> PlanError {
    PlanError::unsupported(
        (
            format!("`{name}` inside a measure or condition"),
            format!("`{name}` binnen een maat of voorwaarde"),
        ),
        (
            "use it on the finished figures, outside the aggregate",
            "gebruik het op de uitgerekende cijfers, buiten het aggregaat",
        ),
    )
}

/// Whether the digits that `round` keeps are a constant that no value can overflow with.
fn constant_digits(call: &ScalarFunction, place: Place) -> bool {
    let least = if place == Place::Above { -9 } else { 0 };
    let Some(Expr::Literal(digits, _)) = call.args.get(1) else { return false };
    Range::literal(digits).is_within(least, 9) && !digits.is_null()
}
