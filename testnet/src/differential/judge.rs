//! One question: what the network says, what the oracles say, and whether that is the same.

use std::collections::BTreeMap;

use anyhow::Context as _;
use query::pipe::Finished;

use super::compare::{Answer, Equal};
use super::grammar::{Oracles, Question};
use super::network::{Network, NoAnswer, Worker};
use super::pooled::{Pool, pool};
use super::postgres::Session;
use super::rows::Tables;

/// Codes with which a question of the grammar may be refused. Anything else is a fault: the grammar writes valid SQL
/// over names that exist and joins patients by their keys.
const EXPECTED: [&str; 7] = [
    "not_supported",
    "no_domain",
    "too_many_cells",
    "too_many_figures",
    "unbounded_expression",
    "unknown_function",
    "column_class",
];
/// Rows of an answer that a report repeats.
const SHOWN_ROWS: usize = 8;
/// Codes for what the engine itself cannot plan.
const ENGINE: [&str; 2] = ["cannot_plan", "ambiguous_column"];
/// Distance of sums of rounded quotients: a few thousand rows, each off by at most half of 1e-9.
const SLACK: f64 = 5e-6;
/// Characters that tell one fault from another.
const SAME_FAULT: usize = 20;
/// Most parts that are taken away from a question that fails.
const MAX_SHRINKS: usize = 40;
/// Columns of floats whose means are tried cut off and whole.
const MAX_MIXED: usize = 8;

/// How one question ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The same as every oracle that judged it.
    Same {
        /// DataFusion judged it.
        datafusion: bool,
        /// PostgreSQL judged it.
        postgres: bool,
        /// DataFusion's floats differed, and PostgreSQL's exact ones are ours.
        overruled: bool,
    },
    /// Refused with a code that may be.
    Refused {
        /// The code.
        code: String,
        /// The message.
        message: String,
    },
    /// Answered, but no oracle could answer.
    Unjudged {
        /// The oracle's words.
        why: String,
    },
    /// Not the same, or something that may not happen.
    Wrong {
        /// Both answers, or what happened.
        what: String,
    },
}

/// One dataset with its network, worker and oracles.
#[derive(Debug)]
pub struct Bench {
    network: Network,
    worker: Worker,
    pool: Pool,
}

impl Bench {
    /// Imports the rows, pools them, and loads them into PostgreSQL too.
    ///
    /// # Errors
    /// A fault of the generator or the import.
    pub fn new(
        dataset: &str,
        hospitals: &BTreeMap<String, Tables>,
        postgres: Option<&mut Session>,
    ) -> anyhow::Result<Self> {
        Self::of(Network::create(dataset, hospitals, None)?, hospitals, postgres)
    }

    /// Pools the rows of a network that was made before.
    ///
    /// # Errors
    /// A fault of the generator.
    pub fn of(
        network: Network,
        hospitals: &BTreeMap<String, Tables>,
        postgres: Option<&mut Session>,
    ) -> anyhow::Result<Self> {
        let pooled = pool(network.dataset()?, hospitals)?;
        if let Some(session) = postgres {
            session.load(&pooled).context("PostgreSQL")?;
        }
        Ok(Self { network, worker: Worker::start()?, pool: Pool::new(&pooled)? })
    }

    /// Asks and compares.
    pub fn judge(&mut self, asked: &Asked<'_>, postgres: Option<&mut Session>) -> Outcome {
        let finished = match self.network.ask(&mut self.worker, asked.network) {
            Ok(finished) => finished,
            Err(NoAnswer::Fault(what)) => return Outcome::Wrong { what },
            Err(NoAnswer::Refused(failure)) => {
                let (code, message) = (failure.code, failure.message);
                return self.refused(asked, code, message);
            }
        };
        if !finished.cells.is_empty() || finished.undecided > 0 {
            return Outcome::Wrong {
                what: format!(
                    "cells are hidden though nothing is protected: {:?}, {} rows undecided\n      {}",
                    finished.cells,
                    finished.undecided,
                    Answer::of(&finished).shown(SHOWN_ROWS)
                ),
            };
        }
        self.compare(&finished, asked, postgres)
    }

    /// Whether a refusal may be: by its code, or because the engine cannot plan the text on its own either.
    fn refused(&self, asked: &Asked<'_>, code: String, message: String) -> Outcome {
        if EXPECTED.contains(&code.as_str()) {
            return Outcome::Refused { code, message };
        }
        match self.pool.ask(asked.pooled) {
            Err(error) if ENGINE.contains(&code.as_str()) => {
                let code = format!("{code} (the engine too)");
                Outcome::Refused { code, message: format!("{error:#}") }
            }
            Err(_) | Ok(_) => Outcome::Wrong { what: format!("refused: {code}: {message}") },
        }
    }

    /// What the oracles say. An answer of DataFusion that differs is not yet right: it adds floats one by one, loses what
    /// cancels, compares decimals with fractions that are a little off, and merges lists of values as if nothing were NULL.
    /// PostgreSQL, which computes exactly, decides then.
    fn compare(
        &self,
        finished: &Finished,
        asked: &Asked<'_>,
        postgres: Option<&mut Session>,
    ) -> Outcome {
        let got = Answer::of(finished);
        let (mut datafusion, mut overruled, mut why) = (false, false, String::new());
        if asked.oracles.datafusion {
            match self.pool.ask(asked.pooled) {
                Ok(expected) => {
                    let kinds = asked.network != asked.pooled || got.same_kinds(&expected);
                    let equal = asked.equal(false);
                    datafusion = kinds && got.matches(&expected, asked.ordered, &equal);
                    overruled =
                        kinds && !datafusion && asked.oracles.postgres && postgres.is_some();
                    if !datafusion && !overruled {
                        return wrong("DataFusion", &expected, &got);
                    }
                    if overruled {
                        why = format!("DataFusion differs: {}", expected.shown(SHOWN_ROWS));
                    }
                }
                Err(error) => why = format!("DataFusion: {error:#}"),
            }
        }
        let wanted = asked.oracles.postgres && (asked.sampled || !datafusion);
        let mut by_postgres = false;
        if let Some(session) = postgres.filter(|_| wanted) {
            match session.ask(asked.pooled) {
                Ok(expected) => {
                    let same = |expected: &Answer| {
                        got.matches(expected, asked.ordered, &asked.equal(true))
                    };
                    let mut plainly = || {
                        let floats = floats(&got);
                        !floats.is_empty()
                            && session
                                .ask_with_whole_means(asked.pooled)
                                .is_ok_and(|own| with_means_of(&expected, &own, &floats, same))
                    };
                    if !same(&expected) && !plainly() {
                        return wrong("PostgreSQL", &expected, &got);
                    }
                    by_postgres = true;
                }
                Err(error) => why = format!("{why} PostgreSQL: {error:#}"),
            }
        }
        if datafusion || by_postgres {
            return Outcome::Same { datafusion, postgres: by_postgres, overruled };
        }
        if overruled {
            return Outcome::Wrong { what: why };
        }
        Outcome::Unjudged { why }
    }

    /// Takes parts away from a question as long as it stays wrong.
    pub fn shrink(
        &mut self,
        question: &Question,
        first: &str,
        mut postgres: Option<&mut Session>,
    ) -> (Question, String) {
        let mut smallest = question.clone();
        // The same fault, not another one that taking away makes.
        let fault: String = first.chars().take(SAME_FAULT).collect();
        let mut what = first.to_owned();
        let mut tried: usize = 0;
        'again: loop {
            for candidate in smallest.smaller() {
                tried = tried.saturating_add(1);
                if tried > MAX_SHRINKS {
                    break 'again;
                }
                let (network, pooled) = (candidate.network(), candidate.pooled());
                let asked = Asked::of(&candidate, &network, &pooled);
                let outcome = self.judge(&asked, postgres.as_deref_mut());
                if let Outcome::Wrong { what: still } = outcome
                    && still.starts_with(&fault)
                {
                    smallest = candidate;
                    what = still;
                    continue 'again;
                }
            }
            break;
        }
        (smallest, what)
    }
}

/// A question as texts.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// For the network.
    pub network: &'a str,
    /// For the oracles.
    pub pooled: &'a str,
    /// Whether the order of rows is decided.
    pub ordered: bool,
    /// Who can judge it.
    pub oracles: Oracles,
    /// The question of the grammar, if it is one: how near figures must be.
    pub question: Option<&'a Question>,
    /// Whether PostgreSQL is asked although DataFusion judged it.
    pub sampled: bool,
}

impl<'a> Asked<'a> {
    /// A question of the grammar with its texts.
    #[must_use]
    pub fn of(question: &'a Question, network: &'a str, pooled: &'a str) -> Self {
        let Question { ordered, oracles, .. } = question;
        let (ordered, oracles, question) = (*ordered, *oracles, Some(question));
        Self { network, pooled, ordered, oracles, question, sampled: true }
    }
}

impl Asked<'_> {
    fn equal(&self, types_differ: bool) -> Equal {
        let rounds =
            self.question.is_some_and(|question| question.productions.contains("float_division"));
        Equal { slack: if rounds { SLACK } else { 0.0 }, types_differ }
    }
}

/// The columns that are floats.
fn floats(answer: &Answer) -> Vec<usize> {
    let kinds = answer.kinds.iter().enumerate();
    kinds.filter(|(_, kind)| *kind == "float").map(|(column, _)| column).collect()
}

/// Whether an answer is the same with whole means: everywhere, or in some of the columns of floats, each for all rows. One
/// text can hold the mean of a decimal, which is cut off, beside that of a float, which is not.
fn with_means_of(
    cut_off: &Answer,
    whole: &Answer,
    floats: &[usize],
    same: impl Fn(&Answer) -> bool,
) -> bool {
    let floats = floats.get(..MAX_MIXED).unwrap_or(floats);
    let all = 1_usize << floats.len();
    let mixed = |chosen: usize| {
        let columns = floats.iter().enumerate().filter(|(bit, _)| chosen & (1 << bit) != 0);
        let columns: Vec<usize> = columns.map(|(_, column)| *column).collect();
        cut_off.with_columns(whole, &columns)
    };
    same(whole) || (1..all).any(|chosen| same(&mixed(chosen)))
}

fn wrong(oracle: &str, expected: &Answer, got: &Answer) -> Outcome {
    let (expected, got) = (expected.shown(SHOWN_ROWS), got.shown(SHOWN_ROWS));
    Outcome::Wrong { what: format!("{oracle} says\n      {expected}\n    Kring says\n      {got}") }
}
