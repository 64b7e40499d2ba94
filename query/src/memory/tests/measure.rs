//! What a full memory takes.

use std::time::Instant;

use super::rebuild::Dice;
use super::*;

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn a_hundred_thousand_cells_over_twenty_thousand_patients() {
    for groups in [200_u32, 10] {
        let (mut memory, mut dice, mut disk) = (memory(), Dice(1), 0);
        let cells = 100_000_u32;
        let start = Instant::now();
        for question in 0..cells / groups {
            let mut sets = vec![RoaringBitmap::new(); groups as usize];
            (0..20_000).for_each(|patient| {
                sets[dice.under(groups) as usize].insert(patient);
            });
            let mut charge = memory.charge();
            for (group, set) in sets.into_iter().enumerate() {
                let form = name(&format!("{question} {group}"));
                let columns = vec![name(&format!("column {}", question % 50))];
                memory.explore(&mut charge, ExploredCell { set, form, columns }, RULES);
            }
            disk += charge.encode().unwrap().len();
            memory.apply(&charge).unwrap();
        }
        let filled = start.elapsed();
        let probe: RoaringBitmap = (0..20_000).filter(|_| dice.under(groups) == 0).collect();
        let start = Instant::now();
        for _ in 0..100 {
            let mut charge = memory.charge();
            assert_eq!(memory.exact(&mut charge, cell("a", probe.clone()), GAPS), Ruling::Released);
        }
        let exact = start.elapsed() / 100;
        let start = Instant::now();
        for _ in 0..100 {
            let mut charge = memory.charge();
            let columns = vec![name("column 1")];
            memory.explore(
                &mut charge,
                ExploredCell { set: probe.clone(), form: name("new"), columns },
                RULES,
            );
        }
        println!(
            "{cells} cells of {} patients: {} MB of sets in memory, {} MB of charges, filled in {filled:?}; a check: exact {exact:?} (of an empty book), explore {:?}",
            20_000 / groups,
            memory.bytes() >> 20,
            disk >> 20,
            start.elapsed() / 100,
        );
    }
}
