//! What nodes remember of what they released: every charge that an entry names is there, and no cell was charged twice.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use node::keys::{Key, KeyRole};
use node::ledger::Charges;
use node::log::remembered::{Head, Remembered};
use node::log::{Entry, Event};

use crate::network::Network;

/// What all nodes of a network remember.
#[derive(Debug, Default)]
pub struct Charged {
    /// Charges.
    pub charges: usize,
    /// Of these, behind the last one that an entry names: their answers were lost in a kill.
    pub unnamed: usize,
    /// Cells in them.
    pub cells: usize,
    /// What is forgotten, or charged twice, in words.
    pub faults: Vec<String>,
}

/// Holds the charges of every node against its log.
///
/// # Errors
/// A key that cannot be read.
pub(super) fn check(
    network: &Network,
    logs: &BTreeMap<String, Vec<Entry>>,
) -> anyhow::Result<Charged> {
    let mut found = Charged::default();
    for (code, entries) in logs {
        let dir = network.node_dir(code);
        let key = Key::load(&dir.join("keys/envelope.key"), KeyRole::Envelope)?;
        let charges = Charges::read_only(&dir.join("state/ledger"), [&key])?;
        found.node(code, &charges, entries).with_context(|| format!("the memory of {code}"))?;
    }
    Ok(found)
}

impl Charged {
    fn node(&mut self, code: &str, charges: &Charges, entries: &[Entry]) -> anyhow::Result<()> {
        let (mut heads, mut named) = (BTreeSet::new(), BTreeMap::new());
        for entry in entries {
            let Event::Outcome { memory, .. } = &entry.event else { continue };
            match memory {
                Some(Remembered { lineage, charges, last: Some(last), stands: _ }) => {
                    heads.insert((*lineage, *charges, *last));
                    let most = named.entry(*lineage).or_insert(0);
                    *most = (*most).max(*charges);
                }
                Some(Remembered { last: None, .. }) => {}
                None => self.faults.push(format!("{code}: entry {} has no memory", entry.index)),
            }
        }
        for (lineage, number, last) in heads {
            let head = Head { charges: number, last };
            if let Err(error) = charges.read(&lineage, Some(&head)) {
                self.faults.push(format!("{code}: {error}"));
            }
        }
        for (lineage, most) in named {
            let all = charges.all(&lineage)?;
            let mut told = BTreeSet::new();
            for cell in all.iter().flat_map(query::Charge::told) {
                if !told.insert(cell) {
                    self.faults.push(format!("{code}: a cell was charged twice"));
                }
            }
            self.charges = self.charges.saturating_add(all.len());
            self.cells = self.cells.saturating_add(told.len());
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            self.unnamed = self.unnamed.saturating_add(all.len().saturating_sub(most));
        }
        Ok(())
    }
}
