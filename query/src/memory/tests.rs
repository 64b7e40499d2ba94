use roaring::RoaringBitmap;
use sha2::{Digest as _, Sha256};

use super::*;

mod measure;
mod rebuild;
mod room;

const GAPS: Gaps = Gaps { cell: 10, part: 5 };

fn name(text: &str) -> Name {
    Sha256::digest(text).into()
}

fn memory() -> Memory {
    Memory::new(name("lineage"))
}

fn set(patients: std::ops::Range<u32>) -> RoaringBitmap {
    patients.collect()
}

fn cell(cell: &str, set: RoaringBitmap) -> ExactCell {
    let figures = format!("{cell} {}", set.len()).into_bytes();
    ExactCell { name: name(cell), set, measures: vec![], figures, day: 1, snapshot: 1 }
}

fn part(set: RoaringBitmap) -> Measure {
    Measure { name: name("deaths"), key: set.len() * 7, set: Some(set) }
}

fn sum(key: u64) -> Measure {
    Measure { name: name("size"), set: None, key }
}

/// Rules on cells of one answer, and applies what was charged.
fn answer(memory: &mut Memory, cells: Vec<ExactCell>) -> Vec<Ruling> {
    let mut charge = memory.charge();
    let rulings = cells.into_iter().map(|cell| memory.exact(&mut charge, cell, GAPS)).collect();
    memory.apply(&charge).unwrap();
    rulings
}

fn stands(cell: &ExactCell) -> Ruling {
    Ruling::Stands(Standing { figures: cell.figures.clone(), day: cell.day })
}

#[test]
fn a_figure_is_told_again_for_the_same_patients_or_for_quite_others() {
    let mut memory = memory();
    for patients in [0..50, 0..50, 0..60, 0..50] {
        let rulings = answer(&mut memory, vec![cell("a", set(patients))]);
        assert_eq!(rulings, [Ruling::Released]);
    }
}

#[test]
fn the_old_figure_stands_where_a_few_patients_differ() {
    let mut memory = memory();
    let old = cell("a", set(0..50));
    answer(&mut memory, vec![old.clone()]);
    for (patients, released) in [(0..51, false), (0..59, false), (9..50, false), (0..60, true)] {
        let mut memory = memory.clone();
        let later = ExactCell { day: 40, ..cell("a", set(patients)) };
        let expected = if released { Ruling::Released } else { stands(&old) };
        assert_eq!(answer(&mut memory, vec![later]), [expected]);
    }
}

#[test]
fn another_question_about_nearly_the_same_patients_is_null() {
    let mut memory = memory();
    answer(&mut memory, vec![cell("a", set(0..50))]);
    assert_eq!(answer(&mut memory, vec![cell("b", set(1..50))]), [Ruling::Null]);
    assert_eq!(
        answer(&mut memory, vec![cell("b", set(0..50))]),
        [Ruling::Released],
        "the same set is no news"
    );
    assert_eq!(answer(&mut memory, vec![cell("c", set(10..50))]), [Ruling::Released]);
}

#[test]
fn of_two_close_cells_of_one_answer_the_later_is_null() {
    let rulings = answer(
        &mut memory(),
        vec![cell("a", set(0..50)), cell("b", set(0..45)), cell("c", set(60..90))],
    );
    assert_eq!(rulings, [Ruling::Released, Ruling::Null, Ruling::Released]);
}

#[test]
fn parts_are_compared_with_cells_and_parts_by_their_own_gap() {
    let mut memory = memory();
    let with = |cell_name: &str, all, some| ExactCell {
        measures: vec![part(some)],
        ..cell(cell_name, all)
    };
    let old = with("a", set(0..50), set(0..20));
    answer(&mut memory, vec![old.clone()]);
    let later = with("a", set(0..50), set(0..22));
    assert_eq!(
        answer(&mut memory, vec![later]),
        [stands(&old)],
        "two more deaths of the same patients"
    );
    assert_eq!(
        answer(&mut memory, vec![cell("b", set(0..23))]),
        [Ruling::Null],
        "three besides the deaths"
    );
    assert_eq!(answer(&mut memory, vec![cell("b", set(0..25))]), [Ruling::Released]);
    let later = with("c", set(0..80), set(0..29));
    assert_eq!(answer(&mut memory, vec![later]), [Ruling::Null], "four deaths besides the 25");
    let later = with("a", set(0..50), set(0..35));
    assert_eq!(answer(&mut memory, vec![later]), [Ruling::Released]);
}

#[test]
fn a_correction_of_the_same_patients_does_not_show() {
    let mut memory = memory();
    let with = |cell_name: &str, measure| ExactCell {
        measures: vec![measure],
        ..cell(cell_name, set(0..50))
    };
    let later = |cell| ExactCell { snapshot: 2, ..cell };
    let old = with("a", sum(1));
    answer(&mut memory, vec![old.clone()]);
    assert_eq!(answer(&mut memory, vec![later(with("a", sum(2)))]), [stands(&old)]);
    assert_eq!(answer(&mut memory, vec![later(with("b", sum(2)))]), [Ruling::Null]);
    assert_eq!(answer(&mut memory, vec![later(with("a", sum(1)))]), [Ruling::Released]);
    // In one snapshot nothing is corrected: it is another measure that is written the same way.
    assert_eq!(answer(&mut memory, vec![with("b", sum(3))]), [Ruling::Released]);
    assert_eq!(answer(&mut memory, vec![later(with("b", sum(3)))]), [Ruling::Released]);
    // Child rows: the same patients have the part, one of them once more.
    let rows = |key| Measure { key, ..part(set(0..20)) };
    let old = with("d", rows(20));
    assert_eq!(answer(&mut memory, vec![old.clone()]), [Ruling::Released]);
    assert_eq!(answer(&mut memory, vec![later(with("d", rows(21)))]), [stands(&old)]);
}

const RULES: ExploreRules = ExploreRules { gap: 10, variance: 3 };

fn explore(
    memory: &mut Memory,
    patients: RoaringBitmap,
    form: &str,
    rules: ExploreRules,
) -> Novelty {
    let mut charge = memory.charge();
    let columns = vec![name("stage"), name("sex")];
    let cell = ExploredCell { set: patients, form: name(form), columns };
    let novelty = memory.explore(&mut charge, cell, rules);
    if let Novelty::Over(patients) = &novelty {
        assert!(charge.is_empty(), "nothing is told of it");
        memory.retire(&mut charge, &Retiring(patients.clone()));
    }
    memory.apply(&Charge::decode(&charge.encode().unwrap()).unwrap()).unwrap();
    novelty
}

#[test]
fn the_same_form_again_is_free() {
    let mut memory = memory();
    assert_eq!(explore(&mut memory, set(0..50), "f", RULES), Novelty::New);
    let before = memory.clone();
    for _ in 0..50 {
        let mut charge = memory.charge();
        let cell = ExploredCell { set: set(0..50), form: name("f"), columns: vec![name("sex")] };
        assert_eq!(memory.explore(&mut charge, cell, RULES), Novelty::Known);
        assert!(charge.is_empty());
    }
    assert_eq!(memory, before);
}

#[test]
fn the_fifth_form_of_a_neighbourhood_retires_its_patients() {
    let mut memory = memory();
    for form in ["f", "g", "h", "i"] {
        explore(&mut memory, set(0..50), form, RULES);
        assert_eq!(memory.retired().len(), 0);
    }
    explore(&mut memory, set(100..150), "k", RULES);
    assert_eq!(memory.retired().len(), 0, "elsewhere");
    explore(&mut memory, set(0..49), "j", RULES);
    assert_eq!(*memory.retired(), set(0..49));
}

#[test]
fn small_sets_without_a_common_patient_are_no_neighbours() {
    let mut memory = memory();
    for at in 0..12 {
        explore(&mut memory, set(at * 3..at * 3 + 3), &format!("f{at}"), RULES);
    }
    assert_eq!(memory.retired().len(), 0);
    for form in ["a", "b", "c", "d"] {
        explore(&mut memory, set(2..4), form, RULES);
    }
    assert_eq!(
        *memory.retired(),
        set(2..4),
        "with two sets that have one of them, the third form is the fifth"
    );
}

#[test]
fn noise_of_another_key_does_not_go_with_that_of_the_first() {
    let mut memory = memory();
    let mut charge = memory.charge();
    assert!(memory.keyed(&mut charge, name("one")) && !memory.has_noise());
    memory.apply(&Charge::decode(&charge.encode().unwrap()).unwrap()).unwrap();
    let mut charge = memory.charge();
    assert!(memory.has_noise() && memory.keyed(&mut charge, name("one")) && charge.is_empty());
    assert!(!memory.keyed(&mut charge, name("two")));
}

#[test]
fn a_patient_is_in_as_many_cells_of_a_column_as_its_meter_holds() {
    for (variance, cells) in [(3, 10), (5, 17)] {
        let rules = ExploreRules { variance, ..RULES };
        let mut memory = memory();
        // Patient 0 with ever others: no neighbourhoods.
        for at in 0..=cells {
            assert_eq!(memory.retired().len(), 0, "after {at}");
            let mut patients = set(1000 + at * 20..1020 + at * 20);
            patients.insert(0);
            explore(&mut memory, patients, &format!("f{at}"), rules);
        }
        assert_eq!(*memory.retired(), set(0..1));
    }
}

#[test]
fn explore_closes_when_too_many_are_retired() {
    let mut memory = memory();
    let left_out =
        |memory: &Memory, patients| memory.left_out(patients, Amounts::ONE, &Retiring::default());
    assert_eq!(left_out(&memory, 300), LeftOut::UpTo(5));
    for form in ["f", "g", "h", "i", "j"] {
        explore(&mut memory, set(0..15), form, RULES);
    }
    assert_eq!(memory.retired().len(), 15);
    let shares = [300, 200, 100, 99].map(|patients| left_out(&memory, patients));
    assert_eq!(shares, [LeftOut::UpTo(5), LeftOut::UpTo(10), LeftOut::UpTo(15), LeftOut::Closed]);
    // Who retires with an answer is counted, and closes nothing before it is told.
    let retiring = Retiring(set(10..30));
    assert_eq!(memory.left_out(100, Amounts::ONE, &retiring), LeftOut::UpTo(30));
}

fn asker(person: &str) -> Asker {
    Asker { person: name(person), purpose: name("research"), organisation: name("umc") }
}

fn limits(day: u64, lineage: u64) -> Limits {
    let (own, wide) = (Limit { day, lineage }, Limit { day: 1_000, lineage: 1_000 });
    Limits { person: own, purpose: wide, organisation: wide }
}

#[test]
fn quotas_hold_by_day_and_lineage_and_refusals_count() {
    let mut memory = memory();
    let ann = asker("ann");
    for _ in 0..2 {
        let charge = memory.quota(&ann, &limits(100, 250), 50, 1).unwrap();
        memory.apply(&charge).unwrap();
    }
    let over = Err(OverQuota { scope: Scope::Person });
    assert_eq!(memory.quota(&ann, &limits(100, 250), 1, 1), over);
    assert_eq!(
        memory.quota(&ann, &limits(100, 250), 1, 0),
        over,
        "a clock that goes back gives nothing back"
    );
    assert!(memory.quota(&asker("ben"), &limits(100, 250), 1, 1).is_ok());
    for _ in 0..50 {
        let refusal = memory.refusal(&ann, 2);
        memory.apply(&refusal).unwrap();
    }
    assert_eq!(memory.quota(&ann, &limits(100, 250), 51, 2), over);
    assert!(memory.quota(&ann, &limits(100, 250), 50, 2).is_ok());
    assert_eq!(memory.quota(&ann, &limits(200, 250), 101, 3), over, "over the lineage");
    let shared = Limits { purpose: Limit { day: 40, lineage: 999 }, ..limits(100, 250) };
    assert_eq!(
        memory.quota(&asker("ben"), &shared, 1, 2),
        Err(OverQuota { scope: Scope::Purpose })
    );
    assert_eq!(OverQuota { scope: Scope::Purpose }.code(), "quota_purpose");
}

#[test]
fn a_charge_is_applied_to_the_state_that_it_was_made_on_or_not_at_all() {
    let mut memory = memory();
    let (one, two) = (memory.refusal(&asker("ann"), 1), memory.refusal(&asker("ben"), 1));
    memory.apply(&one).unwrap();
    let after = memory.clone();
    assert_eq!(memory.apply(&two), Err(ApplyError::Order { expected: 0, got: 1 }));
    let other = Memory::new(name("other")).refusal(&asker("ann"), 1);
    assert_eq!(memory.apply(&other), Err(ApplyError::Lineage));
    assert_eq!(memory, after);
    assert_eq!(ApplyError::Lineage.code(), "charge_lineage");
}

#[test]
fn a_memory_knows_its_greatest_patient_and_how_full_it_is() {
    let mut memory = memory();
    assert_eq!((memory.greatest_patient(), memory.filled()), (None, 0));
    let mut with_part = cell("a", set(10..50));
    with_part.measures = vec![part(set(20..90))];
    answer(&mut memory, vec![with_part, cell("b", set(0..5))]);
    assert_eq!(memory.greatest_patient(), Some(89));
    assert_eq!(memory.filled(), 0);
}

#[test]
fn a_charge_is_full_by_the_bytes_that_it_is_written_with() {
    // Many counts of the same patients: one set in the memory, and one for each count in the bytes.
    let patients: RoaringBitmap = (0..30_000).step_by(2).collect();
    let mut cell = cell("a", patients.clone());
    cell.measures = vec![part(patients); 20];
    let mut charge = memory().charge();
    charge.draft(charge::Event::Exact(cell));
    let written = charge.encode().unwrap().len();
    assert!(charge.drafted().bytes() < written / 15);
    assert!((written..written * 11 / 10).contains(&charge.bytes), "{} of {written}", charge.bytes);
    let one = charge::Event::Exact(self::cell("b", set(0..50)));
    assert!(charge.holds(&one));
    charge.bytes = 33 << 20;
    assert!(!charge.holds(&one));
}
