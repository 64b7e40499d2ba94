//! A question that is answered with noise: run without those who are left out, told, and charged.
//!
//! Who is left out is known before the run and looked at again when the answer is charged. If others retired meanwhile, or the
//! answer itself brings patients over a limit, the run is of no use and is done again without them.

use std::sync::Arc;

use policies::Permit;
use policies::dataset::Dataset;
use query::Retiring;
use query::pipe::Work;

use super::Run;
use crate::ledger::{Charged, Entry, Explored, Exploring, Unexplored};
use crate::node::{Node, SnapshotRef, job};
use crate::pool::Lease;
use crate::refused::Refused;
use crate::rulebook::Rulebook;

/// Runs of one question, the first with it.
const RUNS: usize = 5;

impl Node {
    /// What noise is made with, over a snapshot.
    pub(super) fn exploring(
        &self,
        book: &Rulebook,
        dataset: &Dataset,
        snapshot: &SnapshotRef,
    ) -> Result<Exploring, Refused> {
        let key = self.ledger.noise()?;
        let patients = query::snapshot::patients(&snapshot.folder, dataset);
        let patients = patients.ok_or_else(|| Refused::NoSnapshot(dataset.id.clone()))?;
        let charter = Arc::clone(&book.charter);
        Ok(Exploring { key, charter, dataset: dataset.id.clone(), patients })
    }

    /// Runs a permitted question until nobody else is left out of it when it is charged.
    pub(super) async fn explored(
        &self,
        mut permit: Permit,
        (entry, exploring): (Entry, Exploring),
        run: Run<'_>,
        worker: &mut Lease,
    ) -> Result<Charged, Refused> {
        let wanted = query::wanted(&permit);
        let mut retiring = Retiring::default();
        for run_number in 1..=RUNS {
            let left_out = self.ledger.left_out(&entry, exploring.patients, retiring).await?;
            let work = Work::Execute {
                snapshot: run.snapshot.folder.clone(),
                hospital: self.hospital.clone(),
                fragments: permit.footprint().fragment_digests(),
                wanted,
                not_given: run.book.not_given(&self.hospital, &exploring.dataset),
            };
            let head = job(&run.book.charter, run.text, run.asked.issued_at, work);
            let reply = self.work(worker, head, vec![left_out.bytes.clone()]).await?;
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
}
