//! FROM: figures of each patient and windows inside a patient, and subqueries into rows of the same patient.

use super::sources::{Named, Scope};
use super::{Writer, both};
use crate::differential::schema::Kind;

impl Writer<'_> {
    /// Figures of each patient (or of each row above), made before the cut.
    pub(super) fn patient_aggregate(&mut self) -> Scope {
        self.note("patient_aggregate");
        let at = self.child();
        let inner = self.name("i");
        let scope = self.table(at, &inner);
        let Some((parent, key)) = scope.keys.iter().find(|(table, _)| *table != at).cloned() else {
            return Scope::default();
        };
        let (k, alias) = (self.name("k"), self.name("d"));
        let mut list = vec![format!("{key} AS {k}")];
        let mut outer = Scope { keys: vec![(parent, k)], ..Scope::default() };
        for _ in 0..self.dice.roll(3).saturating_add(1) {
            let made = self.inner_figure(&scope);
            let name = self.name("x");
            list.push(format!("{} AS {name}", made.sql));
            outer.columns.push(Named { sql: name, ..made });
        }
        let filter = if self.dice.one_in(3) {
            let condition = self.condition(&scope, 1);
            format!(" WHERE {condition}")
        } else {
            String::new()
        };
        let having = if self.dice.one_in(6) { " HAVING count(*) > 1" } else { "" };
        let text = format!(
            "SELECT {} FROM {}{filter} GROUP BY {key}{having}",
            list.join(", "),
            scope.from
        );
        self.wrapped(outer, &alias, &text)
    }

    pub(super) fn patient_aggregate_join(&mut self) -> Scope {
        self.note("patient_aggregate_join");
        let lower = self.patient_aggregate();
        let Some((parent, key)) = lower.keys.first().cloned() else { return lower };
        let b = self.name("b");
        let own = self.key(parent);
        let upper = self.table(parent, &b);
        self.joined(lower, upper, &format!("{key} = {b}.{own}"))
    }

    /// A window inside a patient, then only what does not depend on how ties are broken.
    pub(super) fn patient_window(&mut self) -> Scope {
        self.note("patient_window");
        let at = self.child();
        let inner = self.name("i");
        let scope = self.table(at, &inner);
        let parent = scope.keys.iter().find(|(table, _)| *table != at).cloned();
        let by = self.measure(&scope);
        let (Some((parent, key)), Some(by)) = (parent, by) else { return Scope::default() };
        let (k, x, r, alias) = (self.name("k"), self.name("x"), self.name("r"), self.name("d"));
        let own = self.key(at);
        let window = self.inner_window(&key, &by, &format!("{inner}.{own}"));
        let text = format!(
            "SELECT {key} AS {k}, {} AS {x}, {} AS {r} FROM {}",
            by.sql, window.sql, scope.from
        );
        let columns = vec![Named { sql: x, ..by }, Named { sql: r, ..window }];
        let outer = Scope { keys: vec![(parent, k)], columns, ..Scope::default() };
        self.wrapped(outer, &alias, &text)
    }

    /// A window of the rows of one key, none of which hangs on how ties are broken.
    fn inner_window(&mut self, key: &str, by: &Named, own: &str) -> Named {
        let (x, partition) = (&by.sql, format!("PARTITION BY {key}"));
        let ties = format!("{partition} ORDER BY {x}");
        let whole = format!("{ties}, {own}");
        let few = Kind::Integer(0, 9);
        let (production, sql, kind) = match self.dice.roll(11) {
            0 => ("window_rank", counted(&format!("row_number() OVER ({whole})")), few),
            1 => ("window_rank", counted(&format!("rank() OVER ({ties})")), few),
            2 => ("window_rank", counted(&format!("dense_rank() OVER ({ties})")), few),
            3 => ("window_count", format!("count(*) OVER ({partition})"), few),
            4 => ("window_count", format!("count({x}) OVER ({ties})"), few),
            5 => {
                let name = self.dice.word(&["sum", "min", "max"]);
                ("window_aggregate", format!("{name}({x}) OVER ({partition})"), by.kind.clone())
            }
            6 => ("window_aggregate", format!("sum({x}) OVER ({whole})"), by.kind.clone()),
            7 => {
                let name = self.dice.word(&["lag", "lead"]);
                ("window_value", format!("{name}({x}) OVER ({whole})"), by.kind.clone())
            }
            8 => {
                let name = self.dice.word(&["first_value", "last_value"]);
                ("window_value", format!("{name}({x}) OVER ({whole})"), by.kind.clone())
            }
            _ => {
                let name = self.dice.word(&["percent_rank", "cume_dist"]);
                let part = format!("{name}() OVER ({ties})");
                ("window_part", format!("CASE WHEN {part} > 0.4 THEN 1 ELSE 0 END"), Kind::Flag)
            }
        };
        self.note(production);
        Named { sql, kind, nullable: true }
    }

    fn inner_figure(&mut self, scope: &Scope) -> Named {
        let measure = self.measure(scope);
        let few = Kind::Integer(0, 20);
        let count = Named { sql: "count(*)".to_owned(), kind: few.clone(), nullable: false };
        let Some(measure) = measure else { return count };
        let x = &measure.sql;
        let flag = |condition: &str| Named {
            sql: format!("CASE WHEN {condition} THEN 1 ELSE 0 END"),
            kind: Kind::Flag,
            nullable: false,
        };
        let aggregate = match self.dice.roll(10) {
            0 => return count,
            1 => {
                let condition = self.condition(scope, 1);
                let sql = format!("max(CASE WHEN {condition} THEN 1 ELSE 0 END)");
                return Named { sql, kind: Kind::Flag, nullable: true };
            }
            2 => {
                self.note("inner_average");
                let literal = self.literal(&measure.kind);
                return flag(&format!("avg({x}) > {literal}"));
            }
            3 => {
                self.note("inner_spread");
                return flag(&format!("stddev_pop({x}) > 0.37"));
            }
            4 => {
                self.note("inner_bool");
                let (name, condition) =
                    (self.dice.word(&["bool_and", "bool_or"]).to_owned(), self.condition(scope, 0));
                return flag(&format!("{name}({condition})"));
            }
            5 => {
                self.note("inner_distinct");
                let column = self.dice.pick(&scope.columns).map_or(x, |column| &column.sql);
                let sql = format!("count(DISTINCT {column})");
                return Named { sql, kind: few, nullable: false };
            }
            6 => "max",
            7..=8 => "sum",
            _ => "min",
        };
        Named { sql: format!("{aggregate}({x})"), kind: measure.kind, nullable: true }
    }

    /// Rows of a table below one of the scope's keys.
    pub(super) fn correlated(&mut self, scope: &Scope) -> Option<Correlated> {
        let schema = self.schema;
        let below: Vec<(usize, String, String)> = scope
            .keys
            .iter()
            .flat_map(|(table, sql)| {
                schema.tables.iter().enumerate().filter_map(move |(at, child)| {
                    let (parent, column) = child.parent.as_ref()?;
                    (parent == table).then(|| (at, column.clone(), sql.clone()))
                })
            })
            .collect();
        let (at, column, key) = self.dice.pick(&below).cloned()?;
        let alias = self.name("e");
        let inner = self.table(at, &alias);
        let mut condition = self.condition(&inner, 0);
        if self.dice.one_in(6)
            && let Some(Correlated { from, column, key, condition: deep }) = self.correlated(&inner)
        {
            self.note("nested_exists");
            condition = format!(
                "{condition} AND EXISTS (SELECT 1 FROM {from} WHERE {column} = {key} AND {deep})"
            );
        }
        let column = format!("{alias}.{column}");
        Some(Correlated { from: inner.from, column, key, condition })
    }
}

/// A number of a row, which DataFusion has unsigned, so that it computes with it in decimals.
fn counted(window: &str) -> String {
    both(window, &format!("CAST({window} AS BIGINT)"))
}

/// Rows below a row of the scope: their FROM, the column that leads up, the key there, and a condition.
pub(super) struct Correlated {
    pub(super) from: String,
    pub(super) column: String,
    pub(super) key: String,
    pub(super) condition: String,
}
