//! The one form of a delegation, and its exact bytes.

use policies::dsse::{Envelope, PayloadType};
use policies::envelope::DecodeError;
use policies::question::FormError;
use policies::wire::Delegation;
use policies::{Digest, SignedDelegation};

use super::delegation;
use crate::fixture::key;

#[test]
fn a_delegation_has_one_form() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Delegation), code: &str) {
        let mut changed = delegation();
        change(&mut changed);
        let envelope = SignedDelegation::sign(&changed, &key("a.jansen"));
        let error = decode(&envelope).unwrap_err();
        assert_eq!(error.code(), code, "{error}");
    }
    fn decode(envelope: &Envelope) -> Result<SignedDelegation, DecodeError> {
        SignedDelegation::decode(std::str::from_utf8(&envelope.encode()).unwrap())
    }
    check(|d| d.format = 2, "bad_delegation");
    check(|d| d.purposes.clear(), "bad_delegation");
    check(|d| d.purposes.push(d.purposes[0].clone()), "bad_delegation");
    let many = |count: usize| (10..10 + count).map(|n| format!("name-{n}"));
    check(|d| d.purposes = many(17).map(|n| n.parse().unwrap()).collect(), "bad_delegation");
    check(|d| d.groups = many(33).map(|n| n.parse().unwrap()).collect(), "bad_delegation");
    check(|d| d.groups.insert(0, "long".parse().unwrap()), "bad_delegation");
    check(|d| d.key = "no key".to_owned(), "bad_delegation");
    check(|d| d.key = d.key.to_uppercase(), "bad_delegation");
    // A weak key would make anybody's signature good.
    check(|d| d.key = format!("01{}", "0".repeat(62)), "bad_delegation");
    // The longest one fits.
    let name = |n: usize| format!("n{n:031}");
    let longest = Delegation {
        purposes: (0..16).map(|n| name(n).parse().unwrap()).collect(),
        groups: (0..32).map(|n| name(n).parse().unwrap()).collect(),
        ..delegation()
    };
    let mut envelope = SignedDelegation::sign(&longest, &key("a.jansen"));
    assert_eq!(decode(&envelope).unwrap().delegation(), &longest);
    envelope.add_signature(&key("a session"));
    assert_eq!(decode(&envelope).unwrap_err().code(), "signature_count");
    let huge = format!("{{{}", " ".repeat(9000));
    assert_eq!(SignedDelegation::decode(&huge).unwrap_err().code(), "too_large");
    let text = serde_json::to_string(&delegation()).unwrap().replacen('{', "{ ", 1);
    let spaced = Envelope::signed(PayloadType::Delegation, text.into_bytes(), &key("a.jansen"));
    let expected =
        FormError::Json { what: "delegation", reason: "no other spacing, order or escapes" };
    assert_eq!(decode(&spaced).unwrap_err(), DecodeError::Form(expected));
}

#[test]
fn the_payload_is_frozen() {
    let envelope = SignedDelegation::sign(&delegation(), &key("a.jansen"));
    let golden = include_str!("../golden/delegation.json").trim_end();
    assert_eq!(std::str::from_utf8(envelope.unverified_payload()).unwrap(), golden);
    let pae = format!(
        "DSSEv1 {} application/vnd.kring.delegation.v1+json {} {golden}",
        "application/vnd.kring.delegation.v1+json".len(),
        golden.len()
    );
    assert_eq!(envelope.digest(), Digest::of(pae.as_bytes()));
}
