//! Proof files: single entries with the path from each to a signed root, to be checked with the network gone.
//!
//! One line of JSON in its one encoding. It shows that the entries are in the log that the log's key signed; it does not
//! show what else is in the log.

use std::collections::BTreeMap;

use policies::{HospitalCode, UnixTime};
use serde::{Deserialize, Serialize};

use super::checkpoint::SignedCheckpoint;
use super::export::verify::{canonical, stated_index};
use super::fault::{Fault, FaultKind};
use super::merkle::{Head, Inclusion, MAX_PATH, TreeHash, leaf_hash};
use super::parties::Parties;
use super::policy::Policy;

/// The format's name.
pub const FORMAT: &str = "kring-proof/1";
/// Most entries of a proof file.
pub const MAX_ENTRIES: usize = 64;
/// Most bytes of a proof file: its entries, escaped.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A proof file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProofFile {
    /// [`FORMAT`].
    pub format: String,
    /// The log's name.
    pub origin: String,
    /// The hospital's code.
    pub hospital: String,
    /// The log's key in hexadecimal digits.
    pub log_key: String,
    /// Keys of the witnesses that cosigned the checkpoint, by hospital.
    pub witnesses: BTreeMap<String, String>,
    /// The checkpoint's note.
    pub checkpoint: String,
    /// The entries.
    pub entries: Vec<ProvedEntry>,
}

/// An entry and its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProvedEntry {
    /// Its place in the log.
    pub index: u64,
    /// Its exact text.
    pub entry: String,
    /// Hashes from the leaf up.
    pub path: Vec<String>,
}

/// What a proof file shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The log's name.
    pub origin: String,
    /// The hospital.
    pub hospital: HospitalCode,
    /// The log's key.
    pub log_key: String,
    /// What the checkpoint states.
    pub head: Head,
    /// Who cosigned it, and when.
    pub cosigned: BTreeMap<HospitalCode, UnixTime>,
    /// The entries, by place.
    pub entries: BTreeMap<u64, String>,
}

impl ProvedEntry {
    /// An entry with the proof of its inclusion.
    #[must_use]
    pub fn new(entry: String, proof: &Inclusion) -> Self {
        let Inclusion { index, size: _, path } = proof;
        Self { index: *index, entry, path: path.iter().map(ToString::to_string).collect() }
    }
}

impl ProofFile {
    /// A proof file over one checkpoint, whose lines are all of the log and of `witnesses`.
    #[must_use]
    pub fn new(
        parties: &Parties,
        checkpoint: &SignedCheckpoint,
        entries: Vec<ProvedEntry>,
    ) -> Self {
        let key = |key: &super::note::VerifierKey| hex::encode(key.key_bytes());
        Self {
            format: FORMAT.to_owned(),
            origin: parties.origin().to_string(),
            hospital: parties.hospital().to_string(),
            log_key: key(parties.log()),
            witnesses: parties.witnesses().iter().map(|(c, k)| (c.to_string(), key(k))).collect(),
            checkpoint: checkpoint.note().to_string(),
            entries,
        }
    }

    /// The file's text.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// Checks a proof file.
///
/// # Errors
/// The first `Fault`; all are at line 1.
pub fn verify(file: &[u8], policy: Option<&Policy>) -> Result<Shown, Fault> {
    let header = |reason: &str| FaultKind::Header { reason: reason.to_owned() }.at(1);
    let cut_off = || FaultKind::CutOff { reason: "a newline at the end" }.at(1);
    let line = file.strip_suffix(b"\n").ok_or_else(cut_off)?;
    let read: ProofFile = canonical(line, MAX_BYTES).map_err(header)?;
    let ProofFile { format, origin, hospital, log_key, witnesses, checkpoint, entries } = read;
    if format != FORMAT {
        return Err(header("format kring-proof/1"));
    }
    let at = |kind: FaultKind| kind.at(1);
    let parties = Parties::new(&origin, &hospital, &log_key, &witnesses).map_err(at)?;
    if let Some(policy) = policy {
        policy.trusts(&parties).map_err(at)?;
    }
    let opened = parties.open(1, &checkpoint).map_err(at)?;
    parties.all_used(std::slice::from_ref(&opened)).map_err(at)?;
    if let Some(policy) = policy {
        policy.quorum(&parties, &opened).map_err(at)?;
    }
    if entries.is_empty() || entries.len() > MAX_ENTRIES {
        return Err(header("1 to 64 entries"));
    }
    let head = opened.signed.head();
    let mut shown = BTreeMap::new();
    for ProvedEntry { index, entry, path } in entries {
        let of_entry = |kind: FaultKind| kind.of_entry(1, index);
        let proof =
            inclusion(index, head.size, &path).ok_or_else(|| of_entry(FaultKind::NotInLog))?;
        if stated_index(entry.as_bytes()) != Some(index) {
            return Err(of_entry(FaultKind::Unreadable {
                reason: "the index that the proof is of",
            }));
        }
        let leaf = leaf_hash(entry.as_bytes());
        proof.verify(&leaf, &head).map_err(|_bad| of_entry(FaultKind::NotInLog))?;
        shown.insert(index, entry);
    }
    Ok(Shown {
        origin: parties.origin().to_string(),
        hospital: parties.hospital().clone(),
        log_key: hex::encode(parties.log().key_bytes()),
        head,
        cosigned: opened.cosigned,
        entries: shown,
    })
}

fn inclusion(index: u64, size: u64, path: &[String]) -> Option<Inclusion> {
    if path.len() > MAX_PATH {
        return None;
    }
    let path = path.iter().map(|text| TreeHash::from_hex(text)).collect::<Option<_>>()?;
    Some(Inclusion { index, size, path })
}
