//! A network for a test, the command line over it, and a peer that does what it is told.

use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use node::clock::{Clock as _, SystemClock};
use node::keys::{Key, KeyRole};
use node::log::{Entry, Event, Reader};
use node::net::{Lane, NetConfig, NetHandle, NetLimits, Peer, PeerKey};
use node::proof::submission::{Reply, Submission};
use node::tasks::Tasks;
use policies::charter::{Charter, Member};
use policies::dsse::Envelope;
use policies::wire::{Answer, Asks, LANGUAGE_VERSION, Question, Receipt, Request};
use policies::{Digest, HospitalCode, bundle};
use serde_json::Value;
use testnet::data::Data;
use testnet::network::Network;
use testnet::process::{NodeProcess, Nodes};
use testnet::topology;

mod said;
mod serving;

pub(crate) use said::{Said, refused, said};

/// A network in a temporary folder that goes with it. Fields drop in order: processes first.
pub(crate) struct Net {
    pub(crate) nodes: Vec<NodeProcess>,
    pub(crate) network: Network,
    _folder: tempfile::TempDir,
}

impl Net {
    /// A network that is not started.
    pub(crate) fn create(hospitals: usize) -> Self {
        node::command::install_tls_provider();
        let folder = tempfile::Builder::new().prefix("kring-test-").tempdir().unwrap();
        let network = Network::create(
            &folder.path().join("net"),
            topology::hospitals(hospitals),
            Path::new(env!("CARGO_BIN_EXE_testnet")),
        )
        .unwrap();
        Self { nodes: Vec::new(), network, _folder: folder }
    }

    /// A network over other data; `prepare` may change a node's folder before it starts.
    pub(crate) fn start_with(hospitals: usize, data: &[Data], prepare: impl Fn(&Network)) -> Self {
        node::command::install_tls_provider();
        let folder = tempfile::Builder::new().prefix("kring-test-").tempdir().unwrap();
        let network = Network::with_data(
            &folder.path().join("net"),
            topology::hospitals(hospitals),
            Path::new(env!("CARGO_BIN_EXE_testnet")),
            data,
        )
        .unwrap();
        prepare(&network);
        let nodes = Nodes::start(&network).unwrap().0;
        Self { nodes, network, _folder: folder }
    }

    /// A network whose nodes are ready and connected.
    pub(crate) fn start(hospitals: usize) -> Self {
        let mut net = Self::create(hospitals);
        net.nodes = Nodes::start(&net.network).unwrap().0;
        net
    }

    /// Gives a hospital rules of its own, before its node starts.
    pub(crate) fn own_rules(network: &Network, code: &str, rules: &str) {
        let dir = network.node_dir(code);
        std::fs::write(dir.join("own.cedar"), rules).unwrap();
        let config = std::fs::read_to_string(dir.join("config.toml")).unwrap();
        let named = config.replace("[charter]", "[charter]\nown_rules = \"own.cedar\"");
        assert_ne!(named, config);
        std::fs::write(dir.join("config.toml"), named).unwrap();
    }

    /// Takes a node's process out.
    pub(crate) fn take(&mut self, code: &str) -> NodeProcess {
        let place = self.nodes.iter().position(|node| node.code == code).unwrap();
        self.nodes.remove(place)
    }

    pub(crate) fn ask(&self, person: &str, sql: &str, more: &[&str]) -> Output {
        let profile = self.network.profile(person);
        let mut kring = self.network.kring();
        kring.args(["ask", sql, "--format", "json", "--profile"]).arg(profile).args(more);
        kring.output().unwrap()
    }

    /// An answer's JSON.
    #[track_caller]
    pub(crate) fn answer(&self, person: &str, sql: &str) -> Value {
        let Output { status, stdout, stderr } = self.ask(person, sql, &[]);
        assert_eq!(status.code(), Some(0), "{}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).unwrap()
    }

    /// A refusal's JSON.
    #[track_caller]
    pub(crate) fn refusal(&self, person: &str, sql: &str) -> Value {
        let Output { status, stdout, stderr } = self.ask(person, sql, &[]);
        assert_eq!(status.code(), Some(2), "{}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).unwrap()
    }

    /// A node's log.
    pub(crate) fn log(&self, code: &str) -> Vec<Entry> {
        Reader::open(&self.network.node_dir(code).join("state/log")).unwrap().entries().unwrap()
    }

    pub(crate) fn charter(&self) -> Charter {
        let bytes = std::fs::read(self.network.charter()).unwrap();
        let root = Digest::try_from(self.network.root.clone()).unwrap();
        bundle::open(&bytes, &bundle::Trust { root, now: SystemClock.now(), held: None }).unwrap()
    }
}

/// The transport keys of a member, valid or not.
pub(crate) fn transports(member: &Member) -> Vec<PeerKey> {
    member.keys.transport.iter().map(|known| PeerKey(*known.key.as_bytes())).collect()
}

pub(crate) fn hospital(code: &str) -> HospitalCode {
    HospitalCode::new(code).unwrap()
}

/// A peer with a member's own keys that runs no checks at all.
pub(crate) struct RawPeer {
    pub(crate) code: HospitalCode,
    envelope_key: Key,
    net: NetHandle,
    tasks: Tasks,
    inbound: tokio::sync::Mutex<tokio::sync::mpsc::Receiver<node::net::Inbound>>,
    runtime: Arc<tokio::runtime::Runtime>,
}

impl RawPeer {
    /// Takes a member's place; its own process must not run.
    pub(crate) fn start(net: &Net, code: &str) -> Self {
        let dir = net.network.node_dir(code);
        let key = Key::load(&dir.join("keys/transport.key"), KeyRole::Transport).unwrap();
        let envelope_key = Key::load(&dir.join("keys/envelope.key"), KeyRole::Envelope).unwrap();
        Self::with_keys(net, code, key.seed(), envelope_key)
    }

    pub(crate) fn with_keys(
        net: &Net,
        code: &str,
        keypair_seed: zeroize::Zeroizing<[u8; 32]>,
        envelope_key: Key,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let charter = net.charter();
        let (tasks, code) = (Tasks::new(), hospital(code));
        let (sender, inbound) = tokio::sync::mpsc::channel(8);
        let others: Vec<_> = charter
            .members()
            .filter(|member| member.code != code)
            .map(|member| Peer { keys: transports(member), addresses: member.addresses.clone() })
            .collect();
        let net = runtime.block_on(async {
            let config =
                NetConfig { keypair_seed, listen: Vec::new(), limits: NetLimits::default() };
            let net = node::net::Network::build(config).await.unwrap().spawn(&tasks, sender);
            assert!(net.set_peers(others).await.is_empty());
            net
        });
        Self {
            code,
            envelope_key,
            net,
            tasks,
            inbound: tokio::sync::Mutex::new(inbound),
            runtime: Arc::new(runtime),
        }
    }

    /// Sends bytes and returns the frames that come back.
    pub(crate) fn send(
        &self,
        net: &Net,
        to: &str,
        bytes: &[u8],
    ) -> Result<Vec<Vec<u8>>, &'static str> {
        let charter = net.charter();
        let key = transports(charter.member(&hospital(to)).unwrap())[0];
        let asked = self.net.ask(key, bytes.to_vec(), Duration::from_secs(60));
        self.runtime.block_on(asked).map_err(|error| error.code())
    }

    /// Sends a message about a log and returns the reply.
    pub(crate) fn submit(&self, net: &Net, to: &str, message: &Submission) -> Reply {
        let charter = net.charter();
        let key = transports(charter.member(&hospital(to)).unwrap())[0];
        let sent = self.net.submit(key, message.encode(), Duration::from_secs(60));
        let frames = self.runtime.block_on(sent).unwrap();
        Reply::parse(&frames[0]).unwrap()
    }

    /// Answers the next request with frames of its own choice and a true signature over them; the request.
    pub(crate) fn answer_next(&self, frames: Vec<Vec<u8>>) -> Request {
        let received = async {
            let mut inbound = self.inbound.lock().await;
            loop {
                let next = inbound.recv().await.unwrap();
                // A stand-in is no witness.
                if next.lane == Lane::Question {
                    return next;
                }
            }
        };
        let node::net::Inbound { request, reply, .. } = self.runtime.block_on(received);
        let request = Envelope::decode(&request, 1 << 20).unwrap();
        let wire: Request = serde_json::from_slice(request.unverified_payload()).unwrap();
        let question = Envelope::decode(wire.question.as_bytes(), 1 << 20).unwrap();
        let answer = Answer {
            request: request.digest(),
            question: question.digest(),
            responder: self.code.clone(),
            frames: node::reply::frames_digest(&frames),
            snapshot: Digest::of(b"a snapshot"),
            layers: wire.layers.clone(),
            receipt: receipt(),
            status: "real".to_owned(),
            log_index: 7,
            answered_at: SystemClock.now(),
        };
        let trailer =
            policies::envelope::reply::sign_answer(&answer, self.envelope_key.secret()).encode();
        let mut all = frames;
        all.push(trailer);
        self.runtime.block_on(reply.send(all)).unwrap();
        wire
    }

    /// The request of this node to a responder, as it likes it.
    pub(crate) fn request(
        &self,
        net: &Net,
        question: &Envelope,
        change: impl FnOnce(&mut Request),
    ) -> Envelope {
        let charter = net.charter();
        let parsed: Question = serde_json::from_slice(question.unverified_payload()).unwrap();
        let fragments = fragments(&charter, &parsed);
        let mut request = Request {
            network: parsed.network,
            from: self.code.clone(),
            audience: self.code.clone(),
            question: String::from_utf8(question.encode()).unwrap(),
            layers: vec![charter.layer().unwrap()],
            language: LANGUAGE_VERSION,
            fragments,
            checkpoint: None,
            cosigned: None,
            sent_at: SystemClock.now(),
            delegation: None,
            networks: charter.networks_digest(parsed.issued_at),
        };
        change(&mut request);
        policies::question::sign_request(&request, self.envelope_key.secret())
    }
}

impl Drop for RawPeer {
    fn drop(&mut self) {
        self.tasks.stop();
        let tasks = self.tasks.clone();
        self.runtime.block_on(async move { tasks.drain(Duration::from_secs(10)).await });
    }
}

/// A receipt as an honest responder writes it.
fn receipt() -> Receipt {
    let text = r#"{"profile":"ask.members","rules":["demo/exact-for-breast-group"],
        "protections":{"min_patients":10,"zeros":"shown","signature":"direct"},"cells":[1],"nulls":[0]}"#;
    serde_json::from_str(text).unwrap()
}

/// A person's signed question.
pub(crate) fn question(
    net: &Net,
    person: &str,
    sql: &str,
    change: impl FnOnce(&mut Question),
) -> Envelope {
    let charter = net.charter();
    let key_file = net.network.dir.join("people").join(person).join("person.key");
    let key = Key::load(&key_file, KeyRole::Person).unwrap();
    let known = charter.person(&policies::PersonId::new(person).unwrap()).unwrap();
    let purpose = topology::PEOPLE.iter().find(|known| known.id == person).unwrap().purpose;
    let now = SystemClock.now();
    let random = node::keys::random_bytes().unwrap();
    let mut question = Question {
        id: random[..16].iter().map(|byte| format!("{byte:02x}")).collect(),
        network: charter.network().clone(),
        person: known.id.clone(),
        purpose: policies::Purpose::new(purpose).unwrap(),
        group: known.groups.iter().next().cloned(),
        dataset: policies::DatasetId::new("rotterdam").unwrap(),
        asking_node: known.hospital.clone(),
        hospitals: charter.members().map(|member| member.code.clone()).collect(),
        asks: Asks::Sql(sql.to_owned()),
        profile: None,
        issued_at: now,
        expires_at: now.plus(600),
    };
    change(&mut question);
    policies::question::sign_question(&question, key.secret())
}

/// The digests of the question's fragments, as an honest worker cuts them.
fn fragments(charter: &Charter, question: &Question) -> Vec<Digest> {
    use query::pipe::frame::{Message, read_message, write_message};
    use query::pipe::{Job, PIPE_VERSION, Reply, Work};
    let head = Job {
        version: PIPE_VERSION,
        whom: None,
        dataset: charter.dataset_text(&question.dataset).unwrap().to_owned(),
        sql: policies::indicator::text_of(charter, question).unwrap_or_default(),
        networks: charter.networks_at(question.issued_at),
        work: Work::Plan,
    };
    let mut input = Vec::new();
    write_message(&mut input, &Message { head, blobs: Vec::new() }).unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    query::worker::run(std::io::Cursor::new(input), writer).unwrap();
    let mut reader = reader;
    let reply: Message<Reply> = read_message(&mut reader).unwrap().unwrap();
    match reply.head {
        Reply::Planned(planned) => {
            planned.footprint.fragments.iter().map(|fragment| fragment.digest).collect()
        }
        Reply::Executed { .. } | Reply::Finished(_) | Reply::Failed(_) => {
            vec![Digest::of(b"no fragment")]
        }
    }
}

/// The own node refused the question of one of its people, and its log says who asked what and why not.
#[track_caller]
pub(crate) fn not_asked(net: &Net, code: &str, person: &str, refusal: &str) {
    logged(net, code, |event| {
        let Event::NotAsked { question, code } = event else { return false };
        question.person.as_str() == person && code == refusal && question.sql.here().is_some()
    });
}

/// Waits until the log of a node holds an event; the log is written before a reply leaves, so this does not wait long.
#[track_caller]
pub(crate) fn logged(net: &Net, code: &str, wanted: impl Fn(&Event) -> bool) {
    let found = net.log(code).iter().any(|entry| wanted(&entry.event));
    assert!(
        found,
        "not in the log of {code}: {:#?}",
        net.log(code).iter().rev().take(5).collect::<Vec<_>>()
    );
}
