//! The protections that rules, indicators and hospitals ask for, as a lattice: joined strictest first, never under what any of
//! them says. The default holds where none speaks; what is said takes its place, also where it is looser.
//!
//! [`Opinions`] are what files say, [`Protections`] what is decided for one answer, [`Applied`] what this version of the
//! node did to it (DISCLOSURE.md section 3; the numbers' meaning stands at each type). Applying them is not done here.

use serde::{Deserialize, Serialize};

use crate::limits::Limits;
use crate::{Profile, capability};

mod floors;
#[cfg(test)]
mod tests;
mod together;
mod values;
mod words;

pub(crate) use floors::{under, under_in_a_rule};
pub use values::{
    Approval, Dominance, Kind, MinDf, MinPart, MinPatients, OwnFigures, PPercent, Parts, Quota,
    Reveal, SignatureKind, Variance, Zeros,
};
pub(crate) use words::{Word, read};

/// What rules say; `None` where none speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opinions {
    /// `@min_patients`.
    pub min_patients: Option<MinPatients>,
    /// `@min_part`.
    pub min_part: Option<MinPart>,
    /// `@zeros`.
    pub zeros: Option<Zeros>,
    /// `@parts`.
    pub parts: Option<Parts>,
    /// `@dominance`.
    pub dominance: Option<Dominance>,
    /// `@p_percent`.
    pub p_percent: Option<PPercent>,
    /// `@min_df`.
    pub min_df: Option<MinDf>,
    /// `@variance`.
    pub variance: Option<Variance>,
    /// `@kind`.
    pub kind: Option<Kind>,
    /// `@quota_day`.
    pub quota_day: Option<Quota>,
    /// `@quota_lineage`.
    pub quota_lineage: Option<Quota>,
    /// `@signature`.
    pub signature: Option<SignatureKind>,
    /// `@own`, in a hospital's own file only.
    pub own: Option<OwnFigures>,
    /// `@approval`.
    pub approval: Option<Approval>,
    /// `@reveal`.
    pub reveal: Option<Reveal>,
}

impl Opinions {
    /// The strictest of both, opinion by opinion.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        let Self { min_patients, min_part, zeros, parts, dominance, p_percent, min_df, .. } = other;
        let Self { variance, kind, quota_day, quota_lineage, signature, own, .. } = other;
        let Self { approval, reveal, .. } = other;
        Self {
            min_patients: self.min_patients.max(min_patients),
            min_part: self.min_part.max(min_part),
            zeros: self.zeros.max(zeros),
            parts: self.parts.max(parts),
            dominance: least(self.dominance, dominance),
            p_percent: self.p_percent.max(p_percent),
            min_df: self.min_df.max(min_df),
            variance: self.variance.max(variance),
            kind: match (self.kind, kind) {
                (Some(one), Some(other)) => Some(one.join(other)),
                (one, other) => one.or(other),
            },
            quota_day: least(self.quota_day, quota_day),
            quota_lineage: least(self.quota_lineage, quota_lineage),
            signature: self.signature.max(signature),
            own: self.own.max(own),
            approval: self.approval.max(approval),
            reveal: self.reveal.max(reveal),
        }
    }

    /// The same with everything that protects parts and sums off, where it is not spoken of: for a synthetic dataset whose
    /// cells of a single patient are shown.
    #[must_use]
    pub fn switched_off(self) -> Self {
        Self {
            min_part: self.min_part.or(Some(MinPart::new(0))),
            dominance: self.dominance.or(Some(Dominance::new(100))),
            p_percent: self.p_percent.or(Some(PPercent::new(0))),
            min_df: self.min_df.or(Some(MinDf::new(0))),
            ..self
        }
    }

    /// Whether nothing is said.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// The smaller of what is said.
fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    one.into_iter().chain(other).min()
}

/// What is decided for one answer: every opinion, or the default where none is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protections {
    /// R1: a cell with fewer distinct patients is null.
    pub min_patients: MinPatients,
    /// R2: a part of a cell, or its complement, with fewer patients is treated as `parts` says.
    pub min_part: MinPart,
    /// Whether empty cells are shown.
    pub zeros: Zeros,
    /// How a small part is treated.
    pub parts: Parts,
    /// R4.
    pub dominance: Dominance,
    /// R5.
    pub p_percent: PPercent,
    /// R6.
    pub min_df: MinDf,
    /// How much noise a noisy count has.
    pub variance: Variance,
    /// What the figures are about, which switches R1 or a half of R2 off.
    pub kind: Kind,
    /// Most questions of one person and purpose a day, where there is a limit.
    pub quota_day: Option<Quota>,
    /// Most questions of one person and purpose over a lineage, where there is a limit.
    pub quota_lineage: Option<Quota>,
    /// Whose signature is asked for.
    pub signature: SignatureKind,
    /// Whether the hospital's own staff see their own figures as they are.
    pub own: OwnFigures,
    /// Whether people of the hospital approve the text first.
    pub approval: Approval,
    /// What the asking node tells of single hospitals.
    pub reveal: Reveal,
}

impl From<Opinions> for Protections {
    /// The built-in default holds where no rule speaks.
    fn from(opinions: Opinions) -> Self {
        let Opinions { min_patients, min_part, zeros, parts, dominance, p_percent, .. } = opinions;
        let Opinions { min_df, variance, kind, quota_day, quota_lineage, signature, own, .. } =
            opinions;
        let Opinions { approval, reveal, .. } = opinions;
        Self {
            min_patients: min_patients.unwrap_or(MinPatients::DEFAULT),
            min_part: min_part.unwrap_or(MinPart::DEFAULT),
            zeros: zeros.unwrap_or(Zeros::Hidden),
            parts: parts.unwrap_or(Parts::Hide),
            dominance: dominance.unwrap_or(Dominance::DEFAULT),
            p_percent: p_percent.unwrap_or(PPercent::DEFAULT),
            min_df: min_df.unwrap_or(MinDf::DEFAULT),
            variance: variance.unwrap_or(Variance::FLOOR),
            kind: kind.unwrap_or(Kind::Quality),
            quota_day,
            quota_lineage,
            signature: signature.unwrap_or(SignatureKind::Delegated),
            own: own.unwrap_or(OwnFigures::Protected),
            approval: approval.unwrap_or(Approval::None),
            reveal: reveal.unwrap_or(Reveal::Named),
        }
    }
}

impl From<Protections> for Opinions {
    fn from(decided: Protections) -> Self {
        let Protections { min_patients, min_part, zeros, parts, dominance, p_percent, .. } =
            decided;
        let Protections {
            min_df,
            variance,
            kind,
            quota_day,
            quota_lineage,
            signature,
            own,
            approval,
            reveal,
            ..
        } = decided;
        Self {
            min_patients: Some(min_patients),
            min_part: Some(min_part),
            zeros: Some(zeros),
            parts: Some(parts),
            dominance: Some(dominance),
            p_percent: Some(p_percent),
            min_df: Some(min_df),
            variance: Some(variance),
            kind: Some(kind),
            quota_day,
            quota_lineage,
            signature: Some(signature),
            own: Some(own),
            approval: Some(approval),
            reveal: Some(reveal),
        }
    }
}

impl Protections {
    /// With what the hospital's own rules say: nothing gets weaker by it, and what only the hospital can agree to holds
    /// only if it does.
    #[must_use]
    pub(crate) fn at_hospital(self, own: Opinions) -> Self {
        let agreed = own.parts == Some(Parts::Members);
        let mut joined = Self::from(Opinions::from(self).join(own));
        if joined.parts == Parts::Members && !agreed {
            joined.parts = Parts::Hide;
        }
        joined.own = own.own.unwrap_or(OwnFigures::Protected);
        joined
    }

    /// The hospital's own figures for its own staff: as they are, and said to be that.
    #[must_use]
    pub(crate) fn own_figures(self) -> Self {
        let exact = Opinions {
            min_patients: Some(MinPatients::new(0)),
            zeros: Some(Zeros::Shown),
            parts: Some(Parts::Members),
            own: Some(OwnFigures::Exact),
            signature: Some(self.signature),
            quota_day: self.quota_day,
            quota_lineage: self.quota_lineage,
            approval: Some(self.approval),
            ..Opinions::default()
        };
        Self::from(exact.switched_off())
    }

    /// What this version of the node does of it under a profile, for the receipt: noise or the rules of exact figures, never both.
    #[must_use]
    pub fn applied_under(&self, profile: Profile) -> Applied {
        match profile {
            Profile::Indicator | Profile::Members | Profile::Network | Profile::Strict => {
                self.applied()
            }
            Profile::Explore => {
                let variance = capability::applies(Word::Variance).then_some(self.variance);
                let (min_part, parts) = (None, None);
                let (dominance, p_percent, min_df) = (None, None, None);
                Applied {
                    min_part,
                    parts,
                    dominance,
                    p_percent,
                    min_df,
                    variance,
                    ..self.applied()
                }
            }
        }
    }

    /// What this version of the node does of it to exact figures.
    #[must_use]
    pub fn applied(&self) -> Applied {
        fn done<T>(word: Word, value: T) -> Option<T> {
            capability::applies(word).then_some(value)
        }
        Applied {
            min_patients: self.min_patients,
            zeros: self.zeros,
            signature: self.signature,
            min_part: done(Word::MinPart, self.min_part),
            parts: done(Word::Parts, self.parts),
            dominance: done(Word::Dominance, self.dominance),
            p_percent: done(Word::PPercent, self.p_percent),
            min_df: done(Word::MinDf, self.min_df),
            variance: done(Word::Variance, self.variance)
                .filter(|_variance| Limits::of(self).noisy_parts()),
            kind: done(Word::Kind, self.kind).filter(|kind| *kind != Kind::Quality),
            quota_day: done(Word::QuotaDay, self.quota_day).flatten(),
            quota_lineage: done(Word::QuotaLineage, self.quota_lineage).flatten(),
            own: done(Word::Own, self.own).filter(|own| *own == OwnFigures::Exact),
            approval: done(Word::Approval, self.approval)
                .filter(|approval| *approval == Approval::Required),
            reveal: done(Word::Reveal, self.reveal).filter(|reveal| *reveal != Reveal::Named),
        }
    }
}

/// What was done to an answer, as receipts say it: a protection that is absent was not applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Applied {
    /// A cell with fewer distinct patients is null.
    pub min_patients: MinPatients,
    /// Whether empty cells are shown.
    pub zeros: Zeros,
    /// Whose signature was asked for.
    pub signature: SignatureKind,
    /// Smallest part that is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_part: Option<MinPart>,
    /// How smaller parts were treated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// R4.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dominance: Option<Dominance>,
    /// R5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p_percent: Option<PPercent>,
    /// R6.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_df: Option<MinDf>,
    /// Noise of noisy counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variance: Option<Variance>,
    /// What the figures are about, where a rule is off for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// Most questions a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_day: Option<Quota>,
    /// Most questions over a lineage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_lineage: Option<Quota>,
    /// Whether these are the own hospital's figures for its own staff, exact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnFigures>,
    /// Whether people of the hospital approved the text first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// What the asking node may tell of single hospitals, where that is not everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reveal: Option<Reveal>,
}
