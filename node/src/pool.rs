//! The worker pool: SQL is read and run in child processes of the same binary, never in the daemon.
//!
//! A worker gets no environment, no keys and no sockets, only its pipe. It runs one job at a time and is killed at the
//! deadline, when it dies, breaks the protocol, or when the caller goes away; another one takes its place before the
//! next job. A bad question costs one worker.

use std::collections::VecDeque;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use query::pipe::frame::{self, FrameError, Message};
use query::pipe::{Job, Reply};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Workers;

/// How the first argument of a worker's command line reads, for `ps` and for binaries that look at it.
const WORKER_NAME: &str = "kring";
/// Longest wait for a free worker: beyond that the node is busy.
const WAIT: Duration = Duration::from_secs(10);

/// Why a job has no reply.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// No worker came free in time.
    #[error("all workers are busy; ask again in a moment")]
    Busy,
    /// The job took too long; the worker was killed.
    #[error("the question ran longer than {seconds} s and was ended; ask for less at once")]
    Deadline {
        /// The limit.
        seconds: u64,
    },
    /// The worker died; another one takes its place.
    #[error("the worker that ran the question died; ask again")]
    Died,
    /// The worker sent something else than a reply.
    #[error("the worker broke the protocol")]
    Protocol(#[source] FrameError),
    /// A worker cannot be started.
    #[error("no worker can be started")]
    Start(#[source] std::io::Error),
}

impl PoolError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Deadline { .. } => "deadline",
            Self::Died | Self::Start(_) => "worker_lost",
            Self::Protocol(_) => "worker_fault",
        }
    }
}

/// The pool.
#[derive(Clone, Debug)]
pub struct Pool {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    program: PathBuf,
    limits: Workers,
    free: Arc<Semaphore>,
    idle: Mutex<VecDeque<Worker>>,
}

#[derive(Debug)]
struct Worker {
    // Killed when dropped.
    child: Child,
    input: ChildStdin,
    output: ChildStdout,
}

impl Pool {
    /// Starts the workers; `program` is the binary that knows the command `worker`.
    ///
    /// # Errors
    /// `PoolError::Start`.
    pub fn start(program: PathBuf, limits: Workers) -> Result<Self, PoolError> {
        let mut idle = VecDeque::new();
        for _ in 0..limits.count {
            idle.push_back(Worker::start(&program)?);
        }
        let free = Arc::new(Semaphore::new(limits.count));
        let idle = Mutex::new(idle);
        Ok(Self { shared: Arc::new(Shared { program, limits, free, idle }) })
    }

    /// Waits for a worker. One lease serves one question, so nothing of another person's is in the same worker at the
    /// same time.
    ///
    /// # Errors
    /// `Busy` or `Start`.
    pub async fn lease(&self) -> Result<Lease, PoolError> {
        let free = Arc::clone(&self.shared.free);
        let Ok(Ok(slot)) = tokio::time::timeout(WAIT, free.acquire_owned()).await else {
            return Err(PoolError::Busy);
        };
        let idle = self.shared.idle().pop_front();
        let worker = match idle {
            Some(worker) => worker,
            None => Worker::start(&self.shared.program)?,
        };
        Ok(Lease { worker: Some(worker), shared: Arc::clone(&self.shared), _slot: slot })
    }

    /// Process ids of the idle workers.
    #[must_use]
    pub fn idle_pids(&self) -> Vec<u32> {
        self.shared.idle().iter().filter_map(|worker| worker.child.id()).collect()
    }
}

/// A worker for one question.
#[derive(Debug)]
pub struct Lease {
    worker: Option<Worker>,
    shared: Arc<Shared>,
    _slot: OwnedSemaphorePermit,
}

impl Lease {
    /// Runs one job.
    ///
    /// # Errors
    /// `PoolError`; what the worker itself refuses is a reply. After an error the lease has no worker any more.
    pub async fn run(&mut self, job: Message<Job>) -> Result<Message<Reply>, PoolError> {
        // Dropped on any way out but success, by cancellation too, the worker is killed: none takes up another job
        // half-way.
        let mut worker = self.worker.take().ok_or(PoolError::Died)?;
        let deadline = self.shared.limits.deadline;
        let reply = match tokio::time::timeout(deadline, worker.exchange(job)).await {
            Ok(reply) => reply?,
            Err(_elapsed) => return Err(PoolError::Deadline { seconds: deadline.as_secs() }),
        };
        self.worker = Some(worker);
        Ok(reply)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let worker = self.worker.take().map_or_else(|| Worker::start(&self.shared.program), Ok);
        match worker {
            Ok(worker) => self.shared.idle().push_back(worker),
            // The next lease tries again and reports it.
            Err(error) => tracing::warn!(%error, "no worker can be started"),
        }
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, VecDeque<Worker>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // A worker that died while idle is not handed out.
        idle.retain_mut(|worker| matches!(worker.child.try_wait(), Ok(None)));
        idle
    }
}

impl Worker {
    fn start(program: &PathBuf) -> Result<Self, PoolError> {
        let mut command = std::process::Command::new(program);
        command.arg0(WORKER_NAME).arg("worker").env_clear().current_dir("/");
        let mut child = Command::from(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .kill_on_drop(true)
            .spawn()
            .map_err(PoolError::Start)?;
        let missing = || PoolError::Start(std::io::Error::other("no pipe"));
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = child.stdout.take().ok_or_else(missing)?;
        Ok(Self { child, input, output })
    }

    async fn exchange(&mut self, job: Message<Job>) -> Result<Message<Reply>, PoolError> {
        let bytes = frame::encode(&job).map_err(PoolError::Protocol)?;
        let died = |_broken_pipe: std::io::Error| PoolError::Died;
        self.input.write_all(&bytes).await.map_err(died)?;
        self.input.flush().await.map_err(died)?;
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
}
