//! A fragment's plan over the tables of one snapshot, and the session that runs it.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column as Name, Result as EngineResult};
use datafusion::datasource::provider_as_source;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder};
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableScan, TableSource};
use datafusion::optimizer::Optimizer;
use datafusion::prelude::SessionConfig;
use policies::footprint::{MeasureFootprint, MeasureKind, SumKind};

use super::text::Own;
use super::{Place, RunError, Tables, failed};
use crate::catalog::{HOSPITAL, NETWORK, PATIENT};
use crate::cell::{Bounds, CellSpec, Layout, MeasureSpec, Spec, has_set};
use crate::cut::Fragment;
use crate::pipe::Wanted;
use crate::record::RecordKeys;
use crate::snapshot::Snapshot;

/// What the engine may hold for groups and joins: with the kept tables it stays under the least limit of a worker (1 GiB).
const MEMORY_BYTES: usize = 512 * 1024 * 1024;

/// The rule that takes a distinct count apart and sums its neighbours twice: their decimals get wider than the plan says, and
/// what compares them fails when it runs.
const WIDENS_SUMS: &str = "single_distinct_aggregation_to_group_by";

/// A session that knows no function, no file and no table: plans bring all they need.
pub(crate) fn session() -> EngineResult<SessionState> {
    let mut config = SessionConfig::new().with_target_partitions(1).with_information_schema(false);
    config.options_mut().execution.parquet.schema_force_view_types = false;
    let runtime = RuntimeEnvBuilder::new()
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(MEMORY_BYTES)))
        .with_disk_manager_builder(
            DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled),
        )
        .build_arc()?;
    let rules = Optimizer::new().rules.into_iter().filter(|rule| rule.name() != WIDENS_SUMS);
    let state = SessionStateBuilder::new().with_config(config).with_runtime_env(runtime);
    Ok(state.with_optimizer_rules(rules.collect()).build())
}

/// The plan of a fragment's rows: its keys `k0`, `k1`, ..., then what its cells are made of.
pub(super) fn bind(
    fragment: &Fragment,
    place: &Place<'_>,
    snapshot: &Snapshot,
    tables: &mut Tables,
) -> Result<LogicalPlan, RunError> {
    let mut sources: BTreeMap<String, Arc<dyn TableSource>> = BTreeMap::new();
    for name in scans(&fragment.input)? {
        let table = place.dataset.table(&name).ok_or(RunError::Failed)?;
        sources.insert(
            name,
            provider_as_source(
                tables.provider(snapshot, (table, table.name == place.dataset.patient))?,
            ),
        );
    }
    let own = Own::of(place);
    let input = fragment.input.clone().transform_up(|node| {
        let LogicalPlan::TableScan(scan) = &node else { return Ok(Transformed::no(node)) };
        match sources.get(scan.table_name.table()) {
            Some(source) => Ok(Transformed::yes(rows(scan, source, &own)?)),
            None => Ok(Transformed::no(node)),
        }
    });
    let input = input.map_err(failed)?.data;
    let keys = fragment.keys.iter().enumerate();
    let keys =
        keys.map(|(index, key)| key.expr.clone().unalias_nested().data.alias(format!("k{index}")));
    let arguments = arguments(fragment).into_iter().enumerate();
    let arguments = arguments.map(|(index, expr)| expr.alias(format!("a{index}")));
    LogicalPlanBuilder::from(input)
        .project(keys.chain(arguments).collect::<Vec<_>>())
        .and_then(LogicalPlanBuilder::build)
        .map_err(failed)
}

fn scans(plan: &LogicalPlan) -> Result<Vec<String>, RunError> {
    let mut names = Vec::new();
    plan.apply(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            names.push(scan.table_name.table().to_owned());
        }
        Ok(datafusion::common::tree_node::TreeNodeRecursion::Continue)
    })
    .map_err(failed)?;
    Ok(names)
}

/// A snapshot's rows in the shape of the planned scan, the hospital's code and networks in their places.
fn rows(scan: &TableScan, source: &Arc<dyn TableSource>, own: &Own) -> EngineResult<LogicalPlan> {
    let table = scan.table_name.clone();
    let columns = scan.projected_schema.fields().iter().map(|field| {
        for (name, value) in [(HOSPITAL, &own.hospital), (NETWORK, &own.networks)] {
            if field.name() == name {
                return Expr::Literal(value.clone(), None)
                    .alias_qualified(Some(table.clone()), name);
            }
        }
        debug_assert!(
            !field.name().starts_with("__") || field.name() == PATIENT,
            "one hidden column"
        );
        Expr::Column(Name::new(Some(table.clone()), field.name()))
    });
    let columns: Vec<Expr> = columns.collect();
    LogicalPlanBuilder::scan(table.clone(), Arc::clone(source), None)?.project(columns)?.build()
}

/// What `kring_cell` is given: the patient, then values and conditions, each once.
fn arguments(fragment: &Fragment) -> Vec<Expr> {
    let mut arguments = vec![Expr::Column(fragment.patient.clone())];
    let sums = fragment.primitives.iter().flat_map(|sum| sum.value.iter().chain(&sum.filter));
    let measures = fragment.measures.iter();
    let measures = measures.flat_map(|of| of.argument.iter().chain(&of.condition));
    for expr in sums.chain(measures) {
        if !arguments.contains(expr) {
            arguments.push(expr.clone());
        }
    }
    arguments
}

/// The columns of a fragment's cells.
pub(super) fn layout(fragment: &Fragment, wanted: Wanted) -> Layout {
    let sums = fragment.primitives.iter().map(|sum| sum.scale);
    Layout::new(sums, fragment.measures.iter().map(|measure| &measure.footprint), wanted)
}

/// What a fragment's cells are made of, with the places of the inputs.
pub(super) fn cell(
    fragment: &Fragment,
    layout: &Layout,
    keys: Option<Arc<RecordKeys>>,
) -> CellSpec {
    let arguments = arguments(fragment);
    let place = |expr: &Option<Expr>| {
        let expr = expr.as_ref()?;
        arguments.iter().position(|known| known == expr)
    };
    let wanted = layout.wanted();
    let bounds = |(least, most)| Bounds { least, most };
    let sums = fragment.primitives.iter().map(|sum| Spec {
        kind: sum.kind,
        value: place(&sum.value),
        filter: place(&sum.filter),
        scale: sum.scale,
        bounds: sum.bounds.map(bounds).filter(|_bounds| wanted.any()),
    });
    let measures = fragment.measures.iter().filter(|_measure| wanted.any()).map(|measure| {
        let MeasureFootprint { kind, scale, least, most, .. } = measure.footprint;
        let rows = Spec {
            kind: rows_of(kind, measure.argument.is_some()),
            value: place(&measure.argument),
            filter: place(&measure.condition),
            scale,
            bounds: None,
        };
        let bounds = bounds((least.get(), most.get()));
        let has_set = wanted.bitmaps && has_set(&measure.footprint);
        MeasureSpec { kind, rows, bounds, has_set }
    });
    CellSpec { sums: sums.collect(), measures: measures.collect(), layout: layout.clone(), keys }
}

/// The sum that looks at the same rows.
fn rows_of(kind: MeasureKind, has_argument: bool) -> SumKind {
    match kind {
        MeasureKind::Rows if has_argument => SumKind::NonNull,
        MeasureKind::Rows => SumKind::Rows,
        MeasureKind::Keys => SumKind::Distinct,
        MeasureKind::Bin => SumKind::Bin,
        MeasureKind::Flag | MeasureKind::Value => SumKind::Sum,
    }
}
