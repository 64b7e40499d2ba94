//! A disk that keeps only what was synced, for tests: it loses, tears and reorders everything else.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::log::medium::{Medium, MediumFile};

mod inode;

use inode::Inode;

/// The size of what a disk writes at once.
pub(crate) const SECTOR: usize = 512;

/// What the next fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The power goes at this call: before it, after it, or after so many sectors of a write.
    Crash { call: usize, after: bool, sectors: Option<usize> },
    /// This call fails, once or from then on.
    Error { call: usize, kind: io::ErrorKind, for_good: bool },
}

/// What becomes of writes and names that were not synced when the power went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsynced {
    Lost,
    Kept,
    /// Each sector and each name by itself, by this seed.
    Random(u64),
}

#[derive(Clone, Debug)]
enum Named {
    Put(String, usize),
    /// One change of the folder: after a power cut it is the one name or the other.
    Moved(String, String, usize),
    Gone(String),
}

impl Named {
    fn folder(&self) -> &str {
        let (Self::Put(name, _) | Self::Moved(name, _, _) | Self::Gone(name)) = self;
        name.rsplit_once('/').map_or("", |(folder, _)| folder)
    }
}

/// Calls of the log, and the sectors of each write.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) what: &'static str,
    pub(crate) sectors: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    inodes: Vec<Inode>,
    seen: BTreeMap<String, usize>,
    durable: BTreeMap<String, usize>,
    pending: Vec<Named>,
    pub(crate) calls: Vec<Call>,
    pub(crate) fault: Option<Fault>,
    pub(crate) down: bool,
    /// No file can grow.
    pub(crate) full: bool,
}

/// A handle to the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sim(Arc<Mutex<Inner>>);

impl Sim {
    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(crate) fn with_fault(fault: Fault) -> Self {
        let sim = Self::default();
        sim.inner().fault = Some(fault);
        sim
    }

    /// The call after so many others fails, once.
    pub(crate) fn fail_at(&self, calls: usize, kind: io::ErrorKind) {
        let mut inner = self.inner();
        let call = inner.calls.len() + calls;
        inner.fault = Some(Fault::Error { call, kind, for_good: false });
    }

    /// The next call fails, once.
    pub(crate) fn fail_next(&self, kind: io::ErrorKind) {
        self.fail_at(0, kind);
    }

    /// The disk as another process finds it after the power went.
    pub(crate) fn after_power_cut(&self, unsynced: Unsynced) -> Self {
        let inner = self.inner();
        let mut coins = Coins(match unsynced {
            Unsynced::Random(seed) => seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            Unsynced::Lost | Unsynced::Kept => 1,
        });
        let mut keep = || match unsynced {
            Unsynced::Lost => false,
            Unsynced::Kept => true,
            Unsynced::Random(_) => coins.toss(),
        };
        let contents: Vec<_> =
            inner.inodes.iter().map(|inode| inode.surviving(&mut keep)).collect();
        let mut names = inner.durable.clone();
        for change in inner.pending.iter().filter(|_| keep()) {
            apply(&mut names, change);
        }
        Self::holding(names, contents)
    }

    /// The disk as the next process finds it when only the process ended.
    pub(crate) fn after_process_end(&self) -> Self {
        let inner = self.inner();
        let next = Inner {
            inodes: inner.inodes.clone(),
            seen: inner.seen.clone(),
            durable: inner.durable.clone(),
            pending: inner.pending.clone(),
            ..Inner::default()
        };
        Self(Arc::new(Mutex::new(next)))
    }

    fn holding(names: BTreeMap<String, usize>, contents: Vec<Vec<u8>>) -> Self {
        let inodes = contents
            .into_iter()
            .map(|bytes| Inode { seen: bytes.clone(), durable: bytes, pending: Vec::new() })
            .collect();
        let inner = Inner { inodes, seen: names.clone(), durable: names, ..Inner::default() };
        Self(Arc::new(Mutex::new(inner)))
    }

    /// Changes the bytes of a file as a fault of the disk would.
    pub(crate) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut inner = self.inner();
        let id = inner.seen[name];
        let inode = &mut inner.inodes[id];
        change(&mut inode.seen);
        inode.durable = inode.seen.clone();
        inode.pending.clear();
    }

    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        let inner = self.inner();
        inner.inodes[inner.seen[name]].seen.clone()
    }

    pub(crate) fn remove_for_good(&self, name: &str) {
        let mut inner = self.inner();
        inner.seen.remove(name);
        inner.durable.remove(name);
    }
}

impl Inner {
    /// Counts a call and plays its fault; `Ok(false)` means that it has no effect.
    fn call(&mut self, what: &'static str, sectors: usize) -> io::Result<Effect> {
        if self.down {
            return Err(io::Error::other("the power is off"));
        }
        let number = self.calls.len();
        self.calls.push(Call { what, sectors });
        match self.fault {
            Some(Fault::Crash { call, after, sectors }) if call == number => {
                self.down = true;
                match (after, sectors) {
                    (true, _) => Ok(Effect::ThenDown),
                    (false, Some(sectors)) => Ok(Effect::Torn(sectors)),
                    (false, None) => Err(io::Error::other("the power went")),
                }
            }
            Some(Fault::Error { call, kind, for_good })
                if call == number || (for_good && call < number && what != "read") =>
            {
                Ok(Effect::Fails(kind))
            }
            Some(_) | None => Ok(Effect::Whole),
        }
    }
}

enum Effect {
    Whole,
    ThenDown,
    Torn(usize),
    Fails(io::ErrorKind),
}

impl Effect {
    fn end(&self) -> io::Result<()> {
        match self {
            Self::Whole => Ok(()),
            Self::ThenDown | Self::Torn(_) => Err(io::Error::other("the power went")),
            Self::Fails(kind) => Err((*kind).into()),
        }
    }

    fn happens(&self) -> bool {
        matches!(self, Self::Whole | Self::ThenDown)
    }
}

fn apply(names: &mut BTreeMap<String, usize>, change: &Named) {
    match change {
        Named::Put(name, inode) => drop(names.insert(name.clone(), *inode)),
        Named::Moved(from, to, inode) => {
            names.remove(from);
            names.insert(to.clone(), *inode);
        }
        Named::Gone(name) => drop(names.remove(name)),
    }
}

impl Medium for Sim {
    fn create_folder(&self, _folder: &str) -> io::Result<()> {
        self.inner().call("create_folder", 0)?.end()
    }

    fn list(&self, folder: &str) -> io::Result<Vec<String>> {
        let inner = self.inner();
        let within = |name: &String| match (folder, name.rsplit_once('/')) {
            ("", None) => Some(name.clone()),
            (folder, Some((of, name))) if of == folder => Some(name.to_owned()),
            _ => None,
        };
        Ok(inner.seen.keys().filter_map(within).collect())
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        let inner = self.inner();
        let inode = *inner.seen.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(Arc::new(SimFile { sim: self.clone(), inode }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn MediumFile>> {
        let mut inner = self.inner();
        let effect = inner.call("create", 0)?;
        let inode = inner.inodes.len();
        if effect.happens() {
            inner.inodes.push(Inode::default());
            let change = Named::Put(name.to_owned(), inode);
            apply(&mut inner.seen, &change);
            inner.pending.push(change);
        }
        effect.end()?;
        Ok(Arc::new(SimFile { sim: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut inner = self.inner();
        let effect = inner.call("rename", 0)?;
        if effect.happens() {
            let inode = *inner.seen.get(from).ok_or(io::ErrorKind::NotFound)?;
            let change = Named::Moved(from.to_owned(), to.to_owned(), inode);
            apply(&mut inner.seen, &change);
            inner.pending.push(change);
        }
        effect.end()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut inner = self.inner();
        let effect = inner.call("remove", 0)?;
        if effect.happens() {
            let change = Named::Gone(name.to_owned());
            apply(&mut inner.seen, &change);
            inner.pending.push(change);
        }
        effect.end()
    }

    fn sync_folder(&self, folder: &str) -> io::Result<()> {
        let mut inner = self.inner();
        let effect = inner.call("sync_folder", 0)?;
        if effect.happens() {
            let pending = std::mem::take(&mut inner.pending);
            for change in pending {
                if change.folder() == folder {
                    apply(&mut inner.durable, &change);
                } else {
                    inner.pending.push(change);
                }
            }
        }
        effect.end()
    }

    fn place(&self, name: &str) -> PathBuf {
        PathBuf::from("/sim").join(name)
    }
}

#[derive(Debug)]
struct SimFile {
    sim: Sim,
    inode: usize,
}

impl MediumFile for SimFile {
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        let inner = self.sim.inner();
        let bytes = &inner.inodes[self.inode].seen;
        let rest = bytes.get(usize::try_from(offset).unwrap()..).unwrap_or_default();
        let read = rest.len().min(into.len());
        into[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.sim.inner();
        let at = usize::try_from(offset).unwrap();
        let effect = inner.call("write", bytes.len().div_ceil(SECTOR))?;
        let full = inner.full;
        let inode = &mut inner.inodes[self.inode];
        if full && at + bytes.len() > inode.seen.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        match effect {
            Effect::Whole | Effect::ThenDown => inode.write(at, bytes),
            Effect::Torn(sectors) => inode.write(at, &bytes[..bytes.len().min(sectors * SECTOR)]),
            // A full disk takes what fits.
            Effect::Fails(_) => inode.write(at, &bytes[..bytes.len() / 2]),
        }
        effect.end()
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.sim.inner().inodes[self.inode].seen.len() as u64)
    }

    fn set_size(&self, size: u64) -> io::Result<()> {
        let mut inner = self.sim.inner();
        let effect = inner.call("set_size", 0)?;
        if effect.happens() {
            inner.inodes[self.inode].size(usize::try_from(size).unwrap());
        }
        effect.end()
    }

    fn sync(&self) -> io::Result<()> {
        let mut inner = self.sim.inner();
        let effect = inner.call("sync", 0)?;
        let inode = &mut inner.inodes[self.inode];
        match effect {
            Effect::Whole | Effect::ThenDown => inode.durable = inode.seen.clone(),
            Effect::Torn(_) | Effect::Fails(_) => {}
        }
        // A sync that failed marks its pages as written all the same: they are seen, and never reach the disk.
        if !matches!(effect, Effect::Torn(_)) {
            inode.pending.clear();
        }
        effect.end()
    }
}

/// A small generator, so that a failed case can be run again.
struct Coins(u64);

impl Coins {
    fn toss(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 33 & 1 == 1
    }
}
