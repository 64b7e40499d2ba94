//! Why a node does not answer: every stage's error, and the one map to what the asker learns.

use std::sync::Arc;

use policies::footprint::FootprintError;
use policies::wire::LayerRef;
use policies::{DatasetId, DecodeError, Denial, VerifyError};
use query::pipe::Failure;
use query::{DiscloseError, ReceiveError};

use crate::approvals::{Unapproved, WhyNot};
use crate::ledger::{LedgerError, Unexplored};
use crate::log::LogError;
use crate::pool::PoolError;
use crate::rulebook::Fault;
use crate::witness::own::Unwitnessed;

/// Every reason not to answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// The bytes are no request.
    #[error("not a request")]
    Decode(#[from] DecodeError),
    /// The request does not verify.
    #[error("not verified")]
    Verify(#[from] VerifyError),
    /// The rules deny it.
    #[error("denied")]
    Denied(#[from] Box<Denial>),
    /// It touches what no charter can allow.
    #[error("not a footprint of this dataset")]
    Footprint(#[from] FootprintError),
    /// The text is refused.
    #[error("not a question of the language")]
    Text(Failure),
    /// This node cuts the text in another way than the asking node.
    #[error("other fragments")]
    PlanMismatch,
    /// There is no worker, or it was lost.
    #[error("no reply from a worker")]
    Pool(#[from] PoolError),
    /// What the worker gave back is not an answer.
    #[error("not an answer")]
    Receive(#[from] ReceiveError),
    /// The protected cells cannot be encoded.
    #[error("not disclosed")]
    Disclose(#[from] DiscloseError),
    /// What was answered before is not known.
    #[error("not held against what was answered before")]
    Ledger(#[source] Arc<LedgerError>),
    /// Whoever asks has asked enough.
    #[error("over quota")]
    OverQuota(#[source] query::OverQuota),
    /// It cannot be told with noise.
    #[error("not explored")]
    Unexplored(#[source] Unexplored),
    /// The log cannot be written.
    #[error("not logged")]
    Log(#[from] LogError),
    /// Released figures cannot be stored.
    #[error("not stored")]
    Store(#[source] std::io::Error),
    /// The dataset is not in the charter.
    #[error("unknown dataset")]
    UnknownDataset(DatasetId),
    /// This hospital has no snapshot of the dataset.
    #[error("no snapshot")]
    NoSnapshot(DatasetId),
    /// Nothing is answered under this charter, or not to this person any more.
    #[error("not under this charter")]
    Charter(Fault),
    /// Hospital IT stopped answering: the question was not looked at.
    #[error("paused")]
    Paused,
    /// Hospital IT stopped answering while it ran.
    #[error("paused while it ran")]
    GivenUp,
    /// People of this hospital have not let it be answered.
    #[error("not approved")]
    Approval(#[from] Box<Unapproved>),
    /// No witness vouches for the log.
    #[error("not witnessed")]
    Unwitnessed(#[from] Unwitnessed),
    /// A witness contradicted while the question ran.
    #[error("not released")]
    Withheld(#[source] Unwitnessed),
    /// The question was started before, and its answer was lost in a crash.
    #[error("interrupted")]
    Interrupted,
}

/// What the asker learns. Never a word about data.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) rule: Option<String>,
    pub(crate) layer: Option<LayerRef>,
}

impl Refused {
    /// Whether the question may be asked again: it was not looked at.
    pub(crate) fn spares_the_question(&self) -> bool {
        if let Self::Approval(unapproved) = self {
            return unapproved.why != WhyNot::Denied;
        }
        matches!(
            self,
            Self::Pool(PoolError::Busy | PoolError::Start(_))
                | Self::Log(LogError::Failed { .. } | LogError::Closed)
                | Self::Unwitnessed(_)
                | Self::Paused
        )
    }

    /// The one map from error to what the asker learns.
    pub(crate) fn told(&self) -> Told {
        let plain = |code: &str, message: String| Told {
            code: code.to_owned(),
            message,
            rule: None,
            layer: None,
        };
        let built_in = |code: &str, message: String| Told {
            rule: Some(format!("kring/{}", code.replace('_', "-"))),
            ..plain(code, message)
        };
        match self {
            Self::Decode(error) => plain(error.code(), error.to_string()),
            Self::Verify(error) => plain(error.code(), error.to_string()),
            Self::Denied(denial) => Told {
                code: denial.code.to_owned(),
                message: denial.message.clone(),
                rule: denial.rule.clone(),
                layer: denial.layer.as_deref().cloned(),
            },
            Self::Footprint(error) => built_in(error.code(), error.to_string()),
            Self::Text(failure) => built_in(&code_of(failure), shown(&failure.message)),
            Self::PlanMismatch => plain(
                "plan_mismatch",
                "this node cuts the text in another way than the asking node; upgrade the older of the two".to_owned(),
            ),
            Self::Pool(error) => plain(error.code(), error.to_string()),
            // Failures that may depend on data are answers with every cell hidden; these do not.
            Self::Receive(_) | Self::Disclose(_) => plain(
                "failed_execution",
                "the question could not be run here; the hospital's own log says why".to_owned(),
            ),
            Self::Log(error @ (LogError::Full | LogError::TooLarge { .. })) => {
                plain(error.code(), error.to_string())
            }
            Self::Log(LogError::Failed { .. } | LogError::Closed) | Self::Store(_) => plain(
                "no_log",
                "the node cannot write its log, and without it there is no answer".to_owned(),
            ),
            Self::OverQuota(over) => plain(over.code(), over.to_string()),
            Self::Ledger(error) => of_ledger(error),
            Self::Unexplored(why) => plain(why.code(), why.message().to_owned()),
            Self::UnknownDataset(id) => {
                plain("unknown_dataset", format!("dataset `{id}` is not in the charter"))
            }
            Self::NoSnapshot(id) => {
                plain("no_snapshot", format!("this hospital has no snapshot of dataset `{id}`"))
            }
            Self::Charter(fault) => of_fault(*fault),
            Self::Approval(unapproved) => unapproved.told(),
            Self::Paused | Self::GivenUp => plain(
                "paused",
                "this hospital does not answer for the moment; ask it again later".to_owned(),
            ),
            Self::Unwitnessed(error) | Self::Withheld(error) => plain(error.code(), error.to_string()),
            Self::Interrupted => plain(
                "interrupted",
                "the node stopped while it answered this question; ask it anew".to_owned(),
            ),
        }
    }
}

/// What the asker learns where the charter itself, or what was revoked, stands in the way.
fn of_fault(fault: Fault) -> Told {
    let (code, message) = match fault {
        Fault::Expired => {
            ("charter_expired", "the charter's time is over; the board must publish a new version")
        }
        Fault::Stale => (
            "charter_stale",
            "nobody has vouched for this charter within 72 hours, so a newer one may be kept from this node: its operators look whether it reaches other members",
        ),
        Fault::Asker => ("revoked", "the key that signed this question was revoked while it ran"),
        Fault::NoVersion => (
            "no_charter",
            "no version of the charter holds at this hospital; its operators look at its messages",
        ),
        Fault::OtherKeys => (
            "charter_other_key",
            "the charter names other keys of this hospital; its operators are told what to do",
        ),
        Fault::RevocationMissing => (
            "revocation_missing",
            "a revocation that this hospital's log names is not kept there; its operators bring its file back, or another member sends it",
        ),
        Fault::NotAMember => {
            ("charter_not_a_member", "this hospital is not a member in the charter in force")
        }
        Fault::Revoked => (
            "node_revoked",
            "a key of this node is revoked: the board signs a charter with new ones",
        ),
        Fault::Below => (
            "charter_below",
            "the charter of a network below, which this hospital is in, is over: its board signs the next version",
        ),
        Fault::OwnRules => (
            "own_rules",
            "this hospital's own rules do not go with the charter in force; its operators are told what to do",
        ),
    };
    Told { code: code.to_owned(), message: message.to_owned(), rule: None, layer: None }
}

/// What the asker learns of a memory that an answer cannot be held against, or that cannot take it.
fn of_ledger(error: &LedgerError) -> Told {
    let (code, message) = match error {
        LedgerError::Code(_) => (
            "too_much_to_remember",
            "the answer has more sets of patients than a hospital remembers of one answer; ask for fewer cells or counts at once",
        ),
        LedgerError::Missing { .. }
        | LedgerError::Damaged { .. }
        | LedgerError::Another { .. }
        | LedgerError::Forgotten { .. }
        | LedgerError::Lost
        | LedgerError::Numbers { .. }
        | LedgerError::Io { .. }
        | LedgerError::Unwritten { .. }
        | LedgerError::Apply(_)
        | LedgerError::Unread => (
            "no_ledger",
            "this hospital does not know all that it answered over this dataset before, and until it does there is no answer; \
             its own operators are told what to do",
        ),
    };
    Told { code: code.to_owned(), message: message.to_owned(), rule: None, layer: None }
}

/// A worker's code, in the form of a code.
fn code_of(failure: &Failure) -> String {
    let form = |c: char| c.is_ascii_lowercase() || c == '_';
    if failure.code.len() <= 40 && failure.code.chars().all(form) {
        return failure.code.clone();
    }
    "worker_fault".to_owned()
}

/// A worker's text, bounded and without control characters.
fn shown(message: &str) -> String {
    message.chars().filter(|c| !c.is_control()).take(1000).collect()
}

impl From<LedgerError> for Refused {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(Arc::new(error))
    }
}

impl From<Denial> for Refused {
    fn from(denial: Denial) -> Self {
        Self::Denied(Box::new(denial))
    }
}
