-- id: s3_oes_ln15
-- version: 1
-- dataset: oncology
-- title_nl: >=15 lymfeklieren onderzocht
-- title_en: Oesophagus: 15 or more lymph nodes examined
-- norm: 15 or more lymph nodes (DUCA)
-- source: DUCA; the project's domain research, S3_oes_ln15 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year, COUNT(*) AS den, SUM(CASE WHEN p.nodes_examined>=15 THEN 1 ELSE 0 END) AS num, SUM(CASE WHEN p.nodes_examined IS NULL THEN 1 ELSE 0 END) AS missing
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
  JOIN pathology p ON p.treatment_key=t.treatment_key
WHERE d.tumour_group='slokdarm'
  AND t.procedure='oesophagectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year
