//! What a large charter costs, and how fast a new version comes to every node.
//!
//! One decision under four layers, each with 200 rules; sealing and loading a charter of 100 hospitals, 1,000
//! people and 200 indicators; and a network of real nodes, one of which is brought a new version: the time until the last
//! one follows it. Every node runs with one worker of each kind, so that many fit one machine.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use ed25519_dalek::SigningKey;
use node::api::PublishBody;
use policies::bundle;
use policies::chain::Line;
use policies::dsse::{Envelope, PublicKey};
use policies::statement::Revocations;
use policies::{Digest, UnixTime};

use super::{Times, decide, now};
use crate::cli::Bench;
use crate::network::Network;
use crate::print;
use crate::process::{NodeProcess, client, wait_ready};
use crate::topology;

/// Rules of a charter.
pub(super) const RULES: usize = 200;
/// Columns of the dataset.
const COLUMNS: usize = 30;
/// The large charter: hospitals, people, indicators.
const LARGE: (usize, usize, usize) = (100, 1_000, 200);
/// Times that it is sealed and loaded.
const LOADS: u32 = 5;
/// Nodes that start at once: a hundred of them would each wait for the others' processor time.
const WAVE: usize = 10;
/// The moment of every decision.
pub(super) const NOW: UnixTime = UnixTime(1_800_000_000);
/// Longest time until every node follows.
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures and prints.
pub(super) fn run(options: &Bench) -> anyhow::Result<()> {
    decide::run()?;
    large()?;
    converge(options)
}

fn key(owner: &str) -> SigningKey {
    SigningKey::from_bytes(Digest::of(owner.as_bytes()).as_bytes())
}

pub(super) fn public(owner: &str) -> anyhow::Result<PublicKey> {
    Ok(PublicKey::of(&key(owner))?)
}

pub(super) type Files = BTreeMap<String, String>;

/// A charter of so many hospitals, people, indicators and rules.
fn files(
    (hospitals, people, indicators): (usize, usize, usize),
    rules: usize,
) -> anyhow::Result<Files> {
    let head = format!(
        "network = \"large\"\nversion = 1\ntitle = {{ en = \"A large network\" }}\nvalid_from = 2026-01-01T00:00:00Z\n\
         valid_until = 2036-01-01T00:00:00Z\nthreshold = 1\nnotice_days = 14\n[[signers]]\nname = \"Board\"\nkey = \"{}\"\n",
        public("board")?
    );
    let (members, persons) = members(hospitals, people)?;
    let mut columns = String::new();
    for number in 0..COLUMNS {
        writeln!(
            columns,
            "[[tables.columns]]\nname = \"c{number}\"\ntype = \"integer\"\nclass = \"measure\"\nmin = 0\nmax = 1000"
        )?;
    }
    let dataset = format!(
        "id = \"made\"\nversion = 1\nstatus = \"synthetic\"\ntitle = {{ en = \"Made\" }}\npatient = \"patient\"\n[[tables]]\nname = \"patient\"\nkey = \"patient_key\"\n\
         [[tables.columns]]\nname = \"patient_key\"\ntype = \"integer\"\nclass = \"key\"\n{columns}"
    );
    let cedar = cedar(rules)?;
    let texts = [
        ("charter.toml", head),
        ("members.toml", members),
        ("people.toml", persons),
        ("datasets/made.toml", dataset),
        ("rules/network.cedar", cedar),
    ];
    let mut files: Files = texts.into_iter().map(|(path, text)| (path.to_owned(), text)).collect();
    for number in 0..indicators {
        let text = format!(
            "-- id: i{number:03}_count\n-- version: 1\n-- dataset: made\n-- title_en: Count {number}\n-- source: made\n-- by: total, hospital\n\n\
             SELECT\n  p.hospital, -- by hospital\n  count(*) AS n\nFROM patient p\nWHERE p.c0 > {number}\nGROUP BY\n  p.hospital -- by hospital\n"
        );
        files.insert(format!("indicators/i{number:03}_count.sql"), text);
    }
    Ok(files)
}

/// Hospitals, and people who belong to them.
pub(super) fn members(hospitals: usize, people: usize) -> anyhow::Result<(String, String)> {
    let mut members = String::new();
    for number in 0..hospitals {
        writeln!(
            members,
            "[[members]]\ncode = \"H{number:03}\"\nname = \"Hospital {number}\"\nkind = \"general\"\naddresses = []\n[members.keys]"
        )?;
        for role in ["transport", "envelope", "log", "witness"] {
            writeln!(members, "{role} = \"{}\"", public(&format!("{role} {number}"))?)?;
        }
    }
    let mut persons = String::new();
    for number in 0..people {
        writeln!(
            persons,
            "[[people]]\nid = \"p{number:04}\"\nname = \"Person {number}\"\nhospital = \"H{:03}\"\nkey = \"{}\"\ngroups = [\"g{}\"]\nroles = [\"analyst\"]",
            number.checked_rem(hospitals).unwrap_or(0),
            public(&format!("person {number}"))?,
            number % 20
        )?;
    }
    Ok((members, persons))
}

/// So many rules, of which every fourth forbids.
fn cedar(rules: usize) -> anyhow::Result<String> {
    let mut cedar = String::new();
    for number in 0..rules {
        let effect = if number % 4 == 3 { "forbid" } else { "permit" };
        let annotations = if effect == "permit" {
            format!(" @min_patients(\"{}\")", 10 + number % 20)
        } else {
            String::new()
        };
        let used = format!("context.uses.contains(\"patient.c{}:aggregate\")", number % COLUMNS);
        let when = if effect == "forbid" {
            used
        } else {
            format!(
                "context.purpose == \"quality\" && context.hospitals >= {} && !{used}",
                number % 3
            )
        };
        writeln!(
            cedar,
            "@id(\"rule-{number}\"){annotations} {effect} (principal in Kring::Role::\"analyst\", action == Kring::Action::\"ask.members\", resource == Kring::Dataset::\"made\") when {{ {when} }};"
        )?;
    }
    Ok(cedar)
}

pub(super) fn sealed(files: &Files) -> anyhow::Result<Envelope> {
    let mut envelope = bundle::seal(files).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        anyhow::anyhow!("the charter has {} problems, the first: {first}", problems.len())
    })?;
    envelope.add_signature(&key("board"));
    Ok(envelope)
}

/// A charter as large as a country's.
fn large() -> anyhow::Result<()> {
    let files = files(LARGE, RULES)?;
    let (mut seals, mut loads, mut bytes) = (Vec::new(), Vec::new(), 0);
    for _turn in 0..LOADS {
        let since = now();
        let envelope = sealed(&files)?;
        seals.push(since.elapsed());
        let encoded = envelope.encode();
        bytes = encoded.len();
        let since = now();
        Line::first(&encoded, envelope.digest(), NOW, Revocations::none())?;
        loads.push(since.elapsed());
    }
    let (hospitals, people, indicators) = LARGE;
    print::line(format!(
        "{hospitals} hospitals, {people} people, {indicators} indicators, {RULES} rules ({} kB): sealed in {}, loaded in {} (goal 1 s)",
        bytes / 1000,
        Times::of(seals),
        Times::of(loads)
    ));
    Ok(())
}

/// A new version comes to one node, and then to all.
fn converge(options: &Bench) -> anyhow::Result<()> {
    let chosen = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new().prefix("kring-bench-").tempdir_in(chosen)?;
    let program = std::env::current_exe()?;
    let hospitals = topology::hospitals(usize::from(options.nodes));
    let network = Network::create(&folder.path().join("net"), hospitals, &program)?;
    for hospital in &network.hospitals {
        let path = network.node_dir(&hospital.code).join("config.toml");
        let text = std::fs::read_to_string(&path)?;
        std::fs::write(&path, text.replace("\ncount = 2\n", "\ncount = 1\n"))?;
    }
    let since = now();
    let mut nodes: Vec<NodeProcess> = Vec::with_capacity(network.hospitals.len());
    for wave in network.hospitals.chunks(WAVE) {
        let start = |hospital: &topology::Hospital| NodeProcess::start(&network, &hospital.code);
        let mut started: Vec<NodeProcess> =
            wave.iter().map(start).collect::<anyhow::Result<_>>()?;
        started.iter_mut().try_for_each(|node| wait_ready(&network, node).map(drop))?;
        nodes.append(&mut started);
    }
    // A node that connects to nobody is none of those that are measured.
    connected(&network)?;
    print::line(format!(
        "{} nodes ready and connected in {:.0} s",
        network.hospitals.len(),
        since.elapsed().as_secs_f64()
    ));
    let mut before = network.first_version();
    let mut times = Vec::new();
    for turn in 2..=4 {
        let amendment = network.amend(&before, &format!("turn-{turn}"))?;
        amendment.replace("charter.toml", "Demo network", &format!("Demo network {turn}"))?;
        let sealed = amendment.signed_by(&["board.one", "board.two"])?;
        let brought = &network.hospitals.first().context("a hospital")?.code;
        let since = now();
        client(&network, brought)?.publish(&PublishBody { envelope: sealed.read()? })?;
        for hospital in &network.hospitals {
            let client = client(&network, &hospital.code)?;
            while client.info()?.layer.version < sealed.version {
                ensure!(since.elapsed() < PATIENCE, "{} does not follow", hospital.code);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        times.push(since.elapsed());
        before = sealed;
    }
    print::line(format!(
        "a new version, brought to one of {} nodes, is followed by the last one after {} (goal 30 s)",
        network.hospitals.len(),
        Times::of(times)
    ));
    Ok(())
}

/// Waits until every node is connected to every other one.
fn connected(network: &Network) -> anyhow::Result<()> {
    let since = now();
    for hospital in &network.hospitals {
        let client = client(network, &hospital.code)?;
        while !crate::process::is_connected(&client.status()?) {
            ensure!(since.elapsed() < PATIENCE, "{} is not connected to all", hospital.code);
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}
