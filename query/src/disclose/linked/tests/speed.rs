//! How long a large table takes.

use super::*;

/// A thousand cells with every margin, so many in a hundred of them small.
fn thousand(small: u32) -> (Population, Vec<Part>) {
    let cell = move |grade: u32, size: u32| {
        let mixed = (grade * 40 + size + 1).wrapping_mul(2_654_435_761) >> 8;
        if mixed % 100 < small { mixed % 10 } else { 10 + mixed % 90 }
    };
    (Population::living([25, 40], cell), vec![by(&[0, 1]), by(&[0]), by(&[1]), by(&[])])
}

#[test]
#[ignore = "measures"]
fn a_thousand_cells_with_margins() {
    for small in [2, 5, 10, 20, 50] {
        let (crossed, parts) = thousand(small);
        let start = std::time::Instant::now();
        let told = crossed.ask(&parts, Zeros::Hidden);
        let took = start.elapsed();
        let with = |wanted: &dyn Fn(Option<Rule>) -> bool| {
            told.iter().filter(|told| wanted(told.why)).count()
        };
        println!(
            "{} figures, {} small, {} more, {} not judged: {took:?}",
            told.len(),
            with(&|why| matches!(why, Some(Rule::SmallCell | Rule::Empty))),
            with(&|why| why == Some(Rule::Linked)),
            with(&|why| why == Some(Rule::Unlinked)),
        );
    }
}
