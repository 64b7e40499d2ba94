//! A chain as the rules in docs/CHARTER.md say it, word by word: names in place of keys, no bytes, nothing kept in advance.
//!
//! Every answer is worked out again from the versions that were taken. It shares nothing with the code under test but the
//! draft of a version.

use std::collections::BTreeSet;

use policies::{Digest, UnixTime};

use crate::boards::{DAY, Draft};

/// A version that somebody offers.
#[derive(Clone, Debug)]
pub(crate) struct Offer {
    pub(crate) draft: Draft,
    pub(crate) digest: Digest,
    /// Names of those who signed.
    pub(crate) by: BTreeSet<String>,
}

/// What a node knows.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Versions taken, and when.
    pub(crate) taken: Vec<(Offer, UnixTime)>,
    pub(crate) revoked: BTreeSet<String>,
}

impl Model {
    pub(crate) fn tip(&self) -> &Offer {
        &self.taken.last().unwrap().0
    }

    fn draft(&self, place: usize) -> &Draft {
        &self.taken[place].0.draft
    }

    /// How many versions have begun.
    pub(crate) fn begun(&self, now: UnixTime) -> usize {
        self.taken.iter().filter(|(offer, _)| offer.draft.from <= now).count()
    }

    /// Distinct signers of this version, not revoked, among those who signed.
    fn count(&self, of: &Draft, by: &BTreeSet<String>) -> usize {
        let listed: BTreeSet<&String> = of.signers.iter().collect();
        listed.iter().filter(|name| by.contains(**name) && !self.revoked.contains(**name)).count()
    }

    /// Whether the offer is the next version.
    pub(super) fn takes(&self, offer: &Offer) -> bool {
        let (tip, next) = (&self.tip().draft, &offer.draft);
        next.network == tip.network
            && next.version == tip.version + 1
            && next.previous == Some(self.tip().digest)
            && self.count(tip, &offer.by) >= tip.threshold
            && self.count(next, &offer.by) >= next.threshold
            && next.from >= tip.from
    }

    /// When the version at this place begins here.
    fn begins(&self, place: usize) -> UnixTime {
        let from = self.draft(place).from;
        match place {
            0 => from,
            _ => self.begins(place - 1).max(from).max(self.taken[place].1),
        }
    }

    /// When it ends to hold beside its successors, if it has any.
    pub(crate) fn ends(&self, place: usize) -> Option<UnixTime> {
        let successor = place + 1;
        if successor >= self.taken.len() {
            return None;
        }
        let start = self.begins(successor);
        // Those that hold when the successor begins: itself, its predecessor, and who waits for a notice still.
        let holds = |other: usize| {
            other == successor
                || other == place
                || (other < place && self.ends(other).is_some_and(|end| start < end))
        };
        let days = (0..=successor).filter(|other| holds(*other));
        let longest = days.map(|other| self.draft(other).notice_days).max().unwrap();
        Some(start.plus(longest * DAY))
    }

    /// The versions that must all allow a question, the newest first; none where nothing holds.
    pub(crate) fn in_force(&self, now: UnixTime) -> Option<Vec<u64>> {
        let newest = self.begun(now).checked_sub(1)?;
        if now > self.draft(newest).until {
            return None;
        }
        let besides = (0..newest).rev().filter(|place| self.ends(*place).unwrap() > now);
        let all = std::iter::once(newest).chain(besides);
        Some(all.map(|place| self.draft(place).version).collect())
    }

    /// Whether these signers revoke this one: two of one version that holds, or the key itself.
    pub(crate) fn revokes(&self, signer: &str, by: &BTreeSet<String>, now: UnixTime) -> bool {
        let lists = |offer: &Offer| offer.draft.signers.iter().any(|name| name == signer);
        if !self.taken.iter().any(|(offer, _)| lists(offer)) {
            return false;
        }
        if by.contains(signer) {
            return true;
        }
        let begun = self.begun(now);
        (0..begun).any(|place| {
            let holds = place + 1 == begun || self.ends(place).is_some_and(|end| now < end);
            let draft = self.draft(place);
            holds && self.count(draft, by) >= draft.signers.len().min(2)
        })
    }
}
