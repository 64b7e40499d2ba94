//! What would be told, for people.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};
use query::rehearse::{Shown, Sums};

use super::{OfDataset, OfVariant, Rehearsal};
use crate::language::Language;

#[cfg(test)]
mod tests;

/// Most variants that nobody may ask which are named.
const MAX_NAMED: usize = 12;

/// Chooses between English and Dutch.
fn either(language: Language, en: &str, nl: &str) -> String {
    match language {
        Language::En => en.to_owned(),
        Language::Nl => nl.to_owned(),
    }
}

/// The report as lines.
pub(in super::super) fn text(report: &Rehearsal, language: Language) -> Vec<String> {
    let codes: Vec<String> = report.hospitals.iter().map(ToString::to_string).collect();
    let (codes, patients) = (codes.join(", "), report.patients);
    let mut lines = vec![either(
        language,
        &format!(
            "What all indicators together would tell, over generated data: {patients} patients who do not exist at each of {codes}."
        ),
        &format!(
            "Wat alle indicatoren samen zouden vertellen, over gegenereerde gegevens: {patients} patienten die niet bestaan bij elk van {codes}."
        ),
    )];
    let (run, all) = report.variants;
    if run < all {
        lines.push(either(
            language,
            &format!("Only the first {run} of {all} variants are in it; --variants {all} runs all."),
            &format!("Alleen de eerste {run} van {all} varianten tellen mee; --variants {all} neemt alle."),
        ));
    }
    let (tried, askers) = report.askers;
    if tried < askers {
        lines.push(either(
            language,
            &format!("Only {tried} of {askers} kinds of people and purposes were tried: what others may ask is not in it."),
            &format!("Alleen {tried} van {askers} soorten mensen en doelen zijn geprobeerd: wat anderen mogen vragen telt niet mee."),
        ));
    }
    for of in &report.datasets {
        lines.extend(dataset(of, language));
    }
    lines
}

fn dataset(of: &OfDataset, language: Language) -> Vec<String> {
    let mut lines = vec![format!("dataset {} version {}", of.dataset, of.version)];
    lines.extend(table(of, language).lines().map(|line| line.trim_end().to_owned()));
    for variant in &of.variants {
        let OfVariant { indicator, fault, .. } = variant;
        lines.extend(fault.iter().map(|fault| {
            let names = [&variant.by, &variant.window].into_iter().flatten();
            let names: Vec<&str> = names.map(String::as_str).collect();
            format!("  {indicator} {}: {fault}", names.join(" "))
        }));
    }
    if !of.nobody.is_empty() {
        let named: Vec<&str> = of.nobody.iter().take(MAX_NAMED).map(String::as_str).collect();
        let more = if of.nobody.len() > MAX_NAMED { ", ..." } else { "" };
        let (many, named) = (of.nobody.len(), format!("{}{more}", named.join(", ")));
        lines.push(either(
            language,
            &format!("  Nobody may ask {many} variant(s): {named}"),
            &format!("  Niemand mag {many} variant(en) vragen: {named}"),
        ));
    }
    lines.extend(together(&of.together, language));
    lines.push(plain(&of.together, language));
    lines
}

/// A row for each variant and set of protections.
fn table(of: &OfDataset, language: Language) -> String {
    let mut table = Table::new();
    table.load_preset(NOTHING);
    let head = match language {
        Language::En => [
            "indicator",
            "by",
            "window",
            "protections",
            "cells",
            "figures",
            "exact",
            "noise",
            "band",
            "null",
            "before",
        ],
        Language::Nl => [
            "indicator",
            "per",
            "periode",
            "bescherming",
            "cellen",
            "cijfers",
            "exact",
            "ruis",
            "band",
            "leeg",
            "eerder",
        ],
    };
    table.set_header(head);
    for variant in of.variants.iter().filter(|variant| adds(variant)) {
        let Shown { cells, figures, exact, noisy, bands, hidden, before, .. } = &variant.shown;
        let name = |name: &Option<String>| name.clone().unwrap_or_default();
        let mut row = vec![
            variant.indicator.clone(),
            name(&variant.by),
            name(&variant.window),
            protections(variant),
        ];
        row.extend([cells, figures, exact, noisy, bands, hidden, before].map(u64::to_string));
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("{table}\n{}", legend(of, language))
}

/// What stands in the table, and what does not.
fn legend(of: &OfDataset, language: Language) -> String {
    let legend = either(
        language,
        "  (summed over the hospitals; figures are of groups with patients; before: null only for what was told before)",
        "  (opgeteld over de ziekenhuizen; cijfers zijn van groepen met patienten; eerder: alleen leeg om wat eerder is verteld)",
    );
    let again = of.variants.iter().filter(|variant| variant.shown.repeated).count();
    let nobody = of.variants.len().saturating_sub(again);
    let nobody = nobody.saturating_sub(of.variants.iter().filter(|variant| adds(variant)).count());
    let left_out = either(
        language,
        &format!(
            "  Not in the table: {again} variant(s) that ask a hospital the very same as one above, {nobody} that none of these patients is in"
        ),
        &format!(
            "  Niet in de tabel: {again} variant(en) die een ziekenhuis precies hetzelfde vragen als een erboven, {nobody} waar geen van deze patienten in zit"
        ),
    );
    format!("{legend}\n{left_out}")
}

/// Whether a variant tells or hides something that none before it did.
fn adds(variant: &OfVariant) -> bool {
    variant.shown.figures > 0 && !variant.shown.repeated
}

/// The protections that say most, in short.
fn protections(variant: &OfVariant) -> String {
    let short = [
        ("min_patients", "k"),
        ("min_part", "part"),
        ("parts", "parts"),
        ("zeros", "zeros"),
        ("kind", "kind"),
    ];
    let said = short
        .iter()
        .filter_map(|(word, short)| Some(format!("{short}={}", variant.protections.get(word)?)));
    said.collect::<Vec<_>>().join(" ")
}

/// What all of them come to.
fn together(sums: &Sums, language: Language) -> Vec<String> {
    let Sums { patients, shown, about, smallest, groups, equations, .. } = sums;
    let Sums { linked, solved, narrow, untried, .. } = sums;
    let Shown { figures, exact, noisy, bands, hidden, before, rules, .. } = shown;
    let (told, null) = (percent(*exact, *figures), percent(*hidden, *figures));
    let smallest = smallest.map_or_else(|| "-".to_owned(), |smallest| smallest.to_string());
    let rules: Vec<String> = rules.iter().map(|(rule, many)| format!("{rule} {many}")).collect();
    let rules = rules.join(", ");
    match language {
        Language::En => vec![
            "All of them together".to_owned(),
            format!(
                "  figures of groups with patients: {figures}; told as they are {exact} ({told}), with noise {noisy}, as a band {bands}"
            ),
            format!(
                "  null: {hidden} ({null}), {before} of them only for what was told before; by rule: {rules}"
            ),
            format!(
                "  exact figures are about {about} of {patients} patients; the smallest group that one is about has {smallest}"
            ),
            format!(
                "  exact counts are of {groups} different groups: {equations} independent equations over {about} patients"
            ),
            format!(
                "  null figures that sums join to something told: {linked}; {solved} can be solved for, {narrow} are known more closely than their rule wants, {untried} not found out"
            ),
        ],
        Language::Nl => vec![
            "Alles samen".to_owned(),
            format!(
                "  cijfers van groepen met patienten: {figures}; exact verteld {exact} ({told}), met ruis {noisy}, als band {bands}"
            ),
            format!(
                "  leeg: {hidden} ({null}), waarvan {before} alleen om wat eerder is verteld; per regel: {rules}"
            ),
            format!(
                "  exacte cijfers gaan over {about} van {patients} patienten; de kleinste groep waar er een over gaat heeft er {smallest}"
            ),
            format!(
                "  exacte aantallen zijn van {groups} verschillende groepen: {equations} onafhankelijke vergelijkingen over {about} patienten"
            ),
            format!(
                "  lege cijfers die sommen verbinden met iets dat is verteld: {linked}; {solved} zijn uit te rekenen, {narrow} nauwer bekend dan hun regel wil, {untried} niet uitgezocht"
            ),
        ],
    }
}

/// The same for somebody who reads one sentence.
fn plain(sums: &Sums, language: Language) -> String {
    let Sums { patients, shown, about, smallest, .. } = sums;
    let (told, hidden, before) = (shown.told(), shown.hidden, shown.before);
    let small = smallest.unwrap_or(0);
    let found = found(sums, language);
    match language {
        Language::En => format!(
            "In plain words: whoever collects every answer gets {told} figures, exact ones about {about} of these {patients} patients and none about a group of fewer than {small}. {hidden} figures stay hidden, {before} of them only because earlier answers would give them away. {found} These patients are made up: the groups of your hospitals have other sizes, so this shows how the rules work together and not what your data would give."
        ),
        Language::Nl => format!(
            "In gewone woorden: wie elk antwoord verzamelt, krijgt {told} cijfers, waarvan de exacte over {about} van deze {patients} patienten gaan en geen over een groep van minder dan {small}. {hidden} cijfers blijven verborgen, waarvan {before} alleen omdat eerdere antwoorden ze zouden verraden. {found} Deze patienten zijn verzonnen: de groepen in uw ziekenhuizen zijn anders van grootte, dus dit laat zien hoe de regels samen werken en niet wat uw gegevens zouden geven."
        ),
    }
}

/// What was found of the hidden figures, by the sums that kring knows of.
fn found(sums: &Sums, language: Language) -> String {
    let Sums { solved, narrow, untried, .. } = sums;
    let some = match language {
        Language::En => [
            (*solved, "can be worked out from the others: change those indicators"),
            (*narrow, "are known more closely than their rule wants"),
            (*untried, "could not be looked at"),
        ],
        Language::Nl => [
            (*solved, "zijn uit de andere uit te rekenen: verander die indicatoren"),
            (*narrow, "zijn nauwer bekend dan hun regel wil"),
            (*untried, "konden niet worden bekeken"),
        ],
    };
    let some: Vec<String> = some
        .iter()
        .filter(|(many, _)| *many > 0)
        .map(|(many, words)| format!("{many} {words}"))
        .collect();
    match (some.is_empty(), language) {
        (true, Language::En) => {
            "By the sums that kring knows, none of them can be worked out from the others."
                .to_owned()
        }
        (true, Language::Nl) => {
            "Met de sommen die kring kent is geen ervan uit de andere uit te rekenen.".to_owned()
        }
        (false, Language::En) => format!("Of the hidden figures {}.", some.join(", ")),
        (false, Language::Nl) => format!("Van de verborgen cijfers {}.", some.join(", ")),
    }
}

/// A share in per cent, with one digit.
fn percent(part: u64, all: u64) -> String {
    let thousandth = part.saturating_mul(1000).checked_div(all).unwrap_or(0);
    format!("{}.{} %", thousandth / 10, thousandth % 10)
}
