//! One numbering for the links of several questions.

use std::collections::BTreeMap;

use policies::footprint::{
    LinkAxis, LinkFixed, LinkFootprint, LinkKey, LinkName, LinkNames, LinkQuantity, LinkSum,
};

/// Numbers by what they stand for.
#[derive(Default)]
pub(super) struct Vocabulary {
    axes: BTreeMap<LinkName, u32>,
    sums: BTreeMap<LinkQuantity, u32>,
}

/// The number of a thing; a new one if it has none yet.
fn number<T: Ord + Clone>(known: &mut BTreeMap<T, u32>, thing: &T) -> u32 {
    if let Some(number) = known.get(thing) {
        return *number;
    }
    let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
    known.insert(thing.clone(), next);
    next
}

/// The names in the order of their numbers.
fn by_number<T: Clone>(known: &BTreeMap<T, u32>) -> Vec<T> {
    let mut numbered: Vec<(u32, &T)> = known.iter().map(|(thing, at)| (*at, thing)).collect();
    numbered.sort_unstable_by_key(|(at, _)| *at);
    numbered.into_iter().map(|(_, thing)| thing.clone()).collect()
}

/// The numbers that a question's own have in a vocabulary, as far as they were met.
struct Adopted<'n> {
    names: &'n LinkNames,
    axes: Vec<Option<u32>>,
    sums: Vec<Option<u32>>,
}

impl Adopted<'_> {
    fn axis(
        &mut self,
        LinkAxis { axis, size }: LinkAxis,
        all: &mut Vocabulary,
    ) -> Option<LinkAxis> {
        let at = usize::try_from(axis).ok()?;
        let (known, name) = (self.axes.get_mut(at)?, self.names.axes.get(at)?);
        Some(LinkAxis { axis: *known.get_or_insert_with(|| number(&mut all.axes, name)), size })
    }

    fn sum(&mut self, sum: &LinkSum, all: &mut Vocabulary) -> Option<LinkSum> {
        let at = usize::try_from(sum.of).ok()?;
        let (known, name) = (self.sums.get_mut(at)?, self.names.sums.get(at)?);
        let of = *known.get_or_insert_with(|| number(&mut all.sums, name));
        let fixed = sum.fixed.iter().map(|LinkFixed { axis, places }| {
            Some(LinkFixed { axis: self.axis(*axis, all)?, places: places.clone() })
        });
        let mut fixed = fixed.collect::<Option<Vec<_>>>()?;
        fixed.sort_unstable();
        Some(LinkSum { of, fixed, part_of: Vec::new() })
    }
}

impl Vocabulary {
    /// Links in the numbers of this vocabulary, none of them part of others yet; nothing where a number has no name.
    pub(super) fn adopt(
        &mut self,
        links: &[LinkFootprint],
        names: &LinkNames,
    ) -> Option<Vec<LinkFootprint>> {
        let mut own = Adopted {
            axes: vec![None; names.axes.len()],
            sums: vec![None; names.sums.len()],
            names,
        };
        let links = links.iter().map(|LinkFootprint { base, keys, sums }| {
            let keys = keys.iter().map(|LinkKey { axis, cells }| {
                Some(LinkKey { axis: own.axis(*axis, self)?, cells: cells.clone() })
            });
            let keys = keys.collect::<Option<Vec<_>>>()?;
            let sums = sums.iter().map(|sum| own.sum(sum, self));
            Some(LinkFootprint { base: *base, keys, sums: sums.collect::<Option<Vec<_>>>()? })
        });
        links.collect()
    }

    /// What every number stands for.
    pub(super) fn names(&self) -> LinkNames {
        LinkNames { axes: by_number(&self.axes), sums: by_number(&self.sums) }
    }

    /// For each sum, what is the same under some of its conditions.
    pub(super) fn parts(&self) -> BTreeMap<u32, Vec<u32>> {
        let mut alike: BTreeMap<LinkName, Vec<(&LinkQuantity, u32)>> = BTreeMap::new();
        for (sum, number) in &self.sums {
            alike.entry(sum.what).or_default().push((sum, *number));
        }
        let many = |of: &LinkQuantity| of.conditions.len();
        alike.values_mut().for_each(|sums| sums.sort_by_key(|(sum, _)| many(sum)));
        let part_of = |(part, number): &(&LinkQuantity, u32)| {
            let sums = alike.get(&part.what).into_iter().flatten();
            let fewer = sums.take_while(|(whole, _)| many(whole) < many(part));
            let wholes = fewer.filter(|(whole, _)| whole.conditions.is_subset(&part.conditions));
            let mut wholes: Vec<u32> = wholes.map(|(_, whole)| *whole).collect();
            wholes.sort_unstable();
            (*number, wholes)
        };
        alike.values().flatten().map(part_of).collect()
    }
}
