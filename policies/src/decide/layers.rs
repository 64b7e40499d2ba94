//! What all layers say together: each by its own rules, and each older version that still holds in the place of the newest.
//!
//! A layer that permits such questions at all must permit this one; one that does not only forbids. Protections of the
//! granting rules join. For an older version it is asked what would be decided if it were the newest of its layer, and that
//! joins too, each with the defaults that it leaves unsaid.

use std::collections::BTreeSet;

use crate::Profile;
use crate::ask::Ask;
use crate::charter::rules::{Outcome, Posed};
use crate::charter::{Asked, Beside, Books, Charter, Says, named};
use crate::dataset::{Dataset, DatasetStatus};
use crate::denial::{Denial, reasons};
use crate::footprint::Footprint;
use crate::indicator::Indicator;
use crate::protections::{Opinions, Protections};

use super::{alternatives, for_status};

/// What is granted.
#[derive(Debug)]
pub(super) struct Joined<'c> {
    /// The indicator that is asked, if any.
    pub(super) indicator: Option<&'c Indicator>,
    /// The granting rules, as `network/rule`.
    pub(super) rules: Vec<String>,
    /// What they and the indicator ask for.
    pub(super) opinions: Opinions,
    /// The strictest status that any version has for the dataset.
    pub(super) status: DatasetStatus,
}

/// What one layer says: its granting rules and what they ask for; nothing where it leaves that to others.
type Said = Option<(Vec<String>, Opinions)>;

/// Asks every layer, and every older version.
pub(super) fn join<'c>(
    books: Books<'c>,
    (ask, profile): (&Ask, Profile),
    (footprint, dataset): (&Footprint, &Dataset),
    posed: &Posed,
) -> Result<Joined<'c>, Denial> {
    let alone = books.is_alone();
    let asked = (posed, alone);
    let question = (ask, profile, footprint, dataset);
    let mut layers: Vec<(Said, &[Beside])> = Vec::new();
    layers.push((say(books.charter, question, asked)?, books.besides));
    for layer in books.others() {
        layers.push((say(&layer.charter, question, asked)?, &layer.besides));
    }
    if layers.iter().all(|(said, _)| said.is_none()) {
        return Err(silent(books.charter, question));
    }
    let indicator = super::indicator(books.charter, ask)?;
    let of_indicator = indicator.map_or_else(Opinions::default, |indicator| indicator.opinions);
    let granted = |skipped: Option<usize>| {
        let others = layers.iter().enumerate().filter(move |(place, _)| Some(*place) != skipped);
        others.filter_map(|(_, (said, _))| said.as_ref())
    };
    let joined = |skipped: Option<usize>| {
        granted(skipped).fold(Opinions::default(), |all, (_, opinions)| all.join(*opinions))
    };
    let mut rules: BTreeSet<String> = granted(None).flat_map(|(rules, _)| rules).cloned().collect();
    let mut opinions = of_indicator.join(joined(None));
    let mut status = dataset.status;
    if layers.iter().any(|(_, besides)| !besides.is_empty()) {
        opinions = with_defaults(opinions, status);
    }
    let at_the_door = &ask.posed_at_the_door();
    let asked = Asked { at_the_door, posed, alone };
    let mut worlds = Vec::new();
    for (place, (_, besides)) in layers.iter().enumerate() {
        for beside in *besides {
            let says = beside.says((books.charter, ask, profile), (footprint, dataset), asked)?;
            if says.rules.is_empty() && granted(Some(place)).next().is_none() {
                return Err(silent(&beside.charter, question).waits(beside));
            }
            let world = says.opinions.join(joined(Some(place)));
            opinions = opinions.join(with_defaults(world, says.status));
            rules.extend(says.rules.iter().cloned());
            status = status.stricter(says.status);
            worlds.push((place, beside, says));
        }
    }
    let oldest = oldest(&layers, &worlds);
    if let Some((first, beside)) = oldest.grantless {
        // Two layers that widen together do not wait for one another alone.
        return Err(silent(first, question).waits(beside));
    }
    if let Some(world) = oldest.opinions {
        opinions = opinions.join(with_defaults(world.join(of_indicator), status));
    }
    Ok(Joined { indicator, rules: rules.into_iter().collect(), opinions, status })
}

/// What would be decided if no layer had its newest version.
struct Oldest<'b> {
    /// Set where nobody permits it then: an older version, with its charter.
    grantless: Option<(&'b Charter, &'b Beside)>,
    /// What is asked for then, where several layers have older versions.
    opinions: Option<Opinions>,
}

/// Asks every layer's oldest version that holds, and the newest of those that have no other.
fn oldest<'b>(layers: &[(Said, &'b [Beside])], worlds: &[(usize, &'b Beside, Says)]) -> Oldest<'b> {
    let several = layers.iter().filter(|(_, besides)| !besides.is_empty()).count() > 1;
    let Some((_, first, _)) = worlds.first().filter(|_| several) else {
        return Oldest { grantless: None, opinions: None };
    };
    let (mut granted, mut opinions) = (false, Opinions::default());
    for (place, (said, _)) in layers.iter().enumerate() {
        // Older versions come the newest first.
        let oldest = worlds.iter().rev().find(|(of, ..)| *of == place);
        match (oldest, said) {
            (Some((_, _, says)), _) => {
                granted |= !says.rules.is_empty();
                opinions = opinions.join(says.opinions);
            }
            (None, Some((_, own))) => {
                granted = true;
                opinions = opinions.join(*own);
            }
            (None, None) => {}
        }
    }
    let grantless = (!granted).then(|| (&*first.charter, *first));
    Oldest { grantless, opinions: Some(opinions) }
}

/// What one layer says.
fn say(
    charter: &Charter,
    question: (&Ask, Profile, &Footprint, &Dataset),
    (posed, alone): (&Posed, bool),
) -> Result<Said, Denial> {
    let (ask, profile, _, dataset) = question;
    let rules = charter.rules();
    match rules.evaluate(posed) {
        Outcome::Permitted(ids) => {
            let opinions = rules.opinions(&ids);
            Ok(Some((named(charter, ids), opinions)))
        }
        Outcome::Silent if alone || rules.has_permit_about(profile.as_str(), &dataset.id) => {
            Err(silent(charter, question))
        }
        Outcome::Silent => Ok(None),
        denied @ (Outcome::Forbidden(_) | Outcome::Failed(_)) => {
            Err(reasons::outcome(charter, ask, profile.as_str(), &denied))
        }
    }
}

/// That no rule permits it, and for what else the same could be asked.
fn silent(charter: &Charter, question: (&Ask, Profile, &Footprint, &Dataset)) -> Denial {
    let (ask, profile, footprint, dataset) = question;
    let others = alternatives::find(charter, ask, profile, footprint.draft(), dataset);
    reasons::silent(charter, ask, profile.as_str(), &others)
}

/// What one version asks for by itself, its defaults spoken out: another one that speaks does not take their place.
fn with_defaults(opinions: Opinions, status: DatasetStatus) -> Opinions {
    Protections::from(for_status(opinions, status)).into()
}
