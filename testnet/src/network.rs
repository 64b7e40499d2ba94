//! A network's folder: a board key, every node and person with keys of their own, a sealed charter, and the data split.
//!
//! Everything is made by the commands that people use: `kring init`, `key new`, `charter seal|sign`, `import`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use node::keys::{Key, KeyRole};
use node::language::Language;
use node::profile::ProfileFile;
use serde::{Deserialize, Serialize};

use crate::data::Data;
use crate::topology::{Hospital, NETWORK, PEOPLE, Person, SUB_NETWORKS};

mod amend;
mod board;
mod layers;
mod ports;

pub use amend::{Amendment, Sealed};
use board::BOARD;
pub use layers::Layer;
use ports::{Held, Ports, reserve};

/// What a finished network writes about itself, so that it can be opened again.
const SAVED: &str = "network.json";

/// A network on disk.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Its folder.
    #[serde(skip)]
    pub dir: PathBuf,
    /// Its hospitals, in order.
    pub hospitals: Vec<Hospital>,
    /// The pin: the digest of version 1 of the charter.
    pub root: String,
    ports: BTreeMap<String, Ports>,
    /// Who has a key and a profile; known while it is made.
    #[serde(skip)]
    people: Vec<Person>,
    /// Sockets on these ports until a node takes them, so that nobody else is given one meanwhile.
    #[serde(skip)]
    held: Mutex<BTreeMap<String, Held>>,
}

impl Network {
    /// Makes a network over the Rotterdam tumour bank in an empty folder; `program` is this binary.
    ///
    /// # Errors
    /// As [`Network::with_data`].
    pub fn create(dir: &Path, hospitals: Vec<Hospital>, program: &Path) -> anyhow::Result<Self> {
        Self::with_data(dir, hospitals, program, &[Data::rotterdam()])
    }

    /// Makes a network in an empty folder and imports every hospital's part of the data; `program` is this binary.
    ///
    /// # Errors
    /// What failed, with the command's own words.
    pub fn with_data(
        dir: &Path,
        hospitals: Vec<Hospital>,
        program: &Path,
        data: &[Data],
    ) -> anyhow::Result<Self> {
        Self::with_people(dir, hospitals, program, data, &PEOPLE)
    }

    /// The same with these people.
    ///
    /// # Errors
    /// As [`Network::with_data`].
    pub fn with_people(
        dir: &Path,
        hospitals: Vec<Hospital>,
        program: &Path,
        data: &[Data],
        people: &[Person],
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = std::fs::canonicalize(dir)?;
        let empty = std::fs::read_dir(&dir)?.next().is_none();
        ensure!(empty, "{} is not empty; name a new folder", dir.display());
        ensure!(hospitals.len() >= 3, "a network has at least three hospitals");
        for folder in ["bin", "nodes", "people", "board"] {
            std::fs::create_dir_all(dir.join(folder))?;
        }
        for folder in ["datasets", "indicators", "rules"] {
            std::fs::create_dir_all(dir.join("charter").join(folder))?;
        }
        std::os::unix::fs::symlink(program, dir.join("bin/kring"))?;
        let (ports, held) = reserve(&hospitals)?;
        let held = Mutex::new(held);
        let people = people.to_vec();
        let mut network = Self { dir, hospitals, root: String::new(), ports, people, held };
        network.make_board()?;
        let keys = network.init_nodes()?;
        let people = network.init_people()?;
        network.write_charter(&keys, &people)?;
        for data in data {
            network.add(data)?;
        }
        network.seal()?;
        network.configure_nodes(data)?;
        network.import()?;
        // Last, so that a network that can be opened is a finished one.
        std::fs::write(network.dir.join(SAVED), serde_json::to_string_pretty(&network)?)?;
        Ok(network)
    }

    /// Opens a network that was made before; none where the folder holds none.
    ///
    /// # Errors
    /// The folder's description cannot be read.
    pub fn open(dir: &Path) -> anyhow::Result<Option<Self>> {
        let path = dir.join(SAVED);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let network: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged", path.display()))?;
        Ok(Some(Self { dir: std::fs::canonicalize(dir)?, ..network }))
    }

    /// The `kring` command line of this build.
    #[must_use]
    pub fn kring(&self) -> Command {
        Command::new(self.dir.join("bin/kring"))
    }

    /// A node's folder.
    #[must_use]
    pub fn node_dir(&self, code: &str) -> PathBuf {
        self.dir.join("nodes").join(code)
    }

    /// A person's profile.
    #[must_use]
    pub fn profile(&self, person: &str) -> PathBuf {
        self.dir.join("people").join(person).join("profile.toml")
    }

    /// The sealed and signed charter.
    #[must_use]
    pub fn charter(&self) -> PathBuf {
        self.dir.join("board/charter.kring")
    }

    /// Runs `kring` to its end and returns what it printed.
    ///
    /// # Errors
    /// The command's own words when it fails.
    pub fn run(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.kring().args(args).output().context("cannot start kring")?;
        ensure!(
            output.status.success(),
            "kring {} failed: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Runs `kring init` for every hospital; what it prints are the lines for members.toml.
    fn init_nodes(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let init = |hospital: &Hospital| {
            let dir = self.node_dir(&hospital.code);
            let keys =
                self.run(&["init", "--dir", &dir.to_string_lossy(), "--hospital", &hospital.code])?;
            Ok((hospital.code.clone(), keys))
        };
        self.hospitals.iter().map(init).collect()
    }

    /// Makes a key and a profile for every person; the lines for people.toml.
    fn init_people(&self) -> anyhow::Result<BTreeMap<&'static str, String>> {
        self.people.iter().map(|person| Ok((person.id, self.init_person(person)?))).collect()
    }

    fn init_person(&self, person: &Person) -> anyhow::Result<String> {
        let folder = self.dir.join("people").join(person.id);
        std::fs::create_dir_all(&folder)?;
        let key = folder.join("person.key");
        let line =
            self.run(&["key", "new", "--person", person.id, "--out", &key.to_string_lossy()])?;
        let hospital = self.hospital(person)?;
        let node = Path::new("../../nodes").join(&hospital.code);
        let profile = ProfileFile {
            node_url: format!("https://127.0.0.1:{}", self.ports(&hospital.code)?.http),
            ca: node.join("tls/ca.pem"),
            token_file: node.join("token"),
            key_file: "person.key".into(),
            scope: Some(policies::NetworkId::new(NETWORK)?),
            purpose: Some(policies::Purpose::new(person.purpose)?),
            group: person.groups.first().map(|group| policies::GroupId::new(group)).transpose()?,
            language: Language::default(),
        };
        std::fs::write(folder.join("profile.toml"), toml::to_string(&profile)?)?;
        Ok(line)
    }

    fn write_charter(
        &self,
        keys: &BTreeMap<String, String>,
        people: &BTreeMap<&'static str, String>,
    ) -> anyhow::Result<()> {
        let folder = self.dir.join("charter");
        let mut head = format!(
            "network = \"{NETWORK}\"\nversion = 1\ntitle = {{ nl = \"Demonetwerk\", en = \"Demo network\" }}\n\
             valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2036-01-01T00:00:00Z\nthreshold = 2\nnotice_days = 14\n"
        );
        for id in BOARD {
            let key = Key::load(&self.board_key(id), KeyRole::Person)?.public;
            write!(head, "\n[[signers]]\nname = \"{id}\"\nkey = \"{key}\"\n")?;
        }
        head += &self.freshness()?;
        std::fs::write(folder.join("charter.toml"), head)?;
        let mut members = String::new();
        for (id, name, _) in &SUB_NETWORKS {
            write!(members, "[[networks]]\nid = \"{id}\"\nname = \"{name}\"\n\n")?;
        }
        for hospital in &self.hospitals {
            let ports = self.ports(&hospital.code)?;
            let keys = keys.get(&hospital.code).context("keys")?;
            let own = SUB_NETWORKS.iter().filter(|(_, _, all)| all.contains(&&*hospital.code));
            let own: Vec<String> = own.map(|(id, ..)| format!("{{ id = \"{id}\" }}")).collect();
            let own = own.join(", ");
            write!(
                members,
                "[[members]]\ncode = \"{}\"\nname = \"{}\"\nkind = \"general\"\n\
                 addresses = [\"/ip4/127.0.0.1/tcp/{}\", \"/ip4/127.0.0.1/udp/{}/quic-v1\"]\nnetworks = [{own}]\n{keys}\n",
                hospital.code, hospital.name, ports.tcp, ports.udp
            )?;
        }
        std::fs::write(folder.join("members.toml"), members)?;
        let mut text = String::new();
        for person in &self.people {
            let line = people.get(person.id).context("key")?.trim().replace(", ", "\n");
            write!(
                text,
                "[[people]]\n{line}\nname = \"{}\"\nhospital = \"{}\"\ngroups = {:?}\nroles = {:?}\n\n",
                person.name,
                self.hospital(person)?.code,
                person.groups,
                person.roles
            )?;
        }
        std::fs::write(folder.join("people.toml"), text)?;
        Ok(())
    }

    /// Adds a dataset, its rules and its indicators to the charter.
    fn add(&self, data: &Data) -> anyhow::Result<()> {
        let folder = self.dir.join("charter");
        std::fs::write(folder.join(format!("datasets/{}.toml", data.id)), &*data.dictionary)?;
        std::fs::write(folder.join("rules").join(&*data.rules.0), &data.rules.1)?;
        for (id, text) in &data.indicators {
            std::fs::write(folder.join(format!("indicators/{id}.sql")), &**text)?;
        }
        Ok(())
    }

    /// Seals and signs the folder `charter` again, as version 1: every node's configuration pins it.
    ///
    /// # Errors
    /// The command's own words.
    pub fn seal(&mut self) -> anyhow::Result<()> {
        let root = self.seal_to(&self.charter())?;
        let pin = |root: &str| format!("root = \"{root}\"");
        for hospital in &self.hospitals {
            let folder = self.node_dir(&hospital.code);
            std::fs::copy(self.charter(), folder.join("charter.kring"))?;
            let config = folder.join("config.toml");
            let text = std::fs::read_to_string(&config)?;
            std::fs::write(&config, text.replace(&pin(&self.root), &pin(&root)))?;
        }
        self.root = root;
        Ok(())
    }

    /// Seals and signs the folder `charter` into this file alone; gives its digest.
    ///
    /// # Errors
    /// The command's own words.
    pub fn seal_to(&self, bundle: &Path) -> anyhow::Result<String> {
        drop(std::fs::remove_file(bundle));
        let (bundle, folder) = (bundle.to_string_lossy(), self.dir.join("charter"));
        let digest = self.run(&[
            "charter",
            "seal",
            &folder.to_string_lossy(),
            "--out",
            &bundle,
            "--report",
            "none",
        ])?;
        for id in BOARD.iter().take(2) {
            let key = self.board_key(id);
            self.run(&["charter", "sign", &bundle, "--key", &key.to_string_lossy()])?;
        }
        Ok(digest.trim().to_owned())
    }

    fn configure_nodes(&self, data: &[Data]) -> anyhow::Result<()> {
        for (number, hospital) in self.hospitals.iter().enumerate() {
            let dir = self.node_dir(&hospital.code);
            let ports = self.ports(&hospital.code)?;
            let text = std::fs::read_to_string(dir.join("config.toml"))?
                .replace(
                    "listen = [\"/ip4/0.0.0.0/tcp/4001\", \"/ip4/0.0.0.0/udp/4001/quic-v1\"]",
                    &format!(
                        "listen = [\"/ip4/127.0.0.1/tcp/{}\", \"/ip4/127.0.0.1/udp/{}/quic-v1\"]",
                        ports.tcp, ports.udp
                    ),
                )
                .replace("127.0.0.1:8443", &format!("127.0.0.1:{}", ports.http));
            let sources: Vec<&str> = data.iter().map(|data| data.sources.as_str()).collect();
            std::fs::write(dir.join("config.toml"), format!("{text}\n{}", sources.join("\n")))?;
            for data in data {
                data.write(number, self.hospitals.len(), &dir.join("data"))?;
            }
        }
        Ok(())
    }

    fn import(&self) -> anyhow::Result<()> {
        for hospital in &self.hospitals {
            let config = self.node_dir(&hospital.code).join("config.toml");
            self.run(&["import", "--strict", "--config", &config.to_string_lossy()])?;
        }
        Ok(())
    }

    fn hospital(&self, person: &Person) -> anyhow::Result<&Hospital> {
        self.hospitals.get(person.hospital).context("a person belongs to a hospital of the network")
    }

    /// Frees a node's ports, for the node to take.
    pub fn release(&self, code: &str) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).remove(code);
    }

    fn ports(&self, code: &str) -> anyhow::Result<Ports> {
        self.ports.get(code).copied().context("every hospital has ports")
    }
}
