//! Entries of the log as records with the field names of NEN 7513, for a hospital's own logging system.
//!
//! Pure. The names are those of the norm's chapter 7 as public material gives them (they are RFC 3881's); `docs/AUDIT.md` says
//! for each where it comes from and which are empty because the node does not know. A record names who asked, why and
//! about which data, never a patient: a question is about groups, and naming their members would itself disclose.

use std::collections::{BTreeMap, VecDeque};

use policies::{Digest, HospitalCode, UnixTime};
use serde::Serialize;

use crate::log::event::QuestionRecord;
use crate::log::{Entry, Event};

mod of_event;

use of_event::What;

/// Questions that are remembered: an answer comes within minutes of its question.
const REMEMBERED: usize = 4096;

/// Where records come from.
#[derive(Clone, Debug)]
pub struct Source {
    /// The hospital.
    pub hospital: HospitalCode,
    /// The name of its log.
    pub origin: String,
}

/// One record; empty text where there is nothing to say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Place in the log: where its proof is found.
    #[serde(rename = "logIndex")]
    pub log_index: u64,
    /// What kind of event.
    #[serde(rename = "EventID")]
    pub event_id: &'static str,
    /// The kind in the log.
    #[serde(rename = "EventTypeCode")]
    pub event_type: &'static str,
    /// `E` execute, `R` read, `C` create, `U` update.
    #[serde(rename = "EventActionCode")]
    pub action: &'static str,
    /// When, in UTC.
    #[serde(rename = "EventDateTime")]
    pub at: String,
    /// 0 done, 4 refused, 8 failed.
    #[serde(rename = "EventOutcomeIndicator")]
    pub outcome: &'static str,
    /// Who.
    #[serde(rename = "userID")]
    pub user: String,
    /// On whose behalf: the hospital whose node asked.
    #[serde(rename = "alternateUserID")]
    pub on_behalf_of: String,
    /// Name of the user: the log knows ids only.
    #[serde(rename = "userName")]
    pub user_name: &'static str,
    /// Whether the user asked for it.
    #[serde(rename = "userIsRequestor")]
    pub requestor: &'static str,
    /// The tumour group that the person asked for.
    #[serde(rename = "roleIDCode")]
    pub role: String,
    /// What for.
    #[serde(rename = "purposeOfUse")]
    pub purpose: String,
    /// `1`: a machine's name.
    #[serde(rename = "networkAccessPointTypeCode")]
    pub access_type: &'static str,
    /// The node over which it came or went.
    #[serde(rename = "networkAccessPointID")]
    pub access_point: String,
    /// `2`: a system object.
    #[serde(rename = "participantObjectTypeCode")]
    pub object_type: &'static str,
    /// `24` a query, `3` a report.
    #[serde(rename = "participantObjectTypeCodeRole")]
    pub object_role: &'static str,
    /// `6`: access and use.
    #[serde(rename = "participantObjectDataLifeCycle")]
    pub life_cycle: &'static str,
    /// What the object's id is.
    #[serde(rename = "participantObjectIDTypeCode")]
    pub object_id_type: &'static str,
    /// Rules that were in force.
    #[serde(rename = "participantObjectPermissionPolicySet")]
    pub policies: String,
    /// How sensitive the data are.
    #[serde(rename = "participantObjectSensitivity")]
    pub sensitivity: &'static str,
    /// Digest of the question.
    #[serde(rename = "participantObjectID")]
    pub object_id: String,
    /// The dataset.
    #[serde(rename = "participantObjectName")]
    pub object_name: String,
    /// Snapshot, code or counts.
    #[serde(rename = "participantObjectDetail")]
    pub detail: String,
    /// The question's text.
    #[serde(rename = "participantObjectDescription")]
    pub description: String,
    /// How it was authorised.
    #[serde(rename = "autorisatieProtocol")]
    pub authorisation: &'static str,
    /// There is no treatment relation: figures about groups.
    #[serde(rename = "behandelrelatieProtocol")]
    pub treatment_relation: &'static str,
    /// Objections are applied when a snapshot is made.
    #[serde(rename = "toestemmingsProfiel")]
    pub consent: &'static str,
    /// Which protections were applied.
    #[serde(rename = "controles")]
    pub checks: String,
    /// The hospital.
    #[serde(rename = "AuditEnterpriseSiteID")]
    pub site: String,
    /// The log.
    #[serde(rename = "AuditSourceID")]
    pub source: String,
    /// What keeps the log.
    #[serde(rename = "AuditSourceTypeCode")]
    pub source_type: &'static str,
}

/// Makes records of entries in order. It remembers open questions: an answer's entry names its question by digest alone.
#[derive(Debug)]
pub struct Mapper {
    source: Source,
    open: BTreeMap<Digest, QuestionRecord>,
    /// The same, oldest first.
    order: VecDeque<Digest>,
}

impl Mapper {
    /// A mapper for the entries of one log.
    #[must_use]
    pub fn new(source: Source) -> Self {
        Self { source, open: BTreeMap::new(), order: VecDeque::new() }
    }

    /// The record of the next entry.
    pub fn record(&mut self, entry: &Entry) -> Record {
        let Entry { version: _, index, at, event } = entry;
        let what = What::of(event);
        let question = self.question(event, what.question);
        let mut record = what.record;
        record.log_index = *index;
        record.at = moment(*at);
        record.site = self.source.hospital.to_string();
        record.source.clone_from(&self.source.origin);
        record.source_type = "federated query node";
        if let Some(question) = question {
            fill(&mut record, &question);
        }
        record
    }

    /// The question that an event is about.
    fn question(&mut self, event: &Event, digest: Option<Digest>) -> Option<QuestionRecord> {
        match event {
            Event::Intent { question, .. }
            | Event::Asked { question, .. }
            | Event::AskedV1 { question } => {
                if self.open.insert(question.digest, question.clone()).is_none() {
                    self.order.push_back(question.digest);
                }
                if self.order.len() > REMEMBERED
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.open.remove(&oldest);
                }
                Some(question.clone())
            }
            Event::Refused { question, .. }
            | Event::NotAsked { question, .. }
            | Event::Held { question, .. }
            | Event::ApprovalDecided { question, .. } => Some(question.clone()),
            Event::Started { .. }
            | Event::Stopped {}
            | Event::Paused { .. }
            | Event::Resumed {}
            | Event::CharterAccepted { .. }
            | Event::CharterRejected { .. }
            | Event::Revoked { .. }
            | Event::Configured { .. }
            | Event::KeysChanged { .. }
            | Event::SnapshotUsed { .. }
            | Event::Clock { .. }
            | Event::Outcome { .. }
            | Event::Rejected { .. }
            | Event::Received { .. }
            | Event::Fault { .. }
            | Event::ForkEvidence { .. }
            | Event::Archived(_)
            | Event::GapAccepted { .. }
            | Event::MemoryLost { .. }
            | Event::WorkerLost { .. } => digest.and_then(|digest| self.open.get(&digest).cloned()),
        }
    }
}

/// Codes of hospitals as one text.
#[must_use]
pub fn codes(hospitals: &[HospitalCode]) -> String {
    hospitals.iter().map(HospitalCode::as_str).collect::<Vec<_>>().join(" ")
}

fn moment(at: UnixTime) -> String {
    at.to_string()
}

fn fill(record: &mut Record, question: &QuestionRecord) {
    let QuestionRecord {
        digest,
        network,
        person,
        asking_node,
        purpose,
        group,
        dataset,
        indicator,
        sql,
        expires_at: _,
        put: _,
        delegation,
    } = question;
    record.user = person.to_string();
    record.on_behalf_of = asking_node.to_string();
    record.requestor = "true";
    record.role = group.as_ref().map(ToString::to_string).unwrap_or_default();
    record.purpose = purpose.to_string();
    if record.access_point.is_empty() {
        record.access_type = "1";
        record.access_point = asking_node.to_string();
    }
    record.object_type = "2";
    record.life_cycle = "6";
    record.object_id_type = "SHA-256 of the signed question";
    record.object_id = digest.to_string();
    record.object_name = format!("{network}/{dataset}");
    record.sensitivity = "aggregated from health data";
    record.authorisation = match delegation {
        None => "charter",
        Some(_session) => "charter, by delegation",
    };
    record.treatment_relation = "none: figures about groups";
    record.consent = "objections applied at import";
    let text = sql.here().map_or("kept beside the log", String::as_str);
    record.description = match indicator {
        Some(named) => format!("indicator {} version {}: {text}", named.id, named.version),
        None => text.to_owned(),
    };
}

#[cfg(test)]
mod tests;
