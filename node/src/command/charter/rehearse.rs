//! What all indicators together would tell, over patients who do not exist: before a charter is sealed.
//!
//! Each dataset that indicators ask gets some hospitals of the charter with made-up patients, imported like real ones into a folder
//! that is removed again. Every variant that the rules would let somebody be answered on is run by a worker over each hospital,
//! in charter order, under each set of protections that somebody would have. `query` tells what comes back with one memory for each
//! hospital, and counts.

use std::path::Path;

use anyhow::Context as _;
use policies::charter::Charter;
use policies::dataset::Dataset;
use policies::rehearsal::{self, Askers, Granted};
use policies::{DatasetId, Footprint, HospitalCode};
use query::pipe::{NotGiven, Wanted, Work};
use query::rehearse::{self, Hospital, Shown, Sums};
use serde::Serialize;

use super::texts::{self, Read, Texts};
use super::variants::Variant;
use crate::cli::rehearsal::RehearsalArgs;

mod words;

pub(super) use words::text;

/// What would be told of generated data.
#[derive(Debug, Serialize)]
pub(super) struct Rehearsal {
    /// Always: no figure is of a patient.
    generated: bool,
    /// Patients of each hospital.
    patients: u32,
    /// The hospitals.
    hospitals: Vec<HospitalCode>,
    /// Kinds of people with a purpose who were tried, and how many there are.
    askers: (usize, usize),
    /// Variants that were run, and how many there are.
    variants: (usize, usize),
    /// Dataset by dataset.
    datasets: Vec<OfDataset>,
}

/// The indicators of one dataset.
#[derive(Debug, Serialize)]
struct OfDataset {
    dataset: DatasetId,
    version: u32,
    variants: Vec<OfVariant>,
    /// Indicators and variants that the rules let nobody be answered on.
    nobody: Vec<String>,
    together: Sums,
}

/// A variant under the protections of somebody.
#[derive(Debug, Serialize)]
struct OfVariant {
    indicator: String,
    by: Option<String>,
    window: Option<String>,
    /// The rules that grant it.
    rules: Vec<String>,
    /// What is done to the answer.
    protections: std::collections::BTreeMap<&'static str, String>,
    /// Summed over the hospitals.
    #[serde(flatten)]
    shown: Shown,
    /// Why it could not be counted everywhere.
    fault: Option<String>,
}

/// Runs what was planned.
pub(super) fn run(
    charter: &Charter,
    planned: &[Variant<'_>],
    over: &RehearsalArgs,
    program: &Path,
) -> anyhow::Result<Rehearsal> {
    let most = usize::try_from(over.hospitals).unwrap_or(usize::MAX);
    let hospitals = charter.members().map(|member| member.code.clone()).take(most);
    let hospitals: Vec<HospitalCode> = hospitals.collect();
    anyhow::ensure!(!hospitals.is_empty(), "members.toml has no hospital");
    let run = planned.get(..over.variants).unwrap_or(planned);
    let askers = Askers::of(charter, run.len());
    let mut report = Rehearsal {
        generated: true,
        patients: over.patients,
        askers: (askers.tried(), askers.all()),
        variants: (run.len(), planned.len()),
        hospitals,
        datasets: Vec::new(),
    };
    texts::block_on(async {
        for dataset in charter.datasets() {
            let own = run.iter().filter(|variant| variant.indicator.dataset == dataset.id);
            let own: Vec<&Variant<'_>> = own.collect();
            if own.is_empty() {
                continue;
            }
            let folder = tempfile::Builder::new().prefix("kring-rehearsal-").tempdir()?;
            let of =
                report.of_dataset((charter, dataset), (&own, &askers), (folder.path(), program));
            let of = of.await.with_context(|| format!("dataset `{}`", dataset.id))?;
            report.datasets.push(of);
        }
        Ok(report)
    })
}

impl Rehearsal {
    async fn of_dataset(
        &self,
        (charter, dataset): (&Charter, &Dataset),
        (variants, askers): (&[&Variant<'_>], &Askers),
        (folder, program): (&Path, &Path),
    ) -> anyhow::Result<OfDataset> {
        let snapshots = folder.join("snapshots");
        std::fs::create_dir(&snapshots)?;
        let mut places = Vec::new();
        for code in &self.hospitals {
            let not_given: Vec<_> = charter.not_given(code, &dataset.id).collect();
            let given = dataset.without(not_given.iter().copied());
            let (own, out) = (folder.join(code.as_str()), snapshots.join(code.as_str()));
            let sealed = rehearse::snapshot(&given, (code, self.patients), (&own, &out)).await?;
            places.push(Place {
                code: code.clone(),
                not_given: not_given.into_iter().map(NotGiven::from).collect(),
                hospital: Hospital::new(code, dataset, sealed),
            });
        }
        let mut stage = Stage { charter, texts: Texts::start_over(program, snapshots)?, places };
        let (mut found, mut nobody) = (Vec::new(), Vec::new());
        for variant in variants {
            let Variant { indicator, named, footprint, .. } = variant;
            let of = (&indicator.dataset, named);
            let granted = rehearsal::granted(charter, askers, of, footprint);
            if granted.is_empty() {
                nobody.push(format!("{} {}", indicator.id, variant.names()).trim().to_owned());
            }
            for granted in granted {
                found.push(stage.ask(variant, &granted).await?);
            }
        }
        let mut together = Sums::default();
        for place in &stage.places {
            together.add(&place.hospital.sums()?);
        }
        let (id, version) = (dataset.id.clone(), dataset.version);
        Ok(OfDataset { dataset: id, version, variants: found, nobody, together })
    }
}

/// A hospital with made-up patients.
struct Place {
    code: HospitalCode,
    not_given: Vec<NotGiven>,
    hospital: Hospital,
}

/// The hospitals of one dataset, and the worker that runs over them.
struct Stage<'c> {
    charter: &'c Charter,
    texts: Texts,
    places: Vec<Place>,
}

impl Stage<'_> {
    /// Asks every hospital.
    async fn ask(&mut self, variant: &Variant<'_>, granted: &Granted) -> anyhow::Result<OfVariant> {
        let name = |name: &Option<policies::VariantName>| name.as_ref().map(ToString::to_string);
        let mut all = OfVariant {
            indicator: variant.indicator.id.to_string(),
            by: name(&variant.named.by),
            window: name(&variant.named.window),
            rules: granted.explained().rules.clone(),
            protections: granted.protections(),
            shown: Shown::default(),
            fault: None,
        };
        let Self { charter, texts, places } = self;
        for place in places {
            if let Some(known) = place.hospital.repeats(granted) {
                all.shown.add(&known);
                continue;
            }
            let work = Work::Execute {
                snapshot: place.hospital.snapshot().folder.clone(),
                hospital: place.code.clone(),
                fragments: Footprint::fragment_digests(&variant.footprint),
                wanted: Wanted::ALL,
                not_given: place.not_given.clone(),
            };
            let text = (&variant.indicator.dataset, variant.sql.as_str());
            let reply = match texts.work(charter, text, work).await? {
                Read::Replied(reply) => reply,
                Read::Lost(error) => {
                    all.fault = Some(format!("{} ({})", error, error.code()));
                    continue;
                }
                Read::NoWorker(error) => return Err(error.into()),
            };
            match place.hospital.answer(granted, &reply, charter.valid_from()) {
                Ok(shown) => all.shown.add(&shown),
                Err(error) => all.fault = Some(format!("{} ({})", error, error.code())),
            }
        }
        Ok(all)
    }
}
