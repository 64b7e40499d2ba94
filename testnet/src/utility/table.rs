//! The tables for boards, as Markdown.

use std::collections::BTreeSet;

use super::tally::{Cells, Tally};
use super::{Plan, Tallies};

/// The page.
#[must_use]
pub fn text(plan: &Plan, tallies: &Tallies, refused: &[&str]) -> String {
    let mut text = head(plan, refused);
    text.push_str("\n## What an analyst sees\n\nOf the cells that the table would have without protections, the share that is not shown, by what the indicator is counted by. A \
                   total is not shown where one hospital hides its part.\n\n");
    let bys: BTreeSet<&str> =
        tallies.values().flat_map(|tally| tally.tables.keys()).map(String::as_str).collect();
    row(
        &mut text,
        ["patients", "`@parts`"].into_iter().chain(bys.iter().copied()).chain(["added sd"]),
    );
    rule(&mut text, bys.len().saturating_add(3));
    for ((patients, treatment), tally) in tallies {
        let of = |by: &&str| {
            let cells = tally.tables.get(*by).copied().unwrap_or_default();
            share(cells.all().saturating_sub(cells.shown), cells.all())
        };
        let mut fields = vec![patients.to_string(), treatment.clone()];
        fields.extend(bys.iter().map(of));
        fields.push(format!("{:.2}", tally.deviation()));
        row(&mut text, fields.iter().map(String::as_str));
    }
    text.push_str("\n## What hospitals hide, by rule\n\nOf the figures of groups with patients, at each hospital, the share that is null, and by which rule first. The answer never says \
                   which rule; this page can.\n\n");
    let rules: BTreeSet<&str> =
        tallies.values().flat_map(|tally| tally.hidden.keys()).map(String::as_str).collect();
    row(
        &mut text,
        ["patients", "`@parts`", "figures", "null"].into_iter().chain(rules.iter().copied()),
    );
    rule(&mut text, rules.len().saturating_add(4));
    for ((patients, treatment), tally) in tallies {
        let all = tally.figures();
        let mut fields = vec![patients.to_string(), treatment.clone(), all.to_string()];
        fields.push(share(all.saturating_sub(tally.shown), all));
        fields.extend(
            rules
                .iter()
                .map(|rule| share(tally.hidden.get(*rule).copied().unwrap_or_default(), all)),
        );
        row(&mut text, fields.iter().map(String::as_str));
    }
    text.push_str(&sums(tallies));
    text
}

fn head(plan: &Plan, refused: &[&str]) -> String {
    let patients: Vec<String> = plan.patients.iter().map(ToString::to_string).collect();
    let Plan { regions, hospitals, .. } = plan;
    let refused = match refused {
        [] => String::new(),
        words => format!(
            "\n\nThis version cannot keep {}, so a charter that asks for it is refused and there is nothing to measure.",
            words.iter().map(|word| format!("`@parts(\"{word}\")`")).collect::<Vec<_>>().join(", ")
        ),
    };
    format!(
        "# What the protections cost\n\nMeasured, never estimated: every indicator of the oncology dataset in all its variants, over {regions} generated region(s) of {hospitals} hospitals for each size, \
         with the default protections (10 patients, parts of 5, zeros hidden) and each treatment of small parts that this version can do. `hide, with memory`: all of them \
         asked one after another, each held against what was told before. The patients are generated: shares are those of groups of these sizes, no forecast for a network.\n\n    \
         cargo run -p testnet -- utility --patients {} --regions {regions} --hospitals {hospitals} --write docs/UTILITY.md{refused}\n",
        patients.join(",")
    )
}

/// How many cells there were.
fn sums(tallies: &Tallies) -> String {
    let cells = |tally: &Tally| tally.tables.values().map(Cells::all).fold(0, u64::saturating_add);
    let most = tallies.values().map(cells).max().unwrap_or_default();
    format!("\nThe largest of these tables have {most} cells in all.\n")
}

fn row<'a>(text: &mut String, fields: impl Iterator<Item = &'a str>) {
    let fields: Vec<&str> = fields.collect();
    text.push_str(&format!("| {} |\n", fields.join(" | ")));
}

fn rule(text: &mut String, columns: usize) {
    text.push_str(&format!("|{}\n", "---|".repeat(columns)));
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn share(part: u64, all: u64) -> String {
    if part == 0 {
        return "0 %".to_owned();
    }
    format!("{:.1} %", 100.0 * part as f64 / all.max(1) as f64)
}
