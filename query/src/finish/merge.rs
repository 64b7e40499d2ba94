//! Adding the hospitals' cells: one group for each combination of group keys, hospitals apart where they are a key.
//!
//! A group for each network is the merge of that network's hospitals, network by network: a hospital in two counts in both.
//! The total is a merge of its own, of every hospital once.

use datafusion::common::ScalarValue;

use super::FinishError;
use super::parts::{HospitalPart, Told};
use crate::cut::tree::{OfNetworks, Set};
use crate::cut::{Fragment, Key};
use crate::disclose::{Band, CellState};
use crate::facts::domain::Domain;
use crate::pipe::{CellStatus, Networks};

/// One group of the merged table.
pub(super) struct Group {
    /// Its key values.
    pub(super) keys: Vec<ScalarValue>,
    /// Its sums, in the fragment's order; what is not shown adds nothing.
    pub(super) sums: Vec<i128>,
    /// Whether each is shown.
    pub(super) status: Vec<CellStatus>,
    /// The noise of each.
    pub(super) noise: Vec<Noise>,
    /// Where one hospital alone is in it, the band of each that it told one of. Its sum is hidden.
    pub(super) bands: Vec<Option<Band>>,
    /// *Shown* if there is such a group for certain; else why that is not known.
    pub(super) presence: CellStatus,
}

/// The noise of a sum of several hospitals' figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Noise {
    /// None of them has any.
    None,
    /// Some have, of this variance together in units of the sum's scale; none where that is not known.
    Of(Option<f64>),
}

impl Noise {
    /// With one more figure's.
    fn plus(self, variance: Option<f64>) -> Self {
        match self {
            Self::None => Self::Of(variance),
            Self::Of(known) => Self::Of(known.zip(variance).map(|(one, other)| one + other)),
        }
    }
}

impl Group {
    /// The noise of the sum at a place.
    pub(super) fn noise(&self, place: usize) -> Noise {
        self.noise.get(place).copied().unwrap_or(Noise::None)
    }

    /// The band of the sum at a place.
    pub(super) fn band(&self, place: usize) -> Option<Band> {
        self.bands.get(place).copied().flatten()
    }

    /// Whether the sum at a place is shown.
    pub(super) fn status(&self, place: usize) -> CellStatus {
        self.status.get(place).copied().unwrap_or(CellStatus::Hidden)
    }
}

/// What the hospitals sent.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    /// The fragments of the question.
    pub(super) fragments: &'a [Fragment],
    /// Every hospital that answered.
    pub(super) parts: &'a [HospitalPart],
    /// Which networks they are in.
    pub(super) networks: &'a Networks,
    /// How far a row can move each sum, squared.
    pub(super) reach: &'a [Vec<Option<f64>>],
}

/// The groups of a grouping set.
pub(super) struct Merged {
    /// The groups.
    pub(super) groups: Vec<Group>,
    /// The network of each, where they are by network.
    pub(super) networks: Vec<ScalarValue>,
}

/// A fragment, with how far a row can move each of its sums, squared.
type Reached<'a> = (&'a Fragment, &'a [Option<f64>]);

impl<'a> Cells<'a> {
    fn reach(&self, fragment: usize) -> &'a [Option<f64>] {
        self.reach.get(fragment).map_or(&[], Vec::as_slice)
    }

    /// The merged groups of a grouping set, with its fragment.
    pub(super) fn of(&self, set: &Set) -> Result<(&'a Fragment, Merged), FinishError> {
        let index = set.fragment;
        let fragment = self.fragments.get(index).ok_or(FinishError::Failed)?;
        let Some(OfNetworks { column: _, only }) = &set.networks else {
            let all: Vec<&HospitalPart> = self.parts.iter().collect();
            let whole = fragment.keys.is_empty();
            let groups = merge((fragment, self.reach(index)), (&all, index), whole)?;
            return Ok((fragment, Merged { groups, networks: Vec::new() }));
        };
        let mut merged = Merged { groups: Vec::new(), networks: Vec::new() };
        for (network, members) in self.networks {
            if only.as_ref().is_some_and(|only| !only.contains(network.as_str())) {
                continue;
            }
            let parts = self.parts.iter().filter(|part| members.contains(&part.hospital));
            let parts: Vec<&HospitalPart> = parts.collect();
            merged.groups.extend(merge((fragment, self.reach(index)), (&parts, index), false)?);
            let network = ScalarValue::Utf8(Some(network.as_str().to_owned()));
            merged.networks.resize(merged.groups.len(), network);
        }
        Ok((fragment, merged))
    }
}

/// Merges the cells of fragment `index`, in canonical order; as a `whole` there is one row, even of nobody.
fn merge(
    (fragment, reach): Reached<'_>,
    (parts, index): (&[&HospitalPart], usize),
    whole: bool,
) -> Result<Vec<Group>, FinishError> {
    let mut groups = Vec::new();
    let radices: Vec<usize> = fragment.keys.iter().map(|key| radix(key, parts)).collect();
    if radices.contains(&0) {
        return Ok(groups);
    }
    let mut places = vec![0_usize; radices.len()];
    loop {
        if let Some(group) = group((fragment, reach), (parts, index), (&places, whole))? {
            groups.push(group);
        }
        if !advance(&mut places, &radices) {
            return Ok(groups);
        }
    }
}

/// Number of values of a key, all hospitals together.
fn radix(key: &Key, parts: &[&HospitalPart]) -> usize {
    match &key.domain {
        Domain::Values(values) => values.len().saturating_add(usize::from(key.nullable)),
        Domain::Hospital => parts.len(),
    }
}

/// The next combination, last key fastest; `false` after the last one.
fn advance(places: &mut [usize], radices: &[usize]) -> bool {
    for (place, radix) in places.iter_mut().zip(radices).rev() {
        *place = place.saturating_add(1);
        if *place < *radix {
            return true;
        }
        *place = 0;
    }
    false
}

/// A group, unless it is empty at every hospital or its hospital keys name different ones.
fn group(
    (fragment, reach): Reached<'_>,
    (parts, index): (&[&HospitalPart], usize),
    (places, whole): (&[usize], bool),
) -> Result<Option<Group>, FinishError> {
    let mut keys = Vec::with_capacity(places.len());
    let mut cell = 0_usize;
    let mut only: Option<usize> = None;
    for (key, place) in fragment.keys.iter().zip(places) {
        match &key.domain {
            Domain::Values(values) => {
                let size = values.len().saturating_add(usize::from(key.nullable));
                cell = cell.saturating_mul(size).saturating_add(*place);
                let value = match values.get(*place) {
                    Some(value) => value.clone(),
                    None => ScalarValue::try_from(&key.data_type)
                        .map_err(|_engine| FinishError::Failed)?,
                };
                keys.push(value);
            }
            Domain::Hospital => {
                if only.replace(*place).is_some_and(|before| before != *place) {
                    return Ok(None);
                }
                let part = parts.get(*place).ok_or(FinishError::Failed)?;
                keys.push(ScalarValue::Utf8(Some(part.shown.clone())));
            }
        }
    }
    let contributors =
        || parts.iter().enumerate().filter(|(at, _)| only.is_none_or(|only| only == *at));
    let mut total = Total::new(fragment.primitives.len());
    for (_, part) in contributors() {
        total.add(part, (index, reach), cell)?;
    }
    let bands = match contributors().map(|(_, part)| part).collect::<Vec<_>>().as_slice() {
        [alone] => bands(alone, index, cell),
        _several => Vec::new(),
    };
    let Total { cells: Kinds { empty, hidden, shown }, sums } = total;
    if !shown && !hidden && !whole {
        debug_assert!(empty || parts.is_empty(), "a cell is empty, shown or hidden");
        return Ok(None);
    }
    let certain = shown || whole;
    let presence =
        if certain { CellStatus::Shown } else { Kinds { empty, hidden, shown }.status() };
    let status = sums.iter().map(|(_, kinds, _)| kinds.status()).collect();
    let noise = sums.iter().map(|(.., noise)| *noise).collect();
    let sums = sums.into_iter().map(|(sum, ..)| sum).collect();
    Ok(Some(Group { keys, sums, status, noise, bands, presence }))
}

/// The bands that a hospital told of a cell.
fn bands(part: &HospitalPart, index: usize, cell: usize) -> Vec<Option<Band>> {
    let Some(cells) = part.fragments.get(index) else { return Vec::new() };
    let present = cells.states.get(cell) == Some(&CellState::Present);
    let of = |(told, column): (&Told, &Vec<Option<i128>>)| {
        let code = column.get(cell).copied().flatten().filter(|_code| present);
        Band::of(code.filter(|_code| *told == Told::Band)?)
    };
    cells.told.iter().zip(&cells.sums).map(of).collect()
}

/// What kinds of parts something is made of.
#[derive(Clone, Copy, Default)]
struct Kinds {
    empty: bool,
    hidden: bool,
    shown: bool,
}

impl Kinds {
    /// Whether it is shown: hidden if every part is, incomplete if some are.
    fn status(self) -> CellStatus {
        let Self { empty, hidden, shown } = self;
        match (hidden, shown || empty) {
            (false, _) => CellStatus::Shown,
            (true, false) => CellStatus::Hidden,
            (true, true) => CellStatus::Incomplete,
        }
    }
}

/// Several hospitals' cells, and their sums one by one.
struct Total {
    cells: Kinds,
    sums: Vec<(i128, Kinds, Noise)>,
}

impl Total {
    fn new(sums: usize) -> Self {
        let sums = vec![(0, Kinds::default(), Noise::None); sums];
        Self { cells: Kinds::default(), sums }
    }

    fn add(
        &mut self,
        part: &HospitalPart,
        (index, reach): (usize, &[Option<f64>]),
        cell: usize,
    ) -> Result<(), FinishError> {
        let cells = part.fragments.get(index).ok_or(FinishError::Failed)?;
        let state = cells.states.get(cell).ok_or(FinishError::Failed)?;
        let present = *state == CellState::Present;
        match state {
            CellState::Empty => self.cells.empty = true,
            CellState::Present => self.cells.shown = true,
            CellState::Hidden => self.cells.hidden = true,
        }
        let all = self.sums.iter_mut().zip(&cells.sums).enumerate();
        for (at, ((sum, kinds, noises), column)) in all {
            let told = cells.told.get(at).copied().filter(|_told| present);
            match column.get(cell).ok_or(FinishError::Failed)? {
                // A band is no number to add.
                Some(_code) if told == Some(Told::Band) => kinds.hidden = true,
                Some(value) => {
                    kinds.shown = true;
                    *sum = sum.checked_add(*value).ok_or(FinishError::Overflow)?;
                    if let Some(Told::Noisy(variance)) = told {
                        let reach = reach.get(at).copied().flatten();
                        *noises = noises.plus(reach.map(|reach| reach * f64::from(variance)));
                    }
                }
                None => kinds.hidden = true,
            }
        }
        Ok(())
    }
}
