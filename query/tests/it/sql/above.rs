//! Above the cuts hidden stays hidden too: through joins, windows, unions, aggregates of figures, subqueries and LIMIT.
//!
//! Of the hospitals' patients grade 1 is shown (30), grade 2 incomplete, grades 3 and 4 hidden: of grade 4 there is nobody,
//! and nothing may tell it from grade 3.

use query::pipe::{CellStatus, Finished};
use serde_json::json;

use super::hidden::{DATASET, ask, sites, statuses};
use super::network::{Network, Protect, Worker};

const H: CellStatus = CellStatus::Hidden;
const I: CellStatus = CellStatus::Incomplete;
/// The table of figures that the questions are about.
const T: &str = "(SELECT grade, count(*) AS n FROM patient GROUP BY grade)";

/// Rows, the cells that are not shown, and the number of undecided rows of a question's answer.
#[track_caller]
fn check(
    sql: &str,
    rows: serde_json::Value,
    cells: &[(usize, usize, CellStatus)],
    undecided: u64,
) -> Finished {
    let sql = sql.replace("{T}", T);
    let answer = ask(Protect::DEFAULT, &sql);
    assert_eq!(json!(answer.rows), rows, "{sql}");
    assert_eq!(statuses(&answer), cells, "{sql}");
    assert_eq!(answer.undecided, undecided, "{sql}");
    answer
}

#[test]
fn a_window_inherits_the_worst_of_its_partition() {
    for call in [
        "sum(n) OVER ()",
        "avg(n) OVER ()",
        "max(n) OVER ()",
        "rank() OVER (ORDER BY n)",
        "lag(n) OVER (ORDER BY grade)",
        "sum(n) OVER (ORDER BY grade ROWS BETWEEN CURRENT ROW AND CURRENT ROW)",
        "count(n) OVER ()",
        "coalesce(sum(n) OVER (), 0)",
        "count(*) OVER (PARTITION BY n > 5)",
        "count(*) OVER (PARTITION BY coalesce(n, 0))",
    ] {
        let sql = format!("SELECT grade, {call} AS x FROM {{T}} t ORDER BY grade");
        let rows = json!([["1", null], ["2", null], ["3", null], ["4", null]]);
        check(&sql, rows, &[(0, 1, I), (1, 1, I), (2, 1, I), (3, 1, I)], 0);
    }
    // Whether there is a group of nobody must not show either.
    for call in [
        "row_number() OVER (ORDER BY grade)",
        "count(*) OVER ()",
        "lead(grade) OVER (ORDER BY grade)",
    ] {
        let sql = format!("SELECT grade, {call} AS x FROM {{T}} t ORDER BY grade");
        let rows = json!([["1", null], ["2", null], ["3", null], ["4", null]]);
        check(&sql, rows, &[(0, 1, H), (1, 1, H), (2, 1, H), (3, 1, H)], 0);
    }
    check(
        "SELECT grade, sum(n) OVER (PARTITION BY grade) AS x FROM {T} t ORDER BY grade",
        json!([["1", "30"], ["2", null], ["3", null], ["4", null]]),
        &[(1, 1, I), (2, 1, H), (3, 1, H)],
        0,
    );
    check(
        "SELECT grade, sum(n) OVER () AS x FROM {T} t WHERE grade = 1",
        json!([["1", "30"]]),
        &[],
        0,
    );
    check(
        "SELECT grade, sum(n) OVER () AS x FROM {T} t WHERE n > 5",
        json!([["1", null]]),
        &[(0, 1, I)],
        3,
    );
}

#[test]
fn an_aggregate_of_figures_tells_neither_a_hidden_figure_nor_whether_a_group_exists() {
    check(
        "SELECT count(*) AS c, sum(n) AS s, max(n) AS m, count(n) AS k, sum(grade) AS g FROM {T} t",
        json!([[null, null, null, null, null]]),
        &[(0, 0, H), (0, 1, I), (0, 2, I), (0, 3, I), (0, 4, H)],
        0,
    );
    // Of grade 2 one hospital shows its part, so there is such a group.
    check(
        "SELECT count(*) AS c, sum(n) AS s FROM {T} t WHERE grade < 3",
        json!([["2", null]]),
        &[(0, 1, I)],
        0,
    );
    check("SELECT count(*) AS c FROM {T} t WHERE n > 5", json!([[null]]), &[(0, 0, I)], 3);
    check("SELECT max(n) FROM {T} t WHERE grade = 1", json!([["30"]]), &[], 0);
    // A row of a hidden group may be in any group.
    check(
        "SELECT n > 5 AS large, count(*) AS c, sum(grade) AS g FROM {T} t GROUP BY n > 5",
        json!([[true, null, null]]),
        &[(0, 1, I), (0, 2, I)],
        3,
    );
    check(
        "SELECT grade > 1 AS more, count(*) AS c, sum(n) AS s FROM {T} t GROUP BY grade > 1 ORDER BY 1",
        json!([[false, "1", "30"], [true, null, null]]),
        &[(1, 1, H), (1, 2, I)],
        0,
    );
    check(
        "SELECT count(*) FILTER (WHERE n > 5) AS c, count(distinct n) AS d FROM {T} t",
        json!([[null, null]]),
        &[(0, 0, I), (0, 1, I)],
        0,
    );
}

#[test]
fn a_join_on_a_hidden_value_is_undecided_and_pads_with_no_null() {
    check(
        "SELECT a.grade, b.grade AS other FROM {T} a JOIN {T} b ON a.n = b.n",
        json!([["1", "1"]]),
        &[],
        15,
    );
    // Grades 2 to 4 may have a partner, so their other side is not shown instead of null.
    check(
        "SELECT a.grade, b.grade AS other, coalesce(b.n, 0) AS n, b.n IS NULL AS none FROM {T} a LEFT JOIN {T} b ON a.n = b.n ORDER BY 1",
        json!([
            ["1", "1", "30", false],
            ["2", null, null, null],
            ["3", null, null, null],
            ["4", null, null, null]
        ]),
        &[
            (1, 1, I),
            (1, 2, I),
            (1, 3, I),
            (2, 1, I),
            (2, 2, I),
            (2, 3, I),
            (3, 1, I),
            (3, 2, I),
            (3, 3, I),
        ],
        3,
    );
    // What a HAVING may have dropped is no null either.
    check(
        "SELECT a.grade, b.n IS NULL AS none FROM {T} a LEFT JOIN (SELECT * FROM {T} t WHERE n > 5) b ON a.grade = b.grade ORDER BY 1",
        json!([["1", false], ["2", null], ["3", null], ["4", null]]),
        &[(1, 1, I), (2, 1, I), (3, 1, I)],
        3,
    );
    // Grade 3 is a row of the right side that may not exist: not even its key tells.
    check(
        "SELECT a.g, b.grade IS NULL AS none FROM (SELECT 3 AS g, count(*) AS n FROM patient) a LEFT JOIN {T} b ON a.g = b.grade",
        json!([["3", null]]),
        &[(0, 1, H)],
        0,
    );
    check(
        "SELECT a.g, b.grade IS NULL AS none FROM (SELECT 5 AS g, count(*) AS n FROM patient) a LEFT JOIN {T} b ON a.g = b.grade",
        json!([["5", true]]),
        &[],
        0,
    );
}

#[test]
fn full_and_right_joins_over_hidden_values_show_no_padding() {
    check(
        "SELECT a.grade, b.grade AS other FROM {T} a RIGHT JOIN {T} b ON a.n = b.n ORDER BY 2",
        json!([["1", "1"], [null, "2"], [null, "3"], [null, "4"]]),
        &[(1, 0, I), (2, 0, I), (3, 0, I)],
        3,
    );
    let answer = ask(
        Protect::DEFAULT,
        &"SELECT a.grade, b.grade AS other FROM {T} a FULL JOIN {T} b ON a.n = b.n"
            .replace("{T}", T),
    );
    assert_eq!(answer.rows.len(), 7, "one pair, three of each side");
    assert_eq!(answer.cells.len(), 6, "no null is the data's");
    check(
        "SELECT count(*) FROM {T} a FULL JOIN {T} b ON a.n = b.n",
        json!([[null]]),
        &[(0, 0, I)],
        0,
    );
}

#[test]
fn a_join_on_group_columns_keeps_every_status() {
    check(
        "SELECT a.grade, a.n, b.n AS m, a.n + b.n AS s FROM {T} a JOIN (SELECT grade, count(*) AS n FROM patient WHERE hospital = 'ALFA' GROUP BY grade) b ON a.grade = b.grade ORDER BY 1",
        json!([
            ["1", "30", "20", "50"],
            ["2", null, "15", null],
            ["3", null, null, null],
            ["4", null, null, null]
        ]),
        &[(1, 1, I), (1, 3, I), (2, 1, H), (2, 2, I), (2, 3, I), (3, 1, H), (3, 2, I), (3, 3, I)],
        0,
    );
}

#[test]
fn unions_and_distinct_rows_keep_every_status() {
    check(
        "SELECT 'a' AS k, n FROM {T} t WHERE grade < 3 UNION ALL SELECT 'b', count(*) FROM patient WHERE grade = 3",
        json!([["a", "30"], ["a", null], ["b", null]]),
        &[(1, 1, I), (2, 1, H)],
        0,
    );
    // No other row can equal these, so each stays.
    check(
        "SELECT DISTINCT grade, n FROM {T} t ORDER BY grade",
        json!([["1", "30"], ["2", null], ["3", null], ["4", null]]),
        &[(1, 1, I), (2, 1, H), (3, 1, H)],
        0,
    );
    // These may equal one another or 30.
    check("SELECT DISTINCT n FROM {T} t", json!([["30"]]), &[], 3);
    check(
        "SELECT count(*) FROM (SELECT DISTINCT n FROM {T} t) x",
        json!([[null]]),
        &[(0, 0, I)],
        3,
    );
}

#[test]
fn a_limit_over_hidden_values_leaves_nothing_certain() {
    let top = "(SELECT grade, n FROM {T} t ORDER BY n DESC LIMIT 1)";
    check(&format!("SELECT * FROM {top} x"), json!([["1", "30"]]), &[], 3);
    check(&format!("SELECT sum(n) FROM {top} x"), json!([[null]]), &[(0, 0, I)], 3);
    check(
        &format!(
            "SELECT a.grade, b.n AS m FROM {{T}} a LEFT JOIN {top} b ON a.grade = b.grade WHERE a.grade < 3 ORDER BY 1"
        ),
        json!([["1", null], ["2", null]]),
        &[(0, 1, I), (1, 1, I)],
        3,
    );
    check(
        "SELECT grade FROM {T} t UNION ALL SELECT grade FROM {T} t ORDER BY grade LIMIT 2",
        json!([["1"], ["1"]]),
        &[],
        0,
    );
}

#[test]
fn a_scalar_subquery_brings_its_status() {
    for value in [
        "coalesce((SELECT count(*) FROM patient WHERE grade = 3), 0)",
        "(SELECT n FROM {T} t WHERE n > 5)",
        "(SELECT max(n) FROM {T} t)",
        "(SELECT count(*) FROM {T} t)",
    ] {
        let value = value
            .replace("(SELECT n FROM {T} t WHERE n > 5)", "(SELECT max(n) FROM {T} t WHERE n > 5)");
        let sql = format!("SELECT grade, {value} IS NULL AS x FROM {{T}} t WHERE grade = 1")
            .replace("{T}", T);
        let answer = ask(Protect::DEFAULT, &sql);
        assert_eq!(json!(answer.rows), json!([["1", null]]), "{sql}");
        assert_eq!(answer.cells.len(), 1, "{sql}");
    }
    check(
        "SELECT grade FROM {T} t WHERE n > (SELECT count(*) FROM patient WHERE grade = 3)",
        json!([]),
        &[],
        4,
    );
    check(
        "SELECT grade FROM {T} t WHERE n > (SELECT count(*) FROM patient WHERE age > 1000 AND 1 = 2)",
        json!([["1"]]),
        &[],
        3,
    );
}

#[test]
fn a_margin_is_its_own_figure_and_no_sum_of_shown_cells() {
    check(
        "SELECT hospital, count(*) AS n, grouping(hospital) AS g FROM patient WHERE grade = 1 GROUP BY ROLLUP (hospital) ORDER BY g, hospital",
        json!([["ALFA", "20", "0"], ["BRAVO", "10", "0"], [null, "30", "1"]]),
        &[],
        0,
    );
    check(
        "SELECT grade, count(*) AS n, grouping(grade) AS g FROM patient GROUP BY ROLLUP (grade) ORDER BY g, grade",
        json!([
            ["1", "30", "0"],
            ["2", null, "0"],
            ["3", null, "0"],
            ["4", null, "0"],
            [null, null, "1"]
        ]),
        // ALFA's grade 2 would give its grade 3; BRAVO's total is five patients more than its grade 1, which is told first.
        &[(1, 1, H), (2, 1, H), (3, 1, H), (4, 1, I)],
        0,
    );
    check(
        "SELECT hospital, grade, count(*) AS n FROM patient WHERE grade > 1 GROUP BY GROUPING SETS ((hospital), (grade)) ORDER BY hospital, grade",
        json!([
            ["ALFA", null, "24"],
            ["BRAVO", null, null],
            [null, "2", null],
            [null, "3", null],
            [null, "4", null]
        ]),
        // ALFA's grade 2 is nine patients fewer than its total, which was told first.
        &[(1, 2, H), (2, 2, H), (3, 2, H), (4, 2, H)],
        0,
    );
}

#[test]
fn what_a_condition_leaves_of_the_total_is_not_told_by_both() {
    let both = |condition: &str| {
        format!(
            "SELECT a.n AS a, b.n AS b FROM (SELECT count(*) AS n FROM patient) a \
             CROSS JOIN (SELECT count(*) AS n FROM patient WHERE {condition}) b"
        )
    };
    // One patient of ALFA is 69.
    check(&both("age < 69"), json!([["59", null]]), &[(0, 1, I)], 0);
    check(&both("age < 70"), json!([["59", "59"]]), &[], 0);
    // Grade 3 has nine of ALFA and one of BRAVO, and grade 4 nobody.
    check(&both("grade <> 3"), json!([["59", null]]), &[(0, 1, H)], 0);
}

#[test]
fn equal_parts_are_asked_once() {
    let network = Network::new(DATASET, &sites(), Protect::DEFAULT);
    let mut worker = Worker::start();
    for (sql, parts) in [
        ("SELECT a.n FROM {T} a JOIN {T} b ON a.grade = b.grade", 1),
        (
            "SELECT count(*), sum(age) FROM patient UNION ALL SELECT count(*), sum(age) FROM patient",
            1,
        ),
        (
            "SELECT count(age), sum(age) FROM patient UNION ALL SELECT count(age), avg(age) FROM patient",
            1,
        ),
        ("SELECT count(*) FROM patient UNION ALL SELECT count(*) FROM patient WHERE age > 50", 2),
        ("SELECT grade, count(*) FROM patient GROUP BY ROLLUP (grade)", 2),
        ("SELECT grade, hospital, count(*) FROM patient GROUP BY CUBE (grade, hospital)", 4),
        ("SELECT grade, n FROM {T} t WHERE n > (SELECT avg(n) FROM {T} t)", 1),
    ] {
        let sql = sql.replace("{T}", T);
        let planned = network.plan(&mut worker, &sql).unwrap();
        assert_eq!(planned.footprint.fragments.len(), parts, "{sql}");
    }
    let sql = "SELECT 'n' AS k, count(age) AS v, sum(age) AS s FROM patient UNION ALL SELECT 'a', count(age), avg(age) FROM patient";
    let answer = network.ask(&mut worker, sql).unwrap();
    assert_ne!(answer.rows[0][2], answer.rows[1][2], "the same sums, finished each in its way");
}

#[test]
fn hospitals_join_window_and_limit_like_any_column() {
    let by = "(SELECT hospital, grade, count(*) AS n FROM patient GROUP BY hospital, grade)";
    check(
        &format!(
            "SELECT hospital, grade, n, n - min(n) OVER (PARTITION BY grade) AS d FROM {by} x WHERE grade < 3 ORDER BY grade, hospital"
        ),
        json!([
            ["ALFA", "1", "20", "10"],
            ["BRAVO", "1", "10", "0"],
            ["ALFA", "2", "15", null],
            ["BRAVO", "2", null, null]
        ]),
        &[(2, 3, H), (3, 2, H), (3, 3, H)],
        0,
    );
    check(
        &format!(
            "SELECT x.hospital, x.n, t.n AS total FROM {by} x JOIN {{T}} t ON x.grade = t.grade WHERE 2 * x.n > t.n ORDER BY x.hospital LIMIT 2"
        ),
        json!([["ALFA", "20", "30"]]),
        &[],
        6,
    );
    check(
        &format!(
            "SELECT hospital, max(n) AS m FROM {by} x WHERE grade < 3 GROUP BY hospital HAVING max(n) > 3"
        ),
        json!([["ALFA", "20"]]),
        &[],
        1,
    );
}
