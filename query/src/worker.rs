//! The worker's side of the pipe: one job after the other, until the pipe ends.
//!
//! A worker holds no keys and opens no network. It may be killed at any moment: it keeps nothing but caches. A panic
//! inside a job becomes a reply, and the worker goes on. The work runs on a thread of its own with a large stack, because
//! planning is recursive.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use policies::Digest;
use policies::dataset::{self, Dataset};

use crate::cut::Split;
use crate::error::PlanError;
use crate::execute::{self, Tables};
use crate::finish;
use crate::ipc;
use crate::pipe::frame::{self, FrameError, Message};
use crate::pipe::{Failure, Job, PIPE_VERSION, Planned, Reply, Work};

mod kept;

use kept::{Kept, Text};

/// Deep enough for whatever the gate lets through, in a debug build too.
const STACK_BYTES: usize = 32 * 1024 * 1024;
/// Datasets kept parsed; one charter has a handful.
const MAX_DATASETS: usize = 16;

/// Serves jobs until the input ends.
///
/// # Errors
/// The pipe broke, or a thread could not be started.
pub fn run(
    input: impl Read + Send + 'static,
    output: impl Write + Send + 'static,
) -> io::Result<()> {
    let thread = std::thread::Builder::new()
        .name("kring-worker".to_owned())
        .stack_size(STACK_BYTES)
        .spawn(move || serve(input, output))?;
    thread.join().unwrap_or_else(|_panic| Err(io::Error::other("the worker's thread died")))
}

fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut worker = Worker {
        runtime,
        datasets: BTreeMap::new(),
        tables: Tables::default(),
        kept: Kept::default(),
    };
    loop {
        let job = match frame::read_message::<Job>(&mut input) {
            Ok(Some(job)) => job,
            Ok(None) => return Ok(()),
            Err(FrameError::Io(error)) => return Err(error),
            Err(error) => return Err(io::Error::other(error)),
        };
        let reply = worker.answer(&job);
        let bytes = frame::encode(&reply).or_else(|_too_large| frame::encode(&too_large()));
        output.write_all(&bytes.map_err(io::Error::other)?)?;
        output.flush()?;
    }
}

struct Worker {
    runtime: tokio::runtime::Runtime,
    datasets: BTreeMap<Digest, Arc<Dataset>>,
    tables: Tables,
    kept: Kept,
}

fn too_large() -> Message<Reply> {
    let failure = Failure::new(
        "answer_too_large",
        "the answer is too large to hand over; ask for fewer groups or hospitals",
        "het antwoord is te groot om door te geven; vraag minder groepen of ziekenhuizen",
    );
    Message { head: Reply::Failed(failure), blobs: Vec::new() }
}

impl Worker {
    fn answer(&mut self, job: &Message<Job>) -> Message<Reply> {
        let done = catch_unwind(AssertUnwindSafe(|| self.work(job)));
        let done = done.unwrap_or_else(|_panic| {
            // What a job left half done is not trusted for the next one.
            self.tables = Tables::default();
            self.kept = Kept::default();
            Err(Failure::new(
                "worker_fault",
                "the question met a fault of this node; its operators can see it",
                "de vraag stuitte op een fout van deze node; haar beheerders kunnen die zien",
            ))
        });
        done.unwrap_or_else(|failure| Message { head: Reply::Failed(failure), blobs: Vec::new() })
    }

    fn work(&mut self, job: &Message<Job>) -> Result<Message<Reply>, Failure> {
        let Message { head: Job { version, whom, dataset, sql, networks, work }, blobs } = job;
        if *version != PIPE_VERSION {
            return Err(Failure::new(
                "bad_version",
                format!("pipe version {version}, expected {PIPE_VERSION}"),
                format!("versie {version} van de pijp, verwacht {PIPE_VERSION}"),
            ));
        }
        let dataset = self.dataset(dataset)?;
        match work {
            Work::Plan => {
                let Text { split, runs } = self.kept.split(*whom, (&dataset, networks), sql)?;
                if !runs {
                    // What stands above the cut must run: over no hospitals at all it shows whether it can.
                    let dry = finish::finish(&split, networks, (&[], &[]));
                    dry.map_err(|_finish| Failure::from(PlanError::CannotPlan))?;
                    self.kept.runs(&dataset, sql);
                }
                let Split { footprint, explained, .. } = &*split;
                let planned =
                    Planned { footprint: footprint.clone(), explained: explained.clone() };
                Ok(Message { head: Reply::Planned(planned), blobs: Vec::new() })
            }
            Work::Execute { snapshot, hospital, fragments, wanted, not_given } => {
                let cuts = self.kept.fragments(*whom, (&dataset, networks), sql)?;
                let place =
                    execute::Place { dataset: &dataset, snapshot, hospital, networks, not_given };
                let left_out = blobs.first().map(|blob| execute::left_out(blob)).transpose()?;
                let what = (fragments.as_slice(), *wanted, left_out.as_ref());
                let running = execute::execute(&cuts, &place, what, &mut self.tables);
                let executed = self.runtime.block_on(running)?;
                let cells = executed.iter().map(|executed| ipc::encode(&executed.cells));
                let cells = cells.collect::<Result<Vec<_>, _>>();
                let mut blobs = cells.map_err(|_arrow| Failure::from(execute::RunError::Failed))?;
                blobs.extend(executed.into_iter().filter_map(|executed| executed.sets));
                let head = Reply::Executed { fragments: fragments.clone() };
                Ok(Message { head, blobs })
            }
            Work::Finish { parts } => {
                let Text { split, .. } = self.kept.split(*whom, (&dataset, networks), sql)?;
                let finished = finish::finish(&split, networks, (parts, blobs))?;
                Ok(Message { head: Reply::Finished(finished), blobs: Vec::new() })
            }
        }
    }

    fn dataset(&mut self, text: &str) -> Result<Arc<Dataset>, Failure> {
        let digest = Digest::of(text.as_bytes());
        if let Some(dataset) = self.datasets.get(&digest) {
            return Ok(Arc::clone(dataset));
        }
        let dataset = dataset::file::parse("dataset", text).map_err(|problems| {
            let first = problems.first().map(std::string::ToString::to_string);
            let first = first.unwrap_or_default();
            let dutch = format!("de dataset heeft een fout; in het Engels: {first}");
            Failure::new("dataset_invalid", first, dutch)
        })?;
        if self.datasets.len() >= MAX_DATASETS {
            self.datasets.clear();
        }
        let dataset = Arc::new(dataset);
        self.datasets.insert(digest, Arc::clone(&dataset));
        Ok(dataset)
    }
}
