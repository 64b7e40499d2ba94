//! A permit: the footprint is allowed now, under these protections. Only `decide` makes one, and [`crate::rehearsal`] one for
//! data that are made up, which runs nothing else.

use crate::Digest;
use crate::band::Norm;
use crate::dataset::DatasetStatus;
use crate::decide::Explained;
use crate::footprint::Footprint;
use crate::kind::Volume;
use crate::protections::Protections;
use crate::wire::LayerRef;

/// The profile that a rule grants, and so the Cedar action.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
pub enum Profile {
    /// Indicators that the board approved.
    #[serde(rename = "ask.indicator")]
    Indicator,
    /// Analysts of a tumour group, bound by agreement, exact figures.
    #[serde(rename = "ask.members")]
    Members,
    /// Everyone else in the network, figures with noise.
    #[serde(rename = "ask.explore")]
    Explore,
    /// No hospital's figure may be seen.
    #[serde(rename = "ask.network")]
    Network,
    /// Publication, outsiders.
    #[serde(rename = "ask.strict")]
    Strict,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 5] =
        [Self::Indicator, Self::Members, Self::Explore, Self::Network, Self::Strict];

    /// The action's id.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Indicator => "ask.indicator",
            Self::Members => "ask.members",
            Self::Explore => "ask.explore",
            Self::Network => "ask.network",
            Self::Strict => "ask.strict",
        }
    }
}

impl std::str::FromStr for Profile {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|profile| profile.as_str() == text);
        named.ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("`{text}` is not a profile: {known}")
        })
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
    layers: Vec<LayerRef>,
    granted: Explained,
    rehearsed: bool,
}

impl Permit {
    /// What `decide` found of a footprint, by these layers.
    pub(crate) fn grant(footprint: Footprint, layers: Vec<LayerRef>, granted: Explained) -> Self {
        Self { footprint, layers, granted, rehearsed: false }
    }

    /// A permit for data that are made up: nobody asked, and no layer was.
    pub(crate) fn rehearse(footprint: Footprint, granted: Explained) -> Self {
        Self { rehearsed: true, ..Self::grant(footprint, Vec::new(), granted) }
    }

    /// Whether it is for data that are made up: what is run under it may be counted, and never leaves.
    #[must_use]
    pub fn is_rehearsed(&self) -> bool {
        self.rehearsed
    }

    /// The footprint that is allowed.
    #[must_use]
    pub fn footprint(&self) -> &Footprint {
        &self.footprint
    }

    /// The profile it is allowed under.
    #[must_use]
    pub fn profile(&self) -> Profile {
        self.granted.profile
    }

    /// What must be done to the answer.
    #[must_use]
    pub fn protections(&self) -> &Protections {
        &self.granted.protections
    }

    /// Ids of the rules that granted it, as `layer/rule`, and of the hospital's own that added to it, as `own/rule`.
    #[must_use]
    pub fn rules(&self) -> &[String] {
        &self.granted.rules
    }

    /// The years, where the figures are a volume: R1 is off in those that are over.
    #[must_use]
    pub fn volume(&self) -> Option<&Volume> {
        self.granted.volume.as_ref()
    }

    /// The rate around which parts lie in bands, where they are told so.
    #[must_use]
    pub fn band(&self) -> Option<Norm> {
        self.granted.band
    }

    /// Every layer that was evaluated.
    #[must_use]
    pub fn layers(&self) -> &[LayerRef] {
        &self.layers
    }

    /// Digest of the hospital's own rules, where it has any.
    #[must_use]
    pub fn own(&self) -> Option<Digest> {
        self.granted.own
    }

    /// The dataset's status.
    #[must_use]
    pub fn status(&self) -> DatasetStatus {
        self.granted.status
    }
}
