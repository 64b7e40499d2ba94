//! Who costs workers has to pause: pure, `now` is an argument.
//!
//! Three lost workers within ten minutes, and the person's next questions are refused for ten minutes. A worker that
//! was given up because the caller went away does not count: that is nobody's fault.

use std::collections::BTreeMap;

use policies::UnixTime;

#[cfg(test)]
mod tests;

/// So many lost workers make a pause: one may be an accident, and so may two.
const LOSSES: usize = 3;
/// Losses this many seconds apart belong together, and a pause is as long.
pub(crate) const WINDOW_S: i64 = 600;

/// Most people whose losses are known: names that nobody signed for are among them. The oldest is forgotten first.
const MAX_PEOPLE: usize = 1024;

/// The losses of each person, within the window.
#[derive(Debug)]
pub(crate) struct Breaker<P> {
    losses: BTreeMap<P, Vec<UnixTime>>,
}

impl<P> Default for Breaker<P> {
    fn default() -> Self {
        Self { losses: BTreeMap::new() }
    }
}

impl<P: Clone + Ord> Breaker<P> {
    /// A worker was lost with this person's question.
    pub(crate) fn lost(&mut self, person: P, now: UnixTime) {
        // Losses take time, so what is left within the window is little.
        self.losses.retain(|_, losses| {
            losses.retain(|loss| recent(*loss, now));
            !losses.is_empty()
        });
        if self.losses.len() >= MAX_PEOPLE && !self.losses.contains_key(&person) {
            let oldest = self.losses.iter().min_by_key(|(_, losses)| losses.last().copied());
            let oldest = oldest.map(|(person, _)| person.clone());
            oldest.map(|person| self.losses.remove(&person));
        }
        let losses = self.losses.entry(person).or_default();
        losses.push(now);
        if losses.len() > LOSSES {
            losses.remove(0);
        }
    }

    /// The seconds for which the person's questions are refused.
    pub(crate) fn pause(&self, person: &P, now: UnixTime) -> Option<i64> {
        let losses = self.losses.get(person)?;
        let (first, last) = (losses.first()?, losses.last()?);
        let together = losses.len() >= LOSSES && last.since(*first) <= WINDOW_S;
        (together && recent(*last, now)).then(|| WINDOW_S.saturating_sub(now.since(*last).max(0)))
    }
}

/// Within the window; a clock that was set back makes nothing recent for ever.
fn recent(loss: UnixTime, now: UnixTime) -> bool {
    now.since(loss).abs() < WINDOW_S
}
