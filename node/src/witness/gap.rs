//! The first checkpoint of an origin that begins with a gap.
//!
//! A witness cosigns it only with the entry that says so, under the checkpoint: it names the origin before and the head that is
//! continued, and everyone who reads the log finds it. The note of the origin before stays on record, and both together are
//! evidence: what this witness had cosigned beyond the continued head is lost.

use policies::{HospitalCode, UnixTime};

use super::{Desk, Handled, refused, told};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::gap::{self, Gap};
use crate::proof::merkle::{Consistency, Inclusion, leaf_hash};
use crate::proof::witness::{Conflict, Evidence};

impl Desk {
    pub(super) fn after_gap(
        &self,
        member: &HospitalCode,
        signed: SignedCheckpoint,
        (entry, proof): (&str, &Inclusion),
        now: UnixTime,
    ) -> Handled {
        let origin = signed.checkpoint().origin.clone();
        let named = gap::read(entry.as_bytes()).ok().flatten();
        let begins = |Gap { origin: named, head, .. }: &Gap| {
            *named == origin.as_str() && head.size == proof.index
        };
        let leaf = leaf_hash(entry.as_bytes());
        if !named.as_ref().is_some_and(begins) || proof.verify(&leaf, &signed.head()).is_err() {
            return refused("witness_gap");
        }
        let mut state = self.state();
        let key = self.logs.get(member);
        let known = key.and_then(|key| state.latest_of(member, key)).cloned();
        let known_gaps = known.as_ref().map(|known| known.checkpoint().origin.gaps());
        if known_gaps == Some(origin.gaps()) {
            return told(self.stands(&state, member));
        }
        let newer = known_gaps.is_some_and(|gaps| gaps > origin.gaps());
        let kind = if newer { Conflict::OlderOrigin } else { Conflict::Gap };
        let evidence = known.map(|cosigned| Evidence { kind, cosigned, offered: signed.clone() });
        if newer && let Some(evidence) = evidence {
            return self.against(&state, member, evidence);
        }
        let new = signed.head().size;
        let whole = Consistency { old: 0, new, path: Vec::new() };
        let handled = self.consider(&mut state, member, (signed, &whole), now);
        let kept = evidence.filter(|_| handled.heard.is_some()).filter(|pair| self.keep(pair));
        Handled { evidence: kept.map(Box::new), ..handled }
    }
}
