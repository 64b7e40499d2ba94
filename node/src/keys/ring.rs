//! A node's key files of one job: the present key, the next one where there is one, and those that were.
//!
//! Beside `keys/envelope.key` stand `keys/envelope.next.key`, made by `kring key rotate`, and `keys/envelope.1.key`,
//! `keys/envelope.2.key` and so on, which sign nothing more. What was encrypted under any of them is still read, so they
//! stay. Which of the first two a node works with, the charter says ([`turn`]).

use std::path::{Path, PathBuf};

use policies::dsse::PublicKey;

use super::{Key, KeyError, KeyRole};

/// Most keys of one job that were: one a month for five years.
const MAX_RETIRED: usize = 60;

/// The keys of one job.
#[derive(Debug)]
pub struct Ring {
    present: Key,
    next: Option<Key>,
    retired: Vec<Key>,
}

impl Ring {
    /// Reads the key at `path` and those beside it.
    ///
    /// # Errors
    /// `KeyError` of the first file that is there and cannot be used.
    pub fn load(path: &Path, role: KeyRole) -> Result<Self, KeyError> {
        let present = Key::load(path, role)?;
        let next = if_there(&next_to(path), role)?;
        let mut retired = Vec::new();
        for number in 1..=MAX_RETIRED {
            let Some(key) = if_there(&retired_of(path, number), role)? else { break };
            retired.push(key);
        }
        Ok(Self { present, next, retired })
    }

    /// The present key.
    #[must_use]
    pub fn present(&self) -> &Key {
        &self.present
    }

    /// The next one.
    #[must_use]
    pub fn next(&self) -> Option<&Key> {
        self.next.as_ref()
    }

    /// Those that were, the oldest first.
    #[must_use]
    pub fn retired(&self) -> &[Key] {
        &self.retired
    }

    /// All of them, the present one first.
    pub fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.present).chain(&self.next).chain(&self.retired)
    }

    /// The public halves of those that may sign.
    #[must_use]
    pub fn pair(&self) -> Pair {
        let next = self.next.as_ref().map(|next| next.public);
        Pair { present: self.present.public, next }
    }

    /// The present or the next key; the present one for any other.
    #[must_use]
    pub fn of(&self, public: &PublicKey) -> &Key {
        self.next.as_ref().filter(|next| next.public == *public).unwrap_or(&self.present)
    }

    /// The same, for who keeps it.
    #[must_use]
    pub fn into_key(self, public: &PublicKey) -> Key {
        self.next.filter(|next| next.public == *public).unwrap_or(self.present)
    }

    /// Makes the next key in its file beside `path`, which must not exist.
    ///
    /// # Errors
    /// `KeyError`.
    pub fn make_next(path: &Path, role: KeyRole, id: &str) -> Result<Key, KeyError> {
        Key::create(&next_to(path), role, id)
    }

    /// The next key takes the present one's file, which stays under another name. At every moment there is a present one.
    ///
    /// # Errors
    /// `KeyError::Io`.
    pub fn finish(&self, path: &Path) -> Result<PathBuf, KeyError> {
        let retired = retired_of(path, self.retired.len().saturating_add(1));
        let io = |path: &Path, doing| {
            let path = path.to_owned();
            move |source| KeyError::Io { path, doing, source }
        };
        std::fs::hard_link(path, &retired).map_err(io(&retired, "keeping the present key"))?;
        std::fs::rename(next_to(path), path).map_err(io(path, "replacing"))?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
        synced.map_err(io(folder, "making the names durable"))?;
        Ok(retired)
    }
}

/// The public halves of the present and the next key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The present key.
    pub present: PublicKey,
    /// The next one.
    pub next: Option<PublicKey>,
}

/// What the charters that hold say of a key, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Listed {
    /// The newest does not list it as valid, or it is revoked.
    No,
    /// The newest alone does.
    Newest,
    /// All that hold do, and other nodes may not know yet.
    All,
    /// All have for a while.
    Settled,
}

/// The key that a node works with: the next one once it is settled, or where the charter says more of it than of the
/// present one; none where it lists neither.
pub fn turn(pair: &Pair, listed: impl Fn(&PublicKey) -> Listed) -> Option<PublicKey> {
    let present = listed(&pair.present);
    let next = pair.next.map(|next| (next, listed(&next)));
    let next = next.filter(|(_, said)| *said == Listed::Settled || *said > present);
    next.map(|(next, _)| next).or_else(|| (present > Listed::No).then_some(pair.present))
}

/// `keys/envelope.next.key` of `keys/envelope.key`.
fn next_to(path: &Path) -> PathBuf {
    beside(path, "next")
}

fn retired_of(path: &Path, number: usize) -> PathBuf {
    beside(path, &number.to_string())
}

fn beside(path: &Path, word: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}.{word}.{}", extension.to_string_lossy()),
        None => format!("{stem}.{word}"),
    };
    path.with_file_name(name)
}

fn if_there(path: &Path, role: KeyRole) -> Result<Option<Key>, KeyError> {
    match Key::load(path, role) {
        Err(KeyError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            Ok(None)
        }
        loaded => loaded.map(Some),
    }
}

#[cfg(test)]
mod tests;
