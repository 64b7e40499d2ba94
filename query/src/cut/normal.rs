//! What is added, as a sum of products: each a constant factor times columns, under conditions.
//!
//! The text of an argument says little about what its sum tells: `sum(died + 1)` is a count of deaths, `avg(x * x)` a spread,
//! `sum(CASE WHEN c THEN x ELSE 0 END)` a sum of a part. So arguments are read as [`Term`]s. CASE, `coalesce`, `nullif`, `greatest`,
//! `least` and `abs` become conditions; what is 0 or 1 is a condition wherever it is multiplied. What is left, a quotient, a
//! rounded number, a column that a derived table made, is an [`Atom`] of its own, with the conditions under which it would tell of a few.
//!
//! A reading is *exact* where the sums of the terms give the very sum that was asked for. Of others it says what the sum tells.
//! Nothing is added here: [`super::measures`] does that.

use datafusion::logical_expr::{Case, Expr};
use policies::dataset::{Class, Dataset};

use super::Below;
use super::form::Exact;
use crate::catalog::functions::Place;
use crate::facts::range::Range;
use crate::facts::{Facts, Plain, Scope};

mod atoms;
mod read;

pub(super) use read::{bare, branches};

/// Most terms of an argument: more are no reading.
const MAX_TERMS: usize = 48;
/// Values of an atom that are counted one by one.
pub(super) const FEW_VALUES: i128 = 20;

/// A factor times atoms, in the rows that meet conditions.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term {
    /// The factor; none where only a rounded one is known.
    pub(super) factor: Option<Exact>,
    /// Places of the atoms that are multiplied, ascending; of none it is the row itself.
    pub(super) atoms: Vec<usize>,
    /// All of them must be true.
    pub(super) conditions: Vec<Expr>,
    /// Whether the conditions and atoms say already that the argument has a value.
    pub(super) is_present: bool,
}

/// A number that is not taken apart.
#[derive(Clone, Debug)]
pub(super) struct Atom {
    /// As it is added.
    pub(super) expr: Expr,
    /// What is known of it.
    pub(super) facts: Facts,
    /// Whether a declared column is it.
    pub(super) is_column: bool,
    /// Conditions on it of which each would tell of a few patients by its sum.
    pub(super) tells: Vec<Expr>,
}

/// An argument in terms.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    /// What the terms multiply.
    pub(super) atoms: Vec<Atom>,
    /// The terms, each pair of atoms and conditions once.
    pub(super) terms: Vec<Term>,
    /// Whether the terms add up to the argument.
    pub(super) is_exact: bool,
    /// Whether the argument can be NULL.
    pub(super) nullable: bool,
    /// Atoms without which the argument is NULL, where no condition decides it.
    pub(super) needed: Option<Vec<usize>>,
}

impl Atom {
    /// Whether it is 0 or 1.
    pub(super) fn is_flag(&self) -> bool {
        self.facts.range.is_within(0, 1)
    }

    /// How many values it can have, if that is known.
    pub(super) fn values(&self) -> Option<i128> {
        match self.facts.range {
            Range::Exact { lo, hi, .. } => hi.checked_sub(lo)?.checked_add(1),
            Range::Float { .. } | Range::Other => None,
        }
    }
}

impl Normal {
    /// Reads an argument in its safe form over these rows; none where it has too many terms.
    pub(super) fn read(argument: &Expr, below: &Below) -> Option<Self> {
        let mut reader = Reader { below, atoms: Vec::new(), is_exact: true, branches: false };
        let facts = reader.facts(argument)?;
        let terms = reader.argument(argument)?;
        let Reader { mut atoms, is_exact, branches, .. } = reader;
        let needed = (!branches).then(|| {
            let nullable = atoms.iter().enumerate().filter(|(_, atom)| atom.facts.nullable);
            nullable.map(|(at, _)| at).collect()
        });
        atoms.iter_mut().for_each(|atom| atom.tells = atoms::tells(atom));
        Some(Self { terms: collected(terms), atoms, is_exact, nullable: facts.nullable, needed })
    }

    /// Whether it is one declared column and nothing else.
    pub(super) fn is_column(&self) -> bool {
        let [Term { factor, atoms, conditions, .. }] = self.terms.as_slice() else { return false };
        let [atom] = self.atoms.as_slice() else { return false };
        let one = *factor == Some(Exact::ONE) && atoms.len() == 1 && conditions.is_empty();
        one && atom.is_column && !atom.is_flag()
    }

    /// The only atom in it, where no condition is.
    pub(super) fn only_atom(&self) -> Option<&Atom> {
        let [atom] = self.atoms.as_slice() else { return None };
        self.terms.iter().all(|term| term.conditions.is_empty()).then_some(atom)
    }

    /// Its square.
    pub(super) fn squared(&self) -> Option<Self> {
        let terms = collected(multiplied(&self.terms, &self.terms, &self.atoms)?);
        Some(Self { terms, ..self.clone() })
    }

    /// The product of both.
    pub(super) fn times(&self, other: &Self) -> Option<Self> {
        let mut atoms = self.atoms.clone();
        let places: Vec<usize> = other.atoms.iter().map(|atom| placed(&mut atoms, atom)).collect();
        let moved = other.terms.iter().map(|term| {
            let of = term.atoms.iter().filter_map(|at| places.get(*at).copied());
            let mut of: Vec<usize> = of.collect();
            of.sort_unstable();
            Term { atoms: of, ..term.clone() }
        });
        let moved: Vec<Term> = moved.collect();
        let terms = collected(multiplied(&self.terms, &moved, &atoms)?);
        let nullable = self.nullable || other.nullable;
        let is_exact = self.is_exact && other.is_exact;
        Some(Self { atoms, terms, is_exact, nullable, needed: None })
    }
}

/// The place of an atom among others.
fn placed(atoms: &mut Vec<Atom>, atom: &Atom) -> usize {
    let known = atoms.iter().position(|known| known.expr == atom.expr);
    known.unwrap_or_else(|| {
        atoms.push(atom.clone());
        atoms.len().saturating_sub(1)
    })
}

/// Reads one argument.
struct Reader<'b> {
    below: &'b Below,
    atoms: Vec<Atom>,
    is_exact: bool,
    /// Whether a condition decides which terms there are.
    branches: bool,
}

impl Reader<'_> {
    /// What is known of a safe expression.
    fn facts(&self, expr: &Expr) -> Option<Facts> {
        let Below { schema, columns, .. } = self.below;
        Scope { schema, columns, place: Place::Below }.facts(expr).ok()
    }

    /// The terms of the whole argument. Where it is NULL by a condition, each result says by itself when it has a value.
    fn argument(&mut self, expr: &Expr) -> Option<Vec<Term>> {
        let nullable = self.facts(expr)?.nullable;
        let bare = read::bare(expr);
        let case =
            if let Expr::Case(case) = bare { Some(case.clone()) } else { read::chosen(bare, self) };
        let Some(case) = case.filter(|_| nullable) else { return self.terms(expr) };
        self.is_certain(expr)?;
        self.branches = true;
        let mut all = Vec::new();
        for (conditions, result) in read::branches(&case) {
            let Some(result) = result else { continue };
            let before = (self.atoms.len(), std::mem::take(&mut self.branches));
            let terms = self.terms(&result)?;
            let decided = std::mem::replace(&mut self.branches, true);
            let optional = self.facts(&result)?.nullable;
            for mut term in terms {
                // Of a result without conditions only the atoms can be missing.
                let of_result = |at: &usize| *at >= before.0 || uses(&result, self.atoms.get(*at));
                let missing: Vec<Expr> = self
                    .atoms
                    .iter()
                    .enumerate()
                    .filter(|(at, atom)| {
                        atom.facts.nullable && of_result(at) && !term.atoms.contains(at)
                    })
                    .map(|(_, atom)| atom.expr.clone().is_not_null())
                    .collect();
                term.is_present = !optional || !decided;
                if optional && !decided {
                    missing.into_iter().for_each(|part| with(&mut term.conditions, part));
                }
                term.conditions = joined(&conditions, &term.conditions);
                all.push(term);
            }
        }
        (all.len() <= MAX_TERMS).then_some(all)
    }
}

/// Whether an expression has an atom in it.
fn uses(expr: &Expr, atom: Option<&Atom>) -> bool {
    use datafusion::common::tree_node::TreeNode as _;
    atom.is_some_and(|atom| expr.exists(|part| Ok(*part == atom.expr)).unwrap_or(true))
}

/// A constant, in every row.
fn constant(factor: Option<Exact>) -> Term {
    Term { factor, atoms: Vec::new(), conditions: Vec::new(), is_present: false }
}

/// Adds a condition once.
fn with(conditions: &mut Vec<Expr>, condition: Expr) {
    if !conditions.contains(&condition) {
        conditions.push(condition);
    }
}

/// Both lists of conditions.
fn joined(one: &[Expr], other: &[Expr]) -> Vec<Expr> {
    let mut all = one.to_vec();
    other.iter().for_each(|condition| with(&mut all, condition.clone()));
    all
}

/// Whether no row meets the conditions: one of them and its opposite.
fn is_never(conditions: &[Expr]) -> bool {
    conditions.iter().any(|condition| {
        let Expr::IsNotTrue(inner) = condition else { return false };
        conditions.contains(inner)
    })
}

/// Terms multiplied one by one; what is 0 or 1 is its own square.
fn multiplied(left: &[Term], right: &[Term], atoms: &[Atom]) -> Option<Vec<Term>> {
    if left.len().checked_mul(right.len())? > MAX_TERMS * 8 {
        return None;
    }
    let mut made = Vec::new();
    for one in left {
        for other in right {
            let mut of: Vec<usize> = one.atoms.iter().chain(&other.atoms).copied().collect();
            of.sort_unstable();
            of.dedup_by(|a, b| a == b && atoms.get(*a).is_some_and(Atom::is_flag));
            let factor = match (one.factor, other.factor) {
                (Some(one), Some(other)) => Some(one.times(other)?),
                (None, _) | (_, None) => None,
            };
            made.push(Term {
                factor,
                atoms: of,
                conditions: joined(&one.conditions, &other.conditions),
                is_present: one.is_present || other.is_present,
            });
        }
    }
    let made = collected(made);
    (made.len() <= MAX_TERMS).then_some(made)
}

/// Equal terms once, without those that are always 0.
fn collected(terms: Vec<Term>) -> Vec<Term> {
    let mut all: Vec<Term> = Vec::new();
    for term in terms.into_iter().filter(|term| !is_never(&term.conditions)) {
        let same = all.iter_mut().find(|known| {
            known.atoms == term.atoms
                && known.is_present == term.is_present
                && known.conditions.len() == term.conditions.len()
                && known.conditions.iter().all(|condition| term.conditions.contains(condition))
        });
        match same {
            Some(known) => {
                let both = known.factor.zip(term.factor);
                known.factor = both.and_then(|(one, other)| one.plus(other));
            }
            None => all.push(term),
        }
    }
    all.retain(|term| term.factor != Some(Exact::ZERO));
    all
}

/// The fewest values that a column of a product can have.
pub(super) fn fewest(atoms: &[&Atom], dataset: &Dataset) -> i128 {
    let own = atoms.iter().filter_map(|atom| atom.values());
    let origins = atoms.iter().flat_map(|atom| &atom.facts.values);
    let columns = origins.filter_map(|origin| dataset.column(&origin.table, &origin.column));
    let of_columns = columns.filter_map(|column| match column.class {
        Class::Flag => Some(2),
        Class::Key | Class::Category | Class::Measure | Class::Quasi | Class::Hidden => {
            let bounds = column.bounds?;
            i128::from(bounds.max).checked_sub(i128::from(bounds.min))?.checked_add(1)
        }
    });
    own.chain(of_columns).min().unwrap_or(i128::MAX)
}

/// Whether an expression is a column that the dataset declares, or a case of a cast of it.
fn is_declared(facts: &Facts) -> bool {
    matches!(facts.plain, Some(Plain::Column(_)))
}

/// Alternatives of a CASE that stands for another expression.
fn case_of(when_then: Vec<(Expr, Expr)>, otherwise: Option<Expr>) -> Case {
    let boxed = |(when, then): (Expr, Expr)| (Box::new(when), Box::new(then));
    Case {
        expr: None,
        when_then_expr: when_then.into_iter().map(boxed).collect(),
        else_expr: otherwise.map(Box::new),
    }
}

#[cfg(test)]
mod tests;
