//! `network` below the cut: compared with names in a condition, or passed on as it is.
//!
//! A hospital is in several networks, so `<>`, NOT, order and functions have no meaning that everybody would read alike;
//! they are refused. What passes is a membership test, which is true or false of the hospital.

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DataFusionError, Result as EngineResult};
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Case, Expr, Join, JoinConstraint, Operator};

use crate::cut::Below;
use crate::error::{Both, PlanError};
use crate::facts::Plain;
use crate::network;
use crate::written::written;

/// How `network` is asked for below the cut.
const CONDITION: (&str, &str) = (
    "write network = 'x' or network IN ('x', 'y') as a condition, by itself or with AND, OR and CASE WHEN",
    "schrijf network = 'x' of network IN ('x', 'y') als voorwaarde, op zichzelf of met AND, OR en CASE WHEN",
);

/// Whether an expression is the column `network` and nothing else.
pub(in crate::cut) fn is_bare(expr: &Expr, below: &Below) -> bool {
    let mut inner = expr;
    while let Expr::Alias(alias) = inner {
        inner = &alias.expr;
    }
    is_network(inner, below)
}

fn is_network(expr: &Expr, below: &Below) -> bool {
    let Expr::Column(name) = expr else { return false };
    let index = below.schema.maybe_index_of_column(name);
    let facts = index.and_then(|index| below.columns.get(index));
    facts.is_some_and(|facts| facts.plain == Some(Plain::Network))
}

/// A join whose NATURAL or USING does not name `network`: rows of one patient are of one hospital.
pub(super) fn without_networks(join: &Join, (left, right): (&Below, &Below)) -> Join {
    let mut join = join.clone();
    if join.join_constraint == JoinConstraint::Using {
        let certain = |expr: &Expr, below: &Below| {
            let known = below.passed_on(expr);
            is_network(expr, below) && known.is_ok_and(|(_, facts)| !facts.nullable)
        };
        join.on.retain(|(one, other)| !(certain(one, left) && certain(other, right)));
    }
    join
}

/// The expression with membership tests in the place of comparisons of `network`.
pub(in crate::cut) fn memberships(expr: &Expr, below: &Below) -> Result<Expr, PlanError> {
    let named = expr.exists(|expr| Ok(is_network(expr, below)));
    if !named.unwrap_or(true) {
        return Ok(expr.clone());
    }
    let mut rewriter = Rewriter { below, whole: expr, refused: None };
    match (rewriter.rewrite(expr.clone(), Spot::Condition), rewriter.refused) {
        (_, Some(refused)) => Err(refused),
        (Ok(rewritten), None) => Ok(rewritten.data),
        (Err(_engine), None) => Err(PlanError::CannotPlan),
    }
}

/// What an expression's place makes of a truth value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spot {
    /// It is looked at as it is.
    Condition,
    /// It may be turned, or compared.
    Value,
}

struct Rewriter<'a> {
    below: &'a Below,
    whole: &'a Expr,
    refused: Option<PlanError>,
}

impl Rewriter<'_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed may hold no membership"
    )]
    fn rewrite(&mut self, expr: Expr, spot: Spot) -> EngineResult<Transformed<Expr>> {
        if let Some((column, names)) = self.comparison(&expr) {
            if spot == Spot::Value {
                return self.refuse(
                    ("a comparison of `network` inside NOT, another comparison or a function", "een vergelijking van `network` binnen NOT, een andere vergelijking of een functie"),
                    ("write network IN (...) with the networks that you mean, or CASE WHEN network = 'x' THEN 0 ELSE 1 END", "schrijf network IN (...) met de netwerken die u bedoelt, of CASE WHEN network = 'x' THEN 0 ELSE 1 END"),
                );
            }
            return Ok(Transformed::yes(network::in_network(column, names)));
        }
        if is_network(&expr, self.below) {
            return self
                .refuse(Both::same(format!("`network` in `{}`", written(self.whole))), CONDITION);
        }
        match expr {
            Expr::BinaryExpr(BinaryExpr { op: Operator::And | Operator::Or, .. })
            | Expr::Alias(_) => expr.map_children(|part| self.rewrite(part, spot)),
            Expr::Case(Case { expr: None, .. }) => self.case(expr, spot),
            other => other.map_children(|part| self.rewrite(part, Spot::Value)),
        }
    }

    /// A CASE whose branches are conditions: those behind WHEN are looked at as they are.
    fn case(&mut self, expr: Expr, spot: Spot) -> EngineResult<Transformed<Expr>> {
        let Expr::Case(Case { expr: None, when_then_expr, else_expr }) = expr else {
            return Ok(Transformed::no(expr));
        };
        let mut branches = Vec::with_capacity(when_then_expr.len());
        for (when, then) in when_then_expr {
            let when = self.rewrite(*when, Spot::Condition)?.data;
            let then = self.rewrite(*then, spot)?.data;
            branches.push((Box::new(when), Box::new(then)));
        }
        let otherwise = match else_expr {
            Some(otherwise) => Some(Box::new(self.rewrite(*otherwise, spot)?.data)),
            None => None,
        };
        Ok(Transformed::yes(Expr::Case(Case::new(None, branches, otherwise))))
    }

    /// The column and the names of `network = 'x'` and `network IN ('x', 'y')`.
    fn comparison(&self, expr: &Expr) -> Option<(Expr, Vec<String>)> {
        if let Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) = expr {
            let (column, name) =
                if is_network(left, self.below) { (left, right) } else { (right, left) };
            let name = network::name(name).filter(|_| is_network(column, self.below))?;
            return Some(((**column).clone(), vec![name.to_owned()]));
        }
        let Expr::InList(InList { expr: column, list, negated: false }) = expr else {
            return None;
        };
        let names: Option<Vec<String>> =
            list.iter().map(|item| network::name(item).map(str::to_owned)).collect();
        let mut names = names.filter(|_| is_network(column, self.below))?;
        names.sort();
        names.dedup();
        Some(((**column).clone(), names))
    }

    fn refuse(
        &mut self,
        what: impl Into<Both>,
        instead: impl Into<Both>,
    ) -> EngineResult<Transformed<Expr>> {
        let (what, instead) = (what.into(), instead.into());
        self.refused.get_or_insert(PlanError::NetworkColumn { what, instead });
        Err(DataFusionError::Plan(String::new()))
    }
}
