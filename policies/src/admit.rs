//! May this person come in with this question at all? Cheap, and before any SQL is read.

use crate::UnixTime;
use crate::ask::Ask;
use crate::charter::Books;
use crate::denial::{Denial, reasons};
use crate::envelope::VerifiedRequest;
use crate::indicator;

/// A verified request that may be looked into: its SQL may be given to a worker.
///
/// ```compile_fail
/// fn make(request: policies::VerifiedRequest) {
///     let admission = policies::Admission { request, ..panic!() };
/// }
/// ```
#[derive(Debug)]
pub struct Admission {
    request: VerifiedRequest,
    ask: Ask,
    text: String,
}

impl Admission {
    /// The request that was admitted.
    #[must_use]
    pub fn request(&self) -> &VerifiedRequest {
        &self.request
    }

    /// The SQL text: the person's own, or the indicator's as this node's charter has it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Who asks for what.
    #[must_use]
    pub fn ask(&self) -> &Ask {
        &self.ask
    }
}

/// Admits a verified request: person valid, dataset known, group theirs, the rules for `enter`, and an indicator that is the
/// same text here as the one that was signed.
///
/// # Errors
/// The denial.
pub fn admit<'b>(
    books: impl Into<Books<'b>>,
    request: VerifiedRequest,
    now: UnixTime,
) -> Result<Admission, Denial> {
    let books = books.into();
    let charter = books.charter;
    let direct_signature = request.delegation().is_none();
    let ask = Ask { direct_signature, ..Ask::from(request.question()) };
    // Who asks is for the network that is asked in, and those above it, to know.
    let older = books.besides.iter().chain(books.above.iter().flat_map(|layer| &layer.besides));
    older.into_iter().try_for_each(|beside| beside.knows(charter, &request, now))?;
    ask.enter(books)?;
    // The charter may have changed since the envelope was verified.
    let id = &ask.person;
    if charter.person(id).is_none_or(|person| !person.valid_at(now)) {
        return Err(reasons::person_not_valid(charter, id));
    }
    let text = indicator::text_of(charter, request.question())
        .map_err(|fault| reasons::text(charter, &fault))?;
    Ok(Admission { request, ask, text })
}
