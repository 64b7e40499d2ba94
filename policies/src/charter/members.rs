//! `members.toml`: the hospitals of the network, and the sub-networks that they are in.

use std::collections::BTreeMap;

use crate::dataset::Dataset;
use crate::problem::Problems;
use crate::reader::{self, Fields, document};
use crate::{DatasetId, HospitalCode, NetworkId, UnixTime};

use super::head::Head;
use super::joined::{self, Joined};
use super::keys::{self, MemberKeys, Owners};
use super::networks::{self, Membership};
use super::not_given::{self, NotGiven};
use super::people::validity;

/// Most hospitals of one network; also the most that one question may name.
pub(crate) const MAX_MEMBERS: usize = 512;
/// Most addresses of a hospital.
const MAX_ADDRESSES: usize = 8;
/// Most characters of an address.
const MAX_ADDRESS_CHARS: usize = 256;

/// A hospital.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its code.
    pub code: HospitalCode,
    /// Its name.
    pub name: String,
    /// What kind of hospital.
    pub kind: MemberKind,
    /// Its keys.
    pub keys: MemberKeys,
    /// Where its node listens, as multiaddrs.
    pub addresses: Vec<String>,
    /// The sub-networks that it is in.
    pub networks: BTreeMap<NetworkId, Membership>,
    /// Care that it does not give.
    pub not_given: Vec<NotGiven>,
    /// First moment of membership, where it has one.
    pub valid_from: Option<UnixTime>,
    /// Last moment of membership, where it has one.
    pub valid_until: Option<UnixTime>,
}

impl Member {
    /// Whether it is a member at this moment.
    #[must_use]
    pub fn valid_at(&self, now: UnixTime) -> bool {
        validity(self.valid_from, self.valid_until, now)
    }
}

/// The kinds of hospitals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MemberKind {
    /// University medical centre.
    Umc,
    /// Top clinical teaching hospital.
    Teaching,
    /// General hospital.
    General,
    /// Radiotherapy institute.
    Radiotherapy,
}

impl MemberKind {
    const ALL: [Self; 4] = [Self::Umc, Self::Teaching, Self::General, Self::Radiotherapy];

    /// The word in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Umc => "umc",
            Self::Teaching => "teaching",
            Self::General => "general",
            Self::Radiotherapy => "radiotherapy",
        }
    }
}

/// The datasets of the charter, if all could be read.
type Datasets<'d> = Option<&'d BTreeMap<DatasetId, Dataset>>;

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) members: BTreeMap<HospitalCode, Member>,
    /// In a charter with a parent, which of that one's members take part.
    pub(super) joined: BTreeMap<HospitalCode, Joined>,
    /// The name of each sub-network.
    pub(super) networks: BTreeMap<NetworkId, String>,
}

/// Reads the file; `head` is `charter.toml`, where it could be read, `datasets` what the charter holds, if all of it could
/// be read.
pub(super) fn read(
    text: &str,
    (head, datasets): (Option<&Head>, Datasets<'_>),
    problems: &mut Problems<'_>,
) -> Read {
    let own = head.map(|head| &head.network);
    document(text, problems, |mut fields, problems| {
        let networks = networks::declared(&mut fields, own, problems);
        let known = (&networks, datasets);
        let (mut full, mut joining) = (BTreeMap::new(), BTreeMap::new());
        if head.is_some_and(|head| head.parent.is_some()) {
            joining = joined::read(fields, known, problems);
        } else {
            full = members(fields, known, problems);
        }
        Some(Read { members: full, joined: joining, networks })
    })
    .unwrap_or_default()
}

fn members(
    mut fields: Fields<'_>,
    (networks, datasets): (&BTreeMap<NetworkId, String>, Datasets<'_>),
    problems: &mut Problems<'_>,
) -> BTreeMap<HospitalCode, Member> {
    let found = fields.tables("members", problems);
    fields.finish(problems);
    if found.is_empty() {
        problems.add("the network has no member: write [[members]]");
    }
    if found.len() > MAX_MEMBERS {
        problems.add(format!("the network has {} members, at most {MAX_MEMBERS}", found.len()));
        return BTreeMap::new();
    }
    let mut keys = Owners::new();
    let mut members = BTreeMap::new();
    for fields in found {
        let offset = fields.offset();
        let known = (&mut keys, networks, datasets);
        let Some(member) = member(fields, known, problems) else {
            continue;
        };
        let code = member.code.clone();
        if members.insert(code.clone(), member).is_some() {
            problems.at(offset, format!("member `{code}` is declared twice"));
        }
    }
    members
}

fn member(
    mut fields: Fields<'_>,
    (known, networks, datasets): (&mut Owners, &BTreeMap<NetworkId, String>, Datasets<'_>),
    problems: &mut Problems<'_>,
) -> Option<Member> {
    let code = fields.name::<HospitalCode>("code", problems);
    let name = fields.label("name", problems);
    let kind = kind(&mut fields, problems);
    let owner = code.as_ref().map_or("a member", |code| code.value.as_str());
    let keys = fields
        .table("keys", problems)
        .and_then(|fields| keys::read(fields, owner, known, problems));
    let addresses = addresses(&mut fields, problems);
    let networks = networks::memberships(&mut fields, networks, problems);
    let not_given = not_given::read(&mut fields, datasets, problems);
    let (valid_from, valid_until) = fields.validity(problems);
    fields.finish(problems);
    Some(Member {
        code: code?.value,
        name: name?,
        kind: kind?,
        keys: keys?,
        addresses,
        networks,
        not_given,
        valid_from,
        valid_until,
    })
}

fn kind(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Option<MemberKind> {
    let found = fields.text("kind", problems)?;
    let kind = MemberKind::ALL.into_iter().find(|kind| kind.as_str() == found.value);
    if kind.is_none() {
        let known = MemberKind::ALL.map(MemberKind::as_str).join(", ");
        problems.at(found.offset, format!("`kind` is one of {known}"));
    }
    kind
}

fn addresses(fields: &mut Fields<'_>, problems: &mut Problems<'_>) -> Vec<String> {
    let found = fields.list("addresses", problems);
    if found.len() > MAX_ADDRESSES {
        let got = found.len();
        problems.at(fields.offset(), format!("{got} addresses, at most {MAX_ADDRESSES} are read"));
        return Vec::new();
    }
    let mut addresses = Vec::new();
    for item in found {
        let Some(address) = reader::text("addresses", item, problems) else {
            continue;
        };
        let text = address.value;
        let good = text.starts_with('/')
            && text.len() <= MAX_ADDRESS_CHARS
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if good {
            addresses.push(text.to_owned());
        } else {
            problems.at(
                address.offset,
                "an address is a multiaddr such as \"/ip4/192.0.2.7/tcp/4001\"",
            );
        }
    }
    addresses
}
