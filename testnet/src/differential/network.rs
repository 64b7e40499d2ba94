//! A whole network in a temporary folder and a real worker on a pipe: sealed charter, imported snapshots, and every stage
//! from a signed question to a finished table. Only the transport and the log are missing.

use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use policies::dataset::Dataset;
use policies::question::{sign_question, sign_request};
use policies::wire::{Asks, LANGUAGE_VERSION, Question, Request};
use policies::{
    Books, Charter, Digest, Footprint, HospitalCode, Ident, NetworkId, Permit, PersonId, Purpose,
    SeenQuestions, SignedRequest, Verdict, VerifyContext, admit, decide,
};
use query::import::{Format, ImportPlan, RecordSecret, Source, TableMapping, import};
use query::pipe::frame::{Message, read_message, write_message};
use query::pipe::{Failure, Finished, Job, PIPE_VERSION, Part, Planned, Reply, Wanted, Work};
use query::{Memory, Moment, SafeAnswer, disclose, receive};

use super::grammar::network::{SUB_NETWORKS, networks_of};
use super::rows::Tables;
use super::sealed::{ASKER, NOW, RULES, Sealed, charter, key};

/// The real worker on a thread, behind a pipe.
#[derive(Debug)]
pub struct Worker {
    to: Option<PipeWriter>,
    from: PipeReader,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Worker {
    /// Starts one.
    ///
    /// # Errors
    /// The system's reason.
    pub fn start() -> anyhow::Result<Self> {
        let (input, to) = std::io::pipe()?;
        let (from, output) = std::io::pipe()?;
        let thread = std::thread::spawn(move || query::worker::run(input, output));
        Ok(Self { to: Some(to), from, thread: Some(thread) })
    }

    /// Sends a job and waits for the reply.
    pub(crate) fn send(&mut self, job: Job, blobs: Vec<Vec<u8>>) -> anyhow::Result<Message<Reply>> {
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

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// Before anything ran.
    Refused(Failure),
    /// Something that may not happen to an accepted question.
    Fault(String),
}

impl From<anyhow::Error> for NoAnswer {
    fn from(error: anyhow::Error) -> Self {
        Self::Fault(format!("{error:#}"))
    }
}

/// A network with its data.
#[derive(Debug)]
pub struct Network {
    folder: tempfile::TempDir,
    charter: Charter,
    dataset_text: String,
    snapshots: BTreeMap<HospitalCode, PathBuf>,
}

/// Every question is asked for the first time.
pub(crate) struct NoneSeen;

impl SeenQuestions for NoneSeen {
    fn find(&self, _question: &Digest) -> Option<Digest> {
        None
    }
}

impl Network {
    /// Seals a charter and imports a snapshot for every hospital, without the patients whose `opt_out` is true.
    ///
    /// # Errors
    /// What was wrong with the generated dataset or rows: a fault of the generator, or of the import.
    pub fn create(
        dataset: &str,
        hospitals: &BTreeMap<String, Tables>,
        opt_out: Option<&str>,
    ) -> anyhow::Result<Self> {
        let networks: Vec<(&str, Vec<&str>)> = SUB_NETWORKS
            .iter()
            .map(|id| {
                let members = hospitals.keys().map(String::as_str);
                (*id, members.filter(|code| networks_of(code).contains(id)).collect())
            })
            .collect();
        let charter = charter(&Sealed {
            dataset,
            hospitals: hospitals.keys().map(String::as_str).collect(),
            networks,
            rules: RULES,
            indicators: &[],
        })?;
        let folder = tempfile::Builder::new().prefix("kring-differential-").tempdir()?;
        let dataset_text = dataset.to_owned();
        let mut network = Self { folder, charter, dataset_text, snapshots: BTreeMap::new() };
        for (code, tables) in hospitals {
            let snapshot =
                network.import(code, tables, opt_out).with_context(|| format!("import {code}"))?;
            network.snapshots.insert(HospitalCode::new(code)?, snapshot);
        }
        Ok(network)
    }

    /// The dataset, as the charter holds it.
    ///
    /// # Errors
    /// A charter without one.
    pub fn dataset(&self) -> anyhow::Result<&Dataset> {
        self.charter.datasets().next().context("the charter has a dataset")
    }

    fn import(
        &self,
        code: &str,
        tables: &Tables,
        opt_out: Option<&str>,
    ) -> anyhow::Result<PathBuf> {
        let folder = self.folder.path().join(code);
        let tables: Vec<(String, String)> =
            tables.iter().map(|(name, rows)| (name.clone(), rows.csv())).collect();
        snapshot(self.dataset()?, &HospitalCode::new(code)?, (&folder, &tables), opt_out)
    }

    fn job(&self, sql: &str, work: Work) -> Job {
        let (dataset, sql) = (self.dataset_text.clone(), sql.to_owned());
        let networks = self.charter.networks_at(NOW.plus(-10));
        Job { version: PIPE_VERSION, whom: None, dataset, sql, networks, work }
    }

    fn plan(&self, worker: &mut Worker, sql: &str) -> Result<Planned, NoAnswer> {
        match worker.send(self.job(sql, Work::Plan), Vec::new())?.head {
            Reply::Planned(planned) => Ok(planned),
            Reply::Failed(failure) => Err(NoAnswer::Refused(failure)),
            Reply::Executed { .. } | Reply::Finished(_) => {
                Err(NoAnswer::Fault("another reply than to a plan".to_owned()))
            }
        }
    }

    /// Admission and decision of one responder, from signed bytes.
    fn permit(&self, sql: &str, planned: &Planned, own: &HospitalCode) -> anyhow::Result<Permit> {
        let hospitals = self.snapshots.keys().cloned().collect();
        let asks = Asks::Sql(sql.to_owned());
        permit((&self.charter).into(), (asks, hospitals), planned, own)
    }

    /// What one hospital releases.
    fn answer(
        &self,
        worker: &mut Worker,
        sql: &str,
        planned: &Planned,
        code: &HospitalCode,
    ) -> anyhow::Result<SafeAnswer> {
        let permit = self.permit(sql, planned, code)?;
        let fragments = permit.footprint().fragment_digests();
        let snapshot = self.snapshots.get(code).context("a snapshot")?.clone();
        let work = Work::Execute {
            snapshot,
            hospital: code.clone(),
            fragments,
            wanted: Wanted::ALL,
            not_given: Vec::new(),
        };
        let reply = worker.send(self.job(sql, work), Vec::new())?;
        let raw =
            receive(permit, Wanted::ALL, &reply).with_context(|| format!("receive from {code}"))?;
        // Every question here is asked as the first one.
        let mut memory = Memory::new(*Digest::of(code.as_str().as_bytes()).as_bytes());
        let moment = Moment { now: NOW, snapshot: Digest::of(b"snapshot") };
        Ok(disclose(raw, &memory, moment, None)?.charged(&mut memory)?)
    }

    /// Asks every hospital.
    ///
    /// # Errors
    /// A refusal of the text, or a fault.
    pub fn ask(&self, worker: &mut Worker, sql: &str) -> Result<Finished, NoAnswer> {
        let planned = self.plan(worker, sql)?;
        let mut parts = Vec::new();
        let mut blobs = Vec::new();
        for code in self.snapshots.keys() {
            let safe = self.answer(worker, sql, &planned, code)?;
            let frames = safe.frames();
            parts.push(Part { hospital: code.clone(), frames: frames.len(), shown: None });
            blobs.extend(frames.iter().cloned());
        }
        let reply = worker.send(self.job(sql, Work::Finish { parts }), blobs)?;
        match reply.head {
            Reply::Finished(finished) => Ok(finished),
            Reply::Failed(failure) => Err(NoAnswer::Fault(format!(
                "accepted, but not finished: {} {}",
                failure.code, failure.message
            ))),
            Reply::Executed { .. } | Reply::Planned(_) => {
                Err(NoAnswer::Fault("another reply than to a finish".to_owned()))
            }
        }
    }
}

/// Admission and decision of one responder, from signed bytes.
///
/// # Errors
/// The denial, or a fault of what is asked.
pub(crate) fn permit(
    books: Books<'_>,
    (asks, hospitals): (Asks, Vec<HospitalCode>),
    planned: &Planned,
    own: &HospitalCode,
) -> anyhow::Result<Permit> {
    let charter = books.charter;
    let dataset = charter.datasets().next().context("the charter has a dataset")?;
    let asker = HospitalCode::new(ASKER)?;
    let question = Question {
        id: "00112233445566778899aabbccddeeff".to_owned(),
        network: NetworkId::new("noord")?,
        person: PersonId::new("a.jansen")?,
        purpose: Purpose::new("quality")?,
        group: None,
        dataset: dataset.id.clone(),
        asking_node: asker.clone(),
        hospitals,
        asks,
        profile: None,
        issued_at: NOW.plus(-10),
        expires_at: NOW.plus(290),
    };
    let inner = sign_question(&question, &key("a.jansen"));
    let footprint = &planned.footprint;
    let request = Request {
        network: question.network.clone(),
        from: asker.clone(),
        audience: own.clone(),
        question: String::from_utf8(inner.encode())?,
        layers: vec![charter.layer().context("an opened charter has a layer")?],
        language: LANGUAGE_VERSION,
        fragments: footprint.fragments.iter().map(|fragment| fragment.digest).collect(),
        checkpoint: None,
        cosigned: None,
        sent_at: NOW,
        delegation: None,
        networks: charter.networks_digest(question.issued_at),
    };
    let bytes = sign_request(&request, &key(&format!("{ASKER} envelope"))).encode();
    let context = VerifyContext {
        charter,
        own,
        peer: &asker,
        revoked: policies::statement::Revocations::none(),
        now: NOW,
        seen: &NoneSeen,
    };
    let Verdict::New(verified) = SignedRequest::decode(&bytes)?.verify(context)? else {
        bail!("a question that was never seen is called a retry");
    };
    let admission = admit(books, *verified, NOW).map_err(|denial| anyhow::anyhow!("{denial:?}"))?;
    let footprint = Footprint::check(footprint.clone(), dataset)?;
    decide(books, &admission, footprint).map_err(|denial| anyhow::anyhow!("{denial:?}"))
}

/// Imports a hospital's tables, each its name and a CSV text, into a new folder; gives that of the snapshot.
///
/// # Errors
/// Files that cannot be written, or rows that the dataset refuses.
pub(crate) fn snapshot(
    dataset: &Dataset,
    hospital: &HospitalCode,
    (folder, tables): (&Path, &[(String, String)]),
    opt_out: Option<&str>,
) -> anyhow::Result<PathBuf> {
    std::fs::create_dir(folder)?;
    let (mut sources, mut mappings) = (Vec::new(), Vec::new());
    for (name, csv) in tables {
        let path = folder.join(format!("{name}.csv"));
        std::fs::write(&path, csv)?;
        let name = Ident::new(name)?;
        sources.push(Source { name: name.clone(), path, format: Format::csv() });
        let columns = BTreeMap::new();
        mappings.push(TableMapping::Columns { table: name.clone(), source: name, columns });
    }
    let plan = ImportPlan {
        dataset,
        hospital: hospital.clone(),
        sources,
        tables: mappings,
        opt_out: opt_out.map(str::to_owned),
        numbering: folder.join("numbering"),
        new_series: Digest::of(b"numbers"),
        record_secret: RecordSecret::new(&[7; 32]),
        out: folder.join("snapshots"),
        strict: true,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let report = runtime.block_on(import(&plan))?;
    report.folder.with_context(|| format!("rows are refused: {:?}", report.problems))
}
