//! Transport keys and libp2p's names for them.
//!
//! The PeerId of an Ed25519 key is the key itself behind a fixed prefix (an identity multihash of its protobuf form, libp2p
//! peer-id specification). [`PeerKey::peer_id`] checks that byte for byte and [`PeerKey::of`] reads only that form, so a
//! connection belongs to a member because of its key and not because of a library's lookup.

use std::fmt;

use libp2p::PeerId;
use libp2p::identity::{PublicKey, ed25519};

/// Identity multihash (0x00) of 36 bytes (0x24): protobuf field 1 = Ed25519 (08 01), field 2 = 32 bytes (12 20).
const PREFIX: [u8; 6] = [0x00, 0x24, 0x08, 0x01, 0x12, 0x20];

/// An Ed25519 transport key. Whether it is a point on the curve is found out by `peer_id`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub [u8; 32]);

impl PeerKey {
    /// libp2p's name for the key, or nothing if the bytes are no Ed25519 key.
    pub(super) fn peer_id(self) -> Option<PeerId> {
        let public = ed25519::PublicKey::try_from_bytes(&self.0).ok()?;
        let peer = PublicKey::from(public).to_peer_id();
        (Self::of(&peer) == Some(self)).then_some(peer)
    }

    /// The key behind libp2p's name; nothing for names of other kinds of keys.
    pub(super) fn of(peer: &PeerId) -> Option<Self> {
        let bytes = peer.to_bytes();
        let key = bytes.strip_prefix(&PREFIX)?;
        key.try_into().ok().map(Self)
    }
}

impl From<[u8; 32]> for PeerKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for PeerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerKey({self})")
    }
}

#[cfg(test)]
mod tests {
    use libp2p::identity::Keypair;

    use super::*;

    #[test]
    fn a_peer_id_is_its_key() {
        let pair = Keypair::ed25519_from_bytes([7; 32]).expect("seed");
        let key = pair.public().try_into_ed25519().expect("ed25519").to_bytes();
        let peer = PeerKey(key).peer_id().expect("a key");
        assert_eq!(peer, pair.public().to_peer_id());
        assert_eq!(PeerKey::of(&peer), Some(PeerKey(key)));
    }

    #[test]
    fn other_kinds_of_peer_ids_have_no_key() {
        // A random PeerId is the identity multihash of 32 random bytes, not of a key.
        assert_eq!(PeerKey::of(&PeerId::random()), None);
    }

    #[test]
    fn bytes_off_the_curve_are_no_peer() {
        let mut off = [0; 32];
        off[0] = 2;
        assert_eq!(PeerKey(off).peer_id(), None);
    }
}
