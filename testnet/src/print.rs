//! Printing: results to stdout, progress to stderr.

use std::io::Write as _;

/// Prints a line to stdout; a closed pipe is no fault.
pub fn line(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

/// Prints a line to stderr.
pub fn note(text: impl std::fmt::Display) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
