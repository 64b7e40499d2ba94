use policies::footprint::{MeasureFootprint, MeasureKind, Sensitive, SumKind, Units};
use policies::protections::{MinPatients, Opinions, Parts};

use super::*;
use crate::receive::RawFragment;

/// A cell under construction: sums of measures, and who contributes what to them.
#[derive(Clone, Default)]
struct Cell {
    patients: u32,
    sums: Vec<SumFootprint>,
    values: Vec<(u8, i128)>,
    measures: Vec<(MeasureFootprint, Vec<(u32, i128)>)>,
}

fn measure(kind: MeasureKind, condition: Option<u32>, argument: Option<u32>) -> MeasureFootprint {
    let (least, most) = match kind {
        MeasureKind::Value => (-1_000_000, 1_000_000),
        MeasureKind::Rows | MeasureKind::Keys | MeasureKind::Flag => (0, 1),
    };
    let (least, most) = (Units::new(least), Units::new(most));
    let sensitive = Sensitive::default();
    MeasureFootprint { condition, argument, kind, scale: 0, least, most, made: None, sensitive }
}

/// One row each of so many patients, from number `from`.
fn rows(from: u32, patients: u32) -> Vec<(u32, i128)> {
    (from..from + patients).map(|patient| (patient, 1)).collect()
}

impl Cell {
    fn of(patients: u32) -> Self {
        Self { patients, ..Self::default() }
    }

    /// With sums of one more measure.
    fn with(mut self, of: MeasureFootprint, kinds: &[SumKind], x: Vec<(u32, i128)>) -> Self {
        for kind in kinds {
            let place = u32::try_from(self.measures.len()).unwrap();
            let values =
                x.iter().map(|(_, x)| if *kind == SumKind::SumSquares { x * x } else { *x });
            self.values.push((0, values.sum()));
            self.sums.push(SumFootprint {
                text: String::new(),
                kind: *kind,
                scale: 0,
                measure: place,
            });
        }
        self.measures.push((of, x));
        self
    }

    /// With `count(*)`.
    fn everyone(self) -> Self {
        let patients = self.patients;
        self.with(measure(MeasureKind::Rows, None, None), &[SumKind::Rows], rows(0, patients))
    }

    /// With `count(*) FILTER (WHERE c)` of these patients.
    fn part(self, condition: u32, x: Vec<(u32, i128)>) -> Self {
        self.with(measure(MeasureKind::Rows, Some(condition), None), &[SumKind::Rows], x)
    }

    /// With count and sum of a column.
    fn added(self, condition: Option<u32>, column: u32, x: Vec<(u32, i128)>) -> Self {
        let counted = x.iter().map(|(patient, _)| (*patient, 1)).collect();
        self.with(measure(MeasureKind::Rows, condition, Some(column)), &[SumKind::NonNull], counted)
            .with(measure(MeasureKind::Value, condition, Some(column)), &[SumKind::Sum], x)
    }

    fn judged(&self, k: u32, limits: &Limits) -> Verdict {
        let Self { patients, sums, values, measures } = self.clone();
        let fragment = RawFragment::of_contributions(patients, values, measures);
        let said = Opinions {
            min_patients: Some(MinPatients::new(k)),
            zeros: Some(Zeros::Hidden),
            ..Opinions::default()
        };
        let protections = Protections::from(said);
        judge(fragment.cells().next().unwrap(), &sums, (&protections, limits))
    }

    #[track_caller]
    fn check(&self, expected: &[Option<Rule>]) {
        let verdict = self.judged(10, &Limits::DEFAULT);
        assert_eq!(verdict.sums, expected);
        assert_eq!(verdict.state == CellState::Hidden, expected.iter().all(Option::is_some));
    }
}

mod computed;
mod everyone;
mod properties;

const SMALL: Option<Rule> = Some(Rule::SmallPart);

#[test]
fn a_part_is_hidden_if_it_or_what_it_leaves_is_a_few_patients() {
    for (part, hidden) in [
        (0, false),
        (1, true),
        (4, true),
        (5, false),
        (15, false),
        (16, true),
        (19, true),
        (20, false),
    ] {
        let cell = Cell::of(20).everyone().part(0, rows(0, part));
        cell.check(&[None, hidden.then_some(Rule::SmallPart)]);
    }
}

/// `sum(age) FILTER (WHERE c), regr_avgx(bmi, age) FILTER (WHERE c)`, where one patient lacks a bmi: the difference of the two
/// sums of ages would be that patient's.
#[test]
fn sums_of_pairs_are_hidden_with_the_number_of_their_rows() {
    let ages: Vec<(u32, i128)> = (0..40).map(|patient| (patient, i128::from(patient))).collect();
    let both = ages[1..].to_vec();
    let cell = Cell::of(100)
        .added(Some(0), 0, ages)
        .part(1, rows(1, 39))
        .with(measure(MeasureKind::Value, Some(1), Some(0)), &[SumKind::Sum], both.clone())
        .with(measure(MeasureKind::Value, Some(1), Some(1)), &[SumKind::Sum], both);
    cell.check(&[None, None, SMALL, SMALL, SMALL]);
}

#[test]
fn a_cell_without_any_figure_is_the_null_of_a_small_cell() {
    let part = Cell::of(20).part(0, rows(0, 3));
    assert_eq!(part.judged(10, &Limits::DEFAULT).state, CellState::Hidden);
    let small = Cell::of(9).everyone();
    let verdict = small.judged(10, &Limits::DEFAULT);
    assert_eq!((verdict.state, verdict.sums), (CellState::Hidden, vec![Some(Rule::SmallCell)]));
    let groups = Cell::of(20);
    assert_eq!(groups.judged(10, &Limits::DEFAULT).state, CellState::Present);
}

#[test]
fn of_two_parts_that_differ_by_a_few_patients_the_later_is_hidden() {
    let cell =
        |other: Vec<(u32, i128)>| Cell::of(40).everyone().part(0, rows(0, 20)).part(1, other);
    cell(rows(0, 18)).check(&[None, None, SMALL]);
    cell(rows(0, 24)).check(&[None, None, SMALL]);
    cell(rows(3, 20)).check(&[None, None, SMALL]);
    cell(rows(0, 20)).check(&[None, None, None]);
    cell(rows(0, 15)).check(&[None, None, None]);
    cell(rows(10, 20)).check(&[None, None, None]);
}

#[test]
fn the_count_of_everyone_stays_beside_hidden_parts_wherever_it_stands() {
    Cell::of(20).part(0, rows(0, 3)).everyone().check(&[SMALL, None]);
    // A column without gaps counts everyone too.
    Cell::of(20).part(0, rows(0, 18)).added(None, 0, rows(0, 20)).check(&[SMALL, None, None]);
}

#[test]
fn what_is_added_is_hidden_with_its_count() {
    Cell::of(40).everyone().added(Some(0), 0, rows(0, 3)).check(&[None, SMALL, SMALL]);
    Cell::of(40).everyone().added(None, 0, rows(0, 38)).check(&[None, SMALL, SMALL]);
    let cell = Cell::of(40).everyone().part(0, rows(0, 20)).added(Some(1), 0, rows(0, 22));
    cell.check(&[None, None, SMALL, SMALL]);
}

#[test]
fn flags_are_parts_of_those_who_have_them() {
    let flag = measure(MeasureKind::Flag, None, Some(0));
    let cell = |patients: u32| {
        let counted = measure(MeasureKind::Rows, None, Some(0));
        let cell = Cell::of(40).with(counted, &[SumKind::NonNull], rows(0, 40));
        cell.with(flag.clone(), &[SumKind::Sum, SumKind::SumSquares], rows(0, patients))
    };
    cell(3).check(&[None, SMALL, SMALL]);
    // Its squares are its sum.
    cell(20).check(&[None, None, None]);
}

#[test]
fn a_sum_of_one_or_two_patients_is_hidden() {
    let with = |large: &[i128], others: i128| {
        let mut x = rows(0, 40);
        x.iter_mut().for_each(|(_, x)| *x = others);
        x.iter_mut().zip(large).for_each(|((_, x), large)| *x = *large);
        Cell::of(40).everyone().added(None, 0, x)
    };
    let dominated = Some(Rule::Dominance);
    // 38 others of 3 are 114; two of 646 are 85 % of 760 exactly.
    with(&[323, 323], 3).check(&[None, None, None]);
    with(&[323, 324], 3).check(&[None, None, dominated]);
    with(&[-323, 324], 3).check(&[None, None, dominated]);
    with(&[647], 3).check(&[None, None, dominated]);
    // The sum alone is hidden where nothing but one patient is in it.
    with(&[7], 0).check(&[None, None, dominated]);
    // Nobody contributes anything: nobody dominates.
    with(&[], 0).check(&[None, None, None]);
}

#[test]
fn the_rest_of_a_sum_is_a_tenth_of_the_largest_contribution() {
    let limits = Limits { dominance: 100, ..Limits::DEFAULT };
    for (rest, rule) in [(10, None), (9, Some(Rule::Rest))] {
        let mut x = vec![(0, 100), (1, 50)];
        x.extend((2..12).map(|patient| (patient, i128::from(i32::from(patient < 2 + rest)))));
        let cell = Cell::of(12).everyone().added(None, 0, x);
        assert_eq!(cell.judged(10, &limits).sums, [None, None, rule], "{rest}");
    }
}

#[test]
fn the_largest_numbers_of_all_do_not_leave_the_range_of_the_rules() {
    let most = policies::footprint::SUM_LIMIT / 20;
    let x: Vec<(u32, i128)> = (0..10).map(|patient| (patient, most)).collect();
    Cell::of(10).everyone().added(None, 0, x).check(&[None, None, None]);
}

/// Spread of one column, or a figure of two, over so many patients.
fn spread(patients: u32, columns: u32) -> Cell {
    let mut cell = Cell::of(40).everyone();
    let x: Vec<(u32, i128)> =
        (0..patients).map(|patient| (patient, 30 + i128::from(patient))).collect();
    for column in 0..columns {
        let of = measure(MeasureKind::Value, Some(0), Some(column));
        cell = cell.with(of, &[SumKind::Sum, SumKind::SumSquares], x.clone());
    }
    if columns > 1 {
        let of = measure(MeasureKind::Value, Some(0), Some(columns));
        cell = cell.with(of, &[SumKind::SumProducts], x);
    }
    cell
}

#[test]
fn squares_and_products_need_patients_beyond_their_parameters() {
    let r6 = Some(Rule::Spread);
    spread(11, 1).check(&[None, None, None]);
    spread(10, 1).check(&[None, None, r6]);
    spread(12, 2).check(&[None; 6]);
    spread(11, 2).check(&[None, None, r6, None, r6, r6]);
}

#[test]
fn squares_of_a_column_of_few_values_are_hidden() {
    let r6 = Some(Rule::Spread);
    for (most, rule) in [(19, None), (18, r6)] {
        let mut cell = spread(30, 1);
        cell.measures[1].0.least = Units::new(0);
        cell.measures[1].0.most = Units::new(most);
        cell.check(&[None, None, rule]);
        let mut cell = spread(30, 2);
        cell.measures[2].0.least = Units::new(0);
        cell.measures[2].0.most = Units::new(most);
        cell.check(&[None, None, None, None, rule, rule]);
    }
}

#[test]
fn what_completes_a_hidden_figure_to_the_whole_is_hidden() {
    // Under condition 0 one patient makes up the sum; condition 1 is the rest of the cell.
    let mut x: Vec<(u32, i128)> = (0..20).map(|patient| (patient, 1)).collect();
    x[0].1 = 500;
    let rest: Vec<(u32, i128)> = (20..40).map(|patient| (patient, 30)).collect();
    let all = x.iter().chain(&rest).copied().collect();
    let (r4, gone) = (Some(Rule::Dominance), Some(Rule::GivenAway));
    let cell = Cell::of(40).added(None, 0, all).added(Some(0), 0, x.clone());
    cell.clone().check(&[None, None, None, r4]);
    cell.clone().added(Some(1), 0, rest.clone()).check(&[None, None, None, r4, None, gone]);
    let shorter = rest.into_iter().skip(1).collect();
    cell.added(Some(1), 1, shorter).check(&[None, None, None, r4, None, None]);
}

#[test]
fn rules_count_null_figures() {
    let mut rules = BTreeMap::new();
    let cell = Cell::of(40).everyone().added(Some(0), 0, rows(0, 3));
    cell.judged(10, &Limits::DEFAULT).count(&mut rules);
    cell.judged(50, &Limits::DEFAULT).count(&mut rules);
    assert_eq!(rules, BTreeMap::from([(Rule::SmallCell, 3), (Rule::SmallPart, 2)]));
}

#[test]
fn without_limits_a_cell_of_enough_patients_is_exact() {
    let cell = spread(2, 2).part(5, rows(0, 1));
    assert_eq!(cell.judged(10, &Limits::OFF).sums, [None; 7]);
    let members = Limits { parts: Parts::Members, ..Limits::DEFAULT };
    assert_eq!(cell.judged(10, &members).sums[6], None, "one patient");
    let rows = cell.part(6, vec![(0, 9), (1, 1)]);
    assert_eq!(rows.judged(10, &members).sums[7], Some(Rule::Dominance), "nine rows of a patient");
}

#[test]
fn what_lacks_its_summaries_is_hidden() {
    let fragment = RawFragment::of_figures(&[40], false, vec![(0, vec![40])]);
    let sums = Cell::of(40).everyone().sums;
    let said = Opinions {
        min_patients: Some(MinPatients::new(10)),
        zeros: Some(Zeros::Shown),
        ..Opinions::default()
    };
    let protections = Protections::from(said);
    let verdict = judge(fragment.cells().next().unwrap(), &sums, (&protections, &Limits::DEFAULT));
    assert_eq!((verdict.state, verdict.sums), (CellState::Hidden, vec![Some(Rule::Fault)]));
}
