-- Texts that made an answer depend on one patient, and their relatives. `ONE` is the condition that only that patient meets.
SELECT count(*), sum(CASE WHEN ONE THEN CAST('NaN' AS DOUBLE) ELSE 1.0 END) FROM patient
SELECT count(*), sum(CASE WHEN ONE THEN CAST('inf' AS DOUBLE) ELSE 1.0 END) FROM patient
SELECT count(*), sum(CASE WHEN ONE THEN 1e999 ELSE 1.0 END) FROM patient
SELECT sum(least(CAST('NaN' AS DOUBLE), CAST(hormon AS DOUBLE))) FROM patient WHERE ONE
SELECT sum(greatest(CAST('NaN' AS DOUBLE), CAST(hormon AS DOUBLE))) FROM patient WHERE ONE
SELECT sum(CASE WHEN ONE THEN CAST('abc' AS DOUBLE) ELSE 1.0 END) FROM patient
SELECT sum(CASE WHEN ONE THEN 0.0 * (1e308 * 10) ELSE 1.0 END) FROM patient
SELECT sum((CAST(hormon AS DOUBLE) * (1e308 * 10)) % 5.0) FROM patient WHERE ONE
SELECT avg((CAST(age AS DOUBLE) * (1e308 * 10)) % 5.0) FROM patient WHERE ONE
SELECT var((CAST(age AS DOUBLE) * (1e308 * 10)) % 5.0) FROM patient WHERE ONE
SELECT count((CAST(hormon AS DOUBLE) * (1e308 * 10)) % 5.0) FROM patient WHERE ONE
SELECT sum(1 / (-(CAST(hormon AS DOUBLE)))) FROM patient WHERE ONE
SELECT sum(1 / (CAST(hormon AS DOUBLE) * -1.0)) FROM patient WHERE ONE
SELECT sum(1 / CAST(hormon AS DOUBLE)) FROM patient WHERE ONE
SELECT sum(CAST(age AS DOUBLE) % (-CAST(hormon AS DOUBLE))) FROM patient WHERE ONE
SELECT sum(CAST(age AS DOUBLE) % -0.0) FROM patient WHERE ONE
SELECT sum(CAST(age AS DOUBLE) % (0.0 * -1.0)) FROM patient WHERE ONE
SELECT sum(CAST(age AS DOUBLE) / (0.0 * -1.0)) FROM patient WHERE ONE
SELECT sum(age % hormon), sum(age / hormon) FROM patient WHERE ONE
SELECT sum(pgr / CAST(hormon AS DECIMAL(3,1))), sum(pgr % CAST(hormon AS DECIMAL(3,1))) FROM patient WHERE ONE
SELECT sum(round(CAST(age AS DOUBLE), 400)) FROM patient WHERE ONE
SELECT sum(round(CAST(age AS DOUBLE), age * 400)) FROM patient WHERE ONE
SELECT sum(round(CAST(age AS DOUBLE), hormon)) FROM patient WHERE ONE
SELECT sum(round(CAST(age AS DOUBLE), 9)) FROM patient WHERE ONE
SELECT count(*) FROM patient WHERE ceil(CAST(CAST(age AS DOUBLE) / 4.0 AS DECIMAL(2,1))) > 1 AND ONE
SELECT count(*) FROM patient WHERE floor(CAST(CAST(-age AS DOUBLE) / 4.0 AS DECIMAL(2,1))) > 1 AND ONE
SELECT count(*) FROM patient WHERE round(CAST(CAST(age AS DOUBLE) / 4.0 AS DECIMAL(2,1))) > 1 AND ONE
SELECT count(*) FROM patient WHERE round(CAST(age AS DECIMAL(2,0)), -1) > 1 AND ONE
SELECT sum(ceil(pgr)), sum(floor(pgr)), sum(round(pgr)), sum(round(pgr, 1)) FROM patient WHERE ONE
SELECT -CAST(hormon AS DOUBLE) AS h, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT CAST(hormon AS DOUBLE) AS h, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT CASE WHEN hormon = 1 THEN 0.0 ELSE -0.0 END AS h, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT CAST(-CAST(hormon AS DOUBLE) AS TEXT) AS h, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT CAST(-CAST(hormon AS DOUBLE) AS BIGINT) AS h, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT count(*) FROM patient WHERE CAST(age AS DECIMAL(3,2)) > 1 AND ONE
SELECT count(CAST(age AS DECIMAL(3,2))) FROM patient WHERE ONE
SELECT count(*) FROM patient WHERE CAST(pgr * 1000 AS SMALLINT) > 1 AND ONE
SELECT sum(CAST(CAST(age AS TEXT) AS SMALLINT)) FROM patient WHERE ONE
SELECT sum(CAST('x' || age AS BIGINT)) FROM patient WHERE ONE
SELECT sum(CAST(CASE WHEN ONE THEN 'x' ELSE '1' END AS BIGINT)) FROM patient
SELECT sum(CAST(CASE WHEN ONE THEN 'NaN' ELSE '1' END AS DOUBLE)) FROM patient
SELECT sum(CAST(CASE WHEN ONE THEN 'inf' ELSE '1' END AS DOUBLE) % 3.0) FROM patient
SELECT sum(least(CAST(CASE WHEN ONE THEN 'NaN' ELSE '1' END AS DOUBLE), 5.0)) FROM patient
SELECT sum(greatest(least(CAST(CASE WHEN ONE THEN '-inf' ELSE '1' END AS DOUBLE), 5.0), -5.0)) FROM patient
SELECT count(*) FROM patient WHERE CAST(CASE WHEN ONE THEN 'NaN' ELSE '1' END AS DOUBLE) > 0
SELECT count(*) FROM patient WHERE CAST(CASE WHEN ONE THEN 'maybe' ELSE 'true' END AS BOOLEAN)
SELECT sum(abs(age - 9223372036854775807)) FROM patient WHERE ONE
SELECT sum(-age), sum(abs(-age)), sum(age * age) FROM patient WHERE ONE
SELECT year / 10 AS decade, hormon, count(*) FROM patient WHERE ONE GROUP BY 1, 2
SELECT nullif(grade, 2) AS g, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT CASE WHEN ONE THEN NULL ELSE 1 END AS g, count(*) FROM patient GROUP BY 1
SELECT grade / hormon AS g, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT CAST(grade AS DECIMAL(3,1)) AS g, count(*) FROM patient WHERE ONE GROUP BY 1
SELECT grade, count(*) FROM patient WHERE ONE AND grade * 1 = 2 GROUP BY grade
SELECT grade, count(*) FROM patient WHERE CAST(grade AS DECIMAL(3,2)) = 2 AND ONE GROUP BY grade
SELECT sum(CAST(CAST(age AS DECIMAL(20,12)) AS DOUBLE)) FROM patient WHERE ONE
SELECT count(*) FROM patient WHERE CAST(grade AS TEXT) LIKE '!2' ESCAPE '!' AND ONE
SELECT sum(CAST(age AS DECIMAL(3,-1))) FROM patient WHERE ONE
-- Inside a patient.
SELECT sum(n) FROM (SELECT patient_key, sum(1 / (-CAST(hormon AS DOUBLE))) AS n FROM patient WHERE ONE GROUP BY patient_key) x
SELECT sum(n) FROM (SELECT patient_key, avg(CAST(CASE WHEN ONE THEN 'NaN' ELSE '1' END AS DOUBLE) % 3.0) AS n FROM patient GROUP BY patient_key) x
SELECT sum(n) FROM (SELECT patient_key, min(CAST(CASE WHEN ONE THEN 'NaN' ELSE '1' END AS DOUBLE)) AS n FROM patient GROUP BY patient_key) x
SELECT sum(n) FROM (SELECT patient_key, stddev(CAST(age AS DOUBLE) * 1e200) AS n FROM patient WHERE ONE GROUP BY patient_key) x
SELECT sum(n) FROM (SELECT patient_key, sum(age * 92233720368547758) AS n FROM patient WHERE ONE GROUP BY patient_key) x
SELECT sum(n) FROM (SELECT patient_key, avg(CAST(pgr AS DECIMAL(38,2))) AS n FROM patient WHERE ONE GROUP BY patient_key) x
SELECT sum(n) FROM (SELECT patient_key, sum(pgr * pgr * pgr) AS n FROM patient WHERE ONE GROUP BY patient_key) x
SELECT sum(n / m) FROM (SELECT patient_key, sum(age) AS n, sum(hormon) AS m FROM patient WHERE ONE GROUP BY patient_key) x
SELECT sum(n % m) FROM (SELECT patient_key, sum(age) AS n, sum(hormon) AS m FROM patient WHERE ONE GROUP BY patient_key) x
SELECT -m AS h, count(*) FROM (SELECT patient_key, CAST(max(hormon) AS DOUBLE) AS m FROM patient WHERE ONE GROUP BY patient_key) x GROUP BY 1
SELECT m AS h, count(*) FROM (SELECT patient_key, max(hormon) AS m FROM patient WHERE ONE GROUP BY patient_key) x GROUP BY 1
SELECT h, count(*) FROM (SELECT patient_key, lag(grade) OVER (PARTITION BY patient_key ORDER BY age, patient_key) AS h FROM patient WHERE ONE) x GROUP BY h
SELECT sum(h) FROM (SELECT patient_key, sum(CAST(CASE WHEN ONE THEN 'inf' ELSE '1' END AS DOUBLE) % 3.0) OVER (PARTITION BY patient_key) AS h FROM patient) x
SELECT corr(age, CAST(CASE WHEN ONE THEN 'NaN' ELSE '1' END AS DOUBLE) % 3.0) FROM patient
SELECT regr_slope(pgr, age), corr(pgr, hormon), covar_pop(pgr * 1e5, age) FROM patient WHERE ONE
SELECT share(1 / (-CAST(hormon AS DOUBLE)) > 1) FROM patient WHERE ONE
SELECT count(distinct grade) FROM patient WHERE ONE
SELECT count(*) FROM patient p WHERE ONE AND EXISTS (SELECT 1 FROM patient q WHERE q.patient_key = p.patient_key AND 1 / (-CAST(q.hormon AS DOUBLE)) > 0)
