//! A03 and A31: what everything shown leaves of a null. For each null the attacker solves two linear programs over the groups that cannot
//! be divided further: they are not negative, and every figure that is shown is a sum of some of them.

use std::collections::{BTreeMap, BTreeSet};

use microlp::{ComparisonOp, OptimizationDirection, Problem};

use super::ask::{Ask, Told};
use super::figures::{Limit, Measure, float};
use super::weak::Mechanism;
use super::world::{Shape, World};
use super::{Attack, Scale, Weakness};
use policies::Profile;

/// The thresholds of cells and of parts.
const LEAST: usize = 10;
const LEAST_PART: usize = 5;
/// No group is larger.
const MOST: f64 = 10_000.0;
/// What an interval may fall short of.
const TOLERANCE: f64 = 0.5;

const SHAPE: Shape = Shape { blocks: 6, size: 40, others: 0, twins: false };

/// The attacks of this family.
pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "A03",
        name: "margins of one answer",
        how: "CUBE over hospital and two or three columns, with parts; for each null two linear programs over everything that the answer shows; counted are nulls whose interval does not hold 0 to the threshold less one, or is narrower",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |_| SHAPE,
        more: super::nothing_more,
        run: |ask, world, scale| margins(ask, world, (scale, true)),
    },
    Attack {
        id: "A03",
        name: "margins over several answers",
        how: "the same cells and margins one question after the other, by three people, and everything that was shown in one program; not counted are nulls that were known as closely before anybody asked for them",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |_| SHAPE,
        more: super::nothing_more,
        run: |ask, world, scale| margins(ask, world, (scale, false)),
    },
    Attack {
        id: "A31",
        name: "overlapping networks, incomplete totals, the asker's own data",
        how: "cells by hospital and by sub-network with a hospital in both, one question for each pair of columns; the asker knows its own patients; counted are nulls of others as for A03",
        profile: Profile::Members,
        limit: Limit::AtMost(0.0),
        weak: &[Weakness::Of(Mechanism::Threshold)],
        shape: |_| SHAPE,
        more: super::nothing_more,
        run: networks,
    },
];

/// Groups whose sum is known.
type Relation = (BTreeSet<usize>, f64);

/// Groups that are known singly, and relations between the others.
type Solved = (BTreeMap<usize, f64>, Vec<Relation>);

/// What is known of a table.
struct Known<'w> {
    world: &'w World,
    /// The columns that divide a hospital's patients; the first is the hospital, the last the bit.
    columns: Vec<&'static str>,
    /// The finest groups, and the truth about them.
    groups: Vec<(Vec<String>, usize)>,
    /// Figures that were shown.
    shown: Vec<(BTreeSet<usize>, f64)>,
    /// Nulls, with the threshold that made them so at least, and how many figures were shown before anybody asked for them.
    nulls: BTreeMap<BTreeSet<usize>, (usize, usize)>,
}

impl<'w> Known<'w> {
    fn new(world: &'w World, columns: &[&'static str]) -> Self {
        let columns: Vec<&'static str> = std::iter::once("hospital")
            .chain(columns.iter().copied())
            .chain(["positive"])
            .collect();
        let mut groups: Vec<(Vec<String>, usize)> = vec![(Vec::new(), 0)];
        for column in &columns {
            let values: Vec<String> = match *column {
                "hospital" => world.hospitals.iter().map(|(code, _)| code.clone()).collect(),
                "a" => ["1", "2", "3"].map(str::to_owned).to_vec(),
                "b" => ["1", "2", "3", "4"].map(str::to_owned).to_vec(),
                "c" => ["1", "2"].map(str::to_owned).to_vec(),
                _ => ["0", "1"].map(str::to_owned).to_vec(),
            };
            let longer = groups.iter().flat_map(|(before, _)| {
                values
                    .iter()
                    .map(move |value| ([&before[..], std::slice::from_ref(value)].concat(), 0))
            });
            groups = longer.collect();
        }
        let mut known = Self { world, columns, groups, shown: Vec::new(), nulls: BTreeMap::new() };
        known.count();
        known
    }

    /// The truth.
    fn count(&mut self) {
        let mut counts: BTreeMap<Vec<String>, usize> = BTreeMap::new();
        for (code, patients) in &self.world.hospitals {
            for patient in patients {
                let rest = self.columns.iter().skip(1);
                let rest = rest.map(|name| patient.get(name).unwrap_or(-1).to_string());
                *counts.entry(std::iter::once(code.clone()).chain(rest).collect()).or_default() +=
                    1;
            }
        }
        for (group, n) in &mut self.groups {
            *n = counts.get(group).copied().unwrap_or_default();
        }
    }

    /// The finest groups of hospitals and values; a column that is not named is any.
    fn within(&self, hospitals: &[String], values: &BTreeMap<&str, &str>) -> BTreeSet<usize> {
        let inside = |group: &Vec<String>| {
            let at_hospital = group.first().is_some_and(|code| hospitals.contains(code));
            let mut pairs = self.columns.iter().zip(group);
            at_hospital
                && pairs.all(|(name, value)| values.get(name).is_none_or(|wanted| wanted == value))
        };
        let groups = self.groups.iter().enumerate().filter(|(_, (group, _))| inside(group));
        groups.map(|(at, _)| at).collect()
    }

    fn truth(&self, set: &BTreeSet<usize>) -> usize {
        set.iter().filter_map(|at| self.groups.get(*at)).map(|(_, n)| n).sum()
    }

    /// Takes in an answer of these key columns, then a count, then perhaps a part.
    fn learn(&mut self, told: &Told, keys: &[&'static str], has_part: bool) {
        let Some(answer) = &told.answer else { return };
        let all: Vec<String> = self.world.hospitals.iter().map(|(code, _)| code.clone()).collect();
        let before = self.shown.len();
        let (counts, parts) =
            (answer.by(keys.len(), keys.len()), answer.by(keys.len(), keys.len() + 1));
        for (key, n) in counts {
            let mut hospitals = all.clone();
            let mut values = BTreeMap::new();
            for (name, value) in keys.iter().zip(&key).filter(|(_, value)| *value != "NULL") {
                match *name {
                    "hospital" => hospitals = vec![value.clone()],
                    "network" => hospitals = members(&all, value),
                    name => {
                        values.insert(name, value.as_str());
                    }
                }
            }
            let set = self.within(&hospitals, &values);
            self.note(set, n, (LEAST, before));
            let part = parts.get(&key).copied().flatten();
            if has_part {
                for (bit, figure) in [("1", part), ("0", n.zip(part).map(|(n, part)| n - part))] {
                    let mut values = values.clone();
                    values.insert("positive", bit);
                    let set = self.within(&hospitals, &values);
                    self.note(set, figure, (LEAST_PART, before));
                }
            }
        }
    }

    fn note(&mut self, set: BTreeSet<usize>, figure: Option<f64>, (least, before): (usize, usize)) {
        match figure {
            Some(figure) => self.shown.push((set, figure)),
            None => {
                let known = self.nulls.entry(set).or_insert((least, before));
                known.0 = least;
            }
        }
    }

    /// Of the first figures: the groups that are known singly, and what is left of the relations.
    fn solved(&self, first: usize) -> Solved {
        let mut single: BTreeMap<usize, f64> = BTreeMap::new();
        let mut left: Vec<Relation> = self.shown.iter().take(first).cloned().collect();
        loop {
            let before = single.len();
            for (set, figure) in &mut left {
                set.retain(|at| match single.get(at) {
                    Some(known) => {
                        *figure -= known;
                        false
                    }
                    None => true,
                });
                if figure.abs() < TOLERANCE {
                    single.extend(set.iter().map(|at| (*at, 0.0)));
                } else if let (1, Some(at)) = (set.len(), set.first()) {
                    single.insert(*at, *figure);
                }
            }
            left.retain(|(set, _)| !set.is_empty());
            if single.len() == before {
                left.sort_by(|one, two| one.0.cmp(&two.0));
                left.dedup_by(|one, two| one.0 == two.0);
                return (single, left);
            }
        }
    }

    /// Nulls of which too much is known.
    fn judge(&self, chosen: impl Fn(&BTreeSet<usize>) -> bool) -> Measure {
        let all = self.solved(self.shown.len());
        let mut earlier: BTreeMap<usize, Solved> = BTreeMap::new();
        let (mut found, mut of, mut silent, mut example) = (0, 0, 0, None);
        for (set, (least, before)) in self.nulls.iter().filter(|(set, _)| chosen(set)) {
            let truth = self.truth(set);
            of += 1;
            let Some((low, high)) = within(&all, set) else {
                silent += 1;
                continue;
            };
            let wide = float(least.saturating_sub(1));
            let safe = |(low, high): (f64, f64)| match truth < *least {
                true => low <= TOLERANCE && high >= wide - TOLERANCE,
                false => high - low >= wide - TOLERANCE,
            };
            if safe((low, high)) {
                continue;
            }
            let earlier = earlier.entry(*before).or_insert_with(|| self.solved(*before));
            let then = within(earlier, set).unwrap_or((0.0, MOST));
            let same = low <= then.0 + TOLERANCE && high >= then.1 - TOLERANCE;
            if !(same || !safe(then) && high - low >= wide - TOLERANCE) {
                found += 1;
                let names = set
                    .iter()
                    .take(2)
                    .filter_map(|at| self.groups.get(*at))
                    .map(|(group, _)| group.join("/"));
                let names: Vec<String> = names.collect();
                example.get_or_insert_with(|| {
                    format!(
                        "{} groups from {names:?}: {truth} is in [{low:.1}, {high:.1}]",
                        set.len()
                    )
                });
            }
        }
        Measure::found(found, of).silent(silent).example(example)
    }
}

/// The hospitals of a sub-network.
fn members(all: &[String], network: &str) -> Vec<String> {
    let of = super::networks(all.iter());
    let of = of.iter().find(|(id, _)| id.as_str() == network);
    of.map(|(_, codes)| codes.iter().map(ToString::to_string).collect()).unwrap_or_default()
}

/// What a sum of groups can be at least and at most.
fn within((single, relations): &Solved, set: &BTreeSet<usize>) -> Option<(f64, f64)> {
    let known: f64 = set.iter().filter_map(|at| single.get(at)).sum();
    let open: BTreeSet<usize> = set.iter().filter(|at| !single.contains_key(at)).copied().collect();
    let (low, high) = interval(relations, &open)?;
    Some((low + known, high + known))
}

/// What the sum of these groups can be at least and at most, of which none is known singly.
fn interval(relations: &[(BTreeSet<usize>, f64)], open: &BTreeSet<usize>) -> Option<(f64, f64)> {
    if open.is_empty() {
        return Some((0.0, 0.0));
    }
    let mut reached = open.clone();
    loop {
        let before = reached.len();
        for (set, _) in relations {
            if !set.is_disjoint(&reached) {
                reached.extend(set);
            }
        }
        if reached.len() == before {
            break;
        }
    }
    let solve = |direction| {
        let mut problem = Problem::new(direction);
        let variables: BTreeMap<usize, _> = reached
            .iter()
            .map(|at| {
                let weight = if open.contains(at) { 1.0 } else { 0.0 };
                (*at, problem.add_var(weight, (0.0, MOST)))
            })
            .collect();
        for (set, figure) in relations.iter().filter(|(set, _)| !set.is_disjoint(&reached)) {
            let terms: Vec<_> =
                set.iter().filter_map(|at| Some((*variables.get(at)?, 1.0))).collect();
            problem.add_constraint(terms, ComparisonOp::Eq, *figure);
        }
        let solution = problem.solve().ok()?.into_solution().ok()?;
        Some(
            open.iter()
                .filter_map(|at| variables.get(at))
                .map(|of| solution.var_value(*of))
                .sum::<f64>(),
        )
    };
    Some((solve(OptimizationDirection::Minimize)?, solve(OptimizationDirection::Maximize)?))
}

fn sum(measures: Vec<Measure>) -> Measure {
    let (mut found, mut of, mut silent, mut example) = (0.0, 0, 0, None);
    for measure in measures {
        found += measure.value;
        of += measure.of;
        silent += measure.silent;
        example = example.or(measure.example);
    }
    Measure { value: found, ..Measure::found(0, of) }.silent(silent).example(example)
}

fn margins(
    ask: &mut dyn Ask,
    world: &World,
    (scale, at_once): (Scale, bool),
) -> anyhow::Result<Measure> {
    let choices: &[&[&'static str]] =
        scale.pick(&[&["a", "c"]], &[&["a", "c"], &["a", "b"], &["b", "c"], &["a", "b", "c"]]);
    let mut measures = Vec::new();
    for columns in choices {
        let mut known = Known::new(world, columns);
        let keys: Vec<&'static str> =
            std::iter::once("hospital").chain(columns.iter().copied()).collect();
        let has_part = columns.len() == 2;
        let part = if has_part { ", count(*) FILTER (WHERE positive = 1) AS p" } else { "" };
        let names = keys.join(", ");
        if at_once {
            let sql =
                format!("SELECT {names}, count(*) AS n{part} FROM patient GROUP BY CUBE ({names})");
            known.learn(&ask.ask(&sql, 0)?, &keys, has_part);
        } else {
            for bits in 0..1_usize << columns.len() {
                let some = columns.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
                let keys: Vec<&'static str> =
                    std::iter::once("hospital").chain(some.map(|(_, name)| *name)).collect();
                let names = keys.join(", ");
                let sql =
                    format!("SELECT {names}, count(*) AS n{part} FROM patient GROUP BY {names}");
                known.learn(&ask.ask(&sql, bits)?, &keys, has_part);
            }
        }
        measures.push(known.judge(|_| true));
    }
    Ok(sum(measures))
}

fn networks(ask: &mut dyn Ask, world: &World, scale: Scale) -> anyhow::Result<Measure> {
    let columns: &[&'static str] = scale.pick(&["a", "b"], &["a", "b", "c"]);
    let pairs: &[[&'static str; 2]] =
        scale.pick(&[["a", "b"]], &[["a", "b"], ["a", "c"], ["b", "c"]]);
    let mut known = Known::new(world, columns);
    for (turn, [one, two]) in pairs.iter().enumerate() {
        for by in ["hospital", "network"] {
            let sql = format!(
                "SELECT {by}, {one}, {two}, count(*) AS n FROM patient GROUP BY CUBE ({by}, {one}, {two})"
            );
            let told = ask.ask(&sql, turn)?;
            anyhow::ensure!(told.answer.is_some(), "{sql} is refused: {:?}", told.refused);
            known.learn(&told, &[by, *one, *two], false);
        }
    }
    // The asking hospital reads its own data.
    let own = world.hospitals.first().map(|(code, _)| code.clone()).unwrap_or_default();
    let mine = known.within(std::slice::from_ref(&own), &BTreeMap::new());
    let mine: Vec<(BTreeSet<usize>, f64)> = mine
        .iter()
        .filter_map(|at| Some((BTreeSet::from([*at]), float(known.groups.get(*at)?.1))))
        .collect();
    let own: BTreeSet<usize> = mine.iter().flat_map(|(set, _)| set.iter().copied()).collect();
    known.shown.extend(mine);
    Ok(known.judge(|set| set.is_disjoint(&own)))
}
