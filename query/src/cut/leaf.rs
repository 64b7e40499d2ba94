//! One aggregate that turns patients into cells: a fragment for each of its grouping sets.
//!
//! A margin of a ROLLUP is a fragment of its own, so it is never a sum of shown cells.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{Aggregate, Expr};
use policies::Digest;
use policies::footprint::{MAX_CELLS, MAX_FRAGMENTS};

use super::tree::OfNetworks;
use super::{
    Account, Fragment, Key, Output, below, canonical, contributions, keys, measures, network,
    sensitive,
};
use crate::error::PlanError;
use crate::facts::Facts;

/// What a cut gives.
pub(super) struct Leaf {
    /// A fragment for each grouping set.
    pub(super) sets: Vec<Grouped>,
    /// How each aggregate is finished.
    pub(super) outputs: Vec<Output>,
    /// What is known of the merged columns.
    pub(super) merged: Vec<Facts>,
}

/// One grouping set.
pub(super) struct Grouped {
    pub(super) fragment: Fragment,
    /// As in [`super::tree::Set`].
    pub(super) keys: Vec<Option<usize>>,
    /// As in [`super::tree::Set`].
    pub(super) networks: Option<OfNetworks>,
    /// As in [`super::tree::Set`].
    pub(super) id: Option<ScalarValue>,
}

/// Cuts at an aggregate.
pub(super) fn cut(aggregate: &Aggregate, account: &mut Account<'_>) -> Result<Leaf, PlanError> {
    let mut walk = below::Walk::new(account);
    let mut below = walk.walk(&aggregate.input)?;
    let aggregate = &walk.marked_aggregate(&mut below, aggregate)?;
    let sets = sets(aggregate)?;
    let (keys, mut merged) = keys::keys(&sets.exprs, &below, account)?;
    let network = one_network(&keys)?;
    let measures = measures::measures(aggregate, &below, account)?;
    let mut contributed = contributions::measures(&measures.primitives, below.plan.schema());
    sensitive::measures(&mut contributed, &below, account.dataset);
    if let Some(id) = &sets.id {
        merged.iter_mut().for_each(|facts| facts.nullable = true);
        merged.push(id_facts(id));
    }
    merged.extend(measures.merged);
    if merged.len() != aggregate.schema.fields().len() {
        return Err(PlanError::CannotPlan);
    }
    let mut grouped = Vec::with_capacity(sets.members.len());
    for members in &sets.members {
        let is_key = |member: &&usize| keys.get(**member).is_some_and(Option::is_some);
        let own: Vec<usize> = members.iter().filter(is_key).copied().collect();
        let places = (0..keys.len()).map(|key| own.iter().position(|member| *member == key));
        let places: Vec<Option<usize>> = places.collect();
        let own: Vec<Key> =
            own.iter().filter_map(|member| keys.get(*member).cloned().flatten()).collect();
        let cells = own.iter().map(Key::size).fold(1, u64::saturating_mul);
        if cells > MAX_CELLS {
            return Err(PlanError::TooManyCells { cells });
        }
        let mut fragment = Fragment {
            digest: Digest::of(b""),
            input: below.plan.clone(),
            patient: below.patient.clone(),
            keys: own,
            primitives: measures.primitives.clone(),
            measures: contributed.clone(),
            vectors: measures.vectors.clone(),
            conditions: below.conditions.clone(),
            cells,
            sensitive: false,
        };
        fragment.sensitive = sensitive::cells(&fragment.keys, &below, account.dataset);
        fragment.digest = canonical::digest(&fragment, account.dataset);
        let networks = match network {
            Some(column) => {
                let only = network::only(&fragment)?;
                members.contains(&column).then_some(OfNetworks { column, only })
            }
            None => None,
        };
        let id = match &sets.id {
            Some(data_type) => Some(id((keys.len(), members), data_type)?),
            None => None,
        };
        grouped.push(Grouped { fragment, keys: places, networks, id });
    }
    Ok(Leaf { sets: grouped, outputs: measures.outputs, merged })
}

/// The place of `network` among the group columns.
fn one_network(keys: &[Option<Key>]) -> Result<Option<usize>, PlanError> {
    let mut places = keys.iter().enumerate().filter(|(_, key)| key.is_none()).map(|(at, _)| at);
    let first = places.next();
    if places.next().is_some() {
        return Err(PlanError::NetworkColumn {
            what: (
                "GROUP BY of the networks of several tables",
                "GROUP BY van de netwerken van verschillende tabellen",
            )
                .into(),
            instead: (
                "name one of them: the rows of a patient are all of the same hospital",
                "noem er één: de rijen van een patiënt zijn alle van hetzelfde ziekenhuis",
            )
                .into(),
        });
    }
    Ok(first)
}

/// The grouping sets of an aggregate.
struct Sets<'a> {
    /// Every expression that is grouped by, in the order of the columns.
    exprs: Vec<&'a Expr>,
    /// Each set, as places in `exprs`.
    members: Vec<Vec<usize>>,
    /// The type of the column that tells the sets apart.
    id: Option<DataType>,
}

fn sets(aggregate: &Aggregate) -> Result<Sets<'_>, PlanError> {
    // As the aggregate's schema has them: an expression that is written twice is one.
    let exprs = grouping_set_to_exprlist(&aggregate.group_expr);
    let exprs = exprs.map_err(|_engine| PlanError::CannotPlan)?;
    let [Expr::GroupingSet(grouping)] = aggregate.group_expr.as_slice() else {
        return Ok(Sets { members: vec![(0..exprs.len()).collect()], exprs, id: None });
    };
    let id = aggregate.schema.fields().get(exprs.len()).map(|field| field.data_type().clone());
    let too_many = |sets: usize| {
        if sets <= MAX_FRAGMENTS { Ok(()) } else { Err(PlanError::TooManyFragments { got: sets }) }
    };
    let lists: Vec<Vec<&Expr>> = match grouping {
        GroupingSet::Rollup(columns) => {
            too_many(columns.len().saturating_add(1))?;
            (0..=columns.len()).rev().map(|kept| columns.iter().take(kept).collect()).collect()
        }
        GroupingSet::Cube(columns) => {
            let sets = u32::try_from(columns.len()).ok().and_then(|n| 1_usize.checked_shl(n));
            let sets = sets.unwrap_or(usize::MAX);
            too_many(sets)?;
            let chosen = |set: usize| {
                let kept = columns.iter().enumerate();
                kept.filter(move |(at, _)| set & (1 << at) == 0).map(|(_, column)| column).collect()
            };
            (0..sets).map(chosen).collect()
        }
        GroupingSet::GroupingSets(lists) => {
            too_many(lists.len())?;
            lists.iter().map(|list| list.iter().collect()).collect()
        }
    };
    let mut members: Vec<Vec<usize>> = Vec::with_capacity(lists.len());
    for list in lists {
        let places = list.iter().map(|expr| exprs.iter().position(|known| known == expr));
        let mut places = places.collect::<Option<Vec<_>>>().ok_or(PlanError::CannotPlan)?;
        places.sort_unstable();
        places.dedup();
        if members.contains(&places) {
            return Err(PlanError::unsupported(
                ("the same grouping set twice", "dezelfde groepering twee keer"),
                ("name each grouping set once", "noem elke groepering één keer"),
            ));
        }
        members.push(places);
    }
    Ok(Sets { exprs, members, id })
}

/// The engine's number of a grouping set: a bit for each column, set where the column is absent, the last column lowest.
fn id(
    (columns, members): (usize, &[usize]),
    data_type: &DataType,
) -> Result<ScalarValue, PlanError> {
    let bits = (0..columns).fold(0_u64, |bits, at| (bits << 1) | u64::from(!members.contains(&at)));
    ScalarValue::UInt64(Some(bits)).cast_to(data_type).map_err(|_engine| PlanError::CannotPlan)
}

fn id_facts(data_type: &DataType) -> Facts {
    Facts { nullable: false, ..Facts::of_type(data_type.clone()) }
}
