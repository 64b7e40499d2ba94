//! What a full memory takes.

use std::time::Duration;

use super::rebuild::Dice;
use super::*;

/// Processor time of this thread: other work on the machine does not count.
fn processor() -> Duration {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedule.split_whitespace().next().unwrap().parse().unwrap())
}

/// Resident memory of this process, in MB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() >> 10
}

/// Groups of 20,000 patients at random, each with a part of about half of it.
fn groups(dice: &mut Dice, count: u32) -> Vec<(RoaringBitmap, RoaringBitmap)> {
    let mut sets = vec![(RoaringBitmap::new(), RoaringBitmap::new()); count as usize];
    for patient in 0..20_000 {
        let (cell, some) = &mut sets[dice.under(count) as usize];
        cell.insert(patient);
        if dice.under(2) == 0 {
            some.insert(patient);
        }
    }
    sets
}

fn exact(label: &str, (all, some): (RoaringBitmap, RoaringBitmap)) -> ExactCell {
    ExactCell { measures: vec![part(some)], ..cell(label, all) }
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn a_hundred_thousand_cells_over_twenty_thousand_patients() {
    for count in [200_u32, 10] {
        let (mut memory, mut dice, mut disk) = (memory(), Dice(1), 0);
        let (cells, before) = (99_000_u32, resident());
        let (mut charges, mut null) = (vec![], 0);
        let start = processor();
        for question in 0..cells / count {
            let mut charge = memory.charge();
            for (group, sets) in groups(&mut dice, count).into_iter().enumerate() {
                let ruling =
                    memory.exact(&mut charge, exact(&format!("{question} {group}"), sets), GAPS);
                null += usize::from(ruling != Ruling::Released);
            }
            charges.push(charge.encode().unwrap());
            memory.apply(&charge).unwrap();
        }
        let filled = processor() - start;
        disk += charges.iter().map(Vec::len).sum::<usize>();
        let resident = resident().saturating_sub(before).saturating_sub(disk >> 20);
        let start = processor();
        let mut rebuilt = super::memory();
        charges.iter().for_each(|bytes| rebuilt.apply(&Charge::decode(bytes).unwrap()).unwrap());
        let rebuilding = processor() - start;
        assert_eq!(rebuilt, memory);
        drop(rebuilt);
        let time = |label: &str, sets: Vec<(RoaringBitmap, RoaringBitmap)>| {
            let cells = u32::try_from(sets.len()).unwrap();
            let start = processor();
            let mut charge = memory.charge();
            for (group, sets) in sets.into_iter().enumerate() {
                memory.exact(&mut charge, exact(&format!("{label} {group}"), sets), GAPS);
            }
            (processor() - start) / cells
        };
        let new = time("new", groups(&mut dice, count));
        let known = time("0", groups(&mut Dice(1), count));
        println!(
            "{cells} cells of {} patients with a part each, {null} null: {} MB of sets, {resident} MB resident, {} MB of charges; filled in \
             {filled:?}, read again in {rebuilding:?}; a check: {new:?} of a new cell, {known:?} of a known one",
            20_000 / count,
            memory.bytes() >> 20,
            disk >> 20,
        );
    }
}
