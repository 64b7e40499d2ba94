//! How much a person, a purpose and an organisation may ask.
//!
//! Units are known without any data: what is left of a quota depends on no patient.

use super::charge::{Charge, Event};
use super::state::Memory;
use super::{Day, Name};

/// What a name begins with.
const NAME: &[u8] = b"kring asker/1";

/// Who asks, for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The person.
    pub(crate) person: Name,
    /// The purpose.
    pub(crate) purpose: Name,
    /// The organisation.
    pub(crate) organisation: Name,
}

/// Who has a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// One person.
    Person,
    /// All who ask for one purpose.
    Purpose,
    /// All of one organisation.
    Organisation,
}

impl Asker {
    /// Somebody of an organisation who asks for a purpose.
    #[must_use]
    pub fn new(person: &str, purpose: &str, organisation: &str) -> Self {
        let name = |what: &str, id: &str| -> Name {
            let text = [NAME, what.as_bytes(), b" ", id.as_bytes()].concat();
            *policies::Digest::of(&text).as_bytes()
        };
        Self {
            person: name("person", person),
            purpose: name("purpose", purpose),
            organisation: name("organisation", organisation),
        }
    }

    pub(super) fn scopes(&self) -> [(Scope, Name); 3] {
        let Self { person, purpose, organisation } = self;
        [(Scope::Person, *person), (Scope::Purpose, *purpose), (Scope::Organisation, *organisation)]
    }
}

/// Units of one scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// On one day.
    pub(crate) day: u64,
    /// Over the lineage.
    pub(crate) lineage: u64,
}

/// Units of each scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Of a person.
    pub(crate) person: Limit,
    /// Of a purpose.
    pub(crate) purpose: Limit,
    /// Of an organisation.
    pub(crate) organisation: Limit,
}

/// A quota would be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the quota of this {} at this hospital is used up, for today or for as long as what was answered over the dataset is remembered: ask \
     again on another day, or ask the board",
    scope.word()
)]
pub struct OverQuota {
    /// Whose.
    pub scope: Scope,
}

impl Scope {
    fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Purpose => "purpose",
            Self::Organisation => "organisation",
        }
    }
}

impl OverQuota {
    /// Whose quota, and what can be done, in Dutch.
    #[must_use]
    pub fn dutch(&self) -> String {
        let whose = match self.scope {
            Scope::Person => "deze persoon",
            Scope::Purpose => "dit doel",
            Scope::Organisation => "deze organisatie",
        };
        format!(
            "het quotum van {whose} bij dit ziekenhuis is op, voor vandaag of zolang wordt onthouden wat over de dataset is beantwoord: vraag op \
             een andere dag, of vraag het bestuur"
        )
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self.scope {
            Scope::Person => "quota_person",
            Scope::Purpose => "quota_purpose",
            Scope::Organisation => "quota_organisation",
        }
    }
}

/// Units used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Used {
    lineage: u64,
    day: Day,
    today: u64,
}

impl Used {
    /// On `day`; a clock that goes back stays on the last day.
    fn today(self, day: Day) -> u64 {
        if day > self.day { 0 } else { self.today }
    }

    pub(super) fn add(&mut self, day: Day, units: u64) {
        self.today = self.today(day).saturating_add(units);
        self.day = self.day.max(day);
        self.lineage = self.lineage.saturating_add(units);
    }
}

impl Memory {
    /// Begins the charge of a question of `units`.
    ///
    /// # Errors
    /// `OverQuota` for the first scope whose quota would be exceeded; nothing is charged.
    pub(crate) fn quota(
        &self,
        asker: &Asker,
        limits: &Limits,
        units: u64,
        day: Day,
    ) -> Result<Charge, OverQuota> {
        for (scope, name) in asker.scopes() {
            let limit = match scope {
                Scope::Person => limits.person,
                Scope::Purpose => limits.purpose,
                Scope::Organisation => limits.organisation,
            };
            let Some(used) = self.used(scope, &name) else { return Err(OverQuota { scope }) };
            let over = |used: u64, limit: u64| used.saturating_add(units) > limit;
            if over(used.today(day), limit.day) || over(used.lineage, limit.lineage) {
                return Err(OverQuota { scope });
            }
        }
        Ok(self.asked(asker, units, day))
    }

    /// The charge of a refusal, for whichever reason: one unit.
    #[cfg(test)]
    pub(crate) fn refusal(&self, asker: &Asker, day: Day) -> Charge {
        self.asked(asker, 1, day)
    }

    fn asked(&self, asker: &Asker, units: u64, day: Day) -> Charge {
        let mut charge = self.charge();
        charge.draft(Event::Asked { asker: asker.clone(), day, units });
        charge
    }
}
