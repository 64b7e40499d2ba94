use policies::Digest;
use policies::explore::Explore;
use policies::footprint::{
    LinkAxis, LinkFixed, LinkFootprint, LinkName, LinkNames, LinkQuantity, LinkSet, LinkSum,
    MeasureFootprint, MeasureKind, Sensitive, SumFootprint, SumKind, Units,
};
use policies::protections::{MinPatients, Opinions, Zeros};

use super::*;
use crate::disclose::verdicts;
use crate::memory::{Charge, Table};

mod analyst;
mod kinds;
mod left;
mod near;
mod properties;
mod sequences;
mod several;
mod speed;
mod sums;
mod windows;

/// The axes of these tests: grade, size, and whether dead.
const DEAD: usize = 2;

/// Patients by grade, size and death, one row each.
#[derive(Clone, Debug)]
struct Population {
    sizes: [u32; 3],
    of: BTreeMap<[u32; 3], u32>,
    /// Whether death is sensitive.
    marked: bool,
}

/// One part of a question: grouped by some axes, where others have a place, with and without a count of the dead.
#[derive(Clone, Debug)]
struct Part {
    keys: Vec<usize>,
    fixed: Vec<(usize, u32)>,
    dead: bool,
}

fn by(keys: &[usize]) -> Part {
    Part { keys: keys.to_vec(), fixed: Vec::new(), dead: false }
}

/// A figure of an answer: which patients it counts, and whether it is shown, or why not.
#[derive(Clone, Debug)]
struct Told {
    at: Figure,
    of: Vec<(usize, u32)>,
    value: u32,
    why: Option<Rule>,
}

impl Population {
    /// As many patients as `of` says, nobody dead.
    fn living(sizes: [u32; 2], of: impl Fn(u32, u32) -> u32) -> Self {
        let grades = (0..sizes[0]).flat_map(|grade| (0..sizes[1]).map(move |size| (grade, size)));
        let cells = grades.map(|(grade, size)| ([grade, size, 0], of(grade, size)));
        Self { sizes: [sizes[0], sizes[1], 2], of: cells.collect(), marked: false }
    }

    fn meet<'p>(&'p self, places: &'p [(usize, u32)]) -> impl Iterator<Item = u32> + 'p {
        let meets = |at: &[u32; 3]| places.iter().all(|(axis, place)| at[*axis] == *place);
        self.of.iter().filter(move |(at, _)| meets(at)).map(|(_, many)| *many)
    }

    fn count(&self, places: &[(usize, u32)]) -> u32 {
        self.meet(places).sum()
    }

    fn axis(&self, axis: usize) -> LinkAxis {
        LinkAxis { axis: u32::try_from(axis).unwrap(), size: self.sizes[axis] }
    }

    /// The places of every cell of a part.
    fn cells(&self, part: &Part) -> Vec<Vec<(usize, u32)>> {
        part.keys.iter().fold(vec![part.fixed.clone()], |cells, key| {
            let places = |cell: &Vec<(usize, u32)>| {
                let cell = cell.clone();
                (0..self.sizes[*key]).map(move |at| [&cell[..], &[(*key, at)]].concat())
            };
            cells.iter().flat_map(places).collect()
        })
    }

    fn fragment(&self, part: &Part) -> RawFragment {
        let cells = self.cells(part);
        RawFragment::joined(cells.iter().map(|cell| self.cell(cell, part.dead)).collect())
    }

    fn cell(&self, places: &[(usize, u32)], dead: bool) -> RawFragment {
        let all = self.count(places);
        let rows = |many| (0..many).map(|patient| (patient, 1)).collect::<Vec<(u32, i128)>>();
        let (mut sums, mut of) =
            (vec![(0, i128::from(all))], vec![(measures(self.marked)[0].clone(), rows(all))]);
        if dead {
            let dead = self.count(&[places, &[(DEAD, 1)]].concat());
            sums.push((0, i128::from(dead)));
            of.push((measures(self.marked)[1].clone(), rows(dead)));
        }
        RawFragment::of_contributions(all, sums, of)
    }

    /// The account of a part, its places in one space.
    fn footprint(&self, part: &Part) -> FragmentFootprint {
        let sum =
            |measure| SumFootprint { text: String::new(), kind: SumKind::Rows, scale: 0, measure };
        let fixed = |places: &[(usize, u32)]| {
            let mut fixed: Vec<LinkFixed> = places
                .iter()
                .map(|(axis, place)| LinkFixed {
                    axis: self.axis(*axis),
                    places: LinkSet::one(*place),
                })
                .collect();
            fixed.sort_unstable();
            LinkSum { of: 0, fixed, part_of: Vec::new() }
        };
        let dead = [&part.fixed[..], &[(DEAD, 1)]].concat();
        let many = 1 + usize::from(part.dead);
        FragmentFootprint {
            digest: Digest::of(format!("{part:?}").as_bytes()),
            group_keys: part.keys.iter().map(ToString::to_string).collect(),
            cells: self.cells(part).len() as u64,
            sums: (0..).map(sum).take(many).collect(),
            measures: measures(self.marked)[..many].to_vec(),
            explore: Explore::default(),
            links: vec![LinkFootprint {
                base: Digest::of(b"patient"),
                keys: part.keys.iter().map(|key| self.axis(*key).into()).collect(),
                sums: vec![fixed(&part.fixed), fixed(&dead)][..many].to_vec(),
            }],
            vectors: Vec::new(),
            sensitive: false,
        }
    }

    /// What an answer tells.
    fn ask(&self, parts: &[Part], zeros: Zeros) -> Vec<Told> {
        let (protections, limits) = (protections(zeros, 10), Limits::DEFAULT);
        let fragments: Vec<RawFragment> = parts.iter().map(|part| self.fragment(part)).collect();
        let footprints: Vec<FragmentFootprint> =
            parts.iter().map(|part| self.footprint(part)).collect();
        let judged = fragments.iter().zip(&footprints);
        let judged = judged.map(|(of, known)| verdicts(of, &known.sums, (&protections, &limits)));
        let mut verdicts: Vec<Vec<Verdict>> = judged.collect();
        hide(
            (&fragments, &footprints),
            &mut verdicts,
            (&protections, &limits),
            &Earlier::default(),
        );
        self.told(parts, &verdicts)
    }

    fn told(&self, parts: &[Part], verdicts: &[Vec<Verdict>]) -> Vec<Told> {
        let mut told = vec![];
        for (fragment, part) in parts.iter().enumerate() {
            for (cell, places) in self.cells(part).into_iter().enumerate() {
                let verdict = &verdicts[fragment][cell];
                assert_eq!(
                    verdict.state == CellState::Hidden,
                    verdict.sums.iter().all(Option::is_some),
                    "a cell without figures is hidden, and no other"
                );
                let dead = [&places[..], &[(DEAD, 1)]].concat();
                for (sum, of) in [places, dead].into_iter().enumerate().take(verdict.sums.len()) {
                    let (value, why) = (self.count(&of), verdict.sums[sum]);
                    told.push(Told { at: Figure { fragment, cell, sum }, of, value, why });
                }
            }
        }
        told
    }
}

fn protections(zeros: Zeros, k: u32) -> Protections {
    Protections::from(Opinions {
        min_patients: Some(MinPatients::new(k)),
        zeros: Some(zeros),
        ..Opinions::default()
    })
}

/// `count(*)`, and `count(*) FILTER (WHERE dead)`.
fn measures(marked: bool) -> [MeasureFootprint; 2] {
    let of = |condition: Option<u32>| MeasureFootprint {
        condition,
        argument: None,
        kind: MeasureKind::Rows,
        scale: 0,
        least: Units::new(0),
        most: Units::new(1),
        made: None,
        whole: false,
        sensitive: Sensitive { condition: marked && condition.is_some(), argument: false },
    };
    [of(None), of(Some(0))]
}
