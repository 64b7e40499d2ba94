//! One fragment's figures as linking looks at them: whose they are, the thresholds that they are under, and which of them are exact.

use policies::Limits;
use policies::footprint::{
    FragmentFootprint, LinkFootprint, MeasureFootprint, MeasureKind, SumFootprint, SumKind,
};
use policies::protections::Protections;
use serde::{Deserialize, Serialize};

use crate::disclose::noisy;
use crate::disclose::rules::Verdict;
use crate::receive::RawFragment;

/// What a sum of a fragment is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    /// Whether it counts.
    pub(super) counts: bool,
    /// The count of the rows that it adds.
    pub(super) counter: Option<usize>,
}

/// Thresholds under which figures are null.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::disclose::linked) struct Thresholds {
    pub(super) k: u64,
    pub(super) part: u64,
    /// Whether what a part leaves may not be known where it is a few patients.
    pub(super) complement: bool,
    /// Percent of the largest contribution that must stay unknown of a sum that is null.
    pub(super) percent: u32,
    /// Whether parts were told with noise or as bands: these are no figures to compute with.
    parts_apart: bool,
}

impl Thresholds {
    pub(in crate::disclose::linked) fn new(protections: &Protections, limits: &Limits) -> Self {
        let k = u64::from(protections.min_patients.get());
        let percent = limits.p_percent.max(100_u32.saturating_sub(limits.dominance));
        let (part, complement) = (limits.least_part(), limits.complement);
        Self { k, part, complement, percent, parts_apart: limits.parts_apart() }
    }
}

/// The figures of one fragment.
#[derive(Clone, Copy)]
pub(in crate::disclose::linked) struct Part<'a> {
    pub(in crate::disclose::linked) fragment: &'a RawFragment,
    pub(in crate::disclose::linked) footprint: &'a FragmentFootprint,
    /// Its links, in the numbers of all that is linked.
    pub(in crate::disclose::linked) links: &'a [LinkFootprint],
    pub(in crate::disclose::linked) verdicts: &'a [Verdict],
    pub(in crate::disclose::linked) thresholds: Thresholds,
    /// Whether it was told by an earlier answer: what it shows cannot be hidden.
    pub(in crate::disclose::linked) told: bool,
}

/// The measure of a sum.
pub(super) fn measure<'f>(
    footprint: &'f FragmentFootprint,
    sum: &SumFootprint,
) -> Option<&'f MeasureFootprint> {
    footprint.measures.get(usize::try_from(sum.measure).ok()?)
}

pub(super) fn kept(footprint: &FragmentFootprint) -> Vec<Kept> {
    let sums = footprint.sums.iter().map(|sum| {
        let of = measure(footprint, sum);
        let counts = of.is_some_and(|of| of.kind.is_count_like());
        let counter = |wanted: &dyn Fn(&MeasureFootprint) -> bool| {
            footprint.sums.iter().position(|other| {
                let known = measure(footprint, other).filter(|of| of.kind == MeasureKind::Rows);
                known.is_some_and(wanted)
            })
        };
        let own = of.and_then(|of| counter(&|other| other.has_contributors_of(of)));
        let rows = of.and_then(|of| {
            counter(&|other| other.argument.is_none() && other.condition == of.condition)
        });
        Kept { counts, counter: own.or(rows) }
    });
    sums.collect()
}

/// The sums of a fragment that are told exactly.
pub(super) fn exact_sums(part: &Part<'_>) -> Vec<usize> {
    let apart = part.thresholds.parts_apart;
    let sums = noisy::parts(part.footprint).into_iter().zip(&part.footprint.sums).enumerate();
    let exact = |part: bool, sum: &SumFootprint| !(apart && part) && sum.kind != SumKind::Bin;
    sums.filter(|(_, (part, sum))| exact(*part, sum)).map(|(at, _)| at).collect()
}
