-- id: s2_oes_r0
-- version: 1
-- dataset: oncology
-- title_nl: R0-resectie
-- title_en: Oesophagus: R0 resection
-- source: DUCA; the project's domain research, S2_oes_r0 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year, COUNT(*) AS den, SUM(CASE WHEN p.margin='R0' THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
  JOIN pathology p ON p.treatment_key=t.treatment_key
WHERE d.tumour_group='slokdarm'
  AND t.procedure='oesophagectomy'
  AND t.intent='curative'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY
  t.hospital, -- by hospital
  t.network, -- by network
  t.start_year
