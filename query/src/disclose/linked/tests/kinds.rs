//! One relation of each kind.

use super::*;

const GRADE: usize = 0;
const SIZE: usize = 1;

/// Figures that are null, by part and cell and sum, and why.
#[track_caller]
fn nulls(told: &[Told], expected: &[(usize, usize, usize, Rule)]) {
    let nulls = told.iter().filter_map(|told| {
        let Figure { fragment, cell, sum } = told.at;
        Some((fragment, cell, sum, told.why?))
    });
    assert_eq!(nulls.collect::<Vec<_>>(), expected);
}

use Rule::{Empty, Linked, SmallCell, SmallPart};

#[test]
fn a_null_of_a_group_has_company_where_the_total_is_shown() {
    let few = Population::living([4, 1], |grade, _| [4, 12, 30, 50][grade as usize]);
    nulls(&few.ask(&[by(&[GRADE])], Zeros::Hidden), &[(0, 0, 0, SmallCell)]);
    let both = few.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden);
    nulls(&both, &[(0, 0, 0, SmallCell), (0, 1, 0, Linked)]);
    let many = Population::living([4, 1], |grade, _| [11, 12, 30, 50][grade as usize]);
    nulls(&many.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden), &[]);
}

#[test]
fn an_empty_group_is_the_same_null_and_has_company_too() {
    let empty = Population::living([4, 1], |grade, _| [0, 12, 30, 50][grade as usize]);
    let told = empty.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden);
    nulls(&told, &[(0, 0, 0, Empty), (0, 1, 0, Linked)]);
    nulls(&empty.ask(&[by(&[GRADE]), by(&[])], Zeros::Shown), &[]);
}

#[test]
fn a_cube_hides_a_square_of_cells() {
    let crossed =
        Population::living([3, 3], |grade, size| if (grade, size) == (0, 0) { 3 } else { 20 });
    let told =
        crossed.ask(&[by(&[GRADE, SIZE]), by(&[GRADE]), by(&[SIZE]), by(&[])], Zeros::Hidden);
    let nulls: Vec<&Told> = told.iter().filter(|told| told.why.is_some()).collect();
    assert_eq!(nulls.len(), 4, "{nulls:?}");
    assert!(nulls.iter().all(|told| told.at.fragment == 0));
}

#[test]
fn a_slice_lies_in_the_table_that_it_is_of() {
    let crossed = Population::living([2, 3], |grade, size| {
        [[40, 30, 2], [20, 20, 20]][grade as usize][size as usize]
    });
    let slice = Part { fixed: vec![(GRADE, 0)], ..by(&[SIZE]) };
    // The third size of grade 0 is null, and is what the slice leaves of the total.
    let told = crossed.ask(&[by(&[GRADE]), slice.clone()], Zeros::Hidden);
    nulls(&told, &[(1, 1, 0, Linked), (1, 2, 0, SmallCell)]);
    let told = crossed.ask(&[slice, by(&[GRADE, SIZE])], Zeros::Hidden);
    nulls(&told, &[(0, 2, 0, SmallCell), (1, 2, 0, SmallCell)]);
}

#[test]
fn what_a_slice_leaves_of_the_whole_is_as_if_it_had_been_asked_for() {
    let crossed = Population::living([2, 1], |grade, _| [80, 3][grade as usize]);
    let slice = Part { fixed: vec![(GRADE, 0)], ..by(&[]) };
    nulls(&crossed.ask(std::slice::from_ref(&slice), Zeros::Hidden), &[]);
    let told = crossed.ask(&[by(&[]), slice], Zeros::Hidden);
    assert!(told.iter().any(|told| told.why == Some(Linked)), "{told:?}");
}

#[test]
fn groups_by_different_keys_have_their_common_total() {
    // Grade 0 is what the sizes together leave of the other grades.
    let crossed = Population::living([3, 2], |grade, _| [2, 20, 30][grade as usize]);
    let told = crossed.ask(&[by(&[GRADE]), by(&[SIZE])], Zeros::Hidden);
    nulls(&told, &[(0, 0, 0, SmallCell), (0, 1, 0, Linked)]);
}

/// So many patients of each grade, and of them dead.
fn dead(of: [(u32, u32); 3]) -> Population {
    let cells = (0..3).flat_map(|grade| [0, 1].map(|dead| (grade, dead)));
    let cells = cells.map(|(grade, dead)| {
        let (all, gone) = of[grade as usize];
        ([grade, 0, dead], if dead == 1 { gone } else { all - gone })
    });
    Population { sizes: [3, 1, 2], of: cells.collect(), marked: false }
}

#[test]
fn a_small_part_has_company_where_the_total_of_parts_is_shown() {
    let with_dead = |keys: &[usize]| Part { dead: true, ..by(keys) };
    let few = dead([(40, 2), (40, 20), (40, 10)]);
    nulls(&few.ask(&[with_dead(&[GRADE])], Zeros::Hidden), &[(0, 0, 1, SmallPart)]);
    let told = few.ask(&[with_dead(&[GRADE]), with_dead(&[])], Zeros::Hidden);
    nulls(&told, &[(0, 0, 1, SmallPart), (0, 2, 1, Linked)]);
    // All but two are dead: the living are what must stay unknown.
    let most = dead([(40, 38), (40, 20), (40, 30)]);
    let told = most.ask(&[with_dead(&[GRADE]), with_dead(&[])], Zeros::Hidden);
    nulls(&told, &[(0, 0, 1, SmallPart), (0, 1, 1, Linked)]);
}

#[test]
fn a_hidden_cell_takes_its_parts_with_it() {
    let few = dead([(9, 5), (12, 6), (40, 20)]);
    let with_dead = |keys: &[usize]| Part { dead: true, ..by(keys) };
    let told = few.ask(&[with_dead(&[GRADE]), with_dead(&[])], Zeros::Hidden);
    nulls(
        &told,
        &[(0, 0, 0, SmallCell), (0, 0, 1, SmallCell), (0, 1, 0, Linked), (0, 1, 1, Linked)],
    );
}

#[test]
fn fragments_without_a_common_space_stand_alone() {
    let few = Population::living([3, 1], |grade, _| [4, 20, 30][grade as usize]);
    let parts = [by(&[GRADE]), by(&[])];
    let mut footprints: Vec<FragmentFootprint> =
        parts.iter().map(|part| few.footprint(part)).collect();
    let fragments: Vec<RawFragment> = parts.iter().map(|part| few.fragment(part)).collect();
    let thresholds = Thresholds::new(&protections(Zeros::Hidden, 10), &Limits::DEFAULT);
    let groups = |footprints: &[FragmentFootprint]| {
        let parts = fragments.iter().zip(footprints).map(|(fragment, footprint)| {
            let links = &footprint.links;
            super::super::Part {
                fragment,
                footprint,
                links,
                verdicts: &[],
                thresholds,
                told: false,
            }
        });
        groups(&parts.collect::<Vec<_>>(), &[0, 1])
    };
    assert_eq!(groups(&footprints).len(), 1);
    footprints[1].links[0].base = Digest::of(b"other rows");
    assert_eq!(groups(&footprints).len(), 2);
}

#[test]
fn what_more_conditions_leave_of_the_whole_is_as_if_it_had_been_asked_for() {
    let crossed = Population::living([2, 2], |grade, size| {
        [[80, 20], [3, 30]][grade as usize][size as usize]
    });
    let parts = [by(&[SIZE]), Part { fixed: vec![(GRADE, 0)], ..by(&[SIZE]) }];
    let fragments = parts.each_ref().map(|part| crossed.fragment(part));
    let mut footprints = parts.each_ref().map(|part| crossed.footprint(part));
    // The same with the condition in what is counted.
    footprints[1].links[0].sums[0] = LinkSum { of: 7, fixed: Vec::new(), part_of: vec![0] };
    let (protections, limits) = (Protections::from(Opinions::default()), Limits::DEFAULT);
    let judged = fragments.iter().zip(&footprints);
    let judged = judged.map(|(of, known)| verdicts(of, &known.sums, (&protections, &limits)));
    let mut verdicts: Vec<Vec<Verdict>> = judged.collect();
    hide((&fragments, &footprints), &mut verdicts, (&protections, &limits), &Earlier::default());
    let why: Vec<Option<Rule>> = verdicts.into_iter().flatten().map(|of| of.sums[0]).collect();
    assert_eq!(why, [None, None, Some(Linked), None]);
}

#[test]
fn places_that_the_figures_contradict_hide_everything_around_a_null() {
    let one = Population::living([2, 1], |grade, _| [4, 20][grade as usize]);
    let other = Population::living([2, 1], |grade, _| [30, 21][grade as usize]);
    let (grades, total) = (by(&[GRADE]), by(&[]));
    let fragments = [one.fragment(&grades), other.fragment(&grades), other.fragment(&total)];
    let footprints = [one.footprint(&grades), other.footprint(&grades), other.footprint(&total)];
    let (protections, limits) = (Protections::from(Opinions::default()), Limits::DEFAULT);
    let judged = fragments.iter().zip(&footprints);
    let judged = judged.map(|(of, known)| verdicts(of, &known.sums, (&protections, &limits)));
    let mut verdicts: Vec<Vec<Verdict>> = judged.collect();
    hide((&fragments, &footprints), &mut verdicts, (&protections, &limits), &Earlier::default());
    let why: Vec<Option<Rule>> = verdicts.into_iter().flatten().map(|of| of.sums[0]).collect();
    let unlinked = Some(Rule::Unlinked);
    assert_eq!(why, [Some(SmallCell), unlinked, unlinked, unlinked, unlinked]);
}
