//! One region: its hospitals' snapshots, a worker, and every indicator under every treatment.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use policies::indicator::Indicator;
use policies::wire::{Asks, IndicatorRef};
use policies::{Books, Charter, Digest, HospitalCode, VariantName};
use query::pipe::frame::Message;
use query::pipe::{Finished, Job, PIPE_VERSION, Part, Planned, Reply, Wanted, Work};
use query::{Explorer, Memory, Moment, NoiseKey, SafeAnswer, disclose, receive};

use super::tally::{Seen, Tally};
use super::treatment::{DATASET, Treatment};
use crate::differential::network::{Worker, permit, snapshot};
use crate::differential::sealed::NOW;
use crate::generate::Region;

/// A region with its data.
#[derive(Debug)]
pub struct Network<'t> {
    _folder: tempfile::TempDir,
    snapshots: BTreeMap<HospitalCode, PathBuf>,
    exact: Charter,
    treatments: &'t [Treatment],
}

/// One variant of an indicator.
struct Question {
    named: IndicatorRef,
    sql: String,
    by: String,
    planned: Planned,
}

/// What every hospital's worker gave.
type Replies = Vec<(HospitalCode, Message<Reply>)>;
/// What each hospital remembers, by treatment.
type Memories = BTreeMap<(String, HospitalCode), Memory>;

impl<'t> Network<'t> {
    /// Generates and imports the patients of a region: their mean number, the seed, and the number of hospitals. `exact` is a charter
    /// of the same indicators without protections.
    ///
    /// # Errors
    /// Rows that the dataset refuses: a fault of the generator.
    pub fn create(
        (patients, seed, hospitals): (u32, u64, usize),
        exact: Charter,
        treatments: &'t [Treatment],
    ) -> anyhow::Result<Self> {
        let dataset = exact.datasets().next().context("the charter has a dataset")?;
        let folder = tempfile::Builder::new().prefix("kring-utility-").tempdir()?;
        let region = Region::new(seed, hospitals, patients);
        let mut snapshots = BTreeMap::new();
        for (code, tables) in region.hospitals.iter().zip(region.tables()) {
            let hospital = HospitalCode::new(code)?;
            let tables = tables.tables.iter().map(|table| (table.name.to_owned(), table.csv()));
            let tables: Vec<(String, String)> = tables.collect();
            let own = folder.path().join(code);
            let sealed = snapshot(dataset, &hospital, (&own, &tables), Some("opt_out"))?;
            snapshots.insert(hospital, sealed);
        }
        Ok(Self { _folder: folder, snapshots, exact, treatments })
    }

    /// Asks every so manieth indicator in all its variants under all treatments.
    ///
    /// # Errors
    /// A refusal, or a fault.
    pub fn measure(&self, every: usize) -> anyhow::Result<BTreeMap<String, Tally>> {
        let mut worker = Worker::start()?;
        let mut tallies = BTreeMap::new();
        let mut memories = Memories::new();
        for indicator in self.exact.indicators().step_by(every.max(1)) {
            for (by, window) in indicator.variants() {
                let question = self.question(&mut worker, indicator, (by, window))?;
                self.ask(&mut worker, &question, (&mut tallies, &mut memories))
                    .with_context(|| format!("{} {}", question.named.id, question.by))?;
            }
        }
        Ok(tallies)
    }

    fn ask(
        &self,
        worker: &mut Worker,
        question: &Question,
        (tallies, memories): (&mut BTreeMap<String, Tally>, &mut Memories),
    ) -> anyhow::Result<()> {
        let replies = self.replies(worker, question)?;
        let open = Books::from(&self.exact);
        let mut exact = Vec::new();
        for (code, reply) in &replies {
            let mut memory = fresh(code);
            exact.push((code, self.answer((open, question), (code, reply), &mut memory)?));
        }
        let truth = self.finished(worker, question, &exact)?;
        for treatment in self.treatments {
            let books = Books { own: treatment.own.as_ref(), ..Books::from(&treatment.charter) };
            let mut answers = Vec::new();
            for (code, reply) in &replies {
                let mut first = fresh(code);
                let place = (treatment.name.clone(), code.clone());
                let memory = match treatment.remembers {
                    true => memories.entry(place).or_insert_with(|| fresh(code)),
                    false => &mut first,
                };
                answers.push((code, self.answer((books, question), (code, reply), memory)?));
            }
            let table = self.finished(worker, question, &answers)?;
            let tally: &mut Tally = tallies.entry(treatment.name.clone()).or_default();
            let sums = question.planned.footprint.fragments.iter().map(|f| f.sums.len());
            let sums: Vec<usize> = sums.collect();
            for (_, answer) in &answers {
                tally.hospital(answer, &sums)?;
            }
            tally.table(&Seen {
                by: &question.by,
                keys: question.keys(),
                truth: &truth,
                table: &table,
            })?;
        }
        Ok(())
    }

    fn question(
        &self,
        worker: &mut Worker,
        indicator: &Indicator,
        (by, window): (Option<&VariantName>, Option<&VariantName>),
    ) -> anyhow::Result<Question> {
        let (named, sql) = indicator.refer(by, window)?;
        let by = by.map_or("total", VariantName::as_str).to_owned();
        match worker.send(self.job(&sql, Work::Plan), Vec::new())?.head {
            Reply::Planned(planned) => Ok(Question { named, sql, by, planned }),
            Reply::Failed(failure) => bail!("{} is refused: {failure}", named.id),
            Reply::Executed { .. } | Reply::Finished(_) => bail!("another reply than to a plan"),
        }
    }

    fn job(&self, sql: &str, work: Work) -> Job {
        let networks = self.exact.networks_at(NOW.plus(-10));
        let (dataset, sql) = (DATASET.to_owned(), sql.to_owned());
        Job { version: PIPE_VERSION, whom: None, dataset, sql, networks, work }
    }

    fn replies(&self, worker: &mut Worker, question: &Question) -> anyhow::Result<Replies> {
        let fragments = &question.planned.footprint.fragments;
        let digests: Vec<Digest> = fragments.iter().map(|fragment| fragment.digest).collect();
        let mut replies = Vec::new();
        for (code, snapshot) in &self.snapshots {
            let work = Work::Execute {
                snapshot: snapshot.clone(),
                hospital: code.clone(),
                fragments: digests.clone(),
                wanted: Wanted::ALL,
                not_given: Vec::new(),
            };
            let reply = worker.send(self.job(&question.sql, work), Vec::new())?;
            replies.push((code.clone(), reply));
        }
        Ok(replies)
    }

    /// What one hospital releases of a worker's reply.
    fn answer(
        &self,
        (books, question): (Books<'_>, &Question),
        (code, reply): (&HospitalCode, &Message<Reply>),
        memory: &mut Memory,
    ) -> anyhow::Result<SafeAnswer> {
        let asked = self.snapshots.keys().cloned().collect();
        let asks = Asks::Indicator(question.named.clone());
        let permit = permit(books, (asks, asked), &question.planned, code)?;
        let raw = receive(permit, Wanted::ALL, reply)?;
        let moment = Moment { now: NOW, snapshot: Digest::of(b"snapshot") };
        let mut secret = *Digest::of(code.as_str().as_bytes()).as_bytes();
        let key = NoiseKey::new(&mut secret);
        let dataset = self.exact.datasets().next().context("the charter has a dataset")?;
        let explorer = Explorer { key: &key, dataset, patients: 0 };
        Ok(disclose(raw, memory, moment, Some(explorer))?.charged(memory)?)
    }

    fn finished(
        &self,
        worker: &mut Worker,
        question: &Question,
        answers: &[(&HospitalCode, SafeAnswer)],
    ) -> anyhow::Result<Finished> {
        let (mut parts, mut blobs) = (Vec::new(), Vec::new());
        for (code, answer) in answers {
            let frames = answer.frames();
            parts.push(Part { hospital: (*code).clone(), frames: frames.len(), shown: None });
            blobs.extend(frames.iter().cloned());
        }
        match worker.send(self.job(&question.sql, Work::Finish { parts }), blobs)?.head {
            Reply::Finished(finished) => Ok(finished),
            Reply::Failed(failure) => bail!("accepted, but not finished: {failure}"),
            Reply::Executed { .. } | Reply::Planned(_) => bail!("another reply than to a finish"),
        }
    }
}

impl Question {
    /// How many columns of the table are group keys: they come first in every indicator.
    fn keys(&self) -> usize {
        let fragments = &self.planned.footprint.fragments;
        let keys = fragments.first().map_or(0, |fragment| fragment.group_keys.len());
        keys.saturating_add(usize::from(self.by == "network"))
    }
}

fn fresh(code: &HospitalCode) -> Memory {
    Memory::new(*Digest::of(code.as_str().as_bytes()).as_bytes())
}

#[cfg(test)]
mod tests;
