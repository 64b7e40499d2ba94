//! A question that is answered with noise: run without those who are left out, told, and charged.
//!
//! Who is left out is known before the run and looked at again when the answer is charged. If others retired meanwhile, or the
//! answer itself brings patients over a limit, the run is of no use and is done again without them. No worker waits for the memory:
//! each run after the first takes one anew.

use std::sync::Arc;

use policies::Permit;
use policies::dataset::Dataset;
use query::Retiring;
use query::pipe::Work;

use super::Run;
use crate::answer::record::Asked;
use crate::ledger::{Charged, Entry, Explored, Exploring, Unexplored};
use crate::node::{Node, SnapshotRef, job};
use crate::pool::{Access, Lease, PoolError};
use crate::refused::Refused;

/// Runs of one question, the first with it.
const RUNS: usize = 5;

impl Node {
    /// What noise is made with, over a snapshot.
    pub(super) fn exploring(
        &self,
        dataset: &Dataset,
        snapshot: &SnapshotRef,
    ) -> Result<Exploring, Refused> {
        let key = self.ledger.noise()?;
        let patients = query::snapshot::patients(&snapshot.folder, dataset);
        let patients = patients.ok_or_else(|| Refused::NoSnapshot(dataset.id.clone()))?;
        let charter = Arc::clone(&self.charter);
        Ok(Exploring { key, charter, dataset: dataset.id.clone(), patients })
    }

    /// Runs a permitted question until nobody else is left out of it when it is charged.
    pub(super) async fn explored(
        &self,
        mut permit: Permit,
        (entry, exploring): (Entry, Exploring),
        run: Run<'_>,
        worker: Lease,
    ) -> Result<Charged, Refused> {
        let mut first = Some(worker);
        let wanted = query::wanted(&permit);
        let mut retiring = Retiring::default();
        for run_number in 1..=RUNS {
            let left_out = self.ledger.left_out(&entry, exploring.patients, retiring).await?;
            let work = Work::Execute {
                snapshot: run.snapshot.folder.clone(),
                hospital: self.hospital.clone(),
                fragments: permit.footprint().fragment_digests(),
                wanted,
                not_given: self.not_given(&exploring.dataset),
            };
            let head = job(self.charter(), run.text, run.asked.issued_at, work);
            let mut worker = match first.take() {
                Some(worker) => worker,
                None => self.another(run.asked).await?,
            };
            let reply = self.work(&mut worker, head, vec![left_out.bytes.clone()]).await?;
            // What follows can wait for other answers of the lineage.
            drop(worker);
            let raw = query::receive(permit, wanted, &reply)?;
            self.alarm(run.asked, raw.fault()).await?;
            let how = (exploring.clone(), run_number == RUNS);
            match self.ledger.explore(entry.clone(), (raw, left_out), how).await? {
                Explored::Charged(charged) => return Ok(*charged),
                Explored::Again(again, others) => (permit, retiring) = (*again, others),
            }
        }
        Err(Refused::Unexplored(Unexplored::Moving))
    }

    /// A worker for one more run. The question was run before, so where none comes free it is consumed, unlike one that never began.
    async fn another(&self, asked: &Asked) -> Result<Lease, Refused> {
        self.pool.lease(Access::Snapshots, asked.who()).await.map_err(|error| match error {
            PoolError::Busy | PoolError::Start(_) => Refused::Unexplored(Unexplored::Moving),
            PoolError::TooManyLost { .. }
            | PoolError::Deadline { .. }
            | PoolError::Died
            | PoolError::Protocol(_) => Refused::Pool(error),
        })
    }
}
