//! Which texts wait for people of this hospital, and what was decided on them, by place.

use policies::Digest;
use redb::ReadableDatabase as _;

use super::{Index, PLACES};
use crate::log::OpenError;

/// What rows of texts that were held begin with.
const HELD: &str = "held/";
/// What rows of decisions begin with.
const DECIDED: &str = "approval/";

pub(super) fn held_row(approval: &Digest) -> String {
    format!("{HELD}{approval}")
}

pub(super) fn decided_row(approval: &Digest) -> String {
    format!("{DECIDED}{approval}")
}

impl Index {
    /// Places of the last entry of each text that was held, and of each that was decided on.
    ///
    /// # Errors
    /// `OpenError::Index`.
    pub fn approvals(&self) -> Result<Vec<u64>, OpenError> {
        let find = || -> Result<Vec<u64>, redb::Error> {
            let mut places = Vec::new();
            let table = self.database.begin_read()?.open_table(PLACES)?;
            for prefix in [HELD, DECIDED] {
                for row in table.range(prefix..)? {
                    let (name, place) = row?;
                    if !name.value().starts_with(prefix) {
                        break;
                    }
                    places.push(place.value().0);
                }
            }
            Ok(places)
        };
        find().map_err(|error| self.failed(&error))
    }
}
