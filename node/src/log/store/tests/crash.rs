//! A power cut at every call of the log: before it, after it, and after each sector of a write. Then the log is opened again,
//! with power cuts during that as well, and must hold all that was acknowledged and nothing that was never handed over.

use super::sim::{Call, Fault, Sim, Unsynced};
use super::*;

/// Groups of the workload: enough to close several segments.
const GROUPS: usize = 36;

/// What becomes of unsynced writes in each case.
const UNSYNCED: [Unsynced; 4] =
    [Unsynced::Lost, Unsynced::Kept, Unsynced::Random(3), Unsynced::Random(11)];

/// Every place to cut the power in a run that makes these calls.
fn cuts(calls: &[Call]) -> Vec<Fault> {
    let mut cuts = Vec::new();
    for (call, Call { sectors, .. }) in calls.iter().enumerate() {
        cuts.push(Fault::Crash { call, after: false, sectors: None });
        cuts.push(Fault::Crash { call, after: true, sectors: None });
        let torn = (1..*sectors).map(Some);
        cuts.extend(torn.map(|sectors| Fault::Crash { call, after: false, sectors }));
    }
    cuts
}

#[test]
fn a_power_cut_at_any_call_loses_nothing_that_was_acknowledged() {
    let whole = Sim::default();
    let trace = workload(&whole, GROUPS);
    assert_eq!(trace.error, None);
    let calls = whole.inner().calls.clone();
    for what in ["create", "rename", "sync_folder", "set_size", "write", "sync"] {
        assert!(calls.iter().any(|call| call.what == what), "the workload has no {what}");
    }
    let cuts = cuts(&calls);
    let mut states = 0;
    for cut in &cuts {
        let disk = Sim::with_fault(*cut);
        let trace = workload(&disk, GROUPS);
        assert!(disk.inner().down, "{cut:?} was not reached");
        for unsynced in UNSYNCED {
            recovered(&disk.after_power_cut(unsynced), &trace);
            states += 1;
        }
        recovered(&disk.after_process_end(), &trace);
        states += 1;
    }
    println!(
        "{} calls, {} power cuts, {states} states opened again, lost: 0",
        calls.len(),
        cuts.len()
    );
    assert!(cuts.len() > 500, "{} power cuts", cuts.len());
}

#[test]
fn a_power_cut_while_a_log_is_opened_again_loses_nothing_either() {
    let whole = Sim::default();
    workload(&whole, GROUPS);
    let calls = whole.inner().calls.clone();
    let mut states = 0;
    // Each kind of call has a different end to mend; every fifth cut reaches them all.
    for (number, cut) in cuts(&calls).into_iter().enumerate().filter(|(number, _)| number % 5 == 0)
    {
        let disk = Sim::with_fault(cut);
        let trace = workload(&disk, GROUPS);
        let seed = Unsynced::Random(number as u64 + 1);
        let once = disk.after_power_cut(seed);
        drop(Store::open(Arc::new(once.clone()), SIZES).unwrap());
        let opening = once.inner().calls.clone();
        for second in cuts(&opening) {
            let again = disk.after_power_cut(seed);
            again.inner().fault = Some(second);
            assert!(Store::open(Arc::new(again.clone()), SIZES).is_err());
            recovered(&again.after_power_cut(Unsynced::Random(states)), &trace);
            states += 1;
        }
    }
    println!("{states} power cuts while opening, lost: 0");
    assert!(states > 1000, "{states}");
}
