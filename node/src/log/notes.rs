//! The notes of all checkpoints that a log holds, for those who check the chain of them.

use super::contents::{Leaves, Segment, damaged, name};
use super::record::{Kind, RECORD_HEADER, SEGMENT_HEADER};
use super::scan::record;
use super::{OpenError, Reader};

impl Reader {
    /// The notes of the checkpoints over more than `from` entries, and some over fewer, as they were written: one that got
    /// cosignatures stands there twice, and a segment begins with the one before it. Those in archived segments went with
    /// them. Their signatures are not looked at. A daemon that appends meanwhile may add some at the end.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn notes(&self, from: u64) -> Result<Vec<String>, OpenError> {
        let contents = self.contents();
        // A segment repeats the last checkpoint of the one before it.
        // What an archived one held is in the archive under a later checkpoint, without its own.
        let before = |one: &&Segment| {
            matches!(one.leaves, Leaves::Archived(_)) || one.first.saturating_add(one.count) <= from
        };
        let skipped = contents.segments.iter().take_while(before).count();
        let skipped = skipped.min(contents.segments.len().saturating_sub(1));
        let firsts: Vec<u64> =
            contents.segments.iter().skip(skipped).map(|one| one.first).collect();
        drop(contents);
        let mut notes = Vec::new();
        for first in firsts {
            notes.append(&mut self.notes_of(first)?);
        }
        Ok(notes)
    }

    fn notes_of(&self, first: u64) -> Result<Vec<String>, OpenError> {
        let bytes = self.segment_bytes(first)?;
        let (mut at, mut next, mut notes) = (SEGMENT_HEADER, first, Vec::new());
        // Whatever is no record ends an open segment; a sealed one ends with its table.
        while let Ok((header, body)) = record(bytes.get(at..).unwrap_or_default(), at as u64, next)
        {
            match header.kind {
                Kind::Entry => next = next.saturating_add(1),
                Kind::Leaves => break,
                Kind::Checkpoint => {
                    let note = String::from_utf8(body.to_vec()).map_err(|_bytes| {
                        damaged(
                            &*self.medium,
                            &name(first),
                            at as u64,
                            "a checkpoint that is no text",
                        )
                    })?;
                    notes.push(note);
                }
            }
            at = at.saturating_add(RECORD_HEADER).saturating_add(body.len());
        }
        Ok(notes)
    }
}
