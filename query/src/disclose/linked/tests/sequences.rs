//! Several answers over one snapshot, each linked with those before it.

use super::*;
use crate::memory::{Memory, Room};

/// Hospitals that remember.
pub(super) struct Asked<'p> {
    population: &'p Population,
    memory: Memory,
    snapshot: Digest,
    k: u32,
    /// Whether every answer is judged again with all that was told.
    pub(super) is_checked: bool,
    /// Another thing that is counted, of the same patients.
    pub(super) of: u32,
}

/// Judges what is asked, beside all that was told of the snapshot; it is remembered.
pub(super) fn answer(
    (memory, snapshot): (&mut Memory, &Digest),
    (fragments, footprints, names): (&[RawFragment], &[FragmentFootprint], &LinkNames),
    rules: (&Protections, &Limits),
) -> Vec<Vec<Verdict>> {
    let judged = fragments.iter().zip(footprints);
    let judged = judged.map(|(of, footprint)| verdicts(of, &footprint.sums, rules));
    let mut judged: Vec<Vec<Verdict>> = judged.collect();
    let earlier =
        Earlier::new((memory, snapshot, Room::Shared), (fragments, footprints, names), rules);
    earlier.begin(&mut judged);
    hide((fragments, footprints), &mut judged, rules, &earlier);
    let mut charge = memory.charge();
    earlier.keep(&mut charge, (fragments, footprints), &judged, rules);
    memory.apply(&Charge::decode(&charge.encode().unwrap()).unwrap()).unwrap();
    judged
}

pub(super) fn names() -> LinkNames {
    let axes = ["grade", "size", "dead"].map(LinkName::of);
    let rows = LinkQuantity { what: LinkName::of("rows"), conditions: BTreeSet::new() };
    LinkNames { axes: axes.to_vec(), sums: vec![rows] }
}

impl<'p> Asked<'p> {
    pub(super) fn new(population: &'p Population) -> Self {
        let memory = Memory::new(*Digest::of(b"lineage").as_bytes());
        Self {
            population,
            memory,
            snapshot: Digest::of(b"snapshot"),
            k: 10,
            is_checked: true,
            of: 0,
        }
    }

    /// What an answer tells; it is remembered.
    pub(super) fn ask(&mut self, parts: &[Part], zeros: Zeros) -> Vec<Told> {
        let (protections, limits) = (protections(zeros, self.k), Limits::DEFAULT);
        let rules = (&protections, &limits);
        let fragments: Vec<RawFragment> =
            parts.iter().map(|part| self.population.fragment(part)).collect();
        let footprints: Vec<FragmentFootprint> =
            parts.iter().map(|part| self.population.footprint(part)).collect();
        let footprints = footprints.into_iter().map(|mut footprint| {
            footprint.digest = Digest::of(format!("{} {}", footprint.digest, self.of).as_bytes());
            footprint
        });
        let footprints: Vec<FragmentFootprint> = footprints.collect();
        let (before, names) = (self.memory.clone(), names());
        let asked = (&fragments[..], &footprints[..], &names);
        let verdicts = answer((&mut self.memory, &self.snapshot), asked, rules);
        if self.is_checked {
            near::check((&before, &self.snapshot), asked, rules, &verdicts);
        }
        self.population.told(parts, &verdicts)
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn bytes_per_table(&self) -> usize {
        let tables = self.memory.tables(self.snapshot.as_bytes());
        tables.iter().map(|table| table.body.len()).sum::<usize>() / tables.len()
    }
}

/// The nulls of an answer, by part and cell and sum.
fn nulls(told: &[Told]) -> Vec<(usize, usize, usize)> {
    let nulls = told.iter().filter(|told| told.why.is_some());
    nulls.map(|told| (told.at.fragment, told.at.cell, told.at.sum)).collect()
}

const GRADE: usize = 0;
const SIZE: usize = 1;

#[test]
fn margins_that_are_asked_for_later_give_nothing_back() {
    let crossed = Population::living([2, 3], |grade, size| {
        [[40, 30, 2], [20, 25, 30]][grade as usize][size as usize]
    });
    let mut asked = Asked::new(&crossed);
    let cells = asked.ask(&[by(&[GRADE, SIZE])], Zeros::Hidden);
    assert_eq!(nulls(&cells), [(0, 2, 0)]);
    // Grade 0 less what was shown of it would be the two.
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE])], Zeros::Hidden)), [(0, 0, 0)]);
    assert_eq!(nulls(&asked.ask(&[by(&[SIZE])], Zeros::Hidden)), [(0, 2, 0)]);
    assert_eq!(nulls(&asked.ask(&[by(&[])], Zeros::Hidden)), [(0, 0, 0)]);
}

#[test]
fn company_is_not_what_was_told_before() {
    let few = Population::living([4, 1], |grade, _| [4, 12, 30, 50][grade as usize]);
    let mut asked = Asked::new(&few);
    let one = Part { fixed: vec![(GRADE, 1)], ..by(&[]) };
    assert_eq!(nulls(&asked.ask(&[one], Zeros::Hidden)), []);
    let told = asked.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden);
    assert_eq!(nulls(&told), [(0, 0, 0), (0, 2, 0)]);
}

#[test]
fn company_stays_null_when_it_is_asked_for_alone() {
    let few = Population::living([4, 1], |grade, _| [4, 12, 30, 50][grade as usize]);
    let mut asked = Asked::new(&few);
    let told = asked.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden);
    assert_eq!(nulls(&told), [(0, 0, 0), (0, 1, 0)]);
    let one = Part { fixed: vec![(GRADE, 1)], ..by(&[]) };
    assert_eq!(nulls(&asked.ask(&[one], Zeros::Hidden)), [(0, 0, 0)]);
    let other = Part { fixed: vec![(GRADE, 2)], ..by(&[]) };
    assert_eq!(nulls(&asked.ask(&[other], Zeros::Hidden)), []);
}

#[test]
fn another_snapshot_is_another_table() {
    let few = Population::living([3, 1], |grade, _| [4, 20, 30][grade as usize]);
    let mut asked = Asked::new(&few);
    asked.ask(&[by(&[GRADE])], Zeros::Hidden);
    asked.snapshot = Digest::of(b"later");
    assert_eq!(nulls(&asked.ask(&[by(&[])], Zeros::Hidden)), []);
}

#[test]
fn other_limits_are_another_fragment_and_the_same_table() {
    let few = Population::living([3, 1], |grade, _| [8, 20, 30][grade as usize]);
    let mut asked = Asked::new(&few);
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE])], Zeros::Hidden)), [(0, 0, 0)]);
    asked.k = 5;
    // What was null for one stays unknown, whoever asks.
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE])], Zeros::Hidden)), [(0, 0, 0)]);
    assert_eq!(nulls(&asked.ask(&[by(&[])], Zeros::Hidden)), [(0, 0, 0)]);
}

#[test]
fn figures_that_were_told_under_looser_limits_close_nothing() {
    let few = Population::living([3, 1], |grade, _| [8, 20, 30][grade as usize]);
    let mut asked = Asked::new(&few);
    asked.k = 5;
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden)), []);
    asked.k = 10;
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE]), by(&[])], Zeros::Hidden)), [(0, 0, 0)]);
    let slice = Part { fixed: vec![(GRADE, 2)], ..by(&[]) };
    assert_eq!(nulls(&asked.ask(&[slice], Zeros::Hidden)), []);
}

#[test]
fn a_table_that_cannot_be_read_hides_what_follows() {
    let few = Population::living([3, 1], |grade, _| [15, 20, 30][grade as usize]);
    let mut asked = Asked::new(&few);
    let mut charge = asked.memory.charge();
    charge.keep(Table {
        snapshot: *asked.snapshot.as_bytes(),
        name: *Digest::of(b"name").as_bytes(),
        bases: vec![*Digest::of(b"patient").as_bytes()],
        body: vec![1, 2, 3].into(),
    });
    asked.memory.apply(&charge).unwrap();
    assert_eq!(nulls(&asked.ask(&[by(&[])], Zeros::Hidden)), [(0, 0, 0)]);
}

/// Answers a question of everybody with every figure null by a rule, and has it remembered; then asks it again.
fn asked_again_after(why: Rule) -> Vec<(usize, usize, usize)> {
    let few = Population::living([3, 1], |grade, _| [15, 20, 30][grade as usize]);
    let mut asked = Asked::new(&few);
    let (protections, limits) = (protections(Zeros::Hidden, asked.k), Limits::DEFAULT);
    let rules = (&protections, &limits);
    let fragments = [few.fragment(&by(&[]))];
    let mut footprints = [few.footprint(&by(&[]))];
    footprints[0].digest = Digest::of(format!("{} 0", footprints[0].digest).as_bytes());
    let mut judged = vec![verdicts(&fragments[0], &footprints[0].sums, rules)];
    let past = (&asked.memory, &asked.snapshot, Room::Shared);
    let earlier = Earlier::new(past, (&fragments, &footprints, &names()), rules);
    judged[0].iter_mut().for_each(|verdict| verdict.hide(why));
    let mut charge = asked.memory.charge();
    earlier.keep(&mut charge, (&fragments, &footprints), &judged, rules);
    asked.memory.apply(&charge).unwrap();
    nulls(&asked.ask(&[by(&[])], Zeros::Hidden))
}

#[test]
fn who_has_room_is_told_what_had_none_for_others() {
    assert_eq!(asked_again_after(Rule::MemoryFull), []);
    assert_eq!(asked_again_after(Rule::Linked), [(0, 0, 0)], "any other null is the same again");
}

#[test]
fn nothing_is_told_that_cannot_be_kept() {
    let few = Population::living([3, 1], |grade, _| [15, 20, 30][grade as usize]);
    let mut asked = Asked::new(&few);
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE])], Zeros::Hidden)), []);
    let mut charge = asked.memory.charge();
    for _ in 1..2_000 {
        charge.keep(Table {
            snapshot: *asked.snapshot.as_bytes(),
            name: *Digest::of(b"name").as_bytes(),
            bases: Vec::new(),
            body: Vec::new().into(),
        });
    }
    asked.memory.apply(&charge).unwrap();
    let told = asked.ask(&[by(&[])], Zeros::Hidden);
    assert_eq!(told[0].why, Some(Rule::MemoryFull));
    // What was told is told.
    assert_eq!(nulls(&asked.ask(&[by(&[GRADE])], Zeros::Hidden)), []);
}
