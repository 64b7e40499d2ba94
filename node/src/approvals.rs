//! Texts that people of this hospital approve before they are answered here: derived from the log, so that a restart changes
//! nothing.
//!
//! A question lives for a quarter of an hour, so what is approved is not a question but who asks what for which purpose in
//! exactly which text. A question that needs it is refused without being spent; once the text is granted, the same person
//! asks it again. Who approves sees the text and what rules make of it, and no figure.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::charter::Charter;
use policies::charter::rules::Rule;
use policies::protections::Approval;
use policies::wire::LayerRef;
use policies::{Digest, Permit, Profile, UnixTime};
use tokio::sync::Mutex;

use crate::answer::record::Asked;
use crate::api::{self, ApprovalAbout, ApprovalBody, ApprovalState, ApprovalText};
use crate::index::Index;
use crate::log::event::QuestionRecord;
use crate::log::{Entry, Event, LogError, OpenError, Reader};
use crate::node::Node;
use crate::refused::{Refused, Told};
use crate::rulebook::Rulebook;

#[cfg(test)]
mod tests;

/// Most texts that wait of one network: what people can look through, and no network keeps another one's out.
const MAX_WAITING: usize = 100;
/// Most that wait of one person in a network, so that nobody fills the list alone.
const MAX_WAITING_OF_ONE: usize = 10;
/// A text that nobody decided on in this time is not waited for any more, in seconds: 30 days.
const FORGET_AFTER_S: i64 = 30 * 24 * 3600;
/// Longest that a decision holds, in seconds: a quarter, with some days.
pub(crate) const MAX_DECISION_S: i64 = 93 * 24 * 3600;

/// What waits and what was decided.
#[derive(Debug)]
pub(crate) struct Approvals(Mutex<BTreeMap<Digest, Text>>);

/// A text of a person.
#[derive(Clone, Debug)]
struct Text {
    question: QuestionRecord,
    profile: Profile,
    rules: Vec<String>,
    about: Option<ApprovalAbout>,
    state: ApprovalState,
    /// Since when it waits, or when it was decided.
    since: UnixTime,
}

/// Why a permitted question is not answered yet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.message())]
pub(crate) struct Unapproved {
    /// What is to be approved.
    pub(crate) approval: Digest,
    pub(crate) why: WhyNot,
    /// The rule that asks for it, and its layer.
    pub(crate) rule: Option<String>,
    pub(crate) layer: Option<LayerRef>,
}

/// What keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhyNot {
    /// Nobody has decided.
    Waiting,
    /// It was decided that it is not answered.
    Denied,
    /// Too many texts wait.
    QueueFull,
}

impl Unapproved {
    /// The stable code.
    fn code(&self) -> &'static str {
        match self.why {
            WhyNot::Waiting => "awaiting_approval",
            WhyNot::Denied => "approval_denied",
            WhyNot::QueueFull => "approval_queue_full",
        }
    }

    /// What the asker learns.
    pub(crate) fn told(&self) -> Told {
        let (rule, layer) = (self.rule.clone(), self.layer.clone());
        Told { rule, layer, ..Told::plain(self.code(), (self.message(), self.dutch())) }
    }

    fn message(&self) -> String {
        let approval = self.approval.short();
        match self.why {
            WhyNot::Waiting => format!(
                "people of this hospital approve this text before it is answered here (approval {approval}): ask exactly the same again later"
            ),
            WhyNot::Denied => format!(
                "people of this hospital decided not to answer this text (approval {approval}): ask them, or ask something else"
            ),
            WhyNot::QueueFull => format!(
                "people of this hospital approve this text before it is answered here, and too many texts wait already, at most {MAX_WAITING_OF_ONE} of one person and {MAX_WAITING} of a network: ask again later"
            ),
        }
    }

    fn dutch(&self) -> String {
        let approval = self.approval.short();
        match self.why {
            WhyNot::Waiting => format!(
                "mensen van dit ziekenhuis keuren deze tekst goed voordat hij hier wordt beantwoord (goedkeuring {approval}): vraag later precies hetzelfde opnieuw"
            ),
            WhyNot::Denied => format!(
                "mensen van dit ziekenhuis hebben besloten deze tekst niet te beantwoorden (goedkeuring {approval}): vraag het hun, of vraag iets anders"
            ),
            WhyNot::QueueFull => format!(
                "mensen van dit ziekenhuis keuren deze tekst goed voordat hij hier wordt beantwoord, en er wachten al te veel teksten, hoogstens {MAX_WAITING_OF_ONE} van een persoon en {MAX_WAITING} van een netwerk: vraag later opnieuw"
            ),
        }
    }
}

impl Approvals {
    /// What the log says.
    ///
    /// # Errors
    /// `OpenError`.
    pub(crate) fn open(log: &Reader, index: &Index, now: UnixTime) -> Result<Self, OpenError> {
        let mut entries = Vec::new();
        for place in index.approvals()? {
            match log.entry(place) {
                Ok(entry) => entries.push(entry),
                // Held long ago; who still wants it asks again.
                Err(OpenError::Archived { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self(Mutex::new(texts_of(entries, now))))
    }
}

/// What entries say of texts, as far as it still counts; the last one about each holds.
fn texts_of(mut entries: Vec<Entry>, now: UnixTime) -> BTreeMap<Digest, Text> {
    entries.sort_by_key(|entry| entry.index);
    let mut texts: BTreeMap<_, _> = entries.into_iter().filter_map(read).collect();
    texts.retain(|_, text| text.counts(now));
    texts
}

/// What an entry says of a text.
fn read(Entry { at, event, .. }: Entry) -> Option<(Digest, Text)> {
    if let Event::Held { question, approval, profile, rules } = event {
        let state = ApprovalState::Waiting {};
        return Some((approval, Text { question, profile, rules, about: None, state, since: at }));
    }
    if let Event::ApprovalDecided { question, approval, profile, granted, until, reason } = event {
        let state = decided(granted, until, reason);
        let rules = Vec::new();
        return Some((approval, Text { question, profile, rules, about: None, state, since: at }));
    }
    None
}

fn decided(granted: bool, until: UnixTime, reason: String) -> ApprovalState {
    match granted {
        true => ApprovalState::Granted { until, reason },
        false => ApprovalState::Denied { until, reason },
    }
}

impl Text {
    /// Whether it still waits, or the decision still holds.
    fn counts(&self, now: UnixTime) -> bool {
        match &self.state {
            ApprovalState::Waiting {} => now.since(self.since) <= FORGET_AFTER_S,
            ApprovalState::Granted { until, .. } | ApprovalState::Denied { until, .. } => {
                now <= *until
            }
        }
    }

    fn waits(&self) -> bool {
        self.state == ApprovalState::Waiting {}
    }

    fn told(&self, approval: Digest) -> ApprovalText {
        let Self { question, profile, rules, about, state, since } = self.clone();
        ApprovalText {
            approval,
            state,
            network: question.network,
            person: question.person,
            asking_node: question.asking_node,
            purpose: question.purpose,
            group: question.group,
            dataset: question.dataset,
            profile,
            indicator: question.indicator,
            sql: question.sql.here().cloned(),
            about,
            rules,
            since,
        }
    }
}

/// Whether so many texts of the question's network wait that it is not held too, or of its person there.
fn is_full<'t>(texts: impl Iterator<Item = &'t Text>, question: &QuestionRecord) -> bool {
    let same = |text: &&Text| text.waits() && text.question.network == question.network;
    let (mut all, mut of_one) = (0, 0);
    for text in texts.filter(same) {
        all += 1;
        of_one += usize::from(text.question.person == question.person);
    }
    all >= MAX_WAITING || of_one >= MAX_WAITING_OF_ONE
}

/// What is approved: who asks what for which purpose from where, under which profile, in exactly this text.
fn approval_of(question: &QuestionRecord, profile: Profile, text: &str) -> Digest {
    let QuestionRecord { network, person, asking_node, purpose, group, .. } = question;
    let QuestionRecord { dataset, indicator, put, .. } = question;
    let to_itself = put.as_ref().is_some_and(|put| put.to_itself);
    let who = (network, person, asking_node, purpose, group);
    let what = (dataset, indicator, Digest::of(text.as_bytes()), profile, to_itself);
    let named = ("kring approval v1", who, what);
    Digest::of(&serde_json::to_vec(&named).unwrap_or_default())
}

impl Node {
    /// Lets a permitted question pass that needs no approval or has one, and holds any other.
    pub(crate) async fn approved(
        &self,
        permit: Permit,
        (book, asked): (&Rulebook, &Asked),
        text: &str,
    ) -> Result<Permit, Refused> {
        match permit.protections().approval {
            Approval::None => return Ok(permit),
            Approval::Required => {}
        }
        let approval = approval_of(&asked.question, permit.profile(), text);
        let (rule, layer) = book.asks_for_approval(permit.rules());
        let refused = |why| Refused::from(Box::new(Unapproved { approval, why, rule, layer }));
        let now = self.clock.now();
        let mut texts = self.approvals.0.lock().await;
        texts.retain(|_, text| text.counts(now));
        match texts.get(&approval).map(|text| &text.state) {
            Some(ApprovalState::Granted { .. }) => return Ok(permit),
            Some(ApprovalState::Denied { .. }) => return Err(refused(WhyNot::Denied)),
            Some(ApprovalState::Waiting {}) => return Err(refused(WhyNot::Waiting)),
            None => {}
        }
        if is_full(texts.values(), &asked.question) {
            return Err(refused(WhyNot::QueueFull));
        }
        let held = held(&permit, &asked.question);
        let recorded = self
            .log
            .append(Event::Held {
                question: held.question.clone(),
                approval,
                profile: held.profile,
                rules: held.rules.clone(),
            })
            .await?;
        texts.insert(approval, Text { since: recorded.entry().at, ..held });
        tracing::warn!(approval = %approval.short(), person = %asked.question.person, "a text waits for approval: `kring approve`");
        Err(refused(WhyNot::Waiting))
    }

    /// Every text that waits, then those that were decided on.
    pub(crate) async fn approvals(&self) -> api::Approvals {
        let now = self.clock.now();
        let mut texts = self.approvals.0.lock().await;
        texts.retain(|_, text| text.counts(now));
        let mut all: Vec<_> = texts.iter().collect();
        all.sort_by_key(|(_, text)| (!text.waits(), text.since));
        api::Approvals { texts: all.into_iter().map(|(id, text)| text.told(*id)).collect() }
    }

    /// Decides on a text, durably; an earlier decision on it is over. `None` where there is no such text.
    ///
    /// # Errors
    /// `LogError`: nothing changes then.
    pub(crate) async fn decide_approval(
        &self,
        body: ApprovalBody,
    ) -> Result<Option<ApprovalText>, LogError> {
        let ApprovalBody { approval, granted, until, reason } = body;
        let mut texts = self.approvals.0.lock().await;
        let Some(text) = texts.get_mut(&approval) else { return Ok(None) };
        let (question, profile) = (text.question.clone(), text.profile);
        let event = Event::ApprovalDecided {
            question,
            approval,
            profile,
            granted,
            until,
            reason: reason.clone(),
        };
        let recorded = self.log.append(event).await?;
        text.state = decided(granted, until, reason);
        text.since = recorded.entry().at;
        tracing::info!(approval = %approval.short(), granted, "decided on a text");
        Ok(Some(text.told(approval)))
    }
}

/// A permitted text as it is held.
fn held(permit: &Permit, question: &QuestionRecord) -> Text {
    let fragments = permit.footprint().draft().fragments.iter();
    Text {
        question: question.clone(),
        profile: permit.profile(),
        rules: permit.rules().to_vec(),
        about: Some(ApprovalAbout {
            cells: fragments.map(|fragment| fragment.cells).collect(),
            protections: permit.protections().applied_under(permit.profile()),
        }),
        state: ApprovalState::Waiting {},
        since: UnixTime(0),
    }
}

impl Rulebook {
    /// The first of these rules that asks for approval, with its layer; none where an indicator does.
    fn asks_for_approval(&self, rules: &[String]) -> (Option<String>, Option<LayerRef>) {
        let required = |rule: &Rule| rule.opinions.approval == Some(Approval::Required);
        for name in rules {
            let Some((book, id)) = name.split_once('/') else { continue };
            let own = self.own.as_ref().filter(|_| book == "own");
            if own.and_then(|own| own.rules().get(id)).is_some_and(required) {
                return (Some(name.clone()), None);
            }
            let mut layers = self.speaking().filter(|charter| charter.network().as_str() == book);
            let asks = |charter: &&Arc<Charter>| charter.rules().get(id).is_some_and(required);
            if let Some(charter) = layers.find(asks) {
                return (Some(name.clone()), charter.layer());
            }
        }
        (None, None)
    }
}
