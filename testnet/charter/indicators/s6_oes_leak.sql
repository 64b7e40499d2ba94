-- id: s6_oes_leak
-- version: 1
-- dataset: oncology
-- title_nl: Naadlekkage
-- title_en: Oesophagus: anastomotic leak
-- source: DUCA; the project's domain research, S6_oes_leak of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  t.hospital, -- by hospital
  t.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM complication c WHERE c.treatment_key=t.treatment_key AND c.kind='anastomotic_leak') THEN 1 ELSE 0 END) AS num
FROM treatment t
  JOIN diagnosis d ON d.diagnosis_key=t.diagnosis_key
WHERE d.tumour_group='slokdarm'
  AND t.procedure='oesophagectomy'
  AND t.start_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND t.start_year = 2024 -- window 2024
GROUP BY t.hospital -- by hospital
GROUP BY t.network -- by network
