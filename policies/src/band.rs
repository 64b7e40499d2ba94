//! Bands: where a hospital lies in the funnel around a rate that the board sets, instead of its numbers.
//!
//! The rate stands in the head of an indicator, beside `parts: band`. A variant has bands if its window is of three years or
//! more and its footprint is one group, the hospital, with one part that counts; its other variants hide parts. Limits and
//! bands are computed where the figures are.

use crate::Profile;
use crate::footprint::{FootprintDraft, MeasureFootprint};
use crate::indicator::Indicator;
use crate::protections::{Kind, Parts};
use crate::wire::IndicatorRef;

#[cfg(test)]
mod tests;

/// Fewest years of a window that has bands.
const MIN_YEARS: u32 = 3;
/// Parts of the whole that rates are written in.
const WHOLE: u32 = 10_000;

/// The rate in the middle of a funnel, more than none and less than all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Norm(u32);

impl Norm {
    /// A rate of so many in ten thousand.
    #[must_use]
    pub fn new(in_ten_thousand: u32) -> Option<Self> {
        (1..WHOLE).contains(&in_ten_thousand).then_some(Self(in_ten_thousand))
    }

    /// As a fraction: so many in so many.
    #[must_use]
    pub fn fraction(self) -> (u32, u32) {
        (self.0, WHOLE)
    }

    /// Per cent with at most two digits behind the point, as `2.5 %`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let number = text.strip_suffix(" %")?;
        let (whole, digits) = number.split_once('.').unwrap_or((number, ""));
        let digit = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty()
            || whole.len() > 2
            || digits.len() > 2
            || !digit(whole)
            || !digit(digits)
        {
            return None;
        }
        format!("{whole}{digits:0<2}").parse().ok().and_then(Self::new)
    }
}

/// The rate around which a question's part lies in a band; none where it has none.
pub(crate) fn of(
    indicator: &Indicator,
    asked: &IndicatorRef,
    draft: &FootprintDraft,
) -> Option<Norm> {
    let norm = indicator.band?;
    let long = asked.window.as_ref().is_some_and(|window| {
        years(window.as_str()) >= MIN_YEARS && indicator.has_lines_for(window)
    });
    (long && is_one_part(draft)).then_some(norm)
}

/// Whether a question is of the hospital as one group, with one part that counts.
fn is_one_part(draft: &FootprintDraft) -> bool {
    let [fragment] = draft.fragments.as_slice() else { return false };
    let of_sums = fragment.sums.iter().map(|sum| {
        usize::try_from(sum.measure).ok().and_then(|place| fragment.measures.get(place))
    });
    let Some(of_sums) = of_sums.collect::<Option<Vec<&MeasureFootprint>>>() else { return false };
    let mut parts = of_sums.into_iter().filter(|measure| measure.is_part());
    let one = parts.next().is_some_and(|part| part.kind.is_count_like()) && parts.next().is_none();
    one && fragment.cells == 1
}

/// How many years a window is of by its name.
fn years(window: &str) -> u32 {
    let year = |text: &str| text.parse::<u32>().ok();
    match window.split_once('-').and_then(|(first, last)| Some((year(first)?, year(last)?))) {
        Some((first, last)) => last.saturating_sub(first).saturating_add(1),
        None => 1,
    }
}

/// What is wrong with what an indicator's head says of bands, each as a sentence.
pub(crate) fn problems(indicator: &Indicator) -> Vec<String> {
    let Indicator { band, window, opinions, .. } = indicator;
    let wanted = opinions.parts == Some(Parts::Band);
    let mut found = Vec::new();
    match (wanted, band) {
        (true, None) => {
            found
                .push("`parts: band` needs the rate in the middle: write `band: 2.5 %`".to_owned());
        }
        (false, Some(_)) => {
            found.push("`band` is for `parts: band`: write both, or remove it".to_owned());
        }
        (true, Some(_)) | (false, None) => {}
    }
    if wanted && !window.iter().any(|window| years(window.as_str()) >= MIN_YEARS) {
        found.push(format!(
            "a band is of {MIN_YEARS} years or more: add a window such as `2022-2024`"
        ));
    }
    if wanted && opinions.kind.is_some_and(|kind| kind != Kind::Quality) {
        found.push("`parts: band` is for `kind: quality`: remove one".to_owned());
    }
    found
}

/// Whether the word can stand on a rule: the rate belongs to one indicator.
pub(crate) fn on_a_rule(parts: Option<Parts>) -> Option<String> {
    let told =
        "`@parts(\"band\")` is said in an indicator's head, with the rate in the middle: remove it";
    (parts == Some(Parts::Band)).then(|| told.to_owned())
}

impl Parts {
    /// What holds under a profile: only texts that the board signed say how many forms of a part there are, so only their parts
    /// have noise or bands. Whoever writes texts would average it out.
    #[must_use]
    pub(crate) fn under(self, profile: Profile) -> Self {
        match (self, profile) {
            (Self::Noisy | Self::AskerNode | Self::Band, Profile::Indicator) => self,
            (Self::Noisy | Self::AskerNode | Self::Band, _) => Self::Hide,
            (Self::Members | Self::Hide, _) => self,
        }
    }
}
