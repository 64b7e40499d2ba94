//! Whose turn it is: pure, and fair between people.
//!
//! A person holds at most so many turns at once, fewer than there are, so that nobody takes them all. Of those who wait,
//! the one who holds the fewest goes first, then the one who came first. Nothing waits here: [`super::gate`] does.

use std::collections::{BTreeMap, VecDeque};

#[cfg(test)]
mod tests;

/// Most turns of one person at once: more would only make each of them slower.
const MAX_PER_PERSON: usize = 4;
/// Most who wait: each holds a request in memory, and the last would wait too long anyway.
const MAX_WAITING: usize = 256;

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(u64);

/// What happens to one who comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Waits.
    Waits(Ticket),
    /// The queue is full.
    Full,
}

/// Turns, given and waited for.
#[derive(Debug)]
pub(crate) struct Turns<P> {
    free: usize,
    per_person: usize,
    held: BTreeMap<P, usize>,
    waiting: VecDeque<(Ticket, P)>,
    next: u64,
}

impl<P: Clone + Ord> Turns<P> {
    /// So many turns, of which one person never gets the last.
    pub(crate) fn new(turns: usize) -> Self {
        let per_person = turns.saturating_sub(1).clamp(1, MAX_PER_PERSON);
        let (held, waiting) = (BTreeMap::new(), VecDeque::new());
        Self { free: turns, per_person, held, waiting, next: 0 }
    }

    /// Somebody comes and waits; [`Turns::grant`] may give the turn at once.
    pub(crate) fn arrive(&mut self, person: P) -> Arrival {
        if self.waiting.len() >= MAX_WAITING {
            return Arrival::Full;
        }
        let ticket = Ticket(self.next);
        self.next = self.next.wrapping_add(1);
        self.waiting.push_back((ticket, person));
        Arrival::Waits(ticket)
    }

    /// The next turn, if one is free and somebody who waits may have it.
    pub(crate) fn grant(&mut self) -> Option<(Ticket, P)> {
        if self.free == 0 {
            return None;
        }
        let holds = |person: &P| self.held.get(person).copied().unwrap_or(0);
        let candidates = self.waiting.iter().enumerate();
        let (place, _) = candidates
            .map(|(place, (_, person))| (place, holds(person)))
            .filter(|(_, holds)| *holds < self.per_person)
            .min_by_key(|(place, holds)| (*holds, *place))?;
        let (ticket, person) = self.waiting.remove(place)?;
        self.free = self.free.saturating_sub(1);
        let held = self.held.entry(person.clone()).or_insert(0);
        *held = held.saturating_add(1);
        Some((ticket, person))
    }

    /// Somebody who waits goes away; nothing happens where the turn was given already.
    pub(crate) fn leave(&mut self, ticket: Ticket) {
        self.waiting.retain(|(waiting, _)| *waiting != ticket);
    }

    /// A turn ends.
    pub(crate) fn end(&mut self, person: &P) {
        let Some(held) = self.held.get_mut(person) else { return };
        *held = held.saturating_sub(1);
        if *held == 0 {
            self.held.remove(person);
        }
        self.free = self.free.saturating_add(1);
    }
}
