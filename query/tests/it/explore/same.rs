//! Texts that mean the same have one form, and texts that do not have several.

use std::collections::{BTreeMap, BTreeSet};

use super::Explorer;

/// Questions, each in many words.
const SAME: &str = include_str!("../../slt/explore/same.sql");

/// The blocks of the file: a name, and texts.
fn blocks() -> Vec<(String, Vec<String>)> {
    let blocks = SAME.split("\n-- ").map(|block| block.trim_start_matches("-- "));
    let blocks = blocks.map(|block| {
        let (name, texts) = block.split_once('\n').unwrap();
        let texts = texts.split(';').map(str::trim).filter(|text| !text.is_empty());
        (name.to_owned(), texts.map(str::to_owned).collect())
    });
    blocks.collect()
}

#[test]
fn texts_that_mean_the_same_have_one_form() {
    let mut explorer = Explorer::new();
    let mut forms: BTreeMap<BTreeSet<String>, String> = BTreeMap::new();
    let mut texts = 0;
    let mut wrong = Vec::new();
    for (name, block) in blocks() {
        let mut first = None;
        for text in &block {
            texts += 1;
            let got = explorer.figures(text);
            let wanted = first.get_or_insert_with(|| got.clone());
            if *wanted != got || got.is_err() {
                wrong.push(format!("{name}: {text}\n{got:#?}\nnot\n{wanted:#?}"));
            }
        }
        if let Some(Ok(form)) = first
            && let Some(other) = forms.insert(form, name.clone())
        {
            wrong.push(format!("{name} is {other}"));
        }
    }
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(forms.len() >= 8 && texts >= 95, "{} forms, {texts} texts", forms.len());
    assert!(blocks().iter().filter(|(_, texts)| texts.len() >= 10).count() >= 4);
}

#[test]
fn a_cell_is_its_condition() {
    let mut explorer = Explorer::new();
    for (condition, key) in [
        ("grade = 2", "grade"),
        ("grade IS NULL", "grade"),
        ("tumour = 'brain'", "tumour"),
        ("year = 2020", "year"),
        ("dead = 1", "dead"),
        (
            "age >= 40 AND age < 70",
            "CASE WHEN age < 40 THEN 'a' WHEN age < 70 THEN 'b' ELSE 'c' END",
        ),
        ("year / 2 = 1010", "year / 2"),
    ] {
        let alone = explorer.figures(&format!("SELECT count(*) FROM diagnosis WHERE {condition}"));
        let cells = format!("SELECT {key}, count(*) FROM diagnosis GROUP BY {key}");
        let (alone, cells) = (alone.unwrap(), explorer.figures(&cells).unwrap());
        assert_eq!(alone.len(), 1);
        assert!(alone.is_subset(&cells), "{alone:?} {cells:?}");
        // A filter, a share and a CASE are under it too.
        for call in [
            format!("count(*) FILTER (WHERE {condition})"),
            format!("share({condition})"),
            format!("sum(CASE WHEN {condition} THEN 1 ELSE 0 END)"),
        ] {
            let figures = explorer.figures(&format!("SELECT {call} FROM diagnosis")).unwrap();
            assert!(alone.is_subset(&figures), "{alone:?} {figures:?}");
        }
    }
}
