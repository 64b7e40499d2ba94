//! Bytes of charges: numbers of eight bytes, least first; everything else behind its length.

use roaring::RoaringBitmap;

use super::{Day, Name, sets};

/// Why bytes are not a charge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Of a version that this node does not know.
    #[error(
        "a charge of version {version}, which this version of kring cannot read: use the version that wrote it or a later one"
    )]
    Version {
        /// The version found.
        version: u8,
    },
    /// More bytes than a charge has.
    #[error("a charge of too many bytes")]
    Large,
    /// They end early, go on, or are not in the form in which they are written.
    #[error("a charge that is damaged")]
    Shape,
    /// What was told stands in it, in a form that this version does not read.
    #[error(
        "a charge with figures that this version of kring cannot read: use the version that wrote it or a later one"
    )]
    Table,
}

impl CodeError {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Version { .. } => "charge_version",
            Self::Large => "charge_large",
            Self::Shape => "charge_damaged",
            Self::Table => "charge_table",
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.extend(number.to_le_bytes());
    }

    pub(super) fn name(&mut self, name: &Name) {
        self.0.extend(name);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.0.extend(bytes);
    }

    pub(super) fn set(&mut self, set: &RoaringBitmap) {
        self.bytes(&sets::bytes_of(set));
    }

    pub(super) fn list<T>(&mut self, list: &[T], each: impl Fn(&mut Self, &T)) {
        self.length(list.len());
        list.iter().for_each(|one| each(self, one));
    }

    fn length(&mut self, length: usize) {
        self.number(u64::try_from(length).unwrap_or(u64::MAX));
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.0
    }
}

#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], CodeError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(CodeError::Shape)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], CodeError> {
        self.take(N)?.first_chunk().copied().ok_or(CodeError::Shape)
    }

    pub(super) fn byte(&mut self) -> Result<u8, CodeError> {
        let [byte] = self.array()?;
        Ok(byte)
    }

    pub(super) fn number(&mut self) -> Result<u64, CodeError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn name(&mut self) -> Result<Name, CodeError> {
        self.array()
    }

    pub(super) fn day(&mut self) -> Result<Day, CodeError> {
        Day::try_from(self.number()?).or(Err(CodeError::Shape))
    }

    pub(super) fn bytes(&mut self) -> Result<&'a [u8], CodeError> {
        let length = usize::try_from(self.number()?).or(Err(CodeError::Shape))?;
        self.take(length)
    }

    /// A set in the form in which it is written; no other bytes are that set.
    pub(super) fn set(&mut self) -> Result<RoaringBitmap, CodeError> {
        let bytes = self.bytes()?;
        let set = RoaringBitmap::deserialize_from(bytes).or(Err(CodeError::Shape))?;
        if sets::bytes_of(&set) == bytes { Ok(set) } else { Err(CodeError::Shape) }
    }

    pub(super) fn list<T>(
        &mut self,
        each: impl Fn(&mut Self) -> Result<T, CodeError>,
    ) -> Result<Vec<T>, CodeError> {
        // Grows as it is read: a length alone reserves nothing.
        let mut list = Vec::new();
        for _ in 0..self.number()? {
            list.push(each(self)?);
        }
        Ok(list)
    }

    pub(super) fn end(self) -> Result<(), CodeError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodeError::Shape) }
    }
}
