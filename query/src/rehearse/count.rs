//! Numbers of figures, for a board.

use std::collections::BTreeMap;

use serde::Serialize;

/// What is told of a variant, at one hospital or several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Cells of the declared domain, those without patients too.
    pub cells: u64,
    /// Figures of cells with patients.
    pub figures: u64,
    /// Those that are told as they are.
    pub exact: u64,
    /// Those that are told with noise.
    pub noisy: u64,
    /// Those of which a band of the funnel is told.
    pub bands: u64,
    /// Those that are null.
    pub hidden: u64,
    /// Those of the null ones that would be told if nothing had been told before.
    pub before: u64,
    /// By which rule figures are null first, by its stable word.
    pub rules: BTreeMap<String, u64>,
    /// Whether these very figures were told before under the same protections: nothing is added then.
    pub repeated: bool,
}

impl Shown {
    /// Adds what another hospital or variant tells.
    pub fn add(&mut self, other: &Self) {
        let Self { cells, figures, exact, noisy, bands, hidden, before, rules, repeated } = other;
        let pairs = [
            (&mut self.cells, cells),
            (&mut self.figures, figures),
            (&mut self.exact, exact),
            (&mut self.noisy, noisy),
            (&mut self.bands, bands),
            (&mut self.hidden, hidden),
            (&mut self.before, before),
        ];
        for (own, other) in pairs {
            *own = own.saturating_add(*other);
        }
        for (rule, figures) in rules {
            let own = self.rules.entry(rule.clone()).or_default();
            *own = own.saturating_add(*figures);
        }
        self.repeated |= *repeated;
    }

    /// Figures that are told in some way.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.exact.saturating_add(self.noisy).saturating_add(self.bands)
    }
}

/// What all variants together tell, at one hospital or several: figures that are told twice count once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Patients.
    pub patients: u64,
    /// What is told.
    #[serde(flatten)]
    pub shown: Shown,
    /// Patients of whom some exact figure tells.
    pub about: u64,
    /// Patients of the smallest group of which an exact figure is told.
    pub smallest: Option<u64>,
    /// Different groups of patients of which an exact count is told.
    pub groups: u64,
    /// How many of these are independent equations: none of them follows from the others.
    pub equations: u64,
    /// Null figures that sums join to something that is told.
    pub linked: u64,
    /// Those that can be solved for.
    pub solved: u64,
    /// Those that can be known more closely than their rule wants.
    pub narrow: u64,
    /// Those of which that was not found out.
    pub untried: u64,
}

impl Sums {
    /// Adds another hospital's, whose patients are others.
    pub fn add(&mut self, other: &Self) {
        let Self {
            patients,
            shown,
            about,
            smallest,
            groups,
            equations,
            linked,
            solved,
            narrow,
            untried,
        } = other;
        self.shown.add(shown);
        let pairs = [
            (&mut self.patients, patients),
            (&mut self.about, about),
            (&mut self.groups, groups),
            (&mut self.equations, equations),
            (&mut self.linked, linked),
            (&mut self.solved, solved),
            (&mut self.narrow, narrow),
            (&mut self.untried, untried),
        ];
        for (own, other) in pairs {
            *own = own.saturating_add(*other);
        }
        let both = [self.smallest, *smallest];
        self.smallest = both.into_iter().flatten().min();
    }
}
