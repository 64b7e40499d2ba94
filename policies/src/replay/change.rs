//! What changes for a question between two charters, and when: at once, or after the notice.

use std::collections::BTreeSet;

use crate::decide::Explained;
use crate::protections::{Approval, Kind, Opinions, OwnFigures, Reveal};

use super::{Reason, Unknown, Verdict};

/// What changes for one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What, once the notice is over.
    pub what: What,
    /// Why it is not answered while the notice lasts, where it is answered before and after.
    pub pause: Option<Reason>,
}

/// The kinds of changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// None: the same answer, or refused by both, for whatever reason.
    Same,
    /// Answered by the charter in force, and not by the draft: at once.
    Denied(Reason),
    /// Not answered by the charter in force, and answered by the draft.
    Allowed {
        /// Why it is not answered.
        was: Reason,
        /// What the draft grants.
        granted: Box<Explained>,
        /// Whether it waits for the notice.
        waits: bool,
    },
    /// Answered by both, otherwise.
    Otherwise(Vec<Difference>),
    /// What is logged does not say.
    Unknown(Unknown),
}

/// One thing of an answer that is otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// `profile`, `status`, `norm`, or the word of a protection in files.
    pub word: &'static str,
    /// What it is under the charter in force; none where it is not applied.
    pub from: Option<String>,
    /// What it is under the draft.
    pub to: Option<String>,
    /// Whether the draft is the stricter of the two, where one of them is.
    pub stricter: Option<bool>,
    /// Whether it waits for the notice.
    pub waits: bool,
}

/// What changes for a question of which there is no footprint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AtDoor {
    /// The draft does not let it in.
    Refused(Reason),
    /// The draft lets it in, the charter in force does not. Whether it would be answered is not known.
    LetIn {
        /// Why it is turned away.
        was: Reason,
        /// Whether it waits for the notice.
        waits: bool,
    },
    /// Both let it in: it was refused for what it touched, or for no reason of the rules.
    Inside,
}

impl Change {
    /// Whether anything changes.
    #[must_use]
    pub fn is_any(&self) -> bool {
        match &self.what {
            What::Same => self.pause.is_some(),
            What::Denied(_) | What::Allowed { .. } | What::Otherwise(_) => true,
            What::Unknown(_) => false,
        }
    }
}

/// Compares what the charter in force says with what the draft says: at its start, with the charter in force beside it, and
/// after the notice, alone.
#[must_use]
pub fn compare(before: &Verdict, start: &Verdict, after: &Verdict) -> Change {
    let what = match (before, after) {
        (Verdict::Unknown(unknown), _) | (_, Verdict::Unknown(unknown)) => {
            What::Unknown(unknown.clone())
        }
        (Verdict::Denied(_), Verdict::Denied(_)) => What::Same,
        (Verdict::Allowed(_), Verdict::Denied(reason)) => What::Denied(reason.clone()),
        (Verdict::Denied(was), Verdict::Allowed(granted)) => {
            let waits = !matches!(start, Verdict::Allowed(_));
            What::Allowed { was: was.clone(), granted: granted.clone(), waits }
        }
        (Verdict::Allowed(one), Verdict::Allowed(other)) => {
            let mut found = differences(one, other);
            let late: BTreeSet<&str> = match start {
                Verdict::Allowed(start) => {
                    differences(start, other).into_iter().map(|one| one.word).collect()
                }
                Verdict::Denied(_) | Verdict::Unknown(_) => BTreeSet::new(),
            };
            found.iter_mut().for_each(|one| one.waits = late.contains(one.word));
            if found.is_empty() { What::Same } else { What::Otherwise(found) }
        }
    };
    let pause = match (before, start, after) {
        (Verdict::Allowed(_), Verdict::Denied(reason), Verdict::Allowed(_)) => Some(reason.clone()),
        (
            Verdict::Allowed(_) | Verdict::Denied(_) | Verdict::Unknown(_),
            Verdict::Allowed(_) | Verdict::Denied(_) | Verdict::Unknown(_),
            Verdict::Allowed(_) | Verdict::Denied(_) | Verdict::Unknown(_),
        ) => None,
    };
    Change { what, pause }
}

/// The same of a question without a footprint.
#[must_use]
pub fn compare_at_door(
    before: Result<(), Reason>,
    start: &Result<(), Reason>,
    after: Result<(), Reason>,
) -> AtDoor {
    match (before, after) {
        (_, Err(reason)) => AtDoor::Refused(reason),
        (Err(was), Ok(())) => AtDoor::LetIn { was, waits: start.is_err() },
        (Ok(()), Ok(())) => AtDoor::Inside,
    }
}

/// What is otherwise of two answers: the profile first, then protections that are applied, in the order of their words.
fn differences(one: &Explained, other: &Explained) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut differ = |word, from: Option<String>, to: Option<String>, stricter| {
        if from != to {
            found.push(Difference { word, from, to, stricter, waits: false });
        }
    };
    let text = |text: &str| Some(text.to_owned());
    differ("profile", text(one.profile.as_str()), text(other.profile.as_str()), None);
    differ("status", text(one.status.as_str()), text(other.status.as_str()), None);
    let norm = |explained: &Explained| {
        let (part, whole) = explained.band?.fraction();
        Some(format!("{part}/{whole}"))
    };
    differ("norm", norm(one), norm(other), None);
    let (old, new) = (applied(one), applied(other));
    let (from, to, strictest) = (old.said(), new.said(), old.join(new).said());
    let words: BTreeSet<&'static str> = from.keys().chain(to.keys()).copied().collect();
    for word in words {
        let (from, to) = (from.get(word).cloned(), to.get(word).cloned());
        // What is not applied at all is not looser: only a quota that is absent is.
        let comparable = from.is_some() && to.is_some() || word.starts_with("quota");
        let strictest = strictest.get(word);
        let stricter = match (strictest == to.as_ref(), strictest == from.as_ref()) {
            (true, false) if comparable => Some(true),
            (false, true) if comparable => Some(false),
            (_, _) => None,
        };
        differ(word, from, to, stricter);
    }
    found
}

/// What is done to an answer, as opinions: they have an order.
fn applied(explained: &Explained) -> Opinions {
    let done = explained.protections.applied_under(explained.profile);
    Opinions {
        min_patients: Some(done.min_patients),
        min_part: done.min_part,
        zeros: Some(done.zeros),
        parts: done.parts,
        dominance: done.dominance,
        p_percent: done.p_percent,
        min_df: done.min_df,
        variance: done.variance,
        kind: Some(done.kind.unwrap_or(Kind::Quality)),
        quota_day: done.quota_day,
        quota_lineage: done.quota_lineage,
        signature: Some(done.signature),
        own: Some(done.own.unwrap_or(OwnFigures::Protected)),
        approval: Some(done.approval.unwrap_or(Approval::None)),
        reveal: Some(done.reveal.unwrap_or(Reveal::Named)),
    }
}
