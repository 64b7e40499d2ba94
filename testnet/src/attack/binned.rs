//! A06, A07 and A30 by bins, and A06 at a threshold: whether a known person is in a set, from histograms, medians, and from whether they are shown.
//!
//! The sets and what the attacker knows are those of [`super::membership`]. Who knows the target knows its bin, so the difference there is
//! one patient or none; what the other bins differ by is noise of another form alone.

use std::collections::BTreeMap;

use super::ask::Ask;
use super::figures::{Limit, Measure, float, guessed};
use super::membership::{Figures, count, less, mean, samples, seen};
use super::noise::sized;
use super::weak::Mechanism;
use super::world::{Patient, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

const THRESHOLD: &[Weakness] = &[Weakness::Of(Mechanism::Threshold)];

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A06",
        name: "one difference of histograms",
        how: "the histogram and the median of a column over S less those over S'; the guess from the target's bin, from how much all bins differ, from the others, or from where the median moves",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.62),
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(40, 400), 60, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| one(ask, world, Words::Where),
    },
    Attack {
        id: "A06",
        name: "one difference of histograms in exact answers",
        how: "the same under ask.members, where the cell is exact and S and S' are conditions of the histogram: bins have noise",
        profile: Profile::Members,
        limit: Limit::AtMost(0.62),
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(40, 400), 60, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| one(ask, world, Words::Filter),
    },
    Attack {
        id: "A06",
        name: "shown or not, at the threshold",
        how: "the count of S and of S' where S is of about twelve patients; the guess from whether one of the two is shown and the other is not, else from the difference",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.62),
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(60, 400), 20, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| at_threshold(ask, world, Words::Where),
    },
    Attack {
        id: "A06",
        name: "bins shown or not, at the threshold",
        how: "the same of histograms under ask.members",
        profile: Profile::Members,
        limit: Limit::AtMost(0.62),
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(60, 400), 20, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| at_threshold(ask, world, Words::Filter),
    },
    Attack {
        id: "A07",
        name: "many differences of histograms",
        how: "differences of the target's bins of S and S' in five columns, S' by two conditions, until nothing more comes; the guess from means over the first ones",
        profile: Profile::Explore,
        limit: Limit::AtMost(0.7),
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(40, 250), 60, 7),
        more: super::nothing_more,
        run: |ask, world, _scale| many(ask, world, Words::Where),
    },
    Attack {
        id: "A07",
        name: "many differences of histograms in exact answers",
        how: "the same, S' by four conditions, under ask.members, where nothing limits over how many conditions bins are asked",
        profile: Profile::Members,
        limit: Limit::Published,
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(40, 100), 60, 0),
        more: super::nothing_more,
        run: |ask, world, _scale| many(ask, world, Words::Filter),
    },
    Attack {
        id: "A30",
        name: "exact less noisy bins",
        how: "the exact count of S between the edges of the target's bin, under ask.members, less that bin of S', which three people ask",
        profile: Profile::Members,
        limit: Limit::AtMost(0.62),
        weak: THRESHOLD,
        shape: |scale| sized(scale.pick(40, 400), 80, 0),
        more: super::nothing_more,
        run: exact_less_bins,
    },
];

/// Where the conditions of S and S' stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// They choose the cell.
    Where,
    /// They are the figure's own, and the cell is the whole block.
    Filter,
}

/// A figure of the positive of each block, under a further condition.
fn text(words: Words, figure: &str, condition: &str) -> String {
    let (filter, chosen) = match words {
        Words::Where => (String::new(), format!(" AND positive = 1{condition}")),
        Words::Filter => (format!(" FILTER (WHERE positive = 1{condition})"), String::new()),
    };
    format!(
        "SELECT hospital, block, {figure}{filter} AS f FROM patient WHERE side = 1{chosen} GROUP BY hospital, block"
    )
}

/// A bin: its edges, and what is told of it.
type Bin = (f64, f64, f64);

/// The bins of `first..last: count, ...`.
fn bins(text: &str) -> Option<Vec<Bin>> {
    let bin = |text: &str| {
        let (edges, count) = text.split_once(": ")?;
        let (first, last) = edges.split_once("..")?;
        Some((first.parse().ok()?, last.parse().ok()?, count.parse().ok()?))
    };
    text.split(", ").map(bin).collect()
}

/// Each block's histogram of a column.
fn histograms(
    ask: &mut dyn Ask,
    (words, column): (Words, &str),
    condition: &str,
    who: usize,
) -> anyhow::Result<BTreeMap<Vec<String>, Vec<Bin>>> {
    let told = ask.ask(&text(words, &format!("histogram({column})"), condition), who)?;
    let words = told.words(2, 2).into_iter();
    Ok(words.filter_map(|(block, text)| Some((block, bins(&text)?))).collect())
}

/// The bin that a value is in.
fn own(bins: &[Bin], value: f64) -> Option<f64> {
    let of = bins.iter().rev().find(|(first, ..)| *first <= value);
    of.map(|(_, _, count)| *count)
}

/// What is told of the target's bin of `y` in each block.
fn of_targets(
    targets: &BTreeMap<Vec<String>, &Patient>,
    told: BTreeMap<Vec<String>, Vec<Bin>>,
) -> Figures {
    let own = |(block, bins): (Vec<String>, Vec<Bin>)| {
        let value = value(targets.get(&block)?, "y");
        Some((block, own(&bins, value)?))
    };
    told.into_iter().filter_map(own).collect()
}

fn value(target: &Patient, column: &str) -> f64 {
    let at = ["m1", "m2", "m3", "m4"].iter().position(|name| *name == column);
    let own = at.and_then(|at| target.m.get(at).copied()).or_else(|| target.get(column));
    own.and_then(|own| usize::try_from(own).ok()).map_or(f64::NAN, float)
}

/// The difference in each target's bin, and those of all bins.
type Differences = (Figures, BTreeMap<Vec<String>, Vec<f64>>);

/// The differences of the histograms over S and S'.
fn differences(
    ask: &mut dyn Ask,
    world: &World,
    (words, column, without): (Words, &str, &str),
    turn: usize,
) -> anyhow::Result<Differences> {
    let with = histograms(ask, (words, column), "", turn)?;
    let without = histograms(ask, (words, column), &format!(" AND {without}"), turn + 1)?;
    let (mut owns, mut all) = (Figures::new(), BTreeMap::new());
    for (block, target) in world.targets() {
        let Some((with, without)) = with.get(&block).zip(without.get(&block)) else { continue };
        let value = value(target, column);
        if let Some((one, two)) = own(with, value).zip(own(without, value)) {
            owns.insert(block.clone(), one - two);
        }
        all.insert(block, with.iter().zip(without).map(|(one, two)| one.2 - two.2).collect());
    }
    Ok((owns, all))
}

fn one(ask: &mut dyn Ask, world: &World, words: Words) -> anyhow::Result<Measure> {
    let (owns, all) = differences(ask, world, (words, "y", "m1 < 90"), 0)?;
    let mut middles = Vec::new();
    for (turn, condition) in ["", " AND m1 < 90"].into_iter().enumerate() {
        for figure in ["median(y)", "quantile(y, 0.5)"] {
            middles.push(ask.ask(&text(words, figure, condition), turn)?.by(2, 2));
        }
    }
    let targets = world.targets();
    let middle = |place: usize, block: &Vec<String>| {
        let told: Option<f64> = middles.get(place).and_then(|of| of.get(block).copied().flatten());
        told.unwrap_or(f64::NAN)
    };
    let seen = |block: &Vec<String>| {
        let own = owns.get(block).copied().unwrap_or(f64::NAN);
        let of = all.get(block).map(Vec::as_slice).unwrap_or_default();
        let sizes: Vec<f64> = of.iter().map(|difference| difference.abs()).collect();
        let zeros = sizes.iter().filter(|size| **size < 0.5).count();
        let sum: f64 = of.iter().sum();
        // Without a patient above the median it is lower.
        let above = targets.get(block).map_or(f64::NAN, |one| value(one, "y") - middle(0, block));
        let moved = (middle(0, block) - middle(2, block)) * above.signum();
        let again = (middle(1, block) - middle(3, block)) * above.signum();
        let shown = if of.is_empty() { f64::NAN } else { float(zeros) };
        vec![
            own,
            (own - 0.5).abs(),
            sum,
            mean(&sizes),
            own - (sum - own) / 3.0,
            moved,
            again,
            shown,
        ]
    };
    Ok(guessed(&samples(world, seen)))
}

/// What S' leaves the target out by.
const WITHOUT: [&str; 4] = ["m1 < 90", "m2 < 90", "m3 < 90", "m4 < 90"];

fn many(ask: &mut dyn Ask, world: &World, words: Words) -> anyhow::Result<Measure> {
    let mut all = Vec::new();
    // Under explore each pair uses two of the cells that a patient may be in: there are no more than eight pairs.
    let forms = if words == Words::Where { 2 } else { WITHOUT.len() };
    for without in WITHOUT.into_iter().take(forms) {
        for column in ["y", "x", "m1", "m2", "m3", "m4"] {
            if without.starts_with(column) {
                continue;
            }
            all.push(differences(ask, world, (words, column, without), all.len())?.0);
        }
    }
    Ok(guessed(&samples(world, |block| seen(&all, block))))
}

/// Whether the figures of S and of S' are shown is one more figure: thresholds have noise of their own, drawn by set and form.
fn at_threshold(ask: &mut dyn Ask, world: &World, words: Words) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let mut told = Vec::new();
    for (turn, condition) in ["", " AND m1 < 90"].into_iter().enumerate() {
        told.push(match words {
            Words::Where => count(ask, &targets, (None, false), condition, turn)?,
            Words::Filter => of_targets(&targets, histograms(ask, (words, "y"), condition, turn)?),
        });
    }
    let [with, without] = told.as_slice() else { anyhow::bail!("two figures") };
    let both = less(with, without);
    let seen = |block: &Vec<String>| {
        let differs = with.contains_key(block) != without.contains_key(block);
        let size = both.get(block).map_or(-1.0, |own| (own - 0.5).abs());
        let own = both.get(block).copied().unwrap_or(f64::NAN);
        vec![float(usize::from(differs)), if differs { 99.0 } else { size }, own]
    };
    Ok(guessed(&samples(world, seen)))
}

/// The bins of `y`, as conditions.
const BINS: [&str; 4] = ["y < 25", "y >= 25 AND y < 50", "y >= 50 AND y < 75", "y >= 75"];

fn exact_less_bins(ask: &mut dyn Ask, world: &World, _scale: Scale) -> anyhow::Result<Measure> {
    let targets = world.targets();
    let mut exact = Figures::new();
    for (at, condition) in BINS.into_iter().enumerate() {
        let told = ask.ask(&text(Words::Filter, "count(*)", &format!(" AND {condition}")), at)?;
        let told = told.by(2, 2);
        let own = targets.iter().filter(|(_, target)| target.y.min(99) / 25 == place(at));
        let own = own.filter_map(|(block, _)| Some((block.clone(), (*told.get(block)?)?)));
        exact.extend(own);
    }
    let mut all = Vec::new();
    for who in 0..3 {
        let noisy = histograms(ask, (Words::Filter, "y"), " AND m1 < 90", who)?;
        all.push(less(&exact, &of_targets(&targets, noisy)));
    }
    Ok(guessed(&samples(world, |block| seen(&all, block))))
}

fn place(at: usize) -> i64 {
    i64::try_from(at).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_read_and_a_value_has_one() {
        let bins = bins("0..25: 3, 25..50: 0, 50..100: 12").unwrap();
        assert_eq!(bins, [(0.0, 25.0, 3.0), (25.0, 50.0, 0.0), (50.0, 100.0, 12.0)]);
        assert_eq!(
            [0.0, 24.0, 25.0, 100.0].map(|value| own(&bins, value)),
            [3.0, 3.0, 0.0, 12.0].map(Some)
        );
        assert_eq!(super::bins("0..25"), None);
    }
}
