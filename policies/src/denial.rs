//! A no, as the person hears it: which rule, which layer, and what could be asked instead. Never a word about data.

use crate::charter::{Beside, Charter};
use crate::wire::LayerRef;

pub(crate) mod reasons;
pub(crate) mod reveal;

/// Why a question is not answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Denial {
    /// The stable code; every one is listed in [`Denial::CODES`].
    pub code: &'static str,
    /// The rule that denies, as `network/rule`.
    pub rule: Option<String>,
    /// The charter that denies.
    pub layer: Option<Box<LayerRef>>,
    /// What is denied and what can be done, in English.
    pub message: String,
    /// The same in Dutch.
    pub message_nl: String,
}

impl Denial {
    /// Every code of a denial.
    pub const CODES: [&'static str; 32] = [
        "unknown_person",
        "unknown_dataset",
        "other_dataset",
        "not_your_group",
        "direct_signature_required",
        "forbidden",
        "no_rule_permits",
        "rule_failed",
        "person_not_valid",
        "waits_for_notice",
        "profile_not_supported",
        "profile_does_not_fit",
        "unknown_indicator",
        "indicator_version",
        "indicator_dataset",
        "unknown_variant",
        "indicator_mismatch",
        "explore_rows",
        "explore_condition",
        "explore_group",
        "explore_edges",
        "explore_bins",
        "explore_exists",
        "explore_conditions",
        "explore_quasi",
        "explore_key",
        "explore_measure",
        "explore_mixed",
        "explore_missing",
        "hospitals_not_revealed",
        "reveal_needs_all",
        "reveal_too_few",
    ];

    pub(crate) fn new(
        charter: &Charter,
        code: &'static str,
        english: String,
        dutch: String,
    ) -> Self {
        Self {
            code,
            rule: None,
            layer: charter.layer().map(Box::new),
            message: english,
            message_nl: dutch,
        }
    }

    /// What an older version denies that holds beside the newest: it waits for its notice.
    pub(crate) fn waits(self, beside: &Beside) -> Self {
        let (until, old) = (beside.until, beside.charter.version());
        let network = beside.charter.network();
        let Self { code: _, rule, layer, message, message_nl } = self;
        Self {
            code: "waits_for_notice",
            rule,
            layer,
            message: format!(
                "what is new in the charter of `{network}` waits for its notice: until {until} version {old} holds beside it, and says: {message}"
            ),
            message_nl: format!(
                "wat nieuw is in het charter van `{network}` wacht op zijn aankondigingstijd: tot {until} geldt versie {old} ernaast, en die zegt: {message_nl}"
            ),
        }
    }

    pub(crate) fn by(self, charter: &Charter, rule: &str) -> Self {
        Self { rule: Some(rule_name(charter, rule)), ..self }
    }
}

/// A rule's name outside its charter: `network/rule`.
pub(crate) fn rule_name(charter: &Charter, rule: &str) -> String {
    format!("{}/{rule}", charter.network())
}
