//! Figures, not promises: `cargo test --release -p node --lib -- --ignored --nocapture log::tests::figures`.

use std::time::Instant;

use super::*;
use crate::index::Index;
use crate::log::store::record_bytes;
use crate::proof::merkle;

/// Entries of the large log.
const ENTRIES: u64 = 1_000_000;
/// Events appended through the writer.
const APPENDS: usize = 20_000;
/// Appenders at once.
const AT_ONCE: usize = 128;

fn folder() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let builder = || tempfile::Builder::new();
    if memory.is_dir() {
        builder().tempdir_in(memory).unwrap()
    } else {
        builder().tempdir().unwrap()
    }
}

fn refused(number: u64) -> Event {
    let Event::NotAsked { mut question, code } = not_asked(&"SELECT count(*) FROM t ".repeat(8))
    else {
        panic!("another event")
    };
    let request = policies::Digest::of(&number.to_be_bytes());
    question.digest = policies::Digest::of(request.as_bytes());
    Event::Refused { question, request, code, message: "x".repeat(100), rule: None, layer: None }
}

#[test]
#[ignore = "takes minutes in a debug build"]
fn start_with_a_million_entries() {
    let folder = folder();
    let (log, index) = (folder.path().join("log"), folder.path().join("index.redb"));
    let entries = std::env::var("ENTRIES").map_or(ENTRIES, |text| text.parse().unwrap());
    let mut store = Store::open_folder(&log).unwrap();
    let since = Instant::now();
    let mut next = 0;
    while next < entries {
        let group: Vec<_> = (next..entries.min(next + 256))
            .map(|index| Entry::new(index, policies::UnixTime(7), refused(index)).encode().unwrap())
            .collect();
        next += group.len() as u64;
        let bytes = group.iter().map(|entry| record_bytes(entry.len() as u64)).sum();
        store.room(bytes).unwrap();
        store.append(&group).unwrap();
    }
    println!("{entries} entries written in groups of 256: {:?}", since.elapsed());
    drop(store);
    let since = Instant::now();
    let store = Store::open_folder(&log).unwrap();
    println!("store opened: {:?}, {} entries", since.elapsed(), store.size());
    for what in ["built", "opened"] {
        let since = Instant::now();
        drop(Index::open(&index, &store.reader()).unwrap());
        println!("index {what}: {:?}, {} bytes", since.elapsed(), index.metadata().unwrap().len());
    }
    let since = Instant::now();
    println!(
        "checked in full: {} entries, {:?}",
        store.reader().check(|_| ()).unwrap(),
        since.elapsed()
    );
    let since = Instant::now();
    let reader = store.reader();
    for index in 0..1000 {
        let index = index * (entries / 1000);
        reader.with_nodes(|nodes| merkle::inclusion(nodes, index, entries).unwrap());
    }
    println!("a proof of inclusion: {:?}", since.elapsed() / 1000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn appends_a_second() {
    let (folder, tasks) = (folder(), Tasks::new());
    let log = start(Store::open_folder(&folder.path().join("log")).unwrap(), &tasks);
    let since = Instant::now();
    let appenders = (0..AT_ONCE).map(|_| async {
        for number in 0..APPENDS / AT_ONCE {
            log.append(refused(number as u64)).await.unwrap();
        }
    });
    futures::future::join_all(appenders).await;
    let took = since.elapsed();
    println!("{AT_ONCE} at once: {:.0} appends/s", f64::from(20_000) / took.as_secs_f64());
    let mut pairs = Vec::new();
    for number in 0..1000 {
        let since = Instant::now();
        log.append(refused(number)).await.unwrap();
        log.append(refused(number)).await.unwrap();
        pairs.push(since.elapsed());
    }
    pairs.sort_unstable();
    println!("two appends one after the other: p50 {:?}, p99 {:?}", pairs[500], pairs[990]);
}
