//! Watches the workers of every node while a bomb is thrown: how long one of them computes without a pause.
//!
//! A worker that waits for its next job sleeps on its pipe, so a run of samples in which it does not sleep is one job, or
//! several without a pause: the figure is never too small by more than a pause between two samples.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Pause between two samples.
const PAUSE: Duration = Duration::from_millis(20);

/// Looks at the children of these daemons until it is asked for what it saw.
#[derive(Debug)]
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Duration>,
}

impl Watch {
    /// Starts to look.
    pub(super) fn start(daemons: Vec<u32>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let thread = std::thread::spawn(move || watch(&daemons, &asked));
        Self { stop, thread }
    }

    /// The longest time that one worker computed.
    ///
    /// # Errors
    /// The thread died.
    pub(super) fn longest(self) -> anyhow::Result<Duration> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_panic| anyhow::anyhow!("the watch of the workers died"))
    }
}

fn watch(daemons: &[u32], stop: &AtomicBool) -> Duration {
    let mut since: BTreeMap<u32, Instant> = BTreeMap::new();
    let mut longest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        let busy = busy(daemons);
        since.retain(|pid, _| busy.contains(pid));
        for pid in busy {
            let began = *since.entry(pid).or_insert(now);
            longest = longest.max(now.duration_since(began));
        }
        std::thread::sleep(PAUSE);
    }
    longest
}

/// Children of the daemons with a thread that computes or waits for the disk: an idle worker sleeps.
pub(super) fn busy(daemons: &[u32]) -> Vec<u32> {
    let is_child = |pid: &u32| {
        stat(&format!("{pid}/stat")).is_some_and(|(_, parent)| daemons.contains(&parent))
    };
    pids("/proc").into_iter().filter(is_child).filter(|pid| computes(*pid)).collect()
}

fn computes(pid: u32) -> bool {
    let threads = pids(&format!("/proc/{pid}/task"));
    let mut states =
        threads.into_iter().filter_map(|thread| stat(&format!("{pid}/task/{thread}/stat")));
    states.any(|(state, _)| matches!(state, 'R' | 'D'))
}

/// Whether a process has ended and nobody has looked.
pub(super) fn is_zombie(pid: u32) -> bool {
    stat(&format!("{pid}/stat")).is_some_and(|(state, _)| state == 'Z')
}

fn pids(folder: &str) -> Vec<u32> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// State and parent in a file of `/proc`.
fn stat(path: &str) -> Option<(char, u32)> {
    let text = std::fs::read_to_string(format!("/proc/{path}")).ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_whitespace();
    Some((fields.next()?.chars().next()?, fields.next()?.parse().ok()?))
}
