use std::time::Duration;

use super::store::Sizes;
use super::store::tests::signer;
use super::store::tests::sim::{Fault, Sim};
use super::text::Part;
use super::*;
use crate::clock::SystemClock;
use crate::proof::merkle::leaf_hash;

mod disk;

fn lost(reason: &str) -> Event {
    Event::WorkerLost { reason: reason.to_owned() }
}

/// A log of this test's own process over a folder or a simulated disk.
fn start(store: Store, tasks: &Tasks) -> Log {
    Log::start(store, signer(), Arc::new(SystemClock), tasks).unwrap()
}

fn not_asked(sql: &str) -> Event {
    let question = serde_json::json!({
        "digest": "00".repeat(32), "network": "demo", "person": "a.jansen", "asking_node": "NOORD",
        "purpose": "research", "group": null, "dataset": "rotterdam", "sql": {"here": sql}, "expires_at": 900,
    });
    Event::NotAsked { question: serde_json::from_value(question).unwrap(), code: "x".to_owned() }
}

#[tokio::test]
async fn entries_are_on_disk_when_append_returns_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let tasks = Tasks::new();
    let log = start(Store::open_folder(&path).unwrap(), &tasks);
    let appends = (0..300).map(|i| log.append(lost(&i.to_string())));
    let recorded = futures::future::try_join_all(appends).await.unwrap();
    let mut places: Vec<_> = recorded.iter().map(|recorded| recorded.entry().index).collect();
    places.sort_unstable();
    assert_eq!(places, (0..300).collect::<Vec<_>>());
    for recorded in &recorded {
        let index = recorded.entry().index;
        assert_eq!(log.recorded(index).unwrap(), *recorded);
        let bytes = recorded.entry().encode().unwrap();
        assert_eq!(log.reader().leaf_hash(index).unwrap(), leaf_hash(&bytes));
    }
    assert_eq!(Reader::open(&path).unwrap().entries().unwrap().len(), 300, "read while it runs");
    drop(log);
    assert!(tasks.drain(Duration::from_secs(10)).await.is_empty());
    let store = Store::open_folder(&path).unwrap();
    assert_eq!(store.size(), 300);
    assert_eq!(store.reader().check(|_| ()).unwrap(), 300);
}

/// Whoever has the tree in hand holds up who reads it, and not the thread that asked for that.
#[tokio::test]
async fn what_is_read_at_length_does_not_hold_up_the_runtime() {
    let (disk, tasks) = (Sim::default(), Tasks::new());
    let log = start(Store::open(Arc::new(disk), Sizes::default()).unwrap(), &tasks);
    log.append(lost("x")).await.unwrap();
    let mut reading = Box::pin(log.read(|reader| reader.with_nodes(|_| reader.size())));
    let contents = Arc::clone(&log.reader().contents);
    let written = contents.write().unwrap();
    assert_eq!(futures::FutureExt::now_or_never(reading.as_mut()), None);
    drop(written);
    assert_eq!(reading.await, Some(1));
    drop(log);
    assert!(tasks.drain(Duration::from_secs(10)).await.is_empty());
}

#[tokio::test]
async fn a_handler_that_goes_away_loses_no_record() {
    let disk = Sim::default();
    let tasks = Tasks::new();
    let log = start(Store::open(Arc::new(disk.clone()), Sizes::default()).unwrap(), &tasks);
    for number in 0..50 {
        let waiting = log.append(lost(&number.to_string()));
        // Polled once: the event is handed over, and nobody waits for it.
        let gone = futures::future::select(Box::pin(waiting), std::future::ready(())).await;
        assert!(matches!(gone, futures::future::Either::Right(_)));
    }
    log.append(lost("last")).await.unwrap();
    let entries = log.reader().entries().unwrap();
    assert_eq!(entries.len(), 51);
    assert_eq!(entries[50].event, lost("last"));
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_any_more() {
    let disk = Sim::default();
    let tasks = Tasks::new();
    let log = start(Store::open(Arc::new(disk.clone()), Sizes::default()).unwrap(), &tasks);
    assert_eq!(log.append(lost("a")).await.unwrap().entry().index, 0);
    let next = disk.inner().calls.len() + 1;
    disk.inner().fault =
        Some(Fault::Error { call: next, kind: std::io::ErrorKind::Other, for_good: false });
    assert!(matches!(log.append(lost("b")).await, Err(LogError::Failed { .. })));
    let calls = disk.inner().calls.len();
    assert!(matches!(log.append(lost("c")).await, Err(LogError::Failed { .. })));
    assert!(log.checkpoint().await.is_err());
    assert_eq!(disk.inner().calls.len(), calls, "nothing is tried again");
}

#[tokio::test]
async fn checkpoints_are_signed_durable_and_kept_with_their_cosignatures() {
    let disk = Sim::default();
    let tasks = Tasks::new();
    let medium: Arc<dyn medium::Medium> = Arc::new(disk.clone());
    let log = start(Store::open(Arc::clone(&medium), Sizes::default()).unwrap(), &tasks);
    assert!(log.latest_checkpoint().is_none());
    log.append(lost("a")).await.unwrap();
    let signed = log.checkpoint().await.unwrap();
    assert_eq!(signed.head(), log.reader().head());
    assert_eq!(log.checkpoint().await.unwrap(), signed, "one head is signed once");
    log.append(lost("b")).await.unwrap();
    let second = log.checkpoint().await.unwrap();
    assert_eq!(second.head().size, 2);
    assert_eq!(log.keep_checkpoint(signed.clone()).await.unwrap(), signed);
    let cut = disk.after_power_cut(super::store::tests::sim::Unsynced::Lost);
    let note = Reader::over(Arc::new(cut)).unwrap().checkpoint().unwrap();
    assert_eq!(*note, *signed.note().to_string());
}

#[tokio::test]
async fn large_texts_are_stored_beside_the_log_and_named_by_digest() {
    let disk = Sim::default();
    let tasks = Tasks::new();
    let log = start(Store::open(Arc::new(disk.clone()), Sizes::default()).unwrap(), &tasks);
    let large = "\u{1}".repeat(16 * 1024);
    let recorded = log.append(not_asked(&large)).await.unwrap();
    let Event::NotAsked { question, .. } = &recorded.entry().event else { panic!("another event") };
    assert!(matches!(question.sql, Part::Blob { .. }));
    assert_eq!(question.sql.clone().load(log.blobs()).unwrap(), large);
    let bytes = log.reader().bytes(0).unwrap();
    assert!(bytes.len() < 1000);
    let small = log.append(not_asked("SELECT 1")).await.unwrap();
    let Event::NotAsked { question, .. } = &small.entry().event else { panic!("another event") };
    assert_eq!(question.sql.here().map(String::as_str), Some("SELECT 1"));
    let too_large = log.append(lost(&"x".repeat(MAX_ENTRY_BYTES))).await;
    assert!(matches!(too_large, Err(LogError::TooLarge { .. })), "{too_large:?}");
    assert!(log.append(lost("after it")).await.is_ok());
}

#[tokio::test]
async fn a_full_disk_refuses_questions_and_still_logs_refusals() {
    let disk = Sim::default();
    let tasks = Tasks::new();
    let sizes = Sizes { segment: 1 << 20, step: 1024, reserve: 64 << 10 };
    let log = start(Store::open(Arc::new(disk.clone()), sizes).unwrap(), &tasks);
    disk.inner().full = true;
    let Event::NotAsked { question, code } = not_asked("SELECT 1") else { panic!("another event") };
    let asked = Event::AskedV1 { question: question.clone() };
    let mut refused = false;
    for _ in 0..50 {
        refused |= log.append(asked.clone()).await == Err(LogError::Full);
    }
    assert!(refused);
    for _ in 0..20 {
        log.append(Event::NotAsked { question: question.clone(), code: code.clone() })
            .await
            .unwrap();
    }
    disk.inner().full = false;
    log.append(asked).await.unwrap();
}

#[test]
fn one_folder_has_one_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let _held = Store::open_folder(folder.path()).unwrap();
    assert!(matches!(Store::open_folder(folder.path()), Err(OpenError::InUse { .. })));
}

#[test]
fn a_question_is_put_to_hospitals_by_name_and_its_first_form_is_still_read() {
    let question = format!(
        r#"{{"digest":"{}","network":"demo","person":"a.jansen","asking_node":"NOORD","purpose":"research","group":null,"#,
        "00".repeat(32)
    ) + r#""dataset":"rotterdam","sql":{"here":"SELECT 1"},"expires_at":900}"#;
    let entry = |event: &str| format!(r#"{{"version":1,"index":0,"at":7,"event":{event}}}"#);
    let written = entry(&format!(
        r#"{{"kind":"asked/2","question":{question},"hospitals":["NOORD","OOST"]}}"#
    ));
    let first = entry(&format!(r#"{{"kind":"asked","question":{question}}}"#));
    for text in [&written, &first] {
        let entry: Entry = serde_json::from_str(text).unwrap();
        assert_eq!(entry.encode().unwrap(), text.as_bytes());
    }
    for wrong in [written.replace("asked/2", "asked"), first.replace("asked", "asked/2")] {
        assert!(serde_json::from_str::<Entry>(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_entry_of_another_version_is_not_read() {
    let text = r#"{"version":1,"index":0,"at":7,"event":{"kind":"stopped"}}"#;
    let entry: Entry = serde_json::from_str(text).unwrap();
    assert_eq!(entry, Entry::new(0, policies::UnixTime(7), Event::Stopped {}));
    assert_eq!(entry.encode().unwrap(), text.as_bytes());
    for wrong in [
        text.replace(":1,", ":2,"),
        text.replace("\"at\"", "\"when\""),
        text.replace("\"version\":1,", ""),
    ] {
        assert!(serde_json::from_str::<Entry>(&wrong).is_err(), "{wrong}");
    }
}
