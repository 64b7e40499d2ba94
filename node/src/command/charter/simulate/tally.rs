//! Counts: each question is decided once, however often it was asked.

use std::collections::{BTreeMap, BTreeSet};

use policies::replay::{AtDoor, Change, InWords, Touched, What};
use policies::{Digest, UnixTime};

use super::question::{Asked, Known};
use super::sides::Sides;

/// Most different questions that are replayed: of each for which something changes some 5 KB are kept, of others 200 bytes.
const MAX_DISTINCT: usize = 100_000;
/// Most bytes of footprints that are kept, of questions for which something changes.
const MAX_KEPT_BYTES: usize = 256 << 20;
/// Most questions that are known again in a second export: 64 bytes each.
const MAX_KNOWN_AGAIN: usize = 1_000_000;

/// What is counted while questions come.
#[derive(Debug)]
pub(super) struct Tally<'s> {
    sides: &'s Sides,
    groups: BTreeMap<Digest, Group>,
    seen: BTreeSet<(Digest, bool)>,
    not_replayed: BTreeMap<&'static str, u64>,
    /// Bytes of footprints that are kept.
    kept: usize,
}

/// Questions that are decided alike.
#[derive(Debug)]
struct Group {
    asked: u64,
    first: UnixTime,
    last: UnixTime,
    refused: bool,
    outcome: Outcome,
}

#[derive(Debug)]
enum Outcome {
    Same,
    /// Let in by both charters, or by neither.
    AtDoor(&'static str),
    NotReplayed(&'static str),
    Changed(Box<(Asked, InWords, Changed)>),
}

/// What changes.
#[derive(Debug)]
pub(super) enum Changed {
    /// For a question that was permitted.
    Whole(Change),
    /// For one that was refused.
    AtDoor(AtDoor),
}

/// A question for which something changes.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) asked: u64,
    pub(super) first: UnixTime,
    pub(super) last: UnixTime,
    /// One of them: the first that came.
    pub(super) question: Asked,
    pub(super) touched: InWords,
    pub(super) changed: Changed,
}

/// Questions, and how many different ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Count {
    pub(super) questions: u64,
    pub(super) distinct: u64,
}

impl Count {
    fn add(&mut self, questions: u64) {
        self.questions = self.questions.saturating_add(questions);
        self.distinct = self.distinct.saturating_add(1);
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) rows: Vec<Row>,
    /// Permitted questions that were replayed.
    pub(super) replayed: Count,
    /// Those of them for which something changes.
    pub(super) changed: Count,
    /// Questions that were refused, by what the draft says at the door: `let_in`, `still_refused`, `let_in_by_both`.
    pub(super) refused: BTreeMap<&'static str, Count>,
    /// Permitted questions that could not be replayed, by why.
    pub(super) not_replayed: BTreeMap<&'static str, u64>,
}

impl<'s> Tally<'s> {
    pub(super) fn new(sides: &'s Sides) -> Self {
        let (groups, seen, not_replayed) = Default::default();
        Self { sides, groups, seen, not_replayed, kept: 0 }
    }

    /// How many hospitals are taken to be asked, where an entry does not say.
    pub(super) fn hospitals(&self) -> usize {
        self.sides.old.members().count()
    }

    /// Takes a question.
    pub(super) fn add(&mut self, asked: Asked, known: Known) {
        let refused = matches!(known, Known::Refused);
        if let Some(digest) = asked.digest {
            let again = self.seen.contains(&(digest, refused));
            if again {
                return;
            }
            if self.seen.len() < MAX_KNOWN_AGAIN {
                self.seen.insert((digest, refused));
            }
        }
        if asked.network != *self.sides.draft.network() {
            return self.skip("other_network");
        }
        let (key, bytes) = self.key(&asked, &known);
        if let Some(group) = self.groups.get_mut(&key) {
            group.asked = group.asked.saturating_add(1);
            group.first = group.first.min(asked.at);
            group.last = group.last.max(asked.at);
            return;
        }
        if self.groups.len() >= MAX_DISTINCT || self.kept >= MAX_KEPT_BYTES {
            return self.skip("too_many_distinct");
        }
        let (first, last) = (asked.at, asked.at);
        let outcome = self.outcome(asked, known);
        if matches!(outcome, Outcome::Changed(_)) {
            self.kept = self.kept.saturating_add(bytes);
        }
        self.groups.insert(key, Group { asked: 1, first, last, refused, outcome });
    }

    /// Counts a question that cannot be replayed.
    pub(super) fn skip(&mut self, why: &'static str) {
        let count = self.not_replayed.entry(why).or_default();
        *count = count.saturating_add(1);
    }

    fn outcome(&self, asked: Asked, known: Known) -> Outcome {
        match known {
            Known::NotAtHand => Outcome::NotReplayed("footprint_not_at_hand"),
            Known::Permitted(touched) => {
                let change = self.sides.change(&asked, &touched);
                match &change.what {
                    What::Unknown(unknown) => return Outcome::NotReplayed(unknown.code()),
                    What::Same | What::Denied(_) | What::Allowed { .. } | What::Otherwise(_) => {}
                }
                if !change.is_any() {
                    return Outcome::Same;
                }
                let words = touched.in_words();
                Outcome::Changed(Box::new((asked, words, Changed::Whole(change))))
            }
            Known::Refused => match self.sides.change_at_door(&asked) {
                AtDoor::Refused(_) => Outcome::AtDoor("still_refused"),
                AtDoor::Inside => Outcome::AtDoor("let_in_by_both"),
                change @ AtDoor::LetIn { .. } => {
                    Outcome::Changed(Box::new((asked, InWords::default(), Changed::AtDoor(change))))
                }
            },
        }
    }

    /// What two questions have in common that are decided alike, and the bytes of what they touch.
    fn key(&self, asked: &Asked, known: &Known) -> (Digest, usize) {
        let ask = &asked.ask;
        let who = (&ask.person, &ask.asking_node, &ask.purpose, &ask.group, &ask.dataset);
        let how = (ask.hospitals, ask.to_itself, &ask.profile, ask.direct_signature);
        let how = (how, self.sides.was_valid(asked));
        let touched = match known {
            Known::Permitted(Touched::Logged(draft)) => serde_json::to_vec(draft),
            Known::Permitted(Touched::InWords(words)) => {
                let InWords { tables, uses, functions, aggregates, cells, shows } = words;
                serde_json::to_vec(&(tables, uses, functions, aggregates, cells, shows))
            }
            Known::Refused => Ok(b"refused".to_vec()),
            Known::NotAtHand => Ok(b"not at hand".to_vec()),
        };
        let touched = touched.unwrap_or_default();
        let key = (who, how, &ask.indicator, asked.whole, Digest::of(&touched));
        (Digest::of(&serde_json::to_vec(&key).unwrap_or_default()), touched.len())
    }

    /// What came of it; rows in the order of time.
    pub(super) fn finish(self) -> Found {
        let mut found = Found { not_replayed: self.not_replayed, ..Found::default() };
        for Group { asked, first, last, refused, outcome } in self.groups.into_values() {
            match outcome {
                Outcome::Same => found.replayed.add(asked),
                Outcome::AtDoor(what) => found.refused.entry(what).or_default().add(asked),
                Outcome::NotReplayed(why) => {
                    let count = found.not_replayed.entry(why).or_default();
                    *count = count.saturating_add(asked);
                }
                Outcome::Changed(changed) => {
                    if refused {
                        found.refused.entry("let_in").or_default().add(asked);
                    } else {
                        found.replayed.add(asked);
                        found.changed.add(asked);
                    }
                    let (question, touched, changed) = *changed;
                    found.rows.push(Row { asked, first, last, question, touched, changed });
                }
            }
        }
        found.rows.sort_by(|one, other| {
            (one.first, &one.question.ask.person, one.question.digest).cmp(&(
                other.first,
                &other.question.ask.person,
                other.question.digest,
            ))
        });
        found
    }
}
