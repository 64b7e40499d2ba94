//! A fragment over a snapshot: raw cells, one for every value of the declared domain, with the hidden summaries that are
//! wanted.
//!
//! Runs in a worker. What comes out is not protected: [`crate::disclose()`] does that in the daemon. No error text of the
//! engine leaves: it may carry a value.

use std::path::Path;

use arrow::array::RecordBatch;
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use policies::dataset::Dataset;
use policies::{Digest, HospitalCode};
use roaring::RoaringBitmap;

use crate::cell::Layout;
use crate::cut::Fragment;
use crate::pipe::{Failure, Networks, NotGiven, Wanted};
use crate::snapshot::{self, Snapshot};

mod absent;
mod bind;
mod cells;
mod hashed;
mod order;
mod places;
mod tables;
mod text;

pub(crate) use bind::session;
use cells::fold;
use places::Places;
pub(crate) use tables::Tables;

/// Why a fragment gives no cells.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("the snapshot was sealed against another dataset")]
    DatasetMismatch,
    #[error("this node cuts the question otherwise than the request says")]
    PlanMismatch,
    #[error("the snapshot cannot be read")]
    BadSnapshot,
    #[error("the snapshot holds a value outside the declared domain of a group key")]
    BadData,
    #[error("the question could not be run")]
    Failed,
}

impl RunError {
    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::DatasetMismatch => "dataset_mismatch",
            Self::PlanMismatch => "plan_mismatch",
            Self::BadSnapshot => "bad_snapshot",
            Self::BadData => "bad_data",
            Self::Failed => "failed_execution",
        }
    }

    /// The same in Dutch.
    fn dutch(&self) -> &'static str {
        match self {
            Self::DatasetMismatch => "de snapshot is verzegeld bij een andere dataset",
            Self::PlanMismatch => "deze node knipt de vraag anders dan het verzoek zegt",
            Self::BadSnapshot => "de snapshot kan niet worden gelezen",
            Self::BadData => {
                "de snapshot heeft een waarde buiten wat de dataset van een groepssleutel opgeeft"
            }
            Self::Failed => "de vraag kon niet worden uitgevoerd",
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::new(error.code(), error.to_string(), error.dutch())
    }
}

/// The engine's errors carry values; only the fact remains.
fn failed(_error: DataFusionError) -> RunError {
    RunError::Failed
}

/// Where a question runs.
pub(crate) struct Place<'a> {
    /// The dataset.
    pub(crate) dataset: &'a Dataset,
    /// The snapshot's folder.
    pub(crate) snapshot: &'a Path,
    /// The own hospital.
    pub(crate) hospital: &'a HospitalCode,
    /// Its networks.
    pub(crate) networks: &'a Networks,
    /// What it has no rows of.
    pub(crate) not_given: &'a [NotGiven],
}

/// One fragment's raw cells.
pub(crate) struct Executed {
    /// Counts and sums.
    pub(crate) cells: RecordBatch,
    /// Sets of patients, if any are wanted.
    pub(crate) sets: Option<Vec<u8>>,
}

/// The patients who are left out, from the bytes that say so.
pub(crate) fn left_out(bytes: &[u8]) -> Result<RoaringBitmap, RunError> {
    RoaringBitmap::deserialize_from(bytes).map_err(|_not_a_set| RunError::Failed)
}

/// Runs every fragment of a split, as if the patients who are left out were not there.
pub(crate) async fn execute(
    fragments: &[Fragment],
    place: &Place<'_>,
    (expected, wanted, left_out): (&[Digest], Wanted, Option<&RoaringBitmap>),
    tables: &mut Tables,
) -> Result<Vec<Executed>, RunError> {
    if !fragments.iter().map(|fragment| &fragment.digest).eq(expected) {
        return Err(RunError::PlanMismatch);
    }
    let snapshot =
        snapshot::verify(place.snapshot, false).map_err(|_snapshot| RunError::BadSnapshot)?;
    snapshot.is_of(place.dataset).map_err(|_snapshot| RunError::DatasetMismatch)?;
    if snapshot.manifest().hospital != *place.hospital {
        return Err(RunError::BadSnapshot);
    }
    let state = session().map_err(failed)?;
    let mut cells = Vec::with_capacity(fragments.len());
    for fragment in fragments {
        let layout = bind::layout(fragment, wanted);
        let run = Run { fragment, layout, snapshot: &snapshot, left_out };
        cells.push(run.cells(place, &state, tables).await?);
    }
    Ok(cells)
}

/// One fragment's run.
struct Run<'a> {
    fragment: &'a Fragment,
    layout: Layout,
    snapshot: &'a Snapshot,
    left_out: Option<&'a RoaringBitmap>,
}

impl Run<'_> {
    async fn cells(
        &self,
        place: &Place<'_>,
        state: &SessionState,
        tables: &mut Tables,
    ) -> Result<Executed, RunError> {
        let Self { fragment, layout, snapshot, left_out } = self;
        let own = text::Own::of(place);
        let mut places = Places::new(fragment, &own)?;
        if absent::nothing(fragment, &own) {
            places.ruled_out.fill(true);
        }
        if text::empty(fragment, &own) {
            let spec = bind::cell(fragment, layout, None);
            let nobody = vec![true; places.cells()];
            return cells::raw(cells::empty(&spec, &places)?, layout, &nobody);
        }
        let plan = bind::bind(fragment, place, snapshot, tables)?;
        let keys = match layout.wanted().record_keys() {
            true => Some(tables.record_keys(snapshot, place.dataset)?),
            false => None,
        };
        let spec = bind::cell(fragment, layout, keys);
        let rows = state.create_physical_plan(&plan).await.map_err(failed)?;
        let order = order::of(rows.as_ref(), places.keys());
        let into = cells::Into { places: &places, spec: &spec, order, left_out: *left_out };
        let computed = fold(rows, into, state.task_ctx()).await?;
        cells::raw(computed, layout, &places.ruled_out)
    }
}

#[cfg(test)]
mod tests;
