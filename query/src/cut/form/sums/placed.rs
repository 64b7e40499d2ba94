//! What a sum adds and of which rows, whether it is in the explore form or not.

use datafusion::logical_expr::Expr;
use policies::explore::MeasureId;
use policies::footprint::SumKind;

use super::{Term, names, present};
use crate::cut::Primitive;
use crate::cut::form::Reader;
use crate::cut::form::placed::PlacedSum;
use crate::cut::form::rows::Rows;
use crate::cut::form::truth::Loose;

impl Reader<'_> {
    /// Where a sum over the rows of a table lies; `None` where its columns are not known.
    pub(in crate::cut::form) fn placed_sum(
        &self,
        primitive: &Primitive,
        rows: &Rows,
    ) -> Option<PlacedSum> {
        if let Ok(sum) = self.sum(primitive, rows) {
            return Some(PlacedSum::of(&sum.terms, primitive.kind, primitive.scale));
        }
        let mut all = rows.conditions.clone();
        if let Some(filter) = &primitive.filter {
            all.push(rows.inward(filter).ok()?);
        }
        let value = primitive.value.as_ref().map(|value| rows.inward(value)).transpose().ok()?;
        all.extend(value.as_ref().map(|value| present(value, self.dataset)));
        let what = self.added(primitive, value.as_ref(), (&mut all, &rows.base));
        let Loose { conditions, pieces, others } = self.loose(&all);
        let mut sum = PlacedSum::under(what, &conditions.reduced(&rows.base, self.dataset));
        sum.others.extend(others);
        for (name, values) in pieces {
            let table = name.relation.as_ref()?.table().to_owned();
            sum.columns.push((table, name.name, values));
        }
        Some(sum)
    }

    /// What is added, as the explore form says it where it can; conditions that are in it go to the others.
    fn added(
        &self,
        primitive: &Primitive,
        value: Option<&Expr>,
        (conditions, rows): (&mut Vec<Expr>, &str),
    ) -> String {
        let count = |of: &str| format!("{:?}", MeasureId::Count { of: of.to_owned() });
        let text = || {
            let of = value.map_or_else(String::new, ToString::to_string);
            format!("{:?} of {of} scale {}", primitive.kind, primitive.scale)
        };
        match (primitive.kind, value) {
            (SumKind::Rows | SumKind::Bin | SumKind::NonNull, _) => count(rows),
            (SumKind::Distinct, Some(Expr::Column(name))) => {
                let of = names::entity(name, self.dataset);
                of.filter(|of| names::leads(self.dataset, rows, of)).map_or_else(text, count)
            }
            (SumKind::Sum, Some(value)) => match self.linear(value).as_deref() {
                Ok([Term { factor, column: None, conditions: own }])
                    if factor.units(primitive.scale, 0) == Some(1) =>
                {
                    conditions.extend(own.iter().cloned());
                    count(rows)
                }
                Ok([Term { factor, column: Some((table, column, own)), conditions: of }]) => {
                    let factor = factor.units(primitive.scale, *own);
                    let (table, column) = (table.clone(), column.clone());
                    conditions.extend(of.iter().cloned());
                    let measure = MeasureId::Sum { table, column };
                    match factor {
                        Some(factor) => format!(
                            "{measure:?} {:?} times {factor} scale {}",
                            primitive.kind, primitive.scale
                        ),
                        None => text(),
                    }
                }
                Ok(_) | Err(_) => text(),
            },
            (SumKind::Distinct | SumKind::Sum | SumKind::SumSquares | SumKind::SumProducts, _) => {
                text()
            }
        }
    }
}
