//! From text to an analysed plan: one SELECT over the dataset's tables, types made to fit.
//!
//! The plan is not optimised, so the cut sees the shape that the analyst wrote. The engine's error texts are dropped
//! here: what an analyst can use is said in own words, from the structured part of the error.

use datafusion::common::{Column, DataFusionError, SchemaError};
use datafusion::config::ConfigOptions;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::Analyzer;
use datafusion::optimizer::analyzer::resolve_grouping_function::ResolveGroupingFunction;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;
use datafusion::sql::planner::SqlToRel;
use datafusion::sql::sqlparser::ast::Statement;
use datafusion::sql::sqlparser::dialect::PostgreSqlDialect;
use datafusion::sql::sqlparser::parser::Parser;
use policies::dataset::{Class, Dataset};
use std::sync::Arc;

use crate::catalog::{self, Catalog, Missing, functions};
use crate::error::{Both, HIDDEN, PlanError, listed, quoted};
use crate::gate;

mod clauses;
mod names;
mod subqueries;

/// Deepest recursion of the parser, above what the gate lets through.
const PARSER_DEPTH: usize = 300;

/// Plans a text over a dataset.
pub(crate) fn plan(dataset: &Dataset, sql: &str) -> Result<LogicalPlan, PlanError> {
    let statement = parse(sql)?;
    let catalog = Catalog::new(dataset);
    let plan = SqlToRel::new(&catalog)
        .sql_statement_to_plan(statement)
        .map_err(|error| explain(&error, &catalog, dataset))?;
    let rules: Vec<Arc<dyn datafusion::optimizer::AnalyzerRule + Send + Sync>> =
        vec![Arc::new(ResolveGroupingFunction::new()), Arc::new(TypeCoercion::new())];
    Analyzer::with_rules(rules)
        .execute_and_check(plan, &ConfigOptions::new(), |_plan, _rule| {})
        .map_err(|error| explain(&error, &catalog, dataset))
}

fn parse(sql: &str) -> Result<Statement, PlanError> {
    let tokens = gate::tokens(sql)?;
    let dialect = PostgreSqlDialect {};
    let mut statements = Parser::new(&dialect)
        .with_recursion_limit(PARSER_DEPTH)
        .with_tokens_with_locations(tokens)
        .parse_statements()
        .map_err(|error| bad_sql(&error.to_string()))?;
    let found = statements.len();
    let (Some(statement), true) = (statements.pop(), found == 1) else {
        return Err(PlanError::NotOneStatement { found });
    };
    if matches!(statement, Statement::Query(_)) {
        clauses::check(&statement)?;
        return subqueries::distinct(names::distinct(statement));
    }
    let text = statement.to_string();
    let verb = text.split_whitespace().next().unwrap_or_default().to_uppercase();
    Err(PlanError::NotASelect { found: quoted(verb) })
}

/// The parser's message repeats the text only: its place is kept, and the words around it.
fn bad_sql(message: &str) -> PlanError {
    let line = message
        .rsplit_once("Line: ")
        .and_then(|(_, rest)| rest.split(',').next())
        .and_then(|line| line.trim().parse().ok())
        .unwrap_or(1);
    let about = message.split_once("parser error: ").map_or(message, |(_, about)| about);
    PlanError::BadSql { line, near: format!(" ({})", quoted(about)) }
}

fn explain(error: &DataFusionError, catalog: &Catalog<'_>, dataset: &Dataset) -> PlanError {
    if let Some(error) = schema_error(error) {
        return hidden(&error, dataset).unwrap_or(error);
    }
    // The planner also looks up the names of WITH, so a missing table is believed only if it is what failed.
    let about_table =
        matches!(error.find_root(), DataFusionError::Plan(what) if what == catalog::UNKNOWN_TABLE);
    match catalog.missing() {
        Some(Missing::Table(_)) if !about_table => PlanError::CannotPlan,
        Some(Missing::Table(name)) => {
            let known = listed(dataset.tables.keys().map(policies::Ident::as_str));
            PlanError::UnknownTable { name: quoted(name), known }
        }
        Some(Missing::Function(name)) => unknown_function(&name),
        None if catalog::is_not_implemented(error) => PlanError::unsupported(
            ("a clause of this text", "een clausule van deze tekst"),
            (
                "write plain SELECT, WHERE, JOIN, GROUP BY, HAVING, ORDER BY and LIMIT",
                "schrijf gewoon SELECT, WHERE, JOIN, GROUP BY, HAVING, ORDER BY en LIMIT",
            ),
        ),
        None => about_shape(&error.find_root().to_string()),
    }
}

/// What the engine says in words only: about names, types and places, never about a value of the data.
fn about_shape(message: &str) -> PlanError {
    let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
    if says(&["require unique expression names"]) {
        return PlanError::unsupported(
            ("one column twice under one name", "één kolom twee keer onder één naam"),
            (
                "give one of them a name: count(*) AS n",
                "geef een van beide een naam: count(*) AS n",
            ),
        );
    }
    if says(&["must be in GROUP BY", "must appear in GROUP BY"]) {
        return PlanError::unsupported(
            (
                "a column in SELECT, HAVING or ORDER BY that is neither grouped by nor aggregated",
                "een kolom in SELECT, HAVING of ORDER BY waarop niet wordt gegroepeerd en die niet wordt geaggregeerd",
            ),
            (
                "add it to GROUP BY, or write an aggregate of it",
                "voeg haar toe aan GROUP BY, of schrijf er een aggregaat van",
            ),
        );
    }
    if says(&["failed to match any signature", "No function matches", "not supported for Null"]) {
        return PlanError::unsupported(
            (
                "a function of arguments of these types, or so many",
                "een functie met argumenten van deze typen, of met zoveel",
            ),
            (
                "write numbers, for share a condition such as x > 5, or cast: CAST(x AS BIGINT), CAST(NULL AS DOUBLE)",
                "schrijf getallen, voor share een voorwaarde zoals x > 5, of zet om: CAST(x AS BIGINT), CAST(NULL AS DOUBLE)",
            ),
        );
    }
    if says(&["Cannot coerce", "Cannot infer common", "incompatible types"]) {
        return PlanError::unsupported(
            (
                "an operator between values of these types",
                "een operator tussen waarden van deze typen",
            ),
            (
                "cast one of them to the type of the other",
                "zet een van beide met CAST om naar het type van de andere",
            ),
        );
    }
    PlanError::CannotPlan
}

/// A column that the dataset has but hides from questions.
fn hidden(error: &PlanError, dataset: &Dataset) -> Option<PlanError> {
    let PlanError::UnknownColumn { name, .. } = error else { return None };
    let bare = name.rsplit('.').next()?;
    let columns = dataset.tables.values().flat_map(|table| &table.columns);
    let mut hidden = columns.filter(|column| column.class == Class::Hidden);
    hidden.any(|column| column.name.as_str() == bare).then(|| PlanError::ColumnClass {
        column: name.clone(),
        class: Class::Hidden.as_str(),
        usage: HIDDEN,
    })
}

fn unknown_function(name: &str) -> PlanError {
    if let Some(instead) = functions::advice(name) {
        return PlanError::unsupported(Both::same(format!("`{}`", quoted(name))), instead);
    }
    let mut known = functions::scalar_names();
    known.extend(functions::aggregate_names());
    known.sort_unstable();
    PlanError::UnknownFunction { name: quoted(name), known: known.join(", ") }
}

/// The error about a name, wherever the engine wrapped it.
fn schema_error(error: &DataFusionError) -> Option<PlanError> {
    match error {
        DataFusionError::SchemaError(error, _) => Some(about_name(error)),
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => {
            schema_error(inner)
        }
        DataFusionError::Collection(errors) => errors.iter().find_map(schema_error),
        DataFusionError::Shared(inner) => schema_error(inner),
        DataFusionError::ArrowError(..)
        | DataFusionError::ParquetError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::IoError(_)
        | DataFusionError::SQL(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Internal(_)
        | DataFusionError::Plan(_)
        | DataFusionError::Configuration(_)
        | DataFusionError::Execution(_)
        | DataFusionError::ExecutionJoin(_)
        | DataFusionError::ResourcesExhausted(_)
        | DataFusionError::External(_)
        | DataFusionError::Substrait(_)
        | DataFusionError::Ffi(_) => None,
    }
}

fn about_name(error: &SchemaError) -> PlanError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let known: Vec<String> = valid_fields.iter().map(Column::flat_name).collect();
            PlanError::UnknownColumn {
                name: quoted(field.flat_name()),
                known: listed(known.iter().map(String::as_str)),
            }
        }
        SchemaError::AmbiguousReference { field } => {
            PlanError::AmbiguousColumn { name: quoted(field.flat_name()) }
        }
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            PlanError::AmbiguousColumn { name: quoted(name) }
        }
    }
}

#[cfg(test)]
mod tests;
