use std::os::unix::fs::PermissionsExt as _;

use policies::delegation::FORMAT as FORM;
use policies::wire::Asks;

use super::*;
use crate::keys::KeyRole;

const NOW: UnixTime = UnixTime(1_800_000_000);

fn begun(folder: &Path) -> Session {
    let key = Key::create(&folder.join("person.key"), KeyRole::Person, "a.jansen").unwrap();
    Session::begin(&key, |public| Delegation {
        format: FORM,
        network: "noord".parse().unwrap(),
        person: "a.jansen".parse().unwrap(),
        node: "ALFA".parse().unwrap(),
        key: public.to_string(),
        purposes: vec!["quality".parse().unwrap()],
        groups: Vec::new(),
        issued_at: NOW,
        expires_at: NOW.plus(3600),
    })
    .unwrap()
}

fn question() -> Question {
    Question {
        id: "00".repeat(16),
        network: "noord".parse().unwrap(),
        person: "a.jansen".parse().unwrap(),
        purpose: "quality".parse().unwrap(),
        group: None,
        dataset: "rotterdam".parse().unwrap(),
        asking_node: "ALFA".parse().unwrap(),
        hospitals: vec!["ALFA".parse().unwrap()],
        asks: Asks::Sql("SELECT 1".to_owned()),
        profile: None,
        issued_at: NOW.plus(60),
        expires_at: NOW.plus(120),
    }
}

#[test]
fn a_session_is_kept_privately_and_signs_what_it_is_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.session");
    assert!(Session::load(&path).unwrap().is_none());
    let first = begun(folder.path());
    first.store(&path).unwrap();
    first.store(&path).unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let kept = Session::load(&path).unwrap().unwrap();
    assert_eq!(kept.delegation(), first.delegation());
    let (envelope, text) = kept.sign(&question(), NOW.plus(60)).unwrap();
    let delegation = SignedDelegation::decode(&text).unwrap();
    envelope.verify(policies::dsse::PayloadType::Question, delegation.key()).unwrap();
    let refused = |question: Question, now| kept.sign(&question, now).unwrap_err().code();
    let other = Question { purpose: "research".parse().unwrap(), ..question() };
    assert_eq!(refused(other, NOW), "delegation_other_purpose");
    assert_eq!(refused(question(), NOW.plus(3600 + 121)), "delegation_expired");
    // Nothing that is printed tells the secret.
    let secret = hex::encode(kept.secret.as_bytes());
    assert!(!format!("{kept:?}").contains(&secret));
    assert!(std::fs::read_to_string(&path).unwrap().contains(&secret));
    assert!(Session::remove(&path).unwrap());
    assert!(!Session::remove(&path).unwrap());
}

#[test]
fn a_file_that_is_none_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("profile.session");
    begun(folder.path()).store(&path).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    let secret = good.lines().find(|line| line.starts_with("secret")).unwrap();
    let told = |text: &str| {
        std::fs::write(&path, text).unwrap();
        Session::load(&path).unwrap_err().to_string()
    };
    for text in [
        "",
        "format = 1",
        &good.replace("kring-session-v1", "kring-session-v2"),
        // Another key than the delegation names.
        &good.replace(secret, &format!("secret = \"{}\"", "11".repeat(32))),
        &good.replace(secret, "secret = \"no digits\""),
        &format!("{good}{}", " ".repeat(20_000)),
    ] {
        let told = told(text);
        assert!(told.ends_with("`kring logout`, then `kring login` again"), "{told}");
        assert!(!told.contains("11111"), "{told}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let error = Session::load(&path).unwrap_err();
    assert!(matches!(error, SessionError::OpenToOthers { mode: 0o640, .. }), "{error}");
}
