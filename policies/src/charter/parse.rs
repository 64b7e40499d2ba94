//! Reads a charter's files together: every problem of every file at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::DatasetId;
use crate::cases;
use crate::dataset::{self, Dataset};
use crate::problem::{Problem, Problems};

use super::head::Head;
use super::head::keys::Others;
use super::members::Read;
use super::parts::Parts;
use super::rules::{self, Book, Known, Rules};
use super::within::Place;
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
/// Of one with a parent, names that only charters above it may declare are not judged: see [`parse_below`].
///
/// # Errors
/// Every problem of every file, in order of files and lines.
pub fn parse(files: &BTreeMap<String, String>) -> Result<Charter, Vec<Problem>> {
    read(files, None)
}

/// Reads and checks a charter below another one, as it holds there: every name must be declared in one of them, and in one only.
///
/// # Errors
/// Every problem of every file, in order of files and lines.
pub fn parse_below(
    files: &BTreeMap<String, String>,
    above: &Charter,
) -> Result<Charter, Vec<Problem>> {
    read(files, Some(above))
}

fn read(
    files: &BTreeMap<String, String>,
    above: Option<&Charter>,
) -> Result<Charter, Vec<Problem>> {
    let mut found: Vec<Problem> = Vec::new();
    if files.len() > MAX_FILES {
        return Err(vec![too_many(files.len())]);
    }
    let kinds = kinds(files, &mut found);
    let head = single(files, "charter.toml", &mut found, head::read);
    let reading = Reading { files, kinds: &kinds, head: head.as_ref(), above };
    let (parts, whole) = reading.parts(&mut found);
    let path = reading.path(&parts);
    let rules = reading.rules((&parts, &path), &mut found);
    let whole = whole && !reading.unseen();
    let others = Others { parts: &parts, whole };
    found.extend(head_among(files, head.as_ref(), others));
    let cases = Arc::new(cases::read(files, reading.of_kind(Kind::Cases), &mut found));
    found.sort();
    match (head, rules) {
        (Some(head), Some(rules)) if found.is_empty() => {
            let alone =
                Charter { head, parts, rules, cases, sealed: None, path, above: Vec::new() };
            Ok(match above {
                Some(above) => alone.under(above),
                None => alone,
            })
        }
        (_, _) => Err(found),
    }
}

/// A charter while its files are read.
struct Reading<'f> {
    files: &'f BTreeMap<String, String>,
    kinds: &'f [(&'f str, Kind)],
    head: Option<&'f Head>,
    above: Option<&'f Charter>,
}

impl<'f> Reading<'f> {
    fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &'f str> + use<'f> {
        self.kinds.iter().filter(move |(_, of)| *of == kind).map(|(path, _)| *path)
    }

    /// Whether charters above declare more, and are not read here.
    fn unseen(&self) -> bool {
        self.above.is_none() && self.head.is_some_and(|head| head.parent.is_some())
    }

    /// Everything that has a name, of this charter and those above that are read; and whether members and datasets are whole.
    fn parts(&self, found: &mut Vec<Problem>) -> (Parts, bool) {
        let Self { files, head, above, .. } = *self;
        let before = found.len();
        let datasets = datasets(files, self.of_kind(Kind::Dataset), found);
        let readable = (found.len() == before).then_some(&datasets);
        let Read { members, joined, networks } =
            single(files, "members.toml", found, |text, problems| {
                Some(members::read(text, (head, readable), problems))
            })
            .unwrap_or_default();
        let whole = !found.iter().any(|problem| problem.file == "members.toml");
        let parts = Parts {
            members: Arc::new(members),
            joined: Arc::new(joined),
            networks: Arc::new(networks),
            ..Parts::default()
        };
        let codes = whole.then(|| parts.codes());
        let people = single(files, "people.toml", found, |text, problems| {
            Some(people::read(text, codes.map(|codes| (codes, &*parts.members)), problems))
        })
        .unwrap_or_default();
        let beyond = above.map(|above| &*above.parts.datasets);
        let known = indicators::Known { datasets: &datasets, above: beyond, unseen: self.unseen() };
        let indicators = indicators::read(files, self.of_kind(Kind::Indicator), known, found);
        let whole = whole && readable.is_some();
        let own = Parts {
            people: Arc::new(people),
            texts: Arc::new(texts(files, &datasets)),
            datasets: Arc::new(datasets),
            indicator_texts: Arc::new(indicators::texts(files, &indicators)),
            indicators: Arc::new(indicators),
            ..parts
        };
        found.extend(self.misplaced(&own));
        let below = |above: &Charter| match head {
            Some(head) => own.below(&above.parts, above.may_join(&head.network)),
            None => own.clone(),
        };
        (above.map_or_else(|| own.clone(), below), whole)
    }

    /// What is wrong between this charter's names and others.
    fn misplaced(&self, own: &Parts) -> Vec<Problem> {
        let problem = |file: &str, message| Problem { file: file.to_owned(), line: None, message };
        let mut found = Vec::new();
        let children = self.head.map_or(&[][..], |head| &head.children);
        for child in children.iter().filter(|child| own.networks.contains_key(&child.network)) {
            let message = format!(
                "`{}` is a child of this network, with a charter of its own: remove it from [[networks]]",
                child.network
            );
            found.push(problem("members.toml", message));
        }
        let Some(above) = self.above else { return found };
        match self.head.map(|head| (head, head.parent.as_ref())) {
            Some((_, Some(parent))) if parent.network == *above.network() => {}
            Some((_, parent)) => {
                let named = parent.map_or("no", |parent| parent.network.as_str());
                let message = format!(
                    "the charter names {named} network above it, and is read below `{}`",
                    above.network()
                );
                found.push(problem("charter.toml", message));
            }
            None => {}
        }
        let Some(head) = self.head else { return found };
        let may = above.may_join(&head.network);
        let conflicts = own.conflicts(&above.parts, may).into_iter();
        found.extend(conflicts.map(|(file, message)| problem(&file, message)));
        found
    }

    /// The networks from the root to this one.
    fn path(&self, parts: &Parts) -> Vec<Place> {
        let Some(head) = self.head else { return Vec::new() };
        let mut path = self.above.map(|above| above.path.clone()).unwrap_or_default();
        let members = parts.codes().into_iter().cloned().collect();
        path.push(Place { layer: None, network: head.network.clone(), members });
        path
    }

    fn rules(&self, (parts, path): (&Parts, &[Place]), found: &mut Vec<Problem>) -> Option<Rules> {
        let files: Vec<(&str, &str)> = self
            .of_kind(Kind::Rules)
            .filter_map(|path| self.files.get(path).map(|text| (path, text.as_str())))
            .collect();
        let broken = found.iter().map(|problem| problem.file.clone()).collect();
        let leaf = self.head.is_some_and(|head| head.children.is_empty());
        let known = Known { path, parts, unseen: self.unseen(), leaf, broken, book: Book::Charter };
        rules::read(&files, &known, found)
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
