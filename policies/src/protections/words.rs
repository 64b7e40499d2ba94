//! Protections as files write them: annotations of rules, and lines of an indicator's header.

use std::collections::BTreeMap;

use super::{
    Approval, Dominance, Kind, MinDf, MinPart, MinPatients, Opinions, OwnFigures, PPercent, Parts,
    Quota, Reveal, SignatureKind, Variance, Zeros,
};

/// Most that a number of patients or questions may be.
const MAX_NUMBER: u32 = 1_000_000;

/// Every protection's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    MinPatients,
    MinPart,
    Zeros,
    Parts,
    Dominance,
    PPercent,
    MinDf,
    Variance,
    Kind,
    QuotaDay,
    QuotaLineage,
    Signature,
    Own,
    Approval,
    Reveal,
}

impl Word {
    /// In the order of messages.
    pub(crate) const ALL: [Self; 15] = [
        Self::MinPatients,
        Self::MinPart,
        Self::Zeros,
        Self::Parts,
        Self::Dominance,
        Self::PPercent,
        Self::MinDf,
        Self::Variance,
        Self::Kind,
        Self::QuotaDay,
        Self::QuotaLineage,
        Self::Signature,
        Self::Own,
        Self::Approval,
        Self::Reveal,
    ];

    /// The word in files.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::MinPatients => "min_patients",
            Self::MinPart => "min_part",
            Self::Zeros => "zeros",
            Self::Parts => "parts",
            Self::Dominance => "dominance",
            Self::PPercent => "p_percent",
            Self::MinDf => "min_df",
            Self::Variance => "variance",
            Self::Kind => "kind",
            Self::QuotaDay => "quota_day",
            Self::QuotaLineage => "quota_lineage",
            Self::Signature => "signature",
            Self::Own => "own",
            Self::Approval => "approval",
            Self::Reveal => "reveal",
        }
    }

    /// The protection of this word.
    pub(crate) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|word| word.as_str() == text)
    }

    /// The values that it takes.
    fn form(self) -> String {
        match self {
            Self::MinPatients | Self::MinPart | Self::MinDf => {
                format!("a number of patients, \"0\" to \"{MAX_NUMBER}\"")
            }
            Self::Dominance | Self::PPercent => "percent, \"0\" to \"100\"".to_owned(),
            Self::QuotaDay | Self::QuotaLineage => {
                format!("a number of questions, \"1\" to \"{MAX_NUMBER}\"")
            }
            Self::Zeros => "\"shown\" or \"hidden\"".to_owned(),
            Self::Parts => {
                "\"hide\", \"band\", \"asker-node\", \"noisy\" or \"members\"".to_owned()
            }
            Self::Variance => "\"2\" or \"4\"".to_owned(),
            Self::Kind => "\"quality\", \"volume\" or \"completeness\"".to_owned(),
            Self::Signature => "\"direct\" or \"delegated\"".to_owned(),
            Self::Own => "\"exact\"".to_owned(),
            Self::Approval => "\"required\" or \"none\"".to_owned(),
            Self::Reveal => "\"named\", \"pseudonym\" or \"none\"".to_owned(),
        }
    }
}

/// Puts a word's value among the opinions, or says which values it takes.
pub(crate) fn read(word: Word, value: &str, opinions: &mut Opinions) -> Result<(), String> {
    let taken = take(word, value, opinions);
    taken.ok_or_else(|| format!("`@{}` is {}", word.as_str(), word.form()))
}

fn take(word: Word, value: &str, opinions: &mut Opinions) -> Option<()> {
    let number = || number(value, MAX_NUMBER);
    let percent = || self::number(value, 100);
    match word {
        Word::MinPatients => opinions.min_patients = Some(MinPatients::new(number()?)),
        Word::MinPart => opinions.min_part = Some(MinPart::new(number()?)),
        Word::MinDf => opinions.min_df = Some(MinDf::new(number()?)),
        Word::Dominance => opinions.dominance = Some(Dominance::new(percent()?)),
        Word::PPercent => opinions.p_percent = Some(PPercent::new(percent()?)),
        Word::QuotaDay => opinions.quota_day = Some(quota(value)?),
        Word::QuotaLineage => opinions.quota_lineage = Some(quota(value)?),
        Word::Zeros => {
            opinions.zeros = Some(one_of(value, &ZEROS)?);
        }
        Word::Parts => opinions.parts = Some(one_of(value, &PARTS)?),
        Word::Variance => {
            opinions.variance = Some(one_of(value, &VARIANCES)?);
        }
        Word::Kind => opinions.kind = Some(one_of(value, &KINDS)?),
        Word::Signature => opinions.signature = Some(one_of(value, &SIGNATURES)?),
        Word::Own => opinions.own = Some(one_of(value, &[("exact", OwnFigures::Exact)])?),
        Word::Approval => opinions.approval = Some(one_of(value, &APPROVALS)?),
        Word::Reveal => opinions.reveal = Some(one_of(value, &REVEALS)?),
    }
    Some(())
}

impl Opinions {
    /// Every opinion as a file would write it, by its word; what is not spoken of is absent.
    #[must_use]
    pub fn said(&self) -> BTreeMap<&'static str, String> {
        let of = |word: Word| Some((word.as_str(), self.value(word)?));
        Word::ALL.into_iter().filter_map(of).collect()
    }

    fn value(&self, word: Word) -> Option<String> {
        match word {
            Word::MinPatients => self.min_patients.map(|number| number.get().to_string()),
            Word::MinPart => self.min_part.map(|number| number.get().to_string()),
            Word::MinDf => self.min_df.map(|number| number.get().to_string()),
            Word::Dominance => self.dominance.map(|number| number.get().to_string()),
            Word::PPercent => self.p_percent.map(|number| number.get().to_string()),
            Word::QuotaDay => self.quota_day.map(|number| number.get().to_string()),
            Word::QuotaLineage => self.quota_lineage.map(|number| number.get().to_string()),
            Word::Zeros => word_of(self.zeros, &ZEROS),
            Word::Parts => word_of(self.parts, &PARTS),
            Word::Variance => word_of(self.variance, &VARIANCES),
            Word::Kind => word_of(self.kind, &KINDS),
            Word::Signature => word_of(self.signature, &SIGNATURES),
            Word::Own => word_of(
                self.own,
                &[("exact", OwnFigures::Exact), ("protected", OwnFigures::Protected)],
            ),
            Word::Approval => word_of(self.approval, &APPROVALS),
            Word::Reveal => word_of(self.reveal, &REVEALS),
        }
    }
}

fn word_of<T: Copy + PartialEq>(value: Option<T>, known: &[(&str, T)]) -> Option<String> {
    let value = value?;
    known.iter().find(|(_, known)| *known == value).map(|(word, _)| (*word).to_owned())
}

const ZEROS: [(&str, Zeros); 2] = [("shown", Zeros::Shown), ("hidden", Zeros::Hidden)];
const VARIANCES: [(&str, Variance); 2] = [("2", Variance::Three), ("4", Variance::Five)];
const PARTS: [(&str, Parts); 5] = [
    ("hide", Parts::Hide),
    ("band", Parts::Band),
    ("asker-node", Parts::AskerNode),
    ("noisy", Parts::Noisy),
    ("members", Parts::Members),
];
const KINDS: [(&str, Kind); 3] =
    [("quality", Kind::Quality), ("volume", Kind::Volume), ("completeness", Kind::Completeness)];
const SIGNATURES: [(&str, SignatureKind); 2] =
    [("direct", SignatureKind::Direct), ("delegated", SignatureKind::Delegated)];

const APPROVALS: [(&str, Approval); 2] =
    [("required", Approval::Required), ("none", Approval::None)];
const REVEALS: [(&str, Reveal); 3] =
    [("named", Reveal::Named), ("pseudonym", Reveal::Pseudonym), ("none", Reveal::None)];

fn one_of<T: Copy>(value: &str, known: &[(&str, T)]) -> Option<T> {
    known.iter().find(|(word, _)| *word == value).map(|(_, value)| *value)
}

fn quota(value: &str) -> Option<Quota> {
    number(value, MAX_NUMBER).filter(|questions| *questions > 0).map(Quota::new)
}

/// A number in its one form, at most `most`.
fn number(value: &str, most: u32) -> Option<u32> {
    let number: u32 = value.parse().ok().filter(|number| *number <= most)?;
    (number.to_string() == value).then_some(number)
}
