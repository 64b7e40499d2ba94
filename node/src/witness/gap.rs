//! The first checkpoint of an origin that begins with a gap.
//!
//! A witness cosigns it only with the entry that says so, under the checkpoint: it names the origin before and the head that is
//! continued, and everyone who reads the log finds it. Both heads are kept as evidence before the record of the origin before is
//! replaced: what this witness had cosigned beyond the continued head is lost. A log may do so a few times only, because each
//! time leaves something here for good.

use policies::{HospitalCode, UnixTime};

use super::evidence::Kept;
use super::{Desk, Handled, refused, told};
use crate::proof::checkpoint::SignedCheckpoint;
use crate::proof::gap::{self, Gap, MAX_GAPS};
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
        let logs = self.logs();
        let key = logs.get(member);
        let known = key.and_then(|key| state.latest_of(member, key)).cloned();
        let known_gaps = known.as_ref().map(|known| known.checkpoint().origin.gaps());
        if known_gaps == Some(origin.gaps()) {
            return told(self.stands(&state, member));
        }
        // An older origin than the known one is refused there, with evidence.
        let later = known_gaps.is_none_or(|known| known < origin.gaps());
        if later && origin.gaps() > MAX_GAPS {
            return refused("witness_gaps");
        }
        let mut fresh = None;
        if later && let Some(cosigned) = known {
            let kind = Conflict::Gap;
            let evidence = Evidence { kind, cosigned, offered: signed.clone() };
            match self.keep(&evidence) {
                Kept::Fresh => fresh = Some(Box::new(evidence)),
                Kept::Enough => {}
                Kept::Failed => return refused("witness_records"),
            }
        }
        let whole = Consistency { old: 0, new: signed.head().size, path: Vec::new() };
        let handled = self.consider(&mut state, member, (signed, &whole), now);
        Handled { evidence: fresh.or(handled.evidence), ..handled }
    }
}
