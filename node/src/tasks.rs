//! The one place that starts tasks.
//!
//! A task that nobody owns can die in silence and take one feature of the daemon with it. Here every task has a name and a
//! span, is counted until it ends, and a panic in any of them resolves [`Tasks::failed`], so that the daemon as a whole stops
//! and is restarted by its supervisor. [`Shutdown`] tells tasks that it is time to end, [`Tasks::drain`] waits for them.
//!
//! This module does not restart tasks and does not decide in which order things stop.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};
use tracing::Instrument as _;

/// How long [`Tasks::drain`] waits for tasks that it aborted: an abort takes effect at the next await point.
const ABORT_PATIENCE: Duration = Duration::from_secs(1);

/// Starts tasks, knows which ones run, and notices when one panics.
#[derive(Clone, Debug)]
pub struct Tasks {
    inner: Arc<Inner>,
}

/// A task that panicked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("task `{task}` panicked")]
pub struct Failure {
    /// The name that the task was started with.
    pub task: &'static str,
}

/// A token that every long-lived task watches.
#[derive(Clone, Debug)]
pub struct Shutdown {
    requested: watch::Receiver<bool>,
}

#[derive(Debug)]
struct Inner {
    stop: watch::Sender<bool>,
    failed: watch::Sender<Option<Failure>>,
    running: watch::Sender<usize>,
    live: Mutex<Live>,
}

#[derive(Debug, Default)]
struct Live {
    next: u64,
    tasks: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    name: &'static str,
    abort: Option<AbortHandle>,
}

/// Lives inside a task; its drop marks the end, whatever the reason.
struct Guard {
    inner: Arc<Inner>,
    id: u64,
    name: &'static str,
}

impl Default for Tasks {
    fn default() -> Self {
        Self::new()
    }
}

impl Tasks {
    /// An empty set with its own shutdown token.
    #[must_use]
    pub fn new() -> Self {
        Self {
            inner: Arc::new(Inner {
                stop: watch::Sender::new(false),
                failed: watch::Sender::new(None),
                running: watch::Sender::new(0),
                live: Mutex::new(Live::default()),
            }),
        }
    }

    /// Starts a task. Dropping the handle leaves it running and tracked.
    #[expect(clippy::disallowed_methods, reason = "this is the wrapper that the lint points to")]
    pub fn spawn<T, F>(&self, name: &'static str, future: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let guard = self.enter(name);
        let id = guard.id;
        let span = tracing::info_span!("task", name);
        let handle = tokio::spawn(
            async move {
                let _guard = guard;
                future.await
            }
            .instrument(span),
        );
        self.inner.set_abort(id, handle.abort_handle());
        handle
    }

    /// Runs blocking work on the thread pool for it. It cannot be aborted once it runs.
    pub fn spawn_blocking<T, F>(&self, name: &'static str, work: F) -> JoinHandle<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let guard = self.enter(name);
        let span = tracing::info_span!("task", name);
        tokio::task::spawn_blocking(move || {
            let _guard = guard;
            span.in_scope(work)
        })
    }

    /// A token that [`Tasks::stop`] fires.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        Shutdown { requested: self.inner.stop.subscribe() }
    }

    /// Asks every task that watches a [`Shutdown`] to end. Calling it again changes nothing.
    pub fn stop(&self) {
        self.inner.stop.send_replace(true);
    }

    /// Resolves when a task has panicked; never for one that returned or was aborted.
    pub async fn failed(&self) -> Failure {
        let mut watch = self.inner.failed.subscribe();
        loop {
            let failure = watch.borrow_and_update().clone();
            if let Some(failure) = failure {
                return failure;
            }
            if watch.changed().await.is_err() {
                // The sender lives in `self`, so this is never reached; waiting is the harmless answer.
                std::future::pending::<()>().await;
            }
        }
    }

    /// The names of the tasks that have not ended, in the order in which they were started.
    #[must_use]
    pub fn running(&self) -> Vec<&'static str> {
        self.inner.lock().tasks.values().map(|entry| entry.name).collect()
    }

    /// Waits until every task has ended. What still runs after `patience` is aborted and named in the result.
    pub async fn drain(&self, patience: Duration) -> Vec<&'static str> {
        if self.idle(patience).await {
            return Vec::new();
        }
        let late = self.running();
        let aborts: Vec<AbortHandle> = {
            let live = self.inner.lock();
            live.tasks.values().filter_map(|entry| entry.abort.clone()).collect()
        };
        for abort in aborts {
            abort.abort();
        }
        self.idle(ABORT_PATIENCE).await;
        late
    }

    async fn idle(&self, patience: Duration) -> bool {
        let mut watch = self.inner.running.subscribe();
        let done = watch.wait_for(|running| *running == 0);
        matches!(tokio::time::timeout(patience, done).await, Ok(Ok(_)))
    }

    fn enter(&self, name: &'static str) -> Guard {
        let mut live = self.inner.lock();
        let id = live.next;
        live.next = live.next.wrapping_add(1);
        live.tasks.insert(id, Entry { name, abort: None });
        self.inner.running.send_replace(live.tasks.len());
        drop(live);
        Guard { inner: Arc::clone(&self.inner), id, name }
    }
}

impl Shutdown {
    /// Whether the end was asked for.
    #[must_use]
    pub fn requested(&self) -> bool {
        *self.requested.borrow()
    }

    /// Resolves once the end was asked for, or when the [`Tasks`] behind it are gone. Safe to call again and to cancel.
    pub async fn wait(&self) {
        let mut watch = self.requested.clone();
        // An error means that the sender is gone: nobody is left to run for.
        let _ = watch.wait_for(|requested| *requested).await;
    }
}

impl Inner {
    fn lock(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_abort(&self, id: u64, handle: AbortHandle) {
        if let Some(entry) = self.lock().tasks.get_mut(&id) {
            entry.abort = Some(handle);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let mut live = self.inner.lock();
        live.tasks.remove(&self.id);
        if std::thread::panicking() {
            tracing::error!(task = self.name, "task panicked");
            self.inner.failed.send_if_modified(|failed| {
                let first = failed.is_none();
                failed.get_or_insert(Failure { task: self.name });
                first
            });
        }
        self.inner.running.send_replace(live.tasks.len());
    }
}
