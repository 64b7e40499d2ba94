//! What is refused whatever the rules say, in Dutch: the same as its English text.

use super::{FootprintError, MAX_CELLS, MAX_FRAGMENTS, MAX_TEXT_BYTES};
use crate::dataset::Class;

impl FootprintError {
    /// Why it is refused, in Dutch.
    #[must_use]
    pub fn dutch(&self) -> String {
        match self {
            Self::UnknownTable { table, dataset } => {
                format!("tabel `{table}` staat niet in dataset `{dataset}`")
            }
            Self::UnknownColumn { table, column } => {
                format!("kolom `{column}` staat niet in tabel `{table}`")
            }
            Self::ClassForbids { table, column, class, usage, advice: _ } => format!(
                "kolom `{table}.{column}` heeft klasse {}: `{usage}` kan daarmee niet; {}",
                class.as_str(),
                advice(*class)
            ),
            Self::TooManyCells { cells } => format!(
                "een indeling heeft {cells} cellen, hoogstens {MAX_CELLS} worden beantwoord; deel in naar minder kolommen of grovere klassen"
            ),
            Self::TooLarge { bytes } => format!(
                "de voetafdruk van de vraag heeft {bytes} bytes tekst, hoogstens {MAX_TEXT_BYTES} worden bewaard; vraag minder tegelijk"
            ),
            Self::Measures { fragment } => {
                contradicts(*fragment, "waarvan zijn sommen zijn, is niet duidelijk")
            }
            Self::Vectors { fragment } => {
                contradicts(*fragment, "waarvan zijn klassen zijn, is niet duidelijk")
            }
            Self::Links { fragment } => {
                contradicts(*fragment, "waar zijn cijfers liggen, is niet duidelijk")
            }
            Self::BadExplore { source: _ } => {
                "wat de worker over de vorm voor ask.explore zegt, klopt niet".to_owned()
            }
            Self::FragmentCount { fragments } => format!(
                "de vraag heeft {fragments} fragmenten, tussen 1 en {MAX_FRAGMENTS} worden beantwoord"
            ),
        }
    }
}

fn contradicts(fragment: usize, how: &str) -> String {
    format!("wat over fragment {fragment} gezegd wordt, spreekt zichzelf tegen: {how}")
}

fn advice(class: Class) -> &'static str {
    match class {
        Class::Key => "koppel erop, of schrijf count(distinct sleutel)",
        Class::Category => "deel ernaar in, filter erop of tel haar",
        Class::Flag | Class::Measure => "reken ermee, vergelijk haar of deel in naar klassen ervan",
        Class::Quasi => "deel in naar de generalisatie van de dataset, of filter erop",
        Class::Hidden => "het bestuur biedt haar niet aan voor vragen",
    }
}
