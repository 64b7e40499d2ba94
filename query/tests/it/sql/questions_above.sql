-- Several fragments: common table expressions.
WITH n AS (SELECT tumour, count(*) AS n FROM diagnosis WHERE dead = 1 GROUP BY tumour), d AS (SELECT tumour, count(*) AS d FROM diagnosis GROUP BY tumour) \
SELECT d.tumour, n.n, d.d, 100.0 * n.n / d.d AS percent FROM d LEFT JOIN n ON n.tumour = d.tumour ORDER BY d.tumour
WITH n AS (SELECT hospital, count(*) AS n FROM diagnosis WHERE grade = 3 GROUP BY hospital), d AS (SELECT hospital, count(*) AS d FROM diagnosis GROUP BY hospital) \
SELECT d.hospital, coalesce(n.n, 0) AS n, d.d FROM d LEFT JOIN n USING (hospital) ORDER BY d.hospital
WITH x AS (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) SELECT a.tumour, a.n, b.n AS same FROM x a JOIN x b ON a.tumour = b.tumour
WITH a AS (SELECT count(*) AS n FROM patient), b AS (SELECT count(*) AS n FROM diagnosis), c AS (SELECT count(*) AS n FROM treatment) SELECT a.n, b.n, c.n, CAST(c.n AS DOUBLE) / b.n AS per FROM a, b, c
SELECT a.n, b.n AS m FROM (SELECT count(*) AS n FROM patient) a CROSS JOIN (SELECT count(*) AS n FROM diagnosis) b
-- Joins of figures.
SELECT p.sex, p.n, d.m FROM (SELECT sex, count(*) AS n FROM patient GROUP BY sex) p JOIN (SELECT p.sex AS s, count(*) AS m FROM patient p JOIN diagnosis d ON d.patient_key = p.patient_key GROUP BY p.sex) d ON p.sex = d.s
SELECT a.grade, a.n, b.n AS brains FROM (SELECT grade, count(*) AS n FROM diagnosis GROUP BY grade) a LEFT JOIN (SELECT grade, count(*) AS n FROM diagnosis WHERE tumour = 'brain' AND age > 60 GROUP BY grade) b ON a.grade = b.grade
SELECT a.tumour, b.tumour AS other, a.n, b.n AS m FROM (SELECT tumour, count(*) AS n FROM diagnosis WHERE tumour IN ('brain', 'ovary') GROUP BY tumour) a FULL JOIN (SELECT tumour, count(*) AS n FROM diagnosis WHERE tumour IN ('brain', 'bladder') GROUP BY tumour) b ON a.tumour = b.tumour
SELECT a.tumour, b.tumour AS other, a.n, b.n AS m FROM (SELECT tumour, count(*) AS n FROM diagnosis WHERE tumour IN ('brain', 'ovary') GROUP BY tumour) a RIGHT JOIN (SELECT tumour, count(*) AS n FROM diagnosis WHERE tumour IN ('brain', 'bladder') GROUP BY tumour) b ON a.tumour = b.tumour AND a.n > 3
SELECT a.tumour, b.tumour AS larger FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) a JOIN (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) b ON a.n < b.n
SELECT a.tumour, count(*) AS larger, max(b.n) AS largest FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) a LEFT JOIN (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) b ON a.n < b.n GROUP BY a.tumour
SELECT a.mean, b.mean AS other FROM (SELECT avg(age) AS mean FROM diagnosis) a JOIN (SELECT avg(age) AS mean FROM diagnosis) b ON a.mean = b.mean
SELECT x.hospital, x.n, y.total FROM (SELECT hospital, count(*) AS n FROM patient GROUP BY hospital) x CROSS JOIN (SELECT count(*) AS total FROM patient) y WHERE 10 * x.n > y.total ORDER BY x.hospital LIMIT 2
SELECT x.hospital, x.n, y.n AS brains FROM (SELECT hospital, count(*) AS n FROM diagnosis GROUP BY hospital) x FULL JOIN (SELECT hospital, count(*) AS n FROM diagnosis WHERE tumour = 'brain' GROUP BY hospital) y ON x.hospital = y.hospital ORDER BY x.hospital DESC LIMIT 3
SELECT x.grade, y.tumour, CAST(x.n AS DOUBLE) * y.m AS nm FROM (SELECT grade, count(*) AS n FROM diagnosis GROUP BY grade) x, (SELECT tumour, count(*) AS m FROM diagnosis GROUP BY tumour) y WHERE x.grade IS NOT NULL
-- Unions.
SELECT 'patients' AS what, count(*) AS n FROM patient UNION ALL SELECT 'diagnoses', count(*) FROM diagnosis
SELECT count(*) AS n FROM patient UNION SELECT count(*) FROM patient
SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour UNION ALL SELECT 'all', count(*) FROM diagnosis ORDER BY n DESC, tumour LIMIT 3
SELECT tumour, avg(age) AS a FROM diagnosis GROUP BY tumour UNION ALL SELECT modality, count(*) FROM treatment GROUP BY modality
SELECT * FROM (SELECT 1 AS k, sum(age) AS s FROM diagnosis UNION ALL SELECT 2, sum(cycles) FROM treatment) x WHERE s > 0 ORDER BY k
SELECT sex AS code, count(*) AS n FROM patient GROUP BY sex UNION SELECT grade, count(*) FROM diagnosis GROUP BY grade UNION ALL SELECT dead, count(*) FROM diagnosis GROUP BY dead
SELECT what, sum(n) AS n FROM (SELECT 'a' AS what, count(*) AS n FROM patient UNION ALL SELECT 'a', count(*) FROM diagnosis UNION ALL SELECT 'b', count(*) FROM treatment) x GROUP BY what
-- Aggregates of figures.
SELECT count(*) AS groups, sum(n) AS n, min(n) AS least, max(n) AS most, avg(n) AS mean FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) x
SELECT hospital, max(a) AS most, min(a) AS least FROM (SELECT hospital, tumour, avg(age) AS a FROM diagnosis GROUP BY hospital, tumour) x GROUP BY hospital
SELECT hospital, count(*) AS tumours, sum(d) AS deaths FROM (SELECT hospital, tumour, sum(dead) AS d FROM diagnosis GROUP BY hospital, tumour) x GROUP BY hospital HAVING sum(d) > 1 ORDER BY hospital
SELECT n > 20 AS large, count(*) AS groups FROM (SELECT grade, tumour, count(*) AS n FROM diagnosis GROUP BY grade, tumour) x GROUP BY n > 20
SELECT count(distinct tumour) AS t, count(distinct n > 20) AS b, count(*) FILTER (WHERE n > 20) AS large FROM (SELECT grade, tumour, count(*) AS n FROM diagnosis GROUP BY grade, tumour) x
SELECT max(rate) - min(rate) AS spread, stddev(rate) AS s FROM (SELECT hospital, CAST(sum(dead) AS DOUBLE) / count(*) AS rate FROM diagnosis GROUP BY hospital) x
SELECT count(*) AS none, sum(n) AS s, max(n) AS m FROM (SELECT grade, count(*) AS n FROM diagnosis WHERE age > 500 GROUP BY grade) x
SELECT grade, count(*) AS c FROM (SELECT grade, count(*) AS n FROM diagnosis WHERE age > 500 GROUP BY grade) x GROUP BY grade
SELECT sum(s) AS s, avg(s) AS a FROM (SELECT tumour, sum(bmi) AS s FROM diagnosis GROUP BY tumour) x
SELECT avg(m) AS mean_of_max FROM (SELECT hospital, max(n) AS m FROM (SELECT hospital, grade, count(*) AS n FROM diagnosis GROUP BY hospital, grade) x GROUP BY hospital) y
-- Distinct.
SELECT DISTINCT sex FROM patient GROUP BY sex
SELECT DISTINCT tumour FROM (SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade) x ORDER BY tumour
SELECT DISTINCT n > 20 AS large FROM (SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade) x
SELECT DISTINCT count(*) > 0 AS any_row, 1 AS one FROM diagnosis GROUP BY tumour
-- Windows.
SELECT sex, count(*) AS n, sum(count(*)) OVER () AS total FROM patient GROUP BY sex
SELECT tumour, count(*) AS n, 100.0 * count(*) / sum(count(*)) OVER () AS percent FROM diagnosis GROUP BY tumour ORDER BY tumour
SELECT tumour, grade, n, sum(n) OVER (PARTITION BY tumour) AS of_tumour, rank() OVER (PARTITION BY tumour ORDER BY n DESC) AS r FROM (SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade) x
SELECT year, n, sum(n) OVER (ORDER BY year) AS running, lag(n) OVER (ORDER BY year) AS before, lead(n, 1, 0) OVER (ORDER BY year) AS after FROM (SELECT year, count(*) AS n FROM diagnosis GROUP BY year) x ORDER BY year
SELECT year, avg(n) OVER (ORDER BY year ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS smooth FROM (SELECT year, count(*) AS n FROM diagnosis GROUP BY year) x ORDER BY year
SELECT hospital, row_number() OVER (ORDER BY hospital) AS i, first_value(hospital) OVER (ORDER BY hospital) AS f, last_value(n) OVER (ORDER BY hospital ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS l, ntile(2) OVER (ORDER BY hospital) AS half FROM (SELECT hospital, count(*) AS n FROM patient GROUP BY hospital) x
SELECT hospital, dense_rank() OVER (ORDER BY n) AS r, percent_rank() OVER (ORDER BY n) AS p, cume_dist() OVER (ORDER BY n) AS c FROM (SELECT hospital, count(*) AS n FROM patient GROUP BY hospital) x
SELECT hospital, a, max(a) OVER () - a AS behind, count(*) OVER () AS hospitals, nth_value(hospital, 2) OVER (ORDER BY hospital) AS second FROM (SELECT hospital, avg(age) AS a FROM diagnosis GROUP BY hospital) x
SELECT tumour FROM (SELECT tumour, rank() OVER (ORDER BY count(*) DESC) AS r FROM diagnosis GROUP BY tumour) x WHERE r <= 2 ORDER BY tumour
SELECT hospital, tumour, n FROM (SELECT hospital, tumour, count(*) AS n, row_number() OVER (PARTITION BY hospital ORDER BY count(*) DESC, tumour) AS i FROM diagnosis GROUP BY hospital, tumour) x WHERE i = 1 ORDER BY hospital
SELECT tumour, sum(count(*)) OVER (ORDER BY tumour) AS s, avg(avg(age)) OVER () AS a FROM diagnosis GROUP BY tumour HAVING count(*) > 3 ORDER BY s DESC LIMIT 3
-- Scalar subqueries.
SELECT count(*) + (SELECT count(*) FROM diagnosis) AS n FROM patient
SELECT (SELECT count(*) FROM patient) AS p, (SELECT avg(age) FROM diagnosis) AS a
SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour HAVING count(*) > (SELECT avg(n) FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) x) ORDER BY tumour
SELECT tumour, avg(age) - (SELECT avg(age) FROM diagnosis) AS d FROM diagnosis GROUP BY tumour ORDER BY tumour
SELECT hospital, avg(age) > (SELECT avg(age) FROM diagnosis) AS older FROM diagnosis GROUP BY hospital ORDER BY hospital LIMIT 2
SELECT tumour, n FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) x WHERE n = (SELECT max(n) FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) y)
SELECT tumour, coalesce((SELECT sum(age) FROM diagnosis WHERE age > 500), 0) AS nothing FROM diagnosis GROUP BY tumour
SELECT sex, count(*) AS n FROM patient GROUP BY sex ORDER BY count(*) - (SELECT count(*) FROM diagnosis), sex
SELECT tumour, sum(n) / (SELECT count(*) FROM patient) AS q, sum(n - (SELECT 1)) AS s FROM (SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade) x GROUP BY tumour
-- Grouping sets.
SELECT sex, region, count(*) AS n FROM patient GROUP BY ROLLUP (sex, region)
SELECT sex, region, count(*) AS n, grouping(sex) AS gs, grouping(region) AS gr, grouping(sex, region) AS g FROM patient GROUP BY CUBE (sex, region)
SELECT hospital, tumour, count(*) AS n, avg(age) AS a FROM diagnosis GROUP BY GROUPING SETS ((hospital), (tumour), ()) ORDER BY n, hospital, tumour
SELECT tumour, grade, count(distinct patient_key) AS n FROM diagnosis GROUP BY tumour, ROLLUP (grade)
SELECT coalesce(tumour, 'all') AS t, count(*) AS n FROM diagnosis GROUP BY ROLLUP (tumour) HAVING count(*) > 10 ORDER BY n DESC, t LIMIT 4
SELECT CASE WHEN grouping(hospital) = 1 THEN 'network' ELSE hospital END AS h, stddev(age) AS s, sum(dead) AS d FROM diagnosis GROUP BY ROLLUP (hospital)
SELECT age / 20 AS bin, dead, count(*) AS n FROM diagnosis GROUP BY GROUPING SETS ((age / 20, dead), (age / 20), ())
SELECT tumour, n, sum(n) OVER (PARTITION BY g) AS s FROM (SELECT tumour, count(*) AS n, grouping(tumour) AS g FROM diagnosis GROUP BY ROLLUP (tumour)) x
SELECT a.hospital, a.n, b.n AS of_all FROM (SELECT hospital, count(*) AS n FROM patient GROUP BY ROLLUP (hospital)) a JOIN (SELECT count(*) AS n FROM patient) b ON a.n <= b.n
-- Limits.
SELECT * FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour ORDER BY n DESC LIMIT 2) a JOIN (SELECT tumour AS t, avg(age) AS a FROM diagnosis GROUP BY tumour) b ON a.tumour = b.t ORDER BY a.tumour
SELECT sum(n) AS top FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour ORDER BY n DESC LIMIT 2) x
SELECT * FROM ((SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour ORDER BY n DESC LIMIT 1) UNION ALL (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour ORDER BY n LIMIT 1)) u ORDER BY n
-- Pairs.
SELECT covar_pop(age, day) AS a, covar_samp(age, day) AS b, covar(age, bmi) AS c, corr(age, day) AS d, corr(bmi, age) AS e FROM diagnosis
SELECT tumour, corr(age, bmi) AS r, covar_samp(age, bmi) AS c, count(*) AS n FROM diagnosis GROUP BY tumour ORDER BY tumour
SELECT regr_count(day, age) AS n, regr_slope(day, age) AS s, regr_intercept(day, age) AS i, regr_r2(day, age) AS r FROM diagnosis
SELECT grade, regr_avgx(bmi, age) AS ax, regr_avgy(bmi, age) AS ay, regr_sxx(bmi, age) AS xx, regr_syy(bmi, age) AS yy, regr_sxy(bmi, age) AS xy FROM diagnosis GROUP BY grade
SELECT t.modality, regr_slope(t.dose, d.bmi) AS s, regr_intercept(t.dose, d.bmi) AS i, corr(t.dose, t.cycles) AS r FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key GROUP BY t.modality
SELECT corr(age, day) FILTER (WHERE dead = 1) AS r, covar_pop(bmi, day) FILTER (WHERE grade = 2) AS c FROM diagnosis
SELECT hospital, regr_slope(age, bmi) AS s, corr(age, age) AS one, covar_samp(age, age) - var(age) AS zero FROM diagnosis GROUP BY hospital
SELECT corr(CAST(age AS DOUBLE) / 3, bmi) AS r, regr_slope(bmi, CAST(age AS DOUBLE) / 7) AS s, covar_pop(age * 2, day + 1) AS c FROM diagnosis
SELECT corr(age, day) AS r, covar_pop(age, day) AS p, covar_samp(age, day) AS c, regr_count(age, day) AS n, regr_sxx(age, day) AS x, regr_avgx(age, day) AS a FROM diagnosis WHERE age > 500
SELECT corr(dead, dead) AS r, regr_slope(age, dead) AS s, regr_intercept(age, dead) AS i FROM diagnosis WHERE dead = 1
SELECT corr(n, a) AS r, covar_pop(n, a) AS c FROM (SELECT grade, count(*) AS n, avg(age) AS a FROM diagnosis GROUP BY grade) x
-- Categories that are there.
SELECT count(distinct tumour) AS t, count(distinct grade) AS g, count(distinct dead) AS d, count(distinct year) AS y FROM diagnosis
SELECT hospital, count(distinct tumour) AS t, count(distinct grade) FILTER (WHERE dead = 1) AS g FROM diagnosis GROUP BY hospital
SELECT count(distinct tumour) AS t FROM diagnosis WHERE age > 500
SELECT p.sex, count(distinct d.tumour) AS t FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key AND d.age > 95 GROUP BY p.sex
-- Values that do not exist in some rows.
SELECT sum(CASE WHEN n > 10 THEN sqrt(n - 10) END) AS s, count(CASE WHEN n > 10 THEN 1 END) AS c FROM (SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade) x
SELECT tumour, sum(n / nullif(n - 12, 0)) OVER (PARTITION BY tumour ORDER BY grade ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s FROM (SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade) x
SELECT year, stddev(n) OVER (ORDER BY year ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s, var_pop(n) OVER (ORDER BY year ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS v, min(n) OVER (ORDER BY year ROWS BETWEEN 2 PRECEDING AND 1 PRECEDING) AS low FROM (SELECT year, count(*) AS n FROM diagnosis GROUP BY year) x
SELECT year, avg(n) OVER (ORDER BY year RANGE BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS a, sum(s) OVER (ORDER BY year ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS b, count(*) FILTER (WHERE n > 20) OVER () AS c FROM (SELECT year, count(*) AS n, sum(bmi) AS s FROM diagnosis GROUP BY year) x
