//! Why a question is not in the explore form and how it can be asked all the same, in Dutch: the same as in English.

use super::{ExploreReason, ExploreRefusal, MAX_CONDITIONS, MAX_QUASI};

impl ExploreRefusal {
    /// The refusal in Dutch.
    #[must_use]
    pub fn dutch(&self) -> String {
        let Self { reason, clause } = self;
        format!(
            "`{clause}` past niet in de vorm die ask.explore beantwoordt: {}. {}, of vraag het als indicator: het bestuur kan de precieze \
             tekst goedkeuren (kring indicator list)",
            reason.why_nl(),
            reason.instead_nl()
        )
    }
}

impl ExploreReason {
    fn why_nl(self) -> String {
        match self {
            Self::Rows => "de rijen zijn niet die van een tabel en waar die bij hoort".to_owned(),
            Self::Condition => {
                "een voorwaarde gaat over een kolom, vergeleken met constanten; meer ervan staan met AND naast elkaar"
                    .to_owned()
            }
            Self::Group => "deze codes zijn geen groep die de dataset vastlegt".to_owned(),
            Self::Edges => {
                "naar een maat wordt gevraagd tussen grenzen die de dataset vastlegt".to_owned()
            }
            Self::Bins => {
                "naar een quasi-identificerend gegeven wordt gevraagd in een klasse, hoogstens tien keer zo breed als de stap van de dataset"
                    .to_owned()
            }
            Self::Exists => "EXISTS gaat over een kindtabel onder zulke voorwaarden".to_owned(),
            Self::TooManyConditions => format!(
                "een cijfer staat onder hoogstens {MAX_CONDITIONS} voorwaarden, die van FILTER en EXISTS meegeteld"
            ),
            Self::TooManyQuasi => format!(
                "er wordt naar hoogstens {MAX_QUASI} quasi-identificerende kolommen gekeken, die van de indeling meegeteld"
            ),
            Self::Key => "de waarden van een indeling zijn zulke voorwaarden op een kolom".to_owned(),
            Self::Measure => {
                "een cijfer telt patienten of rijen, of gaat over een vastgelegde kolom met exacte factoren".to_owned()
            }
            Self::Mixed => {
                "ruis komt op tellingen en op sommen van een kolom zoals hij is, niet op sommen van meer delen".to_owned()
            }
            Self::Missing => {
                "elk van deze kolommen ontbreekt bij andere patienten, en van een groep worden maar vier zulke cijfers gegeven"
                    .to_owned()
            }
        }
    }

    fn instead_nl(self) -> &'static str {
        match self {
            Self::Rows => "Koppel langs de sleutels naar de patient, of schrijf EXISTS",
            Self::Condition => {
                "Schrijf kolom = code, IN (een vastgelegde groep) of BETWEEN met grenzen"
            }
            Self::Group => "Schrijf kolom = code, of GROUP BY de kolom",
            Self::Edges => "Neem de grenzen van de dataset, of CASE WHEN daarmee als indeling",
            Self::Bins => "Schrijf kolom / stap = getal, of GROUP BY kolom / stap",
            Self::Exists => {
                "Schrijf EXISTS (SELECT 1 FROM kind WHERE kind.sleutel = buiten.sleutel AND kind.kolom = code)"
            }
            Self::TooManyConditions => "Laat voorwaarden weg, of schrijf GROUP BY een kolom",
            Self::TooManyQuasi => "Laat een kolom weg",
            Self::Key => {
                "Deel in naar een categorie, naar kolom / stap, of met CASE WHEN en grenzen"
            }
            Self::Measure => {
                "Schrijf count, sum, avg of stddev van een kolom, met FILTER (WHERE ...)"
            }
            Self::Mixed => {
                "Schrijf sum(kolom) FILTER (WHERE ...) en count(*) FILTER (WHERE ...), met wat ermee vermenigvuldigd wordt erbuiten"
            }
            Self::Missing => "Vraag naar de kolommen die er het meest toe doen",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_says_in_dutch_what_is_wrong_and_what_to_write() {
        let all = [
            ExploreReason::Rows,
            ExploreReason::Condition,
            ExploreReason::Group,
            ExploreReason::Edges,
            ExploreReason::Bins,
            ExploreReason::Exists,
            ExploreReason::TooManyConditions,
            ExploreReason::TooManyQuasi,
            ExploreReason::Key,
            ExploreReason::Measure,
            ExploreReason::Mixed,
            ExploreReason::Missing,
        ];
        let texts: std::collections::BTreeSet<_> =
            all.map(|reason| (reason.why_nl(), reason.instead_nl())).into();
        assert_eq!(texts.len(), all.len());
        for reason in all {
            let refusal = ExploreRefusal::new(reason, "x ".repeat(200));
            let (english, dutch) = (refusal.to_string(), refusal.dutch());
            assert!(dutch.contains(reason.instead_nl()) && dutch.chars().count() < 1_000);
            assert!(english != dutch && dutch.contains(&refusal.clause), "{dutch}");
        }
    }
}
