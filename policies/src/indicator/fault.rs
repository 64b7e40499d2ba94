//! Why a node makes no text of a question.

use crate::{DatasetId, IndicatorId, VariantName};

/// Why an indicator that a question names is not asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// The charter does not have it.
    #[error("there is no indicator `{id}` in the charter: `kring indicator list` shows them")]
    Unknown {
        /// The id named.
        id: IndicatorId,
    },
    /// The charter has another version.
    #[error("indicator `{id}` is version {held} in the charter, not {got}: run it again")]
    Version {
        /// The indicator.
        id: IndicatorId,
        /// The charter's version.
        held: u32,
        /// The version named.
        got: u32,
    },
    /// It asks another dataset.
    #[error("indicator `{id}` asks dataset `{expected}`, not `{got}`")]
    Dataset {
        /// The indicator.
        id: IndicatorId,
        /// The indicator's dataset.
        expected: DatasetId,
        /// The dataset named.
        got: DatasetId,
    },
    /// It has no such variant.
    #[error("indicator `{id}` has {}, not {}", variants(.which, .known), named(.which, .got.as_ref()))]
    Variant {
        /// The indicator.
        id: IndicatorId,
        /// `by` or `window`.
        which: &'static str,
        /// The variant named, if any.
        got: Option<VariantName>,
        /// The variants that it has.
        known: Vec<VariantName>,
    },
    /// The person's client made another text of it.
    #[error(
        "indicator `{id}` is another text here than the one that was signed: run it again, with the same version of kring as the node"
    )]
    Text {
        /// The indicator.
        id: IndicatorId,
    },
}

impl TextFault {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_indicator",
            Self::Version { .. } => "indicator_version",
            Self::Dataset { .. } => "indicator_dataset",
            Self::Variant { .. } => "unknown_variant",
            Self::Text { .. } => "indicator_mismatch",
        }
    }

    /// The same in Dutch.
    #[must_use]
    pub(crate) fn dutch(&self) -> String {
        match self {
            Self::Unknown { id } => {
                format!(
                    "er is geen indicator `{id}` in het charter: `kring indicator list` toont ze"
                )
            }
            Self::Version { id, held, got } => {
                format!(
                    "indicator `{id}` is versie {held} in het charter, niet {got}: vraag opnieuw"
                )
            }
            Self::Dataset { id, expected, got } => {
                format!("indicator `{id}` gaat over dataset `{expected}`, niet over `{got}`")
            }
            Self::Variant { id, which, known, .. } => {
                let known: Vec<_> = known.iter().map(VariantName::as_str).collect();
                format!("indicator `{id}` kent voor `{which}`: {}", known.join(", "))
            }
            Self::Text { id } => {
                format!(
                    "indicator `{id}` heeft hier een andere tekst dan is ondertekend: vraag opnieuw"
                )
            }
        }
    }
}

fn variants(which: &str, known: &[VariantName]) -> String {
    if known.is_empty() {
        return format!("no variants of `{which}`");
    }
    let known: Vec<_> = known.iter().map(VariantName::as_str).collect();
    format!("`{which}` {}", known.join(", "))
}

fn named(which: &str, got: Option<&VariantName>) -> String {
    match got {
        Some(got) => format!("`{got}`"),
        None => format!("one without `{which}`"),
    }
}
