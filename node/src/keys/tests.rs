use std::os::unix::fs::PermissionsExt as _;

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn a_key_file_is_private_and_reads_back() {
    let folder = folder();
    let path = folder.path().join("a.key");
    let made = Key::create(&path, KeyRole::Person, "a.jansen").unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let read = Key::load(&path, KeyRole::Person).unwrap();
    assert_eq!((read.id.as_str(), read.public), ("a.jansen", made.public));
}

#[test]
fn a_key_file_that_others_may_read_is_refused() {
    let folder = folder();
    let path = folder.path().join("a.key");
    Key::create(&path, KeyRole::Envelope, "NOORD").unwrap();
    for mode in [0o640, 0o604, 0o620, 0o660, 0o644] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let error = Key::load(&path, KeyRole::Envelope).unwrap_err();
        assert_eq!(error.code(), "key_file_open_to_others");
        assert!(error.to_string().contains("chmod 600"), "{error}");
    }
}

#[test]
fn a_key_of_another_role_is_refused() {
    let folder = folder();
    let path = folder.path().join("a.key");
    Key::create(&path, KeyRole::Log, "NOORD").unwrap();
    assert_eq!(Key::load(&path, KeyRole::Envelope).unwrap_err().code(), "key_file_role");
}

#[test]
fn a_damaged_key_file_never_quotes_its_secret() {
    let folder = folder();
    let path = folder.path().join("a.key");
    Key::create(&path, KeyRole::Person, "a.jansen").unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let secret = text.split("secret = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for damaged in [
        text.replace("secret", "sceret"),
        text.replace("kring-key-v1", "kring-key-v9"),
        text.replace("public = \"", "public = \"0"),
        text.replace("secret = \"", "secret = \"zz"),
        String::new(),
    ] {
        std::fs::write(&path, damaged).unwrap();
        let error = Key::load(&path, KeyRole::Person).unwrap_err();
        assert_eq!(error.code(), "key_file_malformed");
        assert!(!format!("{error} {error:?}").contains(&secret));
    }
}

#[test]
fn an_existing_file_is_not_overwritten() {
    let folder = folder();
    let path = folder.path().join("a.key");
    Key::create(&path, KeyRole::Person, "a.jansen").unwrap();
    let error = Key::create(&path, KeyRole::Person, "a.jansen").unwrap_err();
    assert_eq!(error.code(), "key_file");
}
