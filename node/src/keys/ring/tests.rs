use super::*;

fn public(number: u8) -> PublicKey {
    PublicKey::of(&ed25519_dalek::SigningKey::from_bytes(&[number; 32])).unwrap()
}

#[test]
fn a_node_goes_over_to_the_next_key_when_all_know_it_or_the_present_one_ends() {
    use Listed::{All, Newest, No, Settled};
    let pair = Pair { present: public(1), next: Some(public(2)) };
    let works_with = |present: Listed, next: Listed| {
        let key = turn(&pair, |key| if *key == pair.present { present } else { next });
        key.map(|key| if key == pair.present { 1 } else { 2 })
    };
    // As long as the next is not settled, the present one stays while it is as good.
    for (present, next) in
        [(Settled, No), (Settled, Newest), (Settled, All), (All, All), (Newest, Newest)]
    {
        assert_eq!(works_with(present, next), Some(1), "{present:?} {next:?}");
    }
    for (present, next) in
        [(Settled, Settled), (All, Settled), (No, Settled), (No, All), (No, Newest), (Newest, All)]
    {
        assert_eq!(works_with(present, next), Some(2), "{present:?} {next:?}");
    }
    assert_eq!(works_with(No, No), None);
    let alone = Pair { next: None, ..pair };
    assert_eq!(turn(&alone, |_| Newest), Some(pair.present));
    assert_eq!(turn(&alone, |_| No), None);
}

#[test]
fn the_files_of_a_ring_go_round() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("envelope.key");
    let first = Key::create(&path, KeyRole::Envelope, "NOORD").unwrap().public;
    let ring = || Ring::load(&path, KeyRole::Envelope).unwrap();
    assert_eq!(ring().pair(), Pair { present: first, next: None });
    let second = Ring::make_next(&path, KeyRole::Envelope, "NOORD").unwrap().public;
    assert!(folder.path().join("envelope.next.key").exists());
    assert_eq!(ring().pair(), Pair { present: first, next: Some(second) });
    assert_eq!(Ring::make_next(&path, KeyRole::Envelope, "NOORD").unwrap_err().code(), "key_file");
    assert_eq!(ring().finish(&path).unwrap(), folder.path().join("envelope.1.key"));
    let third = Ring::make_next(&path, KeyRole::Envelope, "NOORD").unwrap().public;
    ring().finish(&path).unwrap();
    let all: Vec<PublicKey> = ring().all().map(|key| key.public).collect();
    assert_eq!(all, [third, first, second]);
    assert_eq!(ring().of(&first).public, third, "what is retired signs nothing");
    // Nothing is overwritten, and a bad file is told.
    std::fs::write(folder.path().join("envelope.next.key"), "").unwrap();
    assert!(Ring::load(&path, KeyRole::Envelope).is_err());
}
