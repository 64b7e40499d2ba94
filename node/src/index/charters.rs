//! What the log says of charters: which were accepted, and which keys were revoked.

use std::collections::BTreeSet;

use policies::Digest;
use policies::wire::LayerRef;
use redb::{ReadableDatabase as _, ReadableTable as _};

use super::{CHARTER, CHARTERS, Index, PLACES, REVOKED, charter_key};
use crate::log::OpenError;

impl Index {
    /// Places of the entries that say which charter of each network was accepted last.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn last_charters(&self) -> Result<Vec<u64>, OpenError> {
        let find = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(PLACES)?;
            let mut found = Vec::new();
            for row in table.range(CHARTER..)? {
                let (row, place) = row?;
                if !row.value().starts_with(CHARTER) {
                    break;
                }
                found.push(place.value().0);
            }
            Ok(found)
        };
        find().map_err(|error| self.failed(&error))
    }

    /// Place of the last entry that says that this very charter was accepted here.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn charter(&self, layer: &LayerRef) -> Result<Option<u64>, OpenError> {
        let find = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(CHARTERS)?;
            Ok(table.get(charter_key(layer).as_bytes())?.map(|place| place.value()))
        };
        find().map_err(|error| self.failed(&error))
    }

    /// The revocations that the log names, as `charters::logged::id` has them.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn revocations(&self) -> Result<BTreeSet<Digest>, OpenError> {
        let find = || -> Result<_, redb::Error> {
            let table = self.database.begin_read()?.open_table(REVOKED)?;
            let rows = table.iter()?.map(|row| Ok(Digest::from_bytes(*row?.0.value())));
            rows.collect()
        };
        find().map_err(|error| self.failed(&error))
    }
}
