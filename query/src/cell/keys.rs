//! Distinct keys of a group.

use std::collections::HashSet;

use arrow::array::{ArrayRef, AsArray as _, Int64Array, StringArray};
use arrow::datatypes::Int64Type;

/// Bytes of a number in a set, roughly.
const NUMBER_BYTES: usize = 24;
/// Bytes of a text in a set besides its own, roughly.
const TEXT_BYTES: usize = 40;

/// The keys seen in one group.
#[derive(Debug, Default)]
pub(super) struct Keys {
    numbers: Numbers,
    texts: HashSet<Box<str>>,
    last: Option<Box<str>>,
    text_bytes: usize,
}

/// Numbers seen. Keys that rise with the patients come in order, a patient's rows as a run: a list then does what a set
/// would, without a look-up.
#[derive(Debug)]
enum Numbers {
    /// Ascending, each once.
    InOrder(Vec<i64>),
    /// In any order.
    Any(HashSet<i64>),
}

impl Default for Numbers {
    fn default() -> Self {
        Self::InOrder(Vec::new())
    }
}

impl Numbers {
    /// Whether it was not seen before.
    fn see(&mut self, number: i64) -> bool {
        match self {
            Self::InOrder(seen) => match seen.last() {
                Some(last) if *last == number => false,
                Some(last) if *last > number => self.out_of_order(number),
                Some(_) | None => {
                    seen.push(number);
                    true
                }
            },
            Self::Any(seen) => seen.insert(number),
        }
    }

    #[cold]
    fn out_of_order(&mut self, number: i64) -> bool {
        let Self::InOrder(seen) = self else { return false };
        let mut set: HashSet<i64> = seen.drain(..).collect();
        let first = set.insert(number);
        *self = Self::Any(set);
        first
    }

    fn len(&self) -> usize {
        match self {
            Self::InOrder(seen) => seen.len(),
            Self::Any(seen) => seen.len(),
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::InOrder(seen) => seen.capacity().saturating_mul(size_of::<i64>()),
            Self::Any(seen) => seen.len().saturating_mul(NUMBER_BYTES),
        }
    }
}

impl Keys {
    fn see_text(&mut self, text: &str) -> bool {
        if self.last.as_deref() == Some(text) {
            return false;
        }
        self.last = Some(text.into());
        let first = !self.texts.contains(text);
        if first {
            self.texts.insert(text.into());
            self.text_bytes = self.text_bytes.saturating_add(text.len()).saturating_add(TEXT_BYTES);
        }
        first
    }

    /// How many they are.
    pub(super) fn count(&self) -> usize {
        self.numbers.len().saturating_add(self.texts.len())
    }

    /// Bytes held, roughly.
    pub(super) fn size(&self) -> usize {
        let held = self.numbers.size().saturating_add(self.text_bytes);
        size_of::<Self>().saturating_add(held)
    }
}

/// A column of keys.
pub(super) enum KeyColumn<'a> {
    Numbers(&'a Int64Array),
    Texts(&'a StringArray),
}

impl<'a> KeyColumn<'a> {
    /// The column, if keys can be of its type.
    pub(super) fn of(column: &'a ArrayRef) -> Option<Self> {
        if let Some(column) = column.as_primitive_opt::<Int64Type>() {
            return Some(Self::Numbers(column));
        }
        column.as_string_opt::<i32>().map(Self::Texts)
    }

    /// Adds the key of a row; whether it was not seen before.
    pub(super) fn see(&self, row: usize, into: &mut Keys) -> bool {
        match self {
            Self::Numbers(column) => into.numbers.see(column.value(row)),
            Self::Texts(column) => into.see_text(column.value(row)),
        }
    }
}
