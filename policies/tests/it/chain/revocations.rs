//! Revocations: who may make one, what it means, and every bad one.

use policies::dsse::{Envelope, PayloadType};
use policies::statement::{
    MAX_REVOCATIONS, Revocation, Revocations, Revoked, StatementError, Subject,
};
use policies::{Line, NetworkId, PersonId, UnixTime};

use crate::boards::{Draft, World, day, envelope, line, revocation, revoked, signed};
use crate::fixture::{hospital, public};

use super::Case;

const NOW: UnixTime = UnixTime(1_767_225_600 + 40 * 24 * 60 * 60);

fn person() -> Subject {
    Subject::Person(PersonId::new("a.jansen").unwrap())
}

fn node() -> Subject {
    Subject::Member(hospital("ALFA"))
}

fn verify(line: &Line, bytes: &[u8], set: &Revocations) -> Result<Revoked, StatementError> {
    Revocation::verify(bytes, line, set, NOW)
}

fn code(line: &Line, bytes: &[u8], set: &Revocations) -> &'static str {
    verify(line, bytes, set).map_or_else(|error| error.code(), |_revoked| "good")
}

/// The good revocation with its payload changed, signed by these.
fn edit(find: &str, put: &str, by: &[&str]) -> Vec<u8> {
    let bytes = revocation(person(), "a.jansen", &[]);
    let envelope = Envelope::decode(&bytes, bytes.len()).unwrap();
    let text = String::from_utf8(envelope.unverified_payload().to_vec()).unwrap();
    let edited = text.replacen(find, put, 1);
    assert_ne!(text, edited, "`{find}`");
    signed(Envelope::unsigned(PayloadType::Revocation, edited.into_bytes()), by)
}

type Bad = (&'static str, &'static str, fn() -> Vec<u8>);

const BOTH: [&str; 2] = ["ann", "ben"];

const BAD: [Bad; 37] = [
    ("revoke: by one signer", "too_few_signers", || revocation(person(), "a.jansen", &["ann"])),
    ("revoke: by one signer twice", "too_few_signers", || {
        let text = String::from_utf8(revocation(person(), "a.jansen", &["ann"])).unwrap();
        let (body, rest) = text.split_once("\"signatures\":[").unwrap();
        let list = rest.strip_suffix("]}").unwrap();
        format!("{body}\"signatures\":[{list},{list}]}}").into_bytes()
    }),
    ("revoke: one signature under two key ids", "too_few_signers", || {
        let text = String::from_utf8(revocation(person(), "a.jansen", &["ann"])).unwrap();
        let (body, rest) = text.split_once("\"signatures\":[").unwrap();
        let list = rest.strip_suffix("]}").unwrap();
        let other = list.replace(&public("ann").to_string(), &public("ben").to_string());
        format!("{body}\"signatures\":[{list},{other}]}}").into_bytes()
    }),
    ("revoke: by strangers", "too_few_signers", || {
        revocation(person(), "a.jansen", &["eva", "fae"])
    }),
    ("revoke: by another person", "too_few_signers", || {
        revocation(person(), "a.jansen", &["b.devries"])
    }),
    ("revoke: by freshness keys", "too_few_signers", || {
        revocation(person(), "a.jansen", &["ALFA freshness", "BRAVO freshness"])
    }),
    ("revoke: by the person's node", "too_few_signers", || {
        revocation(person(), "a.jansen", &["ALFA envelope", "ALFA transport"])
    }),
    ("revoke: by another node", "too_few_signers", || {
        revocation(node(), "ALFA transport", &["BRAVO transport", "CHARLIE transport"])
    }),
    ("revoke: by another key of the node", "too_few_signers", || {
        revocation(node(), "ALFA transport", &["ALFA envelope"])
    }),
    ("revoke: a signer, by another one", "too_few_signers", || {
        revocation(Subject::Signer, "ben", &["ann"])
    }),
    ("revoke: not signed", "wrong_signatures", || revocation(person(), "a.jansen", &[])),
    ("revoke: signed by a crowd", "wrong_signatures", || {
        let crowd: Vec<String> = (0..17).map(|number| format!("signer {number}")).collect();
        let crowd: Vec<&str> = crowd.iter().map(String::as_str).collect();
        revocation(person(), "a.jansen", &crowd)
    }),
    ("revoke: a person who is none", "unknown_subject", || {
        revocation(Subject::Person(PersonId::new("x.y").unwrap()), "a.jansen", &BOTH)
    }),
    ("revoke: a person's other key", "unknown_subject", || revocation(person(), "other", &BOTH)),
    ("revoke: a key of one's own that is nobody's", "unknown_subject", || {
        revocation(person(), "other", &["other"])
    }),
    ("revoke: a node by another node's key", "unknown_subject", || {
        revocation(node(), "BRAVO transport", &BOTH)
    }),
    ("revoke: a hospital that is none", "unknown_subject", || {
        revocation(Subject::Member(hospital("DELTA")), "ALFA transport", &BOTH)
    }),
    ("revoke: a signer who is none", "unknown_subject", || {
        revocation(Subject::Signer, "eva", &BOTH)
    }),
    ("revoke: a person as a signer", "unknown_subject", || {
        revocation(Subject::Signer, "a.jansen", &BOTH)
    }),
    ("revoke: a signer as a freshness key", "unknown_subject", || {
        revocation(Subject::Freshness, "ann", &BOTH)
    }),
    ("revoke: a freshness key as a node's", "unknown_subject", || {
        revocation(node(), "ALFA freshness", &BOTH)
    }),
    ("revoke: from the future", "from_the_future", || {
        let network = NetworkId::new("noord").unwrap();
        let key = public("a.jansen");
        let later = Revocation::new(network, (person(), &key), NOW.plus(121), "stolen");
        signed(later.envelope(), &BOTH)
    }),
    ("revoke: in another network", "other_network", || edit("noord", "zuid", &BOTH)),
    ("revoke: another format", "malformed_statement", || {
        edit("\"format\":1", "\"format\":2", &BOTH)
    }),
    ("revoke: an unknown subject word", "malformed_statement", || edit("person", "group", &BOTH)),
    ("revoke: a homoglyph person", "malformed_statement", || {
        edit("a.jansen", "\u{430}.jansen", &BOTH)
    }),
    ("revoke: an unknown field", "malformed_statement", || {
        edit("\"format\":1", "\"format\":1,\"note\":0", &BOTH)
    }),
    ("revoke: a field twice", "malformed_statement", || {
        edit("\"format\":1", "\"format\":1,\"format\":1", &BOTH)
    }),
    ("revoke: other spacing", "malformed_statement", || {
        edit("\"format\":1", "\"format\": 1", &BOTH)
    }),
    ("revoke: no reason", "malformed_statement", || edit("stolen", "", &BOTH)),
    ("revoke: a reason of two lines", "malformed_statement", || edit("stolen", "a\\nb", &BOTH)),
    ("revoke: a reason that turns its direction", "malformed_statement", || {
        edit("stolen", "a\u{202e}b", &BOTH)
    }),
    ("revoke: a reason too long", "malformed_statement", || {
        edit("stolen", &"x".repeat(201), &BOTH)
    }),
    ("revoke: a weak key", "malformed_statement", || {
        let key = public("a.jansen").to_string();
        edit(&key, &format!("01{}", "0".repeat(62)), &BOTH)
    }),
    ("revoke: a key in upper case", "malformed_statement", || {
        let key = public("a.jansen").to_string();
        edit(&key, &key.to_uppercase(), &BOTH)
    }),
    ("revoke: a charter as a revocation", "wrong_type", || {
        signed(envelope(&Draft::first().files()), &BOTH)
    }),
    ("revoke: a charter's signatures", "too_few_signers", || {
        let bytes = revocation(person(), "a.jansen", &[]);
        let payload = Envelope::decode(&bytes, bytes.len()).unwrap().unverified_payload().to_vec();
        let charter = signed(Envelope::unsigned(PayloadType::Charter, payload), &BOTH);
        let text = String::from_utf8(charter).unwrap();
        text.replace("charter.v1", "revocation.v1").into_bytes()
    }),
];

/// Every case of this file.
pub(super) fn cases() -> Vec<Case> {
    let world = World::new();
    let none = Revocations::default();
    let mut cases = Vec::new();
    for (name, expected, bytes) in BAD {
        cases.push(Case {
            name: name.to_owned(),
            expected,
            got: code(&world.line, &bytes(), &none),
        });
    }
    let set = revoked(&world.line, Subject::Signer, "ben", &["ann", "cas"]);
    let got = code(&world.line, &revocation(person(), "a.jansen", &BOTH), &set);
    cases.push(Case {
        name: "revoke: by a revoked signer".to_owned(),
        expected: "too_few_signers",
        got,
    });
    // Ann signed the first board's charters, and is on the second one no more.
    let first = Draft { notice_days: 0, ..Draft::first() }.board(&["ann", "ben"], 2);
    let second = Draft { from: day(39), ..first.next().board(&["cas", "dov"], 2) };
    let (both, later) =
        (line(&[(&first, day(0)), (&second, NOW)]), line(&[(&first, day(0)), (&second, day(39))]));
    let by_first = revocation(person(), "a.jansen", &BOTH);
    let got = code(&later, &by_first, &none);
    let name = "revoke: by the board of a version that is over";
    cases.push(Case { name: name.to_owned(), expected: "too_few_signers", got });
    let mixed = revocation(person(), "a.jansen", &["ann", "cas"]);
    let name = "revoke: by one signer of each of two boards";
    cases.push(Case {
        name: name.to_owned(),
        expected: "too_few_signers",
        got: code(&both, &mixed, &none),
    });
    assert_eq!(code(&later, &revocation(person(), "a.jansen", &["cas", "dov"]), &none), "good");
    let name = "revoke: the 4097th";
    cases.push(Case { name: name.to_owned(), expected: "revocations_full", got: fill() });
    cases
}

/// Fills a set with people of a large network; the code at the one too many.
fn fill() -> &'static str {
    let id = |number: usize| format!("p.{number}");
    let mut people = String::new();
    for number in 0..=MAX_REVOCATIONS {
        let (id, key) = (id(number), public(&id(number)));
        people.push_str(&format!(
            "[[people]]\nid = \"{id}\"\nname = \"P\"\nhospital = \"ALFA\"\nkey = \"{key}\"\n"
        ));
    }
    let mut files = Draft::first().files();
    files.insert("people.toml".to_owned(), people);
    let envelope = envelope(&files);
    let root = envelope.digest();
    let mut set = Revocations::default();
    let line = Line::first(&signed(envelope, &BOTH), root, day(0), &set).unwrap();
    let by_itself = |number: usize, set: &Revocations| {
        let subject = Subject::Person(PersonId::new(&id(number)).unwrap());
        verify(&line, &revocation(subject, &id(number), &[&id(number)]), set).unwrap()
    };
    for number in 0..MAX_REVOCATIONS {
        assert!(set.insert(by_itself(number, &set)).unwrap());
    }
    assert_eq!(set.iter().len(), MAX_REVOCATIONS);
    // What is in the set already is no fault.
    assert!(!set.insert(by_itself(7, &set)).unwrap());
    let last = by_itself(MAX_REVOCATIONS, &set);
    let refused = set.insert(last.clone()).unwrap_err().code();
    // What another network of the path revoked counts beside a full set.
    let mut above = Revocations::default();
    assert!(above.insert(last).unwrap());
    assert!(set.union(&above) && !set.union(&above));
    assert_eq!(set.iter().len(), MAX_REVOCATIONS + 1);
    for number in [0, MAX_REVOCATIONS] {
        let key = public(&id(number));
        assert!(set.person(&PersonId::new(&id(number)).unwrap(), &key), "{number}");
    }
    refused
}

#[test]
fn two_signers_or_the_key_itself_revoke() {
    let world = World::new();
    let none = Revocations::default();
    let by = |what: Subject, owner: &str, by: &[&str]| {
        let revoked = verify(&world.line, &revocation(what, owner, by), &none).unwrap();
        revoked.by().iter().map(|signer| signer.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(by(person(), "a.jansen", &["cas", "ann", "b.devries"]), ["ann", "cas"]);
    assert!(by(person(), "a.jansen", &["a.jansen"]).is_empty());
    for role in ["transport", "envelope", "log", "witness"] {
        let owner = format!("ALFA {role}");
        assert!(by(node(), &owner, &[&owner]).is_empty());
        assert_eq!(by(node(), &owner, &BOTH), BOTH);
    }
    assert!(by(Subject::Signer, "ann", &["ann"]).is_empty());
    assert_eq!(by(Subject::Freshness, "ALFA freshness", &BOTH), BOTH);
    // A board of one revokes with the one that it has.
    let alone = line(&[(&Draft::first().board(&["ann"], 1), day(0))]);
    assert_eq!(code(&alone, &revocation(person(), "a.jansen", &["ann"]), &none), "good");
}

#[test]
fn both_boards_may_revoke_during_the_notice() {
    let first = Draft::first().board(&["ann", "ben"], 2);
    let second = Draft { from: day(39), ..first.next().board(&["cas", "dov"], 2) };
    let line = line(&[(&first, day(0)), (&second, day(39))]);
    for by in [["ann", "ben"], ["cas", "dov"]] {
        let bytes = revocation(person(), "a.jansen", &by);
        assert_eq!(code(&line, &bytes, &Revocations::default()), "good");
    }
}

#[test]
fn what_is_revoked_is_the_key_and_not_the_name() {
    let world = World::new();
    let set = revoked(&world.line, person(), "a.jansen", &BOTH);
    let id = PersonId::new("a.jansen").unwrap();
    assert!(set.person(&id, &public("a.jansen")));
    assert!(!set.person(&id, &public("another key")));
    assert!(!set.person(&PersonId::new("b.devries").unwrap(), &public("a.jansen")));
    assert!(!set.signer(&public("a.jansen")) && !set.freshness(&public("a.jansen")));
    // One key of a node is all of them, where its job has no other.
    let set = revoked(&world.line, node(), "ALFA log", &BOTH);
    let charter = world.line.newest_charter().unwrap();
    let member = |code: &str| charter.member(&hospital(code)).unwrap().keys.clone();
    assert!(set.member(&hospital("ALFA"), &member("ALFA"), NOW));
    assert!(!set.member(&hospital("BRAVO"), &member("BRAVO"), NOW));
    assert!(!set.member(&hospital("ALFA"), &member("BRAVO"), NOW));
}

#[test]
fn equal_sets_have_equal_digests_whoever_signed() {
    let world = World::new();
    let one = revoked(&world.line, person(), "a.jansen", &BOTH);
    let other = revoked(&world.line, person(), "a.jansen", &["a.jansen"]);
    assert_eq!(one.digest(), other.digest());
    assert_ne!(one.digest(), Revocations::default().digest());
    let mut union = revoked(&world.line, Subject::Signer, "cas", &["cas"]);
    assert_ne!(one.digest(), union.digest());
    assert!(union.union(&one));
    assert!(!union.union(&other));
    assert_eq!(union.iter().len(), 2);
    let mut reversed = one;
    reversed.union(&revoked(&world.line, Subject::Signer, "cas", &BOTH));
    assert_eq!(reversed.digest(), union.digest());
}

#[test]
fn a_stored_revocation_is_read_after_its_signers_have_gone() {
    let first = Draft { notice_days: 0, ..Draft::first() }.board(&["ann", "ben"], 2);
    let second = Draft { from: day(20), ..first.next().board(&["cas", "dov"], 2) };
    let line = line(&[(&first, day(0)), (&second, day(20))]);
    let bytes = revocation(person(), "a.jansen", &BOTH);
    assert_eq!(code(&line, &bytes, &Revocations::default()), "too_few_signers");
    assert_eq!(Revocation::stored(&bytes, &line).unwrap().bytes(), bytes);
    let alone = revocation(person(), "a.jansen", &["ann"]);
    let error = Revocation::stored(&alone, &line).unwrap_err();
    assert_eq!(error.code(), "too_few_signers");
    let (shown, _envelope) = Revocation::inspect(&alone).unwrap();
    assert_eq!((shown.what(), shown.reason()), (&person(), "stolen"));
}
