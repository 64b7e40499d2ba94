use ed25519_dalek::SigningKey;

use super::*;
use crate::proof::note::tests::{ARCHE, ARCHE_KEY, ARCHE_WITNESSES};

fn key(seed: u8) -> (SigningKey, PublicKey) {
    let key = SigningKey::from_bytes(&[seed; 32]);
    let public = PublicKey::of(&key).unwrap();
    (key, public)
}

fn head(size: u64) -> Head {
    Head { size, root: crate::proof::merkle::leaf_hash(&size.to_be_bytes()) }
}

#[test]
fn the_example_of_the_specification_is_read_and_written() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let read = Checkpoint::parse(text).unwrap();
    assert_eq!(read.origin.as_str(), "example.com/behind-the-sofa");
    assert_eq!(read.head.size, 20_852_163);
    assert_eq!(read.text(), text);
}

#[test]
fn a_checkpoint_of_a_public_log_and_its_witnesses_verifies() {
    let log = VerifierKey::parse(ARCHE_KEY).unwrap();
    let signed = SignedCheckpoint::open(ARCHE, &log).unwrap();
    assert_eq!(signed.head().size, 1_432_088_532);
    for witness in ARCHE_WITNESSES {
        let witness = VerifierKey::parse(witness).unwrap();
        assert_eq!(signed.cosigned_by(&witness), Ok(Some(UnixTime(1_779_573_024))));
    }
}

#[test]
fn other_texts_are_refused() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for bad in [
        "".to_owned(),
        "a\n1\n".to_owned(),
        format!("a\n1\n{root}"),
        format!("\n1\n{root}\n"),
        format!("a b\n1\n{root}\n"),
        format!("a\n01\n{root}\n"),
        format!("a\n+1\n{root}\n"),
        format!("a\n-1\n{root}\n"),
        format!("a\n\n{root}\n"),
        format!("a\n9223372036854775808\n{root}\n"),
        format!("a\n18446744073709551616\n{root}\n"),
        "a\n1\nAAAA\n".to_owned(),
        format!("a\n1\n{}\n", root.replace("2I=", "2J=")),
        format!("a\n1\n{root}\nextension\n"),
        format!("a\n1\n{root}\n\n"),
    ] {
        assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
    }
}

#[test]
fn origins_name_hospital_key_and_gaps() {
    let (_, public) = key(1);
    let (noord, zuid) = (HospitalCode::new("NOORD").unwrap(), HospitalCode::new("ZUID").unwrap());
    let first = Origin::of(&noord, &public, 0).unwrap();
    let later = Origin::of(&noord, &public, 12).unwrap();
    assert_eq!(first.as_str(), format!("kring/NOORD/{}", public.fingerprint().short()));
    assert_eq!(later.as_str(), format!("{first}/12"));
    assert!(first.belongs_to(&noord, &public) && later.belongs_to(&noord, &public));
    assert!(!first.belongs_to(&zuid, &public) && !first.belongs_to(&noord, &key(2).1));
    for bad in ["/0", "/", "/01", "/x", "1", "/1/1"] {
        let bad = Origin::parse(&format!("{first}{bad}")).unwrap();
        assert!(!bad.belongs_to(&noord, &public), "{bad}");
    }
}

#[test]
fn only_the_logs_own_key_and_origin_open_a_checkpoint() {
    let (secret, public) = key(1);
    let hospital = HospitalCode::new("NOORD").unwrap();
    let origin = Origin::of(&hospital, &public, 0).unwrap();
    let log = origin.key(&public).unwrap();
    let signed =
        SignedCheckpoint::sign(Checkpoint { origin: origin.clone(), head: head(7) }, &log, &secret)
            .unwrap();
    let note = signed.note().to_string();
    assert_eq!(SignedCheckpoint::open(&note, &log), Ok(signed));
    let other = origin.key(&key(2).1).unwrap();
    assert_eq!(SignedCheckpoint::open(&note, &other).unwrap_err().code(), "note_not_signed");
    let gap = Origin::of(&hospital, &public, 1).unwrap();
    assert_eq!(
        SignedCheckpoint::open(&note, &gap.key(&public).unwrap()).unwrap_err().code(),
        "checkpoint_other_log"
    );
    let witness = witness_key(&hospital, &public).unwrap();
    assert_eq!(SignedCheckpoint::open(&note, &witness).unwrap_err().code(), "checkpoint_other_log");
    let stolen = SignedCheckpoint::sign(Checkpoint { origin, head: head(7) }, &log, &key(2).0);
    assert_eq!(stolen.unwrap_err().code(), "note_malformed");
}
