//! A footprint in words: what a question would touch, without its SQL, for trying rules out.
//!
//! It holds against the dataset like a worker's account. Whatever it groups by has cells without conditions, and its one
//! figure is a count, so that nothing but the rules decides on it: forms, kinds and bands are of real texts.

use std::collections::BTreeSet;

use crate::dataset::{Dataset, Use};
use crate::explore::{
    Conditions, Explore, ExploreForm, ExploreKey, ExploreReason, ExploreRefusal, ExploreSum,
    ExploreTerm, MeasureId,
};
use crate::footprint::{
    ColumnUse, FootprintDraft, FootprintError, FragmentFootprint, LinkAxis, LinkFootprint, LinkKey,
    LinkName, LinkNames, LinkQuantity, LinkSum, MeasureFootprint, MeasureKind, Sensitive, Shows,
    SumFootprint, SumKind, Units,
};
use crate::{Digest, Footprint};

/// What a question would touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sketch {
    /// Tables beside those of the uses.
    pub(crate) tables: BTreeSet<String>,
    /// Columns and how each is used.
    pub(crate) uses: BTreeSet<ColumnUse>,
    /// Scalar functions.
    pub(crate) functions: BTreeSet<String>,
    /// Aggregates.
    pub(crate) aggregates: BTreeSet<String>,
    /// Cells of the first column that is grouped by, where not one.
    pub(crate) cells: Option<u32>,
    /// Whether its count is of a part of the cell's patients.
    pub(crate) part: bool,
    /// What it shows of single hospitals; nothing where that is not known.
    pub(crate) shows: Option<Shows>,
}

impl Sketch {
    /// The footprint, checked like a worker's.
    ///
    /// # Errors
    /// A name that the dataset does not have, or a use that its class rules out.
    pub(crate) fn footprint(&self, dataset: &Dataset) -> Result<Footprint, FootprintError> {
        Footprint::check(self.draft(dataset), dataset)
    }

    fn draft(&self, dataset: &Dataset) -> FootprintDraft {
        let of_uses = self.uses.iter().map(|used| used.table.clone());
        let mut tables: BTreeSet<String> = of_uses.chain(self.tables.iter().cloned()).collect();
        if tables.is_empty() {
            tables.insert(dataset.patient.to_string());
        }
        let grouped = self.uses.iter().filter(|used| used.usage == Use::Group);
        let group_keys: Vec<String> =
            grouped.map(|used| format!("{}.{}", used.table, used.column)).collect();
        let sizes = self.cells.into_iter().chain(std::iter::repeat(1));
        let keys: Vec<LinkAxis> = (0..)
            .zip(sizes)
            .map(|(axis, size)| LinkAxis { axis, size })
            .take(group_keys.len())
            .collect();
        let axes = keys.iter().map(|key| LinkName::of(&key.axis.to_string())).collect();
        let sums = vec![LinkQuantity { what: LinkName::of("rows"), conditions: BTreeSet::new() }];
        FootprintDraft {
            tables,
            uses: self.uses.clone(),
            functions: self.functions.clone(),
            aggregates: self.aggregates.clone(),
            fragments: vec![self.fragment(group_keys, keys, dataset)],
            names: LinkNames { axes, sums },
            shows: self.shows.unwrap_or(Shows::NOTHING),
        }
    }

    fn fragment(
        &self,
        group_keys: Vec<String>,
        keys: Vec<LinkAxis>,
        dataset: &Dataset,
    ) -> FragmentFootprint {
        let cells = keys.iter().map(|key| u64::from(key.size)).product();
        let explore = if self.part {
            Explore::Refused(ExploreRefusal::new(ExploreReason::Measure, "count(*)"))
        } else {
            Explore::Form(form(&keys, dataset))
        };
        let links = vec![LinkFootprint {
            base: Digest::of(b"a footprint in words"),
            keys: keys.into_iter().map(LinkKey::from).collect(),
            sums: vec![LinkSum { of: 0, fixed: Vec::new(), part_of: Vec::new() }],
        }];
        FragmentFootprint {
            digest: Digest::of(b"a footprint in words"),
            group_keys,
            cells,
            sums: vec![SumFootprint {
                text: "count(*)".to_owned(),
                kind: SumKind::Rows,
                scale: 0,
                measure: 0,
            }],
            measures: vec![MeasureFootprint {
                condition: self.part.then_some(0),
                argument: None,
                kind: MeasureKind::Rows,
                scale: 0,
                least: Units::new(0),
                most: Units::new(1),
                made: None,
                whole: false,
                sensitive: Sensitive::default(),
            }],
            explore,
            links,
            vectors: Vec::new(),
            sensitive: false,
        }
    }
}

/// A count of patients in cells without conditions.
fn form(keys: &[LinkAxis], dataset: &Dataset) -> ExploreForm {
    let rows = dataset.patient.to_string();
    let cells = |key: &LinkAxis| {
        let cells = (0..key.size).map(|_cell| Conditions::default());
        ExploreKey::Cells(cells.collect())
    };
    let term = ExploreTerm {
        measure: MeasureId::Count { of: rows.clone() },
        conditions: Conditions::default(),
        factor: 1,
    };
    ExploreForm {
        rows,
        keys: keys.iter().map(cells).collect(),
        conditions: Conditions::default(),
        sums: vec![ExploreSum { terms: vec![term], plain: true }],
    }
}
