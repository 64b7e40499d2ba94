//! A small network: three hospitals, four people, one dataset of people and one synthetic.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use ed25519_dalek::SigningKey;
use policies::bundle::{open, seal};
use policies::dsse::{Envelope, PublicKey};
use policies::explore::{Explore, ExploreReason, ExploreRefusal};
use policies::footprint::{
    ColumnUse, FootprintDraft, FragmentFootprint, LinkAxis, LinkFootprint, LinkName, LinkNames,
    LinkQuantity, LinkSum, MeasureFootprint, MeasureKind, Sensitive, SumFootprint, SumKind, Units,
};
use policies::question::{sign_question, sign_request};
use policies::wire::{Asks, Question, Request};
use policies::{
    Charter, DatasetId, Digest, Footprint, HospitalCode, NetworkId, PersonId, Purpose,
    SeenQuestions, Trust, UnixTime,
};

pub(crate) const NOW: UnixTime = UnixTime(1_782_900_000);

/// The key of this owner: the same in every run, and made once in each.
pub(crate) fn key(owner: &str) -> SigningKey {
    static MADE: Mutex<BTreeMap<String, SigningKey>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap();
    if let Some(key) = made.get(owner) {
        return key.clone();
    }
    let key = SigningKey::from_bytes(Digest::of(owner.as_bytes()).as_bytes());
    made.insert(owner.to_owned(), key.clone());
    key
}

pub(crate) fn public(owner: &str) -> PublicKey {
    static MADE: Mutex<BTreeMap<String, PublicKey>> = Mutex::new(BTreeMap::new());
    let known = MADE.lock().unwrap().get(owner).copied();
    known.unwrap_or_else(|| {
        let made = PublicKey::of(&key(owner)).unwrap();
        MADE.lock().unwrap().insert(owner.to_owned(), made);
        made
    })
}

pub(crate) fn hospital(code: &str) -> HospitalCode {
    HospitalCode::new(code).unwrap()
}

/// The files of the network, with `key:OWNER` in place of keys.
pub(crate) fn raw_files() -> BTreeMap<String, String> {
    let texts = [
        ("charter.toml", include_str!("charter/charter.toml")),
        ("members.toml", include_str!("charter/members.toml")),
        ("people.toml", include_str!("charter/people.toml")),
        ("datasets/rotterdam.toml", include_str!("charter/rotterdam.toml")),
        ("datasets/made.toml", include_str!("charter/made.toml")),
        ("rules/network.cedar", include_str!("charter/network.cedar")),
    ];
    texts.into_iter().map(|(path, text)| (path.to_owned(), text.to_owned())).collect()
}

/// The files of the network.
pub(crate) fn files() -> BTreeMap<String, String> {
    raw_files().into_iter().map(|(path, text)| (path, with_keys(&text))).collect()
}

/// Replaces `key:OWNER` in quotes by the owner's key.
pub(crate) fn with_keys(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\"key:") {
        let (owner, next) = after.split_once('"').unwrap();
        out.push_str(before);
        out.push_str(&format!("\"{}\"", public(owner)));
        rest = next;
    }
    out.push_str(rest);
    out
}

/// The files with other rules.
pub(crate) fn files_with_rules(rules: &str) -> BTreeMap<String, String> {
    let mut files = files();
    files.insert("rules/network.cedar".to_owned(), rules.to_owned());
    files
}

pub(crate) fn sealed(files: &BTreeMap<String, String>) -> Charter {
    let mut envelope = seal(files).unwrap_or_else(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("the charter has problems:\n{}", lines.join("\n"))
    });
    envelope.add_signature(&key("board"));
    open(&envelope.encode(), &trust(&envelope)).unwrap()
}

/// Whoever pinned this bundle.
pub(crate) fn trust(envelope: &Envelope) -> Trust {
    Trust { root: envelope.digest(), now: NOW, held: None }
}

pub(crate) fn charter() -> Charter {
    sealed(&files())
}

/// A. Jansen of ALFA asks ALFA and BRAVO.
pub(crate) fn question() -> Question {
    Question {
        id: "00112233445566778899aabbccddeeff".to_owned(),
        network: NetworkId::new("noord").unwrap(),
        person: PersonId::new("a.jansen").unwrap(),
        purpose: Purpose::new("quality").unwrap(),
        group: None,
        dataset: DatasetId::new("rotterdam").unwrap(),
        asking_node: hospital("ALFA"),
        hospitals: vec![hospital("ALFA"), hospital("BRAVO")],
        asks: Asks::Sql("SELECT grade, count(*) FROM patient GROUP BY grade".to_owned()),
        profile: None,
        issued_at: NOW.plus(-10),
        expires_at: NOW.plus(290),
    }
}

/// ALFA sends it to BRAVO.
pub(crate) fn request(charter: &Charter, question: &Question) -> Request {
    let envelope = sign_question(question, &key(question.person.as_str()));
    Request {
        network: NetworkId::new("noord").unwrap(),
        from: hospital("ALFA"),
        audience: hospital("BRAVO"),
        question: String::from_utf8(envelope.encode()).unwrap(),
        layers: vec![charter.layer().unwrap()],
        language: 1,
        fragments: vec![Digest::of(b"fragment")],
        checkpoint: Some("a log\n7\nroot\n\n\u{2014} a log signature\n".to_owned()),
        cosigned: None,
        sent_at: NOW,
        delegation: None,
        networks: charter.networks_digest(question.issued_at),
    }
}

pub(crate) fn encoded(request: &Request) -> Vec<u8> {
    sign_request(request, &key("ALFA envelope")).encode()
}

/// A replay record in memory.
#[derive(Debug, Default)]
pub(crate) struct Seen(pub(crate) BTreeMap<Digest, Digest>);

impl SeenQuestions for Seen {
    fn find(&self, question: &Digest) -> Option<Digest> {
        self.0.get(question).copied()
    }
}

/// A footprint of `table.column:use` words on a dataset.
pub(crate) fn footprint(charter: &Charter, dataset: &str, uses: &[String]) -> Footprint {
    let dataset = charter.dataset(&DatasetId::new(dataset).unwrap()).unwrap();
    Footprint::check(draft(uses), dataset).unwrap()
}

pub(crate) fn draft(uses: &[String]) -> FootprintDraft {
    let mut group_keys = Vec::new();
    let mut parsed = BTreeSet::new();
    for word in uses {
        let (column, usage) = word.split_once(':').unwrap();
        let (table, name) = column.split_once('.').unwrap();
        let usage = serde_json::from_str(&format!("\"{usage}\"")).unwrap();
        if usage == policies::dataset::Use::Group {
            group_keys.push(column.to_owned());
        }
        parsed.insert(ColumnUse { table: table.to_owned(), column: name.to_owned(), usage });
    }
    // Twelve groups, all of the first key; one that is of no column if there is none.
    if group_keys.is_empty() {
        group_keys.push("CASE WHEN true THEN 1 ELSE 12 END".to_owned());
    }
    let sizes = (0..).zip([12].into_iter().chain(std::iter::repeat(1))).take(group_keys.len());
    let links = vec![LinkFootprint {
        base: Digest::of(b"base"),
        keys: sizes.map(|(axis, size)| LinkAxis { axis, size }.into()).collect(),
        sums: vec![LinkSum { of: 0, fixed: Vec::new(), part_of: Vec::new() }],
    }];
    let axes =
        (0..links.iter().map(|link| link.keys.len()).sum()).map(|axis: usize| axis.to_string());
    let names = LinkNames {
        axes: axes.map(|axis| LinkName::of(&axis)).collect(),
        sums: vec![LinkQuantity { what: LinkName::of("rows"), conditions: BTreeSet::new() }],
    };
    FootprintDraft {
        shows: policies::footprint::Shows::NOTHING,
        names,
        tables: parsed.iter().map(|used| used.table.clone()).collect(),
        uses: parsed,
        functions: BTreeSet::new(),
        aggregates: BTreeSet::from(["count".to_owned()]),
        fragments: vec![FragmentFootprint {
            digest: Digest::of(b"fragment"),
            group_keys,
            cells: 12,
            sums: vec![SumFootprint {
                text: "count(*)".to_owned(),
                kind: SumKind::Rows,
                scale: 0,
                measure: 0,
            }],
            measures: vec![MeasureFootprint {
                condition: None,
                argument: None,
                kind: MeasureKind::Rows,
                scale: 0,
                least: Units::new(0),
                most: Units::new(1),
                made: None,
                whole: false,
                sensitive: Sensitive::default(),
            }],
            explore: Explore::Refused(ExploreRefusal::new(ExploreReason::Rows, "patient")),
            links,
            vectors: Vec::new(),
            sensitive: false,
        }],
    }
}
