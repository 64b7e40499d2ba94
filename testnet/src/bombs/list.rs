//! The bombs: texts that stop, swell or fool a query engine that is not on its guard.
//!
//! After the table of attacks on DataFusion and SQL in the reliability study (operator chains, nesting, gaps in a parser's
//! recursion counter, planning that explodes, state that grows, casts that panic), over the table `patient` of the demo;
//! `rows` has those that only a limit can stop.

mod rows;

/// The demo's dataset.
const ROTTERDAM: &str = "rotterdam";

/// One bomb.
#[derive(Clone, Debug)]
pub struct Bomb {
    /// Its name.
    pub name: &'static str,
    /// The dataset that it is asked over.
    pub dataset: &'static str,
    /// Its text.
    pub sql: String,
}

fn select(what: &str) -> String {
    format!("SELECT {what} FROM patient")
}

fn condition(what: &str) -> String {
    format!("SELECT count(*) FROM patient WHERE {what}")
}

/// Something many times, with a number in it where `#` stands.
fn many(times: usize, between: &str, part: &str) -> String {
    let parts: Vec<String> = (0..times).map(|n| part.replace('#', &n.to_string())).collect();
    parts.join(between)
}

/// Every bomb.
#[must_use]
pub fn bombs() -> Vec<Bomb> {
    let mut bombs = Vec::new();
    for (name, sql) in chains().into_iter().chain(nested()).chain(wide()) {
        bombs.push(Bomb { name, dataset: ROTTERDAM, sql });
    }
    for (name, sql) in planning().into_iter().chain(state()).chain(numbers()).chain(texts()) {
        bombs.push(Bomb { name, dataset: ROTTERDAM, sql });
    }
    bombs.extend(rows::bombs());
    bombs
}

fn chains() -> Vec<(&'static str, String)> {
    vec![
        ("plus chain", select(&format!("count(*) + {}", many(7_900, "+", "1")))),
        ("plus chain under the gate", select(&format!("count(*) + {}", many(199, "+", "1")))),
        ("AND chain", condition(&many(1_000, " AND ", "age > #"))),
        ("OR chain", condition(&many(1_000, " OR ", "age = #"))),
        (
            "OR chains in brackets",
            condition(&many(9, " OR ", &format!("({})", many(90, " OR ", "age = #")))),
        ),
        ("NOT chain", condition(&format!("{} age > 1", "NOT ".repeat(3_900)))),
        ("minus chain", select(&format!("sum({} age)", "- ".repeat(7_500)))),
        ("concatenation chain", select(&format!("count({})", many(3_000, "||", "'a'")))),
        (
            "chain in HAVING",
            format!(
                "{} GROUP BY grade HAVING {}",
                select("grade, count(*)"),
                many(800, " OR ", "count(*) > #")
            ),
        ),
        (
            "chain in ORDER BY",
            format!(
                "{} GROUP BY grade ORDER BY {}",
                select("grade, count(*)"),
                many(1_700, "+", "count(*)")
            ),
        ),
        (
            "chain in a window",
            select(&format!(
                "grade, sum(count(*)) OVER (ORDER BY {})",
                many(1_700, "+", "count(*)")
            )),
        ),
        ("cast chain", select(&format!("count(age{})", "::bigint".repeat(1_700)))),
        ("IS chain", condition(&format!("age{}", " IS NOT NULL".repeat(1_200)))),
        ("comparison chain", condition(&many(3_900, "=", "age"))),
        ("COLLATE chain", condition(&format!("grade{} = 1", " COLLATE \"C\"".repeat(1_100)))),
        ("AT TIME ZONE chain", select(&format!("count(age{})", " AT TIME ZONE 'x'".repeat(850)))),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
fn nested() -> Vec<(&'static str, String)> {
    let subqueries = |depth: usize| {
        let inner = format!("{}patient{}", "(SELECT * FROM ".repeat(depth), ") x".repeat(depth));
        format!("SELECT count(*) FROM {inner}")
    };
    vec![
        ("brackets", select(&format!("count({}age{})", "(".repeat(7_500), ")".repeat(7_500)))),
        (
            "brackets under the gate",
            select(&format!("count({}age{})", "(".repeat(30), ")".repeat(30))),
        ),
        ("open brackets", "SELECT ".to_owned() + &"(".repeat(16_000)),
        ("subqueries", subqueries(800)),
        ("subqueries under the gate", subqueries(30)),
        ("INTERVAL INTERVAL", format!("SELECT {} '1' FROM patient", "INTERVAL ".repeat(1_700))),
        (
            "CASE in CASE",
            select(&format!(
                "sum({} 1 {})",
                "CASE WHEN age > 1 THEN ".repeat(570),
                "END ".repeat(570)
            )),
        ),
        (
            "CASE in CASE under the gate",
            select(&format!(
                "sum({} 1 {})",
                "CASE WHEN age > 1 THEN ".repeat(28),
                "END ".repeat(28)
            )),
        ),
        (
            "functions in functions",
            select(&format!("sum({}age{})", "abs(".repeat(3_000), ")".repeat(3_000))),
        ),
        ("arrays", select(&format!("count({}1{})", "ARRAY[".repeat(2_200), "]".repeat(2_200)))),
        (
            "types in types",
            select(&format!(
                "count(CAST(age AS {}INT{}))",
                "ARRAY<".repeat(2_200),
                ">".repeat(2_200)
            )),
        ),
        (
            "EXISTS in EXISTS",
            condition(&format!(
                "{}age > 1{}",
                "EXISTS (SELECT 1 FROM patient WHERE ".repeat(28),
                ")".repeat(28)
            )),
        ),
        (
            "WITH in WITH",
            format!(
                "{}SELECT count(*) FROM patient{}",
                "WITH a AS (".repeat(550),
                ") SELECT * FROM a".repeat(550)
            ),
        ),
        ("EXPLAIN EXPLAIN", format!("{}SELECT count(*) FROM patient", "EXPLAIN ".repeat(1_900))),
        ("braces", select(&format!("{}1{}", "{'a': ".repeat(2_000), "}".repeat(2_000)))),
    ]
}

fn wide() -> Vec<(&'static str, String)> {
    vec![
        ("IN with 3,000 items", condition(&format!("age IN ({})", many(3_000, ",", "#")))),
        ("IN with 499 items", condition(&format!("age IN ({})", many(499, ",", "#")))),
        ("1,700 columns", select(&many(1_700, ",", "count(*)"))),
        ("300 figures", select(&many(300, ",", "sum(age + #) AS a#"))),
        ("600 WHENs", select(&format!("sum(CASE {} END)", many(600, " ", "WHEN age = # THEN #")))),
        ("180 WHENs", select(&format!("sum(CASE {} END)", many(180, " ", "WHEN age = # THEN #")))),
        ("a megabyte of spaces", format!("SELECT{}count(*) FROM patient", " ".repeat(1 << 20))),
        ("a long name", format!("SELECT count({}) FROM patient", "a".repeat(12_000))),
        ("a long text", condition(&format!("grade = '{}'", "x".repeat(14_000)))),
        ("a long comment", format!("/*{}*/ SELECT count(*) FROM patient", "x".repeat(14_000))),
        ("comments in comments", format!("{}SELECT 1", "/*".repeat(7_000))),
        ("VALUES", format!("SELECT count(*) FROM (VALUES {}) x", many(1_000, ",", "(#)"))),
        ("one after the other", many(500, ";", "SELECT count(*) FROM patient")),
    ]
}

fn planning() -> Vec<(&'static str, String)> {
    let sets: Vec<String> = ["grade", "meno", "size", "hormon", "chemo", "recur", "death"]
        .iter()
        .map(|c| (*c).to_owned())
        .collect();
    let columns = sets.join(", ");
    vec![
        ("100 CTEs, each twice the last", {
            let steps = many(99, ", ", "x@ AS (SELECT a.* FROM x# a JOIN x# b ON a.patient_key = b.patient_key)");
            let mut text = String::from("WITH x0 AS (SELECT * FROM patient)");
            for (n, step) in steps.split(", x@").enumerate().take(60) {
                let step = step.trim_start_matches("x@");
                text.push_str(&format!(", x{}{step}", n.saturating_add(1)));
            }
            text + " SELECT count(*) FROM x60"
        }),
        ("8 CTEs with CASE, each twice the last", {
            let mut text = String::from("WITH x0 AS (SELECT patient_key, age FROM patient)");
            for n in 1..=24 {
                let last = n - 1;
                text.push_str(&format!(", x{n} AS (SELECT patient_key, CASE WHEN age > {n} THEN age + age ELSE age - age END AS age FROM x{last})"));
            }
            text + " SELECT sum(age) FROM x24"
        }),
        ("UNIONs with ORDER BY", many(150, " UNION ALL ", "(SELECT count(*) AS n FROM patient ORDER BY n)")),
        ("UNIONs of rows", format!("SELECT count(*) FROM ({}) x", many(150, " UNION ALL ", "SELECT age FROM patient"))),
        ("cross joins", format!("SELECT count(*) FROM {}", many(40, " CROSS JOIN ", "patient p#"))),
        ("commas", format!("SELECT count(*) FROM {}", many(400, ", ", "patient p#"))),
        ("self-joins on the key", format!("SELECT count(*) FROM patient p {}", many(60, " ", "JOIN patient q# ON p.patient_key = q#.patient_key"))),
        ("NATURAL JOINs", format!("SELECT count(*) FROM {}", many(12, " NATURAL JOIN ", "patient"))),
        ("inequality joins", format!("SELECT count(*) FROM patient p {}", many(8, " ", "JOIN patient q# ON p.age < q#.age"))),
        ("CUBE", format!("SELECT count(*) FROM patient GROUP BY CUBE ({columns})")),
        ("CUBE in CUBE", format!("SELECT count(*) FROM patient GROUP BY {}", many(12, ", ", "CUBE (grade, meno, size)"))),
        ("ROLLUP of ROLLUPs", format!("SELECT count(*) FROM patient GROUP BY {}", many(12, ", ", "ROLLUP (grade, meno)"))),
        ("GROUPING SETS", format!("SELECT count(*) FROM patient GROUP BY GROUPING SETS ({})", many(400, ", ", "(grade)"))),
        ("recursive CTE", "WITH RECURSIVE t AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t".to_owned()),
        ("LATERAL", "SELECT count(*) FROM patient p, LATERAL (SELECT * FROM patient q WHERE q.age > p.age) x".to_owned()),
        ("correlated scalars", select(&many(60, " + ", "(SELECT count(*) FROM patient)"))),
        ("windows", select(&format!("grade, {}", many(150, ", ", "sum(count(*)) OVER (PARTITION BY grade ORDER BY count(*)) AS w#")))),
    ]
}

fn state() -> Vec<(&'static str, String)> {
    vec![
        ("array_agg", select("array_agg(age)")),
        ("string_agg", select("string_agg(grade, 'x')")),
        ("groups of every value", "SELECT age, nodes, dtime, rtime, count(*) FROM patient GROUP BY age, nodes, dtime, rtime".to_owned()),
        ("generate_series", "SELECT count(*) FROM generate_series(1, 10000000000)".to_owned()),
        ("range in a column", select("count(range(0, 1000000000))")),
        ("repeat", select("count(repeat('x', 2000000000))")),
        ("lpad", select("count(lpad('x', 2147483647, 'y'))")),
        ("array_repeat", select("count(array_repeat(1, 9223372036854775807))")),
        ("replace", select("count(replace('aaaa', 'a', 'aaaaaaaa'))")),
        ("regular expression", condition("grade ~ '(a*)*{1000}{1000}{1000}b'")),
        ("regexp_match", select("count(regexp_match('x', '((((a{100}){100}){100}){100})'))")),
        ("LIKE with wildcards", condition(&format!("CAST(grade AS TEXT) LIKE '{}'", "%a".repeat(3_000)))),
        ("SIMILAR TO", condition("CAST(grade AS TEXT) SIMILAR TO '((a|b)*)*c'")),
        ("pg_sleep", select("count(pg_sleep(1000000))")),
        ("COPY", "COPY (SELECT * FROM patient) TO '/tmp/x.csv'".to_owned()),
        ("external table", "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'".to_owned()),
        ("a file as a table", "SELECT count(*) FROM '/etc/passwd'".to_owned()),
        ("SET", "SET datafusion.execution.batch_size = 0".to_owned()),
    ]
}

fn numbers() -> Vec<(&'static str, String)> {
    vec![
        ("a huge number", select(&format!("sum(age + {})", "9".repeat(10_000)))),
        ("a huge exponent", select("sum(age * 1e99999)")),
        ("overflow", select("sum(age * 9223372036854775807)")),
        ("the least integer over minus one", select("sum(-9223372036854775808 / -1)")),
        ("division by zero", select("sum(age / (age - age))")),
        ("modulo zero above", select("sum(age) % (count(*) - count(*))")),
        (
            "decimals that do not fit",
            select("sum(CAST(age AS DECIMAL(38, 37)) * 1.00000000000000000001)"),
        ),
        (
            "powers",
            format!("{} HAVING power(power(count(*), 99999), 99999) > 0", select("count(*)")),
        ),
        ("exp of exp", select("exp(exp(exp(count(*))))")),
        (
            "LIMIT",
            format!("{} GROUP BY grade LIMIT 18446744073709551615", select("grade, count(*)")),
        ),
        (
            "OFFSET",
            format!(
                "{} GROUP BY grade LIMIT 9223372036854775807 OFFSET 9223372036854775807",
                select("grade, count(*)")
            ),
        ),
        ("date arithmetic", select("count(DATE '0000-01-01' - INTERVAL '999999999 years')")),
        ("date_bin", select("count(date_bin(INTERVAL '0', now(), now()))")),
    ]
}

fn texts() -> Vec<(&'static str, String)> {
    vec![
        ("NUL bytes", condition("grade = '\u{0}\u{0}'")),
        ("text direction", "SELECT count(*) AS \"\u{202e}\u{2066}\" FROM patient".to_owned()),
        (
            "combining marks",
            format!("SELECT count(*) AS \"{}\" FROM patient", "e\u{301}".repeat(3_000)),
        ),
        ("emoji", format!("SELECT {} FROM patient", "\u{1f4a3}".repeat(1_000))),
        (
            "terminal escapes",
            "SELECT count(*) AS \"\u{1b}[2J\u{1b}]0;x\u{7}\" FROM patient".to_owned(),
        ),
        ("open text", "SELECT 'x".to_owned()),
        ("dollar quotes", format!("SELECT {}", "$a$".repeat(3_000))),
        ("names of the engine", "SELECT count(__patient) FROM patient".to_owned()),
        ("nothing", String::new()),
        ("one quote", "'".to_owned()),
    ]
}
