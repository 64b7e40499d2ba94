use super::*;
use crate::clock::SystemClock;

const CONFIG: &str = r#"
hospital = "NOORD"
[charter]
root = "1111111111111111111111111111111111111111111111111111111111111111"
[network]
listen = ["/ip4/127.0.0.1/tcp/0"]
[http]
listen = "127.0.0.1:0"
"#;

fn prints(text: &str) -> KeyPrints {
    let print = |role: &str| Digest::of(format!("{role} {text}").as_bytes());
    KeyPrints { transport: print("t"), envelope: print("e"), log: print("l"), witness: print("w") }
}

#[test]
fn a_changed_configuration_names_the_one_before() {
    let (one, two) = (Digest::of(b"one"), Digest::of(b"two"));
    let first = configured(one, None, None);
    assert_eq!(first, Event::Configured { config: one, before: None, own: None });
    let same = configured(one, None, Some(first));
    assert_eq!(same, Event::Configured { config: one, before: None, own: None });
    let changed = configured(two, Some(one), Some(same));
    assert_eq!(changed, Event::Configured { config: two, before: Some(one), own: Some(one) });
}

#[test]
fn keys_are_logged_at_the_first_start_and_when_they_differ() {
    let first = keys_changed(prints("a"), None).unwrap();
    assert_eq!(first, Event::KeysChanged { keys: prints("a"), before: None });
    assert_eq!(keys_changed(prints("a"), Some(first.clone())), None);
    let changed = Event::KeysChanged { keys: prints("b"), before: Some(prints("a")) };
    assert_eq!(keys_changed(prints("b"), Some(first)), Some(changed));
}

#[tokio::test]
async fn a_refused_charter_is_logged_once_however_often_a_start_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::parse(&folder.path().join("config.toml"), CONFIG).unwrap();
    std::fs::create_dir_all(folder.path().join("keys")).unwrap();
    Key::create(&config.keys.log, KeyRole::Log, "NOORD").unwrap();
    let try_with = async |bundle: &[u8], version| {
        std::fs::write(&config.charter, bundle).unwrap();
        let error = StartError::NotAMember { hospital: config.hospital.clone(), version };
        let store = Store::open_folder(&config.log_folder()).unwrap();
        log_rejection(store, &config, Arc::new(SystemClock), &error).await;
        Reader::open(&config.log_folder()).unwrap().entries().unwrap()
    };
    let first = try_with(b"bundle", 3).await;
    let rejected = |bundle: &[u8]| Event::CharterRejected {
        bundle: Digest::of(bundle),
        code: "charter_not_a_member".to_owned(),
    };
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].event, rejected(b"bundle"));
    assert_eq!(try_with(b"bundle", 3).await.len(), 1);
    let other = try_with(b"another", 4).await;
    assert_eq!(other.last().unwrap().event, rejected(b"another"));
    let store = Store::open_folder(&config.log_folder()).unwrap();
    log_rejection(store, &config, Arc::new(SystemClock), &StartError::KeyLog).await;
    assert_eq!(Reader::open(&config.log_folder()).unwrap().size(), 2);
}
