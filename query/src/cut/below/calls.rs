//! Aggregates whose rows are of one patient: a positive list, and what is known of each one's value.
//!
//! Nothing of these leaves the hospital before a cut adds it up, so the least and the greatest value are as free as sums.

use std::collections::BTreeSet;

use arrow::datatypes::DataType;
use policies::dataset::{Dataset, Use};

use super::ties;
use crate::cut::Account;
use crate::error::{Both, PlanError};
use crate::facts::domain::Domain;
use crate::facts::range::Range;
use crate::facts::{Facts, Origin};

/// Most rows of one patient that a count can meet, joins included: no worker lives long enough to read more.
pub(super) const PATIENT_ROWS: i128 = 1_000_000_000;

/// An aggregate over rows of one patient.
pub(super) struct Call<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// Whether equal values count once.
    pub(super) distinct: bool,
    /// What it is of.
    pub(super) arguments: &'a [Facts],
    /// The type of its value.
    pub(super) data_type: DataType,
    /// Whether there is always a row that counts: no FILTER, no empty frame.
    pub(super) some_row: bool,
}

impl Call<'_> {
    /// What is known of the value.
    pub(super) fn facts(&self, account: &mut Account<'_>) -> Result<Facts, PlanError> {
        let name = self.name;
        if self.distinct && !matches!(name, "count" | "sum" | "min" | "max") {
            return Err(PlanError::unsupported(
                Both::same(format!("`{name}(DISTINCT ...)`")),
                (
                    "take DISTINCT in a derived table with the key of the patient",
                    "neem DISTINCT in een afgeleide tabel met de sleutel van de patiënt",
                ),
            ));
        }
        if name == "count" {
            return self.count(account);
        }
        let [argument] = self.arguments else {
            return Err(PlanError::unsupported(
                (format!("`{name}` of several arguments"), format!("`{name}` met meer argumenten")),
                ("write one argument", "schrijf één argument"),
            ));
        };
        let mut facts = Facts::of_type(self.data_type.clone());
        facts.merge_sources(argument);
        facts.nullable = argument.nullable || !self.some_row;
        match name {
            "min" | "max" => {
                facts.range = argument.range;
                facts.domain = argument.domain.clone().filter(|domain| *domain != Domain::Hospital);
                facts.step = argument.step;
            }
            "sum" => facts.range = self.fitting(sum(argument.range))?,
            "avg" => facts.range = self.fitting(near_zero(argument.range.cast(&self.data_type)))?,
            "stddev" | "stddev_pop" | "var" | "var_pop" => {
                // The variance of a sample of two is at most twice the square.
                let most = argument.range.most();
                let most = if name.starts_with("var") { 2.0 * most * most } else { 1.5 * most };
                facts.range = self.fitting(Range::Float { most, least: 0.0 })?;
                facts.nullable |= !name.ends_with("_pop");
            }
            "bool_and" | "bool_or" => facts.domain = Some(Domain::booleans()),
            _ => {
                return Err(PlanError::unsupported(
                    (
                        format!("`{name}` over rows of a patient"),
                        format!("`{name}` over rijen van een patiënt"),
                    ),
                    (
                        "write count, sum, avg, min, max, stddev, var, bool_and or bool_or",
                        "schrijf count, sum, avg, min, max, stddev, var, bool_and of bool_or",
                    ),
                ));
            }
        }
        Ok(facts)
    }

    fn count(&self, account: &mut Account<'_>) -> Result<Facts, PlanError> {
        let mut facts = Facts::of_type(DataType::Int64);
        facts.nullable = false;
        facts.range = Range::exact(0, PATIENT_ROWS, 0);
        for argument in self.arguments {
            if self.distinct && key(argument, account.dataset) {
                account.used(&argument.values, Use::CountDistinct)?;
                continue;
            }
            account.expression(argument, Use::CountValues)?;
            facts.decided_by(argument);
        }
        Ok(facts)
    }

    fn fitting(&self, range: Range) -> Result<Range, PlanError> {
        if range.fits(&self.data_type) {
            return Ok(range);
        }
        Err(PlanError::Unbounded {
            expression: format!("{}(...)", self.name),
            instead: (
                "divide the argument by a constant, or cast it to DOUBLE",
                "deel het argument door een constante, of zet het om met CAST naar DOUBLE",
            )
                .into(),
        })
    }
}

/// Whether an expression is a key and nothing else.
pub(super) fn key(facts: &Facts, dataset: &Dataset) -> bool {
    ties::entity(facts, dataset).is_some()
}

/// Columns that decide what becomes of rows: keys as in a join, others as a condition.
pub(super) fn arranged_by(facts: &Facts, account: &mut Account<'_>) -> Result<(), PlanError> {
    if key(facts, account.dataset) {
        return account.used(&facts.values, Use::Join);
    }
    account.expression(facts, Use::Filter)
}

/// The columns of a fact that decides, without keys: those only say whose rows are whose.
pub(super) fn deciding(facts: &Facts, dataset: &Dataset) -> BTreeSet<Origin> {
    if key(facts, dataset) {
        return BTreeSet::new();
    }
    facts.values.union(&facts.conditions).cloned().collect()
}

fn sum(one: Range) -> Range {
    match one {
        Range::Exact { lo, hi, scale } => Range::exact(
            lo.min(0).saturating_mul(PATIENT_ROWS),
            hi.max(0).saturating_mul(PATIENT_ROWS),
            scale,
        ),
        #[expect(clippy::cast_precision_loss, reason = "a power of ten")]
        Range::Float { most, .. } => Range::Float { most: most * PATIENT_ROWS as f64, least: 0.0 },
        Range::Other => Range::Other,
    }
}

/// Values between others: a mean of floats may be nearer to 0 than any of them.
fn near_zero(range: Range) -> Range {
    match range {
        Range::Float { most, .. } => Range::Float { most, least: 0.0 },
        Range::Exact { .. } | Range::Other => range,
    }
}
