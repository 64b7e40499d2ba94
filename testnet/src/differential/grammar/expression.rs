//! Values and conditions inside a patient.

use super::Writer;
use super::patients::Correlated;
use super::sources::{Named, Scope};
use crate::differential::schema::{Kind, decimal};

impl Writer<'_> {
    /// A column that may be added up: a measure or a flag.
    pub(super) fn measure(&mut self, scope: &Scope) -> Option<Named> {
        let fits = |column: &&Named| {
            matches!(column.kind, Kind::Integer(..) | Kind::Decimal(..) | Kind::Flag)
        };
        let measures: Vec<&Named> = scope.columns.iter().filter(fits).collect();
        self.dice.pick(&measures).map(|column| (*column).clone())
    }

    /// A number that may be added up.
    pub(super) fn number(&mut self, scope: &Scope, depth: usize) -> Named {
        let one = Named { sql: "1".to_owned(), kind: Kind::Flag, nullable: false };
        let Some(column) = self.measure(scope) else { return one };
        if depth == 0 || self.dice.one_in(3) {
            return column;
        }
        let Named { sql, kind, nullable } = column.clone();
        let (low, high) = bounds(&kind);
        let literal = self.literal(&kind);
        let (production, sql, kind) = match self.dice.roll(16) {
            0..=1 => ("arithmetic", format!("({sql} + {literal})"), kind),
            2 => {
                let other = self.number(scope, 0);
                ("arithmetic", format!("({sql} - {})", other.sql), wider(kind, other.kind))
            }
            3 => ("arithmetic", format!("({sql} * {})", self.dice.between(-3, 3)), kind),
            4 => ("arithmetic", format!("(-{sql})"), kind),
            5 if matches!(kind, Kind::Integer(..)) => {
                let by = self.dice.between(2, 40);
                ("integer_division", format!("({sql} / {by})"), Kind::Integer(low / by, high / by))
            }
            6 if matches!(kind, Kind::Integer(..)) => {
                ("modulo", format!("({sql} % {})", self.dice.between(2, 40)), kind)
            }
            7 => ("abs", format!("abs({sql})"), kind),
            8 => ("coalesce", format!("coalesce({sql}, {literal})"), kind),
            9 => ("nullif", format!("nullif({sql}, {literal})"), kind),
            10 => {
                let name = self.dice.word(&["greatest", "least"]);
                ("greatest_least", format!("{name}({sql}, {literal})"), kind)
            }
            11 => ("cast", format!("CAST({sql} AS DOUBLE PRECISION)"), kind),
            12 => {
                let by = self.dice.between(2, 9);
                ("float_division", format!("(CAST({sql} AS DOUBLE PRECISION) / {by})"), kind)
            }
            13 => {
                let name = self.dice.word(&["round", "floor", "ceil"]);
                ("round", format!("{name}(CAST({sql} AS DOUBLE PRECISION))"), kind)
            }
            _ => {
                let condition = self.condition(scope, depth.saturating_sub(1));
                let otherwise =
                    if self.dice.one_in(2) { format!(" ELSE {literal}") } else { String::new() };
                ("case", format!("CASE WHEN {condition} THEN {sql}{otherwise} END"), kind)
            }
        };
        self.note(production);
        Named { sql, kind, nullable }
    }

    /// A constant within (mostly) the bounds of a kind.
    pub(super) fn literal(&mut self, kind: &Kind) -> String {
        let (low, high) = bounds(kind);
        let value = self.dice.between(low, high);
        let text = match kind {
            Kind::Decimal(scale, ..) => decimal(value, *scale),
            Kind::Texts(codes) => {
                let code = self.dice.pick(codes).cloned().unwrap_or_default();
                format!("'{}'", code.replace('\'', "''"))
            }
            Kind::Numbers(codes) => self.dice.pick(codes).copied().unwrap_or_default().to_string(),
            Kind::Flag | Kind::Integer(..) | Kind::Quasi(..) => value.to_string(),
        };
        if text.starts_with('-') { format!("({text})") } else { text }
    }

    /// One column against constants.
    pub(super) fn comparison(&mut self, scope: &Scope) -> String {
        if let Some(hospital) = &scope.hospital
            && self.dice.one_in(12)
        {
            self.note("hospital_condition");
            let code = self.dice.word(&["ALFA", "BRAVO", "DELTA", "NOWHERE"]);
            return match self.dice.roll(3) {
                0 => format!("{hospital} <> '{code}'"),
                1 => format!("{hospital} IN ('ALFA', '{code}')"),
                _ => format!("{hospital} = '{code}'"),
            };
        }
        let Some(column) = self.dice.pick(&scope.columns).cloned() else {
            return "1 = 1".to_owned();
        };
        let (one, other) = (self.literal(&column.kind), self.literal(&column.kind));
        let sql = &column.sql;
        let (production, text) = match self.dice.roll(10) {
            0 => ("in_list", format!("{sql} IN ({one}, {other})")),
            1 => ("in_list", format!("{sql} NOT IN ({one}, {other})")),
            2 if matches!(column.kind, Kind::Texts(_)) => {
                let pattern = self.dice.word(&["%o%", "g%", "_l%", "%t''s", "été"]);
                ("like", format!("{sql} LIKE '{pattern}'"))
            }
            2 => ("between", format!("{sql} BETWEEN {one} AND {other}")),
            3 => ("is_null", format!("{sql} IS NULL")),
            4 => ("is_null", format!("{sql} IS NOT NULL")),
            5 => ("is_distinct", format!("({sql} IS DISTINCT FROM {one})")),
            6 => {
                let word = self.dice.word(&["IS TRUE", "IS NOT FALSE", "IS NOT TRUE", "IS FALSE"]);
                ("is_true", format!("({sql} >= {one}) {word}"))
            }
            _ => {
                let operator = self.dice.word(&["=", "<>", "<", "<=", ">", ">="]);
                ("compare", format!("{sql} {operator} {one}"))
            }
        };
        self.note(production);
        text
    }

    /// A condition of any form.
    pub(super) fn condition(&mut self, scope: &Scope, depth: usize) -> String {
        if depth == 0 {
            return self.comparison(scope);
        }
        let less = depth.saturating_sub(1);
        match self.dice.roll(8) {
            0 => {
                self.note("and");
                let (a, b) = (self.condition(scope, less), self.condition(scope, less));
                format!("({a} AND {b})")
            }
            1 => {
                self.note("or");
                let (a, b) = (self.condition(scope, less), self.condition(scope, less));
                format!("({a} OR {b})")
            }
            2 => {
                self.note("not");
                format!("NOT ({})", self.condition(scope, less))
            }
            _ => self.comparison(scope),
        }
    }

    /// EXISTS and IN over rows of the same patient.
    pub(super) fn subquery(&mut self, scope: &Scope) -> Option<String> {
        let Correlated { from, column, key, condition } = self.correlated(scope)?;
        Some(match self.dice.roll(4) {
            0 => {
                self.note("exists");
                format!("EXISTS (SELECT 1 FROM {from} WHERE {column} = {key} AND {condition})")
            }
            1 => {
                self.note("not_exists");
                format!("NOT EXISTS (SELECT 1 FROM {from} WHERE {column} = {key} AND {condition})")
            }
            2 => {
                self.note("not_in_subquery");
                format!("{key} NOT IN (SELECT {column} FROM {from} WHERE {condition})")
            }
            _ => {
                self.note("in_subquery");
                format!("{key} IN (SELECT {column} FROM {from} WHERE {condition})")
            }
        })
    }
}

/// The bounds of a kind in units of its last digit.
fn bounds(kind: &Kind) -> (i64, i64) {
    match kind {
        Kind::Integer(min, max) | Kind::Decimal(_, min, max) | Kind::Quasi(min, max, _) => {
            (*min, *max)
        }
        Kind::Flag | Kind::Texts(_) | Kind::Numbers(_) => (0, 1),
    }
}

fn wider(a: Kind, b: Kind) -> Kind {
    if matches!(b, Kind::Decimal(..)) { b } else { a }
}
