//! The charters above one that has a parent: names are looked up in them, and their rules have their say in what is tried out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use policies::bundle;
use policies::charter::{self, Charter};
use policies::problem::Problem;

use super::folder;
use crate::charters;
use crate::clock::{Clock as _, SystemClock};

/// Reads a charter's files, below the charters above it where it has any.
pub(super) fn parse(
    files: &BTreeMap<String, String>,
    above: &[PathBuf],
) -> anyhow::Result<Result<Charter, Vec<Problem>>> {
    let alone = match charter::parse(files) {
        Ok(alone) => alone,
        Err(problems) => return Ok(Err(problems)),
    };
    let Some(parent) = alone.parent() else {
        anyhow::ensure!(above.is_empty(), "the charter names no [parent]: leave --above out");
        return Ok(Ok(alone));
    };
    let network = parent.network.clone();
    anyhow::ensure!(
        !above.is_empty(),
        "the charter is below network `{network}` and names what its charters declare: name their bundles with --above"
    );
    let seen = read(above)?.into_iter().find(|charter| *charter.network() == network);
    let seen = seen.with_context(|| format!("no bundle of --above is of network `{network}`"))?;
    Ok(charter::parse_below(files, &seen))
}

/// Reads a folder or a bundle; nothing of it is trusted.
pub(super) fn open(path: &Path, above: &[PathBuf]) -> anyhow::Result<Charter> {
    let files = if path.is_dir() { folder::read(path)? } else { folder::inspect(path)?.files };
    parse(&files, above)?.map_err(|problems| folder::BadFolder::of(path, problems).into())
}

/// The newest charters of every network in these bundles that hold.
fn read(paths: &[PathBuf]) -> anyhow::Result<Vec<Charter>> {
    let mut bundles = Vec::new();
    for path in paths {
        bundles.extend(charters::folder::bundles(path)?);
    }
    // Somebody who writes a charter says by these files which root is meant; nothing is signed by it.
    let pin = bundles.iter().find_map(|bytes| {
        let inspected = bundle::inspect(bytes).ok()?;
        let first = inspected.charter.parent().is_none() && inspected.charter.version() == 1;
        first.then(|| inspected.envelope.digest())
    });
    let pin = pin.context("no bundle of --above is version 1 of the network above all others")?;
    let tree = charters::open::tree_of(pin, &bundles)?;
    Ok(tree.all_in_force(SystemClock.now())?)
}
