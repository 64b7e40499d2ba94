//! A pool of real workers, a clock that the test moves, and looks into `/proc`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use node::clock::Clock;
use node::config::Workers;
use node::pool::{Access, Lease, Pool, PoolError, Setup, Who};
use node::tasks::Tasks;
use policies::{HospitalCode, PersonId, UnixTime};
use query::pipe::frame::Message;
use query::pipe::{Job, Networks, PIPE_VERSION, Reply, Work};
use rustix::process::{Pid, Signal, kill_process};

/// The program under test.
pub(crate) const KRING: &str = env!("CARGO_BIN_EXE_kring");
/// Longest wait for something that must happen; machines are noisy.
const PATIENCE: Duration = Duration::from_secs(60);

/// Time that stands still until it is moved.
#[derive(Debug, Default)]
pub(crate) struct TestClock(pub(crate) AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::Relaxed))
    }
}

/// A pool with its folder of snapshots.
pub(crate) struct Workshop {
    pub(crate) pool: Pool,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) folder: tempfile::TempDir,
}

/// Two questions of a person at once, and one worker more.
pub(crate) const SIZE: usize = 3;

impl Workshop {
    pub(crate) async fn open(deadline_s: u64) -> Self {
        let folder = tempfile::Builder::new().prefix("kring-pool-").tempdir().unwrap();
        let clock = Arc::new(TestClock::default());
        let deadline = Duration::from_secs(deadline_s);
        let pool = Pool::start(Setup {
            program: PathBuf::from(KRING),
            snapshots: Some(folder.path().to_owned()),
            workers: Workers { count: SIZE - 1, asker_count: 0, deadline, memory_mb: 1024 },
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            tasks: Tasks::new(),
        })
        .unwrap();
        pool.warm().await.unwrap();
        Self { pool, clock, folder }
    }

    pub(crate) async fn lease(&self, name: &str) -> Lease {
        self.try_lease(name).await.unwrap()
    }

    pub(crate) async fn try_lease(&self, name: &str) -> Result<Lease, PoolError> {
        self.pool.lease(Access::Snapshots, person(name)).await
    }

    /// A lease whose worker stands still, so that its job runs until somebody ends it.
    pub(crate) async fn stuck(&self, name: &str) -> (Lease, u32) {
        let lease = self.lease(name).await;
        let pid = lease.pid().unwrap();
        signal(pid, Signal::STOP);
        (lease, pid)
    }

    /// A worker answers a question of this person.
    pub(crate) async fn works_for(&self, name: &str) {
        let reply = self.lease(name).await.run(plan()).await.unwrap();
        assert!(matches!(reply.head, Reply::Planned(_)), "{:?}", reply.head);
    }

    /// Every worker is idle again, none is left over.
    pub(crate) async fn is_complete(&self) {
        // Those that run questions and the one for asking.
        until("all workers are idle", || self.pool.idle_pids().len() == SIZE + 1).await;
    }
}

pub(crate) fn person(name: &str) -> Who {
    Who::Signed {
        hospital: HospitalCode::new("NOORD").unwrap(),
        person: PersonId::new(name).unwrap(),
    }
}

/// A job without a snapshot.
pub(crate) fn plan() -> Message<Job> {
    let dataset = include_str!("../../../../testnet/charter/rotterdam.toml").to_owned();
    let sql = "SELECT grade, count(*) FROM patient GROUP BY grade".to_owned();
    Message {
        head: Job {
            version: PIPE_VERSION,
            dataset,
            sql,
            networks: Networks::new(),
            work: Work::Plan,
        },
        blobs: Vec::new(),
    }
}

pub(crate) fn signal(pid: u32, signal: Signal) {
    kill_process(Pid::from_raw(i32::try_from(pid).unwrap()).unwrap(), signal).unwrap();
}

/// Whether the process is there, and not only waiting to be forgotten.
pub(crate) fn lives(pid: u32) -> bool {
    let status = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("status"));
    status.is_ok_and(|status| !status.lines().any(|line| line.starts_with("State:\tZ")))
}

pub(crate) async fn until(what: &str, done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect(what);
}
