//! Printing: results to stdout, everything else to stderr.

use std::io::Write as _;

/// Prints a line to stdout; a closed pipe is no fault.
pub(crate) fn line(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Prints a line to stderr.
pub(crate) fn note(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Prints an error with all of its causes.
pub(crate) fn error(error: &anyhow::Error) {
    note(format!("kring: {error:#}"));
}
