//! FROM: tables, joins inside a patient, derived tables and what they hand on.

use super::{Writer, both, network};
use crate::differential::schema::{Kind, Table};

/// A column that an expression may use.
#[derive(Clone, Debug)]
pub(super) struct Named {
    /// How it is written.
    pub(super) sql: String,
    /// What it holds.
    pub(super) kind: Kind,
    /// Whether it can be NULL.
    pub(super) nullable: bool,
}

/// What a FROM offers.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    /// Its text.
    pub(super) from: String,
    /// Columns that are no keys.
    pub(super) columns: Vec<Named>,
    /// Columns that hold the key of a table.
    pub(super) keys: Vec<(usize, String)>,
    /// How `hospital` is written, where there is one.
    pub(super) hospital: Option<String>,
    /// Conditions without which the FROM is another.
    pub(super) filters: Vec<String>,
}

impl Scope {
    fn add(&mut self, other: Self) {
        self.columns.extend(other.columns);
        self.keys.extend(other.keys);
    }

    fn nullable(mut self) -> Self {
        for column in &mut self.columns {
            column.nullable = true;
        }
        self
    }
}

impl Writer<'_> {
    /// A table under a name, with all that it offers.
    pub(super) fn table(&mut self, at: usize, alias: &str) -> Scope {
        let Some(table) = self.schema.tables.get(at) else { return Scope::default() };
        let from =
            if alias == table.name { alias.to_owned() } else { format!("{} {alias}", table.name) };
        let mut scope = offered(table, at, alias);
        scope.from = from;
        scope
    }

    fn random_table(&mut self) -> usize {
        self.dice.roll(self.schema.tables.len())
    }

    fn parent(&self, at: usize) -> Option<(usize, &str)> {
        let parent = self.schema.tables.get(at)?.parent.as_ref()?;
        Some((parent.0, parent.1.as_str()))
    }

    pub(super) fn child(&mut self) -> usize {
        let children = self.schema.tables.len().saturating_sub(1);
        self.dice.roll(children).saturating_add(1)
    }

    pub(super) fn key(&self, at: usize) -> String {
        self.schema.tables.get(at).map(|table| table.key.clone()).unwrap_or_default()
    }

    /// A random FROM.
    pub(super) fn source(&mut self) -> Scope {
        match self.dice.roll(22) {
            0..=3 => {
                self.note("table");
                let at = self.random_table();
                let name = self.schema.tables.get(at).map(|t| t.name.clone()).unwrap_or_default();
                self.table(at, &name)
            }
            4..=5 => {
                self.note("table_alias");
                let at = self.random_table();
                let alias = self.name("a");
                self.table(at, &alias)
            }
            6..=9 => self.join_parent(),
            10 => self.join_chain(),
            11 => self.join_siblings(),
            12 => self.self_join(),
            20 => self.patient_aggregate_join(),
            other => {
                let made = match other {
                    13..=14 => self.derived_rows(),
                    15 => self.distinct_rows(),
                    16 => self.union_rows(),
                    17..=19 => self.patient_aggregate(),
                    _ => self.patient_window(),
                };
                if self.dice.one_in(5) { self.nested_rows(made) } else { made }
            }
        }
    }

    /// Rows of a derived table or CTE, taken through another.
    fn nested_rows(&mut self, scope: Scope) -> Scope {
        self.note("nested_rows");
        let inner_is_cte = !scope.from.starts_with('(');
        let alias = self.name("d");
        let handed = self.handed(&scope);
        let condition = self.condition(&scope, 1);
        let text = format!("SELECT {} FROM {} WHERE {condition}", handed.list, scope.from);
        let outer = self.wrapped(handed.scope, &alias, &text);
        if inner_is_cte && !outer.from.starts_with('(') {
            self.note("cte_of_cte");
        }
        outer
    }

    fn join_parent(&mut self) -> Scope {
        self.note("join_parent");
        let child = self.child();
        let Some((parent, column)) = self.parent(child) else { return Scope::default() };
        let (column, key) = (column.to_owned(), self.key(parent));
        let (a, b) = (self.name("a"), self.name("b"));
        let (lower, upper) = (self.table(child, &a), self.table(parent, &b));
        if column == key && self.dice.one_in(6) {
            self.note("join_using");
            let from = format!("{} JOIN {} USING ({key})", lower.from, upper.from);
            let mut scope = Scope { from, hospital: lower.hospital.clone(), ..Scope::default() };
            scope.add(lower);
            scope.add(upper);
            return scope;
        }
        let on = format!("{a}.{column} = {b}.{key}");
        self.joined(lower, upper, &on)
    }

    /// Lower JOIN upper, in one of the ways to join.
    pub(super) fn joined(&mut self, lower: Scope, upper: Scope, on: &str) -> Scope {
        let mut on = on.to_owned();
        match self.dice.roll(5) {
            0 => {
                self.note("left_join");
                if self.dice.one_in(3) && !lower.columns.is_empty() {
                    let more = self.comparison(&lower);
                    on = format!("{on} AND {more}");
                }
                let from = format!("{} LEFT JOIN {} ON {on}", upper.from, lower.from);
                let hospital = upper.hospital.clone();
                let mut scope = Scope { from, hospital, ..Scope::default() };
                scope.add(upper);
                scope.add(lower.nullable());
                scope
            }
            1 => {
                self.note("right_join");
                let from = format!("{} RIGHT JOIN {} ON {on}", lower.from, upper.from);
                let hospital = upper.hospital.clone();
                let mut scope = Scope { from, hospital, ..Scope::default() };
                scope.add(upper);
                scope.add(lower.nullable());
                scope
            }
            _ => {
                let from = format!("{} JOIN {} ON {on}", lower.from, upper.from);
                let hospital = lower.hospital.clone();
                let mut scope = Scope { from, hospital, ..Scope::default() };
                scope.add(lower);
                scope.add(upper);
                scope
            }
        }
    }

    fn join_chain(&mut self) -> Scope {
        let deep = (1..self.schema.tables.len())
            .rev()
            .find(|at| self.parent(*at).is_some_and(|(parent, _)| parent > 0));
        let Some(low) = deep else { return self.join_parent() };
        self.note("join_chain");
        let Some((middle, column)) = self.parent(low) else { return Scope::default() };
        let (middle_column, middle_key) = (column.to_owned(), self.key(middle));
        let Some((high, column)) = self.parent(middle) else { return Scope::default() };
        let (high_column, high_key) = (column.to_owned(), self.key(high));
        let (a, b, c) = (self.name("a"), self.name("b"), self.name("c"));
        let mut scope = self.table(low, &a);
        let (second, third) = (self.table(middle, &b), self.table(high, &c));
        scope.from = format!(
            "{} JOIN {} ON {a}.{middle_column} = {b}.{middle_key} JOIN {} ON {b}.{high_column} = {c}.{high_key}",
            scope.from, second.from, third.from
        );
        scope.add(second);
        scope.add(third);
        scope
    }

    fn join_siblings(&mut self) -> Scope {
        let (one, other) = (self.child(), self.child());
        let (Some((up, first)), Some((also, second))) = (self.parent(one), self.parent(other))
        else {
            return Scope::default();
        };
        if up != also || one == other {
            return self.self_join();
        }
        let (first, second) = (first.to_owned(), second.to_owned());
        self.note("join_siblings");
        let (a, b) = (self.name("a"), self.name("b"));
        let (lower, upper) = (self.table(one, &a), self.table(other, &b));
        self.joined(lower, upper, &format!("{a}.{first} = {b}.{second}"))
    }

    fn self_join(&mut self) -> Scope {
        self.note("self_join");
        let at = self.child();
        let Some((_, column)) = self.parent(at) else { return Scope::default() };
        let column = column.to_owned();
        let (a, b) = (self.name("a"), self.name("b"));
        let (mut one, other) = (self.table(at, &a), self.table(at, &b));
        one.from = format!("{} JOIN {} ON {a}.{column} = {b}.{column}", one.from, other.from);
        one.add(other);
        one
    }

    /// A derived table or a CTE of rows, with expressions.
    fn derived_rows(&mut self) -> Scope {
        let at = self.random_table();
        let inner = self.name("i");
        let scope = self.table(at, &inner);
        let made = (self.name("x"), self.number(&scope, 1));
        let (alias, columns) = (self.name("d"), self.handed(&scope));
        let filter = if self.dice.one_in(2) {
            let condition = self.condition(&scope, 1);
            format!(" WHERE {condition}")
        } else {
            String::new()
        };
        let text = format!(
            "SELECT {}, {} AS {} FROM {}{filter}",
            columns.list, made.1.sql, made.0, scope.from
        );
        let mut outer = columns.scope;
        outer.columns.push(Named { sql: made.0, kind: made.1.kind, nullable: true });
        self.wrapped(outer, &alias, &text)
    }

    /// The text as a derived table or CTE of this name.
    pub(super) fn wrapped(&mut self, mut outer: Scope, alias: &str, text: &str) -> Scope {
        let inner = self.name("c");
        let within =
            self.dice.one_in(8).then(|| format!("WITH {inner} AS ({text}) SELECT * FROM {inner}"));
        if within.is_some() {
            self.note("with_inside");
        }
        let text = within.as_deref().unwrap_or(text);
        outer.from = if self.dice.one_in(3) {
            self.note("cte_rows");
            self.with.push(format!("{alias} AS ({text})"));
            alias.to_owned()
        } else {
            self.note("derived_rows");
            format!("({text}) {alias}")
        };
        for column in &mut outer.columns {
            column.sql = format!("{alias}.{}", column.sql);
        }
        for (_, key) in &mut outer.keys {
            *key = format!("{alias}.{key}");
        }
        outer.hospital = outer.hospital.map(|name| format!("{alias}.{name}"));
        outer
    }

    /// Hands every key and up to three columns on.
    fn handed(&mut self, scope: &Scope) -> Handed {
        let mut list = Vec::new();
        let mut out = Scope::default();
        for (table, key) in &scope.keys {
            let name = self.name("k");
            list.push(format!("{key} AS {name}"));
            out.keys.push((*table, name));
        }
        let first = self.dice.roll(scope.columns.len());
        for column in scope.columns.iter().cycle().skip(first).take(scope.columns.len().min(4)) {
            let name = self.name("f");
            list.push(format!("{} AS {name}", column.sql));
            out.columns.push(Named { sql: name, ..column.clone() });
        }
        if let Some(hospital) = &scope.hospital {
            list.push(format!("{hospital} AS hospital"));
            let network = format!("{} AS network", network::beside(hospital));
            list.push(both(&network, &format!("{hospital} AS network")));
            out.hospital = Some("hospital".to_owned());
        }
        Handed { list: list.join(", "), scope: out }
    }

    /// DISTINCT rows of a key and some columns.
    fn distinct_rows(&mut self) -> Scope {
        self.note("distinct_rows");
        let at = self.child();
        let inner = self.name("i");
        let mut scope = self.table(at, &inner);
        // Without the own key, so that rows fall together.
        scope.keys.retain(|(table, _)| *table != at);
        scope.columns.truncate(2);
        let alias = self.name("d");
        let handed = self.handed(&scope);
        let text = format!("SELECT DISTINCT {} FROM {}", handed.list, scope.from);
        self.wrapped(handed.scope, &alias, &text)
    }

    /// Rows of one table under two conditions.
    fn union_rows(&mut self) -> Scope {
        let (production, union) = if self.dice.one_in(3) {
            ("union_rows", "UNION")
        } else {
            ("union_all_rows", "UNION ALL")
        };
        self.note(production);
        let at = self.random_table();
        let inner = self.name("i");
        let scope = self.table(at, &inner);
        let alias = self.name("d");
        let handed = self.handed(&scope);
        let (one, other) = (self.condition(&scope, 1), self.condition(&scope, 1));
        let (list, from) = (&handed.list, &scope.from);
        let text = format!(
            "SELECT {list} FROM {from} WHERE {one} {union} SELECT {list} FROM {from} WHERE {other}"
        );
        self.wrapped(handed.scope, &alias, &text)
    }
}

struct Handed {
    list: String,
    scope: Scope,
}

fn offered(table: &Table, at: usize, alias: &str) -> Scope {
    let mut keys = vec![(at, format!("{alias}.{}", table.key))];
    keys.extend(table.parent.iter().map(|(parent, column)| (*parent, format!("{alias}.{column}"))));
    let named = |column: &crate::differential::schema::Column| Named {
        sql: format!("{alias}.{}", column.name),
        kind: column.kind.clone(),
        nullable: column.nullable,
    };
    let columns = table.columns.iter().map(named).collect();
    Scope { columns, keys, hospital: Some(format!("{alias}.hospital")), ..Scope::default() }
}
