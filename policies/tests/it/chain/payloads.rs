//! Bad payloads and files of bundles that the board signed: each must fail on what it says alone.

use std::collections::BTreeMap;

use policies::dsse::{Envelope, PayloadType};
use policies::statement::Revocations;
use serde::Deserialize;

use crate::boards::{Draft, World, envelope, payload, signed};
use crate::fixture::with_keys;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edits {
    cases: Vec<Edit>,
}

/// A change of one file of the good charter, and a part of what must be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    name: String,
    file: String,
    find: String,
    put: String,
    say: String,
}

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

/// The good third version with one file changed.
fn edited(third: &Draft, edit: &Edit) -> BTreeMap<String, String> {
    let Edit { file, find, put, .. } = edit;
    let (find, put) = (with_keys(find), with_keys(put));
    let mut files = third.files();
    let text = files[file].clone();
    assert!(text.contains(&find), "`{find}` is not in {file}");
    files.insert(file.clone(), text.replacen(&find, &put, 1));
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
        cases.push(Case { name: name.to_owned(), expected: "malformed_bundle", got });
    }
    for (name, path) in PATHS {
        // Added where its place is, so that it is refused for what it is.
        let path: String = serde_json::from_str(&format!("\"{path}\"")).unwrap();
        let mut files = third.files();
        assert!(files.insert(path, String::new()).is_none());
        let got = told(&world, envelope(&files), "problems");
        cases.push(Case { name: name.to_owned(), expected: "charter_problems", got });
    }
    for file in ["charter.toml", "members.toml", "people.toml"] {
        let mut files = third.files();
        files.remove(file);
        assert_eq!(told(&world, envelope(&files), "missing"), "charter_problems");
    }
    let edits: Edits = toml::from_str(include_str!("../cases/chain_files.toml")).unwrap();
    for edit in edits.cases {
        let got = told(&world, envelope(&edited(&third, &edit)), &edit.say);
        cases.push(Case { name: edit.name, expected: "charter_problems", got });
    }
    let people = |count: usize| -> Vec<String> {
        (0..count).map(|number| format!("signer {number}")).collect()
    };
    let crowd = Draft { signers: people(65), threshold: 1, ..third.clone() };
    let got = told(&world, crowd.envelope(), "at most 64");
    cases.push(Case {
        name: "head: a crowd of signers".to_owned(),
        expected: "charter_problems",
        got,
    });
    let mut files = third.files();
    files.insert("people.toml".to_owned(), "#".repeat(1024 * 1024 + 1));
    let got = told(&world, envelope(&files), "at most 1048576 are read");
    cases.push(Case { name: "a file too large".to_owned(), expected: "charter_problems", got });
    cases
}
