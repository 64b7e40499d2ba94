//! Sums of values, and patients with rows in several groups.

use super::*;
use crate::memory::Memory;

/// A patient, its group and the value of one row.
type Row = (u32, u32, i128);

/// What is asked of each group, and of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Rows,
    Patients,
    Values,
}

use Asked::{Patients, Rows, Values};

impl Asked {
    fn sum(self) -> (SumKind, MeasureFootprint) {
        let (sum, kind, argument, most) = match self {
            Rows => (SumKind::Rows, MeasureKind::Rows, None, 1),
            Patients => (SumKind::Distinct, MeasureKind::Keys, Some(0), 1),
            Values => (SumKind::Sum, MeasureKind::Value, Some(1), 5_000),
        };
        let (least, most) = (Units::new(0), Units::new(most));
        let sensitive = Sensitive::default();
        (
            sum,
            MeasureFootprint {
                condition: None,
                argument,
                kind,
                scale: 0,
                least,
                most,
                made: None,
                whole: false,
                sensitive,
            },
        )
    }

    /// What each patient of these rows contributes.
    fn of(self, rows: &[Row]) -> Vec<(u32, i128)> {
        let mut contributions = BTreeMap::new();
        for (patient, _, value) in rows {
            let contribution: &mut i128 = contributions.entry(*patient).or_default();
            *contribution = match self {
                Rows => *contribution + 1,
                Patients => 1,
                Values => *contribution + value,
            };
        }
        contributions.into_iter().collect()
    }
}

fn cell(asked: &[Asked], rows: &[Row]) -> RawFragment {
    let patients = u32::try_from(Patients.of(rows).len()).unwrap();
    let of = |asked: &Asked| asked.of(rows);
    let sums = asked.iter().map(|asked| (0, of(asked).iter().map(|(_, x)| x).sum()));
    let measures = asked.iter().map(|asked| (asked.sum().1, of(asked)));
    RawFragment::of_contributions(patients, sums.collect(), measures.collect())
}

fn footprint(asked: &[Asked], groups: Option<u32>) -> FragmentFootprint {
    let sum = |(measure, asked): (u32, &Asked)| SumFootprint {
        text: String::new(),
        kind: asked.sum().0,
        scale: 0,
        measure,
    };
    let of = 0..u32::try_from(asked.len()).unwrap();
    let keys = groups.map(|size| LinkAxis { axis: 0, size });
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: keys.iter().map(|_key| "grade".to_owned()).collect(),
        cells: groups.unwrap_or(1).into(),
        sums: (0..).zip(asked).map(sum).collect(),
        measures: asked.iter().map(|asked| asked.sum().1).collect(),
        explore: Explore::default(),
        links: vec![LinkFootprint {
            base: Digest::of(b"rows"),
            keys: keys.into_iter().map(Into::into).collect(),
            sums: of.map(|of| LinkSum { of, fixed: Vec::new(), part_of: Vec::new() }).collect(),
        }],
        vectors: Vec::new(),
        sensitive: false,
    }
}

/// The rules of every figure, group by group and then of the total.
fn ask(asked: &[Asked], groups: u32, rows: &[Row]) -> Vec<Vec<Option<Rule>>> {
    let in_group =
        |group| -> Vec<Row> { rows.iter().filter(|(_, own, _)| *own == group).copied().collect() };
    let by_group = (0..groups).map(|group| cell(asked, &in_group(group)));
    let fragments = [RawFragment::joined(by_group.collect()), cell(asked, rows)];
    let footprints = [footprint(asked, Some(groups)), footprint(asked, None)];
    let (protections, limits) = (Protections::from(Opinions::default()), Limits::DEFAULT);
    let judged = fragments.iter().zip(&footprints);
    let judged = judged.map(|(of, known)| verdicts(of, &known.sums, (&protections, &limits)));
    let mut verdicts: Vec<Vec<Verdict>> = judged.collect();
    hide((&fragments, &footprints), &mut verdicts, (&protections, &limits), &Earlier::default());
    verdicts.into_iter().flatten().map(|verdict| verdict.sums).collect()
}

/// Groups asked for alone and all of them, one question after the other; the rules of every figure.
fn ask_each(
    asked: &[Asked],
    groups: u32,
    rows: &[Row],
    order: &[bool],
) -> Vec<Vec<Vec<Option<Rule>>>> {
    let mut memory = Memory::new(*Digest::of(b"lineage").as_bytes());
    let quantity = |asked: &Asked| LinkQuantity {
        what: LinkName::of(&format!("{asked:?}")),
        conditions: BTreeSet::new(),
    };
    let axes = vec![LinkName::of("grade")];
    let names = LinkNames { axes, sums: asked.iter().map(quantity).collect() };
    let mut told = vec![];
    for by_group in order {
        let in_group = |group| -> Vec<Row> {
            rows.iter().filter(|(_, own, _)| *own == group).copied().collect()
        };
        let fragment = match by_group {
            true => RawFragment::joined((0..groups).map(|at| cell(asked, &in_group(at))).collect()),
            false => cell(asked, rows),
        };
        let mut footprint = footprint(asked, by_group.then_some(groups));
        footprint.digest = Digest::of(&[u8::from(*by_group)]);
        let (protections, limits) = (Protections::from(Opinions::default()), Limits::DEFAULT);
        let past = (&mut memory, &Digest::of(b"snapshot"));
        let question = (&[fragment][..], &[footprint][..], &names);
        let verdicts = sequences::answer(past, question, (&protections, &limits));
        told.push(verdicts.into_iter().flatten().map(|verdict| verdict.sums).collect());
    }
    told
}

/// One row each of so many patients, from number `from`.
fn patients(from: u32, many: u32, group: u32, value: i128) -> Vec<Row> {
    (from..from + many).map(|patient| (patient, group, value)).collect()
}

#[test]
fn a_sum_that_one_patient_makes_up_is_not_the_rest_of_the_total() {
    let mut rows =
        [patients(0, 20, 0, 1), patients(20, 20, 1, 30), patients(40, 20, 2, 40)].concat();
    let shown = vec![vec![None, None]; 4];
    assert_eq!(ask(&[Rows, Values], 3, &rows), shown);
    rows[0].2 = 4_000;
    let mut expected = shown;
    expected[0][1] = Some(Rule::Dominance);
    expected[1][1] = Some(Rule::Linked);
    assert_eq!(ask(&[Rows, Values], 3, &rows), expected);
}

#[test]
fn sums_too_large_for_the_solver_have_company_all_the_same() {
    let large = |(patient, group, value): Row| (patient, group, value << 60);
    let rows = [patients(0, 20, 0, 1), patients(20, 20, 1, 30), patients(40, 420, 2, 40)].concat();
    let mut rows: Vec<Row> = rows.into_iter().map(large).collect();
    rows[0].2 = 4_000 << 60;
    let why: Vec<Option<Rule>> =
        ask(&[Rows, Values], 3, &rows).into_iter().map(|sums| sums[1]).collect();
    assert_eq!(why, [Some(Rule::Dominance), Some(Rule::Linked), None, None]);
}

#[test]
fn a_sum_that_one_patient_makes_up_is_not_the_rest_of_what_was_told_before_or_is_after() {
    for size in [0, 60] {
        let groups = [patients(0, 20, 0, 1), patients(20, 20, 1, 30), patients(40, 420, 2, 40)];
        let mut rows = groups.concat();
        rows[0].2 = 4_000;
        rows.iter_mut().for_each(|row| row.2 <<= size);
        let (shown, dominated) = (vec![None, None], vec![None, Some(Rule::Dominance)]);
        let linked = vec![None, Some(Rule::Linked)];
        let told = ask_each(&[Rows, Values], 3, &rows, &[true, false, true]);
        let groups = vec![dominated.clone(), shown.clone(), shown.clone()];
        assert_eq!(told, [groups.clone(), vec![linked.clone()], groups], "{size}");
        let told = ask_each(&[Rows, Values], 3, &rows, &[false, true, false]);
        let total = vec![shown.clone()];
        assert_eq!(told, [total.clone(), vec![dominated, linked, shown], total], "{size}");
    }
}

#[test]
fn patients_that_seem_to_be_in_one_group_each_close_nothing() {
    let groups = [patients(0, 4, 0, 1), patients(10, 40, 1, 1), patients(50, 30, 2, 1)].concat();
    let told = ask_each(&[Patients], 3, &groups, &[true, false, true]);
    let (small, linked) = (vec![Some(Rule::SmallCell)], vec![Some(Rule::Linked)]);
    let groups = vec![small, vec![None], vec![None]];
    assert_eq!(told, [groups.clone(), vec![linked], groups]);
}

#[test]
fn patients_in_several_groups_are_bounded_by_the_total_and_the_others() {
    let groups = [patients(0, 4, 0, 1), patients(10, 40, 1, 1), patients(50, 30, 2, 1)].concat();
    let hidden = |why: Vec<Vec<Option<Rule>>>| -> Vec<Option<Rule>> {
        why.into_iter().map(|sums| sums[0]).collect()
    };
    let (small, linked) = (Some(Rule::SmallCell), Some(Rule::Linked));
    // Two of the few are in another group as well: two are left that are in none.
    let two = [groups.clone(), patients(0, 2, 1, 1)].concat();
    assert_eq!(hidden(ask(&[Patients], 3, &two)), [small, None, linked, None]);
    // So many are in two others that the total says nothing of the few.
    let many = [groups, patients(0, 4, 1, 1), patients(10, 25, 2, 1)].concat();
    assert_eq!(hidden(ask(&[Patients], 3, &many)), [small, None, None, None]);
}

#[test]
fn rows_of_few_patients_are_as_secret_as_the_patients() {
    // Four patients with twenty rows, beside patients with one each.
    let few: Vec<Row> = (0..20).map(|row| (row % 4, 0, 1)).collect();
    let rows = [few, patients(10, 40, 1, 1), patients(50, 60, 2, 1)].concat();
    let why = ask(&[Rows, Patients], 3, &rows);
    let (small, linked) = (vec![Some(Rule::SmallCell); 2], vec![Some(Rule::Linked); 2]);
    assert_eq!(why, [small, linked, vec![None; 2], vec![None; 2]]);
}
