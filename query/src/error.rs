//! Why a text is refused: one enum for everything that planning and cutting may say.
//!
//! Messages name the text and the dictionary, never a value of the data, and say how to write it instead. The engine's
//! own messages are never passed on: they carry values.

use policies::footprint::{MAX_CELLS, MAX_FRAGMENTS};

use crate::pipe::Failure;

mod dutch;
#[cfg(test)]
mod tests;

/// Most characters of the analyst's own text that a message repeats.
const MAX_QUOTED: usize = 160;
/// What a hidden column cannot be used to do.
pub(crate) const HIDDEN: &str = "answer questions";

/// A text in English and Dutch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Both {
    pub(crate) en: String,
    pub(crate) nl: String,
}

impl Both {
    /// What is the same in both: words of SQL, and names.
    pub(crate) fn same(text: impl Into<String>) -> Self {
        let en: String = text.into();
        Self { nl: en.clone(), en }
    }

    /// The same for names of which there may be none.
    pub(crate) fn names(names: String) -> Self {
        if names.is_empty() { ("none", "geen").into() } else { Self::same(names) }
    }
}

impl<E: Into<String>, N: Into<String>> From<(E, N)> for Both {
    fn from((en, nl): (E, N)) -> Self {
        Self { en: en.into(), nl: nl.into() }
    }
}

/// Why a text is refused. The text alone decides.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum PlanError {
    #[error("the text has {got} bytes, at most {limit} are read")]
    TooLong { got: usize, limit: usize },
    #[error("the text has more than {limit} words and signs; ask two questions")]
    TooManyTokens { limit: usize },
    #[error("the text nests deeper than {limit} levels; use WITH or fewer parentheses")]
    TooDeep { limit: usize },
    #[error("more than {limit} operators in a row; use IN, BETWEEN or several questions")]
    ChainTooLong { limit: usize },
    #[error("a list has more than {limit} items; name a range or a category instead")]
    ListTooLong { limit: usize },
    #[error(
        "the name `{name}` is reserved: names that begin with two underscores belong to the engine"
    )]
    ReservedName { name: String },
    #[error("this is not SQL that can be read: line {line}{near}")]
    BadSql { line: u64, near: String },
    #[error("one SELECT statement is expected, found {found}")]
    NotOneStatement { found: usize },
    #[error("only SELECT is answered, not {found}; write SELECT ... FROM ... GROUP BY ...")]
    NotASelect { found: String },
    #[error("there is no table `{name}`; the dataset has {known}")]
    UnknownTable { name: String, known: String },
    #[error("there is no column `{name}`; here are {known}")]
    UnknownColumn { name: String, known: String },
    #[error("the column `{name}` could be of several tables; write table.column")]
    AmbiguousColumn { name: String },
    #[error("there is no function `{name}`; there are {known}")]
    UnknownFunction { name: String, known: String },
    #[error("column `{column}` is a {class}: it cannot be used to {usage}; {}", advice(.class))]
    ColumnClass { column: String, class: &'static str, usage: &'static str },
    #[error(
        "only figures about groups are answered, never rows; write count(*), sum(x) or avg(x), with GROUP BY for several groups"
    )]
    NotAnAggregate,
    #[error("{} is not answered; {}", .what.en, .instead.en)]
    NotSupported { what: Both, instead: Both },
    #[error("{} would mix rows of several patients; {}", .clause.en, .instead.en)]
    CrossesPatients { clause: Both, instead: Both },
    #[error(
        "`{expression}` can leave the range of its type for values that the dataset allows; {}", .instead.en
    )]
    Unbounded { expression: String, instead: Both },
    #[error(
        "the values of `{key}` do not follow from the dataset, so its groups are not known beforehand; {}", .instead.en
    )]
    NoDomain { key: String, instead: Both },
    #[error("{} is not answered: a hospital can be in several networks; {}", .what.en, .instead.en)]
    NetworkColumn { what: Both, instead: Both },
    #[error(
        "`{call}` over rows that are one for each network would count the patients of a hospital in two networks twice; add `network` to its GROUP BY or PARTITION BY, or take the total from the patients: without `network`, or with ROLLUP (network)"
    )]
    SumOverNetwork { call: String },
    #[error(
        "there is no network `{name}` inside the one that is asked; there are {}; without a condition on `network` every hospital is meant", .known.en
    )]
    UnknownNetwork { name: String, known: Both },
    #[error(
        "the grouping has {cells} cells, at most {MAX_CELLS} are answered; group by fewer columns or wider bins"
    )]
    TooManyCells { cells: u64 },
    #[error(
        "the question has {got} parts that are counted apart, at most {MAX_FRAGMENTS} are answered; write aggregates with FILTER in one SELECT, or ask several questions"
    )]
    TooManyFragments { got: usize },
    #[error(
        "the answer would have {figures} figures, at most {limit} are answered; ask for fewer aggregates or groups"
    )]
    TooManyFigures { figures: u64, limit: u64 },
    #[error(
        "the text cannot be planned: names or types do not fit together; simplify it, or cast explicitly"
    )]
    CannotPlan,
}

impl PlanError {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "sql_too_long",
            Self::TooManyTokens { .. } => "too_many_tokens",
            Self::TooDeep { .. } => "too_deep",
            Self::ChainTooLong { .. } => "chain_too_long",
            Self::ListTooLong { .. } => "in_list_too_long",
            Self::ReservedName { .. } => "reserved_name",
            Self::BadSql { .. } => "bad_sql",
            Self::NotOneStatement { .. } => "not_one_statement",
            Self::NotASelect { .. } => "not_a_select",
            Self::UnknownTable { .. } => "unknown_table",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::AmbiguousColumn { .. } => "ambiguous_column",
            Self::UnknownFunction { .. } => "unknown_function",
            Self::ColumnClass { .. } => "column_class",
            Self::NotAnAggregate => "not_an_aggregate",
            Self::NotSupported { .. } => "not_supported",
            Self::CrossesPatients { .. } => "crosses_patients",
            Self::Unbounded { .. } => "unbounded_expression",
            Self::NoDomain { .. } => "no_domain",
            Self::NetworkColumn { .. } => "network_column",
            Self::SumOverNetwork { .. } => "sum_over_network",
            Self::UnknownNetwork { .. } => "unknown_network",
            Self::TooManyFragments { .. } => "fragment_count",
            Self::TooManyFigures { .. } => "too_many_figures",
            Self::TooManyCells { .. } => "too_many_cells",
            Self::CannotPlan => "cannot_plan",
        }
    }

    /// `what` is not answered, and how to write it instead.
    pub(crate) fn unsupported(what: impl Into<Both>, instead: impl Into<Both>) -> Self {
        Self::NotSupported { what: what.into(), instead: instead.into() }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        Self::new(error.code(), error.to_string(), error.dutch())
    }
}

/// What can be done with a column of a class instead.
fn advice(class: &str) -> &'static str {
    match class {
        "key" => "join on it, or write count(distinct key)",
        "category" => "group by it, filter on it or count it",
        "quasi" => "group by it in the generalisation of the dataset, or filter on it",
        "hidden" => "the board does not offer it to questions",
        _ => "aggregate it, compare it or group by bins of it",
    }
}

/// The analyst's own text, shortened.
pub(crate) fn quoted(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    if text.chars().count() <= MAX_QUOTED {
        return text;
    }
    text.chars().take(MAX_QUOTED).chain("...".chars()).collect()
}

/// Names for a message: the first twenty, sorted.
pub(crate) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_unstable();
    names.dedup();
    let more = names.len() > 20;
    names.truncate(20);
    let text = names.join(", ");
    if more { format!("{text}, ...") } else { text }
}
