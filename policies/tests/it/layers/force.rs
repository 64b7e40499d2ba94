//! What holds in which network at a moment.

use policies::chain::NotInScope;

use super::{Below, EARLY, NOW, alfa, network, root_after, root_files, signed, take, taken, tree};
use crate::fixture::hospital;

fn layers(scope: &policies::chain::Scope) -> Vec<String> {
    let above = scope.above.iter().map(|layer| layer.charter.network().to_string());
    let below = scope.below.iter().map(|layer| format!("below {}", layer.charter.network()));
    above.chain([scope.charter.network().to_string()]).chain(below).collect()
}

#[test]
fn a_network_has_the_layers_above_it_and_those_below_that_bind_the_hospital() {
    let (mut tree, _) = tree(&["east", "west"]);
    let east = Below { children: &["inner"], ..Below::east() };
    taken(&mut tree, &east.good());
    let members = "[[members]]\ncode = \"ALFA\"\n";
    taken(&mut tree, &Below { network: "inner", parent: "east", members, ..Below::east() }.good());
    let members = "[[members]]\ncode = \"BRAVO\"\n";
    taken(&mut tree, &Below { network: "west", members, ..Below::east() }.good());

    let at =
        |id: &str, code: &str| layers(&tree.scope(&network(id), &hospital(code), NOW).unwrap());
    assert_eq!(at("noord", "ALFA"), ["noord", "below east", "below inner"]);
    assert_eq!(at("noord", "BRAVO"), ["noord", "below east", "below west"]);
    assert_eq!(at("east", "ALFA"), ["noord", "east", "below inner"]);
    assert_eq!(at("east", "BRAVO"), ["noord", "east"]);
    assert_eq!(at("inner", "ALFA"), ["noord", "east", "inner"]);
    let charter = tree.scope(&network("inner"), &alfa(), NOW).unwrap().charter;
    let path: Vec<String> = charter.path().iter().map(|layer| layer.network.to_string()).collect();
    assert_eq!(path, ["noord", "east", "inner"]);
    let counted = (charter.networks_digest(NOW), NOW);
    assert_eq!(tree.named(&charter.path(), counted).unwrap().path(), charter.path());
    let mut other = charter.path();
    other.swap(0, 1);
    assert!(tree.named(&other, counted).is_none());
    // The column `network` has what is below, at any depth, and what a charter declares without one.
    let root = tree.scope(&network("noord"), &alfa(), NOW).unwrap().charter;
    let networks = root.networks_at(NOW);
    let known: Vec<&str> = networks.keys().map(|id| id.as_str()).collect();
    assert_eq!(known, ["concord", "east", "inner", "oost", "west"]);
    assert_eq!(networks[&network("west")], [hospital("BRAVO")].into());
    assert_eq!(networks[&network("inner")], [alfa()].into());
}

#[test]
fn nothing_holds_in_a_network_whose_parent_does_not() {
    let (mut with, root) = tree(&["east"]);
    let east = Below { from: "2026-06-01T00:00:00Z", ..Below::east() };
    taken(&mut with, &east.good());
    let code = |tree: &policies::chain::Tree, id: &str, at| {
        tree.scope(&network(id), &alfa(), at).map(drop).map_err(|error| error.code())
    };
    assert_eq!(code(&with, "east", NOW), Ok(()));
    assert_eq!(code(&with, "west", NOW), Err("unknown_network"));
    // Before it began it binds nobody; after the root is over nothing holds.
    assert_eq!(code(&with, "east", EARLY), Err("not_yet_valid"));
    assert_eq!(code(&with, "noord", EARLY), Ok(()));
    let over = NOW.plus(300 * 86_400);
    assert_eq!(code(&with, "east", over), Err("expired"));

    // Listed no more: nobody asks in it at once, and its hospitals are bound until the notice is over.
    let mut without = with.clone();
    let second = signed(&root_after(&root, &root_files(&[]), 2), &["board"]);
    assert_eq!(take(&mut without, &second, NOW), Ok(()));
    assert_eq!(code(&without, "east", NOW), Err("not_a_child"));
    let bound = |at| layers(&without.scope(&network("noord"), &alfa(), at).unwrap());
    assert_eq!(bound(NOW), ["noord", "below east"]);
    assert_eq!(bound(NOW.plus(15 * 86_400)), ["noord"]);

    // Listed anew: it waits for the notice.
    let (mut later, root) = tree(&[]);
    let second = signed(&root_after(&root, &root_files(&["east"]), 2), &["board"]);
    assert_eq!(take(&mut later, &second, NOW), Ok(()));
    let joined = Below { parent_version: 2, ..east.clone() };
    assert_eq!(take(&mut later, &joined.good(), NOW), Ok(()));
    let early = later.scope(&network("east"), &alfa(), NOW).unwrap_err();
    assert!(matches!(early, NotInScope::NotListed { version: 1, .. }), "{early}");
    assert_eq!(code(&later, "east", NOW.plus(15 * 86_400)), Ok(()));
}

#[test]
fn a_network_whose_charter_is_over_binds_its_hospitals_to_silence() {
    let (mut tree, root) = tree(&["east"]);
    let mut files = Below::east().files();
    let head = files["charter.toml"].replace("2027-12-31", "2026-05-01");
    files.insert("charter.toml".to_owned(), head);
    taken(&mut tree, &signed(&files, &["east board"]));
    let silenced = |tree: &policies::chain::Tree, code: &str, at| {
        tree.scope(&network("noord"), &hospital(code), at).unwrap().silenced
    };
    let told = silenced(&tree, "ALFA", NOW).unwrap();
    assert_eq!(told.code(), "expired");
    assert!(told.to_string().contains("east"), "{told}");
    assert_eq!(silenced(&tree, "CHARLIE", NOW), None);
    // Listed no more, it lets them go when the notice is over.
    let second = signed(&root_after(&root, &root_files(&[]), 2), &["board"]);
    assert_eq!(take(&mut tree, &second, NOW), Ok(()));
    assert!(silenced(&tree, "ALFA", NOW).is_some());
    assert_eq!(silenced(&tree, "ALFA", NOW.plus(15 * 86_400)), None);
}

#[test]
fn a_network_takes_no_hospital_that_its_parent_does_not_list_for_it() {
    let mut files = root_files(&["east"]);
    let head = files["charter.toml"].replace("[\"ALFA\", \"BRAVO\", \"CHARLIE\"]", "[\"ALFA\"]");
    files.insert("charter.toml".to_owned(), head);
    let mut tree = super::rooted(&signed(&files, &["board"]));
    let greedy = "@id(\"none\") forbid (principal, action, resource);";
    taken(&mut tree, &Below { rules: greedy, ..Below::east() }.good());
    let scope = |id: &str, code: &str| tree.scope(&network(id), &hospital(code), NOW).unwrap();
    assert!(scope("east", "ALFA").charter.member(&hospital("BRAVO")).is_none());
    assert_eq!(layers(&scope("noord", "ALFA")), ["noord", "below east"]);
    assert_eq!(layers(&scope("noord", "BRAVO")), ["noord"]);
    let networks = scope("noord", "BRAVO").charter.networks_at(NOW);
    assert_eq!(networks[&network("east")], [alfa()].into());
    // Nor does it silence one by letting its charter end.
    let mut over = Below::east().files();
    let head = over["charter.toml"].replace("2027-12-31", "2026-05-01");
    over.insert("charter.toml".to_owned(), head);
    let mut tree = super::rooted(&signed(&files, &["board"]));
    taken(&mut tree, &signed(&over, &["east board"]));
    let silenced = |code: &str| {
        tree.scope(&network("noord"), &hospital(code), NOW).unwrap().silenced.is_some()
    };
    assert!(silenced("ALFA") && !silenced("BRAVO"));
}

#[test]
fn a_name_of_a_sub_network_above_is_not_taken_below() {
    let (mut tree, _) = tree(&["east"]);
    let members = "[[networks]]\nid = \"concord\"\nname = \"Ours\"\n\
                   [[members]]\ncode = \"ALFA\"\nnetworks = [{ id = \"concord\" }]\n";
    taken(&mut tree, &Below { members, ..Below::east() }.good());
    let root = tree.scope(&network("noord"), &alfa(), NOW).unwrap().charter;
    assert!(root.networks_at(NOW)[&network("concord")].is_empty());
    assert!(root.networks().any(|(id, name)| id.as_str() == "concord" && name == "Concord"));
}

#[test]
fn a_member_below_is_one_as_long_as_both_say_so() {
    let (mut tree, _) = tree(&["east"]);
    let members = "[[members]]\ncode = \"ALFA\"\nvalid_from = 2026-03-01T00:00:00Z\nvalid_until = 2026-09-01T00:00:00Z\n\
                   [[members]]\ncode = \"CHARLIE\"\nvalid_until = 2026-12-01T00:00:00Z\n\
                   [[members]]\ncode = \"DELTA\"\n";
    taken(&mut tree, &Below { members, ..Below::east() }.good());
    let charter = tree.scope(&network("east"), &alfa(), NOW).unwrap().charter;
    let member = |code: &str| charter.member(&hospital(code)).cloned();
    let root = tree.root().unwrap().newest_charter().unwrap();
    let above = |code: &str| root.member(&hospital(code)).cloned().unwrap();
    let found = member("ALFA").unwrap();
    assert_eq!(found.keys, above("ALFA").keys);
    assert_eq!(found.addresses, above("ALFA").addresses);
    assert!(found.valid_at(NOW) && found.valid_from.is_some() && found.valid_until.is_some());
    // Its membership above ended in March.
    assert_eq!(member("CHARLIE").unwrap().valid_until, above("CHARLIE").valid_until);
    assert!(!member("CHARLIE").unwrap().valid_at(NOW));
    // Nobody above knows it.
    assert_eq!(member("DELTA"), None);
    assert_eq!(member("BRAVO"), None);
}

#[test]
fn a_network_further_below_silences_no_hospital_that_the_one_above_it_was_not_given() {
    let mut files = root_files(&["east"]);
    let head = files["charter.toml"].replace("[\"ALFA\", \"BRAVO\", \"CHARLIE\"]", "[\"ALFA\"]");
    files.insert("charter.toml".to_owned(), head);
    let mut tree = super::rooted(&signed(&files, &["board"]));
    let mut over = Below { children: &["inner"], ..Below::east() }.files();
    let head = over["charter.toml"].replace("2027-12-31", "2026-05-01");
    over.insert("charter.toml".to_owned(), head);
    taken(&mut tree, &signed(&over, &["east board"]));
    taken(&mut tree, &Below { network: "inner", parent: "east", ..Below::east() }.good());
    let silenced = |code: &str| {
        tree.scope(&network("noord"), &hospital(code), NOW).unwrap().silenced.is_some()
    };
    assert!(silenced("ALFA") && !silenced("BRAVO"));
}
