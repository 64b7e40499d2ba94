//! Bombs of rows times rows: most pass every check, and end by themselves or at the limits of the process that runs them.
//!
//! Over the tables of `oncology`, where a patient has many rows, so that what stays inside a patient still grows without end.

use super::{Bomb, many};

/// Joins each patient's follow-ups and questionnaires with one another, `joins` times over.
fn product(joins: usize) -> String {
    let joins = many(joins, " ", "JOIN prom q# ON q#.diagnosis_key = f.diagnosis_key");
    format!("followup f {joins}")
}

fn selected(what: &str, joins: usize) -> String {
    format!("SELECT {what} FROM {}", product(joins))
}

/// The rows of `product` with a window over each patient.
fn windowed(call: &str) -> String {
    format!(
        "SELECT sum(x.w) FROM (SELECT {call} OVER (PARTITION BY f.diagnosis_key ORDER BY q0.score, f.fu_day) AS w FROM {}) x",
        product(6)
    )
}

/// All of them.
pub(super) fn bombs() -> Vec<Bomb> {
    let texts = vec![
        ("rows times rows, counted", selected("count(*)", 8)),
        ("rows times rows, one at a time", selected("sum(f.fu_day)", 9)),
        ("rows times rows in groups", selected("f.event, q0.scale, count(*)", 10) + " GROUP BY f.event, q0.scale"),
        ("rows times rows, each once", format!("SELECT count(*) FROM (SELECT DISTINCT f.diagnosis_key, f.fu_day, {} FROM {}) x", many(7, ", ", "q#.score AS s#"), product(7))),
        ("rows times rows in a window", windowed("rank()")),
        ("rows times rows in a running sum", windowed("sum(f.fu_day)")),
        ("rows times rows, the least", format!("SELECT sum(x.m) FROM (SELECT f.diagnosis_key, min(q0.prom_day) AS m FROM {} GROUP BY f.diagnosis_key) x", product(8))),
        ("rows times rows, sorted by nothing", format!("SELECT count(*) FROM (SELECT f.diagnosis_key, rank() OVER (PARTITION BY f.diagnosis_key ORDER BY {}) AS r FROM {}) x WHERE x.r = 1", many(7, ", ", "q#.score"), product(7))),
        ("rows times rows that never meet", selected("count(*)", 10) + " WHERE " + &many(10, " + ", "q#.prom_day") + " < -999999"),
        ("rows times rows under EXISTS", format!("SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM {} WHERE f.diagnosis_key = d.diagnosis_key AND {} < 0)", product(10), many(10, " + ", "q#.score"))),
        ("rows times rows in HAVING", selected("f.event, count(*)", 10) + " GROUP BY f.event HAVING sum(f.fu_day) > 0"),
        ("a median of rows times rows", selected("median(f.fu_day)", 10)),
        ("wide rows times rows", selected(&many(60, ", ", "sum(CASE WHEN q0.score > # THEN f.fu_day ELSE f.karnofsky END)"), 8)),
        ("text that doubles", {
            let mut text = "SELECT d.diagnosis_key, d.topography AS t FROM diagnosis d".to_owned();
            for _ in 0..30 {
                text = format!("SELECT x.diagnosis_key, x.t || x.t AS t FROM ({text}) x");
            }
            format!("SELECT count(*) FROM ({text}) x WHERE x.t LIKE '%b%a%'")
        }),
        ("cells times cells", format!("SELECT count(*) FROM {}", many(5, " CROSS JOIN ", "(SELECT inc_year, ct, count(*) AS n FROM diagnosis GROUP BY inc_year, ct) x#"))),
        ("cells in windows in windows", {
            let mut text = "SELECT inc_year, topography, count(*) AS n FROM diagnosis GROUP BY inc_year, topography".to_owned();
            for _ in 0..20 {
                text = format!("SELECT x.inc_year, x.topography, sum(x.n) OVER (ORDER BY x.n, x.topography) AS n FROM ({text}) x");
            }
            text
        }),
        ("cells that grow in HAVING", "SELECT inc_year, repeat('x', 1000000000) FROM diagnosis GROUP BY inc_year HAVING count(*) > 0".to_owned()),
        ("a cell of long text", {
            let mut text = "SELECT inc_year, concat('x', count(*)) AS t FROM diagnosis GROUP BY inc_year".to_owned();
            for _ in 0..28 {
                text = format!("SELECT x.inc_year, x.t || x.t AS t FROM ({text}) x");
            }
            text
        }),
    ];
    texts.into_iter().map(|(name, sql)| Bomb { name, dataset: "oncology", sql }).collect()
}
