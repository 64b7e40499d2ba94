//! Stubs and files of an archive that were changed: found when the log is opened, checked or read.

use super::*;
use crate::index::Index;
use crate::log::stub::About;

fn moved() -> Sim {
    let sim = Sim::default();
    fill(&sim, 50, 0);
    assert!(archived(&sim, 40).unwrap().len() > 2);
    sim
}

/// What opening, checking and rebuilding the index say.
fn problem(sim: &Sim) -> Option<OpenError> {
    let reader = match Reader::over(disk(sim)) {
        Ok(reader) => reader,
        Err(error) => return Some(error),
    };
    let folder = tempfile::tempdir().unwrap();
    let checked = reader.check(|_| ()).err();
    let index = folder.path().join("index");
    let rebuilt = Index::rebuild(&index, &reader).err();
    assert_eq!(checked.is_some(), rebuilt.is_some(), "{checked:?} {rebuilt:?}");
    // Whoever starts again finds it again.
    for _ in 0..2 {
        let opened = Index::open(&index, &reader).err();
        assert_eq!(checked.is_some(), opened.is_some(), "{checked:?} {opened:?}");
    }
    checked
}

#[test]
fn no_byte_of_a_stub_changes_unseen() {
    let sim = moved();
    assert!(problem(&sim).is_none());
    let name = files(&sim, "", ".stub").remove(1);
    let length = sim.bytes(&name).len();
    for at in 0..length {
        let copy = sim.after_power_cut(Unsynced::Kept);
        copy.damage(&name, |bytes| bytes[at] ^= 1 << (at % 8));
        let found = Reader::over(disk(&copy));
        assert!(matches!(found, Err(OpenError::Damaged { .. })), "byte {at}: {found:?}");
    }
    for length in (0..length).step_by(37) {
        let copy = sim.after_power_cut(Unsynced::Kept);
        copy.damage(&name, |bytes| bytes.truncate(length));
        assert!(matches!(Reader::over(disk(&copy)), Err(OpenError::Damaged { .. })), "{length}");
    }
    println!("{length} bytes of a stub flipped, all found");
}

#[test]
fn a_stub_that_was_made_anew_is_found_too() {
    let sim = moved();
    let first = Reader::over(disk(&sim)).unwrap().archived()[1].first;
    let forge = |deed: &dyn Fn(&mut Stub)| {
        let copy = sim.after_power_cut(Unsynced::Kept);
        let (mut stub, _) = Reader::over(disk(&copy)).unwrap().stub(first).unwrap();
        let honest = stub.clone();
        deed(&mut stub);
        assert_ne!(stub, honest);
        open(&copy).put_stub(&stub).unwrap();
        let found = problem(&copy);
        assert!(matches!(found, Some(OpenError::Damaged { .. })), "{found:?}");
    };
    forge(&|stub| {
        stub.uses.truncate(stub.uses.len() - 1);
        stub.about.questions -= 1;
    });
    forge(&|stub| stub.uses[0].request = request(99));
    forge(&|stub| stub.uses[0].expires_at = UnixTime(1));
    forge(&|stub| stub.about.folder.push('x'));
    forge(&|stub| stub.about.file = request(1));
    forge(&|stub| stub.about.latest = UnixTime(1));
    forge(&|stub| stub.leaves.swap(0, 1));
    forge(&|stub| {
        stub.leaves.truncate(stub.leaves.len() - 1);
        stub.about.count -= 1;
    });
    forge(&|stub| drop(stub.about.kept.pop_first()));
    forge(&|stub| {
        let first = stub.about.kept.first_entry();
        first.map(|mut kept| kept.get_mut().push(' ')).unwrap();
    });
}

#[test]
fn a_missing_stub_and_one_that_no_entry_names_are_found() {
    let sim = moved();
    for name in files(&sim, "", ".stub") {
        let copy = sim.after_power_cut(Unsynced::Kept);
        copy.remove_for_good(&name);
        assert!(matches!(problem(&copy), Some(OpenError::Damaged { .. })), "{name}");
    }
    // A segment is deleted, and a stub of it made by hand.
    let store = open(&sim);
    let closed = store.oldest().unwrap();
    let stub = Stub::of(&entries(&store.reader(), closed).unwrap(), request(0), "x").unwrap();
    store.put_stub(&stub).unwrap();
    sim.remove_for_good(&format!("{:020}.seg", closed.first));
    assert!(matches!(problem(&sim), Some(OpenError::Damaged { .. })));
}

#[test]
fn no_byte_of_an_archived_segment_changes_unseen() {
    let sim = moved();
    let about: About = Reader::over(disk(&sim)).unwrap().archived().remove(1);
    let name = format!("archive/{}", file_name(about.first));
    let unkept = (about.first..about.end()).find(|index| !about.kept.contains_key(index)).unwrap();
    assert!(whole(&sim).entry(unkept).is_ok());
    let file = sim.bytes(&name);
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(verify_bytes(&changed).is_err(), "byte {at}");
        if at % 97 == 0 {
            let copy = sim.after_power_cut(Unsynced::Kept);
            copy.damage(&name, |bytes| bytes.clone_from(&changed));
            let found = whole(&copy).bytes(unkept);
            assert!(matches!(found, Err(OpenError::Archive { .. })), "byte {at}: {found:?}");
            assert!(problem(&copy).is_none(), "the node does not depend on it");
        }
    }
    println!("{} bytes of an archived segment flipped, all found", file.len());
    let copy = sim.after_power_cut(Unsynced::Kept);
    copy.remove_for_good(&name);
    assert!(matches!(whole(&copy).bytes(unkept), Err(OpenError::Archive { .. })));
}
