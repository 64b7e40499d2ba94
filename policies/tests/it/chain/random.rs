//! Ten thousand random histories of a chain, against the model: what is taken, what is in force, what is revoked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use policies::statement::{Revocation, Revocations, Subject};
use policies::{Digest, Line, NetworkId, UnixTime};

use crate::boards::{DAY, Draft, T0, envelope, signed};
use crate::dice::Dice;
use crate::fixture::public;

use super::model::{Model, Offer};

const HISTORIES: u64 = 10_000;
/// Steps of one history.
const STEPS: u64 = 4;
const PEOPLE: [&str; 5] = ["ann", "ben", "cas", "dov", "eva"];

/// A node and what the model says about it.
struct History {
    dice: Dice,
    line: Line,
    revoked: Revocations,
    model: Model,
    /// Everything that was offered, for replays, with its bytes.
    offered: Vec<(Offer, Vec<u8>)>,
    /// What a node stores: the bytes of what it took.
    stored: Vec<(Vec<u8>, UnixTime)>,
    now: UnixTime,
}

/// First versions by what they say: there are a few hundred.
type Firsts = BTreeMap<String, (Offer, Vec<u8>, Line)>;

/// What histories were made of: each must happen, or the test tests nothing.
#[derive(Debug, Default)]
struct Seen {
    taken: u64,
    refused: u64,
    replayed: u64,
    revoked: u64,
    unrevoked: u64,
    several: u64,
    nothing: u64,
}

/// One hospital is enough: what members and people say is not what this is about.
fn offer_of(draft: Draft, by: BTreeSet<String>) -> (Offer, Vec<u8>) {
    static MEMBERS: LazyLock<String> = LazyLock::new(|| {
        let keys = ["transport", "envelope", "log", "witness"]
            .map(|role| format!("{role} = \"{}\"", public(&format!("ALFA {role}"))));
        let keys = keys.join(", ");
        format!("[[members]]\ncode = \"ALFA\"\nname = \"A\"\nkind = \"umc\"\nkeys = {{ {keys} }}\n")
    });
    let files = [
        ("charter.toml", draft.head()),
        ("members.toml", MEMBERS.clone()),
        ("people.toml", String::new()),
    ];
    let files = files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    let envelope = envelope(&files);
    let digest = envelope.digest();
    let names: Vec<&str> = by.iter().map(String::as_str).collect();
    let bytes = signed(envelope, &names);
    (Offer { draft, digest, by }, bytes)
}

impl History {
    fn new(seed: u64, firsts: &mut Firsts) -> Self {
        let mut dice = Dice(seed);
        let first = Draft { title: "1".to_owned(), freshness: Vec::new(), ..Draft::first() };
        let first = with_board(&mut dice, first);
        let first = with_terms(&mut dice, first);
        let revoked = Revocations::default();
        let begun = firsts.entry(first.head()).or_insert_with(|| {
            let by = first.signers.iter().cloned().collect();
            let (offer, bytes) = offer_of(first, by);
            let line = Line::first(&bytes, offer.digest, T0, &revoked).unwrap();
            (offer, bytes, line)
        });
        let (offer, bytes, line) = begun.clone();
        let model = Model { taken: vec![(offer.clone(), T0)], revoked: BTreeSet::new() };
        let stored = vec![(bytes.clone(), T0)];
        Self { dice, line, revoked, model, offered: vec![(offer, bytes)], stored, now: T0 }
    }

    /// One of the ways to go on, mostly the good one.
    fn offer(&mut self) -> (Offer, Vec<u8>) {
        let Offer { draft: tip, digest, .. } = self.model.tip().clone();
        let title = self.dice.roll(1_000).to_string();
        let mut next = Draft { title, ..tip.after(digest) };
        if self.dice.roll(3) == 0 {
            next = with_board(&mut self.dice, next);
        }
        next = with_terms(&mut self.dice, next);
        next.from = tip.from.plus((self.dice.days(8) - 1) * DAY);
        next.until = next.from.plus((1 + self.dice.days(40)) * DAY);
        match self.dice.roll(14) {
            0 => next.version += 1,
            1 => next.version = tip.version,
            2 => next.previous = Some(Digest::of(b"other")),
            3 => next.network = "zuid".to_owned(),
            _ => {}
        }
        if next.version == 1 {
            next.previous = None;
        }
        let mut by = self.dice.some(&PEOPLE);
        if self.dice.roll(3) > 0 {
            by = tip.signers.iter().chain(&next.signers).cloned().collect();
        }
        offer_of(next, by)
    }

    fn update(&mut self, seen: &mut Seen) {
        let (offer, bytes) = if self.dice.roll(5) == 0 {
            seen.replayed += 1;
            let place = self.dice.roll(self.offered.len() as u64);
            self.offered[usize::try_from(place).unwrap()].clone()
        } else {
            self.offer()
        };
        let expected = self.model.takes(&offer);
        let checked = self.line.check(&bytes, &self.revoked);
        assert_eq!(checked.is_ok(), expected, "{:?}\n{offer:?}\n{:?}", checked.err(), self.model);
        if let Ok(next) = checked {
            seen.taken += 1;
            self.line.accept(next, self.now).unwrap();
            self.model.taken.push((offer.clone(), self.now));
            self.stored.push((bytes.clone(), self.now));
        } else {
            seen.refused += 1;
        }
        self.offered.push((offer, bytes));
    }

    fn revoke(&mut self, seen: &mut Seen) {
        let signer = self.dice.one(&PEOPLE);
        let by = self.dice.some(&PEOPLE);
        if by.is_empty() {
            return;
        }
        let network = NetworkId::new("noord").unwrap();
        let what = (Subject::Signer, &public(signer));
        let names: Vec<&str> = by.iter().map(String::as_str).collect();
        let bytes = signed(Revocation::new(network, what, self.now, "lost").envelope(), &names);
        let expected = self.model.revokes(signer, &by, self.now);
        let verified = Revocation::verify(&bytes, &self.line, &self.revoked, self.now);
        assert_eq!(verified.is_ok(), expected, "{signer} {by:?} {verified:?}\n{:?}", self.model);
        if let Ok(revoked) = verified {
            seen.revoked += 1;
            let new = self.revoked.insert(revoked).unwrap();
            assert_eq!(new, self.model.revoked.insert(signer.to_owned()));
        } else {
            seen.unrevoked += 1;
        }
    }

    /// Compares what holds at this moment and at others around it; the clock may have gone back.
    fn compare(&mut self, seen: &mut Seen) {
        for moment in [0, self.dice.days(60) - 30, self.dice.days(60) - 30] {
            let moment = self.now.plus(moment * DAY);
            let expected = self.model.in_force(moment);
            let got = self.line.in_force(moment);
            assert_eq!(got.is_ok(), expected.is_some(), "{moment}\n{:?}", self.model);
            let Ok(got) = got else {
                seen.nothing += 1;
                continue;
            };
            let versions: Vec<u64> = got.all().map(|charter| charter.version()).collect();
            seen.several += u64::from(versions.len() > 1);
            assert_eq!(Some(versions), expected, "{moment}\n{:?}", self.model);
        }
    }

    /// Starts again from what is stored: from now on, the same holds.
    fn restart(&mut self) {
        let root = self.line.root();
        let stored = self.stored.iter().map(|(bytes, at)| (bytes, *at));
        let line = Line::read(stored, root, self.now).unwrap();
        assert_eq!(line.tip(), self.line.tip());
        for days in [0, 1, 5, 30] {
            let moment = self.now.plus(days * DAY);
            let layers = |line: &Line| line.in_force(moment).map(|held| held.layers());
            assert_eq!(layers(&line), layers(&self.line), "{moment}\n{:?}", self.model);
        }
    }

    fn step(&mut self, seen: &mut Seen) {
        self.now = self.now.plus(self.dice.days(9) * DAY / 2);
        match self.dice.roll(8) {
            0 => self.revoke(seen),
            1 => self.now = self.now.plus(-self.dice.days(5) * DAY),
            _ => self.update(seen),
        }
        self.compare(seen);
    }
}

fn with_board(dice: &mut Dice, draft: Draft) -> Draft {
    let mut signers: Vec<String> = dice.some(&PEOPLE).into_iter().take(3).collect();
    if signers.is_empty() {
        signers.push("ann".to_owned());
    }
    let threshold = 1 + usize::try_from(dice.roll(signers.len() as u64)).unwrap();
    Draft { signers, threshold, ..draft }
}

fn with_terms(dice: &mut Dice, draft: Draft) -> Draft {
    let notice_days = [0, 0, 1, 5, 14, 30][usize::try_from(dice.roll(6)).unwrap()];
    Draft { notice_days, ..draft }
}

fn run(seeds: impl Iterator<Item = u64>) -> Seen {
    let (mut seen, mut firsts) = (Seen::default(), Firsts::new());
    for seed in seeds {
        let mut history = History::new(seed, &mut firsts);
        for _step in 0..STEPS {
            history.step(&mut seen);
        }
        if seed % 8 == 0 {
            history.restart();
        }
    }
    seen
}

#[test]
fn random_histories_go_as_the_model_says() {
    let halves: Vec<Seen> = std::thread::scope(|scope| {
        let start = |half: u64| scope.spawn(move || run((half..HISTORIES).step_by(2)));
        let running = [start(0), start(1)];
        running.into_iter().map(|half| half.join().unwrap()).collect()
    });
    for seen in halves {
        let Seen { taken, refused, replayed, revoked, unrevoked, several, nothing } = seen;
        let counts = [taken, refused, replayed, revoked, unrevoked, several, nothing];
        assert!(counts.into_iter().all(|count| count > HISTORIES / 20), "{counts:?}");
    }
}
