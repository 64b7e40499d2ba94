//! A power cut at every call while segments are archived: before it, after it, and after each sector of a write; and errors
//! of the disk at every call. Every entry is on the node or in the archive, and archiving again goes on from there.

use std::io::ErrorKind;

use super::*;
use crate::log::store::tests::sim::Fault;

const ENTRIES: u64 = 32;
const OLD: u64 = 27;

/// Opens node and archive after a fault, and holds them against what was there.
#[track_caller]
fn recovered(sim: &Sim, before: &[Vec<u8>]) {
    let size = open(sim).size();
    let reader = whole(sim);
    assert!(size >= ENTRIES && reader.size() == size);
    assert_eq!(everything(&reader).get(..before.len()).unwrap(), before);
    assert_eq!(reader.check(|_| ()).unwrap(), size);
    texts_are_there(sim, before);
    archived(sim, OLD).unwrap();
    let reader = whole(sim);
    assert!(reader.here() > 15, "{}", reader.here());
    assert_eq!(everything(&reader).get(..before.len()).unwrap(), before);
    texts_are_there(sim, before);
    // What a crash left on the node goes with the next archiving.
    let node = Reader::over(disk(sim)).unwrap();
    assert_eq!(Blobs::read_only(disk(sim)).list().unwrap(), named(&node));
    // And the next power cut takes nothing of it.
    let later = whole(&sim.after_power_cut(Unsynced::Lost));
    assert_eq!((later.head(), later.here()), (reader.head(), reader.here()));
    assert_eq!(later.check(|_| ()).unwrap(), later.size());
}

/// The texts that entries on the node name are on the node, those of archived ones in the archive.
#[track_caller]
fn texts_are_there(sim: &Sim, before: &[Vec<u8>]) {
    let here = Reader::over(disk(sim)).unwrap().here();
    let (node, moved) =
        (Blobs::read_only(disk(sim)), Blobs::read_only(Arc::new(Inside(sim.clone()))));
    for (index, bytes) in (0..).zip(before) {
        let mut named = BTreeSet::new();
        let entry: Entry = serde_json::from_slice(bytes).unwrap();
        entry.event.blobs(&mut named);
        for text in named {
            if index < here { moved.get(&text) } else { node.get(&text) }.unwrap();
        }
    }
}

fn filled() -> (Sim, Vec<Vec<u8>>, usize) {
    let sim = Sim::default();
    fill(&sim, ENTRIES, 0);
    let before = everything(&Reader::over(disk(&sim)).unwrap());
    let copy = sim.after_power_cut(Unsynced::Kept);
    let moved = archived(&copy, OLD).unwrap();
    assert!(moved.len() >= 3, "{}", moved.len());
    recovered(&copy, &before);
    (sim, before, moved.len())
}

#[test]
fn a_power_cut_at_any_call_of_archiving_loses_nothing() {
    let (sim, before, segments) = filled();
    let copy = sim.after_power_cut(Unsynced::Kept);
    archived(&copy, OLD).unwrap();
    let calls = copy.inner().calls.clone();
    for what in ["create", "rename", "sync_folder", "write", "sync", "remove"] {
        assert!(calls.iter().any(|call| call.what == what), "archiving makes no {what}");
    }
    let (mut cuts, mut states) = (0, 0);
    for (call, made) in calls.iter().enumerate() {
        let torn = (1..made.sectors).map(|sectors| (false, Some(sectors)));
        for (after, sectors) in [(false, None), (true, None)].into_iter().chain(torn) {
            let hurt = sim.after_power_cut(Unsynced::Kept);
            hurt.inner().fault = Some(Fault::Crash { call, after, sectors });
            drop(archived(&hurt, OLD));
            assert!(hurt.inner().down, "call {call} was not reached");
            for unsynced in [Unsynced::Lost, Unsynced::Kept, Unsynced::Random(3 + cuts)] {
                recovered(&hurt.after_power_cut(unsynced), &before);
                states += 1;
            }
            recovered(&hurt.after_process_end(), &before);
            (cuts, states) = (cuts + 1, states + 1);
        }
    }
    println!(
        "{segments} segments, {} calls, {cuts} power cuts, {states} states opened again, lost: 0",
        calls.len()
    );
    assert!(cuts > 100, "{cuts} power cuts");
}

#[test]
fn an_error_at_any_call_of_archiving_loses_nothing() {
    let (sim, before, _) = filled();
    let copy = sim.after_power_cut(Unsynced::Kept);
    archived(&copy, OLD).unwrap();
    let calls = copy.inner().calls.len();
    let mut stopped = 0;
    for call in 0..calls {
        for (kind, for_good) in
            [(ErrorKind::Other, false), (ErrorKind::StorageFull, true), (ErrorKind::Other, true)]
        {
            let hurt = sim.after_power_cut(Unsynced::Kept);
            hurt.inner().fault = Some(Fault::Error { call, kind, for_good });
            stopped += usize::from(archived(&hurt, OLD).is_err());
            recovered(&hurt.after_process_end(), &before);
            recovered(&hurt.after_power_cut(Unsynced::Lost), &before);
        }
    }
    println!("{calls} calls, {} errors, {stopped} stopped the archiving, lost: 0", calls * 3);
    assert!(stopped > calls);
}
