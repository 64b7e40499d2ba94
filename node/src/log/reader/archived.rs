//! What is left of archived segments on the node, and what of them can be read elsewhere.

use std::sync::Arc;

use policies::Digest;

use super::super::contents::{Gone, Leaves, damaged, stub_bytes};
use super::super::event::Archived;
use super::super::medium::Medium;
use super::super::stub::{self, About, LEAF_BYTES, Stub};
use super::super::{Entry, OpenError};
use super::{Archive, Reader};
use crate::proof::merkle::{TreeHash, leaf_hash};

impl Reader {
    /// The same reader, with a folder in which archived entries are found.
    #[must_use]
    pub fn with_archive(mut self, archive: Arc<dyn Medium>) -> Self {
        self.archive = Some(Arc::new(Archive::new(archive)));
        self
    }

    /// Index of the first entry that is on the node, not in an archive.
    #[must_use]
    pub fn here(&self) -> u64 {
        let contents = self.contents();
        let archived = |segment: &&super::super::contents::Segment| {
            matches!(segment.leaves, Leaves::Archived(_))
        };
        let last = contents.segments.iter().take_while(archived).last();
        last.map_or(0, |segment| segment.first.saturating_add(segment.count))
    }

    /// Index of the first entry that can be read: on the node, or in the archive that was named.
    #[must_use]
    pub fn readable_from(&self) -> u64 {
        if self.archive.is_some() { 0 } else { self.here() }
    }

    /// What the node keeps of archived segments, in order.
    #[must_use]
    pub fn archived(&self) -> Vec<About> {
        let contents = self.contents();
        let about = contents.segments.iter().filter_map(|segment| match &segment.leaves {
            Leaves::Archived(gone) => Some(gone.about.clone()),
            Leaves::Open(_) | Leaves::Sealed(_) => None,
        });
        about.collect()
    }

    /// The stub of an archived segment, and the digest of its file.
    ///
    /// # Errors
    /// `OpenError`.
    pub fn stub(&self, first: u64) -> Result<(Stub, Digest), OpenError> {
        let bytes = stub_bytes(&*self.medium, first)?;
        let wrong = |reason| damaged(&*self.medium, &stub::name(first), 0, reason);
        let (stub, _) = Stub::decode(&bytes).map_err(wrong)?;
        Ok((stub, Digest::of(&bytes)))
    }

    /// The entries of an archived segment that stay on the node.
    ///
    /// # Errors
    /// `OpenError::Entry`.
    pub fn kept(&self, about: &About) -> Result<Vec<Entry>, OpenError> {
        about.kept.iter().map(|(index, text)| self.parse(*index, text.as_bytes())).collect()
    }

    /// Place and bytes of every entry on the node, in order: those that stayed of archived segments, then all others.
    ///
    /// # Errors
    /// `OpenError` of an entry that cannot be read.
    pub fn bytes_here(&self) -> impl Iterator<Item = (u64, Result<Vec<u8>, OpenError>)> + use<> {
        let stayed = self.archived().into_iter().flat_map(|about| about.kept);
        let stayed = stayed.map(|(index, text)| (index, Ok(text.into_bytes())));
        let here = self.here();
        stayed.chain((here..).zip(self.bytes_from(here)))
    }

    /// Holds a stub against the entry that says what was archived.
    ///
    /// # Errors
    /// `OpenError::Damaged` where the stub is not the one that the entry names.
    pub fn agrees(&self, about: &About, said: &Archived) -> Result<(), OpenError> {
        let (stub, digest) = self.stub(about.first)?;
        let same = said.stub == digest && said.first == about.first && stub.about == *about;
        if same { Ok(()) } else { Err(self.unvouched(about)) }
    }

    /// The error of a stub that no entry of the log names.
    #[must_use]
    pub fn unvouched(&self, about: &About) -> OpenError {
        let reason = "no entry of the log says that a segment was archived and this was kept of it";
        damaged(&*self.medium, &stub::name(about.first), 0, reason)
    }

    /// Refuses where the entries from `from` on cannot all be read.
    ///
    /// # Errors
    /// `OpenError::Archived`.
    pub fn readable(&self, from: u64) -> Result<(), OpenError> {
        let stubs = if self.archive.is_some() { Vec::new() } else { self.archived() };
        match stubs.iter().find(|about| from < about.end()) {
            Some(about) => Err(self.elsewhere(about)),
            None => Ok(()),
        }
    }

    fn elsewhere(&self, about: &About) -> OpenError {
        let (first, last) = (about.first, about.end().saturating_sub(1));
        OpenError::Archived { first, last, folder: about.folder.clone(), here: self.here() }
    }

    /// The leaf of an archived entry.
    pub(super) fn kept_leaf(&self, gone: &Gone, number: u64) -> Result<TreeHash, OpenError> {
        let name = stub::name(gone.about.first);
        let at = gone.leaves.saturating_add(number.saturating_mul(LEAF_BYTES as u64));
        let bytes = self.read_file(&name, at, LEAF_BYTES)?;
        let leaf = bytes.first_chunk().map(|bytes| TreeHash::from_bytes(*bytes));
        leaf.ok_or_else(|| damaged(&*self.medium, &name, at, "the stub is cut off"))
    }

    /// The bytes of an archived entry: those that stayed, or from the archive.
    pub(super) fn archived_bytes(
        &self,
        about: &About,
        index: u64,
        leaf: &TreeHash,
    ) -> Result<Vec<u8>, OpenError> {
        if let Some(text) = about.kept.get(&index) {
            return Ok(text.clone().into_bytes());
        }
        let Some(archive) = &self.archive else {
            return Err(self.elsewhere(about));
        };
        let bytes = archive.bytes(about, index)?;
        if leaf_hash(&bytes) == *leaf {
            return Ok(bytes);
        }
        Err(archive.other(about, "an entry in it is another than the tree holds"))
    }
}
