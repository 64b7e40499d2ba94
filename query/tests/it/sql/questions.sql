-- Counts.
SELECT count(*) FROM patient
SELECT count(*) AS n, count(region) AS with_region FROM patient
SELECT sex, count(*) FROM patient GROUP BY sex
SELECT region, count(*) FROM patient GROUP BY region
SELECT sex, region, count(*) AS n FROM patient GROUP BY sex, region ORDER BY sex, region
SELECT count(distinct patient_key) FROM diagnosis
SELECT tumour, count(distinct patient_key), count(distinct diagnosis_key), count(*) FROM diagnosis GROUP BY tumour
SELECT count(distinct patient_key) FILTER (WHERE dead = 1), count(*) FILTER (WHERE dead = 1) FROM diagnosis
SELECT count(1), count('x'), count(hospital) FROM diagnosis
SELECT count(bmi), count(day), count(bmi + day) FROM diagnosis
-- Sums and means.
SELECT sum(age), avg(age), sum(bmi), avg(bmi), sum(day) FROM diagnosis
SELECT grade, avg(age), stddev(age), var(age), stddev_pop(age), var_pop(age) FROM diagnosis GROUP BY grade ORDER BY grade
SELECT tumour, stddev(bmi), var_samp(bmi) FROM diagnosis GROUP BY tumour
SELECT sum(dead), avg(dead) FROM diagnosis
SELECT tumour, sum(dead) AS deaths, count(*) AS n, 100.0 * sum(dead) / count(*) AS percent FROM diagnosis GROUP BY tumour ORDER BY tumour
SELECT sum(age * age), sum(age + day), sum(age - day), sum(-age) FROM diagnosis
SELECT sum(bmi * 2), sum(bmi * bmi), avg(bmi + 1) FROM diagnosis
SELECT sum(age / 10), sum(age % 10), sum(abs(day)) FROM diagnosis
SELECT sum(CAST(age AS DOUBLE) / 3), avg(CAST(bmi AS DOUBLE) * 1.5) FROM diagnosis
SELECT sum(CAST(day AS DOUBLE) / age) FROM diagnosis
SELECT sum(coalesce(day, 0)), avg(coalesce(bmi, 25)) FROM diagnosis
SELECT sum(age) FILTER (WHERE grade = 3), avg(age) FILTER (WHERE grade IS NULL) FROM diagnosis
SELECT sum(greatest(age, 50)), sum(least(age, day)), sum(nullif(age, 50)) FROM diagnosis
SELECT sum(round(bmi)), sum(floor(CAST(bmi AS DOUBLE))), sum(ceil(CAST(bmi AS DOUBLE))) FROM diagnosis
SELECT avg(age), avg(age) + 1, avg(age) * 2 FROM diagnosis WHERE age > 1000
SELECT sum(age), count(*), stddev(age) FROM diagnosis WHERE dead > 1
-- Cases.
SELECT sum(CASE WHEN age >= 70 THEN 1 ELSE 0 END) AS old, sum(CASE WHEN age < 70 THEN 1 END) AS young FROM diagnosis
SELECT grade, sum(CASE WHEN dead = 1 AND day < 1826.25 THEN 1 ELSE 0 END) FROM diagnosis GROUP BY grade
SELECT sum(CASE tumour WHEN 'brain' THEN age WHEN 'ovary' THEN 2 * age ELSE 0 END) FROM diagnosis
SELECT CASE WHEN age >= 70 THEN 'old' WHEN age >= 50 THEN 'middle' ELSE 'young' END AS class, count(*) FROM diagnosis GROUP BY 1 ORDER BY 1
SELECT CASE WHEN bmi > 30 THEN 1 ELSE 0 END AS obese, count(*), avg(age) FROM diagnosis GROUP BY CASE WHEN bmi > 30 THEN 1 ELSE 0 END
SELECT CASE WHEN grade = 3 THEN 'high' END AS high, count(*) FROM diagnosis GROUP BY 1
-- Conditions.
SELECT count(*) FROM diagnosis WHERE age BETWEEN 50 AND 60 AND tumour IN ('brain', 'ovary')
SELECT count(*) FROM diagnosis WHERE NOT (grade = 1 OR grade IS NULL)
SELECT count(*) FROM diagnosis WHERE grade IS DISTINCT FROM 2
SELECT count(*) FROM diagnosis WHERE tumour LIKE 'b%' AND tumour <> 'brain'
SELECT count(*) FROM diagnosis WHERE (age > 50) IS TRUE AND (bmi > 20) IS NOT FALSE
SELECT count(*) FROM diagnosis WHERE grade = 1 + 1
SELECT count(*) FROM diagnosis WHERE CAST(grade AS DOUBLE) / 2 > 1
-- Domains.
SELECT age / 10 AS decade, count(*), avg(bmi) FROM diagnosis GROUP BY age / 10 ORDER BY decade
SELECT age / 10 * 10 AS decade, count(*) FROM diagnosis GROUP BY age / 10 * 10 ORDER BY 1
SELECT day / 365 AS year_of_followup, count(*) AS m, sum(dead) AS d FROM diagnosis GROUP BY day / 365 ORDER BY 1
SELECT day / 20 AS bin, count(*) FROM diagnosis WHERE day < 100 GROUP BY day / 20 ORDER BY 1
SELECT year, count(*) FROM diagnosis GROUP BY year ORDER BY year DESC
SELECT birth_year / 10 AS decade, count(*) FROM patient GROUP BY birth_year / 10 ORDER BY 1
SELECT dead, count(*) FROM diagnosis GROUP BY dead
SELECT age >= 65 AS elder, count(*) FROM diagnosis GROUP BY age >= 65
SELECT bmi > 25 AS heavy, count(*) FROM diagnosis GROUP BY bmi > 25
SELECT coalesce(grade, 0) AS g, count(*) FROM diagnosis GROUP BY coalesce(grade, 0) ORDER BY g
SELECT CAST(sex AS TEXT) AS s, count(*) FROM patient GROUP BY CAST(sex AS TEXT) ORDER BY s
SELECT 2023 - year AS back, count(*) FROM diagnosis GROUP BY 2023 - year ORDER BY back
-- Hospitals.
SELECT hospital, count(*) FROM patient GROUP BY hospital ORDER BY hospital
SELECT hospital, sex, count(*), one FROM (SELECT hospital, sex, 1 AS one FROM patient) p GROUP BY hospital, sex, one
SELECT hospital, grade, avg(age) FROM diagnosis GROUP BY hospital, grade ORDER BY hospital, grade
SELECT grade, hospital, count(*) FROM diagnosis WHERE hospital IN ('ALFA', 'CHARLIE') GROUP BY grade, hospital ORDER BY 1, 2
SELECT count(*) FROM diagnosis WHERE hospital = 'BRAVO'
SELECT count(*) FROM diagnosis WHERE hospital = 'NOWHERE'
SELECT grade, count(*) FROM diagnosis WHERE hospital = 'NOWHERE' GROUP BY grade
SELECT CASE WHEN hospital = 'ALFA' THEN 'large' ELSE 'small' END AS size, count(*) FROM patient GROUP BY 1
SELECT count(*) FILTER (WHERE hospital = 'ALFA') AS a, count(*) AS total FROM patient
-- Joins.
SELECT p.sex, count(*), count(distinct p.patient_key), avg(d.age) FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key GROUP BY p.sex
SELECT d.tumour, t.modality, count(*), count(distinct d.patient_key), sum(t.dose), avg(t.cycles) \
FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key GROUP BY d.tumour, t.modality ORDER BY 1, 2
SELECT p.sex, t.modality, count(*) FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key \
JOIN patient p ON p.patient_key = d.patient_key WHERE t.start_day > 10 GROUP BY p.sex, t.modality
SELECT count(*), count(d.age), count(distinct d.diagnosis_key), sum(d.age) FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key
SELECT d.grade, count(*) FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key GROUP BY d.grade
SELECT p.sex, d.tumour, count(*) FROM patient p LEFT JOIN diagnosis d ON d.patient_key = p.patient_key AND d.dead = 1 GROUP BY p.sex, d.tumour
SELECT count(*) FROM diagnosis d RIGHT JOIN patient p ON d.patient_key = p.patient_key AND d.grade = 3
SELECT sum(coalesce(d.age, 0)), sum(coalesce(d.dead, 0)) FROM patient p LEFT JOIN diagnosis d USING (patient_key)
SELECT count(*), count(distinct a.patient_key) FROM diagnosis a JOIN diagnosis b ON a.patient_key = b.patient_key WHERE a.age < b.age
SELECT count(*) FROM treatment a JOIN treatment b ON a.diagnosis_key = b.diagnosis_key AND a.start_day < b.start_day
SELECT x.old, count(*), avg(x.heavy) FROM (SELECT patient_key, CASE WHEN age > 60 THEN 1 ELSE 0 END AS old, bmi * 2 AS heavy FROM diagnosis WHERE bmi IS NOT NULL) x GROUP BY x.old
SELECT p.region, avg(x.double_age) FROM (SELECT patient_key AS k, age * 2 AS double_age FROM diagnosis) x JOIN patient p ON p.patient_key = x.k GROUP BY p.region
WITH d AS (SELECT * FROM diagnosis WHERE grade = 2) SELECT p.sex, count(*) FROM d JOIN patient p ON p.patient_key = d.patient_key GROUP BY p.sex
SELECT t.modality, count(*) FROM diagnosis d LEFT JOIN treatment t ON t.diagnosis_key = d.diagnosis_key AND t.modality <> 'surgery' GROUP BY t.modality
-- Above the cut.
SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour HAVING count(*) > 40 ORDER BY n DESC, tumour
SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour ORDER BY n DESC, tumour LIMIT 2
SELECT tumour, grade, count(*) AS n FROM diagnosis GROUP BY tumour, grade ORDER BY n, tumour, grade LIMIT 3 OFFSET 2
SELECT * FROM (SELECT tumour, avg(age) AS a FROM diagnosis GROUP BY tumour) x WHERE a > 55 ORDER BY a
SELECT tumour, sqrt(var(age)) AS s, round(avg(age), 1) AS r, ln(count(*)) AS l, exp(1) AS e, power(2, 3) AS p FROM diagnosis GROUP BY tumour
SELECT CASE WHEN count(*) > 50 THEN 'many' ELSE 'few' END AS size, tumour FROM diagnosis GROUP BY tumour ORDER BY tumour
SELECT count(*) - sum(dead) AS alive, count(*) / 2 AS half, sum(age) % 7 AS rest FROM diagnosis
SELECT tumour, sum(bmi) / count(bmi) AS mean FROM diagnosis GROUP BY tumour ORDER BY tumour
SELECT coalesce(avg(bmi), 0) AS m, nullif(count(*), 0) AS n, avg(age) IS NULL AS none FROM diagnosis WHERE tumour = 'brain' AND age > 99
SELECT tumour FROM diagnosis GROUP BY tumour HAVING avg(age) > 50 AND count(*) > 3 ORDER BY tumour
SELECT grade + 1 AS next, CAST(count(*) AS DOUBLE) / 3 AS third FROM diagnosis GROUP BY grade ORDER BY grade NULLS FIRST
SELECT abs(min_age - 60) AS far FROM (SELECT avg(age) AS min_age FROM diagnosis) x
SELECT sex FROM patient GROUP BY sex
SELECT grade, stddev(CAST(bmi AS DOUBLE) / 7) FROM diagnosis GROUP BY grade
SELECT sum(bmi * age), avg(bmi * age), sum(dead * age) FROM diagnosis
SELECT sum(t.start_day - d.day) FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key
SELECT count(*) FROM diagnosis WHERE bmi / 2 > 12.5
SELECT count(*) FROM diagnosis WHERE age % 2 = 0 AND day / age > 3
SELECT count(*) FROM diagnosis WHERE (CASE WHEN grade = 1 THEN age ELSE day END) > 50
SELECT count(*) FILTER (WHERE age > 50 AND bmi > 22.5) AS a, sum(age) FILTER (WHERE tumour IN ('brain','ovary') OR grade IS NULL) AS b FROM diagnosis
SELECT year - 2018 AS y, dead, count(*) FROM diagnosis GROUP BY year - 2018, dead
SELECT count(*) FROM diagnosis WHERE bmi BETWEEN 20.0 AND 25.5
SELECT count(*) FROM diagnosis WHERE grade IN (1, NULL)
SELECT count(*) FROM diagnosis WHERE grade NOT IN (1, 2)
SELECT d.tumour, count(distinct t.treatment_key), count(distinct t.diagnosis_key) FROM diagnosis d LEFT JOIN treatment t ON t.diagnosis_key = d.diagnosis_key GROUP BY d.tumour
SELECT a.sex, count(*) FROM patient a JOIN patient b ON a.patient_key = b.patient_key AND a.sex = b.sex GROUP BY a.sex
SELECT sum(x.v) FROM (SELECT CASE WHEN region = 'north' THEN 10 WHEN region IS NULL THEN 5 ELSE 1 END AS v FROM patient) x
SELECT x.r, count(*) FROM (SELECT coalesce(region, 'none') AS r FROM patient) x GROUP BY x.r
SELECT tumour, avg(age) - avg(day) AS gap, stddev(age) / avg(age) AS cv FROM diagnosis GROUP BY tumour
SELECT avg(CAST(dead AS DOUBLE)) AS share FROM diagnosis
SELECT cast(round(avg(age)) AS BIGINT) AS a, cast(count(*) AS TEXT) AS t FROM diagnosis
SELECT tumour, count(*) * 100.0 / 7 FROM diagnosis GROUP BY tumour ORDER BY tumour DESC LIMIT 3
SELECT max_n FROM (SELECT tumour, count(*) AS max_n FROM diagnosis GROUP BY tumour ORDER BY max_n DESC LIMIT 1) x
SELECT sum(cycles), sum(dose * cycles), avg(dose * dose) FROM treatment
SELECT sum(CASE WHEN day IS NULL THEN 1 ELSE 0 END) AS missing FROM diagnosis
SELECT 1 AS one, 'x' AS x, TRUE AS t, NULL AS n, count(*) FROM patient
SELECT sex, count(*) AS n FROM patient WHERE region IS NOT NULL GROUP BY sex HAVING count(*) BETWEEN 10 AND 1000
SELECT round(sum(bmi), 0) AS r FROM diagnosis GROUP BY grade ORDER BY r
SELECT count(*) FROM diagnosis WHERE day > -10 AND -day < 5
SELECT var_pop(dead), stddev_samp(dead) FROM diagnosis
SELECT sum(age::double precision) AS a, sum(bmi::int) AS c FROM diagnosis ~~ SELECT sum(age::double precision) AS a, sum(round(bmi)::int) AS c FROM diagnosis
SELECT sum(bmi::numeric(10,2)) AS b FROM diagnosis
SELECT round(sum(bmi), 0), floor(avg(bmi)), ceil(avg(age)) FROM diagnosis
SELECT sum(bmi / 3) AS third, avg(bmi / age) AS ratio FROM diagnosis
-- Casts that lose digits round as SQL does, in comparisons too; the engine of the reference cuts them off.
SELECT sum(CAST(bmi AS BIGINT)), count(*) FROM diagnosis WHERE CAST(bmi AS BIGINT) = 30 ~~ SELECT sum(CAST(round(bmi) AS BIGINT)), count(*) FROM diagnosis WHERE round(bmi) = 30
SELECT count(*) FROM diagnosis WHERE CAST(bmi AS INT) IN (30, 31, 35) ~~ SELECT count(*) FROM diagnosis WHERE round(bmi) IN (30, 31, 35)
SELECT count(*) FROM diagnosis WHERE bmi::int NOT BETWEEN 30 AND 35 ~~ SELECT count(*) FROM diagnosis WHERE round(bmi) NOT BETWEEN 30 AND 35
SELECT count(*) FROM treatment WHERE CAST(dose AS DECIMAL(10, 1)) IN (40.1, 40.2, 33.3) ~~ SELECT count(*) FROM treatment WHERE round(dose * 10) IN (401, 402, 333)
SELECT CASE WHEN CAST(bmi AS INT) >= 30 THEN 'obese' ELSE 'not' END AS c, count(*) FROM diagnosis GROUP BY 1 ~~ SELECT CASE WHEN round(bmi) >= 30 THEN 'obese' ELSE 'not' END AS c, count(*) FROM diagnosis GROUP BY 1
SELECT count(*) FROM diagnosis d JOIN diagnosis e ON d.patient_key = e.patient_key AND CAST(d.bmi AS INT) = CAST(e.bmi AS INT) ~~ SELECT count(*) FROM diagnosis d JOIN diagnosis e ON d.patient_key = e.patient_key AND round(d.bmi) = round(e.bmi)
SELECT sum(CAST(age * 0.005 AS DECIMAL(10, 2))) FROM diagnosis ~~ SELECT sum(CAST(round(CAST(age AS DECIMAL(10, 3)) * CAST('0.005' AS DECIMAL(4, 3)), 2) AS DECIMAL(10, 2))) FROM diagnosis
SELECT tumour, CAST(avg(bmi) AS BIGINT), CAST(2.5 AS BIGINT) + count(*) FROM diagnosis GROUP BY tumour HAVING CAST(avg(bmi) AS BIGINT) IN (29, 30) ~~ SELECT tumour, CAST(round(avg(bmi)) AS BIGINT), 3 + count(*) FROM diagnosis GROUP BY tumour HAVING round(avg(bmi)) IN (29, 30)
SELECT sum(CAST(round(bmi / 3) AS BIGINT)), sum(CAST(floor(CAST(age AS DOUBLE) / 7) AS BIGINT)) FROM diagnosis
-- Counts divide as whole numbers.
SELECT 10 * regr_count(age, bmi) / count(*) AS a, count(*) / regr_count(bmi, day) AS b, regr_count(age, day) % 7 AS c FROM diagnosis ~~ SELECT 10 * count(bmi) / count(*) AS a, count(*) / count(bmi + day) AS b, count(day) % 7 AS c FROM diagnosis
-- Casts are not in the engine's names of columns.
SELECT avg(age), avg(CAST(age AS DOUBLE)), sum(bmi), sum(CAST(bmi AS DOUBLE)), sum(CAST(bmi AS INT)) FROM diagnosis ~~ SELECT avg(age) AS a, avg(age) AS b, sum(bmi) AS c, CAST(sum(bmi) AS DOUBLE) AS d, sum(CAST(round(bmi) AS INT)) AS e FROM diagnosis
SELECT tumour, count(*), CAST(count(*) AS TEXT), avg(age::double precision) FROM diagnosis GROUP BY tumour HAVING avg(CAST(age AS DOUBLE)) > 58 AND avg(age) < 64 ~~ SELECT tumour, count(*) AS a, CAST(count(*) AS TEXT) AS b, avg(age) FROM diagnosis GROUP BY tumour HAVING avg(age) > 58 AND avg(age) < 64
SELECT grade, CAST(grade AS TEXT), count(*) FROM diagnosis GROUP BY 1, 2 ~~ SELECT grade AS a, CAST(grade AS TEXT) AS b, count(*) FROM diagnosis GROUP BY grade
SELECT tumour, sum(n) OVER (), sum(CAST(n AS DOUBLE)) OVER () FROM (SELECT tumour, count(*) AS n FROM diagnosis GROUP BY tumour) x ~~ SELECT tumour, sum(count(*)) OVER () AS a, CAST(sum(count(*)) OVER () AS DOUBLE) AS b FROM diagnosis GROUP BY tumour
-- Tables that WHERE ties, in any order.
SELECT count(*) FROM patient p, diagnosis d WHERE p.patient_key = d.patient_key
SELECT p.hospital, p.sex, count(*), sum(t.cycles) FROM treatment t, patient p, diagnosis d WHERE p.sex < t.cycles AND p.patient_key = d.patient_key AND t.diagnosis_key = d.diagnosis_key AND t.hospital <> 'BRAVO' GROUP BY p.hospital, p.sex
SELECT sum(x.cycles), sum(x.age), count(x.sex) FROM (SELECT * FROM treatment t, (SELECT patient_key AS k, sex FROM patient) p, (SELECT diagnosis_key AS dk, patient_key, age FROM diagnosis) d WHERE d.patient_key = p.k AND t.diagnosis_key = d.dk) x
SELECT count(*) FROM patient p CROSS JOIN diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND p.patient_key IN (SELECT e.patient_key FROM diagnosis e, treatment u WHERE u.diagnosis_key = e.diagnosis_key AND u.cycles > 6)
SELECT count(*) FROM diagnosis a, diagnosis b, diagnosis c WHERE a.patient_key = b.patient_key AND b.patient_key = c.patient_key AND a.age < b.age
