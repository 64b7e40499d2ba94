//! Whether the memory of what was answered is whole, for every snapshot that is answered from.

use std::path::Path;

use policies::charter::Charter;

use super::said;
use crate::config::Config;
use crate::keys::{Key, KeyRole};
use crate::ledger::{self, Charges};
use crate::log::remembered::Heads;

/// What is wrong with the memories, held against what the log says of them.
pub(super) fn problems(config: &Config, charter: &Charter, heads: &Heads) -> Vec<String> {
    // A key that cannot be read was said before.
    let Ok(key) = Key::load(&config.keys.envelope, KeyRole::Envelope) else { return Vec::new() };
    let charges = match Charges::read_only(&config.ledger_folder(), &key) {
        Ok(charges) => charges,
        Err(error) => return vec![said(error)],
    };
    let mut problems = Vec::new();
    for dataset in charter.datasets() {
        let current = query::snapshot::current(&config.snapshots, &dataset.id, dataset.version)
            .ok()
            .flatten();
        let Some(folder) = current else { continue };
        let Some(lineage) = query::snapshot::lineage(&folder) else { continue };
        let beside = folder.parent().unwrap_or(Path::new("."));
        if let Err(error) = ledger::read(&charges, heads, (&lineage, beside)) {
            let code = error.code();
            problems.push(format!(
                "what was answered over dataset `{}` is not known ({code}), and nothing is answered over it: {}",
                dataset.id,
                said(error)
            ));
        }
    }
    problems
}
