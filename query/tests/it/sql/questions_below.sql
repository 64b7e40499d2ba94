-- First and last event of a child table, then over patients.
SELECT avg(x.f), count(*) FROM (SELECT diagnosis_key, min(start_day) AS f FROM treatment GROUP BY diagnosis_key) x
SELECT d.tumour, count(*), avg(x.f), sum(x.l - x.f) FROM diagnosis d JOIN (SELECT diagnosis_key, min(start_day) AS f, max(start_day) AS l FROM treatment GROUP BY diagnosis_key) x ON x.diagnosis_key = d.diagnosis_key GROUP BY d.tumour
SELECT d.year, count(*) AS den, sum(CASE WHEN x.f - d.age <= 28 THEN 1 ELSE 0 END) AS num FROM diagnosis d LEFT JOIN (SELECT diagnosis_key, min(start_day) AS f FROM treatment GROUP BY diagnosis_key) x ON x.diagnosis_key = d.diagnosis_key GROUP BY d.year
SELECT x.f / 30 AS month, count(*) FROM (SELECT diagnosis_key, min(start_day) AS f FROM treatment GROUP BY diagnosis_key) x GROUP BY x.f / 30
SELECT x.worst, count(*) FROM (SELECT patient_key, max(grade) AS worst FROM diagnosis GROUP BY patient_key) x GROUP BY x.worst
SELECT x.first, count(*) FROM (SELECT patient_key, min(tumour) AS first FROM diagnosis GROUP BY patient_key) x GROUP BY x.first
SELECT x.y, count(*) FROM (SELECT patient_key, min(year) AS y FROM diagnosis GROUP BY patient_key) x GROUP BY x.y
-- Counts inside a patient.
SELECT avg(n), stddev(n), sum(n * n), count(*) FROM (SELECT patient_key, count(*) AS n FROM diagnosis GROUP BY patient_key) x
SELECT CASE WHEN n = 1 THEN 'one' WHEN n = 2 THEN 'two' ELSE 'more' END AS many, count(*) FROM (SELECT patient_key, count(*) AS n FROM diagnosis GROUP BY patient_key) x GROUP BY 1
SELECT p.sex, sum(x.n), avg(x.tumours) FROM patient p JOIN (SELECT patient_key, count(*) AS n, count(DISTINCT tumour) AS tumours FROM diagnosis GROUP BY patient_key) x ON x.patient_key = p.patient_key GROUP BY p.sex
SELECT sum(x.n), count(x.n), count(*) FROM patient p LEFT JOIN (SELECT patient_key, count(*) AS n FROM diagnosis WHERE dead = 1 GROUP BY patient_key) x ON x.patient_key = p.patient_key
SELECT sum(a), sum(b), sum(c) FROM (SELECT diagnosis_key, count(dose) AS a, count(DISTINCT cycles) AS b, count(DISTINCT treatment_key) AS c FROM treatment GROUP BY diagnosis_key) x
SELECT avg(coalesce(n, 0)) FROM (SELECT p.patient_key AS k, count(d.age) AS n FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key GROUP BY p.patient_key) x
-- Sums, means, spread and truth inside a patient.
SELECT sum(s), avg(m), sum(v) FROM (SELECT diagnosis_key, sum(dose) AS s, avg(cycles) AS m, var_pop(start_day) AS v FROM treatment GROUP BY diagnosis_key) x
SELECT count(s), sum(s), avg(s) FROM (SELECT diagnosis_key, stddev(start_day) AS s FROM treatment GROUP BY diagnosis_key) x
SELECT sum(x.m) FROM (SELECT patient_key, avg(bmi) AS m FROM diagnosis GROUP BY patient_key) x
SELECT x.a, x.o, count(*) FROM (SELECT patient_key, bool_and(dead = 1) AS a, bool_or(grade = 3) AS o FROM diagnosis GROUP BY patient_key) x GROUP BY x.a, x.o
SELECT sum(s), sum(t) FROM (SELECT diagnosis_key, sum(DISTINCT cycles) AS s, min(cycles) FILTER (WHERE dose > 20) AS t FROM treatment GROUP BY diagnosis_key) x
SELECT x.surgery, x.systemic, count(*) FROM (SELECT diagnosis_key, max(CASE WHEN modality = 'surgery' THEN 1 ELSE 0 END) AS surgery, max(CASE WHEN modality = 'systemic' THEN 1 ELSE 0 END) AS systemic FROM treatment GROUP BY diagnosis_key) x GROUP BY x.surgery, x.systemic
-- HAVING, several keys, several levels.
SELECT count(*) FROM (SELECT diagnosis_key FROM treatment GROUP BY diagnosis_key HAVING count(*) >= 2) x
SELECT d.tumour, count(*) FROM diagnosis d JOIN (SELECT diagnosis_key FROM treatment GROUP BY diagnosis_key HAVING count(*) >= 2 AND min(start_day) < 100) x ON x.diagnosis_key = d.diagnosis_key GROUP BY d.tumour
SELECT x.tumour, count(*), avg(x.n) FROM (SELECT patient_key, tumour, count(*) AS n FROM diagnosis GROUP BY patient_key, tumour) x GROUP BY x.tumour
SELECT avg(y.most) FROM (SELECT x.patient_key, max(x.n) AS most FROM (SELECT d.patient_key, d.diagnosis_key, count(*) AS n FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key GROUP BY d.patient_key, d.diagnosis_key) x GROUP BY x.patient_key) y
SELECT y.n, count(*) FROM (SELECT x.patient_key, CASE WHEN sum(x.n) > 2 THEN 'many' ELSE 'few' END AS n FROM (SELECT d.patient_key, t.modality, count(*) AS n FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key GROUP BY d.patient_key, t.modality) x GROUP BY x.patient_key) y GROUP BY y.n
SELECT x.hospital, avg(x.n) FROM (SELECT patient_key, hospital, count(*) AS n FROM diagnosis GROUP BY patient_key, hospital) x GROUP BY x.hospital
SELECT x.decade, count(*) FROM (SELECT patient_key, age / 10 AS decade FROM diagnosis GROUP BY patient_key, age / 10) x GROUP BY x.decade
-- CTEs, once and twice.
WITH first AS (SELECT diagnosis_key, min(start_day) AS f FROM treatment GROUP BY diagnosis_key) SELECT count(*), avg(f) FROM first WHERE f > 0
WITH n AS (SELECT patient_key, count(*) AS n FROM diagnosis GROUP BY patient_key) SELECT count(*), sum(a.n * b.n) FROM n a JOIN n b ON a.patient_key = b.patient_key
WITH f AS (SELECT diagnosis_key, min(start_day) AS d FROM treatment GROUP BY diagnosis_key), s AS (SELECT t.diagnosis_key, min(t.start_day) AS d FROM treatment t JOIN f ON f.diagnosis_key = t.diagnosis_key WHERE t.start_day > f.d GROUP BY t.diagnosis_key) SELECT count(*), avg(s.d - f.d) FROM f JOIN s ON s.diagnosis_key = f.diagnosis_key
SELECT count(*) FROM treatment t JOIN (SELECT diagnosis_key, min(start_day) AS f FROM treatment GROUP BY diagnosis_key) x ON x.diagnosis_key = t.diagnosis_key AND x.f = t.start_day
SELECT count(distinct x.diagnosis_key), count(distinct x.patient_key) FROM (SELECT diagnosis_key, patient_key, tumour FROM diagnosis GROUP BY diagnosis_key, patient_key, tumour) x
-- DISTINCT.
SELECT count(*) FROM (SELECT DISTINCT patient_key, tumour FROM diagnosis) x
SELECT x.tumour, count(*) FROM (SELECT DISTINCT patient_key, tumour FROM diagnosis) x GROUP BY x.tumour
SELECT x.modality, count(*), count(distinct x.patient_key) FROM (SELECT DISTINCT d.patient_key, t.modality FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key) x GROUP BY x.modality
SELECT avg(n) FROM (SELECT patient_key, count(*) AS n FROM (SELECT DISTINCT patient_key, year FROM diagnosis) y GROUP BY patient_key) x
-- UNION.
SELECT x.what, count(*), count(distinct x.patient_key) FROM (SELECT patient_key, 'diagnosis' AS what FROM diagnosis UNION ALL SELECT d.patient_key, t.modality FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key) x GROUP BY x.what
SELECT count(*), sum(x.v) FROM (SELECT diagnosis_key, start_day AS v FROM treatment UNION ALL SELECT diagnosis_key, age FROM diagnosis UNION ALL SELECT diagnosis_key, day FROM diagnosis) x
SELECT count(*) FROM (SELECT diagnosis_key FROM treatment UNION SELECT diagnosis_key FROM diagnosis WHERE dead = 1) x
SELECT avg(y.n) FROM (SELECT x.diagnosis_key, count(*) AS n FROM (SELECT diagnosis_key, start_day AS v FROM treatment UNION ALL SELECT diagnosis_key, day FROM diagnosis) x GROUP BY x.diagnosis_key) y
SELECT x.hospital, count(*) FROM (SELECT hospital FROM patient UNION ALL SELECT hospital FROM diagnosis) x GROUP BY x.hospital
SELECT count(*) FROM (SELECT patient_key, hospital FROM patient WHERE region IS NOT NULL UNION ALL SELECT patient_key, hospital FROM patient WHERE hospital IN ('ALFA', 'BRAVO')) x WHERE x.hospital <> 'DELTA'
SELECT x.hospital, count(*), count(x.g) FROM (SELECT d.hospital, d.grade AS g FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key WHERE p.sex = 1 UNION ALL SELECT hospital, grade FROM diagnosis WHERE dead = 1) x WHERE x.hospital IN ('ALFA', 'CHARLIE') AND x.g > 1 GROUP BY x.hospital
SELECT d.tumour, count(*) FROM diagnosis d JOIN (SELECT diagnosis_key FROM treatment WHERE dose > 50 UNION ALL SELECT diagnosis_key FROM treatment WHERE cycles > 6) x ON x.diagnosis_key = d.diagnosis_key GROUP BY d.tumour
-- Windows.
SELECT x.modality, count(*) FROM (SELECT modality, row_number() OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key) AS n FROM treatment) x WHERE x.n = 1 GROUP BY x.modality
SELECT count(*), avg(x.gap) FROM (SELECT start_day - lag(start_day) OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key) AS gap FROM treatment) x
SELECT sum(x.l), count(x.l) FROM (SELECT lead(cycles, 1, 0) OVER (PARTITION BY diagnosis_key ORDER BY start_day DESC, treatment_key) AS l FROM treatment) x
SELECT count(*) FROM (SELECT rank() OVER (PARTITION BY patient_key ORDER BY age) AS r, dense_rank() OVER (PARTITION BY patient_key ORDER BY grade) AS d FROM diagnosis) x WHERE x.r = x.d
SELECT avg(x.age - x.youngest), count(*) FROM (SELECT age, min(age) OVER (PARTITION BY patient_key) AS youngest FROM diagnosis) x
SELECT sum(x.running), sum(x.total) FROM (SELECT sum(cycles) OVER (PARTITION BY diagnosis_key ORDER BY start_day) AS running, sum(cycles) OVER (PARTITION BY diagnosis_key) AS total FROM treatment) x
SELECT sum(x.n), sum(x.m) FROM (SELECT count(*) OVER (PARTITION BY diagnosis_key ORDER BY start_day RANGE BETWEEN 30 PRECEDING AND CURRENT ROW) AS n, max(start_day) OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS m FROM treatment) x
SELECT x.f, x.l, count(*) FROM (SELECT first_value(modality) OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key) AS f, last_value(modality) OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l FROM treatment) x GROUP BY x.f, x.l
SELECT sum(CAST(x.n AS BIGINT)), count(*) FROM (SELECT row_number() OVER (PARTITION BY d.patient_key ORDER BY t.start_day, t.treatment_key) AS n FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key) x
SELECT d.tumour, count(*) FROM diagnosis d JOIN (SELECT diagnosis_key, row_number() OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key) AS n, modality FROM treatment) t ON t.diagnosis_key = d.diagnosis_key AND t.n = 1 WHERE t.modality = 'surgery' GROUP BY d.tumour
SELECT sum(x.p), sum(x.c) FROM (SELECT percent_rank() OVER (PARTITION BY patient_key ORDER BY age) AS p, cume_dist() OVER (PARTITION BY patient_key ORDER BY age) AS c FROM diagnosis) x
-- EXISTS in WHERE.
SELECT count(*) FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key)
SELECT count(*) FROM patient p WHERE NOT EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key AND d.grade = 3)
SELECT d.tumour, count(*) FROM diagnosis d WHERE EXISTS (SELECT * FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.start_day < d.day AND t.modality IN ('surgery', 'systemic')) GROUP BY d.tumour
SELECT count(*) FROM diagnosis d WHERE d.dead = 1 AND NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.dose > 30 AND t.start_day - d.age <= 30)
SELECT count(*) FROM diagnosis d WHERE d.grade = 1 OR EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.cycles > 6)
SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM diagnosis d2 WHERE d2.patient_key = d.patient_key AND d2.year < d.year)
SELECT count(*) FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND t.modality = 'surgery')
SELECT count(*) FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key AND EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.modality = 'surgery'))
SELECT count(*) FROM treatment t WHERE NOT EXISTS (SELECT 1 FROM treatment u WHERE u.diagnosis_key = t.diagnosis_key AND u.start_day < t.start_day)
-- EXISTS anywhere else; the engine needs it in a filter, so the reference says it otherwise.
SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.start_day - d.age <= 30) THEN 1 ELSE 0 END) AS num, count(*) AS den FROM diagnosis d ~~ \
SELECT sum(e) AS num, count(*) AS den FROM (SELECT 1 AS e FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.start_day - d.age <= 30) UNION ALL SELECT 0 FROM diagnosis d WHERE NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.start_day - d.age <= 30)) x
SELECT d.tumour, count(*) AS den, sum(CASE WHEN d.dead = 1 AND NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND (t.modality = 'surgery' OR t.cycles > d.grade)) THEN 1 ELSE 0 END) AS num FROM diagnosis d GROUP BY d.tumour ~~ \
SELECT tumour, count(*) AS den, sum(CASE WHEN dead = 1 AND e = 0 THEN 1 ELSE 0 END) AS num FROM (SELECT d.*, 1 AS e FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND (t.modality = 'surgery' OR t.cycles > d.grade)) UNION ALL SELECT d.*, 0 FROM diagnosis d WHERE NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND (t.modality = 'surgery' OR t.cycles > d.grade))) x GROUP BY tumour
SELECT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key) AS treated, count(*) FROM diagnosis d GROUP BY EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key) ~~ \
SELECT e AS treated, count(*) FROM (SELECT true AS e FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key) UNION ALL SELECT false FROM diagnosis d WHERE NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key)) x GROUP BY e
SELECT x.treated, avg(x.age) FROM (SELECT d.age, CASE WHEN EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.dose IS NULL) THEN 'yes' ELSE 'no' END AS treated FROM diagnosis d) x GROUP BY x.treated ~~ \
SELECT e AS treated, avg(age) FROM (SELECT age, 'yes' AS e FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.dose IS NULL) UNION ALL SELECT age, 'no' FROM diagnosis d WHERE NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.dose IS NULL)) x GROUP BY e
SELECT count(*) FILTER (WHERE EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key)) AS a, count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key)) AS b FROM patient p ~~ \
SELECT sum(e) AS a, count(*) - sum(e) AS b FROM (SELECT 1 AS e FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key) UNION ALL SELECT 0 FROM patient p WHERE NOT EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key)) x
SELECT avg(x.n) FROM (SELECT d.patient_key, sum(CASE WHEN EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key) THEN 1 ELSE 0 END) AS n FROM diagnosis d GROUP BY d.patient_key) x ~~ \
SELECT avg(n) FROM (SELECT patient_key, sum(e) AS n FROM (SELECT patient_key, 1 AS e FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key) UNION ALL SELECT patient_key, 0 FROM diagnosis d WHERE NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key)) y GROUP BY patient_key) x
-- IN.
SELECT count(*) FROM patient WHERE patient_key IN (SELECT patient_key FROM diagnosis WHERE dead = 1)
SELECT count(*) FROM patient WHERE patient_key NOT IN (SELECT patient_key FROM diagnosis WHERE tumour = 'brain')
SELECT tumour, count(*) FROM diagnosis WHERE diagnosis_key IN (SELECT diagnosis_key FROM treatment GROUP BY diagnosis_key HAVING count(*) > 1) GROUP BY tumour
SELECT count(*) FROM diagnosis WHERE diagnosis_key IN (SELECT diagnosis_key FROM treatment) OR grade IS NULL
SELECT count(*) FROM diagnosis d WHERE d.grade IN (SELECT e.grade FROM diagnosis e WHERE e.patient_key = d.patient_key AND e.year < d.year)
SELECT count(*) FROM patient p WHERE p.patient_key IN (SELECT d.patient_key FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE t.modality = 'surgery')
SELECT sum(CASE WHEN diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery') THEN age ELSE 0 END) FROM diagnosis ~~ \
SELECT sum(age) FROM diagnosis WHERE diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery')
-- Mixed.
SELECT count(distinct t.treatment_key), count(distinct d.diagnosis_key), count(distinct p.patient_key), count(*) FROM patient p JOIN diagnosis d ON d.patient_key = p.patient_key JOIN treatment t ON t.diagnosis_key = d.diagnosis_key
SELECT count(distinct a.treatment_key), count(distinct b.treatment_key), count(*) FROM treatment a LEFT JOIN treatment b ON a.diagnosis_key = b.diagnosis_key AND b.start_day > a.start_day
SELECT count(distinct d.diagnosis_key), count(distinct t.treatment_key), count(*) FROM diagnosis d LEFT JOIN treatment t ON t.diagnosis_key = d.diagnosis_key
SELECT count(distinct d.diagnosis_key), count(distinct t.treatment_key), count(*) FROM treatment t RIGHT JOIN diagnosis d ON t.diagnosis_key = d.diagnosis_key
SELECT d.tumour, count(*), count(x.diagnosis_key_seen) FROM diagnosis d LEFT JOIN (SELECT diagnosis_key, 1 AS diagnosis_key_seen FROM (SELECT DISTINCT diagnosis_key FROM treatment) y) x ON x.diagnosis_key = d.diagnosis_key GROUP BY d.tumour
SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT DISTINCT t.modality FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.dose > 10 LIMIT 1)
SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM (SELECT diagnosis_key, start_day AS v FROM treatment UNION ALL SELECT diagnosis_key, age FROM diagnosis) x WHERE x.diagnosis_key = d.diagnosis_key AND x.v > 80)
SELECT p.sex, count(*) FROM patient p WHERE NOT (EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key AND d.dead = 1) AND EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key AND d.dead = 0)) GROUP BY p.sex
SELECT sum(x.n), count(*) FROM (SELECT d.patient_key, count(*) AS n FROM diagnosis d GROUP BY d.patient_key HAVING EXISTS (SELECT 1 FROM patient p WHERE p.patient_key = d.patient_key AND p.sex = 1)) x
SELECT count(*), sum(x.n) FROM (SELECT patient_key, tumour, count(*) AS n, rank() OVER (PARTITION BY patient_key ORDER BY count(*) DESC) AS r FROM diagnosis GROUP BY patient_key, tumour) x WHERE x.r = 1
SELECT count(*), sum(x.start_day) FROM (SELECT start_day, row_number() OVER (PARTITION BY diagnosis_key ORDER BY start_day, treatment_key) AS n FROM treatment) x WHERE x.n = 2
SELECT d.tumour, d.grade, count(*) FROM diagnosis d WHERE d.diagnosis_key IN (SELECT diagnosis_key FROM treatment) GROUP BY ROLLUP (d.tumour, d.grade)
SELECT x.tumour, x.many, count(*), avg(x.age) FROM (SELECT d.tumour, d.age, CASE WHEN y.n > 1 THEN 'many' ELSE 'few' END AS many FROM diagnosis d LEFT JOIN (SELECT diagnosis_key, count(*) AS n FROM treatment GROUP BY diagnosis_key) y ON y.diagnosis_key = d.diagnosis_key) x GROUP BY CUBE (x.tumour, x.many)
WITH den AS (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour), num AS (SELECT tumour, count(*) AS n FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key) GROUP BY tumour) SELECT den.tumour, num.n, den.n FROM den LEFT JOIN num ON num.tumour = den.tumour
SELECT max(y.m) FROM (SELECT x.sex, avg(x.n) AS m FROM (SELECT p.sex, p.patient_key, count(*) AS n FROM patient p JOIN diagnosis d ON d.patient_key = p.patient_key GROUP BY p.sex, p.patient_key) x GROUP BY x.sex) y
SELECT (x.l - x.f) / 30 AS months, count(*) FROM (SELECT diagnosis_key, min(start_day) AS f, max(start_day) AS l FROM treatment GROUP BY diagnosis_key) x GROUP BY (x.l - x.f) / 30
SELECT corr(x.n, x.f), covar_pop(x.f, x.n) FROM (SELECT diagnosis_key, min(start_day) AS f, count(*) AS n FROM treatment GROUP BY diagnosis_key) x
-- Several subqueries among the keys.
SELECT EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key), EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key AND d.dead = 1), count(*) FROM patient p GROUP BY 1, 2 ORDER BY 1, 2 ~~ SELECT n > 0 AS a, e > 0 AS b, count(*) FROM (SELECT p.patient_key, count(d.dead) AS n, coalesce(sum(d.dead), 0) AS e FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key GROUP BY p.patient_key) x GROUP BY 1, 2 ORDER BY 1, 2
SELECT count(*) FROM patient p GROUP BY p.patient_key IN (SELECT patient_key FROM diagnosis), p.patient_key IN (SELECT patient_key FROM diagnosis WHERE dead = 1), EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key AND d.age > 60) HAVING count(*) > 3 ~~ SELECT count(*) FROM (SELECT p.patient_key, count(d.dead) AS n, coalesce(sum(d.dead), 0) AS e, coalesce(max(d.age), 0) AS m FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key GROUP BY p.patient_key) x GROUP BY n > 0, e > 0, m > 60 HAVING count(*) > 3
