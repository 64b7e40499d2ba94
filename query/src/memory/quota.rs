//! How much a person, a purpose and an organisation may ask.
//!
//! Units are known from the text alone (cells of the declared domain): what is left of a quota depends on no patient.

use super::charge::{Charge, Event};
use super::state::Memory;
use super::{Day, Name};

/// Who asks, for what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    /// The person.
    pub(crate) person: Name,
    /// The purpose.
    pub(crate) purpose: Name,
    /// The organisation.
    pub(crate) organisation: Name,
}

/// Who has a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// One person.
    Person,
    /// All who ask for one purpose.
    Purpose,
    /// All of one organisation.
    Organisation,
}

impl Asker {
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
#[error("the quota of this {scope:?} is used up: ask less at once, or again on another day")]
pub(crate) struct OverQuota {
    /// Whose.
    pub(crate) scope: Scope,
}

impl OverQuota {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
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
    pub(crate) fn refusal(&self, asker: &Asker, day: Day) -> Charge {
        self.asked(asker, 1, day)
    }

    fn asked(&self, asker: &Asker, units: u64, day: Day) -> Charge {
        let mut charge = self.charge();
        charge.draft(Event::Asked { asker: asker.clone(), day, units });
        charge
    }
}
