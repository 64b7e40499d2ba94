//! Fragments as they were told: what later answers over the same snapshot are linked with.
//!
//! Whose figures they are and what they say is the caller's: the memory keeps bytes under the name of the fragment and of the
//! limits in force, with the digests of the rows that it is about. Nothing is ever dropped; where there is no room nothing is
//! told. What was read of the bytes is kept beside them for a part of the last snapshot's tables ([`body`]).

use std::collections::BTreeMap;

use super::bounds::Room;
use super::charge::{Charge, Event};
use super::state::Memory;
use super::{Name, code};
use body::Body;

mod body;

/// Tables of one snapshot: each later answer about the same rows is linked with all of them.
pub(super) const MAX_TABLES: usize = 2_000;
/// Bytes of the tables of one lineage.
pub(super) const MAX_BYTES: usize = 256 << 20;
/// Bytes of the tables of one answer.
const MAX_CHARGED: usize = 16 << 20;
/// Bytes of the tables of which what was read is kept, which takes about ten times as many.
const MAX_READ: usize = 4 << 20;

/// One fragment as it was told. It holds figures that nobody was told, so it prints nothing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Table {
    /// The snapshot that it was told from.
    pub(crate) snapshot: Name,
    /// The fragment and the limits under which it was told.
    pub(crate) name: Name,
    /// The rows that its figures are about, in each space.
    pub(crate) bases: Vec<Name>,
    /// What was told and what was not, in the caller's encoding.
    pub(crate) body: Body,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("bytes", &self.body.len()).finish_non_exhaustive()
    }
}

impl Table {
    /// About how many bytes it is kept with.
    pub(super) fn bytes(&self) -> usize {
        self.body.len().saturating_add(self.bases.len().saturating_add(2).saturating_mul(32))
    }

    pub(super) fn write(&self, writer: &mut code::Writer) {
        let Self { snapshot, name, bases, body } = self;
        writer.name(snapshot);
        writer.name(name);
        writer.list(bases, code::Writer::name);
        writer.bytes(body);
    }

    pub(super) fn read(reader: &mut code::Reader<'_>) -> Result<Self, code::CodeError> {
        let (snapshot, name) = (reader.name()?, reader.name()?);
        let bases = reader.list(code::Reader::name)?;
        Ok(Self { snapshot, name, bases, body: reader.bytes()?.to_vec().into() })
    }
}

/// All tables of a lineage.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Tables {
    of: BTreeMap<Name, Vec<Table>>,
    bytes: usize,
    /// The snapshot of the last table: of its first tables what was read is kept, so many bytes of them.
    last: Option<Name>,
    read: usize,
}

impl Tables {
    pub(super) fn keep(&mut self, table: &Table) {
        self.bytes = self.bytes.saturating_add(table.bytes());
        if let Some(last) = self.last.filter(|last| *last != table.snapshot) {
            self.of(&last).iter().for_each(|table| table.body.keep_read(false));
            self.read = 0;
        }
        self.last = Some(table.snapshot);
        let read = self.read.saturating_add(table.bytes());
        table.body.keep_read(read <= MAX_READ);
        self.read = if read <= MAX_READ { read } else { self.read };
        self.of.entry(table.snapshot).or_default().push(table.clone());
    }

    fn of(&self, snapshot: &Name) -> &[Table] {
        self.of.get(snapshot).map_or(&[], Vec::as_slice)
    }
}

impl Memory {
    /// What was told from a snapshot, in the order in which it was.
    pub(crate) fn tables(&self, snapshot: &Name) -> &[Table] {
        self.kept_tables().of(snapshot)
    }

    /// Whether one answer's tables of a snapshot can be kept in the room that it may use: so many, of so many bytes.
    pub(crate) fn has_room_for(
        &self,
        (snapshot, room): (&Name, Room),
        tables: usize,
        bytes: usize,
    ) -> bool {
        let kept = self.kept_tables();
        let tables = kept.of(snapshot).len().saturating_add(tables);
        let all = kept.bytes.saturating_add(bytes);
        let kept = tables <= room.of(MAX_TABLES) && all <= room.of(MAX_BYTES);
        kept && bytes <= MAX_CHARGED
    }
}

impl Charge {
    /// Enters a fragment as it is told.
    pub(crate) fn keep(&mut self, table: Table) {
        self.draft(Event::Table(table));
    }
}
