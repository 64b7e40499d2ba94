//! A network's folder: a board key, every node and person with keys of their own, a sealed charter, and the data split.
//!
//! Everything is made by the commands that people use: `kring init`, `key new`, `charter seal|sign`, `import`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use node::profile::ProfileFile;

use crate::topology::{Hospital, NETWORK, PEOPLE, Person};

/// The Rotterdam tumour bank (see data/README.md).
const ROTTERDAM: &str = include_str!("../data/rotterdam.csv");
const DATASET: &str = include_str!("../charter/rotterdam.toml");
const RULES: &str = include_str!("../charter/demo.cedar");

/// A network on disk.
#[derive(Debug)]
pub struct Network {
    /// Its folder.
    pub dir: PathBuf,
    /// Its hospitals, in order.
    pub hospitals: Vec<Hospital>,
    /// Fingerprint of the board's key.
    pub root: String,
    ports: BTreeMap<String, Ports>,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    tcp: u16,
    udp: u16,
    http: u16,
}

impl Network {
    /// Makes a network in an empty folder and imports every hospital's part of the data; `program` is this binary.
    ///
    /// # Errors
    /// What failed, with the command's own words.
    pub fn create(dir: &Path, hospitals: Vec<Hospital>, program: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let dir = std::fs::canonicalize(dir)?;
        let empty = std::fs::read_dir(&dir)?.next().is_none();
        ensure!(empty, "{} is not empty; name a new folder", dir.display());
        ensure!(hospitals.len() >= 3, "a network has at least three hospitals");
        for folder in ["bin", "nodes", "people", "board", "charter/datasets", "charter/rules"] {
            std::fs::create_dir_all(dir.join(folder))?;
        }
        std::os::unix::fs::symlink(program, dir.join("bin/kring"))?;
        let ports = reserve(&hospitals)?;
        let mut network = Self { dir, hospitals, root: String::new(), ports };
        network.make_board()?;
        let keys = network.init_nodes()?;
        let people = network.init_people()?;
        network.write_charter(&keys, &people)?;
        network.configure_nodes()?;
        network.import()?;
        Ok(network)
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

    fn make_board(&mut self) -> anyhow::Result<()> {
        let path = self.dir.join("board/board.key");
        self.run(&["key", "new", "--person", "board", "--out", &path.to_string_lossy()])?;
        let key = node::keys::Key::load(&path, node::keys::KeyRole::Person)?;
        self.root = key.public.fingerprint().to_string();
        Ok(())
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
        PEOPLE.iter().map(|person| Ok((person.id, self.init_person(person)?))).collect()
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
        let board =
            node::keys::Key::load(&self.dir.join("board/board.key"), node::keys::KeyRole::Person)?;
        let head = format!(
            "network = \"{NETWORK}\"\nversion = 1\ntitle = {{ nl = \"Demonetwerk\", en = \"Demo network\" }}\n\
             valid_from = 2026-01-01T00:00:00Z\nvalid_until = 2036-01-01T00:00:00Z\nthreshold = 1\n\n\
             [[signers]]\nname = \"board\"\nkey = \"{}\"\n",
            board.public
        );
        std::fs::write(folder.join("charter.toml"), head)?;
        let mut members = String::new();
        for hospital in &self.hospitals {
            let ports = self.ports(&hospital.code)?;
            let keys = keys.get(&hospital.code).context("keys")?;
            write!(
                members,
                "[[members]]\ncode = \"{}\"\nname = \"{}\"\nkind = \"general\"\n\
                 addresses = [\"/ip4/127.0.0.1/tcp/{}\", \"/ip4/127.0.0.1/udp/{}/quic-v1\"]\n{keys}\n",
                hospital.code, hospital.name, ports.tcp, ports.udp
            )?;
        }
        std::fs::write(folder.join("members.toml"), members)?;
        let mut text = String::new();
        for person in &PEOPLE {
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
        std::fs::write(folder.join("datasets/rotterdam.toml"), DATASET)?;
        std::fs::write(folder.join("rules/demo.cedar"), RULES)?;
        self.seal()
    }

    /// Seals and signs the folder `charter` again.
    ///
    /// # Errors
    /// The command's own words.
    pub fn seal(&self) -> anyhow::Result<()> {
        let bundle = self.charter();
        drop(std::fs::remove_file(&bundle));
        let (bundle, folder) = (bundle.to_string_lossy(), self.dir.join("charter"));
        let key = self.dir.join("board/board.key");
        self.run(&["charter", "seal", &folder.to_string_lossy(), "--out", &bundle])?;
        self.run(&["charter", "sign", &bundle, "--key", &key.to_string_lossy()])?;
        for hospital in &self.hospitals {
            std::fs::copy(self.charter(), self.node_dir(&hospital.code).join("charter.kring"))?;
        }
        Ok(())
    }

    fn configure_nodes(&self) -> anyhow::Result<()> {
        for (number, hospital) in self.hospitals.iter().enumerate() {
            let dir = self.node_dir(&hospital.code);
            let ports = self.ports(&hospital.code)?;
            let text = std::fs::read_to_string(dir.join("config.toml"))?
                .replace("root = \"\"", &format!("root = \"{}\"", self.root))
                .replace(
                    "listen = [\"/ip4/0.0.0.0/tcp/4001\", \"/ip4/0.0.0.0/udp/4001/quic-v1\"]",
                    &format!(
                        "listen = [\"/ip4/127.0.0.1/tcp/{}\", \"/ip4/127.0.0.1/udp/{}/quic-v1\"]",
                        ports.tcp, ports.udp
                    ),
                )
                .replace("127.0.0.1:8443", &format!("127.0.0.1:{}", ports.http));
            let text = format!("{text}\n{SOURCES}");
            std::fs::write(dir.join("config.toml"), text)?;
            std::fs::write(dir.join("data/patients.csv"), part(number, self.hospitals.len())?)?;
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

    fn ports(&self, code: &str) -> anyhow::Result<Ports> {
        self.ports.get(code).copied().context("every hospital has ports")
    }
}

/// The rows of one hospital: `pid` mod the number of hospitals. An artificial split.
fn part(number: usize, of: usize) -> anyhow::Result<String> {
    let mut lines = ROTTERDAM.lines();
    let mut part = lines.next().context("a header")?.to_owned();
    part.push('\n');
    for line in lines {
        let pid: usize = line.split(',').next().context("a pid")?.parse()?;
        if pid % of == number {
            part.push_str(line);
            part.push('\n');
        }
    }
    Ok(part)
}

/// Free loopback ports, chosen by the system and held until all are chosen.
fn reserve(hospitals: &[Hospital]) -> anyhow::Result<BTreeMap<String, Ports>> {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let mut held = Vec::new();
    let mut ports = BTreeMap::new();
    for hospital in hospitals {
        let (tcp, http, udp) =
            (TcpListener::bind(any)?, TcpListener::bind(any)?, UdpSocket::bind(any)?);
        let of = Ports {
            tcp: tcp.local_addr()?.port(),
            http: http.local_addr()?.port(),
            udp: udp.local_addr()?.port(),
        };
        ports.insert(hospital.code.clone(), of);
        held.push((tcp, http, udp));
    }
    Ok(ports)
}

const SOURCES: &str = r#"[[datasets]]
id = "rotterdam"
[[datasets.sources]]
name = "patients"
path = "data/patients.csv"
format = "csv"
[[datasets.tables]]
table = "patient"
source = "patients"
columns = { patient_key = "pid" }
"#;
