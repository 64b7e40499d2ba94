//! The canonical text of a figure in the explore form: what the noise is drawn by and the memory looks up.

use std::fmt::Write as _;

use super::{
    ChildCondition, ColumnCondition, Conditions, ExploreForm, ExploreTerm, MeasureId, ValueSet,
};
use crate::dataset::Dataset;

/// One figure of one cell: what it is of, and under which conditions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figure {
    /// What is counted or added: `count patient`, `sum diagnosis.age over diagnosis`.
    pub id: String,
    /// The conditions, those of the cell's keys with them.
    pub form: String,
    /// The columns that conditions and sum look at, as `table.column`, sorted.
    pub columns: Vec<String>,
}

impl ExploreForm {
    /// The figure that a term is in the cell where each key has this value; `None` of a cell or term that the form does not have.
    #[must_use]
    pub fn figure(&self, cell: &[usize], term: &ExploreTerm, dataset: &Dataset) -> Option<Figure> {
        self.figure_among(&self.key_values(dataset), cell, (term, dataset))
    }

    /// The conditions of each key's values: made once for all figures.
    #[must_use]
    pub fn key_values(&self, dataset: &Dataset) -> Vec<Vec<Conditions>> {
        self.keys.iter().map(|key| key.cells(dataset)).collect()
    }

    /// As [`ExploreForm::figure`], with what [`ExploreForm::key_values`] gives.
    #[must_use]
    pub fn figure_among(
        &self,
        keys: &[Vec<Conditions>],
        cell: &[usize],
        (term, dataset): (&ExploreTerm, &Dataset),
    ) -> Option<Figure> {
        if cell.len() != self.keys.len() || keys.len() != cell.len() {
            return None;
        }
        let mut all = term.conditions.clone();
        for (key, value) in keys.iter().zip(cell) {
            all = all.and(key.get(*value)?);
        }
        let (id, rows, added) = match &term.measure {
            MeasureId::Count { of } => (format!("count {of}"), of, None),
            MeasureId::Sum { table, column } => {
                let added = format!("{table}.{column}");
                (format!("sum {added} over {}", self.rows), &self.rows, Some(added))
            }
            MeasureId::SumSquares { table, column } => {
                let added = format!("{table}.{column}");
                (format!("squares {added} over {}", self.rows), &self.rows, Some(added))
            }
        };
        let all = all.lifted(&self.rows, rows, dataset).ok()?;
        let looked_at = all.all_columns().map(|one| format!("{}.{}", one.table, one.column));
        let mut columns: Vec<String> = looked_at.chain(added).collect();
        columns.sort_unstable();
        columns.dedup();
        Some(Figure { id, form: all.to_string(), columns })
    }

    /// The rows of a cell, whatever is added up of them: the count of all that meet WHERE, where each key has this value.
    #[must_use]
    pub fn rows_among(
        &self,
        keys: &[Vec<Conditions>],
        cell: &[usize],
        dataset: &Dataset,
    ) -> Option<Figure> {
        self.figure_among(keys, cell, (&self.all_rows(), dataset))
    }

    /// The count of all rows that meet WHERE.
    pub(super) fn all_rows(&self) -> ExploreTerm {
        let measure = MeasureId::Count { of: self.rows.clone() };
        ExploreTerm { measure, conditions: self.conditions.clone(), factor: 1 }
    }
}

impl std::fmt::Display for Conditions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.never {
            return f.write_str("never");
        }
        if self.count() == 0 {
            return f.write_str("always");
        }
        let columns = self.columns.iter().map(ToString::to_string);
        let children = self.children.iter().map(ToString::to_string);
        f.write_str(&columns.chain(children).collect::<Vec<_>>().join(" and "))
    }
}

impl std::fmt::Display for ColumnCondition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{} {}", self.table, self.column, self.values)
    }
}

impl std::fmt::Display for ChildCondition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = if self.negated { "no" } else { "some" };
        write!(f, "{word} {} of {}", self.table, self.of)?;
        let columns: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        if columns.is_empty() { Ok(()) } else { write!(f, " ({})", columns.join(" and ")) }
    }
}

impl std::fmt::Display for ValueSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Codes(codes) => {
                f.write_str("in {")?;
                for (at, code) in codes.iter().enumerate() {
                    f.write_str(if at == 0 { "" } else { ", " })?;
                    match code {
                        Some(code) => write!(f, "{code:?}")?,
                        None => f.write_str("null")?,
                    }
                }
                f.write_char('}')
            }
            Self::Between { low, high } => write!(f, "in [{low}, {high})"),
            Self::Missing => f.write_str("is null"),
        }
    }
}
