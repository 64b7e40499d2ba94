//! Bad bundles offered as version 3 to a node that holds versions 1 and 2, each with its code.
//!
//! Names in brackets are those of the cases of python-tuf and tuf-conformance that they come from.

use policies::dsse::{Envelope, PayloadType};
use policies::statement::{Revocations, Subject};
use policies::{Digest, Line};

use crate::boards::{Draft, World, day, envelope, flipped, fresh, line, payload, revoked, signed};
use crate::fixture::{key, public};

use super::Case;

type Bytes = fn(&World) -> Vec<u8>;

/// Makes a bad bundle out of the world.
type Bad = (&'static str, &'static str, Bytes);

const ORDER: [Bad; 15] = [
    ("the newest version again", "already_held", |world| world.second.whole()),
    ("rollback to version 1 [targets_rollback]", "rollback", |world| world.first.whole()),
    ("rollback to version 1 with more signatures", "rollback", |world| {
        world.first.signed(&["ann", "ben", "cas", "dov"])
    }),
    ("another version 2, signed by the board [new_root_same_version]", "fork", |world| {
        Draft { title: "Other".to_owned(), ..world.second.clone() }.whole()
    }),
    ("another version 2, signed by too few", "too_few_old_signers", |world| {
        Draft { title: "Other".to_owned(), ..world.second.clone() }.signed(&["ann"])
    }),
    ("another version 1, signed by the board", "fork", |world| {
        Draft { title: "Other".to_owned(), ..world.first.clone() }.whole()
    }),
    ("another version 1, signed by strangers", "too_few_old_signers", |world| {
        world.first.clone().board(&["eva", "fae"], 2).whole()
    }),
    ("skipped version [new_root_nonconsecutive_version]", "skipped_version", |world| {
        Draft { version: 4, ..world.third() }.whole()
    }),
    ("fast-forward to the last number [fast_forward]", "skipped_version", |world| {
        Draft { version: i64::MAX as u64, ..world.third() }.whole()
    }),
    ("previous of another digest", "other_previous", |world| {
        Draft { previous: Some(Digest::of(b"other")), ..world.third() }.whole()
    }),
    ("previous of version 1", "other_previous", |world| {
        Draft { previous: Some(world.first.digest()), ..world.third() }.whole()
    }),
    ("wrong network", "other_network", |world| {
        Draft { network: "zuid".to_owned(), ..world.third() }.whole()
    }),
    ("valid_from going backwards", "begins_too_early", |world| {
        Draft { from: day(30).plus(-1), ..world.third() }.whole()
    }),
    ("version 3 of a fork of version 2", "other_previous", |world| {
        let fork = Draft { title: "Other".to_owned(), ..world.second.clone() };
        Draft { from: day(60), ..fork.next() }.whole()
    }),
    ("version 1 of another network of the same board", "other_network", |_world| {
        Draft { network: "zuid".to_owned(), ..Draft::first() }.whole()
    }),
];

const SIGNERS: [Bad; 23] = [
    ("not signed", "too_few_old_signers", |world| world.third().signed(&[])),
    ("one of two signatures", "too_few_old_signers", |world| world.third().signed(&["ann"])),
    ("one key twice [duplicate_keys]", "too_few_old_signers", |world| {
        world.third().signed(&["ann", "ann"])
    }),
    ("the same signature twice [duplicate_sig_keyids]", "too_few_old_signers", |world| {
        with_signatures(&world.third(), &["ann"], |list| format!("{list},{list}"))
    }),
    ("one signature under two key ids", "too_few_old_signers", |world| {
        with_signatures(&world.third(), &["ann"], |list| {
            let other = list.replace(&public("ann").to_string(), &public("ben").to_string());
            format!("{list},{other}")
        })
    }),
    ("two key ids swapped [bad-keyhint]", "too_few_old_signers", |world| {
        with_signatures(&world.third(), &["ann", "ben"], |list| {
            let (ann, ben) = (public("ann").to_string(), public("ben").to_string());
            list.replace(&ann, "swap").replace(&ben, &ann).replace("swap", &ben)
        })
    }),
    ("key ids in upper case [deprecated_keyid]", "too_few_old_signers", |world| {
        with_signatures(&world.third(), &["ann", "ben"], |list| {
            let (ann, ben) = (public("ann").to_string(), public("ben").to_string());
            list.replace(&ann, &ann.to_uppercase()).replace(&ben, &ben.to_uppercase())
        })
    }),
    ("new keys only [not signed with old key]", "too_few_old_signers", |world| {
        world.third().board(&["dov", "eva"], 2).whole()
    }),
    ("old keys only [not signed with new key]", "too_few_signers", |world| {
        world.third().board(&["dov", "eva"], 2).signed(&["ann", "ben", "cas"])
    }),
    ("all of the new and one of the old board", "too_few_old_signers", |world| {
        world.third().board(&["dov", "eva"], 2).signed(&["ann", "dov", "eva"])
    }),
    ("enough of the old and one of the new board", "too_few_signers", |world| {
        world.third().board(&["dov", "eva"], 2).signed(&["ann", "ben", "dov"])
    }),
    ("threshold bump not reached [new threshold not reached]", "too_few_signers", |world| {
        Draft { threshold: 3, ..world.third() }.signed(&["ann", "ben"])
    }),
    ("a lower threshold does not serve itself", "too_few_old_signers", |world| {
        Draft { threshold: 1, ..world.third() }.signed(&["cas"])
    }),
    ("signed by a person of the charter", "too_few_old_signers", |world| {
        world.third().signed(&["ann", "a.jansen"])
    }),
    ("signed by the keys of a node", "too_few_old_signers", |world| {
        let roles = ["ALFA transport", "ALFA envelope", "ALFA log", "ALFA witness"];
        world.third().signed(&roles)
    }),
    ("signed by freshness keys", "too_few_old_signers", |world| {
        world.third().signed(&["ALFA freshness", "BRAVO freshness", "CHARLIE freshness"])
    }),
    ("a board that lists itself", "too_few_old_signers", |world| {
        world.third().board(&["eve", "ann"], 1).signed(&["eve", "ann"])
    }),
    ("signatures of another version [mix-and-match]", "too_few_old_signers", |world| {
        let old = String::from_utf8(world.second.whole()).unwrap();
        let new = String::from_utf8(world.third().signed(&[])).unwrap();
        let (_, signatures) = old.split_once("\"signatures\":").unwrap();
        let (body, _) = new.split_once("\"signatures\":").unwrap();
        format!("{body}\"signatures\":{signatures}").into_bytes()
    }),
    ("files of two versions under one signature [mix-and-match]", "too_few_old_signers", |world| {
        let whole = Envelope::decode(&world.third().whole(), 1 << 20).unwrap();
        let mut files = world.third().files();
        files.insert("people.toml".to_owned(), String::new());
        let text = String::from_utf8(whole.encode()).unwrap();
        let mixed = String::from_utf8(signed(envelope(&files), &[])).unwrap();
        let (_, signatures) = text.split_once("\"signatures\":").unwrap();
        let (body, _) = mixed.split_once("\"signatures\":").unwrap();
        format!("{body}\"signatures\":{signatures}").into_bytes()
    }),
    ("a flipped bit in a signature [invalid_sig]", "too_few_old_signers", |world| {
        with_signatures(&world.third(), &["ann", "ben"], flipped)
    }),
    (
        "signed as another kind of payload [incorrect_metadata_type]",
        "too_few_old_signers",
        |world| {
            let payload = payload(&world.third().files());
            let mut other = Envelope::unsigned(PayloadType::Question, payload);
            ["ann", "ben"].iter().for_each(|signer| other.add_signature(&key(signer)));
            let text = String::from_utf8(other.encode()).unwrap();
            text.replace("question.v1", "charter.v1").into_bytes()
        },
    ),
    ("a signature over the digest alone", "too_few_old_signers", |world| {
        let digest = world.third().digest().to_string().into_bytes();
        let mut other = Envelope::unsigned(PayloadType::Charter, digest);
        ["ann", "ben"].iter().for_each(|signer| other.add_signature(&key(signer)));
        let text = String::from_utf8(other.encode()).unwrap();
        let (_, signatures) = text.split_once("\"signatures\":").unwrap();
        let new = String::from_utf8(world.third().signed(&[])).unwrap();
        let (body, _) = new.split_once("\"signatures\":").unwrap();
        format!("{body}\"signatures\":{signatures}").into_bytes()
    }),
    ("the signature of zeros under a signer's id", "too_few_old_signers", |world| {
        let zeros = format!("{}==", "A".repeat(86));
        with_signatures(&world.third(), &[], |_none| {
            let of =
                |owner: &str| format!("{{\"keyid\":\"{}\",\"sig\":\"{zeros}\"}}", public(owner));
            format!("{},{}", of("ann"), of("ben"))
        })
    }),
];

/// A bundle whose list of signatures is another one.
pub(super) fn with_signatures(
    draft: &Draft,
    signers: &[&str],
    change: impl Fn(&str) -> String,
) -> Vec<u8> {
    let text = String::from_utf8(draft.signed(signers)).unwrap();
    let (body, rest) = text.split_once("\"signatures\":[").unwrap();
    let list = rest.strip_suffix("]}").unwrap();
    format!("{body}\"signatures\":[{}]}}", change(list)).into_bytes()
}

/// A board that is not Ann, Ben and Cas.
type Other = (&'static str, &'static str, fn() -> (Line, Vec<u8>));

const BOARDS: [Other; 4] = [
    ("3 of 5, one rotated, too few of the old [3-of-5]", "too_few_old_signers", || {
        let (line, second) = rotated();
        (line, second.signed(&["ann", "ben", "fae"]))
    }),
    ("3 of 5, one rotated, too few of the new [3-of-5]", "too_few_signers", || {
        let (line, second) = rotated();
        (line, second.signed(&["ann", "ben", "eva"]))
    }),
    ("1 of 1, signed by the next key alone [1-of-1]", "too_few_old_signers", || {
        let first = Draft::first().board(&["ann"], 1);
        let second = first.next().board(&["ben"], 1);
        (line(&[(&first, day(0))]), second.signed(&["ben"]))
    }),
    ("a key of an earlier board [old keys]", "too_few_old_signers", || {
        let first = Draft::first().board(&["ann"], 1);
        let second = first.next().board(&["ben"], 1);
        let third = second.next();
        (line(&[(&first, day(0)), (&second, day(0))]), third.signed(&["ann"]))
    }),
];

fn rotated() -> (Line, Draft) {
    let first = Draft::first().board(&["ann", "ben", "cas", "dov", "eva"], 3);
    let second = first.next().board(&["ann", "ben", "cas", "dov", "fae"], 3);
    (line(&[(&first, day(0))]), second)
}

/// What is refused because a signer is revoked.
type Revoking = (&'static str, &'static str, fn(&World) -> (Vec<u8>, Revocations));

const REVOKED: [Revoking; 4] = [
    ("a revoked signer of the version before", "too_few_old_signers", |world| {
        let set = revoked(&world.line, Subject::Signer, "ben", &["ann", "cas"]);
        (world.third().signed(&["ann", "ben"]), set)
    }),
    ("a revoked signer who is new", "too_few_signers", |world| {
        let third = world.third().board(&["ann", "ben"], 2);
        let set = revoked(&world.line, Subject::Signer, "ben", &["ann", "cas"]);
        (third.signed(&["ann", "ben", "cas"]), set)
    }),
    ("a signer who revoked itself", "too_few_old_signers", |world| {
        let set = revoked(&world.line, Subject::Signer, "ben", &["ben"]);
        (world.third().signed(&["ann", "ben"]), set)
    }),
    ("a fork by a revoked signer", "too_few_old_signers", |world| {
        let set = revoked(&world.line, Subject::Signer, "ben", &["ann", "cas"]);
        let fork = Draft { title: "Other".to_owned(), ..world.second.clone() };
        (fork.signed(&["ann", "ben"]), set)
    }),
];

/// What is no envelope of a charter.
const ENVELOPES: [Bad; 25] = [
    ("nothing", "malformed_envelope", |_world| Vec::new()),
    ("null", "malformed_envelope", |_world| b"null".to_vec()),
    ("a list", "malformed_envelope", |_world| b"[]".to_vec()),
    ("not UTF-8", "malformed_envelope", |_world| b"{\"payloadType\":\"\xff\"}".to_vec()),
    ("oversize [max_metadata_lengths]", "too_large", |_world| vec![b' '; 16 * 1024 * 1024 + 1]),
    ("too many signatures", "too_many_signatures", |world| {
        with_signatures(&world.third(), &["ann"], |list| vec![list; 65].join(","))
    }),
    ("payloadType in upper case", "wrong_type", |world| {
        edit(world, "vnd.kring.charter", "vnd.kring.CHARTER")
    }),
    ("payloadType empty", "wrong_type", |world| {
        edit(world, "application/vnd.kring.charter.v1+json", "")
    }),
    ("payloadType with a space", "wrong_type", |world| edit(world, "v1+json", "v1+json ")),
    ("payloadType of a later version", "wrong_type", |world| {
        edit(world, "charter.v1", "charter.v2")
    }),
    ("a freshness statement as a charter", "wrong_type", |world| {
        fresh(&world.second, day(40)).sign(&key("ALFA freshness")).encode()
    }),
    ("a relabelled freshness statement", "malformed_bundle", |world| {
        let bytes = fresh(&world.second, day(40)).sign(&key("ann")).encode();
        String::from_utf8(bytes).unwrap().replace("freshness.v1", "charter.v1").into_bytes()
    }),
    ("a request as a charter", "wrong_type", |world| {
        let payload = payload(&world.third().files());
        Envelope::signed(PayloadType::Request, payload, &key("ann")).encode()
    }),
    ("an unknown field", "malformed_envelope", |world| {
        edit(world, "{\"payloadType\"", "{\"note\":1,\"payloadType\"")
    }),
    ("a field twice", "malformed_envelope", |world| {
        edit(world, "\"signatures\":[", "\"signatures\":[],\"signatures\":[")
    }),
    ("fields in another order", "malformed_envelope", |world| {
        let text = String::from_utf8(whole(world)).unwrap();
        let (head, tail) = text.split_once(",\"payload\":").unwrap();
        let (payload, signatures) = tail.split_once(",\"signatures\":").unwrap();
        let signatures = signatures.strip_suffix('}').unwrap();
        format!("{head},\"signatures\":{signatures},\"payload\":{payload}}}").into_bytes()
    }),
    ("a space between fields", "malformed_envelope", |world| {
        edit(world, ",\"payload\"", ", \"payload\"")
    }),
    ("a line at the end", "malformed_envelope", |world| [whole(world), b"\n".to_vec()].concat()),
    ("trailing bytes", "malformed_envelope", |world| [whole(world), b"{}".to_vec()].concat()),
    ("a character as an escape", "malformed_envelope", |world| {
        edit(world, "charter", "ch\\u0061rter")
    }),
    ("a truncated signature", "malformed_envelope", |world| {
        with_signatures(&world.third(), &["ann", "ben"], |list| {
            let (before, _) = list.rsplit_once("\"sig\":\"").unwrap();
            format!("{before}\"sig\":\"{}\"}}", "A".repeat(84))
        })
    }),
    ("a doubled signature", "malformed_envelope", |world| {
        with_signatures(&world.third(), &["ann", "ben"], |list| {
            let (before, _) = list.rsplit_once("\"sig\":\"").unwrap();
            format!("{before}\"sig\":\"{}==\"}}", "A".repeat(170))
        })
    }),
    ("a signature without padding", "malformed_envelope", |world| edit(world, "==\"}", "\"}")),
    ("another alphabet of base64", "malformed_envelope", |world| {
        with_signatures(&world.third(), &[], |_none| {
            format!("{{\"keyid\":\"{}\",\"sig\":\"{}==\"}}", public("ann"), "_".repeat(86))
        })
    }),
    ("a payload that is no base64", "malformed_envelope", |world| {
        edit(world, "\"payload\":\"", "\"payload\":\"*")
    }),
];

fn whole(world: &World) -> Vec<u8> {
    world.third().signed(&["ann", "ben"])
}

/// The good version 3 with its envelope changed.
#[track_caller]
fn edit(world: &World, find: &str, put: &str) -> Vec<u8> {
    let text = String::from_utf8(whole(world)).unwrap();
    let edited = text.replacen(find, put, 1);
    assert_ne!(text, edited, "`{find}`");
    edited.into_bytes()
}

/// Every case of this file.
pub(super) fn cases() -> Vec<Case> {
    let world = World::new();
    let none = Revocations::default();
    // What the cases change is good.
    assert!(world.line.check(&whole(&world), &none).is_ok());
    let code = |line: &Line, bytes: &[u8], revoked: &Revocations| {
        let before = line.tip().clone();
        let code = line.check(bytes, revoked).map_or_else(|error| error.code(), |_next| "good");
        assert_eq!(*line.tip(), before);
        code
    };
    let mut cases = Vec::new();
    for (name, expected, bytes) in ORDER.into_iter().chain(SIGNERS).chain(ENVELOPES) {
        cases.push(Case {
            name: name.to_owned(),
            expected,
            got: code(&world.line, &bytes(&world), &none),
        });
    }
    for (name, expected, made) in BOARDS {
        let (line, bytes) = made();
        cases.push(Case { name: name.to_owned(), expected, got: code(&line, &bytes, &none) });
    }
    for (name, expected, made) in REVOKED {
        let (bytes, revoked) = made(&world);
        cases.push(Case {
            name: name.to_owned(),
            expected,
            got: code(&world.line, &bytes, &revoked),
        });
    }
    cases
}
