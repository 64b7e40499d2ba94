//! An expression evaluated by the engine for every combination of values of its columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::Field;
use datafusion::common::tree_node::TreeNode as _;
use datafusion::common::{Column as Name, DFSchema, DFSchemaRef, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::execution_props::ExecutionProps;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::create_physical_expr;

use super::Class;

/// The place of each column's value in a combination; the last column changes fastest.
pub(super) fn places(combination: usize, columns: &[(Name, Vec<Class>)]) -> Vec<usize> {
    let mut rest = combination;
    let mut places: Vec<usize> = Vec::with_capacity(columns.len());
    for (_, classes) in columns.iter().rev() {
        places.push(rest.checked_rem(classes.len()).unwrap_or(0));
        rest = rest.checked_div(classes.len()).unwrap_or(0);
    }
    places.reverse();
    places
}

/// Whether a condition is true, for every combination; `None` if it cannot be asked.
pub(super) fn truth(expr: &Expr, columns: &[(Name, Vec<Class>)]) -> Option<Vec<bool>> {
    let values = values(expr, columns)?;
    let truth = |value: &ScalarValue| {
        let ScalarValue::Boolean(truth) = value else {
            return value.is_null().then_some(false);
        };
        Some(*truth == Some(true))
    };
    values.iter().map(truth).collect()
}

/// The value of an expression, for every combination.
pub(super) fn values(expr: &Expr, columns: &[(Name, Vec<Class>)]) -> Option<Vec<ScalarValue>> {
    let sizes = columns.iter().map(|(_, classes)| classes.len());
    let rows = sizes.fold(1, usize::saturating_mul);
    let mut fields = Vec::with_capacity(columns.len());
    let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
    for (at, (name, classes)) in columns.iter().enumerate() {
        let data_type = classes.first()?.value.data_type();
        let field = Arc::new(Field::new(&name.name, data_type, true));
        fields.push((name.relation.clone(), field));
        let places = (0..rows).map(|row| places(row, columns).get(at).copied());
        let values = places.map(|place| Some(classes.get(place?)?.value.clone()));
        arrays.push(ScalarValue::iter_to_array(values.collect::<Option<Vec<_>>>()?).ok()?);
    }
    let schema = DFSchema::new_with_metadata(fields, HashMap::new()).ok()?;
    let schema = Arc::new(schema);
    let expr = &executable(expr, &schema)?;
    let (properties, context) = (ExecutionProps::new(), PhysicalPlanningContext::default());
    let physical = create_physical_expr(expr, &schema, &properties, &context).ok()?;
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let arrow = Arc::clone(schema.inner());
    let batch = RecordBatch::try_new_with_options(arrow, arrays, &options).ok()?;
    let array = physical.evaluate(&batch).ok()?.into_array(rows).ok()?;
    (0..rows).map(|row| ScalarValue::try_from_array(&array, row).ok()).collect()
}

/// Functions such as `coalesce` exist for the optimiser only, which writes them as CASE.
fn executable(expr: &Expr, schema: &DFSchemaRef) -> Option<Expr> {
    let calls = expr.exists(|expr| Ok(matches!(expr, Expr::ScalarFunction(_)))).ok()?;
    if !calls {
        return Some(expr.clone());
    }
    let context = SimplifyContext::builder().with_schema(Arc::clone(schema)).build();
    ExprSimplifier::new(context).simplify(expr.clone()).ok()
}
