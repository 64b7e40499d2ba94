//! Freshness statements: what counts, and every bad one.

use policies::dsse::{Envelope, PayloadType};
use policies::statement::{Fresh, Freshness, Revocations, StatementError, Subject};
use policies::wire::LayerRef;
use policies::{Digest, UnixTime};

use crate::boards::{Draft, World, day, flipped, fresh, line, revoked};
use crate::fixture::{hospital, key};

use super::Case;

const HOUR: i64 = 60 * 60;
/// When statements are read.
const NOW: UnixTime = UnixTime(1_767_225_600 + 40 * 24 * HOUR);

fn verify(world: &World, bytes: &[u8], revoked: &Revocations) -> Result<Fresh, StatementError> {
    Freshness::verify(bytes, &world.line, revoked, NOW)
}

/// ALFA's word about the newest version, an hour ago.
fn good(world: &World) -> Freshness {
    fresh(&world.second, NOW.plus(-HOUR))
}

fn by_alfa(statement: &Freshness) -> Vec<u8> {
    statement.sign(&key("ALFA freshness")).encode()
}

/// The good statement with its payload changed, signed by ALFA.
fn edit(world: &World, find: &str, put: &str) -> Vec<u8> {
    let envelope = good(world).sign(&key("ALFA freshness"));
    let text = String::from_utf8(envelope.unverified_payload().to_vec()).unwrap();
    let edited = text.replacen(find, put, 1);
    assert_ne!(text, edited, "`{find}`");
    Envelope::signed(PayloadType::Freshness, edited.into_bytes(), &key("ALFA freshness")).encode()
}

fn wrapped(world: &World, find: &str, put: &str) -> Vec<u8> {
    let text = String::from_utf8(by_alfa(&good(world))).unwrap();
    let edited = text.replacen(find, put, 1);
    assert_ne!(text, edited, "`{find}`");
    edited.into_bytes()
}

type Bad = (&'static str, &'static str, fn(&World) -> Vec<u8>);

const BAD: [Bad; 33] = [
    ("fresh: from the future [integrated-time-in-future]", "from_the_future", |world| {
        by_alfa(&fresh(&world.second, NOW.plus(121)))
    }),
    ("fresh: stale [expired_timestamp]", "stale", |world| {
        by_alfa(&fresh(&world.second, NOW.plus(-72 * HOUR - 1)))
    }),
    ("fresh: for 73 hours", "wrong_span", |world| by_alfa(&good(world).until(NOW.plus(72 * HOUR)))),
    ("fresh: for 72 hours and a second", "wrong_span", |world| {
        by_alfa(&good(world).until(NOW.plus(71 * HOUR + 1)))
    }),
    ("fresh: for no time", "wrong_span", |world| by_alfa(&good(world).until(NOW.plus(-HOUR)))),
    ("fresh: ends before it begins", "wrong_span", |world| {
        by_alfa(&good(world).until(NOW.plus(-2 * HOUR)))
    }),
    ("fresh: for ever", "wrong_span", |world| by_alfa(&good(world).until(UnixTime(i64::MAX)))),
    ("fresh: from the first moment of time", "wrong_span", |world| {
        by_alfa(&fresh(&world.second, UnixTime(i64::MIN)).until(UnixTime(i64::MAX)))
    }),
    ("fresh: another network", "other_network", |world| edit(world, "noord", "zuid")),
    ("fresh: a version that is not held", "unknown_version", |world| {
        by_alfa(&fresh(&world.third(), NOW))
    }),
    ("fresh: version 0", "unknown_version", |world| edit(world, "\"version\":2", "\"version\":0")),
    ("fresh: the last version of all", "unknown_version", |world| {
        edit(world, "\"version\":2", "\"version\":18446744073709551615")
    }),
    ("fresh: another digest [snapshot_hash_mismatch]", "other_digest", |world| {
        let layer = LayerRef { digest: Digest::of(b"other"), ..world.second.layer() };
        by_alfa(&Freshness::new(&layer, hospital("ALFA"), NOW))
    }),
    ("fresh: version 1 with the digest of 2 [mix-and-match]", "other_digest", |world| {
        edit(world, "\"version\":2", "\"version\":1")
    }),
    ("fresh: about version 1, long after version 2 [freeze]", "superseded", |world| {
        by_alfa(&fresh(&world.first, NOW))
    }),
    ("fresh: another hospital's key", "not_listed", |world| {
        good(world).sign(&key("BRAVO freshness")).encode()
    }),
    ("fresh: a signer's key", "not_listed", |world| good(world).sign(&key("ann")).encode()),
    ("fresh: the node's own key", "not_listed", |world| {
        good(world).sign(&key("ALFA envelope")).encode()
    }),
    ("fresh: a stranger's key", "not_listed", |world| good(world).sign(&key("eve")).encode()),
    ("fresh: a hospital that is none", "not_listed", |world| edit(world, "ALFA", "DELTA")),
    ("fresh: a homoglyph hospital", "malformed_statement", |world| {
        edit(world, "ALFA", "\u{410}LFA")
    }),
    ("fresh: not signed", "wrong_signatures", |world| {
        let signed = good(world).sign(&key("ALFA freshness"));
        let payload = signed.unverified_payload().to_vec();
        Envelope::unsigned(PayloadType::Freshness, payload).encode()
    }),
    ("fresh: signed by two", "wrong_signatures", |world| {
        let mut envelope = good(world).sign(&key("ALFA freshness"));
        envelope.add_signature(&key("BRAVO freshness"));
        envelope.encode()
    }),
    ("fresh: a bad signature", "bad_signature", |world| {
        let text = String::from_utf8(by_alfa(&good(world))).unwrap();
        flipped(&text).into_bytes()
    }),
    ("fresh: a signature over a charter", "bad_signature", |world| {
        let payload = good(world).sign(&key("ALFA freshness")).unverified_payload().to_vec();
        let charter = Envelope::signed(PayloadType::Charter, payload, &key("ALFA freshness"));
        let text = String::from_utf8(charter.encode()).unwrap();
        text.replace("charter.v1", "freshness.v1").into_bytes()
    }),
    ("fresh: a charter as a statement", "wrong_type", |world| {
        let bytes = world.second.signed(&["ALFA freshness"]);
        assert!(bytes.len() < 8 * 1024);
        bytes
    }),
    ("fresh: another payloadType", "wrong_type", |world| {
        wrapped(world, "freshness.v1", "freshness.v2")
    }),
    ("fresh: another format", "malformed_statement", |world| {
        edit(world, "\"format\":1", "\"format\":2")
    }),
    ("fresh: an unknown field", "malformed_statement", |world| {
        edit(world, "\"format\":1", "\"format\":1,\"note\":0")
    }),
    ("fresh: a field twice", "malformed_statement", |world| {
        edit(world, "\"version\":2", "\"version\":2,\"version\":2")
    }),
    ("fresh: other spacing", "malformed_statement", |world| {
        edit(world, "\"version\":2", "\"version\": 2")
    }),
    ("fresh: too large", "too_large", |_world| vec![b' '; 8 * 1024 + 1]),
    ("fresh: trailing bytes", "malformed_envelope", |world| {
        [by_alfa(&good(world)), b" ".to_vec()].concat()
    }),
];

/// Statements by keys that are revoked.
type Revoking = (&'static str, Subject, &'static str, &'static [&'static str]);

fn revoking() -> [Revoking; 3] {
    let node = Subject::Member(hospital("ALFA"));
    [
        ("fresh: a revoked freshness key", Subject::Freshness, "ALFA freshness", &["ann", "ben"]),
        (
            "fresh: a key that revoked itself",
            Subject::Freshness,
            "ALFA freshness",
            &["ALFA freshness"],
        ),
        ("fresh: of a revoked node", node, "ALFA transport", &["ann", "cas"]),
    ]
}

/// Every case of this file.
pub(super) fn cases() -> Vec<Case> {
    let world = World::new();
    let none = Revocations::default();
    let mut cases = Vec::new();
    for (name, expected, bytes) in BAD {
        let got = verify(&world, &bytes(&world), &none);
        let got = got.map_or_else(|error| error.code(), |_fresh| "good");
        cases.push(Case { name: name.to_owned(), expected, got });
    }
    let kept = verify(&world, &by_alfa(&good(&world)), &none).unwrap();
    for (name, what, owner, by) in revoking() {
        let set = revoked(&world.line, what, owner, by);
        let got = verify(&world, &by_alfa(&good(&world)), &set);
        let got = got.map_or_else(|error| error.code(), |_fresh| "good");
        cases.push(Case { name: name.to_owned(), expected: "revoked_key", got });
        assert!(kept.holds(&none, NOW) && !kept.holds(&set, NOW), "{name}");
    }
    cases
}

#[test]
fn a_statement_holds_for_its_time() {
    let world = World::new();
    let none = Revocations::default();
    let bytes = by_alfa(&good(&world));
    let fresh = verify(&world, &bytes, &none).unwrap();
    assert_eq!((fresh.layer(), fresh.by().as_str()), (world.line.tip(), "ALFA"));
    assert_eq!((fresh.issued_at(), fresh.valid_until()), (NOW.plus(-HOUR), NOW.plus(71 * HOUR)));
    assert_eq!(fresh.bytes(), bytes);
    assert!(fresh.holds(&none, NOW.plus(71 * HOUR)));
    assert!(!fresh.holds(&none, NOW.plus(71 * HOUR + 1)));
    // Another clock may be two minutes ahead.
    assert!(
        verify(&world, &by_alfa(&crate::boards::fresh(&world.second, NOW.plus(120))), &none)
            .is_ok()
    );
    let at_end = crate::boards::fresh(&world.second, NOW.plus(-72 * HOUR));
    assert!(verify(&world, &by_alfa(&at_end), &none).is_ok());
}

#[test]
fn each_listed_hospital_may_vouch_and_the_newest_list_counts_too() {
    let world = World::new();
    let none = Revocations::default();
    for code in ["ALFA", "BRAVO", "CHARLIE"] {
        let statement = Freshness::new(&world.second.layer(), hospital(code), NOW);
        let bytes = statement.sign(&key(&format!("{code} freshness"))).encode();
        assert_eq!(verify(&world, &bytes, &none).unwrap().by().as_str(), code);
    }
    // BRAVO is listed from the third version on; its word about the second one counts once the third is held.
    let first = Draft { freshness: vec!["ALFA"], ..Draft::first() };
    let second = Draft { freshness: vec!["BRAVO"], from: day(39), ..first.next() };
    let bravo = Freshness::new(&first.layer(), hospital("BRAVO"), day(39).plus(HOUR));
    let bytes = bravo.sign(&key("BRAVO freshness")).encode();
    let code = |line: &policies::Line| {
        let fresh = Freshness::verify(&bytes, line, &none, NOW);
        fresh.map_or_else(|error| error.code(), |_fresh| "good")
    };
    assert_eq!(code(&line(&[(&first, day(0))])), "not_listed");
    assert_eq!(code(&line(&[(&first, day(0)), (&second, day(39))])), "good");
}

#[test]
fn a_word_about_the_version_before_counts_for_an_hour_longer() {
    let first = Draft::first();
    let second = Draft { from: day(30), ..first.next() };
    let line = line(&[(&first, day(0)), (&second, day(30))]);
    let code = |issued_at: UnixTime| {
        let bytes = by_alfa(&fresh(&first, issued_at));
        let fresh = Freshness::verify(&bytes, &line, &Revocations::default(), day(31));
        fresh.map_or_else(|error| error.code(), |_fresh| "good")
    };
    assert_eq!(code(day(30).plus(-HOUR)), "good");
    assert_eq!(code(day(30).plus(HOUR)), "good");
    assert_eq!(code(day(30).plus(HOUR + 1)), "superseded");
}

#[test]
fn the_newer_version_wins_and_then_the_longer_word() {
    let first = Draft::first();
    let second = Draft { from: day(40).plus(-HOUR), ..first.next() };
    let line = line(&[(&first, day(0)), (&second, day(40).plus(-HOUR))]);
    let none = Revocations::default();
    let read = |about: &Draft, issued_at: UnixTime| {
        Freshness::verify(&by_alfa(&fresh(about, issued_at)), &line, &none, NOW).unwrap()
    };
    let (old, new) = (read(&first, NOW), read(&second, NOW.plus(-HOUR)));
    assert!(old.valid_until() > new.valid_until());
    assert_eq!(old.clone().newer(new.clone()), new);
    assert_eq!(new.clone().newer(old), new);
    let later = read(&second, NOW);
    assert_eq!(new.clone().newer(later.clone()), later);
    assert_eq!(later.clone().newer(new), later);
}
