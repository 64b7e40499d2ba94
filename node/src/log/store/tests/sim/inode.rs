//! A file of the simulated disk: what is seen, what survives, and the sectors in between.

use super::SECTOR;

#[derive(Clone, Debug)]
pub(super) enum Change {
    Write(usize, Vec<u8>),
    Size(usize),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Inode {
    /// What the process sees.
    pub(super) seen: Vec<u8>,
    /// What survives.
    pub(super) durable: Vec<u8>,
    /// What was changed since the last sync, in order.
    pub(super) pending: Vec<Change>,
}

impl Inode {
    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(&mut self.seen, at, bytes);
        self.pending.push(Change::Write(at, bytes.to_vec()));
    }

    pub(super) fn size(&mut self, size: usize) {
        self.seen.resize(size, 0);
        self.pending.push(Change::Size(size));
    }

    pub(super) fn surviving(&self, keep: &mut impl FnMut() -> bool) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for change in &self.pending {
            match change {
                Change::Size(size) if keep() => bytes.resize(*size, 0),
                Change::Size(_) => {}
                Change::Write(at, written) => {
                    let mut from = 0;
                    while from < written.len() {
                        // Up to the next boundary of a sector.
                        let to = written.len().min(from + SECTOR - (at + from) % SECTOR);
                        if keep() {
                            put(&mut bytes, at + from, &written[from..to]);
                        }
                        from = to;
                    }
                }
            }
        }
        bytes
    }
}

fn put(into: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if into.len() < end {
        into.resize(end, 0);
    }
    into[at..end].copy_from_slice(bytes);
}
