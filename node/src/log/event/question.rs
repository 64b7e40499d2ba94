//! A question, as the log has it: who asked what, why, and how it was put.

use policies::wire::{Asks, IndicatorRef, Question};
use policies::{
    DatasetId, Digest, GroupId, HospitalCode, NetworkId, PersonId, Profile, Purpose, UnixTime,
};
use serde::{Deserialize, Serialize};

use crate::log::text::Part;

/// Who asked what, why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuestionRecord {
    /// Digest of the signed question.
    pub digest: Digest,
    /// The network.
    pub network: NetworkId,
    /// Who.
    pub person: PersonId,
    /// On behalf of which hospital.
    pub asking_node: HospitalCode,
    /// What for.
    pub purpose: Purpose,
    /// For which tumour group.
    pub group: Option<GroupId>,
    /// Which dataset.
    pub dataset: DatasetId,
    /// The indicator that is asked, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicator: Option<IndicatorRef>,
    /// The text; an indicator's as this node's charter has it, empty where that is not the one asked.
    pub sql: Part<String>,
    /// When it ends.
    pub expires_at: UnixTime,
    /// How it was put; entries of older versions do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub put: Option<Put>,
    /// Digest of the delegation under which a session key signed it; none where the person's own key did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delegation: Option<Digest>,
}

/// How a question was put, as rules may speak of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// To how many hospitals.
    pub hospitals: u32,
    /// Whether to the asking node's own hospital, and no other.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_itself: bool,
    /// The profile that the person named, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
}

impl QuestionRecord {
    /// The record of a verified question, whose text this is here.
    #[must_use]
    pub fn new(digest: Digest, question: &Question, sql: String) -> Self {
        let Question {
            id: _,
            network,
            person,
            purpose,
            group,
            dataset,
            asking_node,
            hospitals,
            asks,
            profile,
            issued_at: _,
            expires_at,
        } = question.clone();
        let indicator = match asks {
            Asks::Sql(_) => None,
            Asks::Indicator(named) => Some(named),
        };
        let put = Put {
            hospitals: u32::try_from(hospitals.len()).unwrap_or(u32::MAX),
            to_itself: hospitals.as_slice() == [asking_node.clone()],
            profile,
        };
        Self {
            digest,
            network,
            person,
            asking_node,
            purpose,
            group,
            dataset,
            indicator,
            sql: Part::Here(sql),
            expires_at,
            put: Some(put),
            delegation: None,
        }
    }

    /// The same, signed under this delegation, where it is one.
    #[must_use]
    pub fn under(self, delegation: Option<Digest>) -> Self {
        Self { delegation, ..self }
    }
}
