//! Checking an export, with nothing but the file and, where there is one, a trust policy.
//!
//! Everything that the header and trailer state is checked first ([`Verifier::begin`]), then each entry is hashed once
//! ([`Verifier::entry`]) and the roots compared at the size of each checkpoint. The first fault is reported with its line
//! and entry; last of all what the entries say together ([`crate::proof::story`]). What is proved: these are, byte for byte
//! and in order, the entries over which the log's key signed the checkpoints. Not proved: that the log had no other history,
//! which is what cosignatures are for.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::{HospitalCode, UnixTime};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{
    FORMAT, Header, MARK_DIGITS, MAX_CHECKPOINTS, MAX_ENTRY_BYTES, MAX_HEADER_BYTES,
    MAX_TRAILER_BYTES, PART, Trailer,
};
use crate::proof::fault::{Fault, FaultKind};
use crate::proof::gap::{BadGap, Gap, Lineage};
use crate::proof::merkle::frontier::following;
use crate::proof::merkle::{Frontier, Head, TreeHash, leaf_hash};
use crate::proof::parties::{Opened, Parties};
use crate::proof::policy::Policy;
use crate::proof::story::{Notes, Story};

/// What an export is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The log's name.
    pub origin: String,
    /// The hospital.
    pub hospital: HospitalCode,
    /// The log's key.
    pub log_key: String,
    /// Index of the first entry.
    pub first: u64,
    /// Entries.
    pub count: u64,
    /// What the last checkpoint states.
    pub head: Head,
    /// Checkpoints that hold.
    pub checkpoints: usize,
    /// Gaps among the entries: lost histories that the hospital gave up.
    pub gaps: Vec<Gap>,
    /// Who cosigned the last checkpoint, and when.
    pub cosigned: BTreeMap<HospitalCode, UnixTime>,
    /// What the entries say that is legal and worth a look.
    pub notes: Notes,
}

/// What header and trailer state.
#[derive(Debug)]
struct Stated {
    parties: Parties,
    first: u64,
    count: u64,
    checkpoints: Vec<Opened>,
    /// Roots of the subtrees between the last entry and the last checkpoint.
    after: Vec<TreeHash>,
    marks: String,
}

/// An export that is being checked.
#[derive(Clone, Debug)]
pub struct Verifier {
    stated: Arc<Stated>,
    tree: Frontier,
    lineage: Lineage,
    /// Checkpoints whose root was found.
    passed: usize,
    /// Entries up to here are proved.
    proved: u64,
    /// The first entry whose mark differs: it or its mark was changed.
    suspect: Option<u64>,
    story: Story,
    /// The first contradiction. It counts once it is known that the entries are those that were signed.
    contradiction: Option<Fault>,
}

/// Checks a whole export in memory.
///
/// # Errors
/// The first `Fault`.
pub fn verify(export: &[u8], policy: Option<&Policy>) -> Result<Verdict, Fault> {
    read(export, policy)?.finish()
}

/// Checks that the entries are those that were signed, whatever they say: an archive takes over contradictions too.
///
/// # Errors
/// The first `Fault`.
pub fn verify_bytes(export: &[u8]) -> Result<Verdict, Fault> {
    Verifier { contradiction: None, ..read(export, None)? }.finish()
}

fn read(export: &[u8], policy: Option<&Policy>) -> Result<Verifier, Fault> {
    let lines = export.iter().filter(|byte| **byte == b'\n').count() as u64;
    let cut_off = |reason| FaultKind::CutOff { reason }.at(lines.saturating_add(1));
    let body = export.strip_suffix(b"\n").ok_or_else(|| cut_off("a newline at the end"))?;
    let mut each = body.split(|byte| *byte == b'\n');
    let (Some(header), Some(trailer)) = (each.next(), each.next_back()) else {
        return Err(cut_off("a header and a trailer"));
    };
    let mut verifier = Verifier::begin(header, trailer, lines, policy)?;
    for entry in each {
        verifier.entry(entry)?;
    }
    Ok(verifier)
}

impl Verifier {
    /// Checks header and trailer, given without their newlines, of a file of so many lines.
    ///
    /// # Errors
    /// `Fault`.
    pub fn begin(
        header: &[u8],
        trailer: &[u8],
        lines: u64,
        policy: Option<&Policy>,
    ) -> Result<Self, Fault> {
        let at_header = |kind: FaultKind| kind.at(1);
        let bad_header = |reason: &str| FaultKind::Header { reason: reason.to_owned() }.at(1);
        let read: Header = canonical(header, MAX_HEADER_BYTES).map_err(bad_header)?;
        let Header { format, origin, hospital, log_key, witnesses, first, count, before, after } =
            read;
        let after = match (format.as_str(), after) {
            (FORMAT, None) => Vec::new(),
            (PART, Some(after)) => after,
            _ => return Err(bad_header("format kring-audit/1, or kring-audit/2 with `after`")),
        };
        let parties = Parties::new(&origin, &hospital, &log_key, &witnesses).map_err(at_header)?;
        if let Some(policy) = policy {
            policy.trusts(&parties).map_err(at_header)?;
        }
        let hashes = |texts: Vec<String>| {
            texts.iter().map(|text| TreeHash::from_hex(text)).collect::<Option<Vec<_>>>()
        };
        let tree = hashes(before).and_then(|peaks| Frontier::from_parts(first, peaks).ok());
        let tree =
            tree.ok_or_else(|| bad_header("the hashes of the tree before the first entry"))?;
        let end = first.checked_add(count).filter(|end| *end <= i64::MAX.unsigned_abs());
        let end = end.ok_or_else(|| bad_header("fewer entries than 2^63"))?;

        let at_trailer = |kind: FaultKind| kind.at(lines);
        let bad_trailer = |reason: &str| FaultKind::Trailer { reason: reason.to_owned() }.at(lines);
        let read: Trailer = canonical(trailer, MAX_TRAILER_BYTES).map_err(bad_trailer)?;
        let Trailer { checkpoints, marks } = read;
        let checkpoints = open(&parties, &checkpoints, first).map_err(at_trailer)?;
        let (last, earlier) =
            checkpoints.split_last().ok_or_else(|| bad_trailer("at least one checkpoint"))?;
        let covered = last.signed.head().size;
        let within = earlier.last().is_none_or(|one| one.signed.head().size <= end);
        if !within || covered < end || (format == FORMAT && covered != end) {
            return Err(FaultKind::NotCovered { covered, counted: end }.at(1));
        }
        let after = hashes(after).filter(|after| after.len() == following(end, covered).count());
        let after =
            after.ok_or_else(|| bad_header("the hashes of the tree after the last entry"))?;
        if Some(marks.len() as u64) != count.checked_mul(MARK_DIGITS as u64)
            || !marks.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
        {
            return Err(bad_trailer("a mark of eight digits for each entry"));
        }
        parties.all_used(&checkpoints).map_err(at_header)?;
        if let Some(policy) = policy {
            policy.quorum(&parties, last).map_err(at_trailer)?;
        }
        let lineage = Lineage::new(parties.hospital().clone(), parties.public(), first);
        let stated = Arc::new(Stated { parties, first, count, checkpoints, after, marks });
        let mut verifier = Self {
            stated,
            tree,
            lineage,
            passed: 0,
            proved: first,
            suspect: None,
            story: Story::from(first),
            contradiction: None,
        };
        verifier.compare_roots()?;
        Ok(verifier)
    }

    /// Checks the next entry, given without its newline.
    ///
    /// # Errors
    /// `Fault`; an entry that only its mark speaks against is found at the next checkpoint ([`Self::suspect`]).
    pub fn entry(&mut self, entry: &[u8]) -> Result<(), Fault> {
        let index = self.tree.size();
        let number = index.saturating_sub(self.stated.first);
        let line = number.saturating_add(2);
        if let Err(kind) = self.belongs(entry, index) {
            // A changed entry before this one is the first fault.
            return Err(self.changed().unwrap_or_else(|| kind.of_entry(line, index)));
        }
        let leaf = leaf_hash(entry);
        let continued = self.lineage.entry(entry, || self.tree.head());
        self.tree.push(leaf);
        if self.suspect.is_none() && !self.marked(number, &leaf) {
            self.suspect = Some(index);
        }
        if let Err(error) = continued {
            return Err(self.changed().unwrap_or_else(|| gap(error).of_entry(line, index)));
        }
        self.tell(entry, line, index);
        self.compare_roots()
    }

    /// Holds the entry against what the ones before it say.
    fn tell(&mut self, entry: &[u8], line: u64, index: u64) {
        if self.contradiction.is_none()
            && let Err(contradiction) = self.story.entry(entry)
        {
            self.contradiction = Some(FaultKind::from(contradiction).of_entry(line, index));
        }
    }

    /// The first entry whose mark differs, until the next root tells what was changed.
    #[must_use]
    pub fn suspect(&self) -> Option<u64> {
        self.suspect
    }

    /// Checks that every entry was there.
    ///
    /// # Errors
    /// `Fault`.
    pub fn finish(self) -> Result<Verdict, Fault> {
        let Stated { parties, first, count, checkpoints, after: _, marks: _ } = &*self.stated;
        let tree = &self.tree;
        let trailer = tree.size().saturating_sub(*first).saturating_add(2);
        if let Some(fault) = self.changed() {
            return Err(fault);
        }
        let last = checkpoints.last().filter(|_| self.passed == checkpoints.len());
        let Some(last) = last.filter(|_| tree.size() == first.saturating_add(*count)) else {
            return Err(FaultKind::Missed { from: tree.size() }.at(trailer));
        };
        if let Some(fault) = self.contradiction {
            return Err(fault);
        }
        Ok(Verdict {
            origin: parties.origin().to_string(),
            hospital: parties.hospital().clone(),
            log_key: hex::encode(parties.log().key_bytes()),
            notes: self.story.end(),
            first: *first,
            count: *count,
            head: last.signed.head(),
            checkpoints: checkpoints.len(),
            gaps: self.lineage.gaps().to_vec(),
            cosigned: last.cosigned.clone(),
        })
    }

    /// Whether the line is an entry that states this index.
    fn belongs(&self, entry: &[u8], index: u64) -> Result<(), FaultKind> {
        if index.saturating_sub(self.stated.first) >= self.stated.count {
            return Err(FaultKind::Added);
        }
        if entry.len() > MAX_ENTRY_BYTES {
            return Err(FaultKind::Unreadable { reason: "at most 65,536 bytes" });
        }
        let stated = stated_index(entry)
            .ok_or(FaultKind::Unreadable { reason: "`{\"version\":1,\"index\":` and its index" })?;
        if stated > index {
            let to = stated.saturating_sub(1);
            return Err(FaultKind::Missing { from: index, to });
        }
        if stated < index {
            return Err(FaultKind::OutOfPlace { got: stated });
        }
        Ok(())
    }

    fn marked(&self, number: u64, leaf: &TreeHash) -> bool {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_mul(MARK_DIGITS));
        let mark = at.and_then(|at| self.stated.marks.get(at..at.checked_add(MARK_DIGITS)?));
        mark.is_some_and(|mark| leaf.to_string().starts_with(mark))
    }

    /// Compares the root with every checkpoint of this size.
    fn compare_roots(&mut self) -> Result<(), Fault> {
        let size = self.tree.size();
        while let Some(next) = self.stated.checkpoints.get(self.passed) {
            let head = next.signed.head();
            let Some(root) = self.root_at(head.size) else { break };
            let trailer = self.stated.count.saturating_add(2);
            if head.root != root {
                let range = FaultKind::Root { from: self.proved, to: size };
                return Err(self.changed().unwrap_or_else(|| range.at(trailer)));
            }
            if let Some(index) = self.suspect {
                return Err(FaultKind::Mark.of_entry(trailer, index));
            }
            // Between the end of a part and its checkpoint another origin may begin.
            if head.size == size {
                let origin = &next.signed.checkpoint().origin;
                self.lineage.checkpoint(origin).map_err(|error| gap(error).at(trailer))?;
            }
            self.passed = self.passed.saturating_add(1);
            self.proved = size;
        }
        Ok(())
    }

    /// The root of the tree of so many leaves, where all entries up to there were read.
    fn root_at(&self, size: u64) -> Option<TreeHash> {
        if size == self.tree.size() {
            return Some(self.tree.root());
        }
        let end = self.stated.first.saturating_add(self.stated.count);
        if size < end || self.tree.size() != end {
            return None;
        }
        let mut whole = self.tree.clone();
        whole.extend(size, &self.stated.after).ok()?;
        Some(whole.root())
    }

    /// The suspect as a fault, once it is known that something before here is wrong.
    fn changed(&self) -> Option<Fault> {
        let index = self.suspect?;
        let line = index.saturating_sub(self.stated.first).saturating_add(2);
        Some(FaultKind::Changed.of_entry(line, index))
    }
}

fn gap(BadGap { reason }: BadGap) -> FaultKind {
    FaultKind::Gap { reason }
}

/// Opens every checkpoint; their sizes rise from `first` on, and the last one is of the header's origin.
fn open(parties: &Parties, notes: &[String], first: u64) -> Result<Vec<Opened>, FaultKind> {
    if notes.len() > MAX_CHECKPOINTS {
        let reason = format!("at most {MAX_CHECKPOINTS} checkpoints");
        return Err(FaultKind::Trailer { reason });
    }
    let mut opened: Vec<Opened> = Vec::new();
    for (number, note) in (1..).zip(notes) {
        let one = if number < notes.len() {
            parties.open_earlier(number, note)?
        } else {
            parties.open(number, note)?
        };
        let size = one.signed.head().size;
        let rises = opened.last().map_or(size >= first, |last| size > last.signed.head().size);
        if !rises {
            let reason = "sizes rise, from the first entry on".to_owned();
            return Err(FaultKind::Checkpoint { number, reason });
        }
        opened.push(one);
    }
    Ok(opened)
}

/// The index that an entry states at its beginning.
pub(in crate::proof) fn stated_index(entry: &[u8]) -> Option<u64> {
    let rest = entry.strip_prefix(b"{\"version\":1,\"index\":")?;
    let digits = rest.split(|byte| *byte == b',').next()?;
    let text = std::str::from_utf8(digits).ok().filter(|_| digits.len() < rest.len())?;
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text && number <= i64::MAX.unsigned_abs()).then_some(number)
}

/// Reads a line that has one encoding only.
pub(in crate::proof) fn canonical<T: Serialize + DeserializeOwned>(
    line: &[u8],
    limit: usize,
) -> Result<T, &'static str> {
    if line.len() > limit {
        return Err("a shorter line");
    }
    let read: T = serde_json::from_slice(line).map_err(|_error| "JSON with its fields")?;
    let again = serde_json::to_vec(&read).map_err(|_error| "JSON with its fields")?;
    if again == line { Ok(read) } else { Err("no other spacing, order or escapes") }
}
