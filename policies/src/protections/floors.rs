//! What no charter may go under for data of people, whatever the board signs.

use crate::Profile;

use super::{Dominance, MinDf, MinPart, MinPatients, Opinions, PPercent, Protections};

/// Every protection that goes under its floor, as `@word under N`.
pub(crate) fn under(opinions: &Opinions) -> Vec<String> {
    let Opinions { min_patients, dominance, p_percent, min_df, .. } = opinions;
    let (k, two) = (MinPatients::FLOOR, Dominance::FLOOR);
    let (p, df) = (PPercent::FLOOR, MinDf::FLOOR);
    let found = [
        (min_patients.is_some_and(|own| own < k), "min_patients", "under", k.get()),
        (dominance.is_some_and(|own| own > two), "dominance", "over", two.get()),
        (p_percent.is_some_and(|own| own < p), "p_percent", "under", p.get()),
        (min_df.is_some_and(|own| own < df), "min_df", "under", df.get()),
    ];
    let told =
        |(_, word, side, floor): &(bool, &str, &str, u32)| format!("`@{word}` {side} {floor}");
    found.iter().filter(|(under, ..)| *under).map(told).collect()
}

/// The same for a rule, which holds for every question: the size of a part is lowered one indicator at a time.
pub(crate) fn under_in_a_rule(opinions: &Opinions) -> Vec<String> {
    let mut found = under(opinions);
    if opinions.min_part.is_some_and(|own| own < MinPart::DEFAULT) {
        found.push(format!("`@min_part` under {}", MinPart::DEFAULT.get()));
    }
    found
}

impl Protections {
    /// Nothing under a floor, whatever the reading of the charter let pass. Only an indicator may go under the floor of the size
    /// of a part.
    #[must_use]
    pub(crate) fn floored(self, profile: Profile) -> Self {
        let min_part = match profile {
            Profile::Indicator => self.min_part,
            Profile::Members | Profile::Explore | Profile::Network | Profile::Strict => {
                self.min_part.max(MinPart::DEFAULT)
            }
        };
        Self {
            min_part,
            min_patients: self.min_patients.max(MinPatients::FLOOR),
            dominance: self.dominance.min(Dominance::FLOOR),
            p_percent: self.p_percent.max(PPercent::FLOOR),
            min_df: self.min_df.max(MinDf::FLOOR),
            ..self
        }
    }
}
