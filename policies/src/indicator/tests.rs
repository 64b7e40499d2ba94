use super::*;

const GOOD: &str = "\
-- id: b1_bla_volume
-- version: 2
-- dataset: oncology
-- title_nl: Cystectomieen per jaar
-- title_en: Cystectomies per year
-- norm: at least 20 a year (SONCOS)
-- source: SONCOS 2024
-- note: a year is that of the operation
-- by: total, hospital, network
-- window: all, 2022-2024
-- min_patients: 20
-- zeros: hidden

SELECT
  t.hospital, -- by hospital
  t.network,  -- by network
  t.start_year, count(*) AS n
FROM treatment t
WHERE t.procedure = 'cystectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
GROUP BY t.start_year
  , t.hospital -- by hospital
  , t.network -- by network
";

fn parsed(text: &str) -> Result<Indicator, Vec<String>> {
    parse("indicators/b1_bla_volume.sql", text)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn name(text: &str) -> VariantName {
    VariantName::new(text).unwrap()
}

#[track_caller]
fn check(find: &str, put: &str, expected: &[&str]) {
    let text = GOOD.replacen(find, put, 1);
    assert_ne!(text, GOOD, "`{find}` is not in the file");
    let problems = parsed(&text).unwrap_err();
    let expected: Vec<String> =
        expected.iter().map(|told| format!("indicators/b1_bla_volume.sql{told}")).collect();
    assert_eq!(problems, expected);
}

#[test]
fn a_variant_is_the_file_without_the_lines_of_others() {
    let indicator = parsed(GOOD).unwrap();
    assert_eq!((indicator.id.as_str(), indicator.version), ("b1_bla_volume", 2));
    assert_eq!(indicator.digest, Digest::of(GOOD.as_bytes()));
    assert_eq!(indicator.opinions.min_patients.unwrap().get(), 20);
    let expand = |by, window| indicator.expand(Some(&name(by)), Some(&name(window))).unwrap();
    assert_eq!(
        expand("total", "all"),
        "SELECT\n  t.start_year, count(*) AS n\nFROM treatment t\nWHERE t.procedure = 'cystectomy'\nGROUP BY t.start_year"
    );
    assert_eq!(
        expand("network", "2022-2024"),
        "SELECT\n  t.network,\n  t.start_year, count(*) AS n\nFROM treatment t\nWHERE t.procedure = 'cystectomy'\n  \
         AND t.start_year BETWEEN 2022 AND 2024\nGROUP BY t.start_year\n  , t.network"
    );
    let texts: std::collections::BTreeSet<String> =
        indicator.variants().map(|(by, window)| indicator.expand(by, window).unwrap()).collect();
    assert_eq!(texts.len(), 6);
}

#[test]
fn a_question_names_the_text_that_is_run() {
    let indicator = parsed(GOOD).unwrap();
    let (named, text) = indicator.refer(None, None).unwrap();
    assert_eq!((named.by.clone(), named.window.clone()), (Some(name("total")), Some(name("all"))));
    assert_eq!(named.text, Digest::of(text.as_bytes()));
    let (other, text) = indicator.refer(Some(&name("hospital")), None).unwrap();
    assert_eq!(other.text, Digest::of(text.as_bytes()));
    assert_ne!(other.text, named.text);
}

#[test]
fn only_enumerated_variants_have_a_text() {
    let indicator = parsed(GOOD).unwrap();
    let code = |by: Option<&str>, window: Option<&str>| {
        let (by, window) = (by.map(name), window.map(name));
        let fault = indicator.expand(by.as_ref(), window.as_ref()).unwrap_err();
        assert!(!fault.dutch().is_empty());
        (fault.code(), fault.to_string())
    };
    let told = |text: &str| ("unknown_variant", format!("indicator `b1_bla_volume` has {text}"));
    let by = told("`by` total, hospital, network, not `age`");
    assert_eq!(code(Some("age"), Some("all")), by);
    assert_eq!(
        code(None, Some("all")),
        told("`by` total, hospital, network, not one without `by`")
    );
    assert_eq!(code(Some("total"), Some("2023")), told("`window` all, 2022-2024, not `2023`"));
    let plain = "-- id: plain\n-- version: 1\n-- dataset: oncology\n-- title_en: P\n-- source: S\nSELECT count(*) FROM patient";
    let plain = parse("indicators/plain.sql", plain).unwrap();
    assert_eq!(plain.expand(None, None).unwrap(), "SELECT count(*) FROM patient");
    let fault = plain.expand(Some(&name("total")), None).unwrap_err();
    assert_eq!(fault.to_string(), "indicator `plain` has no variants of `by`, not `total`");
}

#[test]
fn every_problem_of_a_head_is_told_with_its_line() {
    check("-- version: 2", "-- version: 02", &[":2: `version` counts from 1"]);
    check(
        "-- norm:",
        "-- norms:",
        &[
            ":6: `norms` is not a key of the head: known are id, version, dataset, title_nl, title_en, norm, source, by, window, band, year, note, min_patients, min_part, zeros, parts, dominance, p_percent, min_df, variance, kind, quota_day, quota_lineage, signature, approval, reveal",
        ],
    );
    check("-- id: b1_bla_volume\n", "", &[":1: `id` is missing from the head: write `-- id: ...`"]);
    check(
        "-- source: SONCOS 2024\n",
        "-- source SONCOS\n",
        &[
            ":1: `source` is missing from the head: write `-- source: ...`",
            ":7: a line of the head is `-- key: value`",
        ],
    );
    check("-- norm: at", "-- title_nl: x\n-- norm: at", &[":6: `title_nl` is in the head twice"]);
    check(
        "-- min_patients: 20",
        "-- min_patients: many\n-- own: exact",
        &[
            ":11: `min_patients` is a number of patients, \"0\" to \"1000000\"",
            ":12: `own` is for a hospital's own rules, not for an indicator",
        ],
    );
    check(
        "2022-2024\n-- min",
        "2024-2022, three\n-- min",
        &[
            ":10: `2024-2022` is no window: write `all`, a year such as `2024`, or years such as `2022-2024`",
            ":20: `-- window` names variants of the head's `window`, which are all, 2024-2022, three",
        ],
    );
    check(
        "-- by: total, hospital",
        "-- by: total, total, hospital",
        &[
            ":9: `total` is in `by` twice",
            ":15: `-- by` names variants of the head's `by`, which are none",
            ":16: `-- by` names variants of the head's `by`, which are none",
            ":22: `-- by` names variants of the head's `by`, which are none",
            ":23: `-- by` names variants of the head's `by`, which are none",
        ],
    );
}

#[test]
fn a_text_has_no_other_comments_and_no_two_variants_are_one() {
    let comment = "a comment in the text is `-- by NAME` or `-- window NAME`, of variants; write notes as `-- note: ...` in the head";
    for wrong in ["-- By hospital", "-- bye hospital", "-- the hospital", "--"] {
        check("-- by hospital\n  t", &format!("{wrong}\n  t"), &[&format!(":15: {comment}")]);
    }
    let names =
        ":15: `-- by` names variants of the head's `by`, which are total, hospital, network";
    for wrong in [
        "-- by",
        "-- by hospitals",
        "-- by hospital,",
        "-- by hospital -- window all",
        "-- by hospital total",
    ] {
        check("-- by hospital\n  t", &format!("{wrong}\n  t"), &[names]);
    }
    check(
        "-- by: total,",
        "-- by: total, region,",
        &[": variants `total all` and `region all` have the same text"],
    );
    for wrong in ["t.network;", "t.network; SELECT 1", ";", "';'"] {
        check(
            "  , t.network -- by network\n",
            &format!("  , {wrong} -- by network\n"),
            &[":23: the text is one statement, without `;`"],
        );
    }
    check("FROM treatment t", "FROM treatment t /* all */", &[&format!(":18: {comment}")]);
    // What begins in a line of one variant would take lines of all away from it.
    check(
        "-- by hospital\n  t.network,  -- by network\n  t.start_year,",
        "/* -- by hospital\n  t.network,  -- by network\n  */ t.start_year,",
        &[&format!(":15: {comment}"), &format!(":17: {comment}")],
    );
}

#[test]
fn hostile_files_end() {
    let told = |text: &str| parsed(text).unwrap_err();
    let large = format!("{GOOD}{}", " ".repeat(70_000));
    assert!(told(&large)[0].contains("bytes, at most 65536 are read"));
    let long = GOOD.replace("count(*) AS n", &format!("'{}' AS n", "x".repeat(17_000)));
    assert!(told(&long).iter().all(|told| told.contains("at most 16384 are read")));
    for hidden in ["\u{202e}", "\u{0}", "\t", "\r"] {
        let text = GOOD.replace("FROM", &format!("FROM{hidden}"));
        assert_eq!(
            told(&text),
            [
                "indicators/b1_bla_volume.sql:18: a line has visible characters and spaces only, and ends in \\n"
            ]
        );
    }
    assert!(!told("").is_empty());
    let empty = GOOD.split("\nSELECT").next().unwrap();
    assert!(told(empty).iter().any(|told| told.contains("has no text")));
}
