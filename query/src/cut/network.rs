//! What a fragment says of networks: the names that it tests, and those that its rows are limited to.
//!
//! GROUP BY network copies a hospital's cells into each of its networks at the asking node. That equals a row for each
//! network of each patient, filtered, only if `network` is tested by conditions that every row must meet. Anything else
//! is refused beside it.

use std::collections::BTreeSet;

use datafusion::common::JoinType;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Distinct, Expr, LogicalPlan, Operator};
use policies::NetworkId;

use super::Fragment;
use crate::error::{Both, PlanError, listed};
use crate::network;
use crate::pipe::Networks;

/// Refuses names that the charter does not have.
pub(super) fn known(fragments: &[Fragment], networks: &Networks) -> Result<(), PlanError> {
    for fragment in fragments {
        for name in tests(fragment).into_iter().flatten() {
            if !networks.keys().any(|known| known.as_str() == name) {
                let known = Both::names(listed(networks.keys().map(NetworkId::as_str)));
                return Err(PlanError::UnknownNetwork { name: crate::error::quoted(name), known });
            }
        }
    }
    Ok(())
}

/// The networks that every row is limited to, `None` for all; refused where `network` is tested otherwise.
pub(super) fn only(fragment: &Fragment) -> Result<Option<BTreeSet<String>>, PlanError> {
    let Limited { only, tests: plain } = limited(&fragment.input);
    if plain == tests(fragment).len() {
        return Ok(only);
    }
    Err(PlanError::NetworkColumn {
        what: ("GROUP BY network beside a comparison of `network` in FILTER, CASE, OR, EXISTS, an outer join or a part of a UNION", "GROUP BY network naast een vergelijking van `network` in FILTER, CASE, OR, EXISTS, een outer join of een deel van een UNION").into(),
        instead: ("write network = 'x' or network IN (...) as a condition of WHERE by itself, or HAVING over the groups, or leave `network` out of GROUP BY", "schrijf network = 'x' of network IN (...) als eigen voorwaarde van WHERE, of HAVING over de groepen, of laat `network` uit GROUP BY").into(),
    })
}

/// The names of every membership test of a fragment.
fn tests(fragment: &Fragment) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    let mut look = |expr: &Expr| {
        expr.apply(|expr| {
            if let Some(names) = network::names(expr) {
                found.push(names.into_iter().map(str::to_owned).collect());
            }
            Ok(TreeNodeRecursion::Continue)
        })
    };
    let looked = fragment.input.apply(|node| node.apply_expressions(&mut look));
    debug_assert!(looked.is_ok(), "nothing in the visitor fails");
    let sums = fragment.primitives.iter().flat_map(|sum| sum.value.iter().chain(&sum.filter));
    for expr in fragment.keys.iter().map(|key| &key.expr).chain(sums) {
        let looked = look(expr);
        debug_assert!(looked.is_ok(), "nothing in the visitor fails");
    }
    found
}

/// What conditions on every row say.
#[derive(Default, PartialEq)]
struct Limited {
    only: Option<BTreeSet<String>>,
    /// The membership tests in them.
    tests: usize,
}

impl Limited {
    fn and(mut self, other: Self) -> Self {
        self.only = match (self.only, other.only) {
            (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
            (one, other) => one.or(other),
        };
        self.tests = self.tests.saturating_add(other.tests);
        self
    }

    fn condition(mut self, predicate: &Expr) -> Self {
        for part in split_conjunction(predicate) {
            if let Some((names, tests)) = membership(part) {
                self = self.and(Self { only: Some(names), tests });
            }
        }
        self
    }
}

/// The conditions that every row of a plan meets.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed limits nothing, so a test in it is refused"
)]
fn limited(plan: &LogicalPlan) -> Limited {
    match plan {
        LogicalPlan::Projection(node) => limited(&node.input),
        LogicalPlan::SubqueryAlias(node) => limited(&node.input),
        LogicalPlan::Window(node) => limited(&node.input),
        LogicalPlan::Aggregate(node) => limited(&node.input),
        LogicalPlan::Distinct(Distinct::All(input)) => limited(input),
        LogicalPlan::Filter(node) => limited(&node.input).condition(&node.predicate),
        LogicalPlan::Join(node) => match node.join_type {
            JoinType::Inner => {
                let both = limited(&node.left).and(limited(&node.right));
                node.filter.iter().fold(both, Limited::condition)
            }
            JoinType::Left | JoinType::LeftMark => limited(&node.left),
            JoinType::Right => limited(&node.right),
            JoinType::Full
            | JoinType::LeftSemi
            | JoinType::RightSemi
            | JoinType::LeftAnti
            | JoinType::RightAnti
            | JoinType::RightMark => Limited::default(),
        },
        LogicalPlan::Union(node) => {
            let mut branches = node.inputs.iter().map(|input| limited(input));
            let Some(first) = branches.next() else { return Limited::default() };
            let tests = first.tests;
            let alike = branches.try_fold(tests, |tests, branch| {
                (branch.only == first.only).then(|| tests.saturating_add(branch.tests))
            });
            match alike {
                Some(tests) => Limited { tests, ..first },
                None => Limited::default(),
            }
        }
        _ => Limited::default(),
    }
}

/// The names of a membership test, or of several with OR, and how many tests they are.
fn membership(expr: &Expr) -> Option<(BTreeSet<String>, usize)> {
    if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) = expr {
        let (mut names, left) = membership(left)?;
        let (others, right) = membership(right)?;
        names.extend(others);
        return Some((names, left.saturating_add(right)));
    }
    let names = network::names(expr)?;
    Some((names.into_iter().map(str::to_owned).collect(), 1))
}
