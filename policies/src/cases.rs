//! The board's own cases: who asks what, and what should be decided. `tests/*.toml` of a charter's folder.
//!
//! A case says what its question touches in words, or gives a text, which a worker has to read first. Files are read with the
//! charter and sealed with it; whether the cases hold is asked with [`Case::decide`] and [`Case::judge`]. They are tried as
//! at the first moment of the charter, by somebody who signs the question and asks every hospital from their own.

use std::collections::BTreeMap;

use crate::ask::Ask;
use crate::charter::Charter;
use crate::decide::{self, Explained};
use crate::denial::{Denial, reasons};
use crate::wire::IndicatorRef;
use crate::{
    DatasetId, Footprint, GroupId, HospitalCode, IndicatorId, PersonId, Profile, Purpose,
    VariantName, matrix,
};

mod file;
mod judge;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use file::read;
pub use words::Words;

/// Most cases of a charter.
pub const MAX_CASES: usize = 1024;

/// What should be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It may be answered.
    Allow,
    /// It may not.
    Deny,
}

impl Expect {
    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }
}

/// What a case's question touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Touches {
    /// As it says in words.
    Words(Words),
    /// Whatever this text does.
    Sql(String),
    /// Whatever the text of its indicator does.
    Indicator,
}

/// The variant of an indicator that a case asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedIndicator {
    /// The indicator.
    pub id: IndicatorId,
    /// What it is counted by; the first where nothing is said.
    pub by: Option<VariantName>,
    /// Its years; the first where nothing is said.
    pub window: Option<VariantName>,
}

/// One case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The file that it stands in.
    pub file: String,
    /// The line where it begins, from 1.
    pub line: usize,
    /// Who asks.
    pub person: PersonId,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group.
    pub group: Option<GroupId>,
    /// Which dataset.
    pub dataset: DatasetId,
    /// The profile that is named, if any.
    pub profile: Option<Profile>,
    /// The indicator that is asked, if any.
    pub indicator: Option<AskedIndicator>,
    /// What the question touches.
    pub touches: Touches,
    /// What should be decided.
    pub expect: Expect,
    /// The rule that should grant or deny it.
    pub rule: Option<String>,
    /// The code that a denial should have.
    pub code: Option<String>,
    /// Protections that should hold, as files write them.
    pub protections: BTreeMap<String, String>,
}

/// What is decided on a case's question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decided {
    /// It may be answered.
    Allowed {
        /// The granting rules.
        rules: Vec<String>,
        /// What is done to the answer.
        protections: BTreeMap<&'static str, String>,
    },
    /// The rules deny it.
    Denied {
        /// The stable code.
        code: String,
        /// The rule, if one denies.
        rule: Option<String>,
        /// What the person is told.
        message: String,
    },
    /// It is refused before any rule is asked.
    Refused {
        /// The stable code.
        code: String,
        /// Why.
        message: String,
    },
}

impl Case {
    /// The text that a worker has to read before anything is decided; none where the footprint is in words.
    ///
    /// # Errors
    /// The charter has no such indicator or variant.
    pub fn text(&self, charter: &Charter) -> Result<Option<String>, Decided> {
        match &self.touches {
            Touches::Words(_) => Ok(None),
            Touches::Sql(text) => Ok(Some(text.clone())),
            Touches::Indicator => Ok(self.refer(charter)?.map(|(_, text)| text)),
        }
    }

    /// Whether a worker has to read a text first.
    #[must_use]
    pub fn needs_a_worker(&self) -> bool {
        match &self.touches {
            Touches::Words(_) => false,
            Touches::Sql(_) | Touches::Indicator => true,
        }
    }

    /// Decides on a case whose footprint is in words; none where a worker has to read its text first.
    #[must_use]
    pub fn decide(&self, charter: &Charter) -> Option<Decided> {
        let Touches::Words(words) = &self.touches else { return None };
        let Some(dataset) = charter.dataset(&self.dataset) else {
            return Some(Decided::of(Err(reasons::unknown_dataset(charter, &self.dataset))));
        };
        Some(match words.footprint(dataset) {
            Ok(footprint) => self.decide_on(charter, &footprint),
            Err(error) => Decided::refused(error.code(), &error),
        })
    }

    /// Decides on a case by the footprint of its text.
    #[must_use]
    pub fn decide_on(&self, charter: &Charter, footprint: &Footprint) -> Decided {
        let indicator = match self.refer(charter) {
            Ok(found) => found.map(|(named, _text)| named),
            Err(refused) => return refused,
        };
        let known = charter.person(&self.person);
        if known.is_some_and(|person| !person.valid_at(charter.valid_from())) {
            return Decided::of(Err(reasons::person_not_valid(charter, &self.person)));
        }
        let hospital = known.map(|person| person.hospital.clone());
        let first = || charter.members().next().map(|member| member.code.clone());
        let Some(asking_node) = hospital.or_else(first) else {
            return Decided::refused("no_member", &"the charter has no hospital");
        };
        Decided::of(decide::explain(charter, &self.ask(charter, asking_node, indicator), footprint))
    }

    fn ask(
        &self,
        charter: &Charter,
        asking_node: HospitalCode,
        indicator: Option<IndicatorRef>,
    ) -> Ask {
        let hospitals = charter.members().count();
        Ask {
            network: charter.network().clone(),
            person: self.person.clone(),
            purpose: self.purpose.clone(),
            group: self.group.clone(),
            dataset: self.dataset.clone(),
            asking_node,
            direct_signature: true,
            hospitals,
            named: None,
            at: charter.valid_from(),
            to_itself: hospitals == 1,
            indicator,
            profile: self.profile,
        }
    }

    fn refer(&self, charter: &Charter) -> Result<Option<(IndicatorRef, String)>, Decided> {
        let Some(asked) = &self.indicator else { return Ok(None) };
        let unknown = format!("there is no indicator `{}` in the charter", asked.id);
        let known = charter.indicator(&asked.id);
        let known = known.ok_or_else(|| Decided::refused("unknown_indicator", &unknown))?;
        let found = known.refer(asked.by.as_ref(), asked.window.as_ref());
        found.map(Some).map_err(|fault| Decided::refused(fault.code(), &fault))
    }

    /// Whether another case asks and expects the same, wherever it stands.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Self { file: other.file.clone(), line: other.line, ..self.clone() } == *other
    }

    /// In short, for a list of changes.
    pub(crate) fn short(&self) -> String {
        let Self { person, purpose, expect, rule, protections, .. } = self;
        let rule = rule.as_ref().map(|rule| format!(" by {rule}")).unwrap_or_default();
        let said = protections.iter().map(|(word, value)| format!(", {word} {value}"));
        format!("{person} for {purpose}: {}{rule}{}", expect.as_str(), said.collect::<String>())
    }
}

impl Decided {
    fn of(result: Result<Explained, Denial>) -> Self {
        match result {
            Ok(explained) => {
                let protections = matrix::applied(&explained);
                Self::Allowed { rules: explained.rules, protections }
            }
            Err(Denial { code, rule, layer: _, message, message_nl: _ }) => {
                Self::Denied { code: code.to_owned(), rule, message }
            }
        }
    }

    /// A question that is refused before any rule is asked.
    #[must_use]
    pub fn refused(code: &str, message: &dyn std::fmt::Display) -> Self {
        Self::Refused { code: code.to_owned(), message: message.to_string() }
    }
}
