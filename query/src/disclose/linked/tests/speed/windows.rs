//! How long texts take that differ in a limit, each beside all those before it, as `testnet bench` asks them.

use std::time::{Duration, Instant};

use policies::footprint::LinkKey;

use super::*;
use crate::disclose::linked::tests::properties::Dice;
use crate::memory::Memory;

/// Patients by their places on every column.
struct Patients {
    columns: Vec<u32>,
    of: Vec<Vec<u32>>,
}

/// A grouping by some columns, in sets of places or by single ones; all patients of each group, or those below limits.
struct Grouping {
    keys: Vec<(usize, Vec<LinkSet>)>,
    below: Vec<Vec<(usize, LinkSet)>>,
}

impl Patients {
    fn new(seed: u64, many: usize, columns: &[u32]) -> Self {
        let mut dice = Dice(seed);
        let mut patient = |_| columns.iter().map(|size| place(&mut dice, *size)).collect();
        Self { columns: columns.to_vec(), of: (0..many).map(&mut patient).collect() }
    }

    fn axis(&self, column: usize) -> LinkAxis {
        LinkAxis { axis: u32::try_from(column).unwrap(), size: self.columns[column] }
    }

    fn groups(&self, (column, sets): &(usize, Vec<LinkSet>)) -> Vec<LinkSet> {
        let single = || (0..self.columns[*column]).map(LinkSet::one).collect();
        if sets.is_empty() { single() } else { sets.clone() }
    }

    /// The patients of each cell, for each sum.
    fn counts(&self, grouping: &Grouping) -> Vec<Vec<u32>> {
        let keys: Vec<Vec<LinkSet>> = grouping.keys.iter().map(|key| self.groups(key)).collect();
        let of: Vec<BTreeMap<u32, usize>> = keys
            .iter()
            .map(|groups| {
                let places = groups.iter().enumerate().flat_map(|(at, set)| {
                    set.ranges()
                        .iter()
                        .flat_map(move |(low, high)| (*low..*high).map(move |place| (place, at)))
                });
                places.collect()
            })
            .collect();
        let cells = keys.iter().map(Vec::len).product();
        let mut counts = vec![vec![0; grouping.below.len()]; cells];
        for patient in &self.of {
            let places = grouping.keys.iter().zip(&keys).zip(&of);
            let cell = places.fold(0, |cell, (((column, _), groups), of)| {
                cell * groups.len() + of[&patient[*column]]
            });
            for (sum, below) in grouping.below.iter().enumerate() {
                let meets =
                    below.iter().all(|(column, set)| LinkSet::one(patient[*column]).within(set));
                counts[cell][sum] += u32::from(meets);
            }
        }
        counts
    }

    fn footprint(&self, grouping: &Grouping) -> FragmentFootprint {
        let keys = grouping
            .keys
            .iter()
            .map(|(column, cells)| LinkKey { axis: self.axis(*column), cells: cells.clone() });
        let sum =
            |measure| SumFootprint { text: String::new(), kind: SumKind::Rows, scale: 0, measure };
        let sums = grouping.below.iter().map(|below| {
            let mut fixed: Vec<LinkFixed> = below
                .iter()
                .map(|(column, places)| LinkFixed {
                    axis: self.axis(*column),
                    places: places.clone(),
                })
                .collect();
            fixed.sort_unstable();
            LinkSum { of: 0, fixed, part_of: Vec::new() }
        });
        FragmentFootprint {
            digest: Digest::of(format!("{:?} {:?}", grouping.keys, grouping.below).as_bytes()),
            group_keys: grouping.keys.iter().map(|_| String::new()).collect(),
            cells: self.counts(grouping).len() as u64,
            sums: (0..).map(sum).take(grouping.below.len()).collect(),
            measures: measures(false)[..grouping.below.len()].to_vec(),
            explore: Explore::default(),
            links: vec![LinkFootprint {
                base: Digest::of(b"patient"),
                keys: keys.collect(),
                sums: sums.collect(),
            }],
            vectors: Vec::new(),
            sensitive: false,
        }
    }

    fn fragment(&self, grouping: &Grouping) -> RawFragment {
        let cell = |counts: &Vec<u32>| {
            let rows = |many| (0..many).map(|patient| (patient, 1)).collect::<Vec<(u32, i128)>>();
            let of =
                counts.iter().zip(measures(false)).map(|(many, measure)| (measure, rows(*many)));
            let sums = counts.iter().map(|many| (0, i128::from(*many))).collect();
            RawFragment::of_contributions(counts[0], sums, of.collect())
        };
        RawFragment::joined(self.counts(grouping).iter().map(cell).collect())
    }
}

fn place(dice: &mut Dice, size: u32) -> u32 {
    u32::try_from(dice.under(u64::from(size))).unwrap()
}

/// A hospital that is asked, and what judging took.
struct Hospital {
    patients: Patients,
    memory: Memory,
    took: Vec<Duration>,
}

impl Hospital {
    fn new(patients: Patients) -> Self {
        let memory = Memory::new(*Digest::of(b"lineage").as_bytes());
        Self { patients, memory, took: Vec::new() }
    }

    /// How many of the figures are null.
    fn ask(&mut self, groupings: &[Grouping]) -> usize {
        let (protections, limits) = (protections(Zeros::Hidden, 10), Limits::DEFAULT);
        let fragments: Vec<RawFragment> =
            groupings.iter().map(|of| self.patients.fragment(of)).collect();
        let footprints: Vec<FragmentFootprint> =
            groupings.iter().map(|of| self.patients.footprint(of)).collect();
        let rows = LinkQuantity { what: LinkName::of("rows"), conditions: BTreeSet::new() };
        let axes = (0..self.patients.columns.len()).map(|at| LinkName::of(&format!("column {at}")));
        let names = LinkNames { axes: axes.collect(), sums: vec![rows] };
        let start = Instant::now();
        let verdicts = sequences::answer(
            (&mut self.memory, &Digest::of(b"snapshot")),
            (&fragments, &footprints, &names),
            (&protections, &limits),
        );
        self.took.push(start.elapsed());
        let sums = verdicts.iter().flatten().flat_map(|verdict| &verdict.sums);
        sums.filter(|sum| sum.is_some()).count()
    }
}

fn below(column: usize, limit: u32) -> (usize, LinkSet) {
    (column, LinkSet::range(0, limit))
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn two_hundred_texts_of_five_columns_and_two_hundred_of_days() {
    // Grade, dead, age, nodes, two receptors, days.
    let mut hospital = Hospital::new(Patients::new(1, 165, &[3, 2, 100, 51, 2_000, 2_000, 7_200]));
    let steps = [(2, 30, 1), (3, 1, 1), (4, 5, 10), (5, 5, 10), (6, 365, 60)];
    let ask = |hospital: &mut Hospital, (column, limit)| {
        let dead = (1, LinkSet::one(1));
        let grouping = Grouping {
            keys: vec![(0, vec![])],
            below: vec![vec![], vec![dead, below(column, limit)]],
        };
        hospital.ask(&[grouping])
    };
    for number in 0..200_u32 {
        let (column, first, step) = steps[number as usize % 5];
        ask(&mut hospital, (column, first + number / 5 * step));
    }
    print("five columns", &mut hospital.took);
    for number in 0..200_u32 {
        ask(&mut hospital, (6, 500 + number));
    }
    print("a day later", &mut hospital.took);
}

fn print(what: &str, took: &mut Vec<Duration>) {
    let half = took.split_off(took.len() / 2);
    let mean = |of: &[Duration]| of.iter().sum::<Duration>() / u32::try_from(of.len()).unwrap();
    println!(
        "{what}: {:?} the first half, {:?} the second, worst {:?}",
        mean(took),
        mean(&half),
        half.iter().max()
    );
    took.clear();
}

/// As many sets of places as a division makes.
fn divided(size: u32, by: u32) -> Vec<LinkSet> {
    (0..size.div_ceil(by)).map(|at| LinkSet::range(at * by, size.min((at + 1) * by))).collect()
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn a_thousand_cells_that_differ_in_a_limit() {
    // Ship day, part, commit day.
    let mut hospital = Hospital::new(Patients::new(2, 5_700, &[2_526, 200_000, 2_556]));
    let (days, parts) = ((0, divided(2_526, 102)), (1, divided(200_000, 5_128)));
    for number in 0..6_u32 {
        let limit = vec![below(2, if number == 0 { 2_540 } else { 2_537 - number * 37 })];
        let of = |keys: &[&(usize, Vec<LinkSet>)]| Grouping {
            keys: keys.iter().copied().cloned().collect(),
            below: vec![limit.clone()],
        };
        let cube = [of(&[&days, &parts]), of(&[&days]), of(&[&parts]), of(&[])];
        let nulls = hospital.ask(&cube);
        println!("{nulls} null, {:?}", hospital.took.last());
    }
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn nine_thousand_cells_that_differ_in_a_limit() {
    let mut hospital = Hospital::new(Patients::new(3, 200_000, &[5, 7, 4, 3, 2_526, 2_556]));
    for number in 0..6_u32 {
        let limit = vec![below(5, if number == 0 { 2_540 } else { 2_537 - number * 37 })];
        let keys = (0..4).map(|at| (at, vec![])).chain([(4, divided(2_526, 115))]);
        let grouping = Grouping { keys: keys.collect(), below: vec![limit.clone(), limit] };
        let nulls = hospital.ask(&[grouping]);
        println!("{nulls} null, {:?}", hospital.took.last());
    }
}
