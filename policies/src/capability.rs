//! What this version of the node can do: positive lists, in this one place.
//!
//! A charter, an indicator or a hospital's own rules that ask for more are refused when they are sealed and when they are
//! loaded, so that nothing a board has signed is silently without effect; receipts name only what is listed here.

use crate::Profile;
use crate::protections::{Kind, Opinions, Parts, Word};

/// Protections that are applied to answers.
const APPLIED: [Word; 15] = [
    Word::MinPatients,
    Word::MinPart,
    Word::Zeros,
    Word::Parts,
    Word::Dominance,
    Word::PPercent,
    Word::MinDf,
    Word::Variance,
    Word::QuotaDay,
    Word::QuotaLineage,
    Word::Kind,
    Word::Signature,
    Word::Own,
    Word::Approval,
    Word::Reveal,
];
/// Treatments of small parts.
const PARTS: [Parts; 4] = [Parts::Hide, Parts::Band, Parts::Noisy, Parts::Members];
/// Kinds of figures.
const KINDS: [Kind; 3] = [Kind::Quality, Kind::Volume, Kind::Completeness];
/// Profiles under which questions are answered.
const PROFILES: [Profile; 3] = [Profile::Members, Profile::Indicator, Profile::Explore];

/// Whether the protection is applied to answers.
pub(crate) fn applies(word: Word) -> bool {
    APPLIED.contains(&word)
}

/// Whether questions are answered under the profile.
#[must_use]
pub fn answers(profile: Profile) -> bool {
    PROFILES.contains(&profile)
}

/// The protections among the opinions that cannot be kept, each as a sentence.
pub(crate) fn missing(opinions: &Opinions) -> Vec<String> {
    let told = |(word, known): (Word, bool)| match (applies(word), known) {
        (true, true) => None,
        (true, false) => Some(cannot(&format!("keep this `@{}`", word.as_str()))),
        (false, _) => Some(cannot(&format!("keep `@{}`", word.as_str()))),
    };
    said(opinions).into_iter().filter_map(told).collect()
}

/// What the profile's rules are told.
pub(crate) fn cannot_answer(profile: Profile) -> String {
    cannot(&format!("answer under `{}`", profile.as_str()))
}

fn cannot(what: &str) -> String {
    format!("this version of kring cannot {what}: remove it until a version can")
}

/// Each protection that is spoken of, and whether its value is one that can be kept.
fn said(opinions: &Opinions) -> Vec<(Word, bool)> {
    let Opinions { min_patients, min_part, zeros, parts, dominance, p_percent, .. } = opinions;
    let Opinions { min_df, variance, kind, quota_day, quota_lineage, signature, own, .. } =
        opinions;
    let Opinions { approval, reveal, .. } = opinions;
    let all = [
        (Word::MinPatients, min_patients.is_some(), true),
        (Word::MinPart, min_part.is_some(), true),
        (Word::Zeros, zeros.is_some(), true),
        (Word::Parts, parts.is_some(), parts.is_some_and(|parts| PARTS.contains(&parts))),
        (Word::Dominance, dominance.is_some(), true),
        (Word::PPercent, p_percent.is_some(), true),
        (Word::MinDf, min_df.is_some(), true),
        (Word::Variance, variance.is_some(), true),
        (Word::Kind, kind.is_some(), kind.is_some_and(|kind| KINDS.contains(&kind))),
        (Word::QuotaDay, quota_day.is_some(), true),
        (Word::QuotaLineage, quota_lineage.is_some(), true),
        (Word::Signature, signature.is_some(), true),
        (Word::Own, own.is_some(), true),
        (Word::Approval, approval.is_some(), true),
        (Word::Reveal, reveal.is_some(), true),
    ];
    all.into_iter().filter(|(_, said, _)| *said).map(|(word, _, known)| (word, known)).collect()
}
