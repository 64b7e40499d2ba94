//! Values on an axis, as ranges of places.

use serde::{Deserialize, Serialize};

/// Some places of an axis: ranges of them, each from its first up to, without, its last; ascending and apart.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u32, u32)>", into = "Vec<(u32, u32)>")]
pub struct LinkSet(Vec<(u32, u32)>);

/// Why ranges are no set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ranges of places begin before they end, ascend and do not touch")]
pub struct NotASet;

impl LinkSet {
    /// One place.
    #[must_use]
    pub fn one(place: u32) -> Self {
        Self::range(place, place.saturating_add(1))
    }

    /// Places from `low` up to, without, `high`; none where there are none.
    #[must_use]
    pub fn range(low: u32, high: u32) -> Self {
        Self(if low < high { vec![(low, high)] } else { Vec::new() })
    }

    /// These places, in any order.
    #[must_use]
    pub fn of(places: impl IntoIterator<Item = u32>) -> Self {
        Self::union(places.into_iter().map(|place| (place, place.saturating_add(1))))
    }

    /// All places of several sets.
    #[must_use]
    pub fn all<'s>(sets: impl IntoIterator<Item = &'s Self>) -> Self {
        Self::union(sets.into_iter().flat_map(|set| set.0.iter().copied()))
    }

    fn union(ranges: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut ranges: Vec<(u32, u32)> = ranges.into_iter().collect();
        ranges.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::new();
        for (low, high) in ranges {
            match joined.last_mut() {
                Some((_, end)) if low <= *end => *end = high.max(*end),
                Some(_) | None => joined.push((low, high)),
            }
        }
        Self(joined)
    }

    /// The ranges.
    #[must_use]
    pub fn ranges(&self) -> &[(u32, u32)] {
        &self.0
    }

    /// How many places there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        let of = |(low, high): &(u32, u32)| u64::from(high.saturating_sub(*low));
        self.0.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The end of the last place.
    #[must_use]
    pub fn end(&self) -> u32 {
        self.0.last().map_or(0, |(_, high)| *high)
    }

    /// The places that both have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        let (mut one, mut two) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some((low, high)), Some((least, most))) = (one.peek(), two.peek()) {
            let (from, to) = (*low.max(least), *high.min(most));
            if from < to {
                both.push((from, to));
            }
            if high <= most {
                one.next();
            } else {
                two.next();
            }
        }
        Self(both)
    }

    /// The places that another one does not have.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        let mut left = Vec::new();
        for (low, high) in &self.0 {
            let mut from = *low;
            let before = other.0.partition_point(|(_, most)| most <= low);
            for (least, most) in other.0.iter().skip(before).take_while(|(least, _)| least < high) {
                if from < *least {
                    left.push((from, *least));
                }
                from = from.max(*most);
            }
            if from < *high {
                left.push((from, *high));
            }
        }
        Self(left)
    }

    /// Whether every place is one of another.
    #[must_use]
    pub fn within(&self, other: &Self) -> bool {
        self.0.iter().all(|(low, high)| {
            let at = other.0.partition_point(|(_, most)| most <= low);
            other.0.get(at).is_some_and(|(least, most)| least <= low && high <= most)
        })
    }
}

impl TryFrom<Vec<(u32, u32)>> for LinkSet {
    type Error = NotASet;

    fn try_from(ranges: Vec<(u32, u32)>) -> Result<Self, NotASet> {
        let whole = ranges.iter().all(|(low, high)| low < high);
        let apart = ranges.is_sorted_by(|(_, end), (low, _)| end < low);
        if whole && apart { Ok(Self(ranges)) } else { Err(NotASet) }
    }
}

impl From<LinkSet> for Vec<(u32, u32)> {
    fn from(set: LinkSet) -> Self {
        set.0
    }
}

#[cfg(test)]
mod tests;
