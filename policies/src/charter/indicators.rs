//! `indicators/*.sql` of a charter: each read by itself, then held against the datasets, the floors and what a node can do.

use std::collections::BTreeMap;

use crate::dataset::{Dataset, DatasetStatus};
use crate::indicator::{self, Indicator};
use crate::problem::Problem;
use crate::{DatasetId, IndicatorId, band, capability, kind, protections};

/// The datasets that indicators are held against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'k> {
    /// Those of this charter.
    pub(super) datasets: &'k BTreeMap<DatasetId, Dataset>,
    /// Those above it, where they are read.
    pub(super) above: Option<&'k BTreeMap<DatasetId, Dataset>>,
    /// Whether there may be others above.
    pub(super) unseen: bool,
}

impl<'k> Known<'k> {
    fn get(&self, id: &DatasetId) -> Option<&'k Dataset> {
        let above = self.above.and_then(|above| above.get(id));
        above.or_else(|| self.datasets.get(id))
    }
}

/// Reads every indicator; those with problems are left out.
pub(super) fn read<'f>(
    files: &BTreeMap<String, String>,
    paths: impl Iterator<Item = &'f str>,
    known: Known<'_>,
    found: &mut Vec<Problem>,
) -> BTreeMap<IndicatorId, Indicator> {
    let judged =
        !known.unseen && !found.iter().any(|problem| problem.file.starts_with("datasets/"));
    let mut indicators = BTreeMap::new();
    for path in paths {
        let Some(text) = files.get(path) else {
            continue;
        };
        match indicator::parse(path, text) {
            Ok(indicator) => {
                let messages = problems(&indicator, path, known, judged);
                found.extend(messages.into_iter().map(|message| Problem {
                    file: path.to_owned(),
                    line: None,
                    message,
                }));
                indicators.insert(indicator.id.clone(), indicator);
            }
            Err(problems) => found.extend(problems),
        }
    }
    indicators
}

/// The exact text of each file.
pub(super) fn texts(
    files: &BTreeMap<String, String>,
    indicators: &BTreeMap<IndicatorId, Indicator>,
) -> BTreeMap<IndicatorId, String> {
    let text = |id: &IndicatorId| files.get(&path_of(id)).map(|text| (id.clone(), text.clone()));
    indicators.keys().filter_map(text).collect()
}

fn problems(indicator: &Indicator, path: &str, known: Known<'_>, judged: bool) -> Vec<String> {
    let Indicator { id, dataset, opinions, .. } = indicator;
    let mut messages = Vec::new();
    if path != path_of(id) {
        messages.push(format!("this file holds indicator `{id}`: call it {}", path_of(id)));
    }
    match known.get(dataset).map(|dataset| dataset.status) {
        None if judged => messages.push(format!("dataset `{dataset}` is not in datasets/")),
        None | Some(DatasetStatus::Synthetic) => {}
        Some(DatasetStatus::Real) => {
            messages.extend(protections::under(opinions).iter().map(|under| {
                format!("{under}: dataset `{dataset}` is about people").replace('@', "")
            }))
        }
    }
    messages.extend(kind::problems(indicator, known.get(dataset)));
    messages.extend(band::problems(indicator));
    messages.extend(capability::missing(opinions).iter().map(|told| told.replace('@', "")));
    messages
}

fn path_of(id: &IndicatorId) -> String {
    format!("indicators/{id}.sql")
}
