-- id: l1_pal_sact30
-- version: 1
-- dataset: oncology
-- title_nl: Systemische antikankertherapie in laatste 30 dagen
-- title_en: Palliative: systemic anticancer therapy in the last 30 days
-- source: the project's domain research, L1_pal_sact30 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM treatment t WHERE t.diagnosis_key=d.diagnosis_key AND t.modality='systemic' AND d.vital_days-t.end_day BETWEEN 0 AND 30) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.vital_status=1
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY d.hospital -- by hospital
GROUP BY d.network -- by network
