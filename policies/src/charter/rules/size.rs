//! How large one rule may be, counted before Cedar reads it.
//!
//! Cedar's parser has no depth limit, and its validator *accepts* an expression that it runs out of stack for. So
//! operators and brackets are counted here, on the text, and what passes is read with [`with_stack`].

/// Most bytes of one rule file.
pub const MAX_RULE_BYTES: usize = 256 * 1024;
/// Most operators of one rule: each may add a level to its expression.
const MAX_OPERATORS: usize = 128;
/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 16;
/// Stack for reading or evaluating a rule of the largest size, with room to spare in a debug build.
const STACK_BYTES: usize = 32 * 1024 * 1024;
/// Words that are operators.
const WORDS: [&str; 7] = ["if", "then", "else", "in", "has", "like", "is"];

/// Runs Cedar where the largest rule has stack enough, whatever thread calls; within itself it is free.
pub(crate) fn with_stack<T>(work: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(STACK_BYTES / 2, STACK_BYTES, work)
}

/// Every rule of the file that is too large, with its place.
pub(super) fn check(text: &str) -> Vec<(usize, String)> {
    let mut problems = Vec::new();
    if text.len() > MAX_RULE_BYTES {
        let got = text.len();
        problems.push((0, format!("the file has {got} bytes, at most {MAX_RULE_BYTES} are read")));
        return problems;
    }
    let mut rule = Count::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let offset = text.len().saturating_sub(rest.len());
        let length = match token_length(rest) {
            Some(length) => length,
            None => {
                problems.push((offset, "not Cedar: this text in quotes does not end".to_owned()));
                return problems;
            }
        };
        let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
        if c == ';' {
            rule = Count::default();
        } else if let Some(problem) = rule.add(token) {
            problems.push((offset, problem));
        }
        rest = after;
    }
    problems
}

/// What one rule has so far.
#[derive(Default)]
struct Count {
    operators: usize,
    depth: usize,
    told: bool,
}

impl Count {
    /// Counts a token; says once what is too much.
    fn add(&mut self, token: &str) -> Option<String> {
        match token {
            "(" | "[" | "{" => self.depth = self.depth.saturating_add(1),
            ")" | "]" | "}" => self.depth = self.depth.saturating_sub(1),
            "," | ":" | "@" => {}
            _ if token.starts_with(['"', '/']) || token.trim().is_empty() => {}
            _ if is_word(token) && !WORDS.contains(&token) => {}
            _ => self.operators = self.operators.saturating_add(1),
        }
        let what = if self.depth > MAX_DEPTH {
            format!("a rule nests at most {MAX_DEPTH} brackets")
        } else if self.operators > MAX_OPERATORS {
            format!("a rule has at most {MAX_OPERATORS} operators: split it")
        } else {
            return None;
        };
        let told = std::mem::replace(&mut self.told, true);
        (!told).then_some(what)
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c == '_' || c.is_ascii_alphanumeric())
}

/// Bytes of the first token; `None` for a text in quotes without an end.
fn token_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find(['\n', '\r']).unwrap_or(rest.len()));
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        return quoted_length(quoted).map(|length| length.saturating_add(1));
    }
    if is_word(rest) {
        let end = |c: char| c != '_' && !c.is_ascii_alphanumeric();
        return Some(rest.find(end).unwrap_or(rest.len()));
    }
    for pair in ["&&", "||", "==", "!=", "<=", ">="] {
        if rest.starts_with(pair) {
            return Some(pair.len());
        }
    }
    rest.chars().next().map(char::len_utf8)
}

/// Bytes up to and with the closing quote.
fn quoted_length(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    for (place, c) in quoted.char_indices() {
        match c {
            '\n' | '\r' if escaped => return None,
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(place.saturating_add(1)),
            _ => {}
        }
    }
    None
}
