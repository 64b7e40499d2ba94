//! Reads a charter's files together: every problem of every file at once.

use std::collections::BTreeMap;

use crate::DatasetId;
use crate::cases;
use crate::dataset::{self, Dataset};
use crate::problem::{Problem, Problems};

use super::head::Head;
use super::head::keys::Others;
use super::rules::{self, Book, Known};
use super::{Charter, head, indicators, members, people};

/// Most files of a charter.
pub const MAX_FILES: usize = 512;

/// What a path inside a charter names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Head,
    Members,
    People,
    Dataset,
    Indicator,
    Rules,
    Cases,
}

/// Reads and checks a charter; `files` maps the path inside its directory to the text.
///
/// # Errors
/// Every problem of every file, in order of files and lines.
pub fn parse(files: &BTreeMap<String, String>) -> Result<Charter, Vec<Problem>> {
    let mut found: Vec<Problem> = Vec::new();
    if files.len() > MAX_FILES {
        return Err(vec![too_many(files.len())]);
    }
    let kinds = kinds(files, &mut found);
    let head = single(files, "charter.toml", &mut found, head::read);
    let own = head.as_ref().map(|head| &head.network);
    let of_kind =
        |kind: Kind| kinds.iter().filter(move |(_, of)| *of == kind).map(|(path, _)| *path);
    let before = found.len();
    let datasets = datasets(files, of_kind(Kind::Dataset), &mut found);
    let readable = (found.len() == before).then_some(&datasets);
    let members::Read { members, networks } =
        single(files, "members.toml", &mut found, |text, problems| {
            Some(members::read(text, (own, readable), problems))
        })
        .unwrap_or_default();
    let whole = !found.iter().any(|problem| problem.file == "members.toml");
    let people = single(files, "people.toml", &mut found, |text, problems| {
        Some(people::read(text, whole.then_some(&members), problems))
    })
    .unwrap_or_default();
    let indicators = indicators::read(files, of_kind(Kind::Indicator), &datasets, &mut found);
    let rule_files: Vec<(&str, &str)> = of_kind(Kind::Rules)
        .filter_map(|path| files.get(path).map(|text| (path, text.as_str())))
        .collect();
    let broken = found.iter().map(|problem| problem.file.clone()).collect();
    let known = Known {
        network: own,
        members: &members,
        people: &people,
        datasets: &datasets,
        indicators: &indicators,
        broken,
        book: Book::Charter,
    };
    let rules = rules::read(&rule_files, &known, &mut found);
    let whole = whole && readable.is_some();
    let others = Others { members: &members, people: &people, datasets: &datasets, whole };
    found.extend(head_among(files, head.as_ref(), others));
    let cases = cases::read(files, of_kind(Kind::Cases), &mut found);
    found.sort();
    match (head, rules) {
        (Some(head), Some(rules)) if found.is_empty() => Ok(Charter {
            head,
            members,
            networks,
            people,
            texts: texts(files, &datasets),
            datasets,
            indicator_texts: indicators::texts(files, &indicators),
            indicators,
            rules,
            cases,
            sealed: None,
        }),
        (_, _) => Err(found),
    }
}

fn too_many(files: usize) -> Problem {
    let message = format!("the charter has {files} files, at most {MAX_FILES} are read");
    Problem { file: "charter.toml".to_owned(), line: None, message }
}

/// What `charter.toml` says, compared with the other files.
fn head_among(
    files: &BTreeMap<String, String>,
    head: Option<&Head>,
    others: Others<'_>,
) -> Vec<Problem> {
    let (Some(head), Some(text)) = (head, files.get("charter.toml")) else {
        return Vec::new();
    };
    let mut problems = Problems::new("charter.toml", text);
    head::keys::check(head, text, others, &mut problems);
    problems.into_vec()
}

/// Reads `charter.toml` alone.
///
/// # Errors
/// Every problem of this file that shows without the others.
pub(crate) fn head_alone(files: &BTreeMap<String, String>) -> Result<Head, Vec<Problem>> {
    let mut found = Vec::new();
    let head = single(files, "charter.toml", &mut found, head::read);
    match head {
        Some(head) if found.is_empty() => Ok(head),
        Some(_) | None => Err(found),
    }
}

/// Which file is what; a path that is none of them is a problem.
fn kinds<'f>(
    files: &'f BTreeMap<String, String>,
    found: &mut Vec<Problem>,
) -> Vec<(&'f str, Kind)> {
    let mut kinds = Vec::new();
    for path in files.keys() {
        match kind(path) {
            Ok(kind) => kinds.push((path.as_str(), kind)),
            Err(message) => {
                let file = path.chars().take(120).flat_map(char::escape_default).collect();
                found.push(Problem { file, line: None, message: message.to_owned() });
            }
        }
    }
    kinds
}

fn kind(path: &str) -> Result<Kind, &'static str> {
    let segment = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    if path.len() > 120 || !path.split('/').all(segment) {
        return Err("a path has segments of a-z, 0-9, `.`, `_` and -, none beginning with a point");
    }
    match (path, path.split_once('/')) {
        ("charter.toml", _) => Ok(Kind::Head),
        ("members.toml", _) => Ok(Kind::Members),
        ("people.toml", _) => Ok(Kind::People),
        (_, Some(("datasets", name))) if is_name(name, ".toml") => Ok(Kind::Dataset),
        (_, Some(("indicators", name))) if is_name(name, ".sql") => Ok(Kind::Indicator),
        (_, Some(("rules", name))) if is_name(name, ".cedar") => Ok(Kind::Rules),
        (_, Some(("tests", name))) if is_name(name, ".toml") => Ok(Kind::Cases),
        (_, _) => Err(
            "not a file of a charter: it has charter.toml, members.toml, people.toml, datasets/*.toml, indicators/*.sql, rules/*.cedar and tests/*.toml",
        ),
    }
}

fn is_name(name: &str, ending: &str) -> bool {
    name.strip_suffix(ending).is_some_and(|stem| !stem.is_empty() && !name.contains('/'))
}

fn single<T>(
    files: &BTreeMap<String, String>,
    path: &str,
    found: &mut Vec<Problem>,
    read: impl FnOnce(&str, &mut Problems<'_>) -> Option<T>,
) -> Option<T> {
    let Some(text) = files.get(path) else {
        let message = "the file is missing from the charter".to_owned();
        found.push(Problem { file: path.to_owned(), line: None, message });
        return None;
    };
    let mut problems = Problems::new(path, text);
    let value = read(text, &mut problems);
    found.extend(problems.into_vec());
    value
}

fn datasets<'f>(
    files: &BTreeMap<String, String>,
    paths: impl Iterator<Item = &'f str>,
    found: &mut Vec<Problem>,
) -> BTreeMap<DatasetId, Dataset> {
    let mut datasets = BTreeMap::new();
    for path in paths {
        let Some(text) = files.get(path) else {
            continue;
        };
        match dataset::file::parse(path, text) {
            Ok(dataset) => {
                if path != path_of(&dataset.id) {
                    let message = format!(
                        "this file holds dataset `{0}`: call it datasets/{0}.toml",
                        dataset.id
                    );
                    found.push(Problem { file: path.to_owned(), line: None, message });
                }
                datasets.insert(dataset.id.clone(), dataset);
            }
            Err(problems) => found.extend(problems),
        }
    }
    datasets
}

fn path_of(id: &DatasetId) -> String {
    format!("datasets/{id}.toml")
}

fn texts(
    files: &BTreeMap<String, String>,
    datasets: &BTreeMap<DatasetId, Dataset>,
) -> BTreeMap<DatasetId, String> {
    let text = |id: &DatasetId| files.get(&path_of(id)).map(|text| (id.clone(), text.clone()));
    datasets.keys().filter_map(text).collect()
}
