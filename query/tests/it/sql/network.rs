//! A network in a temporary folder: a sealed charter, sealed snapshots, a real worker on a pipe, and the whole chain from
//! a signed question to a finished table. Only the transport is missing.

use std::collections::BTreeMap;
use std::io::{PipeReader, PipeWriter};
use std::path::PathBuf;
use std::thread::JoinHandle;

use ed25519_dalek::SigningKey;
use policies::bundle::{open, seal};
use policies::dataset::Dataset;
use policies::dsse::PublicKey;
use policies::question::{sign_question, sign_request};
use policies::wire::{Asks, Question, Request};
use policies::{
    Charter, DatasetId, Digest, Footprint, HospitalCode, Ident, NetworkId, Permit, PersonId,
    Profile, Purpose, SeenQuestions, SignedRequest, Trust, UnixTime, Verdict, VerifyContext, admit,
    decide,
};
use query::import::{Format, ImportPlan, RecordSecret, Source, TableMapping, import};
use query::pipe::frame::{Message, read_message, write_message};
use query::pipe::{Failure, Finished, Job, PIPE_VERSION, Part, Planned, Reply, Wanted, Work};
use query::{Explorer, Memory, Moment, NoiseKey, RawAnswer, SafeAnswer, disclose, receive};

const NOW: UnixTime = UnixTime(1_782_900_000);

/// Rows of one table: column names, then texts; the empty text is NULL.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

/// Every table of one hospital.
pub(crate) type Tables = BTreeMap<String, Rows>;

/// A network with its data.
pub(crate) struct Network {
    temp: tempfile::TempDir,
    charter: Charter,
    pub(crate) dataset_text: String,
    pub(crate) snapshots: BTreeMap<HospitalCode, PathBuf>,
}

/// A worker on a thread, behind a pipe.
pub(crate) struct Worker {
    to: Option<PipeWriter>,
    from: PipeReader,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Worker {
    pub(crate) fn start() -> Self {
        let (input, to) = std::io::pipe().unwrap();
        let (from, output) = std::io::pipe().unwrap();
        let thread = std::thread::spawn(move || query::worker::run(input, output));
        Self { to: Some(to), from, thread: Some(thread) }
    }

    pub(crate) fn send(&mut self, job: Job, blobs: Vec<Vec<u8>>) -> Message<Reply> {
        let job = Message { head: job, blobs };
        write_message(self.to.as_mut().unwrap(), &job).unwrap();
        read_message(&mut self.from).unwrap().unwrap()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.to.take();
        let ended = self.thread.take().unwrap().join();
        assert!(std::thread::panicking() || ended.unwrap().is_ok());
    }
}

pub(crate) fn key(owner: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(owner.as_bytes()).as_bytes())
}

fn public(owner: &str) -> PublicKey {
    PublicKey::of(&key(owner)).unwrap()
}

pub(crate) fn hospital(code: &str) -> HospitalCode {
    HospitalCode::new(code).unwrap()
}

/// What the rules of a network protect.
#[derive(Clone, Copy)]
pub(crate) struct Protect {
    pub(crate) min_patients: u32,
    pub(crate) zeros_shown: bool,
}

impl Protect {
    /// Nothing: a synthetic dataset may.
    pub(crate) const OFF: Self = Self { min_patients: 0, zeros_shown: true };
    /// The default of every charter.
    pub(crate) const DEFAULT: Self = Self { min_patients: 10, zeros_shown: false };
}

/// Who is in which sub-network: BRAVO in two, DELTA in none; nobody is in the last one.
pub(super) const MEMBERSHIPS: [(&str, &str); 4] =
    [("embraze", "ALFA"), ("embraze", "BRAVO"), ("concord", "BRAVO"), ("concord", "CHARLIE")];

/// A member's sub-networks: those of [`MEMBERSHIPS`], and some that ended or have not begun.
fn networks_of(code: &str) -> String {
    let own = MEMBERSHIPS.iter().filter(|(_, member)| *member == code);
    let mut lines: Vec<String> = own.map(|(id, _)| format!("{{ id = \"{id}\" }}")).collect();
    if code == "ALFA" {
        lines.push("{ id = \"concord\", valid_from = 2026-12-01T00:00:00Z }".to_owned());
    }
    if code == "DELTA" {
        lines.push("{ id = \"embraze\", valid_until = 2026-02-01T00:00:00Z }".to_owned());
    }
    format!("networks = [{}]\n", lines.join(", "))
}

fn charter(dataset: &str, codes: &[String], protect: Protect) -> Charter {
    let sub = ["embraze", "concord", "leeg"]
        .map(|id| format!("[[networks]]\nid = \"{id}\"\nname = \"{id}\"\n"));
    let members = codes.iter().map(|code| {
        let keys = ["transport", "envelope", "log", "witness"]
            .map(|kind| format!("{kind} = \"{}\"", public(&format!("{code} {kind}"))));
        let keys = keys.join(", ");
        let networks = networks_of(code);
        format!("[[members]]\ncode = \"{code}\"\nname = \"{code}\"\nkind = \"general\"\nkeys = {{ {keys} }}\n{networks}")
    });
    let person = format!(
        "[[people]]\nid = \"a.jansen\"\nname = \"A\"\nhospital = \"ASKER\"\nkey = \"{}\"\nroles = [\"analyst\"]\n",
        public("a.jansen")
    );
    let freshness: Vec<String> = codes
        .iter()
        .take(3)
        .map(|code| {
            let key = public(&format!("{code} freshness"));
            format!("[[freshness]]\nhospital = \"{code}\"\nkey = \"{key}\"\n")
        })
        .collect();
    let network = format!(
        "network = \"noord\"\nversion = 1\ntitle = {{ en = \"North\" }}\nvalid_from = 2026-01-01T00:00:00Z\nvalid_until = 2026-12-31T23:59:59Z\nthreshold = 1\nnotice_days = 0\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n{}",
        public("board"),
        freshness.concat()
    );
    let zeros = if protect.zeros_shown { "@zeros(\"shown\")\n" } else { "" };
    let rules = format!(
        "@id(\"all\")\n@explain_en(\"all\")\n@explain_nl(\"alles\")\n@min_patients(\"{}\")\n{zeros}permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource in Kring::Network::\"noord\");\n\
         @id(\"noise\")\n@explain_en(\"noise\")\n@explain_nl(\"ruis\")\npermit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.explore\", resource in Kring::Network::\"noord\");",
        protect.min_patients
    );
    let id = dataset
        .lines()
        .find(|line| line.starts_with("id"))
        .unwrap()
        .split('"')
        .nth(1)
        .unwrap()
        .to_owned();
    let files = BTreeMap::from([
        ("charter.toml".to_owned(), network),
        ("members.toml".to_owned(), sub.into_iter().chain(members).collect::<String>()),
        ("people.toml".to_owned(), person),
        (format!("datasets/{id}.toml"), dataset.to_owned()),
        ("rules/all.cedar".to_owned(), rules),
    ]);
    let mut envelope = seal(&files).unwrap_or_else(|problems| {
        panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
    });
    envelope.add_signature(&key("board"));
    let trust = Trust { root: envelope.digest(), now: NOW, held: None };
    open(&envelope.encode(), &trust).unwrap()
}

struct NoneSeen;

impl SeenQuestions for NoneSeen {
    fn find(&self, _question: &Digest) -> Option<Digest> {
        None
    }
}

impl Network {
    /// Seals a charter and a snapshot a hospital.
    pub(crate) fn new(
        dataset: &str,
        hospitals: &BTreeMap<String, Tables>,
        protect: Protect,
    ) -> Self {
        let mut codes: Vec<String> = hospitals.keys().cloned().collect();
        codes.push("ASKER".to_owned());
        let charter = charter(dataset, &codes, protect);
        let temp = tempfile::tempdir().unwrap();
        let mut network =
            Self { temp, charter, dataset_text: dataset.to_owned(), snapshots: BTreeMap::new() };
        for (code, tables) in hospitals {
            let folder = network.import(code, tables);
            network.snapshots.insert(hospital(code), folder);
        }
        network
    }

    pub(crate) fn dataset(&self) -> &Dataset {
        self.charter.datasets().next().unwrap()
    }

    fn import(&self, code: &str, tables: &Tables) -> PathBuf {
        let folder = self.temp.path().join(code);
        std::fs::create_dir(&folder).unwrap();
        let mut sources = Vec::new();
        let mut mappings = Vec::new();
        for (name, rows) in tables {
            let mut csv = rows.columns.join(",");
            for row in &rows.rows {
                csv.push('\n');
                csv.push_str(&row.join(","));
            }
            csv.push('\n');
            let path = folder.join(format!("{name}.csv"));
            std::fs::write(&path, csv).unwrap();
            let name = Ident::new(name).unwrap();
            sources.push(Source { name: name.clone(), path, format: Format::csv() });
            let columns = BTreeMap::new();
            mappings.push(TableMapping::Columns { table: name.clone(), source: name, columns });
        }
        let plan = ImportPlan {
            dataset: self.dataset(),
            hospital: hospital(code),
            sources,
            tables: mappings,
            opt_out: None,
            numbering: folder.join("numbering"),
            new_series: policies::Digest::of(b"numbers"),
            record_secret: RecordSecret::new(&[7; 32]),
            out: folder.join("snapshots"),
            strict: true,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let report = runtime.block_on(import(&plan)).unwrap();
        report.folder.unwrap_or_else(|| panic!("{code}: {:?}", report.problems))
    }

    pub(crate) fn job(&self, sql: &str, work: Work) -> Job {
        let (dataset, sql) = (self.dataset_text.clone(), sql.to_owned());
        let networks = self.charter.networks_at(NOW.plus(-10));
        Job { version: PIPE_VERSION, whom: None, dataset, sql, networks, work }
    }

    pub(crate) fn plan(&self, worker: &mut Worker, sql: &str) -> Result<Planned, Failure> {
        let reply = worker.send(self.job(sql, Work::Plan), Vec::new());
        match reply.head {
            Reply::Planned(planned) => Ok(planned),
            Reply::Failed(failure) => Err(failure),
            other => panic!("{other:?}"),
        }
    }

    /// Admission and decision of one responder, from signed bytes.
    pub(crate) fn permit(&self, sql: &str, planned: &Planned, own: &HospitalCode) -> Permit {
        self.permit_under(None, (sql, planned), own)
    }

    /// The same under a profile that the person names.
    pub(crate) fn permit_under(
        &self,
        profile: Option<Profile>,
        (sql, planned): (&str, &Planned),
        own: &HospitalCode,
    ) -> Permit {
        let asker = hospital("ASKER");
        let question = Question {
            id: "00112233445566778899aabbccddeeff".to_owned(),
            network: NetworkId::new("noord").unwrap(),
            person: PersonId::new("a.jansen").unwrap(),
            purpose: Purpose::new("quality").unwrap(),
            group: None,
            dataset: DatasetId::new(self.dataset().id.as_str()).unwrap(),
            asking_node: asker.clone(),
            hospitals: self.snapshots.keys().cloned().collect(),
            asks: Asks::Sql(sql.to_owned()),
            profile,
            issued_at: NOW.plus(-10),
            expires_at: NOW.plus(290),
        };
        let inner = sign_question(&question, &key("a.jansen"));
        let footprint = &planned.footprint;
        let request = Request {
            network: question.network.clone(),
            from: asker.clone(),
            audience: own.clone(),
            question: String::from_utf8(inner.encode()).unwrap(),
            layers: vec![self.charter.layer().unwrap()],
            language: 1,
            fragments: footprint.fragments.iter().map(|fragment| fragment.digest).collect(),
            checkpoint: None,
            cosigned: None,
            sent_at: NOW,
            delegation: None,
            networks: self.charter.networks_digest(question.issued_at),
        };
        let bytes = sign_request(&request, &key("ASKER envelope")).encode();
        let charter = &self.charter;
        let context = VerifyContext {
            charter,
            own,
            peer: &asker,
            revoked: policies::statement::Revocations::none(),
            now: NOW,
            seen: &NoneSeen,
        };
        let verdict = SignedRequest::decode(&bytes).unwrap().verify(context).unwrap();
        let Verdict::New(verified) = verdict else { panic!("it was never seen") };
        let admission = admit(charter, *verified, NOW).unwrap();
        let footprint = Footprint::check(footprint.clone(), self.dataset()).unwrap();
        decide(charter, &admission, footprint).unwrap()
    }

    /// What one hospital releases.
    pub(crate) fn answer(
        &self,
        worker: &mut Worker,
        sql: &str,
        planned: &Planned,
        code: &HospitalCode,
    ) -> SafeAnswer {
        let permit = self.permit(sql, planned, code);
        let fragments = permit.footprint().fragment_digests();
        let snapshot = self.snapshots[code].clone();
        let work = Work::Execute {
            snapshot,
            hospital: code.clone(),
            fragments,
            wanted: Wanted::ALL,
            not_given: Vec::new(),
        };
        let reply = worker.send(self.job(sql, work), Vec::new());
        let raw =
            receive(permit, Wanted::ALL, &reply).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(format!("{raw:?}"), "<redacted>");
        alone(raw, self.dataset())
    }

    /// Asks every hospital.
    pub(crate) fn ask(&self, worker: &mut Worker, sql: &str) -> Result<Finished, Failure> {
        let all: Vec<HospitalCode> = self.snapshots.keys().cloned().collect();
        self.ask_some(worker, sql, &all)
    }

    /// Asks these hospitals.
    pub(crate) fn ask_some(
        &self,
        worker: &mut Worker,
        sql: &str,
        hospitals: &[HospitalCode],
    ) -> Result<Finished, Failure> {
        let planned = self.plan(worker, sql)?;
        let mut parts = Vec::new();
        let mut blobs = Vec::new();
        for code in hospitals {
            let safe = self.answer(worker, sql, &planned, code);
            let frames = safe.frames();
            parts.push(Part { hospital: code.clone(), frames: frames.len(), shown: None });
            blobs.extend(frames.iter().cloned());
        }
        let reply = worker.send(self.job(sql, Work::Finish { parts }), blobs);
        match reply.head {
            Reply::Finished(finished) => Ok(finished),
            Reply::Failed(failure) => Err(failure),
            other => panic!("{other:?}"),
        }
    }
}

/// What the noise of every hospital is made with.
pub(crate) fn noise() -> NoiseKey {
    NoiseKey::new(&mut [7; 32])
}

/// What is released of an answer that is the first of its lineage.
pub(crate) fn alone(raw: RawAnswer, dataset: &Dataset) -> SafeAnswer {
    let mut memory = Memory::new([0; 32]);
    let moment = Moment { now: NOW, snapshot: Digest::of(b"snapshot") };
    let key = noise();
    let explorer = Explorer { key: &key, dataset, patients: 0 };
    disclose(raw, &memory, moment, Some(explorer)).unwrap().charged(&mut memory).unwrap()
}
