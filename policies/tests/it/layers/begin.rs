//! What a tree takes, and what not: each bad input with its code.

use policies::Revocations;
use policies::chain::Line;

use super::{
    Below, EARLY, Files, children, root_after, root_files, rooted, signed, take, taken, tips, tree,
};
use crate::fixture::with_keys;

/// Refused with this code; nothing is taken.
#[track_caller]
fn refused(name: &str, listed: &[&str], bundle: &policies::dsse::Envelope, code: &str) {
    let (mut tree, _) = tree(listed);
    let before = tips(&tree).len();
    assert_eq!(take(&mut tree, bundle, EARLY), Err(code), "{name}");
    assert_eq!(tips(&tree).len(), before, "{name}");
}

#[test]
fn a_network_begins_with_those_whom_its_parent_lists_and_every_other_way_is_refused() {
    let east = Below::east();
    let listed = ["east", "west"];
    let (mut good, _) = tree(&listed);
    taken(&mut good, &east.good());
    assert_eq!(tips(&good).len(), 2);

    refused("listed by nobody", &["west"], &east.good(), "not_a_child");
    refused("unsigned", &listed, &signed(&east.files(), &[]), "too_few_first_signers");
    refused("by strangers", &listed, &east.signed(&["mallory"]), "too_few_first_signers");
    refused("by the board above alone", &listed, &east.signed(&["board"]), "too_few_first_signers");
    refused(
        "by another child's board",
        &listed,
        &east.signed(&["west board"]),
        "too_few_first_signers",
    );
    let mut files = east.files();
    let head = files["charter.toml"].replace(&key_of("east board"), &key_of("usurper"));
    files.insert("charter.toml".to_owned(), head);
    refused(
        "other signers of its own",
        &listed,
        &signed(&files, &["east board"]),
        "too_few_signers",
    );
    refused(
        "its own signers alone",
        &listed,
        &signed(&files, &["usurper"]),
        "too_few_first_signers",
    );
    let second = east.after(&east.good());
    refused("a later version first", &listed, &second.good(), "skipped_version");
    let ahead = Below { parent_version: 2, ..east.clone() };
    refused("ahead of its parent", &listed, &ahead.good(), "parent_behind");
    let orphan = Below { parent: "nowhere", ..east.clone() };
    refused("below one that is not held", &listed, &orphan.good(), "not_a_child");
    let inner = Below { network: "inner", parent: "east", ..east.clone() };
    refused("before the one above it", &listed, &inner.good(), "not_a_child");
    let cousin = Below { parent: "west", ..east.clone() };
    refused("below a sibling that is not held", &listed, &cousin.good(), "not_a_child");
    // A root of its own, of the same or another name.
    let mut other = root_files(&[]);
    let head = other["charter.toml"].replace("network = \"noord\"", "network = \"zuid\"");
    other.insert("charter.toml".to_owned(), head);
    other.insert("rules/network.cedar".to_owned(), String::new());
    refused("another root", &listed, &signed(&other, &["board"]), "other_network");
}

/// A key as files have it.
fn key_of(owner: &str) -> String {
    with_keys(&format!("\"key:{owner}\""))
}

#[test]
fn a_charter_below_another_one_is_no_root() {
    let envelope = Below::east().good();
    let none = Revocations::none();
    let pinned = Line::first(&envelope.encode(), envelope.digest(), EARLY, none);
    assert_eq!(pinned.unwrap_err().code(), "not_the_root");
}

#[test]
fn a_network_goes_on_by_its_own_board_and_does_not_move() {
    let (mut tree, root) = tree(&["east", "west"]);
    let first = Below::east();
    taken(&mut tree, &first.good());
    let second = first.after(&first.good());
    // Its parent's board has no say any more, and nor have two versions of one number.
    assert_eq!(take(&mut tree, &second.signed(&["board"]), EARLY), Err("too_few_old_signers"));
    let fork = Below { notice_days: 1, ..first.clone() };
    assert_eq!(take(&mut tree, &fork.good(), EARLY), Err("fork"));
    assert_eq!(take(&mut tree, &first.good(), EARLY), Err("already_held"));
    let moved = Below { parent: "west", ..second.clone() };
    assert_eq!(take(&mut tree, &moved.good(), EARLY), Err("other_parent"));
    let mut alone = second.files();
    let head = alone["charter.toml"].replace("[parent]\nnetwork = \"noord\"\nversion = 1\n", "");
    alone.insert("charter.toml".to_owned(), head);
    let members = crate::fixture::files()["members.toml"].clone();
    alone.insert("members.toml".to_owned(), members);
    assert_eq!(take(&mut tree, &signed(&alone, &["east board"]), EARLY), Err("other_parent"));
    let ahead = Below { parent_version: 2, ..second.clone() };
    assert_eq!(take(&mut tree, &ahead.good(), EARLY), Err("parent_behind"));
    // With the parent's second version it is good, and never goes with an older one again.
    let newer = root_after(&root, &root_files(&["east", "west"]), 2);
    taken(&mut tree, &signed(&newer, &["board"]));
    taken(&mut tree, &ahead.good());
    assert_eq!(take(&mut tree, &first.good(), EARLY), Err("rollback"));
    let back = Below { parent_version: 1, ..ahead.after(&ahead.good()) };
    assert_eq!(take(&mut tree, &back.good(), EARLY), Err("older_parent"));
}

#[test]
fn what_a_node_stored_is_read_again_although_the_parent_lists_others_since() {
    let (mut tree, root) = tree(&["east"]);
    let east = Below { children: &["inner"], ..Below::east() };
    let inner = Below { network: "inner", parent: "east", ..Below::east() };
    taken(&mut tree, &east.good());
    taken(&mut tree, &inner.good());
    let newer = signed(&root_after(&root, &root_files(&["west"]), 2), &["board"]);
    taken(&mut tree, &newer);

    let stored = [(root.encode(), EARLY), (newer.encode(), EARLY)];
    let read = || Line::read(stored.clone(), root.digest(), EARLY).unwrap();
    let mut again = policies::chain::Tree::from(read());
    let wrong = again.read_below(vec![(inner.good().encode(), EARLY)], EARLY).unwrap_err();
    assert_eq!(wrong.code(), "not_a_child");
    again.read_below(vec![(east.good().encode(), EARLY)], EARLY).unwrap();
    again.read_below(vec![(inner.good().encode(), EARLY)], EARLY).unwrap();
    assert_eq!(tips(&again), tips(&tree));
    let path: Vec<&str> =
        again.path(inner_id(&again)).into_iter().map(|line| line.network().as_str()).collect();
    assert_eq!(path, ["noord", "east", "inner"]);
    // What was changed on disk is not what was accepted.
    let mut broken = policies::chain::Tree::from(read());
    let forged = east.signed(&["mallory"]);
    let wrong = broken.read_below(vec![(forged.encode(), EARLY)], EARLY).unwrap_err();
    assert_eq!(wrong.code(), "too_few_first_signers");
    assert_eq!(
        broken.read_below(Vec::<(Vec<u8>, _)>::new(), EARLY).unwrap_err().code(),
        "no_version"
    );
}

fn inner_id(tree: &policies::chain::Tree) -> &policies::NetworkId {
    tree.lines().last().unwrap().network()
}

#[test]
fn a_revoked_signer_begins_no_network() {
    let envelope = signed(&root_files(&["east"]), &["board"]);
    let tree = rooted(&envelope);
    let key = crate::fixture::public("east board");
    let subject = (policies::statement::Subject::Signer, &key);
    // Only a signer of the chain is revoked by its board: the first signers of a child are its parent's to list anew.
    let network = tree.network().clone();
    let mut revocation =
        policies::statement::Revocation::new(network, subject, EARLY, "lost").envelope();
    revocation.add_signature(&crate::fixture::key("east board"));
    let line = tree.root().unwrap();
    let none = Revocations::none();
    let told = policies::statement::Revocation::verify(&revocation.encode(), line, none, EARLY);
    assert_eq!(told.unwrap_err().code(), "unknown_subject");
    let files: Files = root_after(&envelope, &root_files(&[]), 2);
    let mut tree = tree;
    taken(&mut tree, &signed(&files, &["board"]));
    assert_eq!(take(&mut tree, &Below::east().good(), EARLY), Err("not_a_child"));
    assert!(children(&[]).is_empty());
}

#[test]
fn a_node_that_comes_late_takes_the_first_version_although_others_are_listed_since() {
    let (mut tree, root) = tree(&["east"]);
    let mut files = root_files(&["east"]);
    let head = files["charter.toml"].replace(&key_of("east board"), &key_of("new board"));
    files.insert("charter.toml".to_owned(), head);
    taken(&mut tree, &signed(&root_after(&root, &files, 2), &["board"]));
    taken(&mut tree, &Below::east().good());
}

#[test]
fn a_network_further_below_takes_no_name_from_one_nearer_the_root() {
    let (mut tree, _) = tree(&["east", "west"]);
    taken(&mut tree, &Below { children: &["west", "inner"], ..Below::east() }.good());
    let thief = Below { network: "west", parent: "east", ..Below::east() };
    assert_eq!(take(&mut tree, &thief.good(), EARLY), Err("not_a_child"));
    taken(&mut tree, &Below { network: "inner", parent: "east", ..Below::east() }.good());
    taken(&mut tree, &Below { network: "west", ..Below::east() }.good());
}

#[test]
fn no_region_fills_the_tree_or_every_question_with_versions() {
    const INNER: [&str; 17] = [
        "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8", "a9", "b1", "b2", "b3", "b4", "b5", "b6",
        "b7", "b8",
    ];
    let (mut tree, _) = tree(&["east", "west"]);
    let east = Below { children: &INNER, ..Below::east() };
    taken(&mut tree, &east.good());
    for network in &INNER[..15] {
        taken(&mut tree, &Below { network, parent: "east", ..Below::east() }.good());
    }
    let one_more = Below { network: INNER[15], parent: "east", ..Below::east() };
    assert_eq!(take(&mut tree, &one_more.good(), EARLY), Err("too_many_networks"));
    taken(&mut tree, &Below { network: "west", ..Below::east() }.good());
    let mut last = east;
    for _version in 2..=8 {
        last = Below { notice_days: 90, ..last.after(&last.good()) };
        taken(&mut tree, &last.good());
    }
    let ninth = last.after(&last.good());
    assert_eq!(take(&mut tree, &ninth.good(), EARLY), Err("too_many_at_once"));
    let later = Below { from: "2026-09-01T00:00:00Z", ..ninth };
    taken(&mut tree, &later.good());
}
