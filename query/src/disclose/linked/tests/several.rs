//! The same attacker over several answers, one after the other: after each of them nothing more is known of any null than its need
//! allows, or than was known before.

use microlp::OptimizationDirection;

use super::properties::{Dice, K, PART, end, extremes, population, question};
use super::*;

/// What is counted: nulls of small cells, of small parts, of nobody or everybody, of company, of what was not judged; and how
/// many of all were known more closely than they need before they were asked for.
type Found = [usize; 6];

/// What can be known of a null.
fn interval(population: &Population, told: &[Told], of: &Told) -> [f64; 2] {
    [OptimizationDirection::Minimize, OptimizationDirection::Maximize]
        .map(|direction| end(population, told, of, direction))
}

/// Its place among the counts, what it has to hold, and how wide it has to be.
fn need(of: &Told) -> (usize, Option<[f64; 2]>, f64) {
    let wide = if of.at.sum == 0 { K } else { PART };
    let few = Some([0.0, wide]);
    match of.why.unwrap() {
        Rule::SmallCell | Rule::Empty => (0, few, wide),
        Rule::SmallPart => (1, few.filter(|_| of.value < 5), wide),
        Rule::Everyone => (2, few.filter(|_| of.value == 0), wide),
        Rule::Linked => (3, None, 1.0),
        Rule::Unlinked => (4, None, 0.0),
        other @ (Rule::Fault
        | Rule::Dominance
        | Rule::Rest
        | Rule::Spread
        | Rule::Quantile
        | Rule::Untold
        | Rule::GivenAway
        | Rule::Before
        | Rule::MemoryFull) => panic!("{other:?}"),
    }
}

/// Whether an interval is all that a null needs.
fn meets(of: &Told, [low, high]: [f64; 2]) -> bool {
    let (_, holds, wide) = need(of);
    let holds = holds.is_none_or(|[least, most]| low < least + 0.5 && high > most - 0.5);
    holds && high - low > wide - 0.5
}

/// Attacks every null before and after each answer: what it needs, it keeps; where less was left, it keeps that, or as much of it as
/// the need is wide.
fn check(population: &Population, answers: &[Vec<Told>], case: &str) -> Found {
    let mut all = [0; 6];
    for many in 1..=answers.len() {
        let told: Vec<Told> = answers[..many].concat();
        let earlier = answers[..many - 1].concat();
        // Who knows which groups are empty knows it without asking.
        let empty = told.iter().filter(|told| told.why == Some(Rule::Empty)).cloned();
        let before: Vec<Told> = earlier.iter().cloned().chain(empty).collect();
        for (at, of) in told.iter().enumerate().filter(|(_, told)| told.why.is_some()) {
            let (place, _, wide) = need(of);
            let [low, high] = interval(population, &told, of);
            let met = meets(of, [low, high]);
            if at >= earlier.len() {
                all[place] += 1;
                all[5] += usize::from(!met);
            }
            if met {
                continue;
            }
            let then = interval(population, &before, of);
            let kept = !meets(of, then) && high - low > wide - 0.5;
            let same = low < then[0] + 0.5 && high > then[1] - 0.5;
            assert!(
                kept || same,
                "{case} after {many}: {of:?} in [{low}, {high}], was in {then:?}"
            );
        }
    }
    all
}

/// Questions one after the other, each again at the end.
fn attack(seed: u64, rounds: usize, marked: bool) -> Found {
    let mut dice = Dice(seed);
    let mut all = [0; 6];
    for round in 0..rounds {
        let mut population = Population { marked, ..population(&mut dice) };
        if marked {
            extremes(&mut dice, &mut population);
        }
        let mut asked = sequences::Asked::new(&population);
        let mut questions = vec![];
        for _ in 0..3 + dice.under(3) {
            let mut question = question(&mut dice, &population);
            // One grouping alone, as often as several.
            let one = usize::try_from(dice.under(8)).unwrap();
            if let Some(part) = question.get(one).cloned() {
                question = vec![part];
            }
            let told = asked.ask(&question, Zeros::Hidden);
            questions.push((question, told));
        }
        let case = format!("round {round}: {questions:?} {population:?}");
        for (question, told) in &questions {
            let again = asked.ask(question, Zeros::Hidden);
            let why = |told: &[Told]| told.iter().map(|told| told.why).collect::<Vec<_>>();
            assert_eq!(why(&again), why(told), "{case}");
        }
        let answers: Vec<Vec<Told>> = questions.into_iter().map(|(_, told)| told).collect();
        let found = check(&population, &answers, &case);
        all.iter_mut().zip(found).for_each(|(all, found)| *all += found);
    }
    all
}

#[test]
fn no_answer_narrows_a_null_below_its_need() {
    let [small, parts, _, linked, unlinked, _] = attack(21, 50, false);
    assert!(small > 100 && parts > 20 && linked > 50, "{small} {parts} {linked} {unlinked}");
    assert!(unlinked * 4 < linked, "{linked} {unlinked}");
}

#[test]
fn no_answer_tells_nobody_or_everybody_by_others() {
    let [_, _, alike, linked, unlinked, _] = attack(22, 30, true);
    assert!(alike > 10 && linked > 30, "{alike} {linked} {unlinked}");
}
