//! What an attacker sees: the finished table, and what is said about it. Nothing an attack does may look at more.

use std::collections::BTreeMap;

use serde_json::Value;

/// Somebody who answers questions: real nodes, or a deliberately weak mechanism over the same snapshots.
pub trait Ask {
    /// Puts a question as person number `who`.
    ///
    /// # Errors
    /// A fault of the harness; a refusal is none.
    fn ask(&mut self, sql: &str, who: usize) -> anyhow::Result<Told>;

    /// Puts a question for exact figures, under `ask.members`.
    ///
    /// # Errors
    /// A fault of the harness; a refusal is none.
    fn exact(&mut self, sql: &str, who: usize) -> anyhow::Result<Told>;

    /// Puts the indicator of this name.
    ///
    /// # Errors
    /// A fault of the harness.
    fn indicator(&mut self, id: &str, who: usize) -> anyhow::Result<Told>;

    /// Goes on to the next snapshot of the data.
    ///
    /// # Errors
    /// A fault of the harness.
    fn next_snapshot(&mut self) -> anyhow::Result<()>;
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// The table, unless the question was refused.
    pub answer: Option<Answer>,
    /// The refusal's code.
    pub refused: Option<String>,
    /// What is said of each hospital.
    pub hospitals: BTreeMap<String, Said>,
}

/// What an answer says of a hospital beside its figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// Refusal, where it refused.
    pub code: Option<String>,
    /// Cells, null cells, null figures.
    pub counts: [u64; 3],
    /// Bytes of its frames.
    pub bytes: Vec<usize>,
    /// The receipt, as text, without names and digests of a hospital's own.
    pub receipt: String,
}

/// A finished table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Rows; what is not shown is null, a band is a number from -2, far below, to 2.
    pub rows: Vec<Vec<Value>>,
}

impl Answer {
    /// The figure of a column, by the first `keys` columns. NULL as a key is the word `NULL`.
    #[must_use]
    pub fn by(&self, keys: usize, column: usize) -> BTreeMap<Vec<String>, Option<f64>> {
        let row = |row: &Vec<Value>| {
            let keys = row.iter().take(keys).map(word).collect();
            (keys, row.get(column).and_then(number))
        };
        self.rows.iter().map(row).collect()
    }

    /// The words of a column, by the first `keys` columns; none where they are not shown.
    #[must_use]
    pub fn words(&self, keys: usize, column: usize) -> BTreeMap<Vec<String>, String> {
        let row = |row: &Vec<Value>| {
            let words = row.get(column)?.as_str()?.to_owned();
            Some((row.iter().take(keys).map(word).collect(), words))
        };
        self.rows.iter().filter_map(row).collect()
    }

    /// The figure in the first row.
    #[must_use]
    pub fn first(&self, column: usize) -> Option<f64> {
        self.rows.first().and_then(|row| row.get(column)).and_then(number)
    }
}

/// A key as text.
fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "NULL".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// A figure.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(number) => number.as_f64(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

impl Told {
    /// A refusal by this code.
    #[must_use]
    pub fn refusal(code: &str) -> Self {
        Self { answer: None, refused: Some(code.to_owned()), hospitals: BTreeMap::new() }
    }

    /// The figures of a column by keys; none where the question was refused.
    #[must_use]
    pub fn by(&self, keys: usize, column: usize) -> BTreeMap<Vec<String>, Option<f64>> {
        self.answer.as_ref().map(|answer| answer.by(keys, column)).unwrap_or_default()
    }

    /// The words of a column by keys; none where the question was refused.
    #[must_use]
    pub fn words(&self, keys: usize, column: usize) -> BTreeMap<Vec<String>, String> {
        self.answer.as_ref().map(|answer| answer.words(keys, column)).unwrap_or_default()
    }
}
