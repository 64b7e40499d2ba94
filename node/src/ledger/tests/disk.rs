//! A disk that is full or fails while a charge is made durable.

use std::io::ErrorKind;

use super::*;

/// Writes one more charge as an answer does.
fn answer(charges: &Charges, book: &mut Book) -> Result<(), Refused> {
    let bytes = empty_charge(book.whole()?.memory.charges());
    let charge = query::Charge::decode(&bytes).unwrap();
    put(charges, book, lineage(), &charge)?;
    book.whole()?.memory.apply(&charge).unwrap();
    Ok(())
}

/// A lineage of so many charges on a disk of which one of the next calls fails.
fn failing(kind: ErrorKind, (count, call): (u64, usize), key: &Key) -> (Sim, Charges, Book) {
    let sim = Sim::default();
    let (charges, chain) = filled(&sim, key, count);
    sim.fail_at(call, kind);
    (sim, charges, Book::Whole(Box::new(chain)))
}

fn charges_of(sim: &Sim, key: &Key, book: &mut Book) -> u64 {
    let head = head(book.whole().unwrap());
    over(sim, key).read(&lineage(), Some(&head)).unwrap().memory.charges()
}

#[test]
fn on_a_full_disk_nothing_is_charged_and_the_same_answer_may_come_again() {
    let key = key("a");
    for count in [0, 1, 2] {
        for call in 0.. {
            let full = (count, call);
            let (sim, charges, mut book) = failing(ErrorKind::StorageFull, full, &key);
            if answer(&charges, &mut book).is_ok() {
                assert!(call >= 5, "create, write, sync, rename, sync_folder: {call}");
                break;
            }
            assert_eq!(book.whole().unwrap().memory.charges(), count, "{full:?}");
            let refused = answer(&charges, &mut book);
            assert!(refused.is_ok(), "{full:?}: {refused:?}");
            answer(&charges, &mut book).unwrap();
            for unsynced in [Unsynced::Lost, Unsynced::Kept] {
                let after = sim.after_power_cut(unsynced);
                assert_eq!(charges_of(&after, &key, &mut book), count + 2, "{full:?}");
            }
        }
    }
}

#[test]
fn a_full_disk_is_told_apart_from_a_failing_one() {
    let key = key("a");
    let told = |kind| {
        let (_, charges, mut book) = failing(kind, (1, 1), &key);
        let first = answer(&charges, &mut book).unwrap_err().told().code;
        (first, answer(&charges, &mut book).map_err(|refused| refused.told().code))
    };
    assert_eq!(told(ErrorKind::StorageFull), ("no_log".to_owned(), Ok(())));
    let no_ledger = || "no_ledger".to_owned();
    assert_eq!(told(ErrorKind::Other), (no_ledger(), Err(no_ledger())));
}

#[test]
fn after_an_error_of_the_disk_nothing_is_answered_until_the_next_start() {
    let key = key("a");
    for count in [0, 1, 2] {
        for call in 0.. {
            let fails = (count, call);
            let (sim, charges, mut book) = failing(ErrorKind::Other, fails, &key);
            if answer(&charges, &mut book).is_ok() {
                assert!(call >= 5, "{call}");
                break;
            }
            // The disk is well again, and nobody believes it.
            for _ in 0..2 {
                answer(&charges, &mut book).unwrap_err();
                let Book::Broken(error) = &book else { panic!("{book:?}") };
                assert_eq!(error.code(), "ledger_unwritten", "{fails:?}");
            }
            let next = sim.after_process_end();
            let charges = over(&next, &key);
            let chain = charges.read_on(&lineage(), None).unwrap();
            let found = chain.memory.charges();
            assert!([count, count + 1].contains(&found), "{fails:?}: {found}");
            let mut book = Book::Whole(Box::new(chain));
            answer(&charges, &mut book).unwrap();
            let cut = next.after_power_cut(Unsynced::Lost);
            assert_eq!(charges_of(&cut, &key, &mut book), found + 1, "{fails:?}");
        }
    }
}

#[test]
fn what_a_start_found_outlives_a_power_cut() {
    let key = key("a");
    // The fifth call is that of the folder, behind the rename.
    let (sim, charges, mut book) = failing(ErrorKind::Other, (1, 4), &key);
    answer(&charges, &mut book).unwrap_err();
    let next = sim.after_process_end();
    let seen = over(&next, &key).read(&lineage(), None).unwrap();
    assert_eq!(seen.memory.charges(), 2, "it is in the system's memory");
    let cut = |sim: &Sim| {
        let cut = sim.after_power_cut(Unsynced::Lost);
        over(&cut, &key).read(&lineage(), None).unwrap().memory.charges()
    };
    assert_eq!(cut(&next), 1, "and not on the disk");
    over(&next, &key).read_on(&lineage(), Some(&head(&seen))).unwrap();
    assert_eq!(cut(&next), 2);
}
