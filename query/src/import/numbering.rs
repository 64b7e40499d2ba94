//! The patients' lasting numbers: key to dense number, append-only, one file a hospital and dataset.
//!
//! The file is text: a head line that names dataset, hospital and *series*, one key a line (the number is the place, from 0), and
//! the SHA-256 of all before it. The series is random and told apart from one that is begun anew: what is remembered of numbers
//! of the one says nothing of the other's. Files of before series (head `1`) have none. It is replaced as a whole, durably. A file that is damaged, missing although snapshots
//! exist, or older than the current snapshot stops the import: a number must never pass to another patient.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use datafusion::arrow::array::{AsArray, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Int64Type, UInt32Type};
use policies::Digest;
use policies::dataset::Dataset;

use crate::import::check::Key;
use crate::import::{ImportError, ImportPlan, PATIENT_COLUMN};
use crate::snapshot::{self, durable};

/// Begins a file; the version follows.
pub(super) const HEAD: &str = "kring patient numbers ";
pub(super) const SEAL: &str = "sha256 ";

/// The numbers given out so far.
#[derive(Debug)]
pub(crate) struct Numbering {
    path: PathBuf,
    owner: String,
    series: Option<Digest>,
    keys: Vec<String>,
    numbers: HashMap<String, u32>,
    grown: bool,
}

impl Numbering {
    /// Reads the plan's file and compares it with the current snapshots. Without a file it begins at 0, unless there
    /// are snapshots.
    pub(crate) fn open(plan: &ImportPlan<'_>, snapshots: &[PathBuf]) -> Result<Self, ImportError> {
        let path = plan.numbering.clone();
        let owner = format!("{} {}", plan.dataset.id, plan.hospital);
        let mut numbering = Self {
            path,
            owner,
            series: Some(plan.new_series),
            keys: Vec::new(),
            numbers: HashMap::new(),
            grown: false,
        };
        match std::fs::read(&plan.numbering) {
            Ok(bytes) => numbering.parse(&bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if !snapshots.is_empty() {
                    return Err(ImportError::NumberingMissing { path: numbering.path });
                }
                // Also without patients there is a file beside the snapshot, or the next import would miss it.
                numbering.grown = true;
            }
            Err(source) => {
                return Err(ImportError::Io { path: numbering.path, source });
            }
        }
        for folder in snapshots {
            numbering.agrees_with(plan.dataset, folder)?;
        }
        Ok(numbering)
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), ImportError> {
        let path = self.path.clone();
        let damaged = |line: usize, problem: &'static str| ImportError::NumberingDamaged {
            path: path.clone(),
            line,
            problem,
        };
        let text = std::str::from_utf8(bytes).map_err(|_bytes| damaged(1, "it is not UTF-8"))?;
        let lines = text.lines().count();
        let body = text.strip_suffix('\n').unwrap_or(text);
        let (body, seal) = body.rsplit_once('\n').ok_or_else(|| damaged(1, "it is cut short"))?;
        let sealed = format!("{body}\n");
        if seal.strip_prefix(SEAL) != Some(&Digest::of(sealed.as_bytes()).to_string()) {
            return Err(damaged(lines, "the checksum does not match"));
        }
        let mut keys = sealed.lines();
        let head = keys.next().and_then(|head| head.strip_prefix(HEAD));
        let (owner, series) = head
            .and_then(parse_head)
            .ok_or_else(|| damaged(1, "it is not a file of patient numbers"))?;
        self.series = series;
        if owner != self.owner {
            let (expected, got) = (self.owner.clone(), owner.to_owned());
            return Err(ImportError::NumberingOfAnother { path: path.clone(), expected, got });
        }
        for (index, key) in keys.enumerate() {
            if self.add(key.to_owned())?.is_none() {
                return Err(damaged(index.saturating_add(2), "a key stands twice"));
            }
        }
        self.grown = false;
        Ok(())
    }

    /// Gives the key the next number; none if it has one.
    fn add(&mut self, key: String) -> Result<Option<u32>, ImportError> {
        if self.numbers.contains_key(&key) {
            return Ok(None);
        }
        // u32::MAX stays free for those who read numbers.
        let number = u32::try_from(self.keys.len()).ok().filter(|number| *number < u32::MAX);
        let number = number.ok_or(ImportError::NumberingFull)?;
        self.numbers.insert(key.clone(), number);
        self.keys.push(key);
        self.grown = true;
        Ok(Some(number))
    }

    /// The number of each key, in the order given. Keys without one get theirs in the order of the keys.
    pub(crate) fn number(&mut self, keys: &[Key]) -> Result<Vec<u32>, ImportError> {
        let missing: BTreeSet<&Key> =
            keys.iter().filter(|key| !self.numbers.contains_key(&key.text())).collect();
        for key in missing {
            self.add(key.text())?;
        }
        let number = |key: &Key| self.numbers.get(&key.text()).copied();
        keys.iter().map(|key| number(key).ok_or(ImportError::NumberingFull)).collect()
    }

    /// What tells these numbers from others for the same patients.
    pub(crate) fn series(&self) -> Option<Digest> {
        self.series
    }

    /// Writes the file durably if it grew, or was not there.
    pub(crate) fn save(&self) -> Result<(), ImportError> {
        if !self.grown {
            return Ok(());
        }
        let mut text = match self.series {
            Some(series) => format!("{HEAD}2 {} {series}\n", self.owner),
            None => format!("{HEAD}1 {}\n", self.owner),
        };
        for key in &self.keys {
            text.push_str(key);
            text.push('\n');
        }
        let seal = Digest::of(text.as_bytes());
        text.push_str(&format!("{SEAL}{seal}\n"));
        durable::replace(&self.path, text.as_bytes())
            .map_err(|source| ImportError::Io { path: self.path.clone(), source })
    }

    /// Checks that every patient of a snapshot has the same number here.
    fn agrees_with(&self, dataset: &Dataset, folder: &Path) -> Result<(), ImportError> {
        let Some(table) = dataset.tables.get(&dataset.patient) else {
            return Ok(());
        };
        // Another version of the dataset may have called the table otherwise; then nothing can be compared.
        if !folder.join(snapshot::file_name(&table.name)).exists() {
            return Ok(());
        }
        let columns = [table.key.as_str(), PATIENT_COLUMN];
        for batch in snapshot::read_columns(folder, &table.name, &columns)? {
            if !self.knows(&batch, table.key.as_str()) {
                return Err(ImportError::NumberingStale { path: self.path.clone() });
            }
        }
        Ok(())
    }

    /// Whether the batch's keys have its numbers. A snapshot without the key column cannot be compared.
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "a key is an integer or text, by the dataset"
    )]
    fn knows(&self, batch: &RecordBatch, key: &str) -> bool {
        let Some(keys) = batch.column_by_name(key) else {
            return true;
        };
        let numbers = batch.column_by_name(PATIENT_COLUMN);
        let Some(numbers) = numbers.and_then(|array| array.as_primitive_opt::<UInt32Type>()) else {
            return false;
        };
        let same = |row: usize, key: &str| self.numbers.get(key) == Some(&numbers.value(row));
        let mut rows = 0..numbers.len();
        match keys.data_type() {
            DataType::Int64 => {
                let keys = keys.as_primitive::<Int64Type>();
                rows.all(|row| same(row, &keys.value(row).to_string()))
            }
            DataType::Utf8 => {
                let keys = keys.as_string::<i32>();
                rows.all(|row| same(row, keys.value(row)))
            }
            _ => false,
        }
    }
}

/// Owner and series of a head line, after its first words.
pub(super) fn parse_head(head: &str) -> Option<(&str, Option<Digest>)> {
    if let Some(owner) = head.strip_prefix("1 ") {
        return Some((owner, None));
    }
    let (owner, series) = head.strip_prefix("2 ")?.rsplit_once(' ')?;
    Some((owner, Some(Digest::try_from(series.to_owned()).ok()?)))
}
