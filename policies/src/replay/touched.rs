//! What a replayed question touches: a logged footprint, or one in words for a question that nobody has asked.

use std::collections::BTreeSet;

use crate::dataset::{Dataset, Use};
use crate::footprint::{ColumnUse, Footprint, FootprintDraft, FootprintError, Shows};
use crate::sketch::Sketch;

/// What a question touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touched {
    /// A worker's account, as a log has it.
    Logged(Box<FootprintDraft>),
    /// A footprint in words.
    InWords(InWords),
}

/// A footprint in words: one count, in cells of the columns that it groups by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InWords {
    /// Tables beside those of the uses.
    pub tables: BTreeSet<String>,
    /// Columns and how each is used.
    pub uses: BTreeSet<ColumnUse>,
    /// Scalar functions.
    pub functions: BTreeSet<String>,
    /// Aggregates.
    pub aggregates: BTreeSet<String>,
    /// Cells of the first column that is grouped by, where not one.
    pub cells: Option<u32>,
    /// What it shows of single hospitals and of networks, where it does.
    pub shows: Option<Shows>,
}

/// A use of a column that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{got}` is no use of a column: write table.column:use, with the use {}", uses())]
pub struct BadUse {
    /// The text given.
    pub got: String,
}

const USES: [Use; 6] =
    [Use::Join, Use::CountDistinct, Use::Group, Use::Filter, Use::CountValues, Use::Aggregate];

fn uses() -> String {
    USES.map(Use::as_str).join(", ")
}

impl std::str::FromStr for ColumnUse {
    type Err = BadUse;

    /// Reads `table.column:use`, as rules write it.
    fn from_str(text: &str) -> Result<Self, BadUse> {
        let parts = text.split_once(':').and_then(|(place, usage)| {
            let (table, column) = place.split_once('.')?;
            let usage = USES.into_iter().find(|known| known.as_str() == usage)?;
            let (table, column) = (table.to_owned(), column.to_owned());
            Some(Self { table, column, usage })
        });
        parts.ok_or_else(|| BadUse { got: text.chars().take(80).collect() })
    }
}

impl std::fmt::Display for ColumnUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}:{}", self.table, self.column, self.usage.as_str())
    }
}

impl From<&FootprintDraft> for InWords {
    /// The same in words; measures, forms and places are left out.
    fn from(draft: &FootprintDraft) -> Self {
        let FootprintDraft { tables, uses, functions, aggregates, fragments, shows, names: _ } =
            draft;
        let cells = fragments.iter().map(|fragment| fragment.cells).max();
        Self {
            tables: tables.clone(),
            uses: uses.clone(),
            functions: functions.clone(),
            aggregates: aggregates.clone(),
            cells: cells.filter(|cells| *cells != 1).and_then(|cells| u32::try_from(cells).ok()),
            shows: Some(*shows).filter(|shows| *shows != Shows::NOTHING),
        }
    }
}

impl Touched {
    /// Holds it against a dataset.
    ///
    /// # Errors
    /// A name that the dataset does not have, or a use that its class rules out.
    pub fn check(&self, dataset: &Dataset) -> Result<Footprint, FootprintError> {
        match self {
            Self::Logged(draft) => Footprint::check(FootprintDraft::clone(draft), dataset),
            Self::InWords(InWords { tables, uses, functions, aggregates, cells, shows }) => {
                let sketch = Sketch {
                    tables: tables.clone(),
                    uses: uses.clone(),
                    functions: functions.clone(),
                    aggregates: aggregates.clone(),
                    cells: *cells,
                    part: false,
                    shows: *shows,
                };
                sketch.footprint(dataset)
            }
        }
    }

    /// It in words.
    #[must_use]
    pub fn in_words(&self) -> InWords {
        match self {
            Self::Logged(draft) => InWords::from(&**draft),
            Self::InWords(words) => words.clone(),
        }
    }
}
