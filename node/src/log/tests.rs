use std::sync::Mutex;

use super::file::{FileStorage, OpenError};
use super::*;
use crate::clock::SystemClock;

fn lost(reason: &str) -> Event {
    Event::WorkerLost { reason: reason.to_owned() }
}

/// A disk that fails its second sync, once.
#[derive(Debug)]
struct Failing(Arc<Mutex<usize>>);

impl Storage for Failing {
    fn append(&mut self, _entries: &[Entry]) -> std::io::Result<()> {
        let mut calls = self.0.lock().unwrap();
        *calls += 1;
        if *calls == 2 { Err(std::io::Error::other("no space left")) } else { Ok(()) }
    }
}

#[tokio::test]
async fn entries_are_on_disk_when_append_returns_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.log");
    let tasks = Tasks::new();
    let (storage, entries) = FileStorage::open(&path).unwrap();
    assert!(entries.is_empty());
    let log = Log::start(Box::new(storage), 0, Arc::new(SystemClock), &tasks);
    let appends = (0..300).map(|i| log.append(lost(&i.to_string())));
    let recorded = futures::future::try_join_all(appends).await.unwrap();
    let mut places: Vec<_> = recorded.iter().map(|recorded| recorded.entry().index).collect();
    places.sort_unstable();
    assert_eq!(places, (0..300).collect::<Vec<_>>());
    let entries = file::read_only(&path).unwrap();
    assert_eq!(entries.len(), 300);
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_any_more() {
    let tasks = Tasks::new();
    let calls = Arc::new(Mutex::new(0));
    let log = Log::start(Box::new(Failing(Arc::clone(&calls))), 0, Arc::new(SystemClock), &tasks);
    assert_eq!(log.append(lost("a")).await.unwrap().entry().index, 0);
    let failed = Err(LogError::Failed { reason: "no space left".to_owned() });
    assert_eq!(log.append(lost("b")).await, failed);
    assert_eq!(log.append(lost("c")).await, failed);
    assert_eq!(*calls.lock().unwrap(), 2);
}

#[test]
fn a_torn_end_is_cut_off_and_other_damage_refuses_to_open() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.log");
    let entries: Vec<_> =
        (0..3).map(|index| Entry { index, at: UnixTime(7), event: lost("x") }).collect();
    FileStorage::open(&path).unwrap().0.append(&entries).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        let kept: Vec<_> =
            FileStorage::open(&path).unwrap().1.into_iter().map(|r| r.entry).collect();
        let ends = whole[..cut].iter().filter(|byte| **byte == b'\n').count();
        assert_eq!(kept, entries[..ends]);
    }
    let mut damaged = whole.clone();
    damaged[2] = b'#';
    std::fs::write(&path, &damaged).unwrap();
    assert!(matches!(FileStorage::open(&path), Err(OpenError::Damaged { line: 1, .. })));
    let second = whole.split_inclusive(|byte| *byte == b'\n').nth(1).unwrap();
    std::fs::write(&path, second).unwrap();
    assert!(matches!(FileStorage::open(&path), Err(OpenError::Damaged { line: 1, .. })));
}

#[test]
fn one_folder_has_one_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.log");
    let _held = FileStorage::open(&path).unwrap();
    assert!(matches!(FileStorage::open(&path), Err(OpenError::InUse { .. })));
}
