//! How a refusal looks: the person's language for people, one JSON object with every text for machines.

use std::collections::BTreeMap;

use policies::HospitalCode;

use crate::api::{Coverage, CoverageState, RefusalBody};
use crate::cli::Format;
use crate::command::print;
use crate::language::Language;

#[cfg(test)]
mod tests;

/// Prints a refusal.
pub(in crate::command) fn show(
    refusal: &RefusalBody,
    format: Format,
    language: Language,
) -> anyhow::Result<()> {
    match format {
        Format::Json => print::line(serde_json::to_string(refusal)?),
        Format::Csv | Format::Table => lines(refusal, language).into_iter().for_each(print::note),
    }
    Ok(())
}

/// What is refused, by which rule of which charter, and by whom; a text that there is in English only is in English.
fn lines(refusal: &RefusalBody, language: Language) -> Vec<String> {
    let RefusalBody { code, message, message_nl, rule, layer, coverage } = refusal;
    let message = language.of(message, message_nl.as_deref().unwrap_or(message));
    let mut lines = vec![format!("{} ({code}): {message}", language.of("refused", "geweigerd"))];
    if let Some(rule) = rule {
        lines.push(format!("{}: {rule}", language.of("rule", "regel")));
    }
    if let Some(layer) = layer {
        let version = language.of("version", "versie");
        lines.push(format!("charter: {} {version} {}", layer.network, layer.version));
    }
    if !coverage.is_empty() {
        let hospitals = language.of("hospitals", "ziekenhuizen");
        lines.push(format!("{hospitals}: {}", of_each(coverage, language)));
    }
    lines
}

/// Who answered, and why the others did not.
pub(super) fn of_each(coverage: &BTreeMap<HospitalCode, Coverage>, language: Language) -> String {
    let (refused, not_reached) =
        (language.of("refused", "weigert"), language.of("not reached", "niet bereikt"));
    let answered = coverage.values().filter(|part| part.state == CoverageState::Answered).count();
    let named = |(code, part): (&HospitalCode, &Coverage)| {
        let reason = part.code.as_deref().unwrap_or_default();
        match part.state {
            CoverageState::Answered => code.to_string(),
            CoverageState::Refused => format!("{code} {refused} ({reason})"),
            CoverageState::Unreachable => format!("{code} {not_reached} ({reason})"),
        }
    };
    let all: Vec<_> = coverage.iter().map(named).collect();
    let (of, did) = (language.of("of", "van"), language.of("answered", "antwoordden"));
    format!("{answered} {of} {} {did}: {}", coverage.len(), all.join(", "))
}
