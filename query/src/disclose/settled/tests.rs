use std::cell::Cell;

use super::*;

fn shown(figures: usize) -> Verdict {
    Verdict { state: CellState::Present, sums: vec![None; figures] }
}

/// How often is judged, how often linked, and what is null in the end, where linking hides so many figures at once.
fn settled(hidden: usize) -> (u32, u32, usize) {
    let mut judged = vec![vec![shown(9)], vec![shown(2)]];
    let (asked, linked) = (Cell::new(0), Cell::new(0));
    let judge = || {
        asked.set(asked.get() + 1);
        None
    };
    let link = |judged: &mut [Vec<Verdict>]| {
        linked.set(linked.get() + 1);
        judged[0][0].sums[..hidden].fill(Some(Rule::Unlinked));
    };
    let (_judge, standing) = settle((&[], &[], &[]), &mut judged, judge, Some(link));
    assert!(standing.is_empty());
    (asked.get(), linked.get(), nulls(&judged))
}

#[test]
fn what_hides_nothing_is_not_judged_again_and_what_hides_is() {
    assert_eq!(settled(0), (1, 1, 0));
    assert_eq!(settled(1), (2, 1, 1));
    assert_eq!(settled(9), (2, 1, 9));
}
