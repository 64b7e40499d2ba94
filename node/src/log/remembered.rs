//! What the log says of the memory of what was answered: how many charges a lineage has, and which the last one is.
//!
//! The charges themselves are beside the log ([`crate::ledger`]); each names the one before it, so the last one names all. This is what a start
//! and a stub keep of the entries.

use std::collections::{BTreeMap, BTreeSet};

use policies::protections::{Applied, Parts};
use policies::wire::Receipt;
use policies::{Digest, Profile};
use serde::{Deserialize, Serialize};

use super::Event;

/// The memory that an answer was given by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// The lineage of the snapshot.
    pub lineage: Digest,
    /// Charges of the lineage, with this answer's own where it has one.
    pub charges: u64,
    /// SHA-256 of the file of the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Digest>,
    /// Cells of the answer whose figures stand as they were told before.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stands: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The end of a lineage's charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Charges.
    pub charges: u64,
    /// SHA-256 of the file of the last one.
    pub last: Digest,
}

/// What entries say of every lineage.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heads {
    /// By lineage.
    pub lineages: BTreeMap<Digest, Head>,
    /// Snapshots of which protected answers were given that no memory holds: by a version without one.
    pub forgotten: BTreeSet<Digest>,
    /// Lineages over which answers were given that no log and no memory holds.
    #[serde(default)]
    pub lost: BTreeSet<Digest>,
    /// Whether entries were archived by a version without a memory, so that nobody knows what they say of it.
    #[serde(default)]
    pub unheard: bool,
}

impl Heads {
    /// Takes what an event says.
    pub fn take(&mut self, event: &Event) {
        if let Event::MemoryLost { lineages } = event {
            self.lost.extend(lineages);
        }
        let Event::Outcome { memory, receipt, snapshot, .. } = event else { return };
        match memory {
            Some(Remembered { lineage, charges, last: Some(last), stands: _ }) => {
                self.add(*lineage, Head { charges: *charges, last: *last });
            }
            Some(Remembered { last: None, .. }) => {}
            None if is_remembered(receipt) => {
                self.forgotten.insert(*snapshot);
            }
            None => {}
        }
    }

    /// Takes what others say.
    pub fn join(&mut self, other: &Self) {
        other.lineages.iter().for_each(|(lineage, head)| self.add(*lineage, *head));
        self.forgotten.extend(&other.forgotten);
        self.lost.extend(&other.lost);
        self.unheard |= other.unheard;
    }

    /// Takes what a stub says; nothing of a version without a memory.
    pub fn join_stub(&mut self, stub: Option<&Self>) {
        match stub {
            Some(heads) => self.join(heads),
            None => self.unheard = true,
        }
    }

    /// Entries need not be in the order of their charges: the largest number counts.
    fn add(&mut self, lineage: Digest, head: Head) {
        let known = self.lineages.entry(lineage).or_insert(head);
        if head.charges > known.charges {
            *known = head;
        }
    }
}

/// Whether an answer with this receipt is remembered: as [`query::remembers_under`] says of the permit.
fn is_remembered(receipt: &Receipt) -> bool {
    let Receipt { profile, protections, .. } = receipt;
    let Applied { min_patients, min_part, parts, .. } = *protections;
    let of_parts = min_part.is_some_and(|part| part.get() > 1) && parts != Some(Parts::Members);
    match profile {
        Profile::Indicator | Profile::Members => min_patients.get() > 1 || of_parts,
        Profile::Explore => true,
        Profile::Network | Profile::Strict => false,
    }
}

#[cfg(test)]
mod tests;
