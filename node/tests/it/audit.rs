//! Exports and proof files of the log: both verifiers accept what is whole and find what is not, at the same place.

mod gaps;
mod python;
mod support;

mod same;
mod story;
mod tamper;
mod whole;
