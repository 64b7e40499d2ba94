//! Answers with noise, held against the memory: who is left out before they are run, and what they add to it.

use std::sync::Arc;

use policies::charter::Charter;
use policies::{DatasetId, Permit};
use query::{ExploreError, Explorer, NoiseKey, RawAnswer, Retiring, Told, Turn};
use tokio::sync::OwnedMutexGuard;

use super::{Book, Charged, Entry, Ledger, LedgerError, keep};
use crate::refused::Refused;

/// Why a question is not answered with noise. It depends on no figure of the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexplored {
    /// This node has no noise key.
    #[error("no noise key")]
    NoKey,
    /// The noise that was told before was made with another key.
    #[error("another noise key")]
    OtherKey,
    /// Too many patients are left out.
    #[error("closed")]
    Closed,
    /// The memory moved on while the question was run, time after time.
    #[error("the memory moved on")]
    Moving,
}

impl Unexplored {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::NoKey => "no_noise_key",
            Self::OtherKey => "other_noise_key",
            Self::Closed => "explore_closed",
            Self::Moving => "explore_busy",
        }
    }

    /// What the asker is told.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NoKey => {
                "this hospital has no key for noise, so it answers nothing with noise (ask.explore, quantiles, indicators with noisy parts); its \
                 own operators are told what to do"
            }
            Self::OtherKey => {
                "this hospital's key for noise is another than the one that was answered by, so it answers nothing with noise (ask.explore, \
                 quantiles, indicators with noisy parts); its own operators are told what to do"
            }
            Self::Closed => {
                "so much was asked under ask.explore of this hospital's patients that it is closed until the next lineage of the dataset; an \
                 indicator is answered all the same"
            }
            Self::Moving => "others were answered while this question was run; ask it anew",
        }
    }

    /// The same in Dutch.
    #[must_use]
    pub fn dutch(self) -> &'static str {
        match self {
            Self::NoKey => {
                "dit ziekenhuis heeft geen sleutel voor ruis en beantwoordt dus niets met ruis (ask.explore, kwantielen, indicatoren met \
                 onderdelen met ruis); zijn eigen beheerders krijgen te lezen wat zij doen"
            }
            Self::OtherKey => {
                "de sleutel voor ruis van dit ziekenhuis is een andere dan die waarmee eerder is geantwoord, dus het beantwoordt niets met ruis \
                 (ask.explore, kwantielen, indicatoren met onderdelen met ruis); zijn eigen beheerders krijgen te lezen wat zij doen"
            }
            Self::Closed => {
                "onder ask.explore is zoveel over de patienten van dit ziekenhuis gevraagd dat het dicht is tot de volgende lijn van de dataset; \
                 een indicator wordt wel beantwoord"
            }
            Self::Moving => "er zijn andere vragen beantwoord terwijl deze liep; stel haar opnieuw",
        }
    }
}

/// What noise is made with.
#[derive(Clone, Debug)]
pub(crate) struct Exploring {
    pub(crate) key: Arc<NoiseKey>,
    pub(crate) charter: Arc<Charter>,
    pub(crate) dataset: DatasetId,
    /// Patients of the snapshot.
    pub(crate) patients: u64,
}

impl Exploring {
    /// For one answer.
    ///
    /// # Errors
    /// `Refused` where the charter has no such dataset.
    pub(super) fn explorer(&self) -> Result<Explorer<'_>, Refused> {
        let Self { key, charter, dataset, patients } = self;
        let none = || Refused::UnknownDataset(dataset.clone());
        let dataset = charter.dataset(dataset).ok_or_else(none)?;
        Ok(Explorer { key, dataset, patients: *patients })
    }
}

/// Patients who are left out of an answer.
#[derive(Clone, Debug)]
pub(crate) struct LeftOut {
    /// The set, as workers read it.
    pub(crate) bytes: Vec<u8>,
    /// How many the memory has: nobody ever comes back, so another number is another set.
    count: u64,
    /// Who retires with the answer beside them.
    retiring: Retiring,
}

/// What became of a raw answer.
pub(crate) enum Explored {
    /// It may leave once it is recorded.
    Charged(Box<Charged>),
    /// Others are left out by now, or these are to be: it has to be run again.
    Again(Box<Permit>, Retiring),
}

impl Ledger {
    /// The secret of noise.
    ///
    /// # Errors
    /// `Refused` where the node has none.
    pub(crate) fn noise(&self) -> Result<Arc<NoiseKey>, Refused> {
        self.noise.as_ref().map(Arc::clone).ok_or(Refused::Unexplored(Unexplored::NoKey))
    }

    /// Who is to be left out of an answer, with those who retire with it.
    ///
    /// # Errors
    /// `Refused`: nothing more is told of these patients, or the memory is not whole.
    pub(crate) async fn left_out(
        &self,
        entry: &Entry,
        patients: u64,
        retiring: Retiring,
    ) -> Result<LeftOut, Refused> {
        let turn = entry.book.lock().await;
        match &*turn {
            Book::Whole(chain) if chain.memory.is_closed(patients) => {
                Err(Refused::Unexplored(Unexplored::Closed))
            }
            Book::Whole(chain) => {
                let bytes = chain.memory.retired_set(&retiring);
                Ok(LeftOut { bytes, count: chain.memory.retired_count(), retiring })
            }
            Book::Broken(error) => Err(Refused::Ledger(Arc::clone(error))),
            Book::Unread => Err(LedgerError::Unread.into()),
        }
    }

    /// Tells a raw answer with noise, and makes durable what it adds to the memory.
    ///
    /// # Errors
    /// `Refused`: nothing may be released then.
    pub(crate) async fn explore(
        &self,
        entry: Entry,
        (raw, left_out): (RawAnswer, LeftOut),
        (exploring, last): (Exploring, bool),
    ) -> Result<Explored, Refused> {
        let Entry { lineage, book } = entry;
        let LeftOut { bytes: _, count, retiring } = left_out;
        let (charges, turn) = (self.charges.clone(), book.lock_owned().await);
        let done = self.tasks.spawn_blocking("ledger", move || {
            let mut turn: OwnedMutexGuard<Book> = turn;
            let chain = turn.whole()?;
            if chain.memory.retired_count() != count {
                return Ok(Explored::Again(Box::new(raw.into_permit()), retiring));
            }
            let turn_of = Turn { retiring: &retiring, last };
            match query::explore(raw, &chain.memory, (exploring.explorer()?, turn_of))? {
                Told::Again(permit, retiring) => Ok(Explored::Again(permit, retiring)),
                Told::Disclosed(disclosed) => keep(&charges, &mut turn, lineage, *disclosed)
                    .map(Box::new)
                    .map(Explored::Charged),
            }
        });
        done.await.map_err(|error| Refused::Store(std::io::Error::other(error)))?
    }
}

impl From<ExploreError> for Refused {
    fn from(error: ExploreError) -> Self {
        match error {
            ExploreError::Encode(error) => Self::Disclose(error),
            ExploreError::OtherKey => Self::Unexplored(Unexplored::OtherKey),
            ExploreError::Closed => Self::Unexplored(Unexplored::Closed),
        }
    }
}
