//! Names of several charters: what stands above counts, and sealing below another one tells what is declared twice or nowhere.

use policies::Charter;
use policies::charter::{parse, parse_below};

use super::{Below, Files, NOW, alfa, network, root_files, taken, tree};
use crate::fixture::{public, with_keys};

fn above() -> Charter {
    parse(&root_files(&["east"])).unwrap()
}

#[track_caller]
fn problems(files: &Files, expected: &[&str]) {
    // By itself nothing is known of what others declare.
    parse(files).unwrap();
    let told = parse_below(files, &above()).map(drop).unwrap_err();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert_eq!(told, expected);
}

fn with(path: &str, text: &str) -> Files {
    let mut files = Below::east().files();
    files.insert(path.to_owned(), with_keys(text));
    files
}

const PERSON: &str =
    "[[people]]\nid = \"ID\"\nname = \"E.\"\nhospital = \"ALFA\"\nkey = \"key:KEY\"\n";

fn person(id: &str, key: &str) -> String {
    PERSON.replace("ID", id).replace("KEY", key)
}

#[test]
fn a_name_is_declared_in_one_charter_and_somewhere() {
    parse_below(&Below::east().files(), &above()).unwrap();
    let rule = "@id(\"one\") forbid (principal == Kring::Person::\"a.jansen\", action == Kring::Action::\"ask.members\", resource in Kring::Network::\"noord\") \
                when { context.tables.contains(\"patient\") && context.scope == \"east\" };";
    parse_below(&with("rules/layer.cedar", rule), &above()).unwrap();

    let rule = "@id(\"one\") forbid (principal == Kring::Person::\"a.janssen\", action, resource);";
    let told = "rules/layer.cedar:1: Person `a.janssen` is not in people.toml";
    problems(&with("rules/layer.cedar", rule), &[told]);
    let rule = "@id(\"one\") forbid (principal, action == Kring::Action::\"ask.members\", resource) when { context.tables.contains(\"pateint\") };";
    let told = "rules/layer.cedar:1: no question has `pateint` in context.tables";
    problems(&with("rules/layer.cedar", rule), &[told]);
    let rule =
        "@id(\"one\") forbid (principal, action, resource) when { context.scope == \"oost\" };";
    let told = "rules/layer.cedar:1: no question has `oost` in context.scope";
    problems(&with("rules/layer.cedar", rule), &[told]);

    let told =
        "people.toml: person `a.jansen` is declared in a charter above: give this one another name";
    problems(&with("people.toml", &person("a.jansen", "e.east")), &[told]);
    let told = "people.toml: the key of `e.east` is a key of a charter above already";
    problems(&with("people.toml", &person("e.east", "b.devries")), &[told]);
    let told = "people.toml: the key of `e.east` is a key of a charter above already";
    problems(&with("people.toml", &person("e.east", "ALFA log")), &[told]);
    let made = include_str!("../charter/made.toml");
    let told = "datasets/made.toml: dataset `made` is declared in a charter above: give this one another name";
    problems(&with("datasets/made.toml", made), &[told]);
    let members = "[[members]]\ncode = \"ALFA\"\n[[members]]\ncode = \"DELTA\"\n";
    let told = "members.toml: hospital `DELTA` is not a member of the network above that it lists for this one";
    problems(&with("members.toml", members), &[told]);
    let mut elsewhere = Below { parent: "west", ..Below::east() }.files();
    let told = "charter.toml: the charter names west network above it, and is read below `noord`";
    problems(&elsewhere, &[told]);
    elsewhere.insert("members.toml".to_owned(), crate::fixture::files()["members.toml"].clone());
    let told = parse(&elsewhere).unwrap_err();
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(told.iter().any(|one| one.contains("`kind` is not a field of `members`")), "{told:?}");
    let stranger = with("people.toml", &person("e.east", "e.east").replace("ALFA", "CHARLIE"));
    let told = parse(&stranger).unwrap_err();
    assert_eq!(told[0].to_string(), "people.toml:4: hospital `CHARLIE` is not in members.toml");
}

#[test]
fn what_stands_above_counts() {
    let (mut tree, _) = tree(&["east"]);
    let people = "[[people]]\nid = \"a.jansen\"\nname = \"Another\"\nhospital = \"BRAVO\"\nkey = \"key:another\"\nroles = [\"analyst\"]\n\
                  [[people]]\nid = \"thief\"\nname = \"Thief\"\nhospital = \"BRAVO\"\nkey = \"key:b.devries\"\n\
                  [[people]]\nid = \"e.east\"\nname = \"East\"\nhospital = \"BRAVO\"\nkey = \"key:e.east\"\n";
    taken(&mut tree, &Below { people, ..Below::east() }.good());
    let charter = tree.scope(&network("east"), &alfa(), NOW).unwrap().charter;
    let key = |id: &str| charter.person(&id.parse().unwrap()).map(|person| person.key);
    assert_eq!(key("a.jansen"), Some(public("a.jansen")));
    assert_eq!(key("thief"), None);
    assert_eq!(key("e.east"), Some(public("e.east")));
    // Who is below is not above.
    let root = tree.scope(&network("noord"), &alfa(), NOW).unwrap().charter;
    assert!(root.person(&"e.east".parse().unwrap()).is_none());
    // What a hospital imports and may name in its own rules is all of it.
    let whole = tree.whole(&alfa(), NOW).unwrap();
    assert!(whole.person(&"e.east".parse().unwrap()).is_some());
    let rule = "@id(\"own\") forbid (principal == Kring::Person::\"e.east\", action, resource);";
    whole.own_rules("own.cedar", rule).unwrap();
    root.own_rules("own.cedar", rule).unwrap_err();
}

#[test]
fn a_diff_speaks_of_networks_above_and_below_and_of_who_takes_part() {
    let lines = |old: &Files, new: &Files| -> Vec<String> {
        let changes = policies::compare::between(&parse(old).unwrap(), &parse(new).unwrap());
        changes.iter().map(policies::compare::Change::english).collect()
    };
    let told = lines(&root_files(&["east"]), &root_files(&["west"]));
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|line| line.contains("network below `east`")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("network below `west`")), "{told:?}");
    let east = Below::east();
    let members = "[[members]]\ncode = \"ALFA\"\nvalid_until = 2026-12-01T00:00:00Z\n[[members]]\ncode = \"CHARLIE\"\n";
    let told = lines(&east.files(), &Below { members, parent_version: 2, ..east.clone() }.files());
    assert_eq!(told.len(), 4, "{told:?}");
    for part in ["`BRAVO`", "`CHARLIE`", "noord, version 2", "2026-12-01"] {
        assert!(told.iter().any(|line| line.contains(part)), "{part}: {told:?}");
    }
}
