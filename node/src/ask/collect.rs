//! What came back from the hospitals, each reply verified before anything in it is read.

use std::collections::BTreeMap;

use policies::charter::Charter;
use policies::dsse::Envelope;
use policies::envelope::reply::{ExpectedReply, Trailer};
use policies::wire::Question;
use policies::wire::{Answer, Refusal};
use policies::{Digest, HospitalCode, Revocations, UnixTime};

use crate::api::{Coverage, CoverageState, RefusalBody};
use crate::log::Event;
use crate::reply::{Frames, frames_digest};

/// One hospital's part.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// A verified answer and the frames before its trailer.
    Answered {
        /// The trailer.
        answer: Box<Answer>,
        /// Every frame, the trailer included.
        frames: Frames,
    },
    /// A verified refusal.
    Refused {
        /// The trailer.
        refusal: Box<Refusal>,
        /// The one frame.
        frames: Frames,
    },
    /// No valid reply.
    Unreachable {
        /// Why.
        code: String,
    },
}

/// What a reply is verified against.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) charter: &'a Charter,
    pub(crate) question: &'a Question,
    /// Digest of the question.
    pub(crate) digest: Digest,
    pub(crate) hospital: &'a HospitalCode,
    /// Keys that are worth nothing any more.
    pub(crate) revoked: &'a Revocations,
    /// When the reply came.
    pub(crate) now: UnixTime,
}

impl Outcome {
    pub(crate) fn unreachable(code: &str) -> Self {
        Self::Unreachable { code: code.to_owned() }
    }

    /// Verifies the trailer over the frames.
    pub(crate) fn verify(sent: Sent<'_>, request: &Envelope, frames: Frames) -> Self {
        let Sent { charter, question, digest, hospital, revoked, now } = sent;
        let Some((trailer, before)) = frames.split_last() else {
            return Self::unreachable("no_answer");
        };
        let expected = ExpectedReply {
            charter,
            responder: hospital,
            asked: question,
            request: request.digest(),
            question: digest,
            frames: frames_digest(before),
            revoked,
            now,
        };
        match Trailer::verify(trailer, &expected) {
            Ok(Trailer::Answer(answer)) => Self::Answered { answer, frames },
            Ok(Trailer::Refusal(_)) if !before.is_empty() => Self::unreachable("bad_reply"),
            Ok(Trailer::Refusal(refusal)) => Self::Refused { refusal, frames },
            Err(error) => {
                tracing::warn!(%hospital, %error, "a reply does not verify");
                Self::unreachable(error.code())
            }
        }
    }

    /// Whether the responder did not look at the question, so that it may be asked again.
    pub(crate) fn spared_the_question(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => {
                refusal.log_index.is_none()
                    && matches!(refusal.code.as_str(), "busy" | "charter_mismatch")
            }
            Self::Answered { .. } | Self::Unreachable { .. } => false,
        }
    }

    /// Whether the responder follows another version of the charter.
    pub(crate) fn is_of_another_charter(&self) -> bool {
        match self {
            Self::Refused { refusal, .. } => refusal.code == "charter_mismatch",
            Self::Answered { .. } | Self::Unreachable { .. } => false,
        }
    }

    fn coverage(&self) -> Coverage {
        match self {
            Self::Answered { .. } => Coverage { state: CoverageState::Answered, code: None },
            Self::Refused { refusal, .. } => {
                Coverage { state: CoverageState::Refused, code: Some(refusal.code.clone()) }
            }
            Self::Unreachable { code } => {
                Coverage { state: CoverageState::Unreachable, code: Some(code.clone()) }
            }
        }
    }
}

/// Every hospital's part.
#[derive(Debug)]
pub(crate) struct Collected {
    question: Digest,
    pub(crate) replies: BTreeMap<HospitalCode, (Envelope, Outcome)>,
}

impl Collected {
    pub(crate) fn new(
        question: Digest,
        replies: BTreeMap<HospitalCode, (Envelope, Outcome)>,
    ) -> Self {
        Self { question, replies }
    }

    /// The hospitals that answered, in order of their codes.
    pub(crate) fn answered(&self) -> impl Iterator<Item = (&HospitalCode, &Answer, &[Vec<u8>])> {
        self.replies.iter().filter_map(|(hospital, (_, outcome))| match outcome {
            Outcome::Answered { answer, frames } => {
                let before = frames.split_last().map_or(&[][..], |(_, before)| before);
                Some((hospital, &**answer, before))
            }
            Outcome::Refused { .. } | Outcome::Unreachable { .. } => None,
        })
    }

    /// One hospital's part alone.
    pub(crate) fn only(&self, hospital: &HospitalCode) -> Self {
        let part = self.replies.get_key_value(hospital);
        let replies = part.map(|(code, part)| (code.clone(), part.clone())).into_iter().collect();
        Self { question: self.question, replies }
    }

    /// Takes a signed answer for none, because it cannot be merged.
    pub(crate) fn distrust(&mut self, hospital: &HospitalCode) {
        if let Some((_, outcome)) = self.replies.get_mut(hospital) {
            *outcome = Outcome::unreachable("bad_answer");
        }
    }

    /// Digest of the question.
    pub(crate) fn question(&self) -> Digest {
        self.question
    }

    /// What became of each hospital's part.
    pub(crate) fn coverage(&self) -> BTreeMap<HospitalCode, Coverage> {
        self.replies
            .iter()
            .map(|(hospital, (_, outcome))| (hospital.clone(), outcome.coverage()))
            .collect()
    }

    /// What the first hospital that refuses says.
    pub(crate) fn first_refusal(&self) -> Option<&Refusal> {
        self.replies.values().find_map(|(_, outcome)| match outcome {
            Outcome::Refused { refusal, .. } => Some(&**refusal),
            Outcome::Answered { .. } | Outcome::Unreachable { .. } => None,
        })
    }

    /// The refusal of a question that nobody answered: the first hospital's reason, and everybody's code.
    pub(crate) fn refusal(&self) -> RefusalBody {
        let coverage = self.coverage();
        match self.first_refusal() {
            Some(refusal) => RefusalBody {
                code: refusal.code.clone(),
                message: format!("{} refuses: {}", refusal.responder, refusal.message),
                message_nl: refusal
                    .message_nl
                    .as_ref()
                    .map(|dutch| format!("{} weigert: {dutch}", refusal.responder)),
                rule: refusal.rule.clone(),
                layer: refusal.layer.clone(),
                coverage,
            },
            None => RefusalBody {
                code: "nobody_reached".to_owned(),
                message:
                    "no hospital gave a valid reply; `kring status` shows which nodes are connected"
                        .to_owned(),
                message_nl: Some(
                    "geen ziekenhuis gaf een geldig antwoord; `kring status` toont welke nodes verbonden zijn"
                        .to_owned(),
                ),
                rule: None,
                layer: None,
                coverage,
            },
        }
    }

    /// What the log says about the replies.
    pub(crate) fn events(&self) -> Vec<Event> {
        let event = |(hospital, (request, outcome)): (&HospitalCode, &(Envelope, Outcome))| {
            let (outcome, log_index) = match outcome {
                Outcome::Answered { answer, .. } => ("answered".to_owned(), Some(answer.log_index)),
                Outcome::Refused { refusal, .. } => (refusal.code.clone(), refusal.log_index),
                Outcome::Unreachable { code } => (code.clone(), None),
            };
            Event::Received {
                question: self.question,
                request: request.digest(),
                responder: hospital.clone(),
                outcome,
                log_index,
            }
        };
        self.replies.iter().map(event).collect()
    }
}
