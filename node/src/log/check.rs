//! The full check of a log, which reads every byte that means something: for `kring check`, not for every start.
//!
//! Of an archived segment the node has its stub: it is held against the tree, and against the entry that names it.

use std::collections::BTreeMap;

use super::contents::{Leaves, damaged, name};
use super::reader::Reader;
use super::record::RECORD_HEADER;
use super::scan::scan;
use super::stub;
use super::{Entry, Event, OpenError};
use crate::proof::merkle::{Frontier, frontier};

impl Reader {
    /// Checks every record of every segment and every stub against the tree, and shows every entry that can be read: of
    /// archived segments, without their archive, those that stay. The number of entries in all.
    ///
    /// # Errors
    /// The first `OpenError`.
    pub fn check(&self, mut visit: impl FnMut(&Entry)) -> Result<u64, OpenError> {
        self.check_bytes()?;
        let mut said = BTreeMap::new();
        let mut see = |entry: &Entry| {
            if let Event::Archived(archived) = &entry.event {
                said.insert(archived.first, archived.clone());
            }
            visit(entry);
        };
        let (stubs, from) = (self.archived(), self.readable_from());
        for about in stubs.iter().filter(|about| about.first < from) {
            self.kept(about)?.iter().for_each(&mut see);
        }
        for (index, bytes) in (from..).zip(self.bytes_from(from)) {
            see(&self.parse(index, &bytes?)?);
        }
        for about in &stubs {
            match said.get(&about.first) {
                Some(archived) => self.agrees(about, archived)?,
                None => return Err(self.unvouched(about)),
            }
        }
        Ok(self.size())
    }

    /// Checks every record of every segment against the tree.
    pub(super) fn check_bytes(&self) -> Result<(), OpenError> {
        let segments: Vec<_> = {
            let contents = self.contents();
            let here =
                contents.segments.iter().filter(|one| !matches!(one.leaves, Leaves::Archived(_)));
            here.map(|segment| (segment.first, segment.table())).collect()
        };
        self.check_stubs()?;
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

    /// Holds the leaves in the stubs, as they are on the disk, against the tree.
    fn check_stubs(&self) -> Result<(), OpenError> {
        let mut tree = Frontier::new();
        for about in self.archived() {
            let (stub, _) = self.stub(about.first)?;
            stub.leaves.iter().for_each(|leaf| tree.push(*leaf));
            let same = self.with_nodes(|nodes| frontier(nodes, about.end()));
            if same.ok().as_ref() != Some(&tree) {
                let reason = "other leaves than the tree holds";
                return Err(damaged(&*self.medium, &stub::name(about.first), 0, reason));
            }
        }
        Ok(())
    }
}
