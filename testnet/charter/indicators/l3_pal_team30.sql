-- id: l3_pal_team30
-- version: 1
-- dataset: oncology
-- title_nl: Palliatief team >30 dagen voor overlijden betrokken
-- title_en: Palliative: palliative team involved more than 30 days before death
-- source: the project's domain research, L3_pal_team30 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM care_event e WHERE e.diagnosis_key=d.diagnosis_key AND e.kind='palliative_team' AND d.vital_days-e.start_day>30) THEN 1 ELSE 0 END) AS num
FROM diagnosis d
WHERE d.vital_status=1
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY d.hospital -- by hospital
GROUP BY d.network -- by network
