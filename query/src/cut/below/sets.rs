//! DISTINCT and UNION ALL of rows that carry their patient.

use std::sync::Arc;

use datafusion::common::Column as Name;
use datafusion::logical_expr::{Distinct, Expr, LogicalPlan, Projection, Union};

use super::{Walk, calls, engine, ties};
use crate::catalog::PATIENT;
use crate::cut::Below;
use crate::error::PlanError;
use crate::facts::domain::{self, Domain};
use crate::facts::range::Range;
use crate::facts::{Facts, Plain};

impl Walk<'_, '_> {
    /// DISTINCT over rows with a key that determines the patient: two patients' rows are never equal.
    pub(super) fn distinct(&mut self, input: &LogicalPlan) -> Result<Below, PlanError> {
        let mut below = self.walk(input)?;
        self.determined(
            ("SELECT DISTINCT over rows", "SELECT DISTINCT over rijen"),
            &below.columns,
        )?;
        for facts in &mut below.columns {
            calls::arranged_by(facts, self.account)?;
            if facts.plain != Some(Plain::Network) {
                facts.row = Some(self.number());
            }
        }
        let rows = below.columns.iter().filter_map(|facts| facts.row).collect();
        self.account.lines.push("keep distinct rows".to_owned());
        let mut exprs: Vec<Expr> = below.schema.columns().into_iter().map(Expr::Column).collect();
        exprs.push(Expr::Column(below.patient.clone()));
        let only = Projection::try_new(exprs, Arc::new(below.plan)).map_err(engine)?;
        let node = Distinct::All(Arc::new(LogicalPlan::Projection(only)));
        Ok(Below { plan: LogicalPlan::Distinct(node), rows, ..below })
    }

    /// UNION ALL, by position.
    pub(super) fn union(&mut self, plan: &LogicalPlan, node: &Union) -> Result<Below, PlanError> {
        let patient = Name::new_unqualified(format!("{PATIENT}_union{}", self.number()));
        let mut branches = Vec::with_capacity(node.inputs.len());
        let mut columns: Vec<Vec<Facts>> = vec![Vec::new(); plan.schema().fields().len()];
        for input in &node.inputs {
            let below = self.walk(input)?;
            let mut exprs = Vec::with_capacity(below.columns.len().saturating_add(1));
            let targets = plan.schema().columns().into_iter().zip(below.schema.columns());
            for (target, source) in targets {
                // The union's own schema has no table names, and the engine pushes conditions down by name.
                let (relation, field) =
                    below.plan.schema().qualified_field_from_column(&source).map_err(engine)?;
                let source = Expr::Column(Name::new(relation.cloned(), field.name()));
                exprs.push(source.alias_qualified(target.relation, target.name));
            }
            exprs.push(Expr::Column(below.patient.clone()).alias(patient.name.clone()));
            for (column, facts) in columns.iter_mut().zip(below.columns) {
                column.push(facts);
            }
            let branch = Projection::try_new(exprs, Arc::new(below.plan)).map_err(engine)?;
            branches.push(Arc::new(LogicalPlan::Projection(branch)));
        }
        self.account.lines.push(format!("append the rows of {} parts", branches.len()));
        let facts =
            columns.iter().map(|facts| self.of_any(facts)).collect::<Result<Vec<_>, _>>()?;
        let node = Union::try_new(branches).map_err(engine)?;
        Ok(Below {
            plan: LogicalPlan::Union(node),
            patient,
            columns: facts,
            schema: Arc::clone(plan.schema()),
            rows: [self.number()].into(),
            conditions: Vec::new(),
        })
    }

    /// What is known of a column that comes from one of several.
    fn of_any(&self, branches: &[Facts]) -> Result<Facts, PlanError> {
        let Some((first, others)) = branches.split_first() else {
            return Err(PlanError::CannotPlan);
        };
        let data_type = first.data_type.clone();
        if others.iter().any(|other| other.data_type != data_type) {
            return Err(PlanError::unsupported(
                (
                    "UNION ALL of columns of several types",
                    "UNION ALL van kolommen met verschillende typen",
                ),
                ("cast them to one type", "zet ze met CAST om naar één type"),
            ));
        }
        let of_networks = |facts: &Facts| facts.plain == Some(Plain::Network);
        if branches.iter().any(of_networks) && !branches.iter().all(of_networks) {
            return Err(PlanError::NetworkColumn {
                what: (
                    "UNION ALL of `network` with another column",
                    "UNION ALL van `network` met een andere kolom",
                )
                    .into(),
                instead: (
                    "put `network` at the same place of every part, or leave it out",
                    "zet `network` in elk deel op dezelfde plaats, of laat het weg",
                )
                    .into(),
            });
        }
        let mut facts = Facts { nullable: false, ..Facts::of_type(data_type) };
        branches.iter().for_each(|branch| facts.merge_sources(branch));
        let ranges = branches.iter().map(|branch| branch.range);
        facts.range = ranges.reduce(Range::or).unwrap_or(facts.range);
        facts.step = first.step.filter(|_| others.iter().all(|other| other.step == first.step));
        let hospital = |facts: &Facts| facts.domain == Some(Domain::Hospital);
        facts.domain = if branches.iter().all(hospital) {
            Some(Domain::Hospital)
        } else {
            let domains = branches.iter().map(|branch| branch.domain.as_ref());
            domain::union(domains, &facts.data_type)
        };
        let dataset = self.account.dataset;
        let entity = ties::entity(first, dataset);
        let same_key =
            entity.is_some() && others.iter().all(|other| ties::entity(other, dataset) == entity);
        let same = others.iter().all(|other| other.plain == first.plain);
        if same_key || same && matches!(first.plain, Some(Plain::Hospital | Plain::Network)) {
            facts.plain.clone_from(&first.plain);
        }
        Ok(facts)
    }
}
