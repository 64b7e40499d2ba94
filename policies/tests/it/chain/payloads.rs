//! Bad payloads and files of bundles that the board signed: each must fail on what it says alone.

use std::collections::BTreeMap;

use policies::dsse::{Envelope, PayloadType};
use policies::statement::Revocations;

use crate::boards::{Draft, World, envelope, payload, signed};
use crate::fixture::public;

use super::Case;

/// What the good payload is changed to.
type Text = fn(&str) -> Vec<u8>;

const ENCODING: [(&str, Text); 21] = [
    ("payload: nothing", |_good| Vec::new()),
    ("payload: another format", |good| put(good, "\"format\":1", "\"format\":2")),
    ("payload: a format of 1.0", |good| put(good, "\"format\":1", "\"format\":1.0")),
    ("payload: a format of 1e0", |good| put(good, "\"format\":1", "\"format\":1e0")),
    ("payload: a format in quotes", |good| put(good, "\"format\":1", "\"format\":\"1\"")),
    ("payload: duplicate JSON key", |good| put(good, "\"format\":1", "\"format\":1,\"format\":1")),
    ("payload: duplicate JSON key of a file", |good| {
        put(good, "\"path\":\"charter.toml\"", "\"path\":\"x\",\"path\":\"charter.toml\"")
    }),
    ("payload: an unknown field", |good| put(good, "\"format\":1", "\"format\":1,\"note\":0")),
    ("payload: an unknown field of a file", |good| put(good, "{\"path\"", "{\"mode\":0,\"path\"")),
    ("payload: re-ordered JSON", |good| {
        let files = good.strip_prefix("{\"format\":1,").unwrap().strip_suffix('}').unwrap();
        format!("{{{files},\"format\":1}}").into_bytes()
    }),
    ("payload: re-ordered JSON of a file", |good| {
        let (before, rest) = good.split_once("{\"path\":\"charter.toml\",").unwrap();
        let (text, after) = rest.split_once('}').unwrap();
        format!("{before}{{{text},\"path\":\"charter.toml\"}}{after}").into_bytes()
    }),
    ("payload: other spacing", |good| put(good, "\"format\":1", "\"format\": 1")),
    ("payload: trailing bytes", |good| [good.as_bytes(), b"{}"].concat()),
    ("payload: a trailing space", |good| [good.as_bytes(), b" "].concat()),
    ("payload: a byte order mark", |good| [b"\xef\xbb\xbf", good.as_bytes()].concat()),
    ("payload: another escape", |good| put(good, "charter.toml", "charter\\u002etoml")),
    ("payload: an escaped slash", |good| put(good, "North", "No\\/rth")),
    ("payload: a lone surrogate", |good| put(good, "North", "\\ud800")),
    ("payload: a raw NUL", |good| put(good, "North", "No\0rth")),
    ("payload: not UTF-8", |good| {
        let (before, after) = good.split_once("North").unwrap();
        [before.as_bytes(), b"\xff", after.as_bytes()].concat()
    }),
    ("payload: an overlong UTF-8 slash", |good| {
        let (before, after) = good.split_once("North").unwrap();
        [before.as_bytes(), b"\xc0\xaf", after.as_bytes()].concat()
    }),
];

const LISTS: [(&str, Text); 3] = [
    ("payload: too many files", |_good| list(&many(513))),
    ("payload: files out of order", |_good| list(&["b".to_owned(), "a".to_owned()])),
    ("payload: one path twice", |_good| list(&["a".to_owned(), "a".to_owned()])),
];

fn many(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("rules/{number:04}.cedar")).collect()
}

fn list(paths: &[String]) -> Vec<u8> {
    let file = |path: &String| format!("{{\"path\":\"{path}\",\"text\":\"\"}}");
    let files: Vec<String> = paths.iter().map(file).collect();
    format!("{{\"format\":1,\"files\":[{}]}}", files.join(",")).into_bytes()
}

#[track_caller]
fn put(good: &str, find: &str, put: &str) -> Vec<u8> {
    let edited = good.replacen(find, put, 1);
    assert_ne!(good, edited, "`{find}`");
    edited.into_bytes()
}

/// Paths that no file of a charter has [`unusual_role_name`].
const PATHS: [(&str, &str); 22] = [
    ("path: out of the folder", "../charter.toml"),
    ("path: out of a sub-folder", "rules/../../a.cedar"),
    ("path: two points", ".."),
    ("path: a point", "./charter.toml"),
    ("path: absolute", "/etc/passwd"),
    ("path: a home", "~/.ssh/id"),
    ("path: a drive", "c:/a.cedar"),
    ("path: a backslash", "rules\\\\a.cedar"),
    ("path: a double slash", "rules//a.cedar"),
    ("path: a slash at the end", "rules/"),
    ("path: a dot file", ".hidden"),
    ("path: a dot file in a folder", "rules/.a.cedar"),
    ("path: upper case", "Charter.toml"),
    ("path: upper case in a folder", "rules/A.cedar"),
    ("path: NUL", "rules/a\\u0000.cedar"),
    ("path: a space", "rules/a b.cedar"),
    ("path: percent escapes", "rules/%2e%2e.cedar"),
    ("path: a wide slash", "rules\u{ff0f}a.cedar"),
    ("path: a Cyrillic letter", "rules/\u{430}.cedar"),
    ("path: too deep", "rules/a/b.cedar"),
    ("path: another kind of file", "notes.txt"),
    ("path: nothing", ""),
];

/// A change of one file of the good charter: file, what is found, what is put.
type Edit = (&'static str, &'static str, String);

/// Named changes, each with a part of what must be said.
fn edits() -> Vec<(&'static str, Edit, &'static str)> {
    let head = |find, put: &str| ("charter.toml", find, put.to_owned());
    let members = |find, put: &str| ("members.toml", find, put.to_owned());
    let weak = |bytes: &str| format!("key = \"{bytes}\"");
    let ann = "key = \"ANN\"";
    let key = |owner: &str| format!("key = \"{}\"", public(owner));
    let mut edits = vec![
        (
            "head: duplicate TOML key",
            head("version = 3", "version = 3\nversion = 3"),
            "duplicate key",
        ),
        (
            "head: duplicate TOML table",
            head("title = {", "title = { en = \"a\" }\ntitle = {"),
            "duplicate key",
        ),
        (
            "head: duplicate TOML key in a table",
            head("title = {", "title = { en = \"a\","),
            "duplicate key",
        ),
        (
            "head: unknown field",
            head("version = 3", "version = 3\nparent = \"nl\""),
            "`parent` is not a field",
        ),
        ("head: version 0", head("version = 3", "version = 0"), "counts from 1"),
        ("head: negative version", head("version = 3", "version = -3"), "counts from 1"),
        ("head: version in quotes", head("version = 3", "version = \"3\""), "whole number"),
        ("head: version with a point", head("version = 3", "version = 3.0"), "whole number"),
        (
            "head: version too large",
            head("version = 3", "version = 99999999999999999999"),
            "64-bit",
        ),
        ("head: previous missing", head("previous = ", "# "), "`previous` is missing"),
        ("head: previous too short", head("previous = \"", "previous = \"abc\" # "), "digest"),
        (
            "head: previous as words",
            head("previous = \"", "previous = \"abandon ability\" # "),
            "digest",
        ),
        ("head: previous at version 1", head("version = 3", "version = 1"), "no version before it"),
        ("head: notice missing", head("notice_days = 14", ""), "`notice_days` is missing"),
        ("head: notice negative", head("notice_days = 14", "notice_days = -1"), "0 to 90"),
        ("head: notice too long", head("notice_days = 14", "notice_days = 91"), "0 to 90"),
        ("head: threshold 0", head("threshold = 2", "threshold = 0"), "`threshold` is 1 to"),
        (
            "head: threshold above the signers",
            head("threshold = 2", "threshold = 4"),
            "`threshold` is 1 to",
        ),
        ("head: span backwards", head("valid_from = 2026", "valid_from = 2036"), "later than"),
        ("head: homoglyph network", head("\"noord\"", "\"n\u{43e}ord\""), "not a network id"),
        ("key: not hexadecimal", head(ann, &weak(&"x".repeat(64))), "64 hexadecimal digits"),
        (
            "key: not a point",
            head(ann, &weak(&format!("02{}", "0".repeat(62)))),
            "not an Ed25519 public key",
        ),
        ("key: a signer twice", head(ann, &key("ben")), "used twice"),
        (
            "key: signer and person",
            head(ann, &key("a.jansen")),
            "already the key of person a.jansen",
        ),
        (
            "key: signer and node",
            head(ann, &key("ALFA log")),
            "already the key of the node of ALFA",
        ),
        ("key: signer and freshness", head(ann, &key("ALFA freshness")), "already the key of"),
        (
            "key: freshness and node",
            head("key = \"FRESH\"", &key("ALFA transport")),
            "already the key of the node of ALFA",
        ),
        (
            "key: freshness and person",
            head("key = \"FRESH\"", &key("a.jansen")),
            "already the key of person a.jansen",
        ),
        (
            "key: freshness of two hospitals",
            head("key = \"FRESH\"", &key("BRAVO freshness")),
            "already the key of freshness of",
        ),
        (
            "key: one hospital's freshness twice",
            head("hospital = \"ALFA\"", "hospital = \"BRAVO\""),
            "has a freshness key already",
        ),
        (
            "key: freshness of no member",
            head("hospital = \"ALFA\"", "hospital = \"DELTA\""),
            "`DELTA` is not in members.toml",
        ),
        (
            "key: freshness of a homoglyph",
            head("hospital = \"ALFA\"", "hospital = \"\u{410}LFA\""),
            "not a hospital code",
        ),
        (
            "members: homoglyph code",
            members("code = \"ALFA\"", "code = \"\u{410}LFA\""),
            "not a hospital code",
        ),
        (
            "members: code in lower case",
            members("code = \"ALFA\"", "code = \"alfa\""),
            "not a hospital code",
        ),
        (
            "members: one code twice",
            members("code = \"ALFA\"", "code = \"BRAVO\""),
            "declared twice",
        ),
        (
            "members: one key in two roles",
            members("\"LOG\"", &format!("\"{}\"", public("ALFA witness"))),
            "already the key of",
        ),
        (
            "members: a node's key and a person's",
            members("\"LOG\"", &format!("\"{}\"", public("a.jansen"))),
            "already the key of",
        ),
        (
            "members: the network in itself",
            members("[[members]]", "[[networks]]\nid = \"noord\"\nname = \"N\"\n[[members]]"),
            "noord",
        ),
        (
            "people: homoglyph hospital",
            ("people.toml", "hospital = \"ALFA\"", "hospital = \"\u{410}LFA\"".to_owned()),
            "not a hospital code",
        ),
        (
            "people: a hospital that is none",
            ("people.toml", "hospital = \"ALFA\"", "hospital = \"DELTA\"".to_owned()),
            "not in members.toml",
        ),
        (
            "people: cyclic groups",
            (
                "people.toml",
                "name = \"A\"",
                "name = \"A\"\ngroups = [\"borst\", [\"borst\"]]".to_owned(),
            ),
            "must be a text",
        ),
    ];
    for (name, point) in WEAK {
        edits.push((name, head(ann, &weak(point)), "weak"));
    }
    let zeros = weak(WEAK[1].1);
    edits.push(("key: weak freshness key", head("key = \"FRESH\"", &zeros), "weak"));
    edits.push(("key: weak person's key", ("people.toml", "key = \"PERSON\"", zeros), "weak"));
    edits.push(("key: weak node key", members("\"LOG\"", &format!("\"{}\"", WEAK[0].1)), "weak"));
    edits
}

/// Every point of small order, in its one encoding (RFC 8032); a signature under one is good for any text.
const WEAK: [(&str, &str); 6] = [
    ("key: weak, of order 1", "0100000000000000000000000000000000000000000000000000000000000000"),
    ("key: weak, of order 4", "0000000000000000000000000000000000000000000000000000000000000000"),
    ("key: weak, of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
    (
        "key: weak, of order 8, one",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    ),
    (
        "key: weak, of order 8, other",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    ),
    (
        "key: weak, the other zero",
        "0000000000000000000000000000000000000000000000000000000000000080",
    ),
];

/// The code, and whether the message says what it must.
fn told(world: &World, envelope: Envelope, part: &str) -> &'static str {
    let bytes = signed(envelope, &["ann", "ben", "cas"]);
    match world.line.check(&bytes, &Revocations::default()) {
        Ok(_next) => "good",
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(part), "`{part}` is not in `{text}`");
            error.code()
        }
    }
}

/// The good third version with one file changed; `ANN`, `FRESH`, `LOG` and `PERSON` stand for one key each.
fn edited(third: &Draft, (file, find, put): &Edit) -> BTreeMap<String, String> {
    let names =
        [("ANN", "ann"), ("FRESH", "ALFA freshness"), ("LOG", "ALFA log"), ("PERSON", "a.jansen")];
    let named = names.iter().fold((*find).to_owned(), |text, (name, owner)| {
        text.replace(name, &public(owner).to_string())
    });
    let mut files = third.files();
    let text = files[*file].clone();
    assert!(text.contains(&named), "`{named}` is not in {file}");
    files.insert((*file).to_owned(), text.replacen(&named, put, 1));
    files
}

/// Every case of this file.
pub(super) fn cases() -> Vec<Case> {
    let world = World::new();
    let third = world.third();
    let good = String::from_utf8(payload(&third.files())).unwrap();
    let mut cases = Vec::new();
    for (name, text) in ENCODING.into_iter().chain(LISTS) {
        let envelope = Envelope::unsigned(PayloadType::Charter, text(&good));
        let got = told(&world, envelope, "one encoding");
        cases.push(Case { name, expected: "malformed_bundle", got });
    }
    for (name, path) in PATHS {
        // Added where its place is, so that it is refused for what it is.
        let path: String = serde_json::from_str(&format!("\"{path}\"")).unwrap();
        let mut files = third.files();
        assert!(files.insert(path, String::new()).is_none());
        let got = told(&world, envelope(&files), "problems");
        cases.push(Case { name, expected: "charter_problems", got });
    }
    for file in ["charter.toml", "members.toml", "people.toml"] {
        let mut files = third.files();
        files.remove(file);
        assert_eq!(told(&world, envelope(&files), "missing"), "charter_problems");
    }
    for (name, edit, part) in edits() {
        let got = told(&world, envelope(&edited(&third, &edit)), part);
        cases.push(Case { name, expected: "charter_problems", got });
    }
    let people = |count: usize| -> Vec<String> {
        (0..count).map(|number| format!("signer {number}")).collect()
    };
    let crowd = Draft { signers: people(65), threshold: 1, ..third.clone() };
    let got = told(&world, crowd.envelope(), "at most 64");
    cases.push(Case { name: "head: a crowd of signers", expected: "charter_problems", got });
    let mut files = third.files();
    files.insert("people.toml".to_owned(), "#".repeat(1024 * 1024 + 1));
    let got = told(&world, envelope(&files), "at most 1048576 are read");
    cases.push(Case { name: "a file too large", expected: "charter_problems", got });
    cases
}
