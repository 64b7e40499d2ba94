//! Figures that are one: those of one place, of which earlier answers told all but one at most. They are one cell of the table.
//!
//! Two figures of this answer stay apart even where they are equal: each is hidden with the cell that it stands in.

use std::collections::BTreeMap;

use super::Figure;
use super::figures::Figures;
use super::space::Places;
use crate::disclose::suppress::{Need, Standing};

/// Which figures are one.
pub(super) struct Alike {
    /// What stands for a figure, where that is another.
    by: BTreeMap<Figure, Figure>,
    /// All that a figure stands for, itself among them.
    members: BTreeMap<Figure, Vec<Figure>>,
}

impl Alike {
    pub(super) fn new(figures: &Figures<'_>, places: &Places<'_>) -> Self {
        let mut up = BTreeMap::new();
        for point in places.points().filter(|point| point.len() > 1) {
            let first = point.iter().find(|figure| !figures.is_told(**figure)).or(point.first());
            let Some(first) = first else { continue };
            for other in point.iter().filter(|other| figures.is_told(**other)) {
                join(figures, &mut up, *first, *other);
            }
        }
        let mut alike = Self { by: BTreeMap::new(), members: BTreeMap::new() };
        for figure in up.keys() {
            let stands = root(&up, *figure);
            let known = alike.members.entry(stands).or_insert_with(|| vec![stands]);
            if stands != *figure {
                known.push(*figure);
                alike.by.insert(*figure, stands);
            }
        }
        alike
    }

    /// What stands for a figure: one of this answer, if any of them is.
    pub(super) fn stands(&self, figure: Figure) -> Figure {
        self.by.get(&figure).copied().unwrap_or(figure)
    }

    fn members(&self, stands: &Figure) -> impl Iterator<Item = Figure> {
        let members = self.members.get(stands);
        let alone = members.is_none().then_some(*stands);
        members.into_iter().flatten().copied().chain(alone)
    }

    /// What is known of all that a figure stands for: what one of them shows is shown, what one of them hides is null.
    pub(super) fn standing(&self, figures: &Figures<'_>, stands: Figure) -> Standing {
        let all = self.members(&stands).map(|figure| figures.standing(figure));
        all.fold(Standing::Shown, |all, one| match (all, one) {
            (Standing::Released, _) | (_, Standing::Released) => Standing::Released,
            (Standing::Null, _) | (_, Standing::Null) => Standing::Null,
            (Standing::Shown, Standing::Shown) => Standing::Shown,
        })
    }

    /// The nulls among all that a figure stands for; the figure itself where none is.
    fn nulls(&self, figures: &Figures<'_>, stands: Figure) -> Vec<Figure> {
        let null = |figure: &Figure| figures.standing(*figure) == Standing::Null;
        let nulls: Vec<Figure> = self.members(&stands).filter(null).collect();
        if nulls.is_empty() { vec![stands] } else { nulls }
    }

    /// What must stay unknown: all that any of them needs.
    pub(super) fn need(&self, figures: &Figures<'_>, stands: Figure) -> Need {
        let needs = self.nulls(figures, stands).into_iter().map(|figure| figures.need(figure));
        needs.fold(Need::Nothing, Need::and)
    }

    /// Whether they are null only so that others stay unknown.
    pub(super) fn is_company(&self, figures: &Figures<'_>, stands: Figure) -> bool {
        self.nulls(figures, stands).into_iter().all(|figure| figures.is_company(figure))
    }

    /// Whether two figures stand in one cell of one fragment, or something that they stand for does.
    pub(super) fn is_inside(&self, whole: Figure, part: Figure) -> bool {
        let inside =
            |one: Figure, other: Figure| (one.fragment, one.cell) == (other.fragment, other.cell);
        self.members(&whole).any(|one| self.members(&part).any(|other| inside(one, other)))
    }
}

fn root(up: &BTreeMap<Figure, Figure>, mut at: Figure) -> Figure {
    while let Some(above) = up.get(&at).filter(|above| **above != at) {
        at = *above;
    }
    at
}

/// Makes two figures one, unless each stands with another figure of this answer.
fn join(figures: &Figures<'_>, up: &mut BTreeMap<Figure, Figure>, one: Figure, other: Figure) {
    let (one, other) = (root(up, one), root(up, other));
    if one == other || figures.value(one) != figures.value(other) {
        return;
    }
    let (above, below) = match (figures.is_told(one), figures.is_told(other)) {
        (false, false) => return,
        (true, false) => (other, one),
        (false, true) | (true, true) => (one, other),
    };
    up.insert(above, above);
    up.insert(below, above);
}
