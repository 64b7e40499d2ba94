//! The utility gate: what the protections cost in figures, for boards who must choose `@parts`.
//!
//! Every indicator of the oncology dataset is asked in all its variants over generated regions of hospitals of a given size, once
//! for each treatment of small parts that this version can do, through every stage from a signed question to a finished
//! table ([`network`]). Counted is what the hospitals hide by which rule, which cells of the table without protections an
//! analyst gets to see, and how far a shown figure is from the true one ([`tally`], [`table`]).
//!
//! Patients are generated: no rate in them says anything about care, so the shares are those of groups of these sizes and no
//! forecast for a network. Transport and log are not in it.

use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context as _;

use crate::cli::Utility;
use crate::data::indicators::INDICATORS;
use crate::print;

pub mod network;
pub mod table;
pub mod tally;
pub mod treatment;

use network::Network;
use tally::Tally;
use treatment::Treatment;

/// Tallies by patients of a hospital and name of the treatment.
pub type Tallies = BTreeMap<(u32, String), Tally>;

/// What is measured.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Mean numbers of patients of a hospital.
    pub patients: Vec<u32>,
    /// Regions of each.
    pub regions: u64,
    /// Hospitals of a region.
    pub hospitals: usize,
    /// Every how manieth indicator.
    pub every: usize,
}

/// Measures, prints the tables, and writes them where the options say.
///
/// # Errors
/// An indicator that is refused, a fault, or a file that cannot be written.
pub fn run(options: &Utility) -> anyhow::Result<()> {
    let plan = Plan {
        patients: options.patients.clone(),
        regions: options.regions,
        hospitals: options.hospitals,
        every: 1,
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (treatments, refused) = treatment::all(plan.hospitals)?;
    let tallies = measure(&plan, &treatments, options.threads.unwrap_or(threads))?;
    let text = table::text(&plan, &tallies, &refused);
    print::line(&text);
    if let Some(path) = &options.write {
        write(path, &text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    std::fs::write(path, format!("{text}\n"))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Asks everything, regions side by side.
///
/// # Errors
/// The first fault.
pub fn measure(plan: &Plan, treatments: &[Treatment], threads: usize) -> anyhow::Result<Tallies> {
    let regions = plan
        .patients
        .iter()
        .rev()
        .flat_map(|patients| (1..=plan.regions).map(move |seed| (*patients, seed)));
    let waiting: Mutex<VecDeque<(u32, u64)>> = Mutex::new(regions.collect());
    let tallies: Mutex<Tallies> = Mutex::new(Tallies::new());
    let next = || waiting.lock().ok().and_then(|mut waiting| waiting.pop_front());
    let work = || -> anyhow::Result<()> {
        while let Some((patients, seed)) = next() {
            let exact = treatment::exact(plan.hospitals, &INDICATORS)?;
            let network = Network::create((patients, seed, plan.hospitals), exact, treatments)?;
            let own = network.measure(plan.every)?;
            print::note(format!("{patients} patients a hospital, region {seed}: measured"));
            let mut all = tallies.lock().map_err(|_poisoned| anyhow::anyhow!("a thread fell"))?;
            for (treatment, tally) in own {
                all.entry((patients, treatment)).or_default().add(&tally);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let running: Vec<_> = (0..threads.max(1)).map(|_thread| scope.spawn(work)).collect();
        for thread in running {
            thread.join().map_err(|_panic| anyhow::anyhow!("a thread fell"))??;
        }
        Ok(())
    })?;
    tallies.into_inner().map_err(|_poisoned| anyhow::anyhow!("a thread fell"))
}
