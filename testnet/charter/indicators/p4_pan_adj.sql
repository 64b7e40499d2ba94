-- id: p4_pan_adj
-- version: 1
-- dataset: oncology
-- title_nl: Adjuvante chemotherapie na resectie
-- title_en: Pancreas: adjuvant chemotherapy after resection
-- source: DPCA; the project's domain research, P4_pan_adj of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year, COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM treatment a WHERE a.diagnosis_key=d.diagnosis_key AND a.setting='adjuvant' AND a.start_day-t.start_day<=84) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
  JOIN treatment t ON t.diagnosis_key=d.diagnosis_key AND t.procedure='pancreatoduodenectomy'
WHERE d.tumour_group='pancreas'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  d.hospital, -- by hospital
  d.network, -- by network
  d.inc_year
