//! How many hospitals stand behind the smallest figure that an answer tells, where it tells of no single one.
//!
//! Whoever has the figures of networks can add and subtract them. Hospitals that are in the same networks go into every
//! figure together, so nothing that is computed of such figures is about fewer hospitals than the smallest such group.

use std::collections::{BTreeMap, BTreeSet};

use crate::{HospitalCode, NetworkId};

/// Fewest hospitals that a figure is about, where single ones are not revealed: each of two would know the other.
pub const FEWEST: usize = 3;

/// The fewest of these hospitals that a question cannot tell apart: all of them, or those of the smallest group that is in the
/// same networks, where it looks at networks.
#[must_use]
pub fn fewest_together<'h>(
    hospitals: impl Iterator<Item = &'h HospitalCode>,
    networks: Option<&BTreeMap<NetworkId, BTreeSet<HospitalCode>>>,
) -> usize {
    let mut groups: BTreeMap<Vec<&NetworkId>, usize> = BTreeMap::new();
    for hospital in hospitals {
        let own = networks.into_iter().flatten().filter(|(_, members)| members.contains(hospital));
        let group = groups.entry(own.map(|(id, _)| id).collect()).or_default();
        *group = group.saturating_add(1);
    }
    groups.into_values().min().unwrap_or(0)
}

#[cfg(test)]
mod tests;
