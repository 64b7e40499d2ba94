//! What a question touches: everything that a rule may speak about, without the SQL.
//!
//! The draft comes from a worker that read SQL from a stranger, so it is not believed: names must exist in the signed
//! dataset, and the class of every column must allow its use. The log keeps drafts, so rules can be tried out later.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::dataset::{Class, Dataset, Use};
use crate::explore::{Explore, ExploreRefusal};
use crate::{DatasetId, Digest};

mod dutch;
mod link;
mod measure;
mod sensitive;
mod shows;
mod vector;

pub use link::{
    LinkAxis, LinkFixed, LinkFootprint, LinkKey, LinkName, LinkNames, LinkQuantity, LinkSet,
    LinkSum, NotAName, NotASet,
};
pub use measure::{
    MAX_ROWS, MadeFootprint, MeasureFootprint, MeasureKind, SUM_LIMIT, Units, UnitsError,
};
pub use sensitive::Sensitive;
pub use shows::{HospitalUse, Shows};
pub use vector::{MAX_BINS, TAILS, VectorFootprint};

/// Most cells that one fragment's declared domain may have.
pub const MAX_CELLS: u64 = 10_000;
/// Most fragments of one question.
pub const MAX_FRAGMENTS: usize = 8;

/// Most bytes of all texts and measures of a footprint: it is kept in the log.
pub const MAX_TEXT_BYTES: usize = 256 * 1024;
/// Bytes of a measure in the log, roughly.
const MEASURE_BYTES: usize = 128;
/// Bytes of a figure's place in a space in the log, roughly; one that conditions fix has as many again.
const LINK_BYTES: usize = 40;

/// A worker's account of a question, not believed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FootprintDraft {
    /// Tables read, by name.
    pub tables: BTreeSet<String>,
    /// Columns and how each is used.
    pub uses: BTreeSet<ColumnUse>,
    /// Scalar functions and operators below the cut, by name.
    pub functions: BTreeSet<String>,
    /// Aggregates at the cut, by name.
    pub aggregates: BTreeSet<String>,
    /// The fragments.
    pub fragments: Vec<FragmentFootprint>,
    /// What the numbers in the fragments' links stand for. Missing in entries of older logs, and in nothing that is accepted.
    #[serde(default, skip_serializing_if = "LinkNames::is_empty")]
    pub names: LinkNames,
    /// What it shows of single hospitals and of networks. Missing in entries of older logs.
    #[serde(default, skip_serializing_if = "Shows::is_unknown")]
    pub shows: Shows,
}

impl FootprintDraft {
    /// Bytes of all its texts and measures.
    fn text_bytes(&self) -> usize {
        let Self { tables, uses, functions, aggregates, fragments, names: linked, shows: _ } = self;
        let names = tables.iter().chain(functions).chain(aggregates);
        let columns = uses.iter().flat_map(|used| [&used.table, &used.column]);
        let keys = fragments.iter().flat_map(|fragment| &fragment.group_keys);
        let sums = fragments.iter().flat_map(|fragment| &fragment.sums).map(|sum| &sum.text);
        // Forms have a limit of their own, so that a long one does not cost another profile its answer.
        let forms = fragments.iter().map(|fragment| match &fragment.explore {
            Explore::Form(_) => 0,
            Explore::Refused(refusal) => refusal.clause.len(),
        });
        let texts = names.chain(columns).chain(keys).chain(sums).map(String::len).chain(forms);
        let measures = fragments.iter().flat_map(|fragment| &fragment.measures);
        let measures: usize = measures
            .map(|measure| {
                let follow = |made: &MadeFootprint| made.also.len().saturating_add(made.rest.len());
                measure.made.as_ref().map_or(1, |made| follow(made).saturating_add(2))
            })
            .fold(0, usize::saturating_add);
        let links = fragments.iter().flat_map(|fragment| &fragment.links).map(LinkFootprint::len);
        let links = links.fold(linked.len(), usize::saturating_add).saturating_mul(LINK_BYTES);
        texts
            .sum::<usize>()
            .saturating_add(measures.saturating_mul(MEASURE_BYTES))
            .saturating_add(links)
    }
}

/// One column in one use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnUse {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The use.
    #[serde(rename = "use")]
    pub usage: Use,
}

/// What one fragment releases.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FragmentFootprint {
    /// Digest of the fragment's canonical form.
    pub digest: Digest,
    /// Group keys, as text.
    pub group_keys: Vec<String>,
    /// Cells of the declared domain.
    pub cells: u64,
    /// Additive sums a cell, in the order of the wire.
    pub sums: Vec<SumFootprint>,
    /// What the sums are of, each measure once. Missing in entries of older logs, and in nothing that is accepted.
    #[serde(default)]
    pub measures: Vec<MeasureFootprint>,
    /// The form that `ask.explore` answers, or why it is not in it. Missing in entries of older logs.
    #[serde(default)]
    pub explore: Explore,
    /// Where its figures lie among those of the question. Missing in entries of older logs, and in nothing that is accepted.
    #[serde(default)]
    pub links: Vec<LinkFootprint>,
    /// Its vectors of bins: sums of [`SumKind::Bin`] that are told together or not at all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vectors: Vec<VectorFootprint>,
    /// Whether the values of a sensitive column decide which patients are in a cell: that one is empty is then not shown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sensitive: bool,
}

/// One additive sum of every cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SumFootprint {
    /// What is added, as text.
    pub text: String,
    /// What kind of sum it is.
    pub kind: SumKind,
    /// Digits behind the point of the sum: 0 for counts.
    pub scale: u8,
    /// The place of its measure among the fragment's.
    #[serde(default)]
    pub measure: u32,
}

/// The kinds of additive sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SumKind {
    /// Rows.
    Rows,
    /// Rows with a value.
    NonNull,
    /// Distinct keys.
    Distinct,
    /// Rows in one bin of a column, told with noise only: quantiles and histograms are made of them.
    Bin,
    /// A fixed-point sum.
    Sum,
    /// A fixed-point sum of squares.
    SumSquares,
    /// A fixed-point sum of products of two arguments, for a figure of both.
    SumProducts,
}

impl SumKind {
    /// Whether it counts, and so is never negative nor has digits behind the point.
    #[must_use]
    pub fn is_count(self) -> bool {
        match self {
            Self::Rows | Self::NonNull | Self::Distinct | Self::Bin => true,
            Self::Sum | Self::SumSquares | Self::SumProducts => false,
        }
    }
}

/// Why a footprint is refused, whatever the rules say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FootprintError {
    /// No such table.
    #[error("table `{table}` is not in dataset `{dataset}`")]
    UnknownTable {
        /// The name.
        table: String,
        /// The dataset.
        dataset: DatasetId,
    },
    /// No such column.
    #[error("column `{column}` is not in table `{table}`")]
    UnknownColumn {
        /// The table.
        table: String,
        /// The name.
        column: String,
    },
    /// The class of the column rules the use out.
    #[error("column `{table}.{column}` is a {}: it cannot be used to {usage}; {advice}", class.as_str())]
    ClassForbids {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its class.
        class: Class,
        /// The use.
        usage: &'static str,
        /// What can be done instead.
        advice: &'static str,
    },
    /// Too many cells.
    #[error(
        "a grouping has {cells} cells, at most {MAX_CELLS} are answered; group by fewer columns or wider bins"
    )]
    TooManyCells {
        /// Cells asked for.
        cells: u64,
    },
    /// Too much text for the log.
    #[error(
        "the question's footprint has {bytes} bytes of text, at most {MAX_TEXT_BYTES} are kept; ask for less at once"
    )]
    TooLarge {
        /// Bytes of all its texts.
        bytes: usize,
    },
    /// Sums and measures of a fragment that do not fit each other: the worker's account is wrong.
    #[error(
        "the account of fragment {fragment} contradicts itself: what its sums are of is not clear"
    )]
    Measures {
        /// The fragment, from 0.
        fragment: usize,
    },
    /// Vectors of bins that do not fit the sums of their fragment.
    #[error(
        "the account of fragment {fragment} contradicts itself: what its bins are of is not clear"
    )]
    Vectors {
        /// The fragment, from 0.
        fragment: usize,
    },
    /// Places of figures that do not fit their fragment.
    #[error(
        "the account of fragment {fragment} contradicts itself: where its figures lie is not clear"
    )]
    Links {
        /// The fragment, from 0.
        fragment: usize,
    },
    /// A form that the dataset does not allow.
    #[error("the worker's account of the form for ask.explore does not hold")]
    BadExplore {
        /// What is wrong with it.
        #[from]
        source: ExploreRefusal,
    },
    /// No or too many fragments.
    #[error("the question has {fragments} fragments, between 1 and {MAX_FRAGMENTS} are answered")]
    FragmentCount {
        /// Fragments asked for.
        fragments: usize,
    },
}

impl FootprintError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownTable { .. } => "unknown_table",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::ClassForbids { .. } => "column_class",
            Self::TooManyCells { .. } => "too_many_cells",
            Self::TooLarge { .. } => "footprint_too_large",
            Self::Measures { .. } => "footprint_measures",
            Self::Vectors { .. } => "footprint_vectors",
            Self::Links { .. } => "footprint_links",
            Self::BadExplore { .. } => "bad_explore",
            Self::FragmentCount { .. } => "fragment_count",
        }
    }
}

/// A draft that holds against the signed dataset.
///
/// ```compile_fail
/// fn make(draft: policies::footprint::FootprintDraft, dataset: policies::DatasetId) {
///     let footprint = policies::Footprint { draft, dataset };
/// }
/// ```
#[derive(Debug)]
pub struct Footprint {
    draft: FootprintDraft,
    dataset: DatasetId,
}

impl Footprint {
    /// Checks a draft against the dataset.
    ///
    /// # Errors
    /// The first problem found, in the order size, tables, columns, fragments.
    pub fn check(draft: FootprintDraft, dataset: &Dataset) -> Result<Self, FootprintError> {
        let bytes = draft.text_bytes();
        if bytes > MAX_TEXT_BYTES {
            return Err(FootprintError::TooLarge { bytes });
        }
        for table in &draft.tables {
            if dataset.table(table).is_none() {
                return Err(FootprintError::UnknownTable {
                    table: table.clone(),
                    dataset: dataset.id.clone(),
                });
            }
        }
        for ColumnUse { table, column, usage } in &draft.uses {
            let Some(known) = dataset.column(table, column) else {
                let (table, column) = (table.clone(), column.clone());
                return Err(FootprintError::UnknownColumn { table, column });
            };
            if !known.class.allows(*usage) {
                return Err(FootprintError::ClassForbids {
                    table: table.clone(),
                    column: column.clone(),
                    class: known.class,
                    usage: usage.as_str(),
                    advice: advice(known.class),
                });
            }
        }
        if draft.fragments.is_empty() || draft.fragments.len() > MAX_FRAGMENTS {
            return Err(FootprintError::FragmentCount { fragments: draft.fragments.len() });
        }
        if let Some(large) = draft.fragments.iter().find(|f| f.cells > MAX_CELLS) {
            return Err(FootprintError::TooManyCells { cells: large.cells });
        }
        for (index, fragment) in draft.fragments.iter().enumerate() {
            measure::check(fragment, index)?;
            vector::check(fragment, index)?;
        }
        link::check(&draft.fragments)?;
        draft.names.check(&draft.fragments)?;
        for fragment in &draft.fragments {
            if let Explore::Form(form) = &fragment.explore {
                form.check(fragment, dataset)?;
            }
        }
        Ok(Self { draft, dataset: dataset.id.clone() })
    }

    /// The same again: what holds against the dataset still does.
    pub(crate) fn again(&self) -> Self {
        Self { draft: self.draft.clone(), dataset: self.dataset.clone() }
    }

    /// What was checked.
    #[must_use]
    pub fn draft(&self) -> &FootprintDraft {
        &self.draft
    }

    /// The dataset it was checked against.
    #[must_use]
    pub fn dataset(&self) -> &DatasetId {
        &self.dataset
    }

    /// The digests of the fragments, in order.
    #[must_use]
    pub fn fragment_digests(&self) -> Vec<Digest> {
        self.draft.fragments.iter().map(|fragment| fragment.digest).collect()
    }
}

fn advice(class: Class) -> &'static str {
    match class {
        Class::Key => "join on it, or write count(distinct key)",
        Class::Category => "group by it, filter on it or count it",
        Class::Flag | Class::Measure => "aggregate it, compare it or group by bins of it",
        Class::Quasi => "group by it in the generalisation of the dataset, or filter on it",
        Class::Hidden => "the board does not offer it to questions",
    }
}
