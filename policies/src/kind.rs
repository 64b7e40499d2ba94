//! What an indicator's figures are about, where that switches half a rule off: volumes and completeness.
//!
//! The board signs the kind with the indicator's text; no rule says it, so no other question has it. What a text must be like
//! for it is checked here, from its footprint: rules are not switched off for figures that only claim to be of a kind.

use chrono::Datelike as _;

use crate::dataset::{Class, ColumnType, Dataset, Use};
use crate::footprint::{Footprint, FootprintDraft, MeasureFootprint, MeasureKind};
use crate::indicator::{Indicator, YearColumn};
use crate::protections::{Kind, Opinions};
use crate::{Profile, UnixTime};

#[cfg(test)]
mod tests;

/// Variants that a volume may be counted by: all of them leave each hospital the same patients.
const VOLUME_BY: [&str; 3] = ["total", "hospital", "network"];

/// The years of a volume: which cell is which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Volume {
    first: i64,
    years: u64,
}

impl Volume {
    /// Whether a cell is of a year that was over at this moment. The cell of rows without a year is of none.
    #[must_use]
    pub fn is_closed(&self, cell: usize, now: UnixTime) -> bool {
        let Some(moment) = chrono::DateTime::from_timestamp(now.0, 0) else { return false };
        let cell = u64::try_from(cell).ok().filter(|cell| *cell < self.years);
        let year = cell.and_then(|cell| self.first.checked_add_unsigned(cell));
        year.is_some_and(|year| year < i64::from(moment.year()))
    }
}

/// Why a question is not of the kind that its indicator is declared to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindFault {
    /// Not a count by year of everybody.
    #[error("this is no volume: {reason}")]
    Volume {
        /// What it is instead.
        reason: String,
    },
    /// Not counts of values that are filled in.
    #[error("this is no completeness: count(*) and count(column) are, without FILTER and CASE")]
    Completeness,
}

impl KindFault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Volume { .. } => "not_a_volume",
            Self::Completeness => "not_a_completeness",
        }
    }

    /// The same in Dutch.
    pub(crate) fn dutch(&self) -> String {
        match self {
            Self::Volume { .. } => "dit is geen volume: een aantal per ziekenhuis en jaar, zonder andere uitsplitsing".to_owned(),
            Self::Completeness => "dit is geen vullingsgraad: count(*) en count(kolom) zijn dat, zonder FILTER en CASE".to_owned(),
        }
    }
}

/// The kind that holds under a profile: rules cannot say it, and neither can texts of one's own have it.
pub(crate) fn under(profile: Profile, kind: Kind) -> Kind {
    match profile {
        Profile::Indicator => kind,
        Profile::Members | Profile::Explore | Profile::Network | Profile::Strict => Kind::Quality,
    }
}

/// Whether a footprint is of the kind; the years, where it is a volume.
///
/// # Errors
/// What it is instead.
pub fn check(
    kind: Kind,
    indicator: &Indicator,
    (footprint, dataset): (&Footprint, &Dataset),
) -> Result<Option<Volume>, KindFault> {
    of_draft(kind, indicator, (footprint.draft(), dataset))
}

fn of_draft(
    kind: Kind,
    indicator: &Indicator,
    (draft, dataset): (&FootprintDraft, &Dataset),
) -> Result<Option<Volume>, KindFault> {
    let fragments = &draft.fragments;
    match kind {
        Kind::Quality => Ok(None),
        Kind::Volume => {
            let volume = volume(indicator.year.as_ref(), (draft, dataset));
            volume.map(Some).map_err(|reason| KindFault::Volume { reason })
        }
        Kind::Completeness => {
            let counts = fragments.iter().flat_map(|fragment| &fragment.measures);
            let mut counts =
                counts.map(|of| of.condition.is_none() && of.kind == MeasureKind::Rows);
            if counts.all(|counts| counts) { Ok(None) } else { Err(KindFault::Completeness) }
        }
    }
}

fn volume(
    year: Option<&YearColumn>,
    (draft, dataset): (&FootprintDraft, &Dataset),
) -> Result<Volume, String> {
    let year = year.ok_or("its head names no year")?;
    let name = format!("{}.{}", year.table, year.column);
    let [fragment] = draft.fragments.as_slice() else {
        return Err("it groups more than once".to_owned());
    };
    let mut grouped = draft.uses.iter().filter(|used| used.usage == Use::Group);
    let only = grouped
        .all(|used| used.table == year.table.as_str() && used.column == year.column.as_str());
    let plain = |key: &&String| key.rsplit('.').next() == Some(year.column.as_str());
    let years = fragment.group_keys.iter().filter(plain).count();
    if !only || years != 1 {
        return Err(format!("it is grouped by something else than the hospital and `{name}`"));
    }
    let everybody = |of: &MeasureFootprint| {
        let counts = match of.kind {
            MeasureKind::Rows => of.argument.is_none(),
            MeasureKind::Keys => true,
            MeasureKind::Flag | MeasureKind::Value => false,
        };
        of.condition.is_none() && counts
    };
    if !fragment.measures.iter().all(everybody) {
        return Err(
            "it counts something else than everybody: count(*) or count(distinct key)".to_owned()
        );
    }
    if fragment.sensitive {
        return Err("a sensitive column decides who is counted".to_owned());
    }
    let column = dataset.column(year.table.as_str(), year.column.as_str());
    let bounds = column.and_then(|column| column.bounds).ok_or("its year has no bounds")?;
    let years = bounds.max.checked_sub(bounds.min).and_then(|years| u64::try_from(years).ok());
    let years = years.and_then(|years| years.checked_add(1)).ok_or("its year has no bounds")?;
    // With a cell more of rows without a year; the hospital is one.
    let nullable = column.is_some_and(|column| column.nullable);
    if fragment.cells != years.saturating_add(u64::from(nullable)) {
        return Err(format!("its cells are not those of `{name}`"));
    }
    Ok(Volume { first: bounds.min, years })
}

/// What is wrong with what an indicator's head says of its kind, each as a sentence.
pub(crate) fn problems(indicator: &Indicator, dataset: Option<&Dataset>) -> Vec<String> {
    let Indicator { year, by, opinions, .. } = indicator;
    let mut found = Vec::new();
    match opinions.kind.unwrap_or(Kind::Quality) {
        Kind::Quality => {
            if year.is_some() {
                found.push("`year` is for a volume: write `kind: volume` too".to_owned());
            }
        }
        Kind::Volume => {
            found.extend(with(opinions, true));
            let mut other = by.iter().filter(|name| !VOLUME_BY.contains(&name.as_str()));
            if let Some(name) = other.next() {
                found.push(format!("a volume is by {}, not by `{name}`", VOLUME_BY.join(", ")));
            }
            match year {
                None => {
                    found.push("a volume names its year: write `year: TABLE.COLUMN`".to_owned())
                }
                Some(year) => found.extend(dataset.and_then(|dataset| wrong_year(year, dataset))),
            }
        }
        Kind::Completeness => {
            found.extend(with(opinions, false));
            if year.is_some() {
                found.push("`year` is for a volume, not for a completeness".to_owned());
            }
        }
    }
    found
}

/// Protections that a kind stands instead of.
fn with(opinions: &Opinions, volume: bool) -> Vec<String> {
    let Opinions { min_patients, min_part, parts, zeros, .. } = opinions;
    let kind = if volume { "volume" } else { "completeness" };
    let said = [
        ("min_patients", min_patients.is_some() && volume),
        ("min_part", min_part.is_some() && volume),
        ("parts", parts.is_some()),
        ("zeros", zeros.is_some() && volume),
    ];
    let said = said.into_iter().filter(|(_, said)| *said);
    said.map(|(word, _)| format!("`{word}` contradicts `kind: {kind}`: remove one")).collect()
}

fn wrong_year(year: &YearColumn, dataset: &Dataset) -> Option<String> {
    let YearColumn { table, column } = year;
    let Some(known) = dataset.column(table.as_str(), column.as_str()) else {
        return Some(format!(
            "`year` is no column of dataset `{}`: `{table}.{column}`",
            dataset.id
        ));
    };
    let is =
        known.class == Class::Quasi && known.kind == ColumnType::Integer && known.step == Some(1);
    (!is).then(|| format!("`year` is a quasi column with step 1; `{table}.{column}` is not"))
}
