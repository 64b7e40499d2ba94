use std::convert::Infallible;

use policies::HospitalCode;
use policies::dsse::PublicKey;

use super::*;
use crate::proof::checkpoint::{Checkpoint, Origin, SignedCheckpoint, witness_key};
use crate::proof::merkle::{Consistency, Head, leaf_hash};
use crate::proof::witness::Witness;

fn key(seed: u8) -> (SigningKey, PublicKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = PublicKey::of(&key).unwrap();
    (key, public)
}

fn persisted() -> Persisted {
    let (secret, public) = key(1);
    let origin = Origin::of(&HospitalCode::new("NOORD").unwrap(), &public, 0).unwrap();
    let log = origin.key(&public).unwrap();
    let head = Head { size: 1, root: leaf_hash(b"entry") };
    let signed = SignedCheckpoint::sign(Checkpoint { origin, head }, &log, &secret).unwrap();
    let mut witness = Witness::new();
    let first = Consistency { old: 0, new: 1, path: Vec::new() };
    let cosignable = witness.consider(signed, &first).unwrap();
    cosignable.persist(|_, _| Ok::<_, Infallible>(())).unwrap()
}

#[test]
fn a_cosignature_verifies_for_its_checkpoint_witness_and_time() {
    let zuid = HospitalCode::new("ZUID").unwrap();
    let ((secret, public), persisted) = (key(2), persisted());
    let witness = witness_key(&zuid, &public).unwrap();
    let line = cosign(&persisted, &witness, &secret, UnixTime(1_700_000_000)).unwrap();
    let mut signed = persisted.checkpoint().clone();
    assert_eq!(signed.cosigned_by(&witness), Ok(None));
    assert_eq!(signed.add(line.clone(), &witness), Ok(UnixTime(1_700_000_000)));
    assert_eq!(signed.cosigned_by(&witness), Ok(Some(UnixTime(1_700_000_000))));
    assert_eq!(SignatureLine::parse(&line.to_string()), Ok(line.clone()));

    let other = witness_key(&zuid, &key(4).1).unwrap();
    assert_eq!(signed.cosigned_by(&other), Ok(None));
    assert_eq!(signed.add(line.clone(), &other).unwrap_err().code(), "note_not_signed");
    let elsewhere = witness_key(&HospitalCode::new("OOST").unwrap(), &public).unwrap();
    assert_eq!(signed.add(line.clone(), &elsewhere).unwrap_err().code(), "note_not_signed");

    let mut late = line.to_string();
    late = late.replace("AAAA", "AAAB");
    let late = SignatureLine::parse(&late).unwrap();
    assert_ne!(late, line);
    assert!(signed.add(late, &witness).is_err());
    assert_eq!(signed.cosigned_by(&witness), Ok(Some(UnixTime(1_700_000_000))));
}

#[test]
fn a_witness_signs_only_with_its_own_key_and_a_real_time() {
    let zuid = HospitalCode::new("ZUID").unwrap();
    let ((secret, public), persisted) = (key(2), persisted());
    let witness = witness_key(&zuid, &public).unwrap();
    assert!(cosign(&persisted, &witness, &key(4).0, UnixTime(1)).is_err());
    assert!(cosign(&persisted, &witness, &secret, UnixTime(-1)).is_err());
    let log = Origin::of(&zuid, &public, 0).unwrap().key(&public).unwrap();
    assert!(cosign(&persisted, &log, &secret, UnixTime(1)).is_err());
}
