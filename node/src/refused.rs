//! Why a node does not answer: every stage's error, and the one map to what the asker learns.

use std::collections::BTreeMap;
use std::sync::Arc;

use policies::footprint::FootprintError;
use policies::wire::LayerRef;
use policies::{DatasetId, DecodeError, Denial, VerifyError};
use query::pipe::Failure;
use query::{DiscloseError, ReceiveError};

use crate::api::RefusalBody;
use crate::approvals::{Unapproved, WhyNot};
use crate::ledger::{LedgerError, Unexplored};
use crate::log::{LogError, MAX_ENTRY_BYTES};
use crate::pool::PoolError;
use crate::rulebook::Fault;
use crate::witness::own::Unwitnessed;

mod dutch;
#[cfg(test)]
mod tests;

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
    /// Too few hospitals answered to tell of none of them.
    #[error("too few hospitals to reveal none")]
    TooFewToReveal,
    /// No hospital answered, and it is not told which says what.
    #[error("nobody answered")]
    NobodyAnswered,
    /// The question was started before, and its answer was lost in a crash.
    #[error("interrupted")]
    Interrupted,
}

/// What the asker learns. Never a word about data.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) code: String,
    pub(crate) message: String,
    /// The same in Dutch, where there is such a text.
    pub(crate) message_nl: Option<String>,
    pub(crate) rule: Option<String>,
    pub(crate) layer: Option<LayerRef>,
}

impl Told {
    /// No rule's refusal, in English and Dutch.
    pub(crate) fn plain(
        code: &str,
        (english, dutch): (impl Into<String>, impl Into<String>),
    ) -> Self {
        let (message, message_nl) = (english.into(), Some(dutch.into()));
        Self { code: code.to_owned(), message, message_nl, rule: None, layer: None }
    }

    /// Refused whatever a charter says.
    fn built_in(self) -> Self {
        let rule = Some(format!("kring/{}", self.code.replace('_', "-")));
        Self { rule, ..self }
    }
}

impl From<Told> for RefusalBody {
    fn from(Told { code, message, message_nl, rule, layer }: Told) -> Self {
        Self { code, message, message_nl, rule, layer, coverage: BTreeMap::new() }
    }
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
        match self {
            Self::Decode(error) => {
                Told::plain(error.code(), (error.to_string(), dutch::undecoded(error)))
            }
            Self::Verify(error) => Told::plain(error.code(), (error.to_string(), error.dutch())),
            Self::Denied(denial) => Told {
                code: denial.code.to_owned(),
                message: denial.message.clone(),
                message_nl: Some(denial.message_nl.clone()),
                rule: denial.rule.clone(),
                layer: denial.layer.as_deref().cloned(),
            },
            Self::Footprint(error) => {
                Told::plain(error.code(), (error.to_string(), error.dutch())).built_in()
            }
            Self::Text(failure) => {
                let both = (shown(&failure.message), shown(&failure.message_nl));
                Told::plain(&code_of(failure), both).built_in()
            }
            Self::PlanMismatch => Told::plain("plan_mismatch", PLAN_MISMATCH),
            Self::Pool(error) => {
                Told::plain(error.code(), (error.to_string(), dutch::no_worker(error)))
            }
            // Failures that may depend on data are answers with every cell hidden; these do not.
            Self::Receive(_) | Self::Disclose(_) => Told::plain("failed_execution", FAILED),
            Self::Log(error) => of_log(error),
            Self::Store(_) => Told::plain("no_log", NO_LOG),
            Self::OverQuota(over) => Told::plain(over.code(), (over.to_string(), over.dutch())),
            Self::Ledger(error) => of_ledger(error),
            Self::Unexplored(why) => Told::plain(why.code(), (why.message(), why.dutch())),
            Self::UnknownDataset(id) => Told::plain(
                "unknown_dataset",
                (
                    format!("dataset `{id}` is not in the charter"),
                    format!("dataset `{id}` staat niet in het charter"),
                ),
            ),
            Self::NoSnapshot(id) => Told::plain(
                "no_snapshot",
                (
                    format!("this hospital has no snapshot of dataset `{id}`"),
                    format!("dit ziekenhuis heeft geen snapshot van dataset `{id}`"),
                ),
            ),
            Self::Charter(fault) => of_fault(*fault),
            Self::Approval(unapproved) => unapproved.told(),
            Self::Paused | Self::GivenUp => Told::plain("paused", PAUSED),
            Self::Unwitnessed(error) | Self::Withheld(error) => {
                Told::plain(error.code(), (error.to_string(), dutch::unwitnessed(error)))
            }
            Self::TooFewToReveal => Told::plain("too_few_answered", TOO_FEW_ANSWERED),
            Self::NobodyAnswered => Told::plain("nobody_answered", NOBODY_ANSWERED),
            Self::Interrupted => Told::plain("interrupted", INTERRUPTED),
        }
    }
}

/// A text in English and Dutch.
type Both = (&'static str, &'static str);

const PLAN_MISMATCH: Both = (
    "this node cuts the text in another way than the asking node; upgrade the older of the two",
    "deze node knipt de tekst anders dan de vragende node; werk de oudste van de twee bij",
);
const FAILED: Both = (
    "the question could not be run here; the hospital's own log says why",
    "de vraag kon hier niet worden uitgevoerd; het eigen logboek van het ziekenhuis zegt waarom",
);
const NO_LOG: Both = (
    "the node cannot write its log, and without it there is no answer",
    "de node kan haar logboek niet schrijven, en zonder logboek is er geen antwoord",
);
const PAUSED: Both = (
    "this hospital does not answer for the moment; ask it again later",
    "dit ziekenhuis antwoordt op dit moment niet; vraag het later opnieuw",
);
const TOO_FEW_ANSWERED: Both = (
    "too few hospitals answered for figures that name none of them, in a network or at all: fewer than three could be told apart; ask again later, or without `network`",
    "te weinig ziekenhuizen antwoordden voor cijfers die er geen noemen, in een netwerk of in totaal: er zouden er minder dan drie te onderscheiden zijn; vraag het later opnieuw, of zonder `network`",
);
const NOBODY_ANSWERED: Both = (
    "no hospital answered, and rules let it not be told which says what; `kring status` shows which nodes are connected",
    "geen ziekenhuis antwoordde, en volgens de regels wordt niet verteld welk wat zegt; `kring status` toont welke nodes verbonden zijn",
);
const INTERRUPTED: Both = (
    "the node stopped while it answered this question; ask it anew",
    "de node stopte terwijl zij deze vraag beantwoordde; stel haar opnieuw",
);

/// What the asker learns of a log that cannot be written.
fn of_log(error: &LogError) -> Told {
    match error {
        LogError::Full => Told::plain(
            error.code(),
            (
                error.to_string(),
                "de schijf van het logboek is vol; de node beantwoordt niets tot er plaats is",
            ),
        ),
        LogError::TooLarge { bytes } => Told::plain(
            error.code(),
            (
                error.to_string(),
                format!(
                    "de regel zou {bytes} bytes hebben, hoogstens {MAX_ENTRY_BYTES} komen in het logboek; vraag minder tegelijk"
                ),
            ),
        ),
        LogError::Failed { .. } | LogError::Closed => Told::plain("no_log", NO_LOG),
    }
}

/// What the asker learns where the charter itself, or what was revoked, stands in the way.
fn of_fault(fault: Fault) -> Told {
    let (code, english, dutch) = match fault {
        Fault::Expired => (
            "charter_expired",
            "the charter's time is over; the board must publish a new version",
            "de tijd van het charter is om; het bestuur moet een nieuwe versie uitgeven",
        ),
        Fault::Stale => (
            "charter_stale",
            "nobody has vouched for this charter within 72 hours, so a newer one may be kept from this node: its operators look whether it reaches other members",
            "niemand heeft binnen 72 uur voor dit charter ingestaan, dus deze node kan een nieuwer missen: haar beheerders kijken of zij andere leden bereikt",
        ),
        Fault::Asker => (
            "revoked",
            "the key that signed this question was revoked while it ran",
            "de sleutel waarmee deze vraag is getekend, werd ingetrokken terwijl zij liep",
        ),
        Fault::NoVersion => (
            "no_charter",
            "no version of the charter holds at this hospital; its operators look at its messages",
            "bij dit ziekenhuis geldt geen versie van het charter; zijn beheerders lezen de meldingen",
        ),
        Fault::OtherKeys => (
            "charter_other_key",
            "the charter names other keys of this hospital; its operators are told what to do",
            "het charter noemt andere sleutels van dit ziekenhuis; zijn beheerders krijgen te lezen wat zij doen",
        ),
        Fault::RevocationMissing => (
            "revocation_missing",
            "a revocation that this hospital's log names is not kept there; its operators bring its file back, or another member sends it",
            "een intrekking die het logboek van dit ziekenhuis noemt, is daar niet bewaard; zijn beheerders zetten het bestand terug, of een ander lid stuurt het",
        ),
        Fault::NotAMember => (
            "charter_not_a_member",
            "this hospital is not a member in the charter in force",
            "dit ziekenhuis is geen lid in het geldende charter",
        ),
        Fault::Revoked => (
            "node_revoked",
            "a key of this node is revoked: the board signs a charter with new ones",
            "een sleutel van deze node is ingetrokken: het bestuur tekent een charter met nieuwe",
        ),
        Fault::Below => (
            "charter_below",
            "the charter of a network below, which this hospital is in, is over: its board signs the next version",
            "het charter van een onderliggend netwerk, waar dit ziekenhuis in zit, is afgelopen: zijn bestuur tekent de volgende versie",
        ),
        Fault::OwnRules => (
            "own_rules",
            "this hospital's own rules do not go with the charter in force; its operators are told what to do",
            "de eigen regels van dit ziekenhuis passen niet bij het geldende charter; zijn beheerders krijgen te lezen wat zij doen",
        ),
    };
    Told::plain(code, (english, dutch))
}

/// What the asker learns of a memory that an answer cannot be held against, or that cannot take it.
fn of_ledger(error: &LedgerError) -> Told {
    match error {
        LedgerError::Code(_) => Told::plain(
            "too_much_to_remember",
            (
                "the answer has more sets of patients than a hospital remembers of one answer; ask for fewer cells or counts at once",
                "het antwoord heeft meer groepen patienten dan een ziekenhuis van een antwoord onthoudt; vraag minder cellen of tellingen tegelijk",
            ),
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
        | LedgerError::Unread => Told::plain(
            "no_ledger",
            (
                "this hospital does not know all that it answered over this dataset before, and until it does there is no answer; \
                 its own operators are told what to do",
                "dit ziekenhuis weet niet alles wat het eerder over deze dataset antwoordde, en tot dan is er geen antwoord; \
                 zijn eigen beheerders krijgen te lezen wat zij doen",
            ),
        ),
    }
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
