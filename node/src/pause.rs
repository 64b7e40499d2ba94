//! Whether hospital IT lets the node answer: derived from the log, so that a restart changes nothing.
//!
//! A pause stops answers alone. The node still follows charters, cosigns other logs, and puts its own people's questions.

use policies::UnixTime;
use tokio::sync::{RwLock, RwLockReadGuard, watch};

use crate::api::PauseState;
use crate::index::Index;
use crate::log::{Event, LogError, OpenError, Reader};
use crate::node::Node;
use crate::refused::Refused;

/// Most characters of a reason: a line on a screen.
pub(crate) const MAX_REASON_CHARS: usize = 200;

/// Whether anything is answered.
#[derive(Debug)]
pub(crate) struct Pause {
    state: watch::Sender<Option<PauseState>>,
    /// Held for reading while an answer goes into the log, for writing while a pause does: none comes after it.
    gate: RwLock<()>,
}

impl Pause {
    /// What the log says.
    ///
    /// # Errors
    /// `OpenError`.
    pub(crate) fn open(log: &Reader, index: &Index) -> Result<Self, OpenError> {
        let mut state = None;
        if let Some(place) = index.last_pause()? {
            let entry = log.entry(place)?;
            if let Event::Paused { reason } = entry.event {
                tracing::warn!(since = %entry.at, "nothing is answered: paused; `kring resume` ends that");
                state = Some(PauseState { since: entry.at, reason });
            }
        }
        Ok(Self { state: watch::Sender::new(state), gate: RwLock::new(()) })
    }

    /// Since when and why nothing is answered, if so.
    pub(crate) fn state(&self) -> Option<PauseState> {
        self.state.borrow().clone()
    }

    /// Whether a question may be looked at.
    pub(crate) fn allows(&self) -> Result<(), Refused> {
        match *self.state.borrow() {
            Some(_) => Err(Refused::Paused),
            None => Ok(()),
        }
    }

    /// Resolves as soon as nothing is answered.
    pub(crate) async fn begun(&self) {
        let mut state = self.state.subscribe();
        // The sender is as old as the receiver.
        let _ = state.wait_for(Option::is_some).await;
    }

    /// The right to put an answer into the log: no pause begins while it is held.
    pub(crate) async fn release(&self) -> Result<RwLockReadGuard<'_, ()>, Refused> {
        let open = self.gate.read().await;
        self.allows().map_err(|_paused| Refused::GivenUp)?;
        Ok(open)
    }
}

impl Node {
    /// Stops answering, durably; questions that run are given up. A pause that has begun stays as it is.
    ///
    /// # Errors
    /// `LogError`: nothing changes then.
    pub(crate) async fn pause(&self, reason: String) -> Result<PauseState, LogError> {
        let _none_under_way = self.pause.gate.write().await;
        if let Some(state) = self.pause.state() {
            return Ok(state);
        }
        let since: UnixTime =
            self.log.append(Event::Paused { reason: reason.clone() }).await?.entry().at;
        let state = PauseState { since, reason };
        self.pause.state.send_replace(Some(state.clone()));
        tracing::warn!("paused: nothing is answered");
        Ok(state)
    }

    /// Answers again; whether it did not.
    ///
    /// # Errors
    /// `LogError`: nothing changes then.
    pub(crate) async fn resume(&self) -> Result<bool, LogError> {
        let _none_under_way = self.pause.gate.write().await;
        if self.pause.state().is_none() {
            return Ok(false);
        }
        self.log.append(Event::Resumed {}).await?;
        self.pause.state.send_replace(None);
        tracing::info!("resumed");
        Ok(true)
    }
}
