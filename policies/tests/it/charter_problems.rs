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
                assert!(
                    text.contains(find),
                    "{}: `{find}` is not in {file}",
                    case.name
                );
                text.replacen(find, put, 1)
            }
        };
        files.insert(file.clone(), text);
    }
    let files = files
        .into_iter()
        .map(|(path, text)| (path, with_keys(&text)))
        .collect();
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
