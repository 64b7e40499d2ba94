use std::collections::BTreeMap;

use super::*;

fn report() -> Rehearsal {
    let shown = Shown {
        figures: 40,
        exact: 10,
        hidden: 30,
        before: 2,
        rules: BTreeMap::from([("r1".to_owned(), 30)]),
        ..Shown::default()
    };
    let variant = |by: &str, shown: Shown| OfVariant {
        indicator: "volume".to_owned(),
        by: Some(by.to_owned()),
        window: None,
        rules: vec!["noord/all".to_owned()],
        protections: BTreeMap::from([("min_patients", "10".to_owned())]),
        shown,
        fault: None,
    };
    let again = Shown { repeated: true, ..shown.clone() };
    let together = Sums {
        patients: 200,
        shown: shown.clone(),
        about: 150,
        smallest: Some(12),
        ..Sums::default()
    };
    Rehearsal {
        generated: true,
        patients: 100,
        hospitals: vec!["ALFA".parse().unwrap(), "BRAVO".parse().unwrap()],
        askers: (4, 4),
        variants: (3, 3),
        datasets: vec![OfDataset {
            dataset: "made".parse().unwrap(),
            version: 1,
            variants: vec![
                variant("total", shown),
                variant("hospital", again),
                variant("network", Shown::default()),
            ],
            nobody: vec!["secret total".to_owned()],
            together,
        }],
    }
}

#[track_caller]
fn says(lines: &[String], words: &[&str]) {
    let text = lines.join("\n");
    words.iter().for_each(|words| assert!(text.contains(words), "{words} in {text}"));
}

#[test]
fn rows_that_add_nothing_are_counted_and_not_listed() {
    let lines = text(&report(), Language::En);
    let rows = lines.iter().filter(|line| line.contains("volume")).count();
    assert_eq!(rows, 1, "{lines:?}");
    says(
        &lines,
        &[
            "100 patients who do not exist at each of ALFA, BRAVO",
            "1 variant(s) that ask a hospital the very same as one above, 1 that none",
            "Nobody may ask 1 variant(s): secret total",
            "told as they are 10 (25.0 %)",
            "null: 30 (75.0 %), 2 of them only for what was told before; by rule: r1 30",
        ],
    );
}

#[test]
fn a_sentence_says_what_was_found_in_both_languages() {
    let mut report = report();
    says(&text(&report, Language::En), &["none of them can be worked out from the others"]);
    says(&text(&report, Language::Nl), &["geen ervan uit de andere uit te rekenen"]);
    let together = &mut report.datasets[0].together;
    (together.solved, together.narrow) = (3, 4);
    says(&text(&report, Language::En), &["Of the hidden figures 3 can be worked out"]);
    says(&text(&report, Language::Nl), &["3 zijn uit de andere uit te rekenen", ", 4 zijn nauwer"]);
}

#[test]
fn what_was_not_run_is_told() {
    let mut report = report();
    (report.variants, report.askers) = ((3, 9), (4, 7));
    says(&text(&report, Language::En), &["first 3 of 9 variants", "4 of 7 kinds of people"]);
    says(&text(&report, Language::Nl), &["eerste 3 van 9 varianten", "4 van 7 soorten mensen"]);
}
