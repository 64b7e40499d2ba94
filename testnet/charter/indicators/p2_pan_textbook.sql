-- id: p2_pan_textbook
-- version: 1
-- dataset: oncology
-- title_nl: Textbook outcome DPCA (6 parameters)
-- title_en: Pancreas: textbook outcome (6 parameters)
-- source: DPCA; the project's domain research, P2_pan_textbook of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.procedure, COUNT(*) AS den, SUM(CASE WHEN NOT (d.vital_status=1 AND d.vital_days<=t.discharge_day) AND NOT EXISTS(SELECT 1 FROM complication c WHERE c.treatment_key=t.treatment_key AND (c.clavien>=3 OR (c.kind IN('popf','bile_leak','pph') AND c.isgps IN('B','C')))) AND NOT EXISTS(SELECT 1 FROM care_event e WHERE e.diagnosis_key=t.diagnosis_key AND e.kind='admission' AND e.unplanned=1 AND e.start_day>t.discharge_day AND e.start_day-t.discharge_day<=30) THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE t.procedure IN('pancreatoduodenectomy','distal_pancreatectomy')
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.procedure
