//! A charter's folder, and a charter from a folder or a bundle.
//!
//! A folder is somebody's: a link could name any file of this machine, and what is read is sealed and passed on. So links are
//! not followed, only the names of a charter's files are read, and every limit is asked before and while reading.

use std::collections::BTreeMap;
use std::fs::{DirEntry, File};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use policies::bundle::{self, Inspected, MAX_BUNDLE_BYTES};
use policies::charter::{self, Charter, MAX_FILES};
use policies::dsse::Envelope;
use policies::problem::Problem;

/// The folders of a charter's folder.
pub(super) const FOLDERS: [&str; 4] = ["datasets", "indicators", "rules", "tests"];
/// Most bytes of one file of a charter's folder.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// A folder that cannot be read as a charter, or whose files have problems.
#[derive(Debug, thiserror::Error)]
#[error("{} problem(s) in {}:{}", problems.len(), dir.display(), listed(problems))]
pub(in crate::command) struct BadFolder {
    /// The folder.
    dir: PathBuf,
    /// What is wrong.
    problems: Vec<Problem>,
}

impl BadFolder {
    /// What is wrong with what somebody named.
    pub(super) fn of(path: &Path, problems: Vec<Problem>) -> Self {
        Self { dir: path.to_owned(), problems }
    }
}

fn listed(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("\n  {problem}")).collect()
}

/// A charter that somebody names on the command line.
#[derive(Debug)]
pub(in crate::command) struct Opened {
    /// The charter.
    pub(in crate::command) charter: Charter,
    /// Its envelope, where it is a bundle.
    pub(super) envelope: Option<Envelope>,
}

/// Reads a folder or a bundle; nothing of it is trusted.
pub(in crate::command) fn open(path: &Path) -> anyhow::Result<Opened> {
    if path.is_dir() {
        let charter = charter::parse(&read(path)?)
            .map_err(|problems| BadFolder { dir: path.to_owned(), problems })?;
        return Ok(Opened { charter, envelope: None });
    }
    let Inspected { charter, envelope, .. } = inspect(path)?;
    Ok(Opened { charter, envelope: Some(envelope) })
}

/// Reads a bundle without trusting it.
pub(super) fn inspect(path: &Path) -> anyhow::Result<Inspected> {
    let bytes = bounded(path, MAX_BUNDLE_BYTES.saturating_add(1))?;
    bundle::inspect(&bytes).with_context(|| format!("{} is no bundle of a charter", path.display()))
}

/// At most so many bytes of a file.
pub(super) fn bounded(path: &Path, most: usize) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("cannot read {}", path.display());
    let file = File::open(path).with_context(failed)?;
    let mut bytes = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX);
    file.take(limit).read_to_end(&mut bytes).with_context(failed)?;
    Ok(bytes)
}

/// Every file of the folder and its sub-folders, by its path inside the folder.
pub(super) fn read(dir: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = Found::default();
    for sub in std::iter::once("").chain(FOLDERS) {
        let folder = dir.join(sub);
        // The folder itself may be named by a link, those in it may not be one.
        if !sub.is_empty() && !folder.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
            continue;
        }
        let entries = std::fs::read_dir(&folder)
            .with_context(|| format!("cannot read folder {}", folder.display()))?;
        for entry in entries {
            found.entry(sub, &entry?);
            if found.is_too_large() {
                break;
            }
        }
    }
    let Found { files, mut problems, .. } = found;
    if problems.is_empty() {
        return Ok(files);
    }
    problems.sort();
    Err(BadFolder { dir: dir.to_owned(), problems }.into())
}

#[derive(Default)]
struct Found {
    files: BTreeMap<String, String>,
    bytes: usize,
    problems: Vec<Problem>,
}

impl Found {
    fn entry(&mut self, sub: &str, entry: &DirEntry) {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
            let name: String = entry.file_name().to_string_lossy().escape_default().collect();
            return self.problem(sub, &name, "its name is not UTF-8: rename it");
        };
        // Of the entry itself: a link is not followed.
        let Ok(metadata) = entry.metadata() else {
            return self.problem(sub, &name, "it cannot be read");
        };
        if metadata.is_dir() && sub.is_empty() && FOLDERS.contains(&&*name) {
            return;
        }
        if metadata.is_symlink() {
            return self.problem(sub, &name, "it is a link: put the file itself here");
        }
        if !metadata.is_file() {
            return self.problem(sub, &name, "it is no file of a charter: remove it");
        }
        match text(&entry.path()) {
            Ok(text) => {
                self.bytes = self.bytes.saturating_add(text.len());
                self.files.insert(within(sub, &name), text);
            }
            Err(message) => self.problem(sub, &name, &message),
        }
    }

    /// Stops at the first entry beyond what a bundle holds.
    fn is_too_large(&mut self) -> bool {
        let too_large = self.files.len() > MAX_FILES || self.bytes > MAX_BUNDLE_BYTES;
        if too_large {
            let message = format!(
                "the folder has more than {MAX_FILES} files or {MAX_BUNDLE_BYTES} bytes: no bundle holds that"
            );
            self.problems.push(Problem { file: "charter.toml".to_owned(), line: None, message });
        }
        too_large
    }

    fn problem(&mut self, sub: &str, name: &str, message: &str) {
        let file = within(sub, name).chars().take(200).collect();
        self.problems.push(Problem { file, line: None, message: message.to_owned() });
    }
}

fn within(sub: &str, name: &str) -> String {
    if sub.is_empty() { name.to_owned() } else { format!("{sub}/{name}") }
}

/// The text of a plain file; what became a link or a pipe since it was looked at is refused by the system.
fn text(path: &Path) -> Result<String, String> {
    let mut options = File::options();
    options.read(true).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    let cannot = |error: std::io::Error| format!("it cannot be read: {error}");
    let file = options.open(path).map_err(cannot)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES.saturating_add(1)).read_to_end(&mut bytes).map_err(cannot)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(format!("it has more than {MAX_FILE_BYTES} bytes"));
    }
    String::from_utf8(bytes).map_err(|_error| "it is not UTF-8 text".to_owned())
}

/// Writes a file that is not there yet, durably.
pub(super) fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let failed = || format!("cannot write {}", path.display());
    let mut file = File::create_new(path).with_context(failed)?;
    std::io::Write::write_all(&mut file, bytes).with_context(failed)?;
    file.sync_all().with_context(failed)
}

/// Replaces a file by one with other bytes; an interruption leaves the old one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let temporary = path.with_file_name(name);
    drop(std::fs::remove_file(&temporary));
    write_new(&temporary, bytes)?;
    std::fs::rename(&temporary, path).with_context(|| format!("cannot replace {}", path.display()))
}

#[cfg(test)]
mod tests;
