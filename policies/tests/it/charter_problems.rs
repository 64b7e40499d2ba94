//! Every way to write a charter wrong that a board has thought of: the exact problems, with file and line.

use serde::Deserialize;

use crate::fixture::{files, raw_files, with_keys};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    cases: Vec<Case>,
}

/// An edit of the good files, and what must be said.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    edits: Vec<Edit>,
    expect: Vec<String>,
}

/// Puts a text in place of the first `find`; without `find` of the whole file; without `put` the file goes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edit {
    file: String,
    find: Option<String>,
    put: Option<String>,
}

fn problems(case: &Case) -> Vec<String> {
    let mut files = raw_files();
    for Edit { file, find, put } in &case.edits {
        let Some(put) = put else {
            files.remove(file);
            continue;
        };
        let text = match find {
            None => put.clone(),
            Some(find) => {
                let text = &files[file];
                assert!(text.contains(find), "{}: `{find}` is not in {file}", case.name);
                text.replacen(find, put, 1)
            }
        };
        files.insert(file.clone(), text);
    }
    let files = files.into_iter().map(|(path, text)| (path, with_keys(&text))).collect();
    match policies::charter::parse(&files) {
        Ok(_charter) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn every_problem_is_told_with_file_and_line() {
    let cases: Cases = toml::from_str(include_str!("cases/charter_problems.toml")).unwrap();
    let mut wrong = Vec::new();
    for case in &cases.cases {
        let got = problems(case);
        if got != case.expect || got.is_empty() {
            wrong.push(format!("## {}\n{}", case.name, got.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_good_charter_has_no_problem() {
    policies::charter::parse(&files()).unwrap();
}

/// The problems of one rule with this condition.
fn rule_problems(condition: &str) -> Vec<String> {
    let mut files = files();
    let rule = format!(
        "@id(\"deep\") permit (principal, action == Kring::Action::\"ask.members\", resource) when {{ {condition} }};"
    );
    files.insert("rules/network.cedar".to_owned(), rule);
    match policies::charter::parse(&files) {
        Ok(_charter) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn hostile_rules_end() {
    let nested = "rules/network.cedar:1: a rule nests at most 16 brackets";
    let long = "rules/network.cedar:1: a rule has at most 128 operators: split it";
    let open = "rules/network.cedar:1: not Cedar: this text in quotes does not end";
    for bracket in ["(", "[", "{"] {
        assert_eq!(rule_problems(&bracket.repeat(100_000)), [nested]);
    }
    for operator in ["!", "-", "if ", "true && ", "1 + ", "a.", "x in ", "a has "] {
        assert_eq!(rule_problems(&operator.repeat(10_000)), [long], "{operator}");
    }
    assert_eq!(rule_problems("true == \"abc"), [open]);
    assert_eq!(rule_problems("true == \"abc\\\n\""), [open]);
    let large = format!("// {}", "x".repeat(300_000));
    assert!(rule_problems(&large)[0].contains("bytes, at most 262144 are read"));
}

#[test]
fn the_largest_rule_is_still_checked_and_a_comment_counts_nothing() {
    // Cedar's validator accepts what it has no stack for: here it must still find the wrong type.
    for wrong in [" + 1", " - 1", " * 1"] {
        let problems = rule_problems(&format!("1{}", wrong.repeat(120)));
        assert_eq!(
            problems,
            ["rules/network.cedar:1: unexpected type: expected Bool but saw Long"]
        );
    }
    let problems = rule_problems(&format!("context{}", ".a".repeat(120)));
    assert!(problems[0].contains("attribute `a` in context"), "{problems:?}");
    let nested = format!("{}1{}", "(".repeat(13), ")".repeat(13));
    assert_eq!(
        rule_problems(&nested),
        ["rules/network.cedar:1: unexpected type: expected Bool but saw Long"]
    );
    let commented = format!("true // {}\n", "&& ".repeat(1_000));
    assert!(rule_problems(&commented).is_empty());
    let quoted =
        format!("context.purpose == \"quality\" || context.sql == \"{}\"", "&& ".repeat(1_000));
    assert!(rule_problems(&quoted)[0].contains("attribute `sql`"));
    let chain = format!("context.purpose == \"quality\"{}", " && true".repeat(120));
    assert!(rule_problems(&chain).is_empty());
}
