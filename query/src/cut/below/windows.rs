//! OVER inside a patient: partitions that determine the patient, and an order that leaves nothing to chance.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Sort, WindowFunction, WindowFunctionParams};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{
    Expr, ExprSchemable, LogicalPlan, Window, WindowFrame, WindowFrameBound, WindowFrameUnits,
    WindowFunctionDefinition,
};

use super::{Walk, calls, engine, note_functions};
use crate::catalog::functions;
use crate::cut::Below;
use crate::error::{Both, PlanError};
use crate::facts::Facts;
use crate::facts::range::Range;
use crate::written::written;

/// Farthest row or value that a frame or `lag` may name.
const MAX_OFFSET: i128 = 1_000_000;

impl Walk<'_, '_> {
    /// Window functions below the cut.
    pub(super) fn window(&mut self, plan: &LogicalPlan, node: &Window) -> Result<Below, PlanError> {
        let mut below = self.walk(&node.input)?;
        let names = NamePreserver::new_for_projection();
        let mut exprs = Vec::with_capacity(node.window_expr.len());
        let mut outputs = Vec::with_capacity(node.window_expr.len());
        let columns = below.columns.len();
        for expr in &node.window_expr {
            let name = names.save(expr);
            let marked = self.marked(&mut below, expr)?;
            let mut inner = &marked;
            while let Expr::Alias(alias) = inner {
                inner = &alias.expr;
            }
            let Expr::WindowFunction(call) = inner else { return Err(PlanError::CannotPlan) };
            let (safe, facts) = self.over(call, &below)?;
            self.account.lines.push(format!("within each patient, {}", written(expr)));
            exprs.push(name.restore(safe));
            outputs.push(facts);
        }
        below.columns.truncate(columns);
        below.columns.extend(outputs);
        let node = Window::try_new(exprs, Arc::new(below.plan)).map_err(engine)?;
        Ok(Below { plan: LogicalPlan::Window(node), schema: Arc::clone(plan.schema()), ..below })
    }

    fn over(&mut self, call: &WindowFunction, below: &Below) -> Result<(Expr, Facts), PlanError> {
        let name = call.fun.name().to_owned();
        let params = &call.params;
        let (mut partition, partitions) = self.arguments(&params.partition_by, below)?;
        self.determined(Both::same(format!("`{name}(...) OVER`")), &partitions)
            .map_err(partitioned)?;
        partition.push(Expr::Column(below.patient.clone()));
        let order: Vec<Expr> = params.order_by.iter().map(|key| key.expr.clone()).collect();
        let (order, orders) = self.arguments(&order, below)?;
        for facts in partitions.iter().chain(&orders) {
            calls::arranged_by(facts, self.account)?;
        }
        frame(&params.window_frame, &orders)?;
        if depends_on_ties(&name, &params.window_frame) && !total(&partitions, &orders, below) {
            return Err(PlanError::unsupported(
                (
                    format!("`{name}` over rows whose order is not certain"),
                    format!("`{name}` over rijen waarvan de volgorde niet vastligt"),
                ),
                (
                    "add the key of the table to its ORDER BY, e.g. ORDER BY start_day, treatment_key, or use rank()",
                    "voeg de sleutel van de tabel toe aan de ORDER BY, bv. ORDER BY start_day, treatment_key, of gebruik rank()",
                ),
            ));
        }
        let (args, arguments) = self.arguments(&params.args, below)?;
        let filter = self.call_filter(params.filter.as_deref(), below)?;
        let (filter, filtered) = filter.unzip();
        let keys = params.order_by.iter().zip(order);
        let order_by = keys.map(|(key, expr)| Sort { expr, ..key.clone() }).collect();
        let safe = Expr::WindowFunction(Box::new(WindowFunction {
            fun: call.fun.clone(),
            params: WindowFunctionParams {
                args,
                partition_by: partition,
                order_by,
                window_frame: params.window_frame.clone(),
                filter: filter.map(Box::new),
                null_treatment: params.null_treatment,
                distinct: params.distinct,
            },
        }));
        let data_type = safe.get_type(&below.schema).map_err(engine)?;
        let mut known = self.windowed(call, (&name, data_type), &arguments)?;
        note_functions(&safe, &mut self.account.functions);
        self.account.functions.insert(name);
        for facts in partitions.iter().chain(&orders).chain(&filtered) {
            known.conditions.extend(calls::deciding(facts, self.account.dataset));
        }
        Ok((safe, known))
    }

    /// What is known of a window function's value.
    fn windowed(
        &mut self,
        call: &WindowFunction,
        (name, data_type): (&str, DataType),
        arguments: &[Facts],
    ) -> Result<Facts, PlanError> {
        if let WindowFunctionDefinition::AggregateUDF(_) = &call.fun {
            slides(name, &call.params)?;
            let distinct = false;
            let call = calls::Call { name, distinct, arguments, data_type, some_row: false };
            return call.facts(self.account);
        }
        let mut facts = Facts::of_type(data_type);
        match (name, arguments) {
            ("row_number" | "rank" | "dense_rank", []) => {
                facts.range = Range::exact(1, calls::PATIENT_ROWS, 0);
                facts.nullable = false;
            }
            ("percent_rank" | "cume_dist", []) => {
                facts.range = Range::Float { most: 1.0, least: 0.0 };
                facts.nullable = false;
            }
            ("first_value" | "last_value", [value]) | ("lag" | "lead", [value]) => {
                facts.same_values(value);
            }
            ("lag" | "lead", [value, offset]) if near(offset) => facts.same_values(value),
            ("lag" | "lead", [value, offset, otherwise]) if near(offset) => {
                facts.same_values(value);
                facts.or_values(otherwise);
            }
            _ => {
                return Err(PlanError::unsupported(
                    (
                        format!("`{name}` with these arguments"),
                        format!("`{name}` met deze argumenten"),
                    ),
                    (
                        format!("write one of {}", functions::window_names().join(", ")),
                        format!("schrijf een van {}", functions::window_names().join(", ")),
                    ),
                ));
            }
        }
        facts.nullable |= !arguments.is_empty();
        Ok(facts)
    }
}

/// The message of a partition names the clause to change.
fn partitioned(error: PlanError) -> PlanError {
    let PlanError::CrossesPatients { clause, instead } = error else { return error };
    let within = |text: String| format!("in PARTITION BY, {text}");
    let Both { en, nl } = instead;
    PlanError::CrossesPatients { clause, instead: (within(en), within(nl)).into() }
}

/// Whether rows that the order leaves equal could change the value.
fn depends_on_ties(name: &str, frame: &WindowFrame) -> bool {
    match name {
        "rank" | "dense_rank" | "percent_rank" | "cume_dist" => false,
        "row_number" | "lag" | "lead" | "first_value" | "last_value" => true,
        _ => {
            let whole = matches!(&frame.start_bound, WindowFrameBound::Preceding(at) if at.is_null())
                && matches!(&frame.end_bound, WindowFrameBound::Following(at) if at.is_null());
            frame.units == WindowFrameUnits::Rows && !whole
        }
    }
}

/// Whether partition and order together leave no two rows equal.
fn total(partitions: &[Facts], orders: &[Facts], below: &Below) -> bool {
    let known =
        |row: &usize| partitions.iter().chain(orders).any(|facts| facts.row.as_ref() == Some(row));
    below.rows.iter().all(known)
}

/// What the engine cannot compute over a frame is refused before it is tried.
fn slides(name: &str, params: &WindowFunctionParams) -> Result<(), PlanError> {
    if params.distinct {
        return Err(PlanError::unsupported(
            Both::same(format!("`{name}(DISTINCT ...) OVER`")),
            (
                "take DISTINCT in a derived table with GROUP BY and the key of the patient",
                "neem DISTINCT in een afgeleide tabel met GROUP BY en de sleutel van de patiënt",
            ),
        ));
    }
    let grows =
        matches!(&params.window_frame.start_bound, WindowFrameBound::Preceding(at) if at.is_null());
    if !grows && matches!(name, "bool_and" | "bool_or") {
        return Err(PlanError::unsupported(
            (
                format!("`{name}` over a frame that slides"),
                format!("`{name}` over een venster dat schuift"),
            ),
            (
                "begin the frame with UNBOUNDED PRECEDING, or write max(CASE WHEN ... THEN 1 ELSE 0 END) OVER",
                "begin het venster met UNBOUNDED PRECEDING, of schrijf max(CASE WHEN ... THEN 1 ELSE 0 END) OVER",
            ),
        ));
    }
    Ok(())
}

/// A constant distance that cannot leave any type.
fn near(offset: &Facts) -> bool {
    offset.range.is_within(0, MAX_OFFSET)
}

/// A frame whose bounds can be reached from every value without leaving the type.
fn frame(frame: &WindowFrame, orders: &[Facts]) -> Result<(), PlanError> {
    for bound in [&frame.start_bound, &frame.end_bound] {
        let offset = match bound {
            WindowFrameBound::Preceding(offset) | WindowFrameBound::Following(offset) => offset,
            WindowFrameBound::CurrentRow => continue,
        };
        let distance = whole(offset);
        let fits = offset.is_null() || distance.is_some_and(|d| (0..=MAX_OFFSET).contains(&d));
        let in_values = frame.units == WindowFrameUnits::Range && !offset.is_null();
        let small = |facts: &Facts| {
            facts.data_type == DataType::Int64 && facts.range.is_within(-(1 << 62), 1 << 62)
        };
        if !fits || in_values && !orders.iter().all(small) {
            return Err(PlanError::unsupported(
                ("this window frame", "dit venster"),
                (
                    "write ROWS or RANGE with whole numbers up to a million, over a whole number",
                    "schrijf ROWS of RANGE met gehele getallen tot een miljoen, over een geheel getal",
                ),
            ));
        }
    }
    Ok(())
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn whole(offset: &ScalarValue) -> Option<i128> {
    match offset {
        ScalarValue::UInt64(Some(offset)) => Some(i128::from(*offset)),
        ScalarValue::Int64(Some(offset)) => Some(i128::from(*offset)),
        ScalarValue::Utf8(Some(offset)) => offset.parse().ok(),
        _ => None,
    }
}
