//! The full check of a log, which reads every byte that means something: for `kring check`, not for every start.

use super::contents::{damaged, name};
use super::reader::Reader;
use super::record::RECORD_HEADER;
use super::scan::scan;
use super::{Entry, OpenError};

impl Reader {
    /// Checks every record of every segment against the tree, and shows every entry. The number of entries.
    ///
    /// # Errors
    /// The first `OpenError`.
    pub fn check(&self, mut visit: impl FnMut(&Entry)) -> Result<u64, OpenError> {
        self.check_bytes()?;
        for (index, bytes) in (0..).zip(self.bytes_from(0)) {
            visit(&self.parse(index, &bytes?)?);
        }
        Ok(self.size())
    }

    /// Checks every record of every segment against the tree.
    pub(super) fn check_bytes(&self) -> Result<(), OpenError> {
        let segments: Vec<_> = {
            let contents = self.contents();
            contents.segments.iter().map(|segment| (segment.first, segment.table())).collect()
        };
        for (first, table) in segments {
            let wrong = |at, reason: &str| damaged(&*self.medium, &name(first), at, reason);
            let places = self.places(first)?;
            let found = scan(&self.segment_bytes(first)?, first);
            // A sealed segment's records end where its table begins, an open one's where it ended when it was opened.
            let ends = table.map(|table| table.saturating_sub(RECORD_HEADER as u64));
            if ends.is_some_and(|end| found.end != end) || found.places.len() < places.len() {
                let reason = found.damage.map_or("the records end here", |damage| damage.reason);
                return Err(wrong(found.end, reason));
            }
            for (kept, read) in places.iter().zip(&found.places) {
                if kept != read {
                    return Err(wrong(
                        u64::from(read.offset),
                        "another record than the tree holds",
                    ));
                }
            }
        }
        Ok(())
    }
}
