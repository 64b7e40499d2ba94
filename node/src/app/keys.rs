//! The key files of a node, held against what the charter lists.

use policies::UnixTime;
use policies::charter::{Charter, RoleKeys};

use super::StartError;
use crate::charters::turns::NodeKeys;
use crate::config::Config;
use crate::keys::ring::{Pair, Ring};
use crate::keys::{Key, KeyRole};

/// The public halves of this node's keys.
///
/// # Errors
/// `StartError::Key`.
pub(super) fn own(config: &Config) -> Result<NodeKeys, StartError> {
    let keys = &config.keys;
    Ok(NodeKeys {
        transport: Ring::load(&keys.transport, KeyRole::Transport)?.pair(),
        envelope: Ring::load(&keys.envelope, KeyRole::Envelope)?.pair(),
        log: Key::load(&keys.log, KeyRole::Log)?.public,
        witness: Ring::load(&keys.witness, KeyRole::Witness)?.pair(),
    })
}

/// Whether this node is the one of a member: of each job it has a key that the charter lists as valid.
///
/// # Errors
/// `StartError`.
pub(super) fn belongs(config: &Config, charter: &Charter, now: UnixTime) -> Result<(), StartError> {
    let Some(member) = charter.member(&config.hospital) else {
        let (hospital, version) = (config.hospital.clone(), charter.version());
        return Err(StartError::NotAMember { hospital, version });
    };
    let NodeKeys { transport, envelope, log, witness } = own(config)?;
    let (named, log) = (&member.keys, Pair { present: log, next: None });
    let keys = [
        (KeyRole::Transport, transport, named.transport.clone()),
        (KeyRole::Envelope, envelope, named.envelope.clone()),
        (KeyRole::Log, log, RoleKeys::one(named.log)),
        (KeyRole::Witness, witness, named.witness.clone()),
    ];
    for (role, own, named) in keys {
        let held = std::iter::once(own.present).chain(own.next);
        if held.into_iter().any(|key| named.holds(&key, now)) {
            continue;
        }
        let names: Vec<String> = named.valid_at(now).map(ToString::to_string).collect();
        let (own, named) = (Box::new(own.present), names.join(" and "));
        return Err(StartError::OtherKey { role, own, named });
    }
    Ok(())
}
