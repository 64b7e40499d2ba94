//! `testnet attack`: the attacks of the disclosure rules, against real nodes and against mechanisms that must fall.
//!
//! An attack ([`Attack`]) is a function of an oracle ([`ask::Ask`]) and of what the attacker knows ([`world::World`]); it gives a
//! [`figures::Measure`] that is held against a limit. The same function runs against `nodes`, real processes asked through their
//! local interface, and against `weak` settings over the same snapshots, which must not hold the limit: so it is seen to bite. Each
//! attack has a dataset of its own in one network, because what was answered of one population is remembered.
//!
//! Families: `exact`, `margins`, `constructed`, `dominance`, `channels`, `past`, `noise`, `membership`, `binned`, `parts`, `bands`, `rebuild`. Attacks on survival curves are not here,
//! nor the fuzzing of the grammar, which is the differential harness's and the workers' own tests'.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use policies::{HospitalCode, NetworkId, Profile};
use query::pipe::Networks;

use crate::cli::Attack as Options;
use crate::{print, topology};
use ask::Ask;
use figures::{Limit, Measure};
use nodes::Lab;
use weak::{Mechanism, Weak};
use world::{Shape, World};

pub mod ask;
mod bands;
mod bare;
mod binned;
mod channels;
mod constructed;
mod dominance;
mod exact;
pub mod figures;
mod forms;
mod margins;
mod membership;
pub mod nodes;
mod noise;
mod parts;
mod past;
mod rebuild;
mod report;
pub mod weak;
pub mod world;

/// Where all populations begin.
const SEED: u64 = 5;
/// What the full form writes.
const PAGE: &str = "docs/ATTACKS.md";
/// Hospitals of the network.
const HOSPITALS: usize = 4;

/// How much is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Seconds: whether the attacks run and bite.
    Short,
    /// What is measured.
    Full,
}

impl Scale {
    /// One of two numbers.
    #[must_use]
    pub fn pick<T>(self, short: T, full: T) -> T {
        match self {
            Self::Short => short,
            Self::Full => full,
        }
    }
}

/// A setting that must fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weakness {
    /// A weak mechanism.
    Of(Mechanism),
    /// The engine alone, over the files.
    Bare,
}

impl Weakness {
    fn name(self) -> &'static str {
        match self {
            Self::Of(mechanism) => mechanism.name(),
            Self::Bare => "bare engine",
        }
    }
}

/// What an attack does: an oracle, what is known, and how much is asked.
type Run = fn(&mut dyn Ask, &World, Scale) -> anyhow::Result<Measure>;

/// One attack under one profile.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its number in the rules.
    pub id: &'static str,
    /// What it is.
    pub name: &'static str,
    /// How it goes, in a sentence or two.
    pub how: &'static str,
    /// The profile that it is made under.
    pub profile: Profile,
    /// What must hold.
    pub limit: Limit,
    /// What must fall.
    pub weak: &'static [Weakness],
    /// The population.
    pub shape: fn(Scale) -> Shape,
    /// What the population has besides: indicators, a later snapshot.
    pub more: fn(World) -> World,
    /// The attack.
    pub run: Run,
}

/// A population that has nothing besides.
fn nothing_more(world: World) -> World {
    world
}

/// All attacks, in the order of their numbers.
#[must_use]
pub fn all() -> Vec<Attack> {
    let families = [
        exact::ATTACKS,
        margins::ATTACKS,
        constructed::ATTACKS,
        dominance::ATTACKS,
        channels::ATTACKS,
        past::ATTACKS,
        noise::ATTACKS,
        membership::ATTACKS,
        binned::ATTACKS,
        parts::ATTACKS,
        bands::ATTACKS,
        rebuild::ATTACKS,
    ];
    let mut all: Vec<Attack> = families.concat();
    all.sort_by_key(|attack| attack.id);
    all
}

/// What became of an attack.
#[derive(Debug)]
pub struct Outcome {
    /// The attack.
    pub attack: Attack,
    /// How much was asked.
    pub scale: Scale,
    /// What it achieved at real nodes.
    pub nodes: Measure,
    /// What it achieved against each weak setting.
    pub weak: Vec<(&'static str, Measure)>,
    /// How long all of it took, in seconds.
    pub seconds: u64,
}

impl Outcome {
    /// Whether the nodes hold and every weak setting falls.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.keeps() && self.bites()
    }

    /// Whether the nodes keep the limit. With few targets only what is certain counts against it.
    fn keeps(&self) -> bool {
        let limit = self.attack.limit;
        match self.scale {
            Scale::Short => limit.holds(&self.nodes) || limit.is_near(&self.nodes),
            Scale::Full => limit.holds(&self.nodes),
        }
    }

    /// Whether every weak setting falls.
    #[must_use]
    pub fn bites(&self) -> bool {
        let limit = self.attack.limit;
        limit == Limit::Published || self.weak.iter().all(|(_, measure)| !limit.holds(measure))
    }

    /// One word.
    #[must_use]
    pub fn verdict(&self) -> &'static str {
        match (self.attack.limit, self.keeps(), self.bites()) {
            (Limit::Published, _, _) => "published",
            (_, false, _) => "FALLS",
            (_, true, false) => "TOOTHLESS",
            (_, true, true) => "holds",
        }
    }
}

/// Runs the command.
///
/// # Errors
/// A limit that does not hold, a weak setting that does not fall, or a fault of the harness.
pub fn run(options: &Options) -> anyhow::Result<()> {
    let scale = if options.short { Scale::Short } else { Scale::Full };
    let wanted = |attack: &Attack| {
        options.only.as_ref().is_none_or(|only| only.iter().any(|id| id == attack.id))
    };
    let chosen: Vec<Attack> = all().into_iter().filter(wanted).collect();
    ensure!(!chosen.is_empty(), "no such attack: they are A01 to A32, see docs/ATTACKS.md");
    let (outcomes, faults) = attack(&std::env::current_exe()?, &chosen, scale, |outcome| {
        print::line(report::line(outcome));
        if let (false, Some(example)) = (outcome.holds(), &outcome.nodes.example) {
            print::line(format!("     e.g. {example}"));
        }
    })?;
    for fault in &faults {
        print::line(format!("fault: {fault}"));
    }
    if options.write || (scale == Scale::Full && options.only.is_none() && Path::new(PAGE).exists())
    {
        std::fs::write(PAGE, report::page(&outcomes, scale)).context(PAGE)?;
    }
    ensure!(faults.is_empty(), "{} attacks could not be made", faults.len());
    let wrong: Vec<&str> =
        outcomes.iter().filter(|one| !one.holds()).map(|one| one.attack.id).collect();
    ensure!(
        wrong.is_empty(),
        "limits do not hold, or weak settings do not fall: {}",
        wrong.join(", ")
    );
    Ok(())
}

/// Makes a network with a population for each attack, and runs them; `program` is this binary. What became of them, and what could
/// not be made.
///
/// # Errors
/// A fault of the harness: whether limits hold is in the outcomes.
pub fn attack(
    program: &Path,
    chosen: &[Attack],
    scale: Scale,
    mut done: impl FnMut(&Outcome),
) -> anyhow::Result<(Vec<Outcome>, Vec<String>)> {
    let codes: Vec<String> =
        topology::hospitals(HOSPITALS).into_iter().map(|hospital| hospital.code).collect();
    let worlds = chosen.iter().enumerate().map(|(at, attack)| {
        let world = World::new(&dataset(attack, at), &codes, (attack.shape)(scale), SEED);
        let world = (attack.more)(world);
        let rules = rules(&world);
        (world, rules)
    });
    let mut lab = Lab::start(program, HOSPITALS, worlds.collect())?;
    let (mut outcomes, mut faults) = (Vec::new(), Vec::new());
    for (at, attack) in chosen.iter().enumerate() {
        match one(&mut lab, attack, &dataset(attack, at), scale) {
            Ok(outcome) => {
                done(&outcome);
                outcomes.push(outcome);
            }
            // The others are made all the same.
            Err(error) => faults.push(format!("{} {}: {error:#}", attack.id, attack.name)),
        }
    }
    lab.stop()?;
    Ok((outcomes, faults))
}

/// The dataset of an attack.
fn dataset(attack: &Attack, at: usize) -> String {
    format!("{}x{at}", attack.id.to_lowercase())
}

fn one(lab: &mut Lab, attack: &Attack, id: &str, scale: Scale) -> anyhow::Result<Outcome> {
    let since = Instant::now();
    let world = lab.world(id)?;
    let nodes = (attack.run)(&mut lab.people(id, attack.profile)?, &world, scale)?;
    let mut weak = Vec::new();
    for weakness in attack.weak {
        let measure = match weakness {
            Weakness::Of(mechanism) => {
                let mut weak = Weak::start(Arc::clone(&world), lab.snapshots(id), *mechanism)?;
                (attack.run)(&mut weak, &world, scale)?
            }
            Weakness::Bare => {
                (attack.run)(&mut bare::Bare::open(&lab.snapshots(id))?, &world, scale)?
            }
        };
        weak.push((weakness.name(), measure));
    }
    let seconds = since.elapsed().as_secs();
    Ok(Outcome { attack: *attack, scale, nodes, weak, seconds })
}

/// The rules of a population: every analyst may ask everything under the profiles that this version answers under.
fn rules(world: &World) -> String {
    let id = &world.id;
    let quota = world.quota.map(|questions| format!("@quota_lineage(\"{questions}\")\n"));
    let quota = quota.unwrap_or_default();
    let rule = |action: &str| {
        let name = action.replace('.', "-");
        format!(
            "@id(\"{id}-{name}\")\n@explain_nl(\"Aanvallers mogen alles vragen.\")\n@explain_en(\"Attackers may ask everything.\")\n\
             @min_patients(\"10\")\n{quota}permit (principal in Kring::Role::\"analyst\", action == Kring::Action::\"{action}\", resource == Kring::Dataset::\"{id}\");\n\n"
        )
    };
    ["ask.members", "ask.indicator", "ask.explore"].map(rule).concat()
}

/// The sub-networks of these hospitals.
fn networks<'a>(codes: impl Iterator<Item = &'a String>) -> Networks {
    let codes: Vec<HospitalCode> = codes.filter_map(|code| HospitalCode::new(code).ok()).collect();
    let of = |(id, _, all): &(&str, &str, &[&str])| {
        let members = codes.iter().filter(|code| all.contains(&code.as_str()));
        Some((NetworkId::new(id).ok()?, members.cloned().collect()))
    };
    topology::SUB_NETWORKS.iter().filter_map(of).collect()
}
