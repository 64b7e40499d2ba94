//! What is left out of earlier answers changes none, nor does what was kept read of them.

use super::*;
use crate::memory::{Memory, Room};
use analyst::Question;

/// What was told, in a memory that has read nothing of it.
fn unread(memory: &Memory, snapshot: &Digest) -> Memory {
    let mut fresh = Memory::new(*Digest::of(b"lineage").as_bytes());
    let mut charge = fresh.charge();
    for table in memory.tables(snapshot.as_bytes()) {
        let body = table.body.to_vec().into();
        charge.keep(Table { body, bases: table.bases.clone(), ..*table });
    }
    fresh.apply(&charge).unwrap();
    fresh
}

/// Checks that an answer is the same where all that was told is linked, and where nothing of it was read before. How many fragments of
/// how many are linked.
pub(super) fn check(
    (memory, snapshot): (&Memory, &Digest),
    (fragments, footprints, names): (&[RawFragment], &[FragmentFootprint], &LinkNames),
    rules: (&Protections, &Limits),
    judged: &[Vec<Verdict>],
) -> (usize, usize) {
    let fresh = unread(memory, snapshot);
    let earlier = |memory: &Memory| {
        let asked = (fragments, footprints, names);
        Earlier::new((memory, snapshot, Room::Shared), asked, rules)
    };
    let written = |earlier: &Earlier, judged: &[Vec<Verdict>]| {
        let mut charge = fresh.charge();
        earlier.keep(&mut charge, (fragments, footprints), judged, rules);
        charge.encode().unwrap()
    };
    let bytes = written(&earlier(memory), judged);
    for (case, earlier) in [
        ("all is linked", earlier(memory).whole()),
        ("nothing was read", earlier(&fresh)),
        ("all is linked and nothing was read", earlier(&unread(memory, snapshot)).whole()),
    ] {
        let all = fragments.iter().zip(footprints);
        let all = all.map(|(of, footprint)| verdicts(of, &footprint.sums, rules));
        let mut all: Vec<Vec<Verdict>> = all.collect();
        earlier.begin(&mut all);
        hide((fragments, footprints), &mut all, rules, &earlier);
        assert_eq!(all, judged, "{case}: {footprints:?}");
        assert_eq!(written(&earlier, &all), bytes, "{case}");
    }
    earlier(&fresh).linked()
}

/// One after the other. How many fragments of how many were linked in the end, and how many figures were null for others.
fn ask(patients: u32, kind: MeasureKind, questions: &[Vec<Question>]) -> ((usize, usize), usize) {
    let mut memory = Memory::new(*Digest::of(b"lineage").as_bytes());
    let (snapshot, names) = (Digest::of(b"snapshot"), analyst::names());
    let rules = (&protections(Zeros::Hidden, 10), &Limits::DEFAULT);
    let (mut linked, mut company) = ((0, 0), 0);
    for parts in questions {
        let fragments: Vec<RawFragment> =
            parts.iter().map(|part| analyst::fragment(part, patients)).collect();
        let footprints = parts.iter().map(analyst::footprint).map(|mut footprint| {
            // Of values only a part is a sum: what counts its rows stands for it where it must.
            let all = if kind == MeasureKind::Value { 1 } else { 0 };
            footprint.measures[all..].iter_mut().for_each(|measure| measure.kind = kind);
            let value = footprint.sums[all..].iter_mut().filter(|_| all == 1);
            value.for_each(|sum| sum.kind = SumKind::Sum);
            footprint
        });
        let footprints: Vec<FragmentFootprint> = footprints.collect();
        let asked = (&fragments[..], &footprints[..], &names);
        let before = memory.clone();
        let judged = sequences::answer((&mut memory, &snapshot), asked, rules);
        linked = check((&before, &snapshot), asked, rules, &judged);
        let why = judged.iter().flatten().flat_map(|verdict| &verdict.sums);
        company += why.filter(|why| matches!(why, Some(Rule::Linked))).count();
    }
    (linked, company)
}

/// Questions of an analyst, some of them of two fragments.
fn questions(seed: u64, many: usize) -> Vec<Vec<Question>> {
    let mut dice = properties::Dice(seed);
    let mut questions: Vec<Vec<Question>> = vec![];
    while questions.len() < many {
        let fragments = 1 + usize::from(dice.under(3) == 0);
        // Few conditions: most questions have something in common.
        let question = (0..fragments).map(|_| {
            let question = analyst::question(&mut dice);
            Question { condition: question.condition.map(|of| of % 2), ..question }
        });
        let question: Vec<Question> = question.collect();
        let asked = questions.iter().flatten().any(|asked| question.contains(asked));
        if !asked && (fragments == 1 || question[0] != question[1]) {
            questions.push(question);
        }
    }
    questions
}

#[test]
fn what_is_left_out_changes_no_answer() {
    let (mut all, mut left_out) = (0, 0);
    for seed in 0..6 {
        for (patients, kind) in [
            (250, MeasureKind::Rows),
            (250, MeasureKind::Keys),
            (250, MeasureKind::Value),
            (900, MeasureKind::Rows),
            (4_000, MeasureKind::Rows),
        ] {
            let ((linked, told), company) = ask(patients, kind, &questions(seed, 8));
            (all, left_out) = (all + company, left_out + told - linked);
        }
    }
    assert!(all > 30 && left_out > 20, "{all} {left_out}");
}

/// One grouping with another condition each time, as a dashboard asks with another period.
fn dashboard(patients: u32) -> (usize, usize) {
    let of = |condition| Question { keys: vec![0], fixed: None, condition, part: true };
    let conditions = std::iter::once(None).chain((0..12).map(Some));
    let questions: Vec<Vec<Question>> = conditions.map(|condition| vec![of(condition)]).collect();
    ask(patients, MeasureKind::Rows, &questions).0
}

#[test]
fn what_was_told_of_something_else_is_left_out() {
    assert_eq!(dashboard(9_000), (1, 12));
}

#[test]
fn what_was_null_near_a_new_figure_is_linked() {
    let (linked, told) = dashboard(40);
    assert!(linked > 1 && told == 12, "{linked}");
}
