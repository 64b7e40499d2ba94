//! One hospital that does not exist, and what it would have told.

use std::collections::{BTreeMap, BTreeSet};

use policies::dataset::Dataset;
use policies::footprint::FragmentFootprint;
use policies::rehearsal::Granted;
use policies::{Digest, Explained, HospitalCode, UnixTime};

use super::Snapshot;
use super::count::{Shown, Sums};
use super::figures::{self, How, Told};
use super::rank::rank;
use crate::disclose::contributors::contributors;
use crate::disclose::{ExploreError, Explorer, Left, Moment, NoiseKey, disclose, left};
use crate::memory::{ApplyError, Memory};
use crate::pipe::frame::Message;
use crate::pipe::{Reply, Wanted};
use crate::receive::{Contribution, RawAnswer, RawCell, RawFragment, ReceiveError, received};

/// Why a variant was not counted.
#[derive(Debug, thiserror::Error)]
pub enum RehearseError {
    /// The worker's reply gives no cells.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The text was planned and could not be run.
    #[error("the text was planned, and could not be run over generated data ({code})")]
    Fault {
        /// The stable code.
        code: String,
    },
    /// The figures could not be told.
    #[error(transparent)]
    Disclose(#[from] ExploreError),
    /// What was told could not be remembered.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The answer could not be read again.
    #[error("what would be told cannot be read")]
    Unreadable,
}

impl RehearseError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Receive(error) => error.code(),
            Self::Fault { code } => code,
            Self::Disclose(error) => error.code(),
            Self::Apply(_) => "memory",
            Self::Unreadable => "unreadable",
        }
    }
}

/// Rules by which a figure can be null for what was told before.
const OF_OTHERS: [&str; 4] = ["told_before", "linked", "unlinked", "memory_full"];

/// What makes two answers the same: the fragments that run, and the protections.
type Question = (Vec<Digest>, String);

/// A hospital with patients who do not exist, and the memory of all that it told.
pub struct Hospital {
    dataset: Dataset,
    snapshot: Snapshot,
    lineage: [u8; 32],
    key: NoiseKey,
    memory: Memory,
    /// What was told, by question.
    told: BTreeMap<Question, Shown>,
    sums: Sums,
    about: BTreeSet<u32>,
    groups: BTreeSet<Vec<u32>>,
}

impl std::fmt::Debug for Hospital {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hospital").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}

impl Hospital {
    /// A hospital that told nothing.
    #[must_use]
    pub fn new(code: &HospitalCode, dataset: &Dataset, snapshot: Snapshot) -> Self {
        let lineage = *Digest::of(format!("kring made-up lineage/1\n{code}").as_bytes()).as_bytes();
        let mut secret =
            *Digest::of(format!("kring made-up noise/1\n{code}").as_bytes()).as_bytes();
        let sums = Sums { patients: snapshot.patients, ..Sums::default() };
        Self {
            dataset: dataset.clone(),
            snapshot,
            lineage,
            key: NoiseKey::new(&mut secret),
            memory: Memory::new(lineage),
            told: BTreeMap::new(),
            sums,
            about: BTreeSet::new(),
            groups: BTreeSet::new(),
        }
    }

    /// The snapshot that questions run over.
    #[must_use]
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// What was told already, where the very same was asked under the same protections: it tells nothing more.
    #[must_use]
    pub fn repeats(&self, granted: &Granted) -> Option<Shown> {
        let known = self.told.get(&question(granted))?;
        Some(Shown { repeated: true, ..known.clone() })
    }

    /// Tells what a worker computed, as a node would after all that it told before, and counts it.
    ///
    /// # Errors
    /// `RehearseError`; nothing is counted then.
    pub fn answer(
        &mut self,
        granted: &Granted,
        reply: &Message<Reply>,
        now: UnixTime,
    ) -> Result<Shown, RehearseError> {
        let raw = || -> Result<RawAnswer, RehearseError> {
            let raw = received(granted.permit(), Wanted::ALL, reply)?;
            match raw.fault() {
                Some(code) => Err(RehearseError::Fault { code: code.to_owned() }),
                None => Ok(raw),
            }
        };
        let (counted, first) = (raw()?, raw()?);
        let moment = Moment { now, snapshot: self.snapshot.id };
        let explorer =
            Explorer { key: &self.key, dataset: &self.dataset, patients: self.snapshot.patients };
        let read = |safe| figures::read(safe).ok_or(RehearseError::Unreadable);
        let safe = disclose(first, &self.memory, moment, Some(explorer))?;
        let safe = safe.charged(&mut self.memory)?;
        let told = read(&safe)?;
        let mut shown = Shown { rules: safe.rules(), ..Shown::default() };
        // Groups without patients are no figures.
        shown.rules.remove("empty");
        let alone = if shown.rules.keys().any(|rule| OF_OTHERS.contains(&rule.as_str())) {
            // As the first question of all, beside nothing.
            let mut nothing = Memory::new(self.lineage);
            read(&disclose(raw()?, &nothing, moment, Some(explorer))?.charged(&mut nothing)?)?
        } else {
            read(&safe)?
        };
        let footprints = &counted.permit.footprint().draft().fragments;
        let all = counted.fragments.iter().zip(footprints).zip(told.iter().zip(&alone));
        for ((fragment, footprint), told) in all {
            self.fragment((fragment, footprint), told, &mut shown);
        }
        self.sums.shown.add(&shown);
        self.told.insert(question(granted), shown.clone());
        Ok(shown)
    }

    /// Counts one fragment, by what is told of it and what would be told of it first.
    fn fragment(
        &mut self,
        (fragment, footprint): (&RawFragment, &FragmentFootprint),
        (told, alone): (&Told, &Told),
        shown: &mut Shown,
    ) {
        shown.cells = shown.cells.saturating_add(footprint.cells);
        for (at, cell) in fragment.cells().enumerate().filter(|(_, cell)| cell.n() > 0) {
            let all: Vec<Contribution<'_>> = cell.contributions().collect();
            for (place, sum) in footprint.sums.iter().enumerate() {
                let one = |count: &mut u64| *count = count.saturating_add(1);
                one(&mut shown.figures);
                match told.of(at, place) {
                    Some(How::Exact) => {
                        one(&mut shown.exact);
                        let of = usize::try_from(sum.measure).ok().and_then(|at| all.get(at));
                        of.into_iter().for_each(|of| self.group(cell, of, &all));
                    }
                    Some(How::Noisy) => one(&mut shown.noisy),
                    Some(How::Band) => one(&mut shown.bands),
                    None => {
                        one(&mut shown.hidden);
                        if alone.of(at, place).is_some() {
                            one(&mut shown.before);
                        }
                    }
                }
            }
        }
    }

    /// Counts the group of an exact figure.
    fn group(&mut self, cell: RawCell<'_>, of: &Contribution<'_>, all: &[Contribution<'_>]) {
        let group = contributors(cell, of, all).filter(|group| !group.is_empty());
        let Some(group) = group else { return };
        self.about.extend(group);
        self.sums.smallest = [self.sums.smallest, Some(group.len())].into_iter().flatten().min();
        if of.measure.kind.is_count_like() {
            self.groups.insert(group.iter().collect());
        }
    }

    /// What all that was told comes to.
    ///
    /// # Errors
    /// `RehearseError::Unreadable`.
    pub fn sums(&self) -> Result<Sums, RehearseError> {
        let many = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let left = left(&self.memory, &self.snapshot.id).ok_or(RehearseError::Unreadable)?;
        let Left { hidden, known, narrow, untried } = left;
        Ok(Sums {
            about: many(self.about.len()),
            groups: many(self.groups.len()),
            equations: many(rank(self.groups.iter().map(Vec::as_slice))),
            linked: hidden,
            solved: known,
            narrow,
            untried,
            ..self.sums.clone()
        })
    }
}

/// A question, however it is worded: under the same protections it has the same answer.
fn question(granted: &Granted) -> Question {
    let permit = granted.permit();
    let Explained { profile, protections, volume, band, .. } = granted.explained();
    // Each is whole numbers and words, and prints all of itself.
    let protections = format!("{profile:?} {protections:?} {volume:?} {band:?}");
    (permit.footprint().fragment_digests(), protections)
}
