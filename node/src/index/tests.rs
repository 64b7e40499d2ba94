use policies::wire::LayerRef;
use policies::{Digest, NetworkId, UnixTime};

use super::*;
use crate::log::event::QuestionRecord;
use crate::log::store::{Room, record_bytes};
use crate::log::{Entry, Event, Store};

fn question(number: u64) -> QuestionRecord {
    let question = serde_json::json!({
        "digest": Digest::of(&number.to_be_bytes()), "network": "demo", "person": "a.jansen",
        "asking_node": "NOORD", "purpose": "research", "group": null, "dataset": "rotterdam",
        "sql": {"here": "SELECT 1"}, "expires_at": number,
    });
    serde_json::from_value(question).unwrap()
}

fn request(number: u64) -> Digest {
    Digest::of(format!("request {number}").as_bytes())
}

fn refused(number: u64) -> Event {
    Event::Refused {
        question: question(number),
        request: request(number),
        code: "x".to_owned(),
        message: String::new(),
        message_nl: None,
        rule: None,
        layer: None,
    }
}

fn layer(version: u64) -> LayerRef {
    let network = NetworkId::new("demo").unwrap();
    LayerRef { network, version, digest: Digest::of(&version.to_be_bytes()) }
}

fn append(store: &mut Store, event: Event) {
    let entry = Entry::new(store.size(), UnixTime(7), event).encode().unwrap();
    assert_eq!(store.room(record_bytes(entry.len() as u64)).unwrap(), Room::Enough);
    store.append(&[entry]).unwrap();
}

#[track_caller]
fn knows(index: &Index, number: u64, last: u64) {
    let (question, request) = (question(number).digest, request(number));
    let used = Use { question, request, expires_at: UnixTime(number.cast_signed()), last };
    assert_eq!(index.question(&question).unwrap(), Some(used));
    assert_eq!(index.request(&request).unwrap(), Some(question));
}

#[test]
fn the_index_follows_the_log_and_is_built_anew_where_it_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    let mut store = Store::open_folder(&folder.path().join("log")).unwrap();
    append(&mut store, Event::CharterAccepted { layer: layer(1), since: None });
    append(&mut store, refused(0));
    let index = Index::open(&path, &store.reader()).unwrap();
    knows(&index, 0, 1);
    assert!(index.question(&question(9).digest).unwrap().is_none());
    assert_eq!(index.last_charters().unwrap(), [0]);
    // Behind: it catches up, while open and when it is opened again.
    append(&mut store, refused(1));
    assert_eq!(index.catch_up(&store.reader()).unwrap(), 3);
    knows(&index, 1, 2);
    drop(index);
    append(&mut store, refused(2));
    append(&mut store, Event::CharterAccepted { layer: layer(2), since: None });
    let index = Index::open(&path, &store.reader()).unwrap();
    knows(&index, 2, 3);
    assert_eq!(index.last_charters().unwrap(), [4]);
    assert!(
        index.charter(&layer(1)).unwrap().is_some() && index.charter(&layer(3)).unwrap().is_none()
    );
    drop(index);
    // Damaged, or no index at all.
    let whole = std::fs::read(&path).unwrap();
    for damaged in [&whole[..whole.len() / 3], b"no index", b""] {
        std::fs::write(&path, damaged).unwrap();
        knows(&Index::open(&path, &store.reader()).unwrap(), 2, 3);
    }
    // Of another log, and ahead of this one.
    let mut other = Store::open_folder(&folder.path().join("other")).unwrap();
    append(&mut other, refused(7));
    let index = Index::open(&path, &other.reader()).unwrap();
    knows(&index, 7, 0);
    assert!(index.question(&question(2).digest).unwrap().is_none());
}

#[test]
fn the_last_entry_about_a_question_is_found_and_its_first_request_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open_folder(&folder.path().join("log")).unwrap();
    append(&mut store, refused(4));
    append(&mut store, Event::Stopped {});
    let mut again = refused(4);
    if let Event::Refused { request: other, .. } = &mut again {
        *other = request(5);
    }
    append(&mut store, again);
    let index = Index::open(&folder.path().join("index.redb"), &store.reader()).unwrap();
    knows(&index, 4, 2);
    assert_eq!(index.request(&request(5)).unwrap(), None);
}

#[test]
fn the_last_configuration_keys_and_snapshot_of_each_dataset_are_found_also_when_rebuilt() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open_folder(&folder.path().join("log")).unwrap();
    let dataset = |id: &str| DatasetId::new(id).unwrap();
    let digest = Digest::of(b"x");
    let configured = || Event::Configured { config: digest, before: None, own: None };
    let used = |id| Event::SnapshotUsed { dataset: dataset(id), version: 1, snapshot: digest };
    let keys = crate::log::event::KeyPrints {
        transport: digest,
        envelope: digest,
        log: digest,
        witness: digest,
    };
    append(&mut store, configured());
    append(&mut store, Event::KeysChanged { keys, before: None });
    append(&mut store, used("rotterdam"));
    let path = folder.path().join("index.redb");
    let index = Index::open(&path, &store.reader()).unwrap();
    append(&mut store, used("delft"));
    append(&mut store, used("rotterdam"));
    append(&mut store, configured());
    index.catch_up(&store.reader()).unwrap();
    let check = |index: &Index| {
        assert_eq!(index.last_configured().unwrap(), Some(5));
        assert_eq!(index.last_keys().unwrap(), Some(1));
        assert_eq!(index.last_snapshot(&dataset("delft")).unwrap(), Some(3));
        assert_eq!(index.last_snapshot(&dataset("rotterdam")).unwrap(), Some(4));
        assert_eq!(index.last_snapshot(&dataset("other")).unwrap(), None);
        assert!(index.last_charters().unwrap().is_empty());
    };
    check(&index);
    drop(index);
    check(&Index::rebuild(&path, &store.reader()).unwrap());
}

#[test]
fn an_entry_of_a_kind_or_version_that_is_not_known_is_never_passed_over() {
    for (text, expected) in [
        (
            r#"{"version":1,"index":1,"at":7,"event":{"kind":"tomorrow"}}"#,
            "unknown variant `tomorrow`",
        ),
        (
            r#"{"version":2,"index":1,"at":7,"event":{"kind":"stopped"}}"#,
            "entries of version 2 are not known here",
        ),
        (
            r#"{"version":1,"index":1,"at":7,"event":{"kind":"stopped","why":"x"}}"#,
            "unknown field `why`",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("index.redb");
        let mut store = Store::open_folder(&folder.path().join("log")).unwrap();
        append(&mut store, refused(0));
        drop(Index::open(&path, &store.reader()).unwrap());
        store.append(&[text.as_bytes().to_vec()]).unwrap();
        for opened in [Index::open(&path, &store.reader()), Index::rebuild(&path, &store.reader())]
        {
            let error = opened.map(drop).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let error = store.reader().check(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains('1'), "{error}");
    }
}

#[test]
fn entries_that_say_nothing_to_look_up_are_not_read_and_all_others_are() {
    let encode = |event: serde_json::Value| {
        let event: Event = serde_json::from_value(event).unwrap();
        Entry::new(u64::MAX, UnixTime(i64::MIN), event).encode().unwrap()
    };
    let Event::Refused { question, .. } = refused(1) else { panic!("another event") };
    let passed = [
        serde_json::json!({ "kind": "asked/2", "question": question, "hospitals": ["NOORD"] }),
        serde_json::json!({ "kind": "not_asked", "question": question, "code": "x" }),
        serde_json::json!({ "kind": "received", "question": request(1), "request": request(1), "responder": "NOORD",
            "outcome": "answered", "log_index": 1 }),
    ];
    assert!(passed.into_iter().all(|event| !batch::Batch::needs(&encode(event))));
    let others = [
        serde_json::to_value(refused(1)).unwrap(),
        serde_json::json!({ "kind": "asked", "question": question }),
        serde_json::json!({ "kind": "configured", "config": request(1), "before": null }),
    ];
    assert!(others.into_iter().all(|event| batch::Batch::needs(&encode(event))));
    assert!(batch::Batch::needs(b"") && batch::Batch::needs(b"received"));
    // An end that is passed over is known again, too.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("index.redb");
    let mut store = Store::open_folder(&folder.path().join("log")).unwrap();
    append(&mut store, refused(1));
    append(&mut store, Event::NotAsked { question, code: "x".to_owned() });
    assert_eq!(Index::open(&path, &store.reader()).unwrap().catch_up(&store.reader()).unwrap(), 2);
    append(&mut store, refused(2));
    knows(&Index::open(&path, &store.reader()).unwrap(), 2, 2);
}
