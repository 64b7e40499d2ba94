//! From SQL text to safe figures.
