//! Old segments leave the node, and their stubs take their place: stub first, segment after it, the oldest segment first.

use std::sync::{Arc, PoisonError};

use policies::Digest;

use super::super::OpenError;
use super::super::contents::{Gone, Leaves, damaged, io, name, stub_bytes};
use super::super::medium;
use super::super::stub::{self, Stub};
use super::Store;

/// A segment that is closed, and on the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Index of its first entry.
    pub first: u64,
    /// Its entries.
    pub count: u64,
}

impl Store {
    /// The closed segment that is the oldest on the node.
    #[must_use]
    pub fn oldest(&self) -> Option<Closed> {
        let contents = self.contents.read().unwrap_or_else(PoisonError::into_inner);
        let gone = |leaves: &Leaves| matches!(leaves, Leaves::Archived(_));
        let oldest = contents.segments.iter().find(|segment| !gone(&segment.leaves))?;
        let sealed = matches!(oldest.leaves, Leaves::Sealed(_)) && oldest.count > 0;
        sealed.then_some(Closed { first: oldest.first, count: oldest.count })
    }

    /// Writes a stub beside its segment, durably; the digest of its file.
    ///
    /// # Errors
    /// `OpenError`; the segment is untouched.
    pub fn put_stub(&self, stub: &Stub) -> Result<Digest, OpenError> {
        let name = stub::name(stub.about.first);
        let failed = io(&*self.medium, &name, "writing");
        let bytes = stub.encode().map_err(|error| failed(error.into()))?;
        medium::put(&*self.medium, "", &name, &bytes).map_err(&failed)?;
        Ok(Digest::of(&bytes))
    }

    /// Removes the oldest segment, whose stub is beside it and is the one with this digest.
    ///
    /// # Errors
    /// `OpenError`: the segment is there unless a disk failed while it was removed.
    pub fn remove_oldest(&mut self, digest: Digest) -> Result<(), OpenError> {
        let Some(Closed { first, count }) = self.oldest() else {
            return Err(damaged(&*self.medium, "", 0, "there is no closed segment"));
        };
        let wrong = |reason: &str| damaged(&*self.medium, &stub::name(first), 0, reason);
        let bytes = stub_bytes(&*self.medium, first)?;
        let (stub, leaves) = Stub::decode(&bytes).map_err(wrong)?;
        let places = self.reader().places(first)?;
        let same = places.iter().map(|place| &place.hash).eq(&stub.leaves);
        if !same || Digest::of(&bytes) != digest || stub.about.first != first {
            return Err(wrong("it is not the stub of its segment"));
        }
        let segment = name(first);
        let failed = io(&*self.medium, &segment, "removing");
        self.medium.remove(&segment).map_err(&failed)?;
        self.medium.sync_folder("").map_err(&failed)?;
        let mut contents = self.contents.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(gone) = contents.segments.iter_mut().find(|segment| segment.first == first) {
            gone.count = count;
            gone.leaves = Leaves::Archived(Arc::new(Gone { about: stub.about, leaves }));
        }
        Ok(())
    }
}
