//! Real nodes: processes of this binary as `testnet` starts them, over the planted populations, asked through their local interface.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use node::api::{AnswerBody, AppliedProtections, AskReply, FinishedDocument, RefusalBody};
use node::client::ClientError;
use policies::dsse::Envelope;
use policies::wire::Asks;
use policies::{DatasetId, HospitalCode, Profile};
use query::pipe::FinishedBand;

use super::ask::{Answer, Ask, Said, Told};
use super::world::World;
use crate::asker::Asker;
use crate::data::Data;
use crate::network::Network;
use crate::process::Nodes;
use crate::topology::{self, Person};

/// Most bytes of an answer with its evidence.
const MAX_BYTES: usize = 256 << 20;

/// Who asks: one person at each of three hospitals. They talk with each other.
pub const PEOPLE: [Person; 3] =
    [analyst("a.jansen", 0), analyst("b.devries", 1), analyst("c.bakker", 2)];

const fn analyst(id: &'static str, hospital: usize) -> Person {
    Person { id, name: id, hospital, groups: &[], roles: &["analyst"], purpose: "quality" }
}

/// A running network over several populations, each a dataset of its own: what was asked of one is not remembered for another.
#[derive(Debug)]
pub struct Lab {
    nodes: Option<Nodes>,
    network: Network,
    worlds: BTreeMap<String, Arc<World>>,
    /// Every snapshot, the first one first, by dataset and hospital.
    snapshots: BTreeMap<(String, String), Vec<PathBuf>>,
    _folder: tempfile::TempDir,
}

impl Lab {
    /// Makes the network and starts it.
    ///
    /// # Errors
    /// What failed.
    pub fn start(
        program: &Path,
        hospitals: usize,
        worlds: Vec<(World, String)>,
    ) -> anyhow::Result<Self> {
        node::command::install_tls_provider();
        let folder = tempfile::Builder::new().prefix("kring-attack-").tempdir()?;
        let mut known = BTreeMap::new();
        let mut data = Vec::new();
        for (world, rules) in worlds {
            let world = Arc::new(world);
            data.push(Data::planted(Arc::clone(&world), rules));
            known.insert(world.id.clone(), world);
        }
        let (dir, hospitals) = (folder.path().join("net"), topology::hospitals(hospitals));
        let network = Network::with_people(&dir, hospitals, program, &data, &PEOPLE)?;
        let nodes = Some(Nodes::start(&network)?);
        let snapshots = BTreeMap::new();
        let mut lab = Self { nodes, network, worlds: known, snapshots, _folder: folder };
        for id in lab.worlds.keys().cloned().collect::<Vec<_>>() {
            lab.note_snapshots(&id)?;
        }
        Ok(lab)
    }

    /// Stops every node in order.
    ///
    /// # Errors
    /// One that did not end well.
    pub fn stop(mut self) -> anyhow::Result<()> {
        self.nodes.take().map_or(Ok(()), Nodes::stop)
    }

    /// A population.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn world(&self, id: &str) -> anyhow::Result<Arc<World>> {
        self.worlds.get(id).cloned().with_context(|| format!("no population {id}"))
    }

    /// Where a dataset's snapshots are, by hospital, the first one first.
    #[must_use]
    pub fn snapshots(&self, id: &str) -> BTreeMap<String, Vec<PathBuf>> {
        let of = self.snapshots.iter().filter(|((dataset, _), _)| dataset == id);
        of.map(|((_, code), folders)| (code.clone(), folders.clone())).collect()
    }

    /// The people, who ask over a dataset under a profile.
    ///
    /// # Errors
    /// A node that does not reply.
    pub fn people(&mut self, id: &str, profile: Profile) -> anyhow::Result<People<'_>> {
        let (askers, exact) = (self.askers(id, profile)?, self.askers(id, Profile::Members)?);
        let world = self.world(id)?;
        Ok(People { lab: self, askers, exact, world, profile })
    }

    fn askers(&self, id: &str, profile: Profile) -> anyhow::Result<Vec<Asker>> {
        let asker = |person| Asker::of(&self.network, person)?.over(id)?.under(profile);
        PEOPLE.iter().map(asker).collect()
    }

    fn note_snapshots(&mut self, id: &str) -> anyhow::Result<()> {
        let dataset = DatasetId::new(id)?;
        for hospital in &self.network.hospitals {
            let out = self.network.node_dir(&hospital.code).join("snapshots");
            let folder = query::snapshot::current(&out, &dataset, 1)?.context("a snapshot")?;
            let place = (id.to_owned(), hospital.code.clone());
            self.snapshots.entry(place).or_default().push(folder);
        }
        Ok(())
    }

    /// Stops the nodes, imports other patients, and starts again: as a hospital does each month.
    fn import(&mut self, world: &World) -> anyhow::Result<()> {
        self.nodes.take().map_or(Ok(()), Nodes::stop)?;
        for (number, hospital) in self.network.hospitals.iter().enumerate() {
            let dir = self.network.node_dir(&hospital.code);
            world.write(number, &dir.join("data"))?;
            let config = dir.join("config.toml");
            let config = config.to_string_lossy();
            let import =
                ["import", "--strict", "--config", &config, "--dataset", world.id.as_str()];
            self.network.run(&import)?;
        }
        self.note_snapshots(&world.id)?;
        self.nodes = Some(Nodes::start(&self.network)?);
        Ok(())
    }
}

/// Persons at real nodes.
#[derive(Debug)]
pub struct People<'a> {
    lab: &'a mut Lab,
    askers: Vec<Asker>,
    exact: Vec<Asker>,
    world: Arc<World>,
    profile: Profile,
}

impl People<'_> {
    fn put(&self, asks: Asks, who: usize) -> anyhow::Result<Told> {
        put(&self.askers, asks, who)
    }
}

fn put(askers: &[Asker], asks: Asks, who: usize) -> anyhow::Result<Told> {
    let asker = askers.get(who % askers.len().max(1)).context("a person")?;
    let question = asker.sign_asks(asks)?;
    match asker.put(&question) {
        Ok(reply) => told(&reply),
        Err(ClientError::Refused(refusal)) => Ok(refused(&refusal)),
        Err(
            error @ (ClientError::Unreachable { .. }
            | ClientError::File { .. }
            | ClientError::Certificate { .. }
            | ClientError::Reply { .. }),
        ) => Err(error.into()),
    }
}

impl Ask for People<'_> {
    fn ask(&mut self, sql: &str, who: usize) -> anyhow::Result<Told> {
        self.put(Asks::Sql(sql.to_owned()), who)
    }

    fn exact(&mut self, sql: &str, who: usize) -> anyhow::Result<Told> {
        put(&self.exact, Asks::Sql(sql.to_owned()), who)
    }

    fn indicator(&mut self, id: &str, who: usize) -> anyhow::Result<Told> {
        let (named, _text) = self.world.indicator(id)?;
        self.put(Asks::Indicator(named), who)
    }

    fn next_snapshot(&mut self) -> anyhow::Result<()> {
        let later = self.world.later.as_deref().context("a later population")?.clone();
        self.lab.import(&later)?;
        self.askers = self.lab.askers(&later.id, self.profile)?;
        self.exact = self.lab.askers(&later.id, Profile::Members)?;
        Ok(())
    }
}

fn told(reply: &AskReply) -> anyhow::Result<Told> {
    let envelope = Envelope::decode(reply.finished.as_bytes(), MAX_BYTES)?;
    let document: FinishedDocument<'_> = serde_json::from_slice(envelope.unverified_payload())?;
    let mut answer: AnswerBody = serde_json::from_str(document.answer.get())?;
    for FinishedBand { row, column, band } in &answer.bands {
        let place = answer.rows.get_mut(*row).and_then(|row| row.get_mut(*column));
        *place.context("the cell of a band")? = band_code(band)?.into();
    }
    let mut hospitals: BTreeMap<String, Said> = BTreeMap::new();
    for (code, coverage) in &answer.coverage {
        hospitals.entry(code.to_string()).or_default().code.clone_from(&coverage.code);
    }
    for (code, applied) in &answer.protections {
        let said = hospitals.entry(code.to_string()).or_default();
        let AppliedProtections { profile, rules, protections, cells, nulls, figures, .. } = applied;
        said.counts = [*cells, *nulls, *figures];
        said.receipt = format!("{profile} {rules:?} {protections:?}");
    }
    for (code, frames) in &document.evidence.replies {
        let (_trailer, frames) = frames.split_last().context("a trailer")?;
        let sizes = frames.iter().map(|frame| Ok(BASE64.decode(frame)?.len()));
        hospitals.entry(code.to_string()).or_default().bytes =
            sizes.collect::<anyhow::Result<_>>()?;
    }
    Ok(Told { answer: Some(Answer { rows: answer.rows }), refused: None, hospitals })
}

/// A band as a number.
fn band_code(word: &str) -> anyhow::Result<i64> {
    let words = ["below_99_8", "below_95", "inside", "above_95", "above_99_8"];
    let known = (-2..).zip(words).find(|(_, known)| *known == word);
    Ok(known.context("a band")?.0)
}

fn refused(refusal: &RefusalBody) -> Told {
    let said = |(code, coverage): (&HospitalCode, &node::api::Coverage)| {
        (code.to_string(), Said { code: coverage.code.clone(), ..Said::default() })
    };
    let hospitals = refusal.coverage.iter().map(said).collect();
    Told { hospitals, ..Told::refusal(&refusal.code) }
}
