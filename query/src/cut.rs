//! The cut: what runs per patient, which additive sums leave, what happens to the merged figures.
//!
//! [`split`] walks down from the root ([`above`]) to the aggregates that turn patients into cells, checks everything below
//! each ([`below`]) and in it ([`keys`], [`measures`]), and accounts for every column. Each of their grouping sets is a
//! fragment ([`leaf`]). It works on the analysed plan, which has the shape that the analyst wrote. Whatever has no arm here
//! is refused. Executing is not done here.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use arrow::datatypes::{DataType, Decimal128Type, DecimalType as _};
use datafusion::common::{Column as Name, DFSchemaRef};
use datafusion::logical_expr::expr::Cast;
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan};
use policies::Digest;
use policies::dataset::{Dataset, Use};
use policies::explore::Explore;
use policies::footprint::{
    ColumnUse, FootprintDraft, FragmentFootprint, SumFootprint, VectorFootprint,
};

use crate::catalog::functions::Place;
use crate::error::PlanError;
use crate::facts::domain::Domain;
use crate::facts::{Facts, Origin, Scope, safe};
use crate::pipe::{Explained, Networks};
use crate::plan;

mod above;
mod below;
mod canonical;
mod contributions;
mod explain;
mod form;
mod keys;
mod leaf;
mod link;
mod measures;
mod network;
mod normal;
mod primitive;
mod sensitive;
mod shows;
pub(crate) mod tree;

pub(crate) use below::{HOSPITAL_MARK, NETWORK_MARK};
pub(crate) use contributions::Measure;
pub(crate) use primitive::{Linear, Made, Primitive};
use tree::Step;

/// Most figures of one question, 16 bytes each: they fit one frame with room to spare.
const MAX_FIGURES: u64 = 500_000;

/// A question in three parts.
pub(crate) struct Split {
    /// What is above the cuts.
    pub(crate) above: Step,
    /// The cuts with what is below them; equal ones once.
    pub(crate) fragments: Rc<[Fragment]>,
    /// For each fragment and sum, the square of how far one row can move it: what the variance of its noise is counted in.
    pub(crate) reach: Vec<Vec<Option<f64>>>,
    /// What the question touches.
    pub(crate) footprint: FootprintDraft,
    /// The three parts for a person.
    pub(crate) explained: Explained,
}

/// One cut and what is below it.
pub(crate) struct Fragment {
    /// Digest of the canonical form.
    pub(crate) digest: Digest,
    /// The rows of patients, with the patient's number in `patient`; scans stand for tables.
    pub(crate) input: LogicalPlan,
    /// The column of `input` with the patient's number.
    pub(crate) patient: Name,
    /// What the rows are grouped by.
    pub(crate) keys: Vec<Key>,
    /// The sums of every cell, in the order of the wire.
    pub(crate) primitives: Vec<Primitive>,
    /// What the sums are of, each once.
    pub(crate) measures: Vec<Measure>,
    /// The sums that are bins of one column each.
    pub(crate) vectors: Vec<VectorFootprint>,
    /// Conditions that every row must meet, for what the text alone says about the hospital.
    pub(crate) conditions: Vec<TextCondition>,
    /// Cells of the domain.
    pub(crate) cells: u64,
    /// Whether sensitive values decide who is in a cell.
    pub(crate) sensitive: bool,
}

/// One group key.
#[derive(Clone)]
pub(crate) struct Key {
    /// The expression over `input`.
    pub(crate) expr: Expr,
    /// As the analyst wrote it.
    pub(crate) text: String,
    /// Its values.
    pub(crate) domain: Domain,
    /// Whether NULL is the last of them.
    pub(crate) nullable: bool,
    /// Its type.
    pub(crate) data_type: DataType,
    /// The expression with the hospital's mark, for what the text alone says of it.
    pub(crate) marked: TextCondition,
}

/// How an aggregate is finished; numbers are places in `primitives`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Output {
    /// A count.
    Count(usize),
    /// A sum, NULL of no values.
    Sum { sum: Linear, values: usize, data_type: DataType },
    /// A mean.
    Average { sum: Linear, values: usize, data_type: DataType },
    /// A variance, or its root.
    Spread { sum: Linear, squares: Linear, values: usize, sample: bool, root: bool },
    /// A figure of two values.
    Pair(Pair, PairFigure),
    /// A share, or an end of its interval.
    Share { part: usize, whole: usize, figure: ShareFigure },
    /// How many of these counts are not 0.
    Present(Vec<usize>),
    /// A quantile, from 0 to 1.
    Quantile(Bins, f64),
    /// The count of each bin.
    Histogram(Bins),
}

/// Counts between the edges of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bins {
    /// Values in each bin, the last with the greatest value.
    pub(crate) counts: Vec<usize>,
    /// The least value, the inner edges and the greatest value, in units of the scale: one more than bins.
    pub(crate) edges: Vec<i64>,
    /// Digits behind the point.
    pub(crate) scale: u8,
}

impl Bins {
    /// The edges as a person reads them.
    pub(crate) fn named(&self) -> Vec<String> {
        let scale = i8::try_from(self.scale).unwrap_or(i8::MAX);
        let decimal = |edge: &i64| Decimal128Type::format_decimal((*edge).into(), 38, scale);
        self.edges.iter().map(decimal).collect()
    }
}

/// The sums over rows where both values are.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pair {
    /// Rows.
    pub(crate) values: usize,
    /// Sum of x.
    pub(crate) x: Linear,
    /// Sum of y.
    pub(crate) y: Linear,
    /// Sum of squares of x.
    pub(crate) xx: Linear,
    /// Sum of squares of y.
    pub(crate) yy: Linear,
    /// Sum of products.
    pub(crate) xy: Linear,
}

/// What is made of the sums of pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PairFigure {
    /// `covar_pop`, `covar_samp`.
    Covariance { sample: bool },
    /// `corr`.
    Correlation,
    /// `regr_slope`.
    Slope,
    /// `regr_intercept`.
    Intercept,
    /// `regr_r2`.
    Determination,
    /// `regr_sxx`.
    SumXx,
    /// `regr_syy`.
    SumYy,
    /// `regr_sxy`.
    SumXy,
}

/// What is made of a part and a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ShareFigure {
    /// The share.
    Share,
    /// The lower end of its 95 % interval.
    Low,
    /// The upper end.
    High,
}

/// An expression, mostly a condition, whose column `__hospital` stands for the hospital's code, `__network` for its networks.
#[derive(Clone)]
pub(crate) struct TextCondition {
    /// The expression.
    pub(crate) predicate: Expr,
    /// The schema of its other columns.
    pub(crate) schema: DFSchemaRef,
    /// Whether its columns are named as the group keys name them.
    pub(crate) in_scope: bool,
    /// Its columns that are columns of a table and nothing else.
    pub(crate) origins: BTreeMap<Name, Origin>,
}

impl Key {
    /// Number of values, NULL included; a hospital's own code is one.
    pub(crate) fn size(&self) -> u64 {
        let values = match &self.domain {
            Domain::Values(values) => u64::try_from(values.len()).unwrap_or(u64::MAX),
            Domain::Hospital => 1,
        };
        values.saturating_add(u64::from(self.nullable))
    }
}

/// What a text touches, gathered while it is cut.
pub(crate) struct Account<'a> {
    dataset: &'a Dataset,
    tables: BTreeSet<String>,
    uses: BTreeSet<ColumnUse>,
    functions: BTreeSet<String>,
    aggregates: BTreeSet<String>,
    lines: Vec<String>,
    notes: Vec<String>,
    /// Whether figures are grouped by the networks.
    by_network: bool,
}

impl<'a> Account<'a> {
    fn new(dataset: &'a Dataset) -> Self {
        Self {
            dataset,
            tables: BTreeSet::new(),
            uses: BTreeSet::new(),
            functions: BTreeSet::new(),
            aggregates: BTreeSet::new(),
            lines: Vec::new(),
            notes: Vec::new(),
            by_network: false,
        }
    }

    /// Records a use, if the column's class allows it.
    fn used(&mut self, origins: &BTreeSet<Origin>, usage: Use) -> Result<(), PlanError> {
        for Origin { table, column } in origins {
            let known = self.dataset.column(table, column).ok_or(PlanError::CannotPlan)?;
            if !known.class.allows(usage) {
                return Err(PlanError::ColumnClass {
                    column: format!("{table}.{column}"),
                    class: known.class.as_str(),
                    usage: usage.as_str(),
                });
            }
            let (table, column) = (table.clone(), column.clone());
            self.uses.insert(ColumnUse { table, column, usage });
        }
        Ok(())
    }

    /// Records an expression in a place: its values as `usage`, its conditions as conditions.
    fn expression(&mut self, facts: &Facts, usage: Use) -> Result<(), PlanError> {
        self.used(&facts.values, usage)?;
        self.used(&facts.conditions, Use::Filter)
    }
}

/// The rows below a cut.
struct Below {
    plan: LogicalPlan,
    patient: Name,
    columns: Vec<Facts>,
    schema: DFSchemaRef,
    /// Numbers of key columns ([`Facts::row`]) that together name a row.
    rows: BTreeSet<usize>,
    conditions: Vec<TextCondition>,
}

impl Below {
    /// The safe form of an expression over these rows, and what is known of it; `network` in memberships only.
    fn expression(&self, expr: &Expr) -> Result<(Expr, Facts), PlanError> {
        let expr = &below::network::memberships(expr, self)?;
        self.known(expr)
    }

    /// As [`Self::expression`], where the column `network` may also be handed on unchanged.
    fn passed_on(&self, expr: &Expr) -> Result<(Expr, Facts), PlanError> {
        if below::network::is_bare(expr, self) { self.known(expr) } else { self.expression(expr) }
    }

    fn known(&self, expr: &Expr) -> Result<(Expr, Facts), PlanError> {
        let safe = self.same_type(expr, safe::rewrite(expr, &self.schema)?)?;
        let scope = Scope { schema: &self.schema, columns: &self.columns, place: Place::Below };
        let facts = scope.facts(&safe)?;
        Ok((safe, facts))
    }

    /// Folding constants can make a decimal narrower than the plan says; the schema above counts on the plan.
    fn same_type(&self, expr: &Expr, safe: Expr) -> Result<Expr, PlanError> {
        let of = |expr: &Expr| expr.get_type(&self.schema).map_err(|_engine| PlanError::CannotPlan);
        let (planned, own) = (of(expr)?, of(&safe)?);
        if planned == own {
            return Ok(safe);
        }
        let cast = |safe| Expr::Cast(Cast::new(safe, planned));
        if let Expr::Alias(alias) = safe {
            return Ok(cast(alias.expr).alias_qualified(alias.relation, alias.name));
        }
        Ok(cast(Box::new(safe)))
    }

    /// Whether no two rows have the same value of a column.
    fn names_rows(&self, facts: &Facts) -> bool {
        facts.row.is_some_and(|row| self.rows.iter().eq([&row]))
    }
}

/// A text that was cut, and nothing said of it yet: what is above, the cuts, what they touch, and what is done above as text.
type Cut<'a> = (Step, Rc<[Fragment]>, Account<'a>, Vec<String>);

/// Cuts a text over a dataset and the networks that it may name. Whatever can be refused is refused here.
fn cut<'a>(dataset: &'a Dataset, networks: &Networks, sql: &str) -> Result<Cut<'a>, PlanError> {
    let plan = plan::plan(dataset, sql)?;
    let mut account = Account::new(dataset);
    let (above, fragments, finishing) = above::build(&plan, &mut account)?;
    network::known(&fragments, networks)?;
    Ok((above, fragments.into(), account, finishing))
}

/// The cuts of a text alone, for whoever runs a question that was accounted for.
pub(crate) fn fragments(
    dataset: &Dataset,
    networks: &Networks,
    sql: &str,
) -> Result<Rc<[Fragment]>, PlanError> {
    let (_, fragments, ..) = cut(dataset, networks, sql)?;
    Ok(fragments)
}

/// Splits a text, and accounts for it.
pub(crate) fn split(dataset: &Dataset, networks: &Networks, sql: &str) -> Result<Split, PlanError> {
    let (above, fragments, account, finishing) = cut(dataset, networks, sql)?;
    let explained = explain::parts(&fragments, &account, finishing);
    let mut footprints: Vec<FragmentFootprint> =
        fragments.iter().map(|fragment| footprint(fragment, dataset)).collect();
    let names = link::link(&fragments, &mut footprints, dataset);
    let shows = shows::of(&fragments, account.by_network)?;
    let reach = footprints.iter().map(|fragment| form::reach(fragment, dataset)).collect();
    let footprint = FootprintDraft {
        tables: account.tables,
        uses: account.uses,
        functions: account.functions,
        aggregates: account.aggregates,
        fragments: footprints,
        names,
        shows,
    };
    Ok(Split { above, fragments, reach, footprint, explained })
}

fn footprint(fragment: &Fragment, dataset: &Dataset) -> FragmentFootprint {
    let sums = fragment.primitives.iter().map(|primitive| SumFootprint {
        text: explain::primitive(primitive),
        kind: primitive.kind,
        scale: primitive.scale,
        measure: contributions::place(primitive, &fragment.measures),
    });
    let mut footprint = FragmentFootprint {
        digest: fragment.digest,
        group_keys: fragment.keys.iter().map(|key| key.text.clone()).collect(),
        cells: fragment.cells,
        sums: sums.collect(),
        measures: fragment.measures.iter().map(|measure| measure.footprint.clone()).collect(),
        explore: Explore::default(),
        links: Vec::new(),
        vectors: fragment.vectors.clone(),
        sensitive: fragment.sensitive,
    };
    footprint.explore = form::explore(fragment, &footprint, dataset);
    footprint
}

#[cfg(test)]
mod tests;
