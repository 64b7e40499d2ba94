//! The totals, in words.

use super::{Count, Found};
use crate::language::Language;

/// What each code of the totals means, in English and Dutch.
const WORDS: [(&str, &str, &str); 9] = [
    (
        "let_in",
        "the draft would let them in, the charter in force does not (above)",
        "het ontwerp laat ze binnen, het geldende charter niet (hierboven)",
    ),
    (
        "still_refused",
        "the draft would refuse them at the door",
        "het ontwerp weigert ze aan de deur",
    ),
    (
        "let_in_by_both",
        "both let them in: what they touched is not in the log",
        "beide laten ze binnen: wat ze raakten staat niet in het logboek",
    ),
    ("other_network", "of another network", "van een ander netwerk"),
    (
        "other_footprint",
        "logged in another form, by another version of kring",
        "in een andere vorm vastgelegd, door een andere versie van kring",
    ),
    (
        "other_indicator",
        "of another version or text of their indicator",
        "van een andere versie of tekst van hun indicator",
    ),
    (
        "footprint_not_at_hand",
        "with a footprint beside the log that is not at hand: exports do not have it",
        "met een voetafdruk naast het logboek die er niet is: die staat niet in een export",
    ),
    (
        "other_entry",
        "in entries of a later version of kring",
        "in regels van een latere versie van kring",
    ),
    (
        "too_many_distinct",
        "beyond the number of different questions that are replayed: take a shorter time",
        "boven het aantal verschillende vragen dat wordt nagespeeld: neem een kortere tijd",
    ),
];

/// The totals, a line each.
pub(super) fn lines(found: &Found, language: Language) -> Vec<String> {
    let Found { replayed, changed, refused, not_replayed, rows: _ } = found;
    let mut lines = vec![match language {
        Language::En => format!(
            "{} replayed, {} different; something changes for {}, {} different",
            questions(*replayed, language),
            replayed.distinct,
            changed.questions,
            changed.distinct
        ),
        Language::Nl => format!(
            "{} nagespeeld, {} verschillende; er verandert iets voor {}, {} verschillende",
            questions(*replayed, language),
            replayed.distinct,
            changed.questions,
            changed.distinct
        ),
    }];
    for (code, count) in refused {
        let (then, word) = (count.questions, word(code, language));
        lines.push(match language {
            Language::En => format!("{then} refused then: {word}"),
            Language::Nl => format!("{then} toen geweigerd: {word}"),
        });
    }
    for (code, count) in not_replayed {
        let word = word(code, language);
        lines.push(match language {
            Language::En => format!("{count} not replayed ({code}): {word}"),
            Language::Nl => format!("{count} niet nagespeeld ({code}): {word}"),
        });
    }
    lines
}

fn questions(count: Count, language: Language) -> String {
    let word = match (language, count.questions) {
        (Language::En, 1) => "question",
        (Language::En, _) => "questions",
        (Language::Nl, 1) => "vraag",
        (Language::Nl, _) => "vragen",
    };
    format!("{} {word}", count.questions)
}

fn word(code: &str, language: Language) -> &str {
    let known = WORDS.iter().find(|(known, _, _)| *known == code);
    match (known, language) {
        (Some((_, english, _)), Language::En) => english,
        (Some((_, _, dutch)), Language::Nl) => dutch,
        (None, _) => code,
    }
}
