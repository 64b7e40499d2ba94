//! Charges on disk: one folder for each lineage, one file for each charge, numbered from 0 without a gap.
//!
//! A file is encrypted (`crate::at_rest`) and bound to its lineage and number. Within, the digest of the file before it goes
//! before the charge: so the digest of the last file, which the log names, holds all of them. A digest is that of the encrypted
//! bytes, and tells nothing of the patients in them.

use std::io;
use std::path::Path;
use std::sync::Arc;

use policies::Digest;
use query::{Charge, Memory};

use super::LedgerError;
use crate::at_rest::Sealer;
use crate::keys::Key;
use crate::log::medium::{self, Disk, Medium};
use crate::log::remembered::Head;

/// What a file begins with.
const FORMAT: &[u8; 8] = b"KRINGCH1";
/// What the key is derived for.
const PURPOSE: &[u8] = b"kring charges/1";
/// End of a file's name; before it stands the number.
const CHARGE: &str = ".charge";
/// Most bytes of a file: those of a charge, and what is around it.
const MAX_FILE: u64 = (64 << 20) + 1024;
/// Stands for the digest of the file before the first one.
const NONE: [u8; 32] = [0; 32];

/// The charges of all lineages.
#[derive(Clone, Debug)]
pub struct Charges {
    medium: Arc<dyn Medium>,
    sealer: Sealer,
}

/// The memory of one lineage, with the end of its charges.
#[derive(Debug)]
pub struct Chain {
    /// What was answered.
    pub memory: Memory,
    /// The digest of the last file.
    pub last: Option<Digest>,
}

impl Chain {
    fn new(lineage: &Digest) -> Self {
        Self { memory: Memory::new(*lineage.as_bytes()), last: None }
    }
}

impl Charges {
    /// The charges in a folder, which need not exist; the first of the keys encrypts, any decrypts.
    ///
    /// # Errors
    /// When no key can be derived.
    pub fn new<'k>(folder: &Path, keys: impl IntoIterator<Item = &'k Key>) -> io::Result<Self> {
        Self::over(Arc::new(Disk::new(folder)), keys)
    }

    /// The same, to read.
    ///
    /// # Errors
    /// When no key can be derived.
    pub fn read_only<'k>(
        folder: &Path,
        keys: impl IntoIterator<Item = &'k Key>,
    ) -> io::Result<Self> {
        Self::over(Arc::new(Disk::read_only(folder)), keys)
    }

    pub(super) fn over<'k>(
        medium: Arc<dyn Medium>,
        keys: impl IntoIterator<Item = &'k Key>,
    ) -> io::Result<Self> {
        Ok(Self { medium, sealer: Sealer::new(keys, FORMAT, PURPOSE)? })
    }

    /// Makes a charge durable behind the others of the lineage; the digest of its file.
    ///
    /// # Errors
    /// The system's reason: after any but a full disk nobody knows whether it is there.
    pub(super) fn put(
        &self,
        lineage: &Digest,
        after: &Chain,
        charge: Vec<u8>,
    ) -> io::Result<Digest> {
        let (folder, number) = (lineage.to_string(), after.memory.charges());
        if number == 0 {
            self.medium.create_folder("")?;
            self.medium.create_folder(&folder)?;
            self.medium.sync_folder("")?;
        }
        let before = after.last.as_ref().map_or(&NONE, Digest::as_bytes);
        let bytes = [before.as_slice(), &charge].concat();
        let file = self.sealer.seal(&bound(lineage, number), bytes)?;
        medium::put(&*self.medium, &folder, &name(lineage, number), &file)?;
        Ok(Digest::of(&file))
    }

    /// Reads all charges of a lineage, each held by the one behind it, and one of them by the log.
    ///
    /// # Errors
    /// `LedgerError`.
    pub fn read(&self, lineage: &Digest, head: Option<&Head>) -> Result<Chain, LedgerError> {
        let count = self.count(lineage)?;
        if let Some(head) = head.filter(|head| head.charges > count) {
            let missing = name(lineage, count.min(head.charges));
            return Err(LedgerError::Missing { path: self.medium.place(&missing) });
        }
        let mut chain = Chain::new(lineage);
        for number in 0..count {
            self.next(lineage, number, &mut chain)?;
            let named = head.filter(|head| head.charges == number.saturating_add(1));
            if named.is_some_and(|head| Some(head.last) != chain.last) {
                let path = self.medium.place(&name(lineage, number));
                return Err(LedgerError::Another { path });
            }
        }
        Ok(chain)
    }

    /// The same, to go on behind them. What is read may be in the system's memory alone, after an error of the disk; so the names
    /// are made durable before anything follows them.
    ///
    /// # Errors
    /// `LedgerError`.
    pub(super) fn read_on(
        &self,
        lineage: &Digest,
        head: Option<&Head>,
    ) -> Result<Chain, LedgerError> {
        let chain = self.read(lineage, head)?;
        if chain.last.is_some() {
            let folder = lineage.to_string();
            for folder in ["", &folder] {
                let path = || self.medium.place(folder);
                let synced = self.medium.sync_folder(folder);
                synced.map_err(|source| LedgerError::Io { path: path(), source })?;
            }
        }
        Ok(chain)
    }

    /// Every charge of a lineage, in order.
    ///
    /// # Errors
    /// `LedgerError`.
    pub fn all(&self, lineage: &Digest) -> Result<Vec<Charge>, LedgerError> {
        let mut chain = Chain::new(lineage);
        (0..self.count(lineage)?).map(|number| self.next(lineage, number, &mut chain)).collect()
    }

    /// Reads one charge behind others.
    fn next(
        &self,
        lineage: &Digest,
        number: u64,
        chain: &mut Chain,
    ) -> Result<Charge, LedgerError> {
        let name = name(lineage, number);
        let path = self.medium.place(&name);
        let damaged =
            |reason: &str| LedgerError::Damaged { path: path.clone(), reason: reason.to_owned() };
        let read = self.medium.open(&name).and_then(|file| medium::read_whole(&*file, MAX_FILE));
        let file = read.map_err(|source| {
            let path = path.clone();
            if source.kind() == io::ErrorKind::NotFound {
                return LedgerError::Missing { path };
            }
            LedgerError::Io { path, source }
        })?;
        let bytes = self.sealer.open(&bound(lineage, number), &file);
        let bytes = bytes.ok_or_else(|| damaged("it cannot be decrypted"))?;
        let (before, bytes) = bytes.split_first_chunk().ok_or_else(|| damaged("it is cut off"))?;
        if before != chain.last.as_ref().map_or(&NONE, Digest::as_bytes) {
            return Err(LedgerError::Another { path: path.clone() });
        }
        let charge = Charge::decode(bytes).map_err(|error| damaged(&error.to_string()))?;
        query::read_tables(&charge).map_err(|error| damaged(&error.to_string()))?;
        chain.memory.apply(&charge).map_err(|error| damaged(&error.to_string()))?;
        chain.last = Some(Digest::of(&file));
        Ok(charge)
    }

    /// How many charges there are.
    fn count(&self, lineage: &Digest) -> Result<u64, LedgerError> {
        let folder = lineage.to_string();
        let names = match self.medium.list(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(source) => {
                return Err(LedgerError::Io { path: self.medium.place(&folder), source });
            }
            Ok(names) => names,
        };
        let numbers = names.iter().filter_map(|name| name.strip_suffix(CHARGE)?.parse().ok());
        let end = numbers.max().map_or(0, |last: u64| last.saturating_add(1));
        Ok(end)
    }
}

fn name(lineage: &Digest, number: u64) -> String {
    format!("{lineage}/{number:020}{CHARGE}")
}

/// What a file belongs to.
fn bound(lineage: &Digest, number: u64) -> Vec<u8> {
    [lineage.as_bytes().as_slice(), &number.to_be_bytes()].concat()
}
