//! What is said of a network below the root, whose charter names hospitals by their codes alone.

use policies::dsse::PublicKey;

use super::*;
use crate::keys::ring::Pair;
use crate::refused::Refused;

/// NOORD's node by these bundles, the root's first.
pub(super) struct Booked {
    pub(super) charters: Charters,
    pub(super) held: Held,
    _temporary: tempfile::TempDir,
}

impl Booked {
    pub(super) fn of(bundles: &[Envelope], own: Option<&str>) -> Self {
        let temporary = tempfile::Builder::new().prefix("kring-below-").tempdir().unwrap();
        let root = bundles[0].digest();
        let folder = Folder::new(temporary.path(), root);
        let bundles: Vec<Vec<u8>> = bundles.iter().map(Envelope::encode).collect();
        let followed = follow(&folder, (root, &bundles), (NOW, false), Mode::Store).unwrap();
        let Followed { mut tree, said, .. } = followed;
        // Every notice is over, and nothing of older versions is in memory.
        tree.forget(NOW);
        let public = |owner: &str| PublicKey::of(&key(owner)).unwrap();
        let pair = |owner: &str| Pair { present: public(owner), next: None };
        let keys = NodeKeys {
            transport: pair("transport"),
            envelope: pair("envelope"),
            log: public("log"),
            witness: pair("witness"),
        };
        let own = own.map(|text| ("own.cedar".to_owned(), text.to_owned()));
        let noord = "NOORD".parse().unwrap();
        let charters = Charters::new(folder, (noord, keys), own, None, BTreeSet::new());
        Self { charters, held: Held { tree, said }, _temporary: temporary }
    }

    /// NOORD says of each network that its charter is the newest.
    fn vouched(mut self) -> Self {
        for line in self.held.tree.lines() {
            let word =
                Freshness::new(line.tip(), "NOORD".parse().unwrap(), NOW).sign(&key("fresh"));
            let word = Freshness::verify(&word.encode(), line, Revocations::none(), NOW).unwrap();
            let said = self.held.said.entry(line.network().clone()).or_default();
            said.fresh = Some(word);
        }
        self
    }

    pub(super) fn book(&self) -> Rulebook {
        self.charters.rulebook(Arc::new(self.held.clone()), NOW, None).unwrap()
    }
}

/// The root's charter, which lists the region.
pub(super) fn country() -> Envelope {
    let mut root = files(1, None, "one");
    let signer = format!("{{ name = \"board\", key = \"{}\" }}", public("board"));
    let child = format!(
        "[[children]]\nnetwork = \"oost\"\nthreshold = 1\nmembers = [\"NOORD\"]\nsigners = [{signer}]\n"
    );
    let head = root["charter.toml"].clone() + &child;
    root.insert("charter.toml".to_owned(), head);
    signed(&root)
}

/// A version of the region's charter.
pub(super) fn region(version: u64, previous: Option<Digest>, people: &str) -> Envelope {
    let mut below = files(version, previous, "region");
    let parent = "[parent]\nnetwork = \"noord\"\nversion = 1\n[[signers]]";
    let head = below["charter.toml"].replacen("network = \"noord\"", "network = \"oost\"", 1);
    below.insert("charter.toml".to_owned(), head.replacen("[[signers]]", parent, 1));
    below.insert("members.toml".to_owned(), "[[members]]\ncode = \"NOORD\"\n".to_owned());
    below.insert("people.toml".to_owned(), people.to_owned());
    signed(&below)
}

fn signed(files: &BTreeMap<String, String>) -> Envelope {
    let mut envelope = bundle::seal(files).unwrap();
    envelope.add_signature(&key("board"));
    envelope
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
    let mut held = Booked::of(&[country(), region(1, None, "")], None).vouched().held;
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

/// Three hospitals with data about people, of which the region lists so many that vouch for its charter.
fn three(vouching: usize) -> [Envelope; 2] {
    let codes = ["NOORD", "ZUID", "WEST"];
    let freshness = |code: &str| {
        let key = public(&format!("{code} fresh"));
        format!("[[freshness]]\nhospital = \"{code}\"\nkey = \"{key}\"\n")
    };
    let mut root = bundle::inspect(&country().encode()).unwrap().files;
    let head =
        root["charter.toml"].replace("members = [\"NOORD\"]", &format!("members = {codes:?}"));
    root.insert("charter.toml".to_owned(), head + &freshness("ZUID") + &freshness("WEST"));
    for code in ["ZUID", "WEST"] {
        let keys = ["transport", "envelope", "log", "witness"]
            .map(|role| format!("{role} = \"{}\"", public(&format!("{code} {role}"))));
        let member = format!(
            "[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"umc\"\naddresses = []\nkeys = {{ {} }}\n",
            keys.join(", ")
        );
        root.get_mut("members.toml").unwrap().push_str(&member);
    }
    let real = include_str!("../../../../policies/tests/it/charter/rotterdam.toml");
    root.insert("datasets/rotterdam.toml".to_owned(), real.to_owned());
    let mut below = bundle::inspect(&region(1, None, "").encode()).unwrap().files;
    let others = codes.iter().skip(1).take(vouching - 1).map(|code| freshness(code));
    below.get_mut("charter.toml").unwrap().extend(others);
    let members = codes.map(|code| format!("[[members]]\ncode = \"{code}\"\n"));
    below.insert("members.toml".to_owned(), members.concat());
    let made = include_str!("../../../../policies/tests/it/charter/made.toml");
    below.insert("datasets/made.toml".to_owned(), made.to_owned());
    [signed(&root), signed(&below)]
}

#[test]
fn a_region_that_lists_too_few_who_vouch_is_answered_nothing_in_nor_above_it() {
    let stale = |book: &Rulebook| match book.holds(NOW) {
        Ok(()) => false,
        Err(Refused::Charter(Fault::Stale)) => true,
        Err(other) => panic!("{other}"),
    };
    for (vouching, expected) in [(2, true), (3, false)] {
        let book = Booked::of(&three(vouching), None).vouched().book();
        let below = &book.scopes[&"oost".parse().unwrap()];
        assert_eq!((stale(below), stale(&book)), (expected, expected), "{vouching}");
        // What is checked at a start and imported is of every network.
        let known: Vec<&str> = book.datasets().iter().map(|dataset| dataset.id.as_str()).collect();
        assert_eq!(known, ["made", "rotterdam"]);
        let whole = book.held.tree.whole(&"NOORD".parse().unwrap(), NOW).unwrap();
        assert_eq!(whole.datasets().count(), 2);
    }
}

#[test]
fn no_network_goes_on_when_the_country_ends() {
    let booked = Booked::of(&[country(), region(1, None, "")], None).vouched();
    let book = Arc::new(booked.book());
    let oost = "oost".parse().unwrap();
    book.scope(&oost).unwrap().holds(NOW).unwrap();
    let over = UnixTime(1_900_000_000);
    let held = Arc::new(booked.held.clone());
    let error = booked.charters.rulebook(Arc::clone(&held), over, Some(&book.turn)).unwrap_err();
    assert_eq!(error.code(), "expired");
    let ended = Arc::new(book.ended(held));
    assert!(ended.scope(&oost).is_none() && ended.all().count() == 1);
    assert!(matches!(ended.holds(NOW), Err(Refused::Charter(Fault::NoVersion))));
}
