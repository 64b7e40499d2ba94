//! The charter: who belongs to a network, what its data mean, and who may ask what. What a board signs.
//!
//! A charter is a set of files, `path -> text`. They are read together, because a rule that names an unknown person
//! is as wrong as one that does not parse, and every problem of every file is reported at once. Whether the files
//! are signed is [`crate::bundle`]'s work: a charter read from plain files has no [`LayerRef`].

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cases::Case;
use crate::dataset::Dataset;
use crate::indicator::Indicator;
use crate::wire::LayerRef;
use crate::{DatasetId, Digest, HospitalCode, IndicatorId, NetworkId, PersonId, UnixTime};

mod beside;
mod head;
mod indicators;
mod joined;
mod keys;
mod members;
mod model;
mod networks;
mod not_given;
pub(crate) mod own;
mod parse;
mod parts;
mod people;
pub mod rules;
mod within;

use crate::dsse::PublicKey;
pub(crate) use beside::{Asked, Says, named};
pub use beside::{Beside, Layer};
pub(crate) use head::Head;
pub use head::{Child, FreshnessKey, Parent, Signer};
pub use joined::Joined;
pub use keys::{MemberKeys, RoleKey, RoleKeys};
pub(crate) use members::MAX_MEMBERS;
pub use members::{Member, MemberKind};
pub use networks::Membership;
pub use not_given::NotGiven;
pub use own::{Books, OwnRules};
pub(crate) use parse::head_alone;
pub use parse::{MAX_FILES, parse, parse_below};
pub use people::Person;
use rules::Rules;

/// A checked charter.
#[derive(Debug)]
pub struct Charter {
    head: head::Head,
    parts: parts::Parts,
    rules: Rules,
    cases: Arc<Vec<Case>>,
    sealed: Option<Digest>,
    /// The networks from the root to this one.
    path: Vec<within::Place>,
    /// The layers above it, the root first, where they are read with it.
    above: Vec<Layer>,
}

impl Charter {
    /// The network it belongs to.
    #[must_use]
    pub fn network(&self) -> &NetworkId {
        &self.head.network
    }

    /// Its version, from 1.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.head.version
    }

    /// What the network is, per language.
    #[must_use]
    pub fn title(&self) -> &BTreeMap<String, String> {
        &self.head.title
    }

    /// When it begins to hold.
    #[must_use]
    pub fn valid_from(&self) -> UnixTime {
        self.head.valid_from
    }

    /// When it ends, inclusive.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.head.valid_until
    }

    /// Who may sign it.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.head.signers
    }

    /// How many distinct signers must have signed it.
    #[must_use]
    pub fn threshold(&self) -> usize {
        self.head.threshold
    }

    /// The digest of the version before; version 1 has none.
    #[must_use]
    pub fn previous(&self) -> Option<Digest> {
        self.head.previous
    }

    /// How long the version before holds beside this one, in seconds.
    #[must_use]
    pub fn notice_s(&self) -> i64 {
        self.head.notice_s
    }

    /// The keys that vouch for a version being the newest.
    #[must_use]
    pub fn freshness(&self) -> &[FreshnessKey] {
        &self.head.freshness
    }

    /// A hospital.
    #[must_use]
    pub fn member(&self, code: &HospitalCode) -> Option<&Member> {
        self.parts.members.get(code)
    }

    /// Every hospital, by code.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.parts.members.values()
    }

    /// The hospital whose connections are authenticated by this key at this moment.
    #[must_use]
    pub fn member_by_transport(&self, key: &PublicKey, now: UnixTime) -> Option<&Member> {
        self.parts.members.values().find(|member| member.keys.transport.accepts(key, now))
    }

    /// A person.
    #[must_use]
    pub fn person(&self, id: &PersonId) -> Option<&Person> {
        self.parts.people.get(id)
    }

    /// Every person, by id.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.parts.people.values()
    }

    /// Whose key this is, if it has any job in the charter.
    pub(crate) fn owner_of(&self, key: &PublicKey) -> Option<String> {
        let of_node = |member: &&Member| member.keys.all().any(|known| known == key);
        if let Some(member) = self.members().find(of_node) {
            return Some(format!("the node of {}", member.code));
        }
        if let Some(person) = self.people().find(|person| person.key == *key) {
            return Some(format!("person {}", person.id));
        }
        if let Some(signer) = self.head.signers.iter().find(|signer| signer.key == *key) {
            return Some(format!("signer {}", signer.name));
        }
        let fresh = self.head.freshness.iter().find(|fresh| fresh.key == *key);
        fresh.map(|fresh| format!("freshness of {}", fresh.hospital))
    }

    /// A dataset.
    #[must_use]
    pub fn dataset(&self, id: &DatasetId) -> Option<&Dataset> {
        self.parts.datasets.get(id)
    }

    /// Every dataset, by id.
    pub fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.parts.datasets.values()
    }

    /// The exact text of a dataset's file: what a worker is given.
    #[must_use]
    pub fn dataset_text(&self, id: &DatasetId) -> Option<&str> {
        self.parts.texts.get(id).map(String::as_str)
    }

    /// An indicator.
    #[must_use]
    pub fn indicator(&self, id: &IndicatorId) -> Option<&Indicator> {
        self.parts.indicators.get(id)
    }

    /// Every indicator, by id.
    pub fn indicators(&self) -> impl Iterator<Item = &Indicator> {
        self.parts.indicators.values()
    }

    /// The exact text of each indicator's file, by id: what a client makes a question of.
    pub fn indicator_texts(&self) -> impl Iterator<Item = (&IndicatorId, &str)> {
        self.parts.indicator_texts.iter().map(|(id, text)| (id, text.as_str()))
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The board's own cases, in the order of files.
    pub fn cases(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter()
    }

    /// What names it in requests and answers; `None` for plain files that nobody sealed.
    #[must_use]
    pub fn layer(&self) -> Option<LayerRef> {
        let digest = self.sealed?;
        Some(LayerRef { network: self.head.network.clone(), version: self.head.version, digest })
    }

    /// Names the bundle that the charter came from. Only [`crate::chain`] calls this, after the signatures held.
    pub(crate) fn seal(self, digest: Digest) -> Self {
        let mut sealed = Self { sealed: Some(digest), ..self };
        let layer = sealed.layer();
        if let Some(own) = sealed.path.last_mut() {
            own.layer = layer;
        }
        sealed
    }
}
