//! How much is asked: one unit for each question that a permit with a quota lets be run, whatever becomes of it.

use policies::protections::{Protections, Quota};
use policies::{Permit, UnixTime};

use super::DAY_S;
use crate::memory::{Asker, Charge, Day, Limit, Limits, Memory, OverQuota};

/// People of one purpose, and of one organisation, may together ask so many times what one person may: they may talk, so no more
/// of them than this count as strangers.
const TOGETHER: u64 = 10;
/// What a question costs.
const UNITS: u64 = 1;

/// Whether questions under the protections are counted.
pub(super) fn is_counted(protections: &Protections) -> bool {
    protections.quota_day.is_some() || protections.quota_lineage.is_some()
}

/// What a permitted question adds to the memory before it is run; nothing where the permit has no quota.
///
/// # Errors
/// `OverQuota`: it is not to be run.
pub fn asked(
    permit: &Permit,
    memory: &Memory,
    asker: &Asker,
    now: UnixTime,
) -> Result<Option<Charge>, OverQuota> {
    if !is_counted(permit.protections()) {
        return Ok(None);
    }
    let protections = permit.protections();
    let most = |quota: Option<Quota>| quota.map_or(u64::MAX, |quota| u64::from(quota.get()));
    let person =
        Limit { day: most(protections.quota_day), lineage: most(protections.quota_lineage) };
    let together = Limit {
        day: person.day.saturating_mul(TOGETHER),
        lineage: person.lineage.saturating_mul(TOGETHER),
    };
    let limits = Limits { person, purpose: together, organisation: together };
    let day = Day::try_from(now.0.div_euclid(DAY_S)).unwrap_or_default();
    memory.quota(asker, &limits, UNITS, day).map(Some)
}
