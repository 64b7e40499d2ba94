//! One person who asks a snapshot of five columns two hundred things: what is null of them, and how long each takes.

use super::*;
use crate::memory::Memory;

const SIZES: [u32; 5] = [3, 4, 2, 5, 3];
/// The last column: whether a part is counted.
const BIT: usize = 4;

/// What is grouped by, what has one place, which condition holds, and whether a part is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) keys: Vec<usize>,
    pub(super) fixed: Option<(usize, u32)>,
    pub(super) condition: Option<u32>,
    pub(super) part: bool,
}

fn mixed(number: u32) -> u32 {
    (number.wrapping_mul(2_654_435_761) >> 7) ^ number.wrapping_mul(40_503)
}

/// A patient's columns: some codes are rare.
fn patient(number: u32) -> [u32; 5] {
    let mut at = [0; 5];
    for (column, place) in at.iter_mut().enumerate() {
        let dice = mixed(number * 5 + u32::try_from(column).unwrap()) % 100;
        *place = match (dice, SIZES[column]) {
            (0..5, size) => size - 1,
            (dice, size) => dice % size,
        };
    }
    at
}

/// Whether a patient meets a condition that is no place on an axis.
fn meets(number: u32, condition: Option<u32>) -> bool {
    condition.is_none_or(|condition| !mixed(number + 1_000_003 * (condition + 1)).is_multiple_of(3))
}

pub(super) fn question(dice: &mut properties::Dice) -> Question {
    let mut columns = vec![0, 1, 2, 3];
    let mut keys = vec![];
    for _ in 0..dice.under(3) + u64::from(dice.under(8) == 0) {
        keys.push(columns.remove(usize::try_from(dice.under(columns.len() as u64)).unwrap()));
    }
    keys.sort_unstable();
    let fixed = (dice.under(3) == 0).then(|| {
        let column = columns[usize::try_from(dice.under(columns.len() as u64)).unwrap()];
        (column, u32::try_from(dice.under(u64::from(SIZES[column]))).unwrap())
    });
    let condition = (dice.under(2) == 0).then(|| u32::try_from(dice.under(12)).unwrap());
    Question { keys, fixed, condition, part: dice.under(2) == 0 }
}

fn axis(column: usize) -> LinkAxis {
    LinkAxis { axis: u32::try_from(column).unwrap(), size: SIZES[column] }
}

pub(super) fn names() -> LinkNames {
    let conditions = |of: Option<u32>| of.iter().map(|of| LinkName::of(&of.to_string())).collect();
    let sum = |of| LinkQuantity { what: LinkName::of("rows"), conditions: conditions(of) };
    LinkNames {
        axes: (0..5).map(|column: usize| LinkName::of(&format!("column {column}"))).collect(),
        sums: std::iter::once(sum(None)).chain((0..12).map(|of| sum(Some(of)))).collect(),
    }
}

pub(super) fn footprint(question: &Question) -> FragmentFootprint {
    let of = question.condition.map_or(0, |condition| condition + 1);
    let places = |bit: bool| {
        let bit = bit.then_some((BIT, 1));
        let mut fixed: Vec<LinkFixed> = question
            .fixed
            .iter()
            .chain(&bit)
            .map(|(column, place)| LinkFixed { axis: axis(*column), places: LinkSet::one(*place) })
            .collect();
        fixed.sort_unstable();
        let part_of = if of == 0 { Vec::new() } else { vec![0] };
        LinkSum { of, fixed, part_of }
    };
    let sum =
        |measure| SumFootprint { text: String::new(), kind: SumKind::Rows, scale: 0, measure };
    let many = 1 + usize::from(question.part);
    FragmentFootprint {
        digest: Digest::of(format!("{question:?}").as_bytes()),
        group_keys: question.keys.iter().map(ToString::to_string).collect(),
        cells: question.keys.iter().map(|key| u64::from(SIZES[*key])).product(),
        sums: (0..).map(sum).take(many).collect(),
        measures: measures(false)[..many].to_vec(),
        explore: Explore::default(),
        vectors: Vec::new(),
        links: vec![LinkFootprint {
            base: Digest::of(b"patient"),
            keys: question.keys.iter().map(|key| axis(*key).into()).collect(),
            sums: [places(false), places(true)][..many].to_vec(),
        }],
        sensitive: false,
    }
}

pub(super) fn fragment(question: &Question, patients: u32) -> RawFragment {
    let cells: usize = question.keys.iter().map(|key| SIZES[*key] as usize).product();
    let mut counts = vec![(0_u32, 0_u32); cells];
    for number in 0..patients {
        let at = patient(number);
        let inside = question.fixed.is_none_or(|(column, place)| at[column] == place);
        if inside && meets(number, question.condition) {
            let place = |all, key: &usize| all * SIZES[*key] as usize + at[*key] as usize;
            let (all, part) = &mut counts[question.keys.iter().fold(0, place)];
            *all += 1;
            *part += u32::from(at[BIT] == 1);
        }
    }
    let cell = |(all, part): (u32, u32)| {
        let rows = |many| (0..many).map(|patient| (patient, 1)).collect::<Vec<(u32, i128)>>();
        let many = 1 + usize::from(question.part);
        let sums = [(0, i128::from(all)), (0, i128::from(part))][..many].to_vec();
        let of = measures(false).into_iter().zip([rows(all), rows(part)]).take(many);
        RawFragment::of_contributions(all, sums, of.collect())
    };
    RawFragment::joined(counts.into_iter().map(cell).collect())
}

/// So many questions; for each, figures that are shown, small or empty, null for others, and not judged.
fn ask(patients: u32, questions: usize, mut each: impl FnMut(usize, [usize; 4])) {
    let mut memory = Memory::new(*Digest::of(b"lineage").as_bytes());
    let (protections, limits) = (protections(Zeros::Hidden, 10), Limits::DEFAULT);
    let mut dice = properties::Dice(5);
    let mut asked: Vec<Question> = vec![];
    while asked.len() < questions {
        let question = question(&mut dice);
        if asked.contains(&question) {
            continue;
        }
        let (fragments, footprints) = ([fragment(&question, patients)], [footprint(&question)]);
        let past = (&mut memory, &Digest::of(b"snapshot"));
        let question_of = (&fragments[..], &footprints[..], &names());
        let verdicts = sequences::answer(past, question_of, (&protections, &limits));
        let mut found = [0; 4];
        for why in verdicts.iter().flatten().flat_map(|verdict| &verdict.sums) {
            found[match why {
                None => 0,
                Some(Rule::Linked) => 2,
                Some(Rule::Unlinked | Rule::MemoryFull) => 3,
                Some(_) => 1,
            }] += 1;
        }
        asked.push(question);
        each(asked.len(), found);
    }
}

/// Prints what becomes of two hundred questions.
fn two_hundred(patients: u32) {
    let mut all = [0_usize; 4];
    let (mut start, mut slowest) = (std::time::Instant::now(), std::time::Duration::ZERO);
    ask(patients, 200, |at, found| {
        slowest = slowest.max(start.elapsed());
        all.iter_mut().zip(found).for_each(|(all, found)| *all += found);
        if at.is_multiple_of(25) {
            let [shown, few, linked, unlinked] = std::mem::take(&mut all);
            println!(
                "{patients} patients, to answer {at}: {shown} shown, {few} few, {linked} linked, {unlinked} \
                 not judged, slowest {slowest:?}"
            );
            slowest = std::time::Duration::ZERO;
        }
        start = std::time::Instant::now();
    });
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn two_hundred_answers_over_400() {
    two_hundred(400);
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn two_hundred_answers_over_2000() {
    two_hundred(2_000);
}

#[test]
#[ignore = "a measurement: run with --release -- --ignored --nocapture"]
fn two_hundred_answers_over_10000() {
    two_hundred(10_000);
}

#[test]
fn who_asks_much_is_still_answered() {
    let mut last = [0; 4];
    ask(2_000, 25, |at, found| {
        if at > 15 {
            last.iter_mut().zip(found).for_each(|(all, found)| *all += found);
        }
    });
    let [shown, few, linked, unlinked] = last;
    assert!(shown > linked && shown > few && unlinked == 0, "{last:?}");
}
