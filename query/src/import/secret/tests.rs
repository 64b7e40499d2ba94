use super::*;

fn secret(byte: u8) -> RecordSecret {
    RecordSecret::new(&[byte; 32])
}

fn lineage(secret: &RecordSecret, dataset: &str, version: u32, hospital: &str) -> Digest {
    let (dataset, hospital) = (DatasetId::new(dataset), HospitalCode::new(hospital));
    secret.lineage(&dataset.unwrap(), version, (&hospital.unwrap(), None))
}

#[test]
fn patients_who_are_numbered_anew_are_another_lineage() {
    let (dataset, hospital) =
        (DatasetId::new("breast").unwrap(), HospitalCode::new("ALFA").unwrap());
    let of = |series| secret(1).lineage(&dataset, 1, (&hospital, series));
    let (one, two) = (of(Some(Digest::of(b"1"))), of(Some(Digest::of(b"2"))));
    assert!(one != two && one != of(None) && two != of(None));
    assert_eq!(one, of(Some(Digest::of(b"1"))));
}

#[test]
fn every_part_of_a_lineage_tells_lineages_apart() {
    let own = lineage(&secret(1), "breast", 1, "ALFA");
    assert_eq!(own, lineage(&secret(1), "breast", 1, "ALFA"));
    for other in [
        lineage(&secret(2), "breast", 1, "ALFA"),
        lineage(&secret(1), "colon", 1, "ALFA"),
        lineage(&secret(1), "breast", 2, "ALFA"),
        lineage(&secret(1), "breast", 1, "BETA"),
    ] {
        assert_ne!(own, other);
        assert_ne!(secret(1).key(&own, "p1"), secret(1).key(&other, "p1"));
    }
    assert_ne!(secret(1).key(&own, "p1"), secret(1).key(&own, "p2"));
    assert_ne!(secret(1).key(&own, "p1"), secret(2).key(&own, "p1"));
}

#[test]
fn keys_are_hmac_sha256_of_domain_lineage_and_pseudonym() {
    // RFC 4231, case 2, whose key is short: only the padding differs from a secret.
    let mut key = [0; 32];
    key[..4].copy_from_slice(b"Jefe");
    let secret = RecordSecret::new(&key);
    let mac = secret.uniform(&[b"what do ya want ", b"for nothing?"]);
    let hex: String = mac.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

#[test]
fn the_secret_is_not_printed() {
    assert_eq!(format!("{:?}", secret(0x41)), "<redacted>");
}
