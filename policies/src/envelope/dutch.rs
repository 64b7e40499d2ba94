//! What a request breaks, in Dutch: the same as its English text.

use crate::delegation::DelegationError;
use crate::wire::{LANGUAGE_VERSION, MAX_DELEGATION_S, MAX_QUESTION_LIFE_S};

use super::VerifyError;

impl VerifyError {
    /// The rule that is broken, in Dutch.
    #[must_use]
    pub fn dutch(&self) -> String {
        match self {
            Self::CharterNotSealed => "het charter van deze node is niet verzegeld".to_owned(),
            Self::CharterNotInForce { from, until } => {
                format!("het charter van deze node geldt van {from} tot {until}")
            }
            Self::WrongNetwork { expected, got } => {
                format!("dit is voor netwerk `{got}`, verwacht is `{expected}`")
            }
            Self::WrongAudience { expected, got } => {
                format!("dit verzoek is voor `{got}`, dit is `{expected}`")
            }
            Self::SenderIsNotPeer { expected, got } => {
                format!("dit verzoek is van `{got}`, de verbinding van `{expected}`")
            }
            Self::NotTheAskingNode { expected, got } => {
                format!("`{expected}` mag deze vraag stellen, niet `{got}`")
            }
            Self::SenderNotAMember { got } => format!("`{got}` is nu geen lid van het netwerk"),
            Self::SenderRevoked { got } => {
                format!("een sleutel van de node van `{got}` is ingetrokken")
            }
            Self::PersonRevoked { got } => revoked(got),
            Self::UnknownPerson { got } => format!("`{got}` staat niet in people.toml"),
            Self::PersonNotValid { got } => {
                format!("`{got}` mag nu niet vragen: zie de geldigheid in people.toml")
            }
            Self::PersonOfAnotherHospital { person, expected, got } => {
                format!("`{person}` vraagt vanaf de node van `{expected}`, niet die van `{got}`")
            }
            Self::RequestSignature { from } => {
                format!("het verzoek is niet getekend met de envelope-sleutel van `{from}`")
            }
            Self::Delegation(error) => error.dutch(),
            Self::QuestionSignature { person } => unsigned(person),
            Self::NotAsked { own } => format!("de vraag is niet gericht aan `{own}`"),
            Self::Lifetime { got } => {
                format!("een vraag leeft 1 tot {MAX_QUESTION_LIFE_S} seconden, niet {got}")
            }
            Self::FromTheFuture { issued, now } => {
                format!("de vraag is getekend op {issued}, het is {now}: kijk de klokken na")
            }
            Self::Expired { expired, now } => {
                format!("de vraag liep af op {expired}, het is {now}")
            }
            Self::SentAt { sent, from, until } => sent_at(sent, from, until),
            Self::CharterMismatch { held } => {
                format!(
                    "de afzender heeft een ander charter dan deze node, die versie {held} heeft"
                )
            }
            Self::NetworksMismatch => {
                "de afzender heeft van een onderliggend netwerk een ander charter dan deze node"
                    .into()
            }
            Self::Language { got } => {
                format!("het verzoek spreekt taalversie {got}, verwacht is {LANGUAGE_VERSION}")
            }
            Self::Replayed { first: _ } => "deze vraag is al beantwoord; stel haar opnieuw".into(),
        }
    }
}

impl DelegationError {
    /// What is wrong with the session, in Dutch.
    #[must_use]
    pub fn dutch(&self) -> String {
        match self {
            Self::Signature { person } => {
                format!("de delegatie is niet getekend met de sleutel van `{person}`")
            }
            Self::Network { expected, got } => format!(
                "de sessie is voor netwerk `{expected}`, de vraag voor `{got}`: doe opnieuw `kring login`"
            ),
            Self::Person { expected, got } => {
                format!("de sessie is van `{expected}`, de vraag van `{got}`")
            }
            Self::Node { expected, got } => format!(
                "de sessie is voor de node van `{expected}`, de vraag wordt gesteld door `{got}`"
            ),
            Self::Purpose { got } => {
                format!("de sessie is niet voor doel `{got}`: `kring login --purpose {got}`")
            }
            Self::Group { got } => {
                format!("de sessie is niet voor tumorgroep `{got}`: `kring login --group {got}`")
            }
            Self::OtherTime { issued, from, until } => format!(
                "de vraag is getekend op {issued}, de sessie geldt van {from} tot {until}: doe opnieuw `kring login`"
            ),
            Self::Lifetime { got } => {
                format!("een sessie duurt 1 tot {MAX_DELEGATION_S} seconden, niet {got}")
            }
            Self::FromTheFuture { issued, now } => {
                format!("de sessie begon op {issued}, het is {now}: kijk de klokken na")
            }
            Self::Expired { expired, now } => {
                format!("de sessie liep af op {expired}, het is {now}: doe opnieuw `kring login`")
            }
            Self::KeyInUse { owner } => format!(
                "de sessiesleutel is de sleutel van {owner}: een sessie heeft een eigen sleutel"
            ),
        }
    }
}

fn revoked(person: &crate::PersonId) -> String {
    format!(
        "de sleutel van `{person}` is ingetrokken: het bestuur tekent een charter met een nieuwe"
    )
}

fn unsigned(person: &crate::PersonId) -> String {
    format!(
        "de vraag is niet getekend met de sleutel van `{person}`, noch met de sessiesleutel van een meegestuurde delegatie"
    )
}

fn sent_at(sent: &crate::UnixTime, from: &crate::UnixTime, until: &crate::UnixTime) -> String {
    format!("het verzoek is verstuurd op {sent}, buiten {from} tot {until}: kijk de klokken na")
}
