//! A disk that fails at any call, once or for good, full or read-only: nothing is acknowledged that is not there.

use std::io::ErrorKind;

use super::sim::{Fault, Sim, Unsynced};
use super::*;

const GROUPS: usize = 30;

#[test]
fn an_error_at_any_call_acknowledges_nothing_that_is_lost() {
    let whole = Sim::default();
    workload(&whole, GROUPS);
    let calls = whole.inner().calls.len();
    let kinds = [ErrorKind::Other, ErrorKind::StorageFull, ErrorKind::ReadOnlyFilesystem];
    let mut stopped = 0;
    for call in 0..calls {
        for kind in kinds {
            for for_good in [false, true] {
                let disk = Sim::with_fault(Fault::Error { call, kind, for_good });
                let trace = workload(&disk, GROUPS);
                stopped += usize::from(trace.error.is_some());
                // A sync that failed marked pages as written: the next process sees them, and must not believe it.
                recovered(&disk.after_process_end(), &trace);
                recovered(&disk.after_power_cut(Unsynced::Lost), &trace);
                recovered(&disk.after_power_cut(Unsynced::Random(call as u64)), &trace);
            }
        }
    }
    println!("{calls} calls, {} errors, {stopped} stopped the log, lost: 0", calls * 6);
    assert!(stopped > calls);
}

#[test]
fn a_full_disk_leaves_the_reserve_and_heals() {
    let disk = Sim::default();
    let medium: Arc<dyn Medium> = Arc::new(disk.clone());
    let mut store = Store::open(medium, SIZES).unwrap();
    let mut index = 0;
    let mut append = |store: &mut Store| {
        let bytes = entry(index);
        let room = store.room(record_bytes(bytes.len() as u64)).unwrap();
        let fits = match room {
            Room::Enough => true,
            Room::Reserve(left) => left >= record_bytes(bytes.len() as u64),
        };
        if fits {
            store.append(&[bytes]).unwrap();
            index += 1;
        }
        room
    };
    for _ in 0..5 {
        assert_eq!(append(&mut store), Room::Enough);
    }
    let call = disk.inner().calls.len();
    // Only laying out fails: a full disk has room for what is laid out already.
    disk.inner().full = true;
    let mut last = append(&mut store);
    while last == Room::Enough {
        last = append(&mut store);
    }
    assert!(matches!(last, Room::Reserve(left) if left >= SIZES.reserve), "{last:?}");
    let mut in_reserve = 0;
    for _ in 0..100 {
        let before = store.size();
        append(&mut store);
        in_reserve += store.size() - before;
    }
    assert!(in_reserve >= 1, "{in_reserve}");
    assert!(disk.inner().calls.len() > call);
    disk.inner().full = false;
    assert_eq!(append(&mut store), Room::Enough);
    let size = store.size();
    let again = Store::open(Arc::new(disk.after_power_cut(Unsynced::Lost)), SIZES).unwrap();
    assert_eq!(again.size(), size);
}
