//! Waiting for a turn: [`super::turns`] decides, this wakes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::turns::{Arrival, Ticket, Turns};
use super::who::Who;

/// A gate with so many turns.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    turns: Turns<Who>,
    bells: BTreeMap<Ticket, oneshot::Sender<Turn>>,
}

/// A turn; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    gate: Gate,
    who: Who,
}

/// A place in the queue, given up when dropped.
struct Place {
    gate: Gate,
    ticket: Ticket,
}

impl Gate {
    pub(super) fn new(turns: usize) -> Self {
        let inner = Inner { turns: Turns::new(turns), bells: BTreeMap::new() };
        Self { inner: Arc::new(Mutex::new(inner)) }
    }

    /// Waits for a turn; `None` when too many wait already. Safe to cancel.
    pub(super) async fn turn(&self, who: &Who) -> Option<Turn> {
        let (bell, rung) = oneshot::channel();
        let ticket = {
            let mut inner = self.lock();
            let Arrival::Waits(ticket) = inner.turns.arrive(who.clone()) else { return None };
            inner.bells.insert(ticket, bell);
            ticket
        };
        let _place = Place { gate: self.clone(), ticket };
        self.ring();
        rung.await.ok()
    }

    /// Gives every turn that can be given.
    fn ring(&self) {
        loop {
            let (bell, turn) = {
                let mut inner = self.lock();
                let Some((ticket, who)) = inner.turns.grant() else { return };
                (inner.bells.remove(&ticket), Turn { gate: self.clone(), who })
            };
            // Who has gone away meanwhile gives the turn back by dropping it.
            drop(bell.map(|bell| bell.send(turn)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.gate.lock().turns.end(&self.who);
        self.gate.ring();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut inner = self.gate.lock();
        inner.turns.leave(self.ticket);
        inner.bells.remove(&self.ticket);
    }
}
