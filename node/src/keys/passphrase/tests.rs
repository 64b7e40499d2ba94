use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn file(text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passphrase");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    (folder, path)
}

#[test]
fn a_file_is_one_line_that_its_owner_alone_may_read() {
    for text in ["four words or more", "four words or more\n", "four words or more\r\n"] {
        let (_folder, path) = file(text.as_bytes());
        assert_eq!(Source(Some(&path)).choose().unwrap().as_bytes(), b"four words or more");
    }
    let (_folder, path) = file(b"four words or more\n");
    for mode in [0o640, 0o604, 0o644] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = Source(Some(&path)).ask(Path::new("a.key")).unwrap_err();
        assert_eq!(error.code(), "passphrase_file_open_to_others");
    }
    let gone = path.with_file_name("gone");
    assert_eq!(Source(Some(&gone)).ask(&path).unwrap_err().code(), "passphrase_file");
}

#[test]
fn what_is_no_passphrase_is_refused() {
    let long = "x".repeat(MAX_BYTES + 1);
    for text in ["", "\n", "two\nlines\n", "a\u{7}bell and more", &long] {
        let (_folder, path) = file(text.as_bytes());
        let error = Source(Some(&path)).ask(Path::new("a.key")).unwrap_err();
        assert_eq!(error.code(), "passphrase_form", "{text:?}");
    }
    let (_folder, path) = file(b"\xff\xfe not text at all");
    assert_eq!(Source(Some(&path)).choose().unwrap_err().code(), "passphrase_form");
    let (_folder, path) = file(b"short");
    assert_eq!(Source(Some(&path)).choose().unwrap_err().code(), "passphrase_too_short");
    // A key that was made elsewhere may have a short one.
    assert!(Source(Some(&path)).ask(Path::new("a.key")).is_ok());
}
