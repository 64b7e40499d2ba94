//! An older version of the charter that still holds beside the newest: until the notice is over, both must allow.
//!
//! So a board tightens at once and widens with notice, and nobody has to say which of the two a change is. What the older
//! version says is asked with its own people, rules and indicators. Datasets are read by the newest: a column that the
//! older one has otherwise, or does not have, waits.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ask::Ask;
use crate::dataset::{Column, Dataset, DatasetStatus};
use crate::denial::{Denial, reasons, rule_name};
use crate::dsse::PublicKey;
use crate::envelope::VerifiedRequest;
use crate::footprint::Footprint;
use crate::indicator;
use crate::permit::Profile;
use crate::protections::Opinions;
use crate::{HospitalCode, UnixTime};

use super::rules::{Outcome, Posed};
use super::{Charter, Person};

/// An older version that holds until a moment.
#[derive(Clone, Debug)]
pub struct Beside {
    /// The version.
    pub charter: Arc<Charter>,
    /// The first moment at which it no longer holds.
    pub until: UnixTime,
}

/// A layer above or below a network: its charter, and older versions that hold beside it.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its rules, over the people and data of the network that is asked in.
    pub charter: Arc<Charter>,
    /// Older versions, the newest first.
    pub besides: Vec<Beside>,
}

/// A question as rules are asked it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'q> {
    /// To the rules for `enter`.
    pub(crate) at_the_door: &'q Posed,
    /// To those of a profile, about the newest version's dataset.
    pub(crate) posed: &'q Posed,
    /// Whether no other layer has a say.
    pub(crate) alone: bool,
}

/// What an older version adds to a question that it allows.
#[derive(Debug)]
pub(crate) struct Says {
    /// The rules that permit it, as `network/rule`; none where it leaves that to other layers.
    pub(crate) rules: Vec<String>,
    /// What they and its indicator ask for.
    pub(crate) opinions: Opinions,
    /// What it takes the dataset for.
    pub(crate) status: DatasetStatus,
}

impl Beside {
    /// Whether person and node are who they were: a key that is new waits like everything else that is.
    ///
    /// # Errors
    /// The denial.
    pub(crate) fn knows(
        &self,
        newest: &Charter,
        request: &VerifiedRequest,
        now: UnixTime,
    ) -> Result<(), Denial> {
        let (from, key) = (&request.request().from, request.sender_key());
        self.knows_both(newest, (request.person(), from, Some(key)), now)
    }

    /// The same of a person and a node of the newest version; without a key, of a node that asks with any that is known.
    ///
    /// # Errors
    /// The denial.
    pub(crate) fn knows_both(
        &self,
        newest: &Charter,
        (person, from, key): (&Person, &HospitalCode, Option<&PublicKey>),
        now: UnixTime,
    ) -> Result<(), Denial> {
        let charter = &*self.charter;
        let same = charter
            .person(&person.id)
            .is_some_and(|known| known.key == person.key && known.hospital == person.hospital);
        if !same {
            let denial = reasons::unknown_person(charter, &person.id);
            return Err(denial.waits(self));
        }
        if charter.person(&person.id).is_none_or(|known| !known.valid_at(now)) {
            return Err(reasons::person_not_valid(charter, &person.id).waits(self));
        }
        let known = charter.member(from).filter(|known| known.valid_at(now));
        let known = known.is_some_and(|known| {
            let accepts = |key: &PublicKey| known.keys.envelope.accepts(key, now);
            let newer = newest.member(from).map(|member| &member.keys.envelope);
            match key {
                Some(key) => accepts(key),
                None => newer.is_some_and(|newer| newer.accepted_at(now).any(accepts)),
            }
        });
        if !known {
            return Err(reasons::node_is_new(charter, from).waits(self));
        }
        Ok(())
    }

    /// What needs no SQL; `alone` where no other layer has a say.
    ///
    /// # Errors
    /// The denial.
    pub(crate) fn enter(&self, ask: &Ask, entered: (&Posed, bool)) -> Result<(), Denial> {
        ask.enter_charter(&self.charter, entered).map(drop).map_err(|denial| denial.waits(self))
    }

    /// What it says to a footprint that was checked against the newest version's dataset; nothing of its own where it has no
    /// permit for such questions and others may grant them.
    ///
    /// # Errors
    /// The denial.
    pub(crate) fn says(
        &self,
        (newest, ask, profile): (&Charter, &Ask, Profile),
        (footprint, dataset): (&Footprint, &Dataset),
        asked: Asked<'_>,
    ) -> Result<Says, Denial> {
        self.judge((newest, ask, profile), (footprint, dataset), asked)
            .map_err(|denial| denial.waits(self))
    }

    fn judge(
        &self,
        (newest, ask, profile): (&Charter, &Ask, Profile),
        (footprint, dataset): (&Footprint, &Dataset),
        asked: Asked<'_>,
    ) -> Result<Says, Denial> {
        let charter = &*self.charter;
        let Asked { at_the_door, posed, alone } = asked;
        let older = ask.enter_charter(charter, (at_the_door, alone))?;
        if let Some(what) = differs(footprint, (older, dataset)) {
            return Err(reasons::defined_otherwise(charter, &dataset.id, &what));
        }
        let said = match &ask.indicator {
            Some(named) => {
                let (older, _text) = indicator::signed(charter, &ask.dataset, named)
                    .map_err(|fault| reasons::text(charter, &fault))?;
                if newest.indicator(&named.id).is_none_or(|newer| newer.band != older.band) {
                    return Err(reasons::defined_otherwise(charter, &dataset.id, "band"));
                }
                older.opinions
            }
            None => Opinions::default(),
        };
        let otherwise;
        let posed = if older.digest == dataset.digest {
            posed
        } else {
            otherwise = ask.posed(profile, footprint.draft(), older);
            &otherwise
        };
        let rules = charter.rules();
        let status = older.status;
        match rules.evaluate(posed) {
            Outcome::Permitted(ids) => {
                let opinions = rules.opinions(&ids).join(said);
                Ok(Says { rules: named(charter, ids), opinions, status })
            }
            Outcome::Silent if !alone && !rules.has_permit_about(profile.as_str(), &older.id) => {
                Ok(Says { rules: Vec::new(), opinions: said, status })
            }
            denied @ (Outcome::Silent | Outcome::Forbidden(_) | Outcome::Failed(_)) => {
                Err(reasons::outcome(charter, ask, profile.as_str(), &denied))
            }
        }
    }
}

/// Rules by their names outside their charter.
pub(crate) fn named(charter: &Charter, ids: BTreeSet<String>) -> Vec<String> {
    ids.iter().map(|id| rule_name(charter, id)).collect()
}

/// What of a footprint the older dataset defines otherwise: a table with its keys, or a column with all that it may be used for.
fn differs(footprint: &Footprint, (older, newer): (&Dataset, &Dataset)) -> Option<String> {
    if older.digest == newer.digest {
        return None;
    }
    if older.patient != newer.patient || older.attribution != newer.attribution {
        return Some(older.patient.to_string());
    }
    let draft = footprint.draft();
    let touched = draft.uses.iter().map(|used| &used.table).chain(&draft.tables);
    for name in touched {
        let keys = |dataset: &Dataset| {
            dataset.table(name).map(|table| (table.key.clone(), table.foreign_keys.clone()))
        };
        if keys(older) != keys(newer) {
            return Some(name.clone());
        }
    }
    let same = |one: &Column, other: &Column| {
        let untitled = |column: &Column| Column { title: Default::default(), ..column.clone() };
        untitled(one) == untitled(other)
    };
    let other = draft.uses.iter().find(|used| {
        let both =
            older.column(&used.table, &used.column).zip(newer.column(&used.table, &used.column));
        both.is_none_or(|(one, other)| !same(one, other))
    });
    other.map(|used| format!("{}.{}", used.table, used.column))
}
