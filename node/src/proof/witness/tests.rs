use std::convert::Infallible;

use ed25519_dalek::SigningKey;
use policies::HospitalCode;
use policies::dsse::PublicKey;

use super::*;
use crate::proof::merkle::{self, Frontier, Leaves, TreeHash, leaf_hash};

struct Log {
    secret: SigningKey,
    key: VerifierKey,
    origin: Origin,
    leaves: Vec<TreeHash>,
}

impl Log {
    fn new(size: u64) -> Self {
        let secret = SigningKey::from_bytes(&[3; 32]);
        let public = PublicKey::of(&secret).unwrap();
        let origin = Origin::of(&HospitalCode::new("NOORD").unwrap(), &public, 0).unwrap();
        let leaves = (0..size).map(|index| leaf_hash(&index.to_be_bytes())).collect();
        Self { key: origin.key(&public).unwrap(), secret, origin, leaves }
    }

    fn at(&self, size: usize) -> SignedCheckpoint {
        let mut frontier = Frontier::new();
        self.leaves[..size].iter().for_each(|leaf| frontier.push(*leaf));
        let checkpoint = Checkpoint { origin: self.origin.clone(), head: frontier.head() };
        SignedCheckpoint::sign(checkpoint, &self.key, &self.secret).unwrap()
    }

    fn proof(&self, old: u64, new: u64) -> Consistency {
        let read = |index: u64| Ok::<_, Infallible>(self.leaves[usize::try_from(index).unwrap()]);
        merkle::consistency(&mut Leaves::new(read), old, new).unwrap()
    }

    /// The same log under the origin after so many gaps.
    fn after(&self, gaps: u32) -> Self {
        let public = PublicKey::of(&self.secret).unwrap();
        let origin = Origin::of(&HospitalCode::new("NOORD").unwrap(), &public, gaps).unwrap();
        let (key, secret) = (origin.key(&public).unwrap(), self.secret.clone());
        Self { secret, key, origin, leaves: self.leaves.clone() }
    }

    /// The same log, with another entry at this place.
    fn forked(&self, place: usize) -> Self {
        let mut other = Self::new(self.leaves.len() as u64);
        other.leaves[place] = leaf_hash(b"another history");
        other
    }
}

fn cosigned(witness: &mut Witness, log: &Log, old: u64, new: usize) -> Persisted {
    let proof = log.proof(old, new as u64);
    let cosignable = witness.consider(log.at(new), &proof).unwrap();
    cosignable.persist(|_, _| Ok::<_, Infallible>(())).unwrap()
}

#[test]
fn a_growing_log_is_cosigned() {
    let (log, mut witness) = (Log::new(50), Witness::new());
    for (old, new) in [(0, 7), (7, 7), (7, 8), (8, 50)] {
        assert_eq!(cosigned(&mut witness, &log, old, new).checkpoint(), &log.at(new));
        assert_eq!(witness.cosigned(&log.origin), log.at(new).head());
    }
}

#[test]
fn a_record_that_cannot_be_stored_changes_nothing() {
    let (log, mut witness) = (Log::new(9), Witness::new());
    cosigned(&mut witness, &log, 0, 3);
    let proof = log.proof(3, 9);
    let cosignable = witness.consider(log.at(9), &proof).unwrap();
    assert_eq!(cosignable.persist(|_, _| Err("disk full")).unwrap_err(), "disk full");
    assert_eq!(witness.cosigned(&log.origin).size, 3);
}

#[test]
fn another_root_of_the_same_size_is_a_fork_with_both_notes() {
    let (log, mut witness) = (Log::new(9), Witness::new());
    cosigned(&mut witness, &log, 0, 9);
    let other = log.forked(4).at(9);
    let refusal = witness.consider(other.clone(), &log.proof(9, 9)).unwrap_err();
    let Refusal::Conflict(evidence) = refusal else { panic!("{refusal:?}") };
    assert_eq!(*evidence, Evidence { kind: Conflict::Fork, cosigned: log.at(9), offered: other });
    assert_eq!(witness.cosigned(&log.origin), log.at(9).head());
}

#[test]
fn a_later_origin_ends_the_one_before() {
    let (log, mut witness) = (Log::new(9), Witness::new());
    let after = |gaps| log.after(gaps);
    cosigned(&mut witness, &log, 0, 9);
    cosigned(&mut witness, &after(2), 0, 5);
    assert_eq!((witness.cosigned(&log.origin).size, witness.seen.len()), (0, 1));
    for older in [log.at(9), after(1).at(9)] {
        let whole = log.proof(0, 9);
        assert_eq!(witness.consider(older, &whole).unwrap_err().code(), "older_origin");
    }
    let mut again = Witness::new();
    for (record, key) in [(after(2).at(5), after(2).key), (log.at(9), log.key.clone())] {
        again.restore(&record.note().to_string(), &key).unwrap();
    }
    assert_eq!(again.latest(&after(2).origin), Some(&after(2).at(5)));
}

#[test]
fn a_smaller_log_is_kept_as_evidence() {
    let (log, mut witness) = (Log::new(9), Witness::new());
    cosigned(&mut witness, &log, 0, 9);
    let refusal = witness.consider(log.at(5), &log.proof(5, 5)).unwrap_err();
    assert_eq!(refusal.code(), "smaller_than_cosigned");
    assert!(witness.compare(&log.at(9)).is_none());
}

#[test]
fn a_log_that_grew_from_another_history_is_not_cosigned() {
    let (log, mut witness) = (Log::new(40), Witness::new());
    cosigned(&mut witness, &log, 0, 20);
    let other = log.forked(4);
    let refusal = witness.consider(other.at(40), &other.proof(20, 40)).unwrap_err();
    assert_eq!(refusal.code(), "proof_root");
    let refusal = witness.consider(other.at(40), &log.proof(20, 40)).unwrap_err();
    assert_eq!(refusal.code(), "proof_root");
    let refusal = witness.consider(log.at(40), &log.proof(19, 40)).unwrap_err();
    assert_eq!(refusal, Refusal::Stale { old: 19, cosigned: log.at(20).head() });
    let refusal = witness.consider(log.at(40), &log.proof(0, 40)).unwrap_err();
    assert_eq!(refusal.code(), "witness_stale");
    assert_eq!(witness.cosigned(&log.origin).size, 20);
}

#[test]
fn a_restarted_witness_stands_where_it_stood() {
    let (log, mut witness) = (Log::new(9), Witness::new());
    let mut disk = Vec::new();
    for (old, new) in [(0, 4), (4, 9)] {
        let proof = log.proof(old, new as u64);
        let cosignable = witness.consider(log.at(new), &proof).unwrap();
        cosignable
            .persist(|_, note| {
                disk.push(note.to_string());
                Ok::<_, Infallible>(())
            })
            .unwrap();
    }
    let mut again = Witness::new();
    disk.iter().rev().for_each(|record| again.restore(record, &log.key).unwrap());
    assert_eq!(again.latest(&log.origin), Some(&log.at(9)));
    assert!(again.restore("nonsense", &log.key).is_err());
}
