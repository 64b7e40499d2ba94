//! Whether a plan gives its rows patient by patient: read off the plan, never off the rows, so that no patient decides
//! which way a fragment is run, and how long that takes.
//!
//! Every row of a fragment's input is of one patient, sealed tables are read patient by patient, and many of the engine's nodes
//! hand rows on in the order in which one of their inputs comes. What is not known to is taken for any order. How the engine
//! plans depends on the text and on how many rows the tables have.

use std::sync::Arc;

use arrow::compute::SortOptions;
use arrow::datatypes::Schema;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::JoinType;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_expr::PhysicalSortExpr;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::HashJoinExec;

use crate::catalog::PATIENT;
use crate::cell::Order;

/// The order of a plan's rows, whose patient is in this column.
pub(super) fn of(plan: &dyn ExecutionPlan, patient: usize) -> Order {
    let one = plan.properties().output_partitioning().partition_count() == 1;
    let sorted = || {
        let schema = plan.schema();
        let field = schema.fields().get(patient)?;
        let column = Arc::new(Column::new(field.name(), patient));
        let options = SortOptions { descending: false, nulls_first: false };
        let ascending = PhysicalSortExpr::new(column, options);
        plan.properties().equivalence_properties().ordering_satisfy([ascending]).ok()
    };
    if one && (sorted().unwrap_or(false) || is_by_patient(plan)) {
        Order::ByPatient
    } else {
        Order::Any
    }
}

/// Whether rows come in the order of a sealed table's.
fn is_by_patient(plan: &dyn ExecutionPlan) -> bool {
    if plan.properties().output_partitioning().partition_count() != 1 {
        return false;
    }
    let children = plan.children();
    if children.is_empty() {
        return is_sealed(plan);
    }
    // Rows of a right join without a partner come in their place only if the engine knows that there is an order.
    let keeps = |child: &dyn ExecutionPlan| {
        let right = plan
            .downcast_ref::<HashJoinExec>()
            .is_some_and(|join| *join.join_type() == JoinType::Right);
        !right || child.properties().output_ordering().is_some()
    };
    let maintained = plan.maintains_input_order();
    let inputs = children.iter().zip(maintained).filter(|(_, maintained)| *maintained);
    let inputs: Vec<_> = inputs.map(|(child, _)| child).collect();
    matches!(inputs.as_slice(), [child] if keeps(child.as_ref()) && is_by_patient(child.as_ref()))
}

/// Whether a plan reads a sealed table, as opposed to a list of codes.
fn is_sealed(plan: &dyn ExecutionPlan) -> bool {
    let has_patients = |schema: &Schema| schema.column_with_name(PATIENT).is_some();
    plan.downcast_ref::<DataSourceExec>().is_some_and(|scan| {
        let source = scan.data_source();
        let kept = source.downcast_ref::<MemorySourceConfig>();
        let file = source.downcast_ref::<FileScanConfig>();
        kept.is_some_and(|kept| has_patients(&kept.original_schema()))
            || file.is_some_and(|file| has_patients(file.file_schema()))
    })
}
