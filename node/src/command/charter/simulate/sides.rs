//! The two charters that a question is replayed under, and when.

use std::sync::Arc;

use policies::replay::{AtDoor, Change, Touched, at_door, compare, compare_at_door, replay};
use policies::{Beside, Books, Charter, OwnRules, UnixTime};

use super::question::Asked;

/// The charter in force and the draft.
#[derive(Debug)]
pub(super) struct Sides {
    pub(super) old: Arc<Charter>,
    pub(super) draft: Charter,
    /// The moment of replaying.
    pub(super) now: UnixTime,
    /// When the draft can begin: at its `valid_from`, and not in the past.
    pub(super) begins: UnixTime,
    /// The charter in force, as it holds beside the draft during the notice.
    beside: [Beside; 1],
    /// The hospital's own rules, read against each.
    own: (Option<OwnRules>, Option<OwnRules>),
}

impl Sides {
    pub(super) fn new(old: Arc<Charter>, draft: Charter, now: UnixTime) -> Self {
        let begins = draft.valid_from().max(now);
        let until = begins.plus(old.notice_s().max(draft.notice_s()));
        let beside = [Beside { charter: Arc::clone(&old), until }];
        Self { old, draft, now, begins, beside, own: (None, None) }
    }

    pub(super) fn with_own(self, old: Option<OwnRules>, new: Option<OwnRules>) -> Self {
        Self { own: (old, new), ..self }
    }

    /// The first moment at which the draft holds alone.
    pub(super) fn alone_from(&self) -> UnixTime {
        let [beside] = &self.beside;
        beside.until
    }

    /// Whether the person could ask at the moment of the question: the one thing that time alone decides.
    pub(super) fn was_valid(&self, asked: &Asked) -> bool {
        self.old.person(&asked.ask.person).is_some_and(|person| person.valid_at(asked.at))
    }

    /// What changes for a question.
    pub(super) fn change(&self, asked: &Asked, touched: &Touched) -> Change {
        let [before, start, after] = self.books();
        let (ask, begins) = (&asked.ask, self.begins);
        compare(
            &replay(before, ask, touched, asked.at),
            &replay(start, ask, touched, begins),
            &replay(after, ask, touched, begins),
        )
    }

    /// What changes for a question without a footprint.
    pub(super) fn change_at_door(&self, asked: &Asked) -> AtDoor {
        let [before, start, after] = self.books();
        let (ask, begins) = (&asked.ask, self.begins);
        compare_at_door(
            at_door(before, ask, asked.at),
            &at_door(start, ask, begins),
            at_door(after, ask, begins),
        )
    }

    /// What decides: before, from the draft's beginning, and after the notice.
    fn books(&self) -> [Books<'_>; 3] {
        let (old, new) = (self.own.0.as_ref(), self.own.1.as_ref());
        let draft = &self.draft;
        [
            Books { own: old, ..Books::from(&*self.old) },
            Books { besides: &self.beside, own: new, ..Books::from(draft) },
            Books { own: new, ..Books::from(draft) },
        ]
    }
}
