-- id: p5_pan_resection_rate
-- version: 1
-- dataset: oncology
-- title_nl: Resectiepercentage naar ziekenhuis van diagnose (toegang, netwerkvariatie)
-- title_en: Pancreas: share of resections by hospital of diagnosis
-- source: the project's domain research, P5_pan_resection_rate of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.diag_agb, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM treatment t WHERE t.diagnosis_key=d.diagnosis_key AND t.procedure IN('pancreatoduodenectomy','distal_pancreatectomy')) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.tumour_group='pancreas'
  AND d.cm='0'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.diag_agb
