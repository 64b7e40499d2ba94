//! Questions from a grammar: every production of the language that is answered, and some that are refused.
//!
//! A question is kept in pieces, so that what fails can be made smaller. What another engine has no word for is written
//! twice, see [`both`].

use std::collections::BTreeSet;

use super::dice::Dice;
use super::schema::Schema;

mod aggregates;
mod expression;
pub mod network;
mod patients;
mod shapes;
mod shares;
mod sources;

/// Every production, so that one that never comes is seen.
pub const PRODUCTIONS: &[&str] = &[
    // Rows below the cut.
    "table",
    "table_alias",
    "join_parent",
    "join_using",
    "join_chain",
    "join_siblings",
    "self_join",
    "left_join",
    "right_join",
    "derived_rows",
    "cte_rows",
    "nested_rows",
    "cte_of_cte",
    "with_inside",
    "distinct_rows",
    "union_rows",
    "union_all_rows",
    "patient_aggregate",
    "patient_aggregate_join",
    "inner_average",
    "inner_spread",
    "inner_bool",
    "inner_distinct",
    "patient_window",
    "window_rank",
    "window_count",
    "window_aggregate",
    "window_value",
    "window_part",
    // Conditions.
    "where",
    "compare",
    "and",
    "or",
    "not",
    "in_list",
    "between",
    "like",
    "is_null",
    "is_distinct",
    "is_true",
    "hospital_condition",
    "network_condition",
    "exists",
    "not_exists",
    "nested_exists",
    "in_subquery",
    "not_in_subquery",
    "exists_in_expression",
    // Expressions.
    "arithmetic",
    "integer_division",
    "modulo",
    "case",
    "coalesce",
    "nullif",
    "greatest_least",
    "abs",
    "cast",
    "float_division",
    "round",
    // Groups.
    "group_category",
    "group_flag",
    "group_quasi",
    "group_bins",
    "group_case",
    "group_condition",
    "group_coalesce",
    "group_cast",
    "group_hospital",
    "exists_in_group",
    "group_network",
    "rollup",
    "cube",
    "grouping_sets",
    "grouping_function",
    // Aggregates.
    "count_star",
    "count_values",
    "count_distinct",
    "sum",
    "avg",
    "spread",
    "filter",
    "covar",
    "regr",
    "share",
    "wilson",
    "median",
    "quantile",
    "percentile",
    "histogram",
    "above_quantile",
    // Above the cut.
    "above_arithmetic",
    "above_case",
    "above_function",
    "having",
    "order_by",
    "order_by_aggregate",
    "limit",
    "derived_cells",
    "nested_cells",
    "join_of_cells",
    "full_join_of_cells",
    "union_of_cells",
    "distinct_union_of_cells",
    "cross_join_of_cells",
    "aggregate_of_cells",
    "window_over_cells",
    "scalar_subquery",
    "scalar_subquery_in_having",
    "scalar_subquery_in_case",
    "scalar_subquery_in_where",
    "distinct_cells",
];

/// Text that the oracles read otherwise than the network: `share(c)` is an average to them.
#[must_use]
pub fn both(network: &str, oracles: &str) -> String {
    format!("\u{1}{network}\u{2}{oracles}\u{3}")
}

/// One SELECT of figures: its keys stand first among its columns.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// Keys: expression, name.
    pub keys: Vec<(String, String)>,
    /// Figures: expression, name.
    pub figures: Vec<(String, String)>,
    /// FROM.
    pub from: String,
    /// WHERE, joined by AND.
    pub filters: Vec<String>,
    /// `ROLLUP`, `CUBE` or nothing.
    pub grouping: &'static str,
    /// HAVING, joined by AND.
    pub having: Vec<String>,
}

impl Block {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> String {
        let named = |(sql, name): &(String, String)| format!("{sql} AS {name}");
        let columns: Vec<String> = self.keys.iter().chain(&self.figures).map(named).collect();
        let mut text = format!("SELECT {} FROM {}", columns.join(", "), self.from);
        if !self.filters.is_empty() {
            text.push_str(&format!(" WHERE {}", self.filters.join(" AND ")));
        }
        let keys: Vec<&str> = self.keys.iter().map(|(sql, _)| sql.as_str()).collect();
        let keys = keys.join(", ");
        match (self.keys.is_empty(), self.grouping) {
            (true, _) => {}
            (false, "") => text.push_str(&format!(" GROUP BY {keys}")),
            (false, "SETS") => {
                text.push_str(&format!(" GROUP BY GROUPING SETS (({keys}), ())"));
            }
            (false, grouping) => text.push_str(&format!(" GROUP BY {grouping} ({keys})")),
        }
        if !self.having.is_empty() {
            text.push_str(&format!(" HAVING {}", self.having.join(" AND ")));
        }
        text
    }
}

/// A part of a question.
#[derive(Clone, Debug)]
pub enum Piece {
    /// As it is.
    Text(String),
    /// A SELECT of figures.
    Block(Block),
}

/// What a pooled engine must be able to do to judge a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oracles {
    /// DataFusion can.
    pub datafusion: bool,
    /// PostgreSQL can, and means the same.
    pub postgres: bool,
}

/// A question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Its parts.
    pub pieces: Vec<Piece>,
    /// Whether ORDER BY decides the order of all rows.
    pub ordered: bool,
    /// Who can judge it.
    pub oracles: Oracles,
    /// What it uses.
    pub productions: BTreeSet<&'static str>,
}

impl Question {
    fn text(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Block(block) => block.text(),
        };
        self.pieces.iter().map(piece).collect()
    }

    /// What the network is asked.
    #[must_use]
    pub fn network(&self) -> String {
        choose(&self.text(), true)
    }

    /// What the oracles are asked.
    #[must_use]
    pub fn pooled(&self) -> String {
        choose(&self.text(), false)
    }

    /// The same question with one part less, in every way.
    #[must_use]
    pub fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        for (at, piece) in self.pieces.iter().enumerate() {
            let less: Vec<Piece> = match piece {
                Piece::Text(text) if text.starts_with(" LIMIT") => vec![Piece::Text(String::new())],
                Piece::Text(_) => Vec::new(),
                Piece::Block(block) => block.smaller().into_iter().map(Piece::Block).collect(),
            };
            for piece in less {
                let mut question = self.clone();
                if let Some(place) = question.pieces.get_mut(at) {
                    *place = piece;
                }
                smaller.push(question);
            }
        }
        smaller
    }
}

impl Block {
    fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        for at in 0..self.having.len() {
            let mut block = self.clone();
            block.having.remove(at);
            smaller.push(block);
        }
        for at in 0..self.filters.len() {
            let mut block = self.clone();
            block.filters.remove(at);
            smaller.push(block);
        }
        if self.figures.len() > 1 {
            for at in 0..self.figures.len() {
                let mut block = self.clone();
                block.figures.remove(at);
                smaller.push(block);
            }
        }
        for at in 0..self.keys.len() {
            let mut block = self.clone();
            block.keys.remove(at);
            smaller.push(block);
        }
        smaller
    }
}

fn choose(text: &str, network: bool) -> String {
    let mut chosen = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1}') {
        chosen.push_str(before);
        let (first, after) = after.split_once('\u{2}').unwrap_or((after, ""));
        let (second, after) = after.split_once('\u{3}').unwrap_or((after, ""));
        chosen.push_str(if network { first } else { second });
        rest = after;
    }
    chosen.push_str(rest);
    chosen
}

/// The writer of one question.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    dice: &'a mut Dice,
    schema: &'a Schema,
    productions: BTreeSet<&'static str>,
    oracles: Oracles,
    names: usize,
    /// WITH, in order.
    with: Vec<String>,
}

impl Writer<'_> {
    fn note(&mut self, production: &'static str) {
        self.productions.insert(production);
    }

    fn name(&mut self, start: &str) -> String {
        self.names = self.names.saturating_add(1);
        format!("{start}{}", self.names)
    }
}

/// A random question about a dataset.
pub fn question(dice: &mut Dice, schema: &Schema) -> Question {
    let mut writer = Writer {
        dice,
        schema,
        productions: BTreeSet::new(),
        oracles: Oracles { datafusion: true, postgres: true },
        names: 0,
        with: Vec::new(),
    };
    let (mut pieces, ordered) =
        if writer.dice.one_in(16) { (writer.by_network(), false) } else { writer.shape() };
    if !writer.with.is_empty() {
        pieces.insert(0, Piece::Text(format!("WITH {} ", writer.with.join(", "))));
    }
    let Writer { oracles, productions, .. } = writer;
    Question { pieces, ordered, oracles, productions }
}
