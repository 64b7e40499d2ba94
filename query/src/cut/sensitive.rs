//! What the values of sensitive columns decide: which conditions, arguments and cells R3 looks at.
//!
//! The board marks columns of tables. Through a plan a mark follows values, and conditions into whatever depends on
//! them: the mark of EXISTS, the optional side of an outer join, figures inside a patient, the branches of UNION ALL. WHERE
//! decides which rows there are, so it marks cells and no measure. A step without an arm marks everything.

use datafusion::logical_expr::{Distinct, Expr, ExprSchemable, JoinType, LogicalPlan, TableScan};
use policies::dataset::Dataset;
use policies::footprint::{MeasureKind, Sensitive};

use super::{Below, HOSPITAL_MARK, Key, Measure, NETWORK_MARK};

/// What is marked of the rows of a plan.
#[derive(Clone, Debug)]
struct Marked {
    /// Its columns.
    columns: Vec<bool>,
    /// Which rows there are.
    rows: bool,
}

/// Writes down what of each measure is sensitive, and whether it is of every row.
pub(super) fn measures(measures: &mut [Measure], below: &Below, dataset: &Dataset) {
    let marked = plan(&below.plan, dataset);
    let is = |expr: &Expr| expression(expr, &below.plan, &marked.columns);
    for measure in measures {
        let nullable = |argument: &Expr| argument.nullable(below.plan.schema()).unwrap_or(true);
        let flag = measure.footprint.kind == MeasureKind::Flag;
        let always = measure.argument.as_ref().is_some_and(|argument| !nullable(argument));
        measure.footprint.whole = always && !flag && measure.condition.is_none();
        measure.footprint.sensitive = Sensitive {
            condition: measure.condition.as_ref().is_some_and(is),
            argument: measure
                .argument
                .as_ref()
                .is_some_and(|argument| is(argument) && (flag || nullable(argument))),
        };
    }
}

/// Whether sensitive values decide which patients are in the cells of these keys.
pub(super) fn cells(keys: &[Key], below: &Below, dataset: &Dataset) -> bool {
    let marked = plan(&below.plan, dataset);
    marked.rows || keys.iter().any(|key| expression(&key.expr, &below.plan, &marked.columns))
}

/// Whether an expression over a plan's rows depends on a marked column.
fn expression(expr: &Expr, plan: &LogicalPlan, columns: &[bool]) -> bool {
    expr.column_refs().into_iter().any(|name| {
        let place = plan.schema().maybe_index_of_column(name);
        match place.and_then(|place| columns.get(place)) {
            Some(marked) => *marked,
            // What is of the hospital is of no patient.
            None => name.name != HOSPITAL_MARK && name.name != NETWORK_MARK,
        }
    })
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed marks everything"
)]
fn plan(plan: &LogicalPlan, dataset: &Dataset) -> Marked {
    let of = |input: &LogicalPlan| self::plan(input, dataset);
    let any = |exprs: &[Expr], input: &LogicalPlan, marked: &Marked| -> Vec<bool> {
        exprs.iter().map(|expr| expression(expr, input, &marked.columns)).collect()
    };
    match plan {
        LogicalPlan::TableScan(scan) => table(scan, dataset),
        LogicalPlan::SubqueryAlias(node) => of(&node.input),
        LogicalPlan::Sort(node) => of(&node.input),
        LogicalPlan::Distinct(Distinct::All(input)) => of(input),
        LogicalPlan::Projection(node) => {
            let input = of(&node.input);
            Marked { columns: any(&node.expr, &node.input, &input), rows: input.rows }
        }
        LogicalPlan::Filter(node) => {
            let mut input = of(&node.input);
            input.rows |= expression(&node.predicate, &node.input, &input.columns);
            input
        }
        LogicalPlan::Aggregate(node) => {
            let input = of(&node.input);
            let exprs = [node.group_expr.as_slice(), node.aggr_expr.as_slice()].concat();
            let one = any(&exprs, &node.input, &input).into_iter().any(|marked| marked);
            let columns = vec![one || input.rows; plan.schema().fields().len()];
            Marked { columns, rows: input.rows }
        }
        LogicalPlan::Window(node) => {
            let mut input = of(&node.input);
            let added = any(&node.window_expr, &node.input, &input);
            input.columns.extend(added.into_iter().map(|marked| marked || input.rows));
            input
        }
        LogicalPlan::Union(node) => {
            let branches: Vec<Marked> = node.inputs.iter().map(|input| of(input)).collect();
            let rows = branches.iter().any(|branch| branch.rows);
            let column = |place: usize| {
                let mut own = branches.iter().map(|branch| branch.columns.get(place));
                rows || own.any(|marked| marked != Some(&false))
            };
            Marked { columns: (0..plan.schema().fields().len()).map(column).collect(), rows }
        }
        LogicalPlan::Join(join) => {
            let (left, right) = (of(&join.left), of(&join.right));
            let both = [left.columns.as_slice(), right.columns.as_slice()].concat();
            let schema = join.left.schema().join(join.right.schema());
            let told = |expr: &Expr| {
                expr.column_refs().into_iter().any(|name| {
                    let place = schema.as_ref().ok().and_then(|s| s.maybe_index_of_column(name));
                    place.and_then(|place| both.get(place)).is_none_or(|marked| *marked)
                })
            };
            let pairs = join.on.iter().any(|(one, other)| told(one) || told(other));
            let matched = pairs || join.filter.as_ref().is_some_and(told);
            joined((left, right), join.join_type, matched)
        }
        _ => Marked { columns: vec![true; plan.schema().fields().len()], rows: true },
    }
}

/// The rows of a join; `matched`: sensitive values decide which rows belong together.
fn joined((left, right): (Marked, Marked), how: JoinType, matched: bool) -> Marked {
    let (of_left, of_right) = (matched || left.rows, matched || right.rows);
    let optional = |side: Vec<bool>, decided: bool| -> Vec<bool> {
        side.into_iter().map(|marked| marked || decided).collect()
    };
    let beside = |left: Vec<bool>, right: Vec<bool>| [left, right].concat();
    match how {
        JoinType::Inner => Marked {
            columns: beside(left.columns, right.columns),
            rows: matched || left.rows || right.rows,
        },
        JoinType::Left => Marked {
            columns: beside(left.columns, optional(right.columns, of_right)),
            rows: left.rows,
        },
        JoinType::Right => Marked {
            columns: beside(optional(left.columns, of_left), right.columns),
            rows: right.rows,
        },
        JoinType::Full => Marked {
            columns: beside(optional(left.columns, of_left), optional(right.columns, of_right)),
            rows: left.rows || right.rows,
        },
        JoinType::LeftMark => {
            Marked { columns: beside(left.columns, vec![of_right]), rows: left.rows }
        }
        JoinType::RightMark => {
            Marked { columns: beside(right.columns, vec![of_left]), rows: right.rows }
        }
        JoinType::LeftSemi | JoinType::LeftAnti => {
            Marked { columns: left.columns, rows: left.rows || of_right }
        }
        JoinType::RightSemi | JoinType::RightAnti => {
            Marked { columns: right.columns, rows: right.rows || of_left }
        }
    }
}

fn table(scan: &TableScan, dataset: &Dataset) -> Marked {
    let table = scan.table_name.table();
    let columns = scan.projected_schema.columns().into_iter();
    // The engine's own columns are of no patient, or number patients.
    let columns = columns
        .map(|name| dataset.column(table, &name.name).is_some_and(|column| column.sensitive));
    Marked { columns: columns.collect(), rows: !scan.filters.is_empty() }
}

#[cfg(test)]
mod tests;
