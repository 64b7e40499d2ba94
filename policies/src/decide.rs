//! Is this footprint allowed, and under which protections? Total, and no by default.
//!
//! Protections are joined over the granting rules, strictest first; where none speaks the built-in default holds. The
//! floors for data of people are applied here again, whatever the charter's reading let pass.

use crate::Profile;
use crate::admit::Admission;
use crate::ask::Ask;
use crate::charter::Charter;
use crate::charter::rules::Outcome;
use crate::dataset::DatasetStatus;
use crate::denial::{Denial, reasons, rule_name};
use crate::footprint::Footprint;
use crate::permit::{Grant, Permit};
use crate::protections::{MinPatients, Opinions, Protections, SignatureKind};

mod alternatives;
#[cfg(test)]
mod tests;

/// What a question would be granted; it permits nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The profile.
    pub profile: Profile,
    /// The granting rules, as `network/rule`.
    pub rules: Vec<String>,
    /// What would be done to the answer.
    pub protections: Protections,
    /// Whether the answer is about people.
    pub status: DatasetStatus,
}

/// Decides on an admitted question, and makes the permit to run its footprint once.
///
/// # Errors
/// The denial.
pub fn decide(
    charter: &Charter,
    admission: &Admission,
    footprint: Footprint,
) -> Result<Permit, Denial> {
    let granted = explain(charter, admission.ask(), &footprint)?;
    let Explained { profile, rules, protections, status } = granted;
    let layers = charter.layer().into_iter().collect();
    Ok(Permit::grant(Grant { footprint, profile, protections, rules, layers, status }))
}

/// Says what would be granted, for an asking node that explains a question before it is sent.
///
/// # Errors
/// The denial that a responder with the same charter would give.
pub fn explain(charter: &Charter, ask: &Ask, footprint: &Footprint) -> Result<Explained, Denial> {
    let dataset = ask.enter(charter)?;
    if *footprint.dataset() != dataset.id {
        return Err(reasons::other_dataset(charter, &dataset.id, footprint.dataset()));
    }
    let profile = Profile::Members;
    if !ask.direct_signature {
        return Err(reasons::direct_signature_required(charter));
    }
    let context = ask.profile_context(footprint.draft(), dataset);
    let outcome = charter.rules().evaluate(&ask.person, profile.as_str(), &dataset.id, context);
    let ids = match outcome {
        Outcome::Permitted(ids) => ids,
        Outcome::Silent => {
            let others = alternatives::find(charter, ask, profile, footprint.draft(), dataset);
            return Err(reasons::silent(charter, ask, profile.as_str(), &others));
        }
        denied @ (Outcome::Forbidden(_) | Outcome::Failed(_)) => {
            return Err(reasons::outcome(charter, ask, profile.as_str(), &denied));
        }
    };
    let rules = charter.rules();
    let opinions = ids
        .iter()
        .filter_map(|id| rules.get(id))
        .fold(Opinions::default(), |joined, rule| joined.join(rule.opinions));
    Ok(Explained {
        profile,
        rules: ids.iter().map(|id| rule_name(charter, id)).collect(),
        protections: floored(profile, opinions, dataset.status),
        status: dataset.status,
    })
}

/// The decided protections, never under what the profile and the dataset's status ask.
fn floored(profile: Profile, opinions: Opinions, status: DatasetStatus) -> Protections {
    let mut protections = Protections::from(opinions);
    match status {
        DatasetStatus::Real => {
            protections.min_patients = protections.min_patients.max(MinPatients::FLOOR);
        }
        DatasetStatus::Synthetic => {}
    }
    match profile {
        Profile::Members => protections.signature = SignatureKind::Direct,
    }
    protections
}
