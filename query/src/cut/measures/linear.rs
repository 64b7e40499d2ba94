//! A sum as multiples of sums: what leaves a hospital is the sum of a column, a count, a sum of products, never of words
//! around them.
//!
//! Where an argument's reading is exact its terms are released, and the figure is put together after merging. Where it is
//! not, as of floats that round, the sum is released as it is asked for and carries what it tells ([`Made`]): rules hide
//! it wherever they would hide one of those.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::utils::conjunction;
use policies::footprint::{MAX_ROWS, SUM_LIMIT, SumKind};

use super::pair::product;
use super::{Account, Argument, Below, FLOAT_SCALE, Measures};
use crate::cut::normal::{self, Atom, FEW_VALUES, Normal, Term};
use crate::cut::{Linear, Made, Primitive};

/// Most sums that one sum carries.
const MAX_ALSO: usize = 64;

/// Where an argument is added.
pub(super) struct Under<'a> {
    /// The argument.
    pub(super) value: &'a Expr,
    /// The rows that count; they need not have a value.
    pub(super) filter: &'a Option<Expr>,
    /// The count of the rows with a value.
    pub(super) values: &'a Primitive,
    /// Whether all rows that count have a value.
    pub(super) is_present: bool,
}

impl Under<'_> {
    /// The rows of a term: those under its conditions where the argument has a value.
    fn filter(&self, normal: &Normal, term: &Term, also: Vec<Expr>) -> Option<Expr> {
        let mut all: Vec<Expr> = term.conditions.clone();
        all.extend(also);
        if normal.nullable && !term.is_present && !self.is_present {
            match &normal.needed {
                Some(needed) => {
                    let missing = needed.iter().filter(|at| !term.atoms.contains(at));
                    let missing = missing.filter_map(|at| normal.atoms.get(*at));
                    all.extend(missing.map(|atom| atom.expr.clone().is_not_null()));
                }
                None => all.push(self.value.clone().is_not_null()),
            }
        }
        conjunction(self.filter.iter().cloned().chain(all))
    }
}

/// The count of the rows where an argument has a value.
pub(super) fn values(
    normal: Option<&Normal>,
    argument: &Argument,
    filter: &Option<Expr>,
) -> Primitive {
    let counted = match normal {
        Some(normal) => match normal.only_atom() {
            Some(atom) => Some(added(atom).map_or_else(|| atom.expr.clone(), |of| of.value)),
            None => normal.nullable.then(|| argument.value.clone()),
        },
        None => Some(argument.value.clone()),
    };
    let kind = if counted.is_some() { SumKind::NonNull } else { SumKind::Rows };
    Primitive::count(kind, counted, filter.clone())
}

impl Measures {
    /// The multiples of sums that an argument's sum is, at a scale; none where that is not exact.
    pub(super) fn linear(
        &mut self,
        (normal, scale): (&Normal, u8),
        under: &Under<'_>,
        (below, account): (&Below, &Account<'_>),
    ) -> Option<Linear> {
        if !normal.is_exact {
            return None;
        }
        let mut found = Vec::with_capacity(normal.terms.len());
        for term in &normal.terms {
            let primitive = primitive(normal, term, under, (below, account))?;
            let factor = term.factor?.multiple(scale, primitive.scale)?;
            has_room(&primitive, factor).then_some(())?;
            found.push((primitive, factor));
        }
        let mut terms: Vec<(usize, i128)> = Vec::with_capacity(found.len());
        for (primitive, factor) in found {
            let place = self.place(primitive);
            match terms.iter_mut().find(|(known, _)| *known == place) {
                Some((_, known)) => *known = known.checked_add(factor)?,
                None => terms.push((place, factor)),
            }
        }
        Some(Linear { terms, scale })
    }
}

/// What the sum of an argument tells that is released as it is asked for.
pub(super) fn made(
    normal: Option<&Normal>,
    under: &Under<'_>,
    (below, account): (&Below, &Account<'_>),
) -> Option<Made> {
    let hidden = Some(Made { fewest: Some(0), also: Vec::new() });
    let Some(normal) = normal else { return hidden };
    let mut made = Made { fewest: None, also: Vec::new() };
    for term in &normal.terms {
        let Some(own) = primitive(normal, term, under, (below, account)) else { return hidden };
        let inner = own.made.clone();
        if let Some(fewest) = inner.as_ref().and_then(|made| made.fewest) {
            made.fewest = Some(made.fewest.map_or(fewest, |known| known.min(fewest)));
        }
        let squares = own.kind == SumKind::SumSquares;
        if squares {
            let of = term.atoms.iter().filter_map(|at| normal.atoms.get(*at)).collect::<Vec<_>>();
            let fewest = normal::fewest(&of, account.dataset);
            made.fewest = Some(made.fewest.map_or(fewest, |known| known.min(fewest)));
        }
        let beside = inner.map_or_else(Vec::new, |made| made.also);
        for also in std::iter::once(Primitive { made: None, ..own }).chain(beside) {
            if also != *under.values && !made.also.contains(&also) {
                made.also.push(also);
            }
        }
    }
    if made.also.len() > MAX_ALSO {
        return hidden;
    }
    Some(made)
}

/// The sum of a term's atoms over its rows.
fn primitive(
    normal: &Normal,
    term: &Term,
    under: &Under<'_>,
    (below, account): (&Below, &Account<'_>),
) -> Option<Primitive> {
    let atoms: Vec<&Atom> = term.atoms.iter().filter_map(|at| normal.atoms.get(*at)).collect();
    // What is 0 or 1 is a condition on what it multiplies.
    let (flags, mut others): (Vec<&Atom>, Vec<&Atom>) = match atoms.as_slice() {
        [_one] => (Vec::new(), atoms),
        _ => atoms.into_iter().partition(|atom| atom.is_flag()),
    };
    let mut flags = flags.into_iter();
    let mut set = Vec::new();
    if others.is_empty() {
        others.extend(flags.next());
    }
    for flag in flags {
        let one = ScalarValue::new_one(&flag.facts.data_type).ok()?;
        set.push(flag.expr.clone().eq(Expr::Literal(one, None)));
    }
    if others.is_empty() && term.conditions.is_empty() && !normal.terms.is_empty() {
        return Some(under.values.clone());
    }
    let filter = under.filter(normal, term, set);
    let made = of_atoms(&others, &filter, account);
    let sum = match others.as_slice() {
        [] => return Some(Primitive::count(SumKind::Rows, None, filter)),
        [one] => added(one)?.primitive(SumKind::Sum, filter),
        [one, other] if one.expr == other.expr => {
            added(one)?.primitive(SumKind::SumSquares, filter)
        }
        [first, rest @ ..] => {
            let mut product_of = first.expr.clone();
            for other in rest {
                product_of = product(&product_of, &other.expr, below).ok()?;
            }
            let facts = below.known(&product_of).ok()?.1;
            let atom = Atom { expr: product_of, facts, is_column: false, tells: Vec::new() };
            added(&atom)?.primitive(SumKind::Sum, filter)
        }
    };
    Some(Primitive { made, ..sum.ok()? })
}

/// What the sum of a product of atoms tells.
fn of_atoms(atoms: &[&Atom], filter: &Option<Expr>, account: &Account<'_>) -> Option<Made> {
    let squares = matches!(atoms, [one, other] if one.expr == other.expr);
    let computed = match atoms {
        [one] => !one.is_column && one.values().is_none_or(|values| values > FEW_VALUES),
        [one, _] if squares => !one.is_column,
        _ => true,
    };
    let fewest = computed.then(|| normal::fewest(atoms, account.dataset));
    let tells = atoms.iter().flat_map(|atom| &atom.tells);
    let tells = tells.map(|tells| {
        let both = filter.clone().map_or_else(|| tells.clone(), |filter| filter.and(tells.clone()));
        Primitive::count(SumKind::Rows, None, Some(both))
    });
    let also: Vec<Primitive> = tells.collect();
    let plain = fewest.is_none() && also.is_empty();
    (!plain && !atoms.is_empty()).then_some(Made { fewest, also })
}

/// An atom in a type that adds exactly.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is not added"
)]
fn added(atom: &Atom) -> Option<Argument> {
    let (value, range) = (atom.expr.clone(), atom.facts.range);
    let whole = |value: Expr| Expr::Cast(Cast::new(Box::new(value), DataType::Int64));
    match &atom.facts.data_type {
        DataType::Int64 => Some(Argument { value, scale: 0, range }),
        DataType::Int16 | DataType::Int32 => {
            Some(Argument { value: whole(value), scale: 0, range })
        }
        DataType::Decimal128(_, scale) if (0..=9).contains(scale) => {
            Some(Argument { value, scale: scale.unsigned_abs(), range })
        }
        DataType::Float64 if range.most() < super::FLOAT_LIMIT => {
            Some(Argument { value, scale: FLOAT_SCALE, range })
        }
        _ => None,
    }
}

/// Whether a multiple of a sum fits what is added up after merging.
fn has_room(primitive: &Primitive, factor: i128) -> bool {
    let most = primitive.bounds.map_or(Some(1), |(least, most)| {
        let most = least.unsigned_abs().max(most.unsigned_abs());
        let squares = primitive.kind == SumKind::SumSquares;
        if squares { most.checked_mul(most) } else { Some(most) }
    });
    let all = most.and_then(|most| most.checked_mul(MAX_ROWS.unsigned_abs()));
    let multiple = all.and_then(|all| all.checked_mul(factor.unsigned_abs()));
    multiple.is_some_and(|multiple| multiple < SUM_LIMIT.unsigned_abs())
        && all.is_some_and(|all| all < SUM_LIMIT.unsigned_abs())
}

/// Takes CASE with one result out of an argument: that is a FILTER.
pub(super) fn filtered(argument: Argument, filter: Option<Expr>) -> (Argument, Option<Expr>) {
    let Expr::Case(case) = normal::bare(&argument.value) else { return (argument, filter) };
    let all = normal::branches(case);
    let mut results =
        all.iter().filter_map(|(conditions, result)| Some((conditions, result.as_ref()?)));
    let (Some((conditions, result)), None) = (results.next(), results.next()) else {
        return (argument, filter);
    };
    let filter = conjunction(filter.into_iter().chain(conditions.iter().cloned()));
    let value = if let Expr::Cast(cast) = &argument.value {
        Expr::Cast(Cast::new(Box::new(result.clone()), cast.field.data_type().clone()))
    } else {
        result.clone()
    };
    (Argument { value, ..argument }, filter)
}
