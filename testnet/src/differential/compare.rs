//! When two answers are the same: integers, decimals and texts are equal, floats within a relative 1e-9, nulls where the
//! pooled answer has them, and where an answer states an interval, the pooled value lies in it; the order of rows counts only
//! where ORDER BY decides it.

use query::pipe::Finished;

/// Relative distance of two floats that are the same.
const NEAR: f64 = 1e-9;
/// Under this, floats are compared as if they were this large: differences of large numbers end near 0.
const SMALL: f64 = 1e-3;

/// A value of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// Text, and every number that has an exact text.
    Exact(String),
    /// A float.
    Float(f64),
    /// Made of quantiles: the pooled value is at least the one and at most the other.
    Within(f64, f64),
}

/// An answer: types by column, then rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// `integer`, `decimal(p,s)`, `float`, `text`, `boolean`; empty where the oracle names none.
    pub kinds: Vec<String>,
    /// Rows in column order.
    pub rows: Vec<Vec<Value>>,
}

/// How near two floats must be.
#[derive(Clone, Debug, PartialEq)]
pub struct Equal {
    /// Distance that is the same whatever the size: a quotient inside a measure is rounded at 1e-9 before it is added, so
    /// a sum of many is off by many halves of that. 0 where nothing is rounded.
    pub slack: f64,
    /// Whether another engine may write a number in another type: decimals may then differ by one unit of the last
    /// digit that is shown, since engines divide decimals to different scales.
    pub types_differ: bool,
}

impl Equal {
    fn near(&self, a: f64, b: f64) -> bool {
        let size = a.abs().max(b.abs()).max(SMALL);
        a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= (NEAR * size).max(self.slack)
    }

    /// Whether a value of an answer is the same as an oracle's.
    #[must_use]
    pub fn values(&self, one: &Value, other: &Value) -> bool {
        if let Value::Within(low, high) = *one {
            let number = other.number().map(|(number, _)| number);
            let within =
                |n: f64| (low <= n && n <= high) || self.near(low, n) || self.near(high, n);
            return number.is_some_and(within);
        }
        if let (Value::Float(a), Value::Float(b)) = (one, other) {
            return self.near(*a, *b);
        }
        match (one.number(), other.number()) {
            // A float has every digit: only decimals are cut off at some.
            (Some((a, _)), Some((b, _)))
                if self.types_differ && one.is_float() != other.is_float() =>
            {
                self.near(a, b)
            }
            (Some((a, unit)), Some((b, other_unit))) if self.types_differ => {
                let scaled_alike = unit.total_cmp(&other_unit).is_eq();
                self.near(a, b) || (!scaled_alike && (a - b).abs() <= unit.max(other_unit))
            }
            _ => one == other,
        }
    }
}

impl Value {
    fn is_float(&self) -> bool {
        matches!(self, Self::Float(_))
    }

    /// The number, and the unit of the last digit that is shown; 0 for whole numbers and floats.
    fn number(&self) -> Option<(f64, f64)> {
        match self {
            Self::Null | Self::Within(..) => None,
            Self::Float(value) => Some((*value, 0.0)),
            Self::Exact(text) => {
                let value: f64 = text.parse().ok()?;
                let digits = text.split_once('.').map(|(_, fraction)| fraction.len());
                let digits = digits.and_then(|digits| i32::try_from(digits).ok());
                Some((value, digits.map_or(0.0, |digits| 10_f64.powi(-digits))))
            }
        }
    }

    /// From the JSON of a finished table.
    #[must_use]
    pub fn of_json(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Number(number) => {
                number.as_f64().map_or_else(|| Self::Exact(number.to_string()), Self::Float)
            }
            serde_json::Value::String(text) => Self::Exact(text.clone()),
            serde_json::Value::Bool(flag) => Self::Exact(flag.to_string()),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                Self::Exact(value.to_string())
            }
        }
    }
}

impl Answer {
    /// A finished table's answer.
    #[must_use]
    pub fn of(finished: &Finished) -> Self {
        let kinds = finished.columns.iter().map(|column| column.kind.clone()).collect();
        let row = |row: &Vec<serde_json::Value>| row.iter().map(Value::of_json).collect();
        let mut rows: Vec<Vec<Value>> = finished.rows.iter().map(row).collect();
        // Where no interval is known, the value must be the pooled one: no question here makes such a figure.
        for stated in &finished.intervals {
            let value = rows.get_mut(stated.row).and_then(|row| row.get_mut(stated.column));
            if let (Some(value), Some(low), Some(high)) = (value, stated.low, stated.high) {
                *value = Value::Within(low, high);
            }
        }
        Self { kinds, rows }
    }

    /// Whether the columns have the same types. A decimal's precision is each engine's own choice and no fact of the answer;
    /// its scale is.
    #[must_use]
    pub fn same_kinds(&self, other: &Self) -> bool {
        let seen = |kind: &String| match kind.split_once(',') {
            Some((_, scale)) if kind.starts_with("decimal(") => format!("decimal({scale}"),
            Some(_) | None => kind.clone(),
        };
        self.kinds.iter().map(seen).eq(other.kinds.iter().map(seen))
    }

    /// Whether the rows are the same, in order where it is decided.
    #[must_use]
    pub fn matches(&self, other: &Self, ordered: bool, equal: &Equal) -> bool {
        if self.rows.len() != other.rows.len() {
            return false;
        }
        let same_row = |a: &Vec<Value>, b: &Vec<Value>| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal.values(a, b))
        };
        if ordered {
            return self.rows.iter().zip(&other.rows).all(|(a, b)| same_row(a, b));
        }
        let mut open: Vec<&Vec<Value>> = other.rows.iter().collect();
        self.rows.iter().all(|row| {
            let found = open.iter().position(|candidate| same_row(row, candidate));
            found.map(|at| open.swap_remove(at)).is_some()
        })
    }

    /// This answer with these columns of another answer to the same text, row by row.
    #[must_use]
    pub fn with_columns(&self, other: &Self, columns: &[usize]) -> Self {
        let mut mixed = self.clone();
        for (row, others) in mixed.rows.iter_mut().zip(&other.rows) {
            for column in columns {
                if let (Some(value), Some(own)) = (row.get_mut(*column), others.get(*column)) {
                    own.clone_into(value);
                }
            }
        }
        mixed
    }

    /// For a person, at most so many rows.
    #[must_use]
    pub fn shown(&self, rows: usize) -> String {
        let mut text = format!("{:?}", self.kinds);
        for row in self.rows.iter().take(rows) {
            let values: Vec<String> = row
                .iter()
                .map(|value| match value {
                    Value::Null => "NULL".to_owned(),
                    Value::Exact(text) => text.clone(),
                    Value::Float(value) => format!("{value:e}"),
                    Value::Within(low, high) => format!("{low:e} to {high:e}"),
                })
                .collect();
            text.push_str(&format!("\n      {}", values.join(" | ")));
        }
        if self.rows.len() > rows {
            text.push_str(&format!("\n      ... {} rows", self.rows.len()));
        }
        text
    }
}
