//! How long a large table takes.

use super::*;

mod windows;

/// A grade, and one of two sizes of its own.
fn hundred(alike: usize) -> Part {
    let grade = u32::try_from(alike % 10).unwrap();
    let more = [by(&[0, 1]), by(&[0]), by(&[1]), by(&[])];
    match more.get(alike) {
        Some(part) => part.clone(),
        None => Part { fixed: vec![(0, grade)], dead: alike >= 10, ..by(&[1]) },
    }
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn twenty_tables_of_a_hundred_cells() {
    for small in [2, 10, 30] {
        let cell = move |grade: u32, size: u32| {
            let mixed = (grade * 10 + size + 1).wrapping_mul(2_654_435_761) >> 8;
            if mixed % 100 < small { mixed % 10 } else { 10 + mixed % 90 }
        };
        // Every question has a hundred cells of its own: what is counted differs.
        let crossed = Population::living([10, 10], cell);
        let mut asked = sequences::Asked::new(&crossed);
        asked.is_checked = false;
        let (mut first, mut last) = (None, None);
        for at in 0..20 {
            let start = std::time::Instant::now();
            asked.of = at;
            let told = asked.ask(&[by(&[0, 1])], Zeros::Hidden);
            assert_eq!(told.len(), 100);
            last = Some(start.elapsed());
            first = first.or(last);
        }
        for part in [by(&[0]), by(&[1]), by(&[]), hundred(7)] {
            asked.of = 0;
            let start = std::time::Instant::now();
            let told = asked.ask(&[part], Zeros::Hidden);
            let nulls = told.iter().filter(|told| told.why.is_some()).count();
            println!(
                "{small} % small: a margin beside twenty tables: {:?}, {nulls} of {} null",
                start.elapsed(),
                told.len()
            );
        }
        println!(
            "{small} % small: first {first:?}, twentieth {last:?}, {} bytes a table",
            asked.bytes_per_table()
        );
    }
}

/// A thousand cells with every margin, so many in a hundred of them small.
fn thousand(small: u32) -> (Population, Vec<Part>) {
    let cell = move |grade: u32, size: u32| {
        let mixed = (grade * 40 + size + 1).wrapping_mul(2_654_435_761) >> 8;
        if mixed % 100 < small { mixed % 10 } else { 10 + mixed % 90 }
    };
    (Population::living([25, 40], cell), vec![by(&[0, 1]), by(&[0]), by(&[1]), by(&[])])
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
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
