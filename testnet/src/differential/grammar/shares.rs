//! Figures that the pooled engines have no word for: shares with their interval, quantiles, histograms.

use super::sources::{Named, Scope};
use super::{Writer, both};
use crate::differential::schema::{Kind, decimal};

/// The 97.5 % quantile of the normal distribution.
const Z: &str = "1.959963984540054";

impl Writer<'_> {
    /// The share of rows that are so, or an end of its interval after Wilson.
    pub(super) fn share(&mut self, condition: &str) -> String {
        let part = format!("avg(CASE WHEN {condition} THEN 1 ELSE 0 END)");
        let name = self.dice.word(&["share", "share", "wilson_low", "wilson_high"]);
        if name == "share" {
            self.note("share");
            return both(&format!("share({condition})"), &part);
        }
        self.note("wilson");
        let (p, n) = (
            format!("CAST({part} AS DOUBLE PRECISION)"),
            "CAST(nullif(count(*), 0) AS DOUBLE PRECISION)",
        );
        let root = format!("{Z} * sqrt({p} * (1 - {p}) / {n} + {Z} * {Z} / (4 * {n} * {n}))");
        let (sign, limit) =
            if name == "wilson_low" { ("-", "greatest(0.0,") } else { ("+", "least(1.0,") };
        let end = format!("({p} + {Z} * {Z} / (2 * {n}) {sign} {root}) / (1 + {Z} * {Z} / {n})");
        let end = format!("CASE WHEN count(*) > 0 THEN {limit} {end}) END");
        both(&format!("{name}({condition})"), &end)
    }

    /// A quantile or histogram of a column with edges.
    pub(super) fn quantile(&mut self, scope: &Scope) -> String {
        let fits = |column: &&Named| matches!(column.kind, Kind::Integer(..) | Kind::Decimal(..));
        let measures: Vec<Named> = scope.columns.iter().filter(fits).cloned().collect();
        let Some(Named { sql, kind, .. }) = self.dice.pick(&measures).cloned() else {
            return self.count_values(scope);
        };
        let part = self.dice.word(&["0.1", "0.25", "0.5", "0.9", "1"]);
        let pooled = |part: &str| {
            let value = format!("CAST({sql} AS DOUBLE PRECISION)");
            format!("percentile_cont({part}) WITHIN GROUP (ORDER BY {value})")
        };
        let quantile = match self.dice.roll(5) {
            0 => {
                self.note("median");
                both(&format!("median({sql})"), &pooled("0.5"))
            }
            1 => {
                self.note("quantile");
                both(&format!("quantile({sql}, {part})"), &pooled(part))
            }
            2 => {
                self.note("percentile");
                let network = format!("percentile_cont({part}) WITHIN GROUP (ORDER BY {sql})");
                both(&network, &pooled(part))
            }
            _ => {
                self.note("histogram");
                return both(&format!("histogram({sql})"), &histogram(&sql, &kind));
            }
        };
        if !self.dice.one_in(3) {
            return quantile;
        }
        self.note("above_quantile");
        match self.dice.roll(3) {
            0 => format!("{quantile} + 3"),
            1 => format!("-2 * {quantile}"),
            _ => format!("100.0 - {quantile} / 4"),
        }
    }
}

/// Counts between the edges, as `histogram` writes them.
fn histogram(sql: &str, kind: &Kind) -> String {
    let scale = if let Kind::Decimal(scale, ..) = kind { *scale } else { 0 };
    let name = |edge: &i64| match scale {
        0 => edge.to_string(),
        scale => decimal(*edge, scale),
    };
    let edges: Vec<String> = kind.edges().iter().map(name).collect();
    let last = edges.len().saturating_sub(2);
    let pairs = edges.iter().zip(edges.iter().skip(1)).enumerate();
    let parts = pairs.map(|(at, (low, high))| {
        let from = if at == 0 { String::new() } else { format!("{sql} >= {low}") };
        let to = if at == last { String::new() } else { format!("{sql} < {high}") };
        let within = match (from.is_empty(), to.is_empty()) {
            (false, false) => format!("{from} AND {to}"),
            (true, true) => format!("{sql} IS NOT NULL"),
            (true, false) | (false, true) => format!("{from}{to}"),
        };
        format!("'{low}..{high}: ', CAST(count(*) FILTER (WHERE {within}) AS TEXT)")
    });
    let parts: Vec<String> = parts.collect();
    format!("CASE WHEN count({sql}) > 0 THEN concat({}) END", parts.join(", ', ', "))
}
