//! Who is in a network: fictional hospitals and people.

use serde::{Deserialize, Serialize};

/// A hospital of the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hospital {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
}

/// A person of the network.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    /// Id.
    pub id: &'static str,
    /// Name.
    pub name: &'static str,
    /// Index of the hospital.
    pub hospital: usize,
    /// Tumour groups.
    pub groups: &'static [&'static str],
    /// Roles.
    pub roles: &'static [&'static str],
    /// What they ask for, unless they say otherwise.
    pub purpose: &'static str,
}

impl Person {
    /// Somebody at the hospital of this number who may count for planning.
    #[must_use]
    pub const fn planner(id: &'static str, name: &'static str, hospital: usize) -> Self {
        Self { id, name, hospital, groups: &[], roles: &["planner"], purpose: "capacity" }
    }
}

/// The network's id.
pub const NETWORK: &str = "demo";

/// The hospitals by name; the code list `hospital` of charter/oncology.toml holds their codes.
const NAMES: [(&str, &str); 18] = [
    ("NOORD", "Ziekenhuis Noorderhaven"),
    ("OOST", "Ziekenhuis Oosterbeek-Lindenhof"),
    ("ZUID", "Zuiderpoort Ziekenhuis"),
    ("WEST", "Westerlicht Medisch Centrum"),
    ("MIDDEN", "Middenmeer Ziekenhuis"),
    ("DUIN", "Duinrand Ziekenhuis"),
    ("HEIDE", "Heidebloem Ziekenhuis"),
    ("VELD", "Veldzicht Ziekenhuis"),
    ("BRUG", "Brugwachter Ziekenhuis"),
    ("POLDER", "Polderland Ziekenhuis"),
    ("HAVEN", "Havenkwartier Ziekenhuis"),
    ("LINDE", "Lindelaan Ziekenhuis"),
    ("MEER", "Meerzicht Ziekenhuis"),
    ("BERG", "Bergrand Ziekenhuis"),
    ("KUST", "Kustlicht Ziekenhuis"),
    ("DIJK", "Dijkgraaf Ziekenhuis"),
    ("WOUD", "Woudrust Ziekenhuis"),
    ("STRAAL", "Radiotherapeutisch Instituut De Straal"),
];

/// The sub-networks: id, name, and their hospitals. One hospital is in both, several are in none.
pub const SUB_NETWORKS: [(&str, &str, &[&str]); 2] = [
    ("embraze", "EMBRAZE", &["NOORD", "OOST", "ZUID", "DUIN", "HEIDE", "VELD", "STRAAL"]),
    ("concord", "CONCORD", &["ZUID", "WEST", "HAVEN", "LINDE", "MEER"]),
];

/// Four analysts with different rights.
pub const PEOPLE: [Person; 4] = [
    Person {
        id: "a.jansen",
        name: "A. Jansen (exact figures)",
        hospital: 0,
        groups: &["borst"],
        roles: &["analyst"],
        purpose: "quality",
    },
    Person {
        id: "b.devries",
        name: "B. de Vries (no rule permits)",
        hospital: 1,
        groups: &["long"],
        roles: &["analyst"],
        purpose: "quality",
    },
    Person::planner("c.bakker", "C. Bakker (counts for planning)", 2),
    Person {
        id: "d.visser",
        name: "D. Visser (figures with noise)",
        hospital: 2,
        groups: &[],
        roles: &["explorer"],
        purpose: "research",
    },
];

/// `count` fictional hospitals, at least 3: the people belong to the first three.
#[must_use]
pub fn hospitals(count: usize) -> Vec<Hospital> {
    (0..count)
        .map(|number| match NAMES.get(number) {
            Some((code, name)) => Hospital { code: (*code).to_owned(), name: (*name).to_owned() },
            None => {
                Hospital { code: format!("H{number:02}"), name: format!("Ziekenhuis {number}") }
            }
        })
        .collect()
}
