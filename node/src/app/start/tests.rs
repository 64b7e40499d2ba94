use policies::bundle;
use policies::charter::rules::MAX_RULE_BYTES;

use super::*;
use crate::files::{own_text, read_some};

#[test]
fn no_more_is_read_of_own_rules_than_their_limit() {
    let folder = tempfile::Builder::new().prefix("kring-own-").tempdir().unwrap();
    let path = folder.path().join("own.cedar");
    std::fs::write(&path, " ".repeat(MAX_RULE_BYTES)).unwrap();
    assert_eq!(own_text(&path).unwrap().1.len(), MAX_RULE_BYTES);
    // One byte more, a character that the limit cuts, and a file without an end.
    std::fs::write(&path, " ".repeat(MAX_RULE_BYTES + 1)).unwrap();
    let cut = folder.path().join("cut.cedar");
    std::fs::write(&cut, format!("{}\u{e9}", " ".repeat(MAX_RULE_BYTES))).unwrap();
    for path in [&path, &cut, Path::new("/dev/zero")] {
        let error = own_text(path).unwrap_err();
        assert_eq!(error.to_string(), "the file is larger than the 262144 bytes that are read");
    }
    std::fs::write(&path, [0xff]).unwrap();
    let error = own_text(&path).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidData, "{error}");
}

#[test]
fn no_more_is_read_of_a_charter_than_its_limit() {
    let read = read_some(Path::new("/dev/zero"), bundle::MAX_BUNDLE_BYTES).unwrap();
    let trust = bundle::Trust {
        root: policies::Digest::of(b"root"),
        now: policies::UnixTime(0),
        held: None,
    };
    let error = anyhow::Error::from(bundle::open(&read, &trust).unwrap_err());
    assert!(format!("{error:#}").contains("16777216"), "{error:#}");
}
