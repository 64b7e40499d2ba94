//! Quotas: a question is charged before it is run.

use std::sync::Arc;

use policies::{Permit, UnixTime};
use query::Asker;

use super::{Entry, Ledger, put};
use crate::refused::Refused;

impl Ledger {
    /// Charges a permitted question to whoever asks, where its permit has a quota.
    ///
    /// # Errors
    /// `Refused`: it is not to be run.
    pub(crate) async fn ask(
        &self,
        entry: &Entry,
        permit: Permit,
        (asker, now): (Asker, UnixTime),
    ) -> Result<Permit, Refused> {
        let (lineage, charges) = (entry.lineage, self.charges.clone());
        let turn = Arc::clone(&entry.book).lock_owned().await;
        let done = self.tasks.spawn_blocking("ledger", move || {
            let mut turn = turn;
            let asked = query::asked(&permit, &turn.whole()?.memory, &asker, now);
            if let Some(charge) = asked.map_err(Refused::OverQuota)? {
                put(&charges, &mut turn, lineage, &charge)?;
                turn.whole()?.memory.apply(&charge).map_err(super::LedgerError::from)?;
            }
            Ok(permit)
        });
        done.await.map_err(|error| Refused::Store(std::io::Error::other(error)))?
    }
}
