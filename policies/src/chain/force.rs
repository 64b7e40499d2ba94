//! Which versions hold at a moment: the newest that has begun, and those before it whose notice is not over.
//!
//! All of them must allow a question. What a new version forbids is forbidden at once; what it allows waits until the
//! version before has ended: so nobody has to say which change widens and which one tightens.

use std::sync::Arc;

use crate::UnixTime;
use crate::charter::{Charter, FreshnessKey};
use crate::wire::LayerRef;

use super::{Line, Version};

/// The charters that must all allow a question.
#[derive(Clone, Debug)]
pub struct InForce {
    /// The newest that has begun.
    pub newest: Arc<Charter>,
    /// Older ones, from the oldest, each until the moment when it ends to hold.
    pub besides: Vec<(Arc<Charter>, UnixTime)>,
}

impl InForce {
    /// Every charter in force, the newest first.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Charter>> {
        std::iter::once(&self.newest).chain(self.besides.iter().rev().map(|(charter, _)| charter))
    }

    /// What names them, the newest first.
    #[must_use]
    pub fn layers(&self) -> Vec<LayerRef> {
        self.all().filter_map(|charter| charter.layer()).collect()
    }
}

/// Why no charter holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotInForce {
    /// The first version has not begun.
    #[error("the charter holds from {from}, it is {now}")]
    NotYet {
        /// When version 1 begins.
        from: UnixTime,
        /// The moment asked for.
        now: UnixTime,
    },
    /// The newest that has begun is over.
    #[error(
        "version {version} of the charter held until {until}, it is {now}: the board signs the next one"
    )]
    Expired {
        /// The version.
        version: u64,
        /// Its last moment.
        until: UnixTime,
        /// The moment asked for.
        now: UnixTime,
    },
    /// A version that holds then is not in memory: the clock went back.
    #[error(
        "version {version} of the charter holds at {now}, but was over before: check the clock and start the node again"
    )]
    NotLoaded {
        /// The version.
        version: u64,
        /// The moment asked for.
        now: UnixTime,
    },
}

impl NotInForce {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotYet { .. } => "not_yet_valid",
            Self::Expired { .. } => "expired",
            Self::NotLoaded { .. } => "charter_not_loaded",
        }
    }
}

impl Line {
    /// The charters that must all allow a question at `now`.
    ///
    /// An older version holds to the end of the notice even where it has expired: ending earlier would shorten it.
    ///
    /// # Errors
    /// `NotInForce`.
    pub fn in_force(&self, now: UnixTime) -> Result<InForce, NotInForce> {
        let Some(newest) = self.newest_begun(now) else {
            return Err(NotInForce::NotYet { from: self.first.valid_from(), now });
        };
        let (version, until) = (newest.layer.version, newest.valid_until());
        if now > until {
            return Err(NotInForce::Expired { version, until, now });
        }
        let loaded = |version: &Version| {
            let number = version.layer.version;
            version.charter.clone().ok_or(NotInForce::NotLoaded { version: number, now })
        };
        let mut besides = Vec::new();
        for (version, until) in self.besides(newest, now) {
            besides.push((loaded(version)?, until));
        }
        Ok(InForce { newest: loaded(newest)?, besides })
    }

    /// The keys that may vouch for the newest version: its own first, then those of the versions that hold.
    pub fn vouchers(&self, now: UnixTime) -> impl Iterator<Item = &FreshnessKey> {
        let newest = std::iter::once(self.newest());
        newest.chain(self.holding(now)).flat_map(Version::freshness)
    }

    /// The newest that has begun, expired or not.
    pub(crate) fn newest_begun(&self, now: UnixTime) -> Option<&Version> {
        self.history().rev().find(|version| version.valid_from() <= now)
    }

    /// The newest that has begun and those that hold beside it, expired or not.
    pub(crate) fn holding(&self, now: UnixTime) -> Vec<&Version> {
        let Some(newest) = self.newest_begun(now) else {
            return Vec::new();
        };
        let besides = self.besides(newest, now).map(|(version, _)| version);
        besides.chain(std::iter::once(newest)).collect()
    }

    fn besides<'l>(
        &'l self,
        newest: &'l Version,
        now: UnixTime,
    ) -> impl Iterator<Item = (&'l Version, UnixTime)> {
        let older =
            self.history().take_while(move |version| version.layer.version < newest.layer.version);
        older.filter_map(move |version| {
            let until = version.until.filter(|until| now < *until)?;
            Some((version, until))
        })
    }

    /// Appends a version: when it begins, and how long the one before it holds beside it.
    ///
    /// The notice is the longest of those that hold when it begins, its own included: a second version soon after
    /// the first does not end what the first has to wait for, and one with a shorter notice waits for the longer one.
    pub(super) fn push(&mut self, mut version: Version) {
        let newest = self.newest();
        let starts = newest.starts.max(version.head.valid_from).max(version.accepted_at);
        version.starts = starts;
        let holds = |version: &&Version| version.until.is_none_or(|until| until > starts);
        let notices = self.history().filter(holds).map(|version| version.head.notice_s);
        let notice = notices.max().unwrap_or_default().max(version.head.notice_s);
        let until = Some(starts.plus(notice));
        match self.later.last_mut() {
            Some(before) => before.until = until,
            None => self.first.until = until,
        }
        self.later.push(version);
    }
}
