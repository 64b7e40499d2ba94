//! R3: everybody or nobody in a part that a sensitive column decides.

use super::*;

const ALIKE: Option<Rule> = Some(Rule::Everyone);

fn sensitive(condition: bool, argument: bool) -> Sensitive {
    Sensitive { condition, argument }
}

impl Cell {
    /// The last measure with this said of it.
    fn is(mut self, sensitive: Sensitive) -> Self {
        self.measures.last_mut().unwrap().0.sensitive = sensitive;
        self
    }
}

#[test]
fn nobody_and_everybody_are_null_where_that_is_sensitive() {
    for (part, hidden) in [(0, ALIKE), (20, ALIKE), (3, SMALL), (10, None)] {
        let cell = Cell::of(20).everyone().part(0, rows(0, part));
        cell.clone().is(sensitive(true, false)).check(&[None, hidden]);
        let shown = hidden.filter(|rule| *rule == Rule::SmallPart);
        cell.check(&[None, shown]);
    }
    let flag = measure(MeasureKind::Flag, None, Some(0));
    let cell = |n| Cell::of(20).everyone().with(flag.clone(), &[SumKind::Sum], rows(0, n));
    cell(0).is(sensitive(false, true)).check(&[None, ALIKE]);
    cell(20).is(sensitive(false, true)).check(&[None, ALIKE]);
    cell(20).check(&[None, None]);
}

#[test]
fn a_sum_is_null_with_the_count_of_what_it_adds() {
    let x: Vec<(u32, i128)> = (0..20).map(|patient| (patient, 30)).collect();
    let mut cell = Cell::of(20).everyone().added(Some(0), 0, x);
    for (of, _) in &mut cell.measures[1..] {
        of.sensitive = sensitive(true, false);
    }
    cell.check(&[None, ALIKE, ALIKE]);
    cell.measures[2].0.sensitive = Sensitive::default();
    cell.check(&[None, ALIKE, ALIKE]);
}

/// All who are old died: `FILTER (WHERE old)` beside `FILTER (WHERE old AND died)`, in whatever order.
#[test]
fn nobody_lies_between_two_parts_that_a_sensitive_value_tells_apart() {
    let old = Cell::of(40).everyone().part(0, rows(0, 12));
    let cell = old.clone().part(1, rows(0, 12)).is(sensitive(true, false));
    cell.check(&[None, None, ALIKE]);
    let mut turned = old.clone().is(sensitive(true, false)).part(1, rows(0, 12));
    turned.check(&[None, None, ALIKE]);
    turned.measures[1].0.sensitive = Sensitive::default();
    turned.check(&[None, None, None]);
    // As many others.
    old.part(1, rows(12, 12)).is(sensitive(true, false)).check(&[None, None, None]);
}

/// `count(*) FILTER (WHERE died), avg(age) FILTER (WHERE died)`: that all of them have an age tells nothing.
#[test]
fn what_the_same_condition_keeps_is_told_apart_by_arguments_alone() {
    let ages: Vec<(u32, i128)> = (0..12).map(|patient| (patient, 60)).collect();
    let mut cell = Cell::of(40).everyone().part(0, rows(0, 12)).added(Some(0), 0, ages);
    for (of, _) in &mut cell.measures[1..] {
        of.sensitive = sensitive(true, false);
    }
    cell.check(&[None, None, None, None]);
    for (of, _) in &mut cell.measures[2..] {
        of.sensitive = sensitive(true, true);
    }
    cell.check(&[None, None, ALIKE, ALIKE]);
}

#[test]
fn where_parts_are_exact_nobody_and_everybody_are_too() {
    let cell = Cell::of(20).everyone().part(0, rows(0, 0)).is(sensitive(true, false));
    let members = Limits { parts: Parts::Members, ..Limits::DEFAULT };
    assert_eq!(cell.judged(10, &members).sums, [None, None]);
}

#[test]
fn an_empty_cell_is_not_shown_where_sensitive_values_decide_who_is_in_it() {
    let fragment = |sensitive| policies::footprint::FragmentFootprint {
        digest: policies::Digest::of(b"fragment"),
        group_keys: vec!["died".to_owned()],
        cells: 2,
        sums: Vec::new(),
        measures: Vec::new(),
        explore: policies::explore::Explore::default(),
        links: Vec::new(),
        sensitive,
    };
    let said = Opinions { zeros: Some(Zeros::Shown), ..Opinions::default() };
    let protections = Protections::from(said);
    let members = Limits { parts: Parts::Members, ..Limits::DEFAULT };
    for (marked, limits, zeros) in [
        (true, Limits::DEFAULT, Zeros::Hidden),
        (false, Limits::DEFAULT, Zeros::Shown),
        (true, members, Zeros::Shown),
    ] {
        let own =
            crate::disclose::rules::everyone::of_cells(&fragment(marked), &protections, &limits);
        assert_eq!(own.zeros, zeros);
    }
}
