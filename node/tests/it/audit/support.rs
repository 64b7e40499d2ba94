//! A log in memory, with its key and witnesses, and files made of it.

use std::collections::BTreeMap;
use std::convert::Infallible;

use ed25519_dalek::SigningKey;
use node::proof::checkpoint::{Checkpoint, Origin, SignedCheckpoint, witness_key};
use node::proof::cosignature::cosign;
use node::proof::export::{FORMAT, Header, Marks, PART, after, before, header_line};
use node::proof::merkle::{self, Frontier, Inner, TreeHash, leaf_hash};
use node::proof::note::VerifierKey;
use node::proof::parties::Parties;
use node::proof::receipt::{ProofFile, ProvedEntry};
use node::proof::witness::Witness;
use policies::dsse::PublicKey;
use policies::{HospitalCode, UnixTime};

/// A log with its keys.
pub(super) struct Book {
    pub(super) hospital: HospitalCode,
    pub(super) log: SigningKey,
    pub(super) witnesses: BTreeMap<HospitalCode, SigningKey>,
    pub(super) entries: Vec<String>,
    /// Sizes of the checkpoints.
    pub(super) checkpoints: Vec<u64>,
    /// Indexes of the entries that begin another origin.
    pub(super) gaps: Vec<u64>,
}

pub(super) fn public(key: &SigningKey) -> PublicKey {
    PublicKey::of(key).unwrap()
}

pub(super) fn code(text: &str) -> HospitalCode {
    HospitalCode::new(text).unwrap()
}

/// An entry as the node writes them.
pub(super) fn entry(index: u64) -> String {
    let digest = leaf_hash(&index.to_be_bytes());
    let at = 1_700_000_000 + index * 7;
    format!(
        r#"{{"version":1,"index":{index},"at":{at},"event":{{"kind":"rejected","peer":"H{index:02}","code":"bad_signature","count":{index},"first":"{digest}"}}}}"#
    )
}

impl Book {
    pub(super) fn new(entries: u64, checkpoints: &[u64], witnesses: &[&str]) -> Self {
        let witnesses = (2..).zip(witnesses);
        Self {
            hospital: code("NOORD"),
            log: SigningKey::from_bytes(&[1; 32]),
            witnesses: witnesses
                .map(|(seed, name)| (code(name), SigningKey::from_bytes(&[seed; 32])))
                .collect(),
            entries: (0..entries).map(entry).collect(),
            checkpoints: checkpoints.to_vec(),
            gaps: Vec::new(),
        }
    }

    /// The same log, continued after a lost history with the entry at each of these indexes.
    pub(super) fn with_gaps(mut self, gaps: &[u64]) -> Self {
        for index in gaps {
            let place = usize::try_from(*index).unwrap();
            let mut tree = Frontier::new();
            self.leaves()[..place].iter().for_each(|leaf| tree.push(*leaf));
            let before = self.origin_at(*index);
            self.gaps.push(*index);
            let (origin, root) = (self.origin_at(*index + 1), tree.root());
            let at = 1_700_000_000 + index * 7;
            self.entries[place] = format!(
                r#"{{"version":1,"index":{index},"at":{at},"event":{{"kind":"gap_accepted","origin":"{origin}","before":"{before}","size":{index},"root":"{root}","seen":{},"evidence":0}}}}"#,
                index + 7
            );
        }
        self
    }

    /// The origin that holds for a checkpoint of this size.
    fn origin_at(&self, size: u64) -> Origin {
        let gaps = self.gaps.iter().filter(|gap| **gap < size).count();
        Origin::of(&self.hospital, &public(&self.log), u32::try_from(gaps).unwrap()).unwrap()
    }

    pub(super) fn origin(&self) -> Origin {
        self.origin_at(u64::MAX)
    }

    pub(super) fn log_key(&self) -> VerifierKey {
        self.origin().key(&public(&self.log)).unwrap()
    }

    pub(super) fn witness_key(&self, witness: &HospitalCode) -> VerifierKey {
        witness_key(witness, &public(&self.witnesses[witness])).unwrap()
    }

    fn leaves(&self) -> Vec<TreeHash> {
        self.entries.iter().map(|entry| leaf_hash(entry.as_bytes())).collect()
    }

    /// The checkpoints from `first` on, cosigned by every witness.
    pub(super) fn signed(&self, first: u64) -> Vec<SignedCheckpoint> {
        let leaves = self.leaves();
        let read = |index: u64| Ok::<_, Infallible>(leaves[usize::try_from(index).unwrap()]);
        let (mut inner, mut fed) = (Inner::new(), 0);
        let mut states: BTreeMap<_, _> =
            self.witnesses.keys().map(|code| (code, Witness::new())).collect();
        let (mut last_size, mut signed) = (0, Vec::new());
        for size in self.checkpoints.iter().copied().filter(|size| *size >= first) {
            for leaf in &leaves[fed..usize::try_from(size).unwrap()] {
                inner.push(*leaf);
            }
            fed = usize::try_from(size).unwrap();
            let head = inner.frontier().head();
            let origin = self.origin_at(size);
            let key = origin.key(&public(&self.log)).unwrap();
            // A witness begins anew with an origin.
            let begun = signed
                .last()
                .is_some_and(|last: &SignedCheckpoint| last.checkpoint().origin == origin);
            let last = if begun { last_size } else { 0 };
            let checkpoint = Checkpoint { origin, head };
            let mut one = SignedCheckpoint::sign(checkpoint, &key, &self.log).unwrap();
            for (code, state) in &mut states {
                let proof = merkle::consistency(&mut inner.over(read), last, size).unwrap();
                let cosignable = state.consider(one.bare(&key), &proof).unwrap();
                let persisted = cosignable.persist(|_, _| Ok::<_, Infallible>(())).unwrap();
                let witness = self.witness_key(code);
                let now = UnixTime(1_700_000_000);
                let line = cosign(&persisted, &witness, &self.witnesses[code], now).unwrap();
                one.add(line, &witness).unwrap();
            }
            signed.push(one);
            last_size = size;
        }
        signed
    }

    pub(super) fn header(&self, first: u64) -> Header {
        let mut frontier = Frontier::new();
        let leaves = self.leaves();
        leaves[..usize::try_from(first).unwrap()].iter().for_each(|leaf| frontier.push(*leaf));
        let hex = |key: &SigningKey| public(key).to_string();
        Header {
            format: FORMAT.to_owned(),
            origin: self.origin().to_string(),
            hospital: self.hospital.to_string(),
            log_key: hex(&self.log),
            witnesses: self.witnesses.iter().map(|(c, key)| (c.to_string(), hex(key))).collect(),
            first,
            count: self.entries.len() as u64 - first,
            before: before(&frontier),
            after: None,
        }
    }

    /// The export from `first` on; the last checkpoint must be of every entry.
    pub(super) fn export(&self, first: u64) -> Vec<u8> {
        let mut text = header_line(&self.header(first));
        let mut marks = Marks::default();
        for entry in self.entries.iter().skip(usize::try_from(first).unwrap()) {
            text.push_str(entry);
            text.push('\n');
            marks.push(&leaf_hash(entry.as_bytes()));
        }
        text.push_str(&marks.trailer_line(&self.signed(first)));
        text.into_bytes()
    }

    /// The entries from `first` up to `end`, under the last checkpoint.
    pub(super) fn part(&self, first: u64, end: u64) -> Vec<u8> {
        let leaves = self.leaves();
        let read = |index: u64| Ok::<_, Infallible>(leaves[usize::try_from(index).unwrap()]);
        let mut signed = self.signed(first);
        let last = signed.pop().unwrap();
        signed.retain(|one| one.head().size <= end);
        let mut nodes = merkle::Leaves::new(read);
        let behind = merkle::after(&mut nodes, end, last.head().size).unwrap();
        signed.push(last);
        let mut header = self.header(first);
        header.format = PART.to_owned();
        (header.count, header.after) = (end - first, Some(after(&behind)));
        let mut text = header_line(&header);
        let mut marks = Marks::default();
        for index in first..end {
            let entry = &self.entries[usize::try_from(index).unwrap()];
            text.push_str(entry);
            text.push('\n');
            marks.push(&leaf_hash(entry.as_bytes()));
        }
        text.push_str(&marks.trailer_line(&signed));
        text.into_bytes()
    }

    /// A proof file of these entries under the last checkpoint.
    pub(super) fn proof(&self, indexes: &[u64]) -> Vec<u8> {
        let leaves = self.leaves();
        let read = |index: u64| Ok::<_, Infallible>(leaves[usize::try_from(index).unwrap()]);
        let size = leaves.len() as u64;
        let entries = indexes.iter().map(|index| {
            let entry = self.entries[usize::try_from(*index).unwrap()].clone();
            let mut nodes = merkle::Leaves::new(read);
            ProvedEntry::new(entry, &merkle::inclusion(&mut nodes, *index, size).unwrap())
        });
        let Header { origin, hospital, log_key, witnesses, .. } = self.header(0);
        let parties = Parties::new(&origin, &hospital, &log_key, &witnesses).unwrap();
        let signed = self.signed(0);
        ProofFile::new(&parties, signed.last().unwrap(), entries.collect()).encode().into_bytes()
    }

    /// The policy that trusts this log and asks for so many of its witnesses.
    pub(super) fn policy(&self, quorum: usize) -> String {
        let mut text = format!("# who is trusted\nlog {}\n", self.log_key());
        for witness in self.witnesses.keys() {
            text.push_str(&format!("witness {witness} {}\n", self.witness_key(witness)));
        }
        if quorum == 0 {
            return text + "quorum none\n";
        }
        let names: Vec<_> = self.witnesses.keys().map(HospitalCode::as_str).collect();
        text + &format!("group witnesses {quorum} {}\nquorum witnesses\n", names.join(" "))
    }
}
