//! Folding the contributions of slots that are closed into what is kept of their groups.

use super::super::grouped::Folded;
use super::super::marks::Marks;
use super::store::{Has, Number, Part, Store, Tally, Width};

/// The contributions of slots of one group.
struct Run<'a, N> {
    open: &'a [N],
    slots: &'a [u32],
    has: Has<'a>,
}

impl<N: Number> Run<'_, N> {
    /// Every slot that holds a contribution.
    #[inline]
    fn each(&self, mut each: impl FnMut(usize, N)) {
        let slots = self.slots.iter().filter_map(|slot| {
            let slot = usize::try_from(*slot).ok()?;
            Some((slot, *self.open.get(slot)?))
        });
        match self.has {
            Has::All => slots.for_each(|(slot, open)| each(slot, open)),
            Has::Counted => {
                let counted = slots.filter(|(_slot, open)| *open > N::default());
                counted.for_each(|(slot, open)| each(slot, open));
            }
            Has::Flagged(flags) => {
                let flagged = slots.filter(|(slot, _open)| flags.get(*slot) == Some(&true));
                flagged.for_each(|(slot, open)| each(slot, open));
            }
        }
    }
}

impl<N: Number> Part<N> {
    /// Folds the contributions of the first slots, where there is one, with their marks where marks are wanted.
    fn close(&mut self, folded: Folded<'_>, has: Has<'_>, marks: &mut [Marks]) {
        let Self { open, tallies } = self;
        match folded.by_group {
            Some(by_group) => {
                for (group, slots) in by_group.runs() {
                    let Some(tally) = tallies.get_mut(group) else { continue };
                    let run = Run { open: &*open, slots, has };
                    fold(&run, folded, (tally, marks.get_mut(group)));
                }
            }
            None => folded.visit(|slot, group| {
                let Some(contribution) = open.get(slot).copied() else { return };
                let counts = match has {
                    Has::All => true,
                    Has::Counted => contribution > N::default(),
                    Has::Flagged(flags) => flags.get(slot) == Some(&true),
                };
                if !counts {
                    return;
                }
                if let Some(tally) = tallies.get_mut(group) {
                    tally.add(contribution);
                }
                if let (Some(marks), Some(key)) = (marks.get_mut(group), folded.record.get(slot)) {
                    contribution.mark(*key, marks);
                }
            }),
        }
        let closed = folded.closed.groups.len();
        open.drain(..closed.min(open.len()));
    }
}

/// Folds one group's contributions. What is added up is not in memory meanwhile.
fn fold<N: Number>(
    run: &Run<'_, N>,
    folded: Folded<'_>,
    (tally, marks): (&mut Tally<N>, Option<&mut Marks>),
) {
    let mut sums = *tally;
    match marks {
        Some(marks) => {
            let mut marked = *marks;
            run.each(|slot, contribution| {
                sums.add(contribution);
                if let Some(key) = folded.record.get(slot) {
                    contribution.mark(*key, &mut marked);
                }
            });
            *marks = marked;
        }
        None => run.each(|_slot, contribution| sums.add(contribution)),
    }
    *tally = sums;
}

impl Store {
    /// Folds the first slots, with their marks where marks are wanted.
    pub(super) fn close(&mut self, folded: Folded<'_>, has: Has<'_>, marks: &mut [Marks]) {
        match &mut self.width {
            Width::Short(part) => part.close(folded, has, marks),
            Width::Long(part) => part.close(folded, has, marks),
        }
    }
}
