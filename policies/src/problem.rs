//! Problems of a person's file: where, what, and what to do. All of them are reported at once.

use std::fmt;

/// One problem of one file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file's path inside its directory, e.g. `members.toml`.
    pub file: String,
    /// Line, from 1, where known.
    pub line: Option<usize>,
    /// What is wrong and what to do, one sentence, lower case, no full stop.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// Collects the problems of one file.
#[derive(Debug)]
pub struct Problems<'a> {
    file: &'a str,
    text: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    /// Starts a collection for `file`, whose whole text is `text`.
    #[must_use]
    pub fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, found: Vec::new() }
    }

    /// Adds a problem without a place.
    pub fn add(&mut self, message: impl Into<String>) {
        let file = self.file.to_owned();
        self.found.push(Problem { file, line: None, message: message.into() });
    }

    /// Adds a problem at a byte offset of the text.
    pub fn at(&mut self, offset: usize, message: impl Into<String>) {
        let line = Some(line_of(self.text, offset));
        let file = self.file.to_owned();
        self.found.push(Problem { file, line, message: message.into() });
    }

    /// Keeps the value, or adds the error at the byte offset.
    pub fn take<T, E: fmt::Display>(&mut self, offset: usize, value: Result<T, E>) -> Option<T> {
        value.map_err(|error| self.at(offset, error.to_string())).ok()
    }

    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// What was found, in order of lines.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found
    }
}

/// The line, from 1, of a byte offset.
#[must_use]
pub fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset.min(text.len())).unwrap_or_default();
    before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1)
}
