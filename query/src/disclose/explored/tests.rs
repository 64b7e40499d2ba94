use policies::explore::{Conditions, Explore, ExploreKey, ExploreSum, ValueSet};
use policies::footprint::SumKind;
use policies::protections::Opinions;

use super::*;
use crate::disclose::fixture::{binned, count, counts, dataset, part, vector};

fn set(range: std::ops::Range<u32>) -> RoaringBitmap {
    range.collect()
}

fn grade(code: &str) -> Conditions {
    let codes = [Some(code.to_owned())].into();
    Conditions::of("patient", "grade", ValueSet::Codes(codes))
}

/// Two counts of rows: of all, and of a part.
fn footprint(cells: usize, sums: Vec<ExploreSum>, keys: Vec<ExploreKey>) -> FragmentFootprint {
    counts(
        cells,
        Explore::Form(ExploreForm {
            rows: "patient".to_owned(),
            keys,
            conditions: Conditions::default(),
            sums,
        }),
    )
}

/// What is told of cells, and what that adds to the memory.
fn tell(
    memory: &Memory,
    cells: &[(RoaringBitmap, RoaringBitmap)],
    footprint: &FragmentFootprint,
) -> (Vec<(Verdict, Figures)>, Charge) {
    let (dataset, key) = (dataset(), NoiseKey::new(&mut [7; 32]));
    let (charge, noise) = (memory.charge(), Noise::new(&key));
    let protections = Protections::from(Opinions::default());
    let variance = variance(&protections);
    let over = RoaringBitmap::new();
    let mut teller = Teller { memory, charge, noise, variance, gap: 10, dataset: &dataset, over };
    let fragment = RawFragment::of_parts(cells, &part());
    let form = footprint.explore.form().ok();
    let told = teller.fragment(&fragment, footprint, (form, &protections));
    (told, teller.charge)
}

fn memory() -> Memory {
    Memory::new([1; 32])
}

fn figures(told: &(Verdict, Figures)) -> Vec<Option<i128>> {
    told.1.clone().unwrap()
}

#[test]
fn a_figure_is_the_same_wherever_its_condition_stands() {
    for at in 0..40 {
        let (all, some) = (set(at..200), set(at..at + 60));
        let filter = footprint(1, vec![count(Conditions::default()), count(grade("2"))], vec![]);
        let (filtered, _) = tell(&memory(), &[(all, some.clone())], &filter);
        let restricted = footprint(1, vec![count(grade("2")), count(grade("2"))], vec![]);
        let (restricted, _) = tell(&memory(), &[(some.clone(), some.clone())], &restricted);
        let key = ExploreKey::Codes { table: "patient".to_owned(), column: "grade".to_owned() };
        let grouped = vec![count(Conditions::default()), count(Conditions::default())];
        let grouped = footprint(3, grouped, vec![key]);
        let nobody = || (set(0..0), set(0..0));
        let (grouped, _) = tell(&memory(), &[nobody(), (some.clone(), some), nobody()], &grouped);
        let one = figures(&filtered[0])[1];
        assert!(one.is_some());
        assert_eq!(one, figures(&restricted[0])[0], "in WHERE");
        assert_eq!(one, figures(&grouped[1])[0], "as a group");
    }
}

#[test]
fn no_figure_is_exact_and_small_cells_have_none() {
    let form = || footprint(1, vec![count(Conditions::default()), count(grade("2"))], vec![]);
    let (mut moved, mut shown) = (0, Vec::new());
    for n in 0..40_u32 {
        let mut of_size = 0;
        for from in 0..30 {
            let cell = (set(from..from + n), set(from..from + n / 2));
            let (told, _) = tell(&memory(), &[cell], &form());
            let (verdict, figures) = &told[0];
            match verdict.state {
                CellState::Present => {
                    let all = figures.clone().unwrap()[0].unwrap();
                    assert!((all - i128::from(n)).abs() <= 12, "{all} of {n}");
                    moved += i32::from(all != i128::from(n));
                    of_size += 1;
                }
                CellState::Hidden => assert!(verdict.sums.iter().all(Option::is_some)),
                CellState::Empty => panic!("an empty cell is told from a small one"),
            }
        }
        shown.push(of_size);
    }
    assert_eq!(shown[..10], [0; 10]);
    assert_eq!(shown[14..], [30; 26]);
    assert!(shown[10..14].iter().all(|shown| (1..30).contains(shown)), "{shown:?}");
    assert!(moved > 500, "{moved}");
}

#[test]
fn each_form_of_a_set_is_entered_once() {
    let mut memory = memory();
    let form = footprint(1, vec![count(Conditions::default()), count(grade("2"))], vec![]);
    let cells = [(set(0..200), set(0..60))];
    let (first, charge) = tell(&memory, &cells, &form);
    memory.apply(&charge).unwrap();
    let (again, charge) = tell(&memory, &cells, &form);
    assert_eq!((first, charge.is_empty()), (again, true));
}

#[test]
fn that_a_cell_is_shown_is_charged_as_the_count_of_its_rows() {
    // Five questions for parts of one group are five figures of five sets, and one of the group's.
    let never = || ExploreSum { terms: Vec::new(), plain: false };
    let mut memory = memory();
    for (at, code) in (0..).zip(["1", "2", "3", "4", "5"]) {
        let form = footprint(1, vec![never(), count(grade(code))], vec![]);
        let cell = (set(0..200), set(at * 40..at * 40 + 40));
        let (_, charge) = tell(&memory, &[cell], &form);
        memory.apply(&charge).unwrap();
    }
    let all = footprint(1, vec![count(Conditions::default()), count(grade("1"))], vec![]);
    let (told, charge) = tell(&memory, &[(set(0..200), set(0..40))], &all);
    assert_eq!((told[0].0.state, charge.is_empty()), (CellState::Present, true));
    // Without any figure, that there are enough of them is one; of too few nothing is entered.
    let bare = footprint(1, vec![never(), never()], vec![]);
    let (_, charge) = tell(&self::memory(), &[(set(0..200), set(0..40))], &bare);
    assert!(!charge.is_empty());
    let (_, charge) = tell(&self::memory(), &[(set(0..9), set(0..4))], &bare);
    assert!(charge.is_empty());
}

#[test]
fn an_answer_adds_no_more_than_its_text_says() {
    let sums = || vec![count(Conditions::default()), count(grade("2"))];
    let cells = [(set(0..200), set(0..60)), (set(300..500), set(300..320))];
    let form = footprint(2, sums(), vec![]);
    assert_eq!(adds(std::slice::from_ref(&form)), Amounts::explored(6));
    assert_eq!(adds(&[form.clone(), footprint(3, sums(), vec![])]), Amounts::explored(15));
    let mut memory = memory();
    for cell in cells {
        let (_, charge) = tell(&memory, &[cell], &footprint(1, sums(), vec![]));
        memory.apply(&charge).unwrap();
    }
    assert_eq!(memory.sets(), 4);
}

#[test]
fn forms_of_one_set_have_thresholds_of_their_own() {
    let codes = ["1", "2", "3"].map(grade);
    let shown = |at: u32, of: &Conditions| {
        let mut form = footprint(1, vec![count(of.clone()), count(of.clone())], vec![]);
        if let Explore::Form(form) = &mut form.explore {
            form.conditions = of.clone();
        }
        let cell = (set(at..at + 12), set(at..at + 12));
        tell(&memory(), &[cell], &form).0[0].0.state == CellState::Present
    };
    let unlike = (0..60).filter(|at| {
        let shown: Vec<bool> = codes.iter().map(|of| shown(at * 20, of)).collect();
        shown.contains(&true) && shown.contains(&false)
    });
    assert!((20..56).contains(&unlike.count()));
}

#[test]
fn a_sum_of_several_parts_and_one_without_its_summaries_are_null() {
    let several = ExploreSum { plain: false, ..count(grade("2")) };
    let form = footprint(1, vec![count(Conditions::default()), several], vec![]);
    let (told, _) = tell(&memory(), &[(set(0..90), set(0..40))], &form);
    let (verdict, figures) = &told[0];
    assert_eq!(verdict.sums, [None, Some(Rule::Fault)]);
    assert_eq!(figures.clone().unwrap()[1], None);
    let never = ExploreSum { terms: Vec::new(), plain: false };
    let form = footprint(1, vec![count(Conditions::default()), never], vec![]);
    let (told, _) = tell(&memory(), &[(set(0..90), set(0..40))], &form);
    assert_eq!(told[0].1.clone().unwrap()[1], Some(0), "it is 0 by its text");
}

#[test]
fn the_reach_of_a_column_is_its_larger_bound() {
    let dataset = dataset();
    let column = || ("patient".to_owned(), "change".to_owned());
    let (table, name) = column();
    assert_eq!(MeasureId::Sum { table, column: name }.reach(&dataset), Some(110));
    let (table, name) = column();
    assert_eq!(MeasureId::SumSquares { table, column: name }.reach(&dataset), Some(12_100));
}

#[test]
fn places_run_with_the_last_key_fastest() {
    let all: Vec<Vec<usize>> = (0..6).map(|cell| places(cell, &[2, 3])).collect();
    assert_eq!(all, [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]);
    assert_eq!(places(0, &[]), Vec::<usize>::new());
}

#[test]
fn bins_are_told_as_counts_of_their_rows_are_and_charged_like_them() {
    use crate::disclose::bins::Teller as Binned;
    let sets: Vec<RoaringBitmap> = vec![set(0..40), set(40..42), set(42..42), set(42..80)];
    let (dataset, key) = (dataset(), NoiseKey::new(&mut [7; 32]));
    let protections = Protections::from(Opinions::default());
    let told = |memory: &Memory, footprint: &FragmentFootprint, fragment: &RawFragment| {
        let (charge, noise, variance) = (memory.charge(), Noise::new(&key), variance(&protections));
        let mut teller = Teller {
            memory,
            charge,
            noise,
            variance,
            gap: 10,
            dataset: &dataset,
            over: RoaringBitmap::new(),
        };
        let form = footprint.explore.form().ok();
        let told = teller.fragment(fragment, footprint, (form, &protections));
        (told, teller.charge)
    };
    let (footprint, fragment) = (vector(Some(2)), binned(&sets));
    let mut memory = memory();
    let (first, charge) = told(&memory, &footprint, &fragment);
    memory.apply(&Charge::decode(&charge.encode().unwrap()).unwrap()).unwrap();
    // The same vector again costs nothing, and neither do counts between the same edges, which are the same figures.
    let (again, charge) = told(&memory, &footprint, &fragment);
    assert!(charge.is_empty());
    assert_eq!(figures(&again[0]), figures(&first[0]));
    let mut counts = footprint.clone();
    counts.vectors.clear();
    counts.sums.iter_mut().for_each(|sum| sum.kind = SumKind::Rows);
    let (counted, charge) = told(&memory, &counts, &fragment);
    assert!(charge.is_empty());
    assert_eq!(figures(&counted[0]), figures(&first[0]));
    // And an exact profile tells the same.
    let explorer = Explorer { key: &key, dataset: &dataset, patients: 0 };
    let mut verdicts = vec![Verdict::all(CellState::Present, &footprint.sums, None)];
    let exact = Binned::with(explorer, &protections).fragment(&fragment, &footprint, &mut verdicts);
    assert_eq!(exact[0], Some(figures(&first[0])));
    assert_eq!(verdicts[0], Verdict::all(CellState::Present, &footprint.sums, None));
    // Further out it is null, and nothing is charged for what is not told.
    let fresh = self::memory();
    let (far, charge) = told(&fresh, &vector(Some(10)), &fragment);
    let hidden = Verdict::all(CellState::Hidden, &footprint.sums, Some(Rule::Quantile));
    assert_eq!(far[0].0, hidden);
    assert!(charge.is_empty());
}
