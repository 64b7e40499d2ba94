//! Above the cuts: the nodes that run on merged figures, checked before anything is asked of a hospital.
//!
//! [`build`] walks the analysed plan down to its cuts and makes the tree that the finish runs. Everything above a cut is
//! over released figures, so joins, unions, windows and aggregates are free here; rows of patients are not.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column as Name, DFSchema, DFSchemaRef};
use datafusion::logical_expr::{Aggregate, Distinct, Expr, Limit, LogicalPlan, Projection};
use policies::dataset::Dataset;
use policies::footprint::MAX_FRAGMENTS;

use super::tree::{Cut, Node, OfNetworks, Set, Step};
use super::{Account, Fragment, MAX_FIGURES, below, leaf};
use crate::catalog::functions::Place;
use crate::error::{Both, PlanError, listed, quoted};
use crate::facts::{Facts, Scope, safe};
use crate::finish::json;
use crate::written::written;

mod calls;
mod networks;
mod pairs;

use networks::ByNetwork;

/// Names the values of scalar subqueries.
const SCALAR: &str = "__scalar";

/// Whether an aggregate turns patients into cells: it is the lowest on its path that is not inside a patient.
pub(super) fn is_cut(aggregate: &Aggregate, dataset: &Dataset) -> bool {
    !has_cut(&aggregate.input, dataset)
}

/// Whether a cut is somewhere under a node. Under an aggregate inside a patient is none: its rows were walked down to the
/// tables, so a chain of such aggregates is walked once.
fn has_cut(plan: &LogicalPlan, dataset: &Dataset) -> bool {
    let mut found = false;
    let looked = plan.apply(|node| {
        let LogicalPlan::Aggregate(aggregate) = node else {
            return Ok(TreeNodeRecursion::Continue);
        };
        if below::is_per_patient(aggregate, dataset) {
            return Ok(TreeNodeRecursion::Jump);
        }
        found = true;
        Ok(TreeNodeRecursion::Stop)
    });
    found || looked.is_err()
}

/// What runs above the cuts, the cuts, and what is done with their figures, for a person.
pub(super) fn build(
    plan: &LogicalPlan,
    account: &mut Account<'_>,
) -> Result<(Step, Vec<Fragment>, Vec<String>), PlanError> {
    let mut walk =
        Walk { account, fragments: Vec::new(), lines: Vec::new(), scalars: 0, figures: 0 };
    let top = walk.walk(plan)?;
    if walk.fragments.is_empty() {
        return Err(PlanError::NotAnAggregate);
    }
    for field in plan.schema().fields() {
        if json::kind(field.data_type()).is_none() {
            return Err(PlanError::unsupported(
                (
                    format!("the type of `{}`", quoted(field.name())),
                    format!("het type van `{}`", quoted(field.name())),
                ),
                (
                    "cast it to BIGINT, DOUBLE, DECIMAL(p, s), TEXT or BOOLEAN",
                    "zet het om met CAST naar BIGINT, DOUBLE, DECIMAL(p, s), TEXT of BOOLEAN",
                ),
            ));
        }
    }
    if walk.fragments.len() == 1 {
        walk.lines.retain(|line| !line.starts_with(PART));
    }
    Ok((top.step, walk.fragments, walk.lines))
}

/// Begins the lines that name a cut.
const PART: &str = "take the figures of part";

/// A step and what is known of its columns.
struct Above {
    step: Step,
    columns: Vec<Facts>,
    networks: ByNetwork,
}

impl Above {
    /// The step on top of this one, with the columns of a node.
    fn over(self, schema: &DFSchemaRef, node: impl FnOnce(Box<Step>) -> Node) -> Self {
        let Self { step, mut columns, networks } = self;
        columns.truncate(schema.fields().len());
        let networks = networks.truncated(schema.fields().len());
        let step = Step { schema: Arc::clone(schema), node: node(Box::new(step)) };
        Self { step, columns, networks }
    }
}

/// A walk from the root down to the cuts.
struct Walk<'a, 'd> {
    account: &'a mut Account<'d>,
    fragments: Vec<Fragment>,
    lines: Vec<String>,
    scalars: usize,
    figures: u64,
}

impl Walk<'_, '_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "the engine's enum: what is not listed is refused"
    )]
    fn walk(&mut self, plan: &LogicalPlan) -> Result<Above, PlanError> {
        let schema = plan.schema();
        match plan {
            LogicalPlan::Aggregate(aggregate) if is_cut(aggregate, self.account.dataset) => {
                self.cut(aggregate)
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::SubqueryAlias(alias) => {
                Ok(self.walk(&alias.input)?.over(schema, Node::Renamed))
            }
            LogicalPlan::Projection(projection) => self.projection(projection),
            LogicalPlan::Filter(filter) => {
                let mut input = self.walk(&filter.input)?;
                let (predicate, _) = self.expression(&filter.predicate, &mut input)?;
                self.lines.push(format!("keep groups where {}", written(&filter.predicate)));
                Ok(input.over(schema, |input| Node::Filter { input, predicate }))
            }
            LogicalPlan::Sort(sort) => {
                let mut input = self.walk(&sort.input)?;
                let mut keys = Vec::with_capacity(sort.expr.len());
                for key in &sort.expr {
                    let (expr, _) = self.expression(&key.expr, &mut input)?;
                    keys.push(key.with_expr(expr));
                }
                let shown: Vec<String> = sort.expr.iter().map(|key| written(&key.expr)).collect();
                self.lines.push(format!("order by {}", shown.join(", ")));
                Ok(input.over(schema, |input| Node::Sort { input, keys }))
            }
            LogicalPlan::Limit(limit) => {
                let input = self.walk(&limit.input)?;
                let (skip, fetch) = bounds(limit)?;
                let kept = fetch.map_or("all".to_owned(), |fetch| fetch.to_string());
                self.lines.push(format!("keep {kept} rows after the first {skip}"));
                Ok(input.over(schema, |input| Node::Limit { input, skip, fetch }))
            }
            LogicalPlan::Distinct(Distinct::All(input)) => {
                let input = self.walk(input)?;
                self.lines.push("keep each row once".to_owned());
                Ok(input.over(schema, Node::Distinct))
            }
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::EmptyRelation(empty) if empty.produce_one_row => Ok(Above {
                step: Step { schema: Arc::clone(schema), node: Node::OneRow },
                columns: Vec::new(),
                networks: ByNetwork::default(),
            }),
            other => Err(refused(other, self.account.dataset)),
        }
    }

    /// A cut: its fragments, each once however often the text names it.
    fn cut(&mut self, aggregate: &Aggregate) -> Result<Above, PlanError> {
        let lines = self.account.lines.len();
        let leaf = leaf::cut(aggregate, self.account)?;
        let mut sets = Vec::with_capacity(leaf.sets.len());
        let known = self.fragments.len();
        let mut by_network = ByNetwork::default();
        for leaf::Grouped { fragment, keys, networks, id } in leaf.sets {
            let same = |known: &Fragment| known.digest == fragment.digest;
            let place = match self.fragments.iter().position(same) {
                Some(place) => place,
                None => self.add(fragment)?,
            };
            self.lines.push(format!("{PART} {}", place.saturating_add(1)));
            if let Some(of) = &networks {
                self.account.by_network = true;
                self.lines.push(copied(of));
                by_network = ByNetwork::column(of.column);
            }
            sets.push(Set { fragment: place, keys, networks, id });
        }
        if self.fragments.len() == known {
            self.account.lines.truncate(lines);
        } else if known > 0 {
            let title = format!("for part {}:", known.saturating_add(1));
            self.account.lines.insert(lines, title);
        }
        let schema = Arc::clone(&aggregate.schema);
        let cut = Cut { sets, outputs: leaf.outputs };
        let step = Step { schema, node: Node::Cut(cut) };
        Ok(Above { step, columns: leaf.merged, networks: by_network })
    }

    fn add(&mut self, fragment: Fragment) -> Result<usize, PlanError> {
        let place = self.fragments.len();
        if place >= MAX_FRAGMENTS {
            return Err(PlanError::TooManyFragments { got: place.saturating_add(1) });
        }
        let sums = u64::try_from(fragment.primitives.len()).unwrap_or(u64::MAX);
        let own = fragment.cells.saturating_mul(sums.saturating_add(1));
        self.figures = self.figures.saturating_add(own);
        if self.figures > MAX_FIGURES {
            return Err(PlanError::TooManyFigures { figures: self.figures, limit: MAX_FIGURES });
        }
        self.fragments.push(fragment);
        Ok(place)
    }

    fn projection(&mut self, projection: &Projection) -> Result<Above, PlanError> {
        let mut input = self.walk(&projection.input)?;
        let mut exprs = Vec::with_capacity(projection.expr.len());
        let mut columns = Vec::with_capacity(projection.expr.len());
        for expr in &projection.expr {
            let (expr, facts) = self.expression(expr, &mut input)?;
            exprs.push(expr);
            columns.push(facts);
        }
        let shown: Vec<String> = projection.expr.iter().map(written).collect();
        self.lines.push(format!("show {}", shown.join(", ")));
        let schema = &projection.schema;
        let networks = input.networks.projected(&exprs, &input.step.schema);
        let over = input.over(schema, |input| Node::Projection { input, exprs });
        Ok(Above { columns, networks, ..over })
    }

    /// An expression with the values of its scalar subqueries as columns, and what is known of it.
    fn expression(&mut self, expr: &Expr, input: &mut Above) -> Result<(Expr, Facts), PlanError> {
        let expr = self.without_subqueries(expr, input)?;
        let schema = &input.step.schema;
        let safe = safe::rewrite(&expr, schema)?;
        let scope = Scope { schema, columns: &input.columns, place: Place::Above };
        let facts = scope.facts(&safe)?;
        Ok((expr, facts))
    }

    fn without_subqueries(&mut self, expr: &Expr, input: &mut Above) -> Result<Expr, PlanError> {
        let mut problem = None;
        let replaced = expr.clone().transform_up(|expr| {
            if matches!(expr, Expr::InSubquery(_) | Expr::Exists(_) | Expr::SetComparison(_)) {
                problem = Some(PlanError::unsupported(
                    ("IN, EXISTS, ANY or ALL with a subquery, over finished figures", "IN, EXISTS, ANY of ALL met een subquery, over uitgerekende cijfers"),
                    ("JOIN the subquery as a derived table, or compare with a scalar subquery", "JOIN de subquery als afgeleide tabel, of vergelijk met een subquery van één waarde"),
                ));
                return Ok(Transformed::new(expr, false, TreeNodeRecursion::Stop));
            }
            let Expr::ScalarSubquery(subquery) = &expr else { return Ok(Transformed::no(expr)) };
            let value = if subquery.outer_ref_columns.is_empty() {
                self.scalar(&subquery.subquery, input)
            } else {
                Err(correlated())
            };
            match value {
                Ok(name) => Ok(Transformed::yes(Expr::Column(name))),
                Err(error) => {
                    problem = Some(error);
                    Ok(Transformed::new(expr, false, TreeNodeRecursion::Stop))
                }
            }
        });
        match problem {
            Some(problem) => Err(problem),
            None => Ok(replaced.map_err(|_engine| PlanError::CannotPlan)?.data),
        }
    }

    /// Adds the value of a subquery as a column; gives its name.
    fn scalar(&mut self, plan: &LogicalPlan, input: &mut Above) -> Result<Name, PlanError> {
        let value = self.walk(plan)?;
        let (true, [facts]) = (value.step.is_single(), value.columns.as_slice()) else {
            return Err(PlanError::unsupported(
                (
                    "a subquery that may give several rows or columns where one value is expected",
                    "een subquery die meer rijen of kolommen kan geven waar één waarde wordt verwacht",
                ),
                (
                    "write an aggregate without GROUP BY, or LIMIT 1",
                    "schrijf een aggregaat zonder GROUP BY, of LIMIT 1",
                ),
            ));
        };
        self.scalars = self.scalars.saturating_add(1);
        let name = format!("{SCALAR}{}", self.scalars);
        let field = arrow::datatypes::Field::new(&name, facts.data_type.clone(), true);
        let fields = vec![(None, Arc::new(field))];
        let added = DFSchema::new_with_metadata(fields, Default::default());
        let schema = added.and_then(|added| input.step.schema.join(&added));
        let schema = Arc::new(schema.map_err(|_engine| PlanError::CannotPlan)?);
        input.columns.push(Facts { nullable: true, ..facts.clone() });
        let before = Step { schema: Arc::clone(&schema), node: Node::OneRow };
        let step = std::mem::replace(&mut input.step, before);
        let value = Box::new(value.step);
        input.step.node = Node::Scalar { input: Box::new(step), value };
        Ok(Name::new_unqualified(name))
    }
}

/// What a group for each network is, for a person.
fn copied(of: &OfNetworks) -> String {
    let all = "group by network: the cells of each hospital are copied into each of its networks";
    match &of.only {
        Some(only) => {
            let only: Vec<&str> = only.iter().map(String::as_str).collect();
            format!("{all}, of which only {} are kept", listed(only))
        }
        None => all.to_owned(),
    }
}

fn correlated() -> PlanError {
    PlanError::unsupported(
        (
            "a subquery over figures that names columns of the question around it",
            "een subquery over cijfers die kolommen van de vraag eromheen noemt",
        ),
        (
            "write it as a derived table with GROUP BY and JOIN it on the group columns",
            "schrijf haar als afgeleide tabel met GROUP BY en JOIN die op de groepskolommen",
        ),
    )
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the engine's enum: what is not listed is refused"
)]
fn refused(plan: &LogicalPlan, dataset: &Dataset) -> PlanError {
    match plan {
        LogicalPlan::Distinct(_) => PlanError::unsupported(
            Both::same("SELECT DISTINCT ON"),
            ("write GROUP BY, or rank() OVER (...)", "schrijf GROUP BY, of rank() OVER (...)"),
        ),
        _ if has_cut(plan, dataset) => PlanError::unsupported(
            ("this clause over figures", "deze clausule over cijfers"),
            ("write SELECT ... GROUP BY ...", "schrijf SELECT ... GROUP BY ..."),
        ),
        _ => PlanError::NotAnAggregate,
    }
}

/// The rows to skip and to keep of a LIMIT with constants.
pub(super) fn bounds(limit: &Limit) -> Result<(usize, Option<usize>), PlanError> {
    use datafusion::logical_expr::{FetchType, SkipType};
    let refused = || {
        PlanError::unsupported(
            ("LIMIT or OFFSET that is not a number", "LIMIT of OFFSET dat geen getal is"),
            ("write a whole number", "schrijf een geheel getal"),
        )
    };
    let skip = match limit.get_skip_type() {
        Ok(SkipType::Literal(skip)) => skip,
        Ok(SkipType::UnsupportedExpr) | Err(_) => return Err(refused()),
    };
    match limit.get_fetch_type() {
        Ok(FetchType::Literal(fetch)) => Ok((skip, fetch)),
        Ok(FetchType::UnsupportedExpr) | Err(_) => Err(refused()),
    }
}
