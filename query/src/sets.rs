//! The sets of patients of a fragment's cells, as one blob: `(u32 length, set)*`, little-endian, cell after cell and in a cell
//! in the order of the layout, the whole cell's first. Nobody is length 0; a later set that is the whole cell's is
//! [`WHOLE`], without bytes.
//!
//! A set is a roaring bitmap without runs. What comes back is not believed: lengths are checked before anything is read, each
//! set must be the one encoding of what it holds, and nothing may be left over.

use std::sync::Arc;

use roaring::RoaringBitmap;

/// Most bytes of the sets of one fragment.
pub(crate) const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of a length.
const LENGTH: usize = 4;
/// The length of a set that is the cell's first.
const WHOLE: u32 = u32::MAX;
/// What a bitmap without runs begins with. One with runs says how many follow in another way.
const WITHOUT_RUNS: [u8; 4] = 12_346_u32.to_le_bytes();

/// The blob of the sets of all cells, so many a cell; none if it would be too large.
pub(crate) fn encode<'s>(columns: usize, sets: impl Iterator<Item = &'s [u8]>) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut whole: &[u8] = &[];
    for (at, set) in sets.enumerate() {
        let is_first = at.checked_rem(columns)? == 0;
        if !is_first && !set.is_empty() && (std::ptr::eq(set, whole) || set == whole) {
            bytes.extend_from_slice(&WHOLE.to_le_bytes());
        } else {
            bytes.extend_from_slice(&u32::try_from(set.len()).ok()?.to_le_bytes());
            bytes.extend_from_slice(set);
        }
        if is_first {
            whole = set;
        }
        if bytes.len() > MAX_BYTES {
            return None;
        }
    }
    Some(bytes)
}

/// Sets by cell; one that is the whole cell's is shared with it.
pub(crate) type Column = Vec<Arc<RoaringBitmap>>;

/// The sets of so many cells, each of so many sets, by column; none if these bytes are not the one encoding of such.
pub(crate) fn decode(bytes: &[u8], cells: usize, columns: usize) -> Option<Vec<Column>> {
    let least = cells.checked_mul(columns)?.checked_mul(LENGTH)?;
    if bytes.len() < least || bytes.len() > MAX_BYTES {
        return None;
    }
    let mut rest = bytes;
    let mut sets: Vec<Column> = vec![Vec::with_capacity(cells); columns];
    for _cell in 0..cells {
        let mut whole: Option<(&[u8], Arc<RoaringBitmap>)> = None;
        for column in &mut sets {
            let (length, after) = rest.split_first_chunk::<LENGTH>()?;
            let length = u32::from_le_bytes(*length);
            if let (WHOLE, Some((bytes, whole))) = (length, &whole) {
                if bytes.is_empty() {
                    return None;
                }
                column.push(Arc::clone(whole));
                rest = after;
                continue;
            }
            let (set, after) = after.split_at_checked(usize::try_from(length).ok()?)?;
            if whole.as_ref().is_some_and(|(bytes, _)| *bytes == set && !set.is_empty()) {
                return None;
            }
            let read = Arc::new(one(set)?);
            whole.get_or_insert_with(|| (set, Arc::clone(&read)));
            column.push(read);
            rest = after;
        }
    }
    rest.is_empty().then_some(sets)
}

/// One set.
fn one(bytes: &[u8]) -> Option<RoaringBitmap> {
    if bytes.is_empty() {
        return Some(RoaringBitmap::new());
    }
    if !bytes.starts_with(&WITHOUT_RUNS) {
        return None;
    }
    let set = RoaringBitmap::deserialize_from(bytes).ok()?;
    if set.is_empty() || set.internal_validate().is_err() || set.serialized_size() != bytes.len() {
        return None;
    }
    let mut again = Vec::with_capacity(bytes.len());
    set.serialize_into(&mut again).ok()?;
    (again == bytes).then_some(set)
}

#[cfg(test)]
mod tests;
