//! What the rules say to everybody, about everything: a charter tried out cell by cell.
//!
//! A cell is one kind of person, one purpose, and one use of one class of columns of a table, or one indicator, under one
//! profile. Each is decided by [`decide::explain`], over a footprint in words. One person stands for all who have the same
//! groups, roles and hospital; whom a rule names stands alone, and so does a column that a rule names. Conditions on
//! several columns together, on functions and on numbers are not enumerated: the board's own cases are for these.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::ask::Ask;
use crate::charter::Charter;
use crate::dataset::{Class, Use};
use crate::protections::{Applied, Opinions};
use crate::{
    DatasetId, GroupId, HospitalCode, Ident, IndicatorId, PersonId, Profile, Purpose, Role,
    VariantName, decide,
};

mod axes;
#[cfg(test)]
mod tests;
mod touches;

pub use axes::{Axes, Only};

/// Most cells of a matrix: each is a decision, and a denied one several.
pub const MAX_CELLS: usize = 100_000;

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// Somebody whom a rule names.
    Named(PersonId),
    /// Everybody with these groups, these roles and this hospital whom no rule names.
    Alike {
        /// Tumour groups.
        groups: Vec<GroupId>,
        /// Roles.
        roles: Vec<Role>,
        /// The hospital.
        hospital: HospitalCode,
    },
}

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// Columns of a class in a use.
    Columns {
        /// The table.
        table: Ident,
        /// The class.
        class: &'static str,
        /// The column, where a rule names it.
        column: Option<Ident>,
        /// The use.
        usage: &'static str,
    },
    /// A variant of an indicator; its text is not read.
    Indicator {
        /// The indicator.
        id: IndicatorId,
        /// What it is counted by; the first variant where no rule tells them apart.
        by: Option<VariantName>,
        /// The years, likewise.
        window: Option<VariantName>,
    },
}

/// One cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Cell {
    /// Under which profile.
    pub profile: Profile,
    /// About which dataset.
    pub dataset: DatasetId,
    /// Who asks.
    pub who: Who,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group; none where no rule looks at it.
    pub group: Option<GroupId>,
    /// What it touches.
    pub about: About,
}

/// What is decided on a cell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It may be answered.
    Allow {
        /// The granting rules.
        rules: Vec<String>,
        /// What is done to the answer, as files write it.
        protections: BTreeMap<&'static str, String>,
    },
    /// It may not.
    Deny {
        /// The stable code.
        code: &'static str,
        /// The rule that denies.
        rule: Option<String>,
    },
    /// The charter has no such person, table or indicator.
    Absent,
}

/// Every cell of a charter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matrix {
    cells: BTreeMap<Cell, Verdict>,
    people: BTreeMap<Who, PersonId>,
}

/// A cell that two charters decide differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The cell.
    #[serde(flatten)]
    pub cell: Cell,
    /// What the old charter says.
    pub from: Verdict,
    /// What the new one says.
    pub to: Verdict,
}

/// More cells than are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the matrix has {cells} cells, at most {MAX_CELLS} are tried; name a dataset, a purpose or a person"
)]
pub struct TooManyCells {
    /// How many there are.
    pub cells: usize,
}

impl TooManyCells {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        "too_many_matrix_cells"
    }
}

impl Matrix {
    /// Decides on every cell of the charter along these axes.
    ///
    /// # Errors
    /// There are too many cells; nothing was decided.
    pub fn of(charter: &Charter, axes: &Axes) -> Result<Self, TooManyCells> {
        let people = axes.people(charter);
        let places = axes.places(charter, &people);
        if places.len() > MAX_CELLS {
            return Err(TooManyCells { cells: places.len() });
        }
        let decided = |cell: Cell| {
            let verdict = people
                .get(&cell.who)
                .map_or(Verdict::Absent, |person| verdict(charter, person, (&cell, axes)));
            (cell, verdict)
        };
        Ok(Self { cells: places.into_iter().map(decided).collect(), people })
    }

    /// Every cell with what is decided.
    pub fn cells(&self) -> impl ExactSizeIterator<Item = (&Cell, &Verdict)> {
        self.cells.iter()
    }

    /// Who stands for these people.
    #[must_use]
    pub fn stands_for(&self, who: &Who) -> Option<&PersonId> {
        self.people.get(who)
    }

    /// The cells that this charter and a newer one decide differently: allowed in one of them only, or protected otherwise.
    #[must_use]
    pub fn against(&self, new: &Self) -> Vec<Difference> {
        let cells = self.cells.keys().chain(new.cells.keys());
        let cells: std::collections::BTreeSet<&Cell> = cells.collect();
        let of =
            |matrix: &Self, cell: &Cell| matrix.cells.get(cell).cloned().unwrap_or(Verdict::Absent);
        let difference = |cell: &Cell| {
            let (from, to) = (of(self, cell), of(new, cell));
            let differs = !from.is_as(&to);
            differs.then(|| Difference { cell: cell.clone(), from, to })
        };
        cells.into_iter().filter_map(difference).collect()
    }
}

impl Verdict {
    /// Whether it may be answered.
    #[must_use]
    pub fn allows(&self) -> bool {
        match self {
            Self::Allow { .. } => true,
            Self::Deny { .. } | Self::Absent => false,
        }
    }

    /// Whether another one is the same to whoever asks, whichever rules say it.
    fn is_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Allow { protections: one, .. }, Self::Allow { protections: two, .. }) => {
                one == two
            }
            (one, two) => one.allows() == two.allows(),
        }
    }
}

/// What is done to an answer, as files write it: what a receipt would name.
pub(crate) fn applied(explained: &decide::Explained) -> BTreeMap<&'static str, String> {
    let decided: Opinions = explained.protections.into();
    let Applied {
        min_patients: _,
        zeros: _,
        signature: _,
        min_part,
        parts,
        dominance,
        p_percent,
        min_df,
        variance,
        kind,
        quota_day,
        quota_lineage,
        own,
        approval,
        reveal,
    } = explained.protections.applied_under(explained.profile);
    let absent = [
        ("min_part", min_part.is_none()),
        ("parts", parts.is_none()),
        ("dominance", dominance.is_none()),
        ("p_percent", p_percent.is_none()),
        ("min_df", min_df.is_none()),
        ("variance", variance.is_none()),
        ("kind", kind.is_none()),
        ("quota_day", quota_day.is_none()),
        ("quota_lineage", quota_lineage.is_none()),
        ("own", own.is_none()),
        ("approval", approval.is_none()),
        ("reveal", reveal.is_none()),
    ];
    let mut said = decided.said();
    said.retain(|word, _| !absent.contains(&(*word, true)));
    said
}

fn verdict(charter: &Charter, person: &PersonId, (cell, axes): (&Cell, &Axes)) -> Verdict {
    let Some(dataset) = charter.dataset(&cell.dataset) else { return Verdict::Absent };
    let Some(asking_node) = charter.person(person).map(|person| person.hospital.clone()) else {
        return Verdict::Absent;
    };
    let named = |column: &str| axes.names(column);
    let Some((sketch, indicator)) = touches::of(charter, dataset, &cell.about, named) else {
        return Verdict::Absent;
    };
    let ask = Ask {
        network: charter.network().clone(),
        person: person.clone(),
        purpose: cell.purpose.clone(),
        group: cell.group.clone(),
        dataset: cell.dataset.clone(),
        asking_node,
        direct_signature: true,
        hospitals: charter.members().count(),
        named: None,
        at: charter.valid_from(),
        to_itself: false,
        indicator,
        profile: Some(cell.profile),
    };
    let footprint = match sketch.footprint(dataset) {
        Ok(footprint) => footprint,
        Err(error) => return Verdict::Deny { code: error.code(), rule: None },
    };
    match decide::explain(charter, &ask, &footprint) {
        Ok(explained) => {
            let protections = applied(&explained);
            Verdict::Allow { rules: explained.rules, protections }
        }
        Err(denial) => Verdict::Deny { code: denial.code, rule: denial.rule },
    }
}

/// Every use, in the order of printing.
const USES: [Use; 6] =
    [Use::Join, Use::CountDistinct, Use::Group, Use::Filter, Use::CountValues, Use::Aggregate];
/// Every class that has a use.
const CLASSES: [Class; 5] =
    [Class::Key, Class::Category, Class::Flag, Class::Measure, Class::Quasi];
