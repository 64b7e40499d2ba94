//! Which hospitals are in which network below: as nodes name it to each other, and as it is found again years later.

use std::sync::Arc;

use policies::chain::Tree;
use policies::wire::LayerRef;
use policies::{Charter, Digest, UnixTime};

use super::{Below, EARLY, NOW, alfa, network, root_after, root_files, signed, take, taken, tree};
use crate::fixture::hospital;

/// ALFA alone.
const ONE: &str = "[[members]]\ncode = \"ALFA\"\n";

#[test]
fn who_is_counted_where_has_one_name_at_every_node_that_holds_the_same_versions() {
    let (mut first, root) = tree(&[]);
    let mut later = first.clone();
    let second = signed(&root_after(&root, &root_files(&["east"]), 2), &["board"]);
    let east = Below { parent_version: 2, ..Below::east() };
    let named = |tree: &Tree, id: &str, code: &str| {
        let charter = tree.scope(&network(id), &hospital(code), NOW).unwrap().charter;
        (charter.networks_digest(NOW), charter.path())
    };
    // One node accepted it long ago, the other one waits for the notice: both count the same.
    for (tree, at) in [(&mut first, EARLY), (&mut later, NOW)] {
        assert_eq!(take(tree, &second, at), Ok(()));
        let (before, _) = named(tree, "noord", "ALFA");
        assert_eq!(take(tree, &east.good(), at), Ok(()));
        assert_ne!(named(tree, "noord", "ALFA").0, before);
    }
    assert_eq!(named(&first, "noord", "ALFA"), named(&later, "noord", "BRAVO"));
    assert!(later.scope(&network("east"), &alfa(), NOW).is_err());
    // What begins below is seen although nobody asks in it yet.
    let soon = Below { from: "2026-07-05T00:00:00Z", members: ONE, ..east.after(&east.good()) };
    assert_eq!(take(&mut later, &soon.good(), NOW), Ok(()));
    let after = NOW.plus(5 * 86_400);
    assert!(later.scope(&network("east"), &alfa(), after).is_err());
    assert_ne!(later.state(&alfa(), NOW), later.state(&alfa(), after));

    // A version that moves nobody keeps the name; one that does has another, below the same path.
    let (counted, path) = named(&first, "noord", "ALFA");
    let rules = "@id(\"none\") forbid (principal, action, resource);";
    let second = Below { rules, ..east.after(&east.good()) };
    taken(&mut first, &second.good());
    assert_eq!(named(&first, "noord", "ALFA"), (counted, path.clone()));
    taken(&mut first, &Below { members: ONE, ..second.after(&second.good()) }.good());
    let (moved, same) = named(&first, "noord", "ALFA");
    assert_ne!(moved, counted);
    assert_eq!(same, path);
    // Where there is none below, there is nothing to name.
    assert_eq!(named(&first, "east", "ALFA").0, None);
}

/// The root's charter as ALFA holds it.
fn root(tree: &Tree, now: UnixTime) -> Arc<Charter> {
    tree.scope(&network("noord"), &alfa(), now).unwrap().charter
}

#[test]
fn an_answer_is_verified_with_the_networks_that_its_asker_counted() {
    let (mut tree, _) = tree(&["east", "west"]);
    let first = Below::east();
    taken(&mut tree, &first.good());
    let inner = Below { network: "inner", parent: "east", members: ONE, ..Below::east() };
    let before = root(&tree, NOW);
    let second = Below { children: &["inner"], members: ONE, ..first.after(&first.good()) };
    let second = Below { from: "2026-07-05T00:00:00Z", ..second };
    taken(&mut tree, &second.good());
    let west = Below { network: "west", members: ONE, ..Below::east() };
    let west = Below { from: "2026-07-06T00:00:00Z", ..west };
    taken(&mut tree, &west.good());
    taken(&mut tree, &Below { from: "2026-07-06T00:00:00Z", ..inner }.good());

    let later = NOW.plus(10 * 86_400);
    let after = root(&tree, later);
    let found = |charter: &Charter, at| {
        let named = tree.named(&charter.path(), (charter.networks_digest(at), at))?;
        assert_eq!(named.networks_at(at), charter.networks_at(at));
        Some(named.networks_at(at).len())
    };
    // Then, and since; and where the asker was behind in one network.
    assert_eq!(found(&before, NOW), Some(3));
    assert_eq!(found(&after, later), Some(5));
    let west = root(&tree, NOW.plus(6 * 86_400));
    assert_eq!(found(&west, NOW.plus(6 * 86_400)), Some(5));
    let at = NOW.plus(4 * 86_400);
    assert_eq!(found(&before, at), Some(3));
    // What nobody can have counted is not found.
    let other = Some(Digest::of(b"other"));
    assert!(tree.named(&before.path(), (other, NOW)).is_none());
    assert!(tree.named(&before.path(), (None, NOW)).is_none());
}

#[test]
fn who_names_other_charters_may_know_a_network_that_is_not_held() {
    let (mut tree, first) = tree(&["east"]);
    let later = Below { from: "2026-07-05T00:00:00Z", ..Below::east() }.good();
    let layer =
        |id: &str, version: u64, digest: Digest| LayerRef { network: network(id), version, digest };
    let root = layer("noord", 1, first.digest());
    let east = layer("east", 1, later.digest());
    let other = layer("noord", 2, Digest::of(b"other"));
    let nowhere = layer("nowhere", 1, Digest::of(b"other"));
    let differs = |tree: &Tree, path: &[&LayerRef], now| {
        let path: Vec<_> = path.iter().map(|layer| (*layer).clone()).collect();
        tree.differs_from(&path, now)
    };
    assert!(tree.awaits_for(&alfa()) && !tree.awaits_for(&hospital("DELTA")));
    // One that the root lists may have begun elsewhere; one that it does not cannot, unless the root has another version there.
    assert!(differs(&tree, &[&root, &east], NOW));
    assert!(!differs(&tree, &[&root, &nowhere], NOW) && !differs(&tree, &[&nowhere], NOW));
    assert!(differs(&tree, &[&other, &nowhere], NOW));
    taken(&mut tree, &later);
    assert!(!tree.awaits_for(&alfa()));
    assert!(differs(&tree, &[&root, &east], NOW), "it has not begun here");
    let after = NOW.plus(5 * 86_400);
    assert!(!differs(&tree, &[&root, &east], after));
    assert!(differs(&tree, &[&root, &layer("east", 2, Digest::of(b"other"))], after));
}
