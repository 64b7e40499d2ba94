//! A question of a log, as it is replayed.

use policies::footprint::FootprintDraft;
use policies::replay::Touched;
use policies::{Ask, Digest, NetworkId, UnixTime};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::log::blobs::Blobs;
use crate::log::event::{Put, QuestionRecord};
use crate::log::text::Part;
use crate::log::{Entry, Event};

/// Most characters of a text that are shown.
const MAX_SHOWN: usize = 120;

/// Who asked what for which, and when.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Digest of the signed question; none of one in words.
    pub(super) digest: Option<Digest>,
    pub(super) network: NetworkId,
    pub(super) at: UnixTime,
    pub(super) ask: Ask,
    /// The first line of the text.
    pub(super) text: String,
    /// Digest of the whole text.
    pub(super) whole: Digest,
}

/// What is known of a question.
#[derive(Debug)]
pub(super) enum Known {
    /// It was permitted, and touched this.
    Permitted(Touched),
    /// It was refused: what it touched is not in the log.
    Refused,
    /// It was permitted; its footprint is beside the log, and not at hand.
    NotAtHand,
}

/// Large parts of entries that lie beside the log.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// Where they may be.
    pub(super) folders: Vec<Blobs>,
    /// How many hospitals are taken to be asked, where an entry does not say.
    pub(super) hospitals: usize,
}

impl Parts {
    /// The question of an entry, if it has one that was decided.
    pub(super) fn question(&self, entry: Entry) -> Option<(Asked, Known)> {
        let at = entry.at;
        if let Event::Intent { question, footprint, request: _, profile: _ } = entry.event {
            let known = match self.load::<FootprintDraft>(footprint) {
                Some(draft) => Known::Permitted(Touched::Logged(Box::new(draft))),
                None => Known::NotAtHand,
            };
            return Some((self.asked(question, at), known));
        }
        if let Event::Refused { question, .. } | Event::NotAsked { question, .. } = entry.event {
            return Some((self.asked(question, at), Known::Refused));
        }
        None
    }

    fn asked(&self, record: QuestionRecord, at: UnixTime) -> Asked {
        let QuestionRecord { digest, network, person, asking_node, purpose, group, .. } = record;
        let QuestionRecord { dataset, indicator, sql, put, delegation, expires_at: _, .. } = record;
        let put = put.unwrap_or(Put {
            hospitals: u32::try_from(self.hospitals).unwrap_or(u32::MAX),
            to_itself: false,
            profile: None,
        });
        let whole = digest_of(&sql);
        let text = self.load(sql).unwrap_or_default();
        let ask = Ask {
            network: network.clone(),
            person,
            purpose,
            group,
            dataset,
            asking_node,
            direct_signature: delegation.is_none(),
            hospitals: usize::try_from(put.hospitals).unwrap_or(usize::MAX),
            named: None,
            at,
            to_itself: put.to_itself,
            indicator,
            profile: put.profile,
        };
        Asked { digest: Some(digest), network, at, ask, text: first_line(&text), whole }
    }

    fn load<T: Serialize + DeserializeOwned + Clone>(&self, part: Part<T>) -> Option<T> {
        if let Some(value) = part.here() {
            return Some(value.clone());
        }
        self.folders.iter().find_map(|folder| part.clone().load(folder).ok())
    }
}

/// Digest of a part, wherever it is.
fn digest_of<T: Serialize>(part: &Part<T>) -> Digest {
    match part {
        Part::Here(value) => Digest::of(&serde_json::to_vec(value).unwrap_or_default()),
        Part::Blob { sha256, bytes: _ } => *sha256,
    }
}

/// The first line that says something, for a terminal.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let plain = |c: &char| !c.is_control();
    let mut shown: String = line.chars().filter(plain).take(MAX_SHOWN).collect();
    if shown.len() < text.trim().len() {
        shown.push_str(" ..");
    }
    shown
}
