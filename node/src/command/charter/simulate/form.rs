//! A question in words: what `--questions` reads, a JSON object a line, and what `--format json` prints of a logged one.

use std::collections::BTreeSet;

use chrono::DateTime;
use policies::footprint::{ColumnUse, FootprintDraft, Shows};
use policies::replay::{InWords, Touched};
use policies::wire::IndicatorRef;
use policies::{
    Ask, DatasetId, Digest, GroupId, HospitalCode, IndicatorId, PersonId, Profile, Purpose,
    UnixTime, VariantName,
};
use serde::{Deserialize, Serialize};

use super::question::{Asked, first_line};
use super::sides::Sides;

/// Most cells of a grouping in words: more are answered to nobody.
const MAX_CELLS: u32 = 10_000;

/// A question in words. Only person, purpose and dataset are needed.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    /// Digest of the signed question, of one that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
    /// When it was asked, as `2026-11-23T10:00:00Z`; now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    /// Who asks.
    person: PersonId,
    /// From which node; that of the person's hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asking_node: Option<HospitalCode>,
    /// What for.
    purpose: Purpose,
    /// For which tumour group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<GroupId>,
    /// Which dataset.
    dataset: DatasetId,
    /// Which indicator; none for a text of the person's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    indicator: Option<IndicatorForm>,
    /// The text's first line, or a name: shown, and not read.
    #[serde(default)]
    text: String,
    /// How many hospitals are asked; all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hospitals: Option<u32>,
    /// Whether the asking node's own hospital is asked, and no other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    to_itself: bool,
    /// Whether a session key signs it, and not the person's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    delegated: bool,
    /// The profile that the person names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    profile: Option<Profile>,
    /// Tables beside those of the uses.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    tables: BTreeSet<String>,
    /// Columns and their use, as `patient.age:aggregate`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    uses: BTreeSet<String>,
    /// Scalar functions.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    functions: BTreeSet<String>,
    /// Aggregates.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    aggregates: BTreeSet<String>,
    /// Cells of its largest grouping; 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cells: Option<u32>,
    /// What it shows of single hospitals and of networks; nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shows: Option<Shows>,
    /// In place of the words: a footprint as `kring audit show` prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    footprint: Option<Box<FootprintDraft>>,
}

/// An indicator in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct IndicatorForm {
    id: IndicatorId,
    /// The version; that of the charter in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<VariantName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<VariantName>,
    /// Digest of the variant's text; that of the charter in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<Digest>,
}

impl Form {
    /// A question that was replayed.
    pub(super) fn of(asked: &Asked, touched: &InWords) -> Self {
        let ask = &asked.ask;
        let indicator = ask.indicator.as_ref().map(|named| IndicatorForm {
            id: named.id.clone(),
            version: Some(named.version),
            by: named.by.clone(),
            window: named.window.clone(),
            text: Some(named.text),
        });
        let InWords { tables, uses, functions, aggregates, cells, shows } = touched.clone();
        let named: BTreeSet<&String> = uses.iter().map(|used| &used.table).collect();
        Self {
            digest: asked.digest,
            at: Some(asked.at.to_string()),
            person: ask.person.clone(),
            asking_node: Some(ask.asking_node.clone()),
            purpose: ask.purpose.clone(),
            group: ask.group.clone(),
            dataset: ask.dataset.clone(),
            indicator,
            text: asked.text.clone(),
            hospitals: u32::try_from(ask.hospitals).ok(),
            to_itself: ask.to_itself,
            delegated: !ask.direct_signature,
            profile: ask.profile,
            tables: tables.iter().filter(|table| !named.contains(table)).cloned().collect(),
            uses: uses.iter().map(ToString::to_string).collect(),
            functions,
            aggregates,
            cells,
            shows,
            footprint: None,
        }
    }

    /// The question, for replaying.
    ///
    /// # Errors
    /// What is to be written otherwise.
    pub(super) fn read(self, sides: &Sides) -> Result<(Asked, Touched), String> {
        let at = match &self.at {
            Some(text) => DateTime::parse_from_rfc3339(text)
                .map(|at| UnixTime(at.timestamp()))
                .map_err(|_error| format!("`at` is `{text}`: write 2026-11-23T10:00:00Z"))?,
            None => sides.now,
        };
        let person = sides.old.person(&self.person).or(sides.draft.person(&self.person));
        let asking_node = self.asking_node.clone().or(person.map(|known| known.hospital.clone()));
        let asking_node = asking_node.ok_or_else(|| {
            format!("`{}` is in people.toml of neither charter: name `asking_node`", self.person)
        })?;
        let touched = self.touched()?;
        let indicator = match &self.indicator {
            Some(named) => Some(named.read(sides)?),
            None => None,
        };
        let members = || sides.old.members().count();
        let hospitals = self.hospitals.map(usize::try_from).and_then(Result::ok);
        let network = sides.draft.network().clone();
        let ask = Ask {
            network: network.clone(),
            person: self.person,
            purpose: self.purpose,
            group: self.group,
            dataset: self.dataset,
            asking_node,
            direct_signature: !self.delegated,
            hospitals: hospitals.unwrap_or_else(members),
            named: None,
            at,
            to_itself: self.to_itself,
            indicator,
            profile: self.profile,
        };
        let (text, whole) = (first_line(&self.text), Digest::of(self.text.as_bytes()));
        Ok((Asked { digest: self.digest, network, at, ask, text, whole }, touched))
    }

    fn touched(&self) -> Result<Touched, String> {
        let Self { tables, uses, functions, aggregates, cells, shows, .. } = self;
        if let Some(footprint) = &self.footprint {
            let words = [tables, uses, functions, aggregates];
            if cells.is_some()
                || shows.is_some()
                || words.into_iter().any(|names| !names.is_empty())
            {
                return Err("`footprint` takes the place of `tables`, `uses`, `functions`, \
                            `aggregates`, `cells` and `shows`: leave them out"
                    .to_owned());
            }
            return Ok(Touched::Logged(footprint.clone()));
        }
        if cells.is_some_and(|cells| !(1..=MAX_CELLS).contains(&cells)) {
            return Err(format!("`cells` is a number from 1 to {MAX_CELLS}"));
        }
        let uses: Result<BTreeSet<ColumnUse>, _> = uses.iter().map(|text| text.parse()).collect();
        Ok(Touched::InWords(InWords {
            tables: tables.clone(),
            uses: uses.map_err(|error| error.to_string())?,
            functions: functions.clone(),
            aggregates: aggregates.clone(),
            cells: *cells,
            shows: *shows,
        }))
    }
}

impl IndicatorForm {
    fn read(&self, sides: &Sides) -> Result<IndicatorRef, String> {
        let Self { id, version, by, window, text } = self;
        if let (Some(version), Some(text)) = (version, text) {
            let (id, by, window) = (id.clone(), by.clone(), window.clone());
            return Ok(IndicatorRef { id, version: *version, by, window, text: *text });
        }
        let known = sides.old.indicator(id).or(sides.draft.indicator(id));
        let known = known.ok_or_else(|| format!("neither charter has an indicator `{id}`"))?;
        let (named, _text) =
            known.refer(by.as_ref(), window.as_ref()).map_err(|fault| fault.to_string())?;
        Ok(IndicatorRef { version: version.unwrap_or(named.version), ..named })
    }
}
