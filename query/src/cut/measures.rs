//! Aggregates as additive sums: what merges by addition over cells and hospitals, and how it is finished.
//!
//! Sums are fixed point: at the scale of the column, floats rounded half-even at 1e-9. Equal sums are taken once.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{AggregateFunction, Cast};
use datafusion::logical_expr::{Aggregate, Expr};
use policies::dataset::Use;
use policies::footprint::{MAX_ROWS, SumKind, VectorFootprint};

use super::normal::Normal;
use super::{Account, Below, Linear, Output, Primitive, ShareFigure, below};
use crate::catalog::functions;
use crate::error::{Both, PlanError};
use crate::facts::domain::Domain;
use crate::facts::range::Range;
use crate::facts::{Facts, Plain};
use crate::written::written;

mod argument;
mod limits;
mod linear;
mod pair;
mod quantile;

use argument::{Argument, units};
use limits::{room, same_scale};
use linear::Under;

/// Digits behind the point of a sum of floats.
pub(crate) const FLOAT_SCALE: u8 = 9;
/// No float further from 0 is added.
const FLOAT_LIMIT: f64 = 1e15;

/// The sums of a cut.
#[derive(Default)]
pub(super) struct Measures {
    pub(super) primitives: Vec<Primitive>,
    pub(super) vectors: Vec<VectorFootprint>,
    pub(super) outputs: Vec<Output>,
    pub(super) merged: Vec<Facts>,
}

/// The sums that an aggregate's expressions need.
pub(super) fn measures(
    aggregate: &Aggregate,
    below: &Below,
    account: &mut Account<'_>,
) -> Result<Measures, PlanError> {
    let mut measures = Measures::default();
    let keys = aggregate.schema.fields().len().saturating_sub(aggregate.aggr_expr.len());
    let outputs = aggregate.schema.fields().iter().skip(keys);
    for (expr, field) in aggregate.aggr_expr.iter().zip(outputs) {
        let mut inner = expr;
        while let Expr::Alias(alias) = inner {
            inner = &alias.expr;
        }
        let Expr::AggregateFunction(call) = inner else { return Err(PlanError::CannotPlan) };
        measures.aggregate(call, field.data_type(), (below, account))?;
    }
    Ok(measures)
}

impl Measures {
    fn aggregate(
        &mut self,
        call: &AggregateFunction,
        data_type: &DataType,
        (below, account): (&Below, &mut Account<'_>),
    ) -> Result<(), PlanError> {
        let name = call.func.name().to_owned();
        let call = &without_names(call);
        if !functions::additive(&name) {
            let instead = functions::advice(&name)
                .unwrap_or(("it cannot be added up", "dat is niet op te tellen"));
            return Err(PlanError::unsupported(Both::same(format!("`{name}`")), instead));
        }
        account.aggregates.insert(name.clone());
        let params = &call.params;
        let of_edges = quantile::is_of_edges(&name);
        if !of_edges && (!params.order_by.is_empty() || params.null_treatment.is_some()) {
            return Err(PlanError::unsupported(
                (
                    format!("ORDER BY or NULLS inside `{name}`"),
                    format!("ORDER BY of NULLS binnen `{name}`"),
                ),
                ("leave it out: a sum has no order", "laat het weg: een som heeft geen volgorde"),
            ));
        }
        let filter = match &params.filter {
            Some(filter) => {
                let (safe, facts) = below.expression(filter)?;
                account.expression(&facts, Use::Filter)?;
                below::note_functions(&safe, &mut account.functions);
                Some(safe)
            }
            None => None,
        };
        if of_edges {
            return self.of_edges(call, filter, (below, account));
        }
        if let ([y, x], true, false) =
            (params.args.as_slice(), functions::of_pairs(&name), params.distinct)
        {
            return self.pair(&name, data_type, (y, x, filter), (below, account));
        }
        let [argument] = params.args.as_slice() else {
            return Err(PlanError::unsupported(
                (format!("`{name}` of several arguments"), format!("`{name}` met meer argumenten")),
                ("write one argument", "schrijf één argument"),
            ));
        };
        if name == "count" {
            return self.count(argument, params.distinct, filter, (below, account));
        }
        if params.distinct {
            return Err(PlanError::unsupported(
                Both::same(format!("`{name}(DISTINCT ...)`")),
                (
                    "write it without DISTINCT, or count(distinct key)",
                    "schrijf het zonder DISTINCT, of count(distinct key)",
                ),
            ));
        }
        if let Some(figure) = share(&name) {
            return self.share(figure, argument, filter, (below, account));
        }
        let argument = number(argument, below, account)?;
        self.numeric((&name, data_type), argument, filter, (below, account))
    }

    fn count(
        &mut self,
        argument: &Expr,
        distinct: bool,
        filter: Option<Expr>,
        (below, account): (&Below, &mut Account<'_>),
    ) -> Result<(), PlanError> {
        let (value, facts) = below.expression(argument)?;
        let primitive = if distinct {
            let key = match &facts.plain {
                Some(Plain::Column(origin)) => account
                    .dataset
                    .table(&origin.table)
                    .and_then(|table| table.key_of(&origin.column)),
                Some(Plain::Hospital | Plain::Network) | None => None,
            };
            if key.is_none() {
                if let (Some(_), Some(Domain::Values(codes))) = (&facts.plain, &facts.domain) {
                    account.expression(&facts, Use::Group)?;
                    self.present(&value, codes, filter.as_ref());
                    return Ok(());
                }
                return Err(PlanError::unsupported(
                    Both::same(format!("count(distinct {})", written(argument))),
                    (
                        "count distinct keys or categories only, or GROUP BY the column and count the groups",
                        "tel alleen verschillende sleutels of categorieën, of schrijf GROUP BY met de kolom en tel de groepen",
                    ),
                ));
            }
            account.used(&facts.values, Use::CountDistinct)?;
            let one_each = below.names_rows(&facts);
            let kind = if one_each { SumKind::NonNull } else { SumKind::Distinct };
            Primitive::count(kind, Some(value), filter)
        } else if matches!(&value, Expr::Literal(literal, _) if !literal.is_null())
            || facts.plain == Some(Plain::Hospital) && !facts.nullable
        {
            Primitive::count(SumKind::Rows, None, filter)
        } else {
            account.expression(&facts, Use::CountValues)?;
            below::note_functions(&value, &mut account.functions);
            Primitive::count(SumKind::NonNull, Some(value), filter)
        };
        let place = self.place(primitive);
        let range = Range::exact(0, MAX_ROWS, 0);
        self.merged.push(output_facts(DataType::Int64, range, false));
        self.outputs.push(Output::Count(place));
        Ok(())
    }

    fn numeric(
        &mut self,
        (name, data_type): (&str, &DataType),
        argument: Argument,
        filter: Option<Expr>,
        (below, account): (&Below, &Account<'_>),
    ) -> Result<(), PlanError> {
        let units = units(&argument)?;
        let range = match name {
            "sum" => {
                same_scale(data_type, argument.scale)?;
                let limit = i128::try_from(room(units, name)?).unwrap_or(i128::MAX);
                let scale = i8::try_from(argument.scale).unwrap_or(i8::MAX);
                Range::exact(limit.saturating_neg(), limit, scale).cast(data_type)
            }
            "avg" => {
                room(units, name)?;
                argument.range.cast(data_type)
            }
            _ => {
                room(units.saturating_mul(units), name)?;
                Range::full(data_type)
            }
        };
        let (argument, filter) = linear::filtered(argument, filter);
        let normal = Normal::read(&argument.value, below);
        let counted = linear::values(normal.as_ref(), &argument, &filter);
        let values = self.place(counted.clone());
        let under =
            Under { value: &argument.value, filter: &filter, values: &counted, is_present: false };
        let to = (normal.as_ref(), &argument);
        let data_type = data_type.clone();
        let output = match name {
            "sum" => {
                let sum = self.added(SumKind::Sum, to, &under, (below, account))?;
                Output::Sum { sum, values, data_type: data_type.clone() }
            }
            "avg" => {
                let sum = self.added(SumKind::Sum, to, &under, (below, account))?;
                Output::Average { sum, values, data_type: data_type.clone() }
            }
            "stddev" | "stddev_pop" | "var" | "var_pop" => {
                let sum = self.added(SumKind::Sum, to, &under, (below, account))?;
                let squares = self.added(SumKind::SumSquares, to, &under, (below, account))?;
                let sample = !name.ends_with("_pop");
                let root = name.starts_with("stddev");
                Output::Spread { sum, squares, values, sample, root }
            }
            _ => return Err(PlanError::CannotPlan),
        };
        self.merged.push(output_facts(data_type, range, true));
        self.outputs.push(output);
        Ok(())
    }

    /// The sum of an argument or of its squares: of what it is made of where that is exact, else as it is asked for.
    fn added(
        &mut self,
        kind: SumKind,
        (normal, argument): (Option<&Normal>, &Argument),
        under: &Under<'_>,
        (below, account): (&Below, &Account<'_>),
    ) -> Result<Linear, PlanError> {
        let squares = kind == SumKind::SumSquares;
        let scale = argument.scale.saturating_mul(if squares { 2 } else { 1 });
        let squared = normal.filter(|_| squares).and_then(Normal::squared);
        let read = if squares { squared.as_ref() } else { normal };
        let exact = read.and_then(|read| self.linear((read, scale), under, (below, account)));
        if let Some(linear) = exact {
            return Ok(linear);
        }
        let made = linear::made(normal, under, (below, account));
        let sum = argument.primitive(kind, under.filter.clone())?;
        Ok(Linear::one(self.place(Primitive { made, ..sum }), scale))
    }

    /// How many values of a category there are: a count for each.
    fn present(&mut self, value: &Expr, codes: &[ScalarValue], filter: Option<&Expr>) {
        let places = codes.iter().map(|code| {
            let is = value.clone().eq(Expr::Literal(code.clone(), None));
            let filter = Some(filter.map_or(is.clone(), |filter| filter.clone().and(is)));
            self.place(Primitive::count(SumKind::Rows, None, filter))
        });
        let places: Vec<usize> = places.collect();
        let most = i128::try_from(places.len()).unwrap_or(i128::MAX);
        self.merged.push(output_facts(DataType::Int64, Range::exact(0, most, 0), false));
        self.outputs.push(Output::Present(places));
    }

    /// The share of rows that meet a condition.
    fn share(
        &mut self,
        figure: ShareFigure,
        condition: &Expr,
        filter: Option<Expr>,
        (below, account): (&Below, &mut Account<'_>),
    ) -> Result<(), PlanError> {
        let (condition, facts) = below.expression(condition)?;
        account.expression(&facts, Use::Filter)?;
        below::note_functions(&condition, &mut account.functions);
        let counted = |filter| Primitive::count(SumKind::Rows, None, filter);
        let part = filter.clone().map_or(condition.clone(), |filter| filter.and(condition.clone()));
        let (whole, part) = (self.place(counted(filter)), self.place(counted(Some(part))));
        let range = Range::Float { most: 1.0, least: 0.0 };
        self.merged.push(output_facts(DataType::Float64, range, true));
        self.outputs.push(Output::Share { part, whole, figure });
        Ok(())
    }

    /// The place of a sum, shared with an equal one.
    fn place(&mut self, primitive: Primitive) -> usize {
        if let Some(place) = self.primitives.iter().position(|known| *known == primitive) {
            return place;
        }
        self.primitives.push(primitive);
        self.primitives.len().saturating_sub(1)
    }
}

/// The call with what it is of as such: names inside it tell columns apart, not sums.
fn without_names(call: &AggregateFunction) -> AggregateFunction {
    let mut call = call.clone();
    for argument in &mut call.params.args {
        *argument = argument.clone().unalias_nested().data;
    }
    if let Some(filter) = &mut call.params.filter {
        **filter = filter.as_ref().clone().unalias_nested().data;
    }
    call
}

/// The figure of shares that a function is, by its name.
fn share(name: &str) -> Option<ShareFigure> {
    match name {
        "share" => Some(ShareFigure::Share),
        "wilson_low" => Some(ShareFigure::Low),
        "wilson_high" => Some(ShareFigure::High),
        _ => None,
    }
}

/// An argument without the cast to floats: the engine makes floats of whatever it averages, and the exact value below the
/// cast adds up exactly.
fn bare<'e>(expr: &'e Expr, below: &Below) -> Result<&'e Expr, PlanError> {
    let mut expr = expr;
    while let Expr::Cast(Cast { expr: inner, field }) = expr {
        let exact = below.expression(inner)?.1.data_type;
        let exact = matches!(
            exact,
            DataType::Int16 | DataType::Int32 | DataType::Int64 | DataType::Decimal128(_, 0..=9)
        );
        if !exact || *field.data_type() != DataType::Float64 {
            break;
        }
        expr = inner;
    }
    Ok(expr)
}

/// The argument of a sum, in a type that adds exactly.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn number(expr: &Expr, below: &Below, account: &mut Account<'_>) -> Result<Argument, PlanError> {
    let expr = bare(expr, below)?;
    let (value, facts) = below.expression(expr)?;
    account.expression(&facts, Use::Aggregate)?;
    below::note_functions(&value, &mut account.functions);
    let to_integer = |value: Expr| Expr::Cast(Cast::new(Box::new(value), DataType::Int64));
    match facts.data_type {
        DataType::Int64 => Ok(Argument { value, scale: 0, range: facts.range }),
        DataType::Int16 | DataType::Int32 => {
            Ok(Argument { value: to_integer(value), scale: 0, range: facts.range })
        }
        DataType::Decimal128(_, scale) if (0..=9).contains(&scale) => {
            let scale = scale.unsigned_abs();
            Ok(Argument { value, scale, range: facts.range })
        }
        DataType::Float64 if facts.range.most() < FLOAT_LIMIT => {
            Ok(Argument { value, scale: FLOAT_SCALE, range: facts.range })
        }
        DataType::Float64 => Err(PlanError::Unbounded {
            expression: written(expr),
            instead: ("add a column or an expression of bounded columns; divide by a constant", "tel een kolom op, of een uitdrukking van kolommen met grenzen; deel door een constante").into(),
        }),
        _ => Err(PlanError::unsupported(
            (format!("a sum of `{}`", written(expr)), format!("een som van `{}`", written(expr))),
            ("add numbers: a measure, a flag, or CASE with numbers; cast fine decimals to DOUBLE", "tel getallen op: een meetwaarde, een vlag, of CASE met getallen; zet fijne decimalen om met CAST naar DOUBLE"),
        )),
    }
}

fn output_facts(data_type: DataType, range: Range, nullable: bool) -> Facts {
    Facts {
        plain: None,
        values: Default::default(),
        conditions: Default::default(),
        range,
        domain: None,
        step: None,
        data_type,
        nullable,
        row: None,
    }
}
