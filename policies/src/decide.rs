//! Is this footprint allowed, and under which protections? Total, and no by default.
//!
//! Protections are joined over the granting rules and the indicator, strictest first; where none speaks the built-in default
//! holds. The hospital's own rules come last and only take away, but for its own staff's view of its own figures. The floors for data of people are applied here again,
//! whatever the charter's reading let pass.

use crate::admit::Admission;
use crate::ask::Ask;
use crate::band::Norm;
use crate::charter::own::OwnSay;
use crate::charter::rules::with_stack;
use crate::charter::{Books, Charter};
use crate::dataset::{Dataset, DatasetStatus};
use crate::denial::{Denial, reasons};
use crate::explore;
use crate::footprint::Footprint;
use crate::indicator::{self, Indicator};
use crate::kind::{self, Volume};
use crate::permit::Permit;
use crate::protections::{MinPatients, Opinions, OwnFigures, Parts, Protections, SignatureKind};
use crate::{Digest, Profile, band};

mod alternatives;
mod layers;
mod reveal;
#[cfg(test)]
mod tests;

use layers::Joined;

/// What a question would be granted; it permits nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// The profile.
    pub profile: Profile,
    /// The granting rules, as `network/rule`, then the hospital's own that add to them, as `own/rule`.
    pub rules: Vec<String>,
    /// What would be done to the answer.
    pub protections: Protections,
    /// Digest of the hospital's own rules, where it has any.
    pub own: Option<Digest>,
    /// Whether the answer is about people.
    pub status: DatasetStatus,
    /// The years, where the figures are a volume.
    pub volume: Option<Volume>,
    /// The rate around which parts lie in bands, where they are told so.
    pub band: Option<Norm>,
}

/// Decides on an admitted question, and makes the permit to run its footprint once.
///
/// # Errors
/// The denial.
pub fn decide<'b>(
    books: impl Into<Books<'b>>,
    admission: &Admission,
    footprint: Footprint,
) -> Result<Permit, Denial> {
    let books = books.into();
    let granted = explain(books, admission.ask(), &footprint)?;
    Ok(Permit::grant(footprint, books.layers(), granted))
}

/// Says what would be granted, for an asking node that explains a question before it is sent.
///
/// # Errors
/// The denial that a responder with the same rules would give.
pub fn explain<'b>(
    books: impl Into<Books<'b>>,
    ask: &Ask,
    footprint: &Footprint,
) -> Result<Explained, Denial> {
    let books = books.into();
    with_stack(|| best(books, ask, footprint))
}

/// What is granted under the first profile whose rules permit it; else the reason of the best one that is for this person.
fn best(books: Books<'_>, ask: &Ask, footprint: &Footprint) -> Result<Explained, Denial> {
    let dataset = ask.enter(books)?;
    if *footprint.dataset() != dataset.id {
        return Err(reasons::other_dataset(books.charter, &dataset.id, footprint.dataset()));
    }
    let (mut near, mut first) = (None, None);
    for profile in ask.profiles(books.charter)? {
        let fits = || {
            let all = books.others().map(|layer| &*layer.charter);
            std::iter::once(books.charter).chain(all).any(|charter| {
                let rules = charter.rules();
                !rules.permits_in_scope(&ask.person, profile.as_str(), &ask.dataset).is_empty()
            })
        };
        match under(books, ask, profile, (footprint, dataset)) {
            Ok(explained) => return Ok(explained),
            Err(denial) if !fits() => first = first.or(Some(denial)),
            Err(denial) => near = near.or(Some(denial)),
        }
    }
    let none = || reasons::silent(books.charter, ask, Profile::Members.as_str(), &[]);
    Err(near.or(first).unwrap_or_else(none))
}

/// What is granted under one profile.
fn under(
    books: Books<'_>,
    ask: &Ask,
    profile: Profile,
    (footprint, dataset): (&Footprint, &Dataset),
) -> Result<Explained, Denial> {
    let Books { charter, own, .. } = books;
    if always_direct(profile) && !ask.direct_signature {
        return Err(reasons::direct_signature_required(charter));
    }
    let posed = ask.posed(profile, footprint.draft(), dataset);
    let Joined { indicator, rules: mut named, opinions, status } =
        layers::join(books, (ask, profile), (footprint, dataset), &posed)?;
    let mut added = Opinions::default();
    if let Some(own) = own {
        match own.say(charter, &posed) {
            OwnSay::Adds { rules, opinions } => {
                named.extend(rules);
                added = opinions;
            }
            OwnSay::Denies(denied) => return Err(reasons::own(own, &denied)),
        }
    }
    in_form(charter, profile, (footprint, dataset))?;
    let protections = decided(profile, (opinions, added), status);
    let protections = match protections.own {
        OwnFigures::Exact if of_own(charter, ask) && is_exact(profile) => protections.own_figures(),
        OwnFigures::Exact | OwnFigures::Protected => {
            Protections { own: OwnFigures::Protected, ..protections }
        }
    };
    if protections.signature == SignatureKind::Direct && !ask.direct_signature {
        return Err(reasons::direct_signature_required(charter));
    }
    let held = reveal::held(books, ask, footprint.draft(), (protections, &named));
    let mut protections = held?;
    let volume = match indicator {
        Some(indicator) => kind::check(protections.kind, indicator, (footprint, dataset))
            .map_err(|fault| reasons::kind(charter, &fault))?,
        None => None,
    };
    let band = banded((indicator, ask), footprint, &mut protections);
    Ok(Explained {
        profile,
        rules: named,
        protections,
        own: own.map(crate::OwnRules::digest),
        status,
        volume,
        band,
    })
}

/// The rate around which parts lie in bands, where they are to be told so. In a variant that has no bands they are hidden.
fn banded(
    (indicator, ask): (Option<&Indicator>, &Ask),
    footprint: &Footprint,
    protections: &mut Protections,
) -> Option<Norm> {
    if protections.parts != Parts::Band {
        return None;
    }
    let both = indicator.zip(ask.indicator.as_ref());
    let norm = both.and_then(|(known, asked)| band::of(known, asked, footprint.draft()));
    if norm.is_none() {
        protections.parts = Parts::Hide;
    }
    norm
}

/// Whether a question that is answered with noise is in the form for it. The text alone decides.
fn in_form(
    charter: &Charter,
    profile: Profile,
    (footprint, dataset): (&Footprint, &Dataset),
) -> Result<(), Denial> {
    match profile {
        Profile::Explore => {}
        Profile::Indicator | Profile::Members | Profile::Network | Profile::Strict => return Ok(()),
    }
    let refused = explore::answerable(footprint.draft(), dataset);
    refused.map_err(|refusal| reasons::not_in_form(charter, &refusal))
}

/// The indicator that is asked; one that the charter does not have as it was signed is denied.
fn indicator<'c>(charter: &'c Charter, ask: &Ask) -> Result<Option<&'c Indicator>, Denial> {
    let Some(named) = &ask.indicator else { return Ok(None) };
    let (indicator, _text) = indicator::signed(charter, &ask.dataset, named)
        .map_err(|fault| reasons::text(charter, &fault))?;
    Ok(Some(indicator))
}

/// Whether somebody asks the hospital that they work at, from its node, and no other: nothing can be merged then, and the answer
/// goes nowhere else.
fn of_own(charter: &Charter, ask: &Ask) -> bool {
    let person = charter.person(&ask.person);
    ask.to_itself && person.is_some_and(|person| person.hospital == ask.asking_node)
}

/// Whether the profile's figures have no noise: only these can be a hospital's own as they are. What is told with noise is
/// metered, and stays under its thresholds.
fn is_exact(profile: Profile) -> bool {
    match profile {
        Profile::Indicator | Profile::Members => true,
        Profile::Explore | Profile::Network | Profile::Strict => false,
    }
}

/// Whether the profile is for people who sign each question themselves, whatever rules say.
fn always_direct(profile: Profile) -> bool {
    match profile {
        Profile::Members => true,
        Profile::Indicator | Profile::Explore | Profile::Network | Profile::Strict => false,
    }
}

/// What protects parts and sums is off where single patients of a synthetic dataset are shown.
fn for_status(opinions: Opinions, status: DatasetStatus) -> Opinions {
    let single = opinions.min_patients.is_some_and(|k| k <= MinPatients::new(1));
    match status {
        DatasetStatus::Synthetic if single => opinions.switched_off(),
        DatasetStatus::Synthetic | DatasetStatus::Real => opinions,
    }
}

/// The decided protections, never under what the profile, the hospital and the dataset's status ask.
fn decided(
    profile: Profile,
    (charter, own): (Opinions, Opinions),
    status: DatasetStatus,
) -> Protections {
    let charter = for_status(charter, status);
    let mut protections = Protections::from(charter).at_hospital(own);
    protections.kind = kind::under(profile, protections.kind);
    protections.parts = protections.parts.under(profile);
    if always_direct(profile) {
        protections.signature = SignatureKind::Direct;
    }
    match status {
        DatasetStatus::Real => protections.floored(profile),
        DatasetStatus::Synthetic => protections,
    }
}
