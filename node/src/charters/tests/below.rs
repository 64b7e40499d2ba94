//! What is said of a network below the root, whose charter names hospitals by their codes alone.

use policies::dsse::PublicKey;

use super::*;

/// The root's charter, which lists the region, and the region's.
fn region() -> [Envelope; 2] {
    let mut root = files(1, None, "one");
    let signer = format!("{{ name = \"board\", key = \"{}\" }}", public("board"));
    let child = format!(
        "[[children]]\nnetwork = \"oost\"\nthreshold = 1\nmembers = [\"NOORD\"]\nsigners = [{signer}]\n"
    );
    let head = root["charter.toml"].clone() + &child;
    root.insert("charter.toml".to_owned(), head);
    let mut below = files(1, None, "region");
    let parent = "[parent]\nnetwork = \"noord\"\nversion = 1\n[[signers]]";
    let head = below["charter.toml"].replacen("network = \"noord\"", "network = \"oost\"", 1);
    below.insert("charter.toml".to_owned(), head.replacen("[[signers]]", parent, 1));
    below.insert("members.toml".to_owned(), "[[members]]\ncode = \"NOORD\"\n".to_owned());
    below.insert("people.toml".to_owned(), String::new());
    [root, below].map(|files| {
        let mut envelope = bundle::seal(&files).unwrap();
        envelope.add_signature(&key("board"));
        envelope
    })
}

fn held_below() -> Held {
    let [first, below] = region();
    let tree = tree_of(first.digest(), &[first.encode(), below.encode()]).unwrap();
    let mut held = Held { tree, said: BTreeMap::new() };
    for network in ["noord", "oost"] {
        let network: NetworkId = network.parse().unwrap();
        let line = held.tree.line(&network).unwrap();
        let word = Freshness::new(line.tip(), "NOORD".parse().unwrap(), NOW).sign(&key("fresh"));
        let fresh = Freshness::verify(&word.encode(), line, Revocations::none(), NOW).unwrap();
        held.said.insert(network, Said { fresh: Some(fresh), ..Said::default() });
    }
    held
}

/// What holds of each network's word: as the node decides by it, says it to others, and passes it on.
fn words(held: &Held, now: UnixTime) -> Vec<[bool; 3]> {
    let lines = held.tree.lines().into_iter();
    let word = |line: &Line| {
        let network = line.network();
        let all = Holding::of(held, now);
        let holding = all.into_iter().find(|holding| holding.network() == network);
        let passed = Statements::of(held, (network, 0), now);
        [
            held.fresh(network, now).is_some(),
            holding.unwrap().fresh.is_some(),
            passed.fresh.is_some(),
        ]
    };
    lines.map(word).collect()
}

#[test]
fn a_word_below_ends_with_the_node_of_its_hospital_which_the_root_revokes() {
    let mut held = held_below();
    let (noord, now) = ("NOORD".parse().unwrap(), NOW.plus(5));
    let fresh = PublicKey::of(&key("fresh")).unwrap();
    let silent = |held: &Held, network: &str| {
        let line = held.tree.line(&network.parse().unwrap()).unwrap();
        held.is_silent(&noord, (line, &fresh), now)
    };
    assert_eq!(words(&held, now), [[true; 3]; 2]);
    assert!(!silent(&held, "noord") && !silent(&held, "oost"));
    let over = NOW.plus(policies::statement::MAX_FRESHNESS_S + 1);
    assert_eq!(words(&held, over), [[false; 3]; 2]);

    let transport = PublicKey::of(&key("transport")).unwrap();
    let subject = (Subject::Member(noord.clone()), &transport);
    let revocation = Revocation::new("noord".parse().unwrap(), subject, NOW, "stolen");
    let mut envelope = revocation.envelope();
    envelope.add_signature(&key("board"));
    let root = held.tree.root().unwrap();
    let revoked = Revocation::verify(&envelope.encode(), root, Revocations::none(), NOW).unwrap();
    held.said.get_mut(&"noord".parse().unwrap()).unwrap().revoked.insert(revoked).unwrap();
    // The region's own board revoked nothing.
    assert_eq!(held.said(&"oost".parse().unwrap()).unwrap().revoked.iter().len(), 0);
    assert_eq!(words(&held, now), [[false; 3]; 2]);
    assert!(silent(&held, "noord") && silent(&held, "oost"));
}
