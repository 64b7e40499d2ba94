//! The bytes of a table, and what was read of them.
//!
//! Every answer over a snapshot looks at all its tables, so what the caller made of a table's bytes can be kept beside them. It is a
//! cache: it follows from the bytes, counts for no equality, is not written, and is read anew where it is not there.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is kept of what was read.
enum Read {
    /// Nothing, whatever is read.
    Never,
    /// Nothing yet.
    Unread,
    /// This.
    Kept(Arc<dyn Any + Send + Sync>),
}

struct Inner {
    bytes: Box<[u8]>,
    read: Mutex<Read>,
}

/// Bytes in the caller's encoding.
#[derive(Clone)]
pub(crate) struct Body(Arc<Inner>);

impl Body {
    /// What `read` makes of the bytes; what it made of them before, where that is kept.
    pub(crate) fn read<T: Send + Sync + 'static>(
        &self,
        read: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Option<Arc<T>> {
        if let Read::Kept(kept) = &*self.lock()
            && let Ok(kept) = Arc::clone(kept).downcast()
        {
            return Some(kept);
        }
        let made = Arc::new(read(self)?);
        let mut state = self.lock();
        match *state {
            Read::Never => {}
            Read::Unread | Read::Kept(_) => *state = Read::Kept(Arc::clone(&made) as _),
        }
        Some(made)
    }

    /// Whether what is read from here on is kept. What was kept is forgotten where it may not.
    pub(super) fn keep_read(&self, keeps: bool) {
        let mut state = self.lock();
        match (&*state, keeps) {
            (Read::Never, true) => *state = Read::Unread,
            (Read::Unread | Read::Kept(_), false) => *state = Read::Never,
            (Read::Never, false) | (Read::Unread | Read::Kept(_), true) => {}
        }
    }

    #[cfg(test)]
    pub(super) fn is_kept(&self) -> bool {
        matches!(*self.lock(), Read::Kept(_))
    }

    fn lock(&self) -> MutexGuard<'_, Read> {
        self.0.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Inner { bytes: bytes.into(), read: Mutex::new(Read::Never) }))
    }
}

impl From<&[u8]> for Body {
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl std::ops::Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0.bytes
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Body {}

#[cfg(test)]
mod tests;
