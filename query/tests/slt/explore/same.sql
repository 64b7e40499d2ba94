-- the high grades
SELECT count(*) FROM diagnosis WHERE grade IN (2, 3);
SELECT count(*) FROM diagnosis WHERE grade IN (3, 2, 2);
SELECT count(*) FROM diagnosis WHERE grade = 2 OR grade = 3;
SELECT count(*) FROM diagnosis WHERE 3 = grade OR 2 = grade;
SELECT count(*) FROM diagnosis WHERE grade <> 1;
SELECT count(*) FROM diagnosis WHERE NOT grade = 1;
SELECT count(*) FROM diagnosis WHERE NOT (NOT (grade <> 1));
SELECT count(*) FROM diagnosis WHERE grade NOT IN (1);
SELECT count(*) FROM diagnosis WHERE grade >= 2;
SELECT count(*) FROM diagnosis WHERE grade > 1;
SELECT count(*) FROM diagnosis WHERE grade BETWEEN 2 AND 3;
SELECT count(*) FROM diagnosis WHERE grade NOT BETWEEN 0 AND 1;
SELECT count(*) FROM diagnosis WHERE NOT (grade < 2 OR grade IS NULL);
SELECT count(*) FROM diagnosis WHERE grade + 1 > 2;
SELECT count(*) FROM diagnosis WHERE 2 * grade >= 4;
SELECT count(*) FROM diagnosis WHERE coalesce(grade, 0) > 1;
SELECT count(*) FROM diagnosis WHERE CASE WHEN grade = 1 THEN FALSE WHEN grade IN (2, 3) THEN TRUE END;
SELECT count(*) FROM diagnosis WHERE CASE grade WHEN 1 THEN 'low' ELSE 'high' END = 'high' AND grade IS NOT NULL;
SELECT count(*) FROM diagnosis WHERE grade <> 1 AND grade IS NOT NULL;
SELECT count(*) FROM diagnosis WHERE grade IN (2, 3) AND grade IN (1, 2, 3);
SELECT count(*) FROM diagnosis WHERE grade IN (2, 3) AND grade > 0;
SELECT count(*) FROM diagnosis WHERE (grade > 1) IS TRUE;
SELECT count(*) FROM diagnosis WHERE (grade > 1) = TRUE;
SELECT count(*) FROM diagnosis WHERE CAST(grade AS TEXT) IN ('2', '3');
SELECT count(*) FROM diagnosis WHERE abs(grade) > 1;
SELECT count(1) FROM diagnosis WHERE grade > 1;
SELECT count(dead) FROM diagnosis WHERE grade > 1;
SELECT count(distinct diagnosis_key) FROM diagnosis WHERE grade > 1;
SELECT count(*) FILTER (WHERE grade > 1) FROM diagnosis;
SELECT count(CASE WHEN grade > 1 THEN 1 END) FROM diagnosis;
SELECT count(*) FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key WHERE d.grade > 1;
SELECT count(*) FROM diagnosis d LEFT JOIN patient p ON p.patient_key = d.patient_key WHERE d.grade > 1;
SELECT count(*) FROM patient p JOIN (SELECT * FROM diagnosis WHERE grade > 1) d ON p.patient_key = d.patient_key;
SELECT count(*) FROM patient p, diagnosis d WHERE p.patient_key = d.patient_key AND d.grade > 1;
SELECT count(*) FROM patient NATURAL JOIN diagnosis WHERE grade > 1;
SELECT count(*) FROM patient JOIN diagnosis USING (patient_key) WHERE grade > 1;
SELECT count(*) FROM diagnosis a JOIN diagnosis b ON a.diagnosis_key = b.diagnosis_key WHERE a.grade > 1 AND b.grade < 4;
WITH high AS (SELECT * FROM diagnosis WHERE grade > 1) SELECT count(*) FROM high;
WITH g AS (SELECT diagnosis_key, grade - 1 AS g FROM diagnosis) SELECT count(*) FROM g WHERE g.g > 0;
SELECT count(*) FROM (SELECT grade AS x FROM diagnosis WHERE grade IS NOT NULL) y WHERE y.x <> 1;
SELECT count(*) FROM diagnosis WHERE diagnosis_key IN (SELECT diagnosis_key FROM diagnosis WHERE grade > 1);
SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM diagnosis e WHERE e.diagnosis_key = d.diagnosis_key AND e.grade > 1);
SELECT count(*) FROM diagnosis WHERE grade > 1 AND hospital IN ('ALFA', 'BRAVO');
SELECT count(*) FROM diagnosis WHERE grade > 1 AND network = 'embraze';
SELECT hospital, count(*) FROM diagnosis WHERE grade > 1 GROUP BY hospital;
SELECT 100.0 * count(*) / 3 FROM diagnosis WHERE grade > 1 HAVING count(*) > 5

-- men with brain tumours between 60 and 70
SELECT count(*) FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key WHERE p.sex = 1 AND d.tumour = 'brain' AND d.age >= 60 AND d.age < 70;
SELECT count(*) FROM patient p JOIN diagnosis d ON p.patient_key = d.patient_key WHERE d.age BETWEEN 60 AND 69 AND d.tumour = 'brain' AND p.sex = 1;
SELECT count(*) FROM patient p JOIN diagnosis d ON p.patient_key = d.patient_key AND p.sex <> 2 WHERE NOT (d.age < 60 OR d.age >= 70 OR d.tumour <> 'brain');
SELECT count(*) FILTER (WHERE d.age / 10 = 6) FROM patient p JOIN diagnosis d ON p.patient_key = d.patient_key WHERE d.tumour LIKE 'brain' AND p.sex < 2;
SELECT sum(CASE WHEN d.age > 59 AND 70 > d.age THEN 1 ELSE 0 END) FILTER (WHERE p.sex = 1 AND d.tumour = 'brain') FROM patient p JOIN diagnosis d ON p.patient_key = d.patient_key WHERE p.sex = 1 AND d.tumour = 'brain' AND d.age / 10 = 6;
SELECT count(*) FROM (SELECT d.*, p.sex FROM patient p JOIN diagnosis d ON p.patient_key = d.patient_key WHERE p.sex = 1) x WHERE x.tumour = 'brain' AND x.age BETWEEN 60 AND 69;
WITH men AS (SELECT patient_key FROM patient WHERE sex = 1), brain AS (SELECT * FROM diagnosis WHERE tumour IN ('brain')) SELECT count(*) FROM brain JOIN men ON men.patient_key = brain.patient_key WHERE brain.age + 1 > 60 AND brain.age - 70 < 0;
SELECT count(*) FROM diagnosis d WHERE d.patient_key IN (SELECT patient_key FROM patient WHERE sex = 1) AND d.tumour = 'brain' AND d.age IN (60, 61, 62, 63, 64, 65, 66, 67, 68, 69);
SELECT count(*) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM patient p WHERE p.patient_key = d.patient_key AND p.sex = 1) AND d.tumour = 'brain' AND d.age >= 60 AND d.age < 70 AND d.age > 30;
SELECT count(*) FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key WHERE (p.sex = 1 AND d.tumour = 'brain') AND (d.age >= 60 AND (d.age < 70 AND p.sex IN (1)));
SELECT count(*) FROM diagnosis d JOIN patient p ON p.patient_key = d.patient_key WHERE CASE WHEN p.sex = 1 AND d.tumour = 'brain' THEN d.age BETWEEN 60 AND 69 ELSE FALSE END

-- patients with surgery
SELECT count(*) FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND t.modality = 'surgery');
SELECT count(*) FROM patient WHERE patient_key IN (SELECT d.patient_key FROM treatment t JOIN diagnosis d ON d.diagnosis_key = t.diagnosis_key WHERE t.modality = 'surgery');
SELECT count(*) FROM patient WHERE patient_key IN (SELECT patient_key FROM diagnosis WHERE diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery'));
SELECT count(distinct d.patient_key) FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE t.modality = 'surgery';
SELECT count(distinct p.patient_key) FROM patient p JOIN diagnosis d ON d.patient_key = p.patient_key JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE t.modality = 'surgery';
SELECT count(distinct patient_key) FROM diagnosis WHERE diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery');
SELECT count(distinct d.patient_key) FROM diagnosis d WHERE EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND NOT t.modality IN ('systemic', 'radiotherapy'));
SELECT count(distinct patient_key) FILTER (WHERE modality = 'surgery') FROM diagnosis JOIN treatment USING (diagnosis_key);
SELECT sum(CASE WHEN EXISTS (SELECT 1 FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND t.modality = 'surgery') THEN 1 ELSE 0 END) FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND t.modality = 'surgery');
SELECT count(*) FROM patient p WHERE EXISTS (SELECT 1 FROM diagnosis d, treatment t WHERE t.diagnosis_key = d.diagnosis_key AND d.patient_key = p.patient_key AND t.modality = 'surgery') AND EXISTS (SELECT 1 FROM diagnosis d WHERE d.patient_key = p.patient_key);
SELECT count(*) FROM patient p WHERE NOT (NOT EXISTS (SELECT 1 FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND t.modality = 'surgery'))

-- patients whose high-grade diagnosis was operated on
SELECT count(distinct d.patient_key) FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE t.modality = 'surgery' AND d.grade > 1;
SELECT count(*) FROM patient WHERE patient_key IN (SELECT patient_key FROM diagnosis WHERE grade IN (2, 3) AND diagnosis_key IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery'))

-- patients with a high grade, and with surgery
SELECT count(*) FROM patient p WHERE p.patient_key IN (SELECT patient_key FROM diagnosis WHERE grade > 1) AND EXISTS (SELECT 1 FROM diagnosis d JOIN treatment t ON t.diagnosis_key = d.diagnosis_key WHERE d.patient_key = p.patient_key AND t.modality = 'surgery')

-- diagnoses without surgery
SELECT count(*) FROM diagnosis d WHERE NOT EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.modality = 'surgery');
SELECT count(*) FROM diagnosis WHERE diagnosis_key NOT IN (SELECT diagnosis_key FROM treatment WHERE modality = 'surgery');
SELECT count(*) - 0 FROM diagnosis d WHERE (EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.modality = 'surgery')) = FALSE;
SELECT count(*) FILTER (WHERE NOT EXISTS (SELECT 2 FROM treatment WHERE treatment.diagnosis_key = d.diagnosis_key AND treatment.modality NOT IN ('systemic', 'radiotherapy'))) FROM diagnosis d;
SELECT count(CASE WHEN EXISTS (SELECT 1 FROM treatment t WHERE t.diagnosis_key = d.diagnosis_key AND t.modality = 'surgery') THEN NULL ELSE 1 END) FROM diagnosis d

-- the mean of the body-mass index of the dead
SELECT avg(bmi) FROM diagnosis WHERE dead = 1;
SELECT avg(bmi) FILTER (WHERE dead = 1) FROM diagnosis;
SELECT avg(CASE WHEN dead = 1 THEN bmi END) FROM diagnosis;
SELECT avg(CASE dead WHEN 0 THEN NULL ELSE bmi END) FROM diagnosis;
SELECT avg(CASE WHEN dead = 0 THEN NULL WHEN bmi IS NULL THEN NULL ELSE bmi END) FROM diagnosis;
SELECT sum(bmi) / count(bmi) FROM diagnosis WHERE dead <> 0;
SELECT avg(bmi) FROM diagnosis WHERE dead = 1 AND bmi IS NOT NULL;
SELECT avg(x.b) FROM (SELECT bmi AS b, dead FROM diagnosis) x WHERE NOT (x.dead = 0);
WITH dead AS (SELECT bmi FROM diagnosis WHERE dead > 0) SELECT avg(bmi), sum(bmi), count(bmi) FROM dead;
SELECT avg(d.bmi) FROM diagnosis d JOIN patient p ON d.patient_key = p.patient_key WHERE d.dead IN (1);
SELECT avg(bmi) FILTER (WHERE dead = 1) FROM diagnosis WHERE dead = 1

-- the spread of the age
SELECT stddev(age) FROM diagnosis;
SELECT var_pop(age) FROM diagnosis;
SELECT sqrt(var(age)) FROM diagnosis WHERE age > 0;
SELECT stddev(CAST(age AS DOUBLE)), avg(age) FROM diagnosis

-- nobody
SELECT count(*) FROM diagnosis WHERE grade = 1 AND grade = 2;
SELECT count(*) FROM diagnosis WHERE FALSE;
SELECT count(*) FROM diagnosis WHERE grade = 1 AND NOT (grade = 1);
SELECT count(*) FROM diagnosis WHERE age < 40 AND age > 50;
SELECT count(*) FROM diagnosis WHERE grade = 7;
SELECT count(*) FROM diagnosis WHERE grade IN (2, 3) AND grade < 2
