//! How small parts are treated: each `@parts` that a charter of this version may ask for.

use anyhow::Context as _;
use policies::{Charter, OwnRules};

use crate::data::indicators::INDICATORS;
use crate::differential::sealed::{Sealed, charter};
use crate::topology;

/// The dictionary of the generated tables.
pub(super) const DATASET: &str = include_str!("../../charter/oncology.toml");
/// Every word of `@parts`, strictest first.
const PARTS: [&str; 5] = ["hide", "band", "asker-node", "noisy", "members"];

/// One way to answer every indicator.
#[derive(Debug)]
pub struct Treatment {
    /// Its name in the tables.
    pub name: String,
    /// The charter.
    pub charter: Charter,
    /// What each hospital's own rules say.
    pub own: Option<OwnRules>,
    /// Whether the hospital remembers the indicators before; else each is asked as the first question.
    pub remembers: bool,
}

/// Every treatment, and the words that this version refuses to seal.
///
/// # Errors
/// A charter with another problem than a word that cannot be kept.
pub fn all(hospitals: usize) -> anyhow::Result<(Vec<Treatment>, Vec<&'static str>)> {
    let (mut treatments, mut refused) = (Vec::new(), Vec::new());
    for parts in PARTS {
        match sealed(hospitals, parts) {
            Ok((charter, own)) => treatments.push(Treatment {
                name: parts.to_owned(),
                charter,
                own,
                remembers: false,
            }),
            Err(error) if error.to_string().contains("this version of kring cannot") => {
                refused.push(parts);
            }
            Err(error) => return Err(error),
        }
    }
    let (charter, own) = sealed(hospitals, "hide")?;
    let name = "hide, with memory".to_owned();
    treatments.push(Treatment { name, charter, own, remembers: true });
    Ok((treatments, refused))
}

/// A charter without any protection, to compare with.
///
/// # Errors
/// Its problems.
pub(super) fn exact(hospitals: usize, indicators: &[(&str, &str)]) -> anyhow::Result<Charter> {
    of((hospitals, indicators), "@min_patients(\"0\")\n@zeros(\"shown\")\n")
}

fn sealed(hospitals: usize, parts: &str) -> anyhow::Result<(Charter, Option<OwnRules>)> {
    let annotation = format!("@parts(\"{parts}\")\n");
    let charter = of((hospitals, &INDICATORS), &annotation)?;
    let own = format!(
        "@id(\"own\")\n@explain_en(\"as agreed\")\n{annotation}permit (principal, action == Kring::Action::\"ask.indicator\", resource);"
    );
    let own = charter.own_rules("own.cedar", &own).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the hospital's rules have problems: {}", problems.join("; "))
    });
    Ok((charter, Some(own.context("own rules")?)))
}

/// A charter with these annotations on its one rule.
///
/// # Errors
/// Its problems.
pub(super) fn of(
    (hospitals, indicators): (usize, &[(&str, &str)]),
    annotations: &str,
) -> anyhow::Result<Charter> {
    let hospitals = topology::hospitals(hospitals);
    let codes: Vec<&str> = hospitals.iter().map(|hospital| hospital.code.as_str()).collect();
    let networks = topology::SUB_NETWORKS.iter().map(|(id, _, members)| {
        (*id, members.iter().copied().filter(|code| codes.contains(code)).collect())
    });
    let rules = format!(
        "@id(\"all\")\n@explain_en(\"all\")\n@explain_nl(\"alles\")\n{annotations}permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.indicator\", resource in Kring::Network::\"noord\");"
    );
    charter(&Sealed {
        dataset: DATASET,
        networks: networks.collect(),
        hospitals: codes.clone(),
        rules: &rules,
        indicators,
    })
}
