//! The differential harness: what the network answers is what the pooled tables would answer, or the question is refused.
//!
//! From a seed come datasets (keys, nulls, skew, empty hospitals, patients at two hospitals) over one to nine hospitals
//! and questions from a grammar of the language. Each goes through the real worker code and every stage of the answer
//! ([`network`]), and is compared ([`judge`]) with bare DataFusion over the pooled tables ([`pooled`]); a sample, all with
//! correlated subqueries and all that DataFusion cannot judge also with PostgreSQL ([`postgres`]). Protections are off: a
//! synthetic dataset may.
//!
//! Not here: transport, log, processes. Those are tested with real nodes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Context as _;

use crate::cli::Differential;
use crate::print;

pub mod compare;
pub mod dice;
pub mod grammar;
pub mod judge;
pub mod network;
pub mod pooled;
pub mod postgres;
pub mod rows;
pub mod schema;
pub(crate) mod sealed;
pub mod tally;

use dice::Dice;
use judge::{Asked, Bench, Outcome};
use postgres::{Cluster, Session};
use rows::Tables;
use schema::Schema;
use tally::Tally;

/// Questions of a run from which on every production must be accepted [`OFTEN`].
const MANY: usize = 100_000;
/// How often a production is accepted at least in a run of [`MANY`].
const OFTEN: usize = 100;
/// Productions with a subquery that names the rows around it: each such question is put to PostgreSQL too.
const CORRELATED: [&str; 6] = [
    "exists",
    "not_exists",
    "in_subquery",
    "not_in_subquery",
    "exists_in_expression",
    "exists_in_group",
];

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// Where all choices begin.
    pub seed: u64,
    /// Questions in all.
    pub queries: usize,
    /// Questions of one dataset.
    pub per_dataset: usize,
    /// Datasets that are worked on at the same time.
    pub threads: usize,
    /// One question in so many is also put to PostgreSQL, as is every one with a correlated subquery, and every one that
    /// DataFusion cannot judge.
    pub sample: usize,
    /// Only this dataset and question.
    pub only: Option<(usize, usize)>,
}

/// Runs the command.
///
/// # Errors
/// A mismatch, an answer that nobody could judge, in a run of many a production that is hardly ever accepted, or a fault of
/// the harness.
pub fn run(options: &Differential) -> anyhow::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let campaign = Campaign {
        seed: options.seed,
        queries: options.queries,
        per_dataset: 250,
        threads: options.threads.unwrap_or(threads),
        sample: options.sample,
        only: options.only,
    };
    let wanted = options.postgres || (!options.no_postgres && postgres::installed().is_some());
    let cluster = wanted.then(Cluster::start).transpose()?;
    if cluster.is_none() {
        print::note("without PostgreSQL (Debian: postgresql) not every answer can be judged");
    }
    let tally = campaign.run(cluster.as_ref())?;
    for (kind, questions) in tally.examples.iter().filter(|_| options.examples) {
        print::line(format!("{kind}\n    {}", questions.join("\n    ")));
    }
    for text in &tally.wrong {
        print::line(text);
    }
    for line in tally.lines() {
        print::line(line);
    }
    anyhow::ensure!(tally.wrong_count == 0, "{} mismatches", tally.wrong_count);
    anyhow::ensure!(tally.unjudged == 0, "{} answers were not judged", tally.unjudged);
    let rare = tally.rare(OFTEN).join(", ");
    let many = options.queries >= MANY && options.only.is_none();
    anyhow::ensure!(!many || rare.is_empty(), "accepted less than {OFTEN} times: {rare}");
    Ok(())
}

/// The dataset of a number, and its hospitals' rows.
#[must_use]
pub fn dataset(seed: u64, number: usize) -> (Schema, BTreeMap<String, Tables>) {
    let mut dice = Dice::new(&[seed, as_u64(number)]);
    let schema = Schema::random(&mut dice);
    let hospitals = rows::hospitals(&mut dice, &schema);
    (schema, hospitals)
}

fn as_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Campaign {
    /// Runs all of it.
    ///
    /// # Errors
    /// A fault of the harness: rows that are refused, a worker that ends.
    pub fn run(&self, cluster: Option<&Cluster>) -> anyhow::Result<Tally> {
        let next = AtomicUsize::new(0);
        let datasets = self.queries.div_ceil(self.per_dataset.max(1));
        let total = Mutex::new(Tally::default());
        let work = || -> anyhow::Result<()> {
            let mut session = cluster.map(Cluster::session).transpose()?;
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= datasets {
                    return Ok(());
                }
                if self.only.is_some_and(|(only, _)| only != number) {
                    continue;
                }
                let tally = self
                    .dataset(number, session.as_mut())
                    .with_context(|| format!("seed {}, dataset {number}", self.seed))?;
                let mut total = total.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                total.add(tally);
            }
        };
        let ends: Vec<anyhow::Result<()>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.threads.max(1)).map(|_| scope.spawn(work)).collect();
            let ended = |_panic| Err(anyhow::anyhow!("a thread of the harness panicked"));
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(ended)).collect()
        });
        ends.into_iter().collect::<anyhow::Result<()>>()?;
        Ok(total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn dataset(&self, number: usize, mut session: Option<&mut Session>) -> anyhow::Result<Tally> {
        let (schema, hospitals) = dataset(self.seed, number);
        let mut bench = Bench::new(&schema.text(), &hospitals, session.as_deref_mut())?;
        let mut tally = Tally::default();
        let first = number.saturating_mul(self.per_dataset);
        let count = self.queries.saturating_sub(first).min(self.per_dataset);
        for place in 0..count {
            if self.only.is_some_and(|(_, only)| only != place) {
                continue;
            }
            let mut dice = Dice::new(&[self.seed, as_u64(number), as_u64(place), 1]);
            let question = grammar::question(&mut dice, &schema);
            let correlated = CORRELATED.iter().any(|name| question.productions.contains(name));
            let sampled = dice.one_in(self.sample) || correlated;
            let (network, pooled) = (question.network(), question.pooled());
            let asked = Asked { sampled, ..Asked::of(&question, &network, &pooled) };
            let outcome = bench.judge(&asked, session.as_deref_mut());
            tally.count(&question, &outcome);
            if let Outcome::Wrong { what } = outcome {
                let (smaller, still) = bench.shrink(&question, &what, session.as_deref_mut());
                let where_ = format!("--seed {} --only {number}.{place}", self.seed);
                let (small, codes) = (smaller.network(), hospitals.len());
                tally.report(format!(
                    "mismatch ({where_}, {codes} hospitals)\n    {network}\n    smaller: {small}\n    {still}"
                ));
            }
        }
        Ok(tally)
    }
}
