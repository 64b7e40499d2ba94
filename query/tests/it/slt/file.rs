//! `.slt` files: the format of sqllogictest, read strictly.
//!
//! ```text
//! # A comment.
//! # postgres: SELECT ...          the same question in PostgreSQL's words, where it does not know ours
//! # by hand: ...                  why the answer is right, where PostgreSQL cannot tell
//! query TIRDB [rowsort]           text, integer, float, decimal, boolean; rows in any order
//! SELECT ...
//! ----
//! a row, its values parted by spaces
//!
//! query error CODE: .*words of the message
//! SELECT ...
//! ```
//!
//! A value that is not shown is `hidden` or `incomplete`, a quantile has its interval behind it: `63.5[60..70]`, and rows that
//! were left out are a last line `undecided N`. `{text}*N` in a question repeats the text. The crate `sqllogictest` reads the
//! same format; it is not used because it would bring some twenty packages for a parser of a page, and because a code is
//! compared here, not searched for. The tests of `testnet` read the same files and let PostgreSQL judge the answers.

/// One question and what becomes of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// Line of its first word.
    pub(crate) line: usize,
    /// The text.
    pub(crate) sql: String,
    /// Who says that the answer is right.
    pub(crate) judge: Judge,
    /// The answer.
    pub(crate) expect: Expect,
}

/// Who says that an answer is right.
#[derive(Debug, PartialEq)]
pub(crate) enum Judge {
    /// PostgreSQL, asked the same.
    Same,
    /// PostgreSQL, asked this.
    Sql(String),
    /// Whoever wrote it.
    Hand,
}

/// What becomes of a question.
#[derive(Debug)]
pub(crate) enum Expect {
    /// A table.
    Rows {
        /// A letter for each column.
        types: String,
        /// Whether the order of rows is free.
        rowsort: bool,
        /// Its rows.
        rows: Vec<String>,
    },
    /// A refusal.
    Refused {
        /// Its code.
        code: String,
        /// What the message says.
        words: String,
    },
}

/// Reads a file.
pub(crate) fn parse(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut judge = Judge::Same;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let at = number + 1;
        if let Some(comment) = line.strip_prefix('#') {
            let comment = comment.trim();
            if let Some(sql) = comment.strip_prefix("postgres: ") {
                judge = Judge::Sql(sql.to_owned());
            } else if comment.starts_with("by hand: ") {
                judge = Judge::Hand;
            }
        } else if let Some(head) = line.strip_prefix("query ") {
            let mut body: Vec<&str> = Vec::new();
            for (_, line) in lines.by_ref() {
                if line.is_empty() {
                    break;
                }
                body.push(line);
            }
            let judge = std::mem::replace(&mut judge, Judge::Same);
            cases.push(case(at, head, &body, judge));
        } else {
            assert!(line.is_empty(), "line {at}: `{line}` is no record");
        }
    }
    cases
}

fn case(line: usize, head: &str, body: &[&str], judge: Judge) -> Case {
    let cut = body.iter().position(|line| *line == "----");
    if let Some(wanted) = head.strip_prefix("error ") {
        let (code, words) =
            wanted.split_once(": .*").unwrap_or_else(|| panic!("line {line}: write CODE: .*words"));
        assert!(cut.is_none() && !words.is_empty(), "line {line}: a refusal has words and no rows");
        let expect = Expect::Refused { code: code.to_owned(), words: words.to_owned() };
        return Case { line, sql: expanded(&body.join("\n")), judge, expect };
    }
    let (types, mode) = head.split_once(' ').unwrap_or((head, "nosort"));
    assert!(types.chars().all(|kind| "TIRDB".contains(kind)), "line {line}: types `{types}`");
    assert!(["nosort", "rowsort"].contains(&mode), "line {line}: mode `{mode}`");
    let cut = cut.unwrap_or_else(|| panic!("line {line}: ---- is missing"));
    let (sql, rows) = body.split_at(cut);
    let rows = rows.iter().skip(1).map(|row| (*row).to_owned()).collect();
    let expect = Expect::Rows { types: types.to_owned(), rowsort: mode == "rowsort", rows };
    Case { line, sql: expanded(&sql.join("\n")), judge, expect }
}

/// `{text}*N` repeated.
fn expanded(sql: &str) -> String {
    let mut out = String::new();
    let mut rest = sql;
    while let Some((before, after)) = rest.split_once('{') {
        let (text, after) =
            after.split_once("}*").unwrap_or_else(|| panic!("write {{text}}*N: {sql}"));
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        let (times, after) = after.split_at(digits);
        out.push_str(before);
        out.push_str(
            &text.repeat(times.parse().unwrap_or_else(|_no| panic!("write {{text}}*N: {sql}"))),
        );
        rest = after;
    }
    out + rest
}

/// Whether rows are the expected ones; `judged` by another engine, whose decimals have other scales.
pub(crate) fn same(expected: &[String], got: &[String], rowsort: bool, judged: bool) -> bool {
    let sorted = |rows: &[String]| {
        let mut rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.split_whitespace().map(str::to_owned).collect()).collect();
        if rowsort {
            rows.sort_by_cached_key(|row| {
                row.iter().map(|value| coarse(value)).collect::<Vec<_>>()
            });
        }
        rows
    };
    let (expected, got) = (sorted(expected), sorted(got));
    expected.len() == got.len()
        && expected
            .iter()
            .zip(&got)
            .all(|(a, b)| a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b, judged)))
}

/// A value so that nearly equal ones sort alike.
fn coarse(value: &str) -> String {
    let (number, _) = value.split_once('[').unwrap_or((value, ""));
    number.parse::<f64>().map_or_else(|_text| value.to_owned(), |number| format!("{number:.3e}"))
}

fn alike(expected: &str, got: &str, judged: bool) -> bool {
    if expected == got {
        return true;
    }
    if judged && let Some((_, interval)) = expected.split_once('[') {
        let ends = interval.trim_end_matches(']').split_once("..");
        let ends =
            ends.and_then(|(low, high)| low.parse::<f64>().ok().zip(high.parse::<f64>().ok()));
        let (Some((low, high)), Ok(got)) = (ends, got.parse::<f64>()) else { return false };
        return low - 1e-9 <= got && got <= high + 1e-9;
    }
    let ((a, a_interval), (b, b_interval)) = (
        expected.split_once('[').unwrap_or((expected, "")),
        got.split_once('[').unwrap_or((got, "")),
    );
    if a_interval != b_interval {
        return false;
    }
    let whole = |text: &str| !text.contains(['.', 'e']);
    let (Ok(x), Ok(y)) = (a.parse::<f64>(), b.parse::<f64>()) else { return false };
    if whole(a) && whole(b) {
        return false;
    }
    let digits = a.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let unit = if judged && digits > 0 && !a.contains('e') {
        10_f64.powi(-i32::try_from(digits).unwrap_or(0))
    } else {
        0.0
    };
    (x - y).abs() <= (1e-9 * x.abs().max(y.abs()).max(1e-3)).max(unit)
}
