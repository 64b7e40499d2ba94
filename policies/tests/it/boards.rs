//! Small charters that boards sign: three hospitals, one person, no data, so that a version costs little to make.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use policies::dsse::{Envelope, PayloadType};
use policies::statement::{Freshness, Revocation, Revocations, Subject};
use policies::wire::LayerRef;
use policies::{Digest, Line, NetworkId, UnixTime};
use serde::Serialize;

use crate::fixture::{hospital, key, public};

/// The first moment of every first version.
pub(crate) const T0: UnixTime = UnixTime(1_767_225_600);
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// So many days after the first moment.
pub(crate) fn day(days: i64) -> UnixTime {
    T0.plus(days * DAY)
}

/// What a version says; a case changes what it is about.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) network: String,
    pub(crate) version: u64,
    pub(crate) previous: Option<Digest>,
    pub(crate) title: String,
    pub(crate) from: UnixTime,
    pub(crate) until: UnixTime,
    pub(crate) notice_days: i64,
    pub(crate) signers: Vec<String>,
    pub(crate) threshold: usize,
    pub(crate) freshness: Vec<&'static str>,
    /// The network above it, and the version of that one's charter that it goes with.
    pub(crate) parent: Option<(String, u64)>,
    /// The networks directly below.
    pub(crate) children: Vec<Listed>,
    /// The hospitals that take part, of a network with a parent.
    pub(crate) joined: Vec<&'static str>,
}

/// What a charter says of a network directly below.
#[derive(Clone, Debug)]
pub(crate) struct Listed {
    pub(crate) network: String,
    pub(crate) signers: Vec<String>,
    pub(crate) threshold: usize,
    /// The hospitals that it may take.
    pub(crate) given: Vec<&'static str>,
}

pub(crate) fn names(signers: &[&str]) -> Vec<String> {
    signers.iter().map(|signer| (*signer).to_owned()).collect()
}

impl Draft {
    /// Version 1 of the network: a board of three, two of whom sign.
    pub(crate) fn first() -> Self {
        Self {
            network: "noord".to_owned(),
            version: 1,
            previous: None,
            title: "North".to_owned(),
            from: T0,
            until: day(365),
            notice_days: 14,
            signers: names(&["ann", "ben", "cas"]),
            threshold: 2,
            freshness: vec!["ALFA", "BRAVO", "CHARLIE"],
            parent: None,
            children: Vec::new(),
            joined: Vec::new(),
        }
    }

    /// The version after this one, which says the same.
    pub(crate) fn next(&self) -> Self {
        let title = format!("{} on", self.title);
        Self { title, ..self.after(self.digest()) }
    }

    /// The same as the version after the one with this digest.
    pub(crate) fn after(&self, digest: Digest) -> Self {
        Self { version: self.version + 1, previous: Some(digest), ..self.clone() }
    }

    pub(crate) fn board(self, signers: &[&str], threshold: usize) -> Self {
        Self { signers: names(signers), threshold, ..self }
    }

    pub(crate) fn head(&self) -> String {
        let Self { network, version, title, from, until, notice_days, threshold, .. } = self;
        let previous =
            self.previous.map_or_else(String::new, |digest| format!("previous = \"{digest}\"\n"));
        let mut text = format!(
            "network = \"{network}\"\nversion = {version}\n{previous}title = {{ en = \"{title}\" }}\nvalid_from = {from}\n\
             valid_until = {until}\nthreshold = {threshold}\nnotice_days = {notice_days}\n"
        );
        if let Some((parent, version)) = &self.parent {
            text.push_str(&format!("[parent]\nnetwork = \"{parent}\"\nversion = {version}\n"));
        }
        for signer in &self.signers {
            text.push_str(&format!(
                "[[signers]]\nname = \"{signer}\"\nkey = \"{}\"\n",
                public(signer)
            ));
        }
        for Listed { network, signers, threshold, given } in &self.children {
            let signer =
                |name: &String| format!("{{ name = \"{name}\", key = \"{}\" }}", public(name));
            let signers: Vec<String> = signers.iter().map(signer).collect();
            text.push_str(&format!(
                "[[children]]\nnetwork = \"{network}\"\nthreshold = {threshold}\nmembers = {given:?}\nsigners = [{}]\n",
                signers.join(", ")
            ));
        }
        for code in &self.freshness {
            let key = public(&format!("{code} freshness"));
            text.push_str(&format!("[[freshness]]\nhospital = \"{code}\"\nkey = \"{key}\"\n"));
        }
        text
    }

    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        static OTHERS: LazyLock<[(String, String); 2]> = LazyLock::new(others);
        let mut files = BTreeMap::from(OTHERS.clone());
        files.insert("charter.toml".to_owned(), self.head());
        if self.parent.is_some() {
            let joined = self.joined.iter().map(|code| format!("[[members]]\ncode = \"{code}\"\n"));
            files.insert("members.toml".to_owned(), joined.collect());
            files.insert("people.toml".to_owned(), String::new());
        }
        files
    }

    pub(crate) fn envelope(&self) -> Envelope {
        envelope(&self.files())
    }

    pub(crate) fn digest(&self) -> Digest {
        self.envelope().digest()
    }

    pub(crate) fn layer(&self) -> LayerRef {
        let network = NetworkId::new(&self.network).unwrap();
        LayerRef { network, version: self.version, digest: self.digest() }
    }

    pub(crate) fn signed(&self, signers: &[&str]) -> Vec<u8> {
        signed(self.envelope(), signers)
    }

    /// Signed by its whole board.
    pub(crate) fn whole(&self) -> Vec<u8> {
        let signers: Vec<&str> = self.signers.iter().map(String::as_str).collect();
        self.signed(&signers)
    }
}

/// The files that every version has.
fn others() -> [(String, String); 2] {
    let mut members = String::new();
    for code in ["ALFA", "BRAVO", "CHARLIE"] {
        let keys = ["transport", "envelope", "log", "witness"]
            .map(|role| format!("{role} = \"{}\"", public(&format!("{code} {role}"))));
        members.push_str(&format!(
            "[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"general\"\nkeys = {{ {} }}\n",
            keys.join(", ")
        ));
    }
    let people = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A\"\nhospital = \"ALFA\"\nkey = \"{}\"\n",
        public("a.jansen")
    );
    [("members.toml".to_owned(), members), ("people.toml".to_owned(), people)]
}

#[derive(Serialize)]
struct Payload<'f> {
    format: u32,
    files: Vec<FileEntry<'f>>,
}

#[derive(Serialize)]
struct FileEntry<'f> {
    path: &'f str,
    text: &'f str,
}

/// The payload of these files, whatever they say.
pub(crate) fn payload(files: &BTreeMap<String, String>) -> Vec<u8> {
    let files = files.iter().map(|(path, text)| FileEntry { path, text }).collect();
    serde_json::to_vec(&Payload { format: 1, files }).unwrap()
}

pub(crate) fn envelope(files: &BTreeMap<String, String>) -> Envelope {
    Envelope::unsigned(PayloadType::Charter, payload(files))
}

pub(crate) fn signed(mut envelope: Envelope, signers: &[&str]) -> Vec<u8> {
    signers.iter().for_each(|signer| envelope.add_signature(&key(signer)));
    envelope.encode()
}

/// The first two versions, both with a board of Ann, Ben and Cas, accepted when they began.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) first: Draft,
    pub(crate) second: Draft,
    pub(crate) line: Line,
}

impl World {
    pub(crate) fn new() -> Self {
        let first = Draft::first();
        let second = Draft { from: day(30), ..first.next() };
        let line = line(&[(&first, T0), (&second, day(30))]);
        Self { first, second, line }
    }

    /// A good third version, which nobody has signed.
    pub(crate) fn third(&self) -> Draft {
        Draft { from: day(60), ..self.second.next() }
    }
}

/// The chain of these versions, each signed by its board and the one before, and accepted at that moment.
pub(crate) fn line(versions: &[(&Draft, UnixTime)]) -> Line {
    let none = Revocations::default();
    let (first, accepted_at) = versions[0];
    let mut line = Line::first(&first.whole(), first.digest(), accepted_at, &none).unwrap();
    for pair in versions.windows(2) {
        let ((before, _), (next, accepted_at)) = (pair[0], pair[1]);
        let signers = before.signers.iter().chain(&next.signers);
        let signers: Vec<&str> = signers.map(String::as_str).collect();
        let next = line.check(&next.signed(&signers), &none).unwrap();
        line.accept(next, accepted_at).unwrap();
    }
    line
}

/// ALFA's word about a version, of this moment.
pub(crate) fn fresh(about: &Draft, at: UnixTime) -> Freshness {
    Freshness::new(&about.layer(), hospital("ALFA"), at)
}

/// A revocation of an owner's key by these.
pub(crate) fn revocation(what: Subject, owner: &str, by: &[&str]) -> Vec<u8> {
    let network = NetworkId::new("noord").unwrap();
    let revocation = Revocation::new(network, (what, &public(owner)), day(40), "stolen");
    signed(revocation.envelope(), by)
}

/// The set with this one revocation.
pub(crate) fn revoked(line: &Line, what: Subject, owner: &str, by: &[&str]) -> Revocations {
    let mut set = Revocations::default();
    let bytes = revocation(what, owner, by);
    assert!(set.insert(Revocation::verify(&bytes, line, &set, day(40)).unwrap()).unwrap());
    set
}

/// The text with a bit of its last signature flipped.
pub(crate) fn flipped(text: &str) -> String {
    let mark = "\"sig\":\"";
    let (before, sig) = text.rsplit_once(mark).unwrap();
    let (first, rest) = sig.split_at(1);
    let other = if first == "A" { "B" } else { "A" };
    format!("{before}{mark}{other}{rest}")
}
