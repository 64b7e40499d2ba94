//! What is printed, and the page `docs/ATTACKS.md`.

use std::fmt::Write as _;

use super::{Outcome, Scale};

/// One line for an outcome: id, profile, success, limit, weak settings, verdict.
pub(super) fn line(outcome: &Outcome) -> String {
    let Outcome { attack, nodes, seconds, .. } = outcome;
    let (id, name, limit) = (attack.id, attack.name, attack.limit.to_string());
    let (profile, verdict) = (attack.profile.as_str(), outcome.verdict());
    let nodes = nodes.to_string();
    format!(
        "{id} {profile:<13} {verdict:<9} {nodes:<32} limit {limit:<8} weak: {:<46} {seconds:>4} s  {name}",
        weak(outcome)
    )
}

fn weak(outcome: &Outcome) -> String {
    let one = |(name, measure): &(&str, super::Measure)| format!("{name} {measure}");
    outcome.weak.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// The page.
pub(super) fn page(outcomes: &[Outcome], scale: Scale) -> String {
    let how = match scale {
        Scale::Short => {
            "The figures below are of the short form: few targets, so that intervals are wide."
        }
        Scale::Full => "The figures below are of the full form.",
    };
    let mut page = HEAD.replace("SCALE", how);
    for outcome in outcomes {
        let Outcome { attack, nodes, .. } = outcome;
        let profile = attack.profile.as_str();
        _ = writeln!(
            page,
            "| {} | `{profile}` | {} | {nodes} | {} | {} | {} |",
            attack.id,
            attack.name,
            attack.limit,
            weak(outcome),
            outcome.verdict(),
        );
    }
    page.push_str("\n## How each goes\n\n| | |\n|---|---|\n");
    for outcome in outcomes {
        _ = writeln!(page, "| {} | {} |", outcome.attack.id, outcome.attack.how);
    }
    page.push_str(TAIL);
    page
}

const HEAD: &str = "# Attacks that run against the real binary

    cargo run --release -p testnet -- attack [--only A06] [--short]

starts four real nodes over planted populations, asks them through their local interface as three people who talk with each other, and tries to learn what they may not
learn. An attack with a limit is also made against *weak settings*, which must fall: mechanisms in `testnet`'s own process, over the same snapshots,
with the real worker's planning and execution; none can be switched on in `kring`. The exit code is 1 unless every limit holds and every weak setting falls. Without `--only` and `--short`
this page is written. SCALE

Shares, deviations and correlations have 95 % intervals (Wilson's for shares). Membership is guessed by the best threshold on one thing that was seen, learnt on one half of the targets and used on
the other; where nothing was seen, by a coin. *Holds*: the nodes keep the limit and the weak settings do not. *Falls*: the nodes do not keep it. *Published*: no limit is promised.

| attack | profile | what | measured | limit | weak settings | |
|---|---|---|---|---|---|---|
";

const TAIL: &str = "
Not here: A21, survival curves, which are not answered; A23, random texts against the gate, which is `testnet differential`, `testnet bombs` and the tests of the worker.
What the limits mean for a board: [PRIVACY.md](PRIVACY.md).
";
