//! Linear programs over the nulls of a component.

use std::panic::{AssertUnwindSafe, catch_unwind};

use microlp::{ComparisonOp, OptimizationDirection, Problem, Solution, SolveOptions, Variable};

use super::table::{LinkedTable, MAX_VALUE};
use super::worlds::World;

/// Largest component of which every world must be whole: where a program's own solution is not, whole ones are searched. Of a
/// larger one, worlds in fractions count, as they do in the attacker's linear programs.
pub(super) const MAX_WHOLE: usize = 40;
/// What a solution falls short of a whole number by.
const TOLERANCE: f64 = 1e-6;
/// Nodes of that search.
const MAX_NODES: u64 = 200;

/// Nulls that relations join, or some of them: the others are taken to be known.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// The nulls, ascending.
    pub(super) cells: Vec<usize>,
    /// The rows that touch one, ascending.
    pub(super) rows: Vec<usize>,
    /// No null is taken to be higher in any world that is searched: an attacker without this knows less.
    pub(super) cap: u64,
    /// Whether worlds must be whole.
    pub(super) whole: bool,
}

/// Which way nulls are pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Push {
    /// As low as can be.
    Down,
    /// As high as can be.
    Up,
}

/// What is known of the table: the shown cells and the relations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    pub(super) table: &'a LinkedTable,
    pub(super) null: &'a [bool],
    pub(super) component: &'a Component,
}

/// A solved program, from which others start.
pub(super) struct Solved {
    solution: Solution,
    variables: Vec<Variable>,
}

impl std::fmt::Debug for Solved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Solved").field("variables", &self.variables.len()).finish_non_exhaustive()
    }
}

/// The solver is foreign code over hostile figures: should it panic, it has failed.
fn guarded<T>(run: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok().flatten()
}

impl<'a> Known<'a> {
    /// Pushes the nulls of `goals` (by cell, ascending), each to its goal at most.
    pub(super) fn push(&self, push: Push, goals: &[(usize, u64)]) -> Option<Solved> {
        guarded(|| self.program(push, goals, false, None))
    }

    /// The world of a solution.
    pub(super) fn world(&self, solved: &Solved) -> Option<World> {
        let values = self.component.cells.iter().zip(&solved.variables);
        let values: Vec<(usize, f64)> =
            values.map(|(cell, variable)| (*cell, solved.solution.var_value(*variable))).collect();
        World::prove(self.table, self.null, &values, self.component.whole)
    }

    /// The whole number at which a null ends in a solution, on the side of the truth.
    pub(super) fn whole(&self, solved: &Solved, (cell, push): (usize, Push)) -> Option<u64> {
        let place = self.component.cells.binary_search(&cell).ok()?;
        let value = solved.solution.var_value(*solved.variables.get(place)?);
        let value = match push {
            Push::Down => (value - TOLERANCE).ceil(),
            Push::Up => (value + TOLERANCE).floor(),
        };
        u64::try_from(nearest(value)?.max(0)).ok()
    }

    /// A world in which a null has a value, if `start` leads to one.
    pub(super) fn at(&self, start: &Solved, cell: usize, value: u64) -> Option<World> {
        let place = self.component.cells.binary_search(&cell).ok()?;
        let variable = *start.variables.get(place)?;
        let fixed = float(i64::try_from(value).ok()?);
        let solved = guarded(|| {
            let solution =
                start.solution.clone().fix_var(variable, fixed).ok()?.into_solution().ok()?;
            Some(Solved { solution, variables: start.variables.clone() })
        })?;
        self.world(&solved).or_else(|| {
            let whole = self.component.whole;
            let whole =
                whole.then(|| guarded(|| self.program(Push::Up, &[], true, Some((cell, value)))));
            self.world(&whole.flatten()?)
        })
    }

    fn program(
        &self,
        push: Push,
        goals: &[(usize, u64)],
        whole: bool,
        fixed: Option<(usize, u64)>,
    ) -> Option<Solved> {
        let direction = match push {
            Push::Down => OptimizationDirection::Minimize,
            Push::Up => OptimizationDirection::Maximize,
        };
        let mut problem = Problem::new(direction);
        let mut variables = Vec::with_capacity(self.component.cells.len());
        for cell in &self.component.cells {
            let (low, high, weight) = self.bounds(*cell, push, goals)?;
            let (low, high) = match fixed {
                Some((fixed, value)) if fixed == *cell => (value, value),
                Some(_) | None => (low, high),
            };
            variables.push(if whole {
                let bounds = (i32::try_from(low).ok()?, i32::try_from(high).ok()?);
                problem.add_integer_var(weight, bounds)
            } else {
                let (low, high) = (i64::try_from(low).ok()?, i64::try_from(high).ok()?);
                problem.add_var(weight, (float(low), float(high)))
            });
        }
        self.relations(&mut problem, &variables)?;
        let mut options = SolveOptions::default();
        options.node_limit = Some(MAX_NODES);
        let solution = problem.solve_with(options).ok()?.into_solution().ok()?;
        Some(Solved { solution, variables })
    }

    fn relations(&self, problem: &mut Problem, variables: &[Variable]) -> Option<()> {
        for row in &self.component.rows {
            let mut shown = 0_i64;
            let mut terms = vec![];
            for (cell, sign) in self.table.rows.get(*row)? {
                let at = self.component.cells.binary_search(cell).ok();
                if let Some(at) = at.filter(|_| self.null.get(*cell) == Some(&true)) {
                    terms.push((*variables.get(at)?, float(*sign)));
                } else {
                    let value = i64::try_from(self.table.cells.get(*cell)?.value).ok()?;
                    shown = shown.checked_add(value.checked_mul(*sign)?)?;
                }
            }
            problem.add_constraint(terms, ComparisonOp::Eq, float(shown.checked_neg()?));
        }
        Some(())
    }

    /// The bounds of a null, and 1 if it is pushed.
    fn bounds(&self, cell: usize, push: Push, goals: &[(usize, u64)]) -> Option<(u64, u64, f64)> {
        let truth = self.table.cells.get(cell)?.value;
        let cap = self.component.cap.max(truth);
        let goal = goals.binary_search_by_key(&cell, |(cell, _)| *cell).ok();
        Some(match (push, goal.and_then(|at| goals.get(at))) {
            (_, None) => (0, cap, 0.0),
            (Push::Down, Some((_, goal))) => (*goal.min(&truth), cap, 1.0),
            (Push::Up, Some((_, goal))) => (0, *goal.max(&truth), 1.0),
        })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a world is proven in whole numbers")]
fn float(number: i64) -> f64 {
    number as f64
}

/// The nearest whole number.
#[expect(clippy::cast_possible_truncation, reason = "checked to be far inside 64 bits")]
pub(super) fn nearest(value: f64) -> Option<i64> {
    let limit = float(i64::try_from(MAX_VALUE << 8).ok()?);
    (value.abs() < limit).then(|| value.round() as i64)
}
