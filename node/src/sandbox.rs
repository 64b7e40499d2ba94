//! The walls around a worker, put up by the worker itself before it reads a byte of a job.
//!
//! Files (`files`, Landlock), system calls (`calls`, seccomp), resources (`limits`), and the parent's death. Every
//! wall that the kernel offers is used; what it lacks is in the [`Report`], which the daemon and `kring check` show.
//! `docs/decisions` says what is allowed and why. This module does not stop a worker that takes too long: the pool does.

use std::path::PathBuf;

use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use serde::{Deserialize, Serialize};

mod calls;
mod files;
mod limits;
pub mod probe;

#[cfg(test)]
mod tests;

/// What a worker may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// The one folder that it may read; none for the asker's work.
    pub snapshots: Option<PathBuf>,
    /// Most memory that it may fill, in MiB.
    pub memory_mb: u64,
    /// Most processor time in its whole life, in seconds.
    pub cpu_s: u64,
    /// The daemon; a worker does not outlive it.
    pub parent: u32,
}

/// Why a worker does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The daemon ended in the meantime.
    #[error("the daemon {parent} that started this worker is gone")]
    Orphan {
        /// Its process id.
        parent: u32,
    },
    /// A thread that exists already would stay outside the walls.
    #[error("{threads} threads run before the sandbox, expected 1")]
    Threads {
        /// How many.
        threads: usize,
    },
    /// The folder of snapshots cannot be opened.
    #[error("the folder of snapshots {path} cannot be opened")]
    Snapshots {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        #[source]
        source: landlock::PathFdError,
    },
}

/// Which walls stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// The version of Landlock's interface in force; 0 is none.
    pub landlock: u32,
    /// Whether only the listed system calls are made.
    pub system_calls: bool,
    /// Whether the worker ends with the daemon.
    pub ends_with_daemon: bool,
    /// Whether every resource limit is set.
    pub limits: bool,
    /// What is missing and what that means, for people.
    pub notes: Vec<String>,
}

/// Proof that this process is inside its walls. Only [`enter`] makes it.
///
/// ```compile_fail
/// let sealed = node::sandbox::Sealed { report: Default::default() };
/// ```
#[derive(Debug)]
pub struct Sealed {
    report: Report,
}

impl Sealed {
    /// Which walls stand.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// Puts up every wall that the kernel offers around this process. There is no way back.
///
/// # Errors
/// `SandboxError`; a wall that the kernel lacks is no error but a note.
pub fn enter(confinement: &Confinement) -> Result<Sealed, SandboxError> {
    let mut notes = Vec::new();
    one_thread()?;
    close_inherited(&mut notes);
    let ends_with_daemon = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
    if !ends_with_daemon {
        notes.push("a worker may outlive a daemon that is killed".to_owned());
    }
    // The daemon may have ended before the line above.
    let parent = confinement.parent;
    if getppid().map(Pid::as_raw_nonzero).map(std::num::NonZeroI32::get)
        != i32::try_from(parent).ok()
    {
        return Err(SandboxError::Orphan { parent });
    }
    let limits = limits::apply(confinement, &mut notes);
    let landlock = files::apply(confinement.snapshots.as_deref(), &mut notes)?;
    // The last one: it forbids what the others need.
    let system_calls = calls::apply(&mut notes);
    Ok(Sealed { report: Report { landlock, system_calls, ends_with_daemon, limits, notes } })
}

/// Landlock and the filter hold for the thread that asks for them and for what it starts.
fn one_thread() -> Result<(), SandboxError> {
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    if threads == 1 { Ok(()) } else { Err(SandboxError::Threads { threads }) }
}

/// Closes what is open beyond standard input, output and error: whoever started the daemon may have left something open.
/// Nothing of this process is open yet.
fn close_inherited(notes: &mut Vec<String>) {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else {
        notes.push("/proc is not there: files that a worker inherited stay open".to_owned());
        return;
    };
    let names: Vec<_> =
        open.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let numbers = names.iter().filter_map(|name| name.parse::<i32>().ok());
    for number in numbers.filter(|number| *number > 2) {
        // The listing's own handle is among them, and closed by here: that one fails, which does not matter.
        let _closed = nix::unistd::close(number);
    }
}
