//! What a file of patient numbers says of itself, for whoever holds other things against it. It reads no key.

use std::path::Path;

use policies::Digest;

use super::numbering::{HEAD, SEAL, parse_head};

/// What a file of patient numbers says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// What tells these numbers from others for the same patients; none in files of before series.
    pub series: Option<Digest>,
    /// Numbers that were given out: 0 to one less.
    pub count: u64,
}

/// Reads a file; none where it is missing, damaged, or no file of patient numbers.
#[must_use]
pub fn numbers(path: &Path) -> Option<Numbers> {
    let text = std::fs::read_to_string(path).ok()?;
    let body = text.strip_suffix('\n').unwrap_or(&text);
    let at = body.rfind('\n')?.saturating_add(1);
    let (sealed, seal) = body.split_at_checked(at)?;
    if seal.strip_prefix(SEAL) != Some(&Digest::of(sealed.as_bytes()).to_string()) {
        return None;
    }
    let mut lines = sealed.lines();
    let (_, series) = parse_head(lines.next()?.strip_prefix(HEAD)?)?;
    Some(Numbers { series, count: u64::try_from(lines.count()).ok()? })
}

#[cfg(test)]
mod tests;
