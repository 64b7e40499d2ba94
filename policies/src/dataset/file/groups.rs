//! Groups of a code list: codes that `ask.explore` takes together, such as the high grades.
//!
//! What is registered here is one condition; any other list of codes would be a predicate of the analyst's own.

use std::collections::BTreeSet;

use crate::Ident;
use crate::dataset::{Code, CodeGroup, CodeValue};
use crate::problem::Problems;
use crate::reader::{At, Fields};

use super::codes;

/// Most groups of a code list.
pub(super) const MAX_GROUPS: usize = 64;

/// Reads `groups` of a code list.
pub(super) fn read(
    list: &str,
    known: &[Code],
    fields: &mut Fields<'_>,
    problems: &mut Problems<'_>,
) -> Vec<CodeGroup> {
    let items = fields.tables("groups", problems);
    if items.len() > MAX_GROUPS {
        let got = items.len();
        let message = format!("code list `{list}` has {got} groups, at most {MAX_GROUPS} are read");
        problems.at(fields.offset(), message);
        return Vec::new();
    }
    let mut found: Vec<CodeGroup> = Vec::new();
    for mut item in items {
        let offset = item.offset();
        let name = item.name::<Ident>("name", problems);
        let codes = members(&mut item, known, problems);
        let title = item.languages(problems);
        item.finish(problems);
        let Some(At { value: name, .. }) = name else { continue };
        if codes.len() < 2 || codes.len() >= known.len() {
            let message =
                format!("group `{name}` needs at least two codes of the list, and not all");
            problems.at(offset, message);
        }
        if let Some(other) = found.iter().find(|other| other.name == name || other.codes == codes) {
            let other = &other.name;
            problems.at(offset, format!("group `{name}` has the name or the codes of `{other}`"));
        }
        found.push(CodeGroup { name, codes, title });
    }
    found
}

fn members(
    item: &mut Fields<'_>,
    known: &[Code],
    problems: &mut Problems<'_>,
) -> BTreeSet<CodeValue> {
    let mut found = BTreeSet::new();
    for value in item.list("codes", problems) {
        let Some(code) = codes::code(value, problems) else { continue };
        let offset = value.span().start;
        if !known.iter().any(|known| known.value == code) {
            problems.at(offset, format!("the code `{code}` is not in the list"));
        }
        if !found.insert(code) {
            problems.at(offset, "the group names this code twice");
        }
    }
    found
}
