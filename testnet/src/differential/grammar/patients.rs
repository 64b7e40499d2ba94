//! FROM: figures of each patient and windows inside a patient, and subqueries into rows of the same patient.

use super::Writer;
use super::sources::{Named, Scope};
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
        let over = format!("OVER (PARTITION BY {key} ORDER BY {})", by.sql);
        let window = match self.dice.roll(5) {
            0 => format!("row_number() {over}"),
            1 => format!("rank() {over}"),
            2 => format!("dense_rank() {over}"),
            3 => format!("count(*) OVER (PARTITION BY {key})"),
            _ => format!("count({}) OVER (PARTITION BY {key})", by.sql),
        };
        let text =
            format!("SELECT {key} AS {k}, {} AS {x}, {window} AS {r} FROM {}", by.sql, scope.from);
        let rank = Named { sql: r.clone(), kind: Kind::Integer(0, 9), nullable: false };
        let columns = vec![Named { sql: x, ..by }, rank];
        let outer = Scope { keys: vec![(parent, k)], columns, ..Scope::default() };
        self.wrapped(outer, &alias, &text)
    }

    fn inner_figure(&mut self, scope: &Scope) -> Named {
        let measure = self.measure(scope);
        let few = Kind::Integer(0, 20);
        let count = Named { sql: "count(*)".to_owned(), kind: few.clone(), nullable: false };
        let Some(measure) = measure else { return count };
        let aggregate = match self.dice.roll(6) {
            0 => return count,
            1 => {
                let condition = self.condition(scope, 1);
                let sql = format!("max(CASE WHEN {condition} THEN 1 ELSE 0 END)");
                return Named { sql, kind: Kind::Flag, nullable: true };
            }
            2 => "max",
            3 => "sum",
            _ => "min",
        };
        Named { sql: format!("{aggregate}({})", measure.sql), kind: measure.kind, nullable: true }
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
        let condition = self.condition(&inner, 0);
        let column = format!("{alias}.{column}");
        Some(Correlated { from: inner.from, column, key, condition })
    }
}

/// Rows below a row of the scope: their FROM, the column that leads up, the key there, and a condition.
pub(super) struct Correlated {
    pub(super) from: String,
    pub(super) column: String,
    pub(super) key: String,
    pub(super) condition: String,
}
