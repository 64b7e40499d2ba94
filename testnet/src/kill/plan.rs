//! What is killed and when: a function of the seed alone, so that no choice depends on how fast the machine is.

use std::time::Duration;

use crate::differential::dice::Dice;

/// Longest pause before a step, in milliseconds.
const LONGEST_MS: i64 = 1_000;
/// Longest pause before a node is killed once more, in milliseconds: about as long as a start takes in a debug build.
const START_MS: i64 = 500;
/// Longest time that killed nodes stay down, in milliseconds.
const DOWN_MS: i64 = 400;

/// One deed after a pause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) pause: Duration,
    pub(super) deed: Deed,
}

/// Nodes are numbers, in the order of the network's hospitals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// These nodes at once, which are started again after a while.
    Kill { nodes: Vec<usize>, down: Duration },
    /// An idle worker of this node.
    Worker(usize),
}

/// The steps up to the last kill.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    dice: Dice,
    nodes: usize,
    /// Kills that are left.
    left: u32,
    /// The node that was killed last.
    last: usize,
}

impl Plan {
    pub(super) fn new(seed: u64, nodes: usize, times: u32) -> Self {
        Self { dice: Dice::new(&[seed, u64::MAX]), nodes, left: times, last: 0 }
    }

    fn milliseconds(&mut self, longest: i64) -> Duration {
        Duration::from_millis(u64::try_from(self.dice.between(0, longest)).unwrap_or(0))
    }

    /// The nodes of a kill: any, one time in three the last one again, one time in six two at once.
    fn victims(&mut self, again: bool) -> Vec<usize> {
        let first = if again { self.last } else { self.dice.roll(self.nodes) };
        let mut victims = vec![first];
        if self.dice.one_in(6) && self.left > 1 {
            let further = self.dice.roll(self.nodes.saturating_sub(1)).saturating_add(1);
            victims.push(first.saturating_add(further).checked_rem(self.nodes).unwrap_or(0));
        }
        victims
    }
}

impl Iterator for Plan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if self.left == 0 {
            return None;
        }
        if self.dice.one_in(8) {
            let pause = self.milliseconds(START_MS);
            return Some(Step { pause, deed: Deed::Worker(self.dice.roll(self.nodes)) });
        }
        let again = self.dice.one_in(3);
        let pause = self.milliseconds(if again { START_MS } else { LONGEST_MS });
        let nodes = self.victims(again);
        let down = self.milliseconds(DOWN_MS);
        let down = if self.dice.one_in(4) { down } else { Duration::ZERO };
        self.left = self.left.saturating_sub(u32::try_from(nodes.len()).unwrap_or(u32::MAX));
        self.last = nodes.last().copied().unwrap_or(0);
        Some(Step { pause, deed: Deed::Kill { nodes, down } })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_gives_one_plan_that_kills_every_node_as_often_as_asked() {
        let all = |seed| Plan::new(seed, 5, 300).collect::<Vec<_>>();
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
        let (mut kills, mut pairs, mut victims) = (0, 0, BTreeSet::new());
        for step in all(7) {
            let Deed::Kill { nodes, .. } = step.deed else { continue };
            assert_eq!(nodes.iter().collect::<BTreeSet<_>>().len(), nodes.len(), "{nodes:?}");
            kills += nodes.len();
            pairs += usize::from(nodes.len() == 2);
            victims.extend(nodes);
        }
        assert_eq!(kills, 300);
        assert!(pairs > 10 && victims == (0..5).collect());
    }
}
