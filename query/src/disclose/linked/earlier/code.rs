//! Bytes of cells: numbers in groups of seven bits, least first; signs in the lowest bit.

use crate::disclose::CellState;
use crate::disclose::rules::Rule;

/// Every rule, at the place of its byte.
const RULES: [Rule; 15] = [
    Rule::Fault,
    Rule::Empty,
    Rule::SmallCell,
    Rule::SmallPart,
    Rule::Everyone,
    Rule::Dominance,
    Rule::Rest,
    Rule::Spread,
    Rule::GivenAway,
    Rule::Before,
    Rule::MemoryFull,
    Rule::Linked,
    Rule::Unlinked,
    Rule::Quantile,
    Rule::Untold,
];

/// The byte of why a figure is null; 0 of one that is shown.
pub(super) fn byte(rule: Option<Rule>) -> u8 {
    match rule {
        None => 0,
        Some(Rule::Fault) => 1,
        Some(Rule::Empty) => 2,
        Some(Rule::SmallCell) => 3,
        Some(Rule::SmallPart) => 4,
        Some(Rule::Everyone) => 5,
        Some(Rule::Dominance) => 6,
        Some(Rule::Rest) => 7,
        Some(Rule::Spread) => 8,
        Some(Rule::GivenAway) => 9,
        Some(Rule::Before) => 10,
        Some(Rule::MemoryFull) => 11,
        Some(Rule::Linked) => 12,
        Some(Rule::Unlinked) => 13,
        Some(Rule::Quantile) => 14,
        Some(Rule::Untold) => 15,
    }
}

pub(super) fn number(bytes: &mut Vec<u8>, mut number: u128) {
    loop {
        let low = u8::try_from(number & 0x7f).unwrap_or_default();
        number >>= 7;
        if number == 0 {
            bytes.push(low);
            return;
        }
        bytes.push(low | 0x80);
    }
}

pub(super) fn signed(bytes: &mut Vec<u8>, value: i128) {
    number(bytes, (value.cast_unsigned() << 1) ^ (value >> 127).cast_unsigned());
}

/// Bytes that are left to read.
pub(super) struct Bytes<'b>(pub(super) &'b [u8]);

impl<'b> Bytes<'b> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*byte)
    }

    fn number(&mut self) -> Option<u128> {
        let (mut number, mut shift) = (0_u128, 0_u32);
        loop {
            let byte = self.byte()?;
            let part = u128::from(byte & 0x7f);
            let moved = part.checked_shl(shift).filter(|moved| moved >> shift == part)?;
            number |= moved;
            if byte & 0x80 == 0 {
                return Some(number);
            }
            shift = shift.checked_add(7)?;
        }
    }

    pub(super) fn signed(&mut self) -> Option<i128> {
        let number = self.number()?;
        let sign = (number & 1).cast_signed().checked_neg()?;
        Some((number >> 1).cast_signed() ^ sign)
    }

    pub(super) fn count(&mut self) -> Option<u64> {
        self.number()?.try_into().ok()
    }

    pub(super) fn length(&mut self) -> Option<usize> {
        self.number()?.try_into().ok()
    }

    pub(super) fn flag(&mut self) -> Option<bool> {
        match self.byte()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    pub(super) fn state(&mut self) -> Option<CellState> {
        CellState::of(self.byte()?)
    }

    pub(super) fn rule(&mut self) -> Option<Option<Rule>> {
        match self.byte()?.checked_sub(1) {
            None => Some(None),
            Some(at) => RULES.get(usize::from(at)).copied().map(Some),
        }
    }
}

#[cfg(test)]
mod tests;
