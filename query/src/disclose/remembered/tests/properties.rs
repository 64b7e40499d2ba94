//! Whoever asks what in which order: no two sets that were told differ in a few patients.

use std::collections::BTreeSet;

use super::*;

/// A small generator (splitmix64): the same numbers in every run.
struct Dice(u64);

impl Dice {
    fn under(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        u32::try_from((z ^ (z >> 31)) % u64::from(sides)).unwrap()
    }

    /// A question whose sets lie close to those of others: intervals with a few patients more or fewer.
    fn question(&mut self, number: usize) -> Question {
        let mut cells = vec![];
        for _ in 0..=self.under(3) {
            let from = self.under(3) * 10 + self.under(3);
            let to = (from + 9 + self.under(40)).min(PEOPLE);
            let mut cell = set(from..to);
            if self.under(3) == 0 {
                cell.remove(self.under(PEOPLE));
            }
            let share = 2 + self.under(2);
            let part = cell.iter().filter(|patient| patient % share == 0).collect();
            cells.push((cell, part));
        }
        Question::new(&format!("question {number}"), cells)
    }
}

/// Sets that were told, with the gap of each.
fn told(question: &Question, shown: &[Shown]) -> Vec<(RoaringBitmap, u32)> {
    let cells = question.cells.iter().zip(shown);
    cells
        .flat_map(|((cell, part), [n, m])| {
            let cell = n.map(|_| (cell.clone(), GAPS.cell));
            cell.into_iter().chain(m.map(|_| (part.clone(), GAPS.part)))
        })
        .collect()
}

#[track_caller]
fn apart(told: &[(RoaringBitmap, u32)]) {
    for (at, (one, gap)) in told.iter().enumerate() {
        for (other, other_gap) in &told[..at] {
            let distance = one.symmetric_difference_len(other);
            let gap = u64::from(*gap.min(other_gap));
            assert!(distance == 0 || distance >= gap, "{distance} of {one:?} and {other:?}");
        }
    }
}

#[test]
fn no_two_sets_that_were_told_differ_in_a_few_patients_in_whatever_order() {
    let (mut figures, mut nulls) = (0, 0);
    for seed in 0..30 {
        let mut dice = Dice(seed);
        let mut questions: Vec<Question> = (0..20).map(|number| dice.question(number)).collect();
        for _ in 0..3 {
            let (mut memory, mut all, mut first) = (memory(), vec![], vec![]);
            for question in &questions {
                let (shown, since) = question.told(&mut memory, GAPS, 1);
                assert_eq!(since, None, "within one snapshot nothing stands");
                all.extend(told(question, &shown));
                first.push(shown);
            }
            apart(&all);
            figures += all.len();
            nulls += first.iter().flatten().flatten().filter(|figure| figure.is_none()).count();
            // Asked again, by whomever and in whatever order: the same.
            for (question, first) in questions.iter().zip(&first).rev() {
                assert_eq!(question.told(&mut memory, GAPS, 1).0, *first);
            }
            for last in (1..questions.len()).rev() {
                questions.swap(last, dice.under(u32::try_from(last).unwrap() + 1) as usize);
            }
        }
    }
    assert!(figures > 500 && nulls > 500, "{figures} {nulls}");
}

#[test]
fn a_figure_that_is_shown_is_true_of_the_snapshot_or_was_told_before() {
    let (mut ever, mut stood) = (BTreeSet::new(), 0);
    for seed in 0..20 {
        let mut dice = Dice(seed);
        let questions: Vec<Question> = (0..8).map(|number| dice.question(number)).collect();
        let mut memory = memory();
        for snapshot in 1..5 {
            // Some patients are not in this snapshot.
            let gone = set((0..snapshot).map(|_| dice.under(PEOPLE)));
            for question in &questions {
                let cells = question.cells.iter().map(|(cell, part)| (cell - &gone, part - &gone));
                let asked = Question::new(&question.text, cells.collect());
                let (shown, since) = asked.told(&mut memory, GAPS, snapshot);
                stood += usize::from(since.is_some());
                for (place, (figures, (cell, part))) in shown.iter().zip(&asked.cells).enumerate() {
                    for (which, (figure, set)) in figures.iter().zip([cell, part]).enumerate() {
                        let Some(figure) = *figure else { continue };
                        let name = (seed, question.text.clone(), place, which, figure);
                        let now = figure == i128::from(set.len());
                        assert!(now || since.is_some() && ever.contains(&name), "{name:?}");
                        ever.insert(name);
                    }
                }
            }
        }
    }
    assert!(!ever.is_empty() && stood > 0);
}
