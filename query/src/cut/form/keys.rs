//! A group key as the conditions of each of its values.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use policies::explore::{Conditions, ExploreKey, ExploreReason};

use super::{Formed, Reader, names, refused};
use crate::cut::Key;
use crate::facts::domain::Domain;

impl Reader<'_> {
    /// A key, given by its expression of canonical names.
    pub(super) fn key(&self, key: &Key, expr: &Expr) -> Formed<ExploreKey> {
        let columns = expr.column_refs();
        if columns.iter().all(|name| names::is_of_hospital(name)) {
            let size = usize::try_from(key.size()).unwrap_or(usize::MAX);
            return Ok(ExploreKey::Cells(vec![Conditions::default(); size]));
        }
        if let Some(coded) = self.coded(key, expr) {
            return Ok(coded);
        }
        let (Domain::Values(values), 1) = (&key.domain, columns.len()) else {
            return Err(refused(ExploreReason::Key, expr));
        };
        let null = key.nullable.then(|| ScalarValue::try_from(&key.data_type).ok()).flatten();
        let values: Vec<ScalarValue> = values.iter().cloned().chain(null).collect();
        let found = self.grouped(expr, &values)?;
        found
            .into_iter()
            .zip(values)
            .map(|(set, value)| {
                let is = |value| Box::new(Expr::Literal(value, None));
                let op = Operator::IsNotDistinctFrom;
                let cell = BinaryExpr { left: Box::new(expr.clone()), op, right: is(value) };
                set.ok_or_else(|| refused(ExploreReason::Key, &Expr::BinaryExpr(cell)))
            })
            .collect::<Formed<_>>()
            .map(ExploreKey::Cells)
    }

    /// A column with a code list, as it is.
    fn coded(&self, key: &Key, expr: &Expr) -> Option<ExploreKey> {
        let Expr::Column(name) = expr else { return None };
        let table = name.relation.as_ref()?.table();
        let column = self.dataset.column(table, &name.name)?;
        let size = column.codes.len().checked_add(usize::from(column.nullable))?;
        let whole = !column.codes.is_empty() && u64::try_from(size) == Ok(key.size());
        whole.then(|| ExploreKey::Codes { table: table.to_owned(), column: name.name.clone() })
    }
}
