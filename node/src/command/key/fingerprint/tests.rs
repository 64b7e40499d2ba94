//! What is read aloud, and that another key is another text.

use super::*;

fn key(seed: u8) -> PublicKey {
    PublicKey::of(&ed25519_dalek::SigningKey::from_bytes(&[seed; 32])).unwrap()
}

fn keys() -> Keys {
    [
        ("transport", vec![key(1)]),
        ("envelope", vec![key(2), key(3)]),
        ("log", vec![key(4)]),
        ("witness", vec![key(5)]),
    ]
}

fn hospital(code: &str) -> HospitalCode {
    code.parse().unwrap()
}

#[test]
fn every_key_has_four_lines_of_six_words_after_those_of_all() {
    let lines = lines(&hospital("ALFA"), &keys());
    assert_eq!(lines.len(), 6 * 5);
    assert_eq!(lines[0], "ALFA, all keys together:");
    assert_eq!(lines[5], format!("transport {}:", key(1)));
    assert_eq!(lines[15], format!("envelope {}:", key(3)));
    for line in lines.iter().filter(|line| line.starts_with(' ')) {
        assert_eq!(line.split_whitespace().count(), 7, "{line}");
    }
    let spoken = lines[6..10].iter().flat_map(|line| line.split_whitespace().skip(1));
    let typed = spoken.collect::<Vec<_>>().join(" ");
    assert_eq!(Root::parse(&typed).unwrap().digest(), key(1).fingerprint());
}

#[test]
fn another_key_job_or_hospital_is_another_text() {
    let alfa = hospital("ALFA");
    let own = together(&alfa, &keys());
    assert_eq!(own, together(&alfa, &keys()));
    assert_ne!(own, together(&hospital("BRAVO"), &keys()));
    let mut other = keys();
    other[1].1.pop();
    assert_ne!(own, together(&alfa, &other));
    let mut moved = keys();
    moved[3].1 = vec![key(4)];
    moved[2].1 = vec![key(5)];
    assert_ne!(own, together(&alfa, &moved));
}
