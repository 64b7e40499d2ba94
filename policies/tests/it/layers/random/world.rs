//! A country, two regions and a network inside one of them, whose boards publish, list and list no more, revoke, and now and
//! then sign what they should not: everything that anybody ever says to a node.

use std::collections::{BTreeMap, BTreeSet};

use policies::statement::{Revocation, Subject};
use policies::{Digest, NetworkId};

use crate::boards::{DAY, Draft, Listed, T0, signed};
use crate::chain::model::Offer;
use crate::dice::Dice;
use crate::fixture::public;

pub(super) const ROOT: &str = "noord";
pub(super) const NETWORKS: [&str; 4] = [ROOT, "east", "inner", "west"];
pub(super) const HOSPITALS: [&str; 3] = ["ALFA", "BRAVO", "CHARLIE"];

/// What a node is told.
#[derive(Clone, Debug)]
pub(super) enum Message {
    Charter(Box<Offer>, Vec<u8>),
    Revocation { network: &'static str, signer: String, by: BTreeSet<String>, bytes: Vec<u8> },
}

/// Everything that is said, the root's first version apart.
#[derive(Debug)]
pub(super) struct World {
    pub(super) root: (Offer, Vec<u8>),
    pub(super) said: Vec<Message>,
    titles: u32,
    boards: BTreeMap<&'static str, (Vec<String>, usize)>,
}

/// The network above each.
pub(super) fn above(network: &str) -> Option<&'static str> {
    match network {
        "east" | "west" => Some(ROOT),
        "inner" => Some("east"),
        _ => None,
    }
}

/// The hospitals that the network above gives each.
fn given(network: &str) -> Vec<&'static str> {
    match network {
        "west" => vec!["BRAVO", "CHARLIE"],
        _ => vec!["ALFA", "BRAVO"],
    }
}

fn everybody(network: &str) -> Vec<String> {
    ["ann", "ben", "cas", "dov"].map(|name| format!("{network} {name}")).to_vec()
}

/// Three of a network's four, of whom two sign; or one alone.
fn board(dice: &mut Dice, network: &str) -> (Vec<String>, usize) {
    let mut names = everybody(network);
    dice.shuffle(&mut names);
    let (size, threshold) = if dice.once_in(8) { (1, 1) } else { (3, 2) };
    names.truncate(size);
    (names, threshold)
}

/// Sealed and signed by these.
pub(super) fn offer(draft: Draft, by: BTreeSet<String>) -> (Offer, Vec<u8>) {
    let envelope = draft.envelope();
    let digest = envelope.digest();
    let names: Vec<&str> = by.iter().map(String::as_str).collect();
    let bytes = signed(envelope, &names);
    (Offer { draft, digest, by }, bytes)
}

impl World {
    pub(super) fn new(dice: &mut Dice) -> Self {
        let boards = NETWORKS.map(|network| (network, board(dice, network)));
        let none = Offer { draft: Draft::first(), digest: Digest::of(b""), by: BTreeSet::new() };
        let mut world = Self {
            root: (none, Vec::new()),
            said: Vec::new(),
            titles: 0,
            boards: BTreeMap::from(boards),
        };
        let mut lengths = BTreeMap::new();
        for network in NETWORKS {
            let length = 1 + dice.roll(3);
            lengths.insert(network, length);
            let parents = above(network).map_or(1, |parent| lengths[parent]);
            let mut chain = world.chain(dice, network, (length, parents));
            if network == ROOT {
                world.root = chain.remove(0);
            }
            world.said.extend(
                chain.into_iter().map(|(offer, bytes)| Message::Charter(Box::new(offer), bytes)),
            );
        }
        for _mutant in 0..dice.roll(4) {
            let (offer, bytes) = world.mutant(dice);
            world.said.push(Message::Charter(Box::new(offer), bytes));
        }
        if dice.once_in(3) {
            let revocation = revocation(dice);
            world.said.push(revocation);
        }
        world
    }

    fn title(&mut self) -> String {
        self.titles += 1;
        self.titles.to_string()
    }

    /// One network's versions, as its board means them.
    fn chain(
        &mut self,
        dice: &mut Dice,
        network: &'static str,
        (length, parents): (u64, u64),
    ) -> Vec<(Offer, Vec<u8>)> {
        let mut chain: Vec<(Offer, Vec<u8>)> = Vec::new();
        for version in 1..=length {
            let before = chain.last().map(|(offer, _)| offer.clone());
            let (signers, threshold) = match &before {
                None => self.boards[network].clone(),
                Some(before) if dice.once_in(2) => {
                    (before.draft.signers.clone(), before.draft.threshold)
                }
                Some(_) => board(dice, network),
            };
            let earliest = before.as_ref().map_or(T0, |before| before.draft.from);
            let days = if network == ROOT && version == 1 { 0 } else { dice.days(12) };
            let back = if version > 1 && dice.once_in(12) { 20 } else { 0 };
            let from = earliest.plus((days - back) * DAY);
            let lasts = if dice.once_in(4) { 1 + dice.days(30) } else { 400 };
            let old = before.as_ref().and_then(|before| before.draft.parent.clone());
            let least = old.map_or(1, |(_, version)| version);
            let parent = above(network)
                .map(|parent| (parent.to_owned(), least + dice.roll(parents + 1 - least)));
            let draft = Draft {
                network: network.to_owned(),
                version,
                previous: before.as_ref().map(|before| before.digest),
                title: self.title(),
                from,
                until: from.plus(lasts * DAY),
                notice_days: dice.one(&[0, 0, 1, 5, 14, 30]),
                freshness: if parent.is_none() { fresh(dice) } else { Vec::new() },
                parent,
                children: self.children(dice, network),
                joined: joined(dice, network),
                signers,
                threshold,
            };
            let old = before.map(|before| before.draft.signers).unwrap_or_default();
            let all: BTreeSet<String> = draft.signers.iter().cloned().chain(old).collect();
            let pinned = network == ROOT && version == 1;
            let by = if pinned { all } else { who(dice, all) };
            chain.push(offer(draft, by));
        }
        chain
    }

    fn children(&self, dice: &mut Dice, network: &str) -> Vec<Listed> {
        let own = |below: &&&str| above(below) == Some(network);
        let mut below: Vec<&str> = NETWORKS.iter().filter(own).copied().collect();
        below.retain(|_| !dice.once_in(6));
        if network == "east" && dice.once_in(16) {
            // Another one's child.
            below.push("west");
        }
        let listed = |below: &str| {
            let other = dice.once_in(10);
            let (signers, threshold) =
                if other { board(dice, below) } else { self.boards[below].clone() };
            let given = if network == "east" { given("east") } else { given(below) };
            Listed { network: below.to_owned(), signers, threshold, given }
        };
        below.into_iter().map(listed).collect()
    }

    /// Something that follows no version as it should: mostly to be refused, or one of two that are both signed.
    fn mutant(&mut self, dice: &mut Dice) -> (Offer, Vec<u8>) {
        let charters = self.said.iter().filter_map(|message| match message {
            Message::Charter(offer, _) => Some(&**offer),
            Message::Revocation { .. } => None,
        });
        let all: Vec<&Offer> = charters.chain([&self.root.0]).collect();
        let of = all[dice.place(all.len())].clone();
        let mut draft = Draft { title: self.title(), ..of.draft };
        let mut by = of.by;
        match dice.roll(9) {
            0 => draft.version += 1,
            1 if draft.version > 1 => draft.previous = Some(Digest::of(b"other")),
            2 => draft.from = draft.from.plus(-40 * DAY),
            3 => by = dice.some(&["noord ann", "east ann", "inner ben", "west cas"]),
            4 => {
                let other = ["noord", "west"].into_iter().find(|other| *other != draft.network);
                draft.parent = other.map(|other| (other.to_owned(), 1));
                draft.joined = vec!["BRAVO"];
                draft.freshness = Vec::new();
            }
            5 => draft.parent = None,
            6 => {
                let number = dice.roll(2) * 4;
                draft.parent =
                    draft.parent.map(|(parent, was)| (parent, (was + number).max(2) - 1));
            }
            7 => (draft.signers, draft.threshold) = board(dice, &draft.network),
            _ => {}
        }
        if draft.version > 1 && draft.previous.is_none() {
            draft.previous = Some(of.digest);
        }
        offer(draft, by)
    }
}

/// Mostly all of them.
fn who(dice: &mut Dice, all: BTreeSet<String>) -> BTreeSet<String> {
    let partly = dice.once_in(10);
    all.into_iter().filter(|_| !partly || dice.once_in(2)).collect()
}

/// The hospitals that take part; of a network with others below it, the same ones in every version.
fn joined(dice: &mut Dice, network: &str) -> Vec<&'static str> {
    match network {
        ROOT => Vec::new(),
        "east" => vec!["ALFA", "BRAVO"],
        _ => {
            let mut some: Vec<&str> = HOSPITALS.to_vec();
            some.remove(dice.place(3));
            some
        }
    }
}

fn fresh(dice: &mut Dice) -> Vec<&'static str> {
    HOSPITALS.into_iter().filter(|_| dice.once_in(2)).collect()
}

/// Of a signer's key, by some of the board, or by the key itself.
fn revocation(dice: &mut Dice) -> Message {
    let network = dice.one(&NETWORKS);
    let names = everybody(network);
    let signer = names[dice.place(names.len())].clone();
    let mut by: BTreeSet<String> = names.into_iter().filter(|_| dice.once_in(2)).collect();
    by.insert(format!("{network} ann"));
    let what = (Subject::Signer, &public(&signer));
    let this = Revocation::new(NetworkId::new(network).unwrap(), what, T0, "lost");
    let signers: Vec<&str> = by.iter().map(String::as_str).collect();
    let bytes = signed(this.envelope(), &signers);
    Message::Revocation { network, signer, by, bytes }
}
