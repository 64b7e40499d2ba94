//! What tests of this stage share: a small dataset, measures that count, and the account of a fragment of them.

use policies::Digest;
use policies::dataset::Dataset;
use policies::explore::{
    Conditions, Explore, ExploreForm, ExploreSum, ExploreTerm, MeasureId, ValueSet,
};
use policies::footprint::{
    FragmentFootprint, LinkFootprint, MeasureFootprint, MeasureKind, Sensitive, SumFootprint,
    SumKind, Units, VectorFootprint,
};
use roaring::RoaringBitmap;

use crate::receive::RawFragment;

const DATASET: &str = r#"
id = "tumours"
version = 1
status = "real"
title = { en = "tumours" }
patient = "patient"
[code_lists.grade]
codes = [{ code = 1 }, { code = 2 }, { code = 3 }]
[[tables]]
name = "patient"
key = "patient_key"
columns = [
  { name = "patient_key", type = "integer", class = "key" },
  { name = "grade", type = "integer", class = "category", codes = "grade" },
  { name = "age", type = "integer", class = "measure", min = 0, max = 99, edges = [20, 40, 60] },
  { name = "change", type = "integer", class = "measure", min = -20, max = 110 },
]
"#;

/// Between which ages a bin is.
const AGES: [i64; 5] = [0, 20, 40, 60, 100];

/// Patients with a grade, an age, and a change of something.
pub(super) fn dataset() -> Dataset {
    policies::dataset::file::parse("dataset", DATASET).unwrap()
}

/// A measure of rows, of all or under a condition.
pub(super) fn rows(condition: Option<u32>) -> MeasureFootprint {
    MeasureFootprint {
        condition,
        argument: None,
        kind: MeasureKind::Rows,
        scale: 0,
        least: Units::new(0),
        most: Units::new(1),
        made: None,
        whole: false,
        sensitive: Sensitive::default(),
    }
}

/// The rows under a condition: a part.
pub(super) fn part() -> MeasureFootprint {
    rows(Some(0))
}

/// `count(*)` and a count of a part of so many cells.
pub(super) fn counts(cells: usize, explore: Explore) -> FragmentFootprint {
    let sum = |text: &str, measure| SumFootprint {
        text: text.to_owned(),
        kind: SumKind::Rows,
        scale: 0,
        measure,
    };
    FragmentFootprint {
        digest: Digest::of(b"fragment"),
        group_keys: Vec::new(),
        cells: cells as u64,
        sums: vec![sum("count(*)", 0), sum("count(*) where c", 1)],
        measures: vec![rows(None), part()],
        explore,
        links: Vec::new(),
        vectors: Vec::new(),
        sensitive: false,
    }
}

/// A count of patients in the explore form.
pub(super) fn count(conditions: Conditions) -> ExploreSum {
    let measure = MeasureId::Count { of: "patient".to_owned() };
    ExploreSum { terms: vec![ExploreTerm { measure, conditions, factor: 1 }], plain: true }
}

/// One vector of four bins of age, in the explore form.
pub(super) fn vector(tail: Option<u32>) -> FragmentFootprint {
    let sum = |measure: u32| SumFootprint {
        text: format!("bin {measure}"),
        kind: SumKind::Bin,
        scale: 0,
        measure,
    };
    let sums = AGES.windows(2).map(|ages| {
        let values = ValueSet::Between { low: ages[0], high: ages[1] };
        count(Conditions::of("patient", "age", values))
    });
    let (rows, keys, base) = ("patient".to_owned(), Vec::new(), Digest::of(b"rows"));
    let explore = Explore::Form(ExploreForm {
        rows,
        keys,
        conditions: Conditions::default(),
        sums: sums.collect(),
    });
    FragmentFootprint {
        sums: (0..4).map(sum).collect(),
        measures: (0..4).map(bin).collect(),
        links: vec![LinkFootprint { base, keys: Vec::new(), sums: Vec::new() }],
        vectors: vec![VectorFootprint { first: 0, bins: 4, tail }],
        ..counts(1, explore)
    }
}

/// A cell whose patients each are in one bin.
pub(super) fn binned(bins: &[RoaringBitmap]) -> RawFragment {
    let all = bins.iter().fold(RoaringBitmap::new(), |all, bin| all | bin);
    let measures: Vec<_> = bins.iter().zip(0..).map(|(set, at)| (bin(at), set.clone())).collect();
    RawFragment::of_sets(&all, &measures)
}

fn bin(condition: u32) -> MeasureFootprint {
    MeasureFootprint { kind: MeasureKind::Bin, ..rows(Some(condition)) }
}
