//! What a run found: accepted and refused by production and code, and every mismatch.

use std::collections::BTreeMap;

use super::grammar::{PRODUCTIONS, Question};
use super::judge::Outcome;

/// Examples that are kept of each kind of message.
const EXAMPLES: usize = 2;
/// Most mismatches that are kept.
const MAX_WRONG: usize = 200;

/// How often a production was accepted, and refused by code.
pub type Uses = (usize, BTreeMap<String, usize>);

/// Counts of one run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Questions.
    pub questions: usize,
    /// Answered, and the same as the oracles.
    pub same: usize,
    /// Of these, judged by DataFusion.
    pub datafusion: usize,
    /// Of these, judged by PostgreSQL.
    pub postgres: usize,
    /// Of these, where a float of DataFusion differed and PostgreSQL found ours right.
    pub overruled: usize,
    /// Answered by the network alone.
    pub unjudged: usize,
    /// Refused, by code.
    pub refused: BTreeMap<String, usize>,
    /// Accepted and refused, by production.
    pub productions: BTreeMap<&'static str, Uses>,
    /// What went wrong.
    pub wrong: Vec<String>,
    /// How many went wrong.
    pub wrong_count: usize,
    /// Some messages of what was refused or not judged, with their question.
    pub examples: BTreeMap<String, Vec<String>>,
}

impl Tally {
    /// Counts one question.
    pub fn count(&mut self, question: &Question, outcome: &Outcome) {
        self.questions = self.questions.saturating_add(1);
        for production in &question.productions {
            let (accepted, refused) = self.productions.entry(production).or_default();
            let place = match outcome {
                Outcome::Refused { code, .. } => refused.entry(code.clone()).or_default(),
                Outcome::Same { .. } | Outcome::Unjudged { .. } | Outcome::Wrong { .. } => accepted,
            };
            *place = place.saturating_add(1);
        }
        match outcome {
            Outcome::Same { datafusion, postgres, overruled } => {
                self.same = self.same.saturating_add(1);
                self.overruled = self.overruled.saturating_add(usize::from(*overruled));
                self.datafusion = self.datafusion.saturating_add(usize::from(*datafusion));
                self.postgres = self.postgres.saturating_add(usize::from(*postgres));
            }
            Outcome::Refused { code, message } => {
                let count = self.refused.entry(code.clone()).or_default();
                *count = count.saturating_add(1);
                let short: String = message.split('`').step_by(2).collect();
                self.example(format!("{code}: {short}"), question);
            }
            Outcome::Unjudged { why } => {
                self.unjudged = self.unjudged.saturating_add(1);
                let short: String = why.chars().take(60).collect();
                self.example(format!("unjudged: {short}"), question);
            }
            Outcome::Wrong { .. } => self.wrong_count = self.wrong_count.saturating_add(1),
        }
    }

    fn example(&mut self, kind: String, question: &Question) {
        let known = self.examples.entry(kind).or_default();
        if known.len() < EXAMPLES {
            known.push(question.network());
        }
    }

    /// Keeps a mismatch's text.
    pub fn report(&mut self, text: String) {
        if self.wrong.len() < MAX_WRONG {
            self.wrong.push(text);
        }
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: Self) {
        self.questions = self.questions.saturating_add(other.questions);
        self.same = self.same.saturating_add(other.same);
        self.datafusion = self.datafusion.saturating_add(other.datafusion);
        self.postgres = self.postgres.saturating_add(other.postgres);
        self.overruled = self.overruled.saturating_add(other.overruled);
        self.unjudged = self.unjudged.saturating_add(other.unjudged);
        self.wrong_count = self.wrong_count.saturating_add(other.wrong_count);
        for (code, count) in other.refused {
            let place = self.refused.entry(code).or_default();
            *place = place.saturating_add(count);
        }
        for (production, (accepted, refused)) in other.productions {
            let place = self.productions.entry(production).or_default();
            place.0 = place.0.saturating_add(accepted);
            for (code, count) in refused {
                let place = place.1.entry(code).or_default();
                *place = place.saturating_add(count);
            }
        }
        for (kind, questions) in other.examples {
            let known = self.examples.entry(kind).or_default();
            known.extend(questions);
            known.truncate(EXAMPLES);
        }
        for text in other.wrong {
            self.report(text);
        }
    }

    /// Productions that were accepted less often than this.
    #[must_use]
    pub fn rare(&self, least: usize) -> Vec<&'static str> {
        let accepted = |name: &str| self.productions.get(name).map_or(0, |counts| counts.0);
        PRODUCTIONS.iter().copied().filter(|name| accepted(name) < least).collect()
    }

    /// The tables of a report.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines =
            vec![format!("{:<26} {:>9} {:>9}   by code", "production", "accepted", "refused")];
        for name in PRODUCTIONS {
            let (accepted, refused) = self.productions.get(name).cloned().unwrap_or_default();
            let codes: Vec<String> =
                refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
            let (total, codes) = (refused.values().sum::<usize>(), codes.join(", "));
            lines.push(
                format!("{name:<26} {accepted:>9} {total:>9}   {codes}").trim_end().to_owned(),
            );
        }
        lines.push(format!("{:<26} {:>9}", "refused with code", ""));
        for (code, count) in &self.refused {
            lines.push(format!("{code:<36} {count:>9}"));
        }
        lines.push(format!(
            "{} questions: {} accepted and the same ({} judged by DataFusion, {} by PostgreSQL, which in {} found DataFusion wrong), {} refused, {} answered that no oracle could answer, {} mismatches",
            self.questions,
            self.same,
            self.datafusion,
            self.postgres,
            self.overruled,
            self.refused.values().sum::<usize>(),
            self.unjudged,
            self.wrong_count
        ));
        lines
    }
}
