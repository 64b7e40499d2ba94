//! Reading of files that may be anything.

use std::io::Read as _;
use std::path::Path;

use policies::charter::rules::MAX_RULE_BYTES;

/// A file's bytes; no more is read of it than shows that it is larger than this.
///
/// # Errors
/// What the file system says.
pub(crate) fn read_some(path: &Path, most: usize) -> std::io::Result<Vec<u8>> {
    let most = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The text of the hospital's own rules, within its limit.
///
/// # Errors
/// What the file system says; a larger file, or one that is not UTF-8, is invalid data.
pub(crate) fn own_text(path: &Path) -> std::io::Result<(String, String)> {
    let invalid = |error: String| std::io::Error::new(std::io::ErrorKind::InvalidData, error);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = read_some(path, MAX_RULE_BYTES)?;
    if bytes.len() > MAX_RULE_BYTES {
        return Err(invalid(format!(
            "the file is larger than the {MAX_RULE_BYTES} bytes that are read"
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| invalid(error.to_string()))?;
    Ok((name, text))
}
