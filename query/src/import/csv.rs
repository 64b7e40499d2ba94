//! RFC 4180 to the letter, one record at a time.
//!
//! The usual readers accept whatever they get: a quote inside a field is kept, what follows a closing quote is glued
//! on, an unclosed quote swallows the rest of the file. Here each of these is a fault of its line. After a fault that
//! leaves the end of the record unknown, reading goes on at the next line of the file, so one stray quote costs one
//! line (a record with line breaks costs each of its lines).

use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// Most bytes of one record: far above a row of coded data, small enough that a stray quote does not read on for long.
pub(crate) const MAX_RECORD_BYTES: usize = 1 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a record cannot be taken apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("a quote is opened and not closed")]
    UnclosedQuote,
    #[error(
        "a quote stands inside field {field}: quote the whole field and double the quotes inside"
    )]
    StrayQuote { field: usize },
    #[error("field {field} goes on after its closing quote")]
    AfterQuote { field: usize },
    #[error("a carriage return stands alone: lines end with LF or CRLF")]
    CarriageReturn,
    #[error("the record holds a NUL byte")]
    Nul,
    #[error("field {field} is not valid UTF-8: save the file as UTF-8")]
    NotUtf8 { field: usize },
    #[error("the record is longer than {MAX_RECORD_BYTES} bytes")]
    TooLong,
}

impl Fault {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::UnclosedQuote | Self::StrayQuote { .. } | Self::AfterQuote { .. } => "quotes",
            Self::CarriageReturn => "carriage_return",
            Self::Nul => "nul_byte",
            Self::NotUtf8 { .. } => "not_utf8",
            Self::TooLong => "record_too_long",
        }
    }
}

/// One record, or what is wrong with it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// The line on which it begins, from 1.
    pub(crate) line: u64,
    /// Its fields.
    pub(crate) fields: Result<Vec<Cow<'a, str>>, Fault>,
}

/// Takes a file's bytes apart. Empty lines at its end are no records.
#[derive(Debug)]
pub(crate) struct Records<'a> {
    rest: &'a [u8],
    line: u64,
    delimiter: u8,
}

impl<'a> Records<'a> {
    pub(crate) fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
        let line_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
        let blank = bytes.iter().rev().take_while(|byte| line_end(byte)).count();
        let kept = bytes.len().saturating_sub(blank);
        Self { rest: bytes.get(..kept).unwrap_or_default(), line: 1, delimiter }
    }

    fn skip(&mut self, count: usize) {
        let (skipped, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        let lines = skipped.iter().filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(u64::try_from(lines).unwrap_or(u64::MAX));
        self.rest = rest;
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let line = self.line;
        match record(self.rest, self.delimiter) {
            Ok((fields, length)) => {
                self.skip(length);
                Some(Record { line, fields: texts(&fields) })
            }
            Err(fault) => {
                let end = self.rest.iter().position(|byte| *byte == b'\n');
                self.skip(end.map_or(self.rest.len(), |end| end.saturating_add(1)));
                Some(Record { line, fields: Err(fault) })
            }
        }
    }
}

/// One field as it stands in the file, without its outer quotes.
#[derive(Clone, Copy)]
struct Field<'a> {
    bytes: &'a [u8],
    doubled: bool,
}

/// The first record's fields, and how many bytes it takes with its line end.
fn record(bytes: &[u8], delimiter: u8) -> Result<(Vec<Field<'_>>, usize), Fault> {
    let mut fields = Vec::new();
    let mut at = 0_usize;
    loop {
        let rest = bytes.get(at..).unwrap_or_default();
        let number = fields.len().saturating_add(1);
        let budget = MAX_RECORD_BYTES.saturating_sub(at);
        let (field, length) = match rest.first() {
            Some(b'"') => quoted(rest, budget)?,
            Some(_) | None => plain(rest, delimiter, number, budget)?,
        };
        fields.push(field);
        at = at.saturating_add(length);
        match (bytes.get(at), bytes.get(at.saturating_add(1))) {
            (None, _) => return Ok((fields, at)),
            (Some(b'\n'), _) => return Ok((fields, at.saturating_add(1))),
            (Some(b'\r'), Some(b'\n')) => return Ok((fields, at.saturating_add(2))),
            (Some(b'\r'), _) => return Err(Fault::CarriageReturn),
            (Some(byte), _) if *byte == delimiter => at = at.saturating_add(1),
            (Some(_), _) => return Err(Fault::AfterQuote { field: number }),
        }
    }
}

fn quoted(rest: &[u8], budget: usize) -> Result<(Field<'_>, usize), Fault> {
    let mut doubled = false;
    let mut at = 1_usize;
    loop {
        let open = rest.get(at..).unwrap_or_default();
        let searched = open.get(..budget.saturating_sub(at)).unwrap_or(open);
        let Some(found) = searched.iter().position(|byte| *byte == b'"') else {
            let cut = searched.len() < open.len();
            return Err(if cut { Fault::TooLong } else { Fault::UnclosedQuote });
        };
        let end = at.saturating_add(found);
        let after = end.saturating_add(1);
        if rest.get(after) == Some(&b'"') {
            doubled = true;
            at = after.saturating_add(1);
            continue;
        }
        let bytes = rest.get(1..end).unwrap_or_default();
        nul(bytes)?;
        return Ok((Field { bytes, doubled }, after));
    }
}

fn plain(
    rest: &[u8],
    delimiter: u8,
    number: usize,
    budget: usize,
) -> Result<(Field<'_>, usize), Fault> {
    let searched = rest.get(..budget).unwrap_or(rest);
    let ends = |byte: &u8| *byte == delimiter || matches!(byte, b'\r' | b'\n' | b'"');
    let length = match searched.iter().position(ends) {
        Some(length) => length,
        None if searched.len() < rest.len() => return Err(Fault::TooLong),
        None => rest.len(),
    };
    if rest.get(length) == Some(&b'"') && delimiter != b'"' {
        return Err(Fault::StrayQuote { field: number });
    }
    let bytes = rest.get(..length).unwrap_or_default();
    nul(bytes)?;
    Ok((Field { bytes, doubled: false }, length))
}

fn nul(bytes: &[u8]) -> Result<(), Fault> {
    if bytes.contains(&0) { Err(Fault::Nul) } else { Ok(()) }
}

fn texts<'a>(fields: &[Field<'a>]) -> Result<Vec<Cow<'a, str>>, Fault> {
    let text = |(index, field): (usize, &Field<'a>)| {
        let text = std::str::from_utf8(field.bytes);
        let text = text.map_err(|_bytes| Fault::NotUtf8 { field: index.saturating_add(1) })?;
        Ok(if field.doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) })
    };
    fields.iter().enumerate().map(text).collect()
}
