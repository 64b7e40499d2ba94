//! The workers of one kind: who is idle, and whose turn it is.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::Access;
use super::gate::Gate;
use super::process::{Recipe, Worker};
use crate::sandbox::Report;

/// Both kinds.
#[derive(Debug)]
pub(super) struct Crews {
    pub(super) executing: Crew,
    pub(super) asking: Crew,
}

/// Workers of one kind.
#[derive(Debug)]
pub(super) struct Crew {
    recipe: Recipe,
    size: usize,
    gate: Gate,
    // The last one back is the first one out: its caches are warm.
    idle: Mutex<Vec<Worker>>,
    ready: Notify,
    count: watch::Sender<usize>,
    report: Mutex<Option<Report>>,
}

impl Crews {
    pub(super) fn of(&self, access: Access) -> &Crew {
        match access {
            Access::Snapshots => &self.executing,
            Access::Nothing => &self.asking,
        }
    }
}

impl Crew {
    pub(super) fn new(recipe: Recipe, size: usize) -> Self {
        Self {
            recipe,
            size,
            gate: Gate::new(size),
            idle: Mutex::new(Vec::new()),
            ready: Notify::new(),
            count: watch::Sender::new(0),
            report: Mutex::new(None),
        }
    }

    pub(super) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    pub(super) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// An idle worker that lives; `replace` is called for each that does not. Safe to cancel.
    pub(super) async fn take(&self, replace: impl Fn()) -> Worker {
        loop {
            let ready = self.ready.notified();
            while let Some(mut worker) = self.pop() {
                if worker.lives() {
                    return worker;
                }
                replace();
            }
            ready.await;
        }
    }

    /// A worker is idle.
    pub(super) fn put(&self, worker: Worker) {
        let mut idle = self.idle();
        idle.push(worker);
        self.count.send_replace(idle.len());
        drop(idle);
        self.ready.notify_one();
    }

    /// Takes a worker that ended out of the idle ones; whether it was there.
    pub(super) fn remove(&self, pid: u32) -> bool {
        let mut idle = self.idle();
        let before = idle.len();
        idle.retain(|worker| worker.pid() != pid);
        self.count.send_replace(idle.len());
        idle.len() < before
    }

    /// Resolves when all are idle.
    pub(super) async fn full(&self) {
        let mut count = self.count.subscribe();
        // The sender is here, so it cannot be gone.
        drop(count.wait_for(|count| *count >= self.size).await);
    }

    pub(super) fn idle_pids(&self) -> Vec<u32> {
        let mut idle = self.idle();
        idle.iter_mut().filter_map(|worker| worker.lives().then(|| worker.pid())).collect()
    }

    /// Keeps what a worker says about its walls; whether it is news.
    pub(super) fn reported(&self, report: &Report) -> bool {
        let mut kept = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let news = kept.as_ref() != Some(report);
        *kept = Some(report.clone());
        news
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let kept = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        kept.as_ref().map(|report| report.notes.clone()).unwrap_or_default()
    }

    fn pop(&self) -> Option<Worker> {
        let mut idle = self.idle();
        let worker = idle.pop();
        self.count.send_replace(idle.len());
        worker
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
