//! What one answer adds to the memory.

use roaring::RoaringBitmap;
use sha2::{Digest as _, Sha256};

use super::code::{CodeError, Reader, Writer};
use super::exact::{ExactCell, Measure};
use super::quota::Asker;
use super::state::Memory;
use super::tables::Table;
use super::{Day, Name};

/// Format of the bytes. In the first a form had the patients that retire with it, and there were no tables. In the second, measures had
/// keys for marks: where somebody contributes other than 1, no mark is equal to one of those, as if it had been corrected.
const VERSION: u8 = 3;
/// Formats that are read.
const VERSIONS: std::ops::RangeInclusive<u8> = 1..=VERSION;
/// Bytes of one charge: the largest answer's cells with their sets.
pub(super) const MAX_BYTES: usize = 64 << 20;
/// Bytes of the sets of one exact answer.
pub(super) const MAX_EXACT_BYTES: usize = MAX_BYTES / 4;

/// One thing that happened.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// Units were used.
    Asked { asker: Asker, day: Day, units: u64 },
    /// An exact cell was told.
    Exact(ExactCell),
    /// A form of a set was told with noise.
    Explored { set: RoaringBitmap, form: Name, columns: Vec<Name>, cost: u8 },
    /// Figures of the lineage have the noise of this key from here on.
    Keyed(Name),
    /// Patients are left out of what is told with noise from here on.
    Retired(RoaringBitmap),
    /// A fragment was told, as it stands here.
    Table(Table),
}

impl Event {
    /// About how many bytes it is written with: a set that several measures have is written with each.
    fn weight(&self) -> usize {
        let sets: Vec<&RoaringBitmap> = match self {
            Self::Exact(ExactCell { set, measures, .. }) => {
                measures.iter().filter_map(|measure| measure.set.as_ref()).chain([set]).collect()
            }
            Self::Explored { set, .. } | Self::Retired(set) => vec![set],
            Self::Asked { .. } | Self::Keyed(_) => Vec::new(),
            Self::Table(table) => return table.bytes(),
        };
        let sizes = sets.into_iter().map(RoaringBitmap::serialized_size);
        sizes.fold(256, |sum, size| sum.saturating_add(size).saturating_add(64))
    }
}

/// All that one answer adds to the memory: applied whole, or not at all. It holds sets of patients, so it prints nothing.
#[derive(Clone)]
pub struct Charge {
    pub(super) lineage: Name,
    /// How many charges the state had that it was made on.
    pub(super) base: u64,
    /// Whether the memory has room for what the answer could add; it is not kept.
    pub(super) has_room: bool,
    pub(super) events: Vec<Event>,
    drafted: Box<Memory>,
    /// About how many bytes the events have.
    pub(super) bytes: usize,
}

impl std::fmt::Debug for Charge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charge").field("base", &self.base).finish_non_exhaustive()
    }
}

impl PartialEq for Charge {
    fn eq(&self, other: &Self) -> bool {
        let Self { lineage, base, has_room: _, events, drafted: _, bytes: _ } = self;
        (lineage, base, events) == (&other.lineage, &other.base, &other.events)
    }
}

impl Charge {
    pub(super) fn new((lineage, base): (Name, u64), has_room: bool) -> Self {
        let drafted = Box::new(Memory::new(lineage));
        Self { lineage, base, has_room, events: Vec::new(), drafted, bytes: 0 }
    }

    /// The state that this charge alone makes.
    pub(super) fn drafted(&self) -> &Memory {
        &self.drafted
    }

    /// Adds an event.
    pub(super) fn draft(&mut self, event: Event) {
        self.drafted.happen(&event);
        self.bytes = self.bytes.saturating_add(event.weight());
        self.events.push(event);
    }

    /// Whether with an event the sets of one answer are still no more than one charge can hold.
    pub(super) fn holds(&self, event: &Event) -> bool {
        let more = event.weight();
        self.drafted.bytes().saturating_add(more) <= MAX_EXACT_BYTES
            && self.bytes.saturating_add(more) <= MAX_BYTES / 2
    }

    /// Whether applying it would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// A digest of each exact cell that it enters, figures and patients included, and of each form of a set with each column that is
    /// charged for it: the same entered twice shows.
    pub fn told(&self) -> impl Iterator<Item = Name> {
        self.events.iter().flat_map(|event| match event {
            Event::Exact(cell) => {
                let mut writer = Writer::default();
                write_cell(&mut writer, cell);
                vec![Sha256::digest(writer.finish()).into()]
            }
            Event::Explored { set, form, columns, .. } => {
                let charged = columns.iter().map(|column| {
                    let mut writer = Writer::default();
                    writer.set(set);
                    writer.name(form);
                    writer.name(column);
                    Sha256::digest(writer.finish()).into()
                });
                charged.collect()
            }
            Event::Asked { .. } | Event::Keyed(_) | Event::Retired(_) | Event::Table(_) => {
                Vec::new()
            }
        })
    }

    /// The fragments that it enters.
    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.events.iter().filter_map(|event| match event {
            Event::Table(table) => Some(table),
            Event::Asked { .. }
            | Event::Exact(_)
            | Event::Explored { .. }
            | Event::Keyed(_)
            | Event::Retired(_) => None,
        })
    }

    /// The bytes that are kept.
    ///
    /// # Errors
    /// `CodeError` when they are too many.
    pub fn encode(&self) -> Result<Vec<u8>, CodeError> {
        let mut writer = Writer::default();
        writer.byte(VERSION);
        writer.name(&self.lineage);
        writer.number(self.base);
        writer.list(&self.events, |writer, event| match event {
            Event::Asked { asker: Asker { person, purpose, organisation }, day, units } => {
                writer.byte(0);
                [person, purpose, organisation].into_iter().for_each(|name| writer.name(name));
                writer.number(u64::from(*day));
                writer.number(*units);
            }
            Event::Exact(cell) => {
                writer.byte(1);
                write_cell(writer, cell);
            }
            Event::Explored { set, form, columns, cost } => {
                writer.byte(2);
                writer.set(set);
                writer.name(form);
                writer.list(columns, Writer::name);
                writer.byte(*cost);
            }
            Event::Keyed(key) => {
                writer.byte(3);
                writer.name(key);
            }
            Event::Retired(set) => {
                writer.byte(5);
                writer.set(set);
            }
            Event::Table(table) => {
                writer.byte(4);
                table.write(writer);
            }
        });
        let bytes = writer.finish();
        if bytes.len() > MAX_BYTES {
            return Err(CodeError::Large);
        }
        Ok(bytes)
    }

    /// Reads what was kept.
    ///
    /// # Errors
    /// `CodeError` for anything but the bytes of a charge.
    pub fn decode(bytes: &[u8]) -> Result<Self, CodeError> {
        if bytes.len() > MAX_BYTES {
            return Err(CodeError::Large);
        }
        let mut reader = Reader::new(bytes);
        let version = reader.byte()?;
        if !VERSIONS.contains(&version) {
            return Err(CodeError::Version { version });
        }
        let (lineage, base) = (reader.name()?, reader.number()?);
        let events = reader.list(|reader| read_events(reader, version))?.concat();
        reader.end()?;
        Ok(Self { events, ..Self::new((lineage, base), true) })
    }
}

/// One event, or in the first format two.
fn read_events(reader: &mut Reader<'_>, version: u8) -> Result<Vec<Event>, CodeError> {
    let event = match reader.byte()? {
        0 => {
            let (person, purpose) = (reader.name()?, reader.name()?);
            let asker = Asker { person, purpose, organisation: reader.name()? };
            Event::Asked { asker, day: reader.day()?, units: reader.number()? }
        }
        1 => Event::Exact(read_cell(reader)?),
        2 => {
            let (set, form) = (reader.set()?, reader.name()?);
            let (columns, cost) = (reader.list(Reader::name)?, reader.byte()?);
            let event = Event::Explored { set, form, columns, cost };
            let retired = if version == 1 { Some(Event::Retired(reader.set()?)) } else { None };
            return Ok(std::iter::once(event).chain(retired).collect());
        }
        3 => Event::Keyed(reader.name()?),
        4 if version >= 2 => Event::Table(Table::read(reader)?),
        5 if version >= 2 => Event::Retired(reader.set()?),
        _ => return Err(CodeError::Shape),
    };
    Ok(vec![event])
}

fn read_cell(reader: &mut Reader<'_>) -> Result<ExactCell, CodeError> {
    Ok(ExactCell {
        name: reader.name()?,
        set: reader.set()?,
        measures: reader.list(|reader| {
            let (name, key) = (reader.name()?, reader.number()?);
            let mut sets = reader.list(Reader::set)?;
            let set = sets.pop();
            if sets.is_empty() { Ok(Measure { name, set, key }) } else { Err(CodeError::Shape) }
        })?,
        figures: reader.bytes()?.to_vec(),
        day: reader.day()?,
        snapshot: reader.number()?,
    })
}

fn write_cell(writer: &mut Writer, cell: &ExactCell) {
    let ExactCell { name, set, measures, figures, day, snapshot } = cell;
    writer.name(name);
    writer.set(set);
    writer.list(measures, |writer, Measure { name, set, key }| {
        writer.name(name);
        writer.number(*key);
        writer.list(set.as_slice(), Writer::set);
    });
    writer.bytes(figures);
    writer.number(u64::from(*day));
    writer.number(*snapshot);
}
