use policies::Limits;
use policies::explore::{Conditions, Explore, ExploreSum};
use policies::footprint::{MeasureKind, Units};
use policies::protections::{self, MinPart, Opinions};
use roaring::RoaringBitmap;

use super::*;
use crate::disclose::fixture::{count, counts, dataset, part};
use crate::disclose::{NoiseKey, verdicts};

fn noisy(min_part: u32) -> Protections {
    Protections::from(Opinions {
        parts: Some(protections::Parts::Noisy),
        min_part: Some(MinPart::new(min_part)),
        ..Opinions::default()
    })
}

/// Both figures of each cell of so many patients, of whom so many are in the part; the first patient's number.
fn told(cells: &[(u32, u32)], first: u32, secret: Option<u8>) -> Vec<Vec<Option<i128>>> {
    let dataset = dataset();
    let set = |of: u32| (first..first + of).collect::<RoaringBitmap>();
    let sets: Vec<_> = cells.iter().map(|(n, part)| (set(*n), set(*part))).collect();
    let footprint = counts(cells.len(), Explore::default());
    let mut fragment = RawFragment::of_parts(&sets, &part());
    let protections = noisy(5);
    let limits = Limits { dominance: 100, p_percent: 0, ..Limits::of(&protections) };
    let mut judged = verdicts(&fragment, &footprint.sums, (&protections, &limits));
    let key = secret.map(|secret| NoiseKey::new(&mut [secret; 32]));
    let teller = key
        .as_ref()
        .map(|key| Parts::new(Explorer { key, dataset: &dataset, patients: 0 }, &protections));
    tell(teller.as_ref(), &mut fragment, &footprint, &mut judged);
    let shown = judged.iter().enumerate().map(|(at, verdict)| {
        let sums = fragment.sums.iter().zip(&verdict.sums);
        let of = |rule: &Option<Rule>| rule.is_none() && verdict.state == CellState::Present;
        sums.map(|((_, values), rule)| of(rule).then(|| values[at])).collect()
    });
    shown.collect()
}

#[test]
fn every_part_has_noise_and_the_cell_has_none() {
    let mut moved = [0; 2];
    for first in 0..100 {
        let cells = [(20, 0), (20, 1), (20, 10), (20, 19), (20, 20), (400, 200)];
        let shown = told(&cells, first, Some(7));
        for ((n, part), shown) in cells.iter().zip(&shown) {
            assert_eq!(shown[0], Some(i128::from(*n)), "the cell's own number is exact");
            let off = shown[1].unwrap() - i128::from(*part);
            assert!(off.abs() <= 12, "{off}");
            moved[usize::from(*part == 10 || *part == 200)] += i32::from(off != 0);
        }
        assert_eq!(told(&cells, first, Some(7)), shown, "asked again");
    }
    // Large parts as often as small ones: noise does not say which they are. Nobody is the same set in every cell.
    assert!(moved[0] > 200 && moved[1] > 120, "{moved:?}");
}

#[test]
fn a_small_cell_is_null_with_its_parts_and_so_is_a_part_without_a_key() {
    let shown = told(&[(9, 5), (0, 0), (10, 2)], 3, Some(1));
    assert_eq!(shown[..2], [vec![None; 2], vec![None; 2]]);
    assert!(shown[2].iter().all(Option::is_some));
    assert_eq!(told(&[(10, 2)], 3, None), [[Some(10), None]]);
    // Whoever is in a part of a null changes nothing.
    assert_eq!(told(&[(9, 1), (0, 0), (10, 2)], 3, Some(1)), shown);
}

#[test]
fn a_part_in_the_explore_form_is_the_figure_of_explore() {
    let dataset = dataset();
    let key = NoiseKey::new(&mut [9; 32]);
    let count = count(Conditions::default());
    let never = ExploreSum { terms: Vec::new(), plain: false };
    let form = |second: ExploreSum| {
        let rows = "patient".to_owned();
        Explore::Form(ExploreForm {
            rows,
            keys: Vec::new(),
            conditions: Conditions::default(),
            sums: vec![count.clone(), second],
        })
    };
    let set = |of: u32| (0..of).collect::<RoaringBitmap>();
    let of = |second: ExploreSum| {
        let explorer = Explorer { key: &key, dataset: &dataset, patients: 0 };
        let teller = Parts::new(explorer, &noisy(5));
        let fragment = RawFragment::of_parts(&[(set(60), set(30))], &part());
        let shown = [Verdict { state: CellState::Present, sums: vec![None; 2] }];
        let footprint = counts(1, form(second));
        (teller.fragment(&fragment, &footprint, (&[false, true], &shown))[0][1], fragment)
    };
    let (told, fragment) = of(count.clone());
    let own = fragment.cell(0).contributions().nth(1).unwrap().key.unwrap();
    let own = Field64::new(own.get()).unwrap();
    let figure = Figure { key: own, key_m: own, id: FigureId::Count, form: "always" };
    let expected = 30 + i128::from(Noise::new(&key).count(&figure, FormVariance::Four));
    assert_eq!(told, Some(expected));
    assert_eq!(of(never).0, Some(0), "the text says that it is nobody");
}

#[test]
fn parts_are_what_the_text_says() {
    let of = |measure: MeasureFootprint| {
        let mut footprint = counts(1, Explore::default());
        footprint.measures[1] = measure;
        parts(&footprint)
    };
    let whole = MeasureFootprint { condition: None, argument: Some(0), whole: true, ..part() };
    assert_eq!(of(part()), [false, true]);
    assert_eq!(of(whole.clone()), [false, false]);
    assert_eq!(of(MeasureFootprint { whole: false, ..whole }), [false, true]);
    assert!(!Limits::of(&noisy(0)).noisy_parts(), "parts of any size are exact");
}

#[test]
fn a_sum_is_noisy_in_units_of_its_bounds() {
    let value = MeasureFootprint {
        argument: Some(0),
        kind: MeasureKind::Value,
        least: Units::new(-20),
        most: Units::new(110),
        ..part()
    };
    assert_eq!(value.reach(SumKind::Sum), Some(110));
    assert_eq!(value.reach(SumKind::SumSquares), Some(12_100));
    let large = MeasureFootprint { most: Units::new(1 << 40), ..value };
    assert_eq!(large.reach(SumKind::Sum), Some(1 << 40));
    assert_eq!(large.reach(SumKind::SumSquares), None, "it is null in every cell");
    assert_eq!(part().reach(SumKind::Rows), Some(1));
}
