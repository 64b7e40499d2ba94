//! What all layers say together: a table of rules and questions.

use policies::chain::Scope;
use policies::{Ask, Books, Purpose, UnixTime, explain};

use super::{Below, NOW, alfa, network, root_after, root_files, signed, take, taken, tree};
use crate::fixture::{footprint, hospital, question};

const PERMIT: &str =
    "@id(\"yes\") permit (principal, action == Kring::Action::\"ask.members\", resource);";
const TWENTY: &str = "@id(\"twenty\") @min_patients(\"20\") permit (principal, action == Kring::Action::\"ask.members\", resource);";
const RESEARCH: &str = "@id(\"research\") permit (principal, action == Kring::Action::\"ask.members\", resource) \
                        when { context.purpose == \"research\" };";
const NO_GRADE: &str = "@id(\"no-grade\") forbid (principal, action, resource) \
                        when { context has columns && context.columns.contains(\"diagnosis.grade\") };";
const NOT_IN_EAST: &str =
    "@id(\"not-east\") forbid (principal, action, resource) when { context.scope == \"east\" };";
const OTHER_DATA: &str = "@id(\"made\") permit (principal, action == Kring::Action::\"ask.members\", \
                          resource == Kring::Dataset::\"made\");";

/// A. Jansen asks groups of grades in this network.
fn decided(scope: &Scope, purpose: &str) -> Result<(Vec<String>, u32), String> {
    let mut asked = question();
    asked.network = scope.charter.network().clone();
    asked.purpose = Purpose::new(purpose).unwrap();
    let books = Books {
        besides: &scope.besides,
        above: &scope.above,
        below: &scope.below,
        ..Books::from(&*scope.charter)
    };
    let uses = ["diagnosis.grade:group".to_owned()];
    let touched = footprint(&scope.charter, "rotterdam", &uses);
    match explain(books, &Ask::from(&asked), &touched) {
        Ok(explained) => Ok((explained.rules, explained.protections.min_patients.get())),
        Err(denial) => {
            let layer = denial.layer.map(|layer| format!("{} {}", layer.network, layer.version));
            Err(format!("{} {}", denial.code, layer.unwrap_or_default()))
        }
    }
}

/// What is decided in `asked`, where the root, east and inner have these rules besides the root's own.
#[track_caller]
fn check(
    rules: [&'static str; 3],
    (asked, purpose): (&str, &str),
    expected: Result<(&[&str], u32), &str>,
) {
    let [root, east, inner] = rules;
    let mut files = root_files(&["east"]);
    if !root.is_empty() {
        files.insert("rules/more.cedar".to_owned(), root.to_owned());
    }
    let mut tree = super::rooted(&signed(&files, &["board"]));
    taken(&mut tree, &Below { children: &["inner"], rules: east, ..Below::east() }.good());
    taken(
        &mut tree,
        &Below { network: "inner", parent: "east", rules: inner, ..Below::east() }.good(),
    );
    let scope = tree.scope(&network(asked), &alfa(), NOW).unwrap();
    let expected = expected.map_err(str::to_owned);
    let expected =
        expected.map(|(rules, k)| (rules.iter().map(|rule| (*rule).to_owned()).collect(), k));
    assert_eq!(decided(&scope, purpose), expected, "{rules:?} {asked} {purpose}");
}

#[test]
fn every_layer_that_permits_at_all_must_permit_and_any_may_forbid() {
    const ROOT: &str = "noord/analysts-quality";
    let quality = |scope| (scope, "quality");
    // The root permits analysts for quality, from 10 patients on; layers without permits leave it at that.
    for scope in ["noord", "east", "inner"] {
        check(["", "", ""], quality(scope), Ok((&[ROOT], 10)));
        check(["", OTHER_DATA, ""], quality(scope), Ok((&[ROOT], 10)));
        check(["", "", NO_GRADE], quality(scope), Err("forbidden inner 1"));
        check(["", NO_GRADE, ""], quality(scope), Err("forbidden east 1"));
        check([NO_GRADE, PERMIT, PERMIT], quality(scope), Err("forbidden noord 1"));
        // Protections join, the strictest first.
        check(["", TWENTY, ""], quality(scope), Ok((&["east/twenty", ROOT], 20)));
        check(["", PERMIT, TWENTY], quality(scope), Ok((&["east/yes", "inner/twenty", ROOT], 20)));
        // A layer that permits such questions must permit this one.
        check(["", RESEARCH, ""], quality(scope), Err("no_rule_permits east 1"));
        check(["", PERMIT, RESEARCH], quality(scope), Err("no_rule_permits inner 1"));
        // What the layers below permit does not go past the root, which permits such questions.
        check(["", RESEARCH, ""], (scope, "research"), Err("no_rule_permits noord 1"));
    }
    check([NOT_IN_EAST, "", ""], quality("noord"), Ok((&[ROOT], 10)));
    check([NOT_IN_EAST, "", ""], quality("east"), Err("forbidden noord 1"));
    check([NOT_IN_EAST, "", ""], quality("inner"), Ok((&[ROOT], 10)));
}

#[test]
fn a_root_without_permits_leaves_them_to_those_below() {
    let mut files = root_files(&["east"]);
    files.insert("rules/network.cedar".to_owned(), String::new());
    let at = |east: &'static str, asked: &str| {
        let mut tree = super::rooted(&signed(&files, &["board"]));
        taken(&mut tree, &Below { rules: east, ..Below::east() }.good());
        decided(&tree.scope(&network(asked), &alfa(), NOW).unwrap(), "quality")
    };
    assert_eq!(at("", "east"), Err("no_rule_permits east 1".to_owned()));
    assert_eq!(at("", "noord"), Err("no_rule_permits noord 1".to_owned()));
    assert_eq!(at(TWENTY, "east"), Ok((vec!["east/twenty".to_owned()], 20)));
    // A question in the country is permitted at this hospital by the region that binds it.
    assert_eq!(at(TWENTY, "noord"), Ok((vec!["east/twenty".to_owned()], 20)));
    // At one that is in no region, nobody permits it.
    let mut tree = super::rooted(&signed(&files, &["board"]));
    taken(&mut tree, &Below { rules: TWENTY, ..Below::east() }.good());
    let scope = tree.scope(&network("noord"), &hospital("CHARLIE"), NOW).unwrap();
    assert_eq!(decided(&scope, "quality"), Err("no_rule_permits noord 1".to_owned()));
}

#[test]
fn each_older_version_is_asked_in_the_place_of_the_newest_of_its_layer() {
    let day = |days: i64| -> UnixTime { NOW.plus(days * 86_400) };
    let (mut tree, root) = tree(&["east"]);
    let east = Below { rules: NO_GRADE, ..Below::east() };
    taken(&mut tree, &east.good());
    let at = |tree: &policies::chain::Tree, asked: &str, when| {
        decided(&tree.scope(&network(asked), &alfa(), when).unwrap(), "quality")
    };
    // The region takes its rule back: that waits, also for who asks in the country.
    let second = Below { rules: TWENTY, ..east.after(&east.good()) };
    assert_eq!(take(&mut tree, &second.good(), NOW), Ok(()));
    for asked in ["east", "noord"] {
        assert_eq!(at(&tree, asked, NOW), Err("waits_for_notice east 1".to_owned()));
        let expected = vec!["east/twenty".to_owned(), "noord/analysts-quality".to_owned()];
        assert_eq!(at(&tree, asked, day(15)), Ok((expected, 20)));
    }
    // The root is stricter at once and looser later, for all below it.
    let mut files = root_after(&root, &root_files(&["east"]), 2);
    let rules =
        files["rules/network.cedar"].replace("@min_patients(\"10\")", "@min_patients(\"30\")");
    files.insert("rules/network.cedar".to_owned(), rules);
    let stricter = signed(&files, &["board"]);
    assert_eq!(take(&mut tree, &stricter, day(20)), Ok(()));
    assert_eq!(at(&tree, "east", day(21)).unwrap().1, 30);
    let mut files = root_after(&stricter, &files, 3);
    let rules = files["rules/network.cedar"].replace("\"30\"", "\"11\"");
    files.insert("rules/network.cedar".to_owned(), rules);
    assert_eq!(take(&mut tree, &signed(&files, &["board"]), day(40)), Ok(()));
    assert_eq!(at(&tree, "east", day(41)).unwrap().1, 30);
    assert_eq!(at(&tree, "east", day(60)).unwrap().1, 20);
}

#[test]
fn two_layers_that_widen_together_wait_both() {
    let day = |days: i64| -> UnixTime { NOW.plus(days * 86_400) };
    let mut files = root_files(&["east"]);
    files.insert("rules/network.cedar".to_owned(), String::new());
    let root = signed(&files, &["board"]);
    let mut tree = super::rooted(&root);
    let east = Below::east();
    taken(&mut tree, &east.good());
    let mut wider = root_after(&root, &files, 2);
    wider.insert("rules/network.cedar".to_owned(), PERMIT.to_owned());
    assert_eq!(take(&mut tree, &signed(&wider, &["board"]), NOW), Ok(()));
    let second = Below { rules: PERMIT, ..east.after(&east.good()) };
    assert_eq!(take(&mut tree, &second.good(), NOW), Ok(()));
    let at = |when| decided(&tree.scope(&network("east"), &alfa(), when).unwrap(), "quality");
    let told = at(NOW).unwrap_err();
    assert!(told.starts_with("waits_for_notice"), "{told}");
    assert!(at(day(15)).is_ok());
}
