use policies::explore::Explore;
use policies::protections::{MinPatients, Opinions, Zeros};
use roaring::RoaringBitmap;

use super::*;
use crate::disclose::fixture::{counts, part};
use crate::disclose::{Protected, verdicts};

mod properties;

const GAPS: Gaps = Gaps { cell: 10, part: 5 };
const PEOPLE: u32 = 60;

fn set(patients: impl IntoIterator<Item = u32>) -> RoaringBitmap {
    patients.into_iter().collect()
}

/// A question: `count(*)` and `count(*) FILTER (WHERE c)` of these cells.
struct Question {
    text: String,
    cells: Vec<(RoaringBitmap, RoaringBitmap)>,
}

/// The figures of a cell that are shown: everyone, and the part.
type Shown = [Option<i128>; 2];

impl Question {
    fn new(text: &str, cells: Vec<(RoaringBitmap, RoaringBitmap)>) -> Self {
        Self { text: text.to_owned(), cells }
    }

    /// One cell; its part is everyone in it.
    fn of(text: &str, patients: impl IntoIterator<Item = u32>) -> Self {
        let patients = set(patients);
        Self::new(text, vec![(patients.clone(), patients)])
    }

    fn footprint(&self) -> FragmentFootprint {
        let mut footprint = counts(self.cells.len(), Explore::default());
        footprint.digest = Digest::of(self.text.as_bytes());
        footprint.sums[1].text = format!("count(*) of {}", self.text);
        footprint
    }

    /// What is told of it, from a snapshot; the earliest day of a figure that stands.
    fn told(&self, memory: &mut Memory, gaps: Gaps, snapshot: u32) -> (Vec<Shown>, Option<Day>) {
        let footprint = self.footprint();
        let fragment = RawFragment::of_parts(&self.cells, &part());
        let protections = Protections::from(Opinions {
            min_patients: Some(MinPatients::new(gaps.cell)),
            zeros: Some(Zeros::Hidden),
            ..Opinions::default()
        });
        let limits = Limits { dominance: 100, p_percent: 0, ..Limits::DEFAULT };
        let mut verdicts = verdicts(&fragment, &footprint.sums, (&protections, &limits));
        let moment = Moment {
            now: UnixTime(i64::from(snapshot) * DAY_S),
            snapshot: Digest::of(&snapshot.to_be_bytes()),
        };
        let claim = Claim { room: Room::Shared, adds: adds(std::slice::from_ref(&footprint)) };
        let mut judge = Judge::new((memory, claim), gaps, &protections, moment);
        let standing = judge.fragment((&fragment, &[]), &footprint, &mut verdicts);
        let Judged { charge, since, stands } = judge.end();
        assert_eq!(stands > 0, since.is_some());
        let again = Charge::decode(&charge.encode().unwrap()).unwrap();
        if !charge.is_empty() {
            memory.apply(&again).unwrap();
        }
        let safe = Protected::new(&fragment, &verdicts, &standing).unwrap().batch;
        let column = |at: usize| {
            use arrow::array::AsArray as _;
            let column = safe.column(at).as_primitive::<arrow::datatypes::Decimal128Type>();
            column.iter().collect::<Vec<_>>()
        };
        (column(1).into_iter().zip(column(2)).map(|(n, m)| [n, m]).collect(), since)
    }

    /// What is told of its only cell.
    fn one(&self, memory: &mut Memory) -> Option<i128> {
        self.told(memory, GAPS, 1).0[0][0]
    }
}

fn memory() -> Memory {
    Memory::new([7; 32])
}

#[test]
fn a_pair_that_differs_by_a_few_patients_is_told_once() {
    let mut memory = memory();
    assert_eq!(Question::of("all", 0..50).one(&mut memory), Some(50));
    assert_eq!(Question::of("all but one", 1..50).one(&mut memory), None);
    assert_eq!(Question::of("all but nine", 9..50).one(&mut memory), None);
    assert_eq!(Question::of("all but ten", 10..50).one(&mut memory), Some(40));
    assert_eq!(Question::of("all, asked otherwise", 0..50).one(&mut memory), Some(50));
}

#[test]
fn the_same_question_again_is_the_same_answer_and_no_charge() {
    let mut memory = memory();
    let question = Question::new("by grade", vec![(set(0..20), set(0..8)), (set(20..50), set([]))]);
    let first = question.told(&mut memory, GAPS, 1);
    assert_eq!(first.0, [[Some(20), Some(8)], [Some(30), Some(0)]]);
    let charges = memory.charges();
    for _ in 0..3 {
        assert_eq!(question.told(&mut memory, GAPS, 1), first);
    }
    assert_eq!(question.told(&mut memory, GAPS, 2), first, "another snapshot of the same patients");
    assert_eq!((charges, memory.charges()), (1, 1));
}

#[test]
fn parts_are_held_against_cells_and_parts_of_other_questions() {
    let of = |text: &str, part: RoaringBitmap| Question::new(text, vec![(set(0..50), part)]);
    let mut memory = memory();
    assert_eq!(of("a", set(0..20)).told(&mut memory, GAPS, 1).0, [[Some(50), Some(20)]]);
    assert_eq!(of("b", set(0..22)).told(&mut memory, GAPS, 1).0, [[None, None]], "two more");
    assert_eq!(of("c", set(0..25)).told(&mut memory, GAPS, 1).0, [[Some(50), Some(25)]]);
    assert_eq!(Question::of("d", 0..22).one(&mut memory), None, "a cell beside the part");
}

#[test]
fn in_one_answer_a_margin_that_gives_a_small_cell_away_is_null() {
    let mut memory = memory();
    let cells = vec![(set(0..30), set([])), (set(30..33), set([])), (set(0..33), set([]))];
    let (shown, _) = Question::new("with total", cells).told(&mut memory, GAPS, 1);
    assert_eq!(shown, [[Some(30), Some(0)], [None; 2], [None; 2]]);
}

#[test]
fn after_a_small_change_the_old_figure_stands_with_its_day_for_who_was_told() {
    let mut memory = memory();
    let old = Question::new("by grade", vec![(set(0..20), set(0..8)), (set(20..50), set(20..40))]);
    let first = old.told(&mut memory, GAPS, 3);
    assert_eq!(first, (vec![[Some(20), Some(8)], [Some(30), Some(20)]], None));
    // One more patient in the first cell, ten in the second.
    let cells = vec![(set((0..20).chain([90])), set(0..8)), (set(20..60), set(20..40))];
    let later = Question::new("by grade", cells.clone());
    let shown = vec![[Some(20), Some(8)], [Some(40), Some(20)]];
    assert_eq!(later.told(&mut memory, GAPS, 9), (shown, Some(3)));
    // Who never was told it is not told now, in other words or under other limits.
    let other = Question::new("by grade, otherwise", cells);
    let shown = vec![[None; 2], [Some(40), Some(20)]];
    assert_eq!(other.told(&mut memory, GAPS, 9), (shown.clone(), None));
    assert_eq!(later.told(&mut memory, Gaps { cell: 9, part: 5 }, 9), (shown, None));
}

#[test]
fn what_is_reserved_is_for_approved_indicators() {
    assert_eq!(room(Profile::Indicator), Room::Reserved);
    for profile in [Profile::Members, Profile::Explore, Profile::Network, Profile::Strict] {
        assert_eq!(room(profile), Room::Shared);
    }
}

#[test]
fn whether_there_is_room_follows_from_the_text_alone() {
    // Two cells with a part each are ten sets at most: 13 leave room for that, 12 do not.
    let bounded = |sets| Memory::bounded([7; 32], Amounts::of_sets(sets));
    let all = |part: RoaringBitmap| vec![(set(0..30), part.clone()), (set(40..60), part)];
    for (at, cells) in
        [all(set([])), all(set(5..12)), vec![(set(0..30), set([])), (set(40..45), set([]))]]
            .into_iter()
            .enumerate()
    {
        let question = Question::new("by grade", cells);
        let (with, without) = (&mut bounded(13), &mut bounded(12));
        let (told, _) = question.told(with, GAPS, 1);
        assert!(told[0][0].is_some(), "{at}");
        assert!(with.filled() <= 80, "{at}");
        let (told, _) = question.told(without, GAPS, 1);
        assert_eq!((told, without.charges()), (vec![[None; 2]; 2], 0), "{at}");
    }
}

#[test]
fn an_answer_adds_no_more_than_its_text_says() {
    let cells = vec![(set(0..30), set(0..10)), (set(30..60), set(30..45))];
    let question = Question::new("by grade", cells);
    let mut memory = memory();
    question.told(&mut memory, GAPS, 1);
    assert_eq!(memory.sets(), 6);
    // Of each cell its patients, and of each sum who is in it and who is left.
    let footprint = question.footprint();
    assert_eq!(adds(std::slice::from_ref(&footprint)), Amounts::exact(2, 10));
    assert_eq!(adds(&[footprint.clone(), footprint]), Amounts::exact(4, 20));
    assert_eq!(adds(&[]), Amounts::exact(0, 0));
}

#[test]
fn figures_are_kept_as_they_were() {
    let figures = vec![None, Some(0), Some(-3), Some(i128::MAX), Some(i128::MIN), None];
    let bytes = encode(figures.iter().copied());
    assert_eq!(decode(&bytes, figures.len()), Some(figures.clone()));
    assert_eq!(decode(&bytes, figures.len() - 1), None);
    assert_eq!(decode(&bytes[..30], 3), None);
    assert_eq!(decode(&[2], 1), None);
}
