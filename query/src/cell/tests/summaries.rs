//! The hidden summaries against a slow recount, row by row, of everything in the order of patients.

use policies::Digest;
use policies::footprint::{MeasureFootprint, MeasureKind, Sensitive, Units};
use sha2::Digest as _;

use super::*;
use crate::record::RecordKeys;

const MODULUS: u128 = (1 << 64) - (1 << 32) + 1;

/// Condition, argument, kind, scale, bounds; arguments as in [`arrays`], condition column 5.
type Case = (bool, Option<usize>, MeasureKind, u8, (i128, i128));

const CASES: [Case; 10] = [
    (false, None, MeasureKind::Rows, 0, (0, 1)),
    (true, None, MeasureKind::Rows, 0, (0, 1)),
    (true, Some(1), MeasureKind::Rows, 0, (0, 1)),
    (false, Some(1), MeasureKind::Value, 0, (-10, 15)),
    (true, Some(2), MeasureKind::Value, 2, (-100, 90)),
    (false, Some(3), MeasureKind::Value, 9, (-2_000_000_000, 2_000_000_000)),
    (false, Some(4), MeasureKind::Keys, 0, (0, 1)),
    (true, Some(4), MeasureKind::Keys, 0, (0, 1)),
    (true, Some(1), MeasureKind::Flag, 0, (0, 1)),
    (true, None, MeasureKind::Bin, 0, (0, 1)),
];

fn footprints() -> Vec<MeasureFootprint> {
    let footprint = |case: &Case| {
        let (condition, argument, kind, scale, (least, most)) = *case;
        MeasureFootprint {
            condition: condition.then_some(0),
            argument: argument.map(|argument| u32::try_from(argument).unwrap()),
            kind,
            scale,
            least: Units::new(least),
            most: Units::new(most),
            made: None,
            whole: false,
            sensitive: Sensitive::default(),
        }
    };
    CASES.iter().map(footprint).collect()
}

pub(super) fn rkey(patient: u32) -> u64 {
    u64::from(patient + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 1
}

pub(super) fn spec(wanted: Wanted) -> CellSpec {
    let sums = vec![
        Spec { kind: SumKind::Rows, value: None, filter: None, scale: 0, bounds: None },
        Spec {
            kind: SumKind::Sum,
            value: Some(1),
            filter: None,
            scale: 0,
            bounds: Some(Bounds { least: -10, most: 15 }),
        },
    ];
    let footprints = footprints();
    let measures = CASES.iter().zip(&footprints).map(|(case, footprint)| {
        let (condition, value, kind, scale, (least, most)) = *case;
        let sum = match (kind, value) {
            (MeasureKind::Rows, None) => SumKind::Rows,
            (MeasureKind::Rows, Some(_)) => SumKind::NonNull,
            (MeasureKind::Keys, _) => SumKind::Distinct,
            (MeasureKind::Bin, _) => SumKind::Bin,
            (MeasureKind::Flag | MeasureKind::Value, _) => SumKind::Sum,
        };
        let filter = condition.then_some(5);
        let rows = Spec { kind: sum, value, filter, scale, bounds: None };
        let has_set = wanted.bitmaps && has_set(footprint);
        MeasureSpec { kind, rows, bounds: Bounds { least, most }, has_set }
    });
    let layout = Layout::new([0, 0].into_iter(), footprints.iter(), wanted);
    let keys = RecordKeys::new(Digest::of(b"f"), (0..20).map(|p| (p, rkey(p)))).unwrap();
    let keys = wanted.record_keys().then(|| Arc::new(keys));
    CellSpec { sums, measures: measures.collect(), layout, keys }
}

/// Rows whose keys belong to one patient each, as those of a dataset do.
pub(super) fn owned(seed: u64, count: usize) -> Vec<Row> {
    let mut rows = rows(seed, count);
    for row in &mut rows {
        row.5 = row.5.take().map(|key| format!("{} {key}", row.1));
    }
    rows
}

/// A cell's columns by name, as text.
type Named = BTreeMap<String, String>;

pub(super) fn sum_of_keys(keys: impl Iterator<Item = u64>) -> u64 {
    let sum = keys.fold(0_u128, |sum, key| (sum + u128::from(key)) % MODULUS);
    u64::try_from(sum).unwrap()
}

fn contribution_key(patient: u32, contribution: i128) -> u64 {
    if contribution == 1 {
        return rkey(patient);
    }
    let mut text = b"kring contribution/1".to_vec();
    text.extend_from_slice(&rkey(patient).to_be_bytes());
    text.extend_from_slice(&contribution.to_be_bytes());
    let hash = sha2::Sha256::digest(&text);
    let first = u64::from_be_bytes(hash[..8].try_into().unwrap());
    assert!(u128::from(first) < MODULUS, "one in 2^32: choose other rows");
    first
}

/// One less than twice the contribution, times the record key, added up one by one.
pub(super) fn mark(patient: u32, contribution: i128) -> u64 {
    let modulus = i128::try_from(MODULUS).unwrap();
    let odd = (contribution.rem_euclid(modulus) * 2 - 1).rem_euclid(modulus);
    let product = u128::try_from(odd).unwrap() * u128::from(rkey(patient));
    u64::try_from(product % MODULUS).unwrap()
}

/// What one row adds under a case, if anything; keys are counted by the caller.
fn addend(row: &Row, case: &Case) -> Option<i128> {
    let (condition, argument, kind, _, (least, most)) = *case;
    if condition && row.6 != Some(true) {
        return None;
    }
    let value = match argument {
        None => Some(1),
        Some(1) => row.2.map(i128::from),
        Some(2) => row.3,
        Some(3) => row.4.map(eighths),
        Some(_) => row.5.as_ref().map(|_key| 1),
    }?;
    match kind {
        MeasureKind::Rows | MeasureKind::Keys | MeasureKind::Bin => Some(1),
        MeasureKind::Flag => (value >= 1).then_some(1),
        MeasureKind::Value => Some(value.clamp(least, most)),
    }
}

fn recount(rows: &[Row]) -> BTreeMap<usize, Named> {
    let mut cells: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    rows.iter().for_each(|row| cells.entry(row.0).or_default().push(row));
    cells.into_iter().map(|(group, rows)| (group, recounted(&rows))).collect()
}

fn recounted(rows: &[&Row]) -> Named {
    let patients: BTreeSet<u32> = rows.iter().map(|row| row.1).collect();
    let mut named = Named::from([
        ("n".to_owned(), patients.len().to_string()),
        ("key".to_owned(), sum_of_keys(patients.iter().map(|p| rkey(*p))).to_string()),
        ("patients".to_owned(), format!("{patients:?}")),
        ("p0".to_owned(), rows.len().to_string()),
    ]);
    let numbers = rows.iter().filter_map(|row| row.2);
    let sum: i128 = numbers.map(|number| i128::from(number).clamp(-10, 15)).sum();
    named.insert("p1".to_owned(), sum.to_string());
    for (at, case) in CASES.iter().enumerate() {
        let mut contributions: BTreeMap<u32, i128> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for row in rows {
            let Some(addend) = addend(row, case) else { continue };
            if case.2 != MeasureKind::Keys || seen.insert(row.5.clone()) {
                *contributions.entry(row.1).or_default() += addend;
            }
        }
        let mut sizes: Vec<i128> = contributions.values().map(|x| x.abs()).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        let keys = contributions.iter().map(|(patient, x)| contribution_key(*patient, *x));
        let marks = contributions.iter().map(|(patient, x)| mark(*patient, *x));
        named.insert(format!("m{at}_mark"), sum_of_keys(marks).to_string());
        named.insert(format!("m{at}_n"), contributions.len().to_string());
        named.insert(format!("m{at}_key"), sum_of_keys(keys).to_string());
        let top = |place: usize| sizes.get(place).copied().unwrap_or(0).to_string();
        named.insert(format!("m{at}_top1"), top(0));
        named.insert(format!("m{at}_top2"), top(1));
        named.insert(format!("m{at}_all"), sizes.iter().sum::<i128>().to_string());
        if matches!(case.2, MeasureKind::Rows | MeasureKind::Flag) && at > 0 {
            let own = |patient: u32| rows.iter().filter(move |row| row.1 == patient);
            let left = |patient: &u32| own(*patient).any(|row| addend(row, case).is_none());
            let rest = patients.iter().filter(|patient| left(patient)).count();
            named.insert(format!("m{at}_rest"), rest.to_string());
        }
        if case.2.is_count_like() && at > 0 {
            let patients: BTreeSet<u32> = contributions.into_keys().collect();
            named.insert(format!("m{at}_patients"), format!("{patients:?}"));
        }
    }
    named
}

/// The cells' columns by name.
fn named(layout: &Layout, computed: &Computed) -> BTreeMap<usize, Named> {
    let Computed { counts, sums, sets } = computed;
    let set = |bytes: &Vec<u8>| {
        let set = match bytes.as_slice() {
            [] => Vec::new(),
            bytes => roaring::RoaringBitmap::deserialize_from(bytes).unwrap().iter().collect(),
        };
        format!("{:?}", BTreeSet::from_iter(set))
    };
    let of_cell = |cell: usize| {
        let counts = layout.counts().into_iter().zip(counts.iter().map(|n| n[cell].to_string()));
        let sums = sums.iter().map(|sum| sum[cell].to_string());
        let sums = layout.sums().into_iter().map(|(name, _)| name).zip(sums);
        let sets = layout.sets().into_iter().zip(sets.iter().map(|sets| set(&sets[cell])));
        counts.chain(sums).chain(sets).collect()
    };
    (0..CELLS).map(|cell| (cell, of_cell(cell))).collect()
}

/// The cells of rows in an order, or none if they do not come in it.
pub(super) fn folded(
    spec: &CellSpec,
    rows: &[Row],
    (order, batch): (Order, usize),
) -> Option<Computed> {
    let mut cells = Cells::new(spec, CELLS, order);
    for rows in rows.chunks(batch) {
        let (values, places) = arrays(rows);
        match cells.update(&values, &places) {
            Ok(()) => {}
            Err(CellError::OutOfOrder) => return None,
            Err(CellError::Failed(error)) => panic!("{error}"),
        }
        assert!(cells.size() > 0);
    }
    Some(cells.finish().unwrap())
}

fn computed_with(wanted: Wanted, rows: &[Row], batch: usize) -> BTreeMap<usize, Named> {
    let spec = spec(wanted);
    let as_they_come = folded(&spec, rows, (Order::ByPatient, batch));
    let sorted = rows.is_sorted_by_key(|row| row.1);
    assert_eq!(as_they_come.is_some(), sorted, "only patient by patient");
    let held = folded(&spec, rows, (Order::Any, batch)).unwrap();
    let held = named(&spec.layout, &held);
    if let Some(as_they_come) = as_they_come {
        assert_eq!(named(&spec.layout, &as_they_come), held, "both ways");
    }
    held
}

#[test]
fn summaries_equal_a_slow_recount_in_any_order_and_batch_size() {
    for seed in 0..20 {
        let mut all = owned(seed, 300);
        let expected = recount(&all);
        assert_eq!(expected.len(), 4);
        for batch in [1, 7, 64, 300] {
            assert_eq!(computed_with(Wanted::ALL, &all, batch), expected, "{seed}, {batch}");
        }
        all.reverse();
        assert_eq!(computed_with(Wanted::ALL, &all, 50), expected, "{seed} reversed");
        all.sort_by_key(|row| row.1);
        for batch in [1, 7, 50, 300] {
            assert_eq!(computed_with(Wanted::ALL, &all, batch), expected, "{seed} by patient");
        }
    }
}

#[test]
fn what_is_not_wanted_is_not_there_and_changes_nothing() {
    let all = owned(3, 200);
    let expected = recount(&all);
    let none = Wanted::NONE;
    let kept = |name: &str, wanted: Wanted| match name.rsplit('_').next().unwrap() {
        "n" if name == "n" => true,
        "n" => wanted.any(),
        "key" if name == "key" => wanted.record_keys(),
        "key" => wanted.keys,
        "mark" => wanted.marks,
        "top1" | "top2" | "all" => wanted.tops,
        "patients" | "rest" => wanted.bitmaps,
        _ => name.starts_with('p'),
    };
    for wanted in [
        Wanted { contributors: true, ..none },
        Wanted { tops: true, ..none },
        Wanted { keys: true, ..none },
        Wanted { bitmaps: true, ..none },
        Wanted { marks: true, ..none },
        Wanted { tops: true, keys: true, ..none },
        Wanted { tops: true, marks: true, bitmaps: true, ..none },
    ] {
        let mut fewer = expected.clone();
        fewer.values_mut().for_each(|cell| cell.retain(|name, _| kept(name, wanted)));
        assert_eq!(computed_with(wanted, &all, 64), fewer, "{wanted:?}");
    }
}

#[test]
fn repeated_rows_lift_no_number_of_patients() {
    let all = owned(11, 120);
    let padded: Vec<Row> = all.iter().cycle().take(120 * 40).cloned().collect();
    let (alone, padded) = (recount(&all), computed_with(Wanted::ALL, &padded, 512));
    for (cell, padded) in alone.values().zip(padded.values()) {
        for (name, value) in cell {
            if name == "n" || name.ends_with("_n") || name.ends_with("patients") {
                assert_eq!(padded[name], *value, "{name}");
            }
        }
        assert_ne!(padded["p0"], cell["p0"]);
    }
}

#[test]
fn a_patient_without_a_record_key_is_an_error() {
    let spec = spec(Wanted::ALL);
    let mut cells = Cells::new(&spec, CELLS, Order::ByPatient);
    let (mut values, places) = arrays(&owned(1, 3));
    values[0] = Arc::new(UInt32Array::from(vec![1, 2, 77]));
    cells.update(&values, &places).unwrap();
    let error = cells.finish().unwrap_err().to_string();
    assert!(error.contains("record key") && !error.contains("77"), "{error}");
}
