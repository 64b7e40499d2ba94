//! Shares, regression, quantiles and histograms: made of counts and sums, compared with what they stand for.

use query::pipe::Finished;
use serde_json::json;

use super::hospitals::{DATASET, hospitals};
use super::network::{Network, Protect, Worker};
use super::pooled::{Pool, Value};

#[test]
fn shares_and_their_intervals_are_made_of_two_counts() {
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let mut worker = Worker::start();
    let sql = "SELECT tumour, share(dead = 1) AS p, CAST(count(*) FILTER (WHERE dead = 1) AS DOUBLE) / count(*) AS q, \
               wilson_low(dead = 1) AS low, wilson_high(dead = 1) AS high FROM diagnosis GROUP BY tumour";
    let answer = network.ask(&mut worker, sql).unwrap();
    assert_eq!(answer.rows.len(), 4);
    for row in &answer.rows {
        assert_eq!(row[1], row[2], "{row:?}");
        let [low, p, high] = [3, 1, 4].map(|at| row[at].as_f64().unwrap());
        assert!(0.0 < low && low < p && p < high && high < 1.0, "{row:?}");
    }
    let sql = "SELECT share(age > 500) AS none, wilson_low(age > 500) AS low, share(bmi > 0) AS known, \
               share(age > 0) FILTER (WHERE age > 500) AS nobody, wilson_high(age > 0) AS high FROM diagnosis";
    let answer = network.ask(&mut worker, sql).unwrap();
    let row = &answer.rows[0];
    assert_eq!((&row[0], &row[1], &row[3]), (&json!(0.0), &json!(0.0), &json!(null)));
    assert!(row[2].as_f64().unwrap() < 1.0, "rows without a value are no part of it: {row:?}");
    assert_eq!(row[4], json!(1.0));
}

#[test]
fn a_flat_line_is_determined_as_postgresql_says() {
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let sql = "SELECT regr_r2(dead, age) AS flat, regr_r2(age, dead) AS upright, regr_slope(dead, age) AS slope, \
               regr_intercept(dead, age) AS start FROM diagnosis WHERE dead = 1";
    let answer = network.ask(&mut Worker::start(), sql).unwrap();
    assert_eq!(json!(answer.rows), json!([[1.0, null, 0.0, 1.0]]));
}

#[test]
fn a_quantile_is_off_by_at_most_the_width_of_its_bins() {
    let hospitals = hospitals();
    let network = Network::new(DATASET, &hospitals, Protect::OFF);
    let pool = Pool::new(network.dataset(), &hospitals);
    let mut worker = Worker::start();
    let (mut compared, mut apart) = (0, 0);
    let ages: &[f64] = &[18.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0];
    let weights: &[f64] = &[10.0, 18.5, 25.0, 30.0, 60.0];
    for (column, edges) in [("age", ages), ("bmi", weights)] {
        for part in ["0", "0.05", "0.25", "0.5", "0.9", "1"] {
            let by = "FROM diagnosis GROUP BY tumour, hospital ORDER BY tumour, hospital";
            let asked = format!(
                "SELECT quantile({column}, {part}), percentile_cont({part}) WITHIN GROUP (ORDER BY {column}) {by}"
            );
            let exact = format!("SELECT percentile_cont(CAST({column} AS DOUBLE), {part}) {by}");
            let answer = network.ask(&mut worker, &asked).unwrap();
            let (_, expected) = pool.ask(&exact);
            assert_eq!(answer.rows.len(), expected.len());
            for (number, (row, expected)) in answer.rows.iter().zip(expected).enumerate() {
                assert_eq!(row[0], row[1]);
                let stated = interval(&answer, number, 0);
                assert_eq!(stated, interval(&answer, number, 1));
                let Value::Float(expected) = expected[0] else {
                    assert_eq!((&row[0], stated), (&serde_json::Value::Null, None));
                    continue;
                };
                let (low, high) = stated.unwrap().unwrap();
                let slack = 1e-9 * high;
                assert!(
                    low - slack <= expected && expected <= high + slack,
                    "{column} {part}: {expected} is not in {low}..{high}"
                );
                let got = row[0].as_f64().unwrap();
                assert!(low <= got && got <= high);
                // Of few values a quantile stands between two, which may be in two bins.
                let reached =
                    |low: f64, high: f64| low < got.max(expected) && high > got.min(expected);
                let bins = edges.windows(2).filter(|bin| reached(bin[0], bin[1]));
                let widest = edges.windows(2).map(|bin| bin[1] - bin[0]).fold(0.0, f64::max);
                let reached = bins.count();
                assert!(
                    (got - expected).abs() <= widest,
                    "{column} {part}: {got}, pooled {expected}"
                );
                assert!(reached <= 2, "{column} {part}: {got}, pooled {expected}");
                apart += usize::from(reached > 1);
                compared += 1;
            }
        }
    }
    assert!(compared > 100 && apart * 5 < compared, "{apart} of {compared} are in another bin");
}

#[test]
fn a_quantile_names_its_edges_beforehand_and_is_null_of_nobody() {
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let mut worker = Worker::start();
    let planned = network.plan(&mut worker, "SELECT median(bmi) FROM diagnosis").unwrap();
    let told = planned.explained.over_hospitals.join("\n");
    assert!(
        told.contains(
            "10.0, 18.5, 25.0, 30.0, 60.0: a quantile is off by at most the width of the bins"
        ),
        "{told}"
    );
    let sql = "SELECT median(age) AS m, histogram(age) AS h FROM diagnosis WHERE age > 500";
    let answer = network.ask(&mut worker, sql).unwrap();
    assert_eq!(json!(answer.rows), json!([[null, null]]));
    assert!(answer.cells.is_empty() && answer.intervals.is_empty());
}

/// What the answer says of a cell: no interval, one that is not known, or its ends.
fn interval(answer: &Finished, row: usize, column: usize) -> Option<Option<(f64, f64)>> {
    let all = &answer.intervals;
    let own = all.iter().find(|own| (own.row, own.column) == (row, column))?;
    assert_eq!(own.low.is_some(), own.high.is_some());
    Some(own.low.zip(own.high))
}

#[test]
fn what_is_made_of_quantiles_says_so() {
    let network = Network::new(DATASET, &hospitals(), Protect::OFF);
    let mut worker = Worker::start();
    let t = "(SELECT tumour, median(age) AS m, quantile(age, 0.9) AS q, count(*) AS n FROM diagnosis GROUP BY tumour) t";
    let plain = network.ask(&mut worker, &format!("SELECT m, q FROM {t} ORDER BY tumour")).unwrap();
    let (m, q) =
        (interval(&plain, 0, 0).unwrap().unwrap(), interval(&plain, 0, 1).unwrap().unwrap());
    assert!(m.0 < m.1 && m.1 <= q.0 && plain.notes.is_empty());
    let known = [
        ("m", Some(m)),
        ("m + 1", Some((m.0 + 1.0, m.1 + 1.0))),
        ("-m", Some((-m.1, -m.0))),
        ("2 * m", Some((2.0 * m.0, 2.0 * m.1))),
        ("m / -2", Some((m.1 / -2.0, m.0 / -2.0))),
        ("q - m", Some((q.0 - m.1, q.1 - m.0))),
        ("m - m", None),
        ("m * m", None),
        ("1 / m", None),
        ("n * m", None),
        ("CASE WHEN m > 60 THEN 1 ELSE 0 END", None),
        ("m > 60", None),
        ("round(m)", Some((m.0.round(), m.1.round()))),
        ("CAST(round(m) AS BIGINT)", Some((m.0, m.1))),
        ("CAST(TRY_CAST(round(m) AS BIGINT) AS DOUBLE) + 1", Some((m.0 + 1.0, m.1 + 1.0))),
        ("CAST(CAST(m AS DECIMAL(9, 2)) AS DOUBLE) + 1", Some((m.0 + 1.0, m.1 + 1.0))),
        ("coalesce(m, 0)", Some(m)),
        ("greatest(m, q)", Some(q)),
        ("abs(m)", None),
        ("avg(m) OVER ()", None),
        ("rank() OVER (ORDER BY m)", None),
        ("(SELECT median(age) FROM diagnosis WHERE tumour = 'bladder')", Some(m)),
        ("(SELECT max(m) FROM {t})", None),
    ];
    for (expression, expected) in known {
        let expression = expression.replace("{t}", t);
        let sql = format!("SELECT {expression} AS x FROM {t} ORDER BY tumour LIMIT 1");
        let answer = network.ask(&mut worker, &sql).unwrap();
        assert_eq!(interval(&answer, 0, 0), Some(expected), "{expression}");
        assert!(answer.notes.is_empty(), "{expression}");
    }
    for exact in ["n", "n + 1", "avg(n) OVER ()", "CASE WHEN n > 5 THEN 1 ELSE 0 END", "tumour"] {
        let sql = format!("SELECT {exact} AS x FROM {t} ORDER BY tumour");
        assert!(network.ask(&mut worker, &sql).unwrap().intervals.is_empty(), "{exact}");
    }
    let decided = [
        "SELECT tumour FROM {t} WHERE m > 60",
        "SELECT tumour FROM {t} ORDER BY m",
        "SELECT tumour FROM {t} ORDER BY m LIMIT 1",
        "SELECT DISTINCT m FROM {t}",
        "SELECT count(*) FROM {t} GROUP BY m",
        "SELECT a.tumour FROM {t} JOIN (SELECT 60 AS x, count(*) AS n FROM patient) a ON a.x < t.m",
        "SELECT (SELECT count(*) FROM {t} WHERE m > 60) AS x, count(*) FROM patient",
        "SELECT count(*) FROM {t} WHERE m > 60 UNION ALL SELECT count(*) FROM patient",
        "SELECT tumour FROM diagnosis GROUP BY tumour HAVING median(age) > 60",
    ];
    for sql in decided {
        let sql = sql.replace("{t}", t).replace("a.tumour", "t.tumour");
        let answer = network.ask(&mut worker, &sql).unwrap();
        assert_eq!(answer.notes.len(), 1, "{sql}");
    }
}

#[test]
fn a_histogram_counts_each_bin() {
    let hospitals = hospitals();
    let network = Network::new(DATASET, &hospitals, Protect::OFF);
    let sql = "SELECT histogram(bmi) AS h, count(*) FILTER (WHERE bmi < 18.5) AS a, count(*) FILTER (WHERE bmi >= 18.5 AND bmi < 25) AS b, \
               count(*) FILTER (WHERE bmi >= 25 AND bmi < 30) AS c, count(*) FILTER (WHERE bmi >= 30) AS d FROM diagnosis";
    let answer = network.ask(&mut Worker::start(), sql).unwrap();
    let [a, b, c, d] = [1, 2, 3, 4].map(|at| answer.rows[0][at].as_str().unwrap());
    let expected = format!("10.0..18.5: {a}, 18.5..25.0: {b}, 25.0..30.0: {c}, 30.0..60.0: {d}");
    assert_eq!(answer.rows[0][0], json!(expected));
}
