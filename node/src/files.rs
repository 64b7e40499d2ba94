//! Reading of files that may be anything.

use std::io::Read as _;
use std::path::Path;

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
