//! The cut: group keys, aggregates, and one SELECT of both.

use super::sources::{Named, Scope};
use super::{Block, Writer, both};
use crate::differential::schema::Kind;

impl Writer<'_> {
    /// A key whose values follow from the dataset.
    pub(super) fn group_key(&mut self, scope: &Scope) -> Option<String> {
        if let Some(hospital) = &scope.hospital
            && self.dice.one_in(5)
        {
            self.note("group_hospital");
            return Some(hospital.clone());
        }
        let column = self.dice.pick(&scope.columns)?.clone();
        Some(self.key_of(scope, column))
    }

    fn key_of(&mut self, scope: &Scope, column: Named) -> String {
        let sql = &column.sql;
        let choice = self.dice.roll(6);
        let (production, text) = match (&column.kind, choice) {
            (Kind::Texts(_) | Kind::Numbers(_), 0) => {
                let literal = self.literal(&column.kind);
                ("group_coalesce", format!("coalesce({sql}, {literal})"))
            }
            (Kind::Numbers(_) | Kind::Flag, 1) => ("group_cast", format!("CAST({sql} AS TEXT)")),
            (Kind::Texts(_) | Kind::Numbers(_), 2..) | (Kind::Texts(_), _) => {
                ("group_category", sql.clone())
            }
            (Kind::Flag, 2..) => ("group_flag", sql.clone()),
            (Kind::Quasi(_, _, step), 0..=3) => {
                let bin = step.saturating_mul(self.dice.between(2, 10));
                ("group_quasi", format!("{sql} / {bin}"))
            }
            (Kind::Integer(min, max), 0..=2) => {
                let span = max.saturating_sub(*min).max(4);
                let bin = (span / self.dice.between(3, 20)).max(1);
                let back = if self.dice.one_in(3) { format!(" * {bin}") } else { String::new() };
                ("group_bins", format!("{sql} / {bin}{back}"))
            }
            (_, 4) => {
                let condition = self.comparison(scope);
                ("group_case", format!("CASE WHEN {condition} THEN 'een' ELSE 'twee' END"))
            }
            (_, _) => ("group_condition", format!("({})", self.condition(scope, 0))),
        };
        self.note(production);
        text
    }

    /// An aggregate of patients.
    pub(super) fn aggregate(&mut self, scope: &Scope) -> String {
        let text = self.bare_aggregate(scope);
        let estimate = text.contains('\u{1}') || text.contains("WITHIN") || text.contains("median");
        if estimate || !self.dice.one_in(5) {
            return text;
        }
        self.note("filter");
        let condition = match self.dice.one_in(4).then(|| self.subquery(scope)).flatten() {
            Some(subquery) => {
                self.note("exists_in_expression");
                self.oracles.datafusion = false;
                subquery
            }
            None => self.condition(scope, 1),
        };
        format!("{text} FILTER (WHERE {condition})")
    }

    fn bare_aggregate(&mut self, scope: &Scope) -> String {
        match self.dice.roll(26) {
            0..=6 => {
                self.note("count_star");
                "count(*)".to_owned()
            }
            7..=8 => self.count_values(scope),
            9..=10 => match self.dice.pick(&scope.keys).cloned() {
                Some((_, key)) => {
                    self.note("count_distinct");
                    format!("count(DISTINCT {key})")
                }
                None => self.count_values(scope),
            },
            11..=14 => {
                self.note("sum");
                format!("sum({})", self.added(scope))
            }
            15..=18 => {
                self.note("avg");
                format!("avg({})", self.added(scope))
            }
            19..=20 => {
                self.note("spread");
                let name =
                    self.dice.word(&["stddev", "stddev_samp", "stddev_pop", "var_samp", "var_pop"]);
                format!("{name}({})", self.added(scope))
            }
            21 => {
                self.note("covar");
                let name = self.dice.word(&["covar_samp", "covar_pop", "corr"]);
                let (x, y) = (self.number(scope, 0).sql, self.number(scope, 0).sql);
                format!("{name}({x}, {y})")
            }
            22 => {
                self.note("regr");
                let name = self.dice.word(&[
                    "regr_slope",
                    "regr_intercept",
                    "regr_r2",
                    "regr_avgx",
                    "regr_sxx",
                    "regr_count",
                ]);
                if matches!(name, "regr_r2" | "regr_count") {
                    // DataFusion has no value of a constant, where SQL has 1, and divides counts of pairs as decimals.
                    self.oracles.datafusion = false;
                }
                let (x, y) = (self.number(scope, 0).sql, self.number(scope, 0).sql);
                format!("{name}({x}, {y})")
            }
            23..=24 => {
                self.note("share");
                let condition = self.condition(scope, 0);
                both(
                    &format!("share({condition})"),
                    &format!("avg(CASE WHEN {condition} THEN 1.0 ELSE 0.0 END)"),
                )
            }
            _ => self.quantile(scope),
        }
    }

    fn count_values(&mut self, scope: &Scope) -> String {
        self.note("count_values");
        let Some(column) = self.dice.pick(&scope.columns) else { return "count(1)".to_owned() };
        format!("count({})", column.sql)
    }

    fn quantile(&mut self, scope: &Scope) -> String {
        let measures: Vec<Named> = scope
            .columns
            .iter()
            .filter(|column| matches!(column.kind, Kind::Integer(..)))
            .cloned()
            .collect();
        let Some(column) = self.dice.pick(&measures).cloned() else {
            return self.count_values(scope);
        };
        if let Kind::Integer(min, max) = column.kind {
            // The last of the eight bins takes the rest of the division too.
            let width = i32::try_from(max.saturating_sub(min) / 8).map_or(f64::INFINITY, f64::from);
            self.bin = self.bin.max(width + 8.0);
        }
        if self.dice.one_in(2) {
            self.note("median");
            both(
                &format!("median({})", column.sql),
                &format!("percentile_cont(0.5) WITHIN GROUP (ORDER BY {})", column.sql),
            )
        } else {
            self.note("percentile");
            let part = self.dice.word(&["0.1", "0.25", "0.9"]);
            format!("percentile_cont({part}) WITHIN GROUP (ORDER BY {})", column.sql)
        }
    }

    fn added(&mut self, scope: &Scope) -> String {
        if self.dice.one_in(14)
            && let Some(subquery) = self.subquery(scope)
        {
            self.note("exists_in_expression");
            self.oracles.datafusion = false;
            return format!("CASE WHEN {subquery} THEN 1 ELSE 0 END");
        }
        self.number(scope, 2).sql
    }

    /// A figure above the cut: an aggregate or an expression over some.
    pub(super) fn figure(&mut self, scope: &Scope) -> String {
        let one = self.aggregate(scope);
        if one.contains('\u{1}') || one.contains("WITHIN") || !self.dice.one_in(5) {
            return one;
        }
        let (production, text) = match self.dice.roll(8) {
            0 => ("above_arithmetic", format!("count(*) - {one}")),
            1 => ("above_arithmetic", format!("100.0 * {one} / nullif(count(*), 0)")),
            2 => ("above_arithmetic", format!("{one} / nullif(count(*), 0)")),
            3 => ("above_case", format!("CASE WHEN {one} > 3 THEN 'veel' ELSE 'weinig' END")),
            4 => ("above_function", format!("coalesce({one}, 0)")),
            5 => {
                // The engines cut averages of decimals at different digits, and a root makes more of it.
                self.oracles.postgres = false;
                ("above_function", format!("sqrt(abs({one}))"))
            }
            6 => ("above_function", format!("nullif({one}, 0)")),
            _ => ("above_function", format!("CAST({one} AS DOUBLE PRECISION) / 3")),
        };
        self.note(production);
        text
    }

    /// One SELECT of figures.
    pub(super) fn block(&mut self, keys: usize, figures: usize) -> Block {
        let scope = self.source();
        let mut block = Block { from: scope.from.clone(), ..Block::default() };
        for _ in 0..keys {
            if let Some(key) = self.group_key(&scope)
                && block.keys.iter().all(|(known, _)| *known != key)
            {
                let name = self.name("g");
                block.keys.push((key, name));
            }
        }
        for _ in 0..figures.max(1) {
            let name = self.name("v");
            let figure = self.figure(&scope);
            block.figures.push((figure, name));
        }
        self.narrow(&scope, &mut block);
        block
    }

    fn narrow(&mut self, scope: &Scope, block: &mut Block) {
        if self.dice.one_in(2) {
            self.note("where");
            for _ in 0..self.dice.roll(2).saturating_add(1) {
                let subquery = self.dice.one_in(5).then(|| self.subquery(scope)).flatten();
                let condition = subquery.unwrap_or_else(|| self.condition(scope, 2));
                block.filters.push(condition);
            }
        }
        if self.dice.one_in(6) {
            self.note("having");
            let limit = self.dice.between(0, 12);
            let aggregate =
                if self.dice.one_in(2) { "count(*)".to_owned() } else { self.count_values(scope) };
            let operator = self.dice.word(&[">", "<=", "<>"]);
            block.having.push(format!("{aggregate} {operator} {limit}"));
        }
    }
}
