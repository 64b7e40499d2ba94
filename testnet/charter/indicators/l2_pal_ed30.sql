-- id: l2_pal_ed30
-- version: 1
-- dataset: oncology
-- title_nl: SEH-bezoek, ziekenhuisopname, IC-opname in laatste 30 dagen; overlijden in ziekenhuis
-- title_en: Palliative: emergency visit, admission, intensive care in the last 30 days; death in hospital
-- source: the project's domain research, L2_pal_ed30 of testnet/domain/indicators.sql
-- by: total, hospital, network
-- window: all, 2022-2024, 2024

SELECT
  d.hospital, -- by hospital
  d.network, -- by network
  COUNT(*) AS den, SUM(CASE WHEN EXISTS(SELECT 1 FROM care_event e WHERE e.diagnosis_key=d.diagnosis_key AND e.kind='ed' AND d.vital_days-e.start_day BETWEEN 0 AND 30) THEN 1 ELSE 0 END) AS ed, SUM(CASE WHEN EXISTS(SELECT 1 FROM care_event e WHERE e.diagnosis_key=d.diagnosis_key AND e.kind='admission' AND d.vital_days-e.end_day BETWEEN 0 AND 30) THEN 1 ELSE 0 END) AS adm, SUM(CASE WHEN EXISTS(SELECT 1 FROM care_event e WHERE e.diagnosis_key=d.diagnosis_key AND e.kind='icu' AND d.vital_days-e.start_day BETWEEN 0 AND 30) THEN 1 ELSE 0 END) AS icu, SUM(CASE WHEN d.death_place='hospital' THEN 1 ELSE 0 END) AS hosp_death
FROM diagnosis d
WHERE d.vital_status=1
  AND d.inc_year BETWEEN 2022 AND 2024 -- window 2022-2024
  AND d.inc_year = 2024 -- window 2024
GROUP BY d.hospital -- by hospital
GROUP BY d.network -- by network
