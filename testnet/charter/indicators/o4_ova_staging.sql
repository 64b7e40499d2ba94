-- id: o4_ova_staging
-- version: 1
-- dataset: oncology
-- title_nl: Complete stadiering bij vroeg stadium: >=10 klieren
-- title_en: Ovary: complete staging at an early stage, 10 nodes or more
-- norm: 10 or more lymph nodes (DGOA)
-- source: DGOA; the project's domain research, O4_ova_staging of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN p.nodes_examined>=10 THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
  LEFT JOIN pathology p ON p.treatment_key=t.treatment_key
WHERE d.tumour_group='ovarium'
  AND t.procedure='staging'
  AND d.behaviour=3
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY t.hospital -- by hospital
GROUP BY t.network -- by network
