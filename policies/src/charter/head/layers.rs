//! A network's place among others: the one above it, and those directly below with the boards that begin them.
//!
//! Both sides say it. A charter names its parent and the oldest version of it that it was written for; the parent lists its
//! children, and who signs the first version of each. So nobody begins a network below another one without that one's board,
//! and no network finds itself below one that it did not name.

use crate::{HospitalCode, NetworkId};
use std::collections::BTreeSet;

use crate::problem::Problems;
use crate::reader::{At, Fields};

use super::Signer;

/// Most networks directly below one: every node holds the charters of all of them.
const MAX_CHILDREN: usize = 64;

/// The network above.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// Which.
    pub network: NetworkId,
    /// The oldest version of its charter that this one goes with.
    pub version: u64,
}

/// A network directly below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    /// Which.
    pub network: NetworkId,
    /// Who may sign the first version of its charter.
    pub signers: Vec<Signer>,
    /// How many distinct ones must have signed it.
    pub threshold: usize,
    /// The members of this network that may take part in it.
    pub members: BTreeSet<HospitalCode>,
}

/// Reads `[parent]`, which the root does not have; an error where it is there and not good.
pub(super) fn parent(
    fields: &mut Fields<'_>,
    own: Option<&At<NetworkId>>,
    problems: &mut Problems<'_>,
) -> Result<Option<Parent>, ()> {
    if fields.get("parent").is_none() {
        return Ok(None);
    }
    let mut fields = fields.table("parent", problems).ok_or(())?;
    let network = fields.name::<NetworkId>("network", problems);
    let version = fields.integer("version", problems);
    fields.finish(problems);
    let (network, version) = (network.ok_or(())?, version.ok_or(())?);
    if own.is_some_and(|own| own.value == network.value) {
        problems.at(network.offset, "a network is not above itself");
        return Err(());
    }
    let counted = super::counted(&version, problems).ok_or(())?;
    Ok(Some(Parent { network: network.value, version: counted.value }))
}

/// Reads `[[children]]`.
pub(super) fn children(
    fields: &mut Fields<'_>,
    own: Option<&At<NetworkId>>,
    problems: &mut Problems<'_>,
) -> Vec<Child> {
    let found = fields.tables("children", problems);
    if found.len() > MAX_CHILDREN {
        let message = format!("there are {} children, at most {MAX_CHILDREN}", found.len());
        problems.at(fields.offset(), message);
        return Vec::new();
    }
    let mut children: Vec<Child> = Vec::new();
    for mut fields in found {
        let offset = fields.offset();
        let network = fields.name::<NetworkId>("network", problems);
        let signers = super::signers(&mut fields, problems);
        let threshold = fields.integer("threshold", problems);
        let members = fields.names::<HospitalCode>("members", problems);
        fields.finish(problems);
        if members.is_empty() {
            problems
                .at(offset, "write `members`, the codes of the hospitals that may take part in it");
        }
        let members = members.into_iter().collect();
        let threshold = threshold.and_then(|found| super::enough(&found, signers.len(), problems));
        let (Some(network), Some(threshold)) = (network, threshold) else { continue };
        let network = network.value;
        if own.is_some_and(|own| own.value == network) {
            problems.at(offset, "a network is not below itself");
        }
        if children.iter().any(|known| known.network == network) {
            problems.at(offset, format!("child `{network}` is listed twice"));
        }
        children.push(Child { network, signers, threshold, members });
    }
    children
}
