use ed25519_dalek::SigningKey;

use super::*;
use crate::dsse::PayloadType;

fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

fn network() -> NetworkId {
    NetworkId::new("noord").unwrap()
}

fn unsigned() -> Envelope {
    Envelope::unsigned(PayloadType::Charter, b"a charter".to_vec())
}

/// What board member `seed` sends.
fn sent(seed: u8, envelope: &Envelope) -> Detached {
    let mut own = envelope.clone();
    own.add_signature(&key(seed));
    let public = PublicKey::of(&key(seed)).unwrap();
    Detached::decode(&own.detach(&public, &network(), 2).unwrap().encode()).unwrap()
}

#[test]
fn signatures_that_are_collected_are_those_that_were_made() {
    let mut collected = unsigned();
    for seed in [3, 1, 2] {
        assert_eq!(collected.attach(&sent(seed, &unsigned())), Ok(true));
    }
    let mut signed = unsigned();
    [1, 2, 3].iter().for_each(|seed| signed.add_signature(&key(*seed)));
    assert_eq!(collected.encode(), signed.encode());
    assert_eq!(collected.attach(&sent(1, &unsigned())), Ok(false));
    assert_eq!(collected.encode(), signed.encode());
}

#[test]
fn a_signature_that_does_not_verify_changes_nothing() {
    let good = sent(1, &unsigned());
    let mut envelope = unsigned();
    let other = Envelope::unsigned(PayloadType::Charter, b"another charter".to_vec());
    assert_eq!(envelope.attach(&sent(1, &other)).unwrap_err().code(), "signature_of_other_bytes");
    // Made as something else than a charter.
    let question = Envelope::unsigned(PayloadType::Question, b"a charter".to_vec());
    assert_eq!(
        envelope.attach(&sent(1, &question)).unwrap_err().code(),
        "signature_of_other_bytes"
    );
    let claimed = Detached { digest: envelope.digest(), ..sent(1, &question) };
    assert_eq!(envelope.attach(&claimed).unwrap_err().code(), "bad_signature");
    let forged = Detached { key: PublicKey::of(&key(2)).unwrap(), ..good.clone() };
    assert_eq!(envelope.attach(&forged).unwrap_err().code(), "bad_signature");
    for bit in 0..512_usize {
        let mut damaged = good.clone();
        damaged.signature[bit / 8] ^= 1 << (bit % 8);
        assert!(envelope.attach(&damaged).is_err(), "bit {bit}");
    }
    assert_eq!(envelope, unsigned());
}

#[test]
fn what_is_no_file_of_a_signature_is_refused() {
    let good = String::from_utf8(sent(1, &unsigned()).encode()).unwrap();
    let weak = good
        .replace(&PublicKey::of(&key(1)).unwrap().to_string(), &format!("01{}", "0".repeat(62)));
    let large = format!("{}{good}", " ".repeat(MAX_DETACHED_BYTES));
    for bad in [
        String::new(),
        "{}".to_owned(),
        good.replace("kring-signature-v1", "kring-signature-v2"),
        good.replace("\"version\"", "\"number\""),
        good.replace("{\"format\"", "{\"more\":1,\"format\""),
        good.replace("\"signature\":\"", "\"signature\":\"AAAA"),
        weak,
        large,
    ] {
        assert_ne!(bad, good);
        assert_eq!(
            Detached::decode(bad.as_bytes()).unwrap_err().code(),
            "malformed_signature",
            "{bad}"
        );
    }
}

#[test]
fn an_envelope_has_no_signature_of_who_did_not_sign() {
    let public = PublicKey::of(&key(1)).unwrap();
    assert_eq!(unsigned().detach(&public, &network(), 2), None);
}
