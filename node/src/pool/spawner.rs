//! Starts workers, on a thread of its own, and attends to each while it lives.
//!
//! The kernel ends a worker with the *thread* that started it (the death signal of `prctl`), and the runtime's threads
//! come and go; this one lives as long as the pool. It also keeps the time that a start takes away from the runtime.

use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, BufReader};
use tokio::process::ChildStderr;

use super::process::Worker;
use super::{Access, Shared};

/// After a start that failed, and before a worker that never got ready is replaced: a fault that stays must not keep a
/// processor busy.
const RETRY: Duration = Duration::from_secs(1);
/// Most bytes of one message of a worker that are shown.
const MAX_MESSAGE: usize = 300;
/// Most messages of one worker that are shown: it is not believed, and must not fill the log.
const MAX_MESSAGES: usize = 20;

/// Takes orders for workers.
#[derive(Debug)]
pub(super) struct Spawner {
    orders: SyncSender<Order>,
}

/// One worker is wanted.
#[derive(Debug)]
pub(super) struct Order {
    access: Access,
    after: Duration,
    started: Option<SyncSender<io::Result<()>>>,
}

impl Spawner {
    /// Never more workers are missing than there are, so an order always finds room.
    pub(super) fn new(workers: usize) -> (Self, Receiver<Order>) {
        let (orders, receiver) = sync_channel(workers.saturating_add(1));
        (Self { orders }, receiver)
    }

    /// Orders a worker in place of one that is gone. Does not wait.
    pub(super) fn order(&self, access: Access) {
        self.send(Order { access, after: Duration::ZERO, started: None });
    }

    /// Orders one, and waits until it is started.
    pub(super) fn first(&self, access: Access) -> io::Result<()> {
        let (started, result) = sync_channel(1);
        self.send(Order { access, after: Duration::ZERO, started: Some(started) });
        result.recv().unwrap_or_else(|_gone| Err(io::Error::other("the starting thread is gone")))
    }

    fn later(&self, access: Access) {
        self.send(Order { access, after: RETRY, started: None });
    }

    fn send(&self, order: Order) {
        if self.orders.try_send(order).is_err() {
            tracing::error!("a worker is not replaced; restart the node");
        }
    }
}

/// Serves orders until the pool is gone.
pub(super) fn run(shared: &Arc<Shared>, orders: Receiver<Order>) -> io::Result<()> {
    let shared = Arc::downgrade(shared);
    let runtime = tokio::runtime::Handle::current();
    let thread = std::thread::Builder::new().name("kring-spawner".to_owned());
    let serve = move || {
        let _inside = runtime.enter();
        for order in orders {
            if !order.after.is_zero() {
                std::thread::sleep(order.after);
            }
            serve(&shared, order);
        }
    };
    thread.spawn(serve).map(drop)
}

/// Starts one worker; tries again until it is started, but for a first one.
fn serve(pool: &Weak<Shared>, order: Order) {
    let Order { access, started, .. } = order;
    loop {
        let Some(shared) = pool.upgrade() else { return };
        match Worker::start(shared.crews.of(access).recipe()) {
            Ok((worker, messages)) => {
                let attending = attend(Weak::clone(pool), access, worker, messages);
                shared.tasks.spawn("worker", attending);
                if let Some(started) = started {
                    drop(started.send(Ok(())));
                }
                return;
            }
            Err(error) => {
                if let Some(started) = started {
                    drop(started.send(Err(error)));
                    return;
                }
                tracing::warn!(%error, "no worker can be started");
            }
        }
        drop(shared);
        std::thread::sleep(RETRY);
    }
}

/// From a worker's first word to its end.
async fn attend(pool: Weak<Shared>, access: Access, mut worker: Worker, messages: ChildStderr) {
    let pid = worker.pid();
    match worker.hello().await {
        Ok(report) => {
            let Some(shared) = pool.upgrade() else { return };
            let crew = shared.crews.of(access);
            if crew.reported(&report) {
                report.notes.iter().for_each(|note| tracing::warn!("{note}"));
                tracing::debug!(?access, ?report, "a worker is sealed");
            }
            crew.put(worker);
            let stopping = shared.tasks.shutdown();
            drop(shared);
            tokio::select! {
                () = tell(pid, messages) => {}
                () = stopping.wait() => return,
            }
            let Some(shared) = pool.upgrade() else { return };
            // One that was leased is replaced by its lease.
            if shared.crews.of(access).remove(pid) {
                tracing::warn!(pid, "an idle worker ended; another takes its place");
                shared.spawner.order(access);
            }
        }
        Err(error) => {
            tracing::warn!(pid, %error, "a worker did not get ready");
            drop(worker);
            tell(pid, messages).await;
            if let Some(shared) = pool.upgrade() {
                shared.spawner.later(access);
            }
        }
    }
}

/// Passes a worker's messages on until it ends: panics without their text, and last words of the allocator.
async fn tell(pid: u32, messages: ChildStderr) {
    let mut messages = BufReader::with_capacity(MAX_MESSAGE, messages);
    let mut buffer = [0; MAX_MESSAGE];
    let mut told = 0_usize;
    while let Ok(count @ 1..) = messages.read(&mut buffer).await {
        if told < MAX_MESSAGES {
            told = told.saturating_add(1);
            let text = String::from_utf8_lossy(buffer.get(..count).unwrap_or_default());
            tracing::warn!(pid, message = %text.trim().escape_debug(), "a worker says");
        }
    }
}
