//! Opening: what a crash left behind is cut off, written again or put in place before anything is appended.

use std::io;
use std::sync::{Arc, RwLock};

use super::super::OpenError;
use super::super::contents::{Contents, Leaves, SEGMENT, Segment, Tail, io as failed, load, name};
use super::super::mark::{self, Acknowledged, Mark};
use super::super::medium::{self, Medium, NEW};
use super::super::stub::STUB;
use super::{Sizes, Store, begin_segment, zeros};

impl Store {
    /// Opens the log on a medium, or begins it. What was acknowledged is there, byte for byte, or this fails.
    ///
    /// # Errors
    /// `OpenError::Damaged` for damage of what was acknowledged, `OpenError::Io` for a disk that fails or is full.
    pub fn open(medium: Arc<dyn Medium>, sizes: Sizes) -> Result<Self, OpenError> {
        let here = failed(&*medium, "", "opening");
        tidy(&*medium).map_err(&here)?;
        let (mut contents, tail) = match load(&*medium)? {
            Some(loaded) => loaded,
            None => begin(&*medium, sizes).map_err(&here).and_then(|()| {
                load(&*medium)?.ok_or_else(|| here(io::ErrorKind::NotFound.into()))
            })?,
        };
        drop(here);
        let mark =
            Mark::open(&*medium, tail.turn).map_err(failed(&*medium, mark::NAME, "opening"))?;
        let mut opened = Opened { medium: &*medium, sizes, tail };
        let name = name(opened.tail.first);
        let (first, position) = match opened.tail.end {
            Some(end) => opened.mend(end),
            None => opened.follow(&mut contents),
        }
        .map_err(failed(&*medium, &name, "mending its end"))?;
        let name = super::name(first);
        let io = failed(&*medium, &name, "opening");
        let file = medium.open(&name).map_err(&io)?;
        let laid_out = file.size().map_err(&io)?;
        drop(io);
        let contents = Arc::new(RwLock::new(contents));
        let mut store =
            Self { medium, sizes, contents, mark, file, first, position, laid_out, lock: None };
        store
            .mark
            .note(Acknowledged { segment: first, offset: position })
            .and_then(|()| store.mark.sync())
            .map_err(failed(&*store.medium, mark::NAME, "writing"))?;
        Ok(store)
    }
}

/// Removes what a crash left beside the log.
fn tidy(medium: &dyn Medium) -> io::Result<()> {
    let mut removed = false;
    let names = medium.list("")?;
    // The stub of a segment that is there is of an archiving that came to no end.
    let of_a_segment = |name: &str| {
        let segment = name.strip_suffix(STUB).map(|first| format!("{first}{SEGMENT}"));
        segment.is_some_and(|segment| names.contains(&segment))
    };
    for left in names.iter().filter(|name| name.ends_with(NEW) || of_a_segment(name)) {
        medium.remove(left)?;
        removed = true;
    }
    if removed { medium.sync_folder("") } else { Ok(()) }
}

/// Begins an empty log: the mark first, so that a log without one is damaged.
fn begin(medium: &dyn Medium, sizes: Sizes) -> io::Result<()> {
    if mark::read(medium)?.is_none() {
        Mark::create(medium)?;
    }
    // A mark that was read may not be durable yet.
    medium.sync_folder("")?;
    begin_segment(medium, sizes, &crate::proof::merkle::Frontier::new(), None)?.put_in_place(medium)
}

struct Opened<'m> {
    medium: &'m dyn Medium,
    sizes: Sizes,
    tail: Tail,
}

impl Opened<'_> {
    /// Makes the end of the open segment durable: first index and next position.
    fn mend(&mut self, end: u64) -> io::Result<(u64, u64)> {
        let Tail { first, bytes, torn, synced, .. } = &self.tail;
        let file = self.medium.open(&name(*first))?;
        if let Some(torn) = torn {
            tracing::warn!(
                at = torn.at,
                reason = torn.reason,
                "cutting off the end of the log, which nobody was told of"
            );
            file.set_size(end)?;
        }
        // Bytes behind the last sync may be in memory only, and marked as written by a sync that failed: write them again.
        let from = (*synced).min(end);
        let again = usize::try_from(from).ok().zip(usize::try_from(end).ok());
        let again = again.and_then(|(from, to)| bytes.get(from..to)).unwrap_or_default();
        file.write_at(from, again)?;
        let size = file.size()?;
        let wanted = end.saturating_add(self.sizes.reserve);
        if size < wanted {
            match zeros(&*file, size, wanted) {
                Err(error) if !medium::no_room(&error) => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        file.sync()?;
        self.medium.sync_folder("")?;
        Ok((*first, end))
    }

    /// Begins the segment that follows a sealed one.
    fn follow(&mut self, contents: &mut Contents) -> io::Result<(u64, u64)> {
        let sealed = self.medium.open(&name(self.tail.first))?;
        sealed.write_at(0, &self.tail.bytes)?;
        sealed.sync()?;
        let frontier = contents.tree.frontier().clone();
        let note = contents.checkpoint.clone();
        let begun = begin_segment(self.medium, self.sizes, &frontier, note.as_deref())?;
        begun.put_in_place(self.medium)?;
        let first = frontier.size();
        contents.segments.push(Segment { first, count: 0, leaves: Leaves::Open(Vec::new()) });
        Ok((first, begun.position))
    }
}
