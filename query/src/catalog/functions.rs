//! The positive lists of functions, and advice for those that people ask for and cannot have.

use std::sync::Arc;

use datafusion::functions::{core, math};
use datafusion::functions_aggregate::{
    average, bool_and_or, correlation, count, covariance, grouping, min_max, regr, stddev, sum,
    variance,
};
use datafusion::functions_window::{cume_dist, lead_lag, nth_value, ntile, rank, row_number};
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};

use super::planned::Planned;
use super::whole::whole;

/// Where a function may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Below the cut and in it: total, and bounded by its arguments.
    Below,
    /// Above the cut only, on merged figures.
    Above,
}

const BELOW: &[&str] =
    &["abs", "coalesce", "nullif", "greatest", "least", "round", "floor", "ceil"];
const ABOVE: &[&str] = &["sqrt", "ln", "exp", "power"];
const AGGREGATES: &[&str] =
    &["count", "sum", "avg", "stddev", "stddev_samp", "stddev_pop", "var", "var_samp", "var_pop"];
/// Of two arguments, over the rows where both have a value.
const PAIRS: &[&str] = &[
    "corr",
    "covar",
    "covar_samp",
    "covar_pop",
    "regr_count",
    "regr_slope",
    "regr_intercept",
    "regr_r2",
    "regr_avgx",
    "regr_avgy",
    "regr_sxx",
    "regr_syy",
    "regr_sxy",
];
/// Of a condition, over patients' rows only.
const SHARES: &[&str] = &["share", "wilson_low", "wilson_high"];
/// Of a column with edges, over patients' rows only.
const QUANTILES: &[&str] = &["median", "quantile", "percentile_cont", "histogram"];
/// Of finished figures only: they are values, not sums.
const AGGREGATES_ABOVE: &[&str] = &["min", "max"];
/// Those of two arguments that the engine computes as PostgreSQL does, so that they may stand over finished figures too.
const PAIRS_ABOVE: &[&str] = &["corr", "covar", "covar_samp", "covar_pop"];
const WINDOWS: &[&str] = &[
    "row_number",
    "rank",
    "dense_rank",
    "percent_rank",
    "cume_dist",
    "ntile",
    "lag",
    "lead",
    "first_value",
    "last_value",
    "nth_value",
];

/// Aggregates that do not add up over patients, and so stand inside a patient only.
const INSIDE: &[&str] = &["min", "max", "bool_and", "bool_or"];

/// Whether a function may stand at a place.
pub(crate) fn allowed(name: &str, place: Place) -> bool {
    match place {
        Place::Below => BELOW.contains(&name),
        Place::Above => BELOW.contains(&name) || ABOVE.contains(&name),
    }
}

/// Whether an aggregate can be added up over cells and hospitals, so that it may stand at the cut.
pub(crate) fn additive(name: &str) -> bool {
    [AGGREGATES, PAIRS, SHARES, QUANTILES].iter().any(|list| list.contains(&name))
}

/// Whether an aggregate is of two arguments.
pub(crate) fn of_pairs(name: &str) -> bool {
    PAIRS.contains(&name)
}

/// Whether an aggregate may stand over finished figures.
pub(crate) fn above_aggregate(name: &str) -> bool {
    [AGGREGATES, AGGREGATES_ABOVE, PAIRS_ABOVE].iter().any(|list| list.contains(&name))
}

/// Whether a function may have an OVER clause, over finished figures.
pub(crate) fn window_allowed(name: &str) -> bool {
    above_aggregate(name) || WINDOWS.contains(&name)
}

/// Whether an aggregate or window over figures takes one value and adds nothing.
pub(crate) fn adds_nothing(name: &str) -> bool {
    [AGGREGATES_ABOVE, WINDOWS].iter().any(|list| list.contains(&name))
}

/// Every scalar function.
pub(crate) fn scalar_names() -> Vec<&'static str> {
    BELOW.iter().chain(ABOVE).copied().collect()
}

/// Every aggregate.
pub(crate) fn aggregate_names() -> Vec<&'static str> {
    [AGGREGATES, PAIRS, SHARES, QUANTILES, INSIDE].concat()
}

/// Every window function that is no aggregate.
pub(crate) fn window_names() -> &'static [&'static str] {
    WINDOWS
}

/// The scalar function of this name or alias.
pub(crate) fn scalar(name: &str) -> Option<Arc<ScalarUDF>> {
    Some(match name {
        "abs" => math::abs(),
        "coalesce" => core::coalesce(),
        "nullif" => core::nullif(),
        "greatest" => core::greatest(),
        "least" => core::least(),
        "round" => math::round(),
        "floor" => math::floor(),
        "ceil" | "ceiling" => math::ceil(),
        "sqrt" => math::sqrt(),
        "ln" => math::ln(),
        "exp" => math::exp(),
        "power" | "pow" => math::power(),
        _ => return None,
    })
}

/// The aggregate of this name or alias.
pub(crate) fn aggregate(name: &str) -> Option<Arc<AggregateUDF>> {
    Some(match name {
        "count" => count::count_udaf(),
        "sum" => sum::sum_udaf(),
        "avg" | "mean" => average::avg_udaf(),
        "stddev" | "stddev_samp" => stddev::stddev_udaf(),
        "stddev_pop" => stddev::stddev_pop_udaf(),
        "var" | "var_samp" | "var_sample" | "variance" => variance::var_samp_udaf(),
        "var_pop" | "var_population" => variance::var_pop_udaf(),
        "corr" => correlation::corr_udaf(),
        "covar" | "covar_samp" => covariance::covar_samp_udaf(),
        "covar_pop" => covariance::covar_pop_udaf(),
        "regr_count" => Arc::new(AggregateUDF::from(Planned::pairs())),
        "regr_slope" => regr::regr_slope_udaf(),
        "regr_intercept" => regr::regr_intercept_udaf(),
        "regr_r2" => regr::regr_r2_udaf(),
        "regr_avgx" => regr::regr_avgx_udaf(),
        "regr_avgy" => regr::regr_avgy_udaf(),
        "regr_sxx" => regr::regr_sxx_udaf(),
        "regr_syy" => regr::regr_syy_udaf(),
        "regr_sxy" => regr::regr_sxy_udaf(),
        "share" => Arc::new(AggregateUDF::from(Planned::share("share"))),
        "wilson_low" => Arc::new(AggregateUDF::from(Planned::share("wilson_low"))),
        "wilson_high" => Arc::new(AggregateUDF::from(Planned::share("wilson_high"))),
        "median" => Arc::new(AggregateUDF::from(Planned::quantile("median", 1))),
        "quantile" => Arc::new(AggregateUDF::from(Planned::quantile("quantile", 2))),
        "percentile_cont" => Arc::new(AggregateUDF::from(Planned::quantile("percentile_cont", 2))),
        "histogram" => Arc::new(AggregateUDF::from(Planned::histogram())),
        "min" => min_max::min_udaf(),
        "max" => min_max::max_udaf(),
        "bool_and" => bool_and_or::bool_and_udaf(),
        "bool_or" => bool_and_or::bool_or_udaf(),
        "grouping" => grouping::grouping_udaf(),
        _ => return None,
    })
}

/// The window function of this name.
pub(crate) fn window(name: &str) -> Option<Arc<WindowUDF>> {
    Some(match name {
        "row_number" => whole(row_number::row_number_udwf()),
        "rank" => whole(rank::rank_udwf()),
        "dense_rank" => whole(rank::dense_rank_udwf()),
        "percent_rank" => rank::percent_rank_udwf(),
        "cume_dist" => cume_dist::cume_dist_udwf(),
        "ntile" => whole(ntile::ntile_udwf()),
        "lag" => lead_lag::lag_udwf(),
        "lead" => lead_lag::lead_udwf(),
        "first_value" => nth_value::first_value_udwf(),
        "last_value" => nth_value::last_value_udwf(),
        "nth_value" => nth_value::nth_value_udwf(),
        _ => return None,
    })
}

/// Why a known function is not offered, and what to write instead.
pub(crate) fn advice(name: &str) -> Option<(&'static str, &'static str)> {
    Some(match name {
        "min" | "max" => (
            "it would show one person's value; write avg(x) and stddev(x), or count(*) FILTER (WHERE x >= ...) at limits that matter",
            "dat zou de waarde van één persoon tonen; schrijf avg(x) en stddev(x), of count(*) FILTER (WHERE x >= ...) bij grenzen die ertoe doen",
        ),
        "median" | "percentile_cont" | "quantile" | "histogram" => (
            "take it of a column of patients for which the dataset declares edges",
            "neem het van een kolom van patiënten waarvoor de dataset grenzen van klassen opgeeft",
        ),
        "percentile_disc" | "approx_percentile_cont" | "approx_median" => (
            "it cannot be added up over hospitals; write quantile(x, 0.9) of a column with declared edges, or count(*) FILTER (WHERE x < ...) at the limits that matter",
            "dat is niet op te tellen over ziekenhuizen; schrijf quantile(x, 0.9) van een kolom met opgegeven klassen, of count(*) FILTER (WHERE x < ...) bij de grenzen die ertoe doen",
        ),
        "array_agg" | "string_agg" | "first_value" | "last_value" | "listagg" | "group_concat" => (
            "it would show single persons' values; write count(*) with GROUP BY the values",
            "dat zou waarden van losse personen tonen; schrijf count(*) met GROUP BY op de waarden",
        ),
        "bool_and" | "bool_or" | "every" | "bit_and" | "bit_or" | "bit_xor" => (
            "it tells whether everyone or no one is so; write count(*) FILTER (WHERE ...)",
            "dat zegt of iedereen of niemand zo is; schrijf count(*) FILTER (WHERE ...)",
        ),
        "approx_distinct" => (
            "it cannot be added up exactly; write count(distinct key)",
            "dat is niet precies op te tellen; schrijf count(distinct key)",
        ),
        "row_number" | "rank" | "dense_rank" | "ntile" | "lag" | "lead" | "percent_rank" => (
            "it needs OVER (...), over finished figures or inside a patient",
            "dat vraagt OVER (...), over uitgerekende cijfers of binnen een patiënt",
        ),
        "random" | "rand" | "uuid" | "now" | "current_date" | "current_timestamp" | "version" => (
            "the same question must give the same answer everywhere; write the value",
            "dezelfde vraag moet overal hetzelfde antwoord geven; schrijf de waarde",
        ),
        "upper" | "lower" | "length" | "char_length" | "substr" | "left" | "right" | "concat"
        | "trim" => (
            "codes are compared as they are; write CASE, IN ('a', 'b') or LIKE 'a%'",
            "codes worden vergeleken zoals ze zijn; schrijf CASE, IN ('a', 'b') of LIKE 'a%'",
        ),
        "mod" => ("write a % b", "schrijf a % b"),
        "trunc" => {
            ("write floor(x), ceil(x) or round(x, 1)", "schrijf floor(x), ceil(x) of round(x, 1)")
        }
        "sign" => (
            "write CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE 0 END",
            "schrijf CASE WHEN x > 0 THEN 1 WHEN x < 0 THEN -1 ELSE 0 END",
        ),
        "date_trunc" | "date_part" | "extract" | "to_date" | "date_add" => (
            "dates are whole days from diagnosis and a year; use integer arithmetic",
            "data zijn hele dagen vanaf de diagnose en een jaar; reken met gehele getallen",
        ),
        _ => return None,
    })
}
