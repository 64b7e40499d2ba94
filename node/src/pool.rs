//! The worker pool: SQL is read and run in child processes of the same binary, never in the daemon.
//!
//! A worker gets no environment, no keys and no sockets, only its pipe, and seals itself ([`crate::sandbox`]) before it
//! reads a job. Workers that run questions may read the snapshots; those for the asker's work may read nothing. They are
//! started ahead, one more than the turns of any one person, so no process starts on the path of a question. A worker
//! runs one job at a time and is killed at the deadline, when it dies, breaks the protocol, or when the caller goes
//! away; another takes its place in the background. A bad question costs one worker; who costs three has to pause.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use query::pipe::frame::{self, FrameError, Message};
use query::pipe::{Job, Reply};

use crate::clock::Clock;
use crate::config::Workers;
use crate::tasks::Tasks;

pub use setup::{Access, Setup};
pub use who::Who;

mod setup;
mod who;

mod breaker;
mod gate;
mod turns;

mod crew;
mod process;
mod spawner;

use breaker::Breaker;
use crew::{Crew, Crews};
use gate::Turn;
use process::Worker;
use spawner::Spawner;

/// Longest wait for a free worker: beyond that the node is busy.
const WAIT: Duration = Duration::from_secs(10);
/// Workers more than one person gets at once: for somebody else, or in a lost one's place.
const SPARE: usize = 1;
/// A worker that ran for so many deadlines in sum retires between two questions, so that its limit of processor time,
/// which counts its whole life, is never met by honest work.
const RETIRE_AFTER: u32 = 20;

/// Why a job has no reply.
#[derive(Debug, thiserror::Error)]
pub enum PoolError {
    /// No worker came free in time.
    #[error("all workers are busy; ask again in a moment")]
    Busy,
    /// This person's questions cost too many workers.
    #[error(
        "the last questions of this person were ended by force too often; ask again in {minutes} min, and for less at once"
    )]
    TooManyLost {
        /// The pause that is left, rounded up.
        minutes: i64,
    },
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
            Self::TooManyLost { .. } => "too_many_lost_workers",
            Self::Deadline { .. } => "deadline",
            Self::Died | Self::Start(_) => "worker_lost",
            Self::Protocol(_) => "worker_fault",
        }
    }

    /// Whether a worker was lost with the job.
    #[must_use]
    pub fn lost_a_worker(&self) -> bool {
        match self {
            Self::Deadline { .. } | Self::Died | Self::Protocol(_) => true,
            Self::Busy | Self::TooManyLost { .. } | Self::Start(_) => false,
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
    crews: Crews,
    spawner: Spawner,
    breaker: Mutex<Breaker<Who>>,
    deadline: Duration,
    clock: Arc<dyn Clock>,
    tasks: Tasks,
}

impl Pool {
    /// Starts the workers. Must be called inside a runtime, and not on a thread that ends before the pool.
    ///
    /// # Errors
    /// `PoolError::Start`.
    pub fn start(setup: Setup) -> Result<Self, PoolError> {
        let Workers { count, asker_count, deadline, .. } = setup.workers;
        let executing = setup.snapshots.as_ref().map_or(0, |_| count.saturating_add(SPARE));
        let asking = asker_count.saturating_add(SPARE);
        let crews = Crews {
            executing: Crew::new(setup.recipe(Access::Snapshots), executing),
            asking: Crew::new(setup.recipe(Access::Nothing), asking),
        };
        let Setup { clock, tasks, .. } = setup;
        let (spawner, orders) = Spawner::new(executing.saturating_add(asking));
        let breaker = Mutex::new(Breaker::default());
        let shared = Arc::new(Shared { crews, spawner, breaker, deadline, clock, tasks });
        spawner::run(&shared, orders).map_err(PoolError::Start)?;
        for _ in 0..executing {
            shared.spawner.first(Access::Snapshots).map_err(PoolError::Start)?;
        }
        for _ in 0..asking {
            shared.spawner.first(Access::Nothing).map_err(PoolError::Start)?;
        }
        Ok(Self { shared })
    }

    /// Waits until every worker has said that it is sealed and ready.
    ///
    /// # Errors
    /// `PoolError::Start` when one does not in time.
    pub async fn warm(&self) -> Result<(), PoolError> {
        let crews = &self.shared.crews;
        let warm = async { tokio::join!(crews.executing.full(), crews.asking.full()) };
        match tokio::time::timeout(process::HELLO, warm).await {
            Ok(((), ())) => Ok(()),
            Err(elapsed) => Err(PoolError::Start(elapsed.into())),
        }
    }

    /// Waits for a worker. One lease serves one person's question, so nothing of another's is in the same worker at the
    /// same time; nobody gets all workers.
    ///
    /// # Errors
    /// `Busy` or `TooManyLost`.
    pub async fn lease(&self, access: Access, who: Who) -> Result<Lease, PoolError> {
        let now = self.shared.clock.now();
        if let Some(seconds) = self.shared.breaker().pause(&who, now) {
            return Err(PoolError::TooManyLost { minutes: seconds.saturating_add(59) / 60 });
        }
        let crew = self.shared.crews.of(access);
        let waiting = async {
            let turn = crew.gate().turn(&who).await?;
            Some((crew.take(|| self.shared.spawner.order(access)).await, turn))
        };
        let Ok(Some((worker, turn))) = tokio::time::timeout(WAIT, waiting).await else {
            return Err(PoolError::Busy);
        };
        let shared = Arc::clone(&self.shared);
        Ok(Lease { worker: Some(worker), replaced: false, access, who, shared, _turn: turn })
    }

    /// Process ids of the idle workers.
    #[must_use]
    pub fn idle_pids(&self) -> Vec<u32> {
        let Crews { executing, asking } = &self.shared.crews;
        executing.idle_pids().into_iter().chain(asking.idle_pids()).collect()
    }

    /// Which walls the kernel does not offer the workers, and what that means. Empty when all stand.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let Crews { executing, asking } = &self.shared.crews;
        let mut notes = executing.notes();
        notes.extend(asking.notes());
        notes.sort_unstable();
        notes.dedup();
        notes
    }
}

impl Shared {
    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker<Who>> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A worker for one question.
#[derive(Debug)]
pub struct Lease {
    worker: Option<Worker>,
    replaced: bool,
    access: Access,
    who: Who,
    shared: Arc<Shared>,
    // Declared last, dropped last: the worker is back before the turn is another's.
    _turn: Turn,
}

impl Lease {
    /// Runs one job.
    ///
    /// # Errors
    /// `PoolError`; what the worker itself refuses is a reply. After an error the lease has no worker any more.
    pub async fn run(&mut self, mut job: Message<Job>) -> Result<Message<Reply>, PoolError> {
        job.head.whom = Some(self.who.digest());
        let bytes = frame::encode(&job).map_err(PoolError::Protocol)?;
        // Dropped on any way out but success, by cancellation too, the worker is killed: none takes up another job
        // half-way.
        let mut worker = self.worker.take().ok_or(PoolError::Died)?;
        let (deadline, since) = (self.shared.deadline, Instant::now());
        let done = match tokio::time::timeout(deadline, worker.exchange(&bytes)).await {
            Ok(done) => done,
            Err(_elapsed) => Err(PoolError::Deadline { seconds: deadline.as_secs() }),
        };
        match done {
            Ok(reply) => {
                worker.add_busy(since.elapsed());
                self.worker = Some(worker);
                Ok(reply)
            }
            Err(error) => {
                drop(worker);
                self.replace();
                let now = self.shared.clock.now();
                self.shared.breaker().lost(self.who.clone(), now);
                Err(error)
            }
        }
    }

    /// The process id of the worker, while the lease has one.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.worker.as_ref().map(Worker::pid)
    }

    fn replace(&mut self) {
        self.replaced = true;
        self.shared.spawner.order(self.access);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let retire = self.shared.deadline.saturating_mul(RETIRE_AFTER);
        let fit = |worker: &mut Worker| worker.busy() < retire && worker.lives();
        match self.worker.take_if(fit) {
            Some(worker) => self.shared.crews.of(self.access).put(worker),
            None if self.replaced => {}
            None => self.replace(),
        }
    }
}
