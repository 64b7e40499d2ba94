//! The canonical form of every figure of a cell, as `ask.explore` has it.

use policies::explore::Explore;
use policies::footprint::FragmentFootprint;

use super::world::World;

/// The form of every sum of every cell; none where the fragment is in no form.
pub(super) fn of(fragment: &FragmentFootprint, world: &World) -> anyhow::Result<Vec<Vec<String>>> {
    let Explore::Form(form) = &fragment.explore else { return Ok(Vec::new()) };
    let dataset = policies::dataset::file::parse("world.toml", &world.dictionary());
    let dataset = dataset.map_err(|problems| anyhow::anyhow!("the dictionary: {problems:?}"))?;
    let radices: Vec<usize> = form.keys.iter().map(|key| key.cells(&dataset).len()).collect();
    let cells = usize::try_from(fragment.cells)?;
    let place = |mut cell: usize| {
        let mut values: Vec<usize> = Vec::new();
        for radix in radices.iter().rev() {
            values.push(cell % (*radix).max(1));
            cell /= (*radix).max(1);
        }
        values.reverse();
        values
    };
    let texts = |cell: usize| {
        let values = place(cell);
        let of = |sum: &policies::explore::ExploreSum| {
            let figures = sum.terms.iter().filter_map(|term| form.figure(&values, term, &dataset));
            figures.map(|figure| format!("{} | {}", figure.id, figure.form)).collect()
        };
        form.sums.iter().map(of).collect()
    };
    Ok((0..cells).map(texts).collect())
}
