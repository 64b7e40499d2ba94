//! GROUP BY inside a patient: an aggregate whose keys determine the patient never holds rows of two.
//!
//! The patient's number joins its keys, so what the dictionary promises is also what is done. An aggregate whose keys do
//! not determine the patient is a cut, and has no place below one.

use std::sync::Arc;

use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::{Aggregate, Expr, ExprSchemable, LogicalPlan};
use policies::dataset::{Dataset, Use};

use super::{Walk, calls, engine, note_functions, ties};
use crate::cut::{Account, Below};
use crate::error::{Both, PlanError};
use crate::facts::{Facts, Plain};
use crate::written::written;

/// Whether an aggregate is inside a patient: it groups rows of patients by a key. Whether every row has that key is told
/// where the aggregate is walked, with what to write instead.
pub(in crate::cut) fn is_per_patient(aggregate: &Aggregate, dataset: &Dataset) -> bool {
    let mut account = Account::new(dataset);
    let Ok(below) = Walk::new(&mut account).walk(&aggregate.input) else { return false };
    aggregate.group_expr.iter().any(|expr| {
        matches!(expr, Expr::Column(_) | Expr::Alias(_))
            && below.expression(expr).is_ok_and(|(_, facts)| calls::key(&facts, dataset))
    })
}

impl Walk<'_, '_> {
    /// An aggregate below the cut.
    pub(super) fn aggregate(
        &mut self,
        plan: &LogicalPlan,
        node: &Aggregate,
    ) -> Result<Below, PlanError> {
        let mut below = self.walk(&node.input)?;
        let marked = self.marked_aggregate(&mut below, node)?;
        let names = NamePreserver::new_for_projection();
        let (mut keys, mut columns) = (Vec::new(), Vec::new());
        for (index, (expr, marked)) in node.group_expr.iter().zip(&marked.group_expr).enumerate() {
            // The engine's schema names a key that is written twice once.
            if node.group_expr.iter().take(index).any(|before| before == expr) {
                continue;
            }
            let (safe, facts) = below.passed_on(marked)?;
            calls::arranged_by(&facts, self.account)?;
            note_functions(&safe, &mut self.account.functions);
            keys.push(names.save(expr).restore(safe));
            columns.push(facts);
        }
        self.determined(("this GROUP BY", "deze GROUP BY"), &columns)?;
        let named = columns.iter_mut().filter(|facts| facts.plain != Some(Plain::Network));
        let rows = named.map(|facts| *facts.row.insert(self.number())).collect();
        let shown: Vec<String> = node.group_expr.iter().map(written).collect();
        keys.push(Expr::Column(below.patient.clone()));
        let mut calls = Vec::new();
        for (expr, marked) in node.aggr_expr.iter().zip(&marked.aggr_expr) {
            let mut inner = marked;
            while let Expr::Alias(alias) = inner {
                inner = &alias.expr;
            }
            let Expr::AggregateFunction(call) = inner else { return Err(PlanError::CannotPlan) };
            let (safe, facts) = self.call(call, &below)?;
            calls.push(names.save(expr).restore(safe));
            columns.push(facts);
        }
        self.account.lines.push(format!("within each patient, group by {}", shown.join(", ")));
        let node = Aggregate::try_new(Arc::new(below.plan), keys, calls).map_err(engine)?;
        Ok(Below {
            plan: LogicalPlan::Aggregate(node),
            patient: below.patient,
            columns,
            schema: Arc::clone(plan.schema()),
            rows,
            conditions: super::out_of_scope(below.conditions),
        })
    }

    /// One of the columns must determine the patient.
    pub(super) fn determined(
        &self,
        clause: impl Into<Both>,
        columns: &[Facts],
    ) -> Result<(), PlanError> {
        let dataset = self.account.dataset;
        if columns.iter().any(|facts| ties::determines_patient(facts, dataset)) {
            return Ok(());
        }
        let patient = dataset.table(dataset.patient.as_str()).map(|table| table.key.as_str());
        let patient = patient.unwrap_or("the patient's key");
        let instead = if columns.iter().any(|facts| calls::key(facts, dataset)) {
            (
                format!("its key may be missing; add one that every row has, e.g. {patient}"),
                format!(
                    "de sleutel kan ontbreken; voeg er een toe die elke rij heeft, bv. {patient}"
                ),
            )
        } else {
            (
                format!(
                    "add a key of the patient or of a child table that every row has, e.g. {patient}"
                ),
                format!(
                    "voeg een sleutel van de patiënt of van een onderliggende tabel toe die elke rij heeft, bv. {patient}"
                ),
            )
        };
        Err(PlanError::CrossesPatients { clause: clause.into(), instead: instead.into() })
    }

    /// The safe form of an aggregate over rows of one patient, and what is known of its value.
    fn call(
        &mut self,
        call: &AggregateFunction,
        below: &Below,
    ) -> Result<(Expr, Facts), PlanError> {
        let name = call.func.name().to_owned();
        let params = &call.params;
        if !params.order_by.is_empty() || params.null_treatment.is_some() {
            return Err(PlanError::unsupported(
                (
                    format!("ORDER BY or NULLS inside `{name}`"),
                    format!("ORDER BY of NULLS binnen `{name}`"),
                ),
                (
                    "leave it out: these aggregates have no order",
                    "laat het weg: deze aggregaten hebben geen volgorde",
                ),
            ));
        }
        let (args, facts) = self.arguments(&params.args, below)?;
        let filter = self.call_filter(params.filter.as_deref(), below)?;
        let some_row = filter.is_none();
        let (filter, filtered) = filter.unzip();
        let safe = AggregateFunction::new_udf(
            Arc::clone(&call.func),
            args,
            params.distinct,
            filter.map(Box::new),
            Vec::new(),
            None,
        );
        let safe = Expr::AggregateFunction(safe);
        let data_type = safe.get_type(&below.schema).map_err(engine)?;
        let distinct = params.distinct;
        let call = calls::Call { name: &name, distinct, arguments: &facts, data_type, some_row };
        let mut known = call.facts(self.account)?;
        self.account.functions.insert(name);
        if let Some(filter) = filtered {
            known.decided_by(&filter);
        }
        Ok((safe, known))
    }

    /// Safe arguments and what is known of each.
    pub(super) fn arguments(
        &mut self,
        arguments: &[Expr],
        below: &Below,
    ) -> Result<(Vec<Expr>, Vec<Facts>), PlanError> {
        let mut safe = Vec::with_capacity(arguments.len());
        let mut known = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let (expr, facts) = below.expression(argument)?;
            note_functions(&expr, &mut self.account.functions);
            safe.push(expr);
            known.push(facts);
        }
        Ok((safe, known))
    }

    /// The safe form of a FILTER, accounted for.
    pub(super) fn call_filter(
        &mut self,
        filter: Option<&Expr>,
        below: &Below,
    ) -> Result<Option<(Expr, Facts)>, PlanError> {
        let Some(filter) = filter else { return Ok(None) };
        let (safe, facts) = below.expression(filter)?;
        self.account.expression(&facts, Use::Filter)?;
        note_functions(&safe, &mut self.account.functions);
        Ok(Some((safe, facts)))
    }
}
