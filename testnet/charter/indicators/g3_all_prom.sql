-- id: g3_all_prom
-- version: 1
-- dataset: oncology
-- title_nl: EORTC QLQ-C30 global health (n, som, kwadraatsom)
-- title_en: EORTC QLQ-C30 global health: number, sum, sum of squares
-- source: EORTC; the project's domain research, G3_all_prom of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  q.hospital, -- by hospital
  q.network, -- by network
  d.tumour_group, q.timepoint, COUNT(*) AS n, SUM(q.score) AS s1, SUM(q.score*q.score) AS s2
FROM prom q
  JOIN diagnosis d ON d.diagnosis_key=q.diagnosis_key
WHERE q.instrument='QLQ-C30'
  AND q.scale='QL2'
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY
  q.hospital, -- by hospital
  q.network, -- by network
  d.tumour_group, q.timepoint
