//! An attacker of its own: linear programs over the patients of every combination of grade, size and death, knowing every figure that
//! is shown and nothing of how the answer was linked.

use microlp::{ComparisonOp, OptimizationDirection, Problem};

use super::*;

pub(super) const K: f64 = 9.0;
pub(super) const PART: f64 = 4.0;

/// The least or greatest that a figure can be. Who attacks a small group knows the empty ones.
pub(super) fn end(
    population: &Population,
    told: &[Told],
    of: &Told,
    direction: OptimizationDirection,
) -> f64 {
    let known = |told: &&Told| {
        let small = matches!(of.why, Some(Rule::SmallCell | Rule::SmallPart));
        told.why.is_none() || small && told.why == Some(Rule::Empty)
    };
    let meets = |places: &[(usize, u32)], at: &[u32; 3]| {
        places.iter().all(|(axis, place)| at[*axis] == *place)
    };
    let cells = || population.of.keys();
    let mut problem = Problem::new(direction);
    let cap = f64::from(population.count(&[])) + 100.0;
    let variables: Vec<_> = cells()
        .map(|at| problem.add_var(f64::from(u8::from(meets(&of.of, at))), (0.0, cap)))
        .collect();
    for shown in told.iter().filter(known) {
        let terms: Vec<_> = cells()
            .zip(&variables)
            .filter(|(at, _)| meets(&shown.of, at))
            .map(|(_, variable)| (*variable, 1.0))
            .collect();
        problem.add_constraint(terms, ComparisonOp::Eq, f64::from(shown.value));
    }
    problem.solve().unwrap().into_solution().unwrap().objective()
}

pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn under(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// Cells of nobody, a few or many, few or many of them dead.
pub(super) fn population(dice: &mut Dice) -> Population {
    let sizes =
        [2 + u32::try_from(dice.under(2)).unwrap(), 2 + u32::try_from(dice.under(2)).unwrap(), 2];
    let mut of = BTreeMap::new();
    for grade in 0..sizes[0] {
        for size in 0..sizes[1] {
            let all = [0, 2, 6, 9, 11, 14, 20, 45][usize::try_from(dice.under(8)).unwrap()];
            let gone = u32::try_from(dice.under(u64::from(all) + 1)).unwrap();
            let gone = if dice.under(2) == 0 { gone.min(5) } else { gone };
            of.insert([grade, size, 0], all - gone);
            of.insert([grade, size, 1], gone);
        }
    }
    Population { sizes, of, marked: false }
}

/// Nobody or everybody dead in some of the cells.
pub(super) fn extremes(dice: &mut Dice, population: &mut Population) {
    let living: Vec<[u32; 3]> = population.of.keys().filter(|at| at[DEAD] == 0).copied().collect();
    for at in living {
        let dead = [at[0], at[1], 1];
        let all = population.of[&at] + population.of[&dead];
        let gone = [None, Some(0), Some(all)][usize::try_from(dice.under(3)).unwrap()];
        if let Some(gone) = gone {
            population.of.extend([(at, all - gone), (dead, gone)]);
        }
    }
}

/// Some grouping sets, at times of one grade alone.
pub(super) fn question(dice: &mut Dice, population: &Population) -> Vec<Part> {
    let dead = dice.under(2) == 0;
    let mut parts: Vec<Part> = vec![];
    for keys in [&[0, 1][..], &[0], &[1], &[]] {
        if dice.under(3) > 0 {
            parts.push(Part { dead, ..by(keys) });
        }
    }
    if dice.under(3) == 0 {
        let grade = u32::try_from(dice.under(u64::from(population.sizes[0]))).unwrap();
        let keys: &[usize] = if dice.under(2) == 0 { &[1] } else { &[] };
        parts.push(Part { fixed: vec![(0, grade)], dead: dead && dice.under(2) == 0, ..by(keys) });
    }
    parts
}

/// How many figures are null by which rule, of so many rounds.
fn attack(seed: u64, rounds: usize, marked: bool) -> [usize; 5] {
    let mut dice = Dice(seed);
    let mut all = [0; 5];
    for round in 0..rounds {
        let mut population = Population { marked, ..population(&mut dice) };
        if marked {
            extremes(&mut dice, &mut population);
        }
        let question = question(&mut dice, &population);
        let told = population.ask(&question, Zeros::Hidden);
        let case = format!("round {round}: {question:?} {population:?}");
        let found = check(&population, &told, &case);
        all.iter_mut().zip(found).for_each(|(all, found)| *all += found);
    }
    all
}

/// Attacks every null with all that is shown; how many there are by rule.
fn check(population: &Population, told: &[Told], case: &str) -> [usize; 5] {
    let mut all = [0; 5];
    for of in told.iter().filter(|told| told.why.is_some()) {
        let low = end(population, told, of, OptimizationDirection::Minimize);
        let high = end(population, told, of, OptimizationDirection::Maximize);
        let found = judge(of, [low, high], case);
        all.iter_mut().zip(found).for_each(|(all, found)| *all += found);
    }
    all
}

/// Whether an interval is one that a null may be known to be in.
fn judge(of: &Told, [low, high]: [f64; 2], case: &str) -> [usize; 5] {
    let [mut small, mut parts, mut alike, mut linked, mut unlinked] = [0; 5];
    {
        let whole = of.at.sum == 0;
        let case = || format!("{case} {of:?} in [{low}, {high}]");
        match of.why.unwrap() {
            Rule::SmallCell | Rule::Empty => {
                small += 1;
                let least = if whole { K } else { PART };
                assert!(low < 0.5 && high > least - 0.5, "{}", case());
            }
            Rule::SmallPart => {
                parts += 1;
                assert!(high - low > PART - 0.5, "{}", case());
                assert!(of.value >= 5 || low < 0.5, "{}", case());
            }
            Rule::Everyone => {
                alike += 1;
                assert!(high - low > PART - 0.5, "{}", case());
                assert!(of.value > 0 || low < 0.5, "{}", case());
            }
            Rule::Linked => {
                linked += 1;
                assert!(high - low > 0.5, "{}", case());
            }
            Rule::Unlinked => unlinked += 1,
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
    [small, parts, alike, linked, unlinked]
}

#[test]
fn no_null_is_known_more_closely_than_its_rule_allows() {
    let [small, parts, alike, linked, unlinked] = attack(11, 120, false);
    assert!(
        small > 100 && parts > 30 && alike == 0 && linked > 60 && unlinked * 20 < linked,
        "{small} {parts} {linked} {unlinked}"
    );
}

#[test]
fn nobody_and_everybody_stay_unknown_where_they_are_sensitive() {
    let [_, parts, alike, linked, unlinked] = attack(12, 80, true);
    assert!(parts > 15 && alike > 30 && linked > 30, "{parts} {alike} {linked} {unlinked}");
}
