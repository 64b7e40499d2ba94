//! What the text alone says: `WHERE hospital = 'ELSEWHERE'` leaves nothing here, whatever the data are.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as Name, ScalarValue};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use policies::HospitalCode;

use crate::cut::{Fragment, HOSPITAL_MARK, TextCondition};

/// Whether a condition that every row must meet is false or NULL at this hospital by its text.
pub(super) fn empty(fragment: &Fragment, hospital: &HospitalCode) -> bool {
    fragment.conditions.iter().any(|condition| never(condition, hospital))
}

fn never(condition: &TextCondition, hospital: &HospitalCode) -> bool {
    let mark = Expr::Column(Name::new_unqualified(HOSPITAL_MARK));
    let code = Expr::Literal(ScalarValue::Utf8(Some(hospital.as_str().to_owned())), None);
    let predicate = condition.predicate.clone().transform(|expr| {
        if expr == mark { Ok(Transformed::yes(code.clone())) } else { Ok(Transformed::no(expr)) }
    });
    let Ok(predicate) = predicate else { return false };
    let context = SimplifyContext::builder().with_schema(Arc::clone(&condition.schema)).build();
    let simple = ExprSimplifier::new(context).simplify(predicate.data);
    match simple {
        Ok(Expr::Literal(ScalarValue::Boolean(value), _)) => value != Some(true),
        Ok(Expr::Literal(value, _)) => value.is_null(),
        Ok(_) | Err(_) => false,
    }
}
