//! What the asking node tells of single hospitals: everything, letters in the place of names, or nothing.
//!
//! The strictest holds of what its own rules say and what each receipt says; whether the text may show hospitals every
//! responder has decided. This node itself has seen every hospital's released cells: what is done here binds what it hands on.

use std::collections::{BTreeMap, BTreeSet};

use policies::HospitalCode;
use policies::protections::Reveal;
use policies::reveal::{FEWEST, fewest_together};
use policies::wire::NoiseReceipt;
use query::pipe::Failure;

use crate::api::{AnswerBody, AppliedProtections, Missing, RefusalBody, Together};
use crate::ask::Accepted;
use crate::ask::collect::Collected;
use crate::keys::random_bytes;
use crate::refused::Refused;

/// What may be told of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Revealing {
    /// Of single hospitals; everything where nothing is said.
    reveal: Option<Reveal>,
    /// Whether the text looks at networks.
    by_network: bool,
}

impl Revealing {
    /// What this node's own rules say of a question.
    pub(crate) fn of(reveal: Reveal, by_network: bool) -> Self {
        Self { reveal: Some(reveal).filter(|reveal| *reveal != Reveal::Named), by_network }
    }

    /// Joined with what the receipts say.
    pub(crate) fn with(self, collected: &Collected) -> Self {
        let said =
            collected.answered().filter_map(|(_, answer, _)| answer.receipt.protections.reveal);
        Self { reveal: said.chain(self.reveal).max(), ..self }
    }

    /// Whether everything is told.
    pub(crate) fn is_open(self) -> bool {
        self.reveal.is_none()
    }

    /// Refuses an answer whose figures would be of too few hospitals.
    pub(crate) fn enough(self, accepted: &Accepted, collected: &Collected) -> Result<(), Refused> {
        if self.is_open() {
            return Ok(());
        }
        let at = accepted.question.issued_at;
        let networks = self.by_network.then(|| accepted.book.charter.networks_at(at));
        let answered = collected.answered().map(|(code, ..)| code);
        if fewest_together(answered, networks.as_ref()) < FEWEST {
            return Err(Refused::TooFewToReveal);
        }
        Ok(())
    }

    /// The letter of each hospital, drawn anew for each answer; none where names are shown, or no hospitals.
    pub(crate) fn letters(
        self,
        collected: &Collected,
    ) -> Result<BTreeMap<HospitalCode, String>, Refused> {
        match self.reveal {
            None | Some(Reveal::Named | Reveal::None) => return Ok(BTreeMap::new()),
            Some(Reveal::Pseudonym) => {}
        }
        let mut drawn = BTreeSet::new();
        for (hospital, ..) in collected.answered() {
            let lot = random_bytes().map_err(|error| {
                let message = format!("no random bytes: {error}");
                let dutch = format!("geen willekeurige bytes: {error}");
                Refused::Text(Failure::new("fault", message, dutch))
            })?;
            drawn.insert((*lot, hospital.clone()));
        }
        let lettered = drawn.into_iter().enumerate();
        Ok(lettered.map(|(at, (_, hospital))| (hospital, letter(at))).collect())
    }

    /// The answer with what may be told of it.
    pub(crate) fn told(self, answer: AnswerBody, accepted: &Accepted) -> AnswerBody {
        if self.is_open() {
            return answer;
        }
        let path: Vec<_> =
            accepted.book.charter.path().into_iter().map(|layer| layer.network).collect();
        let asked = accepted.question.hospitals.len();
        let AnswerBody { mut layers, protections, .. } = answer;
        layers.retain(|layer| path.contains(&layer.network));
        AnswerBody {
            reveal: self.reveal,
            missing: Some(Missing::of(asked, protections.len())),
            together: together(protections.values()),
            coverage: BTreeMap::new(),
            protections: BTreeMap::new(),
            snapshots: BTreeMap::new(),
            layers,
            ..answer
        }
    }

    /// A refusal by every hospital, without saying which says what.
    pub(crate) fn refusal(self, collected: &Collected) -> RefusalBody {
        if self.is_open() {
            return collected.refusal();
        }
        let Some(refusal) = collected.first_refusal().filter(|refusal| refusal.layer.is_some())
        else {
            // What no charter says is a hospital's own affair, and could tell which one it is.
            return Refused::NobodyAnswered.told().into();
        };
        RefusalBody {
            code: refusal.code.clone(),
            message: format!("no hospital answers; the first says: {}", refusal.message),
            message_nl: refusal
                .message_nl
                .as_ref()
                .map(|dutch| format!("geen ziekenhuis antwoordt; het eerste zegt: {dutch}")),
            rule: refusal.rule.clone(),
            layer: refusal.layer.clone(),
            coverage: BTreeMap::new(),
        }
    }
}

/// `A` to `Z`, then `AA`.
fn letter(at: usize) -> String {
    let last = char::from(b'A'.saturating_add(u8::try_from(at % 26).unwrap_or(0)));
    match at / 26 {
        0 => last.to_string(),
        before => format!("{}{last}", letter(before.saturating_sub(1))),
    }
}

/// What all of them did.
fn together<'a>(all: impl Iterator<Item = &'a AppliedProtections>) -> Option<Together> {
    let (mut profiles, mut rules) = (BTreeSet::new(), BTreeSet::new());
    let mut found: Option<Together> = None;
    for applied in all {
        profiles.insert(applied.profile.clone());
        rules.extend(applied.rules.iter().filter(|rule| !rule.starts_with("own/")).cloned());
        found = Some(match found {
            None => Together {
                profiles: Vec::new(),
                rules: Vec::new(),
                protections: applied.protections,
                since: applied.since,
                noise: applied.noise,
            },
            Some(known) => Together {
                protections: known.protections.strictest(applied.protections),
                since: known.since.into_iter().chain(applied.since).min(),
                noise: most(known.noise, applied.noise),
                ..known
            },
        });
    }
    let known = found?;
    let (profiles, rules) = (profiles.into_iter().collect(), rules.into_iter().collect());
    Some(Together { profiles, rules, ..known })
}

/// The most noise that one of both has.
fn most(one: Option<NoiseReceipt>, other: Option<NoiseReceipt>) -> Option<NoiseReceipt> {
    let (Some(a), Some(b)) = (one, other) else { return one.or(other) };
    Some(NoiseReceipt {
        mechanism: a.mechanism.max(b.mechanism),
        variance: a.variance.max(b.variance),
        left_out_percent: a.left_out_percent.max(b.left_out_percent),
        only_bins: a.only_bins && b.only_bins,
    })
}

#[cfg(test)]
mod tests;
