//! Whether the memory of what was answered is whole, for every snapshot that is answered from.

use policies::charter::Charter;

use super::said;
use crate::command::print;
use crate::config::Config;
use crate::keys::KeyRole;
use crate::keys::ring::Ring;
use crate::ledger::{self, Charges, Lineage};
use crate::log::remembered::Heads;

/// What is wrong with the memories, held against what the log says of them.
pub(super) fn problems(config: &Config, charter: &Charter, heads: &Heads) -> Vec<String> {
    // A key that cannot be read was said before.
    let Ok(keys) = Ring::load(&config.keys.envelope, KeyRole::Envelope) else { return Vec::new() };
    let charges = match Charges::read_only(&config.ledger_folder(), keys.all()) {
        Ok(charges) => charges,
        Err(error) => return vec![said(error)],
    };
    let mut problems = Vec::new();
    for dataset in charter.datasets() {
        let current = query::snapshot::current(&config.snapshots, &dataset.id, dataset.version)
            .ok()
            .flatten();
        let Some(folder) = current else { continue };
        let patients = config.patients_folder();
        let Some(lineage) = Lineage::of(&dataset.id, &folder, &patients) else { continue };
        match ledger::read(&charges, heads, &lineage) {
            Ok(chain) if chain.memory.filled() >= 50 => print::note(format!(
                "note: the memory of what was told over dataset `{}` is {} % full: from 80 % on nothing new is told over it but \
                 indicators, at 100 % nothing, until a new lineage begins",
                dataset.id,
                chain.memory.filled()
            )),
            Ok(_) => {}
            Err(error) => {
                let code = error.code();
                problems.push(format!(
                    "what was answered over dataset `{}` is not known ({code}), and nothing is answered over it: {}",
                    dataset.id,
                    said(error)
                ));
            }
        }
    }
    problems
}
