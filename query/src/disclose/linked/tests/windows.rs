//! Windows of years, bins and single years over one another, with and without a second column: an attacker of its own again, who
//! knows every figure that was shown.

use microlp::{ComparisonOp, OptimizationDirection, Problem};
use policies::footprint::LinkKey;

use super::properties::{Dice, K};
use super::*;
use crate::memory::Memory;

const YEARS: u32 = 6;
const SEXES: u32 = 2;

/// Patients by year and sex.
type Patients = BTreeMap<(u32, u32), u32>;

/// A grouping: by these sets of years, by sex; of these years, of this sex.
#[derive(Clone, Debug, Default)]
struct Grouping {
    years: Vec<LinkSet>,
    by_sex: bool,
    window: Option<LinkSet>,
    sex: Option<u32>,
}

fn single() -> Vec<LinkSet> {
    (0..YEARS).map(LinkSet::one).collect()
}

fn of(low: u32, high: u32) -> Grouping {
    Grouping { window: Some(LinkSet::range(low, high)), ..Grouping::default() }
}

/// A figure: whom it counts, how many, and why it is null, if it is.
#[derive(Clone, Debug)]
struct Figured {
    years: LinkSet,
    sexes: Vec<u32>,
    value: u32,
    why: Option<Rule>,
}

impl Figured {
    fn counts(&self, (year, sex): (u32, u32)) -> bool {
        LinkSet::one(year).within(&self.years) && self.sexes.contains(&sex)
    }

    /// Whether its text says that nobody is in it.
    fn is_of_nobody(&self) -> bool {
        self.years.is_empty() || self.sexes.is_empty()
    }
}

impl Grouping {
    /// Years and sexes of each cell.
    fn cells(&self) -> Vec<(LinkSet, Vec<u32>)> {
        let all = LinkSet::range(0, YEARS);
        let window = self.window.clone().unwrap_or_else(|| all.clone());
        let years = if self.years.is_empty() { vec![all] } else { self.years.clone() };
        let sexes: Vec<Vec<u32>> = if self.by_sex {
            (0..SEXES).map(|sex| vec![sex]).collect()
        } else {
            vec![(0..SEXES).collect()]
        };
        let of_sex = |sexes: &Vec<u32>| -> Vec<u32> {
            sexes.iter().copied().filter(|sex| self.sex.is_none_or(|own| own == *sex)).collect()
        };
        let cells = years.iter().flat_map(|years| {
            let years = years.and(&window);
            sexes.iter().map(move |sexes| (years.clone(), of_sex(sexes)))
        });
        cells.collect()
    }

    fn footprint(&self) -> FragmentFootprint {
        let axis = |axis, size| LinkAxis { axis, size };
        let (years, sexes) = (axis(0, YEARS), axis(1, SEXES));
        let mut keys = vec![];
        if self.years == single() {
            keys.push(years.into());
        } else if !self.years.is_empty() {
            keys.push(LinkKey { axis: years, cells: self.years.clone() });
        }
        keys.extend(self.by_sex.then(|| LinkKey::from(sexes)));
        let mut fixed = vec![];
        fixed.extend(self.window.clone().map(|places| LinkFixed { axis: years, places }));
        fixed.extend(self.sex.map(|sex| LinkFixed { axis: sexes, places: LinkSet::one(sex) }));
        let sum = SumFootprint { text: String::new(), kind: SumKind::Rows, scale: 0, measure: 0 };
        FragmentFootprint {
            digest: Digest::of(format!("{self:?}").as_bytes()),
            group_keys: keys.iter().map(|_| String::new()).collect(),
            cells: self.cells().len() as u64,
            sums: vec![sum],
            measures: vec![measures(false)[0].clone()],
            explore: Explore::default(),
            links: vec![LinkFootprint {
                base: Digest::of(b"patient"),
                keys,
                sums: vec![LinkSum { of: 0, fixed, part_of: Vec::new() }],
            }],
            vectors: Vec::new(),
            sensitive: false,
        }
    }

    fn fragment(&self, patients: &Patients) -> RawFragment {
        let cell = |(years, sexes): (LinkSet, Vec<u32>)| {
            let figure = Figured { years, sexes, value: 0, why: None };
            let all: u32 =
                patients.iter().filter(|(at, _)| figure.counts(**at)).map(|(_, n)| n).sum();
            let rows = (0..all).map(|patient| (patient, 1)).collect::<Vec<(u32, i128)>>();
            let of = vec![(measures(false)[0].clone(), rows)];
            RawFragment::of_contributions(all, vec![(0, i128::from(all))], of)
        };
        RawFragment::joined(self.cells().into_iter().map(cell).collect())
    }
}

/// A hospital with a memory.
struct Hospital {
    patients: Patients,
    memory: Memory,
}

impl Hospital {
    fn new(patients: Patients) -> Self {
        Self { patients, memory: Memory::new(*Digest::of(b"lineage").as_bytes()) }
    }

    fn ask(&mut self, groupings: &[Grouping]) -> Vec<Figured> {
        let (protections, limits) = (protections(Zeros::Hidden, 10), Limits::DEFAULT);
        let fragments: Vec<RawFragment> =
            groupings.iter().map(|of| of.fragment(&self.patients)).collect();
        let footprints: Vec<FragmentFootprint> =
            groupings.iter().map(Grouping::footprint).collect();
        let rows = LinkQuantity { what: LinkName::of("rows"), conditions: BTreeSet::new() };
        let names =
            LinkNames { axes: ["years", "sex"].map(LinkName::of).to_vec(), sums: vec![rows] };
        let verdicts = sequences::answer(
            (&mut self.memory, &Digest::of(b"snapshot")),
            (&fragments, &footprints, &names),
            (&protections, &limits),
        );
        let cells = groupings.iter().zip(verdicts).flat_map(|(grouping, verdicts)| {
            let cells = grouping.cells().into_iter().zip(verdicts);
            cells.map(|((years, sexes), verdict)| {
                let mut figure = Figured { years, sexes, value: 0, why: verdict.sums[0] };
                let met = self.patients.iter().filter(|(at, _)| figure.counts(**at));
                figure.value = met.map(|(_, n)| n).sum();
                figure
            })
        });
        cells.collect()
    }

    /// What who knows all that was told can know of a figure.
    fn interval(&self, told: &[Figured], of: &Figured) -> [f64; 2] {
        [OptimizationDirection::Minimize, OptimizationDirection::Maximize].map(|direction| {
            let mut problem = Problem::new(direction);
            let cap = f64::from(self.patients.values().sum::<u32>()) + 100.0;
            let weight = |at: &(u32, u32)| f64::from(u8::from(of.counts(*at)));
            let variables: Vec<_> = self
                .patients
                .keys()
                .map(|at| (*at, problem.add_var(weight(at), (0.0, cap))))
                .collect();
            for shown in told.iter().filter(|told| told.why.is_none()) {
                let terms = variables.iter().filter(|(at, _)| shown.counts(*at));
                let terms: Vec<_> = terms.map(|(_, variable)| (*variable, 1.0)).collect();
                problem.add_constraint(terms, ComparisonOp::Eq, f64::from(shown.value));
            }
            problem.solve().unwrap().into_solution().unwrap().objective()
        })
    }
}

/// Years of nobody, a few or many.
fn patients(dice: &mut Dice) -> Patients {
    let mut many = |_| [0, 3, 6, 9, 11, 14, 25, 40][usize::try_from(dice.under(8)).unwrap()];
    (0..YEARS)
        .flat_map(|year| (0..SEXES).map(move |sex| (year, sex)))
        .map(|at| (at, many(at)))
        .collect()
}

/// Windows of which nobody asked for the figure, of a few patients.
fn unasked(told: &[Figured], patients: &Patients) -> Vec<Figured> {
    let all = (0..YEARS).flat_map(|low| (low + 1..=YEARS).map(move |high| (low, high)));
    let figures = all.map(|(low, high)| {
        let years = LinkSet::range(low, high);
        let mut figure =
            Figured { years, sexes: (0..SEXES).collect(), value: 0, why: Some(Rule::SmallCell) };
        figure.value = patients.iter().filter(|(at, _)| figure.counts(**at)).map(|(_, n)| n).sum();
        figure
    });
    let few = |of: &Figured| 0 < of.value && f64::from(of.value) <= K;
    figures.filter(|of| few(of) && told.iter().all(|told| told.years != of.years)).collect()
}

fn grouping(dice: &mut Dice, by_sex: bool) -> Grouping {
    let two = [LinkSet::range(0, 2), LinkSet::range(2, 4), LinkSet::range(4, 6)];
    let three = [LinkSet::range(0, 3), LinkSet::range(3, 6)];
    let years = match dice.under(6) {
        0 | 1 => single(),
        2 => two.to_vec(),
        3 => three.to_vec(),
        _ => vec![],
    };
    let low = u32::try_from(dice.under(u64::from(YEARS))).unwrap();
    let long = 1 + u32::try_from(dice.under(u64::from(YEARS - low))).unwrap();
    let window = (dice.under(2) == 0 && long < YEARS).then(|| LinkSet::range(low, low + long));
    if !by_sex {
        return Grouping { years, window, ..Grouping::default() };
    }
    let sex = (dice.under(5) == 0).then(|| u32::try_from(dice.under(2)).unwrap());
    Grouping { years, by_sex: sex.is_none() && dice.under(4) == 0, window, sex }
}

/// How many figures are null for few patients, how many for others, how many because that was not found out.
/// Without sexes also what nobody asked for is attacked.
fn attack(seed: u64, rounds: usize, by_sex: bool) -> [usize; 3] {
    let mut dice = Dice(seed);
    let mut all = [0; 3];
    for round in 0..rounds {
        let mut hospital = Hospital::new(patients(&mut dice));
        let (mut told, mut asked) = (vec![], vec![]);
        for _ in 0..2 + dice.under(4) {
            let groupings: Vec<Grouping> =
                (0..1 + dice.under(2)).map(|_| grouping(&mut dice, by_sex)).collect();
            let before = told.clone();
            let answer = hospital.ask(&groupings);
            told.extend(answer);
            asked.push(groupings);
            let unasked = if by_sex { vec![] } else { unasked(&told, &hospital.patients) };
            let nulls = told.iter().filter(|of| of.why.is_some() && !of.is_of_nobody());
            for of in nulls.chain(&unasked) {
                let case = || format!("round {round}: {asked:?} {of:?} {:?}", hospital.patients);
                let [low, high] = hospital.interval(&told, of);
                let [least, most] = hospital.interval(&before, of);
                let few = matches!(of.why, Some(Rule::SmallCell | Rule::Empty));
                let (met, wide) =
                    if few { (low < 0.5 && high > K - 0.5, K) } else { (high - low > 0.5, 1.0) };
                let kept = low < least + 0.5 && high > most - 0.5;
                let wide = (least > 0.5 || most < K - 0.5) && high - low > wide - 0.5;
                assert!(
                    met || kept || wide,
                    "{} in [{low}, {high}], was in [{least}, {most}]",
                    case()
                );
            }
        }
        for of in told.iter().filter(|of| !of.is_of_nobody()) {
            match of.why {
                Some(Rule::SmallCell | Rule::Empty) => all[0] += 1,
                Some(Rule::Linked) => all[1] += 1,
                Some(Rule::Unlinked) => all[2] += 1,
                other => assert_eq!(other, None),
            }
        }
    }
    all
}

/// The figures of a question, where all years have patients of one sex.
fn shown(of: &mut Hospital, grouping: Grouping) -> Vec<Option<u32>> {
    let told = of.ask(&[grouping]);
    told.into_iter().map(|figure| figure.why.is_none().then_some(figure.value)).collect()
}

fn years(of: [u32; 6]) -> Hospital {
    Hospital::new((0..).zip(of).flat_map(|(year, n)| [((year, 0), n), ((year, 1), 0)]).collect())
}

#[test]
fn a_window_of_years_lies_over_the_years() {
    // Of 30 in three years, 11 and 14 leave 5.
    let mut hospital = years([40, 11, 5, 14, 40, 40]);
    assert_eq!(shown(&mut hospital, of(1, 4)), [Some(30)]);
    let single = shown(&mut hospital, Grouping { years: single(), ..Grouping::default() });
    assert!(single[2].is_none() && (single[1].is_none() || single[3].is_none()), "{single:?}");
    // The other way round the total is what is left out.
    let mut hospital = years([40, 11, 5, 14, 40, 40]);
    let by_year = Grouping { years: super::windows::single(), ..Grouping::default() };
    assert_eq!(shown(&mut hospital, by_year).iter().flatten().count(), 5);
    assert_eq!(shown(&mut hospital, of(1, 4)), [None]);
}

#[test]
fn windows_that_overlap_and_parts_in_other_words_are_sums_of_one_another() {
    // 40 + 5 + 40: below 2 and from 3 on leave year 2, with all.
    let mut hospital = years([20, 20, 5, 20, 10, 10]);
    assert_eq!(shown(&mut hospital, Grouping::default()), [Some(85)]);
    assert_eq!(shown(&mut hospital, of(0, 2)), [Some(40)]);
    assert_eq!(shown(&mut hospital, of(2, 3)), [None]);
    assert_eq!(shown(&mut hospital, of(3, 6)), [None]);
    // Two windows that overlap in one year, and all that they cover.
    let mut hospital = years([20, 20, 5, 20, 10, 10]);
    assert_eq!(shown(&mut hospital, of(0, 3)), [Some(45)]);
    assert_eq!(shown(&mut hospital, of(2, 4)), [Some(25)]);
    assert_eq!(shown(&mut hospital, of(2, 3)), [None]);
    assert_eq!(shown(&mut hospital, of(0, 4)), [None]);
    // Nobody asked for the one year.
    let mut hospital = years([20, 20, 5, 20, 10, 10]);
    assert_eq!(shown(&mut hospital, of(0, 3)), [Some(45)]);
    assert_eq!(shown(&mut hospital, of(2, 4)), [Some(25)]);
    assert_eq!(shown(&mut hospital, of(0, 4)), [None]);
}

#[test]
fn bins_are_made_of_single_years() {
    let bins = vec![LinkSet::range(0, 3), LinkSet::range(3, 6)];
    let mut hospital = years([12, 5, 12, 20, 20, 20]);
    let binned = Grouping { years: bins, ..Grouping::default() };
    assert_eq!(shown(&mut hospital, binned), [Some(29), Some(60)]);
    let single = shown(&mut hospital, Grouping { years: single(), ..Grouping::default() });
    assert_eq!(single.iter().take(3).flatten().count(), 1, "{single:?}");
    assert_eq!(single[3..], [Some(20); 3]);
}

#[test]
fn many_ages_below_one_another_leave_room_for_what_is_asked_next() {
    // More kinds of what is left than are laid onto all others, were each laid onto each.
    let places: u32 = 60;
    let axis = LinkAxis { axis: 0, size: places };
    let footprint = |key: bool, below: u32| FragmentFootprint {
        cells: if key { u64::from(places) } else { 1 },
        links: vec![LinkFootprint {
            base: Digest::of(b"patient"),
            keys: key.then(|| axis.into()).into_iter().collect(),
            sums: vec![LinkSum {
                of: 0,
                fixed: (!key && below < places)
                    .then(|| LinkFixed { axis, places: LinkSet::range(0, below) })
                    .into_iter()
                    .collect(),
                part_of: Vec::new(),
            }],
        }],
        ..Grouping::default().footprint()
    };
    let of = |many: u32| {
        let rows = (0..many).map(|patient| (patient, 1)).collect::<Vec<(u32, i128)>>();
        let of = vec![(measures(false)[0].clone(), rows)];
        RawFragment::of_contributions(many, vec![(0, i128::from(many))], of)
    };
    // 12 patients of each age but one, of which there are 4.
    let many = |age: u32| if age == 57 { 4 } else { 12 };
    let mut fragments: Vec<RawFragment> =
        (1..56).map(|below| of((0..below).map(many).sum())).collect();
    let mut footprints: Vec<FragmentFootprint> =
        (1..56).map(|below| footprint(false, below)).collect();
    fragments.push(RawFragment::joined((0..places).map(|age| of(many(age))).collect()));
    footprints.push(footprint(true, places));
    let (protections, limits) = (protections(Zeros::Hidden, 10), Limits::DEFAULT);
    let judged = fragments.iter().zip(&footprints);
    let judged = judged.map(|(of, known)| verdicts(of, &known.sums, (&protections, &limits)));
    let mut verdicts: Vec<Vec<Verdict>> = judged.collect();
    hide((&fragments, &footprints), &mut verdicts, (&protections, &limits), &Earlier::default());
    let why: Vec<Option<Rule>> = verdicts.iter().flatten().map(|verdict| verdict.sums[0]).collect();
    assert_eq!(why.iter().flatten().collect::<Vec<_>>(), [&Rule::SmallCell], "{why:?}");
}

#[test]
fn no_window_narrows_a_null_below_its_need() {
    let [small, linked, unlinked] = attack(31, 60, true);
    assert!(small > 200 && linked > 60 && unlinked * 4 < linked, "{small} {linked} {unlinked}");
}

#[test]
fn no_window_that_nobody_asked_for_can_be_computed() {
    let [small, linked, unlinked] = attack(37, 80, false);
    assert!(small > 100 && linked > 60 && unlinked * 4 < linked, "{small} {linked} {unlinked}");
}
