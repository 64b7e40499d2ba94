//! A whole network in a temporary folder and a real worker on a pipe: sealed charter, imported snapshots, and every stage
//! from a signed question to a finished table. Only the transport and the log are missing.

use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter};
use std::path::PathBuf;
use std::thread::JoinHandle;

use anyhow::{Context as _, bail};
use ed25519_dalek::SigningKey;
use policies::bundle::{open, seal};
use policies::dataset::Dataset;
use policies::dsse::PublicKey;
use policies::question::{sign_question, sign_request};
use policies::wire::{Asks, LANGUAGE_VERSION, Question, Request};
use policies::{
    Charter, DatasetId, Digest, Footprint, HospitalCode, Ident, NetworkId, Permit, PersonId,
    Purpose, SeenQuestions, SignedRequest, Trust, UnixTime, Verdict, VerifyContext, admit, decide,
};
use query::import::{Format, ImportPlan, RecordSecret, Source, TableMapping, import};
use query::pipe::frame::{Message, read_message, write_message};
use query::pipe::{Failure, Finished, Job, PIPE_VERSION, Part, Planned, Reply, Wanted, Work};
use query::{Memory, Moment, SafeAnswer, disclose, receive};

use super::grammar::network::{SUB_NETWORKS, networks_of};
use super::rows::Tables;

/// The moment of every question.
const NOW: UnixTime = UnixTime(1_782_900_000);
/// The hospital that asks; it has no data.
const ASKER: &str = "ASKER";

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

fn key(owner: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(owner.as_bytes()).as_bytes())
}

fn public(owner: &str) -> anyhow::Result<PublicKey> {
    PublicKey::of(&key(owner)).context("a public key")
}

struct NoneSeen;

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
        let charter = charter(dataset, hospitals.keys())?;
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
        std::fs::create_dir(&folder)?;
        let (mut sources, mut mappings) = (Vec::new(), Vec::new());
        for (name, rows) in tables {
            let path = folder.join(format!("{name}.csv"));
            std::fs::write(&path, rows.csv())?;
            let name = Ident::new(name)?;
            sources.push(Source { name: name.clone(), path, format: Format::csv() });
            let columns = BTreeMap::new();
            mappings.push(TableMapping::Columns { table: name.clone(), source: name, columns });
        }
        let plan = ImportPlan {
            dataset: self.dataset()?,
            hospital: HospitalCode::new(code)?,
            sources,
            tables: mappings,
            opt_out: opt_out.map(str::to_owned),
            numbering: folder.join("numbering"),
            new_series: policies::Digest::of(b"numbers"),
            record_secret: RecordSecret::new(&[7; 32]),
            out: folder.join("snapshots"),
            strict: true,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let report = runtime.block_on(import(&plan))?;
        report.folder.with_context(|| format!("rows are refused: {:?}", report.problems))
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
        let asker = HospitalCode::new(ASKER)?;
        let question = Question {
            id: "00112233445566778899aabbccddeeff".to_owned(),
            network: NetworkId::new("noord")?,
            person: PersonId::new("a.jansen")?,
            purpose: Purpose::new("quality")?,
            group: None,
            dataset: DatasetId::new(self.dataset()?.id.as_str())?,
            asking_node: asker.clone(),
            hospitals: self.snapshots.keys().cloned().collect(),
            asks: Asks::Sql(sql.to_owned()),
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
            layers: vec![self.charter.layer().context("an opened charter has a layer")?],
            language: LANGUAGE_VERSION,
            fragments: footprint.fragments.iter().map(|fragment| fragment.digest).collect(),
            checkpoint: None,
            cosigned: None,
            sent_at: NOW,
        };
        let bytes = sign_request(&request, &key(&format!("{ASKER} envelope"))).encode();
        let charter = &self.charter;
        let context = VerifyContext { charter, own, peer: &asker, now: NOW, seen: &NoneSeen };
        let Verdict::New(verified) = SignedRequest::decode(&bytes)?.verify(context)? else {
            bail!("a question that was never seen is called a retry");
        };
        let admission =
            admit(charter, *verified, NOW).map_err(|denial| anyhow::anyhow!("{denial:?}"))?;
        let footprint = Footprint::check(footprint.clone(), self.dataset()?)?;
        decide(charter, &admission, footprint).map_err(|denial| anyhow::anyhow!("{denial:?}"))
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
        let work =
            Work::Execute { snapshot, hospital: code.clone(), fragments, wanted: Wanted::ALL };
        let reply = worker.send(self.job(sql, work), Vec::new())?;
        let raw =
            receive(permit, Wanted::ALL, &reply).with_context(|| format!("receive from {code}"))?;
        // Every question here is asked as the first one.
        let mut memory = Memory::new(*Digest::of(code.as_str().as_bytes()).as_bytes());
        let moment = Moment { now: NOW, snapshot: Digest::of(b"snapshot") };
        Ok(disclose(raw, &memory, moment)?.charged(&mut memory)?)
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
            parts.push(Part { hospital: code.clone(), frames: frames.len() });
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

/// A charter that permits everything and protects nothing: a synthetic dataset may.
fn charter<'a>(
    dataset: &str,
    hospitals: impl Iterator<Item = &'a String>,
) -> anyhow::Result<Charter> {
    let mut members = String::new();
    for id in SUB_NETWORKS {
        members.push_str(&format!("[[networks]]\nid = \"{id}\"\nname = \"{id}\"\n"));
    }
    for code in hospitals.map(String::as_str).chain([ASKER]) {
        let mut keys = Vec::new();
        for kind in ["transport", "envelope", "log", "witness"] {
            keys.push(format!("{kind} = \"{}\"", public(&format!("{code} {kind}"))?));
        }
        let keys = keys.join(", ");
        let own: Vec<String> =
            networks_of(code).iter().map(|id| format!("{{ id = \"{id}\" }}")).collect();
        let own = own.join(", ");
        members.push_str(&format!("[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"general\"\nnetworks = [{own}]\nkeys = {{ {keys} }}\n"));
    }
    let person = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A\"\nhospital = \"{ASKER}\"\nkey = \"{}\"\nroles = [\"analyst\"]\n",
        public("a.jansen")?
    );
    let network = format!(
        "network = \"noord\"\nversion = 1\ntitle = {{ en = \"North\" }}\nvalid_from = 2026-01-01T00:00:00Z\nvalid_until = 2026-12-31T23:59:59Z\nthreshold = 1\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n",
        public("board")?
    );
    let rules = "@id(\"all\")\n@explain_en(\"all\")\n@explain_nl(\"alles\")\n@min_patients(\"0\")\n@zeros(\"shown\")\npermit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource in Kring::Network::\"noord\");";
    let first = dataset.lines().find(|line| line.starts_with("id = "));
    let id = first.and_then(|line| line.split('"').nth(1)).context("the dataset names itself")?;
    let files = BTreeMap::from([
        ("charter.toml".to_owned(), network),
        ("members.toml".to_owned(), members),
        ("people.toml".to_owned(), person),
        (format!("datasets/{id}.toml"), dataset.to_owned()),
        ("rules/all.cedar".to_owned(), rules.to_owned()),
    ]);
    let mut envelope = seal(&files).map_err(|problems| {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("the charter has problems: {}", problems.join("; "))
    })?;
    envelope.add_signature(&key("board"));
    let trust = Trust { root: public("board")?.fingerprint(), now: NOW, held: None };
    Ok(open(&envelope.encode(), &trust)?)
}
