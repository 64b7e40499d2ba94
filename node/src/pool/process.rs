//! One worker as the daemon sees it: a child process and its pipe.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use query::pipe::Reply;
use query::pipe::frame::{self, Message};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::PoolError;
use crate::config::Workers;
use crate::sandbox::Report;

/// How the first argument of a worker's command line reads, for `ps` and for binaries that look at it.
const WORKER_NAME: &str = "kring";
/// The allocator keeps one reserve of address space a thread group, not one a processor: the limit counts reserves.
const ONE_RESERVE: (&str, &str) = ("MALLOC_ARENA_MAX", "2");
/// The allocator keeps what a batch of rows takes and gives back, instead of asking the system for the same pages again for
/// the next. What it keeps free at the end of a reserve is no more than the second number.
const KEEPS_BATCHES: [(&str, &str); 2] =
    [("MALLOC_MMAP_THRESHOLD_", "4194304"), ("MALLOC_TRIM_THRESHOLD_", "16777216")];
/// The limit of processor time, in deadlines: beyond retirement, and one job on several threads.
const CPU_DEADLINES: u64 = 40;
/// A worker that has not sealed itself by then never will; many start at once where a machine holds many nodes.
pub(super) const HELLO: Duration = Duration::from_secs(60);

/// How a worker is started.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) program: PathBuf,
    pub(super) snapshots: Option<PathBuf>,
    pub(super) memory_mb: u64,
    pub(super) cpu_s: u64,
}

impl Recipe {
    pub(super) fn new(program: PathBuf, snapshots: Option<PathBuf>, workers: &Workers) -> Self {
        let Workers { deadline, memory_mb, .. } = *workers;
        let cpu_s = deadline.as_secs().saturating_mul(CPU_DEADLINES);
        Self { program, snapshots, memory_mb, cpu_s }
    }

    /// The command line; no environment of the daemon's gets in.
    pub(super) fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(&self.program);
        command.arg0(WORKER_NAME).arg("worker").env_clear().current_dir("/");
        command.env(ONE_RESERVE.0, ONE_RESERVE.1).envs(KEEPS_BATCHES);
        command.arg("--parent").arg(std::process::id().to_string());
        command.arg("--memory-mb").arg(self.memory_mb.to_string());
        command.arg("--cpu-s").arg(self.cpu_s.to_string());
        if let Some(folder) = &self.snapshots {
            command.arg("--snapshots").arg(folder);
        }
        command
    }
}

/// A worker process.
#[derive(Debug)]
pub(super) struct Worker {
    // Killed when dropped.
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
    pid: u32,
    busy: Duration,
}

impl Worker {
    /// Starts one; what it says on its standard error comes apart.
    pub(super) fn start(recipe: &Recipe) -> std::io::Result<(Self, ChildStderr)> {
        let mut child = Command::from(recipe.command())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let missing = || std::io::Error::other("no pipe");
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        let messages = child.stderr.take().ok_or_else(missing)?;
        let pid = child.id().ok_or_else(missing)?;
        Ok((Self { child, input, output, pid, busy: Duration::ZERO }, messages))
    }

    /// Waits for the word that it is sealed.
    pub(super) async fn hello(&mut self) -> Result<Report, PoolError> {
        match tokio::time::timeout(HELLO, self.read()).await {
            Ok(message) => Ok(message?.head),
            Err(_elapsed) => Err(PoolError::Deadline { seconds: HELLO.as_secs() }),
        }
    }

    /// Sends a frame and reads the reply.
    pub(super) async fn exchange(&mut self, job: &[u8]) -> Result<Message<Reply>, PoolError> {
        let died = |_broken_pipe: std::io::Error| PoolError::Died;
        self.input.write_all(job).await.map_err(died)?;
        self.input.flush().await.map_err(died)?;
        self.read().await
    }

    async fn read<T: DeserializeOwned>(&mut self) -> Result<Message<T>, PoolError> {
        let died = |_broken_pipe: std::io::Error| PoolError::Died;
        let mut prefix = [0; 4];
        self.output.read_exact(&mut prefix).await.map_err(died)?;
        let length = frame::body_len(prefix).map_err(PoolError::Protocol)?;
        let mut body = Vec::new();
        let taken = (&mut self.output).take(length as u64);
        tokio::pin!(taken);
        taken.read_to_end(&mut body).await.map_err(died)?;
        if body.len() < length {
            return Err(PoolError::Died);
        }
        frame::decode(&body).map_err(PoolError::Protocol)
    }

    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    pub(super) fn lives(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    pub(super) fn add_busy(&mut self, time: Duration) {
        self.busy = self.busy.saturating_add(time);
    }

    pub(super) fn busy(&self) -> Duration {
        self.busy
    }
}
