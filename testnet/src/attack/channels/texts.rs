//! The texts. In block 1 the target alone has `mark` 9 and 95 in `m1`.

/// A15: what cannot be computed for the target.
pub(super) const ERRORS: &[&str] = &[
    "SELECT hospital, sum(1 / (m1 - 95)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, sum(y % (95 - m1)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, sum(CASE WHEN mark = 9 THEN 1 / (m1 - 95) ELSE 2 END) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, count(*) FROM patient WHERE block = 1 AND 100 / (m1 - 95) < 1000 GROUP BY hospital",
    "SELECT hospital, count(*) FILTER (WHERE 100 / (95 - m1) >= 0) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, avg(y / (95 - m1)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, sum(CASE WHEN m1 = 95 THEN 9000000000000000000 ELSE 1 END * y) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, sum(9000000000000000000 * (m1 / 95) * 9 + 1) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, sum(CAST(CASE WHEN m1 = 95 THEN 3000000000 ELSE 1 END AS integer)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, sum(CAST(CASE WHEN mark = 9 THEN 'x' ELSE '1' END AS integer)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, avg(sqrt(94 - m1)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, avg(ln(95 - m1)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, avg(power(10, m1 * 10)) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, c, sum(y / (m1 - 95)) FROM patient WHERE block = 1 GROUP BY hospital, c HAVING sum(y / (m1 - 95)) > -100000",
    "SELECT hospital, count(*) FROM patient p WHERE block = 1 AND EXISTS (SELECT 1 FROM visit v WHERE v.patient_key = p.patient_key AND v.dose / (p.m1 - 95) < 100000) GROUP BY hospital",
];

/// A17: what is answered, refused, and repeated. Figures of small parts are not here: whether they are null is a figure.
pub(super) const STATE: &[&str] = &[
    "SELECT hospital, count(*) FROM patient GROUP BY hospital",
    "SELECT hospital, count(*) FROM patient GROUP BY hospital",
    "SELECT hospital, block, count(*), avg(y) FROM patient GROUP BY hospital, block",
    "SELECT hospital, block, count(*), avg(y) FROM patient WHERE positive = 1 GROUP BY hospital, block",
    "SELECT hospital, block, avg(y), count(*) FROM patient GROUP BY hospital, block",
    "SELECT hospital, block, count(*) FROM patient GROUP BY hospital, block HAVING count(*) > 20",
    "SELECT hospital, max(m1) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT * FROM patient WHERE block = 1 AND mark = 9",
    "SELECT hospital, count(*) FROM patient WHERE patient_key = 1 GROUP BY hospital",
    "SELECT hospital, count(*) FROM patient WHERE random() < 0.5 GROUP BY hospital",
    "EXPLAIN SELECT count(*) FROM patient WHERE mark = 9",
    "SELECT hospital, array_agg(m1) FROM patient WHERE block = 1 GROUP BY hospital",
    "SELECT hospital, block, count(*) FROM visit v JOIN patient p ON p.patient_key = v.patient_key GROUP BY hospital, block",
    "SELECT hospital, count(*), sum(x) FROM patient GROUP BY hospital",
    "SELECT hospital, quantile(y, 0.5), stddev(y) FROM patient WHERE block = 1 GROUP BY hospital",
];

/// A16: what could take longer for one patient. BLOCK stands for the target's block, CODE for its hospital.
pub(super) const SLOW: &[&str] = &[
    "SELECT count(*) FROM patient WHERE mark = 9 AND positive = 1 AND block = BLOCK AND hospital = 'CODE'",
    "SELECT count(*), sum(CASE WHEN mark = 9 AND positive = 1 AND block = BLOCK AND hospital = 'CODE' THEN y * y * y * y * y * y * y * y ELSE 0 END) FROM patient",
    "SELECT count(*) FROM visit v JOIN patient p ON p.patient_key = v.patient_key WHERE p.mark = 9 AND p.positive = 1 AND p.block = BLOCK AND p.hospital = 'CODE'",
    "SELECT count(*) FROM patient p JOIN patient q ON q.side = p.side JOIN visit v ON v.patient_key > q.patient_key WHERE p.mark = 9 AND p.positive = 1 AND p.block = BLOCK",
];
