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
}

impl ExploreForm {
    /// The figure that a term is in the cell where each key has this value; `None` of a cell or term that the form does not have.
    #[must_use]
    pub fn figure(&self, cell: &[usize], term: &ExploreTerm, dataset: &Dataset) -> Option<Figure> {
        if cell.len() != self.keys.len() {
            return None;
        }
        let mut all = term.conditions.clone();
        for (key, value) in self.keys.iter().zip(cell) {
            all = all.and(key.cells(dataset).get(*value)?);
        }
        let (id, rows) = match &term.measure {
            MeasureId::Count { of } => (format!("count {of}"), of),
            MeasureId::Sum { table, column } => {
                (format!("sum {table}.{column} over {}", self.rows), &self.rows)
            }
            MeasureId::SumSquares { table, column } => {
                (format!("squares {table}.{column} over {}", self.rows), &self.rows)
            }
        };
        let all = all.lifted(&self.rows, rows, dataset).ok()?;
        Some(Figure { id, form: all.to_string() })
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
