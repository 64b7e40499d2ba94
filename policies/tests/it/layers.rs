//! Networks below a network: which charters are taken, what holds in which, and what all layers say together.

use std::collections::BTreeMap;

use policies::bundle::seal;
use policies::chain::Tree;
use policies::dsse::Envelope;
use policies::wire::LayerRef;
use policies::{Digest, HospitalCode, Line, NetworkId, Revocations, UnixTime};

use crate::fixture::{NOW, files, hospital, key, with_keys};

mod begin;
mod counted;
mod decide;
mod force;
mod model;
mod names;
mod random;

type Files = BTreeMap<String, String>;

/// A charter below others, as a board would write it.
#[derive(Clone, Debug)]
struct Below {
    network: &'static str,
    parent: &'static str,
    parent_version: u64,
    version: u64,
    previous: Option<Digest>,
    from: &'static str,
    notice_days: u32,
    children: &'static [&'static str],
    members: &'static str,
    people: &'static str,
    rules: &'static str,
}

impl Below {
    /// The first version of a network that the root lists.
    fn east() -> Self {
        Self {
            network: "east",
            parent: "noord",
            parent_version: 1,
            version: 1,
            previous: None,
            from: "2026-01-01T00:00:00Z",
            notice_days: 14,
            children: &[],
            members: "[[members]]\ncode = \"ALFA\"\n[[members]]\ncode = \"BRAVO\"\n",
            people: "",
            rules: "",
        }
    }

    fn after(&self, envelope: &Envelope) -> Self {
        Self { version: self.version + 1, previous: Some(envelope.digest()), ..self.clone() }
    }

    fn files(&self) -> Files {
        let Self { network, parent, parent_version, version, from, notice_days, .. } = self;
        let previous = self.previous.map_or_else(String::new, |d| format!("previous = \"{d}\"\n"));
        let head = format!(
            "network = \"{network}\"\nversion = {version}\n{previous}valid_from = {from}\n\
             valid_until = 2027-12-31T00:00:00Z\nthreshold = 1\nnotice_days = {notice_days}\n\
             [parent]\nnetwork = \"{parent}\"\nversion = {parent_version}\n\
             [[signers]]\nname = \"board\"\nkey = \"key:{network} board\"\n{}",
            children(self.children)
        );
        let texts = [
            ("charter.toml", head.as_str()),
            ("members.toml", self.members),
            ("people.toml", self.people),
            ("rules/layer.cedar", self.rules),
        ];
        texts.into_iter().map(|(path, text)| (path.to_owned(), with_keys(text))).collect()
    }

    fn signed(&self, by: &[&str]) -> Envelope {
        signed(&self.files(), by)
    }

    /// Signed by its own board.
    fn good(&self) -> Envelope {
        self.signed(&[&format!("{} board", self.network)])
    }
}

/// The lines about these networks directly below.
fn children(networks: &[&str]) -> String {
    let child = |network: &&str| {
        format!(
            "[[children]]\nnetwork = \"{network}\"\nthreshold = 1\nmembers = [\"ALFA\", \"BRAVO\", \"CHARLIE\"]\n\
             signers = [{{ name = \"board\", key = \"key:{network} board\" }}]\n"
        )
    };
    networks.iter().map(child).collect()
}

fn signed(files: &Files, by: &[&str]) -> Envelope {
    let mut envelope = seal(files).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("the charter has problems:\n{}", lines.join("\n"))
    });
    by.iter().for_each(|signer| envelope.add_signature(&key(signer)));
    envelope
}

/// The root's files, which list these networks.
fn root_files(networks: &[&str]) -> Files {
    let mut files = files();
    let head = files["charter.toml"].clone() + &with_keys(&children(networks));
    files.insert("charter.toml".to_owned(), head);
    files
}

/// The root's next version with another text in one file.
fn root_after(before: &Envelope, files: &Files, version: u64) -> Files {
    let mut files = files.clone();
    let head = format!("version = {version}\nprevious = \"{}\"", before.digest());
    let old = format!("version = {}", version - 1);
    let text = files["charter.toml"].replacen(&old, &head, 1);
    // The version before named the one before it.
    let lines: Vec<&str> = text.lines().collect();
    let mut seen = false;
    let kept = lines.into_iter().filter(|line| {
        let again = line.starts_with("previous") && std::mem::replace(&mut seen, true);
        !again
    });
    let text = kept.collect::<Vec<_>>().join("\n") + "\n";
    files.insert("charter.toml".to_owned(), text);
    files
}

/// A tree of the root alone, which lists these networks.
fn tree(networks: &[&str]) -> (Tree, Envelope) {
    let envelope = signed(&root_files(networks), &["board"]);
    (rooted(&envelope), envelope)
}

fn rooted(envelope: &Envelope) -> Tree {
    let none = Revocations::none();
    Line::first(&envelope.encode(), envelope.digest(), EARLY, none).map(Tree::from).unwrap()
}

/// Long before anything is asked: no notice runs from then.
const EARLY: UnixTime = UnixTime(NOW.0 - 100 * 86_400);

fn take(tree: &mut Tree, envelope: &Envelope, at: UnixTime) -> Result<(), &'static str> {
    let checked = tree.check(&envelope.encode(), &|_network| Revocations::default());
    let next = checked.map_err(|error| error.code())?;
    tree.accept(next, at).map_err(|error| error.code())
}

#[track_caller]
fn taken(tree: &mut Tree, envelope: &Envelope) {
    assert_eq!(take(tree, envelope, EARLY), Ok(()));
}

/// What names the newest version of each network.
fn tips(tree: &Tree) -> Vec<LayerRef> {
    tree.lines().into_iter().map(|line| line.tip().clone()).collect()
}

fn network(id: &str) -> NetworkId {
    NetworkId::new(id).unwrap()
}

fn alfa() -> HospitalCode {
    hospital("ALFA")
}
