//! Expressions as a person reads them: SQL as an analyst would write it, not the engine's own notation.
//!
//! For messages and explanations only; nothing reads it back.

use datafusion::logical_expr::Expr;

use crate::error::quoted;

/// The engine's words for types, and SQL's.
const TYPES: [(&str, &str); 7] = [
    (" AS Int16)", " AS SMALLINT)"),
    (" AS Int32)", " AS INT)"),
    (" AS Int64)", " AS BIGINT)"),
    (" AS Float64)", " AS DOUBLE)"),
    (" AS Utf8)", " AS TEXT)"),
    (" AS Boolean)", " AS BOOLEAN)"),
    (" AS Decimal128(", " AS DECIMAL("),
];
/// How the engine marks constants that stand for themselves.
const PLAIN: [&str; 7] = ["Int8(", "Int16(", "Int32(", "Int64(", "UInt64(", "Float64(", "Boolean("];

/// An expression as SQL, shortened.
pub(crate) fn written(expr: &Expr) -> String {
    let Expr::Alias(alias) = expr else { return quoted(readable(&expr.to_string())) };
    let inner = readable(&alias.expr.to_string());
    if inner == alias.name { quoted(inner) } else { quoted(format!("{inner} AS {}", alias.name)) }
}

/// The engine's text of an expression with SQL's constants and types.
fn readable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let in_word = out.chars().next_back().is_some_and(|c| c.is_alphanumeric() || c == '_');
        let replaced = if in_word { None } else { constant(rest) };
        if let Some((sql, after)) = replaced.or_else(|| type_name(rest)) {
            out.push_str(&sql);
            rest = after;
        } else {
            out.push(next);
            rest = rest.strip_prefix(next).unwrap_or_default();
        }
    }
    out
}

fn type_name(text: &str) -> Option<(String, &str)> {
    let of = |(engine, sql): &(&str, &str)| Some(((*sql).to_owned(), text.strip_prefix(engine)?));
    TYPES.iter().find_map(of)
}

fn constant(text: &str) -> Option<(String, &str)> {
    if let Some(rest) = text.strip_prefix("count(Int64(1))") {
        return Some(("count(*)".to_owned(), rest));
    }
    if let Some(rest) = text.strip_prefix("Utf8(\"") {
        let (value, rest) = rest.split_once("\")")?;
        return Some((format!("'{}'", value.replace('\'', "''")), rest));
    }
    if let Some(rest) = text.strip_prefix("Utf8(NULL)") {
        return Some(("NULL".to_owned(), rest));
    }
    if let Some(rest) = text.strip_prefix("Decimal128(") {
        let (value, rest) = rest.split_once(')')?;
        return Some((value.split_once(',')?.0.to_owned(), rest));
    }
    let rest = PLAIN.iter().find_map(|mark| text.strip_prefix(mark))?;
    let (value, rest) = rest.split_once(')')?;
    Some((value.to_owned(), rest))
}

#[cfg(test)]
mod tests;
