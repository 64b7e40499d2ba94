use super::*;
use crate::log::Event;

fn entries() -> Vec<(Entry, Vec<u8>)> {
    let digest = Digest::of(b"x");
    let events = [
        Event::Configured { config: digest, before: None, own: None },
        Event::WorkerLost { reason: "died".to_owned() },
    ];
    let entry = |(index, event)| {
        let entry = Entry::new(index, UnixTime(100 - index.cast_signed()), event);
        let bytes = entry.encode().unwrap();
        (entry, bytes)
    };
    (40..).zip(events).map(entry).collect()
}

#[test]
fn a_stub_reads_back_and_holds_what_stays() {
    let entries = entries();
    let stub = Stub::of(&entries, Digest::of(b"file"), "/archive").unwrap();
    assert_eq!((stub.about.first, stub.about.end()), (40, 42));
    assert_eq!((stub.about.earliest, stub.about.latest), (UnixTime(59), UnixTime(60)));
    assert_eq!(stub.about.kept.keys().collect::<Vec<_>>(), [&40]);
    let bytes = stub.encode().unwrap();
    let (read, leaves) = Stub::decode(&bytes).unwrap();
    assert_eq!(read, stub);
    let at = usize::try_from(leaves).unwrap();
    assert_eq!(&bytes[at..at + 32], leaf_hash(&entries[0].1).as_bytes());
    assert!(Stub::of(&[], Digest::of(b"file"), "/archive").is_none());
}

#[test]
fn a_stub_with_other_tables_than_it_says_is_refused() {
    let stub = Stub::of(&entries(), Digest::of(b"file"), "/archive").unwrap();
    let refused = |deed: &dyn Fn(&mut Stub)| {
        let mut changed = stub.clone();
        deed(&mut changed);
        assert!(Stub::decode(&changed.encode().unwrap()).is_err(), "{changed:?}");
    };
    refused(&|stub| stub.about.count += 1);
    refused(&|stub| stub.about.questions = u64::MAX);
    refused(&|stub| stub.about.questions = 1);
    refused(&|stub| stub.leaves.truncate(1));
    refused(&|stub| stub.leaves.clear());
    refused(&|stub| drop(stub.about.kept.insert(39, "x".to_owned())));
    refused(&|stub| drop(stub.about.kept.insert(41, "x".to_owned())));
    assert!(Stub::decode(b"").is_err());
}

#[test]
fn a_stub_of_a_version_without_a_memory_says_nothing_of_it() {
    let stub = Stub::of(&entries(), Digest::of(b"file"), "/archive").unwrap();
    assert_eq!(stub.about.memory, Some(Heads::default()));
    let mut old = stub.clone();
    old.about.memory = None;
    let bytes = old.encode().unwrap();
    assert!(!bytes.windows(6).any(|window| window == b"memory"), "as that version wrote it");
    assert_eq!(Stub::decode(&bytes).unwrap().0.about.memory, None);
    // What this version writes is told from it even where there is nothing to say.
    assert_eq!(Stub::decode(&stub.encode().unwrap()).unwrap().0, stub);
}
