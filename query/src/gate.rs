//! The gate before the parser: how long, how deep and how wide a text may be.
//!
//! Parser and planner are recursive, and a stack that overflows kills the process without a chance to say why. So the
//! text is cut into tokens first, by an iterative tokenizer, and counted. What passes is small; nothing is understood
//! here. The tokens are handed on, so the parser reads exactly what was counted.

use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};
use policies::wire::MAX_SQL_BYTES;

use crate::error::PlanError;

/// Most tokens, white space apart.
const MAX_TOKENS: usize = 2_000;
/// Deepest nesting of parentheses, brackets and CASE.
const MAX_DEPTH: usize = 32;
/// Most operators between two commas, parentheses or clauses: each may nest one level deeper in the parser.
const MAX_CHAIN: usize = 200;
/// Most items of one list.
const MAX_ITEMS: usize = 500;
/// Names that begin so belong to the engine.
const RESERVED_PREFIX: &str = "__";

/// One open bracket: what was counted inside it so far.
#[derive(Default)]
struct Level {
    operators: usize,
    commas: usize,
    /// The right side of IS DISTINCT FROM is being read: where it stands.
    distinct: Distinct,
}

/// The parser lets the right side of IS DISTINCT FROM go on over AND and OR, where SQL ends it.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Distinct {
    #[default]
    Outside,
    /// After DISTINCT.
    Word,
    /// After DISTINCT FROM.
    RightSide,
}

/// Cuts a text into tokens and counts them.
pub(crate) fn tokens(sql: &str) -> Result<Vec<TokenWithSpan>, PlanError> {
    if sql.len() > MAX_SQL_BYTES {
        return Err(PlanError::TooLong { got: sql.len(), limit: MAX_SQL_BYTES });
    }
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, sql)
        .tokenize_with_location()
        .map_err(|error| PlanError::BadSql { line: error.location.line, near: String::new() })?;
    let mut counted = 0_usize;
    let mut levels = vec![Level::default()];
    for token in tokens.iter().map(|token| &token.token) {
        if matches!(token, Token::Whitespace(_)) {
            continue;
        }
        counted = counted.saturating_add(1);
        if counted > MAX_TOKENS {
            return Err(PlanError::TooManyTokens { limit: MAX_TOKENS });
        }
        count(token, &mut levels)?;
    }
    Ok(tokens)
}

fn count(token: &Token, levels: &mut Vec<Level>) -> Result<(), PlanError> {
    if let Token::Word(word) = token {
        return count_word(word, levels);
    }
    match kind(token) {
        Kind::Open => open(levels),
        Kind::Close => {
            close(levels);
            Ok(())
        }
        Kind::Comma => {
            let Some(level) = levels.last_mut() else { return Ok(()) };
            level.operators = 0;
            level.distinct = Distinct::Outside;
            level.commas = level.commas.saturating_add(1);
            if level.commas >= MAX_ITEMS {
                return Err(PlanError::ListTooLong { limit: MAX_ITEMS });
            }
            Ok(())
        }
        Kind::Operator => operator(levels),
        Kind::Plain => Ok(()),
    }
}

enum Kind {
    Open,
    Close,
    Comma,
    Operator,
    Plain,
}

fn kind(token: &Token) -> Kind {
    if matches!(token, Token::LParen | Token::LBracket | Token::LBrace) {
        return Kind::Open;
    }
    if matches!(token, Token::RParen | Token::RBracket | Token::RBrace) {
        return Kind::Close;
    }
    if matches!(token, Token::Comma) {
        return Kind::Comma;
    }
    let literal = matches!(
        token,
        Token::Number(..)
            | Token::Char(_)
            | Token::SingleQuotedString(_)
            | Token::DoubleQuotedString(_)
            | Token::EscapedStringLiteral(_)
            | Token::NationalStringLiteral(_)
            | Token::Period
            | Token::EOF
    );
    if literal { Kind::Plain } else { Kind::Operator }
}

fn count_word(word: &Word, levels: &mut Vec<Level>) -> Result<(), PlanError> {
    if word.value.starts_with(RESERVED_PREFIX) {
        return Err(PlanError::ReservedName { name: word.value.clone() });
    }
    if word.quote_style.is_some() {
        return Ok(());
    }
    distinct(word.keyword, levels)?;
    if word.keyword == Keyword::CASE {
        return open(levels);
    }
    if word.keyword == Keyword::END && levels.len() > 1 {
        close(levels);
        return Ok(());
    }
    let joins_operands = matches!(
        word.keyword,
        Keyword::AND
            | Keyword::OR
            | Keyword::NOT
            | Keyword::IS
            | Keyword::LIKE
            | Keyword::ILIKE
            | Keyword::BETWEEN
            | Keyword::IN
            | Keyword::JOIN
            | Keyword::UNION
            | Keyword::INTERSECT
            | Keyword::EXCEPT
            | Keyword::COLLATE
            | Keyword::WHEN
            | Keyword::SELECT
            | Keyword::WITH
            | Keyword::EXPLAIN
            | Keyword::DESCRIBE
            | Keyword::OPERATOR
            | Keyword::AT
    );
    if joins_operands { operator(levels) } else { Ok(()) }
}

/// Refuses what the parser would read otherwise than SQL does.
fn distinct(keyword: Keyword, levels: &mut [Level]) -> Result<(), PlanError> {
    let Some(level) = levels.last_mut() else { return Ok(()) };
    level.distinct = match (keyword, level.distinct) {
        (Keyword::DISTINCT, _) => Distinct::Word,
        (Keyword::FROM, Distinct::Word) => Distinct::RightSide,
        (Keyword::AND | Keyword::OR | Keyword::IS, Distinct::RightSide) => {
            return Err(PlanError::unsupported(
                ("AND, OR or IS after IS DISTINCT FROM", "AND, OR of IS na IS DISTINCT FROM"),
                (
                    "put parentheses around it: (a IS DISTINCT FROM b) AND ...",
                    "zet er haakjes omheen: (a IS DISTINCT FROM b) AND ...",
                ),
            ));
        }
        (_, Distinct::Word)
        | (
            Keyword::WHERE
            | Keyword::GROUP
            | Keyword::HAVING
            | Keyword::ORDER
            | Keyword::LIMIT
            | Keyword::UNION
            | Keyword::THEN
            | Keyword::AS
            | Keyword::FROM
            | Keyword::LEFT
            | Keyword::RIGHT
            | Keyword::INNER
            | Keyword::CROSS
            | Keyword::JOIN,
            _,
        ) => Distinct::Outside,
        (_, other) => other,
    };
    Ok(())
}

fn open(levels: &mut Vec<Level>) -> Result<(), PlanError> {
    if levels.len() > MAX_DEPTH {
        return Err(PlanError::TooDeep { limit: MAX_DEPTH });
    }
    levels.push(Level::default());
    Ok(())
}

fn close(levels: &mut Vec<Level>) {
    if levels.len() > 1 {
        levels.pop();
    }
}

fn operator(levels: &mut [Level]) -> Result<(), PlanError> {
    let Some(level) = levels.last_mut() else { return Ok(()) };
    level.operators = level.operators.saturating_add(1);
    if level.operators > MAX_CHAIN {
        return Err(PlanError::ChainTooLong { limit: MAX_CHAIN });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
