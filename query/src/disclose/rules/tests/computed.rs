//! Squares, products and other computed arguments, what parts leave, and wholes that are hidden.

use policies::footprint::MadeFootprint;

use super::*;

/// One patient of 100 among others of 5: a third of the sum, and nearly all of its squares.
#[test]
fn a_spread_that_one_patient_makes_up_is_hidden() {
    let squares = |large: i128, others: i128| {
        let mut x: Vec<(u32, i128)> = rows(0, 40);
        x.iter_mut().for_each(|(_, x)| *x = others);
        x[0].1 = large;
        let of = measure(MeasureKind::Value, None, Some(0));
        Cell::of(40).everyone().with(of, &[SumKind::Sum, SumKind::SumSquares], x)
    };
    let dominated = Some(Rule::Dominance);
    squares(100, 5).check(&[None, None, dominated]);
    squares(-100, 5).check(&[None, None, dominated]);
    squares(20, 5).check(&[None, None, None]);
    squares(0, 0).check(&[None, None, None]);
    let loose = Limits { dominance: 100, ..Limits::DEFAULT };
    assert_eq!(squares(200, 1).judged(10, &loose).sums[2], Some(Rule::Rest));
    // What is too large to be compared is hidden.
    let mut huge = squares(1, 0);
    huge.measures[1].1[0].1 = policies::footprint::SUM_LIMIT - 1;
    assert!(huge.judged(10, &Limits::DEFAULT).sums[2].is_some());
}

#[test]
fn a_part_that_leaves_rows_of_a_few_patients_is_hidden() {
    let cell = Cell::of(40).everyone().part(0, rows(0, 40)).added(Some(0), 0, rows(0, 40));
    for (rest, hidden) in [(0, false), (1, true), (4, true), (5, false), (40, false)] {
        let fragment =
            RawFragment::of_contributions(40, cell.values.clone(), cell.measures.clone());
        let fragment = fragment.with_rest(1, rest).with_rest(2, rest);
        let said = Opinions { min_patients: Some(MinPatients::new(10)), ..Opinions::default() };
        let limits = (&Protections::from(said), &Limits::DEFAULT);
        let verdict = judge(fragment.cells().next().unwrap(), &cell.sums, limits);
        let part = hidden.then_some(Rule::SmallPart);
        assert_eq!(verdict.sums, [None, part, part, part], "{rest}");
    }
}

#[test]
fn the_parts_of_a_hidden_whole_are_hidden() {
    // Two patients have no value; both parts have theirs.
    let whole = Cell::of(40).added(None, 0, rows(0, 38)).added(Some(0), 0, rows(0, 19));
    whole.clone().check(&[SMALL, SMALL, None, None]);
    let gone = Some(Rule::GivenAway);
    let both = whole.clone().added(Some(1), 0, rows(19, 19));
    both.check(&[SMALL, SMALL, gone, gone, gone, gone]);
    // Another column's say nothing of it, nor do counts of other patients; who is added in a sum is not known.
    whole.clone().added(Some(1), 1, rows(19, 19)).check(&[SMALL, SMALL, None, None, None, None]);
    whole.added(Some(1), 0, rows(10, 19)).check(&[SMALL, SMALL, None, gone, None, gone]);
}

/// The sum of a computed argument, and what follows from it.
#[test]
fn a_sum_is_hidden_where_what_follows_from_it_is() {
    let of = |also: Vec<u32>, rest: Vec<u32>| {
        let mut of = measure(MeasureKind::Value, None, Some(0));
        of.made = Some(MadeFootprint { fewest: None, also, rest });
        of
    };
    let x: Vec<(u32, i128)> = (0..40).map(|patient| (patient, 50)).collect();
    let flag = measure(MeasureKind::Flag, None, Some(1));
    let cell = |of, few: u32| {
        Cell::of(40).with(of, &[SumKind::Sum], x.clone()).with(flag.clone(), &[], rows(0, few))
    };
    cell(of(vec![1], vec![]), 3).check(&[SMALL]);
    cell(of(vec![1], vec![]), 20).check(&[None]);
    cell(of(vec![], vec![]), 3).check(&[None]);
    cell(of(vec![7], vec![]), 20).check(&[Some(Rule::Fault)]);
    // Of the rows that it leaves only who makes them up is asked.
    let other = |large: i128| {
        let mut left = rows(0, 3);
        left.extend([(3, 1), (4, large)]);
        let value = measure(MeasureKind::Value, Some(1), Some(0));
        Cell::of(40).with(of(vec![], vec![1]), &[SumKind::Sum], x.clone()).with(value, &[], left)
    };
    other(900).check(&[Some(Rule::Dominance)]);
    other(1).check(&[None]);
}

#[test]
fn a_product_is_a_parameter_and_needs_values() {
    let r6 = Some(Rule::Spread);
    let product = |patients: u32, fewest: i128| {
        let mut of = measure(MeasureKind::Value, None, Some(9));
        of.made = Some(MadeFootprint { fewest: Some(Units::new(fewest)), ..Default::default() });
        let x = (0..patients).map(|patient| (patient, 30 + i128::from(patient))).collect();
        Cell::of(patients).with(of, &[SumKind::Sum], x)
    };
    product(11, 20).check(&[None]);
    product(10, 20).check(&[r6]);
    product(40, 19).check(&[r6]);
    // A spread of another column beside it is a second parameter.
    let x: Vec<(u32, i128)> = (0..11).map(|patient| (patient, 30 + i128::from(patient))).collect();
    let other = measure(MeasureKind::Value, None, Some(1));
    let both = product(11, 20).with(other, &[SumKind::Sum, SumKind::SumSquares], x);
    both.check(&[r6, None, r6]);
}

/// Conditions that everybody meets are other words for none.
#[test]
fn parameters_are_counted_over_all_conditions() {
    let r6 = Some(Rule::Spread);
    let mut cell = Cell::of(12);
    let x: Vec<(u32, i128)> = (0..12).map(|patient| (patient, 30 + i128::from(patient))).collect();
    for (condition, column) in [(None, 0), (Some(0), 1), (Some(1), 2)] {
        let of = measure(MeasureKind::Value, condition, Some(column));
        cell = cell.with(of, &[SumKind::Sum, SumKind::SumSquares], x.clone());
    }
    cell.check(&[None, r6, None, r6, None, r6]);
}
