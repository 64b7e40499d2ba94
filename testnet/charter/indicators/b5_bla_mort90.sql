-- id: b5_bla_mort90
-- version: 1
-- dataset: oncology
-- title_nl: 30- en 90-dagenmortaliteit na cystectomie (volledig gevolgd)
-- title_en: Bladder: mortality within 30 and 90 days of cystectomy (followed to the end)
-- source: the project's domain research, B5_bla_mort90 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN d.vital_status=1 AND d.vital_days-t.start_day<=30 THEN 1 ELSE 0 END) AS m30, SUM(CASE WHEN d.vital_status=1 AND d.vital_days-t.start_day<=90 THEN 1 ELSE 0 END) AS m90
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE t.procedure='cystectomy'
  AND (d.vital_status=1 OR d.vital_days-t.start_day>=90)
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY t.hospital -- by hospital
GROUP BY t.network -- by network
