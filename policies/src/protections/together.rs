//! What several hospitals did to their figures, said once for all of them.

use super::{Applied, Kind, least};

impl Applied {
    /// Of each protection the strictest that one of both applied.
    #[must_use]
    pub fn strictest(self, other: Self) -> Self {
        let Self { min_patients, zeros, signature, min_part, parts, dominance, p_percent, .. } =
            other;
        let Self {
            min_df, variance, kind, quota_day, quota_lineage, own, approval, reveal, ..
        } = other;
        Self {
            min_patients: self.min_patients.max(min_patients),
            zeros: self.zeros.max(zeros),
            signature: self.signature.max(signature),
            min_part: self.min_part.max(min_part),
            parts: self.parts.max(parts),
            dominance: least(self.dominance, dominance),
            p_percent: self.p_percent.max(p_percent),
            min_df: self.min_df.max(min_df),
            variance: self.variance.max(variance),
            // A rule is off where both have it off for the same reason.
            kind: self
                .kind
                .zip(kind)
                .map(|(one, two)| one.join(two))
                .filter(|kind| *kind != Kind::Quality),
            quota_day: least(self.quota_day, quota_day),
            quota_lineage: least(self.quota_lineage, quota_lineage),
            own: self.own.max(own),
            approval: self.approval.max(approval),
            reveal: self.reveal.max(reveal),
        }
    }
}
