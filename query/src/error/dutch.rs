//! Why a text is refused, in Dutch: the same as its English text. What the SQL parser says of a place in the text is quoted as
//! it says it.

use policies::footprint::{MAX_CELLS, MAX_FRAGMENTS};

use super::{HIDDEN, PlanError};

impl PlanError {
    /// Why it is refused, in Dutch.
    pub(crate) fn dutch(&self) -> String {
        match self {
            Self::TooLong { .. }
            | Self::TooManyTokens { .. }
            | Self::TooDeep { .. }
            | Self::ChainTooLong { .. }
            | Self::ListTooLong { .. }
            | Self::TooManyCells { .. }
            | Self::TooManyFragments { .. }
            | Self::TooManyFigures { .. } => self.too_much(),
            Self::ReservedName { name } => format!(
                "de naam `{name}` is bezet: namen die met twee onderstrepingen beginnen, zijn van de machine zelf"
            ),
            Self::BadSql { line, near } => {
                format!("dit is geen SQL die gelezen kan worden: regel {line}{near}")
            }
            Self::NotOneStatement { found } => {
                format!("er wordt één SELECT-opdracht verwacht, gevonden: {found}")
            }
            Self::NotASelect { found } => format!(
                "alleen SELECT wordt beantwoord, niet {found}; schrijf SELECT ... FROM ... GROUP BY ..."
            ),
            Self::UnknownTable { name, known } => none("tabel", name, ("de dataset heeft", known)),
            Self::UnknownColumn { name, known } => none("kolom", name, ("hier zijn", known)),
            Self::AmbiguousColumn { name } => {
                format!("de kolom `{name}` kan van meer tabellen zijn; schrijf tabel.kolom")
            }
            Self::UnknownFunction { name, known } => none("functie", name, ("er zijn", known)),
            Self::ColumnClass { column, class, usage } => {
                let usage = if *usage == HIDDEN { "vragen beantwoorden" } else { *usage };
                let advice = advice(class);
                format!("kolom `{column}` heeft klasse {class}: `{usage}` kan daarmee niet; {advice}")
            }
            Self::NotAnAggregate => "alleen cijfers over groepen worden beantwoord, nooit rijen; schrijf count(*), sum(x) of avg(x), met GROUP BY voor meer groepen".to_owned(),
            Self::NotSupported { what, instead } => {
                format!("{} wordt niet beantwoord; {}", what.nl, instead.nl)
            }
            Self::CrossesPatients { clause, instead } => {
                format!("{} zou rijen van verschillende patiënten mengen; {}", clause.nl, instead.nl)
            }
            Self::Unbounded { expression, instead } => format!(
                "`{expression}` kan bij waarden die de dataset toelaat buiten zijn type vallen; {}",
                instead.nl
            ),
            Self::NoDomain { key, instead } => format!(
                "de waarden van `{key}` volgen niet uit de dataset, dus zijn groepen zijn niet vooraf bekend; {}",
                instead.nl
            ),
            Self::NetworkColumn { what, instead } => format!(
                "{} wordt niet beantwoord: een ziekenhuis kan in meer netwerken zitten; {}",
                what.nl, instead.nl
            ),
            Self::SumOverNetwork { call } => format!(
                "`{call}` over rijen die er één per netwerk zijn, zou de patiënten van een ziekenhuis in twee netwerken dubbel tellen; voeg `network` toe aan GROUP BY of PARTITION BY, of neem het totaal van de patiënten: zonder `network`, of met ROLLUP (network)"
            ),
            Self::UnknownNetwork { name, known } => format!(
                "er is geen netwerk `{name}` binnen het gevraagde; er zijn {}; zonder voorwaarde op `network` wordt elk ziekenhuis bedoeld",
                known.nl
            ),
            Self::CannotPlan => "de tekst kan niet worden gepland: namen of typen passen niet bij elkaar; vereenvoudig haar, of zet waarden uitdrukkelijk om met CAST".to_owned(),
        }
    }

    /// A text that asks too much at once.
    fn too_much(&self) -> String {
        match self {
            Self::TooLong { got, limit } => {
                format!("de tekst heeft {got} bytes, hoogstens {limit} worden gelezen")
            }
            Self::TooManyTokens { limit } => {
                format!("de tekst heeft meer dan {limit} woorden en tekens; stel twee vragen")
            }
            Self::TooDeep { limit } => {
                format!("de tekst is meer dan {limit} niveaus diep; gebruik WITH of minder haakjes")
            }
            Self::ChainTooLong { limit } => {
                format!("meer dan {limit} operatoren op rij; gebruik IN, BETWEEN of meer vragen")
            }
            Self::ListTooLong { limit } => format!(
                "een lijst heeft meer dan {limit} waarden; noem liever een bereik of een categorie"
            ),
            Self::TooManyCells { cells } => format!(
                "de indeling heeft {cells} cellen, hoogstens {MAX_CELLS} worden beantwoord; deel in naar minder kolommen of grovere klassen"
            ),
            Self::TooManyFragments { got } => format!(
                "de vraag heeft {got} delen die apart worden geteld, hoogstens {MAX_FRAGMENTS} worden beantwoord; schrijf aggregaten met FILTER in één SELECT, of stel meer vragen"
            ),
            Self::TooManyFigures { figures, limit } => format!(
                "het antwoord zou {figures} cijfers hebben, hoogstens {limit} worden beantwoord; vraag minder aggregaten of groepen"
            ),
            Self::ReservedName { .. }
            | Self::BadSql { .. }
            | Self::NotOneStatement { .. }
            | Self::NotASelect { .. }
            | Self::UnknownTable { .. }
            | Self::UnknownColumn { .. }
            | Self::AmbiguousColumn { .. }
            | Self::UnknownFunction { .. }
            | Self::ColumnClass { .. }
            | Self::NotAnAggregate
            | Self::NotSupported { .. }
            | Self::CrossesPatients { .. }
            | Self::Unbounded { .. }
            | Self::NoDomain { .. }
            | Self::NetworkColumn { .. }
            | Self::SumOverNetwork { .. }
            | Self::UnknownNetwork { .. }
            | Self::CannotPlan => self.dutch(),
        }
    }
}

/// That there is no such thing, and which there are.
fn none(what: &str, name: &str, (there, known): (&str, &str)) -> String {
    format!("er is geen {what} `{name}`; {there} {known}")
}

/// What can be done with a column of a class instead.
fn advice(class: &str) -> &'static str {
    match class {
        "key" => "koppel erop, of schrijf count(distinct sleutel)",
        "category" => "deel ernaar in, filter erop of tel haar",
        "quasi" => "deel in naar de generalisatie van de dataset, of filter erop",
        "hidden" => "het bestuur biedt haar niet aan voor vragen",
        _ => "reken ermee, vergelijk haar of deel in naar klassen ervan",
    }
}
