//! May this person come in with this question at all? Cheap, and before any SQL is read.

use crate::UnixTime;
use crate::ask::Ask;
use crate::charter::Charter;
use crate::denial::{Denial, reasons};
use crate::envelope::VerifiedRequest;

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
}

impl Admission {
    /// The request that was admitted.
    #[must_use]
    pub fn request(&self) -> &VerifiedRequest {
        &self.request
    }

    /// Who asks for what.
    #[must_use]
    pub fn ask(&self) -> &Ask {
        &self.ask
    }
}

/// Admits a verified request: person valid, dataset known, group theirs, and the rules for `enter`.
///
/// # Errors
/// The denial.
pub fn admit(
    charter: &Charter,
    request: VerifiedRequest,
    now: UnixTime,
) -> Result<Admission, Denial> {
    let ask = Ask::from(request.question());
    ask.enter(charter)?;
    // The charter may have changed since the envelope was verified.
    let id = &ask.person;
    if charter.person(id).is_none_or(|person| !person.valid_at(now)) {
        return Err(reasons::person_not_valid(charter, id));
    }
    Ok(Admission { request, ask })
}
