//! Deliberately weak mechanisms, so that the attacks are seen to bite: in `testnet`'s own process, over the snapshots of the real nodes.
//!
//! Planning, execution and finishing are a real worker's. In place of `query::disclose`, [`Mechanism`] makes the released cells of
//! the worker's raw ones. Nothing here can be switched on in `kring`. [`Mechanism::Keyed`] is not weak: it is the noise of
//! `ask.explore` without its memory, and there for the attacks' own tests.

use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use policies::HospitalCode;
use policies::footprint::FragmentFootprint;
use query::pipe::frame::{Message, read_message, write_message};
use query::pipe::{Job, PIPE_VERSION, Part, Planned, Reply, Wanted, Work};

use super::ask::{Answer, Ask, Said, Told};
use super::world::World;
use crate::differential::dice::Dice;

mod cells;
mod noise;

pub use noise::Mechanism;
pub(crate) use noise::bell;

/// The summaries that a mechanism may look at.
const WANTED: Wanted = Wanted { contributors: true, keys: true, ..Wanted::NONE };

/// A weak mechanism over the snapshots of a population.
#[derive(Debug)]
pub struct Weak {
    worker: Worker,
    world: Arc<World>,
    dictionary: String,
    snapshots: BTreeMap<String, Vec<PathBuf>>,
    at: usize,
    mechanism: Mechanism,
    dice: Dice,
}

impl Weak {
    /// Starts one.
    ///
    /// # Errors
    /// The system's reason.
    pub fn start(
        world: Arc<World>,
        snapshots: BTreeMap<String, Vec<PathBuf>>,
        mechanism: Mechanism,
    ) -> anyhow::Result<Self> {
        let (worker, dictionary) = (Worker::start()?, world.dictionary());
        let dice = Dice::new(&[0x7e57]);
        Ok(Self { worker, world, dictionary, snapshots, at: 0, mechanism, dice })
    }

    fn job(&self, sql: &str, work: Work) -> Job {
        let (dataset, sql) = (self.dictionary.clone(), sql.to_owned());
        let networks = super::networks(self.snapshots.keys());
        Job { version: PIPE_VERSION, whom: None, dataset, sql, networks, work }
    }

    fn plan(&mut self, sql: &str) -> anyhow::Result<Result<Planned, String>> {
        let job = self.job(sql, Work::Plan);
        match self.worker.send(job, Vec::new())?.head {
            Reply::Planned(planned) => Ok(Ok(planned)),
            Reply::Failed(failure) => Ok(Err(failure.code)),
            Reply::Executed { .. } | Reply::Finished(_) => bail!("another reply than to a plan"),
        }
    }

    /// What the mechanism releases of one hospital.
    fn release(
        &mut self,
        sql: &str,
        fragments: &[FragmentFootprint],
        code: &str,
    ) -> anyhow::Result<Vec<Vec<u8>>> {
        let of = self.snapshots.get(code).context("snapshots")?;
        let snapshot = of.get(self.at).context("a snapshot")?.clone();
        let digests = fragments.iter().map(|fragment| fragment.digest).collect();
        let hospital = HospitalCode::new(code)?;
        let work = Work::Execute {
            snapshot,
            hospital,
            fragments: digests,
            wanted: WANTED,
            not_given: Vec::new(),
        };
        let job = self.job(sql, work);
        let reply = self.worker.send(job, Vec::new())?;
        if let Reply::Failed(failure) = &reply.head {
            bail!("{code}: {} {}", failure.code, failure.message);
        }
        let mut frames = vec![cells::head(fragments.len())?];
        for (fragment, blob) in fragments.iter().zip(&reply.blobs) {
            let raw = cells::Raw::read(blob, fragment)?;
            let released = self.mechanism.release(&raw, fragment, &mut self.dice, &self.world)?;
            frames.push(cells::write(&raw, &released)?);
        }
        Ok(frames)
    }
}

impl Ask for Weak {
    fn ask(&mut self, sql: &str, _who: usize) -> anyhow::Result<Told> {
        let planned = match self.plan(sql)? {
            Ok(planned) => planned,
            Err(code) => return Ok(Told::refusal(&code)),
        };
        let fragments = planned.footprint.fragments;
        let (mut parts, mut blobs) = (Vec::new(), Vec::new());
        let mut hospitals = BTreeMap::new();
        for code in self.snapshots.keys().cloned().collect::<Vec<_>>() {
            let frames = self.release(sql, &fragments, &code)?;
            let bytes = frames.iter().map(Vec::len).collect();
            hospitals.insert(code.clone(), Said { bytes, ..Said::default() });
            parts.push(Part {
                hospital: HospitalCode::new(&code)?,
                frames: frames.len(),
                shown: None,
            });
            blobs.extend(frames);
        }
        let job = self.job(sql, Work::Finish { parts });
        match self.worker.send(job, blobs)?.head {
            Reply::Finished(finished) => {
                Ok(Told { answer: Some(Answer { rows: finished.rows }), refused: None, hospitals })
            }
            Reply::Failed(failure) => bail!("not finished: {} {}", failure.code, failure.message),
            Reply::Executed { .. } | Reply::Planned(_) => bail!("another reply than to a finish"),
        }
    }

    fn exact(&mut self, sql: &str, who: usize) -> anyhow::Result<Told> {
        let mechanism = std::mem::replace(&mut self.mechanism, Mechanism::Threshold);
        let told = self.ask(sql, who);
        self.mechanism = mechanism;
        told
    }

    fn indicator(&mut self, id: &str, who: usize) -> anyhow::Result<Told> {
        let (_named, sql) = self.world.indicator(id)?;
        self.ask(&sql, who)
    }

    fn next_snapshot(&mut self) -> anyhow::Result<()> {
        self.at = self.at.saturating_add(1);
        Ok(())
    }
}

/// The real worker on a thread, behind a pipe.
#[derive(Debug)]
struct Worker {
    to: Option<PipeWriter>,
    from: PipeReader,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Worker {
    fn start() -> anyhow::Result<Self> {
        let (input, to) = std::io::pipe()?;
        let (from, output) = std::io::pipe()?;
        let thread = std::thread::spawn(move || query::worker::run(input, output));
        Ok(Self { to: Some(to), from, thread: Some(thread) })
    }

    fn send(&mut self, job: Job, blobs: Vec<Vec<u8>>) -> anyhow::Result<Message<Reply>> {
        let to = self.to.as_mut().context("the pipe is open")?;
        write_message(to, &Message { head: job, blobs })?;
        read_message(&mut self.from)?.context("the worker ended")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.to.take();
        drop(self.thread.take().map(JoinHandle::join));
    }
}
