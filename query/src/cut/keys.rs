//! Group keys: expressions whose values follow from the dataset and the text, so the cells are known beforehand.

use datafusion::logical_expr::Expr;
use policies::dataset::Use;

use super::{Account, Below, Key, below};
use crate::error::{Both, PlanError};
use crate::facts::domain::Domain;
use crate::facts::{Facts, Plain};
use crate::written::written;

/// The group keys that these expressions are, and what is known of each above the cut. `network` is no key of a fragment:
/// the asking node copies cells into networks.
pub(super) fn keys(
    exprs: &[&Expr],
    below: &Below,
    account: &mut Account<'_>,
) -> Result<(Vec<Option<Key>>, Vec<Facts>), PlanError> {
    let mut keys = Vec::with_capacity(exprs.len());
    let mut merged = Vec::with_capacity(exprs.len());
    for expr in exprs {
        if below::network::is_bare(expr, below) {
            merged.push(network(expr, below)?);
            keys.push(None);
            continue;
        }
        let (safe, facts) = below.expression(expr)?;
        account.expression(&facts, Use::Group)?;
        below::note_functions(&safe, &mut account.functions);
        let text = written(expr);
        let Some(domain) = facts.domain.clone() else {
            return Err(PlanError::NoDomain { key: text, instead: instead(expr, &facts) });
        };
        if domain == Domain::Hospital && facts.nullable {
            return Err(PlanError::NoDomain {
                key: text,
                instead: (
                    "group by the hospital of the table before LEFT JOIN",
                    "groepeer op het ziekenhuis van de tabel voor LEFT JOIN",
                )
                    .into(),
            });
        }
        merged.push(facts.clone());
        let (nullable, data_type) = (facts.nullable, facts.data_type);
        let marked = below::text_condition(&safe, below)?;
        keys.push(Some(Key { expr: safe, text, domain, nullable, data_type, marked }));
    }
    Ok((keys, merged))
}

/// What is known of the column `network` above the cut.
fn network(expr: &Expr, below: &Below) -> Result<Facts, PlanError> {
    let (_, facts) = below.passed_on(expr)?;
    if facts.nullable {
        return Err(PlanError::NoDomain {
            key: written(expr),
            instead: (
                "group by the network of the table before LEFT JOIN",
                "groepeer op het netwerk van de tabel voor LEFT JOIN",
            )
                .into(),
        });
    }
    Ok(Facts { nullable: false, ..Facts::of_type(facts.data_type) })
}

fn instead(expr: &Expr, facts: &Facts) -> Both {
    let text = written(expr);
    match (&facts.plain, facts.step) {
        (Some(Plain::Column(_)), Some(step)) => {
            let bins = format!("{text} / {}", step.saturating_mul(10));
            (
                format!("group by bins, e.g. {bins}, or by CASE WHEN {text} < ... THEN 'low' ELSE 'high' END"),
                format!("deel in naar klassen, bv. {bins}, of naar CASE WHEN {text} < ... THEN 'laag' ELSE 'hoog' END"),
            )
                .into()
        }
        (None, _) if facts.data_type.is_integer() => (
            "divide one whole column by a multiple of its step, or write CASE with constant results",
            "deel één hele kolom door een veelvoud van haar stap, of schrijf CASE met constante uitkomsten",
        )
            .into(),
        _ if facts.data_type.is_floating() => (
            "cast it to BIGINT, DECIMAL(p, s) or TEXT, or write CASE with whole numbers or texts",
            "zet het om met CAST naar BIGINT, DECIMAL(p, s) of TEXT, of schrijf CASE met gehele getallen of teksten",
        )
            .into(),
        _ => (
            "group by a category, by bins of a number, or by CASE with constant results",
            "deel in naar een categorie, naar klassen van een getal, of naar CASE met constante uitkomsten",
        )
            .into(),
    }
}
