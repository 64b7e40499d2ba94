//! Whether what was told can be read, before anybody asks for it.
//!
//! A fragment that cannot be read hides all that is new over its snapshot, with nobody told why. So whoever reads a charge back
//! asks here, and whoever runs the node is told.

use super::kept::Kept;
use super::vocabulary::Vocabulary;
use crate::memory::{Charge, CodeError};

/// Whether later answers can be linked with every fragment that a charge enters.
///
/// # Errors
/// `CodeError::Table`.
pub fn read_tables(charge: &Charge) -> Result<(), CodeError> {
    let readable = charge.tables().all(|table| {
        let kept = Kept::read(&table.body);
        let links = kept.map(|Kept { head, .. }| (head.footprint.links, head.names));
        links.is_some_and(|(links, names)| Vocabulary::default().adopt(&links, &names).is_some())
    });
    if readable { Ok(()) } else { Err(CodeError::Table) }
}

#[cfg(test)]
mod tests;
