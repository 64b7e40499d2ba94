//! The explore form: which texts are in it, and that texts which mean the same have one form.
//!
//! `tests/slt/explore/*.slt` states the profile by its folder: the rows of a case are the figures that its form names, a
//! refusal is that of `ask.explore`, whatever other profiles answer.

#![expect(clippy::indexing_slicing, clippy::panic, reason = "test code")]

use std::collections::BTreeSet;

use policies::Footprint;
use policies::dataset::Dataset;
use policies::explore::{Explore, ExploreForm};

use crate::slt::file::{self, Case, Expect};
use crate::sql::network::{Network, Protect, Worker};

mod rewrites;
mod same;

const DATASET: &str = include_str!("../slt/data/oncology.toml");
const ACCEPTED: &str = include_str!("../slt/explore/accepted.slt");
const REFUSED: &str = include_str!("../slt/explore/refused.slt");
const REFUSALS: &str = include_str!("../../../policies/src/explore/refusal.rs");
const PAGE: &str = include_str!("../../../docs/SQL.md");

/// Plans texts; nothing is executed.
struct Explorer {
    network: Network,
    worker: Worker,
}

impl Explorer {
    fn new() -> Self {
        Self::over(DATASET)
    }

    fn over(dataset: &str) -> Self {
        let network = Network::new(dataset, &Default::default(), Protect::OFF);
        Self { network, worker: Worker::start() }
    }

    fn dataset(&self) -> &Dataset {
        self.network.dataset()
    }

    /// The forms of a text's fragments, as the daemon takes them.
    #[track_caller]
    fn explored(&mut self, sql: &str) -> Result<Vec<Explore>, (String, String)> {
        let planned = self.network.plan(&mut self.worker, sql);
        let planned = planned.map_err(|failure| (failure.code, failure.message))?;
        let footprint = Footprint::check(planned.footprint, self.dataset())
            .unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
        Ok(footprint.draft().fragments.iter().map(|fragment| fragment.explore.clone()).collect())
    }

    /// Every figure of every cell, or the code and message of the refusal.
    #[track_caller]
    fn figures(&mut self, sql: &str) -> Result<BTreeSet<String>, (String, String)> {
        let mut figures = BTreeSet::new();
        for explored in self.explored(sql)? {
            let form = explored.form();
            let form = form.map_err(|refusal| (refusal.code().to_owned(), refusal.to_string()))?;
            figures.extend(figures_of(form, self.dataset()));
        }
        Ok(figures)
    }
}

fn figures_of(form: &ExploreForm, dataset: &Dataset) -> Vec<String> {
    let sizes: Vec<usize> = form.keys.iter().map(|key| key.cells(dataset).len()).collect();
    let mut lines = Vec::new();
    for cell in 0..sizes.iter().product() {
        let mut rest: usize = cell;
        let places = sizes.iter().map(|size| {
            let place = rest % size;
            rest /= size;
            place
        });
        let places: Vec<usize> = places.collect();
        for term in form.sums.iter().flat_map(|sum| &sum.terms) {
            let figure = form.figure(&places, term, dataset).unwrap();
            let factor =
                if term.factor == 1 { String::new() } else { format!("{} * ", term.factor) };
            lines.push(format!("{factor}{}: {}", figure.id, figure.form));
        }
    }
    lines
}

#[track_caller]
fn check(cases: &[Case]) {
    let mut explorer = Explorer::new();
    let mut wrong = Vec::new();
    for case in cases {
        let got = explorer.figures(&case.sql);
        let right = match (&case.expect, &got) {
            (Expect::Rows { rows, .. }, Ok(figures)) => {
                rows.iter().cloned().collect::<BTreeSet<_>>() == *figures
            }
            (Expect::Refused { code, words }, Err((got, message))) => {
                got == code && message.contains(words) && message.contains("indicator")
            }
            (Expect::Rows { .. }, Err(_)) | (Expect::Refused { .. }, Ok(_)) => false,
        };
        if !right {
            let got = match got {
                Ok(figures) => figures.into_iter().collect::<Vec<_>>().join("\n"),
                Err((code, message)) => format!("{code}: {message}"),
            };
            wrong.push(format!("line {}: {}\n----\n{got}", case.line, case.sql));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn accepted_texts_have_their_figures() {
    check(&file::parse(ACCEPTED));
}

#[test]
fn other_texts_are_refused_with_a_way_to_ask() {
    check(&file::parse(REFUSED));
}

#[test]
fn every_refusal_has_a_case_and_stands_on_the_page() {
    let arms =
        REFUSALS.lines().filter_map(|line| line.split_once("=> \"explore_")?.1.strip_suffix("\","));
    let codes: BTreeSet<String> = arms.map(|code| format!("explore_{code}")).collect();
    assert_eq!(codes.len(), 12);
    let cases = file::parse(REFUSED);
    let shown = cases.iter().filter_map(|case| match &case.expect {
        Expect::Refused { code, .. } => Some(code.clone()),
        Expect::Rows { .. } => None,
    });
    // The dataset of the cases has no four quasi-identifying columns; what is mixed, or of edges, is in the form.
    let beside = ["explore_quasi", "explore_mixed", "explore_quantile"];
    let shown = shown.chain(beside.map(str::to_owned));
    assert_eq!(codes, shown.collect());
    let (_, section) = PAGE.split_once("## What ask.explore accepts").unwrap();
    let listed = section.split('`').filter(|word| word.starts_with("explore_"));
    assert_eq!(codes, listed.map(str::to_owned).collect());
}

#[test]
fn sums_are_answered_by_the_parts_that_they_are_split_into() {
    let mut explorer = Explorer::new();
    let mut answered = |sum: &str| {
        let sql = format!("SELECT {sum} FROM diagnosis");
        let planned = explorer.network.plan(&mut explorer.worker, &sql).unwrap();
        let footprint = Footprint::check(planned.footprint, explorer.dataset()).unwrap();
        assert!(footprint.draft().fragments[0].explore.form().is_ok());
        let answerable = policies::explore::answerable(footprint.draft(), explorer.dataset());
        answerable.map_err(|refusal| refusal.to_string())
    };
    for sum in [
        "count(*)",
        "sum(age)",
        "avg(age) FILTER (WHERE grade = 2)",
        "stddev(bmi)",
        "sum(dead)",
        "2 * sum(age) + 3 * count(*)",
        "sum(CASE WHEN grade = 2 THEN 1 ELSE 0 END)",
        "sum(CASE WHEN grade = 2 THEN age END)",
        "sum(2 * age)",
        "sum(age + 3)",
        "sum(CASE WHEN grade = 2 THEN age ELSE 0 END)",
    ] {
        assert_eq!(answered(sum), Ok(()), "{sum}");
    }
    let refusal = answered("median(age)").unwrap_err();
    assert!(refusal.contains("median") && refusal.contains("edge"), "{refusal}");
}

#[test]
fn at_most_three_quasi_identifying_columns_are_looked_at() {
    let quasi = DATASET
        .replace(
            "name = \"sex\", type = \"integer\", class = \"category\"",
            "name = \"sex\", type = \"integer\", class = \"quasi\"",
        )
        .replace(
            "name = \"region\", type = \"text\", class = \"category\"",
            "name = \"region\", type = \"text\", class = \"quasi\"",
        );
    let mut explorer = Explorer::over(&quasi);
    let text = |more: &str| {
        format!(
            "SELECT year, region, count(*) FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key WHERE sex = 1 {more} GROUP BY year, region"
        )
    };
    assert!(explorer.figures(&text("AND year / 2 = 1010")).is_ok());
    let (code, message) = explorer.figures(&text("AND birth_year / 10 = 195")).unwrap_err();
    assert_eq!(code, "explore_quasi");
    assert!(message.contains("patient.birth_year") && message.contains("at most 3"), "{message}");
}

#[test]
fn the_examples_of_the_page_are_what_they_say() {
    let mut explorer = Explorer::new();
    let (mut accepted, mut refused) = (0, 0);
    let mut blocks = PAGE.split("```sql ").skip(1).filter_map(|block| block.split_once("```"));
    blocks.by_ref().for_each(|(block, _)| {
        let (fence, sql) = block.split_once('\n').unwrap();
        if fence == "explore" {
            accepted += 1;
            assert!(explorer.figures(sql).is_ok(), "{sql}");
        } else if let Some(code) = fence.strip_prefix("explore-not ") {
            refused += 1;
            assert_eq!(explorer.figures(sql).unwrap_err().0, code, "{sql}");
        }
    });
    assert!(accepted >= 4 && refused >= 4, "{accepted} {refused}");
}

#[test]
fn a_form_too_long_for_the_log_costs_no_other_profile_its_answer() {
    let years = "class = \"quasi\", min = 2018, max = 2023, step = 1";
    let many = DATASET.replace(years, "class = \"quasi\", min = 0, max = 4000, step = 1");
    assert_ne!(many, DATASET);
    let mut explorer = Explorer::over(&many);
    let refused = explorer.figures("SELECT year, count(*) FROM diagnosis GROUP BY year");
    assert_eq!(refused.unwrap_err().0, "explore_key");
    assert!(explorer.figures("SELECT count(*) FROM diagnosis WHERE year = 2020").is_ok());
}

#[test]
fn a_refusal_names_the_columns_that_the_text_is_about() {
    let mut explorer = Explorer::new();
    for condition in [
        "EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.start_day > d.day)",
        "d.day IN (SELECT t.start_day FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key)",
    ] {
        let refused =
            explorer.figures(&format!("SELECT count(*) FROM diagnosis d WHERE {condition}"));
        let (code, message) = refused.unwrap_err();
        assert_eq!(code, "explore_exists");
        assert!(message.contains("treatment.start_day"), "{message}");
        assert!(message.contains("diagnosis.day") && !message.contains("__"), "{message}");
    }
}
