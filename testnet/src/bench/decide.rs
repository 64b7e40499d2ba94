//! What one decision costs under four layers of rules: a country, a region in it, a network in that, and a hospital's own.
//!
//! Twice: with rules that are all about this question, so that each condition of each must be looked at to its end, and with
//! rules as a board has them, about several groups, roles, datasets, kinds of questions and purposes. In both no two rules
//! have the same text.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use policies::chain::{Line, Scope, Tree};
use policies::footprint::ColumnUse;
use policies::replay::{InWords, Touched};
use policies::statement::Revocations;
use policies::{Ask, Books, OwnRules};

use super::charter::{Files, NOW, RULES, members, public, sealed};
use super::{Times, now};
use crate::print;

/// Columns that the question uses.
const COLUMNS: usize = 30;
/// Decisions that are timed.
const DECISIONS: u32 = 1000;
/// Hospitals and people of the country.
const SIZE: (usize, usize) = (5, 50);
/// The networks, each below the one before it.
const NETWORKS: [&str; 3] = ["country", "region", "inner"];

/// Which rules a layer has.
#[derive(Clone, Copy, Debug)]
enum Mix {
    /// All of them fit the question.
    AllFit,
    /// The same, and no condition has a part of another one's.
    AllDiffer,
    /// Of several people, datasets and kinds of questions.
    Several,
}

/// Measures and prints.
pub(super) fn run() -> anyhow::Result<()> {
    let mixes = [
        (Mix::Several, "of which most are about other questions"),
        (Mix::AllFit, "that are all about this question"),
        (
            Mix::AllDiffer,
            "that are all about this question and have no part of a condition in common",
        ),
    ];
    for (mix, what) in mixes {
        let (times, rules) = measure(mix)?;
        print::line(format!(
            "one decision under 4 layers of {RULES} rules {what}, {COLUMNS} columns used, {rules} rules grant it: {times} (goal p50 under 1 ms)"
        ));
    }
    Ok(())
}

/// Times of one decision, and how many rules grant it.
fn measure(mix: Mix) -> anyhow::Result<(Times, usize)> {
    let scope = scope(mix)?;
    let own = scope.charter.own_rules("own.cedar", &rules(mix, NETWORKS.len(), RULES)?);
    let own: OwnRules = own.map_err(|problems| {
        anyhow::anyhow!("{}", problems.first().map(ToString::to_string).unwrap_or_default())
    })?;
    ensure!(scope.above.len() == 2 && scope.below.is_empty(), "there are not three networks");
    let books = Books { above: &scope.above, own: Some(&own), ..Books::from(&*scope.charter) };
    let ask = ask()?;
    let dataset = scope.charter.dataset(&ask.dataset).context("the dataset")?;
    let footprint = touched().check(dataset)?;
    let (mut times, mut granting) = (Vec::new(), 0);
    for _turn in 0..DECISIONS {
        let since = now();
        let explained = policies::explain(books, &ask, &footprint);
        times.push(since.elapsed());
        let explained = explained.map_err(|denial| anyhow::anyhow!("{denial}"))?;
        granting = explained.rules.len();
    }
    ensure!(granting >= 4, "not every layer grants it");
    Ok((Times::of(times), granting))
}

/// The innermost network as it holds at one of its hospitals.
fn scope(mix: Mix) -> anyhow::Result<Scope> {
    let mut tree: Option<Tree> = None;
    for place in 0..NETWORKS.len() {
        let envelope = sealed(&files(mix, place)?)?;
        let bytes = envelope.encode();
        match &mut tree {
            None => {
                let root = Line::first(&bytes, envelope.digest(), NOW, Revocations::none())?;
                tree = Some(Tree::from(root));
            }
            Some(tree) => {
                let next = tree.check(&bytes, &|_network| Revocations::default())?;
                tree.accept(next, NOW)?;
            }
        }
    }
    let inner = NETWORKS.last().context("a network")?.parse()?;
    Ok(tree.context("a network")?.scope(&inner, &"H001".parse()?, NOW)?)
}

/// The charter of one network.
fn files(mix: Mix, place: usize) -> anyhow::Result<Files> {
    let network = NETWORKS.get(place).context("a network")?;
    let key = public("board")?;
    let (hospitals, people) = SIZE;
    let codes: Vec<String> = (0..hospitals).map(|number| format!("\"H{number:03}\"")).collect();
    let mut head = format!(
        "network = \"{network}\"\nversion = 1\ntitle = {{ en = \"One of several\" }}\nvalid_from = 2026-01-01T00:00:00Z\n\
         valid_until = 2036-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 14\n[[signers]]\nname = \"Board\"\nkey = \"{key}\"\n"
    );
    if let Some(above) = place.checked_sub(1).and_then(|above| NETWORKS.get(above)) {
        write!(head, "[parent]\nnetwork = \"{above}\"\nversion = 1\n")?;
    }
    if let Some(below) = NETWORKS.get(place.saturating_add(1)) {
        write!(
            head,
            "[[children]]\nnetwork = \"{below}\"\nthreshold = 1\nmembers = [{}]\nsigners = [{{ name = \"Board\", key = \"{key}\" }}]\n",
            codes.join(", ")
        )?;
    }
    let mut files: BTreeMap<&str, String> = BTreeMap::new();
    if place == 0 {
        let (members, persons) = members(hospitals, people)?;
        files.extend([("members.toml", members), ("people.toml", persons)]);
        for name in DATASETS {
            files.insert(name.1, dataset(name.0)?);
        }
    } else {
        let joined = codes.iter().map(|code| format!("[[members]]\ncode = {code}\n"));
        files.extend([("members.toml", joined.collect()), ("people.toml", String::new())]);
    }
    files.extend([("charter.toml", head), ("rules/network.cedar", rules(mix, place, RULES)?)]);
    Ok(files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect())
}

/// The datasets and their files.
const DATASETS: [(&str, &str); 4] = [
    ("made", "datasets/made.toml"),
    ("care", "datasets/care.toml"),
    ("lung", "datasets/lung.toml"),
    ("skin", "datasets/skin.toml"),
];

fn dataset(name: &str) -> anyhow::Result<String> {
    let mut text = format!(
        "id = \"{name}\"\nversion = 1\nstatus = \"synthetic\"\ntitle = {{ en = \"Made\" }}\npatient = \"patient\"\n[[tables]]\nname = \"patient\"\nkey = \"patient_key\"\n\
         [[tables.columns]]\nname = \"patient_key\"\ntype = \"integer\"\nclass = \"key\"\n"
    );
    for number in 0..COLUMNS {
        writeln!(
            text,
            "[[tables.columns]]\nname = \"c{number}\"\ntype = \"integer\"\nclass = \"measure\"\nmin = 0\nmax = 1000"
        )?;
    }
    Ok(text)
}

/// So many rules of one layer, of which every fourth forbids.
fn rules(mix: Mix, layer: usize, count: usize) -> anyhow::Result<String> {
    let mut cedar = String::new();
    for number in 0..count {
        let forbids = number % 4 == 3;
        let (scope, when) = match mix {
            Mix::AllFit => all_fit(layer, number, forbids),
            Mix::AllDiffer => all_differ(layer, number, forbids),
            Mix::Several => several(layer, number, forbids),
        };
        let (effect, protection) = if forbids {
            ("forbid", String::new())
        } else {
            ("permit", format!(" @min_patients(\"{}\")", 10 + (number + layer) % 20))
        };
        writeln!(
            cedar,
            "@id(\"rule-{layer}-{number}\"){protection} {effect} ({scope}) when {{ {when} }};"
        )?;
    }
    Ok(cedar)
}

/// The scope of rules about this question.
const SCOPE: &str = "principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource == Kring::Dataset::\"made\"";

/// A rule about this question, of four parts that no other rule has, and whose last one decides.
fn all_differ(layer: usize, number: usize, forbids: bool) -> (String, String) {
    let many = 1_000 + layer * RULES + number;
    let when = if forbids {
        format!(
            "context.cells >= {many} || context.hospitals > {many} || context.fragments >= {many} || context.purpose == \"trade-{many}\""
        )
    } else {
        format!(
            "context.purpose != \"trade-{many}\" && context.hospitals < {many} && context.fragments <= {many} && context.cells <= {many}"
        )
    };
    (SCOPE.to_owned(), when)
}

/// A rule about this question. No two have the same text, and none is known not to hold before its last part.
fn all_fit(layer: usize, number: usize, forbids: bool) -> (String, String) {
    let used = format!("context.uses.contains(\"patient.c{}:aggregate\")", number % COLUMNS);
    let cells = 1_000 + layer * RULES + number;
    let when = if forbids {
        format!("context.cells >= {cells} || {used}")
    } else {
        format!(
            "context.purpose == \"quality\" && context.hospitals >= {} && context.cells <= {cells} && !{used}",
            number % 3
        )
    };
    (SCOPE.to_owned(), when)
}

/// A rule as boards have them; the first one grants the question.
fn several(layer: usize, number: usize, forbids: bool) -> (String, String) {
    let of = |words: &[&'static str], step: usize| {
        let place = (number / step).checked_rem(words.len()).unwrap_or(0);
        words.get(place).copied().unwrap_or_default()
    };
    let who = match number % 5 {
        0 => format!("principal in Kring::TumourGroup::\"g{}\"", (number / 5 + 1) % 20),
        1 => format!("principal in Kring::Hospital::\"H00{}\"", number % SIZE.0),
        2 => "principal".to_owned(),
        _ => "principal in Kring::Role::\"analyst\"".to_owned(),
    };
    let action = of(&["ask.members", "ask.indicator", "ask.members", "ask.explore"], 1);
    let action = if forbids { of(&["ask.members", "enter", "ask.indicator"], 4) } else { action };
    let purpose = of(&["quality", "research", "capacity"], 4);
    let scope = format!(
        "{who}, action == Kring::Action::\"{action}\", resource == Kring::Dataset::\"{}\"",
        of(&["made", "care", "lung", "skin"], 8)
    );
    let when = match (forbids, action) {
        (true, "enter") => format!("context.purpose == \"trade-{layer}-{number}\""),
        (true, _) => format!(
            "context.purpose == \"{purpose}\" && context.uses.contains(\"patient.c{}:group\") && context.cells > {}",
            number % COLUMNS,
            10 + layer + number
        ),
        (false, _) => format!(
            "context.purpose == \"{purpose}\" && context.hospitals >= {} && context.cells <= {} && !context.uses.contains(\"patient.c{}:aggregate\")",
            number % 3,
            1_000 + layer * RULES + number,
            number % COLUMNS
        ),
    };
    (scope, when)
}

fn ask() -> anyhow::Result<Ask> {
    Ok(Ask {
        network: NETWORKS.last().context("a network")?.parse()?,
        person: "p0001".parse()?,
        purpose: "quality".parse()?,
        group: None,
        dataset: "made".parse()?,
        asking_node: "H001".parse()?,
        direct_signature: true,
        hospitals: 5,
        named: None,
        at: NOW,
        to_itself: false,
        indicator: None,
        profile: None,
    })
}

/// A count of everybody that uses every column.
fn touched() -> Touched {
    let uses = (0..COLUMNS).map(|number| ColumnUse {
        table: "patient".to_owned(),
        column: format!("c{number}"),
        usage: policies::dataset::Use::Filter,
    });
    let aggregates = BTreeSet::from(["count".to_owned()]);
    Touched::InWords(InWords { uses: uses.collect(), aggregates, ..InWords::default() })
}
