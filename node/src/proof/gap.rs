//! Gaps: entries that say that a history of the log was lost and given up, and which origin follows which.
//!
//! A log that was restored from an older copy goes on only under another origin. Its first entry there names the origin before
//! and the head that it continues, in exactly one form, so that a verifier needs no reader of entries. [`Lineage`] holds
//! entries and checkpoints against each other: an origin begins with its entry, and nowhere else. What was lost is not here;
//! the witnesses keep the head that they had cosigned.

use policies::HospitalCode;
use policies::dsse::PublicKey;

use super::checkpoint::Origin;
use super::merkle::{Head, TreeHash};

/// Lost histories of one log that other hospitals accept: each is an accident that a person settled by hand, and leaves evidence
/// with every witness for good. A log with more is better begun again under another key, which the board has to publish.
pub const MAX_GAPS: u32 = 16;

/// What the entry of a gap says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The origin that begins with it.
    pub origin: String,
    /// The origin before.
    pub before: String,
    /// The head that is continued; its size is the entry's index.
    pub head: Head,
    /// Entries of the largest head that a witness had shown under the origin before.
    pub seen: u64,
}

/// An entry of a gap that is not in its one form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct BadGap {
    /// What was expected.
    pub reason: &'static str,
}

fn bad(reason: &'static str) -> BadGap {
    BadGap { reason }
}

/// Reads an entry; nothing if it is about something else.
///
/// # Errors
/// `BadGap`.
pub fn read(entry: &[u8]) -> Result<Option<Gap>, BadGap> {
    let Some(rest) = event(entry) else { return Ok(None) };
    fields(rest).map(Some).ok_or(bad("the entry of a gap in its one form"))
}

/// What stands behind the kind, if the entry is of a gap.
fn event(entry: &[u8]) -> Option<&[u8]> {
    let (_, rest) = number(entry.strip_prefix(b"{\"version\":1,\"index\":")?)?;
    let rest = rest.strip_prefix(b",\"at\":")?;
    let (_, rest) = number(rest.strip_prefix(b"-").unwrap_or(rest))?;
    rest.strip_prefix(b",\"event\":{\"kind\":\"gap_accepted\",")
}

fn fields(rest: &[u8]) -> Option<Gap> {
    let (origin, rest) = text(rest.strip_prefix(b"\"origin\":\"")?)?;
    let (before, rest) = text(rest.strip_prefix(b",\"before\":\"")?)?;
    let (size, rest) = number(rest.strip_prefix(b",\"size\":")?)?;
    let (root, rest) = text(rest.strip_prefix(b",\"root\":\"")?)?;
    let (seen, rest) = number(rest.strip_prefix(b",\"seen\":")?)?;
    let (_, rest) = number(rest.strip_prefix(b",\"evidence\":")?)?;
    let head = Head { size, root: TreeHash::from_hex(&root)? };
    (rest == b"}}").then_some(Gap { origin, before, head, seen })
}

/// A number below 2^63 without leading zeros, and what follows.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = bytes.split_at_checked(digits)?;
    let text = std::str::from_utf8(digits).ok()?;
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text && number <= i64::MAX.unsigned_abs()).then_some((number, rest))
}

/// Text of printable ASCII characters up to its quote, and what follows.
fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let plain = |byte: &&u8| byte.is_ascii_graphic() && !matches!(**byte, b'"' | b'\\');
    let (text, rest) = bytes.split_at_checked(bytes.iter().take_while(plain).count())?;
    Some((String::from_utf8(text.to_vec()).ok()?, rest.strip_prefix(b"\"")?))
}

/// Which origin holds where, as entries and checkpoints are read in order.
#[derive(Clone, Debug)]
pub struct Lineage {
    hospital: HospitalCode,
    key: PublicKey,
    /// Gaps before what is read next, once that is known.
    number: Option<u32>,
    gaps: Vec<Gap>,
}

impl Lineage {
    /// Begins before the entry with the index `first` of this hospital's log.
    #[must_use]
    pub fn new(hospital: HospitalCode, key: PublicKey, first: u64) -> Self {
        Self { hospital, key, number: (first == 0).then_some(0), gaps: Vec::new() }
    }

    /// Takes the next entry; `before` is the head of the tree without it.
    ///
    /// # Errors
    /// `BadGap`.
    pub fn entry(&mut self, entry: &[u8], before: impl FnOnce() -> Head) -> Result<(), BadGap> {
        let Some(gap) = read(entry)? else { return Ok(()) };
        if gap.head != before() {
            return Err(bad("the head that the log has before this entry"));
        }
        let old = self.number_of(&gap.before).ok_or(bad("an origin of this log before it"))?;
        let next = self.number_of(&gap.origin).filter(|next| *next > old);
        let next = next.ok_or(bad("a later origin of this log"))?;
        if self.number.is_some_and(|number| number != old) {
            return Err(bad("the origin that holds before this entry"));
        }
        self.number = Some(next);
        self.gaps.push(gap);
        Ok(())
    }

    /// Takes a checkpoint over the entries so far.
    ///
    /// # Errors
    /// `BadGap` where another origin holds here.
    pub fn checkpoint(&mut self, origin: &Origin) -> Result<(), BadGap> {
        let number = origin.gaps();
        match self.number {
            Some(known) if known != number => Err(bad(
                "a checkpoint of the origin that holds here; each begins with the entry of its gap",
            )),
            Some(_) | None => {
                self.number = Some(number);
                Ok(())
            }
        }
    }

    /// The gaps that were read.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    fn number_of(&self, origin: &str) -> Option<u32> {
        let origin = Origin::parse(origin).ok()?;
        origin.belongs_to(&self.hospital, &self.key).then(|| origin.gaps())
    }
}

#[cfg(test)]
mod tests;
