//! What a logged question would be told under a charter, to compare two charters on what was really asked.
//!
//! A question is replayed on its footprint, as the log has it: no SQL is read, and nothing of data is known. The footprint is
//! that of then: where a draft has other codes or steps of a column, a worker would count other cells. It grants nothing:
//! only [`crate::decide()`] makes a permit.

use crate::UnixTime;
use crate::ask::Ask;
use crate::charter::Books;
use crate::dataset::Dataset;
use crate::decide::{Explained, explain};
use crate::denial::{Denial, reasons};
use crate::envelope::VerifyError;
use crate::footprint::FootprintError;
use crate::indicator::{self, TextFault};

mod change;
mod touched;
mod words;

pub use change::{AtDoor, Change, Difference, What, compare, compare_at_door};
pub use touched::{BadUse, InWords, Touched};
pub use words::Language;

/// Why a question is not answered: by the rules, or because its footprint does not fit the dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The stable code.
    pub code: &'static str,
    /// The rule that denies, as `network/rule`.
    pub rule: Option<String>,
    /// What is denied and what can be done, in English.
    pub message: String,
    /// The same in Dutch.
    pub message_nl: String,
}

impl From<Denial> for Reason {
    fn from(Denial { code, rule, layer: _, message, message_nl }: Denial) -> Self {
        Self { code, rule, message, message_nl }
    }
}

/// What a question would be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It would be answered.
    Allowed(Box<Explained>),
    /// It would not be.
    Denied(Reason),
    /// What is logged of it does not say.
    Unknown(Unknown),
}

/// Why a logged question cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unknown {
    /// Its footprint is in no form that this version accepts: another version logged it.
    Footprint(FootprintError),
    /// The charter has another version or text of the indicator, and nobody has asked that one.
    Indicator(TextFault),
}

impl Unknown {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Footprint(_) => "other_footprint",
            Self::Indicator(_) => "other_indicator",
        }
    }
}

/// Replays a question at a moment.
#[must_use]
pub fn replay<'b>(
    books: impl Into<Books<'b>>,
    ask: &Ask,
    touched: &Touched,
    at: UnixTime,
) -> Verdict {
    let books = books.into();
    let dataset = match door(books, ask, at) {
        Ok(dataset) => dataset,
        Err(reason) => return Verdict::Denied(reason),
    };
    if let Some(named) = &ask.indicator
        && let Err(fault) = indicator::signed(books.charter, &ask.dataset, named)
    {
        return match fault {
            TextFault::Unknown { .. } | TextFault::Dataset { .. } | TextFault::Variant { .. } => {
                Verdict::Denied(reasons::text(books.charter, &fault).into())
            }
            TextFault::Version { .. } | TextFault::Text { .. } => {
                Verdict::Unknown(Unknown::Indicator(fault))
            }
        };
    }
    let footprint = match touched.check(dataset) {
        Ok(footprint) => footprint,
        Err(fault) => return of_footprint(fault),
    };
    match explain(books, ask, &footprint) {
        Ok(explained) => Verdict::Allowed(Box::new(explained)),
        Err(denial) => Verdict::Denied(denial.into()),
    }
}

/// What needs no footprint: person, node, group and dataset are known at that moment, and the rules let the person in.
///
/// # Errors
/// The reason.
pub fn at_door<'b>(books: impl Into<Books<'b>>, ask: &Ask, at: UnixTime) -> Result<(), Reason> {
    door(books.into(), ask, at).map(drop)
}

fn door<'b>(books: Books<'b>, ask: &Ask, at: UnixTime) -> Result<&'b Dataset, Reason> {
    let charter = books.charter;
    let (id, node) = (&ask.person, &ask.asking_node);
    if !charter.member(node).is_some_and(|member| member.valid_at(at)) {
        return Err(unverified(&VerifyError::SenderNotAMember { got: node.clone() }));
    }
    let Some(person) = charter.person(id) else {
        return Err(reasons::unknown_person(charter, id).into());
    };
    if !person.valid_at(at) {
        return Err(reasons::person_not_valid(charter, id).into());
    }
    if person.hospital != *node {
        let (expected, got) = (person.hospital.clone(), node.clone());
        let person = id.clone();
        let fault = VerifyError::PersonOfAnotherHospital { person, expected, got };
        return Err(unverified(&fault));
    }
    // By which of its keys the node would ask is not known.
    let asker = (person, node, None);
    books.besides.iter().try_for_each(|beside| beside.knows_both(charter, asker, at))?;
    Ok(ask.enter(books)?)
}

fn unverified(fault: &VerifyError) -> Reason {
    let (message, message_nl) = (fault.to_string(), fault.dutch());
    Reason { code: fault.code(), rule: None, message, message_nl }
}

/// What does not fit the dataset is denied; what fits no dataset was not logged by this version.
fn of_footprint(fault: FootprintError) -> Verdict {
    match &fault {
        FootprintError::UnknownTable { .. }
        | FootprintError::UnknownColumn { .. }
        | FootprintError::ClassForbids { .. }
        | FootprintError::TooManyCells { .. }
        | FootprintError::BadExplore { .. } => Verdict::Denied(Reason {
            code: fault.code(),
            rule: None,
            message: fault.to_string(),
            message_nl: fault.dutch(),
        }),
        FootprintError::TooLarge { .. }
        | FootprintError::Measures { .. }
        | FootprintError::Vectors { .. }
        | FootprintError::Links { .. }
        | FootprintError::FragmentCount { .. } => Verdict::Unknown(Unknown::Footprint(fault)),
    }
}
