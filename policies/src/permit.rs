//! A permit: the footprint is allowed now, under these protections. Only `decide` makes one.

use crate::dataset::DatasetStatus;
use crate::footprint::Footprint;
use crate::protections::Protections;
use crate::wire::LayerRef;

/// The profile that a rule grants, and so the Cedar action.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Profile {
    /// Analysts of a tumour group, bound by agreement, exact figures.
    #[serde(rename = "ask.members")]
    Members,
}

impl Profile {
    /// The action's id.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Members => "ask.members",
        }
    }
}

/// The right to run one footprint once.
///
/// ```compile_fail
/// fn make(footprint: policies::Footprint, profile: policies::Profile) {
///     let permit = policies::Permit { footprint, profile, ..panic!() };
/// }
/// ```
#[derive(Debug)]
pub struct Permit {
    footprint: Footprint,
    profile: Profile,
    protections: Protections,
    rules: Vec<String>,
    layers: Vec<LayerRef>,
    status: DatasetStatus,
}

/// What `decide` found, all of it needed for a permit.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) footprint: Footprint,
    pub(crate) profile: Profile,
    pub(crate) protections: Protections,
    pub(crate) rules: Vec<String>,
    pub(crate) layers: Vec<LayerRef>,
    pub(crate) status: DatasetStatus,
}

impl Permit {
    pub(crate) fn grant(grant: Grant) -> Self {
        let Grant { footprint, profile, protections, rules, layers, status } = grant;
        Self { footprint, profile, protections, rules, layers, status }
    }

    /// The footprint that is allowed.
    #[must_use]
    pub fn footprint(&self) -> &Footprint {
        &self.footprint
    }

    /// The profile it is allowed under.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// What must be done to the answer.
    #[must_use]
    pub fn protections(&self) -> &Protections {
        &self.protections
    }

    /// Ids of the rules that granted it, as `layer/rule`.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.rules
    }

    /// Every layer that was evaluated.
    #[must_use]
    pub fn layers(&self) -> &[LayerRef] {
        &self.layers
    }

    /// The dataset's status.
    #[must_use]
    pub fn status(&self) -> DatasetStatus {
        self.status
    }
}
